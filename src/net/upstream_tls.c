/* SPDX-License-Identifier: Apache-2.0
 * TLS between a link and its socket. The other end is verified before a byte of a request goes out, and an end
 * that it did not announce (close_notify) is never taken for the end of an answer.
 * net: may include base, core and wire.
 */
#include "net/upstream_internal.h"

#include <stdlib.h>

#define PIECE_BYTES (128 * 1024) /* encrypted and written at once */
#define TELL_NS (INT64_C(60) * 1000000000)

bool link_tls_open(struct upstream_link *link)
{
	struct link_tls *t = calloc(1, sizeof(*t));

	if (t)
		t->session = tls_session_new_client(link->up->tls.context, link->place->address->name);
	if (!t || !t->session) {
		free(t);
		return false;
	}
	link->tls = t;
	return true;
}

void link_tls_free(struct upstream_link *link)
{
	struct link_tls *t = link->tls;

	if (!t)
		return;
	tls_session_free(t->session);
	free(t->kept);
	free(t);
	link->tls = NULL;
}

/* ---- Out ---- */

static bool write_out(struct upstream_link *link)
{
	struct buf *out = &link->up->ciphertext_out;
	bool good = !out->failed && link_write_raw(link, buf_str(out));

	if (out->cap > 2 * PIECE_BYTES)
		buf_done(out);
	buf_reset(out);
	return good;
}

bool link_tls_write(struct upstream_link *link, struct str bytes)
{
	struct tls_session *session = link->tls->session;
	bool good = tls_session_is_open(session);

	while (good && bytes.n > 0) {
		struct str piece = { bytes.p, bytes.n < PIECE_BYTES ? bytes.n : PIECE_BYTES };
		good = tls_session_write(session, piece, &link->up->ciphertext_out);
		tls_session_warm(session, &link->up->warm);
		good = write_out(link) && good;
		bytes.p += piece.n;
		bytes.n -= piece.n;
	}
	return good;
}

void link_tls_end(struct upstream_link *link)
{
	if (link->unsent > 0)
		return;
	tls_session_end(link->tls->session, &link->up->ciphertext_out);
	(void)write_out(link);
}

/* ---- Trouble ---- */

static void tell(struct upstream_link *link, const char *why)
{
	struct upstream *up = link->up;
	struct upstream_place *place = link->place;
	int64_t now_ns = up->loop->now_ns;

	if (!up->tls.trouble || (place->told_ns != 0 && now_ns - place->told_ns < TELL_NS))
		return;
	place->told_ns = now_ns;
	up->tls.trouble(up->tls.ctx, place->address, why);
}

static void fail(struct upstream_link *link)
{
	char why[TLS_ERROR_ROOM];

	tls_session_why(link->tls->session, why);
	tell(link, why);
	if (link->state == LINK_CONNECTING)
		call_unconnected(link->call, UPSTREAM_UNREACHABLE);
	else if (link->state == LINK_BUSY)
		call_fail(link->call, UPSTREAM_CLOSED);
	else
		link_close(link);
}

/* The connection ended, and its end was not announced. */
static void cut(struct upstream_link *link)
{
	if (link->state == LINK_CONNECTING) {
		tell(link, "it closed the connection in the handshake");
		call_unconnected(link->call, UPSTREAM_UNREACHABLE);
	} else if (link->state == LINK_BUSY) {
		call_fail(link->call, UPSTREAM_CLOSED);
	} else {
		link_close(link);
	}
}

/* ---- In ---- */

uv_buf_t link_tls_room(struct upstream_link *link)
{
	struct upstream *up = link->up;

	if (!up->ciphertext_in)
		up->ciphertext_in = malloc(UPSTREAM_READ_BYTES);
	return uv_buf_init(up->ciphertext_in, up->ciphertext_in ? UPSTREAM_READ_BYTES : 0);
}

static void hand_on(struct upstream_link *link, size_t n)
{
	if (n == 0)
		return;
	if (link->state == LINK_BUSY)
		call_read(link->call, link->up->read, n);
	else
		link_close(link); /* it speaks unasked */
}

static void note_open(struct upstream_link *link)
{
	link->place->down_until_ns = 0;
	link->state = LINK_BUSY;
	call_connected(link->call);
}

/* True where there may be more to do. */
static bool step(struct upstream_link *link)
{
	struct link_tls *t = link->tls;
	struct upstream *up = link->up;
	size_t n;

	if (t->came.n == 0 && !tls_session_has_plaintext(t->session)) {
		if (t->ended && link->state == LINK_BUSY)
			call_eof(link->call);
		else if (t->ended || t->eof)
			cut(link);
		return false;
	}
	enum tls_result result = tls_session_read(t->session, &t->came, up->read, UPSTREAM_READ_BYTES,
						  &up->ciphertext_out, &n);
	tls_session_warm(t->session, &up->warm);
	/* Where it cannot be written, reading tells of the end. */
	(void)write_out(link);
	link->more = result != TLS_MORE || tls_session_has_begun(t->session);
	if (link->state == LINK_CONNECTING && tls_session_is_open(t->session))
		note_open(link);
	if (link->state != LINK_CLOSING)
		hand_on(link, n);
	if (result == TLS_END) { /* told when all before it was taken */
		t->ended = true;
		t->came.n = 0;
	} else if (link->state != LINK_CLOSING && (result == TLS_FAILED || result == TLS_PLAIN)) {
		fail(link);
	}
	return true;
}

static void keep_rest(struct link_tls *t)
{
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
		t->came.n = 0;
		return;
	}
	memcpy(t->kept, t->came.p, t->came.n);
	t->came.p = t->kept;
}

void link_tls_pump(struct upstream_link *link)
{
	struct link_tls *t = link->tls;

	if (t->pumping)
		return;
	t->pumping = true;
	while (link->state != LINK_CLOSING && link->reading && step(link))
		;
	t->pumping = false;
	if (link->state == LINK_CLOSING)
		t->came.n = 0;
	keep_rest(t);
}

void link_tls_start(struct upstream_link *link)
{
	size_t n;
	struct str nothing = { NULL, 0 };

	link_set_reading(link, true);
	enum tls_result result = tls_session_read(link->tls->session, &nothing, link->up->read, 0,
						  &link->up->ciphertext_out, &n);
	if (!write_out(link) || result != TLS_MORE)
		fail(link);
}

void link_tls_came(struct upstream_link *link, ssize_t n)
{
	struct link_tls *t = link->tls;

	if (n > 0)
		t->came = (struct str){ link->up->ciphertext_in, (size_t)n };
	else
		t->eof = true;
	link_tls_pump(link);
}
