/* SPDX-License-Identifier: Apache-2.0
 * Housekeeping of tokens: last use, and forgetting those that ended long ago. Both come in portions,
 * so that the writer is free for others in between.
 * store: may include base, core and wire.
 */
#include "store/sqlite/sqlite.h"

#include "store/sqlite/rows.h"

#include <stdio.h>

#define PORTION 500

struct uses {
	const struct token_use *uses;
	size_t count;
};

static enum store_status write_uses(struct sql *sql, void *arg)
{
	const struct uses *uses = arg;

	for (size_t i = 0; i < uses->count; i++) {
		const struct token_use *use = &uses->uses[i];
		struct sql_statement *st = sql_prepare(sql,
			"INSERT INTO token_use (token, last_used, audit_place)"
			" SELECT number, ?2, ?3 FROM tokens WHERE id = ?1"
			" ON CONFLICT (token) DO UPDATE SET last_used = excluded.last_used,"
			" audit_place = excluded.audit_place"
			" WHERE excluded.last_used >= token_use.last_used");
		bind_id(st, 1, &use->token);
		sql_bind_int(st, 2, use->last_used_ms);
		sql_bind_int(st, 3, (int64_t)use->audit_place);
		enum store_status status = sql_run(st);
		if (status != STORE_OK)
			return status;
	}
	return STORE_OK;
}

enum store_status sqlite_token_used(struct store *store, const struct token_use *uses, size_t count)
{
	for (size_t i = 0; i < count; i += PORTION) {
		struct uses portion = { uses + i, count - i < PORTION ? count - i : PORTION };
		enum store_status status = database_write(sqlite_of(store)->db, write_uses, &portion);
		if (status != STORE_OK)
			return status;
	}
	return STORE_OK;
}

struct prune {
	int64_t before_ms, after; /* after: the number of the last token that was looked at */
	int64_t last;             /* where this portion ends */
	size_t looked;
	int64_t count;
	const struct store_actor *actor;
};

/* A token that still has a living child stays: whoever revokes it must reach the child. */
#define ENDED \
	"((revoked_at <> 0 AND revoked_at < ?3) OR (expires_at <> 0 AND expires_at < ?3))" \
	" AND NOT EXISTS (SELECT 1 FROM tokens c WHERE c.parent_id = tokens.id AND c.revoked_at = 0" \
	" AND (c.expires_at = 0 OR c.expires_at >= ?3))"

static enum store_status tell_forgotten(struct sql *sql, struct sql_statement *st, int64_t *count)
{
	enum sql_step step;
	int64_t revision;

	while ((step = sql_step(st)) == SQL_ROW) {
		struct str digest = sql_column_blob(st, 0);
		enum store_status status = feed_add(sql, STORE_CHANGE_TEXT, digest.p, digest.n, &revision);
		if (status != STORE_OK)
			return status;
		++*count;
	}
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}

static void bind_portion(struct sql_statement *st, const struct prune *prune)
{
	sql_bind_int(st, 1, prune->after);
	sql_bind_int(st, 2, prune->last);
	sql_bind_int(st, 3, prune->before_ms);
}

static enum store_status find_portion(struct sql *sql, struct prune *prune)
{
	struct sql_statement *st = sql_prepare(sql, "SELECT count(*), max(number) FROM"
		" (SELECT number FROM tokens WHERE number > ?1 ORDER BY number LIMIT ?2)");

	sql_bind_int(st, 1, prune->after);
	sql_bind_int(st, 2, PORTION);
	enum store_status status = step_one(st);
	if (status != STORE_OK)
		return status;
	prune->looked = (size_t)sql_column_int(st, 0);
	prune->last = sql_column_int(st, 1);
	sql_reset(st);
	return STORE_OK;
}

static enum store_status prune_portion(struct sql *sql, void *arg)
{
	struct prune *prune = arg;
	int64_t texts = 0;
	char number[24];

	prune->count = 0;
	enum store_status status = find_portion(sql, prune);
	if (status != STORE_OK || prune->looked == 0)
		return status;
	/* Old texts first: with their token they would go without a word. */
	struct sql_statement *st = sql_prepare(sql,
		"DELETE FROM token_old_texts WHERE token > ?1 AND token <= ?2 AND (expires_at < ?3"
		" OR token IN (SELECT number FROM tokens WHERE number > ?1 AND number <= ?2 AND "
		ENDED ")) RETURNING digest");
	bind_portion(st, prune);
	status = tell_forgotten(sql, st, &texts);
	if (status != STORE_OK)
		return status;
	st = sql_prepare(sql,
		"DELETE FROM tokens WHERE number > ?1 AND number <= ?2 AND " ENDED " RETURNING digest");
	bind_portion(st, prune);
	status = tell_forgotten(sql, st, &prune->count);
	if (status != STORE_OK || prune->count + texts == 0)
		return status;
	snprintf(number, sizeof(number), "%lld", (long long)prune->count);
	return event_add(sql, prune->actor, "token.pruned", "", "count", number, NULL);
}

enum store_status sqlite_token_prune(struct store *store, int64_t ended_before_ms,
	const struct store_actor *actor, int64_t *ret_count)
{
	struct prune prune = { .before_ms = ended_before_ms, .actor = actor };
	int64_t total = 0;

	do {
		enum store_status status = database_write(sqlite_of(store)->db, prune_portion, &prune);
		if (status != STORE_OK)
			return status;
		total += prune.count;
		prune.after = prune.last;
	} while (prune.looked == PORTION);
	*ret_count = total;
	return STORE_OK;
}
