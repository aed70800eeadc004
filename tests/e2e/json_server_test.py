#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server that nobody here wrote, npm's json-server, behind the gate, as a stranger puts it there: init, a profile
written by hand, check-config, serve. It has no access control, takes method overrides, folds case, reads "a[]" as "a",
and shows its whole database at /db."""
import atexit
import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

from harness import Answer, Remit, free_port
from npm import installed
from tap import Skip, case, equal, run

PACKAGE = "json-server@0.17.4"
PROFILE = """
profile: blog
title: Blog
tokens: { prefix: blo }
scopes: { "posts:read": Read posts., "posts:write": Write posts., "posts:publish": Publish posts.,
          "comments:read": Read comments., "comments:write": Write comments. }
presets:
  read-only: { title: Read-only, for: Programs that look., default: true, scopes: ["posts:read"] }
  author: { title: Author, for: Programs that write., scopes: ["posts:read", "posts:write"] }
  all: { title: All, for: All., scopes: ["posts:read", "posts:write", "posts:publish", "comments:read", "comments:write"] }
rest:
  base: /
  rules:
    - { on: GET /posts, need: "posts:read", project: query.blogId, when: [ { present: query._embed, need: "comments:read" } ] }
    - { on: "GET /posts/{id}", need: "posts:read", project: none, when: [ { present: query._embed, need: "comments:read" } ] }
    - { on: POST /posts, need: "posts:write", project: body./blogId, when: [ { present: body./published, need: "posts:publish" } ] }
    - { on: "PATCH /posts/{id}", need: "posts:write", when: [ { present: body./published, need: "posts:publish" } ] }
    - { on: "DELETE /posts/{id}", need: ["posts:write", "posts:publish"] }
    - { on: GET /comments, need: "comments:read" }
    - { on: "GET /posts/{id}/comments", need: "comments:read" }
    - { on: POST /comments, need: "comments:write" }
"""
DATABASE = {
    "posts": [{"id": n, "title": f"post {n}", "blogId": "none"} for n in range(1, 31)],
    "comments": [{"id": 1, "text": "a secret remark", "postId": 1}],
    "users": [{"id": 1, "password": "plaintext"}],
}
JSON = {"Content-Type": "application/json"}
folder = tempfile.mkdtemp(prefix="remit-json-server-")
atexit.register(shutil.rmtree, folder, True)
server_port = free_port()
server = remit = None
tokens = {}
blogs = []


def start_server():
    global server
    program = os.path.join(installed(PACKAGE), "json-server", "lib", "cli", "bin.js")
    path = os.path.join(folder, "db.json")
    if not os.path.exists(path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(DATABASE, file)
    server = subprocess.Popen(["node", program, "--host", "127.0.0.1", "--port", str(server_port), "--quiet", path],
                              cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    atexit.register(server.kill)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", server_port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("json-server does not listen")


def direct(method, path, body=None, headers=None):
    """One request that the gate never sees: what the server says of itself."""
    connection = http.client.HTTPConnection("127.0.0.1", server_port, timeout=30)
    connection.request(method, path, json.dumps(body) if body is not None else None, {**JSON, **(headers or {})})
    answer = Answer(connection.getresponse())
    connection.close()
    return answer


def posts():
    return direct("GET", "/posts").json()


def needs_server():
    if not server:
        raise Skip(f"there is no {PACKAGE} here")


def refused(method, path, who, status, code, body=None, headers=None):
    """It is answered so, and the server's data are what they were."""
    before = direct("GET", "/db").body
    answer = remit.call(method, path, tokens.get(who), body, headers)
    equal((answer.status, answer.json()["error"]["code"]), (status, code), f"{method} {path} by {who}")
    assert b"plaintext" not in answer.body and b"secret" not in answer.body, answer
    equal(direct("GET", "/db").body, before)
    return answer


@case
def a_stranger_puts_the_gate_in_front():
    """init without a document, the profile edited, check-config, and it serves"""
    global remit
    start_server()
    guard = Remit(migrate=False)
    os.remove(guard.config)
    done = guard.run("init", "--upstream", f"http://127.0.0.1:{server_port}", "--name", "blog")
    equal((done.returncode, done.stderr), (0, ""))
    equal(guard.run("check-config").returncode, 0, "what was drafted is good as it is")
    with open(os.path.join(guard.folder, "blog.yaml"), "w", encoding="utf-8") as file:
        file.write(PROFILE.replace('need: "posts:write"', 'need: "post:write"', 1))
    done = guard.run("check-config")
    equal(done.returncode, 3)
    assert 'blog.yaml:' in done.stderr and 'did you mean "posts:write"?' in done.stderr, done.stderr
    with open(os.path.join(guard.folder, "blog.yaml"), "w", encoding="utf-8") as file:
        file.write(PROFILE)
    equal(guard.run("check-config").stdout, "config ok: 1 API, 8 operations\n")
    done = guard.run("token", "create", "--user", "me@example.com", "--name", "x", "--preset", "all")
    equal(done.returncode, 4, "there is no store yet")
    assert "remit store migrate" in done.stderr, done.stderr
    guard.cli("store", "migrate")
    done = guard.run("token", "create", "--user", "me@example.com", "--name", "x", "--preset", "all")
    equal(done.returncode, 1)
    assert "remit user add me@example.com" in done.stderr, done.stderr
    guard.cli("user", "add", "me@example.com")
    blogs.extend(guard.cli("project", "add", name, "--api", "blog", "--owner", "me@example.com")["id"] for name in ("Ours", "Other"))
    for preset in ("read-only", "author", "all"):
        tokens[preset] = guard.token("me@example.com", preset, "--preset", preset, api="blog")["token"]
    tokens["bound"] = guard.token("me@example.com", "bound", "--preset", "all", "--project", blogs[0], api="blog")["token"]
    guard.serve(REMIT_LISTEN=f"127.0.0.1:{guard.port}", REMIT_PUBLIC_URL=guard.url)
    remit = guard


@case
def what_it_answers_arrives_as_it_is():
    needs_server()
    for path in ("/posts", "/posts/7", "/posts?_sort=title&_order=desc&_page=2&_limit=5", "/posts/none"):
        got, wanted = remit.call("GET", path, tokens["read-only"]), direct("GET", path)
        equal((got.status, got.body), (wanted.status, wanted.body), path)
        for name in ("Content-Type", "ETag", "Link", "X-Total-Count", "Vary", "X-Powered-By", "X-Content-Type-Options"):
            equal(got.headers[name], wanted.headers[name], f"{name} of {path}")
        equal(got.headers["Cache-Control"], "no-store", "an answer to a token is not kept (T09)")
    same = remit.call("GET", "/posts/7", tokens["read-only"], headers={"If-None-Match": direct("GET", "/posts/7").headers["ETag"]})
    equal((same.status, same.body), (304, b""))
    head = remit.call("HEAD", "/posts/7", tokens["read-only"])
    equal((head.status, head.headers["Content-Length"]), (200, str(len(direct("GET", "/posts/7").body))))


@case
def a_life_of_a_post():
    needs_server()
    made = remit.call("POST", "/posts", tokens["author"], {"title": "Grüße", "blogId": blogs[0]})
    equal((made.status, made.json()["title"]), (201, "Grüße"))
    number = made.json()["id"]
    changed = remit.call("PATCH", f"/posts/{number}", tokens["author"], {"title": "other"})
    equal((changed.status, direct("GET", f"/posts/{number}").json()["title"]), (200, "other"))
    refused("DELETE", f"/posts/{number}", "author", 403, "insufficient_scope")
    equal(remit.call("DELETE", f"/posts/{number}", tokens["all"]).status, 200)
    equal(direct("GET", f"/posts/{number}").status, 404)


@case
def without_the_scope_it_stays_as_it_was():
    needs_server()
    refused("GET", "/posts", None, 401, "unauthorized")
    refused("POST", "/posts", "read-only", 403, "insufficient_scope", {"title": "x"})
    refused("PATCH", "/posts/1", "read-only", 403, "insufficient_scope", {"title": "x"})
    refused("DELETE", "/posts/1", "read-only", 403, "insufficient_scope")
    refused("GET", "/comments", "read-only", 403, "insufficient_scope")
    refused("GET", "/posts/1/comments", "author", 403, "insufficient_scope")
    missing = refused("DELETE", "/posts/1", "read-only", 403, "insufficient_scope").json()["error"]["message"]
    equal(missing, "Token missing scope(s): posts:write, posts:publish")
    done = remit.run("explain", "--token-id", remit.cli("token", "list")["tokens"][0]["id"], "GET", "/users")
    equal(done.returncode, 1)
    assert "refused (unmapped)" in done.stdout, done.stdout


@case
def P08_what_no_rule_maps_is_there_and_not_reached():
    """P08: its whole database at /db, its pages, and what it makes of other methods"""
    needs_server()
    equal(direct("GET", "/db").json()["users"], DATABASE["users"])
    for method, path in (("GET", "/db"), ("GET", "/"), ("GET", "/users"), ("GET", "/users/1"), ("PUT", "/posts/1"),
                         ("DELETE", "/comments/1"), ("POST", "/posts/1/comments"), ("GET", "/__rules"), ("HEAD", "/db")):
        if method != "HEAD":
            refused(method, path, "all", 403, "unmapped_operation")
        equal(remit.call(method, path, tokens["all"]).status, 403)


@case
def P01_P02_P03_P10_no_spelling_of_a_path_reaches_more():
    """P01 P02 P03 P10: it folds case and slashes, and decodes; what it would take is refused before"""
    needs_server()
    equal([direct("GET", path).status for path in ("/DB", "/db/", "/USERS")], [200, 200, 200], "by itself it does")
    for path in ("/DB", "/db/", "/%64b", "/Db", "/users/", "/USERS", "/%75sers", "/posts/1/", "/Posts"):
        refused("GET", path, "all", 403, "unmapped_operation")
    for path in ("/posts/../db", "/posts/%2e%2e/db", "/posts/..%2fdb", "/posts/1/..%2f..%2fdb", "//db", "/./db", "/posts//..//db",
                 "/posts/%252e%252e/db", "/posts/..;/db", "/posts/..\\db", "/db%00", "/posts/%c0%ae%c0%ae/db"):
        refused("GET", path, "all", 400, "bad_request")


@case
def P10_H04_its_method_override_never_sees_one():
    """P10 H04: it would do what X-HTTP-Method-Override says"""
    needs_server()
    number = direct("POST", "/posts", {"title": "to stay"}).json()["id"]
    victim = direct("POST", "/posts", {"title": "to go"}).json()["id"]
    direct("POST", f"/posts/{victim}", {}, {"X-HTTP-Method-Override": "DELETE"})
    equal(direct("GET", f"/posts/{victim}").status, 404, "by itself it does")
    for name in ("X-HTTP-Method-Override", "x-http-method-override", "X_HTTP_METHOD_OVERRIDE"):
        for method, path in (("POST", "/posts"), ("PATCH", f"/posts/{number}"), ("GET", f"/posts/{number}")):
            body = None if method == "GET" else {"title": "to stay"}
            equal(remit.call(method, path, tokens["author"], body, {name: "DELETE"}).status in (200, 201), True)
    equal(direct("GET", f"/posts/{number}").json()["title"], "to stay")


@case
def M15_a_judged_query_is_read_by_it_as_it_was_judged():
    """M15 P07: _embed shows comments; to this server _embed[] and _embed[x] are the same name"""
    needs_server()
    equal("secret" in direct("GET", "/posts/1?_embed[]=comments").body.decode(), True, "by itself it does")
    refused("GET", "/posts/1?_embed=comments", "read-only", 403, "insufficient_scope")
    equal(remit.call("GET", "/posts/1?_embed=comments", tokens["all"]).json()["comments"], DATABASE["comments"])
    for query in ("_embed[]=comments", "_embed%5B%5D=comments", "_embed[0]=comments", "%5fembed[x]=comments", "_Embed[]=comments",
                  "_embed=comments&_embed=comments", "_embed=&_embed[]=comments", "+_embed=comments", "x=1;_embed=comments"):
        refused("GET", f"/posts/1?{query}", "read-only", 400, "bad_request")
        refused("GET", f"/posts/1?{query}", "all", 400, "bad_request")
    for query in ("embed=comments", "x=_embed", "_expand=none"):
        answer = remit.call("GET", f"/posts/1?{query}", tokens["read-only"])
        equal((answer.status, b"secret" in answer.body), (200, False), query)


@case
def M13_a_judged_body_is_read_by_it_as_it_was_judged():
    """M13 M15: it also reads forms, and takes the last of two"""
    needs_server()
    refused("POST", "/posts", "author", 403, "insufficient_scope", {"title": "x", "published": True})
    refused("POST", "/posts", "author", 415, "unsupported_media_type", "title=x&published=true",
            {"Content-Type": "application/x-www-form-urlencoded"})
    refused("POST", "/posts", "author", 400, "bad_request", '{"title":"x","published":false,"published":true}', JSON)
    refused("POST", "/posts", "author", 400, "bad_request", '{"title":"x","Published":true}', JSON)
    refused("POST", "/posts", "author", 403, "insufficient_scope", '{"title":"x","publ\\u0069shed":true}', JSON)
    refused("POST", "/posts", "author", 415, "unsupported_media_type", '{"title":"x"}', {**JSON, "Content-Encoding": "gzip"})
    made = remit.call("POST", "/posts", tokens["all"], {"title": "x", "published": True})
    equal((made.status, made.json()["published"]), (201, True))


@case
def D22_a_bound_token_sees_its_own_blog():
    needs_server()
    ours, other = blogs
    made = remit.call("POST", "/posts", tokens["bound"], {"title": "ours", "blogId": ours})
    equal(made.status, 201)
    refused("POST", "/posts", "bound", 403, "project_forbidden", {"title": "x", "blogId": other})
    refused("POST", "/posts", "bound", 403, "project_unresolved", {"title": "x"})
    listed = remit.call("GET", f"/posts?blogId={ours}", tokens["bound"])
    equal(all(post["blogId"] == ours for post in listed.json()) and len(listed.json()) >= 1, True)
    refused("GET", "/posts", "bound", 403, "project_unresolved")
    refused("GET", f"/posts?blogId={other}", "bound", 403, "project_forbidden")
    # To this server two values are "either of them", and blogId_ne is another filter.
    for query in (f"blogId={ours}&blogId={other}", f"blogId={ours}&blogId[]={other}", f"blogId[]={other}", f"BLOGID={ours}"):
        refused("GET", f"/posts?{query}", "bound", 400, "bad_request")


@case
def a_preflight_is_answered_by_the_gate():
    needs_server()
    answer = remit.call("OPTIONS", "/posts", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "DELETE"})
    equal(("Access-Control-Allow-Origin" in answer.headers, answer.status), (False, 403))


@case
def L04_it_dies_and_comes_back():
    """L04: 502 meanwhile, and no request of anybody is lost or done twice afterwards"""
    needs_server()
    server.kill()
    server.wait()
    answer = remit.call("GET", "/posts/1", tokens["read-only"])
    equal((answer.status, answer.json()["error"]["code"]), (502, "bad_gateway"))
    start_server()
    deadline = time.monotonic() + 20
    while remit.call("GET", "/posts/1", tokens["read-only"]).status != 200:
        assert time.monotonic() < deadline, "it is not seen again"
    count = len(posts())
    equal(remit.call("POST", "/posts", tokens["author"], {"title": "once"}).status, 201)
    equal(len(posts()), count + 1)


@case
def every_decision_is_on_record():
    needs_server()
    lines = remit.run("audit", "tail", "--last", "1000").stdout
    for words in ("200 allowed GET /posts/{id}", "403 scope_missing DELETE /posts/{id}", "401 no_token GET /posts",
                  "403 project_forbidden POST /posts"):
        assert any(words in " ".join(line.split()) for line in lines.splitlines()), (words, lines[-2000:])
    equal(remit.stop(), 0)
    for word in ("AddressSanitizer", "LeakSanitizer", "runtime error"):
        assert word not in remit.log, remit.log


run()
