/* SPDX-License-Identifier: Apache-2.0
 * Revocation: a tombstone for each token and for each of its descendants, told text by text.
 * store: may include base, core and wire.
 */
#include "store/sqlite/revoke.h"

#include "store/sqlite/rows.h"

#include <assert.h>

/* UNION, not UNION ALL: a circle of parents, however it came about, ends. */
#define REVOKE(which) \
	"WITH RECURSIVE doomed (id) AS (SELECT id FROM tokens WHERE " which " = ?1" \
	" UNION SELECT t.id FROM tokens t JOIN doomed d ON t.parent_id = d.id)" \
	" UPDATE tokens SET revoked_at = ?2, revoked_by = ?3, revoked_why = ?4, holds_name = 0" \
	" WHERE revoked_at = 0 AND id IN (SELECT id FROM doomed) RETURNING number, id, digest"

static const char *const scripts[] = {
	[REVOKE_ONE] = REVOKE("id"),
	[REVOKE_OF_OWNER] = REVOKE("owner_id"),
	[REVOKE_OF_PROJECT] = REVOKE("project_id"),
	[REVOKE_OF_CLIENT] = REVOKE("client_id"),
	[REVOKE_OF_GRANT] = REVOKE("grant_id"),
	[REVOKE_OF_FAMILY] = REVOKE("family_id"),
};

enum store_status feed_add_texts(struct sql *sql, int64_t number, const uint8_t digest[REMIT_DIGEST_SIZE],
	int64_t *ret_revision)
{
	enum store_status status = feed_add(sql, STORE_CHANGE_TEXT, digest, REMIT_DIGEST_SIZE, ret_revision);
	if (status != STORE_OK)
		return status;

	struct sql_statement *st = sql_prepare(sql, "SELECT digest FROM token_old_texts WHERE token = ?1");
	enum sql_step step;
	sql_bind_int(st, 1, number);
	while ((step = sql_step(st)) == SQL_ROW) {
		struct str old = sql_column_blob(st, 0);
		status = feed_add(sql, STORE_CHANGE_TEXT, old.p, old.n, ret_revision);
		if (status != STORE_OK)
			return status;
	}
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}

static enum store_status tell_revoked(struct sql *sql, struct sql_statement *row, const char *why,
	const struct store_actor *actor, int64_t *revision)
{
	struct id id = column_id(row, 1);
	struct str blob = sql_column_blob(row, 2);
	uint8_t digest[REMIT_DIGEST_SIZE];

	if (blob.n != sizeof(digest))
		return STORE_NO_MEMORY; /* the schema allows no other length */
	memcpy(digest, blob.p, sizeof(digest));
	enum store_status status = feed_add_texts(sql, sql_column_int(row, 0), digest, revision);
	if (status == STORE_OK)
		status = event_add(sql, actor, "token.revoked", id.text, "why", why, NULL);
	return status;
}

enum store_status revoke_tokens(struct sql *sql, enum revoke_which which, const struct id_bytes *key,
	const char *why, const struct store_actor *actor, int64_t *revision)
{
	struct sql_statement *st = sql_prepare(sql, scripts[which]);
	enum sql_step step;

	assert(actor->now_ms > 0);
	sql_bind_blob(st, 1, key->b, sizeof(key->b));
	sql_bind_int(st, 2, actor->now_ms);
	bind_text(st, 3, actor->who);
	bind_text(st, 4, why ? why : "");
	while ((step = sql_step(st)) == SQL_ROW) {
		enum store_status status = tell_revoked(sql, st, why, actor, revision);
		if (status != STORE_OK)
			return status;
	}
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}
