/* SPDX-License-Identifier: Apache-2.0
 * Issuing the tokens of a grant, and ending those of a family.
 * store: may include base, core and wire.
 */
#include "store/sqlite/oauth.h"

enum store_status oauth_read(struct store *store, enum store_status (*fn)(struct sql *sql, void *arg), void *arg)
{
	struct database *db = store_database(store);
	return db ? database_read(db, fn, arg) : STORE_INVALID;
}

enum store_status oauth_write(struct store *store, enum store_status (*fn)(struct sql *sql, void *arg), void *arg)
{
	struct database *db = store_database(store);
	return db ? database_write(db, fn, arg) : STORE_INVALID;
}

/* The person may sign in, and no one has ended the family. */
static enum store_status check_family(struct sql *sql, const struct token_row *access, bool fresh, bool *ret_live)
{
	struct id_bytes owner, family;
	struct sql_statement *st = sql_prepare(sql,
		"SELECT EXISTS (SELECT 1 FROM users WHERE id = ?1 AND disabled_at = 0),"
		" ?3 OR EXISTS (SELECT 1 FROM refresh_families WHERE id = ?2 AND revoked_at = 0)");

	if (!id_to_bytes(&access->owner, &owner) || !id_to_bytes(&access->family, &family))
		return STORE_INVALID;
	bind_id(st, 1, &owner);
	bind_id(st, 2, &family);
	sql_bind_int(st, 3, fresh);
	enum store_status status = step_one(st);
	if (status != STORE_OK)
		return status;
	*ret_live = sql_column_int(st, 0) && sql_column_int(st, 1);
	sql_reset(st);
	return STORE_OK;
}

static enum store_status write_family(struct sql *sql, const struct store_issue *issue,
	const struct issue_family *family, const struct store_actor *actor)
{
	const struct token_row *access = &issue->access;
	struct id_bytes id, grant;
	struct sql_statement *st = sql_prepare(sql,
		"INSERT INTO refresh_families (id, grant_id, scopes, resource, created_at, revoked_at, jkt)"
		" VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)");

	if (!id_to_bytes(&access->family, &id) || !id_to_bytes(&access->grant, &grant))
		return STORE_INVALID;
	bind_id(st, 1, &id);
	bind_id(st, 2, &grant);
	bind_text(st, 3, family->scopes);
	bind_text(st, 4, family->resource);
	sql_bind_int(st, 5, actor->now_ms);
	bind_key(st, 6, &issue->refresh_key);
	return sql_run(st);
}

static enum store_status write_refresh(struct sql *sql, const struct store_issue *issue,
	const struct store_actor *actor)
{
	struct id_bytes family;
	struct sql_statement *st = sql_prepare(sql,
		"INSERT INTO refresh_tokens (digest, family_id, created_at, expires_at, used_at)"
		" VALUES (?1, ?2, ?3, ?4, 0)");

	if (!id_to_bytes(&issue->access.family, &family))
		return STORE_INVALID;
	sql_bind_blob(st, 1, issue->refresh_digest, REMIT_DIGEST_SIZE);
	bind_id(st, 2, &family);
	sql_bind_int(st, 3, actor->now_ms);
	sql_bind_int(st, 4, issue->refresh_expires_ms);
	return sql_run(st);
}

static enum store_status count_living(struct sql *sql, const struct token_row *access, int64_t now_ms, uint64_t *ret)
{
	struct id_bytes family;
	struct sql_statement *st = sql_prepare(sql, "SELECT count(*) FROM tokens WHERE family_id = ?1 AND revoked_at = 0"
		" AND (expires_at = 0 OR expires_at > ?2)");

	if (!id_to_bytes(&access->family, &family))
		return STORE_INVALID;
	bind_id(st, 1, &family);
	sql_bind_int(st, 2, now_ms);
	enum store_status status = step_one(st);
	if (status != STORE_OK)
		return status;
	*ret = (uint64_t)sql_column_int(st, 0);
	sql_reset(st);
	return STORE_OK;
}

enum store_status issue_write(struct sql *sql, const struct store_issue *issue,
	const struct issue_family *family, const struct store_actor *actor, enum store_outcome *ret_outcome,
	int64_t *revision)
{
	bool live;
	enum store_status status = check_family(sql, &issue->access, family->fresh, &live);

	*ret_outcome = STORE_ENDED;
	if (status != STORE_OK || !live)
		return status;
	uint64_t living = 0;
	if (!family->fresh)
		status = count_living(sql, &issue->access, actor->now_ms, &living);
	if (status != STORE_OK)
		return status;
	if (living >= issue->most && !family->fresh) {
		*ret_outcome = STORE_TOO_MANY;
		return STORE_OK;
	}
	status = token_add_within(sql, &issue->access, issue->access_digest, actor, revision);
	/* The grant, the client, the project or the person is gone: that is no failure of the store. */
	if (status == STORE_CONFLICT || status == STORE_NOT_FOUND)
		return STORE_OK;
	if (status == STORE_OK && issue->refresh_digest && family->fresh)
		status = write_family(sql, issue, family, actor);
	if (status == STORE_OK && issue->refresh_digest)
		status = write_refresh(sql, issue, actor);
	if (status == STORE_OK)
		*ret_outcome = STORE_ISSUED;
	return status;
}

enum store_status family_revoke(struct sql *sql, const struct id_bytes *family, const char *why,
	const struct store_actor *actor, int64_t *revision)
{
	struct sql_statement *st = sql_prepare(sql,
		"UPDATE refresh_families SET revoked_at = ?2 WHERE id = ?1 AND revoked_at = 0");

	bind_id(st, 1, family);
	sql_bind_int(st, 2, actor->now_ms);
	enum store_status status = sql_run(st);
	if (status == STORE_OK)
		status = feed_newest(sql, revision);
	if (status == STORE_OK)
		status = revoke_tokens(sql, REVOKE_OF_FAMILY, family, why, actor, revision);
	return status;
}

struct ending {
	struct id_bytes family;
	const char *why;
	const struct store_actor *actor;
	int64_t revision;
};

static enum store_status end_family(struct sql *sql, void *arg)
{
	struct ending *ending = arg;
	return family_revoke(sql, &ending->family, ending->why, ending->actor, &ending->revision);
}

enum store_status store_family_revoke(struct store *store, const struct id *family, const char *why,
	const struct store_actor *actor, int64_t *ret_revision)
{
	struct ending ending = { .why = why, .actor = actor };

	if (!id_to_bytes(family, &ending.family))
		return STORE_NOT_FOUND;
	enum store_status status = oauth_write(store, end_family, &ending);
	if (status == STORE_OK && ret_revision)
		*ret_revision = ending.revision;
	return status;
}

struct depth {
	struct id_bytes id;
	unsigned most, depth;
	int64_t now_ms;
	uint64_t children;
};

static enum store_status count_parents(struct sql *sql, void *arg)
{
	struct depth *depth = arg;
	struct sql_statement *st = sql_prepare(sql,
		"WITH RECURSIVE line (id, n) AS (SELECT parent_id, 1 FROM tokens WHERE id = ?1"
		" UNION ALL SELECT t.parent_id, l.n + 1 FROM tokens t JOIN line l ON t.id = l.id WHERE l.n <= ?2)"
		" SELECT count(*) FROM line WHERE id IS NOT NULL");

	bind_id(st, 1, &depth->id);
	sql_bind_int(st, 2, depth->most);
	enum store_status status = step_one(st);
	if (status != STORE_OK)
		return status;
	depth->depth = (unsigned)sql_column_int(st, 0);
	sql_reset(st);
	st = sql_prepare(sql, "SELECT count(*) FROM tokens WHERE parent_id = ?1 AND revoked_at = 0"
		" AND (expires_at = 0 OR expires_at > ?2)");
	bind_id(st, 1, &depth->id);
	sql_bind_int(st, 2, depth->now_ms);
	status = step_one(st);
	if (status == STORE_OK)
		depth->children = (uint64_t)sql_column_int(st, 0);
	return status;
}

enum store_status store_token_depth(struct store *store, const struct id *id, unsigned most, int64_t now_ms,
	unsigned *ret, uint64_t *ret_children)
{
	struct depth depth = { .most = most, .now_ms = now_ms };

	if (!id_to_bytes(id, &depth.id))
		return STORE_NOT_FOUND;
	enum store_status status = oauth_read(store, count_parents, &depth);
	if (status == STORE_OK) {
		*ret = depth.depth;
		*ret_children = depth.children;
	}
	return status;
}
