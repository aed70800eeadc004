#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The server killed while it writes to a site, again and again (20 times, or REMIT_KILLS; 500 in the long run)."""
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests", "e2e"))
from content_site import Site, git  # noqa: E402
from harness import Remit  # noqa: E402
from tap import case, equal, run, seed  # noqa: E402
import random  # noqa: E402

KILLS = int(os.environ.get("REMIT_KILLS", "20"))
KILLS = 500 if KILLS > 20 else KILLS
E = "statamic-entries"
ADA = "7a7a7a7a-0000-4000-8000-000000000001"
BODY = "A line of the body that is never changed.\n" * 200

site = Site(Remit, tools=[E])
every = site.token("all", "*")


class Writer(threading.Thread):
    """Creates entries and counts one of its own up; remembers what was acknowledged, and what it does not know."""

    def __init__(self, number):
        super().__init__()
        self.number, self.round = number, 0
        self.count = self.tried = 0
        self.made = set()

    def begin(self):
        self.thread = threading.Thread(target=self.write)
        self.thread.start()

    def write(self):
        try:
            for _ in range(100000):
                self.round += 1
                slug = f"w{self.number}-{self.round}"
                worked, envelope = site.ask(every, E, "create", collection="pages", slug=slug,
                                            data={"title": slug, "content": BODY})
                assert worked, envelope
                self.made.add(slug)
                self.tried = self.count + 1
                worked, envelope = site.ask(every, E, "update", collection="team", id=ADA,
                                            data={f"count_{self.number}": self.tried})
                assert worked, envelope
                self.count = self.tried
        except OSError:
            pass
        except Exception as why:  # an answer cut off by the kill
            if "Remote" not in repr(why) and "Incomplete" not in repr(why) and "reset" not in repr(why):
                self.failed = why


def check(writers):
    data = site.good(every, E, "get", collection="team", id=ADA)["entry"]["data"]
    have = {}
    offset = 0
    while True:
        page = site.good(every, E, "list", collection="pages", limit=500, offset=offset)
        have.update({entry["slug"]: entry["id"] for entry in page["entries"]})
        offset += 500
        if not page["pagination"]["has_more"]:
            break
    for writer in writers:
        assert not hasattr(writer, "failed"), writer.failed
        got = data.get(f"count_{writer.number}", 0)
        assert got in (writer.count, writer.tried), (got, writer.count, writer.tried)
        writer.count = got
        assert writer.made <= set(have), f"acknowledged and not there: {sorted(writer.made - set(have))}"
    folder = site.path("content/collections/pages/en")
    for name in os.listdir(folder):
        if name.startswith("w") and name.endswith(".md"):
            text = site.read(f"content/collections/pages/en/{name}")
            assert text.endswith(BODY) and text.count("---\n") == 2, f"{name} is torn"
    return have


@case
def what_was_acknowledged_is_there_and_every_file_is_whole():
    """L06 S05 kill -9 at any moment of a create or an update"""
    rnd = random.Random(seed())
    writers = [Writer(n) for n in range(4)]
    for _ in range(KILLS):
        site.remit.serve()
        for writer in writers:
            writer.begin()
        time.sleep(rnd.uniform(0.01, 0.25))  # the moment is what is at random: nothing is waited for
        site.remit.kill()
        for writer in writers:
            writer.thread.join()
    site.remit.serve()
    have = check(writers)
    print(f"# {len(have)} entries, {sum(w.count for w in writers)} updates over {KILLS} kills")
    assert sum(len(w.made) for w in writers) > KILLS
    git(site.folder, "add", "-A")
    changed = git(site.folder, "diff", "--cached", "--numstat", "--", "content/collections/team").split()
    equal(changed[1], "0", "no line of the entry went away")
    equal((site.remit.stop(), "Sanitizer" in site.remit.log), (0, False), site.remit.log[-3000:])


run()
