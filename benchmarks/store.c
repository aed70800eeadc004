/* SPDX-License-Identifier: Apache-2.0
 * How fast tokens are made durably, and how fast a start reads them. Prints one JSON object.
 *
 *   bench_store [TOKENS [SECONDS [FOLDER]]]
 *
 * Threads add tokens through store_token_add, each waiting until its token is on the disk: into an
 * empty store, and into one of TOKENS, which is filled in bulk before. store_load is measured as the
 * median of five. FOLDER must be on the disk that is to be measured.
 */
#include "base/clock.h"
#include "store/store.h"

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS 64
#define PORTION 20000
#define OWNERS 1000
#define LOADS 5
#define NOW_MS INT64_C(1790000000000)

static const struct store_actor actor = { .who = "bench", .now_ms = NOW_MS };
static const char *const scopes[] = {
	"stories:read",
	"stories:read stories:write",
	"projects:read stories:read moments:read templates:read",
	"stories:read stories:write stories:publish projects:read templates:read media:read media:write",
};

static void die(const char *what, enum store_status status)
{
	fprintf(stderr, "bench_store: %s: %s\n", what, store_status_text(status));
	exit(1);
}

static void check(enum store_status status, const char *what)
{
	if (status != STORE_OK)
		die(what, status);
}

static struct id new_id(void)
{
	uint8_t random[10];

	randombytes_buf(random, sizeof(random));
	return id_make(NOW_MS, random);
}

static struct id add_owner(struct store *store, unsigned number)
{
	char email[64];
	struct user_row user = { .id = new_id(), .email = email, .created_ms = NOW_MS };

	snprintf(email, sizeof(email), "person%u@example.com", number);
	check(store_user_add(store, &user, &actor), "adding a person");
	return user.id;
}

/* ---- A million tokens in bulk: no feed, no events, indexes made at the end ---- */

struct bulk {
	struct id_bytes owners[OWNERS];
	size_t from, to;
};

static enum store_status run_text(struct sql *sql, const char *text)
{
	return sql_run(sql_prepare(sql, text));
}

static enum store_status bulk_insert(struct sql *sql, void *arg)
{
	const struct bulk *bulk = arg;

	for (size_t i = bulk->from; i < bulk->to; i++) {
		uint8_t digest[REMIT_DIGEST_SIZE];
		struct id id = new_id();
		struct id_bytes bytes;
		char name[32];
		struct sql_statement *st = sql_prepare(sql,
			"INSERT INTO tokens (id, digest, owner_id, kind, rate,"
			" expires_at, revoked_at, api, scopes, name, holds_name, created_at)"
			" VALUES (?1, ?2, ?3, 0, 0, ?4, 0, 'publishing', ?5, ?6, 1, ?7)");
		randombytes_buf(digest, sizeof(digest));
		snprintf(name, sizeof(name), "token %zu", i);
		if (!id_to_bytes(&id, &bytes))
			return STORE_INVALID;
		sql_bind_blob(st, 1, bytes.b, sizeof(bytes.b));
		sql_bind_blob(st, 2, digest, sizeof(digest));
		sql_bind_blob(st, 3, bulk->owners[i % OWNERS].b, sizeof(bulk->owners[0].b));
		sql_bind_int(st, 4, i % 2 ? NOW_MS + 86400000 : 0);
		sql_bind_text(st, 5, str_of(scopes[i % (sizeof(scopes) / sizeof(scopes[0]))]));
		sql_bind_text(st, 6, str_of(name));
		sql_bind_int(st, 7, NOW_MS);
		enum store_status status = sql_run(st);
		if (status != STORE_OK)
			return status;
	}
	return STORE_OK;
}

static enum store_status run_all(struct sql *sql, void *arg)
{
	for (const char *const *text = arg; *text; text++) {
		enum store_status status = run_text(sql, *text);
		if (status != STORE_OK)
			return status;
	}
	return STORE_OK;
}

/* Every other token was used once. */
static const char *drop_indexes[] = {
	"DROP INDEX tokens_id", "DROP INDEX tokens_digest", "DROP INDEX tokens_name", "DROP INDEX tokens_owner",
	NULL,
};
static const char *make_indexes[] = {
	"CREATE UNIQUE INDEX tokens_id ON tokens (id)",
	"CREATE UNIQUE INDEX tokens_digest ON tokens (digest)",
	"CREATE UNIQUE INDEX tokens_name ON tokens (owner_id, api, name) WHERE holds_name = 1",
	"CREATE INDEX tokens_owner ON tokens (owner_id)",
	"INSERT INTO token_use (token, last_used, audit_place) SELECT number, created_at, number FROM tokens"
	" WHERE number % 2 = 0",
	NULL,
};

static void fill(struct store *store, size_t tokens)
{
	static struct bulk bulk;
	struct database *db = store_database(store);

	for (unsigned i = 0; i < OWNERS; i++) {
		struct id id = add_owner(store, i);
		if (!id_to_bytes(&id, &bulk.owners[i]))
			die("an id", STORE_INVALID);
	}
	check(database_write(db, run_all, drop_indexes), "dropping indexes");
	for (bulk.from = 0; bulk.from < tokens; bulk.from = bulk.to) {
		bulk.to = tokens - bulk.from < PORTION ? tokens : bulk.from + PORTION;
		check(database_write(db, bulk_insert, &bulk), "filling");
	}
	check(database_write(db, run_all, make_indexes), "making indexes");
}

/* ---- Loading ---- */

struct seen {
	size_t texts, people;
	uint64_t sum; /* so that every field is touched */
};

static bool see_text(void *ctx, const struct store_text *text)
{
	struct seen *seen = ctx;

	seen->texts++;
	seen->sum += text->digest[0] + text->scopes.n + (uint64_t)text->expires_ms + text->audit_place;
	return true;
}

static bool see_user(void *ctx, const struct user_row *user)
{
	struct seen *seen = ctx;

	seen->people++;
	seen->sum += strlen(user->email);
	return true;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Each time by a store that was just opened, as a start does. */
static double load_seconds(const char *url, size_t *ret_texts)
{
	double times[LOADS];

	for (size_t i = 0; i < LOADS; i++) {
		struct seen seen = { 0 };
		struct store *store;
		char error[256];
		int64_t revision, start = clock_monotonic_ns();
		check(store_open(url, STORE_OPEN, &store, error), "opening");
		check(store_load(store, see_text, see_user, &seen, &revision), "loading");
		times[i] = (double)(clock_monotonic_ns() - start) / 1e9;
		store_close(store);
		*ret_texts = seen.texts;
	}
	qsort(times, LOADS, sizeof(times[0]), compare);
	return times[LOADS / 2];
}

/* ---- Adding ---- */

struct adders {
	struct store *store;
	struct id owner;
	atomic_bool stop;
	atomic_size_t count;
};

static void *add_forever(void *arg)
{
	struct adders *adders = arg;
	char name[64];
	size_t count = 0;

	while (!atomic_load(&adders->stop)) {
		uint8_t digest[REMIT_DIGEST_SIZE];
		struct token_row token = {
			.id = new_id(), .name = name, .owner = adders->owner, .api = "publishing",
			.scopes = scopes[count % 4], .created_ms = NOW_MS,
		};
		snprintf(name, sizeof(name), "%s", token.id.text);
		randombytes_buf(digest, sizeof(digest));
		check(store_token_add(adders->store, &token, digest, &actor, NULL), "adding a token");
		count++;
	}
	atomic_fetch_add(&adders->count, count);
	return NULL;
}

static double adds_per_second(struct store *store, unsigned seconds)
{
	static unsigned person = OWNERS;
	struct adders adders = { .store = store, .owner = add_owner(store, person++) };
	pthread_t threads[THREADS];

	int64_t start = clock_monotonic_ns();
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, add_forever, &adders) != 0)
			die("a thread", STORE_NO_MEMORY);
	sleep(seconds);
	atomic_store(&adders.stop, true);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return (double)adders.count / ((double)(clock_monotonic_ns() - start) / 1e9);
}

static void remove_files(const char *path)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char file[512];

	for (size_t i = 0; i < 3; i++) {
		snprintf(file, sizeof(file), "%s%s", path, ends[i]);
		unlink(file);
	}
}

int main(int argc, char **argv)
{
	size_t tokens = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000, texts = 0;
	unsigned seconds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 5;
	char folder[256], path[300], url[320], error[256];
	struct store *store;

	snprintf(folder, sizeof(folder), "%s/bench_store.XXXXXX", argc > 3 ? argv[3] : ".");
	if (sodium_init() < 0 || !mkdtemp(folder))
		die("a folder", STORE_UNAVAILABLE);
	snprintf(path, sizeof(path), "%s/store.db", folder);
	snprintf(url, sizeof(url), "sqlite:%s", path);
	check(store_open(url, STORE_MIGRATE, &store, error), "making a store");
	double adds_empty = adds_per_second(store, seconds);
	store_close(store);
	remove_files(path);

	check(store_open(url, STORE_MIGRATE, &store, error), "making a store");
	fill(store, tokens);
	store_close(store);
	double load = load_seconds(url, &texts);
	check(store_open(url, STORE_OPEN, &store, error), "opening");
	double adds_full = adds_per_second(store, seconds);
	store_close(store);
	remove_files(path);
	rmdir(folder);
	printf("{\"threads\":%d,\"tokens\":%zu,\"adds_per_second_empty\":%.0f,\"adds_per_second_full\":%.0f,"
		"\"load_seconds\":%.3f}\n", THREADS, texts, adds_empty, adds_full, load);
	return texts == tokens ? 0 : 1;
}
