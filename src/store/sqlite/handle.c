/* SPDX-License-Identifier: Apache-2.0
 * Opening, watching and closing one SQLite connection, and what its failures mean.
 * store: may include base, core and wire.
 */
#include "store/sqlite/handle.h"

#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define BUSY_NAP_NS 500000

void handle_init(struct sql *sql, const char *path, enum handle_kind kind, unsigned busy_ms)
{
	*sql = (struct sql){ .path = path, .kind = kind, .busy_ms = busy_ms };
}

static void drop_statements(struct sql *sql)
{
	for (size_t i = 0; i < sql->cache_room; i++) {
		if (!sql->cache[i])
			continue;
		sqlite3_finalize(sql->cache[i]->st);
		free(sql->cache[i]);
	}
	free(sql->cache);
	sql->cache = NULL;
	sql->cache_room = sql->cache_count = 0;
}

void handle_close(struct sql *sql)
{
	drop_statements(sql);
	sqlite3_close(sql->handle);
	sql->handle = NULL;
}

void handle_done(struct sql *sql)
{
	handle_close(sql);
}

/* Why the system refused the last thing that SQLite asked for, of the database's file or its log. */
static int last_errno(const struct sql *sql, int which_file)
{
	sqlite3_file *file = NULL;
	int number = 0;

	if (!sql->handle || sqlite3_file_control(sql->handle, NULL, which_file, &file) != SQLITE_OK ||
	    !file || !file->pMethods ||
	    file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &number) != SQLITE_OK)
		return 0;
	return number;
}

/* SQLite calls only ENOSPC "full"; a quota and a size limit are the same to people. */
static bool lacks_room(const struct sql *sql)
{
	static const int files[] = { SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER };

	for (size_t i = 0; i < 2; i++) {
		int number = last_errno(sql, files[i]);
		if (number == ENOSPC || number == EDQUOT || number == EFBIG)
			return true;
	}
	return false;
}

enum store_status handle_status(struct sql *sql, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return STORE_OK;
	case SQLITE_FULL:
		return STORE_FULL;
	case SQLITE_NOMEM:
		return STORE_NO_MEMORY;
	case SQLITE_CONSTRAINT:
		if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
		    rc == SQLITE_CONSTRAINT_ROWID || rc == SQLITE_CONSTRAINT_FOREIGNKEY)
			return STORE_EXISTS;
		return STORE_INVALID;
	case SQLITE_TOOBIG:
	case SQLITE_MISMATCH:
	case SQLITE_RANGE:
		return STORE_INVALID;
	case SQLITE_IOERR:
		return lacks_room(sql) ? STORE_FULL : STORE_UNAVAILABLE;
	default:
		return STORE_UNAVAILABLE;
	}
}

/* SQLite's own waiting grows to naps of 100 ms, in which a busy neighbour takes the lock again and
 * again; short even naps find the gap that every writer of ours leaves (writer.c). */
static int wait_for_lock(void *arg, int times)
{
	struct sql *sql = arg;
	int64_t now = clock_monotonic_ns();

	if (times == 0)
		sql->busy_until_ns = now + (int64_t)sql->busy_ms * 1000000;
	if (now >= sql->busy_until_ns)
		return 0;
	nanosleep(&(struct timespec){ .tv_nsec = BUSY_NAP_NS }, NULL);
	return 1;
}

void handle_rest(struct sql *sql)
{
	for (sqlite3_stmt *st = NULL; (st = sqlite3_next_stmt(sql->handle, st));)
		if (sqlite3_stmt_busy(st))
			sqlite3_reset(st);
}

static bool read_identity(const char *path, struct file_identity *ret)
{
	struct stat info;

	if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
		return false;
	*ret = (struct file_identity){ info.st_dev, info.st_ino };
	return true;
}

enum store_status handle_exec(struct sql *sql, const char *text)
{
	return handle_status(sql, sqlite3_exec(sql->handle, text, NULL, NULL, NULL));
}

/* Whether the file itself starts as a database does, read past what SQLite has in memory and in its
 * log: over a file that was overwritten, both would go on for a while as if nothing had happened.
 * By SQLite's own descriptor, for closing another one would drop its locks. */
static bool is_database(const struct sql *sql)
{
	static const char magic[] = "SQLite format 3";
	char start[sizeof(magic)];
	sqlite3_file *file = NULL;

	return sqlite3_file_control(sql->handle, NULL, SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK &&
		file && file->pMethods &&
		file->pMethods->xRead(file, start, (int)sizeof(start), 0) == SQLITE_OK &&
		memcmp(start, magic, sizeof(magic)) == 0;
}

static bool configure(struct sql *sql)
{
	static const struct { int option, value; } options[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
	};
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (sqlite3_db_config(sql->handle, options[i].option, options[i].value, NULL) != SQLITE_OK)
			return false;
	sqlite3_extended_result_codes(sql->handle, 1);
	return sqlite3_busy_handler(sql->handle, wait_for_lock, sql) == SQLITE_OK;
}

/* Write-ahead logging lasts in the file, so only a writer sets it. */
static enum store_status set_pragmas(struct sql *sql)
{
	if (sql->kind == HANDLE_READER)
		return handle_exec(sql,
			"PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; PRAGMA query_only = ON");

	enum store_status status = handle_exec(sql,
		"PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -64000;"
		"PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;"
		"PRAGMA wal_autocheckpoint = 8000");
	if (status != STORE_OK)
		return status;

	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(sql->handle, "PRAGMA journal_mode = WAL", -1, &st, NULL);
	if (rc != SQLITE_OK)
		return handle_status(sql, rc);
	rc = sqlite3_step(st);
	const char *mode = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
	status = handle_status(sql, rc);
	if (status == STORE_OK && (!mode || strcmp(mode, "wal") != 0))
		status = STORE_UNAVAILABLE;
	sqlite3_finalize(st);
	return status;
}

static enum store_status open_now(struct sql *sql)
{
	int moved = 0;

	if (!read_identity(sql->path, &sql->file))
		return STORE_UNAVAILABLE;
	int rc = sqlite3_open_v2(sql->path, &sql->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	enum store_status status = handle_status(sql, rc);
	if (status != STORE_OK)
		return status;
	/* What was opened is what was looked at, or somebody swaps files right now. */
	rc = sqlite3_file_control(sql->handle, NULL, SQLITE_FCNTL_HAS_MOVED, &moved);
	if (rc != SQLITE_OK || moved || !configure(sql))
		return STORE_UNAVAILABLE;
	/* Only one that was just made may be empty, and the first writer ends that. */
	if ((sql->opened || sql->kind == HANDLE_READER) && !is_database(sql))
		return STORE_UNAVAILABLE;
	status = set_pragmas(sql);
	sql->opened |= status == STORE_OK;
	return status;
}

enum store_status handle_ready(struct sql *sql)
{
	struct file_identity now;

	sql->failure = STORE_OK;
	if (sql->handle) {
		if (!read_identity(sql->path, &now))
			return STORE_UNAVAILABLE;
		if (file_identity_eq(&now, &sql->file))
			return is_database(sql) ? STORE_OK : STORE_UNAVAILABLE;
		handle_close(sql);
	}
	enum store_status status = open_now(sql);
	if (status != STORE_OK)
		handle_close(sql);
	return status;
}
