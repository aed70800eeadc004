#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads every #include under src/ and fails where a room uses one that does not stand before it
(ARCHITECTURE.md), or a library that is another room's business.

usage: arrows_test.py SOURCE_ROOT
"""
import os
import re
import sys
import tempfile

# Which rooms each room may use, beside itself. A file src/cli/x.c is of the room "cli";
# src/services/service.h and what makes an MCP server of a service are a room of their own, for the gate hands callers
# to it.
MAY_USE = {
    "base": set(),
    "core": {"base"},
    "wire": {"base"},
    "profile": {"base", "core"},
    "store": {"base", "core", "wire"},
    "authority": {"base", "core", "profile", "wire", "store", "outbound"},
    "net": {"base", "core", "wire"},
    "outbound": {"base", "wire"},
    "service.h": {"base", "core", "wire"},
    "gate": {"base", "core", "wire", "profile", "store", "authority", "net", "outbound", "service.h"},
    "services": {"base", "core", "wire", "store", "outbound", "service.h"},
    "admin": {"base", "core", "wire", "profile", "store", "authority", "net", "outbound", "service.h", "gate"},
    "cli": {"base", "core", "wire", "profile", "store", "authority", "net", "outbound", "service.h", "gate",
            "services", "admin"},
}

# Where a library's header may be included: path prefixes under src/.
LIBRARIES = {
    r"uv\.h": ["net/"],
    r"curl/.*": ["outbound/"],
    r"sqlite3\.h": ["store/sqlite"],
    r"yaml\.h": ["profile/", "wire/yaml_tree.c", "services/content/site/value_read.c"],
    r"expat\.h": ["wire/rss.c"],
    r"openssl/.*": ["core/digest.c", "gate/audit_segment.c", "authority/dpop/signature.c", "net/"],
    r"jansson\.h": ["services/", "gate/", "admin/", "cli/", "authority/"],
    r"sodium\.h": ["authority/", "store/", "services/", "gate/", "admin/", "cli/"],
}

# What the pure rooms leave alone: they log nothing and read no clock, file or environment.
PURE = {"core", "wire"}
NOT_PURE_INCLUDES = {"base/log.h", "stdio.h", "time.h", "unistd.h", "fcntl.h", "pthread.h", "sys/socket.h"}
NOT_PURE_CALLS = re.compile(r"\b(clock_(?!t\b)\w+|time|getenv|printf|fopen|open|getrandom)\s*\(")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


def room_of(path):
    return "service.h" if re.fullmatch(r"services/(service|mcp(_\w+)?)\.[ch]", path) else path.split("/")[0]


def arrow(path, named):
    """What is wrong with a file's including `named`, or None."""
    room = room_of(path)
    for pattern, places in LIBRARIES.items():
        if re.fullmatch(pattern, named):
            return None if any(path.startswith(place) for place in places) else "not this room's library"
    if room in PURE and named in NOT_PURE_INCLUDES:
        return "core and wire are pure"
    first = named.split("/")[0]
    if first == "remit":
        return None if room not in ("base", "wire") else "stands before core"
    if "/" in named and first in MAY_USE:
        target = room_of(named)
        if target == room or (target == "services" and room == "services") or target in MAY_USE[room]:
            return None
        return f"{room} may not use {target}"
    return None


def mistakes_of(path, text):
    if room_of(path) not in MAY_USE:
        return [f"{path}: a room that MAY_USE does not know"]
    code = COMMENT.sub(" ", text)
    found = []
    for named in INCLUDE.findall(code):
        if ".." in named.split("/"):
            found.append(f"{path}: \"{named}\" goes round the rooms")
        elif wrong := arrow(path, named):
            found.append(f"{path}: {named}: {wrong}")
    if room_of(path) in PURE:
        found += [f"{path}: {call[0]}(): core and wire are pure" for call in NOT_PURE_CALLS.finditer(code)]
    return found


def read_all(root):
    source = os.path.join(root, "src")
    found, files = [], 0
    for folder, _, names in sorted(os.walk(source)):
        for name in sorted(names):
            if name.endswith((".c", ".h")):
                full = os.path.join(folder, name)
                with open(full, encoding="utf-8") as file:
                    found += mistakes_of(os.path.relpath(full, source), file.read())
                files += 1
    return found, files


PLANTED = [
    ("base/a.c", '#include "core/policy.h"'), ("core/a.c", '#include "base/log.h"'),
    ("core/a.c", "#include <openssl/evp.h>"),
    ("core/a.c", "#  include <stdio.h>"), ("core/a.c", "int64_t f(void) { return clock_wall_ms(); }"),
    ("wire/a.c", '#include "core/policy.h"'), ("wire/a.c", "#include <remit/remit.h>"),
    ("wire/a.c", "#include <jansson.h>"),
    ("store/a.c", "#include <sqlite3.h>"), ("net/a.c", '#include "gate/gate.h"'),
    ("gate/a.c", "#include <uv.h>"), ("services/p/a.c", "#include <curl/curl.h>"),
    ("outbound/a.c", '#include "store/store.h"'), ("store/a.c", '#include "outbound/outbound.h"'),
    ("gate/a.c", '#include "services/publishing/p.h"'), ("services/p/a.c", '#include "gate/gate.h"'),
    ("authority/a.c", '#include "net/loop.h"'), ("services/service.h", '#include "services/publishing/p.h"'),
    ("core/a.c", '#include "base/../store/store.h"'), ("attic/a.c", ""),
]
GOOD = [
    ("core/digest.c", "#include <openssl/sha.h>"), ("store/sqlite_rows.c", "#include <sqlite3.h>"),
    ("gate/a.c", '#include "services/service.h"\n#include <jansson.h>'),
    ("net/a.c", '#include <uv.h>\n#include <remit/remit.h>'),
    ("profile/a.c", '#include "made_beside_it.h"'), ("core/a.c", '/* #include "gate/gate.h", or time() */'),
    ("services/p/a.c", '#include "services/p/b.h"\n#include "outbound/outbound.h"'),
    ("outbound/a.c", "#include <curl/curl.h>"),
]


def planted_are_found():
    """Plants each bad include in a tree of its own, so that the whole way is tried."""
    missed = []
    for path, text in PLANTED + GOOD:
        with tempfile.TemporaryDirectory() as root:
            full = os.path.join(root, "src", path)
            os.makedirs(os.path.dirname(full))
            with open(full, "w", encoding="utf-8") as file:
                file.write(text + "\n")
            if bool(read_all(root)[0]) != ((path, text) in PLANTED):
                missed.append(f"{path}: {text}")
    return missed


def main():
    found, files = read_all(sys.argv[1])
    checks = [
        ("a planted include that runs back is found", planted_are_found()),
        (f"no include of {files} files runs back", found),
        ("there are files to read", [] if files > 20 else ["none"]),
    ]
    print(f"1..{len(checks)}")
    for number, (what, wrong) in enumerate(checks, 1):
        print(f"{'not ok' if wrong else 'ok'} {number} - {what}")
        for line in wrong:
            print(f"# {line}")
    sys.exit(any(wrong for _, wrong in checks))


main()
