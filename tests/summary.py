#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the cases of a Meson test log: the TAP lines of each program. Tells of each case that failed what it said
of itself: the lines after "not ok" that begin with "#". Last line: N passed, N failed."""
import json
import re
import sys

CASE = re.compile(r"^\s*(not )?ok \d+(?: - )?(.*?)(# SKIP.*)?$")
LINES_MAX = 60  # of one case, the last ones


def reasons(text):
    """The comments right after each case that failed, in the order of the cases."""
    found = []
    of_failed = False
    for line in text.splitlines():
        case = CASE.match(line)
        if case:
            of_failed = bool(case.group(1))
            if of_failed:
                found.append([])
        elif of_failed and line.lstrip().startswith("#"):
            found[-1].append(line.strip())
    return found


def tell(name, lines):
    print(f"failed: {name}")
    if len(lines) > LINES_MAX:
        print(f"    ... {len(lines) - LINES_MAX} lines are left out")
    for line in lines[-LINES_MAX:]:
        print(f"    {line}")


def main(path):
    passed, skipped, failed = 0, 0, []
    for line in open(path, encoding="utf-8"):
        program = json.loads(line)
        said = program.get("stdout", "")
        cases = [m for m in map(CASE.match, said.splitlines()) if m]
        why = iter(reasons(said))
        for case in cases:
            if case.group(3):
                skipped += 1
            elif case.group(1):
                failed.append((f"{program['name']}: {case.group(2)}", next(why)))
            else:
                passed += 1
        bad = program["result"] not in ("OK", "SKIP")
        if bad and not any(case.group(1) for case in cases):
            # It ended otherwise: what it said last is all there is to see.
            failed.append((f"{program['name']}: {program['result']}", said.splitlines()[-10:]))
        elif not cases and not bad:
            passed += 1
    for name, lines in failed:
        tell(name, lines)
    print(f"{passed} passed, {len(failed)} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
