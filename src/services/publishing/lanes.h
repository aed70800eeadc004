/* SPDX-License-Identifier: Apache-2.0
 * Queues with lanes: rows that wait are grouped by who they go to, so that a receiver that hangs holds up its
 * own lane only. Found by an index on (lane, next_at) of the rows that wait, however many are done.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_LANES_H
#define REMIT_SERVICES_PUBLISHING_LANES_H

#include "services/publishing/internal.h"

/* The lowest lane from ?1 on, and when the first of its rows is due. */
#define LANE_SQL(table, lane, compare) \
	"SELECT " lane ", next_at FROM " table " WHERE next_at IS NOT NULL AND " lane " " compare " ?1" \
	" ORDER BY " lane ", next_at LIMIT 1"
/* When the first row of lane ?1 is due after ?2. */
#define LANE_DUE_SQL(table, lane) \
	"SELECT next_at FROM " table " WHERE next_at IS NOT NULL AND " lane " = ?1 AND next_at > ?2" \
	" ORDER BY next_at LIMIT 1"

struct lanes {
	const char *first, *next, *due;
};

/* Calls `fn` for each lane that has a row which is due. *due_ms becomes the earliest time at which a row is
 * due that is not yet, where that is earlier. */
enum store_status lanes_each(struct sql *sql, const struct lanes *lanes, int64_t now_ms,
	enum store_status (*fn)(struct sql *sql, const struct id_bytes *lane, void *arg), void *arg, int64_t *due_ms);

#endif
