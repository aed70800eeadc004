/* SPDX-License-Identifier: Apache-2.0
 * Schema versions: each part (the store itself, each service) has its own row of numbered scripts.
 * store: may include base, core and wire.
 */
#include "store/sqlite/database.h"

struct migration {
	const char *part;
	const char *const *scripts;
	size_t count;
	bool done; /* no script is left */
};

enum store_status database_version(struct sql *sql, const char *part, int64_t *ret)
{
	struct sql_statement *st =
		sql_prepare(sql, "SELECT 1 FROM sqlite_schema WHERE name = 'schema_versions'");
	enum sql_step step = sql_step(st);
	int64_t version = 0;

	if (step == SQL_ROW) {
		sql_reset(st);
		st = sql_prepare(sql, "SELECT version FROM schema_versions WHERE part = ?1");
		sql_bind_text(st, 1, str_of(part));
		step = sql_step(st);
	}
	if (step == SQL_ROW)
		version = sql_column_int(st, 0);
	else if (step != SQL_DONE)
		return sql_status(st);
	sql_reset(st);
	*ret = version;
	return STORE_OK;
}

static enum store_status write_version(struct sql *sql, const char *part, int64_t version)
{
	struct sql_statement *st = sql_prepare(sql,
		"INSERT INTO schema_versions (part, version) VALUES (?1, ?2)"
		" ON CONFLICT (part) DO UPDATE SET version = excluded.version");

	sql_bind_text(st, 1, str_of(part));
	sql_bind_int(st, 2, version);
	return sql_run(st);
}

/* Runs the next script. The version is read in the same transaction: two processes may do this at once. */
static enum store_status migrate_once(struct sql *sql, void *arg)
{
	struct migration *migration = arg;
	int64_t version;

	enum store_status status = handle_exec(sql, "CREATE TABLE IF NOT EXISTS schema_versions"
		" (part TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL) STRICT");
	if (status == STORE_OK)
		status = database_version(sql, migration->part, &version);
	if (status != STORE_OK)
		return status;
	if (version < 0 || (uint64_t)version > migration->count)
		return STORE_SCHEMA;
	migration->done = (uint64_t)version == migration->count;
	if (migration->done)
		return STORE_OK;
	status = handle_exec(sql, migration->scripts[version]);
	return status == STORE_OK ? write_version(sql, migration->part, version + 1) : status;
}

enum store_status database_migrate(struct database *db, const char *part, const char *const *scripts,
	size_t count)
{
	struct migration migration = { .part = part, .scripts = scripts, .count = count };
	enum store_status status = STORE_OK;

	while (status == STORE_OK && !migration.done)
		status = database_write(db, migrate_once, &migration);
	return status;
}
