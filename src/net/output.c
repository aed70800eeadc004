/* SPDX-License-Identifier: Apache-2.0
 * Bytes out: what one turn answers is gathered in the loop's buffer and written with one call; what
 * the kernel does not take is copied and waits. No handler is ever called from here.
 * net: may include base, core and wire.
 */
#include "net/connection.h"

#include <stdlib.h>

#define GATHERED_TURN (64 * 1024) /* written before more is answered */
#define GATHERED_KEPT (256 * 1024) /* memory that the loop's buffer keeps after a large answer */

struct buf *output_claim(struct connection *c)
{
	struct output *output = &c->loop->output;

	if (output->owner && output->owner != c) {
		struct connection *other = output->owner;
		output_flush(other);
		loop_schedule(other->loop, other); /* which looks whether that write failed */
	}
	output->owner = c;
	return &output->gathered;
}

static void on_written(uv_write_t *request, int status)
{
	struct unsent *bytes = request->data;
	struct connection *c = bytes->c;

	assert(c->magic == CONNECTION_MAGIC && c->unsent >= bytes->n);
	loop_enter(c->loop);
	c->unsent -= bytes->n;
	free(bytes);
	deadline_disarm(&c->write_deadline);
	if (c->state != CONNECTION_OPEN) /* libuv cancels when it closes */
		return;
	if (status < 0)
		c->broken = true;
	connection_run(c);
}

/* Leaves the bytes from `at` on to libuv. */
static void queue_rest(struct connection *c, struct unsent *bytes, size_t at)
{
	uv_buf_t rest = uv_buf_init(bytes->data + at, (unsigned)(bytes->n - at));

	bytes->c = c;
	bytes->request.data = bytes;
	if (uv_write(&bytes->request, &c->uv.stream, &rest, 1, on_written) != 0) {
		c->broken = true;
		free(bytes);
		return;
	}
	c->unsent += bytes->n;
	if (c->write_deadline.phase != DEADLINE_PHASES) /* more to deliver is not less progress */
		c->write_mark += bytes->n - at;
}

/* How many bytes the kernel took; all of them where the connection is lost anyway. */
static size_t write_now(struct connection *c, const char *p, size_t n)
{
	if (c->broken || c->state != CONNECTION_OPEN)
		return n;
	if (c->unsent > 0) /* order */
		return 0;
	uv_buf_t bytes = { .base = (char *)(uintptr_t)p, .len = n };
	int written = uv_try_write(&c->uv.stream, &bytes, 1);
	if (written == UV_EAGAIN)
		return 0;
	if (written < 0) {
		c->broken = true;
		return n;
	}
	return (size_t)written;
}

void output_raw(struct connection *c, struct str now)
{
	size_t written = write_now(c, now.p, now.n);
	if (written == now.n)
		return;
	struct unsent *bytes = malloc(sizeof(*bytes) + now.n - written);
	if (!bytes) {
		c->broken = true;
		return;
	}
	bytes->n = now.n - written;
	memcpy(bytes->data, now.p + written, bytes->n);
	queue_rest(c, bytes, 0);
}

void output_flush(struct connection *c)
{
	struct output *output = &c->loop->output;

	if (output->owner != c)
		return;
	if (output->gathered.failed)
		c->broken = true;
	else if (c->transport)
		transport_send(c, buf_str(&output->gathered));
	else
		output_raw(c, buf_str(&output->gathered));
	output->owner = NULL;
	if (output->gathered.cap > GATHERED_KEPT)
		buf_done(&output->gathered);
	buf_reset(&output->gathered);
}

bool output_has_room(struct connection *c)
{
	if (c->loop->output.owner == c && c->loop->output.gathered.n > GATHERED_TURN)
		output_flush(c);
	return !output_is_full(c) && !c->broken;
}

void output_send(struct connection *c, struct unsent *bytes)
{
	if (c->transport) {
		transport_send(c, (struct str){ bytes->data, bytes->n });
		free(bytes);
		return;
	}
	size_t written = write_now(c, bytes->data, bytes->n);
	if (written == bytes->n)
		free(bytes);
	else
		queue_rest(c, bytes, written);
}
