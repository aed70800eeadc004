/* SPDX-License-Identifier: Apache-2.0
 * Answers that are made bit by bit. What the client has not taken is bounded, and so is what one turn
 * sends.
 * net: may include base, core and wire.
 */
#include "net/exchange.h"

#define TURN_BYTES LIMIT_ANSWER_BACKLOG_BYTES /* sent before others get their turn */

/* Outside of a call of ours nobody else would go on with it. */
static void wake(struct exchange *x)
{
	if (x->depth == 0)
		x->carrier->wake(x);
}

static void begin(struct exchange *x, const struct answer *answer, uint64_t length,
		  void (*drained)(struct exchange *x))
{
	struct stream *s = &x->stream;
	struct answer head = *answer;

	assert(x->magic == EXCHANGE_MAGIC && !x->answered && drained);
	answer_begin(x);
	s->open = true;
	s->drained = drained;
	if (exchange_is_gone(x))
		return;
	head.body = (struct str){ NULL, 0 };
	bool written = x->carrier->head(x, &head, &length);
	s->dropped = !written || x->request->method == HTTP_HEAD;
	if (answer->body.n > 0)
		exchange_answer_write(x, answer->body);
}

void exchange_answer_begin(struct exchange *x, const struct answer *answer,
			   void (*drained)(struct exchange *x))
{
	begin(x, answer, LENGTH_UNKNOWN, drained);
}

void exchange_answer_begin_sized(struct exchange *x, const struct answer *answer, uint64_t length,
				 void (*drained)(struct exchange *x))
{
	x->stream.sized = true;
	begin(x, answer, length, drained);
}

bool exchange_answer_write(struct exchange *x, struct str piece)
{
	struct stream *s = &x->stream;

	assert(x->magic == EXCHANGE_MAGIC && s->open);
	if (exchange_is_gone(x))
		return false;
	wake(x);
	if (piece.n > 0 && !s->dropped)
		x->carrier->piece(x, piece);
	s->turn += piece.n;
	if (!x->carrier->has_room(x) || s->turn > TURN_BYTES)
		s->waits = true;
	return !s->waits;
}

void exchange_answer_end(struct exchange *x)
{
	struct stream *s = &x->stream;

	assert(x->magic == EXCHANGE_MAGIC && s->open);
	s->open = false;
	if (exchange_is_gone(x))
		return;
	wake(x);
	if (!s->dropped)
		x->carrier->end(x);
}

void exchange_answer_break_off(struct exchange *x)
{
	assert(x->magic == EXCHANGE_MAGIC && x->stream.open);
	x->stream.open = false;
	if (exchange_is_gone(x))
		return;
	wake(x);
	x->carrier->break_off(x);
}

bool stream_advance(struct exchange *x)
{
	struct stream *s = &x->stream;

	if (!s->waits || !x->carrier->has_room(x))
		return false;
	if (s->turn > TURN_BYTES) {
		s->turn = 0;
		x->carrier->wake(x);
		return false;
	}
	s->waits = false;
	s->turn = 0;
	x->depth++;
	s->drained(x);
	x->depth--;
	return true;
}
