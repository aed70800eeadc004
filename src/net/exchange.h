/* SPDX-License-Identifier: Apache-2.0
 * An exchange: one request and its answer. Recycled by its loop with its arena.
 * net: may include base, core and wire.
 */
#ifndef REMIT_NET_EXCHANGE_H
#define REMIT_NET_EXCHANGE_H

#include "net/connection.h"

#include <stddef.h>

#define EXCHANGE_MAGIC 0x65786368u

enum body_state {
	BODY_UNREAD, /* nobody has asked for it */
	BODY_READING,
	BODY_STREAMING, /* handed on in pieces as it comes */
	BODY_OVER, /* told to the handler */
};

/* A body being read: in place, right behind the head in the connection's buffer, while it fits
 * there, else in memory of its own. */
struct body {
	enum body_state state;
	uint64_t max;
	void (*done)(struct exchange *x, enum exchange_body result, struct str body);
	size_t at;      /* where it starts in the connection's buffer */
	size_t n;       /* bytes of it that are there */
	char *own;      /* memory of its own, or NULL */
	size_t own_cap; /* counted in the server's body_bytes */
	struct http1_chunked chunked;
	int64_t started_ns;
	/* Streaming: */
	bool (*piece)(struct exchange *x, enum exchange_body result, struct str piece);
	bool paused;
	uint64_t passed; /* bytes handed on */
	bool no_room;    /* of HTTP/2: some of what came before it was asked for is lost */
};

struct file_answer;
struct http2_part;

/* How an exchange's bytes travel. All else about it is the same for every version of HTTP. */
struct carrier {
	/* Whether the client has gone: an answer would reach nobody. */
	bool (*is_gone)(const struct exchange *x);
	/* Has it gone on soon, from outside of a call of ours. */
	void (*wake)(struct exchange *x);
	/* The handler wants the body, and there is one: tells the client to send it. */
	void (*want_body)(struct exchange *x);
	/* No view of head and body is looked at any more: gives back what they came in. May be NULL. */
	void (*forget)(struct exchange *x);
	/* Before the answer: passes over what is unread of the body, and decides what comes after. */
	void (*begin)(struct exchange *x);
	/* Status and fields, and the body but for HEAD: with later_length (or LENGTH_UNKNOWN in it) it comes
	 * in pieces. False where something else, or nothing, was written in its place. */
	bool (*head)(struct exchange *x, const struct answer *answer, const uint64_t *later_length);
	void (*piece)(struct exchange *x, struct str piece);
	/* The same without a copy; frees it. */
	void (*own_piece)(struct exchange *x, struct unsent *piece);
	void (*end)(struct exchange *x);
	void (*break_off)(struct exchange *x);
	/* An error that we found ourselves, in the place of the answer. */
	void (*refuse)(struct exchange *x, int status, const char *what);
	/* Whether more may be written now. */
	bool (*has_room)(struct exchange *x);
	/* Whether the client has taken all that was written. */
	bool (*is_taken)(const struct exchange *x);
};

extern const struct carrier carrier_http1, carrier_http2;

/* An answer of unknown length. */
struct stream {
	bool open;    /* begun and not ended */
	bool sized;   /* with a Content-Length: no chunks */
	bool dropped; /* nothing after the head is sent: HEAD, or a head that was refused */
	bool waits;   /* the handler was told to wait for `drained` */
	size_t turn;  /* bytes written since `drained` was last called */
	void (*drained)(struct exchange *x);
};

struct exchange {
	uint32_t magic;
	bool started;   /* the handler has it */
	bool answered;
	bool working;   /* a job is out */
	bool must_close;
	bool held;      /* the handler waits for something else than the client */
	bool left;      /* the handler was told that it is over */
	unsigned depth; /* calls of the handler that are running with it */
	int status;     /* as sent, or 0 */
	struct connection *c;
	const struct carrier *carrier;
	struct exchange *next; /* in the free list, or in one of HTTP/2's */
	void *context;
	uint64_t number;
	int64_t started_ns;
	struct body body;
	struct file_answer *file;
	struct stream stream;
	struct job job;
	void (*work_done)(struct exchange *x, void *arg);
	void *work_arg;
	struct http_request *request; /* in the arena, no larger than its headers */
	struct http2_part *h2;        /* in the arena; NULL in HTTP/1.1 */
	/* From here on nothing is cleared between two exchanges. */
	struct arena arena;
};

/* From the free list; NULL without memory. */
struct exchange *exchange_take(struct loop *loop);
void exchange_give(struct loop *loop, struct exchange *x);
void exchange_free_all(struct loop *loop);

/* A fresh one of this connection. */
void exchange_prepare(struct exchange *x, struct connection *c, const struct carrier *carrier);
/* A copy of its head, whose views stay. False without memory. */
bool exchange_keep_head(struct exchange *x, const struct http_request *head);
/* Hands its request to the handler. */
void exchange_start(struct exchange *x);
/* Goes on where it can. True where it came further, and so should be called again or is over. */
bool exchange_advance(struct exchange *x);
/* The handler's `finished`, where it has it: here already where we have answered in its place and the answer is
 * still on its way, so that what it waits for does not answer once more. */
void exchange_leave(struct exchange *x);
/* The end: the same, and back to the free list. */
void exchange_finish(struct exchange *x);
static inline struct loop *exchange_loop(const struct exchange *x)
{
	return x->c->loop;
}
/* Gives a job to the workers, for the handler or for ourselves. */
bool exchange_give_job(struct exchange *x, void (*work)(void *arg),
		       void (*done)(struct exchange *x, void *arg), void *arg, bool always);
/* Its job is done: on the loop again. */
void exchange_job_done(struct exchange *x);

/* ---- body.c ---- */

/* Makes room for `more` bytes in memory of its own, which is counted. */
bool body_reserve(struct exchange *x, size_t more);
/* Tells the handler how reading ended. Always true, for its callers. */
bool body_tell(struct exchange *x, enum exchange_body result);
/* Uses the bytes that have come. True where the body is complete or refused, and was told. */
bool body_advance(struct exchange *x);
/* Where bytes of a long body are read to without a copy; {NULL, 0} where they are not. */
uv_buf_t body_read_room(struct exchange *x);
void body_release(struct exchange *x);
/* At the answer: passes over what was not read, if that is cheap. False where it is not, and the
 * connection must close. */
bool body_pass_over(struct exchange *x);

/* ---- intake.c ---- */

/* Tells the handler. True where more may follow at once. */
bool intake_tell(struct exchange *x, enum exchange_body result, struct str piece);
/* Hands on what has come of a streamed body. True where that may be called again at once. */
bool intake_advance(struct exchange *x);

/* ---- answer.c ---- */

/* What comes before each answer. */
void answer_begin(struct exchange *x);
#define LENGTH_UNKNOWN UINT64_MAX
/* Writes an answer's head, and its body but for HEAD. With later_length (or LENGTH_UNKNOWN in it) the
 * body comes later, from elsewhere. False where something else, or nothing, was written in its place. */
bool answer_write(struct exchange *x, const struct answer *answer, const uint64_t *later_length,
		  struct buf *out);
/* Whether a handler may send such a field: neither one of ours, nor one that would split the answer. */
bool answer_may_have(const struct http_header *header);
/* With these there is no body. */
static inline bool answer_is_bare(int status)
{
	return status == 204 || status == 304;
}
/* The value of Remit-Request-Id. */
void answer_request_id(const struct loop *loop, uint64_t number, char ret[static 2 * sizeof(struct exchange_id)]);
/* The JSON body of an error that net found itself. */
bool answer_error_body(struct buf *out, int status, const char *what);
/* Such an error: the JSON body, and the connection closes. */
bool answer_write_error(struct loop *loop, uint64_t number, bool with_body, int status, const char *what,
			struct buf *out);

/* ---- file.c ---- */

/* Goes on sending. True where it came further. */
bool file_advance(struct exchange *x);
/* Closes the file; no job may be out. */
void file_release(struct exchange *x);

/* ---- stream.c ---- */

/* Calls `drained` where it is time. True where it did. */
bool stream_advance(struct exchange *x);

#endif
