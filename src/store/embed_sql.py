#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes migrations into a C file: embed_sql.py NAME OUTPUT FILE.sql...

NAME becomes `const char *const NAME[]` and `const size_t NAME_count`, in the order of the file
names, whose numbers must run from 001 without a gap. Any room with tables of its own uses this.
"""
import pathlib
import sys


def c_lines(text):
    for line in text.splitlines():
        if line.strip() and not line.strip().startswith("--"):
            escaped = line.strip().replace("\\", "\\\\").replace('"', '\\"')
            yield f'\t"{escaped}\\n"'


def main():
    name, output, *sources = sys.argv[1:]
    paths = sorted(map(pathlib.Path, sources), key=lambda path: path.name)
    for place, path in enumerate(paths, start=1):
        if not path.name.startswith(f"{place:03}_"):
            sys.exit(f"{path}: migration number {place:03} should be here")
    out = ["/* SPDX-License-Identifier: Apache-2.0", " * Made by embed_sql.py. */", "#include <stddef.h>", ""]
    out += [f"extern const char *const {name}[];", f"extern const size_t {name}_count;", ""]
    out += [f"const char *const {name}[] = {{"]
    for path in paths:
        out += [f"\t/* {path.name} */", *c_lines(path.read_text()), "\t,"]
    out += ["};", f"const size_t {name}_count = {len(paths)};", ""]
    pathlib.Path(output).write_text("\n".join(out))


main()
