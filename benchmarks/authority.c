/* SPDX-License-Identifier: Apache-2.0
 * How many tokens a second the authority makes, each durable when its call returns. Prints one JSON
 * object.
 *
 *   bench_authority [SECONDS [THREADS [FOLDER]]]
 *
 * FOLDER must be on the disk that is to be measured.
 */
#include "authority/authority.h"
#include "base/clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SECONDS 3
#define THREADS 64
#define THREADS_MAX 1024

struct maker {
	const struct authority *authority;
	const char *owner;
	_Atomic bool *stop;
	unsigned number;
	uint64_t made;
	char text[1024]; /* of the first failure */
};

static void die(const char *what)
{
	fprintf(stderr, "bench_authority: %s\n", what);
	exit(1);
}

static void *make_tokens(void *arg)
{
	struct maker *m = arg;
	struct token_issued issued;
	struct authority_error error;
	char name[64];

	while (!atomic_load_explicit(m->stop, memory_order_relaxed)) {
		const struct store_actor actor = { "bench", clock_wall_ms() };
		const struct token_request request = {
			.api = "publishing", .owner = m->owner, .name = name, .preset = "read-only",
		};
		snprintf(name, sizeof(name), "token %u.%llu", m->number, (unsigned long long)m->made);
		if (authority_token_create(m->authority, &request, &actor, &issued, &error) != AUTHORITY_OK) {
			snprintf(m->text, sizeof(m->text), "%s", error.text);
			break;
		}
		token_issued_done(&issued);
		m->made++;
	}
	return NULL;
}

static double measure(const struct authority *authority, const char *owner, unsigned threads, unsigned seconds)
{
	struct maker *makers = calloc(threads, sizeof(*makers));
	pthread_t *ids = calloc(threads, sizeof(*ids));
	_Atomic bool stop = false;
	uint64_t made = 0;

	if (!makers || !ids)
		die("there is no memory");
	const int64_t start_ns = clock_monotonic_ns();
	for (unsigned i = 0; i < threads; i++) {
		makers[i] = (struct maker){ .authority = authority, .owner = owner, .stop = &stop, .number = i };
		if (pthread_create(&ids[i], NULL, make_tokens, &makers[i]) != 0)
			die("no thread can be started");
	}
	sleep(seconds);
	atomic_store(&stop, true);
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(ids[i], NULL);
		made += makers[i].made;
		if (*makers[i].text)
			die(makers[i].text);
	}
	const int64_t spent_ns = clock_monotonic_ns() - start_ns;
	free(makers);
	free(ids);
	return (double)made * 1e9 / (double)spent_ns;
}

static struct profile *load_profile(void)
{
	static struct mistakes mistakes;
	mistakes_init(&mistakes);
	struct profile *profile = profile_load("publishing", &mistakes);
	mistakes_done(&mistakes);
	if (!profile)
		die("the publishing profile cannot be read");
	return profile;
}

static unsigned number_of(int argc, char **argv, int i, unsigned otherwise, unsigned max)
{
	uint64_t value = otherwise;
	if (i < argc && (!str_to_u64(str_of(argv[i]), max, &value) || value == 0))
		die("usage: bench_authority [SECONDS [THREADS [FOLDER]]]");
	return (unsigned)value;
}

int main(int argc, char **argv)
{
	const unsigned seconds = number_of(argc, argv, 1, SECONDS, 3600), threads = number_of(argc, argv, 2, THREADS, THREADS_MAX);
	struct profile *profile = load_profile();
	const struct authority_api api = { "publishing", profile };
	struct authority authority = { .apis = &api, .api_count = 1 };
	struct authority_error error;
	char folder[400], url[450], command[450], text[256] = "";
	struct id owner;

	snprintf(folder, sizeof(folder), "%.300s/bench_authority.XXXXXX", argc > 3 ? argv[3] : ".");
	if (!authority_init() || !mkdtemp(folder))
		die("no folder can be made");
	snprintf(url, sizeof(url), "sqlite:%s/remit.db", folder);
	if (store_open(url, STORE_MIGRATE, &authority.store, text) != STORE_OK)
		die(text);
	const struct store_actor actor = { "bench", clock_wall_ms() };
	if (authority_user_add(&authority, "bench@example.com", NULL, false, &actor, &owner, &error) != AUTHORITY_OK)
		die(error.text);
	const double rate = measure(&authority, owner.text, threads, seconds);
	printf("{\"threads\": %u, \"seconds\": %u, \"tokens_per_second\": %.0f}\n", threads, seconds, rate);
	store_close(authority.store);
	profile_free(profile);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command) == 0 ? 0 : 1;
}
