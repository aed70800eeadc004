/* SPDX-License-Identifier: Apache-2.0
 * Looking tokens up, and walking over them.
 * store: may include base, core and wire.
 */
#include "store/sqlite/sqlite.h"

#include "store/sqlite/revoke.h"
#include "store/sqlite/rows.h"

struct query {
	struct id_bytes id, owner, project;
	const uint8_t *digest;
	const char *api;
	bool live_only;
	int64_t now_ms;
	struct arena *arena;
	struct token_row row;
	bool (*each)(void *ctx, const struct token_row *row);
	void *ctx;
};

#define SELECT_TOKEN "SELECT " TOKEN_COLUMNS("t.expires_at", "t.revoked_at") " FROM" TOKEN_TABLES

static enum store_status finish_find(struct sql_statement *st, struct query *query)
{
	enum store_status status = step_one(st);

	if (status == STORE_OK && !(read_token(st, &query->row) && keep_token(query->arena, &query->row)))
		return STORE_NO_MEMORY;
	return status;
}

static enum store_status get(struct sql *sql, void *arg)
{
	struct query *query = arg;
	struct sql_statement *st = sql_prepare(sql, SELECT_TOKEN "WHERE t.id = ?1");

	bind_id(st, 1, &query->id);
	return finish_find(st, query);
}

static enum store_status find(struct sql *sql, void *arg)
{
	struct query *query = arg;
	struct sql_statement *st = sql_prepare(sql, SELECT_TOKEN "WHERE t.digest = ?1");

	sql_bind_blob(st, 1, query->digest, REMIT_DIGEST_SIZE);
	enum store_status status = finish_find(st, query);
	if (status != STORE_NOT_FOUND)
		return status;
	st = sql_prepare(sql, "SELECT " TOKEN_COLUMNS(OLD_EXPIRES, OLD_REVOKED) " FROM" TOKEN_TABLES
		"JOIN token_old_texts o ON o.token = t.number WHERE o.digest = ?1");
	sql_bind_blob(st, 1, query->digest, REMIT_DIGEST_SIZE);
	return finish_find(st, query);
}

enum store_status token_find_within(struct sql *sql, const uint8_t digest[REMIT_DIGEST_SIZE], struct arena *arena,
	struct token_row *ret)
{
	struct query query = { .digest = digest, .arena = arena };
	enum store_status status = find(sql, &query);

	if (status == STORE_OK)
		*ret = query.row;
	return status;
}

static enum store_status run(struct store *store, enum store_status (*fn)(struct sql *sql, void *arg),
	struct query *query, struct token_row *ret)
{
	enum store_status status = database_read(sqlite_of(store)->db, fn, query);

	if (status == STORE_OK)
		*ret = query->row;
	return status;
}

enum store_status sqlite_token_get(struct store *store, const struct id *id, struct arena *arena,
	struct token_row *ret)
{
	struct query query = { .arena = arena };

	if (!id_to_bytes(id, &query.id))
		return STORE_NOT_FOUND;
	return run(store, get, &query, ret);
}

enum store_status sqlite_token_find(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE],
	struct arena *arena, struct token_row *ret)
{
	struct query query = { .digest = digest, .arena = arena };

	return run(store, find, &query, ret);
}

/* One statement for each index that can serve. */
#define EACH(first) \
	SELECT_TOKEN "WHERE " first " AND (?1 IS NULL OR t.owner_id = ?1)" \
	" AND (?2 IS NULL OR t.project_id = ?2)" \
	" AND (?3 IS NULL OR t.api = ?3)" \
	" AND (?4 = 0 OR (t.revoked_at = 0 AND (t.expires_at = 0 OR t.expires_at > ?5))) ORDER BY t.number"

static enum store_status each(struct sql *sql, void *arg)
{
	struct query *query = arg;
	static const struct id_bytes none;
	bool by_owner = memcmp(&query->owner, &none, sizeof(none)) != 0;
	bool by_project = memcmp(&query->project, &none, sizeof(none)) != 0;
	struct sql_statement *st = by_owner ? sql_prepare(sql, EACH("t.owner_id = ?1")) :
		by_project ? sql_prepare(sql, EACH("t.project_id = ?2")) : sql_prepare(sql, EACH("1 = 1"));
	struct token_row row;
	enum sql_step step;

	bind_id(st, 1, &query->owner);
	bind_id(st, 2, &query->project);
	bind_text(st, 3, query->api);
	sql_bind_int(st, 4, query->live_only);
	sql_bind_int(st, 5, query->now_ms);
	while ((step = sql_step(st)) == SQL_ROW) {
		if (!read_token(st, &row))
			return STORE_NO_MEMORY;
		if (!query->each(query->ctx, &row))
			return STORE_STOPPED;
	}
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}

enum store_status sqlite_token_each(struct store *store, const struct token_filter *filter,
	bool (*fn)(void *ctx, const struct token_row *row), void *ctx)
{
	struct query query = { .each = fn, .ctx = ctx };

	if (filter) {
		query.api = filter->api;
		query.live_only = filter->live_only;
		query.now_ms = filter->now_ms;
		/* A filter that names nobody finds nothing; never everything. */
		if (!id_to_bytes(&filter->owner, &query.owner) ||
		    !id_to_bytes(&filter->project, &query.project))
			return STORE_OK;
	}
	return database_read(sqlite_of(store)->db, each, &query);
}
