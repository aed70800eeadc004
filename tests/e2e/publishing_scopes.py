# SPDX-License-Identifier: Apache-2.0
"""Document A's tables: what its scopes are for, and what its presets hold. What must be answered is worked out from
here, on REST and on MCP alike, not from the profile."""
import itertools
import os

# "Vocabulary", in the document's order: scope and example. :id is a real object's.
EXAMPLES = {
    "projects:read": "GET /api/v1/projects",
    "projects:write": "PATCH /api/v1/projects/:id",
    "templates:read": "GET /api/v1/templates",
    "connections:read": "GET /api/v1/social-connections",
    "moments:read": "GET /api/v1/moments",
    "stories:read": "GET /api/v1/stories",
    "stories:write": "POST /api/v1/stories",
    "stories:publish": "POST /api/v1/stories/:id/publish",
    "media:read": "GET /api/v1/media",
    "media:write": "POST /api/v1/media",
    "webhooks:read": "GET /api/v1/webhooks",
    "webhooks:write": "POST /api/v1/webhooks",
}
ALL = list(EXAMPLES)
# "Presets": title, handle, scopes.
PRESETS = {
    "ai-agent": "projects:read templates:read connections:read moments:read stories:read stories:write "
                "stories:publish media:read media:write webhooks:read",
    "read-only": "projects:read templates:read connections:read moments:read stories:read media:read "
                 "webhooks:read",
    "publish-only": "stories:read stories:write stories:publish media:read",
    "webhooks-only": "webhooks:read webhooks:write",
}


def scoped(scopes):
    """Flags of `remit token create`."""
    return list(itertools.chain(*(("--scope", s) for s in scopes)))


def held(label):
    """The scopes that a label's token carries, by the document."""
    if label.startswith("only "):
        return {label[5:]}
    if label.startswith("all but "):
        return set(ALL) - {label[8:]}
    if label.startswith("preset "):
        return set(PRESETS[label[7:]].split())
    return set() if label == "no scope at all" else set(ALL)


def load_projects(remit):
    """Two people, three projects, loaded alike; the projects' ids by name."""
    for who in ("owner", "stranger"):
        remit.cli("user", "add", f"{who}@example.com", *(["--admin"] if who == "owner" else []))
    with open(os.path.join(os.environ["REMIT_SOURCE"], "tests/e2e/project.json"), encoding="utf-8") as file:
        document = file.read()
    for who, name in (("owner", "Aurora"), ("owner", "Borealis"), ("stranger", "Elsewhere")):
        path = os.path.join(remit.folder, f"{name}.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(document.replace("NAME", name))
        remit.cli("publishing", "import", path, "--owner", f"{who}@example.com")
    return {p["name"]: p["id"] for p in remit.cli("project", "list")["projects"]}
