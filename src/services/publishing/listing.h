/* SPDX-License-Identifier: Apache-2.0
 * Reading rows: every kind of object is listed and got in the same way, by two statements and a
 * function that turns a row into JSON.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_LISTING_H
#define REMIT_SERVICES_PUBLISHING_LISTING_H

#include "services/publishing/internal.h"

#define LIST_DEFAULT 50
#define LIST_MAX 100

struct listing {
	const char *noun;        /* "Story": for "Story not found" */
	const char *get;         /* made by GET_SQL: ?4 is the id */
	const char *list;        /* made by LIST_SQL; column 0 is the id */
	const char *list_status; /* the same with STATUS_FILTER, or NULL */
	const char *statuses;    /* what the filter takes, one space between */
	json_t *(*to_json)(const struct publishing *p, struct sql_statement *st);
	const struct listing *within; /* the list is of what belongs to the object that the path names: ?9 */
};

#define GET_SQL(columns, table) \
	"SELECT " columns " FROM " table " o WHERE o.id = ?4 AND" REACHES("o.project_id")

/* ?4 a project or null; ?5 and ?6 ids between which (both not included) those of the rows are; ?7
 * how many; ?8 a status. Newest first. Each project gives no more rows than are asked for, by its
 * index, however many it has. */
#define LIST_SQL(columns, table, filter) \
	"SELECT " columns " FROM" CANDIDATES "c CROSS JOIN " table " o WHERE" REACHES("c.id") \
	"AND (?4 IS NULL OR c.id = ?4) AND o.id IN (SELECT x.id FROM " table " x" \
	" WHERE x.project_id = c.id AND x.id < ?5 AND x.id > ?6" filter \
	" ORDER BY x.id DESC LIMIT ?7) ORDER BY o.id DESC LIMIT ?7"
#define STATUS_FILTER " AND x.status = ?8"

/* The query parameters that every list takes, and those of a list with times and a status. */
#define LIST_PARAMETERS \
	{ "limit", "integer", "How many, 1 to 100; 50 where it is absent." }, \
	{ "cursor", "string", "The `next_cursor` of the page before." }
#define PROJECT_PARAMETER \
	{ "project_id", "string", "Only what belongs to this project." }

void run_list(struct service *service, struct service_call *call, const struct listing *listing);
void run_get(struct service *service, struct service_call *call, const struct listing *listing);
/* Inside a transaction: the object as JSON; NOT_FOUND, NO_MEMORY or a failure. */
enum store_status load_json(struct sql *sql, const struct publishing *p, const struct reach *reach,
	const struct listing *listing, const struct id_bytes *id, json_t **ret);

#endif
