/* SPDX-License-Identifier: Apache-2.0
 * Answers whose length is not known when they begin: in chunks (RFC 9112 section 7.1), or for HTTP/1.0
 * until the connection closes. What the client has not taken is bounded, and so is what one turn sends.
 * net: may include base, core and wire.
 */
#include "net/exchange.h"

#include <sys/socket.h>

#define TURN_BYTES LIMIT_ANSWER_BACKLOG_BYTES /* sent before others get their turn */

static bool is_chunked(const struct exchange *x)
{
	return !x->stream.sized && x->request.minor > 0;
}

/* Only the end of the connection can tell where it ends. */
static bool is_until_close(const struct exchange *x)
{
	return !x->stream.sized && x->request.minor == 0;
}

/* Outside of a call of ours nobody else would go on with it. */
static void wake(struct exchange *x)
{
	if (x->depth == 0)
		loop_schedule(x->c->loop, x->c);
}

static void send_piece(struct exchange *x, struct str piece)
{
	struct buf *out = output_claim(x->c);

	if (is_chunked(x))
		http1_write_chunk(out, piece);
	else
		buf_add_str(out, piece);
	/* Where memory was missing, out->failed says so, and output_flush gives the connection up. */
}

static void begin(struct exchange *x, const struct answer *answer, uint64_t length,
		  void (*drained)(struct exchange *x))
{
	struct stream *s = &x->stream;
	struct answer head = *answer;

	assert(x->magic == EXCHANGE_MAGIC && !x->answered && !x->working && drained);
	answer_begin(x);
	if (is_until_close(x))
		x->c->last = true;
	s->open = true;
	s->drained = drained;
	if (exchange_is_gone(x))
		return;
	head.body = (struct str){ NULL, 0 };
	bool written = answer_write(x, &head, &length, output_claim(x->c));
	s->dropped = !written || x->request.method == HTTP_HEAD;
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
		send_piece(x, piece);
	s->turn += piece.n;
	if (!output_has_room(x->c) || s->turn > TURN_BYTES)
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
	if (is_chunked(x) && !s->dropped)
		http1_write_last_chunk(output_claim(x->c));
}

/* A plain end of the connection would look like the body's: only a reset does not. */
static void reset_instead_of_end(struct exchange *x)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };
	int fd;

	if (is_until_close(x) && uv_fileno(&x->c->uv.handle, &fd) == 0)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

void exchange_answer_break_off(struct exchange *x)
{
	assert(x->magic == EXCHANGE_MAGIC && x->stream.open);
	x->stream.open = false;
	if (exchange_is_gone(x))
		return;
	wake(x);
	reset_instead_of_end(x);
	x->c->broken = true;
}

bool stream_advance(struct exchange *x)
{
	struct stream *s = &x->stream;

	if (!s->waits || !output_has_room(x->c))
		return false;
	if (s->turn > TURN_BYTES) {
		s->turn = 0;
		loop_schedule(x->c->loop, x->c);
		return false;
	}
	s->waits = false;
	s->turn = 0;
	x->depth++;
	s->drained(x);
	x->depth--;
	return true;
}
