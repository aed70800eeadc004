/* SPDX-License-Identifier: Apache-2.0
 * The SQLite store: its struct, and what its files share.
 * store: may include base, core and wire.
 */
#ifndef REMIT_STORE_SQLITE_SQLITE_H
#define REMIT_STORE_SQLITE_SQLITE_H

#include "store/ops.h"
#include "store/sqlite/database.h"

/* What store_wait knows; its one thread's own. */
struct feed_watch {
	struct sql sql;
	struct file_identity file; /* that `version` and `revision` speak of */
	int64_t version;           /* SQLite's data_version: any commit of another connection */
	int64_t revision;
	unsigned polls;            /* since what is on the disk was last looked at */
	uint64_t commits, wakes;   /* of the bell, seen */
};

struct sqlite_store {
	struct store store; /* first */
	struct database *db;
	struct feed_watch watch;
	pthread_mutex_t loaded_lock;
	struct file_identity loaded; /* the file that was last loaded: {0} for none */
};

static inline struct sqlite_store *sqlite_of(struct store *store)
{
	return (struct sqlite_store *)store;
}

#endif
