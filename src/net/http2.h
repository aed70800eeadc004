/* SPDX-License-Identifier: Apache-2.0
 * A connection that speaks HTTP/2: many exchanges at once, each on its stream.
 * net: may include base, core and wire.
 */
#ifndef REMIT_NET_HTTP2_H
#define REMIT_NET_HTTP2_H

#include "net/exchange.h"
#include "net/http2_session.h"

/* What an exchange has more of in HTTP/2. */
struct http2_part {
	struct http2_stream stream;
	struct exchange *x;
	struct deadline deadline;
	uint64_t sent_mark; /* bytes that its session had sent when the deadline was set */
	bool queued;        /* in one of the lists below */
};

struct exchange_list {
	struct exchange *first, *last;
};

struct http2 {
	struct http2_session *session; /* NULL when it is over */
	size_t exchanges;              /* that are not finished */
	struct exchange_list ready;    /* that may go on */
	struct exchange_list parked;   /* requests that wait until answers before them are taken */
	uint64_t head;                 /* the one that the connection's deadline is for */
	uint64_t counted;              /* in the server's h2_bytes */
};

/* ---- http2_connection.c ---- */

/* From its first byte on. False without memory. */
bool http2_open(struct connection *c);
/* Where no exchange holds it any more. Nothing in HTTP/1.1. */
void http2_free(struct connection *c);
/* In the place of connection_run's steps. */
void http2_run(struct connection *c);
/* It is lost: every exchange is finished, or will be when its job is done. */
void http2_lose(struct connection *c);
/* Has an exchange looked at in the next http2_run. */
void http2_ready(struct exchange *x);

/* Whether the connection must stay: exchanges run whose clients are there. */
static inline bool http2_is_busy(const struct connection *c)
{
	return c->h2 && c->h2->session && c->h2->exchanges > 0;
}

/* Whether the streams of all connections together hold so much that each connection may have little. */
bool http2_is_scarce(const struct connection *c);
/* Unsent bytes of its answers, before new requests wait. */
static inline size_t http2_backlog_most(const struct connection *c)
{
	return http2_is_scarce(c) ? LIMIT_ANSWER_BACKLOG_BYTES : LIMIT_H2_BACKLOG_BYTES;
}

/* Whether its memory must stay. */
static inline bool http2_holds(const struct connection *c)
{
	return c->h2 && c->h2->exchanges > 0;
}

enum deadline_phase http2_read_phase(const struct connection *c);
void http2_expire_connection(struct connection *c, enum deadline_phase phase);
/* The deadline of an exchange came. */
void http2_expire(struct deadline *deadline, enum deadline_phase phase);

/* ---- carrier_http2.c ---- */

/* Goes on where it can; may finish it. */
void http2_advance(struct exchange *x);
void http2_take_body(struct exchange *x, struct str bytes);
void http2_end_body(struct exchange *x);
/* Its body comes too slowly: the handler hears no more of it. */
void http2_refuse_slow(struct exchange *x);
/* Sets what it waits for. */
void http2_watch(struct exchange *x);

#endif
