/* SPDX-License-Identifier: Apache-2.0
 * Grants: what a person approved for a client, with one API and one project or all.
 * store: may include base, core and wire.
 */
#include "store/sqlite/oauth.h"

#include "base/buf.h"
#include "base/limits.h"

#include <sodium.h>

#define SCOPES_BYTES_MAX (LIMIT_SCOPES * (LIMIT_SCOPE_NAME + 1))

struct found_grant {
	struct id_bytes id;
	struct buf scopes;
	bool offline;
};

/* Adds the words that are not there yet. */
static bool merge_words(struct buf *out, struct str more)
{
	struct str word;

	while (more.n > 0) {
		struct str rest = buf_str(out), held;
		bool there = false;
		str_cut(&more, ' ', &word);
		while (!there && rest.n > 0) {
			str_cut(&rest, ' ', &held);
			there = str_eq(held, word);
		}
		if (there)
			continue;
		if (out->n > 0)
			buf_add_char(out, ' ');
		buf_add_str(out, word);
	}
	return !out->failed;
}

static enum store_status find_grant(struct sql *sql, const struct id_bytes keys[3], const char *api,
	struct found_grant *ret)
{
	struct sql_statement *st = sql_prepare(sql, "SELECT id, scopes, offline FROM grants WHERE client_id = ?1"
		" AND user_id = ?2 AND coalesce(project_id, x'') = coalesce(?3, x'') AND api = ?4 AND revoked_at = 0");

	bind_id(st, 1, &keys[0]);
	bind_id(st, 2, &keys[1]);
	bind_id(st, 3, &keys[2]);
	bind_text(st, 4, api);
	enum store_status status = step_one(st);
	if (status != STORE_OK)
		return status;
	ret->id = column_id_bytes(st, 0);
	ret->offline = sql_column_int(st, 2) == 1;
	bool kept = buf_add_str(&ret->scopes, sql_column_text(st, 1));
	sql_reset(st);
	return kept ? STORE_OK : STORE_NO_MEMORY;
}

static enum store_status check_live(struct sql *sql, const struct id_bytes keys[3], const char *api)
{
	struct sql_statement *st = sql_prepare(sql,
		"SELECT EXISTS (SELECT 1 FROM clients WHERE id = ?1 AND revoked_at = 0)"
		" AND EXISTS (SELECT 1 FROM users WHERE id = ?2 AND disabled_at = 0)"
		" AND (?3 IS NULL OR EXISTS (SELECT 1 FROM projects WHERE id = ?3 AND api = ?4))");

	bind_id(st, 1, &keys[0]);
	bind_id(st, 2, &keys[1]);
	bind_id(st, 3, &keys[2]);
	bind_text(st, 4, api);
	enum store_status status = step_one(st);
	if (status != STORE_OK)
		return status;
	bool live = sql_column_int(st, 0) == 1;
	sql_reset(st);
	return live ? STORE_OK : STORE_NOT_FOUND;
}

static enum store_status write_grant(struct sql *sql, const struct id_bytes keys[3], const char *api,
	const struct found_grant *grant, bool is_new, int64_t now_ms)
{
	struct sql_statement *st = is_new ?
		sql_prepare(sql, "INSERT INTO grants (id, client_id, user_id, project_id, api, scopes, offline,"
			" created_at, changed_at, revoked_at) VALUES (?1, ?5, ?6, ?7, ?8, ?2, ?3, ?4, ?4, 0)") :
		sql_prepare(sql, "UPDATE grants SET scopes = ?2, offline = ?3, changed_at = ?4 WHERE id = ?1");

	bind_id(st, 1, &grant->id);
	sql_bind_text(st, 2, buf_str(&grant->scopes));
	sql_bind_int(st, 3, grant->offline);
	sql_bind_int(st, 4, now_ms);
	if (is_new) {
		bind_id(st, 5, &keys[0]);
		bind_id(st, 6, &keys[1]);
		bind_id(st, 7, &keys[2]);
		bind_text(st, 8, api);
	}
	return sql_run(st);
}

static enum store_status note_client_used(struct sql *sql, const struct id_bytes *client, int64_t now_ms)
{
	struct sql_statement *st =
		sql_prepare(sql, "UPDATE clients SET used_at = ?2 WHERE id = ?1 AND used_at = 0");

	bind_id(st, 1, client);
	sql_bind_int(st, 2, now_ms);
	return sql_run(st);
}

static struct id_bytes new_id(int64_t now_ms)
{
	uint8_t random[10];
	struct id_bytes bytes = { { 0 } };
	randombytes_buf(random, sizeof(random));
	struct id id = id_make(now_ms, random);
	return id_to_bytes(&id, &bytes) ? bytes : (struct id_bytes){ { 0 } };
}

static enum store_status merge(struct sql *sql, const struct store_approval *approval,
	const struct id_bytes keys[3], const struct store_actor *actor, struct found_grant *grant)
{
	enum store_status status = check_live(sql, keys, approval->api);
	if (status != STORE_OK)
		return status;
	status = find_grant(sql, keys, approval->api, grant);
	bool is_new = status == STORE_NOT_FOUND;
	if (status != STORE_OK && !is_new)
		return status;
	if (is_new)
		grant->id = new_id(actor->now_ms);
	grant->offline |= approval->offline;
	/* An empty text is not null. */
	if (!buf_reserve(&grant->scopes, 1) || !merge_words(&grant->scopes, str_of(approval->scopes)))
		return STORE_NO_MEMORY;
	status = write_grant(sql, keys, approval->api, grant, is_new, actor->now_ms);
	if (status == STORE_OK)
		status = note_client_used(sql, &keys[0], actor->now_ms);
	struct id id;
	id_from_bytes(&grant->id, &id);
	if (status == STORE_OK)
		status = event_add(sql, actor, "grant.approved", id.text, "client", approval->client.text,
			"user", approval->user.text, "api", approval->api, "scopes", approval->scopes,
			"offline", approval->offline ? "yes" : "no",
			"project", id_is_set(&approval->project) ? approval->project.text : NULL, NULL);
	return status;
}

enum store_status approval_write(struct sql *sql, const struct store_approval *approval,
	const struct store_actor *actor, struct id_bytes *ret)
{
	struct id_bytes keys[3];
	struct found_grant grant = { .offline = false };

	if (!id_to_bytes(&approval->client, &keys[0]) || !id_to_bytes(&approval->user, &keys[1]) ||
		!id_to_bytes(&approval->project, &keys[2]))
		return STORE_NOT_FOUND;
	buf_init(&grant.scopes, SCOPES_BYTES_MAX);
	enum store_status status = merge(sql, approval, keys, actor, &grant);
	buf_done(&grant.scopes);
	if (status == STORE_OK)
		*ret = grant.id;
	return status;
}

/* ---- Looking them up ---- */

#define GRANT_COLUMNS \
	"g.id, g.client_id, g.user_id, g.project_id, g.api, g.scopes, g.offline, g.created_at, g.changed_at," \
	" coalesce((SELECT max(w.last_used) FROM tokens t JOIN token_use w ON w.token = t.number" \
	" WHERE t.grant_id = g.id), 0), g.revoked_at, c.name, c.url, c.kind, u.email"
#define GRANT_TABLES \
	" grants g LEFT JOIN clients c ON c.id = g.client_id LEFT JOIN users u ON u.id = g.user_id "

static bool read_grant(struct sql_statement *st, struct grant_row *ret)
{
	*ret = (struct grant_row){
		.id = column_id(st, 0),
		.client = column_id(st, 1),
		.user = column_id(st, 2),
		.project = column_id(st, 3),
		.offline = sql_column_int(st, 6) == 1,
		.created_ms = sql_column_int(st, 7),
		.changed_ms = sql_column_int(st, 8),
		.last_used_ms = sql_column_int(st, 9),
		.revoked_ms = sql_column_int(st, 10),
		.client_name = column_optional_text(st, 11),
		.client_url = column_optional_text(st, 12),
		.client_kind = (enum client_kind)sql_column_int(st, 13),
		.user_email = column_optional_text(st, 14),
	};
	return column_read_text(st, 4, &ret->api) && column_read_text(st, 5, &ret->scopes);
}

struct grant_query {
	struct id_bytes id, user, client;
	struct arena *arena;
	struct grant_row row;
	bool (*each)(void *ctx, const struct grant_row *row);
	void *ctx;
};

static enum store_status get_grant(struct sql *sql, void *arg)
{
	struct grant_query *query = arg;
	struct grant_row *row = &query->row;
	struct sql_statement *st = sql_prepare(sql, "SELECT " GRANT_COLUMNS " FROM" GRANT_TABLES "WHERE g.id = ?1");

	bind_id(st, 1, &query->id);
	enum store_status status = step_one(st);
	if (status == STORE_OK && !(read_grant(st, row) && keep_text(query->arena, &row->api)
		&& keep_text(query->arena, &row->scopes) && keep_text(query->arena, &row->client_name)
		&& keep_text(query->arena, &row->client_url) && keep_text(query->arena, &row->user_email)))
		return STORE_NO_MEMORY;
	return status;
}

enum store_status store_grant_get(struct store *store, const struct id *id, struct arena *arena,
	struct grant_row *ret)
{
	struct grant_query query = { .arena = arena };

	if (!id_to_bytes(id, &query.id))
		return STORE_NOT_FOUND;
	enum store_status status = oauth_read(store, get_grant, &query);
	if (status == STORE_OK)
		*ret = query.row;
	return status;
}

static enum store_status each_grant(struct sql *sql, void *arg)
{
	struct grant_query *query = arg;
	struct sql_statement *st = sql_prepare(sql, "SELECT " GRANT_COLUMNS " FROM" GRANT_TABLES
		"WHERE g.revoked_at = 0 AND (?1 IS NULL OR g.user_id = ?1) AND (?2 IS NULL OR g.client_id = ?2)"
		" ORDER BY g.number DESC");
	enum sql_step step;

	bind_id(st, 1, &query->user);
	bind_id(st, 2, &query->client);
	while ((step = sql_step(st)) == SQL_ROW) {
		if (!read_grant(st, &query->row))
			return STORE_NO_MEMORY;
		if (!query->each(query->ctx, &query->row))
			return STORE_STOPPED;
	}
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}

enum store_status store_grant_each(struct store *store, const struct id *user, const struct id *client,
	bool (*each)(void *ctx, const struct grant_row *row), void *ctx)
{
	struct grant_query query = { .each = each, .ctx = ctx };

	if ((user && (!id_is_set(user) || !id_to_bytes(user, &query.user)))
		|| (client && (!id_is_set(client) || !id_to_bytes(client, &query.client))))
		return STORE_OK; /* a filter that names nobody finds nothing */
	return oauth_read(store, each_grant, &query);
}

/* ---- Ending them ---- */

struct grant_ending {
	struct id_bytes id;
	const char *id_text, *why;
	const struct store_actor *actor;
	int64_t revision;
};

static enum store_status end_grant_rows(struct sql *sql, const struct grant_ending *ending)
{
	struct sql_statement *st =
		sql_prepare(sql, "UPDATE grants SET revoked_at = ?2, changed_at = ?2 WHERE id = ?1 AND revoked_at = 0");

	bind_id(st, 1, &ending->id);
	sql_bind_int(st, 2, ending->actor->now_ms);
	enum store_status status = sql_run(st);
	if (status != STORE_OK || sql_changes(sql) == 0)
		return status;
	st = sql_prepare(sql, "UPDATE refresh_families SET revoked_at = ?2 WHERE grant_id = ?1 AND revoked_at = 0");
	bind_id(st, 1, &ending->id);
	sql_bind_int(st, 2, ending->actor->now_ms);
	status = sql_run(st);
	return status == STORE_OK ?
		event_add(sql, ending->actor, "grant.revoked", ending->id_text, "why", ending->why, NULL) : status;
}

static enum store_status end_grant(struct sql *sql, void *arg)
{
	struct grant_ending *ending = arg;
	struct sql_statement *st = sql_prepare(sql, "SELECT 1 FROM grants WHERE id = ?1");

	bind_id(st, 1, &ending->id);
	enum store_status status = step_one(st);
	sql_reset(st);
	if (status == STORE_OK)
		status = end_grant_rows(sql, ending);
	if (status == STORE_OK)
		status = feed_newest(sql, &ending->revision);
	if (status == STORE_OK)
		status = revoke_tokens(sql, REVOKE_OF_GRANT, &ending->id, ending->why, ending->actor,
			&ending->revision);
	return status;
}

enum store_status store_grant_revoke(struct store *store, const struct id *id, const char *why,
	const struct store_actor *actor, int64_t *ret_revision)
{
	struct grant_ending ending = { .id_text = id->text, .why = why, .actor = actor };

	if (!id_to_bytes(id, &ending.id))
		return STORE_NOT_FOUND;
	enum store_status status = oauth_write(store, end_grant, &ending);
	if (status == STORE_OK && ret_revision)
		*ret_revision = ending.revision;
	return status;
}
