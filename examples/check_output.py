#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program and fails unless it prints exactly the lines that are given."""
import subprocess
import sys

program, *lines = sys.argv[1:]
printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
if printed != lines:
    sys.exit(f"expected {lines}\nprinted  {printed}")
