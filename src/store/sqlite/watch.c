/* SPDX-License-Identifier: Apache-2.0
 * Waiting for changes: of this process by its bell, of others by asking SQLite every few
 * milliseconds, on a connection that nobody else uses.
 * store: may include base, core and wire.
 */
#include "store/sqlite/watch.h"

#include "base/clock.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/sqlite.h"

#define POLL_MS 10
#define POLL_BUSY_MS 100
/* So many polls apart, what SQLite holds in memory is dropped, so that a file which was overwritten
 * in place is seen even while nobody changes anything. */
#define POLLS_TO_DISK 25

void watch_init(struct sqlite_store *sqlite, const char *path)
{
	handle_init(&sqlite->watch.sql, path, HANDLE_READER, POLL_BUSY_MS);
	sqlite->watch.version = sqlite->watch.revision = -1;
}

static enum store_status read_version(struct sql *sql, int64_t *ret)
{
	struct sql_statement *st = sql_prepare(sql, "PRAGMA data_version");
	enum store_status status = step_one(st);

	if (status == STORE_OK)
		*ret = sql_column_int(st, 0);
	sql_reset(st);
	return status;
}

static enum store_status poll_handle(struct feed_watch *watch, bool *ret_changed)
{
	struct sql *sql = &watch->sql;
	int64_t version, revision;

	enum store_status status = handle_ready(sql);
	if (status != STORE_OK)
		return status;
	bool other_file = !file_identity_eq(&watch->file, &sql->file);
	bool to_disk = ++watch->polls >= POLLS_TO_DISK;
	if (to_disk) {
		watch->polls = 0;
		sqlite3_db_release_memory(sql->handle);
	}
	status = read_version(sql, &version);
	if (status != STORE_OK || (!other_file && !to_disk && version == watch->version))
		return status;
	/* The version moves with every commit, also one that no copy needs to know of. */
	status = feed_newest(sql, &revision);
	if (status != STORE_OK)
		return status;
	*ret_changed = other_file || revision != watch->revision;
	watch->file = sql->file;
	watch->version = version;
	watch->revision = revision;
	return STORE_OK;
}

static enum store_status poll_once(struct feed_watch *watch, bool *ret_changed)
{
	enum store_status status = poll_handle(watch, ret_changed);

	if (status != STORE_OK)
		handle_close(&watch->sql);
	return status;
}

enum store_status sqlite_wait(struct store *store, unsigned timeout_ms, bool *ret_changed)
{
	struct sqlite_store *sqlite = sqlite_of(store);
	struct feed_watch *watch = &sqlite->watch;
	int64_t end_ns = clock_monotonic_ns() + (int64_t)timeout_ms * 1000000;
	uint64_t wakes = watch->wakes;
	bool changed = false;

	for (;;) {
		enum store_status status = poll_once(watch, &changed);
		int64_t left_ns = end_ns - clock_monotonic_ns();
		bool over = left_ns <= 0 || watch->wakes != wakes;
		if (status == STORE_OK && (changed || over)) {
			*ret_changed = changed;
			return STORE_OK;
		}
		int64_t left_ms = left_ns > 0 ? (left_ns + 999999) / 1000000 : 0;
		database_wait(sqlite->db, left_ms < POLL_MS ? (unsigned)left_ms : POLL_MS, &watch->commits,
			&watch->wakes);
		/* After the pause, so that a caller who asks again at once does not spin. */
		if (status != STORE_OK)
			return status;
	}
}

void sqlite_wake(struct store *store)
{
	database_wake(sqlite_of(store)->db);
}
