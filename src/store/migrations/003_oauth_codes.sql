-- SPDX-License-Identifier: Apache-2.0
-- What is short-lived on the way to a token, and refresh tokens. Digests are SHA-256.

-- A used one is kept for a while: its second use tells of theft.
CREATE TABLE codes (
	digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
	family_id BLOB NOT NULL CHECK (length(family_id) = 16),
	grant_id BLOB NOT NULL CHECK (length(grant_id) = 16),
	scopes TEXT NOT NULL,
	offline INTEGER NOT NULL CHECK (offline IN (0, 1)),
	redirect TEXT NOT NULL,
	redirect_given INTEGER NOT NULL CHECK (redirect_given IN (0, 1)),
	challenge TEXT NOT NULL,
	resource TEXT,
	expires_at INTEGER NOT NULL,
	used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX codes_end ON codes (expires_at);
CREATE INDEX codes_grant ON codes (grant_id);

-- What one approval gave: refresh tokens that follow one another, and access tokens beside them.
CREATE TABLE refresh_families (
	id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
	grant_id BLOB NOT NULL CHECK (length(grant_id) = 16),
	scopes TEXT NOT NULL,
	resource TEXT,
	created_at INTEGER NOT NULL,
	revoked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_families_grant ON refresh_families (grant_id);

CREATE TABLE refresh_tokens (
	digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
	family_id BLOB NOT NULL REFERENCES refresh_families (id) ON DELETE CASCADE,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_end ON refresh_tokens (expires_at);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);

CREATE TABLE pushed_requests (
	digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
	client_id BLOB NOT NULL CHECK (length(client_id) = 16),
	query TEXT NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pushed_requests_end ON pushed_requests (expires_at);
CREATE INDEX pushed_requests_client ON pushed_requests (client_id);

-- state: 0 waiting, 1 approved, 2 denied.
CREATE TABLE device_codes (
	digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
	user_code BLOB NOT NULL UNIQUE CHECK (length(user_code) = 32),
	client_id BLOB NOT NULL CHECK (length(client_id) = 16),
	api TEXT NOT NULL,
	scopes TEXT NOT NULL,
	offline INTEGER NOT NULL CHECK (offline IN (0, 1)),
	resource TEXT,
	state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),
	family_id BLOB,
	grant_id BLOB,
	approved TEXT,
	approved_offline INTEGER NOT NULL CHECK (approved_offline IN (0, 1)),
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	polled_at INTEGER NOT NULL,
	interval INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX device_codes_end ON device_codes (expires_at);
CREATE INDEX device_codes_client ON device_codes (client_id);
