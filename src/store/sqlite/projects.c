/* SPDX-License-Identifier: Apache-2.0
 * Projects and their members. Who is a member is in people.c, where a person's row is read.
 * store: may include base, core and wire.
 */
#include "store/sqlite/sqlite.h"

#include "store/sqlite/revoke.h"
#include "store/sqlite/rows.h"

struct change {
	const struct project_row *project;
	struct id_bytes id, person;
	const char *id_text, *person_text;
	const struct store_actor *actor;
	int64_t revision;
};

static enum store_status add(struct sql *sql, void *arg)
{
	struct change *change = arg;
	const struct project_row *project = change->project;
	struct sql_statement *st = sql_prepare(sql, "SELECT 1 FROM users WHERE id = ?1");

	bind_id(st, 1, &change->person);
	enum store_status status = step_one(st);
	if (status != STORE_OK)
		return status;
	st = sql_prepare(sql,
		"INSERT INTO projects (id, api, name, owner_id, created_at) VALUES (?1, ?2, ?3, ?4, ?5)");
	bind_id(st, 1, &change->id);
	bind_text(st, 2, project->api);
	bind_text(st, 3, project->name);
	bind_id(st, 4, &change->person);
	sql_bind_int(st, 5, project->created_ms);
	status = sql_run(st);
	if (status == STORE_OK)
		status = feed_add_id(sql, STORE_CHANGE_PROJECT, &change->id, &change->revision);
	if (status == STORE_OK)
		status = event_add(sql, change->actor, "project.added", change->id_text,
			"name", project->name, "api", project->api, "owner", project->owner.text, NULL);
	return status;
}

enum store_status sqlite_project_add(struct store *store, const struct project_row *project,
	const struct store_actor *actor)
{
	struct change change = { .project = project, .id_text = project->id.text, .actor = actor };

	if (!id_is_set(&project->id) || !id_to_bytes(&project->id, &change.id) ||
	    !id_to_bytes(&project->owner, &change.person) || !project->api || !project->name)
		return STORE_INVALID;
	return database_write(sqlite_of(store)->db, add, &change);
}

struct query {
	struct id_bytes project, user;
	const char *api;
	struct arena *arena;
	struct project_row row;
	bool reaches;
	bool (*each)(void *ctx, const struct project_row *row);
	void *ctx;
};

static enum store_status get(struct sql *sql, void *arg)
{
	struct query *query = arg;
	struct sql_statement *st =
		sql_prepare(sql, "SELECT " PROJECT_COLUMNS " FROM projects p WHERE p.id = ?1");

	bind_id(st, 1, &query->project);
	enum store_status status = step_one(st);
	if (status == STORE_OK && !(read_project(st, &query->row) && keep_project(query->arena, &query->row)))
		return STORE_NO_MEMORY;
	return status;
}

enum store_status sqlite_project_get(struct store *store, const struct id *id, struct arena *arena,
	struct project_row *ret)
{
	struct query query = { .arena = arena };

	if (!id_to_bytes(id, &query.project))
		return STORE_NOT_FOUND;
	enum store_status status = database_read(sqlite_of(store)->db, get, &query);
	if (status == STORE_OK)
		*ret = query.row;
	return status;
}

/* Whether the person ?1 reaches the project p. */
#define REACHES \
	"(p.owner_id = ?1 OR EXISTS" \
	" (SELECT 1 FROM project_members m WHERE m.project_id = p.id AND m.user_id = ?1))"

static enum store_status each(struct sql *sql, void *arg)
{
	struct query *query = arg;
	struct sql_statement *st = sql_prepare(sql, "SELECT " PROJECT_COLUMNS " FROM projects p"
		" WHERE (?1 IS NULL OR " REACHES ") AND (?2 IS NULL OR p.api = ?2) ORDER BY p.number");
	struct project_row row;
	enum sql_step step;

	bind_id(st, 1, &query->user);
	bind_text(st, 2, query->api);
	while ((step = sql_step(st)) == SQL_ROW) {
		if (!read_project(st, &row))
			return STORE_NO_MEMORY;
		if (!query->each(query->ctx, &row))
			return STORE_STOPPED;
	}
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}

enum store_status sqlite_project_each(struct store *store, const char *api, const struct id *user,
	bool (*fn)(void *ctx, const struct project_row *row), void *ctx)
{
	struct query query = { .api = api, .each = fn, .ctx = ctx };

	/* Nobody's projects are none; only NULL means everybody's. */
	if (user && (!id_is_set(user) || !id_to_bytes(user, &query.user)))
		return STORE_OK;
	return database_read(sqlite_of(store)->db, each, &query);
}

static enum store_status reaches(struct sql *sql, void *arg)
{
	struct query *query = arg;
	struct sql_statement *st = sql_prepare(sql, "SELECT 1 FROM projects p WHERE p.id = ?2 AND " REACHES);

	bind_id(st, 1, &query->user);
	bind_id(st, 2, &query->project);
	enum store_status status = step_one(st);
	query->reaches = status == STORE_OK;
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

enum store_status sqlite_project_reaches(struct store *store, const struct id *project, const struct id *user,
	bool *ret)
{
	struct query query = { .reaches = false };
	enum store_status status = STORE_OK;

	if (id_to_bytes(project, &query.project) && id_to_bytes(user, &query.user))
		status = database_read(sqlite_of(store)->db, reaches, &query);
	if (status == STORE_OK)
		*ret = query.reaches;
	return status;
}

static enum store_status delete_members(struct sql *sql, const struct id_bytes *project)
{
	struct sql_statement *st = sql_prepare(sql, "DELETE FROM project_members WHERE project_id = ?1");

	bind_id(st, 1, project);
	return sql_run(st);
}

static enum store_status delete_project(struct sql *sql, struct change *change)
{
	struct sql_statement *st = sql_prepare(sql, "DELETE FROM projects WHERE id = ?1 RETURNING name, api");

	bind_id(st, 1, &change->id);
	enum store_status status = step_one(st);
	if (status == STORE_EXISTS)
		return STORE_CONFLICT; /* something still refers to it */
	if (status == STORE_OK)
		status = feed_add_id(sql, STORE_CHANGE_PROJECT, &change->id, &change->revision);
	if (status == STORE_OK)
		status = event_add(sql, change->actor, "project.removed", change->id_text,
			"name", sql_column_text(st, 0).p, "api", sql_column_text(st, 1).p, NULL);
	sql_reset(st);
	return status;
}

static enum store_status remove_project(struct sql *sql, void *arg)
{
	struct change *change = arg;
	enum store_status status = delete_members(sql, &change->id);

	if (status == STORE_OK)
		status = delete_project(sql, change);
	if (status == STORE_OK)
		status = revoke_tokens(sql, REVOKE_OF_PROJECT, &change->id, "the project was removed",
			change->actor, &change->revision);
	return status;
}

enum store_status sqlite_project_remove(struct store *store, const struct id *id,
	const struct store_actor *actor, int64_t *ret_revision)
{
	struct change change = { .id_text = id->text, .actor = actor };

	if (!id_to_bytes(id, &change.id))
		return STORE_NOT_FOUND;
	enum store_status status = database_write(sqlite_of(store)->db, remove_project, &change);
	if (status == STORE_OK && ret_revision)
		*ret_revision = change.revision;
	return status;
}

static enum store_status finish_member(struct sql *sql, struct change *change, const char *action)
{
	enum store_status status = feed_add_id(sql, STORE_CHANGE_PROJECT, &change->id, &change->revision);

	if (status == STORE_OK)
		status = event_add(sql, change->actor, action, change->id_text,
			"user", change->person_text, NULL);
	return status;
}

static enum store_status add_member(struct sql *sql, void *arg)
{
	struct change *change = arg;
	struct sql_statement *st = sql_prepare(sql,
		"SELECT 1 FROM projects p JOIN users u ON u.id = ?2 WHERE p.id = ?1");

	bind_id(st, 1, &change->id);
	bind_id(st, 2, &change->person);
	enum store_status status = step_one(st);
	if (status != STORE_OK)
		return status;
	st = sql_prepare(sql, "INSERT INTO project_members (project_id, user_id) VALUES (?1, ?2)");
	bind_id(st, 1, &change->id);
	bind_id(st, 2, &change->person);
	status = sql_run(st);
	return status == STORE_OK ? finish_member(sql, change, "project.member_added") : status;
}

static enum store_status remove_member(struct sql *sql, void *arg)
{
	struct change *change = arg;
	struct sql_statement *st = sql_prepare(sql,
		"DELETE FROM project_members WHERE project_id = ?1 AND user_id = ?2");

	bind_id(st, 1, &change->id);
	bind_id(st, 2, &change->person);
	enum store_status status = sql_run(st);
	if (status == STORE_OK && sql_changes(sql) == 0)
		return STORE_NOT_FOUND;
	return status == STORE_OK ? finish_member(sql, change, "project.member_removed") : status;
}

static enum store_status change_member(struct store *store, const struct id *project, const struct id *user,
	const struct store_actor *actor, enum store_status (*fn)(struct sql *sql, void *arg),
	int64_t *ret_revision)
{
	struct change change = { .id_text = project->text, .person_text = user->text, .actor = actor };

	if (!id_to_bytes(project, &change.id) || !id_to_bytes(user, &change.person))
		return STORE_NOT_FOUND;
	enum store_status status = database_write(sqlite_of(store)->db, fn, &change);
	if (status == STORE_OK && ret_revision)
		*ret_revision = change.revision;
	return status;
}

enum store_status sqlite_member_add(struct store *store, const struct id *project, const struct id *user,
	const struct store_actor *actor, int64_t *ret_revision)
{
	return change_member(store, project, user, actor, add_member, ret_revision);
}

enum store_status sqlite_member_remove(struct store *store, const struct id *project, const struct id *user,
	const struct store_actor *actor, int64_t *ret_revision)
{
	return change_member(store, project, user, actor, remove_member, ret_revision);
}
