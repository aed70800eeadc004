/* SPDX-License-Identifier: Apache-2.0
 * Opening a database, statements, savepoints of the shared transaction, schema versions.
 */
#include "place.h"

#include "base/clock.h"
#include "store/sqlite/database.h"
#include "store/store.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

struct fixture {
	struct place place;
	struct database *db;
};

static enum store_status run_text(struct sql *sql, void *arg)
{
	return sql_run(sql_prepare(sql, arg));
}

#define DO(f, text) database_write((f)->db, run_text, (char[]){ text })

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char error[256];

	assert_non_null(f);
	place_make(&f->place);
	assert_int_equal(database_open(f->place.path, true, &f->db, error), STORE_OK);
	static const char *const scripts[] = {
		"CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT;"
		"CREATE TABLE t (n INTEGER NOT NULL UNIQUE CHECK (n < 1000),"
		" p INTEGER REFERENCES parent (id)) STRICT;",
	};
	assert_int_equal(database_migrate(f->db, "test", scripts, 1), STORE_OK);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	database_close(f->db);
	place_remove(&f->place);
	free(f);
	return 0;
}

static enum store_status count_rows(struct sql *sql, void *arg)
{
	struct sql_statement *st = sql_prepare(sql, "SELECT count(*) FROM t");

	if (sql_step(st) != SQL_ROW)
		return sql_status(st);
	*(int64_t *)arg = sql_column_int(st, 0);
	return STORE_OK;
}

static int64_t rows(struct fixture *f)
{
	int64_t n = -1;

	assert_int_equal(database_read(f->db, count_rows, &n), STORE_OK);
	return n;
}

static enum store_status insert(struct sql *sql, void *arg)
{
	struct sql_statement *st = sql_prepare(sql, "INSERT INTO t (n) VALUES (?1)");

	sql_bind_int(st, 1, *(int *)arg);
	return sql_run(st);
}

static void test_what_cannot_be_opened(void **state)
{
	struct place place;
	struct store *store;
	char error[256], url[256];

	(void)state;
	place_make(&place);
	assert_int_equal(store_open("postgres://u:hunter2@h/db", STORE_OPEN, &store, error), STORE_INVALID);
	assert_non_null(strstr(error, "sqlite:"));
	assert_null(strstr(error, "hunter2"));
	assert_int_equal(store_open("sqlite:", STORE_OPEN, &store, error), STORE_INVALID);
	assert_int_equal(store_open("", STORE_OPEN, &store, error), STORE_INVALID);
	assert_int_equal(store_open(place.url, STORE_OPEN, &store, error), STORE_NOT_FOUND);
	assert_non_null(strstr(error, "remit store migrate"));
	snprintf(url, sizeof(url), "sqlite:%s", place.folder);
	assert_int_equal(store_open(url, STORE_MIGRATE, &store, error), STORE_UNAVAILABLE);
	FILE *file = fopen(place.path, "w");
	for (int i = 0; i < 1000; i++)
		fputs("this is no database\n", file);
	fclose(file);
	assert_int_equal(store_open(place.url, STORE_OPEN, &store, error), STORE_UNAVAILABLE);
	assert_int_equal(store_open(place.url, STORE_MIGRATE, &store, error), STORE_UNAVAILABLE);
	place_remove(&place);
}

static void test_schemas_of_other_programs(void **state)
{
	struct fixture *f = *state;
	struct store *store;
	char error[256];

	/* A database without the store's tables. */
	assert_int_equal(store_open(f->place.url, STORE_OPEN, &store, error), STORE_SCHEMA);
	assert_non_null(strstr(error, "remit store migrate"));
	assert_int_equal(DO(f, "INSERT INTO schema_versions VALUES ('store', 9999)"), STORE_OK);
	assert_int_equal(store_open(f->place.url, STORE_OPEN, &store, error), STORE_SCHEMA);
	assert_int_equal(store_open(f->place.url, STORE_MIGRATE, &store, error), STORE_SCHEMA);
	assert_non_null(strstr(error, "newer"));
}

static void test_files_are_private(void **state)
{
	struct place place;
	struct store *store;
	struct stat info;
	char error[256], path[256], url[300];

	(void)state;
	place_make(&place);
	snprintf(path, sizeof(path), "%s/a/b/store.db", place.folder);
	snprintf(url, sizeof(url), "sqlite:%s", path);
	mode_t mask = umask(0);
	assert_int_equal(store_open(url, STORE_MIGRATE, &store, error), STORE_OK);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	store_close(store);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(store_open(url, STORE_OPEN, &store, error), STORE_OK);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	store_close(store);
	umask(mask);
	snprintf(path, sizeof(path), "%s/a/b", place.folder);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0700);
	place_remove(&place);
}

static void test_what_a_failure_means(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(DO(f, "INSERT INTO t (n) VALUES (1)"), STORE_OK);
	assert_int_equal(DO(f, "INSERT INTO t (n) VALUES (1)"), STORE_EXISTS);
	assert_int_equal(DO(f, "INSERT INTO t (n, p) VALUES (2, 77)"), STORE_EXISTS);
	assert_int_equal(DO(f, "INSERT INTO t (n) VALUES (NULL)"), STORE_INVALID);
	assert_int_equal(DO(f, "INSERT INTO t (n) VALUES (1000)"), STORE_INVALID);
	assert_int_equal(DO(f, "INSERT INTO t (n) VALUES ('text')"), STORE_INVALID);
	assert_int_equal(DO(f, "this is no SQL"), STORE_UNAVAILABLE);
	assert_int_equal(DO(f, "SELECT \"quoted\" FROM t"), STORE_UNAVAILABLE); /* no string in disguise */
	assert_int_equal(rows(f), 1);
}

static enum store_status insert_then_refuse(struct sql *sql, void *arg)
{
	enum store_status status = insert(sql, arg);

	return status == STORE_OK ? STORE_CONFLICT : status;
}

static enum store_status ignore_failure(struct sql *sql, void *arg)
{
	enum store_status status = insert(sql, arg);

	(void)sql_run(sql_prepare(sql, "INSERT INTO t (n) VALUES (NULL)"));
	return status;
}

static enum store_status leave_half_read(struct sql *sql, void *arg)
{
	enum store_status status = insert(sql, arg);

	return status == STORE_OK && sql_step(sql_prepare(sql, "SELECT n FROM t")) == SQL_ROW ? STORE_OK :
		STORE_INVALID;
}

static void test_what_fn_refuses_is_undone(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(database_write(f->db, insert_then_refuse, &(int){ 1 }), STORE_CONFLICT);
	assert_int_equal(database_write(f->db, ignore_failure, &(int){ 2 }), STORE_INVALID);
	assert_int_equal(rows(f), 0);
	assert_int_equal(database_write(f->db, leave_half_read, &(int){ 3 }), STORE_OK);
	assert_int_equal(database_write(f->db, leave_half_read, &(int){ 4 }), STORE_OK);
	assert_int_equal(rows(f), 2);
}

static void test_readers_cannot_write(void **state)
{
	struct fixture *f = *state;

	assert_int_not_equal(database_read(f->db, insert, &(int){ 1 }), STORE_OK);
	assert_int_equal(rows(f), 0);
}

struct worker {
	struct fixture *f;
	int number, good;
};

static void *write_some(void *arg)
{
	struct worker *worker = arg;

	for (int i = 0; i < 20; i++) {
		int n = worker->number * 20 + i;
		bool refuse = i % 3 == 0;
		enum store_status status = database_write(worker->f->db, refuse ? insert_then_refuse : insert,
			&n);
		worker->good += status == (refuse ? STORE_CONFLICT : STORE_OK);
	}
	return NULL;
}

static void test_one_refusal_undoes_nothing_of_its_neighbours(void **state)
{
	struct fixture *f = *state;
	struct worker workers[32];
	pthread_t threads[32];

	for (int i = 0; i < 32; i++) {
		workers[i] = (struct worker){ .f = f, .number = i };
		assert_int_equal(pthread_create(&threads[i], NULL, write_some, &workers[i]), 0);
	}
	for (int i = 0; i < 32; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(workers[i].good, 20);
	}
	assert_int_equal(rows(f), 32 * 13);
}

static atomic_int inside, most;

static enum store_status stay(struct sql *sql, void *arg)
{
	int now = atomic_fetch_add(&inside, 1) + 1, seen = atomic_load(&most);

	while (now > seen && !atomic_compare_exchange_weak(&most, &seen, now))
		;
	usleep(5000);
	atomic_fetch_sub(&inside, 1);
	return count_rows(sql, arg);
}

static void *read_some(void *arg)
{
	struct worker *worker = arg;
	int64_t n;

	for (int i = 0; i < 5; i++)
		worker->good += database_read(worker->f->db, stay, &n) == STORE_OK;
	return NULL;
}

static void test_readers_share_sixteen_handles(void **state)
{
	struct fixture *f = *state;
	struct worker workers[40];
	pthread_t threads[40];

	for (int i = 0; i < 40; i++) {
		workers[i] = (struct worker){ .f = f };
		assert_int_equal(pthread_create(&threads[i], NULL, read_some, &workers[i]), 0);
	}
	for (int i = 0; i < 40; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(workers[i].good, 5);
	}
	assert_in_range(atomic_load(&most), 2, DATABASE_READERS);
}

static atomic_bool flood_over;

static void *flood(void *arg)
{
	struct worker *worker = arg;

	for (int i = 0; !atomic_load(&flood_over); i++)
		worker->good += database_write(worker->f->db, insert_then_refuse,
			&(int){ i % 1000 }) == STORE_CONFLICT;
	return NULL;
}

/* A writer that is never idle, and another one on the same file, as of another process. */
static void test_a_busy_writer_shuts_nobody_out(void **state)
{
	struct fixture *f = *state;
	struct worker workers[16];
	pthread_t threads[16];
	struct database *other;
	char error[256];
	int flooded = 0;

	assert_int_equal(database_open(f->place.path, false, &other, error), STORE_OK);
	atomic_store(&flood_over, false);
	for (int i = 0; i < 16; i++) {
		workers[i] = (struct worker){ .f = f };
		assert_int_equal(pthread_create(&threads[i], NULL, flood, &workers[i]), 0);
	}
	usleep(50000);
	int64_t start = clock_monotonic_ns();
	for (int i = 0; i < 20; i++)
		assert_int_equal(database_write(other, insert, &i), STORE_OK);
	int64_t took_ms = (clock_monotonic_ns() - start) / 1000000;
	atomic_store(&flood_over, true);
	for (int i = 0; i < 16; i++) {
		pthread_join(threads[i], NULL);
		flooded += workers[i].good;
	}
	database_close(other);
	assert_true(flooded > 0);
	print_message("# 20 writes beside a flood took %d ms\n", (int)took_ms);
	assert_true(took_ms < 20 * 1000);
	assert_int_equal(rows(f), 20);
}

static void test_migrations_go_one_by_one(void **state)
{
	struct fixture *f = *state;
	static const char *const scripts[] = {
		"CREATE TABLE a (n INTEGER) STRICT;",
		"CREATE TABLE b (n INTEGER) STRICT; INSERT INTO b VALUES (1);",
		"CREATE TABLE c (n INTEGER) STRICT; INSERT INTO nowhere VALUES (1);",
	};

	assert_int_equal(database_migrate(f->db, "part", scripts, 1), STORE_OK);
	assert_int_equal(database_migrate(f->db, "part", scripts, 1), STORE_OK);
	/* The third fails: the second stays, nothing of the third does. */
	assert_int_equal(database_migrate(f->db, "part", scripts, 3), STORE_UNAVAILABLE);
	assert_int_equal(DO(f, "INSERT INTO b VALUES (2)"), STORE_OK);
	assert_int_equal(DO(f, "INSERT INTO c VALUES (2)"), STORE_UNAVAILABLE);
	assert_int_equal(database_migrate(f->db, "part", scripts, 2), STORE_OK);
	assert_int_equal(database_migrate(f->db, "part", scripts, 1), STORE_SCHEMA);
}

static enum store_status bind_and_read(struct sql *sql, void *arg)
{
	struct sql_statement *st = sql_prepare(sql, "SELECT ?1, ?2, ?3, ?4, ?5");

	(void)arg;
	sql_bind_text(st, 1, STR("it's"));
	sql_bind_text(st, 2, (struct str){ NULL, 0 });
	sql_bind_text(st, 3, STR(""));
	sql_bind_blob(st, 4, "\0\1", 2);
	sql_bind_int(st, 5, INT64_MIN);
	assert_int_equal(sql_step(st), SQL_ROW);
	assert_true(str_is(sql_column_text(st, 0), "it's"));
	assert_true(sql_column_is_null(st, 1) && sql_column_text(st, 1).p == NULL);
	assert_true(!sql_column_is_null(st, 2) && sql_column_text(st, 2).p && sql_column_text(st, 2).n == 0);
	assert_int_equal(sql_column_blob(st, 3).n, 2);
	assert_true(sql_column_int(st, 4) == INT64_MIN);
	assert_int_equal(sql_step(st), SQL_DONE);
	/* What was bound is gone with the last step. */
	assert_int_equal(sql_step(st), SQL_ROW);
	assert_true(sql_column_is_null(st, 0));
	sql_reset(st);
	st = sql_prepare(sql, "SELECT ?1 WHERE 1 = 0");
	sql_bind_int(st, 2, 1); /* no such parameter */
	assert_int_equal(sql_step(st), SQL_FAILED);
	assert_int_equal(sql_status(st), STORE_INVALID);
	return STORE_OK;
}

static void test_statements(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(database_read(f->db, bind_and_read, NULL), STORE_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_what_cannot_be_opened),
	TEST(test_schemas_of_other_programs),
	cmocka_unit_test(test_files_are_private),
	TEST(test_what_a_failure_means),
	TEST(test_what_fn_refuses_is_undone),
	TEST(test_readers_cannot_write),
	TEST(test_one_refusal_undoes_nothing_of_its_neighbours),
	TEST(test_readers_share_sixteen_handles),
	TEST(test_a_busy_writer_shuts_nobody_out),
	TEST(test_migrations_go_one_by_one),
	TEST(test_statements),
};

TEST_MAIN(tests)
