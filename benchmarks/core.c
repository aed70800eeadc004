/* SPDX-License-Identifier: Apache-2.0
 * What a decision costs inside the process, from the text of a token to the verdict: form, checksum,
 * SHA-256, a table of N tokens, a route among 1,000 rules, the decision. One JSON object on stdout.
 *   bench_core [N]
 * "warm": among 1,000 tokens in turn; "cold": among 4 million texts in random order, so that a
 * token's text and its slot are rarely in a cache. Memory is measured with 40 bytes a token kept beside the table.
 */
#include <malloc.h>
#include <remit/remit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RULES 1000
#define SIDE_BYTES 40
#define WARM_TOKENS 1000
#define COLD_TOKENS 4000000
#define ROUNDS 5
#define PATH_ROOM 64

struct text {
	char text[REMIT_TOKEN_ROOM];
	uint8_t length;
	uint16_t rule;
};

struct world {
	struct remit_policy *policy;
	struct remit_table *table;
	struct remit_reader *reader;
	struct remit_hasher *hasher;
	char (*paths)[PATH_ROOM];
	uint8_t *side;
	size_t tokens;
};

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench_core: %s failed\n", what);
	exit(1);
}

/* The processor time of this program, waiting for memory included: what else runs on the machine then
 * disturbs less than it would a clock on the wall. */
static double now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static size_t resident_bytes(void)
{
	long pages = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	must(file && fscanf(file, "%ld %ld", &pages, &resident) == 2, "reading /proc/self/statm");
	fclose(file);
	return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* Numbers that look random, the same in every run (splitmix64). */
static uint64_t random_at(uint64_t place)
{
	uint64_t z = (place + 1) * 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void make_text(size_t number, struct text *ret)
{
	uint8_t random[REMIT_TOKEN_RANDOM] = { 0 };
	for (size_t i = 0; i < 3; i++) {
		uint64_t v = random_at(number * 3 + i);
		memcpy(random + i * 8, &v, 8);
	}
	must(remit_token_write("sl", REMIT_TOKEN_PERSONAL, random, ret->text) == REMIT_OK, "writing a token");
	ret->length = (uint8_t)strlen(ret->text);
	ret->rule = (uint16_t)(random_at(number) % RULES);
}

/* 1,000 rules like those of a REST API: 125 nouns, 8 operations each. */
static void make_policy(struct world *w)
{
	static const struct { const char *method, *path, *asked; } shapes[8] = {
		{ "GET", "/api/v1/noun%zu", "/api/v1/noun%zu" },
		{ "GET", "/api/v1/noun%zu/{id}", "/api/v1/noun%zu/0199f2c4-8a10-7c3e" },
		{ "GET", "/api/v1/noun%zu/{id}/parts", "/api/v1/noun%zu/0199f2c4-8a10-7c3e/parts" },
		{ "GET", "/api/v1/noun%zu/{id}/parts/{part}", "/api/v1/noun%zu/0199f2c4-8a10-7c3e/parts/7" },
		{ "GET", "/api/v1/noun%zu/{id}/history", "/api/v1/noun%zu/0199f2c4-8a10-7c3e/history" },
		{ "GET", "/api/v1/noun%zu/search", "/api/v1/noun%zu/search" },
		{ "GET", "/api/v1/noun%zu/count", "/api/v1/noun%zu/count" },
		{ "GET", "/api/v1/noun%zu/{id}/preview", "/api/v1/noun%zu/0199f2c4-8a10-7c3e/preview" },
	};
	static const char *const names[] = { "projects:read", "stories:read", "stories:write", "media:read",
					     "*" };
	struct remit_builder *builder = remit_builder_new();

	must(builder, "memory");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		must(remit_builder_scope(builder, names[i]) == REMIT_OK, "a scope");
	w->paths = calloc(RULES, sizeof(*w->paths));
	must(w->paths, "memory");
	for (size_t i = 0; i < RULES; i++) {
		char path[PATH_ROOM];
		struct remit_alternative need = { &names[i % 4], 1 };
		struct remit_rule rule = { .method = shapes[i % 8].method, .path = path,
					   .need = { REMIT_NEED_SCOPES, &need, 1 } };
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(path, sizeof(path), shapes[i % 8].path, i / 8);
		snprintf(w->paths[i], PATH_ROOM, shapes[i % 8].asked, i / 8);
#pragma GCC diagnostic pop
		must(remit_builder_rule(builder, &rule, NULL) == REMIT_OK, "a rule");
	}
	must(remit_policy_build(builder, &w->policy) == REMIT_OK, "a policy");
}

static void fill_table(struct world *w)
{
	must(remit_table_new(0, &w->table) == REMIT_OK, "a table");
	w->side = malloc(w->tokens * SIDE_BYTES);
	must(w->side, "memory");
	memset(w->side, 1, w->tokens * SIDE_BYTES);
	for (size_t i = 0; i < w->tokens; i++) {
		struct text text;
		uint8_t digest[REMIT_DIGEST_SIZE];
		struct remit_record record = { .granted = 15, .owner = (uint32_t)i, .token = (uint32_t)i };
		make_text(i, &text);
		must(remit_hasher_digest(w->hasher, text.text, text.length, digest), "a digest");
		must(remit_table_put(w->table, digest, &record) == REMIT_OK, "a put");
	}
	while (remit_table_work(w->table, 65536))
		;
	must(remit_reader_new(w->table, &w->reader) == REMIT_OK, "a reader");
	remit_reader_resume(w->reader);
}

/* The whole way of one request; true where it is allowed. */
static bool judge(const struct world *w, const struct text *token)
{
	struct remit_question question = { .policy = w->policy, .now_s = 1, .owner_active = true };
	struct remit_token_form form;
	struct remit_record record;
	struct remit_match match;
	uint8_t digest[REMIT_DIGEST_SIZE];
	const char *path = w->paths[token->rule];
	/* Left as it is: the decision fills what its policy uses. */
	static struct remit_decision decision;

	if (remit_token_check(token->text, token->length, &form) != REMIT_OK ||
	    !remit_hasher_digest(w->hasher, token->text, token->length, digest))
		return false;
	remit_table_prefetch(w->reader, digest);
	if (remit_policy_route(w->policy, "GET", 3, path, strlen(path), &match) != REMIT_OK ||
	    !remit_table_find(w->reader, digest, &record))
		return false;
	question.operation = match.operation;
	question.credential = REMIT_CREDENTIAL_FOUND;
	question.record = &record;
	question.granted = remit_table_granted(w->table, w->policy, &record);
	remit_decide(&question, &decision);
	return decision.reason == REMIT_ALLOWED;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The median of some rounds over texts of tokens spread over all of the table. */
static double measure(const struct world *w, size_t count, size_t calls)
{
	double rounds[ROUNDS];
	struct text *texts = calloc(count, sizeof(*texts));

	must(texts, "memory");
	for (size_t i = 0; i < count; i++)
		make_text(random_at(~i) % w->tokens, &texts[i]);
	for (size_t r = 0; r < ROUNDS; r++) {
		size_t allowed = 0;
		double start = now_ns();
		for (size_t i = 0; i < calls; i++)
			allowed += judge(w, &texts[(r * calls + i) % count]);
		rounds[r] = (now_ns() - start) / (double)calls;
		must(allowed == calls, "a decision");
	}
	free(texts);
	qsort(rounds, ROUNDS, sizeof(rounds[0]), compare);
	return rounds[ROUNDS / 2];
}

int main(int argc, char **argv)
{
	struct world w = { .tokens = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000 };
	size_t calls = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000; /* in a round */

	must(w.tokens > 0 && calls > 0, "the numbers of tokens and of calls");
	size_t before = resident_bytes();
	w.hasher = remit_hasher_new();
	must(w.hasher, "memory");
	make_policy(&w);
	fill_table(&w);
	size_t after = resident_bytes();
	struct mallinfo2 heap_before = mallinfo2();
	double warm = measure(&w, WARM_TOKENS, calls);
	double cold = measure(&w, w.tokens < COLD_TOKENS ? w.tokens : COLD_TOKENS, calls);
	struct mallinfo2 heap_after = mallinfo2();
	printf("{\"clock\":\"cpu\",\"tokens\":%zu,\"rules\":%d,\"warm_ns\":%.1f,\"cold_ns\":%.1f,\"bytes_per_"
	       "token\":%.1f,"
	       "\"table_bytes_per_token\":%.1f,\"heap_growth_bytes\":%zd}\n",
	       w.tokens, RULES, warm, cold, (double)(after - before) / (double)w.tokens,
	       (double)remit_table_bytes(w.table) / (double)w.tokens,
	       (ssize_t)(heap_after.uordblks - heap_before.uordblks));
	remit_reader_free(w.reader);
	remit_table_free(w.table);
	remit_policy_free(w.policy);
	remit_hasher_free(w.hasher);
	free(w.paths);
	free(w.side);
	return 0;
}
