# SPDX-License-Identifier: Apache-2.0
"""Test cases in Python, printed as TAP: functions marked @case, run in order by run()."""
import os
import random
import sys
import traceback

_cases = []


class Skip(Exception):
    """Raised by a case that cannot run here, with the reason."""


def case(function):
    """Marks a function without parameters as a test case; its docstring or name is what is printed."""
    _cases.append(function)
    return function


def seed():
    """The seed of this run's randomness: REMIT_SEED, or a new one. Printed, so that a run can be repeated."""
    value = int(os.environ.get("REMIT_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"# REMIT_SEED={value}", flush=True)
    return value


def equal(got, wanted, what=""):
    if got != wanted:
        raise AssertionError(f"{what}\n  got    {got!r}\n  wanted {wanted!r}")


def run():
    """Runs all cases and exits: 0 where every one passed."""
    failed = 0
    for number, function in enumerate(_cases, 1):
        name = function.__name__ + (": " + " ".join(function.__doc__.split()) if function.__doc__ else "")
        try:
            function()
            print(f"ok {number} - {name}", flush=True)
        except Skip as why:
            print(f"ok {number} - {name} # SKIP {why}", flush=True)
        except Exception:  # a case may fail in any way; the others still run
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            for line in traceback.format_exc().splitlines():
                print(f"# {line}", flush=True)
    print(f"1..{len(_cases)}", flush=True)
    sys.exit(1 if failed else 0)
