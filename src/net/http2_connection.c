/* SPDX-License-Identifier: Apache-2.0
 * A connection of HTTP/2 and its exchanges: what one event brings is taken in, whoever can go on does,
 * and what came of it is written with one call.
 * net: may include base, core and wire.
 */
#include "net/http2.h"

#include <stdlib.h>

#define GATHERED_TURN (64 * 1024)
#define TURN_BYTES LIMIT_ANSWER_BACKLOG_BYTES /* of bodies, sent before other connections get their turn */

/* ---- Lists ---- */

static void add(struct exchange_list *list, struct exchange *x)
{
	assert(!x->h2->queued);
	x->h2->queued = true;
	x->next = NULL;
	if (list->last)
		list->last->next = x;
	else
		list->first = x;
	list->last = x;
}

static struct exchange *take(struct exchange_list *list)
{
	struct exchange *x = list->first;

	if (!x)
		return NULL;
	list->first = x->next;
	if (!list->first)
		list->last = NULL;
	x->h2->queued = false;
	return x;
}

void http2_ready(struct exchange *x)
{
	if (!x->h2->queued)
		add(&x->c->h2->ready, x);
}

/* ---- What is held ---- */

bool http2_is_scarce(const struct connection *c)
{
	const struct server *server = c->loop->server;
	return atomic_load_explicit(&server->h2_bytes, memory_order_relaxed) > server->limits.body_memory_bytes;
}

/* Once a turn. */
static void count_held(struct connection *c)
{
	struct http2 *h = c->h2;
	uint64_t held = (uint64_t)h->exchanges * LIMIT_H2_STREAM_BYTES + (h->session ? http2_session_held(h->session) : 0);

	if (held == h->counted)
		return;
	atomic_fetch_add_explicit(&c->loop->server->h2_bytes, held - h->counted, memory_order_relaxed); /* or less: it wraps */
	h->counted = held;
}

/* ---- What the session tells ---- */

static struct exchange *exchange_of(struct http2_stream *stream)
{
	return ((struct http2_part *)((char *)stream - offsetof(struct http2_part, stream)))->x;
}

static struct http2_stream *on_open(void *ctx)
{
	struct connection *c = ctx;

	if (c->h2->exchanges >= (http2_is_scarce(c) ? LIMIT_H2_STREAMS_LEAST : LIMIT_H2_STREAMS))
		return NULL;
	struct exchange *x = exchange_take(c->loop);
	if (!x)
		return NULL;
	exchange_prepare(x, c, &carrier_http2);
	x->h2 = ARENA_NEW(&x->arena, struct http2_part);
	if (!x->h2) {
		exchange_give(c->loop, x);
		return NULL;
	}
	x->h2->x = x;
	x->h2->stream.arena = &x->arena;
	deadline_init(&x->h2->deadline);
	c->h2->exchanges++;
	return &x->h2->stream;
}

static void on_request(void *ctx, struct http2_stream *stream)
{
	struct exchange *x = exchange_of(stream);

	(void)ctx;
	x->request = stream->request;
	http2_ready(x);
}

static void on_data(void *ctx, struct http2_stream *stream, struct str bytes)
{
	(void)ctx;
	http2_take_body(exchange_of(stream), bytes);
}

static void on_ended(void *ctx, struct http2_stream *stream)
{
	(void)ctx;
	http2_end_body(exchange_of(stream));
}

static void on_malformed(void *ctx)
{
	struct connection *c = ctx;
	count_one(&c->loop->server->malformed);
}

static void on_sent(void *ctx, struct http2_stream *stream)
{
	struct exchange *x = exchange_of(stream);

	(void)ctx;
	deadline_disarm(&x->h2->deadline); /* it came further: http2_watch sets it anew */
	if (x->file || x->stream.open || stream->sent_whole || http2_stream_backlog(stream) > 0)
		http2_ready(x);
}

static void on_closed(void *ctx, struct http2_stream *stream)
{
	(void)ctx;
	http2_ready(exchange_of(stream));
}

static const struct http2_events events = {
	.open = on_open,
	.request = on_request,
	.data = on_data,
	.ended = on_ended,
	.malformed = on_malformed,
	.sent = on_sent,
	.closed = on_closed,
};

/* ---- Life ---- */

bool http2_open(struct connection *c)
{
	struct http2 *h = calloc(1, sizeof(*h));

	assert(!c->h2 && !c->x);
	if (!h)
		return false;
	c->h2 = h;
	h->session = http2_session_new(&events, c, &c->loop->http2_memory);
	return h->session != NULL;
}

void http2_free(struct connection *c)
{
	if (!c->h2)
		return;
	assert(c->h2->exchanges == 0);
	http2_session_free(c->h2->session);
	c->h2->session = NULL;
	count_held(c);
	free(c->h2);
	c->h2 = NULL;
}

static void finish(struct exchange *x)
{
	x->c->h2->exchanges--;
	deadline_disarm(&x->h2->deadline);
	exchange_finish(x);
}

/* Whether so much waits for the client that a new request waits too. */
static bool is_stuffed(const struct connection *c)
{
	const struct http2 *h = c->h2;
	return h->session && http2_session_backlog(h->session) > http2_backlog_most(c);
}

static void run_ready(struct connection *c)
{
	struct http2 *h = c->h2;
	struct exchange *x;

	if (!is_stuffed(c))
		while ((x = take(&h->parked)) != NULL)
			add(&h->ready, x);
	while ((x = take(&h->ready)) != NULL) {
		if (x->working) {
			if (x->h2->stream.session)
				http2_watch(x); /* its body is awaited no more */
			continue;
		}
		if (!x->started && !exchange_is_gone(x) && is_stuffed(c))
			add(&h->parked, x);
		else if (!x->h2->stream.session)
			finish(x);
		else
			http2_advance(x);
	}
}

static void drop_session(struct connection *c)
{
	struct http2 *h = c->h2;

	http2_session_free(h->session);
	h->session = NULL;
	run_ready(c);
	count_held(c);
}

void http2_lose(struct connection *c)
{
	if (c->h2->session)
		drop_session(c);
}

/* ---- One turn ---- */

static void receive(struct connection *c)
{
	struct str bytes = connection_input(c);
	struct http2_session *session = c->h2->session;

	if (bytes.n > 0) {
		c->in->start = c->in->end;
		http2_session_receive(session, bytes, c->loop->now_ns / 1000000);
	}
	if (c->ended)
		http2_session_cut(session);
	if (c->loop->draining >= DRAIN_LAST_REQUESTS)
		http2_session_notice(session);
	if (c->loop->draining == DRAIN_EXCHANGES)
		http2_session_finish(session);
}

static void send_frames(struct connection *c)
{
	while (!output_is_full(c) && !c->broken &&
	       !http2_session_send(c->h2->session, output_claim(c), GATHERED_TURN))
		output_flush(c);
}

/* The deadline is of this head, and not of one before it. */
static void note_head(struct connection *c)
{
	uint64_t head = http2_session_head_begun(c->h2->session);

	if (head != c->h2->head)
		deadline_disarm(&c->read_deadline);
	c->h2->head = head;
}

void http2_run(struct connection *c)
{
	struct http2 *h = c->h2;

	if (!h->session || c->broken || c->state != CONNECTION_OPEN) {
		http2_lose(c);
		run_ready(c);
		count_held(c);
		return;
	}
	uint64_t turn = http2_session_sent(h->session) + TURN_BYTES;
	receive(c);
	do {
		run_ready(c);
		send_frames(c);
	} while (h->ready.first && http2_session_sent(h->session) < turn);
	if (h->ready.first)
		loop_schedule(c->loop, c);
	note_head(c);
	count_held(c);
	if (http2_session_is_over(h->session)) {
		c->last = c->linger = true;
		drop_session(c);
	}
}

/* ---- Deadlines ---- */

enum deadline_phase http2_read_phase(const struct connection *c)
{
	if (c->h2->head > 0)
		return DEADLINE_HEAD;
	return c->h2->exchanges > 0 ? DEADLINE_PHASES : DEADLINE_IDLE;
}

void http2_expire_connection(struct connection *c, enum deadline_phase phase)
{
	if (phase == DEADLINE_IDLE && c->h2->session) {
		http2_session_finish(c->h2->session);
		connection_run(c);
		return;
	}
	count_one(&c->loop->server->timeouts);
	connection_lose(c);
}

/* An answer that others kept from going out is no fault of its client's. */
static bool was_held_up(const struct exchange *x)
{
	return !http2_stream_is_shut(&x->h2->stream) && http2_session_sent(x->h2->stream.session) != x->h2->sent_mark;
}

void http2_expire(struct deadline *deadline, enum deadline_phase phase)
{
	struct exchange *x = ((struct http2_part *)((char *)deadline - offsetof(struct http2_part, deadline)))->x;
	struct connection *c = x->c;

	assert(x->magic == EXCHANGE_MAGIC);
	http2_ready(x);
	if (phase == DEADLINE_STREAM_LINGER) {
		http2_stream_reset(&x->h2->stream, HTTP2_REASON_DONE);
	} else if (!exchange_is_gone(x) && (phase == DEADLINE_STREAM_BODY || !was_held_up(x))) {
		count_one(&c->loop->server->timeouts);
		if (phase == DEADLINE_STREAM_BODY)
			http2_refuse_slow(x);
		else
			http2_stream_reset(&x->h2->stream, HTTP2_REASON_CANCEL);
	}
	connection_run(c);
}
