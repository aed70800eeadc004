/* SPDX-License-Identifier: Apache-2.0
 * What came of attempts, written down; and when there is another.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/courier.h"

#include "services/publishing/outbox.h"
#include "services/publishing/webhooks.h"

#include <stdio.h>

struct record {
	struct courier *c;
	int64_t now_ms;
};

/* After so many attempts so long; the last again and again. */
static int64_t backoff_ms(const int64_t *steps, size_t count, int64_t attempts)
{
	const size_t i = attempts > 0 ? (size_t)attempts - 1 : 0;

	return steps[i < count ? i : count - 1];
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* ---- Posts ---- */

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

static const int64_t post_steps[] = { 2 * SECOND, 5 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE,
				      4 * MINUTE, 8 * MINUTE };
static const int64_t delivery_steps[] = { 5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR,
					  2 * HOUR, 4 * HOUR, 8 * HOUR };

struct verdict {
	const char *state;
	int64_t next_ms, key_ms; /* 0: none */
};

/* What becomes of a row whose attempt failed in a way that may pass. */
static struct verdict judge_retry(const struct job *job, int64_t now_ms)
{
	const bool mastodon = job->composed->kind == COMPOSE_MASTODON;
	/* A key that an earlier attempt used counts while it is the same post's. */
	const int64_t before_ms = job->done_count == job->done_before ? job->key_ms : 0;
	const bool maybe = job->maybe || before_ms != 0;
	const int64_t key_ms = !maybe ? 0 : before_ms != 0 ? before_ms : job->began_ms;
	const int64_t end = maybe && mastodon ? key_ms + COURIER_KEY_MS : job->first_ms + COURIER_DAY_MS;
	int64_t next = now_ms + later(backoff_ms(post_steps, sizeof(post_steps) / sizeof(post_steps[0]), job->attempts),
					job->retry_after_ms);

	if (job->call.result == OUTBOUND_CANCELLED)
		next = now_ms;
	if (next <= end)
		return (struct verdict){ "queued", next, key_ms };
	return (struct verdict){ maybe ? "unknown" : "failed", 0, key_ms };
}

static struct verdict judge_post(const struct job *job, int64_t now_ms)
{
	switch (job->outcome) {
	case OUTCOME_SENT:
		return (struct verdict){ "sent", 0, job->key_ms };
	case OUTCOME_RETRY:
	case OUTCOME_NONE:
		return judge_retry(job, now_ms);
	case OUTCOME_FAILED:
	case OUTCOME_GONE:
		break;
	}
	/* What Mastodon refuses was not in effect before: it looks for the key first. Of others nobody knows. */
	const bool known = job->composed->kind == COMPOSE_MASTODON && job->phase == PHASE_STATUS &&
			   job->call.result == OUTBOUND_ANSWERED && !job->unauthorized;
	const bool maybe = job->key_ms != 0 && job->done_count == job->done_before && !known;
	return (struct verdict){ maybe ? "unknown" : "failed", 0, job->key_ms };
}

static struct str progress_of(struct job *job)
{
	struct buf out;

	buf_init(&out, COMPOSE_POSTS_MAX * COURIER_ID_ROOM);
	for (size_t i = 0; i < job->done_count; i++) {
		if (i > 0)
			buf_add_char(&out, ' ');
		buf_add_str(&out, job->done[i]);
	}
	struct str text = arena_copy_str(&job->arena, buf_str(&out));
	buf_done(&out);
	return text.p ? text : STR("");
}

/* Asks a person. */
static struct str unknown_reason(struct job *job)
{
	const char *text = arena_printf(&job->arena, "%s. It may have gone out all the same: look there;"
		" publishing the story again sends it once more", job->reason);
	return str_of(text ? text : job->reason);
}

/* An account whose token is refused asks for a person; one that takes a post does not any more. */
static enum store_status mark_connection(struct sql *sql, const struct job *job, int64_t now_ms)
{
	struct sql_statement *st = sql_prepare(sql, "UPDATE publishing_social_connections SET status = ?2,"
		" updated_at = ?3 WHERE id = ?1 AND status = ?4");
	if (!job->unauthorized && job->outcome != OUTCOME_SENT)
		return STORE_OK;
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &job->lane);
	sql_bind_text(st, 2, job->unauthorized ? STR("needs_attention") : STR("active"));
	sql_bind_int(st, 3, now_ms);
	sql_bind_text(st, 4, job->unauthorized ? STR("active") : STR("needs_attention"));
	return sql_run(st);
}

static enum store_status record_post(struct sql *sql, struct record *r, struct job *job)
{
	const struct verdict v = judge_post(job, r->now_ms);
	const struct str progress = progress_of(job);
	struct sql_statement *st = sql_prepare(sql,
		"UPDATE publishing_outbox SET state = ?2, reason = ?3, next_at = ?4, key_at = ?5, progress = ?6,"
		" url = CASE WHEN ?7 = '' THEN url ELSE ?7 END, sent_at = ?8, updated_at = ?9 WHERE id = ?1");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &job->id);
	sql_bind_text(st, 2, str_of(v.state));
	sql_bind_text(st, 3, strcmp(v.state, "unknown") == 0 ? unknown_reason(job) : str_of(job->reason));
	bind_time(st, 4, v.next_ms);
	bind_time(st, 5, v.key_ms);
	sql_bind_text(st, 6, progress);
	sql_bind_text(st, 7, str_of(job->remote_url));
	bind_time(st, 8, job->outcome == OUTCOME_SENT ? r->now_ms : 0);
	sql_bind_int(st, 9, r->now_ms);
	enum store_status status = run_row(sql, st);
	if (status == STORE_NOT_FOUND)
		return STORE_OK; /* its project was removed meanwhile */
	if (status == STORE_OK)
		status = mark_connection(sql, job, r->now_ms);
	if (status == STORE_OK && v.next_ms == 0)
		status = outbox_settle(sql, r->c->p, &job->story, r->now_ms);
	return status;
}

/* ---- Deliveries ---- */

/* One that ran while its endpoint was paused or disabled is not tried again. */
#define ENABLED "(SELECT w.enabled FROM publishing_webhooks w WHERE w.id = publishing_deliveries.webhook_id) = 1"

static enum store_status record_delivery_row(
	struct sql *sql, const struct record *r, struct job *job, const char *state, int64_t next_ms)
{
	struct str answer = buf_str(&job->call.body);
	struct sql_statement *st = sql_prepare(sql,
		"UPDATE publishing_deliveries SET state = CASE WHEN ?4 IS NULL OR " ENABLED " THEN ?2 ELSE 'failed' END,"
		" attempts = ?3, next_at = CASE WHEN " ENABLED " THEN ?4 ELSE NULL END, first_at = COALESCE(first_at, ?5), last_at = ?5, response_status = ?6, response_body = ?7, duration_ms = ?8,"
		" reason = ?9, updated_at = ?10 WHERE id = ?1");
	if (!st)
		return STORE_UNAVAILABLE;
	if (answer.n > COURIER_ANSWER_KEPT)
		answer.n = COURIER_ANSWER_KEPT;
	answer = text_cleaned(answer, &job->arena);
	bind_uuid(st, 1, &job->id);
	sql_bind_text(st, 2, str_of(state));
	sql_bind_int(st, 3, job->attempts);
	bind_time(st, 4, next_ms);
	sql_bind_int(st, 5, job->began_ms);
	if (job->call.status > 0)
		sql_bind_int(st, 6, job->call.status);
	else
		sql_bind_null(st, 6);
	sql_bind_text(st, 7, answer.p ? answer : STR(""));
	sql_bind_int(st, 8, job->call.took_ms);
	sql_bind_text(st, 9, str_of(job->reason));
	sql_bind_int(st, 10, r->now_ms);
	return run_row(sql, st);
}

static enum store_status mark_endpoint(struct sql *sql, const struct job *job)
{
	const bool good = job->outcome == OUTCOME_SENT;
	struct sql_statement *st = good
		? sql_prepare(sql, "UPDATE publishing_webhooks SET failing_since = NULL WHERE id = ?1")
		: sql_prepare(sql, "UPDATE publishing_webhooks SET failing_since = COALESCE(failing_since, ?2)"
				   " WHERE id = ?1");
	if (good && !job->failing)
		return STORE_OK;
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &job->lane);
	if (!good) /* when it began, as its first attempt did: then the last, a day later, finds a whole day */
		sql_bind_int(st, 2, job->began_ms);
	return sql_run(st);
}

/* Pauses an endpoint that failed for a day, or that says that it is gone; what is queued for it is given up. */
static enum store_status pause_endpoint(struct sql *sql, const struct record *r, const struct job *job)
{
	static const char day[] = "Every delivery of a whole day failed";
	static const char gone[] = "It answered 410: it is gone for good";
	const char *why = job->outcome == OUTCOME_GONE ? gone : day;
	struct sql_statement *st = sql_prepare(sql,
		"UPDATE publishing_webhooks SET enabled = 0, paused_at = ?2, pause_reason = ?3, updated_at = ?2"
		" WHERE id = ?1 AND enabled = 1 AND (?4 = 1 OR failing_since <= ?5)");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &job->lane);
	sql_bind_int(st, 2, r->now_ms);
	sql_bind_text(st, 3, str_of(why));
	sql_bind_int(st, 4, job->outcome == OUTCOME_GONE);
	sql_bind_int(st, 5, r->now_ms - COURIER_DAY_MS);
	enum store_status status = run_row(sql, st);
	if (status == STORE_NOT_FOUND)
		return STORE_OK;
	return status == STORE_OK
		? webhook_drop_queued(sql, &job->lane, STR("The endpoint was paused"), r->now_ms) : status;
}

static enum store_status record_delivery(struct sql *sql, struct record *r, struct job *job)
{
	const int64_t first = job->first_ms != 0 ? job->first_ms : job->began_ms;
	int64_t next = r->now_ms + later(backoff_ms(delivery_steps, sizeof(delivery_steps) / sizeof(delivery_steps[0]),
						 job->attempts), job->retry_after_ms);
	bool again = job->outcome == OUTCOME_RETRY || job->outcome == OUTCOME_FAILED;

	if (job->call.result == OUTBOUND_CANCELLED)
		return STORE_OK; /* as if it never was: the row says so still */
	if (next > first + COURIER_DAY_MS && r->now_ms < first + COURIER_DAY_MS)
		next = first + COURIER_DAY_MS; /* the last: then it has failed for a day */
	again = again && next <= first + COURIER_DAY_MS;
	const char *state = job->outcome == OUTCOME_SENT ? "delivered" : again ? "queued" : "failed";
	enum store_status status = record_delivery_row(sql, r, job, state, again ? next : 0);
	if (status == STORE_NOT_FOUND)
		return STORE_OK; /* the endpoint was removed meanwhile */
	if (status == STORE_OK)
		status = mark_endpoint(sql, job);
	if (status == STORE_OK && job->outcome != OUTCOME_SENT)
		status = pause_endpoint(sql, r, job);
	return status;
}

/* ---- All of them ---- */

static enum store_status record_all(struct sql *sql, void *arg)
{
	struct record *r = arg;
	enum store_status status = STORE_OK;

	for (struct job *job = r->c->finished; status == STORE_OK && job; job = job->next)
		status = job->kind == JOB_POST ? record_post(sql, r, job) : record_delivery(sql, r, job);
	return status;
}

enum store_status courier_record(struct courier *c, int64_t now_ms)
{
	struct record r = { c, now_ms };
	const enum store_status status = database_write(c->p->database, record_all, &r);

	while (status == STORE_OK && c->finished) {
		struct job *job = c->finished;
		c->finished = job->next;
		job_free(job);
	}
	return status;
}

struct shift {
	const struct publishing *p;
	int64_t by_ms;
};

static enum store_status shift_all(struct sql *sql, void *arg)
{
	static const char *const texts[] = {
		"UPDATE publishing_outbox SET next_at = next_at + ?1, key_at = key_at + ?1, first_at = first_at + ?1"
		" WHERE next_at IS NOT NULL AND project_id IN (SELECT id FROM projects WHERE api = ?2)",
		"UPDATE publishing_deliveries SET next_at = next_at + ?1, first_at = first_at + ?1"
		" WHERE next_at IS NOT NULL AND project_id IN (SELECT id FROM projects WHERE api = ?2)",
		"UPDATE publishing_webhooks SET failing_since = failing_since + ?1"
		" WHERE failing_since IS NOT NULL AND project_id IN (SELECT id FROM projects WHERE api = ?2)",
	};
	const struct shift *shift = arg;
	enum store_status status = STORE_OK;

	for (size_t i = 0; status == STORE_OK && i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct sql_statement *st = sql_prepare(sql, texts[i]);
		if (!st)
			return STORE_UNAVAILABLE;
		sql_bind_int(st, 1, shift->by_ms);
		sql_bind_text(st, 2, str_of(shift->p->api));
		status = sql_run(st);
	}
	return status;
}

enum store_status courier_shift_times(struct courier *c, int64_t by_ms)
{
	return database_write(c->p->database, shift_all, &(struct shift){ c->p, by_ms });
}
