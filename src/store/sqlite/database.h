/* SPDX-License-Identifier: Apache-2.0
 * A SQLite database: one file, a writer thread, a pool of readers. What others use of it is
 * store/sql.h.
 * store: may include base, core and wire.
 */
#ifndef REMIT_STORE_SQLITE_DATABASE_H
#define REMIT_STORE_SQLITE_DATABASE_H

#include "store/sqlite/handle.h"

#include <pthread.h>

#define DATABASE_READERS 16
#define DATABASE_BUSY_MS 5000

struct write_job;

/* The jobs that wait for the writer, and the thread that does them. */
struct writer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct write_job *first, **end; /* a list in order of arrival */
	bool stopping;
	struct sql sql;                 /* the thread's own */
	int64_t held_ns;                /* how long it had the lock since others last had a chance */
};

/* Tells one waiting thread of commits of this process, and of calls to database_wake. */
struct bell {
	pthread_mutex_t lock;
	pthread_cond_t rung;
	uint64_t commits, wakes;
};

struct database {
	char *path;
	struct writer writer;
	struct bell bell;
	pthread_mutex_t readers_lock;
	pthread_cond_t reader_free;
	struct sql readers[DATABASE_READERS];
	unsigned free_readers; /* a bit for each that nobody has */
};

/* `make` makes the file (mode 0600) and its folders (0700) where they do not exist. */
enum store_status database_open(const char *path, bool make, struct database **ret, char reterr_text[256]);
/* Does what was asked before, then closes. Nobody may be inside any more. NULL is nothing. */
void database_close(struct database *db);
/* How long to wait for another process's lock before STORE_UNAVAILABLE. Before any use by others. */
void database_set_busy_ms(struct database *db, unsigned ms);

/* Waits for a commit of this process, or a wake, after those seen; at most `ms`. */
void database_wait(struct database *db, unsigned ms, uint64_t *commits_seen, uint64_t *wakes_seen);
void database_wake(struct database *db);

/* Room writer.c for database.c. */
bool writer_start(struct database *db);
void writer_stop(struct database *db);

/* The highest version of a part's tables, 0 where it has none. For use inside a transaction. */
enum store_status database_version(struct sql *sql, const char *part, int64_t *ret);

#endif
