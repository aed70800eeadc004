/* SPDX-License-Identifier: Apache-2.0
 * A connection from its first byte to its end. connection_run is the one place where it goes on; each
 * event only notes what happened and calls it.
 * net: may include base, core and wire.
 */
#include "net/http2.h"

#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define LINGER_BYTES_MAX (32u * 1024 * 1024) /* a client that does not look before all is sent: an upload */

static void free_if_over(struct connection *c)
{
	struct loop *loop = c->loop;

	if (c->state != CONNECTION_CLOSED || c->x || http2_holds(c) || c->ready)
		return;
	input_drop(c);
	http2_free(c);
	if (c->previous)
		c->previous->next = c->next;
	else
		loop->connections = c->next;
	if (c->next)
		c->next->previous = c->previous;
	loop->connection_count--;
	atomic_fetch_sub_explicit(&loop->server->connections_open, 1, memory_order_relaxed);
	c->magic = 0;
	free(c);
	loop_end_if_drained(loop);
}

static void on_closed(uv_handle_t *handle)
{
	struct connection *c = handle->data;

	assert(c->magic == CONNECTION_MAGIC && c->state == CONNECTION_CLOSING);
	loop_enter(c->loop);
	c->state = CONNECTION_CLOSED;
	free_if_over(c);
}

void connection_close(struct connection *c)
{
	if (c->state >= CONNECTION_CLOSING)
		return;
	c->state = CONNECTION_CLOSING;
	deadline_disarm(&c->read_deadline);
	deadline_disarm(&c->write_deadline);
	if (c->loop->output.owner == c) {
		buf_reset(&c->loop->output.gathered);
		c->loop->output.owner = NULL;
	}
	transport_close(c);
	if (!c->x)
		input_drop(c); /* else its views may still be looked at */
	uv_close(&c->uv.handle, on_closed);
}

void connection_lose(struct connection *c)
{
	assert(c->magic == CONNECTION_MAGIC);
	connection_close(c);
	if (c->h2)
		http2_lose(c);
	if (c->x && !c->x->working) {
		assert(c->x->depth == 0);
		exchange_finish(c->x);
	}
}

/* ---- Reading ---- */

bool connection_wants(const struct connection *c)
{
	bool more = !c->last || c->x || c->state == CONNECTION_LINGERING;
	bool wanted = more && !c->ended && !output_is_full(c);

	if (wanted && c->x && body_read_room(c->x).len == 0)
		wanted = !c->in || c->in->end < INPUT_BYTES;
	return wanted;
}

uv_buf_t connection_room(struct connection *c)
{
	uv_buf_t room = c->x ? body_read_room(c->x) : uv_buf_init(NULL, 0);

	if (room.len == 0 && (c->in || input_take(c)))
		room = uv_buf_init(c->in->data + c->in->end, (unsigned)(INPUT_BYTES - c->in->end));
	return room;
}

void connection_came(struct connection *c, const char *at, size_t n)
{
	if (c->in && at == c->in->data + c->in->end)
		c->in->end += n;
	else
		c->x->body.n += n;
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
	struct connection *c = handle->data;

	(void)suggested;
	assert(c->magic == CONNECTION_MAGIC);
	loop_enter(c->loop);
	/* Without memory libuv reports UV_ENOBUFS. */
	*ret = c->transport ? transport_room(c) : connection_room(c);
}

static void discard(struct connection *c, size_t n)
{
	c->discarded += n;
	if (c->discarded > LINGER_BYTES_MAX)
		connection_close(c);
}

static void end_input(struct connection *c, bool clean)
{
	if (!clean)
		c->broken = true;
	else if (c->transport && c->state == CONNECTION_OPEN)
		c->transport->eof = true; /* what came before it is not all used yet */
	else
		c->ended = true;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct connection *c = stream->data;

	assert(c->magic == CONNECTION_MAGIC);
	loop_enter(c->loop);
	if (n < 0) {
		uv_read_stop(stream);
		c->reading = false;
		end_input(c, n == UV_EOF);
	} else if (c->state == CONNECTION_LINGERING) {
		discard(c, (size_t)n);
	} else if (n > 0) {
		c->progress = true;
		if (c->transport)
			transport_came(c, (size_t)n);
		else
			connection_came(c, buf->base, (size_t)n);
	}
	connection_run(c);
}

static void set_reading(struct connection *c)
{
	bool wanted = connection_wants(c);

	if (wanted && c->state == CONNECTION_OPEN && c->transport && transport_waits(c)) {
		loop_schedule(c->loop, c); /* what came earlier is first */
		wanted = false;
	}
	if (c->transport && c->transport->eof)
		wanted = false;
	if (wanted == c->reading)
		return;
	c->reading = wanted;
	if (!wanted)
		uv_read_stop(&c->uv.stream);
	else if (uv_read_start(&c->uv.stream, on_room, on_read) != 0)
		c->broken = true;
}

/* ---- Deadlines ---- */

static enum deadline_phase read_phase(const struct connection *c)
{
	if (c->x) {
		const struct body *b = &c->x->body;
		bool awaited = b->state == BODY_READING || (b->state == BODY_STREAMING && !b->paused);
		return awaited ? DEADLINE_BODY : DEADLINE_PHASES;
	}
	if (c->skip > 0)
		return DEADLINE_BODY;
	if (c->h2 && !c->last)
		return http2_read_phase(c);
	if (c->ready || c->last || output_is_full(c))
		return DEADLINE_PHASES;
	bool begun = c->in || (c->transport && transport_has_begun(c));
	return begun ? DEADLINE_HEAD : DEADLINE_IDLE;
}

/* Answer bytes that the client has not taken: ours and the kernel's. The kernel tells of room in its
 * buffer only when a third of it, perhaps a megabyte, is free, which a slow client may take minutes for. */
static size_t undelivered(const struct connection *c)
{
	int fd, in_kernel = 0;

	if (uv_fileno(&c->uv.handle, &fd) != 0 || ioctl(fd, SIOCOUTQ, &in_kernel) != 0)
		in_kernel = 0;
	return uv_stream_get_write_queue_size(&c->uv.stream) + (size_t)in_kernel;
}

/* Only a body that is read starts its deadline anew with each byte, since it has one in all besides. */
static void set_deadlines(struct connection *c)
{
	struct deadlines *all = &c->loop->deadlines;
	enum deadline_phase phase = read_phase(c);

	if (phase == DEADLINE_PHASES)
		deadline_disarm(&c->read_deadline);
	else if (phase != c->read_deadline.phase || (c->progress && c->x))
		deadline_arm(all, &c->read_deadline, phase, c->loop->now_ns);
	c->progress = false;
	if (c->unsent > 0 && c->write_deadline.phase == DEADLINE_PHASES) {
		c->write_mark = undelivered(c);
		deadline_arm(all, &c->write_deadline, DEADLINE_WRITE, c->loop->now_ns);
	}
}

static void expire_write(struct connection *c)
{
	size_t left = undelivered(c);
	if (left < c->write_mark) {
		c->write_mark = left;
		deadline_arm(&c->loop->deadlines, &c->write_deadline, DEADLINE_WRITE, c->loop->now_ns);
		return;
	}
	count_one(&c->loop->server->timeouts);
	connection_lose(c);
}

void connection_expire(struct connection *c, enum deadline_phase phase)
{
	assert(c->magic == CONNECTION_MAGIC);
	if (phase == DEADLINE_WRITE) {
		expire_write(c);
		return;
	}
	if (c->h2 && phase != DEADLINE_LINGER) {
		http2_expire_connection(c, phase);
		return;
	}
	if (phase == DEADLINE_HEAD || phase == DEADLINE_BODY) {
		count_one(&c->loop->server->timeouts);
		if (c->skip == 0 && (!c->transport || transport_is_open(c)))
			connection_refuse(c, 408, phase == DEADLINE_HEAD ? "The head came too slowly" :
									   "The body came too slowly");
	}
	if (c->last && phase != DEADLINE_LINGER)
		connection_run(c);
	else
		connection_lose(c);
}

/* ---- Requests ---- */

void connection_refuse(struct connection *c, int status, const char *what)
{
	struct exchange *x = c->x;
	uint64_t number = x ? x->number : c->loop->requests++;

	bool with_body = !x || x->request->method != HTTP_HEAD;
	bool written = answer_write_error(c->loop, number, with_body, status, what, output_claim(c));
	if (x) {
		x->status = written ? status : 0;
		x->answered = true;
		x->body.state = BODY_OVER;
	}
	c->last = c->linger = true;
	c->skip = 0;
}

/* False while some of an unread body is still to come. */
static bool skip_body(struct connection *c)
{
	if (c->skip == 0)
		return true;
	size_t here = connection_input(c).n;
	size_t n = c->skip < here ? (size_t)c->skip : here;
	if (n > 0)
		c->in->start += n;
	c->skip -= n;
	if (c->skip > 0 && c->ended)
		c->last = true;
	return c->skip == 0;
}

/* False without memory. */
static bool start_exchange(struct connection *c, size_t head_size)
{
	struct exchange *x = exchange_take(c->loop);

	if (!x)
		return false;
	exchange_prepare(x, c, &carrier_http1);
	if (!exchange_keep_head(x, &c->loop->head)) {
		exchange_give(c->loop, x);
		return false;
	}
	c->in->start += head_size;
	c->seen = 0;
	deadline_disarm(&c->read_deadline);
	x->body.at = c->in->start;
	c->x = x;
	exchange_start(x);
	return true;
}

/* True where an exchange was started. */
static bool next_request(struct connection *c)
{
	struct http1_error error;
	struct str bytes = connection_input(c);
	size_t size;

	switch (http1_parse_request(bytes.p, bytes.n, c->seen, &c->loop->head, &size, &error)) {
	case HTTP1_DONE:
		if (start_exchange(c, size))
			return true;
		c->broken = true;
		return false;
	case HTTP1_MORE:
		c->seen = bytes.n;
		if (bytes.n == INPUT_BYTES) /* the parser's limit is far below */
			connection_refuse(c, 431, "The head of the request is too long");
		return false;
	case HTTP1_ERROR:
		break;
	}
	count_one(&c->loop->server->malformed);
	connection_refuse(c, error.status, error.what);
	return false;
}

/* One step. True where the next one may be possible. */
static bool step(struct connection *c, unsigned *requests)
{
	if (c->x)
		return exchange_advance(c->x);
	if (c->state != CONNECTION_OPEN || c->broken || c->last)
		return false;
	if (!skip_body(c) || connection_input(c).n == 0)
		return false;
	if (!output_has_room(c))
		return false;
	if (*requests == LIMIT_PIPELINE) {
		loop_schedule(c->loop, c);
		return false;
	}
	++*requests;
	return next_request(c);
}

/* All is answered and written. Where the client may still be sending, a plain close would make the
 * kernel reset the connection, and the answer could be lost on its way (RFC 9112 section 9.6). */
static void end_connection(struct connection *c)
{
	int fd;
	bool ended = c->ended || (c->transport && c->transport->eof);
	bool linger = (c->linger || connection_input(c).n > 0) && !ended;

	input_drop(c);
	if (!linger || uv_fileno(&c->uv.handle, &fd) != 0 || shutdown(fd, SHUT_WR) != 0) {
		connection_close(c);
		return;
	}
	c->state = CONNECTION_LINGERING;
	deadline_disarm(&c->write_deadline);
	deadline_arm(&c->loop->deadlines, &c->read_deadline, DEADLINE_LINGER, c->loop->now_ns);
	set_reading(c);
}

/* Whether nothing more is to come on it. */
static bool is_over(const struct connection *c)
{
	if (c->last)
		return true;
	if (c->ready)
		return false;
	bool idle = c->skip == 0 && connection_input(c).n == 0;
	return c->ended || (idle && c->loop->draining == DRAIN_EXCHANGES);
}

/* False where there is more to come on it. With TLS the client is told so, and that must go out too. */
static bool say_end(struct connection *c)
{
	if (c->unsent > 0 || !is_over(c))
		return false;
	c->last = true;
	if (c->transport)
		transport_send_end(c);
	return true;
}

static void rest(struct connection *c)
{
	output_flush(c);
	if (c->transport)
		transport_settle(c);
	if (c->broken || (c->state == CONNECTION_LINGERING && c->ended)) {
		connection_lose(c);
		return;
	}
	if (c->state == CONNECTION_LINGERING) {
		input_drop(c);
		return;
	}
	if (!c->x && !http2_is_busy(c)) {
		if (say_end(c) && c->unsent == 0) {
			end_connection(c);
			return;
		}
		input_settle(c);
	} else if (c->h2) {
		input_settle(c);
	}
	set_reading(c);
	set_deadlines(c);
}

void connection_run(struct connection *c)
{
	unsigned requests = 0;

	assert(c->magic == CONNECTION_MAGIC);
	do {
		if (c->h2)
			http2_run(c);
		else
			while (step(c, &requests))
				;
	} while (transport_receive(c));
	if (c->state < CONNECTION_CLOSING)
		rest(c);
	free_if_over(c);
}
