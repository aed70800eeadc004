/* SPDX-License-Identifier: Apache-2.0
 * Small things that several operations need: binding the caller, ids, and common answers.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/internal.h"

#include "base/clock.h"
#include "base/text.h"
#include "services/publishing/check.h"

bool id_bytes_set(const struct id_bytes *id)
{
	static const struct id_bytes none;
	return memcmp(id, &none, sizeof(none)) != 0;
}

struct reach reach_of(const struct publishing *p, const struct service_caller *caller)
{
	struct reach reach = { .api = str_of(p->api) };
	/* An id that is none leaves zeros. As the person that is nobody; a bound project that could not
	 * be read must not become "not bound". */
	if (!id_to_bytes(&caller->user, &reach.user))
		reach.user = (struct id_bytes){ { 0 } };
	if (!id_to_bytes(&caller->project, &reach.project))
		reach.user = (struct id_bytes){ { 0 } };
	return reach;
}

void bind_uuid(struct sql_statement *st, int index, const struct id_bytes *id)
{
	if (id_bytes_set(id))
		sql_bind_blob(st, index, id->b, sizeof(id->b));
	else
		sql_bind_null(st, index);
}

void bind_time(struct sql_statement *st, int index, int64_t ms)
{
	if (ms != 0)
		sql_bind_int(st, index, ms);
	else
		sql_bind_null(st, index);
}

void bind_reach(struct sql_statement *st, const struct reach *reach)
{
	sql_bind_text(st, 1, reach->api);
	bind_uuid(st, 2, &reach->user);
	bind_uuid(st, 3, &reach->project);
}

enum store_status step_row(struct sql_statement *st)
{
	switch (sql_step(st)) {
	case SQL_ROW:
		return STORE_OK;
	case SQL_DONE:
		return STORE_NOT_FOUND;
	case SQL_CONFLICT:
	case SQL_FAILED:
		break;
	}
	return sql_status(st);
}

enum store_status run_row(struct sql *sql, struct sql_statement *st)
{
	enum store_status status = sql_run(st);
	if (status == STORE_OK && sql_changes(sql) != 1)
		return STORE_NOT_FOUND;
	return status;
}

enum store_status find_project(struct sql *sql, const struct reach *reach, const struct id_bytes *project)
{
	struct sql_statement *st = sql_prepare(sql, "SELECT 1 WHERE" REACHES("?4"));
	if (!st)
		return STORE_UNAVAILABLE;
	bind_reach(st, reach);
	bind_uuid(st, 4, project);
	enum store_status status = step_row(st);
	sql_reset(st);
	return status;
}

struct write {
	const struct service_call *call;
	enum store_status (*fn)(struct sql *sql, void *arg);
	void *arg;
};

static enum store_status write_if_live(struct sql *sql, void *arg)
{
	const struct write *w = arg;
	struct id_bytes token = { { 0 } };
	struct sql_statement *st = sql_prepare(sql, "SELECT 1 FROM tokens t JOIN users u ON u.id = t.owner_id"
		" WHERE t.id = ?1 AND (t.revoked_at <> 0 OR u.disabled_at <> 0)");
	if (!st || !id_to_bytes(&w->call->caller->token, &token))
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &token);
	enum store_status status = step_row(st);
	sql_reset(st);
	if (status == STORE_NOT_FOUND)
		return w->fn(sql, w->arg);
	return status == STORE_OK ? STORE_UNAVAILABLE : status;
}

enum store_status write_for(const struct publishing *p, const struct service_call *call,
	enum store_status (*fn)(struct sql *sql, void *arg), void *arg)
{
	enum store_status status = database_write(p->database, write_if_live, &(struct write){ call, fn, arg });
	if (status == STORE_OK)
		courier_poke(p);
	return status;
}

struct id_bytes column_uuid(struct sql_statement *st, int column)
{
	struct id_bytes id = { { 0 } };
	struct str blob = sql_column_blob(st, column);
	if (blob.n == sizeof(id.b))
		memcpy(id.b, blob.p, sizeof(id.b));
	return id;
}

struct id_bytes make_id(const struct publishing *p, int64_t now_ms)
{
	uint8_t random[10];
	struct id_bytes bytes = { { 0 } };
	p->random(random, sizeof(random));
	struct id id = id_make(now_ms, random);
	(void)id_to_bytes(&id, &bytes); /* our own always reads back */
	return bytes;
}

void answer_not_found(struct service_call *call, const char *noun)
{
	service_fail(call, 404, "not_found", "%s not found", noun);
}

void answer_store(struct service_call *call, enum store_status status, const char *noun)
{
	if (status == STORE_NOT_FOUND)
		answer_not_found(call, noun);
	else if (status == STORE_FULL)
		service_fail(call, 503, "unavailable",
			"There is no room left to store this. Nothing was changed.");
	else
		service_fail(call, 503, "unavailable",
			"The store cannot be reached. Nothing was changed; try again.");
}

bool take_path_id(struct service_call *call, const char *noun, struct id_bytes *ret)
{
	struct id id;
	if (call->param_count > 0 && id_parse(call->params[0], &id) && id_to_bytes(&id, ret))
		return true;
	answer_not_found(call, noun);
	return false;
}

json_t *json_of_str(struct str text)
{
	return json_stringn(text.n > 0 ? text.p : "", text.n);
}

json_t *json_of_column(struct sql_statement *st, int column)
{
	return json_of_str(sql_column_text(st, column));
}

json_t *json_of_id_column(struct sql_statement *st, int column)
{
	struct id_bytes bytes = column_uuid(st, column);
	struct id id;
	if (!id_bytes_set(&bytes))
		return json_null();
	id_from_bytes(&bytes, &id);
	return json_stringn(id.text, ID_LENGTH);
}

json_t *json_of_time(int64_t ms)
{
	char text[TIME_TEXT_ROOM];
	if (ms == 0)
		return json_null();
	return json_stringn(text, time_to_text(ms, true, text));
}

json_t *json_of_time_column(struct sql_statement *st, int column)
{
	return json_of_time(sql_column_int(st, column));
}

struct str text_cleaned(struct str text, struct arena *arena)
{
	size_t n = 0;
	for (size_t step; n < text.n && (step = utf8_next((struct str){ text.p + n, text.n - n })) > 0;)
		n += step;
	char *copy = arena_copy(arena, (struct str){ text.p, n });
	for (size_t i = 0; copy && i < n; i++)
		if ((uint8_t)copy[i] < ' ' || copy[i] == 0x7f)
			copy[i] = ' ';
	return (struct str){ copy, copy ? n : 0 };
}

json_t *json_of_filled(struct sql_statement *st, int column)
{
	struct str text = sql_column_text(st, column);
	return text.n > 0 ? json_of_str(text) : json_null();
}

json_t *json_of_words(struct str text)
{
	json_t *list = json_array();
	struct str word;
	while (next_word(&text, &word))
		if (json_array_append_new(list, json_of_str(word)) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

void answer_json(struct service_call *call, int status, json_t *json)
{
	if (json)
		service_answer_json(call, status, json);
	else
		answer_store(call, STORE_NO_MEMORY, "");
}

void answer_change(struct service_call *call, enum store_status status, int success, const char *noun,
	const struct check *c, json_t *json)
{
	if (status == STORE_OK) {
		answer_json(call, success, json);
		return;
	}
	json_decref(json); /* made, and then not kept by the store */
	if (status == STORE_INVALID && c->count > 0)
		check_answer(c, call);
	else if (status == STORE_CONFLICT && c->count > 0)
		service_fail(call, 409, "conflict", "%s", c->text);
	else
		answer_store(call, status, noun);
}
