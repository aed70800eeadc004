#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What comes into the publishing service from others' servers: media by their URL, and moments out of feeds."""
import os
import threading

from harness import SOURCE, Remit, multipart
from tap import case, equal, run
from web import Page, Web

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and the rest of it"
GIF = b"GIF89a0123456789"

web = Web()
remit = Remit(config=["outbound: { allow: [127.0.0.1] }"],
              apis=["  publishing: { profile: ./quick.yaml, service: publishing }"], migrate=False)
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


run()
