/* SPDX-License-Identifier: Apache-2.0
 * Entries made, changed, published and deleted.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/tools/entry.h"

#include "base/clock.h"
#include "base/text.h"
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>

#define SLUG_MAX 200

/* What an entry is, and no data of it. */
static const char *const reserved[] = { "id", "origin", "status", "site", "collection", "locale", NULL };

static json_t *take_data(struct tool_call *t)
{
	json_t *data = json_object_get(t->args, "data");
	if (!json_is_object(data))
		return tool_fail(t, "\"data\" is required for the action %s", t->action);
	for (size_t i = 0; reserved[i]; i++)
		if (json_object_get(data, reserved[i]))
			return tool_fail(t, "\"%s\" is no field: it cannot be set by \"data\"", reserved[i]);
	return json_copy(data);
}

/* ---- Names ---- */

static bool is_slug(struct str slug)
{
	return beneath_is_name(slug) && slug.n <= SLUG_MAX && !memchr(slug.p, '.', slug.n);
}

/* Letters and digits in lower case, and dashes between words. */
static struct str slug_of(struct tool_call *t, struct str title)
{
	char *out = arena_alloc(t->arena, title.n + 1);
	size_t n = 0;
	for (size_t i = 0; out && i < title.n && n < SLUG_MAX; i++) {
		unsigned char c = (unsigned char)title.p[i];
		if (isalnum(c) || c >= 0x80)
			out[n++] = (char)tolower(c);
		else if (n > 0 && out[n - 1] != '-' && c != '\'')
			out[n++] = '-';
	}
	while (n > 0 && (out[n - 1] == '-' || ((unsigned char)out[n - 1] >= 0x80 && !utf8_valid((struct str){ out, n }))))
		n--;
	return (struct str){ out, n };
}

struct making {
	struct str collection;
	const struct site_file *file; /* the collection's */
	const struct site_locale *locale;
	json_t *data;
	struct str slug, date, id;
	bool published;
};

static bool choose_slug(struct tool_call *t, struct making *m)
{
	const json_t *in_data = json_object_get(m->data, "slug"), *title = json_object_get(m->data, "title");
	m->slug = tool_text(t, "slug");
	if (m->slug.n == 0 && json_is_string(in_data))
		m->slug = arena_copy_str(t->arena, str_of(json_string_value(in_data)));
	else if (m->slug.n == 0 && json_is_string(title))
		m->slug = slug_of(t, str_of(json_string_value(title)));
	(void)json_object_del(m->data, "slug");
	if (is_slug(m->slug))
		return true;
	tool_fail(t, m->slug.n == 0 ? "A new entry needs a \"slug\", or a title to make one of"
				    : "The slug is no name that a file can have: letters, digits and dashes, at most 200 bytes");
	return false;
}

/* A moment as a file's name has it. */
static bool choose_date(struct tool_call *t, struct making *m)
{
	const json_t *given = json_object_get(m->data, "date");
	int64_t ms = t->call->now_ms;
	char text[TIME_TEXT_ROOM];
	if (!collection_is_dated(m->file))
		return true;
	struct str said = json_is_string(given) ? str_of(json_string_value(given)) : (struct str){ NULL, 0 };
	if (given && (!said.p || !time_from_text(said, &ms))) {
		tool_fail(t, "\"date\" is no date: write 2026-01-31 or 2026-01-31T10:00:00Z");
		return false;
	}
	time_to_text(ms, false, text);
	bool has_time = said.n > 10 && memcmp(text + 11, "00:00:00", 8) != 0;
	m->date = str_of(has_time ? arena_printf(t->arena, "%.10s-%.2s%.2s", text, text + 11, text + 14)
				  : arena_printf(t->arena, "%.10s", text));
	(void)json_object_del(m->data, "date");
	return m->date.p || tool_no_memory(t) != NULL;
}

/* An entry is published unless it says otherwise, or its collection does; who may not publish makes drafts. */
static bool choose_published(struct tool_call *t, struct making *m)
{
	const json_t *asked = json_object_get(m->data, "published");
	const bool may = tool_is_permitted(t, "publish {} entries", m->collection);
	if (asked && !json_is_boolean(asked)) {
		tool_fail(t, "\"published\" must be true or false");
		return false;
	}
	if (json_is_true(asked) && !tool_may(t, "publish {} entries", m->collection))
		return false;
	const struct value *normal = VALUE_GET(m->file->root, "default_status");
	bool draft = normal && normal->kind == VALUE_TEXT && str_is(normal->text, "draft");
	m->published = asked ? json_is_true(asked) : !draft && may;
	if (!asked && !draft && !may)
		tool_warn(t, "The entry is a draft: the token's owner may not publish");
	(void)json_object_del(m->data, "published");
	return true;
}

static void make_id(struct tool_call *t, struct making *m)
{
	uint8_t random[10];
	randombytes_buf(random, sizeof(random));
	const struct id id = id_make(t->call->now_ms, random);
	m->id = arena_copy_str(t->arena, str_of(id.text));
}

/* ---- Create ---- */

static const char *folder_of(struct tool_call *t, const struct making *m)
{
	return view_is_multi(t->view)
		? arena_printf(t->arena, "content/collections/%.*s/%.*s", STR_FMT(m->collection), STR_FMT(m->locale->handle))
		: arena_printf(t->arena, "content/collections/%.*s", STR_FMT(m->collection));
}

/* In a locale a slug is one entry's, whatever its date. */
static bool slug_is_free(struct tool_call *t, const struct making *m, const char *folder, const struct site_file *own)
{
	char prefix[1024];
	size_t first;
	snprintf(prefix, sizeof(prefix), "%s/", folder);
	const size_t count = view_range(t->view, prefix, &first);
	for (size_t i = first; i < first + count; i++)
		if (t->view->files[i] != own && t->view->files[i]->is_entry && str_eq(t->view->files[i]->slug, m->slug)) {
			tool_fail(t, "There is an entry with the slug \"%.*s\" already", STR_FMT(m->slug));
			return false;
		}
	return true;
}

/* The blueprint that a new entry names: the one that was asked for, or the collection's first. */
static bool choose_blueprint(struct tool_call *t, const struct making *m, json_t *json)
{
	const json_t *asked = json_object_get(m->data, "blueprint");
	char prefix[512];
	size_t first;
	if (asked) {
		struct str name = json_is_string(asked) ? str_of(json_string_value(asked)) : (struct str){ NULL, 0 };
		if (!beneath_is_name(name) || !view_filef(t->view, "resources/blueprints/collections/%.*s/%.*s.yaml",
				STR_FMT(m->collection), STR_FMT(name)))
			tool_fail(t, "The collection has no such blueprint");
		return !t->failed && json_object_set_new(json, "blueprint", tool_json_str(name)) == 0;
	}
	snprintf(prefix, sizeof(prefix), "resources/blueprints/collections/%.*s/", STR_FMT(m->collection));
	if (view_range(t->view, prefix, &first) > 0)
		return json_object_set_new(json, "blueprint", tool_json_str(t->view->files[first]->slug)) == 0;
	return true;
}

/* What the file will say, in the order in which Statamic writes it. */
static json_t *file_of(struct tool_call *t, const struct making *m)
{
	json_t *json = json_pack("{s:o}", "id", tool_json_str(m->id));
	bool good = json && (m->published || json_object_set_new(json, "published", json_false()) == 0)
		&& choose_blueprint(t, m, json);
	const char *key;
	json_t *value;
	json_object_foreach(m->data, key, value)
		if (good && !json_is_null(value))
			good = json_object_set(json, key, value) == 0;
	if (good)
		return json;
	json_decref(json);
	return NULL;
}

static json_t *answer_of(struct tool_call *t, struct str collection, struct str id, const char *done)
{
	const struct site_view *now = site_look(t->content->site), *before = t->view;
	json_t *json = NULL;
	if (now) {
		t->view = now;
		const struct site_file *file = view_filef(now, "content/collections/%.*s.yaml", STR_FMT(collection)),
				       *entry = view_entry(now, collection, id);
		if (file && entry)
			json = json_pack("{s:o,s:b}", "entry", entry_summary(t, file, entry), done, 1);
		t->view = before;
		site_done(t->content->site, now);
	}
	return json ? json : json_pack("{s:{s:o},s:b}", "entry", "id", tool_json_str(id), done, 1);
}

static json_t *create(struct tool_call *t, struct making *m)
{
	const char *folder = folder_of(t, m);
	const bool good = choose_slug(t, m) && choose_date(t, m) && choose_published(t, m);
	const char *path = !good || !folder ? NULL : m->date.n > 0
		? arena_printf(t->arena, "%s/%.*s.%.*s.md", folder, STR_FMT(m->date), STR_FMT(m->slug))
		: arena_printf(t->arena, "%s/%.*s.md", folder, STR_FMT(m->slug));
	if (!path || !slug_is_free(t, m, folder, NULL))
		return NULL;
	make_id(t, m);
	json_t *json = file_of(t, m);
	bool made = json && tool_create(t, path, DOCUMENT_ENTRY, json);
	json_decref(json);
	if (made && !tree_append(t, m->collection, m->locale->handle, m->id)) {
		(void)beneath_remove(site_folder(t->content->site), path); /* all of it, or nothing */
		site_note(t->content->site, path);
		made = false;
	}
	return made ? answer_of(t, m->collection, m->id, "created") : NULL;
}

json_t *entries_create(struct tool_call *t)
{
	struct making m = { .file = NULL };
	m.file = entry_collection(t, &m.collection);
	m.locale = m.file ? tool_locale(t) : NULL;
	if (!m.locale || !tool_may(t, "create {} entries", m.collection))
		return NULL;
	m.data = take_data(t);
	json_t *answer = m.data ? create(t, &m) : NULL;
	json_decref(m.data);
	return answer;
}

/* ---- Update ---- */

/* The entry as it is on the disk under the lock; another may have come into its place. */
static bool begin(struct tool_call *t, const struct site_file *entry, struct tool_edit *e)
{
	if (!edit_begin(t, entry->path.p, DOCUMENT_ENTRY, e))
		return false;
	const json_t *id = json_object_get(e->json, "id");
	if (json_is_string(id) && str_is(entry->id, json_string_value(id)))
		return true;
	tool_fail(t, "Entry not found: %.*s", STR_FMT(entry->id));
	return false;
}

/* The new name of its file where the slug changes; NULL where it does not. */
static const char *new_path(struct tool_call *t, const struct site_file *entry, json_t *data)
{
	const json_t *given = json_object_get(data, "slug");
	struct making m = { .collection = entry->collection };
	if (!given)
		return NULL;
	m.slug = json_is_string(given) ? arena_copy_str(t->arena, str_of(json_string_value(given))) : (struct str){ NULL, 0 };
	(void)json_object_del(data, "slug");
	if (str_eq(m.slug, entry->slug))
		return NULL;
	if (!is_slug(m.slug)) {
		tool_fail(t, "The slug is no name that a file can have: letters, digits and dashes, at most 200 bytes");
		return NULL;
	}
	const char *slash = memrchr(entry->path.p, '/', entry->path.n);
	const char *folder = arena_copy(t->arena, (struct str){ entry->path.p, (size_t)(slash - entry->path.p) });
	const char *dot = memrchr(entry->path.p, '.', entry->path.n);
	if (!folder || !slug_is_free(t, &m, folder, entry))
		return NULL;
	return arena_printf(t->arena, "%s/%.*s%s%.*s%s", folder, STR_FMT(entry->date), entry->date.n > 0 ? "." : "",
		STR_FMT(m.slug), dot);
}

static bool move_to(struct tool_call *t, const struct site_file *entry, const char *path)
{
	if (!path)
		return true;
	enum beneath_status status = beneath_move(site_folder(t->content->site), entry->path.p, path);
	site_note(t->content->site, entry->path.p);
	site_note(t->content->site, path);
	return status == BENEATH_OK || tool_fail_file(t, path, status) != NULL;
}

static bool update(struct tool_call *t, const struct site_file *entry, json_t *data)
{
	static const char *const kept[] = { "id", "origin", "published", "blueprint", NULL };
	struct tool_edit e;
	const char *path = new_path(t, entry, data);
	if (t->failed)
		return false;
	bool good = begin(t, entry, &e);
	if (good) {
		good = tool_merge(t, e.json, data, entry->origin.n == 0, kept) || tool_no_memory(t) != NULL;
		good = good && edit_commit(t, &e) && move_to(t, entry, path);
	}
	edit_end(&e);
	return good;
}

json_t *entries_update(struct tool_call *t)
{
	struct str handle;
	if (!entry_collection(t, &handle) || !tool_may(t, "edit {} entries", handle))
		return NULL;
	const struct site_file *entry = entry_find(t, handle);
	json_t *data = entry ? take_data(t) : NULL;
	if (!data)
		return NULL;
	bool good = true;
	if (json_object_get(data, "published"))
		good = tool_fail(t, "\"published\" is not changed by update: use the actions publish and unpublish") != NULL;
	else if (json_object_get(data, "blueprint") || (json_object_get(data, "date") && entry->date.n > 0))
		good = tool_fail(t, "\"blueprint\", and the \"date\" of a dated collection, cannot be changed here") != NULL;
	good = good && update(t, entry, data);
	json_decref(data);
	return good ? answer_of(t, handle, entry->id, "updated") : NULL;
}

/* ---- Publish, unpublish, delete ---- */

static json_t *set_published(struct tool_call *t, bool published)
{
	struct str handle;
	struct tool_edit e;
	if (!entry_collection(t, &handle) || !tool_may(t, "publish {} entries", handle))
		return NULL;
	const struct site_file *entry = entry_find(t, handle);
	if (!entry)
		return NULL;
	bool good = begin(t, entry, &e);
	if (good && published)
		(void)json_object_del(e.json, "published");
	else if (good)
		good = json_object_set_new(e.json, "published", json_false()) == 0;
	good = good && edit_commit(t, &e);
	edit_end(&e);
	return good ? answer_of(t, handle, entry->id, published ? "published" : "unpublished") : NULL;
}

json_t *entries_publish(struct tool_call *t)
{
	return set_published(t, true);
}

json_t *entries_unpublish(struct tool_call *t)
{
	return set_published(t, false);
}

static bool has_localizations(struct tool_call *t, const struct site_file *entry)
{
	char prefix[512];
	size_t first;
	snprintf(prefix, sizeof(prefix), "content/collections/%.*s/", STR_FMT(entry->collection));
	const size_t count = view_range(t->view, prefix, &first);
	for (size_t i = first; i < first + count; i++)
		if (str_eq(t->view->files[i]->origin, entry->id)) {
			tool_fail(t, "The entry %.*s is the origin of %.*s: delete that one first", STR_FMT(entry->id),
				STR_FMT(t->view->files[i]->id));
			return true;
		}
	return false;
}

json_t *entries_delete(struct tool_call *t)
{
	struct str handle;
	struct tool_edit e;
	if (!entry_collection(t, &handle) || !tool_may(t, "delete {} entries", handle))
		return NULL;
	const struct site_file *entry = entry_find(t, handle);
	if (!entry || (view_is_multi(t->view) && has_localizations(t, entry)))
		return NULL;
	bool good = begin(t, entry, &e);
	if (good) {
		enum beneath_status status = beneath_remove(site_folder(t->content->site), entry->path.p);
		good = status == BENEATH_OK || tool_fail_file(t, entry->path.p, status) != NULL;
		site_note(t->content->site, entry->path.p);
	}
	edit_end(&e);
	good = good && tree_remove(t, handle, entry_locale(t->view, entry), entry->id);
	return good ? json_pack("{s:{s:o,s:o,s:o,s:o},s:b}", "entry", "id", tool_json_str(entry->id), "slug",
		tool_json_str(entry->slug), "collection", tool_json_str(handle), "site",
		tool_json_str(entry_locale(t->view, entry)), "deleted", 1) : NULL;
}
