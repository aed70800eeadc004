/* SPDX-License-Identifier: Apache-2.0
 * Opening and closing the SQLite store, and the table of its functions.
 * store: may include base, core and wire.
 */
#include "store/sqlite/sqlite.h"

#include "store/sqlite/watch.h"

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
	.user_add = sqlite_user_add,
	.user_get = sqlite_user_get,
	.user_find = sqlite_user_find,
	.user_each = sqlite_user_each,
	.user_disable = sqlite_user_disable,
	.user_remove = sqlite_user_remove,
	.project_add = sqlite_project_add,
	.project_get = sqlite_project_get,
	.project_each = sqlite_project_each,
	.project_remove = sqlite_project_remove,
	.member_add = sqlite_member_add,
	.member_remove = sqlite_member_remove,
	.member_each = sqlite_member_each,
	.project_reaches = sqlite_project_reaches,
	.token_add = sqlite_token_add,
	.token_get = sqlite_token_get,
	.token_find = sqlite_token_find,
	.token_each = sqlite_token_each,
	.token_revoke = sqlite_token_revoke,
	.token_rotate = sqlite_token_rotate,
	.token_replace = sqlite_token_replace,
	.token_update = sqlite_token_update,
	.token_prune = sqlite_token_prune,
	.token_used = sqlite_token_used,
	.load = sqlite_load,
	.note = sqlite_note,
	.text_count = sqlite_text_count,
	.changes = sqlite_changes,
	.wait = sqlite_wait,
	.node_beat = sqlite_node_beat,
	.node_gone = sqlite_node_gone,
	.node_each = sqlite_node_each,
	.event_each = sqlite_event_each,
	.event_prune = sqlite_event_prune,
	.wake = sqlite_wake,
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

static void explain_schema(const char *path, enum store_status status, enum store_mode mode,
	char reterr_text[256])
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
	watch_init(sqlite, db->path);
	return sqlite;
}

enum store_status sqlite_store_open(const char *place, enum store_mode mode, struct store **ret,
	char reterr_text[256])
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
