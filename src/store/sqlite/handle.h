/* SPDX-License-Identifier: Apache-2.0
 * One SQLite connection: opened with our settings, watched for its file being moved or replaced,
 * with its prepared statements. Used by one thread at a time.
 * store: may include base, core and wire.
 */
#ifndef REMIT_STORE_SQLITE_HANDLE_H
#define REMIT_STORE_SQLITE_HANDLE_H

#include "store/sql.h"

#include <sqlite3.h>
#include <sys/types.h>

enum handle_kind {
	HANDLE_READER, /* cannot change anything */
	HANDLE_WRITER,
};

/* Which file a path led to. */
struct file_identity {
	dev_t device;
	ino_t inode;
};

struct sql_statement {
	struct sql *sql;
	const char *text; /* its key: the address */
	sqlite3_stmt *st;
	int rc;           /* of the first bind that failed, or the last step */
};

struct sql {
	const char *path; /* lives longer than the handle */
	enum handle_kind kind;
	sqlite3 *handle;  /* NULL while it is closed */
	bool opened;      /* once before */
	struct file_identity file;
	struct sql_statement **cache; /* open addressing; a power of two of places */
	size_t cache_count, cache_room;
	enum store_status failure; /* the first of this transaction: it will not be committed */
	unsigned busy_ms;          /* how long to wait for other processes */
	int64_t busy_until_ns;
};

void handle_init(struct sql *sql, const char *path, enum handle_kind kind, unsigned busy_ms);
void handle_done(struct sql *sql);

/* Makes the handle usable: opens it where it is closed, and where the path leads to another file
 * than the one that is open, opens that. STORE_UNAVAILABLE where there is none. */
enum store_status handle_ready(struct sql *sql);
/* After a failure that a new connection may heal. */
void handle_close(struct sql *sql);

/* Ends every statement that somebody left half-read: it would hold the snapshot that it reads. */
void handle_rest(struct sql *sql);

/* A statement without parameters or rows: BEGIN, COMMIT, a PRAGMA, a whole script. */
enum store_status handle_exec(struct sql *sql, const char *text);
/* What a result code means; looks at errno as the handle saw it. */
enum store_status handle_status(struct sql *sql, int rc);

static inline bool file_identity_eq(const struct file_identity *a, const struct file_identity *b)
{
	return a->device == b->device && a->inode == b->inode;
}

#endif
