/* SPDX-License-Identifier: Apache-2.0
 * Frames of HTTP/2 into a server's session, and answers out of it, without a socket. What must hold of
 * any bytes: each request that was begun is closed once, and nothing is heard of it afterwards; its head
 * keeps the rules of HTTP/1.1; a body that is called whole is as long as was said; bytes that are counted as
 * waiting are.
 * The first byte says how the rest is cut and answered; its highest bit leaves the preface to the input.
 */
#include "net/http2_memory.h"
#include "net/http2_session.h"
#include "wire/http_class.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)

struct one {
	struct http2_stream stream;
	struct arena arena;
	bool asked, ended, closed;
	uint64_t body;
};

struct model {
	uint8_t way;
	size_t open, opened;
};

static struct one *of(struct http2_stream *stream)
{
	struct one *one = (struct one *)(void *)stream;
	REQUIRE(!one->closed);
	return one;
}

static struct http2_stream *on_open(void *ctx)
{
	struct model *m = ctx;
	if (m->open == LIMIT_H2_STREAMS)
		return NULL;
	struct one *one = calloc(1, sizeof(*one));
	REQUIRE(one);
	one->stream.arena = &one->arena;
	m->open++;
	m->opened++;
	return &one->stream;
}

static void require_head(const struct http_request *r)
{
	REQUIRE(r->minor == 1 && r->keep_alive && !(r->chunked && r->has_length));
	REQUIRE(r->header_count <= LIMIT_HEADERS && http_is_token(r->method_text));
	REQUIRE(r->path.n == 0 || *r->path.p == '/' || str_is(r->path, "*"));
	size_t hosts, cookies;
	struct str host = http_request_header(r, STR("Host"), &hosts);
	http_request_header(r, STR("Cookie"), &cookies);
	REQUIRE(hosts == 1 && cookies <= 1 && str_eq_ignore_case(host, r->authority));
	for (size_t i = 0; i < r->header_count; i++) {
		REQUIRE(http_is_token(r->headers[i].name) && http_is_text(r->headers[i].value));
		REQUIRE(!http2_is_of_connection(r->headers[i].name));
	}
}

static void answer(struct model *m, struct http2_stream *stream, struct str body)
{
	bool whole = (m->way & 1) != 0;
	struct http_header header = { STR("Content-Type"), STR("text/plain") };
	struct http2_answer head = {
		.status = 200, .date = STR("Sun, 22 Nov 2026 06:18:00 GMT"), .request_id = STR("0123"),
		.has_length = whole, .length = body.n, .headers = &header, .header_count = 1,
		.body_follows = body.n > 0,
	};
	if (!http2_stream_answer(stream, &head) || body.n == 0)
		return;
	http2_stream_write(stream, body);
	if (whole)
		http2_stream_end(stream);
}

static void on_request(void *ctx, struct http2_stream *stream)
{
	struct model *m = ctx;
	struct one *one = of(stream);

	REQUIRE(!one->asked);
	one->asked = true;
	REQUIRE((stream->error.status == 0) == (stream->request != NULL));
	if (stream->request)
		require_head(stream->request);
	if ((m->way & 2) == 0)
		answer(m, stream, m->way & 4 ? STR("an answer") : (struct str){ NULL, 0 });
	else if (m->way & 4)
		http2_stream_reset(stream, HTTP2_REASON_CANCEL);
}

static void on_data(void *ctx, struct http2_stream *stream, struct str bytes)
{
	struct model *m = ctx;
	struct one *one = of(stream);

	REQUIRE(one->asked && !one->ended);
	one->body += bytes.n;
	REQUIRE(one->body == stream->body_bytes);
	if (m->way & 8)
		http2_stream_consume(stream, bytes.n);
	if (stream->answered && !stream->finished && !stream->reset)
		http2_stream_write(stream, bytes);
}

static void on_ended(void *ctx, struct http2_stream *stream)
{
	struct model *m = ctx;
	struct one *one = of(stream);

	REQUIRE(one->asked && !one->ended && stream->ended);
	one->ended = true;
	if (stream->request && stream->request->has_length)
		REQUIRE(one->body == stream->request->length);
	if (stream->answered && !stream->finished)
		http2_stream_end(stream);
	else if (!stream->answered && !stream->reset)
		answer(m, stream, STR("at last"));
}

static void on_malformed(void *ctx)
{
	(void)ctx;
}

static void on_sent(void *ctx, struct http2_stream *stream)
{
	(void)ctx;
	of(stream);
}

static void on_closed(void *ctx, struct http2_stream *stream)
{
	struct model *m = ctx;
	struct one *one = of(stream);

	one->closed = true;
	m->open--;
	arena_done(&one->arena);
	free(one);
}

static void send_all(struct http2_session *session)
{
	struct buf out;

	buf_init(&out, 1u << 30);
	for (unsigned turns = 0; !http2_session_send(session, &out, 64 * 1024); turns++) {
		REQUIRE(turns < 1000);
		buf_reset(&out);
	}
	REQUIRE(!out.failed);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http2_events events = {
		.open = on_open, .request = on_request, .data = on_data, .ended = on_ended,
		.malformed = on_malformed, .sent = on_sent, .closed = on_closed,
	};
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";

	if (size == 0)
		return 0;
	struct http2_memory memory = { 0 };
	struct model m = { .way = data[0] };
	struct http2_session *session = http2_session_new(&events, &m, &memory);
	REQUIRE(session);
	if ((m.way & 0x80) == 0)
		http2_session_receive(session, (struct str){ preface, sizeof(preface) - 1 }, 0);
	size_t step = m.way & 0x40 ? size : (size_t)(1 + (m.way >> 4 & 3) * 7);
	for (size_t at = 1; at < size; at += step) {
		size_t n = size - at < step ? size - at : step;
		char *exact = malloc(n); /* so that a read past the end is seen */
		REQUIRE(exact);
		memcpy(exact, data + at, n);
		http2_session_receive(session, (struct str){ exact, n }, (int64_t)at);
		free(exact);
		send_all(session);
	}
	if (m.way & 1)
		http2_session_finish(session);
	http2_session_cut(session);
	send_all(session);
	http2_session_free(session);
	http2_memory_done(&memory);
	REQUIRE(m.open == 0);
	return 0;
}
