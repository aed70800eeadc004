/* SPDX-License-Identifier: Apache-2.0
 * Clients: made by hand, registered by themselves, or known by their metadata's URL.
 * store: may include base, core and wire.
 */
#include "store/sqlite/oauth.h"

struct client_change {
	const struct client_row *client;
	struct id_bytes id, owner, project;
	uint64_t most;
	const struct store_actor *actor;
	struct id found;
};

static bool is_zero(const uint8_t digest[REMIT_DIGEST_SIZE])
{
	static const uint8_t none[REMIT_DIGEST_SIZE];
	return memcmp(digest, none, sizeof(none)) == 0;
}

static enum store_status insert(struct sql *sql, const struct client_change *change)
{
	const struct client_row *client = change->client;
	struct sql_statement *st = sql_prepare(sql, "INSERT INTO clients (id, kind, url, name, redirects, grants, secret,"
		" api, scopes, owner_id, project_id, fingerprint, created_at, used_at, fresh_until, revoked_at)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 0, ?14, 0)");

	bind_id(st, 1, &change->id);
	sql_bind_int(st, 2, (int64_t)client->kind);
	bind_text(st, 3, client->url);
	bind_text(st, 4, client->name);
	bind_text(st, 5, client->redirects);
	bind_text(st, 6, client->grants);
	if (client->confidential)
		sql_bind_blob(st, 7, client->secret, sizeof(client->secret));
	else
		sql_bind_null(st, 7);
	bind_text(st, 8, client->api);
	bind_text(st, 9, client->scopes);
	bind_id(st, 10, &change->owner);
	bind_id(st, 11, &change->project);
	if (is_zero(client->fingerprint))
		sql_bind_null(st, 12);
	else
		sql_bind_blob(st, 12, client->fingerprint, sizeof(client->fingerprint));
	sql_bind_int(st, 13, client->created_ms);
	sql_bind_int(st, 14, client->fresh_until_ms);
	return sql_run(st);
}

static enum store_status count_strangers(struct sql *sql, int64_t add, int64_t *ret)
{
	struct sql_statement *st = sql_prepare(sql,
		"UPDATE client_count SET strangers = strangers + ?1 WHERE one = 1 RETURNING strangers");

	sql_bind_int(st, 1, add);
	enum store_status status = step_one(st);
	if (status != STORE_OK)
		return status;
	*ret = sql_column_int(st, 0);
	sql_reset(st);
	return STORE_OK;
}

/* The oldest that nobody ever granted anything goes. */
static enum store_status make_room(struct sql *sql)
{
	int64_t left;
	struct sql_statement *st = sql_prepare(sql, "DELETE FROM clients WHERE number = (SELECT number FROM clients"
		" WHERE kind <> 1 AND used_at = 0 AND revoked_at = 0 ORDER BY created_at LIMIT 1)");
	enum store_status status = sql_run(st);

	if (status == STORE_OK && sql_changes(sql) == 0)
		return STORE_FULL;
	return status == STORE_OK ? count_strangers(sql, -1, &left) : status;
}

static enum store_status find_by(struct sql *sql, struct sql_statement *st, struct id *ret)
{
	(void)sql;
	enum store_status status = step_one(st);
	if (status == STORE_OK)
		*ret = column_id(st, 0);
	sql_reset(st);
	return status;
}

static enum store_status find_equal(struct sql *sql, struct client_change *change)
{
	if (is_zero(change->client->fingerprint))
		return STORE_NOT_FOUND;
	struct sql_statement *st = sql_prepare(sql, "UPDATE clients SET created_at = CASE WHEN used_at = 0 THEN ?2"
		" ELSE created_at END WHERE fingerprint = ?1 AND revoked_at = 0 RETURNING id");
	sql_bind_blob(st, 1, change->client->fingerprint, REMIT_DIGEST_SIZE);
	sql_bind_int(st, 2, change->actor->now_ms);
	return find_by(sql, st, &change->found);
}

/* A document that is known is brought up to date, unless an admin has put an end to it. */
static enum store_status refresh_document(struct sql *sql, struct client_change *change)
{
	const struct client_row *client = change->client;
	struct sql_statement *st = sql_prepare(sql, "UPDATE clients SET name = ?2, redirects = ?3, grants = ?4,"
		" fresh_until = ?5 WHERE url = ?1 RETURNING id");

	if (!client->url)
		return STORE_NOT_FOUND;
	bind_text(st, 1, client->url);
	bind_text(st, 2, client->name);
	bind_text(st, 3, client->redirects);
	bind_text(st, 4, client->grants);
	sql_bind_int(st, 5, client->fresh_until_ms);
	return find_by(sql, st, &change->found);
}

/* Whose tokens a client by hand makes must be there. */
static enum store_status check_owner(struct sql *sql, const struct client_change *change)
{
	struct sql_statement *st = sql_prepare(sql, "SELECT EXISTS (SELECT 1 FROM users WHERE id = ?1)"
		" AND (?2 IS NULL OR EXISTS (SELECT 1 FROM projects WHERE id = ?2 AND api = ?3))");

	if (change->client->kind != CLIENT_BY_HAND)
		return STORE_OK;
	bind_id(st, 1, &change->owner);
	bind_id(st, 2, &change->project);
	bind_text(st, 3, change->client->api);
	enum store_status status = step_one(st);
	if (status == STORE_OK && !sql_column_int(st, 0))
		status = STORE_NOT_FOUND;
	sql_reset(st);
	return status;
}

static enum store_status insert_stranger(struct sql *sql, struct client_change *change)
{
	int64_t count;
	enum store_status status = count_strangers(sql, 1, &count);

	if (status == STORE_OK && (uint64_t)count > change->most)
		status = make_room(sql);
	return status == STORE_OK ? insert(sql, change) : status;
}

/* A registration is told to auditors only where somebody made it by hand: strangers could fill their log. */
static enum store_status add_client(struct sql *sql, void *arg)
{
	struct client_change *change = arg;
	const struct client_row *client = change->client;

	enum store_status status = find_equal(sql, change);
	if (status == STORE_NOT_FOUND)
		status = refresh_document(sql, change);
	if (status != STORE_NOT_FOUND)
		return status;
	change->found = client->id;
	status = check_owner(sql, change);
	if (status == STORE_OK && client->kind != CLIENT_BY_HAND)
		return insert_stranger(sql, change);
	if (status == STORE_OK)
		status = insert(sql, change);
	if (status == STORE_OK)
		status = event_add(sql, change->actor, "client.added", client->id.text, "name", client->name,
			"api", client->api, "scopes", client->scopes, "owner", client->owner.text,
			"project", id_is_set(&client->project) ? client->project.text : NULL, NULL);
	return status;
}

enum store_status store_client_add(struct store *store, const struct client_row *client, uint64_t most,
	const struct store_actor *actor, struct id *ret)
{
	struct client_change change = { .client = client, .most = most, .actor = actor };

	if (!id_is_set(&client->id) || !id_to_bytes(&client->id, &change.id) ||
		!id_to_bytes(&client->owner, &change.owner) || !id_to_bytes(&client->project, &change.project))
		return STORE_INVALID;
	enum store_status status = oauth_write(store, add_client, &change);
	if (status != STORE_OK)
		return status;
	*ret = change.found;
	return client->kind == CLIENT_REGISTERED && !id_eq(&change.found, &client->id) ? STORE_EXISTS : STORE_OK;
}

/* ---- Looking them up ---- */

#define CLIENT_SELECT \
	"SELECT c.id, c.kind, c.url, c.name, c.redirects, c.grants, c.secret, c.api, c.scopes, c.owner_id," \
	" u.email, c.project_id, c.created_at, c.used_at, c.fresh_until, c.revoked_at, c.revoked_by," \
	" c.revoked_why FROM clients c LEFT JOIN users u ON u.id = c.owner_id "

static bool read_client(struct sql_statement *st, struct client_row *ret)
{
	struct str secret = sql_column_blob(st, 6);

	*ret = (struct client_row){
		.id = column_id(st, 0),
		.kind = (enum client_kind)sql_column_int(st, 1),
		.url = column_optional_text(st, 2),
		.confidential = secret.n == REMIT_DIGEST_SIZE,
		.api = column_optional_text(st, 7),
		.scopes = column_optional_text(st, 8),
		.owner = column_id(st, 9),
		.owner_email = column_optional_text(st, 10),
		.project = column_id(st, 11),
		.created_ms = sql_column_int(st, 12),
		.used_ms = sql_column_int(st, 13),
		.fresh_until_ms = sql_column_int(st, 14),
		.revoked_ms = sql_column_int(st, 15),
		.revoked_by = column_optional_text(st, 16),
		.revoked_why = column_optional_text(st, 17),
	};
	if (ret->confidential)
		memcpy(ret->secret, secret.p, sizeof(ret->secret));
	return column_read_text(st, 3, &ret->name) && column_read_text(st, 4, &ret->redirects)
		&& column_read_text(st, 5, &ret->grants);
}

static bool keep_client(struct arena *arena, struct client_row *row)
{
	const char **texts[] = {
		&row->url, &row->name, &row->redirects, &row->grants, &row->api, &row->scopes, &row->owner_email,
		&row->revoked_by, &row->revoked_why,
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!keep_text(arena, texts[i]))
			return false;
	return true;
}

struct client_query {
	struct id_bytes id;
	const char *url;
	enum client_kind kind;
	struct arena *arena;
	struct client_row row;
	bool (*each)(void *ctx, const struct client_row *row);
	void *ctx;
};

static enum store_status get_client(struct sql *sql, void *arg)
{
	struct client_query *query = arg;
	struct sql_statement *st = query->url ? sql_prepare(sql, CLIENT_SELECT "WHERE c.url = ?1") :
		sql_prepare(sql, CLIENT_SELECT "WHERE c.id = ?1");

	if (query->url)
		bind_text(st, 1, query->url);
	else
		bind_id(st, 1, &query->id);
	enum store_status status = step_one(st);
	if (status == STORE_OK && !(read_client(st, &query->row) && keep_client(query->arena, &query->row)))
		return STORE_NO_MEMORY;
	return status;
}

enum store_status client_get_within(struct sql *sql, const struct id_bytes *id, struct arena *arena,
	struct client_row *ret)
{
	struct client_query query = { .id = *id, .arena = arena };
	enum store_status status = get_client(sql, &query);

	if (status == STORE_OK)
		*ret = query.row;
	return status;
}

enum store_status store_client_get(struct store *store, const struct id *id, struct arena *arena,
	struct client_row *ret)
{
	struct client_query query = { .arena = arena };

	if (!id_to_bytes(id, &query.id))
		return STORE_NOT_FOUND;
	enum store_status status = oauth_read(store, get_client, &query);
	if (status == STORE_OK)
		*ret = query.row;
	return status;
}

enum store_status store_client_find_url(struct store *store, const char *url, struct arena *arena,
	struct client_row *ret)
{
	struct client_query query = { .url = url, .arena = arena };
	enum store_status status = oauth_read(store, get_client, &query);

	if (status == STORE_OK)
		*ret = query.row;
	return status;
}

static enum store_status each_client(struct sql *sql, void *arg)
{
	struct client_query *query = arg;
	struct sql_statement *st =
		sql_prepare(sql, CLIENT_SELECT "WHERE ?1 = 0 OR c.kind = ?1 ORDER BY c.number");
	enum sql_step step;

	sql_bind_int(st, 1, (int64_t)query->kind);
	while ((step = sql_step(st)) == SQL_ROW) {
		if (!read_client(st, &query->row))
			return STORE_NO_MEMORY;
		if (!query->each(query->ctx, &query->row))
			return STORE_STOPPED;
	}
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}

enum store_status store_client_each(struct store *store, enum client_kind kind,
	bool (*each)(void *ctx, const struct client_row *row), void *ctx)
{
	struct client_query query = { .kind = kind, .each = each, .ctx = ctx };
	return oauth_read(store, each_client, &query);
}

/* ---- Ending them ---- */

struct client_ending {
	struct id_bytes id;
	const char *id_text, *why;
	const struct store_actor *actor;
	int64_t revision;
};

static enum store_status end_rows(struct sql *sql, const struct client_ending *ending)
{
	static const char *const scripts[] = {
		("UPDATE refresh_families SET revoked_at = ?2 WHERE revoked_at = 0"
		" AND grant_id IN (SELECT id FROM grants WHERE client_id = ?1)"),
		"UPDATE grants SET revoked_at = ?2, changed_at = ?2 WHERE client_id = ?1 AND revoked_at = 0",
		"DELETE FROM pushed_requests WHERE client_id = ?1 AND ?2 > 0",
		"DELETE FROM device_codes WHERE client_id = ?1 AND ?2 > 0",
	};
	enum store_status status = STORE_OK;

	for (size_t i = 0; status == STORE_OK && i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct sql_statement *st = sql_prepare(sql, scripts[i]);
		bind_id(st, 1, &ending->id);
		sql_bind_int(st, 2, ending->actor->now_ms);
		status = sql_run(st);
	}
	return status;
}

static enum store_status mark_ended(struct sql *sql, const struct client_ending *ending, bool *ret_now)
{
	struct sql_statement *st = sql_prepare(sql, "UPDATE clients SET revoked_at = ?2, revoked_by = ?3,"
		" revoked_why = ?4 WHERE id = ?1 AND revoked_at = 0");

	bind_id(st, 1, &ending->id);
	sql_bind_int(st, 2, ending->actor->now_ms);
	bind_text(st, 3, ending->actor->who);
	bind_text(st, 4, ending->why ? ending->why : "");
	enum store_status status = sql_run(st);
	if (status == STORE_OK)
		*ret_now = sql_changes(sql) == 1;
	return status;
}

static enum store_status end_client(struct sql *sql, void *arg)
{
	struct client_ending *ending = arg;
	bool now = false;
	struct sql_statement *st = sql_prepare(sql, "SELECT 1 FROM clients WHERE id = ?1");

	bind_id(st, 1, &ending->id);
	enum store_status status = step_one(st);
	sql_reset(st);
	if (status == STORE_OK)
		status = mark_ended(sql, ending, &now);
	if (status == STORE_OK && now)
		status = end_rows(sql, ending);
	if (status == STORE_OK && now)
		status = event_add(sql, ending->actor, "client.revoked", ending->id_text, "why", ending->why, NULL);
	if (status == STORE_OK)
		status = feed_newest(sql, &ending->revision);
	if (status == STORE_OK)
		status = revoke_tokens(sql, REVOKE_OF_CLIENT, &ending->id, ending->why, ending->actor,
			&ending->revision);
	return status;
}

enum store_status store_client_revoke(struct store *store, const struct id *id, const char *why,
	const struct store_actor *actor, int64_t *ret_revision)
{
	struct client_ending ending = { .id_text = id->text, .why = why, .actor = actor };

	if (!id_to_bytes(id, &ending.id))
		return STORE_NOT_FOUND;
	enum store_status status = oauth_write(store, end_client, &ending);
	if (status == STORE_OK && ret_revision)
		*ret_revision = ending.revision;
	return status;
}
