/* SPDX-License-Identifier: Apache-2.0
 * What was decided and what was changed, a page at a time; and whether the log is whole.
 * admin: may include base, core, wire, store, authority, profile, net, gate and services/service.h.
 */
#include "admin/internal.h"

#include "base/clock.h"
#include "gate/audit_verify.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- Decisions ---- */

struct audit_page {
	struct admin_call *c;
	struct audit_tail tail;
	const char *api;
	json_t *list;
	uint64_t limit, first, last; /* places of what is on the page */
	bool failed, full;
};

static bool add_entry(void *ctx, const struct audit_entry *entry)
{
	struct audit_page *page = ctx;

	if (page->tail.after && json_array_size(page->list) == page->limit) {
		page->full = true;
		return false;
	}
	if (page->first == 0)
		page->first = entry->place;
	page->last = entry->place;
	page->failed = json_array_append_new(page->list, audit_entry_json(entry)) != 0;
	return !page->failed;
}

static bool read_page(struct admin_call *c, struct audit_page *page)
{
	struct audit_tail *tail = &page->tail;
	bool except_mine = false;

	if (!admin_query_id(c, "token", &tail->token) || !admin_query_id(c, "owner", &tail->owner) ||
		!admin_query_id(c, "project", &tail->project) || !admin_query_flag(c, "refused", &tail->refused_only) ||
		!admin_query_flag(c, "except_mine", &except_mine) || !admin_query_time(c, "since", &tail->since_ms) ||
		!admin_query_time(c, "until", &tail->until_ms) ||
		!admin_query_number(c, "before", INT64_MAX, &tail->before) ||
		!admin_query_number(c, "after", INT64_MAX, &tail->after) ||
		!admin_query_number(c, "limit", ADMIN_PAGE_MAX, &page->limit))
		return false;
	if (tail->before && tail->after) {
		admin_invalid(c, "Give \"before\" or \"after\", not both.");
		return false;
	}
	if (page->limit == 0)
		page->limit = ADMIN_PAGE;
	tail->last = tail->after ? UINT64_MAX : page->limit;
	if (except_mine)
		(void)id_to_bytes(&c->token.id, &tail->except);
	return true;
}

/* A document a line; where to go on is in the head. */
static void answer_lines(struct admin_call *c, const struct audit_page *page, const char *before, const char *after)
{
	struct buf out;
	json_t *entry;
	size_t i;

	buf_init(&out, ADMIN_PAGE_MAX * 2048);
	json_array_foreach(page->list, i, entry) {
		char *line = json_dumps(entry, JSON_COMPACT);
		buf_add_text(&out, line ? line : "");
		buf_add_char(&out, '\n');
		free(line);
	}
	struct str body = out.failed ? (struct str){ NULL, 0 } : arena_copy_str(c->arena, buf_str(&out));
	buf_done(&out);
	if (!body.p) {
		admin_refuse_stored(c, STORE_NO_MEMORY);
		return;
	}
	c->call->answer.status = 200;
	c->call->answer.content_type = "application/x-ndjson";
	c->call->answer.body = body;
	(void)service_answer_header(c->call, "Remit-Before", before);
	(void)service_answer_header(c->call, "Remit-After", after);
}

static void answer_page(struct admin_call *c, struct audit_page *page, bool lines)
{
	char before[24] = "", after[24] = "";

	if (page->first) {
		snprintf(before, sizeof(before), "%llu", (unsigned long long)page->first);
		snprintf(after, sizeof(after), "%llu", (unsigned long long)page->last);
	}
	if (lines)
		answer_lines(c, page, before, after);
	else
		admin_answer(c, 200, json_pack("{s:O, s:o, s:o}", "records", page->list, "before", json_text(before),
			"after", json_text(after)));
}

void list_audit(struct admin_call *c)
{
	struct audit_page page = { .c = c, .list = json_array() };
	const char *format = NULL;
	char text[256] = "";

	if (!page.list) {
		admin_refuse_stored(c, STORE_NO_MEMORY);
		return;
	}
	if (!read_page(c, &page) || !admin_query(c, "format", &format))
		goto out;
	if (format && strcmp(format, "json") != 0 && strcmp(format, "lines") != 0)
		admin_invalid(c, "\"format\" is json or lines.");
	else if (!audit_read(c->admin->config->audit_folder, &page.tail, add_entry, NULL, &page, text))
		service_fail(c->call, 503, "unavailable", "%s.", text);
	else if (page.failed)
		admin_refuse_stored(c, STORE_NO_MEMORY);
	else
		answer_page(c, &page, format && strcmp(format, "lines") == 0);
out:
	json_decref(page.list);
}

/* ---- Whether it is whole ---- */

void get_audit_verify(struct admin_call *c)
{
	struct audit_verdict verdict;
	if (audit_verdict_read(c->admin->config->audit_folder, &verdict))
		admin_answer(c, 200, audit_verdict_json(&verdict));
	else
		service_fail(c->call, 404, "not_found", "The audit log was not verified yet.");
}

void verify_audit(struct admin_call *c)
{
	struct audit_verdict verdict;
	char text[256];

	if (!audit_verify(c->admin->config->audit_folder, c->call->now_ms, &verdict, text)) {
		service_fail(c->call, 503, "unavailable", "%s.", text);
		return;
	}
	(void)audit_verdict_keep(c->admin->config->audit_folder, &verdict);
	admin_answer(c, 200, audit_verdict_json(&verdict));
}

/* ---- Changes ---- */

struct event_page {
	json_t *list;
	uint64_t limit;
	int64_t last;
	bool failed;
};

static bool add_event(void *ctx, const struct event_row *row)
{
	struct event_page *page = ctx;
	if (json_array_size(page->list) == page->limit)
		return false;
	page->last = row->number;
	page->failed = json_array_append_new(page->list, event_json(row)) != 0;
	return !page->failed;
}

void list_events(struct admin_call *c)
{
	uint64_t after = 0;
	struct event_page page = { .limit = ADMIN_PAGE };

	if (!admin_query_number(c, "after", INT64_MAX, &after) ||
		!admin_query_number(c, "limit", ADMIN_PAGE_MAX, &page.limit))
		return;
	page.limit = page.limit ? page.limit : ADMIN_PAGE;
	page.list = json_array();
	page.last = (int64_t)after;
	enum store_status status = page.list ?
		store_event_each(c->authority->store, (int64_t)after, add_event, &page) : STORE_NO_MEMORY;
	if ((status == STORE_OK || status == STORE_STOPPED) && !page.failed) {
		admin_answer(c, 200, json_pack("{s:o, s:I}", "events", page.list, "after", (json_int_t)page.last));
		return;
	}
	json_decref(page.list);
	admin_refuse_stored(c, page.failed ? STORE_NO_MEMORY : status);
}
