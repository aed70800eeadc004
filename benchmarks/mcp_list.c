/* SPDX-License-Identifier: Apache-2.0
 * How fast lists of MCP tools go through the filter: pages of tools as real servers have them, in pieces of
 * 64 kB, half of the tools hidden and none, as JSON and as events. Prints one JSON document: GB a second, the
 * median of five runs.
 */
#include "wire/mcp_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RUNS 5
#define TOOLS 4000
#define PIECE_BYTES 65536
#define LEAST_BYTES (256u << 20) /* of one run */

static const char tool[] =
	"{\"name\":\"%s_%u\",\"title\":\"Entries of a collection\",\"description\":\"Lists, reads, creates and changes the entries of a "
	"collection. Dates are of RFC 3339; what is left out of an update stays as it was. Published entries are seen by "
	"everybody at once.\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"collection\":{\"type\":\"string\",\"description\":\"The "
	"handle of the collection, as in the answer of collections.\"},\"id\":{\"type\":\"string\",\"description\":\"The entry's id.\"},"
	"\"data\":{\"type\":\"object\",\"description\":\"Fields by their handles.\",\"additionalProperties\":true},\"limit\":{\"type\":"
	"\"integer\",\"minimum\":1,\"maximum\":100,\"default\":20},\"published\":{\"type\":\"boolean\"},\"sort\":{\"type\":\"string\",\"enum\":"
	"[\"title\",\"date\",\"-title\",\"-date\"]}},\"required\":[\"collection\"],\"additionalProperties\":false},\"annotations\":"
	"{\"readOnlyHint\":false,\"destructiveHint\":true,\"idempotentHint\":false,\"openWorldHint\":false}}";

static uint64_t emitted;
static bool hides;

static bool shown(void *ctx, enum mcp_list list, struct str name)
{
	(void)ctx;
	(void)list;
	return !hides || name.p[0] != 'h';
}

static struct str select_none(void *ctx, struct str name)
{
	(void)ctx;
	(void)name;
	return (struct str){ NULL, 0 };
}

static void emit(void *ctx, struct str bytes)
{
	(void)ctx;
	emitted += bytes.n;
}

static double cpu_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(bool good)
{
	if (good)
		return;
	fprintf(stderr, "bench_mcp_list: a list was refused\n");
	exit(1);
}

static double run(struct str text, bool events)
{
	static const struct mcp_list_rules rules = { .shown = shown, .select = select_none, .emit = emit };
	uint64_t bytes = 0;
	double start = cpu_s();
	for (; bytes < LEAST_BYTES; bytes += text.n) {
		struct mcp_list_filter f;
		mcp_list_init(&f, &rules, events);
		for (size_t at = 0; at < text.n; at += PIECE_BYTES)
			must(mcp_list_feed(&f, (struct str){ text.p + at,
				text.n - at < PIECE_BYTES ? text.n - at : PIECE_BYTES }));
		must(mcp_list_end(&f));
		mcp_list_done(&f);
	}
	return (double)bytes / (cpu_s() - start) / 1e9;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static double median(struct str text, bool events, bool hide)
{
	double gb[RUNS];
	hides = hide;
	for (size_t i = 0; i < RUNS; i++)
		gb[i] = run(text, events);
	qsort(gb, RUNS, sizeof(gb[0]), compare);
	return gb[RUNS / 2];
}

int main(void)
{
	struct buf text;
	buf_init(&text, 64u << 20);
	buf_add_text(&text, "data: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"tools\":[");
	for (unsigned i = 0; i < TOOLS; i++) {
		buf_add_text(&text, i > 0 ? "," : "");
		buf_printf(&text, tool, i % 2 ? "hidden" : "shown", i);
	}
	buf_add_text(&text, "],\"ttlMs\":1000,\"cacheScope\":\"public\"}}\n\n");
	must(!text.failed);
	struct str events = buf_str(&text), json = { text.p + 6, text.n - 6 };
	printf("{\"json_half\":%.2f,", median(json, false, true));
	printf("\"json_all\":%.2f,", median(json, false, false));
	printf("\"events_half\":%.2f,", median(events, true, true));
	printf("\"events_all\":%.2f}\n", median(events, true, false));
	buf_done(&text);
	return 0;
}
