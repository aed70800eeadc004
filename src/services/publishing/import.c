/* SPDX-License-Identifier: Apache-2.0
 * `remit publishing import`: a document of projects and what is in them, all or nothing.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/import.h"

#include "services/publishing/references.h"

#include <stdio.h>
#include <stdlib.h>

#define IMPORT_BYTES_MAX (16u * 1024 * 1024)
#define IMPORT_MEMORY_MAX (64u * 1024 * 1024)
#define IMPORT_PROJECTS_MAX 1000

static const struct field project_fields[] = {
	{ "id", FIELD_ID, 0, 0, NULL },
	{ "name", FIELD_LINE, MAX_NAME, FIELD_FILLED, NULL },
	{ "settings", FIELD_OBJECT, 0, 0, NULL },
	{ "templates", FIELD_LIST, IMPORT_ROWS_MAX, 0, NULL },
	{ "social_connections", FIELD_LIST, IMPORT_ROWS_MAX, 0, NULL },
	{ "data_connections", FIELD_LIST, IMPORT_ROWS_MAX, 0, NULL },
	{ "moments", FIELD_LIST, IMPORT_ROWS_MAX, 0, NULL },
	{ "stories", FIELD_LIST, IMPORT_ROWS_MAX, 0, NULL },
};

/* In an import the default channels are keys of the same document. */
static const struct field import_settings_fields[] = {
	{ "timezone", FIELD_ZONE, 0, 0, NULL },
	{ "default_channels", FIELD_LIST, MAX_CHANNELS, 0, NULL },
	{ "brand_voice", FIELD_TEXT, MAX_BRAND_VOICE, 0, NULL },
	{ "website", FIELD_WEB, 0, 0, NULL },
};

bool import_find(struct import *im, enum import_kind kind, struct str key, const char *where,
	const char *name, struct id_bytes *ret)
{
	for (size_t i = 0; i < im->key_count; i++)
		if (im->keys[i].kind == kind && str_eq(im->keys[i].key, key)) {
			*ret = im->keys[i].id;
			return true;
		}
	check_add(&im->check, "%s%s names a key that is not in this project's %s", where, name,
		import_list_name(kind));
	return false;
}

bool import_find_all(struct import *im, enum import_kind kind, const json_t *list, const char *where,
	const char *name, struct str *ret)
{
	size_t count = json_array_size(list), n = 0;
	char *text = arena_alloc(im->arena, count * (ID_LENGTH + 1) + 1);

	for (size_t i = 0; text && i < count; i++) {
		const json_t *item = json_array_get(list, i);
		struct str key = { json_string_value(item), json_string_length(item) };
		struct id_bytes bytes = { { 0 } };
		struct id id;
		if (!import_find(im, kind, key, where, name, &bytes))
			return false;
		id_from_bytes(&bytes, &id);
		if (memmem(text, n, id.text, ID_LENGTH)) {
			check_add(&im->check, "%s%s[%zu] stands twice", where, name, i);
			return false;
		}
		if (n > 0)
			text[n++] = ' ';
		memcpy(text + n, id.text, ID_LENGTH);
		n += ID_LENGTH;
	}
	*ret = (struct str){ text, n };
	return text != NULL;
}

static void check_project(struct import *im, const json_t *project, size_t i)
{
	char where[IMPORT_WHERE], settings[IMPORT_WHERE];
	const json_t *given = json_object_get(project, "settings");

	snprintf(where, sizeof(where), "projects[%zu].", i);
	snprintf(settings, sizeof(settings), "projects[%zu].settings.", i);
	if (!json_is_object(project)) {
		check_add(&im->check, "projects[%zu] must be an object", i);
		return;
	}
	check_object(&im->check, project, where, project_fields,
		sizeof(project_fields) / sizeof(project_fields[0]));
	if (json_is_object(given))
		check_object(&im->check, given, settings, import_settings_fields,
			     sizeof(import_settings_fields) / sizeof(import_settings_fields[0]));
	if (!json_object_get(project, "id") == !json_object_get(project, "name"))
		check_add(&im->check,
			"%s must have an id (of a project that exists) or a name (of one to be made)", where);
	else if (json_object_get(project, "name") && !im->owner)
		check_add(&im->check, "%sname asks for a new project, and no owner was given for it", where);
	for (enum import_kind kind = 0; kind < IMPORT_KINDS; kind++)
		import_check(im, project, kind, where);
}

static void check_document(struct import *im)
{
	static const struct field fields[] = {
		{ "projects", FIELD_LIST, IMPORT_PROJECTS_MAX, FIELD_REQUIRED, NULL },
	};
	const json_t *list = json_object_get(im->document, "projects");

	check_object(&im->check, im->document, "", fields, 1);
	for (size_t i = 0; i < json_array_size(list); i++)
		check_project(im, json_array_get(list, i), i);
}

/* A new project is in the store's feed and among its events, as one made by any other way. */
static enum store_status note_project(struct sql *sql, struct import *im, const char *name)
{
	struct id id;
	json_t *detail =
		json_pack("{s:s,s:s,s:s}", "name", name, "api", im->p->api, "owner", im->owner->text);
	char *text = detail ? json_dumps(detail, JSON_COMPACT) : NULL;
	struct sql_statement *feed = sql_prepare(sql, "INSERT INTO changes (kind, key) VALUES (?1, ?2)");
	struct sql_statement *event =
		sql_prepare(sql, "INSERT INTO events (at, actor, action, subject, detail)"
				 " VALUES (?1, 'import', 'project.added', ?2, ?3)");
	enum store_status status = text ? STORE_UNAVAILABLE : STORE_NO_MEMORY;

	if (text && feed && event) {
		sql_bind_int(feed, 1, 3); /* a project: the store's own number for it */
		bind_uuid(feed, 2, &im->project);
		status = sql_run(feed);
		id_from_bytes(&im->project, &id);
		sql_bind_int(event, 1, im->now_ms);
		sql_bind_text(event, 2, str_of(id.text));
		sql_bind_text(event, 3, str_of(text));
		if (status == STORE_OK)
			status = sql_run(event);
		else
			sql_reset(event);
	}
	json_decref(detail);
	free(text);
	return status;
}

static enum store_status make_project(struct sql *sql, struct import *im, struct str name)
{
	struct id_bytes owner = { { 0 } };
	struct sql_statement *st =
		sql_prepare(sql, "INSERT INTO projects (id, api, name, owner_id, created_at)"
				 " SELECT ?1, ?2, ?3, u.id, ?5 FROM users u WHERE u.id = ?4");
	if (!st)
		return STORE_UNAVAILABLE;
	(void)id_to_bytes(im->owner, &owner); /* what is no id stays zero, and is nobody */
	im->project = make_id(im->p, im->now_ms);
	bind_uuid(st, 1, &im->project);
	sql_bind_text(st, 2, str_of(im->p->api));
	sql_bind_text(st, 3, name);
	bind_uuid(st, 4, &owner);
	sql_bind_int(st, 5, im->now_ms);
	enum store_status status = run_row(sql, st);
	if (status != STORE_NOT_FOUND)
		return status == STORE_OK ? note_project(sql, im, name.p) : status;
	check_add(&im->check, "The owner of the new projects is not known");
	return STORE_INVALID;
}

static enum store_status take_project(
	struct sql *sql, struct import *im, const json_t *project, const char *where)
{
	struct str name = get_text(project, "name");
	if (name.p)
		return make_project(sql, im, name);
	struct sql_statement *st = sql_prepare(sql, "SELECT 1 FROM projects WHERE id = ?1 AND api = ?2");
	if (!st)
		return STORE_UNAVAILABLE;
	im->project = get_id(project, "id");
	bind_uuid(st, 1, &im->project);
	sql_bind_text(st, 2, str_of(im->p->api));
	enum store_status status = step_row(st);
	sql_reset(st);
	if (status != STORE_NOT_FOUND)
		return status;
	check_add(&im->check, "%sid is no project of this API", where);
	return STORE_INVALID;
}

static enum store_status import_settings(
	struct sql *sql, struct import *im, const json_t *project, const char *where)
{
	const json_t *given = json_object_get(project, "settings");
	const json_t *keys = json_object_get(given, "default_channels");
	json_t *settings = NULL;
	struct str ids = { NULL, 0 };

	if (!given)
		return STORE_OK;
	if (keys && !import_find_all(im, IMPORT_SOCIAL, keys, where, "settings.default_channels", &ids))
		return im->check.count > 0 ? STORE_INVALID : STORE_NO_MEMORY;
	enum store_status status = load_settings(sql, &im->project, &settings);
	json_t *more = json_deep_copy(given);
	if (status == STORE_OK &&
		(!more || (keys && json_object_set_new(more, "default_channels", json_of_words(ids)) != 0) ||
			json_object_update(settings, more) != 0))
		status = STORE_NO_MEMORY;
	if (status == STORE_OK)
		status = save_settings(sql, &im->project, settings, im->now_ms);
	json_decref(more);
	json_decref(settings);
	return status;
}

static enum store_status import_project(struct sql *sql, struct import *im, const json_t *project, size_t i)
{
	char where[IMPORT_WHERE];

	snprintf(where, sizeof(where), "projects[%zu].", i);
	im->key_count = 0;
	enum store_status status = take_project(sql, im, project, where);
	for (enum import_kind kind = 0; status == STORE_OK && kind < IMPORT_KINDS; kind++)
		status = import_rows(sql, im, project, kind, where);
	if (status == STORE_OK)
		status = import_settings(sql, im, project, where);
	im->projects++;
	return status;
}

static enum store_status import_all(struct sql *sql, void *arg)
{
	struct import *im = arg;
	const json_t *list = json_object_get(im->document, "projects");
	enum store_status status = STORE_OK;

	for (size_t i = 0; status == STORE_OK && i < json_array_size(list); i++)
		status = import_project(sql, im, json_array_get(list, i), i);
	return status;
}

static bool tell(const struct import *im, enum store_status status, char reterr_text[512])
{
	if (im->check.count > 0)
		snprintf(reterr_text, 512, "%.511s", im->check.text);
	else
		snprintf(reterr_text, 512, "Nothing was imported: %s", store_status_text(status));
	return false;
}

static json_t *read_document(struct str document, char reterr_text[512])
{
	json_error_t error;
	if (document.n > IMPORT_BYTES_MAX) {
		snprintf(reterr_text, 512, "The document is larger than %u bytes", IMPORT_BYTES_MAX);
		return NULL;
	}
	json_t *json =
		json_loadb(document.n > 0 ? document.p : "", document.n, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		snprintf(reterr_text, 512, "line %d, column %d: %s", error.line, error.column, error.text);
	return json;
}

static bool run_import(struct database *database, struct import *im, char reterr_text[512])
{
	im->key_room = IMPORT_ROWS_MAX * IMPORT_KINDS;
	im->keys = arena_alloc(im->arena, im->key_room * sizeof(*im->keys));
	if (!im->keys)
		return tell(im, STORE_NO_MEMORY, reterr_text);
	if (json_is_object(im->document))
		check_document(im);
	else
		check_add(&im->check, "The document must be an object with \"projects\"");
	if (im->check.count > 0)
		return tell(im, STORE_INVALID, reterr_text);
	enum store_status status = database_write(database, import_all, im);
	return status == STORE_OK || tell(im, status, reterr_text);
}

bool publishing_import(const struct publishing_options *options, struct str document, const struct id *owner,
	int64_t now_ms, struct publishing_import_counts *ret, char reterr_text[512])
{
	struct publishing p = { .database = options->database, .random = random_bytes, .media_folder = -1 };
	struct arena arena;
	struct import im = { .p = &p, .owner = owner, .now_ms = now_ms, .arena = &arena };
	bool ok = publishing_migrate(options->database, reterr_text);
	json_t *json = ok ? read_document(document, reterr_text) : NULL;

	arena_init(&arena, IMPORT_MEMORY_MAX);
	p.api = arena_copy(&arena, str_of(options->api));
	im.document = json;
	ok = json && (p.api ? run_import(options->database, &im, reterr_text)
			    : tell(&im, STORE_NO_MEMORY, reterr_text));
	if (ok)
		*ret = (struct publishing_import_counts){
			.projects = im.projects, .templates = im.counts[IMPORT_TEMPLATES],
			.connections = im.counts[IMPORT_SOCIAL] + im.counts[IMPORT_DATA],
			.moments = im.counts[IMPORT_MOMENTS], .stories = im.counts[IMPORT_STORIES],
		};
	json_decref(json);
	arena_done(&arena);
	return ok;
}
