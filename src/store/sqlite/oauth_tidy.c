/* SPDX-License-Identifier: Apache-2.0
 * Forgetting what has run out, in portions, so that the writer is free for others in between.
 * store: may include base, core and wire.
 */
#include "store/sqlite/oauth.h"

#define PORTION 1000

struct tidying {
	int64_t ended_before_ms, unused_before_ms;
	const struct store_actor *actor;
	bool more;
};

static enum store_status run_script(struct sql *sql, const char *script, int64_t before_ms, struct tidying *tidying)
{
	struct sql_statement *st = sql_prepare(sql, script);

	sql_bind_int(st, 1, before_ms);
	sql_bind_int(st, 2, PORTION);
	enum store_status status = sql_run(st);
	if (status == STORE_OK && sql_changes(sql) == PORTION)
		tidying->more = true;
	return status;
}

/* An access token that still has a living child stays: whoever revokes it must reach the child. */
static enum store_status forget_access(struct sql *sql, struct tidying *tidying)
{
	struct sql_statement *st = sql_prepare(sql, "DELETE FROM tokens WHERE number IN (SELECT t.number FROM tokens t"
		" WHERE t.kind = 1 AND t.expires_at <> 0 AND t.expires_at < ?1"
		" AND NOT EXISTS (SELECT 1 FROM tokens c WHERE c.parent_id = t.id AND c.revoked_at = 0"
		" AND (c.expires_at = 0 OR c.expires_at >= ?1)) LIMIT ?2) RETURNING digest");
	enum sql_step step;
	int64_t revision;
	size_t count = 0;

	sql_bind_int(st, 1, tidying->ended_before_ms);
	sql_bind_int(st, 2, PORTION);
	while ((step = sql_step(st)) == SQL_ROW) {
		struct str digest = sql_column_blob(st, 0);
		enum store_status status = feed_add(sql, STORE_CHANGE_TEXT, digest.p, digest.n, &revision);
		if (status != STORE_OK)
			return status;
		count++;
	}
	if (count == PORTION)
		tidying->more = true;
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}

static enum store_status forget_clients(struct sql *sql, struct tidying *tidying)
{
	enum store_status status = run_script(sql, "DELETE FROM clients WHERE number IN (SELECT number FROM clients"
		" WHERE kind <> 1 AND used_at = 0 AND created_at < ?1 AND revoked_at = 0 LIMIT ?2)",
		tidying->unused_before_ms, tidying);
	int64_t gone = sql_changes(sql);

	if (status != STORE_OK || gone == 0)
		return status;
	struct sql_statement *st =
		sql_prepare(sql, "UPDATE client_count SET strangers = strangers - ?1 WHERE one = 1");
	sql_bind_int(st, 1, gone);
	return sql_run(st);
}

static enum store_status tidy(struct sql *sql, void *arg)
{
	static const char *const scripts[] = {
		"DELETE FROM codes WHERE digest IN (SELECT digest FROM codes WHERE expires_at < ?1 LIMIT ?2)",
		"DELETE FROM pushed_requests WHERE digest IN"
		" (SELECT digest FROM pushed_requests WHERE expires_at < ?1 LIMIT ?2)",
		"DELETE FROM device_codes WHERE digest IN"
		" (SELECT digest FROM device_codes WHERE expires_at < ?1 LIMIT ?2)",
		"DELETE FROM refresh_tokens WHERE digest IN"
		" (SELECT digest FROM refresh_tokens WHERE expires_at < ?1 LIMIT ?2)",
		/* None of its tokens is left, and its last one ended long ago. */
		"DELETE FROM refresh_families WHERE id IN (SELECT f.id FROM refresh_families f"
		" WHERE f.created_at < ?1 AND NOT EXISTS (SELECT 1 FROM refresh_tokens r WHERE r.family_id = f.id)"
		" LIMIT ?2)",
	};
	struct tidying *tidying = arg;
	enum store_status status = forget_access(sql, tidying);

	for (size_t i = 0; status == STORE_OK && i < sizeof(scripts) / sizeof(scripts[0]); i++)
		status = run_script(sql, scripts[i], tidying->ended_before_ms, tidying);
	return status == STORE_OK ? forget_clients(sql, tidying) : status;
}

enum store_status store_oauth_tidy(struct store *store, int64_t ended_before_ms, int64_t unused_before_ms,
	const struct store_actor *actor, bool *ret_more)
{
	struct tidying tidying = {
		.ended_before_ms = ended_before_ms, .unused_before_ms = unused_before_ms, .actor = actor,
	};
	enum store_status status = oauth_write(store, tidy, &tidying);

	if (status == STORE_OK)
		*ret_more = tidying.more;
	return status;
}
