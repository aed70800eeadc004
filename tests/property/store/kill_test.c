/* SPDX-License-Identifier: Apache-2.0
 * L06: two processes change one store at once and are killed at a random moment, again and again
 * (20 times, or REMIT_KILLS). Whatever was acknowledged is there afterwards; nothing is there that was
 * not begun; and every change has its event.
 */
#include "../../unit/store/place.h"
#include "kill_writer.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#define WRITERS 2

extern char **environ;

/* What is known of one token. */
struct fact {
	struct id token;
	uint8_t digest[REMIT_DIGEST_SIZE];  /* acknowledged last */
	uint8_t maybe[REMIT_DIGEST_SIZE];   /* of a rotation that was begun */
	bool added, rotating, revoking, revoked;
};

struct test {
	struct place place;
	struct fact *facts;
	size_t count, room;
	uint64_t random;
	struct id owner;
};

static uint64_t next_random(struct test *t)
{
	uint64_t z = t->random += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* From the newest: a report speaks of a token that was added a moment ago. */
static struct fact *find(struct test *t, const struct id *token)
{
	for (size_t i = t->count; i-- > 0;)
		if (id_eq(&t->facts[i].token, token))
			return &t->facts[i];
	return NULL;
}

static struct fact *find_or_add(struct test *t, const struct kill_report *report)
{
	struct fact *fact = find(t, &report->token);

	if (fact)
		return fact;
	assert_true(report->change == KILL_ADD && !report->done);
	if (t->count == t->room) {
		t->room = t->room ? t->room * 2 : 1024;
		t->facts = realloc(t->facts, t->room * sizeof(struct fact));
		assert_non_null(t->facts);
	}
	fact = &t->facts[t->count++];
	*fact = (struct fact){ .token = report->token };
	return fact;
}

static void learn(struct test *t, const struct kill_report *report)
{
	struct fact *fact = find_or_add(t, report);

	switch (report->change) {
	case KILL_ADD:
		fact->added = report->done;
		memcpy(fact->digest, report->digest, sizeof(fact->digest));
		break;
	case KILL_ROTATE:
		fact->rotating = !report->done;
		memcpy(report->done ? fact->digest : fact->maybe, report->digest, sizeof(fact->digest));
		break;
	case KILL_REVOKE:
		fact->revoking = !report->done;
		fact->revoked = report->done;
		break;
	default:
		fail_msg("a report of nothing");
	}
}

static pid_t start_writer(struct test *t, int *ret_fd)
{
	char *args[] = { (char[]){ "kill_test" }, (char[]){ "write" }, t->place.url, t->owner.text, NULL };
	posix_spawn_file_actions_t actions;
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO), 0);
	assert_int_equal(posix_spawn(&pid, "/proc/self/exe", &actions, NULL, args, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	*ret_fd = ends[0];
	return pid;
}

/* One report; false at the end. */
static bool read_report(struct test *t, int fd)
{
	struct kill_report report;
	ssize_t n;

	do
		n = read(fd, &report, sizeof(report));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return false;
	assert_int_equal(n, sizeof(report));
	learn(t, &report);
	return true;
}

/* Listens until `end_ns`; the first report must come, however slow the machine is. */
static void listen_until(struct test *t, const int fds[WRITERS], int64_t wait_ns)
{
	struct pollfd polls[WRITERS];
	int64_t end_ns = 0;

	for (size_t i = 0; i < WRITERS; i++)
		polls[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	while (end_ns == 0 || clock_monotonic_ns() < end_ns) {
		int ready = poll(polls, WRITERS, end_ns == 0 ? 60000 : 1);
		assert_true(ready > 0 || end_ns != 0);
		for (size_t i = 0; i < WRITERS; i++)
			if (polls[i].revents)
				assert_true(read_report(t, fds[i]));
		if (end_ns == 0)
			end_ns = clock_monotonic_ns() + wait_ns;
	}
}

static void write_and_kill(struct test *t)
{
	pid_t pids[WRITERS];
	int fds[WRITERS];

	for (size_t i = 0; i < WRITERS; i++)
		pids[i] = start_writer(t, &fds[i]);
	listen_until(t, fds, (int64_t)(next_random(t) % 80000000));
	for (size_t i = 0; i < WRITERS; i++)
		assert_int_equal(kill(pids[i], SIGKILL), 0);
	for (size_t i = 0; i < WRITERS; i++) {
		int how;
		while (read_report(t, fds[i]))
			;
		close(fds[i]);
		assert_int_equal(waitpid(pids[i], &how, 0), pids[i]);
		assert_true(WIFSIGNALED(how)); /* it did not fail by itself */
	}
}

static bool find_text(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE], const struct id *token)
{
	struct token_row row;
	struct arena arena;

	arena_init(&arena, 0);
	enum store_status status = store_token_find(store, digest, &arena, &row);
	assert_true(status == STORE_OK || status == STORE_NOT_FOUND);
	bool good = status == STORE_OK && id_eq(&row.id, token);
	arena_done(&arena);
	return good;
}

struct seen {
	struct test *t;
	size_t tokens, revoked;
};

static bool see_token(void *ctx, const struct token_row *row)
{
	struct seen *seen = ctx;
	struct fact *fact = find(seen->t, &row->id);

	assert_non_null(fact); /* nothing is there that was not begun */
	if (fact->revoked)
		assert_true(row->revoked_ms != 0);
	else if (!fact->revoking)
		assert_true(row->revoked_ms == 0);
	fact->added = true; /* from now on it must stay */
	fact->revoked = row->revoked_ms != 0;
	fact->revoking = false;
	seen->tokens++;
	seen->revoked += row->revoked_ms != 0;
	return true;
}

static bool count_event(void *ctx, const struct event_row *row)
{
	struct seen *seen = ctx;

	seen->tokens += strcmp(row->action, "token.added") == 0;
	seen->revoked += strcmp(row->action, "token.revoked") == 0;
	return true;
}

static enum store_status check_integrity(struct sql *sql, void *arg)
{
	struct sql_statement *st = sql_prepare(sql, "PRAGMA integrity_check");

	(void)arg;
	assert_int_equal(sql_step(st), SQL_ROW);
	assert_true(str_is(sql_column_text(st, 0), "ok"));
	sql_reset(st);
	assert_int_equal(sql_step(sql_prepare(sql, "PRAGMA foreign_key_check")), SQL_DONE);
	return STORE_OK;
}

static void expect_texts(struct test *t, struct store *store)
{
	for (size_t i = 0; i < t->count; i++) {
		struct fact *fact = &t->facts[i];
		bool rotated = fact->rotating && find_text(store, fact->maybe, &fact->token);
		/* A folder keeps no old texts. */
		if (fact->added && !(rotated && getenv("REMIT_KILL_FOLDER")))
			assert_true(find_text(store, fact->digest, &fact->token));
		if (rotated)
			memcpy(fact->digest, fact->maybe, sizeof(fact->digest));
		fact->rotating = false;
	}
}

static void expect_nothing_lost(struct test *t)
{
	struct seen tokens = { .t = t }, events = { .t = t };
	struct store *store;
	char error[256];
	size_t added = 0;

	assert_int_equal(store_open(t->place.url, STORE_OPEN, &store, error), STORE_OK);
	assert_true(kill_attach(store, t->place.url));
	expect_texts(t, store);
	assert_int_equal(store_token_each(store, NULL, see_token, &tokens), STORE_OK);
	assert_int_equal(store_event_each(store, 0, count_event, &events), STORE_OK);
	for (size_t i = 0; i < t->count; i++)
		added += t->facts[i].added;
	assert_int_equal(tokens.tokens, added);
	if (!getenv("REMIT_KILL_FOLDER")) { /* a file and its event are not one transaction */
		assert_int_equal(tokens.tokens, events.tokens);
		assert_int_equal(tokens.revoked, events.revoked);
	}
	assert_int_equal(database_read(store_database(store), check_integrity, NULL), STORE_OK);
	store_close(store);
}

static void make_store(struct test *t)
{
	struct user_row user = { .email = "a@example.com", .created_ms = KILL_NOW_MS };
	struct store_actor actor = { "cli:root", KILL_NOW_MS };
	struct store *store;
	char error[256];

	place_make(&t->place);
	assert_int_equal(store_open(t->place.url, STORE_MIGRATE, &store, error), STORE_OK);
	t->owner = user.id = id_make(KILL_NOW_MS, (uint8_t[10]){ 1 });
	assert_int_equal(store_user_add(store, &user, &actor), STORE_OK);
	store_close(store);
}

static void test_L06_killed_at_any_moment(void **state)
{
	const char *seed = getenv("REMIT_SEED"), *kills = getenv("REMIT_KILLS");
	unsigned long rounds = kills ? strtoul(kills, NULL, 10) : 20;
	struct test t = { .random = seed ? strtoull(seed, NULL, 0) : (uint64_t)clock_monotonic_ns() };

	(void)state;
	print_message("# REMIT_SEED=%" PRIu64 " REMIT_KILLS=%lu\n", t.random, rounds);
	make_store(&t);
	for (unsigned long i = 0; i < rounds; i++) {
		write_and_kill(&t);
		expect_nothing_lost(&t);
	}
	print_message("# %zu tokens were begun\n", t.count);
	assert_true(t.count > rounds);
	free(t.facts);
	place_remove(&t.place);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_L06_killed_at_any_moment) };

	if (argc == 4 && strcmp(argv[1], "write") == 0)
		return kill_writer_run(argv[2], argv[3]);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
