#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs into an empty folder and builds embed.c against that copy, by its pkg-config file alone.

usage: installed_test.py BUILD_DIR embed.c COMPILER WORDS...
"""
import glob
import os
import subprocess
import sys
import tempfile

build, source, *compiler = sys.argv[1:]

with tempfile.TemporaryDirectory() as root:
    subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", root], check=True,
                   stdout=subprocess.DEVNULL)
    found = glob.glob(f"{root}/**/remit.pc", recursive=True)
    if len(found) != 1:
        sys.exit(f"installed pkg-config files: {found}")
    packages = os.path.dirname(found[0])
    environment = dict(os.environ, PKG_CONFIG_PATH=packages, PKG_CONFIG_SYSROOT_DIR=root)
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "remit"], env=environment, check=True,
                           capture_output=True, text=True).stdout.split()
    program = f"{root}/embed"
    subprocess.run([*compiler, "-std=c11", "-Wall", "-Werror", source, "-o", program, *flags], check=True)
    subprocess.run([program], check=True, env=dict(os.environ, LD_LIBRARY_PATH=os.path.dirname(packages)))
