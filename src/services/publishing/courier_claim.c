/* SPDX-License-Identifier: Apache-2.0
 * Stories whose time has come are queued, and posts that are due are claimed: that an attempt begins is on the
 * disk before anything is sent, so that after a crash nobody mistakes it for one that never was.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/courier.h"

#include "services/publishing/connections.h"
#include "services/publishing/events.h"
#include "services/publishing/lanes.h"
#include "services/publishing/outbox.h"

#include <stdlib.h>

#define STORIES_AT_ONCE 128
#define ATTEMPT_COLUMNS \
	"o.id, o.story_id, o.channel_id, o.attempts, o.first_at, o.key_at, o.progress, o.project_id"

struct claim {
	struct courier *c;
	int64_t now_ms;
	bool due;         /* out, of a look: there is something to claim */
	bool more;        /* out: there are more stories than were taken */
	struct job *made; /* out: newest first */
	size_t count;
	struct arena arena; /* of one story at a time */
};

static const struct lanes lanes = {
	.first = LANE_SQL("publishing_outbox", "channel_id", ">="),
	.next = LANE_SQL("publishing_outbox", "channel_id", ">"),
	.due = LANE_DUE_SQL("publishing_outbox", "channel_id"),
};

/* ---- A look, that costs no commit ---- */

/* Of this API: another's that nobody sends must not keep this one at it. */
static enum store_status next_story(struct sql *sql, const struct publishing *p, int64_t *ret_ms)
{
	struct sql_statement *st = sql_prepare(sql, "SELECT s.scheduled_at FROM publishing_stories s"
		" JOIN projects p ON p.id = s.project_id AND p.api = ?1"
		" WHERE s.status = 'scheduled' ORDER BY s.scheduled_at LIMIT 1");
	if (!st)
		return STORE_UNAVAILABLE;
	sql_bind_text(st, 1, str_of(p->api));
	enum store_status status = step_row(st);
	if (status == STORE_OK)
		*ret_ms = sql_column_int(st, 0);
	sql_reset(st);
	return status;
}

static size_t room_of(const struct claim *claim, const struct id_bytes *lane)
{
	const struct courier *c = claim->c;
	const size_t running = courier_lane_count(c, lane), all = c->running_count + claim->count;
	const size_t room = running < COURIER_POSTS_PER_LANE ? COURIER_POSTS_PER_LANE - running : 0;

	return all + room <= COURIER_JOBS_MAX ? room : COURIER_JOBS_MAX - (all < COURIER_JOBS_MAX ? all : COURIER_JOBS_MAX);
}

/* Whether a lane has a row that is due and does not run. */
static enum store_status look_at_lane(struct sql *sql, const struct id_bytes *lane, void *arg)
{
	struct claim *claim = arg;
	enum sql_step step = SQL_DONE;

	if (claim->due || room_of(claim, lane) == 0)
		return STORE_OK;
	struct sql_statement *st = sql_prepare(sql, "SELECT o.id FROM publishing_outbox o"
		" JOIN projects p ON p.id = o.project_id AND p.api = ?3"
		" WHERE o.channel_id = ?1 AND o.next_at IS NOT NULL AND o.next_at <= ?2 ORDER BY o.next_at LIMIT ?4");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, lane);
	sql_bind_int(st, 2, claim->now_ms);
	sql_bind_text(st, 3, str_of(claim->c->p->api));
	sql_bind_int(st, 4, COURIER_POSTS_PER_LANE + 1);
	while (!claim->due && (step = sql_step(st)) == SQL_ROW) {
		const struct id_bytes id = column_uuid(st, 0);
		claim->due = !courier_has_job(claim->c, &id);
	}
	sql_reset(st);
	return step == SQL_FAILED ? STORE_UNAVAILABLE : STORE_OK;
}

static enum store_status look(struct sql *sql, void *arg)
{
	struct claim *claim = arg;
	int64_t story_ms = INT64_MAX;
	enum store_status status = next_story(sql, claim->c->p, &story_ms);

	if (status != STORE_OK && status != STORE_NOT_FOUND)
		return status;
	if (story_ms <= claim->now_ms)
		claim->due = true;
	else if (story_ms < claim->c->next_due_ms)
		claim->c->next_due_ms = story_ms;
	return lanes_each(sql, &lanes, claim->now_ms, look_at_lane, claim, &claim->c->next_due_ms);
}

/* ---- Stories ---- */

struct due_story {
	struct id_bytes id, project;
	int64_t scheduled_ms, round;
	struct str channels;
};

static enum store_status list_due(
	struct sql *sql, struct claim *claim, struct due_story ret[static STORIES_AT_ONCE], size_t *ret_count)
{
	enum sql_step step;
	size_t n = 0;
	struct sql_statement *st = sql_prepare(sql,
		"SELECT s.id, s.project_id, s.scheduled_at, s.round, s.channels FROM publishing_stories s"
		" JOIN projects p ON p.id = s.project_id AND p.api = ?2"
		" WHERE s.status = 'scheduled' AND s.scheduled_at <= ?1 ORDER BY s.scheduled_at LIMIT ?3");
	if (!st)
		return STORE_UNAVAILABLE;
	sql_bind_int(st, 1, claim->now_ms);
	sql_bind_text(st, 2, str_of(claim->c->p->api));
	sql_bind_int(st, 3, STORIES_AT_ONCE);
	while ((step = sql_step(st)) == SQL_ROW && n < STORIES_AT_ONCE) {
		ret[n] = (struct due_story){ column_uuid(st, 0), column_uuid(st, 1), sql_column_int(st, 2),
			sql_column_int(st, 3), arena_copy_str(&claim->arena, sql_column_text(st, 4)) };
		if (!ret[n++].channels.p) {
			sql_reset(st);
			return STORE_NO_MEMORY;
		}
	}
	*ret_count = n;
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}

static enum store_status queue_story(struct sql *sql, struct claim *claim, const struct due_story *due)
{
	const struct story story = {
		.id = due->id, .project = due->project, .channels = due->channels, .round = due->round + 1,
	};
	struct sql_statement *st = sql_prepare(sql,
		"UPDATE publishing_stories SET status = 'publishing', round = round + 1, scheduled_late = ?2,"
		" updated_at = ?3 WHERE id = ?1 AND status = 'scheduled'");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &due->id);
	sql_bind_int(st, 2, claim->now_ms - due->scheduled_ms > COURIER_LATE_MS);
	sql_bind_int(st, 3, claim->now_ms);
	enum store_status status = run_row(sql, st);
	if (status == STORE_OK)
		status = outbox_add(sql, claim->c->p, &story, claim->now_ms);
	/* Where it has no channel, or all are gone or have it already, that is all there is to do. */
	if (status == STORE_OK)
		status = outbox_settle(sql, claim->c->p, &due->id, claim->now_ms);
	return status;
}

static enum store_status queue_stories(struct sql *sql, struct claim *claim)
{
	struct due_story due[STORIES_AT_ONCE];
	size_t count = 0;
	enum store_status status = list_due(sql, claim, due, &count);

	for (size_t i = 0; status == STORE_OK && i < count; i++)
		status = queue_story(sql, claim, &due[i]);
	claim->more = claim->more || count == STORIES_AT_ONCE;
	return status;
}

/* ---- Posts ---- */

struct attempt {
	struct id_bytes id, story, channel, project;
	int64_t attempts, first_ms, key_ms;
	struct str progress;
};

static enum store_status list_attempts(struct sql *sql, struct claim *claim, const struct id_bytes *lane,
	struct attempt ret[static COURIER_POSTS_PER_LANE], size_t *ret_count)
{
	const size_t room = room_of(claim, lane);
	enum sql_step step = SQL_DONE;
	size_t n = 0;
	struct sql_statement *st = sql_prepare(sql, "SELECT " ATTEMPT_COLUMNS " FROM publishing_outbox o"
		" JOIN projects p ON p.id = o.project_id AND p.api = ?3"
		" WHERE o.channel_id = ?1 AND o.next_at IS NOT NULL AND o.next_at <= ?2 ORDER BY o.next_at LIMIT ?4");

	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, lane);
	sql_bind_int(st, 2, claim->now_ms);
	sql_bind_text(st, 3, str_of(claim->c->p->api));
	sql_bind_int(st, 4, 2 * COURIER_POSTS_PER_LANE);
	while (n < room && (step = sql_step(st)) == SQL_ROW) {
		const struct id_bytes id = column_uuid(st, 0);
		if (courier_has_job(claim->c, &id))
			continue;
		ret[n++] = (struct attempt){ id, column_uuid(st, 1), column_uuid(st, 2), column_uuid(st, 7),
			sql_column_int(st, 3) + 1, sql_column_int(st, 4), sql_column_int(st, 5),
			arena_copy_str(&claim->arena, sql_column_text(st, 6)) };
	}
	sql_reset(st);
	*ret_count = n;
	return step == SQL_FAILED ? STORE_UNAVAILABLE : STORE_OK;
}

/* A row that is not tried again. */
static enum store_status give_up(
	struct sql *sql, struct claim *claim, const struct attempt *a, const char *state, const char *reason)
{
	struct sql_statement *st = sql_prepare(sql, "UPDATE publishing_outbox SET state = ?2, reason = ?3,"
		" next_at = NULL, updated_at = ?4 WHERE id = ?1");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &a->id);
	sql_bind_text(st, 2, str_of(state));
	sql_bind_text(st, 3, str_of(reason));
	sql_bind_int(st, 4, claim->now_ms);
	enum store_status status = run_row(sql, st);
	return status == STORE_OK ? outbox_settle(sql, claim->c->p, &a->story, claim->now_ms) : status;
}

static enum store_status mark_begun(struct sql *sql, struct claim *claim, const struct attempt *a)
{
	struct sql_statement *st = sql_prepare(sql, "UPDATE publishing_outbox SET attempts = ?2,"
		" first_at = COALESCE(first_at, ?3), key_at = COALESCE(key_at, ?3), updated_at = ?3 WHERE id = ?1");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &a->id);
	sql_bind_int(st, 2, a->attempts);
	sql_bind_int(st, 3, claim->now_ms);
	return run_row(sql, st);
}

static enum store_status load_secret(struct sql *sql, struct job *job, const struct attempt *a, bool *ret_good)
{
	struct sql_statement *st = sql_prepare(
		sql, "SELECT sealed FROM publishing_social_connections WHERE id = ?1");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &a->channel);
	enum store_status status = step_row(st);
	*ret_good = status == STORE_OK && connection_unseal(job->p, &a->channel, sql_column_blob(st, 0), &job->arena,
						  &job->url, &job->secret);
	sql_reset(st);
	return status;
}

/* The files of a story's media, by the same order. */
static enum store_status load_files(struct sql *sql, struct job *job, const struct compose_story *made)
{
	job->media_files = arena_alloc(&job->arena, COMPOSE_MEDIA_MAX * sizeof(*job->media_files));
	if (!job->media_files)
		return STORE_NO_MEMORY;
	for (size_t i = 0; i < made->media_count; i++) {
		struct id id;
		struct id_bytes media = { { 0 } };
		struct sql_statement *st = sql_prepare(sql, "SELECT file FROM publishing_media WHERE id = ?1");
		if (!st)
			return STORE_UNAVAILABLE;
		if (id_parse(made->media[i].id, &id))
			(void)id_to_bytes(&id, &media);
		bind_uuid(st, 1, &media);
		enum store_status status = step_row(st);
		if (status == STORE_OK)
			job->media_files[i] = arena_copy_str(&job->arena, sql_column_text(st, 0));
		sql_reset(st);
		if (status != STORE_OK)
			return status;
	}
	return STORE_OK;
}

static enum store_status load_story_row(struct sql *sql, const struct attempt *a, struct arena *arena, struct story *ret)
{
	struct sql_statement *st = sql_prepare(
		sql, "SELECT title, body, media, created_by FROM publishing_stories WHERE id = ?1");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &a->story);
	enum store_status status = step_row(st);
	if (status == STORE_OK)
		*ret = (struct story){ .id = a->story, .project = a->project,
			.title = arena_copy_str(arena, sql_column_text(st, 0)),
			.body = arena_copy_str(arena, sql_column_text(st, 1)),
			.media = arena_copy_str(arena, sql_column_text(st, 2)) };
	sql_reset(st);
	return status;
}

/* What is sent. *ret_problem is a reason for people where it cannot be. */
static enum store_status compose_job(
	struct sql *sql, struct job *job, const struct attempt *a, const char **ret_problem)
{
	struct compose_story *made = ARENA_NEW(&job->arena, struct compose_story);
	struct channel channel = { .status = { NULL, 0 } };
	struct story story;
	struct id id;
	bool sealed = false;

	job->composed = ARENA_NEW(&job->arena, struct composed);
	if (!made || !job->composed)
		return STORE_NO_MEMORY;
	id_from_bytes(&a->channel, &id);
	enum store_status status =
		load_channel(sql, &a->project, (struct str){ id.text, ID_LENGTH }, &job->arena, &channel);
	if (status == STORE_NOT_FOUND) {
		*ret_problem = "The connection was removed";
		return STORE_OK;
	}
	if (status == STORE_OK)
		status = load_secret(sql, job, a, &sealed);
	if (status == STORE_OK)
		status = load_story_row(sql, a, &job->arena, &story);
	if (status == STORE_OK)
		status = load_compose_story(sql, job->p, &story, &job->arena, made);
	if (status == STORE_OK)
		status = load_files(sql, job, made);
	if (status == STORE_OK && !compose(channel.provider, NULL, made, &job->arena, job->composed))
		status = STORE_NO_MEMORY;
	if (status != STORE_OK)
		return status;
	if (job->composed->kind == COMPOSE_UNKNOWN)
		*ret_problem = "Nothing can be sent to such a network from here";
	else if (!sealed)
		*ret_problem = "The connection has no credentials: remit publishing connection add makes one with them";
	else if (str_is(channel.status, "disabled"))
		*ret_problem = "The connection is disabled";
	else if (job->composed->problem_count > 0)
		*ret_problem = arena_copy(&job->arena, job->composed->problems[0]);
	return STORE_OK;
}

static bool fill_job(struct job *job, const struct attempt *a, int64_t now_ms)
{
	struct str rest = arena_copy_str(&job->arena, a->progress), word;
	struct id id;

	id_from_bytes(&a->id, &id);
	job->id = a->id;
	job->lane = a->channel;
	job->story = a->story;
	job->message = arena_copy_str(&job->arena, (struct str){ id.text, ID_LENGTH });
	job->attempts = a->attempts;
	job->first_ms = a->first_ms != 0 ? a->first_ms : now_ms;
	job->key_ms = a->key_ms;
	job->began_ms = now_ms;
	job->event = STR("story.publish");
	job->body = job->composed->body;
	while (job->done_count < COMPOSE_POSTS_MAX && next_word(&rest, &word))
		job->done[job->done_count++] = word;
	job->done_before = job->done_count;
	job->step = job->composed->kind == COMPOSE_MASTODON ? mastodon_step : webhook_step;
	return job->message.p != NULL;
}

/* Whether the receiver may have forgotten the key of an attempt that it may have acted on. */
static bool key_is_over(const struct attempt *a, enum compose_kind kind, int64_t now_ms)
{
	const int64_t life = kind == COMPOSE_MASTODON ? COURIER_KEY_MS : 2 * COURIER_DAY_MS;

	return a->key_ms != 0 && (now_ms - a->key_ms > life || now_ms < a->key_ms - life);
}

static enum store_status claim_one(struct sql *sql, struct claim *claim, const struct attempt *a)
{
	const char *problem = NULL;
	struct job *job = job_new(claim->c, JOB_POST);
	enum store_status status = job ? compose_job(sql, job, a, &problem) : STORE_NO_MEMORY;

	if (status == STORE_OK && problem) {
		status = give_up(sql, claim, a, a->key_ms != 0 ? "unknown" : "failed", problem);
	} else if (status == STORE_OK && key_is_over(a, job->composed->kind, claim->now_ms)) {
		status = give_up(sql, claim, a, "unknown",
			"It may have gone out or not: look there; publishing the story again sends it once more");
	} else if (status == STORE_OK) {
		status = fill_job(job, a, claim->now_ms) ? mark_begun(sql, claim, a) : STORE_NO_MEMORY;
		if (status == STORE_OK) {
			job->next = claim->made;
			claim->made = job;
			claim->count++;
			return STORE_OK;
		}
	}
	if (job)
		job_free(job);
	return status;
}

static enum store_status claim_lane(struct sql *sql, const struct id_bytes *lane, void *arg)
{
	struct attempt attempts[COURIER_POSTS_PER_LANE];
	struct claim *claim = arg;
	size_t count = 0;
	enum store_status status = list_attempts(sql, claim, lane, attempts, &count);

	for (size_t i = 0; status == STORE_OK && i < count; i++)
		status = claim_one(sql, claim, &attempts[i]);
	return status;
}

static enum store_status claim_all(struct sql *sql, void *arg)
{
	struct claim *claim = arg;
	enum store_status status = queue_stories(sql, claim);

	if (status == STORE_OK)
		status = lanes_each(sql, &lanes, claim->now_ms, claim_lane, claim, &claim->c->next_due_ms);
	return status;
}

enum store_status courier_claim_posts(struct courier *c, int64_t now_ms)
{
	struct claim claim = { .c = c, .now_ms = now_ms };
	enum store_status status = database_read(c->p->database, look, &claim);

	if (status != STORE_OK || !claim.due)
		return status;
	arena_init(&claim.arena, 0);
	status = database_write(c->p->database, claim_all, &claim);
	arena_done(&claim.arena);
	c->more = c->more || claim.more;
	while (claim.made) {
		struct job *job = claim.made;
		claim.made = job->next;
		if (status == STORE_OK)
			courier_start_job(c, job);
		else
			job_free(job);
	}
	return status;
}
