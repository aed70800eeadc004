/* SPDX-License-Identifier: Apache-2.0
 * A process that changes a store without end and reports each change on stdout.
 */
#include "kill_writer.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS 6

struct writer {
	struct store *store;
	struct id owner;
};

static const struct store_actor actor = { "cli:root", KILL_NOW_MS };

/* A report that cannot be written means that nobody listens any more. */
static void report(const struct kill_report *report, bool done)
{
	struct kill_report copy = *report;

	copy.done = done;
	if (write(STDOUT_FILENO, &copy, sizeof(copy)) != (ssize_t)sizeof(copy))
		_exit(1);
}

static void check(enum store_status status, const char *what)
{
	if (status == STORE_OK)
		return;
	fprintf(stderr, "writer: %s: %s\n", what, store_status_text(status));
	_exit(1);
}

static void add(const struct writer *writer, struct kill_report *change)
{
	uint8_t random[10];

	randombytes_buf(random, sizeof(random));
	change->change = KILL_ADD;
	change->token = id_make(KILL_NOW_MS, random);
	randombytes_buf(change->digest, sizeof(change->digest));
	struct token_row row = {
		.id = change->token, .name = change->token.text, .owner = writer->owner, .api = "publishing",
		.scopes = "stories:read", .created_ms = KILL_NOW_MS,
	};
	report(change, false);
	check(store_token_add(writer->store, &row, change->digest, &actor, NULL), "add");
	report(change, true);
}

static void rotate(const struct writer *writer, struct kill_report *change)
{
	change->change = KILL_ROTATE;
	randombytes_buf(change->digest, sizeof(change->digest));
	report(change, false);
	check(store_token_rotate(writer->store, &change->token, change->digest, 0, &actor, NULL), "rotate");
	report(change, true);
}

static void revoke_it(const struct writer *writer, struct kill_report *change)
{
	change->change = KILL_REVOKE;
	report(change, false);
	check(store_token_revoke(writer->store, &change->token, "test", &actor, NULL), "revoke");
	report(change, true);
}

static void *change_forever(void *arg)
{
	for (;;) {
		struct kill_report change = { 0 };
		add(arg, &change);
		if (randombytes_uniform(3) == 0)
			rotate(arg, &change);
		if (randombytes_uniform(3) == 0)
			revoke_it(arg, &change);
	}
	return NULL;
}

bool kill_attach(struct store *store, const char *url)
{
	const char *path = url + strlen("sqlite:");
	char place[600], error[256];

	if (!getenv("REMIT_KILL_FOLDER"))
		return true;
	snprintf(place, sizeof(place), "yaml:%.*s/mcp/tokens", (int)(strrchr(path, '/') - path), path);
	return store_attach(store, "publishing", place, error) == STORE_OK;
}

int kill_writer_run(const char *url, const char *owner)
{
	static struct writer writer;
	pthread_t thread;
	char error[256];

	if (sodium_init() < 0 || !id_parse(str_of(owner), &writer.owner))
		return 2;
	if (store_open(url, STORE_OPEN, &writer.store, error) != STORE_OK) {
		fprintf(stderr, "writer: %s\n", error);
		return 1;
	}
	if (!kill_attach(writer.store, url))
		return 1;
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&thread, NULL, change_forever, &writer) != 0)
			return 1;
	pthread_join(thread, NULL);
	return 1;
}
