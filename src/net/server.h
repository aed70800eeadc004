/* SPDX-License-Identifier: Apache-2.0
 * The server: loops, listeners, connections, and the exchange (one request and its answer), which
 * is all that a handler ever sees. A handler does not know which version of HTTP brought it.
 * net: may include base, core and wire.
 */
#ifndef REMIT_NET_SERVER_H
#define REMIT_NET_SERVER_H

#include "base/arena.h"
#include "base/str.h"
#include "net/tls.h"
#include "wire/http1.h"

#include <sys/socket.h>

struct server;
struct exchange;

/* ---- The server ---- */

struct server_limits { /* milliseconds and bytes; zero takes the default of limits.h */
	uint32_t head_ms, idle_ms, body_ms, body_total_ms, write_ms, drain_ms;
	uint32_t connections;
	uint64_t body_memory_bytes;
};

struct server_listener {
	const char *address; /* "127.0.0.1:8787", "[::1]:8787", "unix:/run/remit.sock"; port 0 takes any */
	unsigned tag;        /* told by exchange_listener */
	const struct tls_server_options *tls; /* NULL: plain */
};

struct server_options {
	const struct server_listener *listeners;
	size_t listener_count;
	unsigned loops;   /* 0 = one a core */
	unsigned workers; /* 0 = LIMIT_WORKERS */
	struct server_limits limits;
};

struct server_handler {
	void *ctx;
	/* On each loop's own thread, before its first request and after its last. What start returns is
	 * `state` below; NULL refuses to start. */
	void *(*loop_start)(void *ctx, unsigned loop);
	void (*loop_stop)(void *ctx, void *state);
	/* Around each wait for events. May be NULL. */
	void (*loop_before_wait)(void *state);
	void (*loop_after_wait)(void *state);
	/* After server_wake, from nothing else's callback; more often than that is possible. May be NULL. */
	void (*woken)(void *state);
	/* A head is complete. Must answer, ask for the body, or hand on work, before it returns. */
	void (*request)(struct exchange *x, void *state);
	/* An exchange that was given to `request` is over: answered, or its connection lost. The last
	 * moment in which x may be used. `status` is 0 where no answer was sent, and 408 where we
	 * answered that because the body came too slowly. May be NULL. */
	void (*finished)(struct exchange *x, void *state, int status);
};

/* Binds every listener and starts the workers. On failure a sentence with the address is in
 * reterr_text[256], and nothing stays bound. The soft limit on open files is raised to the hard one. */
bool server_new(const struct server_options *options, const struct server_handler *handler,
		struct server **ret, char reterr_text[256]);
/* The port that a listener got. */
unsigned server_port(const struct server *server, size_t listener);
/* Runs until it has drained after server_stop, once; the first loop is on the caller's thread. SIGPIPE
 * must be ignored. False where a loop could not start. */
bool server_run(struct server *server);
/* Starts draining: no new connections, idle ones are closed after a moment in which they may still
 * ask, running exchanges get limits.drain_ms. What a worker does is waited for in every case.
 * From any thread or a signal handler; more than once is harmless. */
void server_stop(struct server *server);
/* Certificates and keys read again, in two steps, so that they change with all else or not at all. The first
 * reads all of them, or on failure none, with a sentence: `listeners` are as many as at the start, in the same
 * order; only their `tls` is looked at, and each must have it or not as at the start. With the second, which
 * cannot fail, new connections get the new ones; open ones go on. From any thread. */
struct server_tls;
bool server_tls_load(const struct server *server, const struct server_listener *listeners,
		     struct server_tls **ret, char reterr_text[256]);
/* Frees it. */
void server_tls_use(struct server *server, struct server_tls *fresh);
/* In the place of the second step; also of NULL. */
void server_tls_drop(struct server_tls *fresh);
void server_free(struct server *server);
/* Has each loop call `woken` soon. From any thread, while the server lives. */
void server_wake(struct server *server);

struct server_counts {
	uint64_t connections_open, connections_total, connections_refused;
	uint64_t requests_malformed, timeouts;
	uint64_t tls_failures; /* handshakes that came to nothing, and sessions that were broken */
	uint64_t body_bytes_held, worker_queue;
};
/* From any thread. */
void server_count(const struct server *server, struct server_counts *ret);

/* ---- The exchange: on its loop's thread only ---- */

/* The head; its views live until `finished`, or exchange_forget_request. */
const struct http_request *exchange_request(const struct exchange *x);
/* Memory with the exchange's life. */
struct arena *exchange_arena(struct exchange *x);
/* A place for the handler's own pointer; NULL at first. */
void exchange_set_context(struct exchange *x, void *context);
void *exchange_context(const struct exchange *x);
/* The state of the loop it runs on. */
void *exchange_loop_state(const struct exchange *x);
unsigned exchange_listener(const struct exchange *x);
/* Whether the client speaks TLS to us. */
bool exchange_is_secure(const struct exchange *x);
/* The other end of the connection. A unix socket has family AF_UNIX. */
const struct sockaddr *exchange_peer(const struct exchange *x);
/* Unique while it matters: 8 random bytes of the loop and a count. Sent as Remit-Request-Id in hex
 * (32 digits). */
struct exchange_id {
	uint8_t b[16];
};
struct exchange_id exchange_request_id(const struct exchange *x);
/* Monotonic, when the head was complete; and the loop's cached wall clock. */
int64_t exchange_started_ns(const struct exchange *x);
int64_t exchange_now_ms(const struct exchange *x);
/* Monotonic, when the last wait of its loop ended. */
int64_t exchange_clock_ns(const struct exchange *x);
/* Whether the client has gone: an answer would reach nobody. Who only stopped sending has not. */
bool exchange_is_gone(const struct exchange *x);
/* Whether it has stopped sending for good, which some do while they wait for their answer. */
bool exchange_has_stopped(const struct exchange *x);

/* For an answer that lasts, once it was begun: gives back the memory that head and body came in. Of the
 * head, method, version and framing stay; its texts and headers are empty from now on, and no view of them, or
 * of a body that was read, may be looked at any more. */
void exchange_forget_request(struct exchange *x);

enum exchange_body {
	EXCHANGE_BODY_WHOLE,
	EXCHANGE_BODY_TOO_LARGE, /* 413: answer it; the connection closes after */
	EXCHANGE_BODY_MALFORMED, /* 400: broken framing; answer it; the connection closes after */
	EXCHANGE_BODY_NO_ROOM,   /* 503: all bodies together are too large just now */
	EXCHANGE_BODY_MORE,      /* only to exchange_stream_body: a piece, and there is more */
};

/* Reads the whole body, at most `max` bytes, and then calls `done` (at once where it is there
 * already). Only now "100 Continue" is sent. The body lives until `finished`. Where the client
 * leaves or is too slow, `done` is never called, but `finished` is. */
void exchange_read_body(struct exchange *x, uint64_t max,
			void (*done)(struct exchange *x, enum exchange_body result, struct str body));

/* Hands the body on as it comes, in pieces that live until the call returns: EXCHANGE_BODY_MORE with
 * bytes, then once EXCHANGE_BODY_WHOLE or _MALFORMED with none. `piece` returns false where it wants no
 * more until exchange_stream_resume; what it was given it has taken all the same. Of a client that is
 * too slow it hears no more, as with exchange_read_body. Nor after an answer was begun. Never called
 * at once. */
void exchange_stream_body(struct exchange *x,
			  bool (*piece)(struct exchange *x, enum exchange_body result, struct str piece));
void exchange_stream_resume(struct exchange *x);

/* The handler waits for something else than the client or a job, and answers later from anywhere on the
 * loop. No time-out runs meanwhile. A client that is lost ends it: `finished`. */
void exchange_hold(struct exchange *x);

struct answer {
	int status;
	/* Content-Length, Date, Connection and Remit-Request-Id are added by us. Where one of them stands
	 * here, or a name or value that would split the answer, a 500 is sent in its place. */
	const struct http_header *headers;
	size_t header_count;
	struct str body; /* with status 204 and 304 it must be empty */
};

/* Answers; everything is copied. Exactly once for each exchange. A body not read by then is passed
 * over where that is cheap, else the connection is closed after the answer. HEAD gets the same
 * without the body. */
void exchange_answer(struct exchange *x, const struct answer *answer);
/* The same with `length` bytes of a file from `offset` as the body, read on workers and sent with
 * back-pressure. Closes fd in every case. */
void exchange_answer_file(struct exchange *x, const struct answer *answer, int fd, uint64_t offset,
			  uint64_t length);

/* Answers with a body that is made bit by bit, of a length that nobody knows yet. What is sent now is
 * status, headers, and the answer's body as the first piece; everything is copied. HTTP/1.1 gets it in
 * chunks and the connection goes on; HTTP/1.0 gets it until the connection closes. Not with 204 and
 * 304, which have no body. From then on, until exchange_answer_end, the handler owns the exchange and
 * may write whenever it likes, also from outside of the exchange's callbacks; requests behind it
 * wait. It may begin while a job of its own is out. A client that leaves or takes nothing for limits.write_ms ends it: `finished`, and no more
 * calls. While all was taken no time-out runs, so a handler that stops writing must end by itself. */
void exchange_answer_begin(struct exchange *x, const struct answer *answer,
			   void (*drained)(struct exchange *x));
/* The same with a length that is known: exactly so many bytes must be written. Not with 204 and 304. */
void exchange_answer_begin_sized(struct exchange *x, const struct answer *answer, uint64_t length,
				 void (*drained)(struct exchange *x));
/* Sends one more piece, copied; an empty one sends nothing. Whether more may be written now: false
 * where more than LIMIT_ANSWER_BACKLOG_BYTES wait for the client, or were written in this turn of the
 * loop while others wait. Then `drained` is called once, later, and may write again. What is
 * written all the same is sent too, and held in memory until then. To HEAD, and where the headers were
 * refused, pieces are dropped and count as taken; to a client that has gone, they are dropped and it
 * is false, and `finished` comes in the place of `drained`. */
bool exchange_answer_write(struct exchange *x, struct str piece);
/* The last piece was written. Never has to wait for `drained`, which is not called any more. Needed,
 * once, in every case but where `finished` came first. */
void exchange_answer_end(struct exchange *x);
/* In the place of exchange_answer_end, where the rest cannot be made: closes the connection without an
 * end, by which a client of HTTP/1.1 knows that its body is not whole. */
void exchange_answer_break_off(struct exchange *x);

/* Runs `work` on a worker thread and then `done` back on the loop; x stays valid until then, also
 * where the client leaves. False, and nothing happens, where too much waits already: answer 503. One
 * at a time, from a callback of this exchange, and not while its body is being read. */
bool exchange_work(struct exchange *x, void (*work)(void *arg), void (*done)(struct exchange *x, void *arg),
		   void *arg);

#endif
