/* SPDX-License-Identifier: Apache-2.0
 * Queueing events for webhook endpoints.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/events.h"

#include "services/publishing/outbox.h"

#include <stdio.h>
#include <stdlib.h>

#define ENDPOINTS_AT_ONCE 64

/* {"id","event","created_at","data"}, with the id that the header webhook-id has. malloc'ed; NULL without
 * memory. Takes over data. */
static char *write_envelope(const struct id_bytes *message, const char *event, json_t *data, int64_t now_ms)
{
	struct id id;

	id_from_bytes(message, &id);
	json_t *envelope = json_pack("{s:s,s:s,s:o,s:o}", "id", id.text, "event", event, "created_at",
		json_of_time(now_ms), "data", data);
	char *text = envelope ? json_dumps(envelope, JSON_COMPACT) : NULL;
	json_decref(envelope);
	return text;
}

static enum store_status add_delivery(struct sql *sql, const struct publishing *p, const struct id_bytes *webhook,
	const struct id_bytes *message, const char *event, const char *body, int64_t now_ms, struct id_bytes *ret_id)
{
	struct sql_statement *st = sql_prepare(sql,
		"INSERT INTO publishing_deliveries (id, project_id, webhook_id, message_id, event, body, state,"
		" next_at, created_at, updated_at) SELECT ?1, w.project_id, w.id, ?3, ?4, ?5, 'queued', ?6, ?6, ?6"
		" FROM publishing_webhooks w WHERE w.id = ?2");
	struct id_bytes id = make_id(p, now_ms);

	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &id);
	bind_uuid(st, 2, webhook);
	bind_uuid(st, 3, message);
	sql_bind_text(st, 4, str_of(event));
	sql_bind_text(st, 5, str_of(body));
	sql_bind_int(st, 6, now_ms);
	enum store_status status = run_row(sql, st);
	if (status == STORE_OK && ret_id)
		*ret_id = id;
	return status;
}

/* The next endpoints of a project, by id, that ask for an event. */
static enum store_status find_endpoints(struct sql *sql, const struct id_bytes *project, const char *event,
	const struct id_bytes *after, struct id_bytes ret[static ENDPOINTS_AT_ONCE], size_t *ret_count)
{
	char like[64];
	enum sql_step step;
	size_t n = 0;
	struct sql_statement *st = sql_prepare(sql,
		"SELECT id FROM publishing_webhooks WHERE project_id = ?1 AND id > ?2 AND enabled = 1"
		" AND (' ' || events || ' ' LIKE ?3 OR ' ' || events || ' ' LIKE '% * %') ORDER BY id LIMIT ?4");

	if (!st)
		return STORE_UNAVAILABLE;
	snprintf(like, sizeof(like), "%% %s %%", event);
	bind_uuid(st, 1, project);
	sql_bind_blob(st, 2, after->b, sizeof(after->b));
	sql_bind_text(st, 3, str_of(like));
	sql_bind_int(st, 4, ENDPOINTS_AT_ONCE);
	while ((step = sql_step(st)) == SQL_ROW && n < ENDPOINTS_AT_ONCE)
		ret[n++] = column_uuid(st, 0);
	if (step == SQL_ROW)
		sql_reset(st);
	*ret_count = n;
	return step == SQL_DONE || step == SQL_ROW ? STORE_OK : sql_status(st);
}

static enum store_status add_all(struct sql *sql, const struct publishing *p, const struct id_bytes *project,
	const struct id_bytes *message, const char *event, const char *body, int64_t now_ms)
{
	struct id_bytes found[ENDPOINTS_AT_ONCE], after = { { 0 } };
	size_t count = ENDPOINTS_AT_ONCE;
	enum store_status status = STORE_OK;

	while (status == STORE_OK && count == ENDPOINTS_AT_ONCE) {
		status = find_endpoints(sql, project, event, &after, found, &count);
		for (size_t i = 0; status == STORE_OK && i < count; i++)
			status = add_delivery(sql, p, &found[i], message, event, body, now_ms, NULL);
		if (count > 0)
			after = found[count - 1];
	}
	return status;
}

enum store_status emit_event(struct sql *sql, const struct publishing *p, const struct id_bytes *project,
	const char *event, json_t *data, int64_t now_ms)
{
	struct id_bytes message = make_id(p, now_ms);
	char *body = write_envelope(&message, event, data, now_ms);
	enum store_status status =
		body ? add_all(sql, p, project, &message, event, body, now_ms) : STORE_NO_MEMORY;

	free(body);
	return status;
}

enum store_status emit_to_webhook(struct sql *sql, const struct publishing *p, const struct id_bytes *webhook,
	const char *event, json_t *data, int64_t now_ms, struct id_bytes *ret_delivery)
{
	struct id_bytes message = make_id(p, now_ms);
	char *body = write_envelope(&message, event, data, now_ms);
	enum store_status status = body ? add_delivery(sql, p, webhook, &message, event, body, now_ms, ret_delivery)
					: STORE_NO_MEMORY;

	free(body);
	return status;
}

enum store_status emit_story_event(struct sql *sql, const struct publishing *p, const struct id_bytes *story,
	const char *event, int64_t now_ms)
{
	json_t *channels = NULL;
	struct id_bytes project = { { 0 } };
	struct sql_statement *st = sql_prepare(sql,
		"SELECT id, project_id, title, status, scheduled_at, scheduled_late, published_at, failure"
		" FROM publishing_stories WHERE id = ?1");
	enum store_status status = st ? outbox_json(sql, story, &channels) : STORE_UNAVAILABLE;

	if (status != STORE_OK)
		return status;
	bind_uuid(st, 1, story);
	status = step_row(st);
	if (status != STORE_OK) {
		json_decref(channels);
		return status;
	}
	project = column_uuid(st, 1);
	json_t *data = json_pack("{s:{s:o,s:o,s:o,s:o,s:o,s:b,s:o,s:o,s:o}}", "story",
		"id", json_of_id_column(st, 0), "project_id", json_of_id_column(st, 1),
		"title", json_of_column(st, 2), "status", json_of_column(st, 3),
		"scheduled_at", json_of_time_column(st, 4), "scheduled_late", sql_column_int(st, 5) != 0,
		"published_at", json_of_time_column(st, 6), "failure", json_of_filled(st, 7),
		"deliveries", channels);
	sql_reset(st);
	return data ? emit_event(sql, p, &project, event, data, now_ms) : STORE_NO_MEMORY;
}
