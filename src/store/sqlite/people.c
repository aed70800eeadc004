/* SPDX-License-Identifier: Apache-2.0
 * People.
 * store: may include base, core and wire.
 */
#include "store/sqlite/sqlite.h"

#include "store/sqlite/revoke.h"
#include "store/sqlite/rows.h"

struct change {
	const struct user_row *user;
	struct id_bytes id;
	const char *id_text;
	bool disabled;
	const struct store_actor *actor;
	int64_t revision;
};

static enum store_status add(struct sql *sql, void *arg)
{
	struct change *change = arg;
	const struct user_row *user = change->user;
	struct sql_statement *st = sql_prepare(sql,
		"INSERT INTO users (id, email, password_hash, admin, created_at, disabled_at)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6)");

	bind_id(st, 1, &change->id);
	bind_text(st, 2, user->email);
	bind_text(st, 3, user->password_hash);
	sql_bind_int(st, 4, user->admin);
	sql_bind_int(st, 5, user->created_ms);
	sql_bind_int(st, 6, user->disabled_ms);
	enum store_status status = sql_run(st);
	if (status == STORE_OK)
		status = feed_add_id(sql, STORE_CHANGE_USER, &change->id, &change->revision);
	if (status == STORE_OK)
		status = event_add(sql, change->actor, "user.added", change->id_text, "email", user->email,
			"admin", user->admin ? "yes" : "no", NULL);
	return status;
}

enum store_status sqlite_user_add(struct store *store, const struct user_row *user,
	const struct store_actor *actor)
{
	struct change change = { .user = user, .id_text = user->id.text, .actor = actor };

	if (!id_is_set(&user->id) || !id_to_bytes(&user->id, &change.id) || !user->email)
		return STORE_INVALID;
	return database_write(sqlite_of(store)->db, add, &change);
}

struct query {
	const char *email;
	struct id_bytes id;
	struct arena *arena;
	struct user_row row;
};

static enum store_status finish_find(struct sql_statement *st, struct query *query)
{
	enum store_status status = step_one(st);

	if (status == STORE_OK && !(read_user(st, &query->row) && keep_user(query->arena, &query->row)))
		return STORE_NO_MEMORY;
	return status;
}

static enum store_status get(struct sql *sql, void *arg)
{
	struct query *query = arg;
	struct sql_statement *st = sql_prepare(sql, "SELECT " USER_COLUMNS " FROM users u WHERE u.id = ?1");

	bind_id(st, 1, &query->id);
	return finish_find(st, query);
}

static enum store_status find(struct sql *sql, void *arg)
{
	struct query *query = arg;
	struct sql_statement *st =
		sql_prepare(sql, "SELECT " USER_COLUMNS " FROM users u WHERE u.email = ?1");

	bind_text(st, 1, query->email);
	return finish_find(st, query);
}

enum store_status sqlite_user_get(struct store *store, const struct id *id, struct arena *arena,
	struct user_row *ret)
{
	struct query query = { .arena = arena };

	if (!id_to_bytes(id, &query.id))
		return STORE_NOT_FOUND;
	enum store_status status = database_read(sqlite_of(store)->db, get, &query);
	if (status == STORE_OK)
		*ret = query.row;
	return status;
}

enum store_status sqlite_user_find(struct store *store, const char *email, struct arena *arena,
	struct user_row *ret)
{
	struct query query = { .email = email, .arena = arena };
	enum store_status status = database_read(sqlite_of(store)->db, find, &query);

	if (status == STORE_OK)
		*ret = query.row;
	return status;
}

struct walk {
	bool (*each)(void *ctx, const struct user_row *row);
	void *ctx;
	struct id_bytes project;
};

static enum store_status walk_users(struct sql_statement *st, const struct walk *walk)
{
	struct user_row row;
	enum sql_step step;

	while ((step = sql_step(st)) == SQL_ROW) {
		if (!read_user(st, &row))
			return STORE_NO_MEMORY;
		if (!walk->each(walk->ctx, &row))
			return STORE_STOPPED;
	}
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}

static enum store_status each(struct sql *sql, void *arg)
{
	return walk_users(sql_prepare(sql, "SELECT " USER_COLUMNS " FROM users u ORDER BY u.number"), arg);
}

enum store_status sqlite_user_each(struct store *store, bool (*fn)(void *ctx, const struct user_row *row),
	void *ctx)
{
	return database_read(sqlite_of(store)->db, each, &(struct walk){ .each = fn, .ctx = ctx });
}

static enum store_status each_member(struct sql *sql, void *arg)
{
	struct walk *walk = arg;
	struct sql_statement *st = sql_prepare(sql, "SELECT " USER_COLUMNS
		" FROM project_members m JOIN users u ON u.id = m.user_id WHERE m.project_id = ?1"
		" ORDER BY u.number");

	bind_id(st, 1, &walk->project);
	return walk_users(st, walk);
}

enum store_status sqlite_member_each(struct store *store, const struct id *project,
	bool (*fn)(void *ctx, const struct user_row *row), void *ctx)
{
	struct walk walk = { .each = fn, .ctx = ctx };

	if (!id_to_bytes(project, &walk.project))
		return STORE_NOT_FOUND;
	return database_read(sqlite_of(store)->db, each_member, &walk);
}

static enum store_status check_user(struct sql *sql, const struct id_bytes *id)
{
	struct sql_statement *st = sql_prepare(sql, "SELECT 1 FROM users WHERE id = ?1");

	bind_id(st, 1, id);
	return step_one(st);
}

static enum store_status disable(struct sql *sql, void *arg)
{
	struct change *change = arg;
	struct sql_statement *st = sql_prepare(sql,
		"UPDATE users SET disabled_at = ?2 WHERE id = ?1 AND (disabled_at <> 0) <> (?2 <> 0)");

	bind_id(st, 1, &change->id);
	sql_bind_int(st, 2, change->disabled ? change->actor->now_ms : 0);
	enum store_status status = sql_run(st);
	if (status != STORE_OK)
		return status;
	if (sql_changes(sql) == 0) {
		status = check_user(sql, &change->id);
		return status == STORE_OK ? feed_newest(sql, &change->revision) : status;
	}
	status = feed_add_id(sql, STORE_CHANGE_USER, &change->id, &change->revision);
	if (status == STORE_OK)
		status = event_add(sql, change->actor, change->disabled ? "user.disabled" : "user.enabled",
			change->id_text, NULL);
	return status;
}

enum store_status sqlite_user_disable(struct store *store, const struct id *id, bool disabled,
	const struct store_actor *actor, int64_t *ret_revision)
{
	struct change change = { .id_text = id->text, .disabled = disabled, .actor = actor };

	if (!id_to_bytes(id, &change.id))
		return STORE_NOT_FOUND;
	enum store_status status = database_write(sqlite_of(store)->db, disable, &change);
	if (status == STORE_OK && ret_revision)
		*ret_revision = change.revision;
	return status;
}

static enum store_status check_owns_nothing(struct sql *sql, const struct id_bytes *id)
{
	struct sql_statement *st = sql_prepare(sql, "SELECT 1 FROM projects WHERE owner_id = ?1");

	bind_id(st, 1, id);
	enum store_status status = step_one(st);
	if (status == STORE_OK)
		return STORE_CONFLICT;
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

static enum store_status leave_projects(struct sql *sql, struct change *change)
{
	struct sql_statement *st =
		sql_prepare(sql, "DELETE FROM project_members WHERE user_id = ?1 RETURNING project_id");
	enum sql_step step;

	bind_id(st, 1, &change->id);
	while ((step = sql_step(st)) == SQL_ROW) {
		struct id_bytes project = column_id_bytes(st, 0);
		enum store_status status = feed_add_id(sql, STORE_CHANGE_PROJECT, &project,
			&change->revision);
		if (status != STORE_OK)
			return status;
	}
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}

static enum store_status delete_user(struct sql *sql, struct change *change)
{
	struct sql_statement *st = sql_prepare(sql, "DELETE FROM users WHERE id = ?1 RETURNING email");

	bind_id(st, 1, &change->id);
	enum store_status status = step_one(st);
	if (status == STORE_EXISTS)
		return STORE_CONFLICT; /* something still refers to them */
	if (status == STORE_OK)
		status = feed_add_id(sql, STORE_CHANGE_USER, &change->id, &change->revision);
	if (status == STORE_OK)
		status = event_add(sql, change->actor, "user.removed", change->id_text,
			"email", sql_column_text(st, 0).p, NULL);
	sql_reset(st);
	return status;
}

static enum store_status remove_user(struct sql *sql, void *arg)
{
	struct change *change = arg;
	enum store_status status = check_user(sql, &change->id);

	if (status == STORE_OK)
		status = check_owns_nothing(sql, &change->id);
	if (status == STORE_OK)
		status = revoke_tokens(sql, REVOKE_OF_OWNER, &change->id, "the owner was removed",
			change->actor, &change->revision);
	if (status == STORE_OK)
		status = leave_projects(sql, change);
	return status == STORE_OK ? delete_user(sql, change) : status;
}

enum store_status sqlite_user_remove(struct store *store, const struct id *id,
	const struct store_actor *actor, int64_t *ret_revision)
{
	struct change change = { .id_text = id->text, .actor = actor };

	if (!id_to_bytes(id, &change.id))
		return STORE_NOT_FOUND;
	enum store_status status = database_write(sqlite_of(store)->db, remove_user, &change);
	if (status == STORE_OK && ret_revision)
		*ret_revision = change.revision;
	return status;
}
