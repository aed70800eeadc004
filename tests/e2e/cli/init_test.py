# SPDX-License-Identifier: Apache-2.0
"""remit init and check-config --openapi: what is drafted is accepted and maps every operation; nothing is overwritten."""
import json
import os
import shutil
import subprocess
import tarfile
import tempfile

import tap
from harness import BINARY, Remit
from tap import case, equal

FOLDER = tempfile.mkdtemp(prefix="remit-init-")
CACHE = os.environ["REMIT_CACHE"]
OCTOKIT = "@octokit/openapi@23.0.2"
SMALL = {
    "openapi": "3.0.3",
    "info": {"title": "Notes & Co.", "version": "1"},
    "servers": [{"url": "http://127.0.0.1:4000/api/v1"}],
    "paths": {
        "/notes": {"get": {"tags": ["Notes"], "summary": "List notes"}, "post": {"tags": ["Notes"]}},
        "/notes/{id}": {
            "parameters": [{"in": "path", "name": "id"}, {"$ref": "#/components/parameters/Project"}],
            "get": {"tags": ["Notes"]}, "delete": {"tags": ["Notes"]}},
    },
    "components": {"parameters": {"Project": {"in": "header", "name": "X-Project-Id"}}},
}
SMALL_YAML = """openapi: 3.1.0
info: { title: Shop, version: "1" }
paths:
  /orders:
    get: { summary: "All orders: newest first # really" }
  /orders/{order.id}/lines/{line-id}:
    parameters:
      - { in: path, name: order.id }
    put: {}
  /files/{name}.{ext}:
    get: {}
"""


def remit(*args, cwd=FOLDER, **environment):
    env = {k: v for k, v in os.environ.items() if not k.startswith("REMIT_")}
    return subprocess.run([BINARY, *args], capture_output=True, text=True, cwd=cwd, env={**env, **environment},
                          stdin=subprocess.DEVNULL, check=False, timeout=60)


def write(name, text):
    path = os.path.join(FOLDER, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text if isinstance(text, str) else json.dumps(text))
    return path


def read(*names):
    with open(os.path.join(FOLDER, *names), encoding="utf-8") as file:
        return file.read()


def config(folder):
    return os.path.join(FOLDER, folder, "remit.yaml")


@case
def without_a_document_a_small_profile_is_written_that_is_accepted():
    done = remit("init", "--out", "plain")
    equal(done.returncode, 0, done.stderr)
    equal(sorted(os.listdir(os.path.join(FOLDER, "plain"))), ["my-api.yaml", "remit.yaml"])
    equal(remit("check-config", "--config", config("plain")).returncode, 0)
    equal(remit("presets", "--config", config("plain")).returncode, 0)
    assert '"http://127.0.0.1:3000"' in read("plain", "remit.yaml")


@case
def a_json_document_is_mapped_whole():
    write("small.json", SMALL)
    done = remit("init", "--openapi", "small.json", "--out", "small")
    equal((done.returncode, done.stderr), (0, ""))
    assert "4 operations, 4 rules, 2 scopes" in done.stdout, done.stdout
    profile = read("small", "notes-co.yaml")
    for line in ('base: "/api/v1"', '{ on: "GET /notes", need: "notes:read" } # List notes',
                 '{ on: "DELETE /notes/{id}", need: "notes:write", project: "header.X-Project-Id" }'):
        assert line in profile, profile
    assert 'upstream: "http://127.0.0.1:4000"' in read("small", "remit.yaml")
    done = remit("check-config", "--config", config("small"), "--openapi", "small.json")
    equal((done.returncode, done.stderr), (0, ""))
    assert "coverage: 4 of 4 operations mapped, 0 unused rules" in done.stdout, done.stdout
    asked = remit("explain", "--config", config("small"), "GET", "/api/v1/notes/7")
    assert asked.returncode in (1, 4), asked.stderr


@case
def a_yaml_document_tells_what_it_cannot_map():
    write("shop.yaml", SMALL_YAML)
    done = remit("init", "--openapi", "shop.yaml", "--out", "shop", "--name", "store", "--upstream", "http://unix:/run/shop.sock")
    equal(done.returncode, 0, done.stderr)
    assert "1 operation cannot be mapped" in done.stderr and "GET /files/{name}.{ext}" in done.stderr, done.stderr
    assert "# GET /files/{name}.{ext}: " in read("shop", "store.yaml")
    assert '"PUT /orders/{order_id}/lines/{line-id}"' in read("shop", "store.yaml")
    equal(remit("check-config", "--config", config("shop")).returncode, 0)
    done = remit("check-config", "--config", config("shop"), "--openapi", "shop.yaml", "--api", "store")
    equal(done.returncode, 1)
    assert "unmapped: GET /files/{name}.{ext}: no rule maps it\n" in done.stdout, done.stdout


@case
def check_config_tells_what_is_left_over_on_either_side():
    newer = json.loads(json.dumps(SMALL))
    newer["paths"]["/notes/{id}"].pop("delete")
    newer["paths"]["/tags"] = {"get": {}}
    newer["paths"]["/else"] = {"servers": [{"url": "/other"}], "get": {}}
    write("newer.json", newer)
    done = remit("check-config", "--config", config("small"), "--openapi", "newer.json")
    equal(done.returncode, 1)
    for line in ("unmapped: GET /api/v1/tags: no rule maps it\n", "unmapped: GET /other/else: it is not below the profile's base\n",
                 '"DELETE /api/v1/notes/{id}" maps nothing of the document\n', "notes-co.yaml:"):
        assert line in done.stdout, done.stdout
    done = remit("check-config", "--config", config("small"), "--openapi", "newer.json", "--json")
    equal(done.returncode, 1)
    said = json.loads(done.stdout)
    equal(said["ok"], False)
    equal([m["path"] for m in said["unmapped"]], ["/api/v1/tags", "/other/else"])
    equal([r["rule"] for r in said["unused"]], ["DELETE /api/v1/notes/{id}"])
    done = remit("check-config", "--config", config("small"), "--openapi", "small.json", "--json")
    equal((done.returncode, json.loads(done.stdout)["ok"]), (0, True))
    equal(remit("check-config", "--config", config("small"), "--openapi", "nowhere.json").returncode, 1)


@case
def nothing_is_ever_overwritten():
    before = {name: read("small", name) for name in os.listdir(os.path.join(FOLDER, "small"))}
    done = remit("init", "--openapi", "shop.yaml", "--out", "small")
    equal(done.returncode, 1)
    assert "is there already and is never overwritten" in done.stderr, done.stderr
    equal({name: read("small", name) for name in os.listdir(os.path.join(FOLDER, "small"))}, before)
    os.mkdir(os.path.join(FOLDER, "half"))
    os.symlink("/nowhere/else", os.path.join(FOLDER, "half", "shop.yaml"))
    equal(remit("init", "--openapi", "shop.yaml", "--out", "half").returncode, 1)
    equal(os.listdir(os.path.join(FOLDER, "half")), ["shop.yaml"])


@case
def what_cannot_be_used_writes_nothing():
    bad = {"no.json": "{", "old.json": {"swagger": "2.0"}, "none.json": {"openapi": "3.0.0", "paths": {}},
           "bad.yaml": "openapi: 3.0.0\npaths: [\n"}
    for name, text in bad.items():
        write(name, text)
        done = remit("init", "--openapi", name, "--out", "none")
        equal(done.returncode, 1, name)
        assert name in done.stderr and done.stdout == "", done.stderr
        assert not os.path.exists(os.path.join(FOLDER, "none")), name
    for upstream in ("ftp://x", "http://x/path", "nonsense", "http://x\n"):
        equal(remit("init", "--out", "none", "--upstream", upstream).returncode, 1, upstream)
        equal(os.listdir(os.path.join(FOLDER, "none")), [], upstream)
    for name in ("remit", "UPPER", "../x", "-x", "", "a" * 41):
        equal(remit("init", f"--name={name}").returncode, 2, name)
    equal(remit("init", "--openapi", FOLDER).returncode, 1)
    assert not os.path.exists(os.path.join(FOLDER, "remit.yaml"))


@case
def the_environment_of_another_server_does_not_matter():
    equal(remit("init", "--out", "env", REMIT_LISTEN="nonsense", REMIT_CONFIG="/nowhere").returncode, 0)


@case
def the_services_own_document_and_rules_fit():
    with Remit() as server:
        server.cli("user", "add", "a@example.com")
        token = server.token("a@example.com", "t", "--preset", "read-only")["token"]
        server.serve()
        answer = server.call("GET", "/api/v1/openapi.json", token=token)
        equal(answer.status, 200)
        path = write("publishing.json", answer.json())
        done = server.run("check-config", "--openapi", path)
        equal(done.returncode, 0, done.stdout)


def github():
    """GitHub's own document, out of the npm registry; kept beside the build."""
    path = os.path.join(CACHE, "api.github.com.json")
    if os.path.exists(path):
        return path
    npm = shutil.which("npm")
    if not npm:
        raise tap.Skip("there is no npm here")
    os.makedirs(CACHE, exist_ok=True)
    try:
        done = subprocess.run([npm, "pack", "--silent", OCTOKIT, "--pack-destination", FOLDER], capture_output=True,
                              text=True, cwd=FOLDER, stdin=subprocess.DEVNULL, check=False, timeout=90)
    except subprocess.TimeoutExpired:
        raise tap.Skip(f"npm pack {OCTOKIT} took too long") from None
    if done.returncode != 0:
        raise tap.Skip(f"npm pack {OCTOKIT} failed")
    with tarfile.open(os.path.join(FOLDER, done.stdout.split()[-1])) as package:
        with open(path + ".new", "wb") as file:
            shutil.copyfileobj(package.extractfile("package/generated/api.github.com.json"), file)
    os.rename(path + ".new", path)
    return path


@case
def githubs_document_is_mapped_whole():
    document = github()
    with open(document, encoding="utf-8") as file:
        paths = json.load(file)["paths"]
    methods = {"get", "put", "post", "delete", "patch", "head", "options"}
    count = sum(method in methods for item in paths.values() for method in item)
    assert count > 900, count
    done = remit("init", "--openapi", document, "--name", "github", "--out", "github", "--json")
    equal(done.returncode, 0, done.stderr)
    said = json.loads(done.stdout)
    equal((said["operations"], said["unmapped"]), (count, []))
    profile = read("github", "github.yaml")
    assert '{ on: "GET /orgs/{org}", need: "orgs:read", project: "path.org" }' in profile
    done = remit("check-config", "--config", config("github"), "--openapi", document, "--json")
    equal(done.returncode, 0, done.stdout[:2000])
    said = json.loads(done.stdout)
    equal((said["document_operations"], said["unmapped"], said["unused"]), (count, [], []))


if __name__ == "__main__":
    import atexit
    atexit.register(shutil.rmtree, FOLDER, True)
    tap.run()
