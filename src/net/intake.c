/* SPDX-License-Identifier: Apache-2.0
 * A request's body handed on in pieces as it comes: nothing of it is kept but what one read brought.
 * net: may include base, core and wire.
 */
#include "net/exchange.h"

static bool has_ended(const struct exchange *x)
{
	return !x->request->chunked && x->body.passed == x->request->length;
}

bool intake_tell(struct exchange *x, enum exchange_body result, struct str piece)
{
	struct body *b = &x->body;

	b->passed += piece.n;
	if (result != EXCHANGE_BODY_MORE)
		b->state = BODY_OVER;
	if (result == EXCHANGE_BODY_MALFORMED)
		x->must_close = true;
	x->depth++;
	if (!b->piece(x, result, piece) && b->state == BODY_STREAMING)
		b->paused = true;
	x->depth--;
	return !b->paused;
}

/* What was used makes room behind the head, whose views must stay. */
static void make_room(struct exchange *x)
{
	struct input *in = x->c->in;
	if (in && in->start == in->end && x->body.state == BODY_STREAMING)
		in->start = in->end = x->body.at;
}

static bool pass_length(struct exchange *x)
{
	struct input *in = x->c->in;
	uint64_t left = x->request->length - x->body.passed;
	size_t here = in->end - in->start;
	struct str piece = { in->data + in->start, here < left ? here : (size_t)left };

	in->start += piece.n;
	bool more = intake_tell(x, EXCHANGE_BODY_MORE, piece);
	make_room(x);
	return more;
}

static bool pass_chunk(struct exchange *x)
{
	struct input *in = x->c->in;
	struct http1_error error;
	struct str piece;
	size_t used = 0;
	enum http1_result result = http1_chunked_read(&x->body.chunked, in->data + in->start,
						      in->end - in->start, &used, &piece, &error);

	if (result == HTTP1_ERROR) {
		count_one(&x->c->loop->server->malformed);
		return intake_tell(x, EXCHANGE_BODY_MALFORMED, (struct str){ NULL, 0 });
	}
	in->start += used;
	bool more = piece.n == 0 || intake_tell(x, EXCHANGE_BODY_MORE, piece);
	if (result == HTTP1_DONE && x->body.state == BODY_STREAMING) {
		x->body.paused = false;
		return intake_tell(x, EXCHANGE_BODY_WHOLE, (struct str){ NULL, 0 });
	}
	make_room(x);
	return more;
}

bool intake_advance(struct exchange *x)
{
	struct body *b = &x->body;
	bool more = true;

	while (more && !b->paused && b->state == BODY_STREAMING && !x->answered) {
		if (has_ended(x)) {
			intake_tell(x, EXCHANGE_BODY_WHOLE, (struct str){ NULL, 0 });
			return true;
		}
		if (connection_input(x->c).n == 0)
			return false;
		more = x->request->chunked ? pass_chunk(x) : pass_length(x);
	}
	return x->answered;
}

void exchange_stream_body(struct exchange *x,
			  bool (*piece)(struct exchange *x, enum exchange_body result, struct str piece))
{
	struct body *b = &x->body;

	assert(x->magic == EXCHANGE_MAGIC && b->state == BODY_UNREAD && !x->answered);
	b->piece = piece;
	b->state = BODY_STREAMING;
	b->started_ns = x->c->loop->now_ns;
	if (exchange_is_gone(x))
		return;
	x->carrier->wake(x);
	x->carrier->want_body(x);
}

void exchange_stream_resume(struct exchange *x)
{
	assert(x->magic == EXCHANGE_MAGIC);
	if (!x->body.paused)
		return;
	x->body.paused = false;
	x->carrier->wake(x);
}
