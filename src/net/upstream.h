/* SPDX-License-Identifier: Apache-2.0
 * Somebody else's server, spoken to in HTTP/1.1: pooled connections of one loop to one of several
 * equal addresses, and calls, each for one exchange.
 * net: may include base, core and wire.
 */
#ifndef REMIT_NET_UPSTREAM_H
#define REMIT_NET_UPSTREAM_H

#include "net/server.h"
#include "net/tls.h"

#include <sys/un.h>
#include <netinet/in.h>

#define UPSTREAM_ADDRESSES_MAX 64
#define UPSTREAM_HOST_ROOM 264

struct upstream_address {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} address;
	bool tls;
	bool spare; /* called only where no other one of the upstream takes a connection */
	char name[UPSTREAM_HOST_ROOM]; /* with TLS: what its certificate must be for */
	char host[UPSTREAM_HOST_ROOM]; /* what Host says: "127.0.0.1:3000"; "localhost" for a unix socket */
};

#define UPSTREAM_NAME_ADDRESSES 2

/* Reads "http://127.0.0.1:3000", "https://name" or "http://unix:/path". A name is looked up now, and must have
 * an address; localhost has two, the second of them spare, since a server may listen on either. May block.
 * How many there are, or 0 with a sentence. */
size_t upstream_address_find(const char *text, struct upstream_address ret[static UPSTREAM_NAME_ADDRESSES],
			     char reterr_text[static 256]);

struct upstream_limits { /* milliseconds; zero takes the default of limits.h */
	uint32_t connect_ms, head_ms, body_ms;
};

struct upstream_tls {
	struct tls_context *context;
	/* An address has no good certificate, or breaks TLS: for a log. At most once a minute for each. */
	void (*trouble)(void *ctx, const struct upstream_address *address, const char *why);
	void *ctx;
};

struct upstream; /* of one loop */

/* `addresses` outlive it. `tls` is needed where one of them speaks it; a reference of its own is kept. On the loop's thread, or before that runs. NULL without memory. */
struct upstream *upstream_new(const struct upstream_address *addresses, size_t count,
			      const struct upstream_limits *limits, const struct upstream_tls *tls);
/* When no call is left (loop_stop): closes what is pooled. */
void upstream_free(struct upstream *up);

enum upstream_failure {
	UPSTREAM_UNREACHABLE, /* no address took a connection: 502 */
	UPSTREAM_TIMEOUT,     /* 504 */
	UPSTREAM_MALFORMED,   /* its answer is none: 502 */
	UPSTREAM_CLOSED,      /* before its answer was whole: 502 */
	UPSTREAM_NO_MEMORY,   /* 503 */
};

struct upstream_request {
	struct exchange *x;
	struct str body;  /* whole; lives as long as the exchange */
	bool streamed;    /* the body comes by upstream_write */
	bool idempotent, to_head;
	void *ctx;
	/* Appends the head, with this Host, when a connection stands; once more where the request is sent
	 * again. The bytes are wiped when they were sent. False without memory. */
	bool (*write_head)(void *ctx, struct str host, struct buf *out);
	/* A streamed body may be written now. At first when the head was sent. */
	void (*writable)(void *ctx);
	/* The answer's head, never an interim one; views live until it returns. */
	void (*head)(void *ctx, const struct http_response *response, enum http1_body body);
	/* Some of its body; false: no more until upstream_resume. What was given was taken. */
	bool (*piece)(void *ctx, struct str piece);
	/* One of these ends the call; then nothing more is called. */
	void (*end)(void *ctx);
	void (*failed)(void *ctx, enum upstream_failure failure);
};

struct upstream_call;

/* In the exchange's arena; NULL without memory. Nothing happens before upstream_go, which may call back
 * before it returns. */
struct upstream_call *upstream_begin(struct upstream *up, const struct upstream_request *request);
void upstream_go(struct upstream_call *call);
/* A piece of a streamed body, copied where it does not go out at once. False: wait for `writable`. */
bool upstream_write(struct upstream_call *call, struct str piece);
/* The streamed body is whole. */
void upstream_write_end(struct upstream_call *call);
void upstream_resume(struct upstream_call *call);
/* From `head` on: no time-out bounds the silence between two reads of the answer any more, as of one that is a stream
 * of events. A host that is gone is still found out, by TCP. */
void upstream_be_patient(struct upstream_call *call);
/* Ends it without a word; also where it has ended. */
void upstream_cancel(struct upstream_call *call);

#endif
