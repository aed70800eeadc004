#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Entries, terms and globals of a real site over HTTP: what is asked for, and nothing else, is what changes."""
import json
import os
import shutil
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests", "e2e"))
from content_site import Site  # noqa: E402
from harness import BINARY, Remit, until  # noqa: E402
from tap import case, equal, run  # noqa: E402

E, T, G = "statamic-entries", "statamic-terms", "statamic-globals"
FIRST, DRAFT, FUTURE, CRLF = (f"8f3f4e7a-3b0c-4e76-9c1e-0d7f2f0a1a0{n}" for n in range(1, 5))
GERMAN = "8f3f4e7a-3b0c-4e76-9c1e-0d7f2f0a1b01"
PAGES = [f"5c9a1c0e-0000-4000-8000-00000000000{n}" for n in range(1, 5)]

DISCOVER, SCHEMA = "statamic-system-discover", "statamic-system-schema"
site = Site(Remit, tools=[E, T, G, DISCOVER, SCHEMA])
every = site.token("all", "*")
reader = site.token("reader", "content:read")
site.remit.serve()


def slugs(**arguments):
    return [entry["slug"] for entry in site.good(reader, E, "list", collection="blog", **arguments)["entries"]]


@case
def scopes_are_judged_before_the_tool_runs():
    """P09 reading covers no writing, and what one tool needs is no other's"""
    terms = site.token("terms", "terms:read")
    refused = site.call(reader, E, {"action": "create", "collection": "blog"}).headers["WWW-Authenticate"]
    assert "preset content-editing," in refused, refused  # the least that would do, and never everything
    answer = site.call(reader, E, {"action": "delete", "collection": "blog", "id": FIRST})
    equal((answer.status, answer.json()["error"]["data"]["missing"]), (403, ["entries:write"]))
    answer = site.call(terms, E, {"action": "list", "collection": "blog"})
    equal((answer.status, answer.json()["error"]["data"]["missing"]), (403, ["entries:read"]))
    answer = site.call(reader, E, {"action": "explode", "collection": "blog"})
    equal(answer.json()["error"]["code"], -32602)
    equal(site.diff(), [])


@case
def a_list_is_filtered_searched_and_paged():
    equal(slugs(), ["first-light", "windows-line-ends", "far-future"])
    equal(slugs(include_unpublished=True), ["first-light", "second-look", "windows-line-ends", "far-future"])
    equal((slugs(status="draft"), slugs(status="scheduled"), slugs(site="de")),
          (["second-look"], ["far-future"], ["erstes-licht"]))
    equal(slugs(filters={"tags": "dust"}, include_unpublished=True), ["second-look", "windows-line-ends"])
    equal(slugs(filters={"tags": ["space", "x"], "rating": 4.5}), ["first-light"])
    equal(slugs(filters={"featured": "yes"}), ["first-light"])
    equal(slugs(search="LIGHT"), ["first-light"])
    equal(slugs(filters={"rating": 4.5}, site="de"), ["erstes-licht"], "a value of the origin")
    data = site.good(reader, E, "list", collection="blog", limit=1, offset=1)
    equal(([e["slug"] for e in data["entries"]], data["pagination"]),
          (["windows-line-ends"], {"total": 3, "limit": 1, "offset": 1, "has_more": True}))
    assert "nowhere" in site.bad(reader, E, "list", collection="nowhere")
    assert "no site" in site.bad(reader, E, "list", collection="blog", site="fr")


@case
def an_entry_is_got_with_its_body_and_origin():
    entry = site.good(reader, E, "get", collection="blog", id=FIRST)["entry"]
    equal((entry["title"], entry["url"], entry["status"], entry["date"], entry["site"], entry["origin"]),
          ("First Light", "/blog/first-light", "published", "2024-01-15T00:00:00Z", "en", None))
    assert entry["data"]["content"].startswith("The telescope") and "no end here" in entry["data"]["content"]
    equal((entry["data"]["featured"], entry["data"]["rating"], entry["localizations"]),
          ("yes", 4.5, [{"site": "de", "id": GERMAN}]))
    german = site.good(reader, E, "get", collection="blog", id=GERMAN)["entry"]
    equal((german["title"], german["data"]["rating"], german["own_fields"]), ("Erstes Licht", 4.5, ["title", "content"]))


@case
def an_entry_under_a_collection_that_it_is_not_in_is_not_found():
    """M09 the object's own collection counts, whatever the caller names"""
    for action, more in (("get", {}), ("update", {"data": {"title": "x"}}), ("delete", {}), ("publish", {}), ("unpublish", {})):
        equal(site.bad(every, E, action, collection="team", id=FIRST, **more), f"Entry not found: {FIRST}")
        equal(site.bad(every, E, action, collection="blog", id="no-such", **more), "Entry not found: no-such")
    equal(site.bad(every, T, "get", taxonomy="tags", id="other::space"), "Term not found: other::space")
    equal(site.diff(), [])


@case
def updates_change_what_was_asked_for_and_nothing_else():
    site.good(every, E, "update", collection="blog", id=FIRST, data={"rating": 5, "subtitle": "At last: light"})
    equal(site.diff(), ["-rating: 4.5", "+rating: 5", "+subtitle: 'At last: light'"])
    site.good(every, E, "update", collection="blog", id=FIRST, data={"tags": ["space", "night sky", "new"]})
    equal(site.diff(), ["+  - new"])
    site.good(every, E, "update", collection="blog", id=DRAFT, data={"content": "Another body.\n"})
    equal(site.diff(), ["-Body of a draft.", "+Another body."])
    site.good(every, E, "update", collection="blog", id=CRLF, data={"title": "Other", "subtitle": None})
    equal(site.read("content/collections/blog/en/2024-03-03.windows-line-ends.md"),
          f"---\r\nid: {CRLF}\r\ntitle: Other\r\ntags:\r\n  - dust\r\n---\r\nOne line.\r\n")
    site.diff()
    got = site.good(reader, E, "get", collection="blog", id=DRAFT)["entry"]["data"]["page_builder"]
    got[1]["enabled"] = True
    site.good(every, E, "update", collection="blog", id=DRAFT, data={"page_builder": got})
    equal(site.diff(), ["-    enabled: false", "+    enabled: true"])
    site.good(every, E, "update", collection="blog", id=FIRST, data={"title": "First Light"})
    equal(site.diff(), [])
    site.good(every, E, "update", collection="blog", id=FUTURE, data={"title": "F"}, merge_strategy="replace")
    equal(site.diff(), ["-title: 'Far future'", "-related: 8f3f4e7a-3b0c-4e76-9c1e-0d7f2f0a1a01", "+title: F"])


@case
def update_cannot_publish():
    assert "publish" in site.bad(every, E, "update", collection="blog", id=DRAFT, data={"published": True})
    assert "status" in site.bad(every, E, "update", collection="blog", id=DRAFT, data={"status": "published"})
    assert '"id"' in site.bad(every, E, "update", collection="blog", id=DRAFT, data={"id": "x"})
    equal(site.diff(), [])
    site.good(every, E, "publish", collection="blog", id=DRAFT)
    equal(site.diff(), ["-published: false"])
    site.good(every, E, "unpublish", collection="blog", id=DRAFT)
    equal(site.diff(), ["+published: false"])


@case
def entries_come_and_go_with_their_places_in_the_tree():
    made = site.good(every, E, "create", collection="pages", data={"title": "It's new: “yes”", "content": "Body\n"})["entry"]
    equal((made["slug"], made["site"], made["published"]), ("its-new-“yes”", "en", True))
    path = f"content/collections/pages/en/{made['slug']}.md"
    equal(site.read(path), f"---\nid: {made['id']}\nblueprint: page\ntitle: \"It's new: “yes”\"\n---\nBody\n")
    equal(site.diff()[-2:], ["+  -", f"+    entry: {made['id']}"])
    assert "already" in site.bad(every, E, "create", collection="pages", slug=made["slug"], data={"title": "x"})
    site.good(every, E, "update", collection="pages", id=made["id"], data={"slug": "renamed"})
    assert os.path.exists(site.path("content/collections/pages/en/renamed.md")) and not os.path.exists(site.path(path))
    site.good(every, E, "delete", collection="pages", id=made["id"])
    site.diff()
    site.good(every, E, "delete", collection="pages", id=PAGES[1])
    tree = [line for line in site.diff() if "entry" in line or "children" in line]
    assert f"-    entry: {PAGES[1]}" in tree and f"+    entry: {PAGES[2]}" in tree or \
        f"-        entry: {PAGES[2]}" in tree, tree
    assert "origin" in site.bad(every, E, "delete", collection="blog", id=FIRST)
    dated = site.good(every, E, "create", collection="blog", slug="now", data={"title": "N", "date": "2026-02-03T04:05:00Z",
                                                                            "published": False})["entry"]
    equal((dated["status"], os.path.exists(site.path("content/collections/blog/en/2026-02-03-0405.now.md"))), ("draft", True))
    site.diff()


@case
def names_that_lead_elsewhere_are_refused():
    """S02 in slugs, handles and links, whatever is named: nothing outside is read or written"""
    before = sorted(os.listdir(site.remit.folder))
    for slug in ("../../../x", "a/b", "a\\b", ".env", "a\x01b", "x" * 10000, "..", "a.b"):
        site.bad(every, E, "create", collection="pages", slug=slug, data={"title": "x"})
        site.bad(every, T, "create", taxonomy="tags", slug=slug, data={"title": "x"})
        site.bad(every, G, "create", handle=slug if slug != "a.b" else "..")
    for handle in ("../collections/blog", "..", "blog/en", ""):
        site.bad(every, E, "list", collection=handle)
        site.bad(every, T, "list", taxonomy=handle)
        site.bad(every, G, "get", handle=handle)
    os.symlink(site.remit.config, site.path("content/collections/pages/en/leak.md"))
    os.symlink(site.remit.folder, site.path("content/taxonomies/tags/out"))
    equal(site.good(reader, E, "list", collection="pages", search="secrets_key")["pagination"]["total"], 0)
    os.remove(site.path("content/collections/pages/en/leak.md"))
    os.remove(site.path("content/taxonomies/tags/out"))
    equal((sorted(os.listdir(site.remit.folder)), site.diff()), (before, []))


@case
def files_that_cannot_be_read_are_told_and_left_alone():
    """S03 an alias bomb, tags, keys twice, tabs, a mark of byte order, no end; M03 depth; an entry of 10 MB"""
    head = "---\nid: bad-{}\ntitle: T\n"
    texts = {"alias": head + "a: &a [x, x]\nb: [*a, *a]\n---\n", "tag": head + "a: !!php/object x\n---\n",
             "twice": head + "title: U\n---\n", "tab": head + "a:\n\tb: 1\n---\n", "mark": "\ufeff" + head + "---\n",
             "open": head, "deep": head + "a: " + "[" * 200 + "]" * 200 + "\n---\n",
             "scalar": head + "a: " + "x" * (1 << 20) + "\n---\n", "large": head + "---\n" + "x" * (10 << 20)}
    for name, text in texts.items():
        site.write(f"content/collections/team/en/{name}.md", text.format(name) if "{}" in text else text)
    until(lambda: (site.ask(every, E, "list", collection="team")[1].get("warnings") or [""])[0].startswith(str(len(texts))),
          "all are told")
    equal([e["slug"] for e in site.good(every, E, "list", collection="team")["entries"]], ["ada"])
    for name, text in texts.items():
        site.bad(every, E, "get", collection="team", id=f"bad-{name}")
        site.bad(every, E, "update", collection="team", id=f"bad-{name}", data={"title": "x"})
        equal(site.read(f"content/collections/team/en/{name}.md"), text.format(name) if "{}" in text else text)
        os.remove(site.path(f"content/collections/team/en/{name}.md"))
    entry = site.good(every, E, "create", collection="team", slug="x", data={"title": "x"})["entry"]
    site.diff()
    assert "512 kB" in site.bad(every, E, "update", collection="team", id=entry["id"], data={"b": "y" * (600 << 10)})
    site.bad(every, E, "get", collection="team", id="x" * 5000)
    site.good(every, E, "delete", collection="team", id=entry["id"])
    site.diff()


@case
def what_others_change_is_seen():
    """files that come, change, move and go, one by one and as folders"""
    site.write("content/collections/team/en/bob.md", "---\nid: bob\ntitle: Bob\n---\n")
    names = lambda: [e["slug"] for e in site.good(reader, E, "list", collection="team")["entries"]]  # noqa: E731
    until(lambda: names() == ["ada", "bob"], "a new file")
    os.rename(site.path("content/collections/team/en/bob.md"), site.path("content/collections/team/en/rob.md"))
    until(lambda: names() == ["ada", "rob"], "a new name")
    shutil.move(site.path("content/collections/team"), site.path("content/aside"))
    until(lambda: names() == [], "no folder")
    shutil.move(site.path("content/aside"), site.path("content/collections/team"))
    until(lambda: names() == ["ada", "rob"], "the folder is back")
    site.write("content/collections/fresh.yaml", "title: Fresh\n")
    site.write("content/collections/fresh/en/deep/one.md", "---\nid: one\n---\n")
    until(lambda: site.ask(reader, E, "get", collection="fresh", id="one")[0], "a new folder")
    shutil.rmtree(site.path("content/collections/fresh"))
    os.remove(site.path("content/collections/fresh.yaml"))
    os.remove(site.path("content/collections/team/en/rob.md"))
    until(lambda: names() == ["ada"], "all gone")
    site.diff()


@case
def terms_and_globals_are_changed_in_place():
    equal([t["slug"] for t in site.good(reader, T, "list", taxonomy="tags")["terms"]], ["dust", "space"])
    equal(site.good(reader, T, "get", taxonomy="tags", id="tags::space")["term"]["data"],
          {"title": "Space", "localizations": {"de": {"title": "Weltraum"}}})
    site.good(every, T, "update", taxonomy="tags", slug="space", data={"localizations": {"de": {"title": "All"}}})
    equal(site.diff(), ["-    title: Weltraum", "+    title: All"])
    site.good(every, T, "create", taxonomy="tags", slug="comet", data={"title": "A Comet"})
    equal(site.diff(), ["+title: 'A Comet'"])
    site.good(every, T, "delete", taxonomy="tags", slug="comet")
    site.diff()
    equal([g["handle"] for g in site.good(reader, G, "list")["globals"]], ["company", "footer"])
    equal(site.good(reader, G, "get", handle="company", site="de")["global"]["data"],
          {"name": "Sternwarte Aurora", "phone": "+1 555 0100", "address": {"street": "Hill 1", "city": "Tromsø"}})
    site.good(every, G, "update", handle="company", data={"address": {"city": "Oslo"}}, merge_strategy="deep")
    equal(site.diff(), ["-  city: Tromsø", "+  city: Oslo"])
    site.good(every, G, "create", handle="social", title="Social", sites=["en"])
    site.good(every, G, "configure", handle="social", title="Social media")
    site.good(every, G, "update", handle="social", data={"url": "https://x.example"})
    equal(site.read("content/globals/en/social.yaml"), "url: 'https://x.example'\n")
    site.good(every, G, "delete", handle="social")
    equal((site.diff(), site.bad(every, G, "get", handle="social")), ([], "Global set not found: social"))


@case
def writers_of_one_entry_lose_nothing():
    """S05 eight at once, each its own key: all are there, and the file is whole"""
    done = []
    def write(number):
        for i in range(5):
            if site.ask(every, E, "update", collection="team", id="7a7a7a7a-0000-4000-8000-000000000001",
                        data={f"key_{number}_{i}": i})[0]:
                done.append(f"+key_{number}_{i}: {i}")
    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal((len(done), sorted(site.diff())), (40, sorted(done)))


@case
def tools_are_found_by_what_is_to_be_done():
    """any valid token, whatever it covers"""
    few = site.token("few", "users:read")
    def ask(name, **arguments):
        answer = site.call(few, name, arguments)
        equal(answer.status, 200, answer)
        return answer.json()["result"]["structuredContent"]
    equal(ask(DISCOVER, intent="change a term of a taxonomy")["data"]["tools"][0]["tool"], T)
    assert len(ask(DISCOVER)["data"]["tools"]) >= 5
    equal(ask(SCHEMA, tool=E)["data"]["schema"]["properties"]["action"]["enum"][0], "list")
    equal((ask(SCHEMA, tool="x")["success"], site.call(None, DISCOVER, {}).status), (False, 401))


@case
def what_is_half_done_is_undone():
    """L05 an entry whose place in the tree cannot be written is not there"""
    tree = "content/trees/collections/en/pages.yaml"
    text = site.read(tree)
    site.write(tree, "tree: &a []\n")
    assert "anchors" in site.bad(every, E, "create", collection="pages", slug="half", data={"title": "x"})
    assert not os.path.exists(site.path("content/collections/pages/en/half.md"))
    site.write(tree, text)
    equal(site.diff(), [])


@case
def the_site_goes_and_comes_back():
    """L05 a clear answer meanwhile, and it goes on by itself"""
    os.rename(site.folder, site.folder + ".aside")
    assert "not there" in site.bad(reader, E, "list", collection="blog")
    assert "not there" in site.bad(every, E, "update", collection="blog", id=FIRST, data={"title": "x"})
    os.rename(site.folder + ".aside", site.folder)
    assert "first-light" in slugs()
    equal(site.diff(), [])


@case
def a_token_that_is_bound_to_a_project_gets_nothing():
    """D22 a site has no projects, so that nothing here could keep such a token to its own"""
    project = site.remit.cli("project", "add", "Brand", "--api", "content", "--owner", "admin@example.com")["id"]
    bound = site.remit.token("admin@example.com", "bound", "--scope", "*", "--project", project, api="content")
    answer = site.call(bound["token"], E, {"action": "list", "collection": "blog"})
    equal((answer.status, answer.json()["error"]["data"]["code"]), (403, "project_unresolved"))
    told = site.remit.run("explain", "--api", "content", "--token-id", bound["id"], "--json", "tool", E, '{"action": "list"}')
    equal(json.loads(told.stdout)["reason"], "project_unresolved")


@case
def rules_of_tools_that_are_not_there_are_told_before_a_start():
    """check-config looks at this service's rules too"""
    config = os.path.join(site.remit.folder, "whole.yaml")
    with open(site.remit.config, encoding="utf-8") as file, open(config, "w", encoding="utf-8") as other:
        other.write(file.read().replace("./site.yaml", "statamic"))
    done = site.remit.run("check-config", "--config", config)
    equal(done.returncode, 3)
    assert "statamic-blueprints" in done.stderr, done.stderr


def over_stdio(token=None, forced=None, **arguments):
    """The answer to one call by `remit mcp serve` (None: none), and the exit status."""
    env = {k: v for k, v in os.environ.items() if k != "REMIT_TOKEN" and "FORCE_WEB_MODE" not in k}
    env |= {"REMIT_TOKEN": token} if token else {}
    env |= {"STATAMIC_MCP_FORCE_WEB_MODE": forced} if forced else {}
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": E, "arguments": arguments, "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}}})
    done = subprocess.run([BINARY, "mcp", "serve", "--api", "content", "--config", site.remit.config], input=line + "\n",
                          capture_output=True, text=True, env=env, timeout=60, check=False)
    return json.loads(done.stdout) if done.stdout else None, done.returncode


@case
def whoever_runs_the_tools_needs_no_token():
    """B's bypass over stdio, unless web mode is forced: then every check counts"""
    gone = {"action": "delete", "collection": "blog", "id": FUTURE}
    path = "content/collections/blog/en/2039-01-01.far-future.md"
    kept = site.read(path)
    answer, status = over_stdio(**gone)
    equal((answer["result"]["structuredContent"]["success"], status), (True, 0))
    assert not os.path.exists(site.path(path))
    site.write(path, kept)
    equal(over_stdio(action="explode")[0]["error"]["code"], -32602)
    equal(over_stdio(forced="true", **gone), (None, 1))
    answer, status = over_stdio(token=reader, forced="true", **gone)
    equal((answer["error"]["data"]["missing"], status), (["entries:write"], 0))
    answer, status = over_stdio(forced="off", action="get", collection="blog", id=FIRST)
    equal(answer["result"]["structuredContent"]["success"], True)
    equal(site.diff(), [])


@case
def the_server_ends_well():
    equal((site.remit.stop(), "Sanitizer" in site.remit.log), (0, False), site.remit.log[-3000:])


run()
