#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every id of docs/bad-input.md stands in the name of a test case, and the ids have no gaps that nobody meant."""
import os
import re
import sys

sys.path.insert(0, os.path.join(sys.argv[1], "tests"))
from tap import case, run  # noqa: E402

ROOT = sys.argv[1]
# A case's name: a C test function, a Python case and its docstring, or a row of a table that is printed as a case.
NAME = re.compile(r'(?:\b(?:test_|def )\w+|"""[^"]*"""|"[A-Z]\d\d[^"]*"|\{ "[^"]*")')


def names():
    found = []
    for folder, _, files in os.walk(os.path.join(ROOT, "tests")):
        for name in files:
            if name.endswith(("_test.c", "_test.py")) and name != "bad_input_test.py" or folder.endswith("contract") \
                    or name == "syntax.py":
                with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                    found += NAME.findall(file.read())
    return " ".join(found)


def ids():
    with open(os.path.join(ROOT, "docs/bad-input.md"), encoding="utf-8") as file:
        return re.findall(r"^\| ([A-Z]\d\d) \|", file.read(), re.M)


@case
def every_id_has_a_test_that_names_it():
    text = names()
    missing = [i for i in ids() if not re.search(rf"(?<![A-Za-z0-9]){i}(?![0-9])", text)]
    assert not missing, f"no test case names {missing}"


@case
def every_line_of_the_syntax_table_is_there():
    assert [i for i in ids() if i[0] == "Y"] == [f"Y{n:02}" for n in range(1, 36)]
    assert len(set(ids())) == len(ids()), "an id stands twice"


run()
