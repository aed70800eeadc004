/* SPDX-License-Identifier: Apache-2.0
 * Projects and who is a member of them.
 * admin: may include base, core, wire, store, authority, profile, net, gate and services/service.h.
 */
#include "admin/internal.h"

/* Rows are copied first: a row's owner is looked up when the list has been read. */
struct projects {
	struct arena *arena;
	struct project_copy {
		struct project_copy *next;
		struct project_row row;
	} *first, **end;
};

static bool copy_project(void *ctx, const struct project_row *row)
{
	struct projects *all = ctx;
	struct project_copy *copy = ARENA_NEW(all->arena, struct project_copy);

	if (!copy)
		return false;
	copy->row = *row;
	copy->row.api = arena_copy(all->arena, str_of(row->api));
	copy->row.name = arena_copy(all->arena, str_of(row->name));
	*all->end = copy;
	all->end = &copy->next;
	return copy->row.api && copy->row.name;
}

static json_t *projects_json(struct admin_call *c, const struct projects *all)
{
	json_t *list = json_array();
	for (const struct project_copy *p = all->first; list && p; p = p->next) {
		struct user_row owner = { 0 };
		enum store_status status = store_user_get(c->authority->store, &p->row.owner, c->arena, &owner);
		json_array_append_new(list, project_json(&p->row, status == STORE_OK ? owner.email : p->row.owner.text));
	}
	return list;
}

void list_projects(struct admin_call *c)
{
	struct projects all = { .arena = c->arena };
	const char *api = NULL, *who = NULL;
	struct user_row user;

	all.end = &all.first;
	if (!admin_query(c, "api", &api) || !admin_query(c, "user", &who) || (api && !admin_api(c, api)) ||
		(who && !admin_user(c, who, &user)))
		return;
	enum store_status status =
		store_project_each(c->authority->store, api, who ? &user.id : NULL, copy_project, &all);
	if (status == STORE_OK)
		admin_answer(c, 200, json_pack("{s:o}", "projects", projects_json(c, &all)));
	else
		admin_refuse_stored(c, status);
}

void add_project(struct admin_call *c)
{
	const char *name = NULL, *api_name = NULL, *owner = NULL;
	const struct member members[] = {
		{ "name", MEMBER_TEXT, true, &name }, { "api", MEMBER_TEXT, false, &api_name },
		{ "owner", MEMBER_TEXT, true, &owner },
	};
	struct authority_error error;
	struct id id;

	if (!ADMIN_MEMBERS(c, members))
		return;
	const struct authority_api *api = admin_api(c, api_name);
	if (!api)
		return;
	enum authority_status status =
		authority_project_add(c->authority, api->name, name, owner, &c->actor, &id, &error);
	if (status == AUTHORITY_OK)
		admin_answer(c, 201, json_pack("{s:s, s:s, s:s, s:s}", "id", id.text, "name", name, "api", api->name,
			"owner", owner));
	else
		admin_refuse(c, status, &error);
}

void remove_project(struct admin_call *c)
{
	const char *id = admin_path(c, 0);
	struct authority_error error;
	int64_t revision;

	if (!id)
		return;
	enum authority_status status = authority_project_remove(c->authority, id, &c->actor, &revision, &error);
	if (status == AUTHORITY_OK)
		admin_done(c, revision, "id", id, "removed");
	else
		admin_refuse(c, status, &error);
}

/* ---- Members ---- */

static bool add_row(void *ctx, const struct user_row *row)
{
	return json_array_append_new(ctx, user_json(row)) == 0;
}

void list_members(struct admin_call *c)
{
	const char *text = admin_path(c, 0);
	struct project_row project;
	struct id id;

	if (!text)
		return;
	if (!id_parse(str_of(text), &id)) {
		service_fail(c->call, 404, "not_found", "That is no project's id; `remit project list` shows them.");
		return;
	}
	enum store_status status = store_project_get(c->authority->store, &id, c->arena, &project);
	if (status == STORE_NOT_FOUND) {
		service_fail(c->call, 404, "not_found", "There is no project with the id %s.", id.text);
		return;
	}
	json_t *list = json_array();
	if (status == STORE_OK && list)
		status = store_member_each(c->authority->store, &id, add_row, list);
	if (status == STORE_OK) {
		admin_answer(c, 200, list ? json_pack("{s:o}", "members", list) : NULL);
		return;
	}
	json_decref(list);
	admin_refuse_stored(c, status);
}

static void answer_member(struct admin_call *c, int64_t revision, const char *project, const char *who,
	const char *done)
{
	if (admin_settle(c, revision))
		admin_answer(c, 200, json_pack("{s:s, s:s, s:b}", "project", project, "user", who, done, 1));
}

void add_member(struct admin_call *c)
{
	const char *who = NULL, *project = admin_path(c, 0);
	const struct member members[] = { { "user", MEMBER_TEXT, true, &who } };
	struct authority_error error;
	int64_t revision;

	if (!project || !ADMIN_MEMBERS(c, members))
		return;
	enum authority_status status =
		authority_member_add(c->authority, project, who, &c->actor, &revision, &error);
	if (status == AUTHORITY_OK)
		answer_member(c, revision, project, who, "added");
	else
		admin_refuse(c, status, &error);
}

void remove_member(struct admin_call *c)
{
	const char *project = admin_path(c, 0), *who = project ? admin_path(c, 1) : NULL;
	struct authority_error error;
	int64_t revision;

	if (!who)
		return;
	enum authority_status status =
		authority_member_remove(c->authority, project, who, &c->actor, &revision, &error);
	if (status == AUTHORITY_OK)
		answer_member(c, revision, project, who, "removed");
	else
		admin_refuse(c, status, &error);
}
