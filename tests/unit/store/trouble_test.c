/* SPDX-License-Identifier: Apache-2.0
 * L05: the disk is full, the store is locked, gone, replaced, damaged, and back again.
 */
#include "place.h"

#include "store/sqlite/database.h"
#include "store/store.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define NOW_MS INT64_C(1790000000000)

static const struct store_actor actor = { "cli:root", NOW_MS };

struct fixture {
	struct place place;
	struct store *store;
	unsigned people;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char error[256];

	assert_non_null(f);
	place_make(&f->place);
	assert_int_equal(store_open(f->place.url, STORE_MIGRATE, &f->store, error), STORE_OK);
	database_set_busy_ms(store_database(f->store), 100);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	place_remove(&f->place);
	free(f);
	return 0;
}

/* `more` makes the row as long as a test needs it. */
static enum store_status add_long(struct fixture *f, const char *more)
{
	uint8_t random[10] = { (uint8_t)(f->people >> 8), (uint8_t)f->people };
	char email[64];
	struct user_row user = { .email = email, .password_hash = more, .created_ms = NOW_MS };

	user.id = id_make(NOW_MS, random);
	snprintf(email, sizeof(email), "person%u@example.com", f->people++);
	return store_user_add(f->store, &user, &actor);
}

static enum store_status add(struct fixture *f)
{
	return add_long(f, NULL);
}

static bool count_user(void *ctx, const struct user_row *row)
{
	(void)row;
	++*(size_t *)ctx;
	return true;
}

static bool count_event(void *ctx, const struct event_row *row)
{
	(void)row;
	++*(size_t *)ctx;
	return true;
}

static bool count_change(void *ctx, const struct store_change *change)
{
	++*(size_t *)ctx;
	assert_true(change->present);
	return true;
}

static bool no_text(void *ctx, const struct store_text *text)
{
	(void)ctx, (void)text;
	return true;
}

/* Every person has one event and one row in the feed: nothing is half done. */
static void expect_whole(struct fixture *f, size_t people)
{
	size_t users = 0, events = 0, changes = 0;
	int64_t revision;

	assert_int_equal(store_user_each(f->store, count_user, &users), STORE_OK);
	assert_int_equal(store_event_each(f->store, 0, count_event, &events), STORE_OK);
	assert_int_equal(store_changes(f->store, 0, count_change, &changes, &revision), STORE_OK);
	assert_int_equal(users, people);
	assert_int_equal(events, people);
	assert_int_equal(changes, people);
}

static sqlite3 *take_lock(struct fixture *f, const char *how)
{
	sqlite3 *other;

	assert_int_equal(sqlite3_open(f->place.path, &other), SQLITE_OK);
	sqlite3_busy_timeout(other, 2000);
	assert_int_equal(sqlite3_exec(other, how, NULL, NULL, NULL), SQLITE_OK);
	return other;
}

static void test_L05_locked_by_another_writer(void **state)
{
	struct fixture *f = *state;
	bool changed;

	assert_int_equal(add(f), STORE_OK);
	sqlite3 *other = take_lock(f, "BEGIN IMMEDIATE");
	assert_int_equal(add(f), STORE_UNAVAILABLE);
	/* Reading and the feed go on. */
	expect_whole(f, 1);
	assert_int_equal(store_wait(f->store, 0, &changed), STORE_OK);
	sqlite3_close(other);
	assert_int_equal(add(f), STORE_OK);
	expect_whole(f, 2);
}

static void move(const char *from, const char *to)
{
	assert_int_equal(rename(from, to), 0);
}

static void test_L05_gone_and_back_again(void **state)
{
	struct fixture *f = *state;
	char away[256];
	size_t users = 0;
	bool changed;

	assert_int_equal(add(f), STORE_OK);
	assert_int_equal(store_wait(f->store, 0, &changed), STORE_OK);
	snprintf(away, sizeof(away), "%s.away", f->place.path);
	move(f->place.path, away);
	assert_int_equal(store_wait(f->store, 0, &changed), STORE_UNAVAILABLE);
	assert_int_equal(add(f), STORE_UNAVAILABLE);
	assert_int_equal(store_user_each(f->store, count_user, &users), STORE_UNAVAILABLE);
	assert_int_equal(users, 0);
	assert_int_not_equal(access(f->place.path, F_OK), 0); /* nobody made an empty one */
	move(away, f->place.path);
	assert_int_equal(store_wait(f->store, 0, &changed), STORE_OK);
	assert_int_equal(add(f), STORE_OK);
	expect_whole(f, 2);
}

static void test_L05_replaced_by_another_database(void **state)
{
	struct fixture *f = *state;
	struct place place;
	struct store *other;
	char error[256];
	size_t n = 0;
	int64_t revision, loaded;
	bool changed;

	assert_int_equal(add(f), STORE_OK);
	assert_int_equal(store_load(f->store, no_text, count_user, &n, &loaded), STORE_OK);
	assert_int_equal(store_wait(f->store, 0, &changed), STORE_OK);
	place_make(&place);
	assert_int_equal(store_open(place.url, STORE_MIGRATE, &other, error), STORE_OK);
	struct fixture second = { .store = other, .people = 100 };
	for (int i = 0; i < 3; i++)
		assert_int_equal(add(&second), STORE_OK);
	store_close(other);
	char wal[256];
	snprintf(wal, sizeof(wal), "%s-wal", f->place.path);
	unlink(wal);
	snprintf(wal, sizeof(wal), "%s-shm", f->place.path);
	unlink(wal);
	move(place.path, f->place.path);
	/* Its revisions are not those of the copy: loading again is asked for, though 1 is one of them. */
	assert_int_equal(store_wait(f->store, 1000, &changed), STORE_OK);
	assert_true(changed);
	assert_int_equal(store_changes(f->store, loaded, count_change, &n, &revision), STORE_CONFLICT);
	n = 0;
	assert_int_equal(store_load(f->store, no_text, count_user, &n, &loaded), STORE_OK);
	assert_int_equal(n, 3);
	assert_int_equal(loaded, 3);
	assert_int_equal(add(f), STORE_OK);
	expect_whole(f, 4);
	place_remove(&place);
}

static void test_L05_replaced_by_rubbish_and_back_again(void **state)
{
	struct fixture *f = *state;
	char away[256];
	bool changed;

	assert_int_equal(add(f), STORE_OK);
	snprintf(away, sizeof(away), "%s.away", f->place.path);
	move(f->place.path, away);
	FILE *file = fopen(f->place.path, "w");
	for (int i = 0; i < 10000; i++)
		fputs("rubbish", file);
	fclose(file);
	assert_int_equal(store_wait(f->store, 0, &changed), STORE_UNAVAILABLE);
	assert_int_equal(add(f), STORE_UNAVAILABLE);
	move(away, f->place.path);
	assert_int_equal(store_wait(f->store, 0, &changed), STORE_OK);
	assert_int_equal(add(f), STORE_OK);
	expect_whole(f, 2);
}

/* Nobody changes anything, and yet a watch must see within a moment that the file is no good. */
static void test_L05_overwritten_in_place(void **state)
{
	struct fixture *f = *state;
	enum store_status status = STORE_OK;
	char rubbish[4096];
	bool changed;

	for (int i = 0; i < 50; i++)
		assert_int_equal(add(f), STORE_OK);
	sqlite3 *other = take_lock(f, "PRAGMA wal_checkpoint(TRUNCATE)");
	sqlite3_close(other);
	assert_int_equal(store_wait(f->store, 0, &changed), STORE_OK);
	memset(rubbish, 'x', sizeof(rubbish));
	int fd = open(f->place.path, O_WRONLY);
	struct stat info;
	assert_true(fd >= 0 && fstat(fd, &info) == 0);
	for (off_t at = 0; at < info.st_size; at += (off_t)sizeof(rubbish))
		assert_int_equal(pwrite(fd, rubbish, sizeof(rubbish), at), sizeof(rubbish));
	close(fd);
	for (int i = 0; i < 200 && status == STORE_OK; i++)
		status = store_wait(f->store, 10, &changed);
	assert_int_equal(status, STORE_UNAVAILABLE);
}

static void test_L05_full_disk_by_file_size(void **state)
{
	struct fixture *f = *state;
	struct rlimit before, limit;
	size_t good = 0;
	enum store_status status;
	char *more = malloc(60001);

	assert_non_null(more);
	memset(more, 'h', 60000);
	more[60000] = '\0';
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 1024 * 1024;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	while ((status = add_long(f, more)) == STORE_OK && good < 1000)
		good++;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, handler);
	free(more);
	assert_int_equal(status, STORE_FULL);
	assert_in_range(good, 1, 100);
	expect_whole(f, good);
	assert_int_equal(add(f), STORE_OK);
	expect_whole(f, good + 1);
}

static enum store_status limit_pages(struct sql *sql, void *arg)
{
	/* Never below what is used. */
	struct sql_statement *st = sql_prepare(sql, "PRAGMA max_page_count = 1");

	(void)arg;
	return sql_step(st) == SQL_ROW ? STORE_OK : sql_status(st);
}

static void test_L05_full_database(void **state)
{
	struct fixture *f = *state;
	char more[20001];

	memset(more, 'h', sizeof(more) - 1);
	more[sizeof(more) - 1] = '\0';
	assert_int_equal(add(f), STORE_OK);
	assert_int_equal(database_write(store_database(f->store), limit_pages, NULL), STORE_OK);
	assert_int_equal(add_long(f, more), STORE_FULL);
	expect_whole(f, 1);
}

static enum store_status pretend_many_changes(struct sql *sql, void *arg)
{
	(void)arg;
	return sql_run(sql_prepare(sql, "INSERT INTO changes (revision, kind, key) VALUES"
		" (1, 3, zeroblob(16)), (1001, 3, zeroblob(16)), (100999, 3, zeroblob(16))"));
}

static bool count_any_change(void *ctx, const struct store_change *change)
{
	(void)change;
	++*(size_t *)ctx;
	return true;
}

static void test_who_is_too_far_behind_must_load_again(void **state)
{
	struct fixture *f = *state;
	int64_t revision = -1;
	size_t n = 0;

	assert_int_equal(database_write(store_database(f->store), pretend_many_changes, NULL), STORE_OK);
	assert_int_equal(add(f), STORE_OK); /* the 101,000th: the oldest go */
	assert_int_equal(store_changes(f->store, 0, count_any_change, &n, &revision), STORE_CONFLICT);
	assert_int_equal(store_changes(f->store, 999, count_any_change, &n, &revision), STORE_CONFLICT);
	assert_true(n == 0 && revision == -1);
	assert_int_equal(store_changes(f->store, 1000, count_any_change, &n, &revision), STORE_OK);
	assert_true(n == 3 && revision == 101000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
	TEST(test_L05_locked_by_another_writer),
	TEST(test_L05_gone_and_back_again),
	TEST(test_L05_replaced_by_another_database),
	TEST(test_L05_replaced_by_rubbish_and_back_again),
	TEST(test_L05_overwritten_in_place),
	TEST(test_L05_full_disk_by_file_size),
	TEST(test_L05_full_database),
	TEST(test_who_is_too_far_behind_must_load_again),
};

TEST_MAIN(tests)
