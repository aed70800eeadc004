/* SPDX-License-Identifier: Apache-2.0
 * An API to stand behind the proxies that are measured: /v1/stream sends one event and stays
 * open, /v1/large/N sends N bytes, everything else is a small JSON answer. /mcp is the like of an MCP server's
 * endpoint: GET a stream, and every answer with a session.
 */
#include "net/server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define PIECE_BYTES (64 * 1024)

static struct server *server;
static char piece[PIECE_BYTES];

struct large {
	uint64_t left;
};

static void on_drained_stream(struct exchange *x)
{
	(void)x; /* there is nothing more to say */
}

static void open_stream(struct exchange *x)
{
	const struct http_header headers[] = { { STR("Content-Type"), STR("text/event-stream") } };
	const struct answer answer = { .status = 200, .headers = headers, .header_count = 1,
		.body = STR("data: {\"id\":1,\"state\":\"open\"}\n\n") };
	exchange_answer_begin(x, &answer, on_drained_stream);
}

static void send_more(struct exchange *x)
{
	struct large *large = exchange_context(x);
	bool more = true;
	while (more && large->left > 0) {
		size_t n = large->left < PIECE_BYTES ? (size_t)large->left : PIECE_BYTES;
		large->left -= n;
		more = exchange_answer_write(x, (struct str){ piece, n });
	}
	if (large->left == 0)
		exchange_answer_end(x);
}

static void send_large(struct exchange *x, uint64_t size)
{
	const struct http_header headers[] = { { STR("Content-Type"), STR("application/octet-stream") } };
	const struct answer answer = { .status = 200, .headers = headers, .header_count = 1 };
	struct large *large = ARENA_NEW(exchange_arena(x), struct large);
	if (!large)
		abort();
	large->left = size;
	exchange_set_context(x, large);
	exchange_answer_begin_sized(x, &answer, size, send_more);
	send_more(x);
}

static void answer_small(struct exchange *x)
{
	const struct http_header headers[] = { { STR("Content-Type"), STR("application/json") },
		{ STR("Mcp-Session-Id"), STR("a93c1f8e") } };
	bool session = str_is(exchange_request(x)->path, "/mcp");
	const struct answer answer = { .status = 200, .headers = headers, .header_count = session ? 2 : 1,
		.body = STR("{\"id\":\"7d1\",\"title\":\"A quiet day\",\"published\":true,\"tags\":[\"sea\",\"weather\"],"
			"\"summary\":\"Fog until ten, then light wind from the west\"}") };
	exchange_answer(x, &answer);
}

static void on_request(struct exchange *x, void *state)
{
	static const struct str large = { "/v1/large/", 10 };
	struct str path = exchange_request(x)->path;
	uint64_t size;
	(void)state;
	bool reads = exchange_request(x)->method == HTTP_GET;
	if (str_is(path, "/v1/stream") || (reads && str_is(path, "/mcp")))
		open_stream(x);
	else if (str_starts(path, large)
		&& str_to_u64((struct str){ path.p + large.n, path.n - large.n }, INT64_MAX, &size))
		send_large(x, size);
	else
		answer_small(x);
}

static void on_signal(int signal_number)
{
	(void)signal_number;
	server_stop(server);
}

int main(int argc, char **argv)
{
	struct server_listener listener = { argc > 1 ? argv[1] : "127.0.0.1:0", 0 };
	const struct server_options options = { .listeners = &listener, .listener_count = 1, .loops = 1,
		.limits = { .drain_ms = 1 } };
	static const struct server_handler handler = { .request = on_request };
	char error[256];

	signal(SIGPIPE, SIG_IGN);
	if (!server_new(&options, &handler, &server, error)) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	signal(SIGTERM, on_signal);
	bool good = server_run(server);
	server_free(server);
	return good ? 0 : 1;
}
