/* SPDX-License-Identifier: Apache-2.0
 * How HTTP/1.1 carries an exchange: one after the other on a connection; a body of unknown length in
 * chunks (RFC 9112 section 7.1), or for HTTP/1.0 until the connection closes.
 * net: may include base, core and wire.
 */
#include "net/exchange.h"

#include <sys/socket.h>

static bool is_gone(const struct exchange *x)
{
	return x->c->broken || x->c->state != CONNECTION_OPEN;
}

static void wake(struct exchange *x)
{
	loop_schedule(x->c->loop, x->c);
}

static void want_body(struct exchange *x)
{
	if (x->request->expect_continue && connection_input(x->c).n == 0)
		buf_add_text(output_claim(x->c), "HTTP/1.1 100 Continue\r\n\r\n");
	if (x->body.state == BODY_READING)
		body_advance(x);
}

/* What came behind the request stays, in the same buffer. */
static void forget(struct exchange *x)
{
	if (connection_input(x->c).n == 0)
		input_drop(x->c);
}

static void begin(struct exchange *x)
{
	struct connection *c = x->c;

	if (!body_pass_over(x) || c->loop->draining != DRAIN_NOT)
		c->last = c->linger = true;
	if (!x->request->keep_alive)
		c->last = true;
}

/* ---- The answer ---- */

static bool is_chunked(const struct exchange *x)
{
	return !x->stream.sized && x->request->minor > 0;
}

/* Only the end of the connection can tell where it ends. */
static bool is_until_close(const struct exchange *x)
{
	return !x->stream.sized && x->request->minor == 0;
}

static bool head(struct exchange *x, const struct answer *answer, const uint64_t *later_length)
{
	if (later_length && is_until_close(x))
		x->c->last = true;
	return answer_write(x, answer, later_length, output_claim(x->c));
}

/* Where memory is missing, buf.failed says so, and output_flush gives the connection up. */
static void piece(struct exchange *x, struct str bytes)
{
	struct buf *out = output_claim(x->c);

	if (is_chunked(x))
		http1_write_chunk(out, bytes);
	else
		buf_add_str(out, bytes);
}

static void own_piece(struct exchange *x, struct unsent *bytes)
{
	assert(!is_chunked(x));
	output_flush(x->c);
	output_send(x->c, bytes);
}

static void end(struct exchange *x)
{
	if (is_chunked(x))
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

static void break_off(struct exchange *x)
{
	reset_instead_of_end(x);
	x->c->broken = true;
}

static void refuse(struct exchange *x, int status, const char *what)
{
	connection_refuse(x->c, status, what);
}

static bool has_room(struct exchange *x)
{
	return output_has_room(x->c);
}

static bool is_taken(const struct exchange *x)
{
	return x->c->unsent == 0;
}

const struct carrier carrier_http1 = {
	.is_gone = is_gone,
	.wake = wake,
	.want_body = want_body,
	.forget = forget,
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
