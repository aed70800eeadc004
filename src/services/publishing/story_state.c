/* SPDX-License-Identifier: Apache-2.0
 * The states of a story and what takes it from one to another:
 *
 *   draft, failed --schedule--> scheduled --unschedule--> draft
 *   draft, scheduled, failed --publish--> publishing --> published, failed
 *
 * A change of state and what it brings about (the outbox) are one transaction.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/composing.h"
#include "services/publishing/events.h"
#include "services/publishing/local_time.h"
#include "services/publishing/outbox.h"
#include "services/publishing/references.h"

struct change_work {
	const struct publishing *p;
	struct service_call *call;
	struct reach reach;
	struct id_bytes id;
	/* Judges and changes the story in memory: OK, INVALID or CONFLICT with a mistake, or a failure. */
	enum store_status (*change)(struct sql *sql, struct change_work *w, struct story *story);
	struct check check; /* in: what the form of the input lacks */
	json_t *result;     /* out */
};

static bool may_change(const struct story *story)
{
	return str_is(story->status, "draft") || str_is(story->status, "scheduled") ||
	       str_is(story->status, "failed");
}

/* 409: names the state that the story is in. */
static enum store_status refuse_state(struct change_work *w, const struct story *story, const char *what)
{
	w->check = (struct check){ .n = 0 };
	check_add(&w->check, "The story is %.*s and cannot be %s", STR_FMT(story->status), what);
	return STORE_CONFLICT;
}

/* What a change of state brings about, once the story's row says so. */
static enum store_status follow(
	struct sql *sql, const struct change_work *w, const struct story *story, int64_t was_scheduled_ms)
{
	enum store_status status = STORE_OK;

	if (str_is(story->status, "scheduled") && story->scheduled_ms != was_scheduled_ms)
		status = emit_story_event(sql, w->p, &story->id, "story.scheduled", w->call->now_ms);
	if (!str_is(story->status, "publishing"))
		return status;
	status = outbox_add(sql, w->p, story, w->call->now_ms);
	if (status == STORE_OK)
		status = outbox_settle(sql, w->p, &story->id, w->call->now_ms);
	/* What was there a moment ago, in this transaction, is no 404 of the story's. */
	return status == STORE_NOT_FOUND ? STORE_UNAVAILABLE : status;
}

static enum store_status change_story(struct sql *sql, void *arg)
{
	struct change_work *w = arg;
	struct story story;
	enum store_status status = load_story(sql, &w->reach, &w->id, w->call->arena, &story);

	if (status == STORE_OK && w->check.count > 0)
		status = STORE_INVALID;
	if (status != STORE_OK)
		return status;
	const struct str was = story.status;
	const int64_t was_ms = story.scheduled_ms;
	status = w->change(sql, w, &story);
	if (status == STORE_OK)
		status = save_story(sql, &w->reach, &story, was, w->call->now_ms);
	if (status == STORE_CONFLICT && w->check.count == 0)
		status = STORE_UNAVAILABLE; /* it changed between two statements of one transaction */
	if (status == STORE_OK)
		status = follow(sql, w, &story, str_is(was, "scheduled") ? was_ms : 0);
	if (status == STORE_OK)
		status = load_json(sql, w->p, &w->reach, &story_listing, &w->id, &w->result);
	return status;
}

static void run_change(struct publishing *p, struct change_work *w, int success)
{
	w->p = p;
	w->reach = reach_of(p, w->call->caller);
	enum store_status status = w->check.count > 0 ? database_read(p->database, change_story, w)
						      : write_for(p, w->call, change_story, w);
	answer_change(w->call, status, success, story_listing.noun, &w->check, w->result);
}

/* A time given sets or moves the schedule; null takes it away. */
static void apply_schedule(const json_t *json, struct story *story)
{
	const json_t *at = json_object_get(json, "scheduled_at");
	if (!at)
		return;
	if (!json_is_null(at)) {
		story->scheduled_ms = get_time(json, "scheduled_at");
		story->status = STR("scheduled");
	} else if (str_is(story->status, "scheduled")) {
		story->scheduled_ms = 0;
		story->status = STR("draft");
	}
}

/* What will go out must be what its channels take, while somebody is there to be told. */
static enum store_status check_fits(struct sql *sql, struct change_work *w, const struct story *story)
{
	enum store_status status = STORE_OK;
	if (!str_is(story->status, "draft") && !str_is(story->status, "failed"))
		status = check_story_fits(sql, w->p, story, w->call->arena, &w->check);
	return status == STORE_OK && w->check.count > 0 ? STORE_INVALID : status;
}

static enum store_status update(struct sql *sql, struct change_work *w, struct story *story)
{
	if (!may_change(story))
		return refuse_state(w, story, "changed");
	if (!apply_story(w->call->json, w->call->arena, story))
		return STORE_NO_MEMORY;
	if (story->title.n == 0 && story->body.n == 0 && story->media.n == 0) {
		check_add(&w->check, "title, body or media must be left: a story needs something to say");
		return STORE_INVALID;
	}
	apply_schedule(w->call->json, story);
	enum store_status status = check_story_references(sql, story, &w->check);
	return status == STORE_OK ? check_fits(sql, w, story) : status;
}

void run_update_story(struct service *service, struct service_call *call)
{
	struct change_work w = { .call = call, .change = update };

	if (!take_path_id(call, story_listing.noun, &w.id))
		return;
	resolve_local(publishing_of(service), call, call->json, &w.id, &w.check);
	check_story(&w.check, call->json, false, call->now_ms);
	run_change(publishing_of(service), &w, 200);
}

static enum store_status schedule(struct sql *sql, struct change_work *w, struct story *story)
{
	if (!may_change(story))
		return refuse_state(w, story, "scheduled");
	apply_schedule(w->call->json, story);
	return check_fits(sql, w, story);
}

void run_schedule_story(struct service *service, struct service_call *call)
{
	static const struct field fields[] = {
		{ "scheduled_at", FIELD_TIME, 0, 0, NULL },
		{ "scheduled_at_local", FIELD_LOCAL, 0, 0, NULL },
		{ "timezone", FIELD_ZONE, 0, 0, NULL },
	};
	struct change_work w = { .call = call, .change = schedule };

	if (!take_path_id(call, story_listing.noun, &w.id))
		return;
	resolve_local(publishing_of(service), call, call->json, &w.id, &w.check);
	check_object(&w.check, call->json, "", fields, sizeof(fields) / sizeof(fields[0]));
	if (!json_object_get(call->json, "scheduled_at") && !json_object_get(call->json, "scheduled_at_local"))
		check_add(&w.check, "scheduled_at must be given, or scheduled_at_local");
	check_schedule(&w.check, call->json, call->now_ms);
	run_change(publishing_of(service), &w, 200);
}

static enum store_status unschedule(struct sql *sql, struct change_work *w, struct story *story)
{
	(void)sql;
	if (!str_is(story->status, "scheduled"))
		return refuse_state(w, story, "unscheduled");
	story->status = STR("draft");
	story->scheduled_ms = 0;
	return STORE_OK;
}

/* An object may be sent where nothing is to be said; then it is empty. */
static void check_empty(struct check *c, const json_t *json)
{
	if (json)
		check_object(c, json, "", NULL, 0);
}

void run_unschedule_story(struct service *service, struct service_call *call)
{
	struct change_work w = { .call = call, .change = unschedule };

	if (!take_path_id(call, story_listing.noun, &w.id))
		return;
	check_empty(&w.check, call->json);
	run_change(publishing_of(service), &w, 200);
}

static enum store_status publish(struct sql *sql, struct change_work *w, struct story *story)
{
	if (!may_change(story))
		return refuse_state(w, story, "published");
	if (story->channels.n == 0) {
		check_add(&w->check,
			"channels must name at least one social connection before a story is published");
		return STORE_INVALID;
	}
	enum store_status status = check_story_references(sql, story, &w->check);
	story->status = STR("publishing");
	story->scheduled_ms = 0;
	if (status == STORE_OK)
		status = check_fits(sql, w, story);
	story->round++;
	return status;
}

void run_publish_story(struct service *service, struct service_call *call)
{
	struct change_work w = { .call = call, .change = publish };

	if (!take_path_id(call, story_listing.noun, &w.id))
		return;
	check_empty(&w.check, call->json);
	run_change(publishing_of(service), &w, 202);
}
