/* SPDX-License-Identifier: Apache-2.0
 * A server's session and a client of libnghttp2, in memory: random requests, bodies, windows, cuts and
 * cancellations. What was not cancelled is answered with what the model says, however the bytes were cut;
 * each stream that was opened is closed once, and nothing stays. REMIT_SEED repeats a run.
 */
#include "net/http2_memory.h"
#include "net/http2_session.h"
#include "../../unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 300
#define STREAMS 40
#define BODY_MOST 60000

static uint64_t seed;

static uint32_t random_below(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)((seed >> 16) % n);
}

/* Byte `at` of a body that is told apart by its number. */
static char byte_of(uint32_t number, size_t at)
{
	return (char)('a' + (number * 7 + at * 13 + at / 251) % 26);
}

/* ---- The server: answers each request with a body as its path says, and what it counted of the request's ---- */

struct served {
	struct http2_stream stream;
	struct arena arena;
	uint32_t number, size, left;
	size_t body;
	bool told, ended;
	struct served *next;
};

struct server_end {
	struct http2_session *session;
	struct served *all;
	size_t open, malformed;
};

static struct http2_stream *on_open(void *ctx)
{
	struct server_end *s = ctx;
	struct served *one = calloc(1, sizeof(*one));
	assert_non_null(one);
	one->stream.arena = &one->arena;
	one->next = s->all;
	s->all = one;
	s->open++;
	return &one->stream;
}

static struct served *served_of(struct http2_stream *stream)
{
	return (struct served *)(void *)stream;
}

static void begin_answer(struct served *one)
{
	char count[32];
	int n = snprintf(count, sizeof(count), "%zu", one->body);
	const struct http_header headers[] = { { STR("X-Body"), { count, (size_t)n } }, { STR("Keep-Alive"), STR("5") } };
	one->left = one->size;
	http2_stream_answer(&one->stream, &(struct http2_answer){
		.status = 200, .date = STR("Sun, 22 Nov 2026 06:18:00 GMT"), .request_id = STR("00"),
		.has_length = one->number % 2 == 0, .length = one->size, .headers = headers, .header_count = 2,
		.body_follows = one->size > 0 || one->number % 3 == 0,
	});
}

static void on_request(void *ctx, struct http2_stream *stream)
{
	struct served *one = served_of(stream);
	uint64_t number = 0, size = 0;

	(void)ctx;
	assert_int_equal(stream->error.status, 0);
	struct str rest = stream->request->path, head;
	assert_true(str_cut(&rest, '/', &head) && str_cut(&rest, '/', &head) && str_to_u64(head, 1000000, &number) &&
		    str_to_u64(rest, BODY_MOST, &size));
	one->number = (uint32_t)number;
	one->size = (uint32_t)size;
	one->told = true;
	size_t cookies;
	struct str cookie = http_request_header(stream->request, STR("cookie"), &cookies);
	assert_true(cookies == 1 && str_eq(cookie, STR("a=1; b=2")));
	assert_true(str_eq(stream->request->authority, STR("t.example")));
	if (stream->ended)
		begin_answer(one);
}

static void on_data(void *ctx, struct http2_stream *stream, struct str bytes)
{
	struct served *one = served_of(stream);

	(void)ctx;
	for (size_t i = 0; i < bytes.n; i++)
		assert_int_equal(bytes.p[i], byte_of(one->number, one->body + i));
	one->body += bytes.n;
	http2_stream_consume(stream, bytes.n);
}

static void on_ended(void *ctx, struct http2_stream *stream)
{
	(void)ctx;
	assert_false(served_of(stream)->ended);
	served_of(stream)->ended = true;
	begin_answer(served_of(stream));
}

static void on_malformed(void *ctx)
{
	((struct server_end *)ctx)->malformed++;
}

static void on_sent(void *ctx, struct http2_stream *stream)
{
	(void)ctx, (void)stream;
}

static void on_closed(void *ctx, struct http2_stream *stream)
{
	struct server_end *s = ctx;
	struct served *one = served_of(stream), **at = &s->all;

	while (*at != one)
		at = &(*at)->next;
	*at = one->next;
	s->open--;
	arena_done(&one->arena);
	free(one);
}

/* Some more of each answer. */
static void write_on(struct server_end *s)
{
	char piece[4000];

	for (struct served *one = s->all; one; one = one->next) {
		if (!one->stream.answered || one->stream.finished || http2_stream_backlog(&one->stream) > 8000)
			continue;
		uint32_t n = 1 + random_below(sizeof(piece));
		if (n > one->left)
			n = one->left;
		for (uint32_t i = 0; i < n; i++)
			piece[i] = byte_of(one->number, one->size - one->left + i);
		http2_stream_write(&one->stream, (struct str){ piece, n });
		one->left -= n;
		if (one->left == 0)
			http2_stream_end(&one->stream);
	}
}

/* ---- The client ---- */

struct asked {
	int32_t id;
	uint32_t number, size, body, body_sent, got;
	bool cancelled, closed, status;
	size_t told_body;
};

struct client_end {
	nghttp2_session *session;
	struct asked asked[STREAMS];
	size_t n, closed;
};

static ssize_t on_wanted(nghttp2_session *session, int32_t id, uint8_t *room, size_t most, uint32_t *flags,
	nghttp2_data_source *source, void *user_data)
{
	struct asked *one = source->ptr;
	(void)session, (void)id, (void)user_data;
	size_t n = 1 + random_below((uint32_t)most);
	if (n > one->body - one->body_sent)
		n = one->body - one->body_sent;
	for (size_t i = 0; i < n; i++)
		room[i] = (uint8_t)byte_of(one->number, one->body_sent + i);
	one->body_sent += (uint32_t)n;
	if (one->body_sent == one->body)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

static int on_client_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes, size_t n, void *ctx)
{
	struct asked *one = nghttp2_session_get_stream_user_data(session, id);
	(void)flags, (void)ctx;
	assert_non_null(one);
	for (size_t i = 0; i < n; i++)
		assert_int_equal((char)bytes[i], byte_of(one->number, one->got + i));
	one->got += (uint32_t)n;
	return 0;
}

static int on_client_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_n,
	const uint8_t *value, size_t value_n, uint8_t flags, void *ctx)
{
	struct asked *one = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	struct str n = { (const char *)name, name_n }, v = { (const char *)value, value_n };
	uint64_t number;

	(void)flags, (void)ctx;
	if (!one)
		return 0;
	assert_false(str_is(n, "keep-alive"));
	if (str_is(n, "x-body") && str_to_u64(v, SIZE_MAX, &number))
		one->told_body = number;
	if (str_is(n, ":status"))
		one->status = str_is(v, "200");
	return 0;
}

static int on_client_close(nghttp2_session *session, int32_t id, uint32_t error, void *ctx)
{
	struct client_end *c = ctx;
	struct asked *one = nghttp2_session_get_stream_user_data(session, id);

	assert_false(one->closed);
	one->closed = true;
	c->closed++;
	if (one->cancelled)
		return 0;
	assert_int_equal(error, NGHTTP2_NO_ERROR);
	assert_true(one->status);
	assert_int_equal(one->got, one->size);
	assert_int_equal(one->told_body, one->body);
	return 0;
}

static void start_client(struct client_end *c)
{
	nghttp2_session_callbacks *callbacks;
	nghttp2_settings_entry window = { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 + random_below(100000) };

	assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_client_data);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_client_header);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_client_close);
	assert_int_equal(nghttp2_session_client_new(&c->session, callbacks, c), 0);
	nghttp2_session_callbacks_del(callbacks);
	assert_int_equal(nghttp2_submit_settings(c->session, 0, &window, 1), 0);
}

static nghttp2_nv field(const char *name, const char *value)
{
	return (nghttp2_nv){ (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value), 0 };
}

static void ask(struct client_end *c)
{
	struct asked *one = &c->asked[c->n++];
	char path[64], length[32];

	one->number = random_below(1000000);
	one->size = random_below(3) == 0 ? 0 : random_below(BODY_MOST);
	one->body = random_below(2) == 0 ? 0 : random_below(BODY_MOST);
	snprintf(path, sizeof(path), "/%u/%u", one->number, one->size);
	snprintf(length, sizeof(length), "%u", one->body);
	const nghttp2_nv fields[] = {
		field(":method", one->body ? "POST" : "GET"), field(":scheme", "https"), field(":authority", "t.example"),
		field(":path", path), field("cookie", "a=1"), field("cookie", "b=2"), field("content-length", length),
	};
	nghttp2_data_provider body = { .source.ptr = one, .read_callback = on_wanted };
	bool told = one->body > 0 && random_below(2) == 0;
	one->id = nghttp2_submit_request(c->session, NULL, fields, told ? 7 : 6, one->body ? &body : NULL, one);
	assert_true(one->id > 0);
}

static void cancel_one(struct client_end *c)
{
	struct asked *one = &c->asked[random_below((uint32_t)c->n)];
	if (one->closed || one->cancelled)
		return;
	one->cancelled = true;
	assert_int_equal(nghttp2_submit_rst_stream(c->session, 0, one->id, NGHTTP2_CANCEL), 0);
}

/* ---- Between them ---- */

static bool carry_up(struct client_end *c, struct server_end *s, int64_t now_ms)
{
	const uint8_t *bytes;
	ssize_t n = nghttp2_session_mem_send(c->session, &bytes);
	assert_true(n >= 0);
	for (ssize_t at = 0; at < n;) {
		ssize_t cut = 1 + (ssize_t)random_below(3000);
		if (cut > n - at)
			cut = n - at;
		http2_session_receive(s->session, (struct str){ (const char *)bytes + at, (size_t)cut }, now_ms);
		at += cut;
	}
	return n > 0;
}

static bool carry_down(struct client_end *c, struct server_end *s)
{
	struct buf out;
	buf_init(&out, 1u << 24);
	http2_session_send(s->session, &out, 1 + random_below(100000));
	assert_false(out.failed);
	for (size_t at = 0; at < out.n;) {
		size_t cut = 1 + random_below(3000);
		if (cut > out.n - at)
			cut = out.n - at;
		assert_int_equal(nghttp2_session_mem_recv(c->session, (uint8_t *)out.p + at, cut), cut);
		at += cut;
	}
	bool some = out.n > 0;
	buf_done(&out);
	return some;
}

static void run_round(struct http2_memory *memory)
{
	static const struct http2_events events = {
		.open = on_open, .request = on_request, .data = on_data, .ended = on_ended,
		.malformed = on_malformed, .sent = on_sent, .closed = on_closed,
	};
	struct server_end s = { 0 };
	struct client_end c = { 0 };
	uint32_t streams = 1 + random_below(STREAMS), cancels = random_below(5);
	int64_t now_ms = 0;

	s.session = http2_session_new(&events, &s, memory);
	assert_non_null(s.session);
	start_client(&c);
	for (uint32_t idle = 0; c.closed < streams; idle++) {
		if (c.n < streams && random_below(3) == 0)
			ask(&c);
		if (c.n > 0 && cancels > 0 && random_below(20) == 0)
			cancel_one(&c), cancels--;
		bool moved = carry_up(&c, &s, now_ms += 10);
		write_on(&s);
		if (carry_down(&c, &s) || moved)
			idle = 0;
		assert_true(idle < 1000);
	}
	while (carry_up(&c, &s, now_ms += 10) || carry_down(&c, &s))
		;
	assert_int_equal(s.open, 0);
	assert_int_equal(s.malformed, 0);
	assert_int_equal(http2_session_backlog(s.session), 0);
	assert_false(http2_session_is_over(s.session));
	http2_session_finish(s.session);
	while (carry_down(&c, &s)) /* its last words may take more than one turn */
		;
	assert_true(http2_session_is_over(s.session));
	nghttp2_session_del(c.session);
	http2_session_free(s.session);
}

static void test_a_client_and_a_server_at_random(void **state)
{
	const char *given = getenv("REMIT_SEED");
	struct http2_memory memory = { 0 };

	(void)state;
	seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	printf("# REMIT_SEED=%lu\n", seed);
	seed = seed * 0x9e3779b97f4a7c15u + 1;
	for (int i = 0; i < ROUNDS; i++)
		run_round(&memory);
	http2_memory_done(&memory);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_a_client_and_a_server_at_random),
};
TEST_MAIN(tests)
