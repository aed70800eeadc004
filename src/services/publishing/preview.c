/* SPDX-License-Identifier: Apache-2.0
 * What would be sent to each channel of a story: composed by the same function as what is sent, with
 * what is in the way of it.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/composing.h"

struct preview_work {
	const struct publishing *p;
	struct arena *arena;
	struct reach reach;
	struct id_bytes id;
	json_t *result; /* out */
};

static json_t *limit_json(size_t limit)
{
	return limit > 0 ? json_integer((json_int_t)limit) : json_null();
}

static json_t *problems_json(const struct channel *channel, const struct composed *c)
{
	json_t *list = json_array();
	for (size_t i = 0; i < c->problem_count; i++)
		json_array_append_new(list, json_of_str(c->problems[i]));
	if (c->kind == COMPOSE_UNKNOWN)
		json_array_append_new(
			list, json_sprintf("Nothing can be sent to %.*s from here", STR_FMT(channel->provider)));
	if (!str_is(channel->status, "active"))
		json_array_append_new(list, json_string("The connection is not active"));
	return list;
}

static json_t *media_json(const struct compose_post *post)
{
	json_t *list = json_array();
	for (size_t i = 0; i < post->media_count; i++)
		json_array_append_new(list, json_pack("{s:o,s:o,s:o}", "id", json_of_str(post->media[i].id),
			"content_type", json_of_str(post->media[i].type),
			"alt_text", json_of_str(post->media[i].alt_text)));
	return list;
}

/* The posts of a thread; none where something else than posts is sent. */
static json_t *posts_json(const struct composed *c)
{
	json_t *list = json_array();
	for (size_t i = 0; c->kind == COMPOSE_MASTODON && i < c->post_count; i++)
		json_array_append_new(list, json_pack("{s:o,s:o}", "text", json_of_str(c->posts[i].text),
			"media", media_json(&c->posts[i])));
	return list;
}

static json_t *channel_json(const struct channel *channel, const struct compose_story *story,
	const struct composed *c)
{
	struct id id;
	json_t *problems = problems_json(channel, c);
	bool ok = json_array_size(problems) == 0;

	id_from_bytes(&channel->id, &id);
	return json_pack("{s:s,s:o,s:o,s:o,s:I,s:o,s:I,s:o,s:o,s:o,s:b,s:o}",
		"channel_id", id.text, "provider", json_of_str(channel->provider),
		"handle", json_of_str(channel->handle), "text", json_of_str(c->text),
		"length", (json_int_t)c->length, "length_limit", limit_json(c->limits.characters),
		"media_count", (json_int_t)story->media_count, "media_limit", limit_json(c->limits.media),
		"posts", posts_json(c), "request_body", c->body.p ? json_of_str(c->body) : json_null(),
		"ok", ok, "problems", problems);
}

/* A channel that is no longer there is left out; publishing names it. */
static enum store_status add_channel(struct sql *sql, const struct preview_work *w, const struct story *story,
	const struct compose_story *made, struct str word, json_t *list)
{
	struct channel channel;
	struct composed *composed = ARENA_NEW(w->arena, struct composed);
	enum store_status status = load_channel(sql, &story->project, word, w->arena, &channel);

	if (status != STORE_OK)
		return status == STORE_NOT_FOUND ? STORE_OK : status;
	if (!composed || !compose(channel.provider, NULL, made, w->arena, composed) ||
		json_array_append_new(list, channel_json(&channel, made, composed)) != 0)
		return STORE_NO_MEMORY;
	return STORE_OK;
}

static enum store_status preview(struct sql *sql, void *arg)
{
	struct preview_work *w = arg;
	struct story story;
	struct compose_story made;
	enum store_status status = load_story(sql, &w->reach, &w->id, w->arena, &story);
	if (status == STORE_OK)
		status = load_compose_story(sql, w->p, &story, w->arena, &made);
	if (status != STORE_OK)
		return status;
	json_t *list = json_array();
	struct str rest = story.channels, word;
	struct id id;

	while (status == STORE_OK && next_word(&rest, &word))
		status = add_channel(sql, w, &story, &made, word, list);
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
