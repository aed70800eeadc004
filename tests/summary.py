#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the cases of a Meson test log: the TAP lines of each program. Last line: N passed, N failed."""
import json
import re
import sys

CASE = re.compile(r"^\s*(not )?ok \d+(?: - )?(.*?)(# SKIP.*)?$")


def main(path):
    passed, skipped, failed = 0, 0, []
    for line in open(path, encoding="utf-8"):
        program = json.loads(line)
        cases = [m for m in map(CASE.match, program.get("stdout", "").splitlines()) if m]
        for case in cases:
            if case.group(3):
                skipped += 1
            elif case.group(1):
                failed.append(f"{program['name']}: {case.group(2)}")
            else:
                passed += 1
        bad = program["result"] not in ("OK", "SKIP")
        if bad and not any(case.group(1) for case in cases):
            failed.append(f"{program['name']}: {program['result']}")
        elif not cases and not bad:
            passed += 1
    for name in failed:
        print(f"failed: {name}")
    print(f"{passed} passed, {len(failed)} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
