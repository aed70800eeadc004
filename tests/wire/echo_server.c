/* SPDX-License-Identifier: Apache-2.0
 * A server for the tests of net: routes that use each call of net/server.h once. It prints its port
 * (or "unix"), and at its end one JSON line with its counts.
 *
 *   /plain     "hello"               /empty    204
 *   /echo      the body              /reject   401 without reading the body
 *   /work      waits on a worker until /release was called, then answers
 *   /file      ?offset-length of the file    /big/N  N bytes of 'x'
 *   /stream/N/M  N pieces of M bytes; ?empty: an empty one after each, ?held: waits on a worker like
 *                /work before the last, ?broken: broken off, ?split: with such a header
 *   /open      a stream of what others say by /push?text, until /shut
 *   /busy/N    keeps the whole loop busy for N ms, and prints a line when it begins
 *   /reload    reads certificate and key again
 *   /split     a header that would split the answer      /counts   what server_count says
 */
#include "net/server.h"

#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct server *server;
static struct tls_server_options tls;
static struct server_listener listener;
static const char *file_path;
static uint64_t body_max = 1024 * 1024;
static atomic_ulong requests, finished, answered, gone_at_end;
static pthread_mutex_t release_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t release_changed = PTHREAD_COND_INITIALIZER;
static unsigned long released, working;

/* The context of each exchange. */
struct asked {
	struct exchange *x;
	uint64_t pieces, size; /* of /stream, still to write */
	bool held, empties, broken;
};
static struct exchange *_Atomic open_stream; /* of the one loop, in tests that use it */

static void answer(struct exchange *x, int status, struct str body)
{
	struct http_header type = { STR("Content-Type"), STR("text/plain") };
	struct answer a = { .status = status, .headers = &type, .header_count = 1, .body = body };
	exchange_answer(x, &a);
}

static void on_body(struct exchange *x, enum exchange_body result, struct str body)
{
	static const int status[] = {
		[EXCHANGE_BODY_WHOLE] = 200, [EXCHANGE_BODY_TOO_LARGE] = 413,
		[EXCHANGE_BODY_MALFORMED] = 400, [EXCHANGE_BODY_NO_ROOM] = 503,
	};
	answer(x, status[result], body);
}

/* Each job waits for one release of its own, in the order in which they come. */
static void wait_for_release(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&release_lock);
	unsigned long mine = ++working;
	while (released < mine)
		pthread_cond_wait(&release_changed, &release_lock);
	pthread_mutex_unlock(&release_lock);
}

static void release_one(void)
{
	pthread_mutex_lock(&release_lock);
	released++;
	pthread_cond_broadcast(&release_changed);
	pthread_mutex_unlock(&release_lock);
}

static void worked(struct exchange *x, void *arg)
{
	(void)arg;
	if (exchange_is_gone(x))
		atomic_fetch_add(&gone_at_end, 1);
	answer(x, 200, STR("worked"));
}

static void worked_whole(struct exchange *x, void *arg)
{
	struct str *body = arg;
	answer(x, 200, *body);
}

static void nothing(void *arg)
{
	(void)arg;
}

/* The body goes through a worker before it is answered. */
static void on_work_body(struct exchange *x, enum exchange_body result, struct str body)
{
	if (result != EXCHANGE_BODY_WHOLE) {
		on_body(x, result, body);
		return;
	}
	struct str *kept = ARENA_NEW(exchange_arena(x), struct str);
	*kept = body;
	if (!exchange_work(x, nothing, worked_whole, kept))
		answer(x, 503, STR("busy"));
}

/* A chaotic client may have bent it on its way. */
static void answer_no_number(struct exchange *x)
{
	answer(x, 400, STR("no number"));
}

static void answer_file(struct exchange *x, struct str query)
{
	struct stat file;
	uint64_t offset = 0, length;
	struct str text;
	struct answer a = { .status = 200 };
	int fd = file_path ? open(file_path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0 || fstat(fd, &file) != 0) {
		answer(x, 404, STR("no file"));
		return;
	}
	length = (uint64_t)file.st_size;
	if (query.n > 0 && str_cut(&query, '-', &text)) {
		if (!str_to_u64(text, UINT64_MAX, &offset) || !str_to_u64(query, UINT64_MAX, &length)) {
			close(fd);
			answer_no_number(x);
			return;
		}
		a.status = 206;
	}
	exchange_answer_file(x, &a, fd, offset, length);
}

static void answer_big(struct exchange *x, struct str number)
{
	uint64_t n = 0;
	if (!str_to_u64(number, 64 * 1024 * 1024, &n)) {
		answer_no_number(x);
		return;
	}
	char *p = malloc(n + 1);
	assert(p);
	memset(p, 'x', n);
	answer(x, 200, (struct str){ p, n });
	free(p);
}

static void write_pieces(struct exchange *x)
{
	struct asked *asked = exchange_context(x);
	char *piece = malloc(asked->size + 1);
	bool more = true;

	assert(piece);
	while (more && asked->pieces > 0) {
		if (asked->pieces == 1 && asked->held)
			break;
		memset(piece, 'a' + (int)(asked->pieces-- % 26), asked->size);
		more = exchange_answer_write(x, (struct str){ piece, asked->size });
		if (asked->empties)
			more = exchange_answer_write(x, (struct str){ NULL, 0 });
	}
	free(piece);
	if (asked->pieces == 0 && asked->broken)
		exchange_answer_break_off(x);
	else if (asked->pieces == 0)
		exchange_answer_end(x);
}

static void let_go(struct exchange *x, void *arg)
{
	struct asked *asked = arg;
	asked->held = false;
	write_pieces(x);
}

static void answer_stream(struct exchange *x, struct str numbers, struct str query)
{
	struct asked *asked = exchange_context(x);
	struct http_header headers[] = { { STR("Content-Type"), STR("text/plain") }, { STR("X-Bad"), STR("a\nb") } };
	struct answer a = { .status = 200, .headers = headers, .header_count = str_is(query, "split") ? 2 : 1 };
	struct str pieces;
	if (!str_cut(&numbers, '/', &pieces) || !str_to_u64(pieces, UINT64_MAX, &asked->pieces) ||
	    !str_to_u64(numbers, 64 * 1024 * 1024, &asked->size)) {
		answer_no_number(x);
		return;
	}
	asked->held = str_is(query, "held");
	asked->empties = str_is(query, "empty");
	asked->broken = str_is(query, "broken");
	if (str_is(query, "first"))
		a.body = STR("first");
	exchange_answer_begin(x, &a, write_pieces);
	write_pieces(x);
	if (asked->held && !exchange_work(x, wait_for_release, let_go, asked))
		abort();
}

static void say_nothing(struct exchange *x)
{
	(void)x;
}

static void open_for_others(struct exchange *x)
{
	exchange_answer_begin(x, &(struct answer){ .status = 200 }, say_nothing);
	open_stream = x;
}

static void push(struct exchange *x, struct str text)
{
	bool more = open_stream && exchange_answer_write(open_stream, text);
	answer(x, open_stream ? 200 : 404, more ? STR("more") : STR("wait"));
}

static void shut(struct exchange *x)
{
	if (open_stream)
		exchange_answer_end(open_stream);
	answer(x, 200, STR("shut"));
}

static void be_busy(struct exchange *x, struct str ms)
{
	uint64_t n = 0;
	if (!str_to_u64(ms, 10000, &n)) {
		answer_no_number(x);
		return;
	}
	puts("busy");
	fflush(stdout);
	usleep((useconds_t)n * 1000);
	answer(x, 200, STR("was busy"));
}

static void reload_tls(struct exchange *x)
{
	char why[256] = "";
	struct server_tls *fresh;
	bool good = server_tls_load(server, &listener, &fresh, why);
	if (good)
		server_tls_use(server, fresh);
	answer(x, good ? 200 : 500, good ? STR("reloaded") : str_of(why));
}

static void answer_split(struct exchange *x)
{
	struct http_header bad = { STR("X-Bad"), STR("a\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK") };
	struct answer a = { .status = 200, .headers = &bad, .header_count = 1 };
	exchange_answer(x, &a);
}

static void answer_counts(struct exchange *x)
{
	struct server_counts c;
	char text[500];

	server_count(server, &c);
	pthread_mutex_lock(&release_lock);
	unsigned long jobs = working;
	pthread_mutex_unlock(&release_lock);
	int n = snprintf(text, sizeof(text),
			 "{\"open\":%lu,\"total\":%lu,\"refused\":%lu,\"malformed\":%lu,\"timeouts\":%lu,"
			 "\"body_bytes\":%lu,\"queue\":%lu,\"working\":%lu,\"requests\":%lu,\"finished\":%lu,"
			 "\"tls_failures\":%lu,\"listener\":%u,\"secure\":%s}",
			 c.connections_open, c.connections_total, c.connections_refused, c.requests_malformed,
			 c.timeouts,
			 c.body_bytes_held, c.worker_queue, jobs, atomic_load(&requests),
			 atomic_load(&finished), c.tls_failures, exchange_listener(x),
			 exchange_is_secure(x) ? "true" : "false");
	answer(x, 200, (struct str){ text, (size_t)n });
}

static void on_request(struct exchange *x, void *state)
{
	const struct http_request *r = exchange_request(x);

	atomic_fetch_add(&requests, 1);
	assert(state == exchange_loop_state(x) && !exchange_context(x));
	struct asked *asked = ARENA_NEW(exchange_arena(x), struct asked);
	assert(asked);
	asked->x = x;
	exchange_set_context(x, asked);
	if (str_is(r->path, "/plain"))
		answer(x, 200, STR("hello"));
	else if (str_is(r->path, "/empty"))
		exchange_answer(x, &(struct answer){ .status = 204 });
	else if (str_is(r->path, "/not-modified"))
		exchange_answer(x, &(struct answer){ .status = 304 });
	else if (str_is(r->path, "/echo"))
		exchange_read_body(x, body_max, on_body);
	else if (str_is(r->path, "/echo-work"))
		exchange_read_body(x, body_max, on_work_body);
	else if (str_is(r->path, "/reject"))
		answer(x, 401, STR("no"));
	else if (str_is(r->path, "/work") && exchange_work(x, wait_for_release, worked, NULL))
		return;
	else if (str_is(r->path, "/work"))
		answer(x, 503, STR("busy"));
	else if (str_is(r->path, "/release"))
		release_one(), answer(x, 200, STR("released"));
	else if (str_is(r->path, "/file"))
		answer_file(x, r->query);
	else if (str_starts(r->path, STR("/big/")))
		answer_big(x, (struct str){ r->path.p + 5, r->path.n - 5 });
	else if (str_starts(r->path, STR("/stream/")))
		answer_stream(x, (struct str){ r->path.p + 8, r->path.n - 8 }, r->query);
	else if (str_starts(r->path, STR("/busy/")))
		be_busy(x, (struct str){ r->path.p + 6, r->path.n - 6 });
	else if (str_is(r->path, "/open"))
		open_for_others(x);
	else if (str_is(r->path, "/push"))
		push(x, r->query);
	else if (str_is(r->path, "/shut"))
		shut(x);
	else if (str_is(r->path, "/reload"))
		reload_tls(x);
	else if (str_is(r->path, "/split"))
		answer_split(x);
	else if (str_is(r->path, "/counts"))
		answer_counts(x);
	else
		answer(x, 404, STR("nothing here"));
}

static void on_finished(struct exchange *x, void *state, int status)
{
	(void)state;
	const struct asked *asked = exchange_context(x);
	assert(asked && asked->x == x); /* exactly once: it is cleared here */
	exchange_set_context(x, NULL);
	if (open_stream == x)
		open_stream = NULL;
	/* The views must still be those of this request. */
	assert(exchange_request(x)->path.n == 0 || strchr("/*", exchange_request(x)->path.p[0]));
	atomic_fetch_add(&finished, 1);
	if (status != 0)
		atomic_fetch_add(&answered, 1);
}

/* Handlers must never run while their loop is said to wait. */
struct loop_state {
	bool waits;
};

static void *on_loop_start(void *ctx, unsigned loop)
{
	(void)ctx, (void)loop;
	return calloc(1, sizeof(struct loop_state));
}

static void on_loop_stop(void *ctx, void *state)
{
	(void)ctx;
	free(state);
}

static void on_before_wait(void *state)
{
	struct loop_state *s = state;
	assert(!s->waits);
	s->waits = true;
}

static void on_after_wait(void *state)
{
	struct loop_state *s = state;
	assert(s->waits);
	s->waits = false;
}

static void on_checked_request(struct exchange *x, void *state)
{
	assert(!((struct loop_state *)state)->waits);
	on_request(x, state);
}

static void on_signal(int signal_number)
{
	(void)signal_number;
	server_stop(server);
}

/* "head_ms=300" and the like. */
static void set_option(struct server_options *o, const char *text)
{
	const char *value = strchr(text, '=');
	assert(value);
	struct str name = { text, (size_t)(value - text) };
	unsigned long n = strtoul(++value, NULL, 10);

	if (str_is(name, "head_ms"))
		o->limits.head_ms = (uint32_t)n;
	else if (str_is(name, "idle_ms"))
		o->limits.idle_ms = (uint32_t)n;
	else if (str_is(name, "body_ms"))
		o->limits.body_ms = (uint32_t)n;
	else if (str_is(name, "body_total_ms"))
		o->limits.body_total_ms = (uint32_t)n;
	else if (str_is(name, "write_ms"))
		o->limits.write_ms = (uint32_t)n;
	else if (str_is(name, "drain_ms"))
		o->limits.drain_ms = (uint32_t)n;
	else if (str_is(name, "connections"))
		o->limits.connections = (uint32_t)n;
	else if (str_is(name, "body_memory"))
		o->limits.body_memory_bytes = n;
	else if (str_is(name, "body_max"))
		body_max = n;
	else if (str_is(name, "loops"))
		o->loops = (unsigned)n;
	else if (str_is(name, "workers"))
		o->workers = (unsigned)n;
	else if (str_is(name, "file"))
		file_path = value;
	else if (str_is(name, "cert"))
		tls.cert = value;
	else if (str_is(name, "http2"))
		tls.http2 = n != 0;
	else if (str_is(name, "key"))
		tls.key = value;
	else
		assert(!"an option that exists");
}

int main(int argc, char **argv)
{
	struct server_options options = { .listeners = &listener, .listener_count = 1 };
	static const struct server_handler handler = {
		.loop_start = on_loop_start, .loop_stop = on_loop_stop,
		.loop_before_wait = on_before_wait, .loop_after_wait = on_after_wait,
		.request = on_checked_request, .finished = on_finished,
	};
	char error[256];

	assert(argc >= 2);
	for (int i = 2; i < argc; i++)
		set_option(&options, argv[i]);
	listener = (struct server_listener){ argv[1], 7, tls.cert ? &tls : NULL };
	signal(SIGPIPE, SIG_IGN);
	if (!server_new(&options, &handler, &server, error)) {
		printf("error: %s\n", error);
		return 1;
	}
	signal(SIGTERM, on_signal);
	printf("%u\n", server_port(server, 0));
	fflush(stdout);
	bool good = server_run(server);
	printf("{\"requests\":%lu,\"finished\":%lu,\"answered\":%lu,\"gone\":%lu}\n", requests, finished,
		answered, gone_at_end);
	server_free(server);
	return good ? 0 : 1;
}
