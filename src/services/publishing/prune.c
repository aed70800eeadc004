/* SPDX-License-Identifier: Apache-2.0
 * What is forgotten, kind by kind.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/prune.h"

/* Ids start with the time in milliseconds when they were made: ?1 is the lowest that is kept, found by the
 * index that every table has. ?2 is that time, ?3 the API, ?4 how many; of the last, ?5 is how long they are kept. */
#define OF_API " AND p.api = ?3"

static const char *const statements[] = {
	"DELETE FROM publishing_deliveries WHERE id IN (SELECT d.id FROM publishing_deliveries d JOIN projects p"
	" ON p.id = d.project_id WHERE d.id < ?1 AND d.updated_at < ?2 AND d.state <> 'queued'" OF_API
	" ORDER BY d.id LIMIT ?4)",
	/* A story that is published is never sent again; of the others the outbox knows where they went. */
	"DELETE FROM publishing_outbox WHERE id IN (SELECT o.id FROM publishing_outbox o JOIN projects p"
	" ON p.id = o.project_id JOIN publishing_stories s ON s.id = o.story_id WHERE o.id < ?1 AND"
	" o.updated_at < ?2 AND o.state <> 'queued' AND s.status = 'published'" OF_API
	" ORDER BY o.id LIMIT ?4)",
	"DELETE FROM publishing_moments WHERE id IN (SELECT m.id FROM publishing_moments m JOIN projects p"
	" ON p.id = m.project_id WHERE m.id < ?1 AND m.updated_at < ?2 AND NOT EXISTS (SELECT 1 FROM"
	" publishing_stories s WHERE s.moment_id = m.id)" OF_API " ORDER BY m.id LIMIT ?4)",
	/* Held against the connection's newest: a feed that did not change for long is not seen anew. */
	"DELETE FROM publishing_seen WHERE (connection_id, item) IN (SELECT x.connection_id, x.item FROM"
	" publishing_data_connections c JOIN projects p ON p.id = c.project_id JOIN publishing_seen x"
	" ON x.connection_id = c.id WHERE x.seen_at < ?2 AND x.seen_at + ?5 < (SELECT MAX(y.seen_at) FROM"
	" publishing_seen y WHERE y.connection_id = c.id)" OF_API " LIMIT ?4)",
};

#define KINDS (sizeof(statements) / sizeof(statements[0]))

struct prune_work {
	const struct publishing *p;
	int64_t now_ms;
	const char *sql;
	bool last;
	int64_t count; /* out */
};

static struct id_bytes lowest_id(int64_t ms)
{
	struct id_bytes id = { { 0 } };
	for (int i = 5; i >= 0; i--, ms >>= 8)
		id.b[i] = (uint8_t)(ms & 0xff);
	return id;
}

static enum store_status prune(struct sql *sql, void *arg)
{
	struct prune_work *w = arg;
	const int64_t before_ms = w->now_ms - w->p->keep_ms;
	const struct id_bytes lowest = lowest_id(before_ms);
	struct sql_statement *st = sql_prepare(sql, w->sql);
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &lowest);
	sql_bind_int(st, 2, before_ms);
	sql_bind_text(st, 3, str_of(w->p->api));
	sql_bind_int(st, 4, PRUNE_AT_ONCE);
	if (w->last)
		sql_bind_int(st, 5, w->p->keep_ms);
	enum store_status status = sql_run(st);
	w->count = status == STORE_OK ? sql_changes(sql) : 0;
	return status;
}

enum store_status prune_some(const struct publishing *p, int64_t now_ms, bool *ret_more)
{
	bool more = false;

	*ret_more = false;
	if (now_ms <= p->keep_ms)
		return STORE_OK; /* a clock that says so is wrong */
	for (size_t i = 0; i < KINDS; i++) {
		struct prune_work w = { .p = p, .now_ms = now_ms, .sql = statements[i], .last = i == KINDS - 1 };
		enum store_status status = database_write(p->database, prune, &w);
		if (status != STORE_OK)
			return status;
		more = more || w.count == PRUNE_AT_ONCE;
	}
	*ret_more = more;
	return STORE_OK;
}
