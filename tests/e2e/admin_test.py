# SPDX-License-Identifier: Apache-2.0
"""Remit's own management over HTTP: every operation by every scope, and what no token makes."""
import json
import os
import random
import re

from harness import SOURCE, Remit
from tap import case, equal, run

BASE = "/admin/v1"
remit = Remit(config=["max_staleness: 300ms"])
for person in ("ann@example.com", "bob@example.com"):
    remit.cli("user", "add", person)
ROOT = remit.cli("user", "add", "root@example.com", "--admin")["id"]
project, other = (remit.cli("project", "add", name, "--api", "publishing", "--owner", "root@example.com")["id"]
                  for name in ("Brand", "Other"))
remit.serve()


def scopes_of_remit():
    return [s["name"] for s in remit.cli("scopes", "--api", "remit")["scopes"]]


SCOPES = scopes_of_remit()
CEILING = ("--may-api", "publishing", "--may-scope", "stories:read stories:write media:read")


def make(name, *args, user="root@example.com"):
    return remit.token(user, name, *args, api="remit")


def by(token):
    def call(method, path, body=None):
        return remit.call(method, BASE + path, token=token["token"], body=body)
    return call


root = by(make("root", *(word for scope in SCOPES for word in ("--scope", scope)), "--rate", "off", *CEILING))


def rules():
    """(method, path, need) of the profile's own text."""
    with open(os.path.join(SOURCE, "profiles/remit.yaml"), encoding="utf-8") as file:
        return re.findall(r'on: "?(\w+) (\S+?)"?, need: ([\w:]+)', file.read())


@case
def the_challenge_leads_to_metadata_without_a_server_that_gives_tokens():
    refused = remit.call("GET", BASE + "/tokens")
    equal(refused.status, 401)
    url = re.search(r'resource_metadata="([^"]+)"', refused.headers["WWW-Authenticate"]).group(1)
    told = remit.call("GET", url[len(remit.url):]).json()
    equal((told["resource"], told.get("authorization_servers")), (remit.url + BASE, None))


@case
def a_log_that_was_never_verified_has_no_verdict():
    equal(root("GET", "/audit/verify").status, 404)


@case
def every_operation_by_each_scope_none_and_each_preset():
    holders = {scope: make(scope, "--scope", scope, "--rate", "off", *CEILING) for scope in SCOPES}
    holders[""] = make("none", "--no-scopes", "--rate", "off")
    sets = {name: {name} for name in holders}
    for preset in remit.cli("presets", "--api", "remit")["presets"]:
        holders[preset["preset"]] = make(preset["preset"], "--preset", preset["preset"], "--rate", "off", *CEILING)
        sets[preset["preset"]] = set(preset["scopes"])
    table = rules()
    assert len(table) > 25, table
    for method, path, need in table:
        # Nothing is there under these names: what is let through does no harm.
        at = path.replace("{id}", "00000000-0000-7000-8000-000000000001").replace("{who}", "nobody@example.com")
        for name, token in holders.items():
            answer = by(token)(method, at, {} if method in ("POST", "PATCH") and not re.search("able$|verify", at) else None)
            allowed = need in ("token", "public") or need in sets[name]
            equal(answer.status == 403, not allowed, f"{method} {path} by {name or 'no scope'}: {answer}")
            if not allowed:
                equal(answer.json(), {"error": {"code": "insufficient_scope",
                                                "message": f"Token missing scope(s): {need}"}})
        equal(remit.call(method, BASE + at).status, 200 if need == "public" else 401)


@case
def D26_only_an_admin_holds_one_and_tokens_write_needs_a_ceiling():
    for args, says in (
            (("--user", "ann@example.com", "--preset", "read-only"), "only an admin may hold one"),
            (("--user", "root@example.com", "--preset", "token-manager"), "needs a ceiling"),
            (("--user", "root@example.com", "--preset", "token-manager", "--may-api", "remit",
              "--may-scope", "tokens:write"), "No token makes tokens of API remit"),
            (("--user", "root@example.com", "--preset", "token-manager", "--may-api", "publishing",
              "--may-scope", "stories:everything"), 'No API of the ceiling has the scope "stories:everything"'),
            (("--user", "root@example.com", "--preset", "token-manager", "--may-scope", "stories:read"),
             "at least one API"),
            (("--user", "root@example.com", "--preset", "read-only", "--project", project), "There is no project")):
        done = remit.run("token", "create", "--api", "remit", "--name", "x", *args)
        equal(done.returncode, 1, done.stderr)
        assert says.lower() in done.stderr.lower(), done.stderr
    done = remit.run("token", "create", "--api", "publishing", "--user", "root@example.com", "--name", "x", "--preset",
                     "read-only", *CEILING)
    equal((done.returncode, "nly a token of API remit has a ceiling" in done.stderr), (1, True), done.stderr)
    done = remit.run("project", "add", "P", "--api", "remit", "--owner", "root@example.com")
    equal((done.returncode, "has no projects" in done.stderr), (1, True), done.stderr)


@case
def a_token_shows_its_ceiling():
    made = make("ceilinged", "--preset", "token-manager", *CEILING, "--may-project", project)
    shown = remit.cli("token", "show", made["id"])
    equal(shown["ceiling"], {"apis": ["publishing"], "scopes": ["stories:read", "stories:write", "media:read"],
                             "project": project})
    assert "may make" in remit.run("token", "show", made["id"]).stdout
    equal(by(made)("GET", "/whoami").json()["token"]["ceiling"], shown["ceiling"])


@case
def tokens_are_made_used_listed_and_ended():
    made = root("POST", "/tokens", {"name": "made", "scopes": ["stories:read"], "expires": "1d"})
    equal((made.status, made.json()["scopes"], made.headers["Cache-Control"]), (201, ["stories:read"], "no-store"))
    text, token_id = made.json()["token"], made.json()["id"]
    equal(remit.call("GET", "/api/v1/stories", token=text).status, 200)
    equal(root("GET", f"/tokens/{token_id}").json(), remit.cli("token", "show", token_id))
    equal(root("POST", "/tokens/check", {"token": text}).json()["valid"], True)
    rotated = root("POST", f"/tokens/{token_id}/rotate").json()
    equal([remit.call("GET", "/api/v1/stories", token=t).status for t in (text, rotated["token"])], [401, 200])
    equal(root("PATCH", f"/tokens/{token_id}", {"name": "other name"}).json(), {"id": token_id, "changed": True})
    equal(root("POST", f"/tokens/{token_id}/shrink", {"remove": ["stories:read"]}).json(),
          {"id": token_id, "shrunk": True})
    equal(remit.call("GET", "/api/v1/stories", token=rotated["token"]).status, 403)
    equal(root("POST", f"/tokens/{token_id}/revoke", {"why": "no longer"}).json(), {"id": token_id, "revoked": True})
    equal(remit.call("GET", "/api/v1/stories", token=rotated["token"]).status, 401)
    equal(root("GET", f"/tokens/{token_id}").json()["revoked_why"], "no longer")
    who = root("GET", "/whoami").json()["token"]["id"]
    events = [e for e in all_events() if e["subject"] == token_id]
    equal({e["actor"] for e in events}, {f"token:{who}"})
    equal([e["action"] for e in events],
          ["token.added", "token.rotated", "token.updated", "token.updated", "token.revoked"])


def all_events():
    events, after = [], 0
    while True:
        page = root("GET", f"/events?after={after}&limit=50").json()
        if not page["events"]:
            return events
        events += page["events"]
        after = page["after"]


@case
def lists_come_in_pages():
    for n in range(5):
        equal(root("POST", "/tokens", {"name": f"page {n}", "scopes": []}).status, 201)
    whole = root("GET", "/tokens?all=true&limit=1000").json()
    equal(whole["next_cursor"], None)
    paged, cursor = [], ""
    while cursor is not None:
        page = root("GET", f"/tokens?all=true&limit=2{cursor and '&cursor=' + cursor}").json()
        assert len(page["tokens"]) <= 2
        paged += page["tokens"]
        cursor = page["next_cursor"]
    equal(paged, whole["tokens"])
    equal({t["api"] for t in paged}, {"publishing"})


@case
def what_is_beyond_the_ceiling_is_not_made_and_not_there():
    bound = by(make("bound", "--scope", "tokens:read tokens:write", "--rate", "off", *CEILING,
                    "--may-project", project))
    anns = remit.token("ann@example.com", "anns", "--scope", "stories:read")
    wide = remit.token("root@example.com", "wide", "--scope", "*")
    inside = bound("POST", "/tokens", {"name": "inside", "scopes": ["stories:read"]})
    equal((inside.status, inside.json()["project"]), (201, project), "a ceiling's project binds")
    for body, says in (({"scopes": ["stories:publish"]}, 'The scope "stories:publish" is beyond'),
                       ({"scopes": ["*"]}, 'The scope "*" is beyond'),
                       ({"preset": "ai-agent"}, "is beyond the ceiling"),
                       ({"scopes": [], "project": other}, f"is the project {project}"),
                       ({"scopes": [], "api": "remit"}, "API remit is beyond"),
                       ({"scopes": [], "user": "ann@example.com"}, "own owner only"),
                       ({"scopes": [], "preset": "read-only"}, "not both"),
                       ({"scopes": [], "ceiling": {}}, 'no member "ceiling"')):
        answer = bound("POST", "/tokens", {"name": "x", **body})
        equal(answer.status, 422, answer)
        assert says in answer.json()["error"]["message"], answer
    nothing = "00000000-0000-7000-8000-000000000001"
    for token in (anns, wide):
        for method, path, body in (("GET", "", None), ("POST", "/revoke", None), ("POST", "/rotate", None),
                                   ("POST", "/regenerate", {"preset": "read-only"}), ("PATCH", "", {"name": "y"}),
                                   ("POST", "/shrink", {"keep": []})):
            there, nowhere = (bound(method, f"/tokens/{i}{path}", body) for i in (token["id"], nothing))
            equal((there.status, there.body.replace(token["id"].encode(), b"")),
                  (404, nowhere.body.replace(nothing.encode(), b"")), path)
    equal({t["project"] for t in bound("GET", "/tokens").json()["tokens"]}, {project})
    # Without the project: what is wider than its scopes, and what is another's, is not handed out.
    answer = root("POST", f"/tokens/{wide['id']}/rotate")
    equal((answer.status, 'The scope "*" is beyond' in answer.json()["error"]["message"]), (422, True), answer)
    equal(root("POST", f"/tokens/{anns['id']}/rotate").status, 404)
    equal(root("GET", f"/tokens/{anns['id']}").status, 200)
    equal(remit.call("GET", "/api/v1/stories", token=wide["token"]).status, 200)
    equal(by(make("no ceiling", "--scope", "tokens:read"))("GET", f"/tokens/{wide['id']}").status, 200)


@case
def no_sequence_of_creations_is_wider_than_the_ceiling():
    seed = int(os.environ.get("REMIT_SEED") or random.randrange(1 << 32))
    print(f"# REMIT_SEED={seed}")
    dice = random.Random(seed)
    vocabulary = [s["name"] for s in remit.cli("scopes", "--api", "publishing")["scopes"]]
    presets = [p["preset"] for p in remit.cli("presets", "--api", "publishing")["presets"]]
    ceiling = dice.sample([s for s in vocabulary if s != "*"], 5)
    asker = make("property", "--scope", "tokens:read tokens:write", "--rate", "off", "--may-api", "publishing",
                 "--may-scope", " ".join(ceiling), "--may-project", project)
    ask = by(asker)
    known = [t["id"] for t in remit.cli("token", "list", "--all")["tokens"]]
    handed = []
    for step in range(120):
        target = dice.choice(known)
        action = dice.choice(["create", "create", "rotate", "regenerate", "shrink", "edit"])
        if action == "create":
            wanted = dice.sample(ceiling, dice.randrange(4)) if dice.random() < 0.6 else dice.sample(vocabulary, 2)
            body = {"name": f"p{step}", "scopes": wanted, "api": dice.choice(["publishing"] * 6 + ["remit"])}
            if dice.random() < 0.3:
                body["project"] = dice.choice([project, other])
            answer = ask("POST", "/tokens", body)
        elif action == "regenerate":
            answer = ask("POST", f"/tokens/{target}/regenerate", {"preset": dice.choice(presets)})
        elif action == "shrink":
            answer = ask("POST", f"/tokens/{target}/shrink", {"keep": dice.sample(vocabulary, 3)})
        elif action == "edit":
            answer = ask("PATCH", f"/tokens/{target}", {"name": f"e{step}"})
        else:
            answer = ask("POST", f"/tokens/{target}/rotate", {})
        assert answer.status in (200, 201, 404, 409, 422), answer
        if "token" in answer.json():
            handed.append(answer.json())
            known.append(answer.json()["id"])
    assert handed, "some were made"
    for token in handed:
        row = remit.cli("token", "show", token["id"])
        equal((row["api"], row["project"], row["owner"]), ("publishing", project, "root@example.com"))
        assert set(row["scopes"]) <= set(ceiling), (row["scopes"], ceiling)
        assert set(token["scopes"]) <= set(ceiling), token


@case
def people_and_projects():
    made = root("POST", "/people", {"email": "new@example.com", "password": "correct horse battery"})
    equal((made.status, made.json()["admin"]), (201, False), made)
    answer = root("POST", "/people", {"email": "boss@example.com", "admin": True})
    equal((answer.status, answer.json()["error"]["code"]), (403, "admin_forbidden"))
    remit.cli("user", "add", "second@example.com", "--admin")
    for method, path in (("POST", "/disable"), ("POST", "/enable"), ("DELETE", "")):
        answer = root(method, "/people/second@example.com" + path)
        equal((answer.status, answer.json()["error"]["code"]), (403, "admin_forbidden"), path)
    equal([u["disabled"] for u in remit.cli("user", "list")["users"] if u["email"] == "second@example.com"], [False])
    equal(root("POST", "/people", {"email": "new@example.com"}).status, 409)
    equal(root("GET", "/people").json(), remit.cli("user", "list"))
    equal(root("POST", "/people/new@example.com/disable").json(), {"user": "new@example.com", "disabled": True})
    equal(root("POST", "/people/new@example.com/enable").json(), {"user": "new@example.com", "enabled": True})
    made = root("POST", "/projects", {"name": "New", "api": "publishing", "owner": "new@example.com"}).json()
    equal(root("GET", "/projects?user=new@example.com").json()["projects"][0]["id"], made["id"])
    equal(root("GET", "/projects").json(), remit.cli("project", "list"))
    members = f"/projects/{made['id']}/members"
    equal(root("POST", members, {"user": "bob@example.com"}).json()["added"], True)
    equal(root("GET", members).json(), remit.cli("project", "member", "list", made["id"]))
    equal(root("DELETE", f"{members}/bob@example.com").json()["removed"], True)
    equal(root("DELETE", "/people/new@example.com").status, 409, "still owns a project")
    equal(root("DELETE", f"/projects/{made['id']}").json(), {"id": made["id"], "removed": True})
    equal(root("DELETE", "/people/new@example.com").status, 200)
    equal(root("DELETE", "/people/new@example.com").status, 404)


@case
def decisions_are_explained_as_on_the_command_line():
    token = root("POST", "/tokens", {"name": "asks", "scopes": ["stories:read"]}).json()
    said = root("POST", "/explain", {"token_id": token["id"], "method": "POST", "target": "/api/v1/stories",
                                     "json": {"scheduled_at": "2027-01-31T12:00:00Z"}}).json()
    done = remit.run("explain", "--token-id", token["id"], "POST", "/api/v1/stories",
                     '{"scheduled_at":"2027-01-31T12:00:00Z"}', "--json")
    equal(said, json.loads(done.stdout))
    equal(said["missing"], ["stories:write", "stories:publish"])
    equal(root("POST", "/explain", {"method": "GET"}).status, 422)
    equal(root("GET", "/scopes").json(), remit.cli("scopes"))
    equal(root("GET", "/presets?api=publishing").json(), remit.cli("presets", "--api", "publishing"))


@case
def the_audit_log_comes_in_pages_and_lines_and_is_whole():
    from harness import until
    until(lambda: len(root("GET", "/audit?refused=true").json()["records"]) > 5, "records are written each second")
    newest = root("GET", "/audit?limit=5&refused=true").json()
    older = root("GET", f"/audit?limit=5&refused=true&before={newest['before']}").json()
    assert int(older["after"]) < int(newest["before"]), (older, newest)
    again = root("GET", f"/audit?limit=5&refused=true&after={older['after']}").json()
    equal(again["records"][0], newest["records"][0])
    lines = root("GET", f"/audit?limit=5&refused=true&before={newest['before']}&format=lines")
    equal([json.loads(line) for line in lines.body.decode().splitlines()], older["records"])
    equal((lines.headers["Content-Type"], lines.headers["Remit-Before"]), ("application/x-ndjson", older["before"]))
    whoami = root("GET", "/whoami").json()["token"]["id"]
    assert all(r["token"] != whoami for r in root("GET", "/audit?except_mine=true").json()["records"])
    equal(root("GET", "/audit?since=2999-01-01T00:00:00Z").json()["records"], [])
    verdict = root("POST", "/audit/verify").json()
    equal((verdict["whole"], verdict["broken"], verdict["records"] > 5), (True, None, True), verdict)
    equal(root("GET", "/audit/verify").json(), verdict)


@case
def the_state_of_the_system():
    state = root("GET", "/system").json()
    equal([a["name"] for a in state["apis"]], ["publishing", "remit"])
    equal((len(state["nodes"]), state["server"]["healthy"], state["server"]["feed"]["fresh"]), (1, True, True), state)
    assert state["server"]["table"]["tokens"] > 10, state
    document = remit.call("GET", BASE + "/openapi.json").json()
    equal(len([1 for path in document["paths"].values() for m in path]), len(rules()))


@case
def what_is_not_known_is_refused():
    for method, path, body, status in (
            ("GET", "/tokens?apis=publishing", None, 422), ("GET", "/tokens?limit=5000", None, 422),
            ("GET", "/tokens?cursor=x", None, 422), ("POST", "/tokens", {"name": "x", "scopes": "stories:read"}, 422),
            ("POST", "/tokens", {"name": 1, "scopes": []}, 422), ("POST", "/tokens", {"scopes": []}, 422),
            ("POST", "/tokens", {"name": "a\u0000b", "scopes": []}, 400), ("GET", "/tokens/x", None, 404),
            ("GET", "/nothing", None, 403), ("GET", "/audit?before=1&after=2", None, 422),
            ("POST", "/tokens", [1], 400), ("PATCH", "/tokens/" + project, {}, 422)):
        equal(root(method, path, body).status, status, f"{method} {path} {body}")


@case
def an_altered_log_is_told_by_its_first_broken_place():
    remit.stop()
    folder = os.path.join(remit.folder, "remit.db.audit")
    done = remit.run("audit", "verify")
    equal((done.returncode, done.stdout.startswith("whole: ")), (0, True), done)
    name = sorted(n for n in os.listdir(folder) if n.endswith(".audit"))[0]
    path = os.path.join(folder, name)
    with open(path, "r+b") as file:
        good = file.read()
        file.seek(len(good) - 100)
        file.write(bytes([good[-100] ^ 1]))
    done = remit.run("audit", "verify")
    equal(done.returncode, 1, done)
    assert re.search(rf"segment {name}, byte \d+: the block here was altered", done.stderr), done.stderr
    broken = json.loads(remit.run("audit", "verify", "--json").stdout)
    equal((broken["whole"], broken["broken"]["segment"]), (False, name))
    assert 96 <= broken["broken"]["byte"] < len(good), broken
    with open(path, "wb") as file:
        file.write(good[:40])
    done = remit.run("audit", "verify", "--json")
    os.rename(path, path + ".away")
    os.makedirs(os.path.join(remit.folder, "none"))
    equal(remit.run("audit", "verify", "--folder", os.path.join(remit.folder, "none")).returncode, 0)
    equal(remit.run("audit", "verify", "--folder", "/nowhere").returncode, 1)
    os.rename(path + ".away", path)
    with open(path, "wb") as file:
        file.write(good)
    equal(remit.run("audit", "verify").returncode, 0)


@case
def it_can_be_switched_off():
    with open(remit.config, encoding="utf-8") as file:
        text = file.read()
    with open(remit.config, "w", encoding="utf-8") as file:
        file.write("admin: false\n" + text)
    remit.serve()
    equal(root("GET", "/whoami").status, 404)
    equal(remit.run("token", "create", "--api", "remit", "--user", "root@example.com", "--name", "z", "--preset",
                    "read-only").returncode, 1)
    remit.stop()


run()
