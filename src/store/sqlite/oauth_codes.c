/* SPDX-License-Identifier: Apache-2.0
 * Authorization codes, and requests that were pushed beforehand.
 * store: may include base, core and wire.
 */
#include "store/sqlite/oauth.h"

struct code_change {
	const struct store_approval *approval;
	const struct code_row *code;
	const uint8_t *digest, *pushed;
	const struct store_actor *actor;
};

static enum store_status write_code(struct sql *sql, const struct code_change *change,
	const struct id_bytes *grant)
{
	struct id_bytes family;
	struct sql_statement *st = sql_prepare(sql, "INSERT INTO codes (digest, family_id, grant_id, scopes, offline,"
		" redirect, redirect_given, challenge, resource, expires_at, used_at, jkt)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11)");

	if (!id_to_bytes(&change->code->family, &family))
		return STORE_INVALID;
	sql_bind_blob(st, 1, change->digest, REMIT_DIGEST_SIZE);
	bind_id(st, 2, &family);
	bind_id(st, 3, grant);
	bind_text(st, 4, change->approval->scopes);
	sql_bind_int(st, 5, change->approval->offline);
	bind_text(st, 6, change->code->redirect);
	sql_bind_int(st, 7, change->code->redirect_given);
	bind_text(st, 8, change->code->challenge);
	bind_text(st, 9, change->code->resource);
	sql_bind_int(st, 10, change->code->expires_ms);
	bind_key(st, 11, &change->code->key);
	return sql_run(st);
}

/* A pushed request serves once (RFC 9126 section 4). */
static enum store_status spend_pushed(struct sql *sql, const uint8_t *pushed)
{
	struct sql_statement *st = sql_prepare(sql, "DELETE FROM pushed_requests WHERE digest = ?1");

	sql_bind_blob(st, 1, pushed, REMIT_DIGEST_SIZE);
	enum store_status status = sql_run(st);
	return status == STORE_OK && sql_changes(sql) == 0 ? STORE_CONFLICT : status;
}

static enum store_status add_code(struct sql *sql, void *arg)
{
	struct code_change *change = arg;
	struct id_bytes grant;
	enum store_status status = change->pushed ? spend_pushed(sql, change->pushed) : STORE_OK;

	if (status == STORE_OK)
		status = approval_write(sql, change->approval, change->actor, &grant);
	return status == STORE_OK ? write_code(sql, change, &grant) : status;
}

enum store_status store_code_add(struct store *store, const struct store_approval *approval,
	const struct code_row *code, const uint8_t digest[REMIT_DIGEST_SIZE], const uint8_t *pushed,
	const struct store_actor *actor)
{
	struct code_change change = {
		.approval = approval, .code = code, .digest = digest, .pushed = pushed, .actor = actor,
	};
	return oauth_write(store, add_code, &change);
}

struct code_query {
	const uint8_t *digest;
	struct arena *arena;
	struct code_row row;
};

static enum store_status find_code(struct sql *sql, void *arg)
{
	struct code_query *query = arg;
	struct code_row *row = &query->row;
	struct sql_statement *st = sql_prepare(sql, "SELECT k.family_id, k.grant_id, g.client_id, g.user_id,"
		" g.project_id, g.api, k.scopes, k.offline, k.redirect, k.redirect_given, k.challenge, k.resource,"
		" k.expires_at, k.used_at, k.jkt FROM codes k JOIN grants g ON g.id = k.grant_id WHERE k.digest = ?1");

	sql_bind_blob(st, 1, query->digest, REMIT_DIGEST_SIZE);
	enum store_status status = step_one(st);
	if (status != STORE_OK)
		return status;
	*row = (struct code_row){
		.family = column_id(st, 0),
		.grant = column_id(st, 1),
		.client = column_id(st, 2),
		.user = column_id(st, 3),
		.project = column_id(st, 4),
		.offline = sql_column_int(st, 7) == 1,
		.redirect_given = sql_column_int(st, 9) == 1,
		.resource = column_optional_text(st, 11),
		.expires_ms = sql_column_int(st, 12),
		.used_ms = sql_column_int(st, 13),
	};
	bool read = column_key(st, 14, &row->key) && column_read_text(st, 5, &row->api) && column_read_text(st, 6, &row->scopes)
		&& column_read_text(st, 8, &row->redirect) && column_read_text(st, 10, &row->challenge);
	const char **texts[] = { &row->api, &row->scopes, &row->redirect, &row->challenge, &row->resource };
	for (size_t i = 0; read && i < sizeof(texts) / sizeof(texts[0]); i++)
		read = keep_text(query->arena, texts[i]);
	return read ? STORE_OK : STORE_NO_MEMORY;
}

enum store_status store_code_find(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE],
	struct arena *arena, struct code_row *ret)
{
	struct code_query query = { .digest = digest, .arena = arena };
	enum store_status status = oauth_read(store, find_code, &query);

	if (status == STORE_OK)
		*ret = query.row;
	return status;
}

struct redemption {
	const uint8_t *digest;
	const struct store_issue *issue;
	const struct store_actor *actor;
	enum store_outcome outcome;
	int64_t revision;
};

/* Spends the code: *ret_spent is false where somebody did already. */
static enum store_status spend_code(struct sql *sql, const struct redemption *redemption, bool *ret_spent)
{
	struct sql_statement *st =
		sql_prepare(sql, "UPDATE codes SET used_at = ?2 WHERE digest = ?1 AND used_at = 0");

	sql_bind_blob(st, 1, redemption->digest, REMIT_DIGEST_SIZE);
	sql_bind_int(st, 2, redemption->actor->now_ms);
	enum store_status status = sql_run(st);
	if (status == STORE_OK)
		*ret_spent = sql_changes(sql) == 1;
	return status;
}

static enum store_status read_family(struct sql *sql, const uint8_t *digest, struct id_bytes *ret_family,
	char **ret_texts, struct arena *arena)
{
	struct sql_statement *st =
		sql_prepare(sql, "SELECT family_id, scopes, resource FROM codes WHERE digest = ?1");

	sql_bind_blob(st, 1, digest, REMIT_DIGEST_SIZE);
	enum store_status status = step_one(st);
	if (status != STORE_OK)
		return status;
	*ret_family = column_id_bytes(st, 0);
	ret_texts[0] = arena_copy(arena, sql_column_text(st, 1));
	ret_texts[1] = sql_column_is_null(st, 2) ? NULL : arena_copy(arena, sql_column_text(st, 2));
	sql_reset(st);
	return ret_texts[0] ? STORE_OK : STORE_NO_MEMORY;
}

static enum store_status redeem(struct sql *sql, struct redemption *redemption, struct arena *arena)
{
	struct id_bytes family;
	char *texts[2];
	bool spent;
	enum store_status status = read_family(sql, redemption->digest, &family, texts, arena);

	if (status == STORE_OK)
		status = spend_code(sql, redemption, &spent);
	if (status != STORE_OK)
		return status;
	if (!spent) {
		redemption->outcome = STORE_REPLAYED;
		return family_revoke(sql, &family, "the code was used twice", redemption->actor,
			&redemption->revision);
	}
	struct issue_family fresh = { .fresh = true, .scopes = texts[0], .resource = texts[1] };
	return issue_write(sql, redemption->issue, &fresh, redemption->actor, &redemption->outcome,
		&redemption->revision);
}

static enum store_status redeem_code(struct sql *sql, void *arg)
{
	struct arena arena;

	arena_init(&arena, 0);
	enum store_status status = redeem(sql, arg, &arena);
	arena_done(&arena);
	return status;
}

enum store_status store_code_redeem(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE],
	const struct store_issue *issue, const struct store_actor *actor, enum store_outcome *ret_outcome,
	int64_t *ret_revision)
{
	struct redemption redemption = { .digest = digest, .issue = issue, .actor = actor };
	enum store_status status = oauth_write(store, redeem_code, &redemption);

	if (status == STORE_OK) {
		*ret_outcome = redemption.outcome;
		*ret_revision = redemption.revision;
	}
	return status;
}

/* ---- Pushed requests ---- */

struct pushed {
	const uint8_t *digest;
	struct id_bytes client;
	const char *query;
	int64_t expires_ms, now_ms;
	uint64_t most;
	struct arena *arena;
	struct id ret_client;
};

static enum store_status add_pushed(struct sql *sql, void *arg)
{
	struct pushed *pushed = arg;
	struct sql_statement *st = sql_prepare(sql, "INSERT INTO pushed_requests (digest, client_id, query, expires_at)"
		" SELECT ?1, ?2, ?3, ?4 WHERE (SELECT count(*) FROM pushed_requests WHERE client_id = ?2"
		" AND expires_at > ?5) < ?6");

	sql_bind_blob(st, 1, pushed->digest, REMIT_DIGEST_SIZE);
	bind_id(st, 2, &pushed->client);
	bind_text(st, 3, pushed->query);
	sql_bind_int(st, 4, pushed->expires_ms);
	sql_bind_int(st, 5, pushed->now_ms);
	sql_bind_int(st, 6, (int64_t)pushed->most);
	enum store_status status = sql_run(st);
	return status == STORE_OK && sql_changes(sql) == 0 ? STORE_FULL : status;
}

enum store_status store_pushed_add(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE],
	const struct id *client, const char *query, int64_t expires_ms, uint64_t most,
	const struct store_actor *actor)
{
	struct pushed pushed = {
		.digest = digest, .query = query, .expires_ms = expires_ms, .now_ms = actor->now_ms, .most = most,
	};
	if (!id_to_bytes(client, &pushed.client))
		return STORE_NOT_FOUND;
	return oauth_write(store, add_pushed, &pushed);
}

static enum store_status find_pushed(struct sql *sql, void *arg)
{
	struct pushed *pushed = arg;
	struct sql_statement *st = sql_prepare(sql,
		"SELECT client_id, query FROM pushed_requests WHERE digest = ?1 AND expires_at > ?2");

	sql_bind_blob(st, 1, pushed->digest, REMIT_DIGEST_SIZE);
	sql_bind_int(st, 2, pushed->now_ms);
	enum store_status status = step_one(st);
	if (status != STORE_OK)
		return status;
	pushed->ret_client = column_id(st, 0);
	pushed->query = arena_copy(pushed->arena, sql_column_text(st, 1));
	return pushed->query ? STORE_OK : STORE_NO_MEMORY;
}

enum store_status store_pushed_find(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE],
	int64_t now_ms, struct arena *arena, struct id *ret_client, const char **ret_query)
{
	struct pushed pushed = { .digest = digest, .now_ms = now_ms, .arena = arena };
	enum store_status status = oauth_read(store, find_pushed, &pushed);

	if (status == STORE_OK) {
		*ret_client = pushed.ret_client;
		*ret_query = pushed.query;
	}
	return status;
}

static enum store_status remove_pushed(struct sql *sql, void *arg)
{
	enum store_status status = spend_pushed(sql, arg);
	return status == STORE_CONFLICT ? STORE_NOT_FOUND : status;
}

enum store_status store_pushed_remove(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE])
{
	uint8_t copy[REMIT_DIGEST_SIZE];

	memcpy(copy, digest, sizeof(copy));
	return oauth_write(store, remove_pushed, copy);
}
