#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes files as C arrays, for builtin.c: embed.py OUT FILE..."""
import pathlib
import sys


def array(path):
    name = path.stem
    lines = [f"static const unsigned char text_{name}[] = {{"]
    data = path.read_bytes()
    for start in range(0, len(data), 16):
        lines.append("\t" + ", ".join(f"0x{b:02x}" for b in data[start:start + 16]) + ",")
    return "\n".join(lines + ["};", ""])


def main(out, *files):
    paths = [pathlib.Path(f) for f in files]
    text = ["/* Written by embed.py from " + ", ".join(p.name for p in paths) + ". */", ""]
    text += [array(p) for p in paths]
    text.append("static const struct builtin builtins[] = {")
    text += [f'\t{{ "{p.stem}", text_{p.stem}, sizeof(text_{p.stem}) }},' for p in paths]
    text.append("};")
    pathlib.Path(out).write_text("\n".join(text) + "\n")


main(*sys.argv[1:])
