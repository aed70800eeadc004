/* SPDX-License-Identifier: Apache-2.0
 * Changes to tokens: made, revoked, given a new text, replaced, narrowed.
 * store: may include base, core and wire.
 */
#include "store/sqlite/sqlite.h"

#include "store/sqlite/revoke.h"
#include "store/sqlite/rows.h"

#include <assert.h>

struct change {
	const struct token_row *token; /* add, replace, update */
	struct id_bytes id, owner, project, parent, client, grant, family;
	struct id_bytes old;           /* replace */
	const char *id_text;
	const uint8_t *digest;         /* add, replace, rotate */
	const char *why;               /* revoke */
	int64_t old_expires_ms;        /* rotate, update */
	const char *old_scopes;        /* update */
	const struct store_actor *actor;
	int64_t revision;
};

/* A live token: neither revoked nor expired at `now`. */
#define LIVE(now) "revoked_at = 0 AND (expires_at = 0 OR expires_at > " now ")"

/* What must be there beside a new token, in one look. */
static enum store_status check_surroundings(struct sql *sql, const struct change *change)
{
	struct sql_statement *st = sql_prepare(sql, "SELECT"
		" EXISTS (SELECT 1 FROM users WHERE id = ?1),"
		" ?2 IS NULL OR EXISTS (SELECT 1 FROM projects WHERE id = ?2 AND api = ?3),"
		" ?4 IS NULL OR EXISTS (SELECT 1 FROM tokens WHERE id = ?4 AND " LIVE("?5") "),"
		" NOT EXISTS (SELECT 1 FROM token_old_texts WHERE digest = ?6),"
		" ?7 IS NULL OR EXISTS (SELECT 1 FROM clients WHERE id = ?7 AND revoked_at = 0),"
		" ?8 IS NULL OR EXISTS (SELECT 1 FROM grants WHERE id = ?8 AND revoked_at = 0)");

	bind_id(st, 1, &change->owner);
	bind_id(st, 2, &change->project);
	bind_text(st, 3, change->token->api);
	bind_id(st, 4, &change->parent);
	sql_bind_int(st, 5, change->actor->now_ms);
	sql_bind_blob(st, 6, change->digest, REMIT_DIGEST_SIZE);
	bind_id(st, 7, &change->client);
	bind_id(st, 8, &change->grant);
	enum store_status status = step_one(st);
	if (status != STORE_OK)
		return status;
	if (!sql_column_int(st, 0) || !sql_column_int(st, 1))
		status = STORE_NOT_FOUND;
	else if (!sql_column_int(st, 2) || !sql_column_int(st, 4) || !sql_column_int(st, 5))
		status = STORE_CONFLICT; /* a child must not be born after its parent died */
	else if (!sql_column_int(st, 3))
		status = STORE_EXISTS;
	sql_reset(st);
	return status;
}

/* An expired token no longer holds its name (D13). */
static enum store_status free_name(struct sql *sql, const struct change *change)
{
	struct sql_statement *st = sql_prepare(sql, "UPDATE tokens SET holds_name = 0 WHERE owner_id = ?1"
		" AND api = ?2 AND name = ?3 AND holds_name = 1 AND expires_at <> 0 AND expires_at <= ?4");

	bind_id(st, 1, &change->owner);
	bind_text(st, 2, change->token->api);
	bind_text(st, 3, change->token->name);
	sql_bind_int(st, 4, change->actor->now_ms);
	return sql_run(st);
}

static enum store_status insert(struct sql *sql, const struct change *change)
{
	const struct token_row *token = change->token;
	struct sql_statement *st = sql_prepare(sql,
		"INSERT INTO tokens (id, digest, owner_id, project_id, kind,"
		" rate, expires_at, revoked_at, api, scopes, name, holds_name, parent_id, preset, created_at,"
		" revoked_by, revoked_why, client_id, grant_id, family_id, jkt, ceiling)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
		" ?19, ?20, ?21, ?22)");

	bind_id(st, 1, &change->id);
	sql_bind_blob(st, 2, change->digest, REMIT_DIGEST_SIZE);
	bind_id(st, 3, &change->owner);
	bind_id(st, 4, &change->project);
	sql_bind_int(st, 5, (int64_t)token->kind);
	sql_bind_int(st, 6, token->rate);
	sql_bind_int(st, 7, token->expires_ms);
	sql_bind_int(st, 8, token->revoked_ms);
	bind_text(st, 9, token->api);
	bind_text(st, 10, token->scopes);
	bind_text(st, 11, token->name);
	sql_bind_int(st, 12, token->kind == REMIT_TOKEN_PERSONAL && token->revoked_ms == 0);
	bind_id(st, 13, &change->parent);
	bind_text(st, 14, token->preset);
	sql_bind_int(st, 15, token->created_ms);
	bind_text(st, 16, token->revoked_by);
	bind_text(st, 17, token->revoked_why);
	bind_id(st, 18, &change->client);
	bind_id(st, 19, &change->grant);
	bind_id(st, 20, &change->family);
	bind_key(st, 21, &token->key);
	bind_text(st, 22, token->ceiling);
	return sql_run(st);
}

static enum store_status add(struct sql *sql, void *arg)
{
	struct change *change = arg;
	const struct token_row *token = change->token;
	enum store_status status = check_surroundings(sql, change);

	if (status == STORE_OK && token->kind == REMIT_TOKEN_PERSONAL)
		status = free_name(sql, change);
	if (status == STORE_OK)
		status = insert(sql, change);
	if (status == STORE_OK)
		status = feed_add(sql, STORE_CHANGE_TEXT, change->digest, REMIT_DIGEST_SIZE,
			&change->revision);
	if (status == STORE_OK)
		status = event_add(sql, change->actor, "token.added", change->id_text, "name", token->name,
			"owner", token->owner.text, "api", token->api, "scopes", token->scopes,
			"preset", token->preset, "ceiling", token->ceiling,
			"project", id_is_set(&token->project) ? token->project.text : NULL,
			"parent", id_is_set(&token->parent) ? token->parent.text : NULL,
			"client", id_is_set(&token->client) ? token->client.text : NULL, NULL);
	return status;
}

/* A row without one of these is a programmer's mistake, but it may come from another store's file. */
static bool read_row(const struct token_row *token, struct change *change)
{
	change->token = token;
	change->id_text = token->id.text;
	return token->name && token->api && token->scopes && id_is_set(&token->id) &&
		id_is_set(&token->owner) && id_to_bytes(&token->id, &change->id) &&
		id_to_bytes(&token->owner, &change->owner) &&
		id_to_bytes(&token->project, &change->project) &&
		id_to_bytes(&token->parent, &change->parent) &&
		id_to_bytes(&token->client, &change->client) &&
		id_to_bytes(&token->grant, &change->grant) &&
		id_to_bytes(&token->family, &change->family);
}

enum store_status token_add_within(struct sql *sql, const struct token_row *token,
	const uint8_t digest[REMIT_DIGEST_SIZE], const struct store_actor *actor, int64_t *revision)
{
	struct change change = { .digest = digest, .actor = actor };

	if (!read_row(token, &change))
		return STORE_INVALID;
	enum store_status status = add(sql, &change);
	if (status == STORE_OK)
		*revision = change.revision;
	return status;
}

static enum store_status apply(struct store *store, enum store_status (*fn)(struct sql *sql, void *arg),
	struct change *change, int64_t *ret_revision)
{
	/* 0 would mean "not revoked" in a tombstone. */
	assert(change->actor->now_ms > 0);
	enum store_status status = database_write(sqlite_of(store)->db, fn, change);
	if (status == STORE_OK && ret_revision)
		*ret_revision = change->revision;
	return status;
}

enum store_status sqlite_token_add(struct store *store, const struct token_row *token,
	const uint8_t digest[REMIT_DIGEST_SIZE], const struct store_actor *actor, int64_t *ret_revision)
{
	struct change change = { .digest = digest, .actor = actor };

	if (!read_row(token, &change))
		return STORE_INVALID;
	return apply(store, add, &change, ret_revision);
}

enum token_state { TOKEN_LIVE, TOKEN_EXPIRED, TOKEN_REVOKED };

struct found {
	enum token_state state;
	int64_t number;
	uint8_t digest[REMIT_DIGEST_SIZE];
};

static enum store_status find(struct sql *sql, const struct id_bytes *id, int64_t now_ms, struct found *ret)
{
	struct sql_statement *st =
		sql_prepare(sql, "SELECT number, digest, expires_at, revoked_at FROM tokens WHERE id = ?1");

	bind_id(st, 1, id);
	enum store_status status = step_one(st);
	if (status != STORE_OK)
		return status;
	struct str digest = sql_column_blob(st, 1);
	int64_t expires_ms = sql_column_int(st, 2);
	if (digest.n != sizeof(ret->digest))
		return STORE_NO_MEMORY; /* the schema allows no other length */
	memcpy(ret->digest, digest.p, sizeof(ret->digest));
	ret->number = sql_column_int(st, 0);
	ret->state = sql_column_int(st, 3) != 0 ? TOKEN_REVOKED :
		expires_ms != 0 && expires_ms <= now_ms ? TOKEN_EXPIRED : TOKEN_LIVE;
	sql_reset(st);
	return STORE_OK;
}

static enum store_status revoke(struct sql *sql, void *arg)
{
	struct change *change = arg;
	struct found found;
	enum store_status status = find(sql, &change->id, change->actor->now_ms, &found);

	/* Where nothing is left to revoke, who waits for the revision waits for what was done before. */
	if (status == STORE_OK)
		status = feed_newest(sql, &change->revision);
	if (status == STORE_OK)
		status = revoke_tokens(sql, REVOKE_ONE, &change->id, change->why, change->actor,
			&change->revision);
	return status;
}

enum store_status sqlite_token_revoke(struct store *store, const struct id *id, const char *why,
	const struct store_actor *actor, int64_t *ret_revision)
{
	struct change change = { .why = why, .actor = actor };

	if (!id_to_bytes(id, &change.id))
		return STORE_NOT_FOUND;
	return apply(store, revoke, &change, ret_revision);
}

/* Earlier texts that still live must not outlive the one that is replaced now. */
static enum store_status shorten_old_texts(struct sql *sql, int64_t number, int64_t expires_ms,
	int64_t now_ms)
{
	struct sql_statement *st = sql_prepare(sql, "UPDATE token_old_texts SET expires_at = ?2,"
		" revoked_at = CASE WHEN revoked_at <> 0 OR ?2 > ?3 THEN revoked_at ELSE ?3 END"
		" WHERE token = ?1 AND expires_at > ?2");

	sql_bind_int(st, 1, number);
	sql_bind_int(st, 2, expires_ms);
	sql_bind_int(st, 3, now_ms);
	return sql_run(st);
}

/* A text that dies at once is revoked, not only expired: no clock that jumps back revives it. */
static enum store_status keep_old_text(struct sql *sql, const struct found *found, int64_t expires_ms,
	int64_t now_ms)
{
	struct sql_statement *st = sql_prepare(sql,
		"INSERT INTO token_old_texts (digest, token, expires_at, revoked_at)"
		" VALUES (?1, ?2, ?3, ?4)");

	sql_bind_blob(st, 1, found->digest, sizeof(found->digest));
	sql_bind_int(st, 2, found->number);
	sql_bind_int(st, 3, expires_ms);
	sql_bind_int(st, 4, expires_ms > now_ms ? 0 : now_ms);
	return sql_run(st);
}

static enum store_status set_digest(struct sql *sql, int64_t number, const uint8_t digest[REMIT_DIGEST_SIZE])
{
	struct sql_statement *st = sql_prepare(sql, "UPDATE tokens SET digest = ?2 WHERE number = ?1"
		" AND NOT EXISTS (SELECT 1 FROM token_old_texts WHERE digest = ?2)");

	sql_bind_int(st, 1, number);
	sql_bind_blob(st, 2, digest, REMIT_DIGEST_SIZE);
	enum store_status status = sql_run(st);
	return status == STORE_OK && sql_changes(sql) == 0 ? STORE_EXISTS : status;
}

static enum store_status rotate(struct sql *sql, void *arg)
{
	struct change *change = arg;
	int64_t now_ms = change->actor->now_ms;
	int64_t expires_ms = change->old_expires_ms > now_ms ? change->old_expires_ms : now_ms;
	struct found found;

	enum store_status status = find(sql, &change->id, now_ms, &found);
	if (status == STORE_OK && found.state != TOKEN_LIVE)
		return STORE_CONFLICT;
	if (status == STORE_OK)
		status = shorten_old_texts(sql, found.number, expires_ms, now_ms);
	if (status == STORE_OK)
		status = keep_old_text(sql, &found, expires_ms, now_ms);
	if (status == STORE_OK)
		status = set_digest(sql, found.number, change->digest);
	if (status == STORE_OK)
		status = feed_add_texts(sql, found.number, change->digest, &change->revision);
	if (status == STORE_OK)
		status = event_add(sql, change->actor, "token.rotated", change->id_text,
			"overlap", expires_ms > now_ms ? "yes" : "no", NULL);
	return status;
}

enum store_status sqlite_token_rotate(struct store *store, const struct id *id,
	const uint8_t digest[REMIT_DIGEST_SIZE], int64_t old_expires_ms, const struct store_actor *actor,
	int64_t *ret_revision)
{
	struct change change = {
		.id_text = id->text, .digest = digest, .old_expires_ms = old_expires_ms, .actor = actor,
	};

	if (!id_to_bytes(id, &change.id))
		return STORE_NOT_FOUND;
	return apply(store, rotate, &change, ret_revision);
}

/* The old one goes first, so that the new one may have its name. */
static enum store_status replace(struct sql *sql, void *arg)
{
	struct change *change = arg;
	struct found found;
	enum store_status status = find(sql, &change->old, change->actor->now_ms, &found);

	if (status == STORE_OK && found.state != TOKEN_LIVE)
		return STORE_CONFLICT;
	if (status == STORE_OK)
		status = revoke_tokens(sql, REVOKE_ONE, &change->old, "replaced by a new token",
			change->actor, &change->revision);
	return status == STORE_OK ? add(sql, change) : status;
}

enum store_status sqlite_token_replace(struct store *store, const struct id *old,
	const struct token_row *token, const uint8_t digest[REMIT_DIGEST_SIZE],
	const struct store_actor *actor, int64_t *ret_revision)
{
	struct change change = { .digest = digest, .actor = actor };

	if (!read_row(token, &change))
		return STORE_INVALID;
	if (!id_to_bytes(old, &change.old))
		return STORE_NOT_FOUND;
	return apply(store, replace, &change, ret_revision);
}

/* Changes nothing where the row is not what the caller judged. The owner and API of a name are the
 * stored ones, so the change is told them first. */
static enum store_status write_update(struct sql *sql, const struct change *change)
{
	const struct token_row *token = change->token;
	struct sql_statement *st = sql_prepare(sql,
		"UPDATE tokens SET name = ?2, rate = ?3, expires_at = ?4, scopes = ?5"
		" WHERE id = ?1 AND scopes = ?6 AND expires_at = ?7"
		" AND owner_id = ?8 AND api = ?9 AND " LIVE("?10"));

	bind_id(st, 1, &change->id);
	bind_text(st, 2, token->name);
	sql_bind_int(st, 3, token->rate);
	sql_bind_int(st, 4, token->expires_ms);
	bind_text(st, 5, token->scopes);
	bind_text(st, 6, change->old_scopes);
	sql_bind_int(st, 7, change->old_expires_ms);
	bind_id(st, 8, &change->owner);
	bind_text(st, 9, token->api);
	sql_bind_int(st, 10, change->actor->now_ms);
	enum store_status status = sql_run(st);
	return status == STORE_OK && sql_changes(sql) == 0 ? STORE_CONFLICT : status;
}

static enum store_status update(struct sql *sql, void *arg)
{
	struct change *change = arg;
	struct found found;

	enum store_status status = find(sql, &change->id, change->actor->now_ms, &found);
	if (status == STORE_OK)
		status = free_name(sql, change);
	if (status == STORE_OK)
		status = write_update(sql, change);
	if (status == STORE_OK)
		status = feed_add_texts(sql, found.number, found.digest, &change->revision);
	if (status == STORE_OK)
		status = event_add(sql, change->actor, "token.updated", change->id_text,
			"name", change->token->name, "scopes", change->token->scopes, "old_scopes", change->old_scopes, NULL);
	return status;
}

enum store_status sqlite_token_update(struct store *store, const struct token_row *token,
	const char *old_scopes, int64_t old_expires_ms, const struct store_actor *actor,
	int64_t *ret_revision)
{
	struct change change = { .old_scopes = old_scopes, .old_expires_ms = old_expires_ms, .actor = actor };

	if (!read_row(token, &change))
		return STORE_INVALID;
	return apply(store, update, &change, ret_revision);
}
