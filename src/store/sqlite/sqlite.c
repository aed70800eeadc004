/* SPDX-License-Identifier: Apache-2.0
 * Opening and closing the SQLite store, and the table of its functions.
 * store: may include base, core and wire.
 */
#include "store/sqlite/sqlite.h"

#include <stdio.h>
#include <stdlib.h>

#define PART "store"

extern const char *const store_migrations[];
extern const size_t store_migrations_count;

static void sqlite_close(struct store *store)
{
	struct sqlite_store *sqlite = sqlite_of(store);

	handle_done(&sqlite->watch.sql);
	database_close(sqlite->db);
	pthread_mutex_destroy(&sqlite->loaded_lock);
	free(sqlite);
}

static struct database *sqlite_database(struct store *store)
{
	return sqlite_of(store)->db;
}

static const struct store_ops ops = {
	.close = sqlite_close,
	.database = sqlite_database,
};

static enum store_status read_version(struct sql *sql, void *arg)
{
	return database_version(sql, PART, arg);
}

static enum store_status check_schema(struct database *db, enum store_mode mode)
{
	int64_t version;

	if (mode == STORE_MIGRATE)
		return database_migrate(db, PART, store_migrations, store_migrations_count);
	enum store_status status = database_read(db, read_version, &version);
	if (status == STORE_OK && version != (int64_t)store_migrations_count)
		return STORE_SCHEMA;
	return status;
}

static void explain_schema(const char *path, enum store_status status, enum store_mode mode, char reterr_text[256])
{
	if (status != STORE_SCHEMA)
		snprintf(reterr_text, 256, "cannot use %.150s: %s", path, store_status_text(status));
	else if (mode == STORE_MIGRATE)
		snprintf(reterr_text, 256, "%.150s was made by a newer version of this program", path);
	else
		snprintf(reterr_text, 256, "%.150s has another schema than this program:"
			" run `remit store migrate`, or a newer remit", path);
}

static struct sqlite_store *new_store(struct database *db)
{
	struct sqlite_store *sqlite = calloc(1, sizeof(*sqlite));

	if (!sqlite)
		return NULL;
	if (pthread_mutex_init(&sqlite->loaded_lock, NULL) != 0) {
		free(sqlite);
		return NULL;
	}
	sqlite->store.ops = &ops;
	sqlite->db = db;
	return sqlite;
}

enum store_status sqlite_store_open(const char *place, enum store_mode mode, struct store **ret, char reterr_text[256])
{
	struct database *db = NULL;

	if (!place[0]) {
		snprintf(reterr_text, 256, "the store's URL needs a path: sqlite:PATH");
		return STORE_INVALID;
	}
	enum store_status status = database_open(place, mode == STORE_MIGRATE, &db, reterr_text);
	if (status != STORE_OK)
		return status;
	status = check_schema(db, mode);
	struct sqlite_store *sqlite = status == STORE_OK ? new_store(db) : NULL;
	if (sqlite) {
		*ret = &sqlite->store;
		return STORE_OK;
	}
	if (status == STORE_OK)
		status = STORE_NO_MEMORY;
	explain_schema(place, status, mode, reterr_text);
	database_close(db);
	return status;
}
