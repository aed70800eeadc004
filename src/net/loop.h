/* SPDX-License-Identifier: Apache-2.0
 * A loop: one thread, its listeners, its connections and what they share. And the server around them.
 * Everything here belongs to the loop's own thread but where a comment says otherwise.
 * net: may include base, core and wire.
 */
#ifndef REMIT_NET_LOOP_H
#define REMIT_NET_LOOP_H

#include "base/clock.h"
#include "net/deadline.h"
#include "net/http2_memory.h"
#include "net/listener.h"
#include "net/server.h"
#include "net/worker.h"

#include <assert.h>
#include <stdatomic.h>
#include <uv.h>

#define SERVER_MAGIC 0x73657276u
#define LOOP_MAGIC 0x6c6f6f70u
#define LOOP_LINGER_MS 2000 /* for a client to read its answer and close */
#define OUTPUT_GATHERED_MAX (1024u * 1024 * 1024)

struct connection;
struct input;

/* Answers made in one turn for one connection, before they are written with one call. */
struct output {
	struct buf gathered;
	struct connection *owner; /* whose bytes these are; NULL where there are none */
};

enum drain_stage {
	DRAIN_NOT,
	DRAIN_LAST_ACCEPTS, /* what the kernel holds already is still taken */
	DRAIN_LAST_REQUESTS, /* nothing new is accepted; who was just about to ask may */
	DRAIN_EXCHANGES, /* only what runs */
};

struct listening { /* one listener on one loop */
	union {
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} uv;
	struct loop *loop;
	const struct listener *listener;
	int fd; /* until the loop has it; then -1 */
	bool open;
};

struct loop {
	uint32_t magic;
	unsigned index;
	struct server *server;
	void *state; /* the handler's */

	uv_loop_t uv;
	uv_async_t wake; /* sent from any thread: jobs are done, or the server stops */
	uv_prepare_t prepare;
	uv_check_t check;
	uv_idle_t again;
	uv_timer_t tick, drain;
	struct listening *listening;
	bool waiting; /* between loop_before_wait and loop_after_wait */
	enum drain_stage draining;
	bool drain_looked; /* since the stage's time was over */

	int64_t now_ns, wall_ms; /* when the last wait ended */
	int64_t stamp_second;
	char stamp[96]; /* the fields Date and Remit-Request-Id, up to the number of the request */
	size_t stamp_size;
	uint8_t id[8];
	uint64_t requests;

	struct deadlines deadlines;
	struct connection *connections;
	size_t connection_count;
	struct connection *ready_first, *ready_last;

	struct input *inputs; /* free ones */
	unsigned inputs_free;
	struct exchange *exchanges; /* free ones */
	unsigned exchanges_free;
	struct output output;
	struct http2_memory http2_memory;
	struct http_request head; /* the one that is being parsed */
	char *ciphertext_in; /* TLS: one read of one connection; made when it is needed */
	struct buf ciphertext_out;
	struct tls_warm warm;
	struct job_results results;
};

struct server {
	uint32_t magic;
	struct server_handler handler;
	struct server_limits limits; /* no zeros left */
	struct listener *listeners;
	size_t listener_count;
	struct loop *loops;
	unsigned loop_count;
	struct worker_pool *pool;
	pthread_mutex_t lock;
	pthread_cond_t all_started;
	unsigned loops_started; /* under the lock; those that failed count too */

	/* From any thread: */
	atomic_bool stopping, failed;
	atomic_uint_fast64_t connections_open, connections_total, connections_refused;
	atomic_uint_fast64_t malformed, timeouts, body_bytes, tls_failures;
	_Atomic uint64_t h2_bytes; /* that streams of HTTP/2 hold beside bodies */
};

static inline void count_one(atomic_uint_fast64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* Takes the fds of its listeners. False without memory. */
bool loop_init(struct loop *loop, struct server *server, unsigned index);
/* Of a loop that has run, or never did. */
void loop_done(struct loop *loop);
/* On its thread, until it has drained. */
void loop_run(struct loop *loop);
/* From any thread or signal handler. */
void loop_wake(struct loop *loop);

/* The first thing that every callback of libuv does: libuv tells of the end of a wait only after the
 * callbacks for what came in, but the handler's loop_after_wait must stand before them. */
void loop_leave_wait(struct loop *loop);
static inline void loop_enter(struct loop *loop)
{
	assert(loop->magic == LOOP_MAGIC);
	if (loop->waiting)
		loop_leave_wait(loop);
}

void loop_close_listening(struct loop *loop);
/* Has connection_run called for it soon. */
void loop_schedule(struct loop *loop, struct connection *c);
/* After a connection is gone, or draining has come further: ends the loop where nothing is left. */
void loop_end_if_drained(struct loop *loop);

/* ---- server.c ---- */

/* On each loop's thread, once: waits until all have come here. False where one of them is not good. */
bool server_wait_for_loops(struct server *server, bool good);

/* ---- drain.c ---- */

/* From the loop's wake-up, when the server is stopping. More than once is harmless. */
void drain_start(struct loop *loop);

#endif
