/* SPDX-License-Identifier: Apache-2.0
 * New connections. Where no file is left for one, libuv takes and closes it with a file that it keeps
 * in reserve, so that a loop never spins on it.
 * net: may include base, core and wire.
 */
#include "net/connection.h"

#include <stdlib.h>

static int init_stream(struct connection *c)
{
	bool is_unix = c->listener->address.any.sa_family == AF_UNIX;
	uv_loop_t *uv = &c->loop->uv;
	int result = is_unix ? uv_pipe_init(uv, &c->uv.pipe, 0) : uv_tcp_init(uv, &c->uv.tcp);
	c->uv.handle.data = c;
	return result;
}

static void note_peer(struct connection *c)
{
	int size = sizeof(c->peer);

	if (c->listener->address.any.sa_family == AF_UNIX)
		c->peer.any.sa_family = AF_UNIX;
	else if (uv_tcp_getpeername(&c->uv.tcp, &c->peer.any, &size) != 0)
		c->broken = true; /* gone again already */
}

static void join_loop(struct connection *c)
{
	struct loop *loop = c->loop;

	c->next = loop->connections;
	if (c->next)
		c->next->previous = c;
	loop->connections = c;
	loop->connection_count++;
	count_one(&loop->server->connections_total);
}

/* Past the limit it is taken all the same, to be closed: left alone it would wait in the kernel. */
void connection_accept(uv_stream_t *stream, int status)
{
	struct listening *listening = stream->data;
	struct loop *loop = listening->loop;
	struct server *server = loop->server;
	struct connection *c = status == 0 ? calloc(1, sizeof(*c)) : NULL;

	loop_enter(loop);
	if (!c)
		return;
	c->magic = CONNECTION_MAGIC;
	c->loop = loop;
	c->listener = listening->listener;
	deadline_init(&c->read_deadline);
	deadline_init(&c->write_deadline);
	if (init_stream(c) != 0) {
		free(c);
		return;
	}
	uint64_t open = atomic_fetch_add_explicit(&server->connections_open, 1, memory_order_relaxed);
	join_loop(c);
	if (uv_accept(stream, &c->uv.stream) != 0 || open >= server->limits.connections) {
		count_one(&server->connections_refused);
		connection_close(c);
		return;
	}
	note_peer(c);
	if (c->listener->tls && !transport_open(c))
		c->broken = true;
	connection_run(c);
}
