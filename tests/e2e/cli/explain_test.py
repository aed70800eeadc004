# SPDX-License-Identifier: Apache-2.0
"""remit explain: the decision, and why, by the same rules as the gate."""
import tap
from harness import Remit
from tap import case, equal

ANN = "ann@example.com"

remit = Remit()
remit.cli("store", "migrate")
remit.cli("user", "add", ANN)
reader = remit.token(ANN, "reader", "--preset", "read-only")
writer = remit.token(ANN, "writer", "--scope", "stories:write")


def explain(*args, stdin=None):
    """(exit status, document)"""
    import json
    done = remit.run("explain", *args, "--json", stdin=stdin)
    return done.returncode, json.loads(done.stdout) if done.stdout else None


@case
def what_is_allowed():
    status, answer = explain("--token-id", reader["id"], "GET", "/api/v1/projects")
    equal((status, answer["allowed"], answer["operation"]), (0, True, "GET /projects"))
    equal((answer["asks_for"], answer["missing"]), ("projects:read", []))
    assert ":" in answer["rule"], answer


@case
def what_is_missing_and_what_would_do():
    status, answer = explain("--token-id", reader["id"], "POST",
                             "/api/v1/stories/0199b2f0-5c1e-7abc-8def-0123456789ab/publish")
    equal((status, answer["allowed"], answer["reason"], answer["missing"]),
          (1, False, "scope_missing", ["stories:publish"]))
    equal(answer["presets"], ["ai-agent", "publish-only"])
    done = remit.run("explain", "--token-id", reader["id"], "POST", "/api/v1/stories")
    equal(done.returncode, 1)
    for word in ("refused", "scope_missing", "stories:write", "publish-only"):
        assert word in done.stdout, done.stdout


@case
def D9_a_body_adds_to_what_is_asked_for():
    equal(explain("--token-id", writer["id"], "POST", "/api/v1/stories", '{"title":"x"}')[0], 0)
    status, answer = explain("--token-id", writer["id"], "POST", "/api/v1/stories",
                             '{"scheduled_at":"2099-01-31T12:00:00Z"}')
    equal((status, answer["missing"]), (1, ["stories:publish"]), str(answer))


@case
def D7_what_no_rule_maps():
    status, answer = explain("--token-id", reader["id"], "GET", "/api/v1/nothing")
    equal((status, answer["reason"], answer["operation"], answer["rule"]), (1, "unmapped", None, None))


@case
def a_text_by_stdin():
    equal(explain("--token-stdin", "GET", "/api/v1/projects", stdin=reader["token"])[0], 0)
    equal(explain("--token-stdin", "GET", "/api/v1/projects", stdin=reader["token"][:-1])[1]["reason"],
          "token_malformed")
    equal(remit.run("explain", "--token-stdin", "--token-id", reader["id"], "GET",
                    "/api/v1/projects").returncode, 2)


@case
def without_a_token():
    equal(explain("GET", "/api/v1/projects")[1]["reason"], "no_token")


@case
def T08_ended_and_disabled():
    remit.cli("user", "disable", ANN)
    equal(explain("--token-id", reader["id"], "GET", "/api/v1/projects")[1]["reason"], "owner_inactive")
    remit.cli("user", "enable", ANN)
    remit.cli("token", "revoke", writer["id"])
    equal(explain("--token-id", writer["id"], "POST", "/api/v1/stories")[1]["reason"], "token_revoked")


@case
def P01_a_path_that_two_would_read_in_two_ways():
    for path in ("/api/v1/../v1/projects", "/api/v1/a%2Fb", "/api/v1//projects", "/api/v1/a;b", "projects",
                 "/elsewhere"):
        done = remit.run("explain", "--token-id", reader["id"], "GET", path)
        equal(done.returncode, 1, f"{path}: {done.stdout}")
    equal(remit.run("explain", "--token-id", reader["id"], "POST", "/api/v1/stories",
                    "{not json").returncode, 1)


if __name__ == "__main__":
    tap.run()
