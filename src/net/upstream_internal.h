/* SPDX-License-Identifier: Apache-2.0
 * What the upstream's files share: the pool of a loop, its connections, a call.
 * net: may include base, core and wire.
 */
#ifndef REMIT_NET_UPSTREAM_INTERNAL_H
#define REMIT_NET_UPSTREAM_INTERNAL_H

#include "net/exchange.h"
#include "net/upstream.h"

#define UPSTREAM_MAGIC 0x75707374u
#define LINK_MAGIC 0x6c696e6bu
#define UPSTREAM_READ_BYTES (64 * 1024)
#define UPSTREAM_HEAD_BYTES (80 * 1024) /* a client's head, which we make longer, and a small body */

enum link_state { LINK_CONNECTING, LINK_BUSY, LINK_IDLE, LINK_CLOSING };

struct upstream_place { /* one address, as this loop knows it */
	const struct upstream_address *address;
	unsigned busy, idle_count;
	struct upstream_link *idle; /* the one used last is the first */
	int64_t down_until_ns;
	int64_t told_ns; /* when its trouble with TLS was told last; 0: never */
};

struct link_tls { /* what a link with TLS has beside */
	struct tls_session *session;
	struct str came; /* ciphertext not yet used: in the pool's buffer while its event runs, else in `kept` */
	char *kept;
	bool ended;   /* the other end said that it sends no more */
	bool eof;     /* no more ciphertext comes */
	bool pumping;
};

struct upstream_link { /* a connection */
	uint32_t magic;
	enum link_state state;
	bool reading, reused;
	bool heard; /* bytes of an answer came */
	bool more;  /* with TLS: there is more behind what call_read was given */
	struct link_tls *tls; /* NULL: plain */
	struct upstream *up;
	struct upstream_place *place;
	struct upstream_link *next; /* idle */
	struct upstream_call *call; /* while connecting and busy */
	struct deadline deadline;
	char *kept;                 /* bytes read and not used: an unfinished head, or while paused */
	size_t kept_n, kept_room;
	size_t unsent;
	uv_connect_t connect;
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} uv;
};

struct upstream {
	uint32_t magic;
	bool ticking, freed;
	unsigned links; /* open ones, and the timer */
	struct loop *loop; /* NULL before the first call */
	uv_timer_t tick;
	struct deadlines deadlines;
	size_t count;
	struct upstream_place *places;
	struct upstream_limits limits;
	struct http_response response; /* the head that is being read */
	struct buf head;               /* the one that is being sent: wiped before another */
	char read[UPSTREAM_READ_BYTES]; /* used up, or copied, before the next read */
	struct upstream_tls tls;
	char *ciphertext_in; /* made when it is needed */
	struct buf ciphertext_out;
	struct tls_warm warm;
};

enum answer_part { PART_HEAD, PART_BODY };

struct upstream_call {
	struct upstream *up;
	struct upstream_link *link; /* NULL: over */
	struct upstream_request request;
	uint64_t tried;  /* addresses that took no connection */
	bool whole;      /* all of the request was handed over */
	bool timed_out;  /* one of its addresses did not answer in time */
	bool again;      /* was tried once more after a pooled connection had died */
	bool paused;
	bool patient;    /* its answer may be silent for as long as it likes */
	bool wait_write;
	bool keep;       /* the answer leaves the connection open */
	enum answer_part part;
	unsigned interim;
	size_t seen;
	enum http1_body body;
	uint64_t left;
	struct http1_chunked chunked;
};

/* ---- upstream.c ---- */

/* A link for the call: a pooled one, or a new one. False where no address is left. */
bool upstream_take_link(struct upstream_call *call, bool pooled);
/* Back to the pool. */
void link_release(struct upstream_link *link);
void link_close(struct upstream_link *link);
void link_set_reading(struct upstream_link *link, bool reading);
/* Writes now, or copies. False where the link is broken. */
bool link_write(struct upstream_link *link, struct str bytes);
/* The same without TLS. */
bool link_write_raw(struct upstream_link *link, struct str bytes);
bool link_keep(struct upstream_link *link, const char *bytes, size_t n);
void link_arm(struct upstream_link *link, enum deadline_phase phase);
/* Has TCP ask now and then whether the other end is still there. */
void link_watch_host(struct upstream_link *link);

/* ---- upstream_tls.c ---- */

/* False without memory. */
bool link_tls_open(struct upstream_link *link);
void link_tls_free(struct upstream_link *link);
/* The connection stands: the handshake begins. */
void link_tls_start(struct upstream_link *link);
uv_buf_t link_tls_room(struct upstream_link *link);
/* So much came; 0 or less is libuv's end or error. */
void link_tls_came(struct upstream_link *link, ssize_t n);
/* Decrypts and hands on what has come, while reading is wanted. */
void link_tls_pump(struct upstream_link *link);
bool link_tls_write(struct upstream_link *link, struct str bytes);
/* Says that nothing more comes. */
void link_tls_end(struct upstream_link *link);

/* ---- upstream_call.c: what happens to a call ---- */
void call_connected(struct upstream_call *call);
/* No connection: another address, or the end. */
void call_unconnected(struct upstream_call *call, enum upstream_failure failure);
void call_written(struct upstream_call *call);
void call_read(struct upstream_call *call, const char *bytes, size_t n);
/* The other end sends no more. */
void call_eof(struct upstream_call *call);
void call_fail(struct upstream_call *call, enum upstream_failure failure);

#endif
