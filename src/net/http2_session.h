/* SPDX-License-Identifier: Apache-2.0
 * The server's end of an HTTP/2 connection (RFC 9113) without its socket: bytes in, requests and bodies
 * out; answers in, bytes out. Frames, HPACK and flow control are libnghttp2's; what is refused beyond
 * that, and every limit, is here. It never reads a clock.
 * net: may include base, core and wire.
 */
#ifndef REMIT_NET_HTTP2_SESSION_H
#define REMIT_NET_HTTP2_SESSION_H

#include "wire/http2.h"

struct http2_session;
struct http2_memory;

/* One request and its answer. Its owner gives it the memory, and reads what is marked so. */
struct http2_stream {
	struct http2_session *session; /* NULL once it is closed */
	struct http2_stream *previous, *next; /* all of the session */
	int32_t id;
	struct arena *arena;           /* the owner's: where the head's texts go */
	struct http_request *request;  /* read: in the arena; NULL where the head is refused */
	struct http2_pseudo pseudo;    /* read */
	struct http_header *fields;    /* the others, in the arena */
	size_t field_count, field_room;
	char *text;                    /* the rest of what was taken for their texts */
	size_t text_room;
	struct http1_error error;      /* read: what to answer where the head is refused; status 0 where it is not */
	size_t head_bytes;
	size_t kept_bytes;             /* of the head, in the arena */
	size_t body_bytes;             /* read: of the request's body, that came */
	bool ended;                    /* read: the client has sent all */
	bool answered;                 /* its head is written */
	bool finished;                 /* nothing more will be written */
	bool sent_whole;               /* read: the client has been sent all, and may still be sending */
	bool deferred;                 /* nghttp2 waits for more to send */
	bool reset;                    /* we have broken it off */
	struct buf out;                /* of its answer's body */
	size_t out_at;                 /* sent of it */
};

/* What the owner is told, from within http2_session_receive, _send and _free. It may use every call for
 * streams there, but none for the session. */
struct http2_events {
	/* A request begins: zeroed memory for its stream, with arena set. NULL refuses it. */
	struct http2_stream *(*open)(void *ctx);
	/* Its head is complete; or is wrong, and stream->error says what to answer. */
	void (*request)(void *ctx, struct http2_stream *stream);
	/* Bytes of its body. They come only as fast as http2_stream_consume is called. */
	void (*data)(void *ctx, struct http2_stream *stream, struct str bytes);
	/* The body is whole, as long as its head said. Not for a request without one. */
	void (*ended)(void *ctx, struct http2_stream *stream);
	/* The client broke a rule of HTTP: to be counted. */
	void (*malformed)(void *ctx);
	/* Some of the answer's body was sent, or all of the answer while the client still sends. */
	void (*sent)(void *ctx, struct http2_stream *stream);
	/* The last that is heard of it, once for each that was opened: whole or broken off. */
	void (*closed)(void *ctx, struct http2_stream *stream);
};

/* `memory` is of the caller's thread and outlives it. NULL without memory. */
struct http2_session *http2_session_new(const struct http2_events *events, void *ctx, struct http2_memory *memory);
/* Closes every stream that is open. NULL is fine. */
void http2_session_free(struct http2_session *session);

/* Takes in all of the bytes. What is wrong with them is sent to the client by http2_session_send, and then
 * the session is over. `now_ms` is monotonic. */
void http2_session_receive(struct http2_session *session, struct str bytes, int64_t now_ms);
/* Appends what is to be sent, until there is nothing more or about `most` bytes are in it. False where there may be more. */
bool http2_session_send(struct http2_session *session, struct buf *out, size_t most);

/* Nothing more is to come or to go: the connection can be closed once all is written. */
bool http2_session_is_over(const struct http2_session *session);
/* A head has begun and is not whole, or nothing has come yet: this should not last. The number changes
 * with each new one; 0 where there is none. */
uint64_t http2_session_head_begun(const struct http2_session *session);
/* Of all streams: bytes of answers that are not sent. */
size_t http2_session_backlog(const struct http2_session *session);
/* The same, and the heads of all requests that are not closed. */
size_t http2_session_held(const struct http2_session *session);
/* Bytes of bodies sent so far. */
uint64_t http2_session_sent(const struct http2_session *session);

/* The client sends no more: requests whose bodies are not whole are broken off. */
void http2_session_cut(struct http2_session *session);
/* Tells the client to begin no new requests; those on their way are still taken. Once. */
void http2_session_notice(struct http2_session *session);
/* Takes no new ones; it is over when the last stream is closed. Once. */
void http2_session_finish(struct http2_session *session);

/* ---- Streams that are not closed ---- */

struct http2_answer {
	int status;
	struct str date, request_id;
	bool has_length;
	uint64_t length;
	const struct http_header *headers; /* checked by the caller; what is of a connection is left out */
	size_t header_count;
	bool body_follows; /* else it ends here */
};

/* "100 Continue". */
void http2_stream_continue(struct http2_stream *stream);
/* False without memory: the stream is then broken off. */
bool http2_stream_answer(struct http2_stream *stream, const struct http2_answer *answer);
/* One more piece of the body, copied. The same. */
bool http2_stream_write(struct http2_stream *stream, struct str piece);
/* It was the last. */
void http2_stream_end(struct http2_stream *stream);
/* Breaks it off; `closed` comes when that is sent. */
enum http2_reason { HTTP2_REASON_INTERNAL, HTTP2_REASON_CANCEL, HTTP2_REASON_DONE };
void http2_stream_reset(struct http2_stream *stream, enum http2_reason reason);
/* So many bytes of the body were used: so many more may come. */
void http2_stream_consume(struct http2_stream *stream, size_t n);
/* Bytes of the answer that wait for the client. */
static inline size_t http2_stream_backlog(const struct http2_stream *stream)
{
	return stream->out.n - stream->out_at;
}
/* Whether they wait for this stream's own window. */
bool http2_stream_is_shut(const struct http2_stream *stream);

#endif
