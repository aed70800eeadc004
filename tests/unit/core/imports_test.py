#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails where libremit imports more than it may, or shows a symbol that its header does not name.

usage: imports_test.py libremit.so remit.h
"""
import re
import subprocess
import sys

library, header = sys.argv[1:]

ALLOWED = {
    # memory and strings
    "memchr", "memcmp", "memcpy", "memmove", "memset", "explicit_bzero", "strchr", "strcmp", "strlen", "strnlen",
    # where a policy, table, reader or hasher is made or grows
    "malloc", "calloc", "realloc", "aligned_alloc", "free", "madvise",
    # SHA-256
    "SHA256_Init", "SHA256_Update", "SHA256_Final",
    # what the compiler and assert() put in
    "__assert_fail", "__stack_chk_fail", "__cxa_finalize", "__gmon_start__",
    "_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable",
    "__explicit_bzero_chk", "__memcpy_chk", "__memmove_chk", "__memset_chk",
}
SANITIZER = re.compile(r"^__(asan|ubsan|tsan|sanitizer)_")


def symbols(option):
    lines = subprocess.run(["nm", "-D", option, library], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1].split("@")[0] for line in lines.splitlines()}


def main():
    imported = {name for name in symbols("--undefined-only") if not SANITIZER.match(name)}
    shown = {name for name in symbols("--defined-only") if not SANITIZER.match(name)}
    with open(header, encoding="utf-8") as file:
        named = set(re.findall(r"^REMIT_API [^;(]*?\b(remit_\w+)\(", file.read(), re.MULTILINE))
    checks = [
        ("libremit imports nothing but what is allowed", imported - ALLOWED),
        ("libremit shows nothing but what remit.h names", shown - named),
        ("libremit shows all that remit.h names", named - shown),
        ("the check sees symbols at all", set() if "malloc" in imported and len(named) > 40 else {"none"}),
    ]
    print(f"1..{len(checks)}")
    for number, (what, wrong) in enumerate(checks, 1):
        print(f"{'not ok' if wrong else 'ok'} {number} - {what}")
        for name in sorted(wrong):
            print(f"# {name}")
    sys.exit(any(wrong for _, wrong in checks))


main()
