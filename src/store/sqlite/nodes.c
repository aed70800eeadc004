/* SPDX-License-Identifier: Apache-2.0
 * Running servers, and the events for auditors.
 * store: may include base, core and wire.
 */
#include "store/sqlite/sqlite.h"

#include "store/sqlite/rows.h"

struct beat {
	const struct node_row *node;
	struct id_bytes id;
};

static enum store_status beat(struct sql *sql, void *arg)
{
	const struct beat *beat = arg;
	struct sql_statement *st = sql_prepare(sql,
		"INSERT INTO nodes (id, started_at, seen_at, revision, host, pid)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
		" ON CONFLICT (id) DO UPDATE SET started_at = excluded.started_at, seen_at = excluded.seen_at,"
		" revision = excluded.revision, host = excluded.host, pid = excluded.pid");

	bind_id(st, 1, &beat->id);
	sql_bind_int(st, 2, beat->node->started_ms);
	sql_bind_int(st, 3, beat->node->seen_ms);
	sql_bind_int(st, 4, beat->node->revision);
	bind_text(st, 5, beat->node->host);
	sql_bind_int(st, 6, beat->node->pid);
	return sql_run(st);
}

enum store_status sqlite_node_beat(struct store *store, const struct node_row *node)
{
	struct beat arg = { .node = node };

	if (!id_is_set(&node->id) || !id_to_bytes(&node->id, &arg.id))
		return STORE_INVALID;
	return database_write(sqlite_of(store)->db, beat, &arg);
}

static enum store_status gone(struct sql *sql, void *arg)
{
	struct sql_statement *st = sql_prepare(sql, "DELETE FROM nodes WHERE id = ?1");

	bind_id(st, 1, arg);
	enum store_status status = sql_run(st);
	return status == STORE_OK && sql_changes(sql) == 0 ? STORE_NOT_FOUND : status;
}

enum store_status sqlite_node_gone(struct store *store, const struct id *id)
{
	struct id_bytes bytes;

	if (!id_to_bytes(id, &bytes))
		return STORE_NOT_FOUND;
	return database_write(sqlite_of(store)->db, gone, &bytes);
}

struct walk {
	bool (*node)(void *ctx, const struct node_row *row);
	bool (*event)(void *ctx, const struct event_row *row);
	void *ctx;
	int64_t after;
};

static enum store_status each_node(struct sql *sql, void *arg)
{
	const struct walk *walk = arg;
	struct sql_statement *st = sql_prepare(sql,
		"SELECT id, started_at, seen_at, revision, host, pid FROM nodes ORDER BY id");
	enum sql_step step;

	while ((step = sql_step(st)) == SQL_ROW) {
		struct node_row row = {
			.id = column_id(st, 0),
			.started_ms = sql_column_int(st, 1),
			.seen_ms = sql_column_int(st, 2),
			.revision = sql_column_int(st, 3),
			.host = sql_column_text(st, 4).p,
			.pid = sql_column_int(st, 5),
		};
		if (!row.host)
			return STORE_NO_MEMORY;
		if (!walk->node(walk->ctx, &row))
			return STORE_STOPPED;
	}
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}

enum store_status sqlite_node_each(struct store *store, bool (*each)(void *ctx, const struct node_row *row),
	void *ctx)
{
	return database_read(sqlite_of(store)->db, each_node, &(struct walk){ .node = each, .ctx = ctx });
}

static enum store_status each_event(struct sql *sql, void *arg)
{
	const struct walk *walk = arg;
	struct sql_statement *st = sql_prepare(sql,
		"SELECT number, at, actor, action, subject, detail FROM events WHERE number > ?1"
		" ORDER BY number");
	enum sql_step step;

	sql_bind_int(st, 1, walk->after);
	while ((step = sql_step(st)) == SQL_ROW) {
		struct event_row row = {
			.number = sql_column_int(st, 0),
			.at_ms = sql_column_int(st, 1),
			.actor = sql_column_text(st, 2).p,
			.action = sql_column_text(st, 3).p,
			.subject = sql_column_text(st, 4).p,
			.detail = sql_column_text(st, 5).p,
		};
		if (!row.actor || !row.action || !row.subject || !row.detail)
			return STORE_NO_MEMORY;
		if (!walk->event(walk->ctx, &row))
			return STORE_STOPPED;
	}
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}

enum store_status sqlite_event_each(struct store *store, int64_t after,
	bool (*each)(void *ctx, const struct event_row *row), void *ctx)
{
	return database_read(sqlite_of(store)->db, each_event,
		&(struct walk){ .event = each, .ctx = ctx, .after = after });
}

struct event_prune {
	int64_t before_ms, count;
};

/* Numbers rise with time: where the lowest is young enough, all are. */
static enum store_status prune_events(struct sql *sql, void *arg)
{
	struct event_prune *prune = arg;
	struct sql_statement *st = sql_prepare(sql, "DELETE FROM events WHERE number IN (SELECT number FROM events"
		" WHERE at < ?1 AND (SELECT at FROM events ORDER BY number LIMIT 1) < ?1 ORDER BY number LIMIT ?2)");
	sql_bind_int(st, 1, prune->before_ms);
	sql_bind_int(st, 2, STORE_EVENTS_AT_ONCE);
	enum store_status status = sql_run(st);
	prune->count = status == STORE_OK ? sql_changes(sql) : 0;
	return status;
}

enum store_status sqlite_event_prune(struct store *store, int64_t before_ms, int64_t *ret_count)
{
	struct event_prune prune = { .before_ms = before_ms };
	enum store_status status = database_write(sqlite_of(store)->db, prune_events, &prune);
	if (status == STORE_OK)
		*ret_count = prune.count;
	return status;
}

/* ---- What others keep ---- */

struct noting {
	const struct store_note *note;
	int64_t revision;
};

static enum store_status note_texts(struct sql *sql, void *arg)
{
	struct noting *noting = arg;
	const struct store_note *note = noting->note;
	enum store_status status = feed_newest(sql, &noting->revision);
	for (size_t i = 0; status == STORE_OK && i < note->count; i++)
		status = feed_add(sql, STORE_CHANGE_TEXT, note->digests[i], REMIT_DIGEST_SIZE, &noting->revision);
	if (status != STORE_OK || !note->actor)
		return status;
	const char *const *names = note->names, *const *values = note->values;
	return event_add(sql, note->actor, note->action, note->subject, names[0] ? names[0] : "", names[0] ? values[0] : NULL,
		names[1] ? names[1] : "", names[1] ? values[1] : NULL, names[2] ? names[2] : "", names[2] ? values[2] : NULL,
		names[3] ? names[3] : "", names[3] ? values[3] : NULL, names[4] ? names[4] : "", names[4] ? values[4] : NULL,
		names[5] ? names[5] : "", names[5] ? values[5] : NULL, NULL);
}

enum store_status sqlite_note(struct store *store, const struct store_note *note, int64_t *ret_revision)
{
	struct noting noting = { .note = note };
	enum store_status status = database_write(sqlite_of(store)->db, note_texts, &noting);
	if (status == STORE_OK && ret_revision)
		*ret_revision = noting.revision;
	return status;
}
