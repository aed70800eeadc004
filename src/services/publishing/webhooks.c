/* SPDX-License-Identifier: Apache-2.0
 * Webhook endpoints. The secret is sealed before it is stored and shown once, by the answer that
 * makes the endpoint; no other statement here reads it.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/webhooks.h"

#include "services/publishing/events.h"
#include "services/publishing/sign.h"
#include "services/publishing/stories.h"

#include <sodium.h>

#define COLUMNS \
	"o.id, o.project_id, o.url, o.events, o.description, o.enabled, o.created_at, o.updated_at," \
	" o.failing_since, o.paused_at, o.pause_reason, o.old_until"
#define OVERLAP_MAX_S (7 * 24 * 3600)
#define OVERLAP_DEFAULT_S (24 * 3600)

static json_t *webhook_json(const struct publishing *p, struct sql_statement *st)
{
	(void)p;
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:b,s:o,s:o,s:o,s:o,s:o,s:o}",
		"id", json_of_id_column(st, 0), "project_id", json_of_id_column(st, 1),
		"url", json_of_column(st, 2), "events", json_of_words(sql_column_text(st, 3)),
		"description", json_of_column(st, 4), "enabled", sql_column_int(st, 5) != 0,
		"created_at", json_of_time_column(st, 6), "updated_at", json_of_time_column(st, 7),
		"failing_since", json_of_time_column(st, 8), "paused_at", json_of_time_column(st, 9),
		"pause_reason", json_of_filled(st, 10), "old_secret_until", json_of_time_column(st, 11));
}

const struct listing webhook_listing = {
	.noun = "Webhook", .to_json = webhook_json,
	.get = GET_SQL(COLUMNS, "publishing_webhooks"),
	.list = LIST_SQL(COLUMNS, "publishing_webhooks", ""),
};

void run_list_webhooks(struct service *service, struct service_call *call)
{
	run_list(service, call, &webhook_listing);
}

void run_get_webhook(struct service *service, struct service_call *call)
{
	run_get(service, call, &webhook_listing);
}

struct webhook_work {
	const struct publishing *p;
	struct service_call *call;
	struct reach reach;
	struct id_bytes id;
	struct str events;
	uint8_t sealed[SIGN_SECRET_BYTES + SECRETS_SEAL_EXTRA];
	int64_t overlap_ms; /* of a rotation */
	struct check check;
	json_t *result; /* out */
};

/* ?4 the id, ?5 url, ?6 events, ?7 description, ?8 enabled, ?9 now; null where it was not sent. */
static void bind_webhook(struct sql_statement *st, const struct webhook_work *w)
{
	const json_t *json = w->call->json, *enabled = json_object_get(json, "enabled");
	bind_reach(st, &w->reach);
	bind_uuid(st, 4, &w->id);
	sql_bind_text(st, 5, get_text(json, "url"));
	sql_bind_text(st, 6, w->events);
	sql_bind_text(st, 7, get_text(json, "description"));
	if (enabled)
		sql_bind_int(st, 8, json_is_true(enabled));
	else
		sql_bind_null(st, 8);
	sql_bind_int(st, 9, w->call->now_ms);
}

static enum store_status make_webhook(struct sql *sql, void *arg)
{
	struct webhook_work *w = arg;
	struct id_bytes project, named = get_project(&w->check, w->call->json);
	enum store_status status = choose_project(sql, &w->reach, &named, &w->check, &project);
	if (status == STORE_OK && w->check.count > 0)
		status = STORE_INVALID;
	if (status != STORE_OK)
		return status;
	struct sql_statement *st = sql_prepare(sql,
		"INSERT INTO publishing_webhooks (id, project_id, url, events, description, enabled, sealed,"
		" created_by, created_at, updated_at) SELECT ?4, o.id, ?5, ?6, COALESCE(?7, ''), COALESCE(?8,"
		" 1), ?10, ?2, ?9, ?9 FROM projects o WHERE o.id = ?11 AND" REACHES("o.id"));
	if (!st)
		return STORE_UNAVAILABLE;
	bind_webhook(st, w);
	sql_bind_blob(st, 10, w->sealed, sizeof(w->sealed));
	bind_uuid(st, 11, &project);
	status = run_row(sql, st);
	if (status == STORE_OK)
		status = load_json(sql, w->p, &w->reach, &webhook_listing, &w->id, &w->result);
	return status;
}

/* Makes the secret: its bytes sealed into w->sealed, its text into ret_text. */
static bool make_secret(struct webhook_work *w, char ret_text[static SIGN_SECRET_TEXT_ROOM])
{
	uint8_t secret[SIGN_SECRET_BYTES];
	const struct str view = { (char *)secret, sizeof(secret) };
	w->p->random(secret, sizeof(secret));
	bool ok = secrets_seal(w->p->secrets, WEBHOOK_PURPOSE, view, w->sealed);
	sign_secret_text(view, ret_text);
	sodium_memzero(secret, sizeof(secret));
	return ok;
}

/* An early answer to whoever names what is never called, by the same reading as when it is called (S01). */
static void check_address(const struct publishing *p, struct check *c, const json_t *json)
{
	const struct str url = get_text(json, "url");
	char reason[OUTBOUND_REASON_ROOM];

	if (c->count == 0 && url.p && p->outbound && !outbound_may_call(p->outbound, url, reason))
		check_add(c, "url %s", reason);
}

void run_create_webhook(struct service *service, struct service_call *call)
{
	static const struct field fields[] = {
		{ "url", FIELD_HOOK, 0, FIELD_REQUIRED | FIELD_FILLED, NULL },
		{ "events", FIELD_WORDS, EVENT_WORDS_COUNT, FIELD_REQUIRED | FIELD_FILLED, EVENT_WORDS },
		{ "description", FIELD_LINE, MAX_DESCRIPTION, 0, NULL },
		{ "enabled", FIELD_BOOL, 0, 0, NULL },
		PROJECT_FIELDS,
	};
	struct publishing *p = publishing_of(service);
	struct webhook_work w = { .p = p, .call = call, .reach = reach_of(p, call->caller) };
	char secret[SIGN_SECRET_TEXT_ROOM];

	check_object(&w.check, call->json, "", fields, sizeof(fields) / sizeof(fields[0]));
	check_address(p, &w.check, call->json);
	w.events = get_words(call->json, "events", call->arena);
	w.id = make_id(p, call->now_ms);
	if (!make_secret(&w, secret)) {
		answer_store(call, STORE_UNAVAILABLE, "");
		return;
	}
	enum store_status status = w.check.count > 0 ? database_read(p->database, make_webhook, &w)
						     : write_for(p, call, make_webhook, &w);
	if (status == STORE_OK && json_object_set_new(w.result, "secret", json_string(secret)) != 0)
		status = STORE_NO_MEMORY;
	answer_change(
		call, status, 201, status == STORE_NOT_FOUND ? "Project" : webhook_listing.noun, &w.check, w.result);
	sodium_memzero(secret, sizeof(secret));
}

static enum store_status change_webhook(struct sql *sql, void *arg)
{
	struct webhook_work *w = arg;
	enum store_status status = load_json(sql, w->p, &w->reach, &webhook_listing, &w->id, &w->result);
	json_decref(w->result);
	w->result = NULL;
	if (status == STORE_OK && w->check.count > 0)
		status = STORE_INVALID;
	if (status != STORE_OK)
		return status;
	struct sql_statement *st = sql_prepare(sql,
		"UPDATE publishing_webhooks SET url = COALESCE(?5, url), events = COALESCE(?6, events),"
		" description = COALESCE(?7, description), enabled = COALESCE(?8, enabled), updated_at = ?9,"
		" failing_since = CASE WHEN ?8 = 1 OR ?5 IS NOT NULL THEN NULL ELSE failing_since END,"
		" paused_at = CASE WHEN ?8 IS NULL THEN paused_at ELSE NULL END,"
		" pause_reason = CASE WHEN ?8 IS NULL THEN pause_reason ELSE '' END"
		" WHERE id = ?4 AND" REACHES("publishing_webhooks.project_id"));
	if (!st)
		return STORE_UNAVAILABLE;
	bind_webhook(st, w);
	status = run_row(sql, st);
	if (status == STORE_OK && json_is_false(json_object_get(w->call->json, "enabled")))
		status = webhook_drop_queued(sql, &w->id, STR("The endpoint was disabled"), w->call->now_ms);
	if (status == STORE_OK)
		status = load_json(sql, w->p, &w->reach, &webhook_listing, &w->id, &w->result);
	return status;
}

void run_update_webhook(struct service *service, struct service_call *call)
{
	static const char fixed[] = "cannot be changed: make another endpoint";
	static const char rotates[] = "is not set but made anew: POST /webhooks/{id}/rotate";
	static const struct field fields[] = {
		{ "url", FIELD_HOOK, 0, FIELD_FILLED, NULL },
		{ "events", FIELD_WORDS, EVENT_WORDS_COUNT, FIELD_FILLED, EVENT_WORDS },
		{ "description", FIELD_LINE, MAX_DESCRIPTION, 0, NULL },
		{ "enabled", FIELD_BOOL, 0, 0, NULL },
		{ "secret", FIELD_NEVER, 0, 0, rotates },
		{ "project_id", FIELD_NEVER, 0, 0, fixed },
		{ "projectId", FIELD_NEVER, 0, 0, fixed },
	};
	struct publishing *p = publishing_of(service);
	struct webhook_work w = { .p = p, .call = call, .reach = reach_of(p, call->caller) };

	if (!take_path_id(call, webhook_listing.noun, &w.id))
		return;
	check_object(&w.check, call->json, "", fields, sizeof(fields) / sizeof(fields[0]));
	check_address(p, &w.check, call->json);
	w.events = get_words(call->json, "events", call->arena);
	enum store_status status = w.check.count > 0 ? database_read(p->database, change_webhook, &w)
						     : write_for(p, call, change_webhook, &w);
	answer_change(call, status, 200, webhook_listing.noun, &w.check, w.result);
}

static enum store_status remove_webhook(struct sql *sql, void *arg)
{
	struct webhook_work *w = arg;
	struct sql_statement *st = sql_prepare(sql, "DELETE FROM publishing_webhooks"
		" WHERE id = ?4 AND" REACHES("publishing_webhooks.project_id"));
	if (!st)
		return STORE_UNAVAILABLE;
	bind_reach(st, &w->reach);
	bind_uuid(st, 4, &w->id);
	return run_row(sql, st);
}

void run_delete_webhook(struct service *service, struct service_call *call)
{
	struct publishing *p = publishing_of(service);
	struct webhook_work w = { .p = p, .call = call, .reach = reach_of(p, call->caller) };

	if (!take_path_id(call, webhook_listing.noun, &w.id))
		return;
	enum store_status status = write_for(p, call, remove_webhook, &w);
	if (status == STORE_OK)
		call->answer.status = 204;
	else
		answer_store(call, status, webhook_listing.noun);
}

enum store_status webhook_drop_queued(
	struct sql *sql, const struct id_bytes *webhook, struct str reason, int64_t now_ms)
{
	struct sql_statement *st = sql_prepare(sql, "UPDATE publishing_deliveries SET state = 'failed',"
		" reason = ?2, next_at = NULL, updated_at = ?3 WHERE webhook_id = ?1 AND next_at IS NOT NULL");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, webhook);
	sql_bind_text(st, 2, reason);
	sql_bind_int(st, 3, now_ms);
	return sql_run(st);
}

/* The secret of now is good beside the new one for the overlap; one before it is not any more. */
static enum store_status rotate_webhook(struct sql *sql, void *arg)
{
	struct webhook_work *w = arg;
	struct sql_statement *st = sql_prepare(sql,
		"UPDATE publishing_webhooks SET sealed_old = CASE WHEN ?6 > ?7 THEN sealed ELSE NULL END,"
		" old_until = CASE WHEN ?6 > ?7 THEN ?6 ELSE NULL END, sealed = ?5, updated_at = ?7"
		" WHERE id = ?4 AND" REACHES("publishing_webhooks.project_id"));
	if (!st)
		return STORE_UNAVAILABLE;
	bind_reach(st, &w->reach);
	bind_uuid(st, 4, &w->id);
	sql_bind_blob(st, 5, w->sealed, sizeof(w->sealed));
	sql_bind_int(st, 6, w->call->now_ms + w->overlap_ms);
	sql_bind_int(st, 7, w->call->now_ms);
	enum store_status status = run_row(sql, st);
	if (status == STORE_OK)
		status = load_json(sql, w->p, &w->reach, &webhook_listing, &w->id, &w->result);
	return status;
}

static enum store_status find_webhook(struct sql *sql, void *arg)
{
	struct webhook_work *w = arg;
	enum store_status status = load_json(sql, w->p, &w->reach, &webhook_listing, &w->id, &w->result);
	return status == STORE_OK ? STORE_INVALID : status;
}

void run_rotate_webhook(struct service *service, struct service_call *call)
{
	static const struct field fields[] = { { "overlap_seconds", FIELD_NUMBER, OVERLAP_MAX_S, 0, NULL } };
	struct publishing *p = publishing_of(service);
	struct webhook_work w = { .p = p, .call = call, .reach = reach_of(p, call->caller) };
	const json_t *overlap = json_object_get(call->json, "overlap_seconds");
	char secret[SIGN_SECRET_TEXT_ROOM];

	if (!take_path_id(call, webhook_listing.noun, &w.id))
		return;
	if (call->json)
		check_object(&w.check, call->json, "", fields, sizeof(fields) / sizeof(fields[0]));
	w.overlap_ms = (overlap ? json_integer_value(overlap) : OVERLAP_DEFAULT_S) * INT64_C(1000);
	if (!make_secret(&w, secret)) {
		answer_store(call, STORE_UNAVAILABLE, "");
		return;
	}
	enum store_status status = w.check.count > 0 ? database_read(p->database, find_webhook, &w)
						     : write_for(p, call, rotate_webhook, &w);
	if (status == STORE_OK && json_object_set_new(w.result, "secret", json_string(secret)) != 0)
		status = STORE_NO_MEMORY;
	answer_change(call, status, 200, webhook_listing.noun, &w.check, w.result);
	sodium_memzero(secret, sizeof(secret));
}
