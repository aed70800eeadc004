/* SPDX-License-Identifier: Apache-2.0
 * What calls of the publishing service cost in process: a list of 50 of many stories, and making stories
 * durably from 64 threads at once. Prints one JSON object, times in microseconds at the median.
 *
 *   bench_publishing [STORIES [SECONDS [FOLDER]]]
 */
#include "base/clock.h"
#include "profile/profile.h"
#include "services/publishing/publishing.h"
#include "store/store.h"

#include <ftw.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS 64
#define SAMPLES_MAX 200000
#define LISTS 400

static struct service *service;
static struct id user, project;
static const struct remit_policy *policy;
static _Atomic bool stop;

static void die(const char *what)
{
	fprintf(stderr, "bench_publishing: %s\n", what);
	exit(1);
}

/* Microseconds that one call took. */
static double ask(const char *name, struct str body, int wanted)
{
	static const struct query none;
	const struct service_operation *operation = NULL;
	struct service_caller caller = { .user = user, .token = user, .policy = policy };
	struct arena arena;

	for (size_t i = 0; i < service->operation_count && !operation; i++)
		if (strcmp(service->operations[i].name, name) == 0)
			operation = &service->operations[i];
	arena_init(&arena, 0);
	struct service_call call = { .operation = operation, .caller = &caller, .query = &none, .body = body,
		.arena = &arena, .now_ms = clock_wall_ms() };
	const int64_t start = clock_monotonic_ns();
	service_run(service, &call);
	const double took = (double)(clock_monotonic_ns() - start) / 1000;
	if (call.answer.status != wanted) {
		fprintf(stderr, "%.*s\n", STR_FMT(call.answer.body));
		die(name);
	}
	arena_done(&arena);
	return took;
}

struct caller {
	double *samples;
	size_t count;
};

static void *make_stories(void *arg)
{
	static const char body[] = "{\"title\":\"A quiet day\",\"body\":\"Fog until ten, then light wind\"}";
	struct caller *c = arg;

	while (!atomic_load(&stop) && c->count < SAMPLES_MAX / THREADS)
		c->samples[c->count++] = ask("create_story", STR(body), 201);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *samples, size_t count)
{
	qsort(samples, count, sizeof(*samples), compare);
	return samples[count / 2];
}

struct fill {
	int64_t count, now_ms;
};

static enum store_status fill(struct sql *sql, void *arg)
{
	const struct fill *f = arg;
	struct id_bytes owner, of;

	if (!id_to_bytes(&user, &owner) || !id_to_bytes(&project, &of))
		return STORE_UNAVAILABLE;
	for (int64_t i = 0; i < f->count; i++) {
		uint8_t random[10];
		struct id_bytes bytes;
		struct sql_statement *st = sql_prepare(sql,
			"INSERT INTO publishing_stories (id, project_id, title, body, channels, media, status,"
			" created_by, created_at, updated_at) VALUES (?1, ?2, 'A story', 'Of a bench', '', '', 'draft', ?3,"
			" ?4, ?4)");
		randombytes_buf(random, sizeof(random));
		const struct id id = id_make(f->now_ms - f->count + i, random);
		if (!st || !id_to_bytes(&id, &bytes))
			return STORE_UNAVAILABLE;
		sql_bind_blob(st, 1, bytes.b, sizeof(bytes.b));
		sql_bind_blob(st, 2, of.b, sizeof(of.b));
		sql_bind_blob(st, 3, owner.b, sizeof(owner.b));
		sql_bind_int(st, 4, f->now_ms);
		if (sql_run(st) != STORE_OK)
			return STORE_UNAVAILABLE;
	}
	return STORE_OK;
}

static struct id new_id(void)
{
	uint8_t random[10];
	randombytes_buf(random, sizeof(random));
	return id_make(clock_wall_ms(), random);
}

static void add_people(struct store *store)
{
	const struct store_actor actor = { "bench", clock_wall_ms() };
	user = new_id();
	project = new_id();
	const struct user_row row = { .id = user, .email = "bench@example.com", .created_ms = actor.now_ms };
	const struct project_row of = { .id = project, .api = "publishing", .name = "Bench", .owner = user,
		.created_ms = actor.now_ms };
	if (store_user_add(store, &row, &actor) != STORE_OK || store_project_add(store, &of, &actor) != STORE_OK)
		die("no people");
}

static void measure(unsigned seconds)
{
	static struct caller callers[THREADS];
	static double lists[LISTS];
	pthread_t threads[THREADS];
	size_t count = 0;

	for (size_t i = 0; i < LISTS; i++)
		lists[i] = ask("list_stories", (struct str){ NULL, 0 }, 200);
	const int64_t start = clock_monotonic_ns();
	for (size_t i = 0; i < THREADS; i++) {
		callers[i].samples = calloc(SAMPLES_MAX / THREADS, sizeof(double));
		if (!callers[i].samples || pthread_create(&threads[i], NULL, make_stories, &callers[i]) != 0)
			die("no threads");
	}
	sleep(seconds);
	atomic_store(&stop, true);
	double *all = calloc(SAMPLES_MAX, sizeof(double));
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		memcpy(all + count, callers[i].samples, callers[i].count * sizeof(double));
		count += callers[i].count;
		free(callers[i].samples);
	}
	const double took = (double)(clock_monotonic_ns() - start) / 1000;
	printf("{\"list_us\":%.1f,\"create_us\":%.1f,\"create_each_us\":%.1f,\"creates\":%zu}\n", median(lists, LISTS),
		median(all, count), took / (double)count, count);
	free(all);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

int main(int argc, char **argv)
{
	const struct fill f = { argc > 1 ? atoll(argv[1]) : 100000, clock_wall_ms() };
	const unsigned seconds = argc > 2 ? (unsigned)atoi(argv[2]) : 3;
	char folder[512], url[600], key[600], media[600], error[512] = "";
	static struct mistakes mistakes;
	struct store *store = NULL;
	struct secrets *secrets = NULL;

	snprintf(folder, sizeof(folder), "%s/bench-publishing-XXXXXX", argc > 3 ? argv[3] : ".");
	if (sodium_init() < 0 || !mkdtemp(folder))
		die("no folder");
	snprintf(url, sizeof(url), "sqlite:%s/remit.db", folder);
	snprintf(key, sizeof(key), "file:%s/secrets.key", folder);
	snprintf(media, sizeof(media), "%s/media", folder);
	mistakes_init(&mistakes);
	struct profile *profile = profile_load("publishing", &mistakes);
	if (!profile || store_open(url, STORE_MIGRATE, &store, error) != STORE_OK || !secrets_open(key, &secrets, error))
		die(error);
	policy = profile->policy;
	const struct publishing_options options = { .database = store_database(store), .secrets = secrets,
		.api = "publishing", .media_folder = media, .base = "/api/v1", .public_url = "http://127.0.0.1",
		.policy = policy, .version = "0" };
	if (!publishing_open(&options, &service, error))
		die(error);
	add_people(store);
	if (database_write(options.database, fill, (void *)(uintptr_t)&f) != STORE_OK)
		die("the stories cannot be made");
	measure(seconds);
	publishing_close(service);
	secrets_close(secrets);
	store_close(store);
	profile_free(profile);
	mistakes_done(&mistakes);
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0 ? 0 : 1;
}
