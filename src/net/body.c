/* SPDX-License-Identifier: Apache-2.0
 * Request bodies. A body that fits behind its head in the connection's buffer stays there, and the
 * handler gets a view of it; a longer one is read into memory that grows with what has come, never
 * with what was announced, and that is counted over the whole server.
 * net: may include base, core and wire.
 */
#include "net/exchange.h"

#include <stdlib.h>

#define OWN_FIRST (64 * 1024)
#define SKIP_BYTES_MAX (64 * 1024) /* passing over so much is cheaper than a new connection */

static bool has_body(const struct exchange *x)
{
	return x->request->chunked || x->request->length > 0;
}

static void uncount_bytes(struct server *server, uint64_t less)
{
	atomic_fetch_sub_explicit(&server->body_bytes, less, memory_order_relaxed);
}

static bool count_bytes(struct server *server, uint64_t more)
{
	uint64_t before = atomic_fetch_add_explicit(&server->body_bytes, more, memory_order_relaxed);
	if (before + more <= server->limits.body_memory_bytes)
		return true;
	uncount_bytes(server, more);
	return false;
}

void body_release(struct exchange *x)
{
	struct body *b = &x->body;

	if (!b->own)
		return;
	uncount_bytes(x->c->loop->server, b->own_cap);
	free(b->own);
	b->own = NULL;
	b->own_cap = 0;
}

bool body_reserve(struct exchange *x, size_t more)
{
	struct body *b = &x->body;
	uint64_t most = x->request->chunked ? b->max : x->request->length;
	uint64_t cap = b->own_cap ? (uint64_t)b->own_cap * 2 : OWN_FIRST;

	if (more <= b->own_cap - (b->own ? b->n : 0))
		return true;
	if (cap > most)
		cap = most;
	if (cap < b->n + more)
		cap = b->n + more;
	if (!count_bytes(x->c->loop->server, cap - b->own_cap))
		return false;
	char *p = realloc(b->own, cap);
	if (!p) {
		uncount_bytes(x->c->loop->server, cap - b->own_cap);
		return false;
	}
	if (!b->own && b->n > 0)
		memcpy(p, x->c->in->data + b->at, b->n);
	b->own = p;
	b->own_cap = cap;
	return true;
}

bool body_tell(struct exchange *x, enum exchange_body result)
{
	struct body *b = &x->body;
	struct str view = { "", 0 };

	b->state = BODY_OVER;
	if (result == EXCHANGE_BODY_WHOLE && b->n > 0) {
		view = (struct str){ b->own ? b->own : x->c->in->data + b->at, b->n };
	} else if (result != EXCHANGE_BODY_WHOLE) {
		x->must_close = true;
		body_release(x);
	}
	x->depth++;
	b->done(x, result, view);
	x->depth--;
	return true;
}

/* ---- With a length ---- */

static bool advance_length(struct exchange *x)
{
	struct body *b = &x->body;
	struct input *in = x->c->in;
	uint64_t length = x->request->length;

	if (!b->own) {
		size_t here = in->end - in->start;
		if (here >= length) {
			b->n = length;
			in->start += length;
			return body_tell(x, EXCHANGE_BODY_WHOLE);
		}
		if (length <= INPUT_BYTES - b->at)
			return false;
		b->n = here;
		in->start = in->end = b->at;
	}
	if (b->n == length)
		return body_tell(x, EXCHANGE_BODY_WHOLE);
	if (!body_reserve(x, 1))
		return body_tell(x, EXCHANGE_BODY_NO_ROOM);
	return false;
}

uv_buf_t body_read_room(struct exchange *x)
{
	struct body *b = &x->body;

	if (b->state != BODY_READING || !b->own || x->request->chunked)
		return uv_buf_init(NULL, 0);
	return uv_buf_init(b->own + b->n, (unsigned)(b->own_cap - b->n));
}

/* ---- In chunks ---- */

/* The data was decoded in place: it comes from the same place or from further behind. */
static bool keep_chunk(struct exchange *x, struct str data)
{
	struct body *b = &x->body;

	if (data.n == 0)
		return true;
	if (b->own) {
		if (!body_reserve(x, data.n))
			return false;
		memcpy(b->own + b->n, data.p, data.n);
	} else {
		memmove(x->c->in->data + b->at + b->n, data.p, data.n);
	}
	b->n += data.n;
	return true;
}

/* All bytes that came are used: the next ones go behind what was decoded, or over what was used. */
static bool make_chunk_room(struct exchange *x)
{
	struct body *b = &x->body;
	struct input *in = x->c->in;

	in->start = in->end = b->at + (b->own ? 0 : b->n);
	if (b->own || INPUT_BYTES - in->end >= INPUT_ROOM_LEAST)
		return true;
	if (!body_reserve(x, INPUT_ROOM_LEAST))
		return false;
	in->start = in->end = b->at;
	return true;
}

static bool advance_chunked(struct exchange *x)
{
	struct body *b = &x->body;
	struct input *in = x->c->in;

	while (in->start < in->end) {
		struct http1_error error;
		struct str data;
		size_t used;
		enum http1_result result = http1_chunked_read(&b->chunked, in->data + in->start,
							      in->end - in->start, &used, &data, &error);
		if (result == HTTP1_ERROR) {
			count_one(&x->c->loop->server->malformed);
			return body_tell(x, EXCHANGE_BODY_MALFORMED);
		}
		if (data.n > b->max - b->n)
			return body_tell(x, EXCHANGE_BODY_TOO_LARGE);
		if (!keep_chunk(x, data))
			return body_tell(x, EXCHANGE_BODY_NO_ROOM);
		in->start += used;
		if (result == HTTP1_DONE)
			return body_tell(x, EXCHANGE_BODY_WHOLE);
	}
	return make_chunk_room(x) ? false : body_tell(x, EXCHANGE_BODY_NO_ROOM);
}

/* ---- Both ---- */

bool body_advance(struct exchange *x)
{
	struct loop *loop = x->c->loop;

	assert(x->body.state == BODY_READING);
	if (x->request->chunked ? advance_chunked(x) : advance_length(x))
		return true;
	if (loop->now_ns - x->body.started_ns < (int64_t)loop->server->limits.body_total_ms * 1000000)
		return false;
	count_one(&loop->server->timeouts);
	connection_refuse(x->c, 408, "The body came too slowly");
	return true;
}

void exchange_read_body(struct exchange *x, uint64_t max,
			void (*done)(struct exchange *x, enum exchange_body result, struct str body))
{
	struct body *b = &x->body;

	assert(x->magic == EXCHANGE_MAGIC && b->state == BODY_UNREAD && !x->answered && x->depth > 0);
	b->max = max;
	b->done = done;
	b->started_ns = x->c->loop->now_ns;
	b->state = BODY_READING;
	if (exchange_is_gone(x))
		return;
	if (!has_body(x)) {
		body_tell(x, EXCHANGE_BODY_WHOLE);
		return;
	}
	if (x->request->has_length && x->request->length > max) {
		body_tell(x, EXCHANGE_BODY_TOO_LARGE);
		return;
	}
	x->carrier->want_body(x);
}

/* A chunked body that is there already to its last byte. */
static bool pass_over_chunked(struct exchange *x)
{
	struct input *in = x->c->in;
	struct http1_chunked chunked = { 0 };
	enum http1_result result = HTTP1_MORE;

	while (in->start < in->end && result == HTTP1_MORE) {
		struct http1_error error;
		struct str data;
		size_t used = 0;
		result = http1_chunked_read(&chunked, in->data + in->start, in->end - in->start, &used,
					    &data, &error);
		in->start += used;
	}
	return result == HTTP1_DONE;
}

bool body_pass_over(struct exchange *x)
{
	struct body *b = &x->body;
	struct connection *c = x->c;
	uint64_t length = x->request->length;

	if (x->must_close)
		return false;
	if (b->state == BODY_OVER || !has_body(x))
		return true;
	if (b->own || b->state == BODY_STREAMING || (b->state == BODY_READING && x->request->chunked))
		return false;
	if (x->request->chunked)
		return pass_over_chunked(x);
	/* Who waits for "100 Continue" may send the body after all, or the next request: nobody knows. */
	bool waits = x->request->expect_continue && b->state == BODY_UNREAD;
	size_t here = connection_input(c).n;
	if (here < length && (waits || length - here > SKIP_BYTES_MAX))
		return false;
	c->skip = length;
	return true;
}
