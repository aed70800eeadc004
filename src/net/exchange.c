/* SPDX-License-Identifier: Apache-2.0
 * The exchange: what a handler sees of it, and how it goes from a complete head to `finished`.
 * net: may include base, core and wire.
 */
#include "net/http2.h"

#include <stdlib.h>

#define EXCHANGES_KEPT 64 /* free ones, each with an arena's first chunk */

/* ---- For the loop ---- */

struct exchange *exchange_take(struct loop *loop)
{
	struct exchange *x = loop->exchanges;

	if (x) {
		loop->exchanges = x->next;
		loop->exchanges_free--;
		return x;
	}
	x = malloc(sizeof(*x));
	if (x) {
		memset(x, 0, offsetof(struct exchange, arena));
		arena_init(&x->arena, 0);
	}
	return x;
}

void exchange_give(struct loop *loop, struct exchange *x)
{
	if (loop->exchanges_free == EXCHANGES_KEPT) {
		arena_done(&x->arena);
		free(x);
		return;
	}
	x->next = loop->exchanges;
	loop->exchanges = x;
	loop->exchanges_free++;
}

void exchange_free_all(struct loop *loop)
{
	while (loop->exchanges) {
		struct exchange *x = loop->exchanges;
		loop->exchanges = x->next;
		arena_done(&x->arena);
		free(x);
	}
	loop->exchanges_free = 0;
}

void exchange_prepare(struct exchange *x, struct connection *c, const struct carrier *carrier)
{
	memset(x, 0, offsetof(struct exchange, arena));
	x->magic = EXCHANGE_MAGIC;
	x->c = c;
	x->carrier = carrier;
}

bool exchange_keep_head(struct exchange *x, const struct http_request *head)
{
	size_t size = http_request_size(head);

	x->request = arena_alloc(&x->arena, size);
	if (x->request)
		memcpy(x->request, head, size);
	return x->request != NULL;
}

void exchange_start(struct exchange *x)
{
	struct loop *loop = exchange_loop(x);

	x->started = true;
	x->number = loop->requests++;
	x->started_ns = clock_monotonic_ns();
	x->depth++;
	loop->server->handler.request(x, loop->state);
	x->depth--;
}

void exchange_leave(struct exchange *x)
{
	struct loop *loop = exchange_loop(x);

	assert(!x->working && x->depth == 0);
	if (x->started && !x->left && loop->server->handler.finished)
		loop->server->handler.finished(x, loop->state, x->status);
	x->left = true;
}

void exchange_finish(struct exchange *x)
{
	struct connection *c = x->c;
	struct loop *loop = c->loop;

	assert(x->magic == EXCHANGE_MAGIC && !x->working && x->depth == 0);
	exchange_leave(x);
	file_release(x);
	body_release(x);
	arena_reset(&x->arena);
	x->magic = 0;
	if (c->x == x)
		c->x = NULL;
	exchange_give(loop, x);
}

bool exchange_advance(struct exchange *x)
{
	struct connection *c = x->c;

	assert(x->magic == EXCHANGE_MAGIC && x->depth == 0);
	if (x->working) /* a client that is lost is told of when the job is done */
		return x->stream.open && !exchange_is_gone(x) && stream_advance(x);
	bool lost = c->broken || c->state != CONNECTION_OPEN;
	if (!lost && x->file)
		return file_advance(x);
	if (!lost && x->stream.open)
		return stream_advance(x);
	if (!lost && !x->answered && x->body.state == BODY_STREAMING) {
		if (intake_advance(x))
			return true;
		if (!c->ended || x->body.paused || x->body.state != BODY_STREAMING)
			return false;
		c->broken = true; /* half a body, and no more of it comes */
	} else if (!lost && !x->answered && x->held && x->body.state != BODY_READING) {
		return false;
	} else if (!lost && !x->answered) {
		/* A handler that returned without an answer, the body or a job would never end. */
		assert(x->body.state == BODY_READING);
		if (body_advance(x))
			return true;
		if (!c->ended)
			return false;
		c->broken = true; /* half a body, and no more of it comes */
	}
	exchange_finish(x);
	return true;
}

bool exchange_give_job(struct exchange *x, void (*work)(void *arg),
		       void (*done)(struct exchange *x, void *arg), void *arg, bool always)
{
	struct server *server = x->c->loop->server;

	assert(!x->working);
	x->job = (struct job){ .work = work, .arg = arg, .results = &x->c->loop->results };
	x->work_done = done;
	x->work_arg = arg;
	if (!worker_pool_add(server->pool, &x->job, always))
		return false;
	x->working = true;
	return true;
}

void exchange_job_done(struct exchange *x)
{
	assert(x->magic == EXCHANGE_MAGIC && x->working);
	struct connection *c = x->c;
	x->working = false;
	x->depth++;
	x->work_done(x, x->work_arg);
	x->depth--;
	if (c->h2)
		http2_ready(x);
	connection_run(c);
}

/* ---- For the handler ---- */

static inline struct exchange *check(const struct exchange *x)
{
	assert(x->magic == EXCHANGE_MAGIC);
	return (struct exchange *)(uintptr_t)x;
}

const struct http_request *exchange_request(const struct exchange *x)
{
	return check(x)->request;
}

struct arena *exchange_arena(struct exchange *x)
{
	return &check(x)->arena;
}

void exchange_set_context(struct exchange *x, void *context)
{
	check(x)->context = context;
}

void *exchange_context(const struct exchange *x)
{
	return check(x)->context;
}

void *exchange_loop_state(const struct exchange *x)
{
	return check(x)->c->loop->state;
}

unsigned exchange_listener(const struct exchange *x)
{
	return check(x)->c->listener->tag;
}

bool exchange_is_secure(const struct exchange *x)
{
	return check(x)->c->listener->tls != NULL;
}

const struct sockaddr *exchange_peer(const struct exchange *x)
{
	return &check(x)->c->peer.any;
}

struct exchange_id exchange_request_id(const struct exchange *x)
{
	struct exchange_id id;
	memcpy(id.b, check(x)->c->loop->id, 8);
	for (int i = 0; i < 8; i++)
		id.b[8 + i] = (uint8_t)(x->number >> (56 - 8 * i));
	return id;
}

int64_t exchange_started_ns(const struct exchange *x)
{
	return check(x)->started_ns;
}

int64_t exchange_now_ms(const struct exchange *x)
{
	return check(x)->c->loop->wall_ms;
}

void exchange_forget_request(struct exchange *x)
{
	static const struct str nothing = { NULL, 0 };
	struct http_request *r = check(x)->request;

	assert(x->answered);
	r->method_text = r->target = r->path = r->query = r->authority = nothing;
	r->header_count = 0;
	body_release(x);
	if (x->carrier->forget)
		x->carrier->forget(x);
}

bool exchange_is_gone(const struct exchange *x)
{
	return check(x)->carrier->is_gone(x);
}

bool exchange_has_stopped(const struct exchange *x)
{
	return check(x)->c->ended;
}

int64_t exchange_clock_ns(const struct exchange *x)
{
	return check(x)->c->loop->now_ns;
}

void exchange_hold(struct exchange *x)
{
	assert(check(x)->depth > 0 && !x->answered && !x->working);
	x->held = true;
}

bool exchange_work(struct exchange *x, void (*work)(void *arg), void (*done)(struct exchange *x, void *arg),
		   void *arg)
{
	assert(check(x)->depth > 0 && !x->file && x->body.state != BODY_READING);
	return exchange_give_job(x, work, done, arg, false);
}
