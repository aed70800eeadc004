/* SPDX-License-Identifier: Apache-2.0
 * How HTTP/2 carries an exchange: on a stream of its own, beside others.
 * net: may include base, core and wire.
 */
#include "net/http2.h"

#include <stdlib.h>

#define SKIP_BYTES_MAX (256 * 1024) /* of a body that nobody wants, before its client is held back */

static bool is_gone(const struct exchange *x)
{
	return x->c->broken || x->c->state != CONNECTION_OPEN || !x->h2->stream.session || x->h2->stream.reset;
}

static void wake(struct exchange *x)
{
	http2_ready(x);
	loop_schedule(x->c->loop, x->c);
}

/* ---- The body ---- */

/* What came before anybody wanted it, or faster than it is taken. */
static void keep_bytes(struct exchange *x, struct str bytes)
{
	struct body *b = &x->body;

	if (b->no_room)
		return;
	if (body_reserve(x, bytes.n)) {
		memcpy(b->own + b->n, bytes.p, bytes.n);
		b->n += bytes.n;
		return;
	}
	b->no_room = true;
	if (b->state == BODY_STREAMING)
		http2_stream_reset(&x->h2->stream, HTTP2_REASON_INTERNAL);
}

/* A body that is wanted whole. */
static void read_on(struct exchange *x)
{
	struct body *b = &x->body;

	if (b->no_room)
		body_tell(x, EXCHANGE_BODY_NO_ROOM);
	else if (b->n > b->max)
		body_tell(x, EXCHANGE_BODY_TOO_LARGE);
	else if (x->h2->stream.ended)
		body_tell(x, EXCHANGE_BODY_WHOLE);
}

static void refuse(struct exchange *x, int status, const char *what);

static bool took_too_long(const struct exchange *x)
{
	const struct loop *loop = exchange_loop(x);
	return loop->now_ns - x->body.started_ns >= (int64_t)loop->server->limits.body_total_ms * 1000000;
}

void http2_take_body(struct exchange *x, struct str bytes)
{
	struct body *b = &x->body;

	if (!x->request || x->answered || b->state == BODY_OVER) {
		if (x->h2->stream.body_bytes <= SKIP_BYTES_MAX)
			http2_stream_consume(&x->h2->stream, bytes.n);
		return; /* else the client gets no more of it into its window */
	}
	if (x->h2->deadline.phase == DEADLINE_STREAM_BODY)
		deadline_arm(&exchange_loop(x)->deadlines, &x->h2->deadline, DEADLINE_STREAM_BODY,
			     exchange_loop(x)->now_ns);
	http2_ready(x);
	if (b->state == BODY_STREAMING && !b->paused && b->n == 0) {
		http2_stream_consume(&x->h2->stream, bytes.n);
		intake_tell(x, EXCHANGE_BODY_MORE, bytes);
		return;
	}
	keep_bytes(x, bytes);
	if (b->state != BODY_READING)
		return;
	http2_stream_consume(&x->h2->stream, bytes.n);
	if (b->no_room || b->n > b->max) {
		read_on(x);
	} else if (took_too_long(x)) {
		count_one(&exchange_loop(x)->server->timeouts);
		http2_refuse_slow(x);
	}
}

void http2_refuse_slow(struct exchange *x)
{
	refuse(x, 408, "The body came too slowly");
	exchange_leave(x);
}

void http2_end_body(struct exchange *x)
{
	http2_ready(x);
	if (!x->answered && x->body.state == BODY_READING)
		read_on(x);
}

static void want_body(struct exchange *x)
{
	struct body *b = &x->body;

	if (x->request->expect_continue && x->h2->stream.body_bytes == 0 && !x->h2->stream.ended)
		http2_stream_continue(&x->h2->stream);
	if (b->state != BODY_READING)
		return;
	http2_stream_consume(&x->h2->stream, b->n);
	read_on(x);
}

/* Hands on what was kept of a streamed body, and its end. */
static void pass_on(struct exchange *x)
{
	struct body *b = &x->body;
	size_t n = b->n;

	if (b->no_room)
		http2_stream_reset(&x->h2->stream, HTTP2_REASON_INTERNAL);
	if (is_gone(x))
		return;
	if (n > 0) {
		http2_stream_consume(&x->h2->stream, n);
		intake_tell(x, EXCHANGE_BODY_MORE, (struct str){ b->own, n });
		b->n = 0;
		body_release(x);
	}
	if (x->h2->stream.ended && b->state == BODY_STREAMING && !b->paused && !x->answered)
		intake_tell(x, EXCHANGE_BODY_WHOLE, (struct str){ NULL, 0 });
}

/* ---- The answer ---- */

/* A body that still comes holds nobody up; what came of it is let go, where nobody looks at it. */
static void begin(struct exchange *x)
{
	if (x->body.state == BODY_UNREAD || x->body.state == BODY_READING)
		body_release(x);
}

/* A head that was refused may have no request. */
static bool is_to_head(const struct exchange *x)
{
	return x->request ? x->request->method == HTTP_HEAD : str_is(x->h2->stream.pseudo.method, "HEAD");
}

static bool send_head(struct exchange *x, const struct answer *answer, uint64_t length, bool body_follows)
{
	const struct loop *loop = exchange_loop(x);
	char id[2 * sizeof(struct exchange_id)];

	answer_request_id(loop, x->number, id);
	x->status = answer->status;
	return http2_stream_answer(&x->h2->stream, &(struct http2_answer){
		.status = answer->status,
		.date = { loop->stamp + strlen("Date: "), 29 },
		.request_id = { id, sizeof(id) },
		.has_length = length != LENGTH_UNKNOWN && !answer_is_bare(answer->status),
		.length = length,
		.headers = answer->headers,
		.header_count = answer->header_count,
		.body_follows = body_follows && !is_to_head(x),
	});
}

/* Before any head was sent. */
static void refuse(struct exchange *x, int status, const char *what)
{
	struct http_header type = { STR("Content-Type"), STR("application/json") };
	struct answer answer = { .status = status, .headers = &type, .header_count = 1 };
	struct buf body;

	begin(x);
	x->answered = true;
	x->body.state = BODY_OVER;
	buf_init(&body, 4096);
	if (answer_error_body(&body, status, what) && send_head(x, &answer, body.n, true) &&
	    !is_to_head(x)) {
		http2_stream_write(&x->h2->stream, buf_str(&body));
		http2_stream_end(&x->h2->stream);
	}
	buf_done(&body);
}

static bool head(struct exchange *x, const struct answer *answer, const uint64_t *later_length)
{
	bool whole = !later_length && answer->body.n > 0;

	assert(answer->status >= 200 && answer->status <= 599);
	assert(!answer_is_bare(answer->status) || (answer->body.n == 0 && !later_length));
	for (size_t i = 0; i < answer->header_count; i++)
		if (!answer_may_have(&answer->headers[i])) {
			refuse(x, 500, "The answer could not be written");
			return false;
		}
	if (!send_head(x, answer, later_length ? *later_length : answer->body.n, later_length || whole))
		return false;
	if (whole && !is_to_head(x)) {
		http2_stream_write(&x->h2->stream, answer->body);
		http2_stream_end(&x->h2->stream);
	}
	return true;
}

static void piece(struct exchange *x, struct str bytes)
{
	http2_stream_write(&x->h2->stream, bytes);
}

static void own_piece(struct exchange *x, struct unsent *bytes)
{
	http2_stream_write(&x->h2->stream, (struct str){ bytes->data, bytes->n });
	free(bytes);
}

static void end(struct exchange *x)
{
	http2_stream_end(&x->h2->stream);
}

static void break_off(struct exchange *x)
{
	http2_stream_reset(&x->h2->stream, HTTP2_REASON_INTERNAL);
}

/* A stream whose client takes nothing may hold little once others hold much. */
static bool has_room(struct exchange *x)
{
	if (is_gone(x))
		return false;
	bool much = http2_session_backlog(x->h2->stream.session) > http2_backlog_most(x->c);
	return http2_stream_backlog(&x->h2->stream) <=
	       (much ? LIMIT_H2_STREAM_BACKLOG_LEAST : LIMIT_H2_STREAM_BACKLOG_BYTES);
}

static bool is_taken(const struct exchange *x)
{
	return http2_stream_backlog(&x->h2->stream) == 0;
}

const struct carrier carrier_http2 = {
	.is_gone = is_gone,
	.wake = wake,
	.want_body = want_body,
	.begin = begin,
	.head = head,
	.piece = piece,
	.own_piece = own_piece,
	.end = end,
	.break_off = break_off,
	.refuse = refuse,
	.has_room = has_room,
	.is_taken = is_taken,
};

/* ---- Going on ---- */

static void start(struct exchange *x)
{
	if (x->h2->stream.error.status == 0) {
		exchange_start(x);
		return;
	}
	x->number = exchange_loop(x)->requests++;
	refuse(x, x->h2->stream.error.status, x->h2->stream.error.what);
}

void http2_advance(struct exchange *x)
{
	assert(x->magic == EXCHANGE_MAGIC && x->depth == 0 && !x->working);
	if (!x->answered && !x->started && !is_gone(x))
		start(x);
	while (x->file && !x->working && !is_gone(x) && file_advance(x))
		;
	while (x->stream.open && !x->working && !is_gone(x) && stream_advance(x))
		;
	if (!x->answered && !x->working && x->body.state == BODY_STREAMING && !x->body.paused)
		pass_on(x);
	http2_watch(x);
}

void http2_watch(struct exchange *x)
{
	const struct body *b = &x->body;
	struct loop *loop = exchange_loop(x);
	bool awaited = !x->answered && !x->working && !x->h2->stream.ended &&
		       (b->state == BODY_READING || (b->state == BODY_STREAMING && !b->paused));
	enum deadline_phase phase = DEADLINE_PHASES;

	if (awaited)
		phase = DEADLINE_STREAM_BODY;
	else if (!is_taken(x))
		phase = DEADLINE_STREAM_WRITE;
	else if (x->h2->stream.sent_whole && !x->h2->stream.ended)
		phase = DEADLINE_STREAM_LINGER; /* some clients miss an answer that is followed by a reset */
	if (phase == x->h2->deadline.phase)
		return;
	deadline_disarm(&x->h2->deadline);
	if (phase == DEADLINE_PHASES || is_gone(x))
		return;
	x->h2->sent_mark = http2_session_sent(x->h2->stream.session);
	deadline_arm(&loop->deadlines, &x->h2->deadline, phase, loop->now_ns);
}
