/* SPDX-License-Identifier: Apache-2.0
 * The rows of stories: read, made, written back. What may be done when is in story_make.c and
 * story_state.c.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/stories.h"

#include "services/publishing/outbox.h"
#include "services/publishing/references.h"

#define COLUMNS \
	"o.id, o.project_id, o.title, o.body, o.channels, o.media, o.template_id, o.moment_id, o.status," \
	" o.scheduled_at, o.scheduled_late, o.published_at, o.created_by, o.created_at, o.updated_at, o.round," \
	" o.failure"

static json_t *story_json(const struct publishing *p, struct sql_statement *st)
{
	(void)p;
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:o,s:o,s:o,s:o,s:o}",
		"id", json_of_id_column(st, 0), "project_id", json_of_id_column(st, 1),
		"title", json_of_column(st, 2), "body", json_of_column(st, 3),
		"channels", json_of_words(sql_column_text(st, 4)),
		"media", json_of_words(sql_column_text(st, 5)),
		"template_id", json_of_id_column(st, 6), "moment_id", json_of_id_column(st, 7),
		"status", json_of_column(st, 8), "scheduled_at", json_of_time_column(st, 9),
		"scheduled_late", sql_column_int(st, 10) != 0, "published_at", json_of_time_column(st, 11),
		"failure", json_of_filled(st, 16),
		"created_by", json_of_id_column(st, 12),
		"created_at", json_of_time_column(st, 13), "updated_at", json_of_time_column(st, 14));
}

const struct listing story_listing = {
	.noun = "Story", .to_json = story_json, .statuses = STORY_STATUSES,
	.get = GET_SQL(COLUMNS, "publishing_stories"),
	.list = LIST_SQL(COLUMNS, "publishing_stories", ""),
	.list_status = LIST_SQL(COLUMNS, "publishing_stories", STATUS_FILTER),
};

void run_list_stories(struct service *service, struct service_call *call)
{
	run_list(service, call, &story_listing);
}

struct story_work {
	const struct publishing *p;
	struct reach reach;
	struct id_bytes id;
	json_t *result; /* out */
};

static enum store_status get_story(struct sql *sql, void *arg)
{
	struct story_work *w = arg;
	json_t *deliveries = NULL;
	enum store_status status = load_json(sql, w->p, &w->reach, &story_listing, &w->id, &w->result);

	if (status == STORE_OK)
		status = outbox_json(sql, &w->id, &deliveries);
	if (status == STORE_OK && json_object_set_new(w->result, "deliveries", deliveries) != 0)
		status = STORE_NO_MEMORY;
	return status;
}

/* One story, with what became of each of its channels. */
void run_get_story(struct service *service, struct service_call *call)
{
	struct publishing *p = publishing_of(service);
	struct story_work w = { .p = p, .reach = reach_of(p, call->caller) };

	if (!take_path_id(call, story_listing.noun, &w.id))
		return;
	const enum store_status status = database_read(p->database, get_story, &w);
	if (status == STORE_OK) {
		answer_json(call, 200, w.result);
		return;
	}
	json_decref(w.result);
	answer_store(call, status, story_listing.noun);
}

enum store_status load_story(struct sql *sql, const struct reach *reach, const struct id_bytes *id,
	struct arena *arena, struct story *ret)
{
	struct sql_statement *st = sql_prepare(sql, story_listing.get);
	if (!st)
		return STORE_UNAVAILABLE;
	bind_reach(st, reach);
	bind_uuid(st, 4, id);
	enum store_status status = step_row(st);
	if (status == STORE_OK) {
		struct story story = {
			.id = *id, .project = column_uuid(st, 1),
			.title = arena_copy_str(arena, sql_column_text(st, 2)),
			.body = arena_copy_str(arena, sql_column_text(st, 3)),
			.channels = arena_copy_str(arena, sql_column_text(st, 4)),
			.media = arena_copy_str(arena, sql_column_text(st, 5)),
			.template_id = column_uuid(st, 6), .moment_id = column_uuid(st, 7),
			.status = arena_copy_str(arena, sql_column_text(st, 8)),
			.scheduled_ms = sql_column_int(st, 9), .round = sql_column_int(st, 15),
		};
		if (story.title.p && story.body.p && story.channels.p && story.media.p && story.status.p)
			*ret = story;
		else
			status = STORE_NO_MEMORY;
	}
	sql_reset(st);
	return status;
}

enum store_status check_story_references(struct sql *sql, const struct story *story, struct check *c)
{
	enum store_status status =
		check_references(sql, &reference_channel, &story->project, story->channels, "channels", c);
	if (status == STORE_OK)
		status = check_references(sql, &reference_media, &story->project, story->media, "media", c);
	if (status == STORE_OK)
		status = check_reference(
			sql, &reference_template, &story->project, &story->template_id, "template_id", c);
	if (status == STORE_OK)
		status = check_reference(
			sql, &reference_moment, &story->project, &story->moment_id, "moment_id", c);
	return status;
}

/* ?4 to ?14; the two statements below have the same ones. */
static void bind_story(
	struct sql_statement *st, const struct reach *reach, const struct story *story, int64_t now_ms)
{
	bind_reach(st, reach);
	bind_uuid(st, 4, &story->id);
	sql_bind_text(st, 5, story->title.p ? story->title : STR(""));
	sql_bind_text(st, 6, story->body.p ? story->body : STR(""));
	sql_bind_text(st, 7, story->channels.p ? story->channels : STR(""));
	sql_bind_text(st, 8, story->media.p ? story->media : STR(""));
	bind_uuid(st, 9, &story->template_id);
	bind_uuid(st, 10, &story->moment_id);
	sql_bind_text(st, 11, story->status);
	bind_time(st, 12, story->scheduled_ms);
	sql_bind_int(st, 13, now_ms);
}

enum store_status save_story(
	struct sql *sql, const struct reach *reach, const struct story *story, struct str was, int64_t now_ms)
{
	struct sql_statement *st = sql_prepare(sql,
		"UPDATE publishing_stories SET title = ?5, body = ?6, channels = ?7, media = ?8,"
		" template_id = ?9, moment_id = ?10, status = ?11, scheduled_at = ?12, updated_at = ?13,"
		" round = ?14, scheduled_late = 0, failure = CASE WHEN ?11 = 'failed' THEN failure ELSE '' END"
		" WHERE id = ?4 AND status = ?15 AND" REACHES("publishing_stories.project_id"));
	if (!st)
		return STORE_UNAVAILABLE;
	bind_story(st, reach, story, now_ms);
	sql_bind_int(st, 14, story->round);
	sql_bind_text(st, 15, was);
	enum store_status status = run_row(sql, st);
	return status == STORE_NOT_FOUND ? STORE_CONFLICT : status;
}

enum store_status insert_story(
	struct sql *sql, const struct reach *reach, const struct story *story, int64_t now_ms)
{
	struct sql_statement *st = sql_prepare(sql,
		"INSERT INTO publishing_stories (id, project_id, title, body, channels, media, template_id,"
		" moment_id, status, scheduled_at, created_at, updated_at, created_by) SELECT ?4, o.id, ?5,"
		" ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13, ?2 FROM projects o WHERE o.id = ?14"
		" AND" REACHES("o.id"));
	if (!st)
		return STORE_UNAVAILABLE;
	bind_story(st, reach, story, now_ms);
	bind_uuid(st, 14, &story->project);
	return run_row(sql, st);
}
