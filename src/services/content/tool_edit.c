/* SPDX-License-Identifier: Apache-2.0
 * A file of the site, changed by a tool: locked, read, changed in place, written whole, and noted in the index.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/internal.h"

#include "base/limits.h"

static bool fail_document(struct tool_call *t, const char *path, const struct value_problem *problem)
{
	if (problem->line > 0)
		tool_fail(t, "%s:%u: %s", path, problem->line, problem->text);
	else
		tool_fail(t, "%s: %s", path, problem->text);
	return false;
}

bool edit_begin(struct tool_call *t, const char *path, enum document_kind kind, struct tool_edit *e)
{
	struct beneath *folder = site_folder(t->content->site);
	struct value_problem problem;
	*e = (struct tool_edit){ .lock = -1, .path = arena_copy(t->arena, str_of(path)) };
	arena_init(&e->arena, 0);
	buf_init(&e->text, LIMIT_CONTENT_FILE_BYTES + 4096);
	if (!e->path)
		return tool_no_memory(t) != NULL;
	enum beneath_status status = beneath_lock(folder, path, &e->lock);
	if (status == BENEATH_OK)
		status = beneath_read(folder, path, LIMIT_CONTENT_FILE_BYTES, &e->text, NULL);
	if (status != BENEATH_OK)
		return tool_fail_file(t, path, status) != NULL;
	if (!document_parse(buf_str(&e->text), kind, &e->arena, &e->document, &problem))
		return fail_document(t, path, &problem);
	e->json = document_json(&e->document);
	return e->json || tool_no_memory(t) != NULL;
}

bool edit_commit(struct tool_call *t, struct tool_edit *e)
{
	struct value_problem problem;
	struct buf out;
	bool good = true;
	buf_init(&out, LIMIT_CONTENT_FILE_BYTES);
	if (!document_change(&e->document, e->json, &out, &problem)) {
		good = fail_document(t, e->path, &problem);
	} else if (!str_eq(buf_str(&out), buf_str(&e->text))) {
		enum beneath_status status =
			beneath_write(site_folder(t->content->site), e->path, buf_str(&out), BENEATH_REPLACE, NULL);
		good = status == BENEATH_OK || tool_fail_file(t, e->path, status) != NULL;
		site_note(t->content->site, e->path);
	}
	buf_done(&out);
	return good;
}

void edit_end(struct tool_edit *e)
{
	json_decref(e->json);
	beneath_unlock(e->lock);
	buf_done(&e->text);
	arena_done(&e->arena);
}

bool tool_create(struct tool_call *t, const char *path, enum document_kind kind, const json_t *json)
{
	struct value_problem problem;
	struct buf out;
	bool good;
	buf_init(&out, LIMIT_CONTENT_FILE_BYTES);
	if (!document_make(json, kind, &out, &problem)) {
		good = fail_document(t, path, &problem);
	} else {
		enum beneath_status status =
			beneath_write(site_folder(t->content->site), path, buf_str(&out), BENEATH_CREATE, NULL);
		good = status == BENEATH_OK || tool_fail_file(t, path, status) != NULL;
		site_note(t->content->site, path);
	}
	buf_done(&out);
	return good;
}

/* ---- Data into what is there ---- */

static bool merge_into(json_t *into, const json_t *data, bool deep, bool drop_null)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)data, key, value) {
		json_t *old = json_object_get(into, key);
		bool good = true;
		if (drop_null && json_is_null(value))
			(void)json_object_del(into, key);
		else if (deep && json_is_object(old) && json_is_object(value))
			good = merge_into(old, value, true, drop_null);
		else
			good = json_object_set_new(into, key, json_deep_copy(value)) == 0;
		if (!good)
			return false;
	}
	return true;
}

static bool is_kept(const char *key, const char *const *kept)
{
	for (; *kept; kept++)
		if (strcmp(*kept, key) == 0)
			return true;
	return false;
}

bool tool_merge(const struct tool_call *t, json_t *into, const json_t *data, bool drop_null, const char *const *kept)
{
	struct str strategy = tool_text(t, "merge_strategy");
	const char *key;
	json_t *value;
	void *next;
	if (str_is(strategy, "replace"))
		json_object_foreach_safe(into, next, key, value)
			if (!is_kept(key, kept) && !json_object_get(data, key))
				(void)json_object_del(into, key);
	return merge_into(into, data, str_is(strategy, "deep"), drop_null);
}
