/* SPDX-License-Identifier: Apache-2.0
 * Columns to rows, and the feed row and event beside every change.
 * store: may include base, core and wire.
 */
#include "store/sqlite/rows.h"

#include "base/buf.h"

#include <assert.h>

#define EVENT_BYTES_MAX (1024 * 1024)

void bind_id(struct sql_statement *st, int index, const struct id_bytes *bytes)
{
	static const struct id_bytes none;

	if (memcmp(bytes, &none, sizeof(none)) == 0)
		sql_bind_null(st, index);
	else
		sql_bind_blob(st, index, bytes->b, sizeof(bytes->b));
}

void bind_text(struct sql_statement *st, int index, const char *text)
{
	sql_bind_text(st, index, str_of(text));
}

struct id_bytes column_id_bytes(struct sql_statement *st, int column)
{
	struct str blob = sql_column_blob(st, column);
	struct id_bytes bytes = { { 0 } };

	if (blob.n == sizeof(bytes.b))
		memcpy(bytes.b, blob.p, sizeof(bytes.b));
	return bytes;
}

struct id column_id(struct sql_statement *st, int column)
{
	struct id_bytes bytes = column_id_bytes(st, column);
	struct id id;

	id_from_bytes(&bytes, &id);
	return id;
}

bool column_key(struct sql_statement *st, int column, struct store_key *ret)
{
	struct str blob = sql_column_blob(st, column);

	ret->bound = !sql_column_is_null(st, column);
	if (!ret->bound)
		return true;
	if (blob.n != sizeof(ret->jkt))
		return false; /* the schema allows no other length */
	memcpy(ret->jkt, blob.p, sizeof(ret->jkt));
	return true;
}

void bind_key(struct sql_statement *st, int index, const struct store_key *key)
{
	if (key->bound)
		sql_bind_blob(st, index, key->jkt, sizeof(key->jkt));
	else
		sql_bind_null(st, index);
}

/* A text that may be null. SQLite ends every text with a NUL. */
const char *column_optional_text(struct sql_statement *st, int column)
{
	return sql_column_text(st, column).p;
}

/* A text that is never null: no pointer means no memory. */
bool column_read_text(struct sql_statement *st, int column, const char **ret)
{
	*ret = column_optional_text(st, column);
	return *ret != NULL;
}

bool read_user(struct sql_statement *st, struct user_row *ret)
{
	*ret = (struct user_row){
		.id = column_id(st, 0),
		.password_hash = column_optional_text(st, 2),
		.admin = sql_column_int(st, 3) == 1,
		.created_ms = sql_column_int(st, 4),
		.disabled_ms = sql_column_int(st, 5),
	};
	return column_read_text(st, 1, &ret->email);
}

bool read_project(struct sql_statement *st, struct project_row *ret)
{
	*ret = (struct project_row){
		.id = column_id(st, 0),
		.owner = column_id(st, 3),
		.created_ms = sql_column_int(st, 4),
	};
	return column_read_text(st, 1, &ret->api) && column_read_text(st, 2, &ret->name);
}

bool read_token(struct sql_statement *st, struct token_row *ret)
{
	*ret = (struct token_row){
		.id = column_id(st, 0),
		.kind = (enum remit_token_kind)sql_column_int(st, 1),
		.owner = column_id(st, 3),
		.owner_email = column_optional_text(st, 4),
		.preset = column_optional_text(st, 7),
		.project = column_id(st, 8),
		.parent = column_id(st, 9),
		.created_ms = sql_column_int(st, 10),
		.expires_ms = sql_column_int(st, 11),
		.last_used_ms = sql_column_int(st, 12),
		.revoked_ms = sql_column_int(st, 13),
		.revoked_by = column_optional_text(st, 14),
		.revoked_why = column_optional_text(st, 15),
		.rate = (uint16_t)sql_column_int(st, 16),
		.client = column_id(st, 17),
		.grant = column_id(st, 18),
		.family = column_id(st, 19),
		.ceiling = column_optional_text(st, 21),
	};
	return column_key(st, 20, &ret->key) && column_read_text(st, 2, &ret->name)
		&& column_read_text(st, 5, &ret->api) && column_read_text(st, 6, &ret->scopes);
}

bool keep_text(struct arena *arena, const char **text)
{
	if (*text)
		*text = arena_copy(arena, str_of(*text));
	else
		return true;
	return *text != NULL;
}

bool keep_user(struct arena *arena, struct user_row *row)
{
	return keep_text(arena, &row->email) && keep_text(arena, &row->password_hash);
}

bool keep_project(struct arena *arena, struct project_row *row)
{
	return keep_text(arena, &row->api) && keep_text(arena, &row->name);
}

bool keep_token(struct arena *arena, struct token_row *row)
{
	const char **texts[] = {
		&row->name, &row->owner_email, &row->api, &row->scopes, &row->preset, &row->revoked_by,
		&row->revoked_why, &row->ceiling,
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!keep_text(arena, texts[i]))
			return false;
	return true;
}

enum store_status step_one(struct sql_statement *st)
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

static enum store_status trim_feed(struct sql *sql, int64_t newest)
{
	if (newest % 1000 != 0)
		return STORE_OK;
	struct sql_statement *st = sql_prepare(sql, "DELETE FROM changes WHERE revision <= ?1");
	sql_bind_int(st, 1, newest - FEED_KEEP);
	return sql_run(st);
}

enum store_status feed_add(struct sql *sql, enum store_change_kind kind, const void *key, size_t n,
	int64_t *ret_revision)
{
	struct sql_statement *st =
		sql_prepare(sql, "INSERT INTO changes (kind, key) VALUES (?1, ?2) RETURNING revision");

	sql_bind_int(st, 1, (int64_t)kind);
	sql_bind_blob(st, 2, key, n);
	enum store_status status = step_one(st);
	if (status != STORE_OK)
		return status;
	int64_t revision = sql_column_int(st, 0);
	sql_reset(st);
	status = trim_feed(sql, revision);
	if (status == STORE_OK)
		*ret_revision = revision;
	return status;
}

enum store_status feed_newest(struct sql *sql, int64_t *ret_revision)
{
	struct sql_statement *st = sql_prepare(sql, "SELECT coalesce(max(revision), 0) FROM changes");
	enum store_status status = step_one(st);

	if (status != STORE_OK)
		return status;
	*ret_revision = sql_column_int(st, 0);
	sql_reset(st);
	return STORE_OK;
}

static void write_detail(struct buf *out, va_list pairs)
{
	const char *name;
	bool first = true;

	buf_add_char(out, '{');
	while ((name = va_arg(pairs, const char *))) {
		const char *value = va_arg(pairs, const char *);
		if (!value)
			continue;
		if (!first)
			buf_add_char(out, ',');
		first = false;
		buf_add_json(out, str_of(name));
		buf_add_char(out, ':');
		buf_add_json(out, str_of(value));
	}
	buf_add_char(out, '}');
}

enum store_status event_add(struct sql *sql, const struct store_actor *actor, const char *action,
	const char *subject, ...)
{
	enum store_status status = STORE_NO_MEMORY;
	struct buf detail;
	va_list pairs;

	assert(actor->now_ms > 0);
	buf_init(&detail, EVENT_BYTES_MAX);
	va_start(pairs, subject);
	write_detail(&detail, pairs);
	va_end(pairs);
	if (!detail.failed) {
		struct sql_statement *st = sql_prepare(sql,
			"INSERT INTO events (at, actor, action, subject, detail)"
			" VALUES (?1, ?2, ?3, ?4, ?5)");
		sql_bind_int(st, 1, actor->now_ms);
		bind_text(st, 2, actor->who);
		bind_text(st, 3, action);
		bind_text(st, 4, subject);
		sql_bind_text(st, 5, buf_str(&detail));
		status = sql_run(st);
	}
	buf_done(&detail);
	return status;
}
