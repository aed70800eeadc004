-- SPDX-License-Identifier: Apache-2.0
-- The authorization server. Ids are 16 bytes, digests SHA-256, times milliseconds since 1970 (0 = none).

-- kind: 1 made by hand, 2 registered by itself, 3 a metadata document.
CREATE TABLE clients (
	number INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
	kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 3),
	url TEXT,
	name TEXT NOT NULL,
	redirects TEXT NOT NULL,
	grants TEXT NOT NULL,
	secret BLOB CHECK (secret IS NULL OR length(secret) = 32),
	api TEXT,
	scopes TEXT,
	owner_id BLOB CHECK (owner_id IS NULL OR length(owner_id) = 16),
	project_id BLOB CHECK (project_id IS NULL OR length(project_id) = 16),
	fingerprint BLOB CHECK (fingerprint IS NULL OR length(fingerprint) = 32),
	created_at INTEGER NOT NULL,
	used_at INTEGER NOT NULL,
	fresh_until INTEGER NOT NULL,
	revoked_at INTEGER NOT NULL,
	revoked_by TEXT,
	revoked_why TEXT
) STRICT;
CREATE UNIQUE INDEX clients_url ON clients (url) WHERE url IS NOT NULL;
CREATE UNIQUE INDEX clients_fingerprint ON clients (fingerprint) WHERE fingerprint IS NOT NULL AND revoked_at = 0;
CREATE INDEX clients_unused ON clients (created_at) WHERE kind <> 1 AND used_at = 0;

-- How many of them made themselves known: counting rows would cost more with each.
CREATE TABLE client_count (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	strangers INTEGER NOT NULL
) STRICT;
INSERT INTO client_count (one, strangers) VALUES (1, 0);

CREATE TABLE grants (
	number INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
	client_id BLOB NOT NULL CHECK (length(client_id) = 16),
	user_id BLOB NOT NULL CHECK (length(user_id) = 16),
	project_id BLOB CHECK (project_id IS NULL OR length(project_id) = 16),
	api TEXT NOT NULL,
	scopes TEXT NOT NULL,
	offline INTEGER NOT NULL CHECK (offline IN (0, 1)),
	created_at INTEGER NOT NULL,
	changed_at INTEGER NOT NULL,
	revoked_at INTEGER NOT NULL
) STRICT;
CREATE INDEX grants_client ON grants (client_id);
CREATE INDEX grants_user ON grants (user_id);

ALTER TABLE tokens ADD COLUMN client_id BLOB CHECK (client_id IS NULL OR length(client_id) = 16);
ALTER TABLE tokens ADD COLUMN grant_id BLOB CHECK (grant_id IS NULL OR length(grant_id) = 16);
ALTER TABLE tokens ADD COLUMN family_id BLOB CHECK (family_id IS NULL OR length(family_id) = 16);
CREATE INDEX tokens_client ON tokens (client_id) WHERE client_id IS NOT NULL;
CREATE INDEX tokens_grant ON tokens (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX tokens_family ON tokens (family_id) WHERE family_id IS NOT NULL;
-- Access tokens are many and short-lived: what has run out is found without a look at the rest.
CREATE INDEX tokens_access_end ON tokens (expires_at) WHERE kind = 1;
