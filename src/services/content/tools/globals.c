/* SPDX-License-Identifier: Apache-2.0
 * statamic-globals: sets of values for the whole site. Statamic 5 keeps those of a single site in the set's own file
 * under `data`, and those of a multi-site (as Statamic 6 all) in a file for each locale.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/tools/entry.h"

#include "base/limits.h"
#include <stdio.h>

#define LIST_DEFAULT 100
#define LIST_MAX 500
#define FOLDER "content/globals/"

static bool is_set(const struct site_file *file)
{
	const size_t n = sizeof(FOLDER) - 1;
	return file->path.n > n && !memchr(file->path.p + n, '/', file->path.n - n);
}

static const struct site_file *find_set(struct tool_call *t, struct str *ret_handle)
{
	if (!tool_handle(t, "handle", ret_handle))
		return NULL;
	const struct site_file *set = view_filef(t->view, FOLDER "%.*s.yaml", STR_FMT(*ret_handle));
	if (!set)
		tool_fail(t, "Global set not found: %.*s", STR_FMT(*ret_handle));
	else if (!set->root)
		tool_fail(t, "%s: %s", set->path.p, set->problem);
	return t->failed ? NULL : set;
}

static const struct site_file *values_file(const struct tool_call *t, struct str locale, struct str handle)
{
	return view_filef(t->view, FOLDER "%.*s/%.*s.yaml", STR_FMT(locale), STR_FMT(handle));
}

static json_t *sites_of(const struct tool_call *t, const struct site_file *set)
{
	const struct value *sites = VALUE_GET(set->root, "sites");
	json_t *list = json_array();
	if (sites && (sites->kind == VALUE_LIST || sites->kind == VALUE_MAP))
		for (const struct value *v = sites->first; v; v = v->next)
			(void)json_array_append_new(list, sites->kind == VALUE_MAP ? tool_json_str(v->key) : value_to_json(v));
	for (size_t i = 0; json_array_size(list) == 0 && i < t->view->locale_count; i++)
		if (values_file(t, t->view->locales[i].handle, set->slug))
			(void)json_array_append_new(list, tool_json_str(t->view->locales[i].handle));
	if (json_array_size(list) == 0)
		(void)json_array_append_new(list, tool_json_str(t->view->locales[0].handle));
	return list;
}

static json_t *summary(struct tool_call *t, const struct site_file *set)
{
	struct str title = VALUE_TEXT_OF(set->root, "title");
	return json_pack("{s:o,s:o,s:o,s:o}", "handle", tool_json_str(set->slug), "title",
		tool_json_str(title.n > 0 ? title : set->slug), "sites", sites_of(t, set), "last_modified",
		tool_json_time(set->modified_ms));
}

/* A list without a handle holds only what the owner may see. */
static json_t *list(struct tool_call *t)
{
	const int64_t limit = tool_number(t, "limit", LIST_DEFAULT, LIST_MAX),
		      offset = tool_number(t, "offset", 0, LIMIT_CONTENT_FILES);
	struct str handle = tool_text(t, "handle");
	size_t first, total = 0;
	const size_t count = view_range(t->view, FOLDER, &first);
	json_t *sets = json_array();
	for (size_t i = first; i < first + count; i++) {
		const struct site_file *set = t->view->files[i];
		if (!is_set(set) || !set->root || (handle.n > 0 && !str_eq(handle, set->slug))
			|| !tool_is_permitted(t, "edit {} globals", set->slug))
			continue;
		if (total >= (size_t)offset && total < (size_t)(offset + limit))
			(void)json_array_append_new(sets, summary(t, set));
		total++;
	}
	return json_pack("{s:o,s:o}", "globals", sets, "pagination", tool_pagination(total, limit, offset));
}

/* What a locale's own file says, over what its origin says. */
static json_t *values_of(struct tool_call *t, const struct site_file *set, struct str locale)
{
	const struct site_file *own = values_file(t, locale, set->slug);
	const struct value *root = own ? own->root : str_eq(locale, t->view->locales[0].handle)
		? VALUE_GET(set->root, "data") : NULL;
	json_t *data = root && root->kind == VALUE_MAP ? value_to_json(root) : json_object();
	struct str origin = own ? VALUE_TEXT_OF(own->root, "origin") : (struct str){ NULL, 0 };
	const struct site_file *from = origin.n > 0 && beneath_is_name(origin) ? values_file(t, origin, set->slug) : NULL;
	(void)json_object_del(data, "origin");
	if (from && from->root && from != own) {
		json_t *base = value_to_json(from->root);
		(void)json_object_update_missing(data, base);
		(void)json_object_del(data, "origin");
		json_decref(base);
	}
	if (own && !own->root)
		tool_warn(t, "%s: %s", own->path.p, own->problem);
	return data;
}

static json_t *get(struct tool_call *t)
{
	struct str handle;
	const struct site_file *set = find_set(t, &handle);
	const struct site_locale *locale = set ? tool_locale(t) : NULL;
	if (!locale || !tool_may(t, "edit {} globals", handle))
		return NULL;
	json_t *json = summary(t, set);
	(void)json_object_set_new(json, "site", tool_json_str(locale->handle));
	(void)json_object_set_new(json, "data", values_of(t, set, locale->handle));
	return json_pack("{s:o}", "global", json);
}

/* ---- Values ---- */

static json_t *data_of(struct tool_call *t)
{
	json_t *data = json_object_get(t->args, "data");
	if (!json_is_object(data))
		return tool_fail(t, "\"data\" is required for the action %s", t->action);
	if (json_object_get(data, "origin"))
		return tool_fail(t, "\"origin\" is no field: it cannot be set by \"data\"");
	return data;
}

/* In the set's own file, under `data`. */
static bool update_inside(struct tool_call *t, const struct site_file *set, const json_t *data)
{
	struct tool_edit e;
	bool good = edit_begin(t, set->path.p, DOCUMENT_YAML, &e);
	if (good) {
		json_t *values = json_object_get(e.json, "data");
		if (!json_is_object(values)) {
			(void)json_object_set_new(e.json, "data", json_object());
			values = json_object_get(e.json, "data");
		}
		good = values && tool_merge(t, values, data, true, (const char *const[]){ NULL }) && edit_commit(t, &e);
	}
	edit_end(&e);
	return good;
}

static bool update_file(struct tool_call *t, const struct site_file *own, const json_t *data)
{
	struct tool_edit e;
	bool good = edit_begin(t, own->path.p, DOCUMENT_YAML, &e);
	if (good) { /* in a locale with an origin, null says that there is nothing */
		const bool root = !json_object_get(e.json, "origin");
		good = tool_merge(t, e.json, data, root, (const char *const[]){ "origin", NULL }) && edit_commit(t, &e);
	}
	edit_end(&e);
	return good;
}

static json_t *update(struct tool_call *t)
{
	struct str handle;
	const struct site_file *set = find_set(t, &handle);
	const struct site_locale *locale = set ? tool_locale(t) : NULL;
	if (!locale || !tool_may(t, "edit {} globals", handle))
		return NULL;
	const json_t *data = data_of(t);
	const struct site_file *own = values_file(t, locale->handle, handle);
	bool good = data != NULL;
	if (good && own) {
		good = update_file(t, own, data);
	} else if (good && !view_is_multi(t->view)) {
		good = update_inside(t, set, data);
	} else if (good) {
		const char *path = arena_printf(t->arena, FOLDER "%.*s/%.*s.yaml", STR_FMT(locale->handle), STR_FMT(handle));
		good = path && tool_create(t, path, DOCUMENT_YAML, data);
	}
	return good ? json_pack("{s:{s:o,s:o},s:b}", "global", "handle", tool_json_str(handle), "site",
		tool_json_str(locale->handle), "updated", 1) : NULL;
}

/* ---- Sets ---- */

/* Puts title and sites where the arguments have them. */
static bool configure_json(struct tool_call *t, json_t *json)
{
	struct str title = tool_text(t, "title");
	json_t *sites = json_object_get(t->args, "sites"), *one;
	size_t i;
	json_array_foreach(sites, i, one)
		if (!view_locale(t->view, str_of(json_string_value(one)))) {
			tool_fail(t, "There is no site \"%s\"", json_string_value(one));
			return false;
		}
	if (title.n > 0 && json_object_set_new(json, "title", tool_json_str(title)) != 0)
		return false;
	return !sites || json_object_set(json, "sites", sites) == 0;
}

static json_t *create(struct tool_call *t)
{
	struct str handle;
	if (!tool_handle(t, "handle", &handle) || !tool_may_plain(t, "configure globals"))
		return NULL;
	const char *path = arena_printf(t->arena, FOLDER "%.*s.yaml", STR_FMT(handle));
	json_t *json = json_object();
	if (tool_text(t, "title").n == 0)
		(void)json_object_set_new(json, "title", tool_json_str(handle));
	bool good = path && configure_json(t, json) && tool_create(t, path, DOCUMENT_YAML, json);
	json_decref(json);
	return good ? json_pack("{s:{s:o},s:b}", "global", "handle", tool_json_str(handle), "created", 1) : NULL;
}

static json_t *configure(struct tool_call *t)
{
	struct str handle;
	struct tool_edit e;
	const struct site_file *set = find_set(t, &handle);
	if (!set || !tool_may_plain(t, "configure globals"))
		return NULL;
	bool good = edit_begin(t, set->path.p, DOCUMENT_YAML, &e) && configure_json(t, e.json) && edit_commit(t, &e);
	edit_end(&e);
	return good ? json_pack("{s:{s:o},s:b}", "global", "handle", tool_json_str(handle), "configured", 1) : NULL;
}

static bool remove_file(struct tool_call *t, const char *path)
{
	enum beneath_status status = beneath_remove(site_folder(t->content->site), path);
	site_note(t->content->site, path);
	return status == BENEATH_OK || tool_fail_file(t, path, status) != NULL;
}

static json_t *delete(struct tool_call *t)
{
	struct str handle;
	const struct site_file *set = find_set(t, &handle);
	if (!set || !tool_may_plain(t, "configure globals"))
		return NULL;
	bool good = true;
	for (size_t i = 0; good && i < t->view->locale_count; i++) {
		const struct site_file *own = values_file(t, t->view->locales[i].handle, handle);
		good = !own || remove_file(t, own->path.p);
	}
	good = good && remove_file(t, set->path.p); /* the last: until then it can be tried again */
	return good ? json_pack("{s:{s:o},s:b}", "global", "handle", tool_json_str(handle), "deleted", 1) : NULL;
}

void tool_globals(struct service *service, struct service_call *call)
{
	static const struct tool_action actions[] = {
		{ "list", list }, { "get", get }, { "update", update }, { "create", create }, { "delete", delete },
		{ "configure", configure },
	};
	tool_run(service, call, "statamic-globals", actions, sizeof(actions) / sizeof(actions[0]));
}
