/* SPDX-License-Identifier: Apache-2.0
 * statamic-terms: the terms of taxonomies. A term's file is named by its slug, and holds all its locales.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/tools/entry.h"

#include "base/limits.h"
#include <stdio.h>

#define LIST_DEFAULT 100
#define LIST_MAX 500
#define SLUG_MAX 200

static bool find_taxonomy(struct tool_call *t, struct str *ret)
{
	if (!tool_handle(t, "taxonomy", ret))
		return false;
	if (!view_filef(t->view, "content/taxonomies/%.*s.yaml", STR_FMT(*ret)))
		tool_fail(t, "Taxonomy not found: %.*s", STR_FMT(*ret));
	return !t->failed;
}

/* "tags::red" or "red". An id of another taxonomy is none of this one. */
static bool read_slug(struct tool_call *t, struct str taxonomy, struct str *ret)
{
	struct str id = tool_text(t, "id"), slug = tool_text(t, "slug");
	const char *colons = id.n > 0 ? memmem(id.p, id.n, "::", 2) : NULL;
	if (colons) {
		const struct str of = { id.p, (size_t)(colons - id.p) };
		id = (struct str){ colons + 2, id.n - of.n - 2 };
		if (!str_eq(of, taxonomy))
			tool_fail(t, "Term not found: %.*s::%.*s", STR_FMT(of), STR_FMT(id));
	}
	*ret = id.n > 0 ? id : slug;
	if (!t->failed && ret->n == 0)
		tool_fail(t, "\"id\" or \"slug\" is required for the action %s", t->action);
	else if (!t->failed && (!beneath_is_name(*ret) || memchr(ret->p, '.', ret->n) || ret->n > SLUG_MAX))
		tool_fail(t, "The slug is no name that a file can have: letters, digits and dashes, at most 200 bytes");
	return !t->failed;
}

static const struct site_file *find_term(struct tool_call *t, struct str taxonomy)
{
	struct str slug;
	if (!read_slug(t, taxonomy, &slug))
		return NULL;
	const struct site_file *term = view_filef(t->view, "content/taxonomies/%.*s/%.*s.yaml", STR_FMT(taxonomy),
		STR_FMT(slug));
	if (!term)
		tool_fail(t, "Term not found: %.*s::%.*s", STR_FMT(taxonomy), STR_FMT(slug));
	else if (!term->root)
		tool_fail(t, "%s: %s", term->path.p, term->problem);
	return t->failed ? NULL : term;
}

static json_t *summary(struct tool_call *t, struct str taxonomy, struct str slug, const struct site_file *term)
{
	struct str title = term ? VALUE_TEXT_OF(term->root, "title") : (struct str){ NULL, 0 };
	const char *id = arena_printf(t->arena, "%.*s::%.*s", STR_FMT(taxonomy), STR_FMT(slug));
	return json_pack("{s:s,s:o,s:o,s:o}", "id", id ? id : "", "slug", tool_json_str(slug), "taxonomy",
		tool_json_str(taxonomy), "title", tool_json_str(title.n > 0 ? title : slug));
}

static json_t *list(struct tool_call *t)
{
	struct str taxonomy, search = tool_text(t, "search");
	const int64_t limit = tool_number(t, "limit", LIST_DEFAULT, LIST_MAX),
		      offset = tool_number(t, "offset", 0, LIMIT_CONTENT_FILES);
	char prefix[512];
	size_t first, total = 0, broken = 0;
	if (!find_taxonomy(t, &taxonomy) || !tool_may(t, "view {} terms", taxonomy))
		return NULL;
	snprintf(prefix, sizeof(prefix), "content/taxonomies/%.*s/", STR_FMT(taxonomy));
	const size_t count = view_range(t->view, prefix, &first);
	json_t *terms = json_array();
	for (size_t i = first; i < first + count; i++) {
		const struct site_file *term = t->view->files[i];
		broken += term->problem != NULL;
		if (!term->root || (!text_contains(term->slug, search) && !value_contains(term->root, search)))
			continue;
		if (total >= (size_t)offset && total < (size_t)(offset + limit)) {
			json_t *one = summary(t, taxonomy, term->slug, term);
			(void)json_object_set_new(one, "last_modified", tool_json_time(term->modified_ms));
			(void)json_array_append_new(terms, one);
		}
		total++;
	}
	if (broken > 0)
		tool_warn(t, "%zu files of the taxonomy cannot be read: see content_audit", broken);
	return json_pack("{s:o,s:o,s:o}", "terms", terms, "pagination", tool_pagination(total, limit, offset), "taxonomy",
		tool_json_str(taxonomy));
}

static json_t *get(struct tool_call *t)
{
	struct str taxonomy;
	if (!find_taxonomy(t, &taxonomy) || !tool_may(t, "view {} terms", taxonomy))
		return NULL;
	const struct site_file *term = find_term(t, taxonomy);
	if (!term)
		return NULL;
	json_t *json = summary(t, taxonomy, term->slug, term);
	(void)json_object_set_new(json, "last_modified", tool_json_time(term->modified_ms));
	(void)json_object_set_new(json, "data", value_to_json(term->root));
	return json_pack("{s:o}", "term", json);
}

static json_t *data_of(struct tool_call *t)
{
	json_t *data = json_object_get(t->args, "data");
	if (!json_is_object(data))
		return tool_fail(t, "\"data\" is required for the action %s", t->action);
	if (json_object_get(data, "slug") || json_object_get(data, "id") || json_object_get(data, "taxonomy"))
		return tool_fail(t, "\"slug\", \"id\" and \"taxonomy\" are no fields: they cannot be set by \"data\"");
	return data;
}

static json_t *create(struct tool_call *t)
{
	struct str taxonomy, slug;
	if (!find_taxonomy(t, &taxonomy) || !tool_may(t, "create {} terms", taxonomy) || !read_slug(t, taxonomy, &slug))
		return NULL;
	const json_t *data = data_of(t);
	const char *path = arena_printf(t->arena, "content/taxonomies/%.*s/%.*s.yaml", STR_FMT(taxonomy), STR_FMT(slug));
	json_t *json = data && path ? json_object() : NULL;
	bool good = json && tool_merge(t, json, data, true, (const char *const[]){ NULL })
		&& tool_create(t, path, DOCUMENT_YAML, json);
	json_decref(json);
	return good ? json_pack("{s:o,s:b}", "term", summary(t, taxonomy, slug, NULL), "created", 1) : NULL;
}

static json_t *update(struct tool_call *t)
{
	static const char *const kept[] = { "blueprint", "localizations", NULL };
	struct str taxonomy;
	struct tool_edit e;
	if (!find_taxonomy(t, &taxonomy) || !tool_may(t, "edit {} terms", taxonomy))
		return NULL;
	const struct site_file *term = find_term(t, taxonomy);
	const json_t *data = term ? data_of(t) : NULL;
	if (!data)
		return NULL;
	bool good = edit_begin(t, term->path.p, DOCUMENT_YAML, &e);
	if (good)
		good = (tool_merge(t, e.json, data, true, kept) || tool_no_memory(t) != NULL) && edit_commit(t, &e);
	edit_end(&e);
	return good ? json_pack("{s:o,s:b}", "term", summary(t, taxonomy, term->slug, NULL), "updated", 1) : NULL;
}

static json_t *delete(struct tool_call *t)
{
	struct str taxonomy;
	struct tool_edit e;
	if (!find_taxonomy(t, &taxonomy) || !tool_may(t, "delete {} terms", taxonomy))
		return NULL;
	const struct site_file *term = find_term(t, taxonomy);
	if (!term)
		return NULL;
	bool good = edit_begin(t, term->path.p, DOCUMENT_YAML, &e);
	if (good) {
		enum beneath_status status = beneath_remove(site_folder(t->content->site), term->path.p);
		good = status == BENEATH_OK || tool_fail_file(t, term->path.p, status) != NULL;
		site_note(t->content->site, term->path.p);
	}
	edit_end(&e);
	return good ? json_pack("{s:o,s:b}", "term", summary(t, taxonomy, term->slug, NULL), "deleted", 1) : NULL;
}

void tool_terms(struct service *service, struct service_call *call)
{
	static const struct tool_action actions[] = {
		{ "list", list }, { "get", get }, { "create", create }, { "update", update }, { "delete", delete },
	};
	tool_run(service, call, "statamic-terms", actions, sizeof(actions) / sizeof(actions[0]));
}
