/* SPDX-License-Identifier: Apache-2.0
 * From lane to lane, by one look into the index each.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/lanes.h"

struct lane {
	struct id_bytes id;
	int64_t due_ms;
};

static enum store_status find_lane(
	struct sql *sql, const char *text, const struct id_bytes *from, struct lane *ret)
{
	struct sql_statement *st = sql_prepare(sql, text);

	if (!st)
		return STORE_UNAVAILABLE;
	sql_bind_blob(st, 1, from->b, sizeof(from->b));
	enum store_status status = step_row(st);
	if (status == STORE_OK)
		*ret = (struct lane){ column_uuid(st, 0), sql_column_int(st, 1) };
	sql_reset(st);
	return status;
}

static enum store_status find_due(
	struct sql *sql, const char *text, const struct id_bytes *lane, int64_t now_ms, int64_t *due_ms)
{
	struct sql_statement *st = sql_prepare(sql, text);

	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, lane);
	sql_bind_int(st, 2, now_ms);
	enum store_status status = step_row(st);
	if (status == STORE_OK && sql_column_int(st, 0) < *due_ms)
		*due_ms = sql_column_int(st, 0);
	sql_reset(st);
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

enum store_status lanes_each(struct sql *sql, const struct lanes *lanes, int64_t now_ms,
	enum store_status (*fn)(struct sql *sql, const struct id_bytes *lane, void *arg), void *arg, int64_t *due_ms)
{
	struct lane lane = { .id = { { 0 } } };
	enum store_status status = find_lane(sql, lanes->first, &lane.id, &lane);

	while (status == STORE_OK) {
		if (lane.due_ms <= now_ms) {
			status = fn(sql, &lane.id, arg);
			if (status == STORE_OK)
				status = find_due(sql, lanes->due, &lane.id, now_ms, due_ms);
		} else if (lane.due_ms < *due_ms) {
			*due_ms = lane.due_ms;
		}
		if (status == STORE_OK)
			status = find_lane(sql, lanes->next, &lane.id, &lane);
	}
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}
