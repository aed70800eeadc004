-- SPDX-License-Identifier: Apache-2.0
-- Times are milliseconds since 1970, 0 = none. Ids are the 16 bytes of a UUID. `number` is the order
-- in which rows were made.

CREATE TABLE users (
	number INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
	email TEXT NOT NULL COLLATE NOCASE UNIQUE,
	password_hash TEXT,
	admin INTEGER NOT NULL CHECK (admin IN (0, 1)),
	created_at INTEGER NOT NULL,
	disabled_at INTEGER NOT NULL
) STRICT;

CREATE TABLE projects (
	number INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
	api TEXT NOT NULL,
	name TEXT NOT NULL,
	owner_id BLOB NOT NULL REFERENCES users (id),
	created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX projects_owner ON projects (owner_id);

CREATE TABLE project_members (
	project_id BLOB NOT NULL REFERENCES projects (id),
	user_id BLOB NOT NULL REFERENCES users (id),
	PRIMARY KEY (project_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX project_members_user ON project_members (user_id);

-- What a start reads of a million rows stands first. A tombstone outlives its owner and its project,
-- so these are no foreign keys.
CREATE TABLE tokens (
	number INTEGER PRIMARY KEY,
	id BLOB NOT NULL CHECK (length(id) = 16),
	digest BLOB NOT NULL CHECK (length(digest) = 32),
	owner_id BLOB NOT NULL CHECK (length(owner_id) = 16),
	project_id BLOB CHECK (project_id IS NULL OR length(project_id) = 16),
	kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),
	rate INTEGER NOT NULL CHECK (rate BETWEEN 0 AND 65535),
	expires_at INTEGER NOT NULL,
	revoked_at INTEGER NOT NULL,
	api TEXT NOT NULL,
	scopes TEXT NOT NULL,
	name TEXT NOT NULL,
	-- 1 while the name is taken: a personal token that was neither revoked nor found to be expired.
	holds_name INTEGER NOT NULL CHECK (holds_name IN (0, 1)),
	parent_id BLOB CHECK (parent_id IS NULL OR length(parent_id) = 16),
	preset TEXT,
	created_at INTEGER NOT NULL,
	revoked_by TEXT,
	revoked_why TEXT
) STRICT;
CREATE UNIQUE INDEX tokens_id ON tokens (id);
CREATE UNIQUE INDEX tokens_digest ON tokens (digest);
CREATE UNIQUE INDEX tokens_name ON tokens (owner_id, api, name) WHERE holds_name = 1;
CREATE INDEX tokens_owner ON tokens (owner_id);
CREATE INDEX tokens_project ON tokens (project_id) WHERE project_id IS NOT NULL;
CREATE INDEX tokens_parent ON tokens (parent_id) WHERE parent_id IS NOT NULL;

-- Texts that a rotation replaced, until they are pruned. One that died at once is revoked.
CREATE TABLE token_old_texts (
	digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
	token INTEGER NOT NULL REFERENCES tokens (number) ON DELETE CASCADE,
	expires_at INTEGER NOT NULL,
	revoked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX token_old_texts_token ON token_old_texts (token);

-- Written often, so apart; the same key, so that both are read side by side.
CREATE TABLE token_use (
	token INTEGER PRIMARY KEY REFERENCES tokens (number) ON DELETE CASCADE,
	last_used INTEGER NOT NULL,
	audit_place INTEGER NOT NULL
) STRICT;

-- The feed. kind: 1 a text (key: its digest), 2 a person, 3 a project (key: the id).
CREATE TABLE changes (
	revision INTEGER PRIMARY KEY AUTOINCREMENT,
	kind INTEGER NOT NULL,
	key BLOB NOT NULL
) STRICT;

CREATE TABLE events (
	number INTEGER PRIMARY KEY AUTOINCREMENT,
	at INTEGER NOT NULL,
	actor TEXT NOT NULL,
	action TEXT NOT NULL,
	subject TEXT NOT NULL,
	detail TEXT NOT NULL
) STRICT;

CREATE TABLE nodes (
	id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
	started_at INTEGER NOT NULL,
	seen_at INTEGER NOT NULL,
	revision INTEGER NOT NULL,
	host TEXT NOT NULL,
	pid INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
