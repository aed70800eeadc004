/* SPDX-License-Identifier: Apache-2.0
 * Rows of the outbox, and what follows for their story.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/outbox.h"

#include "services/publishing/events.h"

#include <stdio.h>

/* By way of the connection itself: it must still be this project's, else the row says so. */
static enum store_status add_row(struct sql *sql, const struct publishing *p, const struct story *story,
	const struct id_bytes *channel, int64_t now_ms)
{
	struct id_bytes row = make_id(p, now_ms);
	struct sql_statement *st = sql_prepare(sql,
		"INSERT INTO publishing_outbox (id, project_id, story_id, channel_id, round, state, reason, next_at,"
		" created_at, updated_at) SELECT ?1, ?2, ?3, ?4, ?5, CASE WHEN c.id IS NULL THEN 'failed' ELSE"
		" 'queued' END, CASE WHEN c.id IS NULL THEN 'The connection was removed' ELSE '' END,"
		" CASE WHEN c.id IS NULL THEN NULL ELSE ?6 END, ?6, ?6 FROM (SELECT 1 AS one) x"
		" LEFT JOIN publishing_social_connections c ON c.id = ?4 AND c.project_id = ?2");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &row);
	bind_uuid(st, 2, &story->project);
	bind_uuid(st, 3, &story->id);
	bind_uuid(st, 4, channel);
	sql_bind_int(st, 5, story->round);
	sql_bind_int(st, 6, now_ms);
	return run_row(sql, st);
}

/* Whether the story went out to a channel in an earlier round: OK or NOT_FOUND. */
static enum store_status find_sent(struct sql *sql, const struct id_bytes *story, const struct id_bytes *channel)
{
	struct sql_statement *st = sql_prepare(sql, "SELECT 1 FROM publishing_outbox"
		" WHERE story_id = ?1 AND channel_id = ?2 AND state = 'sent' LIMIT 1");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, story);
	bind_uuid(st, 2, channel);
	enum store_status status = step_row(st);
	sql_reset(st);
	return status;
}

enum store_status outbox_add(
	struct sql *sql, const struct publishing *p, const struct story *story, int64_t now_ms)
{
	struct str rest = story->channels, word;
	enum store_status status = STORE_OK;

	while (status == STORE_OK && next_word(&rest, &word)) {
		struct id id;
		struct id_bytes channel = { { 0 } };
		if (!id_parse(word, &id) || !id_to_bytes(&id, &channel))
			return STORE_UNAVAILABLE; /* ours always read back */
		status = find_sent(sql, &story->id, &channel);
		if (status == STORE_NOT_FOUND)
			status = add_row(sql, p, story, &channel, now_ms);
	}
	return status;
}

/* What is shown: of each channel the newest row. */
#define LAST_ROWS \
	" FROM publishing_outbox o LEFT JOIN publishing_social_connections c ON c.id = o.channel_id" \
	" WHERE o.story_id = ?1 AND o.round = (SELECT MAX(r.round) FROM publishing_outbox r" \
	" WHERE r.story_id = o.story_id AND r.channel_id = o.channel_id) "

enum store_status outbox_json(struct sql *sql, const struct id_bytes *story, json_t **ret)
{
	enum sql_step step;
	json_t *list = json_array();
	struct sql_statement *st = sql_prepare(sql, "SELECT o.channel_id, c.provider, c.handle, o.state, o.reason,"
		" o.attempts, o.url, o.next_at, o.sent_at" LAST_ROWS "ORDER BY o.id");
	if (!st || !list) {
		json_decref(list);
		return st ? STORE_NO_MEMORY : STORE_UNAVAILABLE;
	}
	bind_uuid(st, 1, story);
	while ((step = sql_step(st)) == SQL_ROW) {
		json_t *row = json_pack("{s:o,s:o,s:o,s:o,s:o,s:I,s:o,s:o,s:o}",
			"channel_id", json_of_id_column(st, 0), "provider", json_of_column(st, 1),
			"handle", json_of_column(st, 2), "state", json_of_column(st, 3),
			"reason", json_of_filled(st, 4), "attempts", (json_int_t)sql_column_int(st, 5),
			"url", json_of_filled(st, 6), "next_attempt_at", json_of_time_column(st, 7),
			"sent_at", json_of_time_column(st, 8));
		if (json_array_append_new(list, row) != 0) {
			sql_reset(st);
			json_decref(list);
			return STORE_NO_MEMORY;
		}
	}
	if (step != SQL_DONE) {
		json_decref(list);
		return sql_status(st);
	}
	*ret = list;
	return STORE_OK;
}

/* How many channels are still queued, and the first that did not go out: "mastodon @a@b: ...". */
static enum store_status look_at_rows(
	struct sql *sql, const struct id_bytes *story, int64_t *ret_queued, char ret_failure[static 512])
{
	enum sql_step step;
	struct sql_statement *st = sql_prepare(
		sql, "SELECT o.state, o.reason, COALESCE(c.provider, ''), COALESCE(c.handle, '')" LAST_ROWS "ORDER BY o.id");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, story);
	*ret_queued = 0;
	snprintf(ret_failure, 512, "The story names no channel");
	for (size_t i = 0; (step = sql_step(st)) == SQL_ROW; i++) {
		if (i == 0)
			ret_failure[0] = '\0';
		const struct str state = sql_column_text(st, 0), reason = sql_column_text(st, 1);
		const struct str provider = sql_column_text(st, 2), handle = sql_column_text(st, 3);
		if (str_is(state, "queued"))
			++*ret_queued;
		else if (!str_is(state, "sent") && !ret_failure[0])
			snprintf(ret_failure, 512, "%.*s%s%.*s%s%.*s", STR_FMT(provider), provider.n > 0 ? " " : "",
				(int)(handle.n < 100 ? handle.n : 100), handle.p, provider.n > 0 ? ": " : "",
				STR_FMT(reason));
	}
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}

static enum store_status end_story(
	struct sql *sql, const struct id_bytes *story, const char *failure, int64_t now_ms)
{
	struct sql_statement *st = sql_prepare(sql,
		"UPDATE publishing_stories SET status = ?2, failure = ?3, published_at = ?4, updated_at = ?5"
		" WHERE id = ?1 AND status = 'publishing'");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, story);
	sql_bind_text(st, 2, failure[0] ? STR("failed") : STR("published"));
	sql_bind_text(st, 3, str_of(failure));
	bind_time(st, 4, failure[0] ? 0 : now_ms);
	sql_bind_int(st, 5, now_ms);
	return run_row(sql, st);
}

static enum store_status is_late(struct sql *sql, const struct id_bytes *story, bool *ret)
{
	struct sql_statement *st = sql_prepare(sql, "SELECT scheduled_late FROM publishing_stories WHERE id = ?1");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, story);
	enum store_status status = step_row(st);
	if (status == STORE_OK)
		*ret = sql_column_int(st, 0) != 0;
	sql_reset(st);
	return status;
}

enum store_status outbox_settle(
	struct sql *sql, const struct publishing *p, const struct id_bytes *story, int64_t now_ms)
{
	char failure[512];
	int64_t queued;
	bool late = false;
	enum store_status status = look_at_rows(sql, story, &queued, failure);

	if (status != STORE_OK || queued > 0)
		return status;
	status = end_story(sql, story, failure, now_ms);
	if (status == STORE_NOT_FOUND)
		return STORE_OK; /* it has been settled before */
	if (status == STORE_OK)
		status = is_late(sql, story, &late);
	if (status == STORE_OK)
		status = emit_story_event(sql, p, story, failure[0] ? "story.failed" : "story.published", now_ms);
	if (status == STORE_OK && !failure[0] && late)
		status = emit_story_event(sql, p, story, "story.published_late", now_ms);
	return status;
}
