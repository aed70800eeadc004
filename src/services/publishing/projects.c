/* SPDX-License-Identifier: Apache-2.0
 * Projects: the rows are the store's; their settings are ours.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/projects.h"

#include "services/publishing/listing.h"
#include "services/publishing/references.h"

#include <stdio.h>
#include <stdlib.h>

static const struct field settings_fields[] = {
	{ "timezone", FIELD_ZONE, 0, 0, NULL },
	{ "default_channels", FIELD_IDS, MAX_CHANNELS, 0, NULL },
	{ "brand_voice", FIELD_TEXT, MAX_BRAND_VOICE, 0, NULL },
	{ "website", FIELD_WEB, 0, 0, NULL },
};

void check_settings(struct check *c, const json_t *settings, const char *where)
{
	check_object(
		c, settings, where, settings_fields, sizeof(settings_fields) / sizeof(settings_fields[0]));
}

json_t *settings_of(struct str stored)
{
	json_t *settings = json_pack("{s:s,s:[],s:s,s:s}", "timezone", "UTC", "default_channels",
		"brand_voice", "", "website", "");
	json_t *known = stored.n > 0 ? json_loadb(stored.p, stored.n, 0, NULL) : NULL;
	if (settings && known && json_object_update_existing(settings, known) != 0) {
		json_decref(settings);
		settings = NULL;
	}
	json_decref(known);
	return settings;
}

static json_t *project_json(const struct publishing *p, struct sql_statement *st)
{
	(void)p;
	int64_t created = sql_column_int(st, 2), changed = sql_column_int(st, 4);
	return json_pack("{s:o,s:o,s:o,s:o,s:o}",
		"id", json_of_id_column(st, 0), "name", json_of_column(st, 1),
		"settings", settings_of(sql_column_text(st, 3)),
		"created_at", json_of_time(created), "updated_at", json_of_time(changed ? changed : created));
}

#define COLUMNS "o.id, o.name, o.created_at, s.settings, s.updated_at"

static const struct listing projects = {
	.noun = "Project", .to_json = project_json,
	.get = "SELECT " COLUMNS " FROM projects o LEFT JOIN publishing_settings s ON s.project_id = o.id"
		" WHERE o.id = ?4 AND" REACHES("o.id"),
	.list = "SELECT " COLUMNS " FROM" CANDIDATES "c JOIN projects o ON o.id = c.id"
		" LEFT JOIN publishing_settings s ON s.project_id = o.id WHERE" REACHES("c.id")
		"AND (?4 IS NULL OR c.id = ?4) AND o.id < ?5 AND o.id > ?6 ORDER BY o.id DESC LIMIT ?7",
};

void run_list_projects(struct service *service, struct service_call *call)
{
	run_list(service, call, &projects);
}

void run_get_project(struct service *service, struct service_call *call)
{
	run_get(service, call, &projects);
}

enum store_status load_settings(struct sql *sql, const struct id_bytes *project, json_t **ret)
{
	struct sql_statement *st = sql_prepare(sql,
		"SELECT settings FROM publishing_settings WHERE project_id = ?1");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, project);
	enum store_status status = step_row(st);
	if (status == STORE_OK || status == STORE_NOT_FOUND) {
		json_t *settings =
			settings_of(status == STORE_OK ? sql_column_text(st, 0) : (struct str){ NULL, 0 });
		status = settings ? STORE_OK : STORE_NO_MEMORY;
		if (settings)
			*ret = settings;
	}
	sql_reset(st);
	return status;
}

enum store_status save_settings(
	struct sql *sql, const struct id_bytes *project, const json_t *settings, int64_t now_ms)
{
	char *text = json_dumps(settings, JSON_COMPACT | JSON_SORT_KEYS);
	struct sql_statement *st = sql_prepare(sql,
		"INSERT INTO publishing_settings (project_id, settings, updated_at) VALUES (?1, ?2, ?3)"
		" ON CONFLICT (project_id) DO UPDATE SET settings = excluded.settings,"
		" updated_at = excluded.updated_at");
	enum store_status status = STORE_UNAVAILABLE;
	if (!text) {
		status = STORE_NO_MEMORY;
	} else if (st) {
		bind_uuid(st, 1, project);
		sql_bind_text(st, 2, str_of(text));
		sql_bind_int(st, 3, now_ms);
		status = sql_run(st);
	}
	free(text);
	return status;
}

static enum store_status rename_project(
	struct sql *sql, const struct reach *reach, const struct id_bytes *id, struct str name)
{
	struct sql_statement *st =
		sql_prepare(sql, "UPDATE projects SET name = ?5 WHERE id = ?4 AND" REACHES("projects.id"));
	if (!st)
		return STORE_UNAVAILABLE;
	bind_reach(st, reach);
	bind_uuid(st, 4, id);
	sql_bind_text(st, 5, name);
	return run_row(sql, st);
}

/* A change to a project is an event for auditors, as the store's own changes are. */
static enum store_status add_event(
	struct sql *sql, const struct service_call *call, const struct id_bytes *project)
{
	char actor[sizeof("token:") + ID_LENGTH];
	struct id id;
	struct sql_statement *st = sql_prepare(sql, "INSERT INTO events (at, actor, action, subject, detail)"
		" VALUES (?1, ?2, 'project.updated', ?3, '{}')");
	if (!st)
		return STORE_UNAVAILABLE;
	snprintf(actor, sizeof(actor), "token:%s", call->caller->token.text);
	id_from_bytes(project, &id);
	sql_bind_int(st, 1, call->now_ms);
	sql_bind_text(st, 2, str_of(actor));
	sql_bind_text(st, 3, str_of(id.text));
	return sql_run(st);
}

struct update_work {
	const struct publishing *p;
	struct service_call *call;
	struct reach reach;
	struct id_bytes id;
	struct check check;
	json_t *json; /* out */
};

static enum store_status update_settings(struct sql *sql, struct update_work *w)
{
	json_t *settings = NULL, *given = json_object_get(w->call->json, "settings");
	enum store_status status = load_settings(sql, &w->id, &settings);

	if (status == STORE_OK && given && json_object_update(settings, given) != 0)
		status = STORE_NO_MEMORY;
	if (status == STORE_OK && given)
		status = check_references(sql, &reference_channel, &w->id,
			get_words(given, "default_channels", w->call->arena), "settings.default_channels",
			&w->check);
	if (status == STORE_OK && w->check.count > 0)
		status = STORE_INVALID;
	if (status == STORE_OK)
		status = save_settings(sql, &w->id, settings, w->call->now_ms);
	json_decref(settings);
	return status;
}

static enum store_status update_project(struct sql *sql, void *arg)
{
	struct update_work *w = arg;
	struct str name = get_text(w->call->json, "name");
	enum store_status status = find_project(sql, &w->reach, &w->id);

	if (status == STORE_OK && w->check.count > 0)
		return STORE_INVALID;
	if (status == STORE_OK)
		status = update_settings(sql, w);
	if (status == STORE_OK && name.p)
		status = rename_project(sql, &w->reach, &w->id, name);
	if (status == STORE_OK)
		status = add_event(sql, w->call, &w->id);
	if (status == STORE_OK)
		status = load_json(sql, w->p, &w->reach, &projects, &w->id, &w->json);
	return status;
}

void run_update_project(struct service *service, struct service_call *call)
{
	static const struct field fields[] = {
		{ "name", FIELD_LINE, MAX_NAME, FIELD_FILLED, NULL },
		{ "settings", FIELD_OBJECT, 0, 0, NULL },
	};
	struct publishing *p = publishing_of(service);
	struct update_work w = { .p = p, .call = call, .reach = reach_of(p, call->caller) };

	if (!take_path_id(call, projects.noun, &w.id))
		return;
	check_object(&w.check, call->json, "", fields, sizeof(fields) / sizeof(fields[0]));
	const json_t *settings = json_object_get(call->json, "settings");
	if (json_is_object(settings))
		check_settings(&w.check, settings, "settings.");
	enum store_status status = w.check.count > 0 ? database_read(p->database, update_project, &w)
						     : write_for(p, call, update_project, &w);
	answer_change(call, status, 200, projects.noun, &w.check, w.json);
}
