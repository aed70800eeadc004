/* SPDX-License-Identifier: Apache-2.0
 * Entries, listed and got.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/tools/entry.h"

#include "base/limits.h"
#include <stdio.h>

#define LIST_DEFAULT 100
#define LIST_MAX 500

/* ---- List ---- */

enum filter_on { ON_VALUE, ON_ID, ON_SLUG, ON_STATUS, ON_PUBLISHED };

struct filter {
	struct str key;
	enum filter_on on;
	const json_t *wanted;
};

struct list {
	const struct site_file *collection;
	const struct site_locale *locale;
	struct filter filters[LIMIT_CONTENT_FILTERS];
	size_t filter_count;
	struct str search, status;
	bool drafts; /* unpublished ones too */
	int64_t limit, offset;
	size_t total;
	json_t *entries;
};

static bool read_filters(struct tool_call *t, struct list *l)
{
	static const char *const own[] = { "", "id", "slug", "status", "published" };
	const char *key;
	size_t n;
	json_t *wanted;
	json_object_keylen_foreach(json_object_get(t->args, "filters"), key, n, wanted) {
		struct filter *f = &l->filters[l->filter_count];
		if (l->filter_count == LIMIT_CONTENT_FILTERS || strcmp(key, "content") == 0) {
			tool_fail(t, strcmp(key, "content") == 0 ? "The body of an entry (\"content\") cannot be filtered by"
								 : "There are too many filters");
			return false;
		}
		*f = (struct filter){ .key = { key, n }, .wanted = wanted };
		for (size_t i = ON_ID; i <= ON_PUBLISHED; i++)
			if (strcmp(key, own[i]) == 0)
				f->on = (enum filter_on)i;
		l->drafts |= f->on == ON_STATUS || f->on == ON_PUBLISHED;
		l->filter_count++;
	}
	return true;
}

/* What is not of the front matter. */
static bool fits_own(const struct tool_call *t, const struct list *l, const struct site_file *entry,
	const struct filter *f)
{
	struct value made = { .kind = VALUE_TEXT, .text = f->on == ON_ID ? entry->id : entry->slug };
	if (f->on == ON_STATUS)
		made.text = str_of(entry_status_names[entry_status(l->collection, entry, t->call->now_ms)]);
	else if (f->on == ON_PUBLISHED)
		made = (struct value){ .kind = VALUE_BOOL, .truth = entry->published };
	return value_fits(&made, f->wanted);
}

static bool fits_filters(const struct tool_call *t, const struct list *l, const struct site_file *entry)
{
	for (size_t i = 0; i < l->filter_count; i++) {
		const struct filter *f = &l->filters[i];
		if (f->on != ON_VALUE ? !fits_own(t, l, entry, f) : !value_fits(entry_value(t->view, entry, f->key), f->wanted))
			return false;
	}
	return true;
}

static bool fits(struct tool_call *t, const struct list *l, const struct site_file *entry)
{
	if (!entry->is_entry || !entry->root || !str_eq(entry_locale(t->view, entry), l->locale->handle))
		return false;
	if (l->status.n > 0) {
		enum entry_status status = entry_status(l->collection, entry, t->call->now_ms);
		if (!str_is(l->status, entry_status_names[status]))
			return false;
	} else if (!l->drafts && !entry->published) {
		return false;
	}
	if (l->search.n > 0 && !text_contains(entry->slug, l->search) && !value_contains(entry->root, l->search))
		return false;
	return fits_filters(t, l, entry);
}

static bool read_list(struct tool_call *t, struct list *l)
{
	l->search = tool_text(t, "search");
	l->status = tool_text(t, "status");
	l->drafts = tool_flag(t, "include_unpublished");
	l->limit = tool_number(t, "limit", LIST_DEFAULT, LIST_MAX);
	l->offset = tool_number(t, "offset", 0, LIMIT_CONTENT_FILES);
	l->locale = tool_locale(t);
	return l->locale && read_filters(t, l);
}

json_t *entries_list(struct tool_call *t)
{
	struct str handle;
	char prefix[512];
	struct list l = { .collection = entry_collection(t, &handle) };
	size_t first, broken = 0;
	if (!l.collection || !tool_may(t, "view {} entries", handle) || !read_list(t, &l))
		return NULL;
	snprintf(prefix, sizeof(prefix), "content/collections/%.*s/", STR_FMT(handle));
	const size_t count = view_range(t->view, prefix, &first);
	l.entries = json_array();
	for (size_t i = first; i < first + count; i++) {
		const struct site_file *entry = t->view->files[i];
		broken += entry->is_entry && entry->problem;
		if (!fits(t, &l, entry))
			continue;
		if (l.total >= (size_t)l.offset && l.total < (size_t)(l.offset + l.limit))
			(void)json_array_append_new(l.entries, entry_summary(t, l.collection, entry));
		l.total++;
	}
	if (broken > 0)
		tool_warn(t, "%zu files of the collection cannot be read: see content_audit", broken);
	return json_pack("{s:o,s:o,s:o,s:o}", "entries", l.entries, "pagination",
		tool_pagination(l.total, l.limit, l.offset), "collection", tool_json_str(handle), "site",
		tool_json_str(l.locale->handle));
}

/* ---- Get ---- */

/* What the file says now, with its body: the index holds none. */
static json_t *read_data(struct tool_call *t, const struct site_file *entry)
{
	struct arena arena;
	struct buf text;
	struct document d;
	struct value_problem problem;
	json_t *json = NULL;
	buf_init(&text, LIMIT_CONTENT_FILE_BYTES + 4096);
	arena_init(&arena, 0);
	enum beneath_status status =
		beneath_read(site_folder(t->content->site), entry->path.p, LIMIT_CONTENT_FILE_BYTES, &text, NULL);
	if (status != BENEATH_OK)
		tool_fail_file(t, entry->path.p, status);
	else if (!document_parse(buf_str(&text), DOCUMENT_ENTRY, &arena, &d, &problem))
		tool_fail(t, "%s:%u: %s", entry->path.p, problem.line, problem.text);
	else
		json = document_json(&d);
	arena_done(&arena);
	buf_done(&text);
	return json;
}

static json_t *localizations(struct tool_call *t, const struct site_file *entry)
{
	json_t *list = json_array();
	const struct str root = entry->origin.n > 0 ? entry->origin : entry->id;
	char prefix[512];
	size_t first;
	snprintf(prefix, sizeof(prefix), "content/collections/%.*s/", STR_FMT(entry->collection));
	const size_t count = view_is_multi(t->view) ? view_range(t->view, prefix, &first) : 0;
	for (size_t i = 0; i < count; i++) {
		const struct site_file *other = t->view->files[first + i];
		if (other != entry && other->id.n > 0 && (str_eq(other->origin, root) || str_eq(other->id, root)))
			(void)json_array_append_new(list, json_pack("{s:o,s:o}", "site",
				tool_json_str(entry_locale(t->view, other)), "id", tool_json_str(other->id)));
	}
	return list;
}

/* Its own values over those of its origin. */
static json_t *with_origin(struct tool_call *t, const struct site_file *entry, json_t *own)
{
	const struct site_file *origin =
		entry->origin.n > 0 ? view_entry(t->view, entry->collection, entry->origin) : NULL;
	json_t *data = origin ? read_data(t, origin) : NULL;
	if (data && json_object_update(data, own) == 0)
		return data;
	json_decref(data);
	return json_incref(own);
}

json_t *entries_get(struct tool_call *t)
{
	static const char *const apart[] = { "id", "origin", "published" };
	struct str handle;
	const struct site_file *collection = entry_collection(t, &handle);
	if (!collection || !tool_may(t, "view {} entries", handle))
		return NULL;
	const struct site_file *entry = entry_find(t, handle);
	json_t *own = entry ? read_data(t, entry) : NULL;
	if (!own)
		return NULL;
	json_t *data = with_origin(t, entry, own), *json = entry_summary(t, collection, entry);
	for (size_t i = 0; i < sizeof(apart) / sizeof(apart[0]); i++) {
		(void)json_object_del(own, apart[i]);
		(void)json_object_del(data, apart[i]);
	}
	(void)json_object_set_new(json, "origin", entry->origin.n > 0 ? tool_json_str(entry->origin) : json_null());
	(void)json_object_set(json, "data", data);
	if (view_is_multi(t->view)) {
		json_t *keys = json_array();
		const char *key;
		json_t *value;
		json_object_foreach(own, key, value)
			(void)json_array_append_new(keys, json_string(key));
		(void)json_object_set_new(json, "own_fields", keys);
		(void)json_object_set_new(json, "localizations", localizations(t, entry));
	}
	json_decref(own);
	json_decref(data);
	return json_pack("{s:o}", "entry", json);
}
