/* SPDX-License-Identifier: Apache-2.0
 * Deliveries to webhook endpoints: what was sent, what came back, and once more.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/check.h"
#include "services/publishing/events.h"
#include "services/publishing/webhooks.h"

#define COLUMNS \
	"o.id, o.project_id, o.webhook_id, o.message_id, o.event, o.state, o.attempts, o.body," \
	" o.response_status, o.response_body, o.duration_ms, o.reason, o.repeat_of, o.next_at, o.last_at," \
	" o.created_at"

static json_t *number_or_null(struct sql_statement *st, int column)
{
	return sql_column_is_null(st, column) ? json_null() : json_integer((json_int_t)sql_column_int(st, column));
}

static json_t *delivery_json(const struct publishing *p, struct sql_statement *st)
{
	const struct str body = sql_column_text(st, 7);
	json_t *request = json_loadb(body.p, body.n, 0, NULL);

	(void)p;
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:I,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}",
		"id", json_of_id_column(st, 0), "project_id", json_of_id_column(st, 1),
		"webhook_id", json_of_id_column(st, 2), "message_id", json_of_id_column(st, 3),
		"event", json_of_column(st, 4), "state", json_of_column(st, 5),
		"attempts", (json_int_t)sql_column_int(st, 6), "request", request ? request : json_null(),
		"response_status", number_or_null(st, 8), "response_body", json_of_filled(st, 9),
		"duration_ms", number_or_null(st, 10), "reason", json_of_filled(st, 11),
		"repeat_of", json_of_id_column(st, 12), "next_attempt_at", json_of_time_column(st, 13),
		"last_attempt_at", json_of_time_column(st, 14), "created_at", json_of_time_column(st, 15));
}

static const struct listing deliveries = {
	.noun = "Delivery", .to_json = delivery_json, .within = &webhook_listing,
	.get = GET_SQL(COLUMNS, "publishing_deliveries"),
	.list = LIST_SQL(COLUMNS, "publishing_deliveries", " AND x.webhook_id = ?9"),
};

void run_list_webhook_deliveries(struct service *service, struct service_call *call)
{
	run_list(service, call, &deliveries);
}

struct delivery_work {
	const struct publishing *p;
	struct service_call *call;
	struct reach reach;
	struct id_bytes webhook, delivery;
	struct check check;
	json_t *result; /* out */
};

/* The same message once more: its id is the same, so that a receiver who had it knows. */
static enum store_status repeat_delivery(struct sql *sql, void *arg)
{
	struct delivery_work *w = arg;
	const struct id_bytes id = make_id(w->p, w->call->now_ms);
	struct sql_statement *st = sql_prepare(sql,
		"INSERT INTO publishing_deliveries (id, project_id, webhook_id, message_id, event, body, repeat_of,"
		" state, next_at, created_at, updated_at) SELECT ?6, o.project_id, o.webhook_id, o.message_id,"
		" o.event, o.body, o.id, 'queued', ?7, ?7, ?7 FROM publishing_deliveries o"
		" WHERE o.id = ?4 AND o.webhook_id = ?5 AND" REACHES("o.project_id"));
	if (!st)
		return STORE_UNAVAILABLE;
	bind_reach(st, &w->reach);
	bind_uuid(st, 4, &w->delivery);
	bind_uuid(st, 5, &w->webhook);
	bind_uuid(st, 6, &id);
	sql_bind_int(st, 7, w->call->now_ms);
	enum store_status status = run_row(sql, st);
	if (status == STORE_OK)
		status = load_json(sql, w->p, &w->reach, &deliveries, &id, &w->result);
	return status;
}

void run_repeat_webhook_delivery(struct service *service, struct service_call *call)
{
	struct publishing *p = publishing_of(service);
	struct delivery_work w = { .p = p, .call = call, .reach = reach_of(p, call->caller) };
	struct id id;

	if (!take_path_id(call, deliveries.noun, &w.webhook))
		return;
	if (call->param_count < 2 || !id_parse(call->params[1], &id) || !id_to_bytes(&id, &w.delivery)) {
		answer_not_found(call, deliveries.noun);
		return;
	}
	const enum store_status status = write_for(p, call, repeat_delivery, &w);
	answer_change(call, status, 202, deliveries.noun, &w.check, w.result);
}

static enum store_status test_webhook(struct sql *sql, void *arg)
{
	struct delivery_work *w = arg;
	json_t *webhook = NULL;
	struct id_bytes id;
	enum store_status status = load_json(sql, w->p, &w->reach, &webhook_listing, &w->webhook, &webhook);

	json_decref(webhook);
	if (status == STORE_OK)
		status = emit_to_webhook(sql, w->p, &w->webhook, EVENT_TEST,
			json_pack("{s:s}", "message", "This is how an event arrives"), w->call->now_ms, &id);
	if (status == STORE_OK)
		status = load_json(sql, w->p, &w->reach, &deliveries, &id, &w->result);
	return status;
}

void run_test_webhook(struct service *service, struct service_call *call)
{
	struct publishing *p = publishing_of(service);
	struct delivery_work w = { .p = p, .call = call, .reach = reach_of(p, call->caller) };

	if (!take_path_id(call, webhook_listing.noun, &w.webhook))
		return;
	const enum store_status status = write_for(p, call, test_webhook, &w);
	answer_change(call, status, 202, webhook_listing.noun, &w.check, w.result);
}
