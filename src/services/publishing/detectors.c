/* SPDX-License-Identifier: Apache-2.0
 * The rows of detectors: claimed when they are due, and what their looks brought.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/detectors.h"

#include "services/publishing/threshold.h"

/* Due, or so far ahead that the clock must have been set back since (L08). */
#define DUE \
	" c.status <> 'disabled' AND c.next_at IS NOT NULL AND (c.next_at <= ?2 OR c.next_at > ?2 + c.poll_ms + ?3)"
#define OF_API " JOIN projects p ON p.id = c.project_id AND p.api = ?1"

static void bind_due(struct sql_statement *st, const struct publishing *p, int64_t now_ms)
{
	sql_bind_text(st, 1, str_of(p->api));
	sql_bind_int(st, 2, now_ms);
	sql_bind_int(st, 3, DETECTOR_BACKOFF_MAX_MS);
}

enum store_status find_due_detector(struct sql *sql, const struct publishing *p, int64_t now_ms)
{
	struct sql_statement *st = sql_prepare(
		sql, "SELECT 1 FROM publishing_data_connections c" OF_API " WHERE" DUE " LIMIT 1");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_due(st, p, now_ms);
	enum store_status status = step_row(st);
	sql_reset(st);
	return status;
}

static struct str unseal(const struct publishing *p, struct str sealed, struct arena *arena)
{
	struct str url = { NULL, 0 };
	if (sealed.n <= SECRETS_SEAL_EXTRA)
		return url;
	char *text = arena_alloc(arena, sealed.n);
	if (text && secrets_unseal(p->secrets, DETECTOR_PURPOSE, sealed, (uint8_t *)text))
		url = (struct str){ text, sealed.n - SECRETS_SEAL_EXTRA };
	return url;
}

static double number_of(struct str text)
{
	double value = 0;
	return threshold_number(text, &value) ? value : 0;
}

static bool copy_detector(const struct publishing *p, struct sql_statement *st, struct arena *arena,
	struct detector *ret)
{
	struct detector d = {
		.id = column_uuid(st, 0), .project = column_uuid(st, 1), .template_id = column_uuid(st, 2),
		.kind = arena_copy_str(arena, sql_column_text(st, 3)),
		.name = arena_copy_str(arena, sql_column_text(st, 4)),
		.url = unseal(p, sql_column_blob(st, 5), arena),
		.host = arena_copy_str(arena, sql_column_text(st, 6)),
		.pointer = arena_copy_str(arena, sql_column_text(st, 7)),
		.etag = arena_copy_str(arena, sql_column_text(st, 8)),
		.modified = arena_copy_str(arena, sql_column_text(st, 9)),
		.poll_ms = sql_column_int(st, 10), .score = sql_column_int(st, 12),
		.failures = sql_column_int(st, 13), .line = number_of(sql_column_text(st, 14)),
		.hysteresis = number_of(sql_column_text(st, 15)), .above = sql_column_int(st, 16) != 0,
		.beyond = sql_column_int(st, 17) != 0, .begun = sql_column_int(st, 18) != 0,
	};
	*ret = d; /* without an address, which no key of ours opens any more, its look fails and says so */
	return d.kind.p && d.name.p && d.host.p && d.pointer.p && d.etag.p && d.modified.p;
}

static enum store_status claim(struct sql *sql, const struct detector *d)
{
	struct sql_statement *st =
		sql_prepare(sql, "UPDATE publishing_data_connections SET next_at = ?2 WHERE id = ?1");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &d->id);
	sql_bind_int(st, 2, d->next_ms);
	return run_row(sql, st);
}

enum store_status claim_detectors(struct sql *sql, const struct publishing *p, int64_t now_ms, int64_t until_ms,
	struct arena *arena, struct detector *ret, size_t max, size_t *ret_count)
{
	enum sql_step step;
	size_t count = 0;
	struct sql_statement *st = sql_prepare(sql,
		"SELECT c.id, c.project_id, c.template_id, c.provider, c.name, c.sealed, c.host, c.pointer, c.etag,"
		" c.modified, c.poll_ms, c.next_at, c.score, c.failures, c.line, c.hysteresis, c.above, c.beyond,"
		" c.begun FROM publishing_data_connections c" OF_API " WHERE" DUE " ORDER BY c.next_at LIMIT ?4");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_due(st, p, now_ms);
	sql_bind_int(st, 4, (int64_t)max);
	while ((step = sql_step(st)) == SQL_ROW && count < max) {
		if (!copy_detector(p, st, arena, &ret[count])) {
			sql_reset(st);
			return STORE_NO_MEMORY;
		}
		ret[count++].next_ms = until_ms;
	}
	enum store_status status = step == SQL_DONE || step == SQL_ROW ? STORE_OK : sql_status(st);
	sql_reset(st);
	for (size_t i = 0; status == STORE_OK && i < count; i++)
		status = claim(sql, &ret[i]);
	*ret_count = count;
	return status;
}

/* When to look again: after a failure later, and later. */
static int64_t next_look(const struct detector *d, bool failed, int64_t now_ms)
{
	int64_t most = d->poll_ms > DETECTOR_BACKOFF_MAX_MS ? d->poll_ms : DETECTOR_BACKOFF_MAX_MS;
	int64_t wait = d->poll_ms;
	for (int64_t i = 0; failed && i < d->failures && wait < most; i++)
		wait *= 2;
	return now_ms + (wait < most ? wait : most);
}

static enum store_status record_failure(
	struct sql *sql, const struct detector *d, const struct detection *found, int64_t now_ms)
{
	struct sql_statement *st = sql_prepare(sql,
		"UPDATE publishing_data_connections SET next_at = ?3, failures = failures + 1, last_error = ?4,"
		" last_error_at = ?5, updated_at = ?5, status = CASE WHEN failures + 1 >= ?6 AND"
		" status = 'active' THEN 'needs_attention' ELSE status END WHERE id = ?1 AND next_at = ?2");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &d->id);
	sql_bind_int(st, 2, d->next_ms);
	sql_bind_int(st, 3, next_look(d, true, now_ms));
	sql_bind_text(st, 4, str_of(found->error));
	sql_bind_int(st, 5, now_ms);
	sql_bind_int(st, 6, DETECTOR_FAILURES_SHOWN);
	return run_row(sql, st);
}

static enum store_status record_success(struct sql *sql, const struct detector *d,
	const struct detection *found, bool beyond, int64_t now_ms)
{
	struct sql_statement *st = sql_prepare(sql,
		"UPDATE publishing_data_connections SET next_at = ?3, failures = 0, last_error = '',"
		" last_error_at = NULL, last_synced_at = ?4, updated_at = ?4, etag = ?5, modified = ?6, begun = 1,"
		" beyond = ?7, status = CASE WHEN status = 'needs_attention' THEN 'active' ELSE status END"
		" WHERE id = ?1 AND next_at = ?2");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &d->id);
	sql_bind_int(st, 2, d->next_ms);
	sql_bind_int(st, 3, next_look(d, false, now_ms));
	sql_bind_int(st, 4, now_ms);
	sql_bind_text(st, 5, found->unchanged ? d->etag : found->etag.p ? found->etag : STR(""));
	sql_bind_text(st, 6, found->unchanged ? d->modified : found->modified.p ? found->modified : STR(""));
	sql_bind_int(st, 7, beyond);
	return run_row(sql, st);
}

enum store_status record_detection(struct sql *sql, const struct publishing *p, const struct detector *d,
	const struct detection *found, struct arena *arena, int64_t now_ms)
{
	bool beyond = d->beyond;
	enum store_status status = STORE_OK;

	if (found->error[0])
		status = record_failure(sql, d, found, now_ms);
	else {
		if (!found->unchanged && !found->feed)
			beyond = threshold_beyond(found->value, d->line, d->hysteresis, d->above, d->beyond);
		status = record_success(sql, d, found, beyond, now_ms);
	}
	if (status == STORE_NOT_FOUND)
		return STORE_CONFLICT; /* removed meanwhile, or claimed by another who waited long enough */
	if (status != STORE_OK || found->error[0] || found->unchanged)
		return status;
	if (found->feed)
		return find_new_items(sql, p, d, found->feed, arena, now_ms);
	return beyond && !d->beyond && d->begun ? add_crossing(sql, p, d, found->value, arena, now_ms) : STORE_OK;
}
