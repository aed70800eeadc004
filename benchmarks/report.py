# SPDX-License-Identifier: Apache-2.0
"""The lines of the result."""
rows = []


def row(work, measured, bar, good):
    """A line of the result: what was measured, the bar, and whether it is met."""
    rows.append({"work": work, "measured": measured, "bar": bar, "met": bool(good)})
    print(f"  {'met ' if good else 'MISS'}  {work}: {measured}  (bar: {bar})", flush=True)


def ratio_row(work, ratio, least):
    row(work, f"{ratio:.2f} x", f"at least {least} x", ratio >= least)


def note(text):
    print(text, flush=True)
