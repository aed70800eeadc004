#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What comes into the publishing service from others' servers: media by their URL, and moments out of feeds."""
import json
import os
import sqlite3
import threading
import time

from harness import SOURCE, Remit, multipart
from tap import case, equal, run
from web import Page, Web

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and the rest of it"
GIF = b"GIF89a0123456789"

web = Web()
remit = Remit(config=["outbound: { allow: [127.0.0.1] }"],
              apis=["  publishing: { profile: ./quick.yaml, service: publishing, keep: 30d }"], migrate=False)
with open(os.path.join(SOURCE, "profiles/publishing.yaml"), encoding="utf-8") as file:
    profile = file.read().replace("rate: { pat: 120, oat: 60 }", "rate: { pat: 6000, oat: 60 }")
with open(os.path.join(remit.folder, "quick.yaml"), "w", encoding="utf-8") as file:
    file.write(profile)
remit.cli("store", "migrate")
remit.cli("user", "add", "ann@example.com", "--admin")
project = remit.cli("project", "add", "Aurora", "--api", "publishing", "--owner", "ann@example.com")["id"]
other = remit.cli("project", "add", "Northwind", "--api", "publishing", "--owner", "ann@example.com")["id"]
bound = remit.token("ann@example.com", "bound", "--scope", "*", "--project", project)["token"]
elsewhere = remit.token("ann@example.com", "elsewhere", "--scope", "*", "--project", other)["token"]
reader = remit.token("ann@example.com", "reader", "--preset", "read-only", "--project", project)["token"]
remit.serve()


def call(method, path, body=None, token=bound, **more):
    return remit.call(method, "/api/v1" + path, token, body, **more)


def register(url, token=bound, **more):
    return call("POST", "/media", {"url": url, **more}, token)


def said(answer):
    return answer.json()["error"]["message"]


# ---- Media from a URL ----

@case
def a_file_is_fetched_once_and_kept():
    web.pages["/cat.jpeg"] = Page(PNG, {"Content-Type": "text/html"})
    answer = register(web.url("/cat.jpeg?size=2"), alt_text="A cat")
    equal(answer.status, 201, answer)
    media = answer.json()
    equal((media["content_type"], media["name"], media["alt_text"], media["bytes"], media["project_id"]),
          ("image/png", "cat.png", "A cat", len(PNG), project))
    asked = web.asked("/cat.jpeg")
    served = call("GET", f"/media/{media['id']}/file")
    equal((served.status, served.body, served.headers["Content-Type"]), (200, PNG, "image/png"))
    equal(web.asked("/cat.jpeg"), asked)
    again = register(web.url("/cat.jpeg")).json()
    equal(again["public_url"], media["public_url"], "one copy of the same bytes")
    equal(call("GET", f"/media/{media['id']}", token=elsewhere).status, 404)
    sent = next(headers for _, path, headers in web.seen if path.startswith("/cat.jpeg"))
    assert "Authorization" not in sent and "Cookie" not in sent, sent


@case
def a_public_url_opens_without_a_token():
    """T09: and may be kept for good, since what stands under it never changes"""
    kind, body = multipart({}, {"file": ("plan.gif", "image/gif", GIF)})
    media = call("POST", "/media", body, headers={"Content-Type": kind}).json()
    path = media["public_url"].removeprefix(remit.url)
    assert len(path.rsplit("/", 1)[1]) == 32, path
    answer = remit.call("GET", path)
    equal((answer.status, answer.body), (200, GIF))
    equal(answer.headers["Cache-Control"], "public, max-age=31536000, immutable")
    equal(answer.headers["X-Content-Type-Options"], "nosniff")
    equal(answer.headers["Content-Security-Policy"], "default-src 'none'; sandbox")
    assert "plan" not in answer.headers["Content-Disposition"]
    part = remit.call("GET", path, headers={"Range": "bytes=3-5"})
    equal((part.status, part.body, part.headers["Content-Range"]), (206, b"89a", f"bytes 3-5/{len(GIF)}"))
    equal(remit.call("GET", path, headers={"If-None-Match": answer.headers["ETag"]}).status, 304)
    equal(remit.call("HEAD", path).status, 200)
    equal(remit.call("GET", path[:-1] + ("0" if path[-1] != "0" else "1")).status, 404)
    keyed = call("GET", f"/media/{media['id']}/file")
    equal(keyed.headers["Cache-Control"], "private, no-cache")


@case
def S01_addresses_that_are_not_for_the_public():
    """S01 media from a URL that is, resolves to, or redirects to an address that is not allowed"""
    for url in ("http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://[::1]/",
                f"http://[::ffff:10.0.0.1]:{web.port}/cat.jpeg", "http://127.0.0.2/", "http://0x0a000001/",
                "http://192.168.0.1.nip.invalid/"):
        answer = register(url)
        equal((answer.status, answer.json()["error"]["code"]), (422, "validation_failed"), url)
        assert said(answer).startswith("url cannot be fetched: "), said(answer)
    for hop in ("http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/x.png", "file:///etc/passwd",
                "gopher://127.0.0.1/", "//192.168.0.1/x.png"):
        web.pages["/hop"] = Page(b"", {"Location": hop}, 302)
        answer = register(web.url("/hop"))
        equal(answer.status, 422, hop)
        assert said(answer).startswith("url cannot be fetched: "), said(answer)
    web.pages["/hop"] = Page(b"", {"Location": "/cat.jpeg"}, 302)
    equal(register(web.url("/hop")).status, 201, "a redirect to what is allowed is followed")
    web.pages["/hop"] = Page(b"", {"Location": "/hop"}, 302)
    answer = register(web.url("/hop"))
    equal(answer.status, 422)
    equal(web.asked("/hop") < 20, True, "redirects are bounded")


@case
def S04_what_is_no_image_is_not_kept():
    """S04 HTML and SVG behind an image's name and type"""
    for body in (b"<html><script>alert(1)</script></html>", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>",
                 b"MZ\x90\0 a program", b""):
        web.pages["/evil.png"] = Page(body, {"Content-Type": "image/png"})
        answer = register(web.url("/evil.png"))
        equal((answer.status, answer.json()["error"]["code"]), (415, "unsupported_media_type"), body)


@case
def S02_a_name_in_a_url_is_no_path():
    """S02 what stands in a URL's path is only ever shown"""
    web.pages["/%2e%2e%2fetc%2fpasswd"] = Page(GIF)
    answer = register(web.url("/%2e%2e%2fetc%2fpasswd"))
    equal(answer.status, 201, answer)
    assert "/" not in answer.json()["name"] and answer.json()["name"].endswith(".gif"), answer.json()


@case
def L03_a_file_that_is_too_large_or_never_ends():
    """L03 S06 one byte past the limit, with and without saying so; a server that hangs up half-way"""
    def endless(handler):
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.close_connection = True
        try:
            for _ in range(26):
                handler.wfile.write(PNG.ljust(1000000, b"x"))
        except OSError:
            pass  # cut off, as it should be

    def cut(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(PNG)
        handler.close_connection = True

    web.pages["/endless"] = endless
    web.pages["/huge"] = Page(PNG.ljust(25000001, b"x"))
    web.pages["/whole"] = Page(PNG.ljust(25000000, b"x"))
    web.pages["/cut"] = cut
    for path in ("/endless", "/huge"):
        answer = register(web.url(path))
        equal((answer.status, answer.json()["error"]["code"]), (413, "payload_too_large"), path)
    equal(register(web.url("/whole")).status, 201)
    equal(register(web.url("/cut")).status, 422)
    web.pages["/gone"] = Page(b"", status=410)
    equal(said(register(web.url("/gone"))), "url cannot be fetched: its server answered 410")


@case
def who_may_register():
    """P09 T13: media:write, in the project, by a body of one of the two kinds"""
    answer = register(web.url("/cat.jpeg"), token=reader)
    equal((answer.status, said(answer)), (403, "Token missing scope(s): media:write"))
    before = web.asked("/cat.jpeg")
    equal(register(web.url("/cat.jpeg"), projectId=other).status, 404)
    equal(register(web.url("/cat.jpeg"), alt_txt="x").status, 422)
    equal(register("http://user:secret@127.0.0.1/").status, 422)
    equal(call("POST", "/media", b"url=x", headers={"Content-Type": "application/x-www-form-urlencoded"}).status, 415)
    equal(call("POST", "/media", b'{"url":"a","url":"b"}', headers={"Content-Type": "application/json"}).status, 400)
    equal(call("POST", "/media", b'{"url":', headers={"Content-Type": "application/json"}).status, 400)
    equal(web.asked("/cat.jpeg"), before, "nothing was fetched")


@case
def L04_others_go_on_while_a_server_hangs():
    """L04 fetches are few at once: the rest of the service stays as quick, and who comes late is told"""
    release = threading.Event()

    def hang(handler):
        release.wait(30)
        handler.send_response(200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    web.pages["/hang"] = hang
    threads = [threading.Thread(target=register, args=(web.url("/hang"),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        while web.asked("/hang") < 4:
            pass
        equal(call("GET", "/stories").status, 200)
        answer = register(web.url("/cat.jpeg"))
        equal((answer.status, answer.json()["error"]["code"]), (503, "unavailable"))
    finally:
        release.set()
        for thread in threads:
            thread.join()
    equal(register(web.url("/cat.jpeg")).status, 201)


# ---- Moments ----

def detector(*args, stdin=None):
    return remit.cli("publishing", "detector", "add", "--project", project, *args, stdin=stdin)["id"]


def connection(ident):
    return call("GET", f"/data-connections/{ident}").json()


def until(condition, seconds=30):
    """Polls until a condition holds, and returns what it gave."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def look_again(ident):
    """Lets the time of its next look come, and waits until that look is written down."""
    with sqlite3.connect(os.path.join(remit.folder, "remit.db"), timeout=30) as db:
        key = bytes.fromhex(ident.replace("-", ""))
        (before,) = db.execute("SELECT MAX(updated_at) FROM publishing_data_connections WHERE id = ?", (key,)).fetchone()
        db.execute("UPDATE publishing_data_connections SET next_at = 1, updated_at = 0 WHERE id = ?", (key,))
    db.close()
    assert before is not None
    return until(lambda: (now := connection(ident))["updated_at"] and now)


def moments(ident):
    listed = call("GET", "/moments?limit=100").json()["data"]
    return [m for m in listed if m["data_connection_id"] == ident]


def rss(*items):
    return ("<rss version='2.0'><channel><title>News</title>" + "".join(
        f"<item><title>{title}</title><guid>{guid}</guid><link>https://news.example/{guid}</link>"
        f"<description>&lt;p&gt;About {title}&lt;/p&gt;</description></item>"
        for guid, title in items) + "</channel></rss>").encode()


@case
def a_new_item_of_a_feed_is_a_moment():
    """RSS and Atom, each item once; what was there at first is no news"""
    web.pages["/news.xml"] = Page(rss((1, "One")), {"ETag": '"a"', "Last-Modified": "Tue, 10 Jun 2003 04:00:00 GMT"})
    ident = detector("--kind", "rss", "--name", "News", "--url-stdin", stdin=web.url("/news.xml?key=SECRET"))
    until(lambda: connection(ident)["last_synced_at"])
    equal(moments(ident), [])
    asked = web.asked("/news.xml")
    look_again(ident)
    sent = [headers for _, path, headers in web.seen if path.startswith("/news.xml")]
    equal((web.asked("/news.xml"), sent[-1]["If-None-Match"], sent[-1]["If-Modified-Since"]),
          (asked + 1, '"a"', "Tue, 10 Jun 2003 04:00:00 GMT"))
    web.pages["/news.xml"] = Page(rss((3, "Three"), (2, "Two"), (1, "One")), {"ETag": '"b"'})
    look_again(ident)
    found = moments(ident)
    equal([(m["title"], m["summary"], m["source"], m["severity"]) for m in found],
          [("Three", "About Three", "https://news.example/3", "notable"),
           ("Two", "About Two", "https://news.example/2", "notable")])
    web.pages["/news.xml"] = Page(b"""<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>urn:4</id><title>Four</title>
        <link href="https://news.example/4"/><updated>2030-01-01T00:00:00Z</updated></entry></feed>""")
    look_again(ident)
    look_again(ident)
    equal([m["title"] for m in moments(ident)], ["Four", "Three", "Two"])
    shown = call("GET", "/data-connections").body + call("GET", f"/data-connections/{ident}").body
    assert b"SECRET" not in shown and b"SECRET" not in remit.run("publishing", "detector", "list").stdout.encode()
    equal(call("GET", f"/data-connections/{ident}", token=elsewhere).status, 404)
    equal(call("GET", f"/moments/{found[0]['id']}", token=elsewhere).status, 404)


@case
def a_number_that_crosses_a_line_is_a_moment():
    """json-threshold with hysteresis; what is severe becomes a draft out of its template"""
    document = {"projects": [{"id": project, "templates": [
        {"key": "t", "name": "Alarm", "kind": "alarm", "body": "{{name}} is {{value}} (line {{threshold}}): {{title}}"}]}]}
    path = os.path.join(remit.folder, "templates.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file)
    remit.cli("publishing", "import", path, "--owner", "ann@example.com")
    template = call("GET", "/templates").json()["data"][0]["id"]

    def says(value):
        web.pages["/price.json"] = Page(json.dumps({"data": [{"price": value}]}).encode())

    hook = call("POST", "/webhooks", {"url": web.url("/hook"), "events": ["moment.detected", "moment.auto_drafted"]})
    equal(hook.status, 201, hook)
    says(10)
    ident = detector("--kind", "json-threshold", "--name", "Price", "--url", web.url("/price.json"), "--pointer",
                     "/data/0/price", "--above", "12.5", "--hysteresis", "1", "--severity", "severe",
                     "--auto-draft", template)
    until(lambda: connection(ident)["last_synced_at"])
    for value in (13.25, 12.4, 14, 11, 12.6):
        says(value)
        look_again(ident)
    equal([m["title"] for m in moments(ident)], ["Price: 12.6 is above 12.5", "Price: 13.25 is above 12.5"])
    drafts = [s for s in call("GET", "/stories").json()["data"] if s["template_id"] == template]
    equal([(s["status"], s["body"], s["moment_id"]) for s in drafts],
          [("draft", f"Price is {v} (line 12.5): Price: {v} is above 12.5", m["id"])
           for v, m in zip(("12.6", "13.25"), moments(ident))])
    equal(moments(ident)[0]["severity"], "severe")
    told = until(lambda: len(web.posted) == 4 and [json.loads(body) for _, _, body in web.posted])
    equal(sorted(((t["event"], t["data"]["moment"]["id"], t["data"].get("story", {}).get("id")) for t in told), key=str),
          sorted([("moment.detected", m["id"], None) for m in moments(ident)] +
                 [("moment.auto_drafted", s["moment_id"], s["id"]) for s in drafts], key=str))


@case
def S03_what_cannot_be_read_is_told_on_the_connection():
    """S03 L04 entities, HTML, a server that answers 500 or a page of 3 MB: told, and no moment"""
    web.pages["/bad.xml"] = Page(b"", status=500)
    ident = detector("--kind", "rss", "--name", "Bad", "--url", web.url("/bad.xml"))
    until(lambda: connection(ident)["detector"]["last_error"])
    equal(connection(ident)["detector"]["last_error"], "Its server answered 500")
    bomb = b"<!DOCTYPE rss [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]><rss><channel><title>&b;</title></channel></rss>"
    for body, told in ((bomb, "it declares a document type"), (b"<html></html>", "it is neither RSS 2.0 nor Atom"),
                       (b"hello", "it is no XML that can be read")):
        web.pages["/bad.xml"] = Page(body)
        error = look_again(ident)["detector"]["last_error"]
        assert told in error, error
    equal(connection(ident)["status"], "needs_attention")
    web.pages["/bad.xml"] = Page(rss((1, "x" * 3000000)))
    error = look_again(ident)["detector"]["last_error"]
    assert error.startswith("It could not be fetched: "), error
    web.pages["/bad.xml"] = Page(rss((1, "One")))
    now = look_again(ident)
    equal((now["status"], now["detector"]["last_error"]), ("active", None))
    equal(moments(ident), [])


@case
def S01_a_detector_that_turns_into_a_private_address_at_the_second_look():
    """S01 what was a feed for the public at first leads to a special address later"""
    web.pages["/turn.xml"] = Page(rss((1, "One")))
    ident = detector("--kind", "rss", "--name", "Turning", "--url", web.url("/turn.xml"))
    until(lambda: connection(ident)["last_synced_at"])
    for hop in ("http://169.254.169.254/latest/meta-data/", "http://127.0.0.2/feed.xml", f"http://[::1]:{web.port}/turn.xml"):
        web.pages["/turn.xml"] = Page(b"", {"Location": hop}, 302)
        error = look_again(ident)["detector"]["last_error"]
        assert error.startswith("It could not be fetched: "), error
    for url in ("http://10.0.0.1/feed.xml", "http://169.254.169.254/"):
        other_one = detector("--kind", "rss", "--name", "Private", "--url", url)
        until(lambda: connection(other_one)["detector"]["last_error"])
        assert connection(other_one)["detector"]["last_error"].startswith("It could not be fetched: ")
    equal(moments(ident), [])


@case
def L06_a_look_that_a_kill_ends_is_done_again():
    """L06 L04 and a server that hangs holds up no other detector, nor the end of the program"""
    release = threading.Event()

    def hang(handler):
        release.wait(30)
        handler.close_connection = True

    web.pages["/slow.xml"] = hang
    slow = detector("--kind", "rss", "--name", "Slow", "--url", web.url("/slow.xml"))
    until(lambda: web.asked("/slow.xml"))
    web.pages["/quick.xml"] = Page(rss((1, "One")))
    quick = detector("--kind", "rss", "--name", "Quick", "--url", web.url("/quick.xml"))
    until(lambda: connection(quick)["last_synced_at"])
    remit.kill()
    release.set()
    web.pages["/slow.xml"] = Page(rss((1, "One")))
    web.pages["/quick.xml"] = Page(rss((2, "Two"), (1, "One")))
    remit.serve()
    look_again(slow)
    look_again(quick)
    equal([m["title"] for m in moments(quick)], ["Two"])
    release.clear()
    web.pages["/slow.xml"] = hang
    asked = web.asked("/slow.xml")
    with sqlite3.connect(os.path.join(remit.folder, "remit.db"), timeout=30) as db:
        db.execute("UPDATE publishing_data_connections SET next_at = 1 WHERE name = 'Slow'")
    db.close()
    until(lambda: web.asked("/slow.xml") > asked)
    began = time.monotonic()
    equal(remit.stop(), 0)
    assert time.monotonic() - began < 10, time.monotonic() - began
    release.set()
    remit.serve()


@case
def L05_a_store_that_is_locked():
    """L05 what comes in while nobody can write is 503 and leaves no file; looks go on when it can be written again"""
    def files():
        folder = os.path.join(remit.folder, "remit.db.publishing.media")
        return sorted(name for _, _, names in os.walk(folder) for name in names)

    web.pages["/locked.png"] = Page(PNG + b"locked")
    web.pages["/quick.xml"] = Page(rss((3, "Three"), (2, "Two"), (1, "One")))
    quick = next(d["id"] for d in remit.cli("publishing", "detector", "list")["detectors"] if d["name"] == "Quick")
    before = files()
    db = sqlite3.connect(os.path.join(remit.folder, "remit.db"), timeout=30, isolation_level=None)
    db.execute("UPDATE publishing_data_connections SET next_at = 1 WHERE name = 'Quick'")
    db.execute("BEGIN IMMEDIATE")
    try:
        answer = register(web.url("/locked.png"))
        equal((answer.status, answer.json()["error"]["code"]), (503, "unavailable"))
        equal(files(), before)
        equal(call("GET", "/stories").status, 200)
    finally:
        db.execute("ROLLBACK")
        db.close()
    until(lambda: [m["title"] for m in moments(quick)] == ["Three", "Two"])
    equal(register(web.url("/locked.png")).status, 201)


@case
def what_is_old_is_forgotten():
    """moments and events past the time that the configuration keeps them, and nothing younger"""
    def rows(db):
        return [db.execute(f"SELECT COUNT(*) FROM {which}").fetchone()[0]
                for which in ("publishing_moments WHERE title = 'old'", "events WHERE at < 1000")]

    remit.stop()
    with sqlite3.connect(os.path.join(remit.folder, "remit.db"), timeout=30) as db:
        db.execute("INSERT INTO publishing_moments (id, project_id, title, summary, source, detected_at, score, created_at,"
                   " updated_at) VALUES (x'00000000000170008000000000000000', ?, 'old', '', '', 1, 1, 1, 1)",
                   (bytes.fromhex(project.replace("-", "")),))
        db.execute("UPDATE events SET at = 1 WHERE number = (SELECT MIN(number) FROM events)")
        young = db.execute("SELECT COUNT(*) FROM events WHERE at > 1").fetchone()[0]
        equal(rows(db), [1, 1])
    db.close()
    remit.serve()

    def is_gone():
        with sqlite3.connect(os.path.join(remit.folder, "remit.db"), timeout=30) as again:
            found = rows(again), again.execute("SELECT COUNT(*) FROM events WHERE at > 1").fetchone()[0]
        again.close()
        return found == ([0, 0], young)

    until(is_gone)
    assert call("GET", "/moments").json()["data"], "those that are young stay"


@case
def detectors_are_listed_and_removed():
    listed = remit.cli("publishing", "detector", "list", "--project", project)["detectors"]
    names = {d["name"] for d in listed}
    assert {"News", "Price", "Bad", "Turning", "Slow", "Quick"} <= names, names
    news = next(d for d in listed if d["name"] == "News")
    equal((news["kind"], news["host"], news["poll_seconds"]), ("rss", f"127.0.0.1:{web.port}", 900))
    equal(remit.cli("publishing", "detector", "list", "--project", other)["detectors"], [])
    remit.cli("publishing", "detector", "remove", news["id"])
    equal(call("GET", f"/data-connections/{news['id']}").status, 404)
    equal(remit.run("publishing", "detector", "remove", news["id"]).returncode, 1)
    for wrong in (["--kind", "rss", "--name", "x", "--url", "http://a.example/", "--url-stdin"],
                  ["--kind", "rss", "--name", "x"], ["--kind", "odd", "--name", "x", "--url", "http://a.example/"],
                  ["--kind", "rss", "--name", "x", "--url", "http://a.example/", "--every", "1s"],
                  ["--kind", "json-threshold", "--name", "x", "--url", "http://a.example/", "--above", "1"]):
        assert remit.run("publishing", "detector", "add", "--project", project, *wrong).returncode in (1, 2), wrong


run()
