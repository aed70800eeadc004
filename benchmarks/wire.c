/* SPDX-License-Identifier: Apache-2.0
 * How long the codecs take: one request head of 369 bytes, one JSON body of 407 bytes. Prints one
 * JSON document: nanoseconds an operation, the median of five runs.
 */
#include "base/clock.h"
#include "wire/http1.h"
#include "wire/json.h"

#include <stdio.h>
#include <stdlib.h>

#define RUNS 5
#define ROUNDS 300000

static const char head[] =
	"GET /api/v1/stories?project_id=0190b6a2-5d1f-7c3e-9a41-2f6b8c0d1e2f&limit=20 HTTP/1.1\r\n"
	"Host: api.example.com\r\n"
	"Authorization: Bearer sl_pat_0kP2mX9cQv4LrT7sWbYzA1dEfGhJ3nU6iOoR5tKpMqN8xVwZaC\r\n"
	"User-Agent: remit-bench/1.0 (linux; x86_64)\r\n"
	"Accept: application/json\r\n"
	"Accept-Language: en-US,en;q=0.9\r\n"
	"Accept-Encoding: gzip, deflate, br\r\n"
	"Cache-Control: no-cache\r\n"
	"X-Id: 7d1\r\n"
	"\r\n";

static const char body[] =
	"{\"jsonrpc\":\"2.0\",\"id\":17,\"method\":\"tools/call\",\"params\":{\"name\":\"statamic-entries\",\"arguments\":{"
	"\"action\":\"update\",\"collection\":\"articles\",\"id\":\"0190b6a2-5d1f-7c3e-9a41-2f6b8c0d1e2f\",\"data\":{"
	"\"title\":\"A quiet day\",\"published\":true,\"tags\":[\"sea\",\"weather\",\"notes\"],"
	"\"summary\":\"Fog until ten, then light wind from the west; the ferries ran late.\\n\"}},"
	"\"_meta\":{\"progressToken\":\"p-1\",\"x\":[1,2,3.25,null,1234567]}}}";

static void fail(const char *what)
{
	fprintf(stderr, "bench_wire: %s\n", what);
	exit(1);
}

static void parse_heads(void)
{
	static struct http_request request;
	struct http1_error error;
	size_t size;
	for (size_t i = 0; i < ROUNDS; i++)
		if (http1_parse_request(head, sizeof(head) - 1, 0, &request, &size, &error) != HTTP1_DONE)
			fail("the head was refused");
}

static void select_bodies(void)
{
	size_t at;
	const char *what;
	for (size_t i = 0; i < ROUNDS; i++) {
		struct json_wanted wanted[] = {
			{ .pointer = STR("/method") },
			{ .pointer = STR("/params/name") },
			{ .pointer = STR("/params/arguments/action") },
		};
		if (json_select(STR(body), wanted, 3, &at, &what) != JSON_SELECT_OK || wanted[2].found != 1)
			fail("the body was refused");
	}
}

static void scan_bodies(void)
{
	for (size_t i = 0; i < ROUNDS; i++) {
		struct json_scanner s;
		json_scanner_init(&s, STR(body));
		enum json_event event;
		do
			event = json_next(&s);
		while (event != JSON_EVENT_END && event != JSON_EVENT_ERROR);
		if (event == JSON_EVENT_ERROR)
			fail("the body was refused");
	}
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static double median_ns(void (*work)(void))
{
	double ns[RUNS];
	for (size_t i = 0; i < RUNS; i++) {
		int64_t start = clock_monotonic_ns();
		work();
		ns[i] = (double)(clock_monotonic_ns() - start) / ROUNDS;
	}
	qsort(ns, RUNS, sizeof(ns[0]), compare);
	return ns[RUNS / 2];
}

int main(void)
{
	printf("{\"head_bytes\":%zu,\"head_ns\":%.1f,", sizeof(head) - 1, median_ns(parse_heads));
	printf("\"json_bytes\":%zu,\"json_scan_ns\":%.1f,", sizeof(body) - 1, median_ns(scan_bodies));
	printf("\"json_select_ns\":%.1f}\n", median_ns(select_bodies));
	return 0;
}
