/* SPDX-License-Identifier: Apache-2.0
 * Statements of a handle: prepared once, found again by the address of their text.
 * store: may include base, core and wire.
 */
#include "store/sqlite/handle.h"

#include <assert.h>
#include <stdlib.h>

#define CACHE_ROOM_FIRST 64

static size_t place_of(const char *text, size_t room)
{
	return (size_t)(((uintptr_t)text * UINT64_C(0x9E3779B97F4A7C15)) >> 20) & (room - 1);
}

/* The place where a text is, or the free one where it belongs. */
static struct sql_statement **find_place(struct sql_statement **cache, size_t room, const char *text)
{
	size_t i = place_of(text, room);

	while (cache[i] && cache[i]->text != text)
		i = (i + 1) & (room - 1);
	return &cache[i];
}

/* Keeps the cache at most half full. */
static bool grow_cache(struct sql *sql)
{
	if (sql->cache_count * 2 < sql->cache_room)
		return true;
	size_t room = sql->cache_room ? sql->cache_room * 2 : CACHE_ROOM_FIRST;
	struct sql_statement **cache = calloc(room, sizeof(struct sql_statement *));
	if (!cache)
		return false;
	for (size_t i = 0; i < sql->cache_room; i++)
		if (sql->cache[i])
			*find_place(cache, room, sql->cache[i]->text) = sql->cache[i];
	free(sql->cache);
	sql->cache = cache;
	sql->cache_room = room;
	return true;
}

static void fail(struct sql *sql, enum store_status status)
{
	if (sql->failure == STORE_OK)
		sql->failure = status;
}

static struct sql_statement *prepare_new(struct sql *sql, const char *text)
{
	struct sql_statement *st = calloc(1, sizeof(*st));
	if (!st || !grow_cache(sql)) {
		free(st);
		fail(sql, STORE_NO_MEMORY);
		return NULL;
	}
	*st = (struct sql_statement){ .sql = sql, .text = text };
	int rc = sqlite3_prepare_v3(sql->handle, text, -1, SQLITE_PREPARE_PERSISTENT, &st->st, NULL);
	if (rc != SQLITE_OK) {
		fail(sql, handle_status(sql, rc));
		free(st);
		return NULL;
	}
	*find_place(sql->cache, sql->cache_room, text) = st;
	sql->cache_count++;
	return st;
}

struct sql_statement *sql_prepare(struct sql *sql, const char *text)
{
	struct sql_statement *st = sql->cache_room ? *find_place(sql->cache, sql->cache_room, text) : NULL;

	if (!st)
		return prepare_new(sql, text);
	sql_reset(st);
	return st;
}

static void note_bind(struct sql_statement *st, int rc)
{
	if (st->rc == SQLITE_OK)
		st->rc = rc;
}

void sql_bind_text(struct sql_statement *st, int index, struct str text)
{
	if (st)
		note_bind(st, sqlite3_bind_text64(st->st, index, text.p, text.n, SQLITE_STATIC, SQLITE_UTF8));
}

void sql_bind_blob(struct sql_statement *st, int index, const void *p, size_t n)
{
	if (st)
		note_bind(st, sqlite3_bind_blob64(st->st, index, p, n, SQLITE_STATIC));
}

void sql_bind_int(struct sql_statement *st, int index, int64_t value)
{
	if (st)
		note_bind(st, sqlite3_bind_int64(st->st, index, value));
}

void sql_bind_null(struct sql_statement *st, int index)
{
	if (st)
		note_bind(st, sqlite3_bind_null(st->st, index));
}

/* Lets go of what was bound, and of the locks that a half-read statement holds. */
static void rewind_statement(struct sql_statement *st)
{
	sqlite3_reset(st->st);
	sqlite3_clear_bindings(st->st);
}

enum sql_step sql_step(struct sql_statement *st)
{
	if (!st)
		return SQL_FAILED;
	if (st->rc == SQLITE_OK)
		st->rc = sqlite3_step(st->st);
	if (st->rc == SQLITE_ROW) {
		st->rc = SQLITE_OK;
		return SQL_ROW;
	}
	enum store_status status = handle_status(st->sql, st->rc);
	rewind_statement(st);
	if (st->rc == SQLITE_DONE) {
		st->rc = SQLITE_OK;
		return SQL_DONE;
	}
	if (status == STORE_EXISTS)
		return SQL_CONFLICT;
	fail(st->sql, status);
	return SQL_FAILED;
}

enum store_status sql_status(struct sql_statement *st)
{
	return st ? handle_status(st->sql, st->rc) : STORE_UNAVAILABLE;
}

enum store_status sql_run(struct sql_statement *st)
{
	enum sql_step step = sql_step(st);

	/* A statement that answers rows belongs to sql_step. */
	assert(step != SQL_ROW);
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}

int64_t sql_changes(struct sql *sql)
{
	return sqlite3_changes64(sql->handle);
}

void sql_reset(struct sql_statement *st)
{
	if (!st)
		return;
	rewind_statement(st);
	st->rc = SQLITE_OK;
}

struct str sql_column_text(struct sql_statement *st, int column)
{
	const char *p = (const char *)sqlite3_column_text(st->st, column);

	return (struct str){ p, p ? (size_t)sqlite3_column_bytes(st->st, column) : 0 };
}

struct str sql_column_blob(struct sql_statement *st, int column)
{
	const char *p = sqlite3_column_blob(st->st, column);

	return (struct str){ p, p ? (size_t)sqlite3_column_bytes(st->st, column) : 0 };
}

int64_t sql_column_int(struct sql_statement *st, int column)
{
	return sqlite3_column_int64(st->st, column);
}

bool sql_column_is_null(struct sql_statement *st, int column)
{
	return sqlite3_column_type(st->st, column) == SQLITE_NULL;
}
