/* SPDX-License-Identifier: Apache-2.0
 * A connection: bytes in, one exchange after the other, bytes out. An idle one holds nothing but this
 * struct.
 * net: may include base, core and wire.
 */
#ifndef REMIT_NET_CONNECTION_H
#define REMIT_NET_CONNECTION_H

#include "net/loop.h"
#include "net/transport.h"

#define CONNECTION_MAGIC 0x636f6e6eu
#define INPUT_BYTES (LIMIT_HEAD_BYTES + 8 * 1024)
#define INPUT_ROOM_LEAST (4 * 1024) /* less than this is not worth a system call */

/* Bytes read and not yet used: data[start..end). From the loop's free list. */
struct input {
	struct input *next;
	size_t start, end;
	char data[INPUT_BYTES];
};

enum connection_state {
	CONNECTION_OPEN,
	CONNECTION_LINGERING, /* all is said; what still comes is thrown away */
	CONNECTION_CLOSING,
	CONNECTION_CLOSED, /* only an exchange whose job still runs holds it */
};

struct connection {
	uint32_t magic;
	enum connection_state state;
	bool reading;
	bool ended;    /* the client sends no more */
	bool last;     /* nothing after the exchange that runs */
	bool linger;   /* the client may still be sending when we close */
	bool broken;   /* a write failed */
	bool progress; /* bytes came since the deadline was set */
	bool ready;    /* in the loop's list */
	struct loop *loop;
	struct connection *previous, *next; /* all of the loop */
	struct connection *ready_next;
	struct input *in;
	size_t seen;          /* bytes of an unfinished head that were parsed already */
	uint64_t skip;        /* bytes of an unread body still to pass over */
	uint64_t unsent;      /* answer bytes that wait for the client */
	uint64_t discarded;   /* while lingering */
	size_t write_mark;    /* bytes not delivered when the write deadline was set */
	struct exchange *x;   /* the one that runs, in HTTP/1.1 */
	struct http2 *h2;     /* NULL in HTTP/1.1 */
	struct deadline read_deadline, write_deadline;
	struct transport *transport; /* NULL: no TLS */
	const struct listener *listener;
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} peer;
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} uv;
};

/* accept.c; of libuv: a listener has something. */
void connection_accept(uv_stream_t *listening, int status);
/* Goes on with whatever can go on, writes what was answered, and sets what it waits for. Called at the
 * end of each event; c may be freed by it. */
void connection_run(struct connection *c);
/* Closes at once, between exchanges. */
void connection_close(struct connection *c);
/* Closes at once; a running exchange is finished, or when its job is done. */
void connection_lose(struct connection *c);
/* Whether more of the client's bytes should be read now. */
bool connection_wants(const struct connection *c);
/* Where they go: a long body's own memory, or the input. {NULL, 0} without memory. */
uv_buf_t connection_room(struct connection *c);
/* So many of them are there now. */
void connection_came(struct connection *c, const char *at, size_t n);
/* A deadline came. */
void connection_expire(struct connection *c, enum deadline_phase phase);
/* Answers an error that we found ourselves, and reads nothing more as requests. */
void connection_refuse(struct connection *c, int status, const char *what);
static inline struct str connection_input(const struct connection *c)
{
	const struct input *in = c->in;
	return in ? (struct str){ in->data + in->start, in->end - in->start } : (struct str){ NULL, 0 };
}

/* ---- input.c: the buffers ---- */

/* A buffer with room, or false without memory. */
bool input_take(struct connection *c);
/* Gives back the buffer where nothing is in it, and else makes room behind an unfinished head. Only
 * between exchanges. */
void input_settle(struct connection *c);
void input_drop(struct connection *c);
void input_free_all(struct loop *loop);

/* ---- output.c ---- */

struct unsent { /* bytes on their way that the kernel did not take at once */
	uv_write_t request;
	struct connection *c;
	size_t n;
	char data[];
};

/* Where to append answers for this connection now. */
struct buf *output_claim(struct connection *c);
/* Writes what was gathered for it. */
void output_flush(struct connection *c);
/* Writes bytes as they are to the socket, or copies them until they can be. */
void output_raw(struct connection *c, struct str bytes);
/* Writes data[0..n), where there is no TLS without a copy, and frees it; after output_flush. */
void output_send(struct connection *c, struct unsent *bytes);
/* Whether one more request may be answered now. Writes where much is gathered. */
bool output_has_room(struct connection *c);
/* Whether so much waits that nothing more should be read. */
static inline bool output_is_full(const struct connection *c)
{
	return c->unsent > LIMIT_ANSWER_BACKLOG_BYTES;
}

#endif
