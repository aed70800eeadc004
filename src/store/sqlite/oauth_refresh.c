/* SPDX-License-Identifier: Apache-2.0
 * Refresh tokens: each serves once, and tells by a second use that a family was stolen.
 * store: may include base, core and wire.
 */
#include "store/sqlite/oauth.h"

struct refresh_query {
	const uint8_t *digest;
	struct arena *arena;
	struct refresh_row row;
};

static enum store_status find_refresh(struct sql *sql, void *arg)
{
	struct refresh_query *query = arg;
	struct refresh_row *row = &query->row;
	struct sql_statement *st = sql_prepare(sql, "SELECT f.id, f.grant_id, g.client_id, g.user_id, g.project_id,"
		" g.api, f.scopes, f.resource, f.created_at, r.expires_at, r.used_at, f.revoked_at, f.jkt"
		" FROM refresh_tokens r JOIN refresh_families f ON f.id = r.family_id"
		" JOIN grants g ON g.id = f.grant_id WHERE r.digest = ?1");

	sql_bind_blob(st, 1, query->digest, REMIT_DIGEST_SIZE);
	enum store_status status = step_one(st);
	if (status != STORE_OK)
		return status;
	*row = (struct refresh_row){
		.family = column_id(st, 0),
		.grant = column_id(st, 1),
		.client = column_id(st, 2),
		.user = column_id(st, 3),
		.project = column_id(st, 4),
		.resource = column_optional_text(st, 7),
		.created_ms = sql_column_int(st, 8),
		.expires_ms = sql_column_int(st, 9),
		.used_ms = sql_column_int(st, 10),
		.revoked_ms = sql_column_int(st, 11),
	};
	bool read = column_key(st, 12, &row->key) && column_read_text(st, 5, &row->api) && column_read_text(st, 6, &row->scopes)
		&& keep_text(query->arena, &row->api) && keep_text(query->arena, &row->scopes)
		&& keep_text(query->arena, &row->resource);
	return read ? STORE_OK : STORE_NO_MEMORY;
}

enum store_status store_refresh_find(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE],
	struct arena *arena, struct refresh_row *ret)
{
	struct refresh_query query = { .digest = digest, .arena = arena };
	enum store_status status = oauth_read(store, find_refresh, &query);

	if (status == STORE_OK)
		*ret = query.row;
	return status;
}

struct rotation {
	const uint8_t *digest;
	const struct store_issue *issue;
	int64_t window_ms;
	const struct store_actor *actor;
	enum store_outcome outcome;
	int64_t revision;
};

struct used_text {
	struct id_bytes family;
	int64_t expires_ms, used_ms;
};

static enum store_status look_at(struct sql *sql, const uint8_t *digest, struct used_text *ret)
{
	struct sql_statement *st =
		sql_prepare(sql, "SELECT family_id, expires_at, used_at FROM refresh_tokens WHERE digest = ?1");

	sql_bind_blob(st, 1, digest, REMIT_DIGEST_SIZE);
	enum store_status status = step_one(st);
	if (status != STORE_OK)
		return status;
	*ret = (struct used_text){ column_id_bytes(st, 0), sql_column_int(st, 1), sql_column_int(st, 2) };
	sql_reset(st);
	return STORE_OK;
}

static enum store_status mark_used(struct sql *sql, const struct rotation *rotation)
{
	struct sql_statement *st = sql_prepare(sql, "UPDATE refresh_tokens SET used_at = ?2 WHERE digest = ?1");

	sql_bind_blob(st, 1, rotation->digest, REMIT_DIGEST_SIZE);
	sql_bind_int(st, 2, rotation->actor->now_ms);
	return sql_run(st);
}

static enum store_status rotate(struct sql *sql, void *arg)
{
	struct rotation *rotation = arg;
	int64_t now_ms = rotation->actor->now_ms;
	struct used_text text;
	enum store_status status = look_at(sql, rotation->digest, &text);

	if (status != STORE_OK)
		return status;
	/* A clock that was put back makes no use newer than it is. */
	int64_t since_ms = now_ms - text.used_ms;
	if (text.used_ms && since_ms < rotation->window_ms && since_ms > -rotation->window_ms) {
		rotation->outcome = STORE_REPEATED;
		return STORE_OK;
	}
	if (text.used_ms) {
		rotation->outcome = STORE_REPLAYED;
		return family_revoke(sql, &text.family, "a used refresh token came back", rotation->actor,
			&rotation->revision);
	}
	rotation->outcome = STORE_ENDED;
	if (text.expires_ms <= now_ms)
		return STORE_OK;
	struct issue_family family = { .fresh = false };
	status = issue_write(sql, rotation->issue, &family, rotation->actor, &rotation->outcome,
		&rotation->revision);
	if (status == STORE_OK && rotation->outcome == STORE_ISSUED)
		status = mark_used(sql, rotation);
	return status;
}

enum store_status store_refresh_rotate(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE],
	const struct store_issue *issue, int64_t window_ms, const struct store_actor *actor,
	enum store_outcome *ret_outcome, int64_t *ret_revision)
{
	struct rotation rotation = {
		.digest = digest, .issue = issue, .window_ms = window_ms, .actor = actor,
	};
	enum store_status status = oauth_write(store, rotate, &rotation);

	if (status == STORE_OK) {
		*ret_outcome = rotation.outcome;
		*ret_revision = rotation.revision;
	}
	return status;
}
