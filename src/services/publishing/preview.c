/* SPDX-License-Identifier: Apache-2.0
 * What would be sent to each channel of a story, with the limits that are known of it.
 * services: may include base, core, wire, store and services/service.h.
 */
#include "services/publishing/stories.h"

#include "base/text.h"

/* What a provider takes: 0 is no limit that we know. Others have limits too, which we do not know. */
struct provider {
	const char *name;
	size_t characters, media;
};

static const struct provider providers[] = {
	{ "mastodon", 500, 4 },
};

static const struct provider *find_provider(struct str name)
{
	static const struct provider unknown = { "", 0, 0 };
	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++)
		if (str_is(name, providers[i].name))
			return &providers[i];
	return &unknown;
}

/* The title, an empty line, the body; one of them where there is only one. NULL without memory. */
static const char *story_text(const struct story *story, struct arena *arena)
{
	const char *between = story->title.n > 0 && story->body.n > 0 ? "\n\n" : "";
	return arena_printf(arena, "%.*s%s%.*s", STR_FMT(story->title), between, STR_FMT(story->body));
}

static size_t count_words(struct str words)
{
	struct str word;
	size_t n = 0;
	while (next_word(&words, &word))
		n++;
	return n;
}

static json_t *limit_json(size_t limit)
{
	return limit > 0 ? json_integer((json_int_t)limit) : json_null();
}

static json_t *problems_json(const struct provider *provider, size_t length, size_t media, bool active)
{
	json_t *list = json_array();
	if (length == 0 && media == 0)
		json_array_append_new(list, json_string("There is nothing to send"));
	if (provider->characters > 0 && length > provider->characters)
		json_array_append_new(list, json_sprintf("The text has %zu characters; %s takes %zu", length,
			provider->name, provider->characters));
	if (provider->media > 0 && media > provider->media)
		json_array_append_new(
			list, json_sprintf("There are %zu media files; %s takes %zu in one post", media,
				      provider->name, provider->media));
	if (!active)
		json_array_append_new(list, json_string("The connection is not active"));
	return list;
}

struct preview_work {
	const struct publishing *p;
	struct arena *arena;
	struct reach reach;
	struct id_bytes id;
	json_t *result; /* out */
};

static json_t *channel_json(struct sql_statement *st, const char *text, size_t media)
{
	const struct provider *provider = find_provider(sql_column_text(st, 2));
	size_t length = utf8_length(str_of(text));
	json_t *problems = problems_json(provider, length, media, str_is(sql_column_text(st, 4), "active"));
	bool ok = json_array_size(problems) == 0;

	return json_pack("{s:o,s:o,s:o,s:s,s:I,s:o,s:I,s:o,s:b,s:o}",
		"channel_id", json_of_id_column(st, 0), "provider", json_of_column(st, 2),
		"handle", json_of_column(st, 3), "text", text,
		"length", (json_int_t)length, "length_limit", limit_json(provider->characters),
		"media_count", (json_int_t)media, "media_limit", limit_json(provider->media),
		"ok", ok, "problems", problems);
}

/* A channel that is no longer there is left out; publishing names it. */
static enum store_status add_channel(struct sql *sql, const struct preview_work *w, const struct story *story,
	struct str word, const char *text, json_t *list)
{
	struct id id;
	struct id_bytes channel = { { 0 } };
	struct sql_statement *st =
		sql_prepare(sql, GET_SQL("o.id, o.project_id, o.provider, o.handle, o.status",
					 "publishing_social_connections") "AND o.project_id = ?5");
	if (!st)
		return STORE_UNAVAILABLE;
	if (id_parse(word, &id))
		(void)id_to_bytes(&id, &channel);
	bind_reach(st, &w->reach);
	bind_uuid(st, 4, &channel);
	bind_uuid(st, 5, &story->project);
	enum store_status status = step_row(st);
	if (status == STORE_OK &&
		json_array_append_new(list, channel_json(st, text, count_words(story->media))) != 0)
		status = STORE_NO_MEMORY;
	sql_reset(st);
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

static enum store_status preview(struct sql *sql, void *arg)
{
	struct preview_work *w = arg;
	struct story story;
	enum store_status status = load_story(sql, &w->reach, &w->id, w->arena, &story);
	if (status != STORE_OK)
		return status;
	const char *text = story_text(&story, w->arena);
	json_t *list = json_array();
	struct str rest = story.channels, word;
	struct id id;

	if (!text || !list)
		status = STORE_NO_MEMORY;
	while (status == STORE_OK && next_word(&rest, &word))
		status = add_channel(sql, w, &story, word, text, list);
	if (status != STORE_OK) {
		json_decref(list);
		return status;
	}
	id_from_bytes(&w->id, &id);
	w->result = json_pack("{s:s,s:o}", "story_id", id.text, "channels", list);
	return w->result ? STORE_OK : STORE_NO_MEMORY;
}

void run_preview_story(struct service *service, struct service_call *call)
{
	struct publishing *p = publishing_of(service);
	struct preview_work w = { .p = p, .arena = call->arena, .reach = reach_of(p, call->caller) };

	if (!take_path_id(call, story_listing.noun, &w.id))
		return;
	enum store_status status = database_read(p->database, preview, &w);
	if (status == STORE_OK)
		answer_json(call, 200, w.result);
	else
		answer_store(call, status, story_listing.noun);
}
