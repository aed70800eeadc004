/* SPDX-License-Identifier: Apache-2.0
 * What calls of the content service cost in process, on a site of many entries that it makes itself: the index, a
 * filtered list of 100, one entry, an entry made durably, and 64 readers beside a writer. Prints one JSON object,
 * times in microseconds at the median where nothing else is said.
 *
 *   bench_content [ENTRIES [SECONDS [FOLDER]]]
 */
#include "base/clock.h"
#include "profile/profile.h"
#include "services/content/internal.h"

#include <ftw.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define READERS 64
#define SAMPLES_MAX 400000
#define ROUNDS 400

static struct service *service;
static const struct remit_policy *policy;
static _Atomic bool stop;

static void die(const char *what)
{
	fprintf(stderr, "bench_content: %s\n", what);
	exit(1);
}

static const struct service_tool *entries_tool(void)
{
	for (size_t i = 0; i < service->tool_count; i++)
		if (strcmp(service->tools[i].name, "statamic-entries") == 0)
			return &service->tools[i];
	die("no such tool");
	return NULL;
}

/* Microseconds that one call took; `json` is taken over. */
static double ask(json_t *json)
{
	struct service_caller caller = { .admin = true, .policy = policy };
	struct arena arena;
	arena_init(&arena, 0);
	struct service_call call = { .caller = &caller, .json = json, .arena = &arena, .now_ms = clock_wall_ms() };
	const int64_t start = clock_monotonic_ns();
	entries_tool()->run(service, &call);
	const double took = (double)(clock_monotonic_ns() - start) / 1000;
	if (call.told.failed) {
		fprintf(stderr, "%s\n", json_dumps(call.told.structured, 0));
		die("a call failed");
	}
	json_decref(call.told.structured);
	json_decref(call.told.content);
	arena_done(&arena);
	json_decref(json);
	return took;
}

static double list(size_t i)
{
	(void)i;
	return ask(json_pack("{s:s,s:s,s:i,s:{s:i,s:s}}", "action", "list", "collection", "blog", "limit", 100, "filters",
		"rating", 3, "tags", "tag-5"));
}

static double get(size_t i)
{
	char id[40];
	snprintf(id, sizeof(id), "00000000-0000-4000-8000-%012zu", i * 7 % 100);
	return ask(json_pack("{s:s,s:s,s:s}", "action", "get", "collection", "blog", "id", id));
}

static double create(size_t i)
{
	char title[40];
	snprintf(title, sizeof(title), "Made %zu at %lld", i, (long long)clock_monotonic_ns());
	return ask(json_pack("{s:s,s:s,s:{s:s,s:s}}", "action", "create", "collection", "blog", "data", "title", title,
		"content", "A body.\n"));
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median_of(double (*call)(size_t i), size_t rounds)
{
	static double samples[ROUNDS];
	for (size_t i = 0; i < rounds; i++)
		samples[i] = call(i);
	qsort(samples, rounds, sizeof(samples[0]), compare);
	return samples[rounds / 2];
}

/* ---- Readers beside a writer ---- */

struct reader {
	double *samples;
	size_t count;
};

static void *read_on(void *arg)
{
	struct reader *r = arg;
	while (!atomic_load(&stop) && r->count < SAMPLES_MAX / READERS) {
		r->samples[r->count] = get(r->count);
		r->count++;
		usleep(2000); /* as callers come: two cores are not to be full of them */
	}
	return NULL;
}

static void *write_on(void *arg)
{
	size_t *count = arg;
	while (!atomic_load(&stop))
		create(++*count);
	return NULL;
}

static double readers_beside_a_writer(unsigned seconds, size_t *ret_writes)
{
	static double samples[SAMPLES_MAX];
	struct reader readers[READERS];
	pthread_t threads[READERS + 1];
	size_t total = 0;
	for (size_t i = 0; i < READERS; i++) {
		readers[i] = (struct reader){ samples + i * (SAMPLES_MAX / READERS), 0 };
		if (pthread_create(&threads[i], NULL, read_on, &readers[i]) != 0)
			die("no threads");
	}
	if (pthread_create(&threads[READERS], NULL, write_on, ret_writes) != 0)
		die("no threads");
	sleep(seconds);
	atomic_store(&stop, true);
	for (size_t i = 0; i <= READERS; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < READERS; i++) {
		memmove(samples + total, readers[i].samples, readers[i].count * sizeof(samples[0]));
		total += readers[i].count;
	}
	qsort(samples, total, sizeof(samples[0]), compare);
	return total > 0 ? samples[total * 999 / 1000] : 0;
}

/* ---- The site ---- */

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "wb");
	if (!file || fputs(text, file) < 0 || fclose(file) != 0)
		die("a file of the site cannot be written");
}

static void make_site(const char *folder, size_t entries)
{
	static const char *const folders[] = { "content", "content/collections", "content/collections/blog" };
	char path[1200], text[4096];
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, folders[i]);
		if (mkdir(path, 0755) != 0)
			die("a folder of the site cannot be made");
	}
	snprintf(path, sizeof(path), "%s/content/collections/blog.yaml", folder);
	put(path, "title: Blog\nroute: '/blog/{slug}'\n");
	for (size_t i = 0; i < entries; i++) {
		snprintf(path, sizeof(path), "%s/content/collections/blog/entry-%zu.md", folder, i);
		snprintf(text, sizeof(text), "---\nid: 00000000-0000-4000-8000-%012zu\nblueprint: article\n"
			"title: 'Entry number %zu'\nauthor: author-%zu\ntags:\n  - tag-%zu\n  - tag-%zu\nrating: %zu\nfeatured: %s\n"
			"summary: 'A summary of entry %zu, no longer than this'\nupdated_at: %zu\n---\nA body of some words.\n",
			i, i, i % 50, i % 7, i % 11, i % 5, i % 3 ? "true" : "false", i, 1700000000 + i);
		put(path, text);
	}
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

int main(int argc, char **argv)
{
	const size_t entries = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
	const unsigned seconds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 5;
	char folder[1024], text[256];
	static struct mistakes mistakes;
	snprintf(folder, sizeof(folder), "%s/bench-content-XXXXXX", argc > 3 ? argv[3] : "/tmp");
	mistakes_init(&mistakes);
	struct profile *profile = profile_load("statamic", &mistakes);
	if (!profile || !mkdtemp(folder))
		die("no profile, or no folder");
	policy = profile->policy;
	make_site(folder, entries);
	const struct content_options options = { .site = folder, .policy = policy };
	const size_t before = mallinfo2().uordblks;
	const int64_t start = clock_monotonic_ns();
	if (!content_open(&options, &service, text))
		die(text);
	const double build_ms = (double)(clock_monotonic_ns() - start) / 1e6;
	const size_t index_bytes = mallinfo2().uordblks - before;
	const double list_us = median_of(list, ROUNDS / 4), get_us = median_of(get, ROUNDS),
		     create_us = median_of(create, ROUNDS / 4);
	size_t writes = 0;
	const double slow_us = readers_beside_a_writer(seconds, &writes);
	printf("{\"entries\":%zu,\"build_ms\":%.1f,\"index_bytes\":%zu,\"list_us\":%.1f,\"get_us\":%.1f,\"create_us\":%.1f,"
	       "\"readers_p999_us\":%.1f,\"writes\":%zu}\n", entries, build_ms, index_bytes, list_us, get_us, create_us,
		slow_us, writes);
	content_close(service);
	profile_free(profile);
	mistakes_done(&mistakes);
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}
