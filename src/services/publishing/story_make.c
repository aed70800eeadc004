/* SPDX-License-Identifier: Apache-2.0
 * Making stories, one or many at once.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/events.h"
#include "services/publishing/composing.h"
#include "services/publishing/local_time.h"
#include "services/publishing/projects.h"
#include "services/publishing/references.h"

#include <stdlib.h>

/* The only project that the caller reaches. */
static enum store_status only_project(
	struct sql *sql, const struct reach *reach, struct check *c, struct id_bytes *ret)
{
	struct sql_statement *st = sql_prepare(sql,
		"SELECT c.id FROM" CANDIDATES "c WHERE" REACHES("c.id") "ORDER BY c.id LIMIT 2");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_reach(st, reach);
	enum store_status status = step_row(st);
	if (status == STORE_NOT_FOUND) {
		check_add(c, "projectId must be given: this token reaches no project of its own accord");
		return STORE_INVALID;
	}
	if (status != STORE_OK)
		return status;
	struct id_bytes project = column_uuid(st, 0);
	status = step_row(st);
	sql_reset(st);
	if (status == STORE_OK) {
		check_add(c, "projectId must be given: this token reaches more than one project");
		return STORE_INVALID;
	}
	if (status != STORE_NOT_FOUND)
		return status;
	*ret = project;
	return STORE_OK;
}

enum store_status choose_project(struct sql *sql, const struct reach *reach, const struct id_bytes *named,
	struct check *c, struct id_bytes *ret)
{
	const struct id_bytes *project = id_bytes_set(named) ? named : &reach->project;

	if (!id_bytes_set(project))
		return only_project(sql, reach, c, ret);
	enum store_status status = find_project(sql, reach, project);
	if (status == STORE_OK)
		*ret = *project;
	return status;
}

struct make_work {
	const struct publishing *p;
	struct service_call *call;
	struct reach reach;
	const json_t *json; /* of the story */
	struct check check; /* in: what its form lacks */
	json_t *result;     /* out */
};

/* The project's default channels where the story does not say; none of them where one is gone. */
static enum store_status add_default_channels(struct sql *sql, struct make_work *w, struct story *story)
{
	json_t *settings = NULL;
	struct check gone = { .n = 0 };

	if (json_object_get(w->json, "channels"))
		return STORE_OK;
	enum store_status status = load_settings(sql, &story->project, &settings);
	if (status != STORE_OK)
		return status;
	struct str channels = get_words(settings, "default_channels", w->call->arena);
	json_decref(settings);
	status = check_references(sql, &reference_channel, &story->project, channels, "", &gone);
	if (status == STORE_OK && gone.count == 0)
		story->channels = channels;
	return status;
}

/* One story, whole or not at all: nothing is written before everything was judged. */
static enum store_status make_story(struct sql *sql, struct make_work *w)
{
	struct story story = { .status = STR("draft") };
	struct id_bytes named = get_project(&w->check, w->json);
	enum store_status status = choose_project(sql, &w->reach, &named, &w->check, &story.project);

	if (status == STORE_OK && w->check.count > 0)
		status = STORE_INVALID;
	if (status == STORE_OK && !apply_story(w->json, w->call->arena, &story))
		status = STORE_NO_MEMORY;
	if (status == STORE_OK)
		status = add_default_channels(sql, w, &story);
	if (status == STORE_OK)
		status = check_story_references(sql, &story, &w->check);
	story.scheduled_ms = get_time(w->json, "scheduled_at");
	if (story.scheduled_ms != 0)
		story.status = STR("scheduled");
	if (status == STORE_OK && story.scheduled_ms != 0)
		status = check_story_fits(sql, w->p, &story, w->call->arena, &w->check);
	if (status == STORE_OK && w->check.count > 0)
		status = STORE_INVALID;
	if (status != STORE_OK)
		return status;
	story.id = make_id(w->p, w->call->now_ms);
	status = insert_story(sql, &w->reach, &story, w->call->now_ms);
	if (status == STORE_OK && story.scheduled_ms != 0)
		status = emit_story_event(sql, w->p, &story.id, "story.scheduled", w->call->now_ms);
	if (status == STORE_OK)
		status = load_json(sql, w->p, &w->reach, &story_listing, &story.id, &w->result);
	return status;
}

static enum store_status make_one(struct sql *sql, void *arg)
{
	return make_story(sql, arg);
}

void run_create_story(struct service *service, struct service_call *call)
{
	struct publishing *p = publishing_of(service);
	struct make_work w = { .p = p, .call = call, .reach = reach_of(p, call->caller), .json = call->json };

	resolve_local(p, call, call->json, NULL, &w.check);
	check_story(&w.check, call->json, true, call->now_ms);
	/* What is refused by its form needs the project only to be judged. */
	enum store_status status = w.check.count > 0 ? database_read(p->database, make_one, &w)
						     : write_for(p, call, make_one, &w);
	answer_change(call, status, 201, status == STORE_NOT_FOUND ? "Project" : story_listing.noun, &w.check,
		w.result);
}

struct bulk_work {
	struct make_work *items;
	size_t count;
	struct service_call *call;
	json_t *results; /* out */
	bool cancelled;  /* out: none of them was made */
};

static json_t *bulk_error(size_t index, int status, const char *code, const char *message)
{
	return json_pack("{s:i,s:i,s:{s:s,s:s}}", "index", (int)index, "status", status,
		"error", "code", code, "message", message);
}

/* Makes one of many. What is wrong with it is its result; a store that fails ends all of them. */
static enum store_status make_item(struct sql *sql, struct make_work *w, size_t index, json_t **ret)
{
	enum store_status status = make_story(sql, w);

	if (status == STORE_OK) {
		*ret = json_pack("{s:i,s:i,s:o}", "index", (int)index, "status", 201, "story", w->result);
		w->result = NULL;
	} else if (status == STORE_INVALID && w->check.count > 0) {
		*ret = bulk_error(index, 422, "validation_failed", w->check.text);
	} else if (status == STORE_NOT_FOUND) {
		*ret = bulk_error(index, 404, "not_found", "Project not found");
	} else {
		return status;
	}
	return *ret ? STORE_OK : STORE_NO_MEMORY;
}

static enum store_status make_many(struct sql *sql, void *arg)
{
	struct bulk_work *w = arg;

	w->results = json_array();
	for (size_t i = 0; i < w->count; i++) {
		json_t *result = NULL;
		enum store_status status = make_item(sql, &w->items[i], i, &result);
		if (status == STORE_OK && json_array_append_new(w->results, result) != 0)
			status = STORE_NO_MEMORY;
		if (status != STORE_OK)
			return status;
		if ((w->cancelled = service_is_cancelled(w->call)))
			return STORE_INVALID; /* all goes back */
		service_progress(w->call, i + 1, w->count);
	}
	return STORE_OK;
}

void run_create_stories(struct service *service, struct service_call *call)
{
	static const struct field fields[] = { { "stories", FIELD_LIST, MAX_BULK, FIELD_REQUIRED, NULL } };
	struct publishing *p = publishing_of(service);
	struct check c = { .n = 0 };
	const json_t *list = json_object_get(call->json, "stories");
	struct bulk_work w = { .count = json_array_size(list), .call = call };

	check_object(&c, call->json, "", fields, sizeof(fields) / sizeof(fields[0]));
	if (c.count > 0) {
		check_answer(&c, call);
		return;
	}
	w.items = arena_alloc(call->arena, w.count * sizeof(*w.items));
	for (size_t i = 0; w.items && i < w.count; i++) {
		json_t *item = json_array_get(list, i);
		w.items[i] = (struct make_work){
			.p = p, .call = call, .reach = reach_of(p, call->caller), .json = item
		};
		if (json_is_object(item)) {
			resolve_local(p, call, item, NULL, &w.items[i].check);
			check_story(&w.items[i].check, item, true, call->now_ms);
		} else {
			check_add(&w.items[i].check, "a story must be an object");
		}
	}
	enum store_status status = w.items ? write_for(p, call, make_many, &w) : STORE_NO_MEMORY;
	if (status == STORE_OK) {
		answer_json(call, 200, json_pack("{s:o}", "results", w.results));
		return;
	}
	json_decref(w.results);
	if (w.cancelled)
		service_fail(call, 409, "cancelled", "Cancelled: no story was made");
	else
		answer_store(call, status, "Project");
}
