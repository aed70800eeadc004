/* SPDX-License-Identifier: Apache-2.0
 * Lists, page by page, and single objects.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/listing.h"

#include "base/clock.h"
#include "services/publishing/check.h"

#include <stdio.h>

struct page {
	struct reach reach;
	struct id_bytes project;      /* all zero: every one that the caller reaches */
	struct id_bytes upper, lower; /* the ids lie between */
	uint64_t limit;
	struct str status;            /* {NULL, 0}: any */
	struct id_bytes within;       /* what the list is of; all zero: projects */
};

struct list_work {
	const struct publishing *p;
	const struct listing *listing;
	const struct page *page;
	json_t *data;         /* out */
	bool more;            /* out: there are rows past the last */
	struct id_bytes last; /* out */
};

/* A cursor is good for one person and one list. It holds a place and grants nothing: what may be
 * seen is judged again on every page. */
static void cursor_purpose(const struct service_call *call, char ret[static 96])
{
	snprintf(ret, 96, "cursor:%s:%s", call->operation->name, call->caller->user.text);
}

static void read_cursor(
	const struct publishing *p, struct service_call *call, struct check *c, struct page *page)
{
	char purpose[96];
	struct str text;
	struct id id;
	struct str cursor = query_get(call->query, "cursor", &(size_t){ 0 });

	if (!cursor.p)
		return;
	cursor_purpose(call, purpose);
	if (!secrets_cursor_read(p->secrets, purpose, cursor, call->arena, &text) || !id_parse(text, &id) ||
	    !id_to_bytes(&id, &page->upper))
		check_add(c, "cursor must be a next_cursor that this list gave you");
}

/* Ids start with the time in milliseconds when they were made: a time is a bound on ids. */
static struct id_bytes id_bound(int64_t ms, uint8_t fill)
{
	struct id_bytes id;
	memset(&id, fill, sizeof(id));
	for (int i = 5; i >= 0; i--, ms >>= 8)
		id.b[i] = (uint8_t)(ms & 0xff);
	return id;
}

static void read_times(struct service_call *call, struct check *c, struct page *page)
{
	static const struct field after = { "created_after", FIELD_TIME, 0, 0, NULL };
	static const struct field before = { "created_before", FIELD_TIME, 0, 0, NULL };
	int64_t ms;
	struct str text = query_get(call->query, after.name, &(size_t){ 0 });

	if (text.p) {
		check_field(c, "", &after, text);
		if (time_from_text(text, &ms))
			page->lower = id_bound(ms, 0xff);
	}
	text = query_get(call->query, before.name, &(size_t){ 0 });
	if (text.p) {
		check_field(c, "", &before, text);
		if (time_from_text(text, &ms)) {
			struct id_bytes bound = id_bound(ms, 0);
			if (memcmp(&bound, &page->upper, sizeof(bound)) < 0)
				page->upper = bound;
		}
	}
}

/* What a list's query parameters say; service_run has refused those that the operation lacks. */
static void read_page(const struct publishing *p, struct service_call *call, const struct listing *listing,
	struct check *c, struct page *page)
{
	struct field status = { "status", FIELD_WORD, 0, 0, listing->statuses };
	struct str limit = query_get(call->query, "limit", &(size_t){ 0 });
	struct str project = query_get(call->query, "project_id", &(size_t){ 0 });
	struct id id;

	*page = (struct page){ .reach = reach_of(p, call->caller), .limit = LIST_DEFAULT };
	memset(&page->upper, 0xff, sizeof(page->upper));
	if (limit.p && (!str_to_u64(limit, LIST_MAX, &page->limit) || page->limit == 0))
		check_add(c, "limit must be a whole number from 1 to %d", LIST_MAX);
	if (project.p && (!id_parse(project, &id) || !id_to_bytes(&id, &page->project)))
		/* No id, so no project: 404 like any other. */
		memset(&page->project, 0xff, sizeof(page->project));
	read_cursor(p, call, c, page);
	read_times(call, c, page);
	page->status = query_get(call->query, "status", &(size_t){ 0 });
	if (page->status.p && listing->statuses)
		check_field(c, "", &status, page->status);
}

static enum store_status collect_rows(struct list_work *w, struct sql_statement *st)
{
	enum sql_step step;

	w->data = json_array();
	while ((step = sql_step(st)) == SQL_ROW) {
		if (json_array_size(w->data) == w->page->limit) {
			w->more = true;
			sql_reset(st);
			return STORE_OK;
		}
		w->last = column_uuid(st, 0);
		if (json_array_append_new(w->data, w->listing->to_json(w->p, st)) != 0) {
			sql_reset(st);
			return STORE_NO_MEMORY;
		}
	}
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}

/* Whether the caller reaches what the list is of. */
static enum store_status find_outer(struct sql *sql, const struct list_work *w)
{
	struct sql_statement *st = sql_prepare(sql, w->listing->within->get);
	if (!st)
		return STORE_UNAVAILABLE;
	bind_reach(st, &w->page->reach);
	bind_uuid(st, 4, &w->page->within);
	enum store_status status = step_row(st);
	sql_reset(st);
	return status;
}

static enum store_status list_rows(struct sql *sql, void *arg)
{
	struct list_work *w = arg;
	const struct page *page = w->page;

	if (id_bytes_set(&page->project)) {
		enum store_status status = find_project(sql, &page->reach, &page->project);
		if (status != STORE_OK)
			return status;
	}
	if (w->listing->within) {
		enum store_status status = find_outer(sql, w);
		if (status != STORE_OK)
			return status;
	}
	struct sql_statement *st =
		sql_prepare(sql, page->status.p ? w->listing->list_status : w->listing->list);
	if (!st)
		return STORE_UNAVAILABLE;
	bind_reach(st, &page->reach);
	bind_uuid(st, 4, &page->project);
	sql_bind_blob(st, 5, page->upper.b, sizeof(page->upper.b));
	sql_bind_blob(st, 6, page->lower.b, sizeof(page->lower.b));
	sql_bind_int(st, 7, (int64_t)page->limit + 1);
	if (page->status.p)
		sql_bind_text(st, 8, page->status);
	if (w->listing->within)
		bind_uuid(st, 9, &page->within);
	return collect_rows(w, st);
}

static json_t *next_cursor(const struct list_work *w, const struct service_call *call)
{
	char purpose[96];
	struct id id;
	struct buf text;

	if (!w->more)
		return json_null();
	cursor_purpose(call, purpose);
	id_from_bytes(&w->last, &id);
	buf_init(&text, 512);
	json_t *cursor = NULL;
	if (secrets_cursor_write(w->p->secrets, purpose, (struct str){ id.text, ID_LENGTH }, &text) &&
		!text.failed)
		cursor = json_of_str(buf_str(&text));
	buf_done(&text);
	return cursor;
}

/* Only judges the project: a project that is not there comes before what else is wrong. */
static enum store_status judge_project(struct sql *sql, void *arg)
{
	const struct list_work *w = arg;
	const struct page *page = w->page;
	if (w->listing->within)
		return find_outer(sql, w);
	return id_bytes_set(&page->project) ? find_project(sql, &page->reach, &page->project) : STORE_OK;
}

void run_list(struct service *service, struct service_call *call, const struct listing *listing)
{
	struct publishing *p = publishing_of(service);
	struct check c = { .n = 0 };
	struct page page;
	struct list_work w = { p, listing, &page, NULL, false, { { 0 } } };

	read_page(p, call, listing, &c, &page);
	if (listing->within && !take_path_id(call, listing->within->noun, &page.within))
		return;
	enum store_status status = database_read(p->database, c.count > 0 ? judge_project : list_rows, &w);
	if (status != STORE_OK) {
		json_decref(w.data);
		answer_store(call, status, listing->within ? listing->within->noun : "Project");
	} else if (c.count > 0) {
		check_answer(&c, call);
	} else {
		answer_json(call, 200,
			json_pack("{s:o,s:o}", "data", w.data, "next_cursor", next_cursor(&w, call)));
	}
}

enum store_status load_json(struct sql *sql, const struct publishing *p, const struct reach *reach,
	const struct listing *listing, const struct id_bytes *id, json_t **ret)
{
	struct sql_statement *st = sql_prepare(sql, listing->get);
	if (!st)
		return STORE_UNAVAILABLE;
	bind_reach(st, reach);
	bind_uuid(st, 4, id);
	enum store_status status = step_row(st);
	if (status == STORE_OK) {
		json_t *json = listing->to_json(p, st);
		if (json)
			*ret = json;
		else
			status = STORE_NO_MEMORY;
	}
	sql_reset(st);
	return status;
}

struct get_work {
	const struct publishing *p;
	const struct listing *listing;
	struct reach reach;
	struct id_bytes id;
	json_t *json; /* out */
};

static enum store_status get_row(struct sql *sql, void *arg)
{
	struct get_work *w = arg;
	return load_json(sql, w->p, &w->reach, w->listing, &w->id, &w->json);
}

void run_get(struct service *service, struct service_call *call, const struct listing *listing)
{
	struct publishing *p = publishing_of(service);
	struct get_work w = { .p = p, .listing = listing, .reach = reach_of(p, call->caller) };

	if (!take_path_id(call, listing->noun, &w.id))
		return;
	enum store_status status = database_read(p->database, get_row, &w);
	if (status == STORE_OK)
		answer_json(call, 200, w.json);
	else
		answer_store(call, status, listing->noun);
}
