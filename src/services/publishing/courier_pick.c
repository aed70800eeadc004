/* SPDX-License-Identifier: Apache-2.0
 * Events for webhook endpoints that are due: read, and started. Nothing is written before an attempt: one that
 * is cut off is made again, with the same id.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/courier.h"

#include "services/publishing/lanes.h"
#include "services/publishing/sign.h"
#include "services/publishing/webhooks.h"

#include <stdlib.h>

struct pick {
	struct courier *c;
	int64_t now_ms;
	struct job *made; /* newest first */
	size_t count;
};

static struct str unseal(const struct courier *c, struct str sealed, struct arena *arena)
{
	if (sealed.n <= SECRETS_SEAL_EXTRA || sealed.n - SECRETS_SEAL_EXTRA > SIGN_SECRET_MAX)
		return (struct str){ NULL, 0 };
	uint8_t *secret = arena_alloc(arena, SIGN_SECRET_MAX);
	if (!secret || !secrets_unseal(c->p->secrets, WEBHOOK_PURPOSE, sealed, secret))
		return (struct str){ NULL, 0 };
	return (struct str){ (const char *)secret, sealed.n - SECRETS_SEAL_EXTRA };
}

/* False without memory. */
static bool fill_job(struct job *job, struct sql_statement *st, int64_t now_ms)
{
	struct id message;
	const struct id_bytes message_id = column_uuid(st, 1);

	id_from_bytes(&message_id, &message);
	job->id = column_uuid(st, 0);
	job->lane = column_uuid(st, 10);
	job->message = arena_copy_str(&job->arena, (struct str){ message.text, ID_LENGTH });
	job->event = arena_copy_str(&job->arena, sql_column_text(st, 2));
	job->body = arena_copy_str(&job->arena, sql_column_text(st, 3));
	job->attempts = sql_column_int(st, 4) + 1;
	job->first_ms = sql_column_int(st, 5);
	job->url = arena_copy_str(&job->arena, sql_column_text(st, 6));
	job->secret = unseal(job->courier, sql_column_blob(st, 7), &job->arena);
	if (sql_column_int(st, 9) > now_ms)
		job->old_secret = unseal(job->courier, sql_column_blob(st, 8), &job->arena);
	job->failing = !sql_column_is_null(st, 11);
	job->began_ms = now_ms;
	job->step = webhook_step;
	return job->message.p && job->event.p && job->body.p && job->url.p;
}

static enum store_status add_job(struct pick *pick, struct sql_statement *st)
{
	struct job *job = job_new(pick->c, JOB_DELIVERY);

	if (!job || !fill_job(job, st, pick->now_ms)) {
		if (job)
			job_free(job);
		return STORE_NO_MEMORY;
	}
	job->next = pick->made;
	pick->made = job;
	pick->count++;
	return STORE_OK;
}

/* The deliveries of one endpoint that are due, as many as may run at once. */
static enum store_status pick_lane(struct sql *sql, const struct id_bytes *lane, void *arg)
{
	struct pick *pick = arg;
	struct courier *c = pick->c;
	size_t running = courier_lane_count(c, lane), limit = COURIER_DELIVERIES_PER_LANE;
	enum store_status status = STORE_OK;
	enum sql_step step = SQL_DONE;
	struct sql_statement *st = sql_prepare(sql,
		"SELECT d.id, d.message_id, d.event, d.body, d.attempts, d.first_at, w.url, w.sealed, w.sealed_old,"
		" w.old_until, w.id, w.failing_since FROM publishing_deliveries d"
		" JOIN publishing_webhooks w ON w.id = d.webhook_id"
		" JOIN projects p ON p.id = d.project_id AND p.api = ?3"
		" WHERE d.webhook_id = ?1 AND d.next_at IS NOT NULL AND d.next_at <= ?2 ORDER BY d.next_at LIMIT ?4");

	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, lane);
	sql_bind_int(st, 2, pick->now_ms);
	sql_bind_text(st, 3, str_of(c->p->api));
	sql_bind_int(st, 4, 2 * COURIER_DELIVERIES_PER_LANE); /* those that run are among them */
	while (status == STORE_OK && (step = sql_step(st)) == SQL_ROW) {
		const struct id_bytes id = column_uuid(st, 0);
		if (courier_has_job(c, &id))
			continue;
		if (!sql_column_is_null(st, 11))
			limit = 1; /* it failed the last time: one at a time finds out whether it is back */
		if (running >= limit || c->running_count + pick->count >= COURIER_JOBS_MAX)
			break;
		status = add_job(pick, st);
		running++;
	}
	if (step == SQL_ROW)
		sql_reset(st);
	if (status == STORE_OK && step == SQL_FAILED)
		status = sql_status(st);
	return status;
}

static enum store_status pick_all(struct sql *sql, void *arg)
{
	static const struct lanes lanes = {
		.first = LANE_SQL("publishing_deliveries", "webhook_id", ">="),
		.next = LANE_SQL("publishing_deliveries", "webhook_id", ">"),
		.due = LANE_DUE_SQL("publishing_deliveries", "webhook_id"),
	};
	struct pick *pick = arg;

	return lanes_each(sql, &lanes, pick->now_ms, pick_lane, pick, &pick->c->next_due_ms);
}

enum store_status courier_pick_deliveries(struct courier *c, int64_t now_ms)
{
	struct pick pick = { .c = c, .now_ms = now_ms };
	const enum store_status status = database_read(c->p->database, pick_all, &pick);

	while (pick.made) {
		struct job *job = pick.made;
		pick.made = job->next;
		courier_start_job(c, job);
	}
	return status;
}
