#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Starts the demo: scripts/demo.sh BINARY DATA_FOLDER PORT. At the first start it makes a person, two
# projects and a token of each preset, and prints lines to paste. Run from the project's folder.
set -euo pipefail

remit=$1 data=$2 port=$3
url=http://127.0.0.1:$port
owner=demo@example.com

umask 077
mkdir -p "$data"
if [ ! -e "$data/remit.yaml" ]; then
    cat >"$data/remit.yaml" <<YAML
# The demo's configuration, written at its first start; yours to change.
listen: 127.0.0.1:$port
public_url: $url
store: sqlite:remit.db
secrets_key: file:secrets.key
apis:
  publishing: { profile: publishing, service: publishing }
YAML
fi
# The port of this start wins over the file's.
export REMIT_CONFIG=$data/remit.yaml REMIT_LISTEN=127.0.0.1:$port REMIT_PUBLIC_URL=$url

# Runs a command; its messages are shown only where it fails.
quietly() {
    local messages status=0
    messages=$(mktemp)
    "$@" 2>"$messages" || status=$?
    [ "$status" = 0 ] || cat "$messages" >&2
    rm -f "$messages"
    return "$status"
}

make_token() {
    quietly "$remit" token create --api publishing --user "$owner" --name "Demo $1" --preset "$1"
}

first_start() {
    local project agent reader publisher hooks
    quietly "$remit" user add "$owner" --admin >/dev/null
    quietly "$remit" publishing import profiles/demo/demo.json --owner "$owner" >/dev/null
    project=$(quietly "$remit" project list --json |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["projects"][0]["id"])')
    agent=$(make_token ai-agent)
    reader=$(make_token read-only)
    publisher=$(make_token publish-only)
    hooks=$(make_token webhooks-only)
    cat <<LINES

A token of each preset. They are shown this once: only their SHA-256 is kept.

  ai-agent       $agent
  read-only      $reader
  publish-only   $publisher
  webhooks-only  $hooks

Three lines to paste into another terminal. Read with the read-only token:

  curl -s -H 'Authorization: Bearer $reader' $url/api/v1/projects

Write a story with the publish-only token:

  curl -s -H 'Authorization: Bearer $publisher' -H 'Content-Type: application/json' -d '{"projectId":"$project","title":"Hello","body":"From a script"}' $url/api/v1/stories

The same with the read-only token is refused, and says what is missing:

  curl -s -H 'Authorization: Bearer $reader' -H 'Content-Type: application/json' -d '{"projectId":"$project","title":"Hello","body":"From a script"}' $url/api/v1/stories

LINES
}

quietly "$remit" store migrate >/dev/null
if [ ! -e "$data/.started" ]; then
    first_start
    : >"$data/.started"
else
    cat <<LINES

The demo's tokens were shown at its first start. For another one:

  $remit token create --config $REMIT_CONFIG --api publishing --user $owner --name another --preset read-only

LINES
fi
exec "$remit" serve
