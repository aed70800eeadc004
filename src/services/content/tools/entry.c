/* SPDX-License-Identifier: Apache-2.0
 * What an entry is, beyond its file.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/tools/entry.h"

#include "base/clock.h"
#include <stdio.h>

#define ORIGINS_MAX 8 /* origins that have origins */

const char *const entry_status_names[] = { "published", "scheduled", "expired", "draft" };

const struct site_file *entry_collection(struct tool_call *t, struct str *ret_handle)
{
	if (!tool_handle(t, "collection", ret_handle))
		return NULL;
	const struct site_file *file = view_filef(t->view, "content/collections/%.*s.yaml", STR_FMT(*ret_handle));
	if (!file)
		tool_fail(t, "Collection not found: %.*s", STR_FMT(*ret_handle));
	return file;
}

bool collection_is_dated(const struct site_file *collection)
{
	const struct value *date = VALUE_GET(collection->root, "date");
	return date && date->kind == VALUE_BOOL && date->truth;
}

const struct site_file *entry_find(struct tool_call *t, struct str collection)
{
	struct str id = tool_text(t, "id");
	if (id.n == 0) {
		tool_fail(t, "\"id\" is required for the action %s", t->action);
		return NULL;
	}
	const struct site_file *entry = view_entry(t->view, collection, id);
	if (!entry)
		tool_fail(t, "Entry not found: %.*s", (int)(id.n < 100 ? id.n : 100), id.p);
	return entry;
}

struct str entry_locale(const struct site_view *view, const struct site_file *entry)
{
	return view_is_multi(view) && view_locale(view, entry->locale) ? entry->locale : view->locales[0].handle;
}

const struct value *entry_value(const struct site_view *view, const struct site_file *entry, struct str key)
{
	for (unsigned i = 0; entry && i < ORIGINS_MAX; i++) {
		const struct value *value = value_get(entry->root, key);
		if (value || entry->origin.n == 0)
			return value;
		entry = view_entry(view, entry->collection, entry->origin);
	}
	return NULL;
}

bool entry_date(struct str date, int64_t *ret_ms)
{
	char text[32];
	if (date.n < 10)
		return false;
	const char *time = date.n > 10 ? date.p + 11 : "0000";
	snprintf(text, sizeof(text), "%.10sT%.2s:%.2s:%.2sZ", date.p, time, time + 2, date.n >= 17 ? time + 4 : "00");
	return time_from_text(str_of(text), ret_ms);
}

enum entry_status entry_status(const struct site_file *collection, const struct site_file *entry, int64_t now_ms)
{
	int64_t ms;
	if (!entry->published)
		return ENTRY_DRAFT;
	if (!collection_is_dated(collection) || !entry_date(entry->date, &ms))
		return ENTRY_PUBLISHED;
	const struct value *behaviour = VALUE_GET(collection->root, "date_behavior");
	if (ms > now_ms && str_is(VALUE_TEXT_OF(behaviour, "future"), "private"))
		return ENTRY_SCHEDULED;
	if (ms <= now_ms && str_is(VALUE_TEXT_OF(behaviour, "past"), "private"))
		return ENTRY_EXPIRED;
	return ENTRY_PUBLISHED;
}

/* ---- Its address ---- */

/* "/blog/{slug}", or one for each locale. */
static struct str route_of(const struct site_file *collection, struct str locale)
{
	const struct value *route = VALUE_GET(collection->root, "route");
	if (route && route->kind == VALUE_MAP)
		route = value_get(route, locale);
	return route && route->kind == VALUE_TEXT ? route->text : (struct str){ NULL, 0 };
}

static bool add_part(struct buf *out, struct str name, const struct site_view *view, const struct site_file *entry)
{
	name = str_trim(name);
	const struct value *value;
	if (str_is(name, "slug"))
		return buf_add_str(out, entry->slug);
	if (str_is(name, "id"))
		return buf_add_str(out, entry->id);
	if (str_is(name, "year") && entry->date.n >= 10)
		return buf_add(out, entry->date.p, 4);
	if (str_is(name, "month") && entry->date.n >= 10)
		return buf_add(out, entry->date.p + 5, 2);
	if (str_is(name, "day") && entry->date.n >= 10)
		return buf_add(out, entry->date.p + 8, 2);
	value = entry_value(view, entry, name);
	return value && value->kind == VALUE_TEXT && buf_add_str(out, value->text);
}

/* Null where the route asks for what is known to the site's program only (a parent, a mount). */
static json_t *url_of(const struct site_view *view, const struct site_file *collection, const struct site_file *entry)
{
	struct str rest = route_of(collection, entry_locale(view, entry)), piece, name;
	struct buf out;
	buf_init(&out, 4096);
	bool good = rest.n > 0;
	while (good && rest.n > 0) {
		bool more = str_cut(&rest, '{', &piece);
		buf_add_str(&out, piece);
		if (more)
			good = str_cut(&rest, '}', &name) && add_part(&out, name, view, entry);
	}
	json_t *url = good && !out.failed && out.n > 0 && !memmem(out.p, out.n, "//", 2) ? json_stringn(out.p, out.n)
										       : json_null();
	buf_done(&out);
	return url;
}

json_t *entry_summary(struct tool_call *t, const struct site_file *collection, const struct site_file *entry)
{
	const struct value *title = entry_value(t->view, entry, STR("title"));
	struct str said = title && title->kind == VALUE_TEXT ? title->text : entry->slug;
	int64_t ms;
	json_t *date = entry_date(entry->date, &ms) ? tool_json_time(ms) : json_null();
	return json_pack("{s:o,s:o,s:o,s:b,s:s,s:o,s:o,s:o,s:o,s:o}", "id", tool_json_str(entry->id), "slug",
		tool_json_str(entry->slug), "title", tool_json_str(said), "published", entry->published, "status",
		entry_status_names[entry_status(collection, entry, t->call->now_ms)], "date", date, "url",
		url_of(t->view, collection, entry), "collection", tool_json_str(entry->collection), "site",
		tool_json_str(entry_locale(t->view, entry)), "last_modified", tool_json_time(entry->modified_ms));
}
