/* SPDX-License-Identifier: Apache-2.0
 * What the files of an HTTP/2 session share among themselves.
 * net: may include base, core and wire.
 */
#ifndef REMIT_NET_HTTP2_INTERNAL_H
#define REMIT_NET_HTTP2_INTERNAL_H

#include "net/http2_session.h"

#include <assert.h>
#include <nghttp2/nghttp2.h>

#define HTTP2_MAGIC 0x68327365u

struct http2_session {
	uint32_t magic;
	nghttp2_session *ng;
	const struct http2_events *events;
	void *ctx;
	struct http2_stream *streams;
	struct buf *sink;    /* where http2_session_send appends, while it runs */
	size_t most;         /* in the sink */
	size_t backlog;
	size_t kept;         /* of heads */
	uint64_t sent;
	uint64_t received, useful; /* bytes in all, and those of heads and bodies */
	uint8_t frame[9];    /* the head of the frame that comes in, and how much of it is there */
	uint32_t frame_head, frame_left; /* and how much of what follows is not */
	uint64_t heads;      /* that have begun */
	bool in_head;
	struct http2_stream *head; /* the last that was opened; NULL once it is closed */
	bool settled;        /* the client's first SETTINGS have come */
	bool broken, noticed, finished;
	uint32_t fatal;      /* from within a callback: the error that ends the session */
	int64_t allowance;   /* of frames that ask for nothing */
	int64_t refilled_ms;
};

/* ---- http2_receive.c ---- */

/* The callbacks for what comes in. */
void http2_receive_callbacks(nghttp2_session_callbacks *callbacks);
/* Takes `cost` off the allowance. False where none is left: the session ends. */
bool http2_spend(struct http2_session *session, int64_t cost);
void http2_earn(struct http2_session *session, int64_t more);

/* ---- http2_stream.c ---- */

/* The callbacks for what goes out. */
void http2_send_callbacks(nghttp2_session_callbacks *callbacks);
/* Takes it off its session and tells the owner. */
void http2_stream_close(struct http2_stream *stream);

static inline struct http2_stream *http2_find(struct http2_session *session, int32_t id)
{
	return nghttp2_session_get_stream_user_data(session->ng, id);
}

#endif
