/* SPDX-License-Identifier: Apache-2.0
 * TLS between a connection and its socket.
 * net: may include base, core and wire.
 */
#include "net/http2.h"

#include <stdlib.h>

#define PIECE_BYTES (128 * 1024) /* encrypted and written at once */

bool transport_open(struct connection *c)
{
	struct tls_context *context = tls_slot_take(c->listener->tls);
	struct transport *t = calloc(1, sizeof(*t));

	if (t)
		t->session = tls_session_new(context);
	tls_context_unref(context);
	if (!t || !t->session) {
		free(t);
		return false;
	}
	c->transport = t;
	return true;
}

void transport_close(struct connection *c)
{
	struct transport *t = c->transport;

	if (!t)
		return;
	c->transport = NULL;
	tls_session_free(t->session);
	free(t->kept);
	free(t);
}

void transport_free_buffers(struct loop *loop)
{
	free(loop->ciphertext_in);
	loop->ciphertext_in = NULL;
	buf_done(&loop->ciphertext_out);
}

/* ---- Ciphertext in ---- */

uv_buf_t transport_room(struct connection *c)
{
	struct loop *loop = c->loop;

	assert(c->transport->came.n == 0);
	if (!loop->ciphertext_in)
		loop->ciphertext_in = malloc(TRANSPORT_READ_BYTES);
	return uv_buf_init(loop->ciphertext_in, loop->ciphertext_in ? TRANSPORT_READ_BYTES : 0);
}

void transport_came(struct connection *c, size_t n)
{
	c->transport->came = (struct str){ c->loop->ciphertext_in, n };
}

void transport_settle(struct connection *c)
{
	struct transport *t = c->transport;
	char *old = t->kept;

	if (t->came.n == 0) {
		t->came.p = t->kept = NULL;
		free(old);
		return;
	}
	if (old)
		return;
	t->kept = malloc(t->came.n);
	if (!t->kept) {
		c->broken = true;
		t->came.n = 0;
		return;
	}
	memcpy(t->kept, t->came.p, t->came.n);
	t->came.p = t->kept;
}

bool transport_waits(const struct connection *c)
{
	const struct transport *t = c->transport;
	return t->came.n > 0 || tls_session_has_plaintext(t->session);
}

/* Handshakes, alerts: gathered by the session beside what it was asked for. */
static void write_out(struct connection *c)
{
	struct buf *out = &c->loop->ciphertext_out;

	if (out->failed)
		c->broken = true;
	else if (out->n > 0) /* a write of nothing is a system call too */
		output_raw(c, buf_str(out));
	if (out->cap > 2 * PIECE_BYTES)
		buf_done(out);
	buf_reset(out);
}

/* No TLS any more, or none at all. The client is told why, where that can be: by an alert, which was
 * written already, or in its own words. */
static void fail(struct connection *c, enum tls_result result)
{
	bool running = c->x || c->h2;

	count_one(&c->loop->server->tls_failures);
	c->transport->came.n = 0;
	if (running) {
		c->broken = true;
		return;
	}
	if (result == TLS_PLAIN) {
		transport_close(c);
		connection_refuse(c, 400, "This port speaks TLS: use https");
	}
	c->last = c->linger = true;
}

bool transport_receive(struct connection *c)
{
	struct transport *t = c->transport;

	if (!t || c->state != CONNECTION_OPEN || c->broken || !connection_wants(c))
		return false;
	if (!transport_waits(c)) {
		c->ended = t->eof;
		return c->ended;
	}
	output_flush(c); /* before an alert, after which nothing can be said */
	if (!c->x)
		input_settle(c);
	uv_buf_t room = connection_room(c);
	if (room.len == 0) {
		c->broken = !c->in; /* without memory; else what is there must be used first */
		return false;
	}
	size_t n;
	bool was_open = tls_session_is_open(t->session);
	enum tls_result result =
		tls_session_read(t->session, &t->came, room.base, room.len, &c->loop->ciphertext_out, &n);
	tls_session_warm(t->session, &c->loop->warm);
	write_out(c);
	connection_came(c, room.base, n);
	if (result == TLS_FAILED || result == TLS_PLAIN) {
		fail(c, result);
		return true;
	}
	if (result == TLS_END) {
		t->came.n = 0;
		c->ended = true;
	}
	if (was_open || !tls_session_is_open(t->session))
		return n > 0 || result != TLS_MORE;
	if (str_is(tls_session_protocol(t->session), "h2") && !http2_open(c))
		c->broken = true;
	return true;
}

/* ---- Plaintext out ---- */

void transport_send(struct connection *c, struct str text)
{
	struct transport *t = c->transport;

	while (text.n > 0 && !c->broken && c->state == CONNECTION_OPEN && transport_is_open(c)) {
		struct str piece = { text.p, text.n < PIECE_BYTES ? text.n : PIECE_BYTES };
		if (!tls_session_write(t->session, piece, &c->loop->ciphertext_out))
			c->broken = true;
		tls_session_warm(t->session, &c->loop->warm);
		write_out(c);
		text.p += piece.n;
		text.n -= piece.n;
	}
}

void transport_send_end(struct connection *c)
{
	c->transport->came.n = 0; /* no longer looked at */
	tls_session_end(c->transport->session, &c->loop->ciphertext_out);
	write_out(c);
}

/* ---- What it is ---- */

bool transport_is_open(const struct connection *c)
{
	return tls_session_is_open(c->transport->session);
}

bool transport_has_begun(const struct connection *c)
{
	return !transport_is_open(c) || tls_session_has_begun(c->transport->session);
}
