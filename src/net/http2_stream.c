/* SPDX-License-Identifier: Apache-2.0
 * Answers on an HTTP/2 session: heads, and bodies that wait for the client's window.
 * net: may include base, core and wire.
 */
#include "net/http2_internal.h"

#define OWN_FIELDS 4   /* :status, date, content-length, remit-request-id */
#define FIELDS_KEPT 12 /* answers with more take memory of the request's arena */

static bool is_open(const struct http2_stream *stream)
{
	return stream->session && !stream->reset;
}

/* ---- Its end ---- */

void http2_stream_close(struct http2_stream *stream)
{
	struct http2_session *session = stream->session;

	assert(session && session->magic == HTTP2_MAGIC);
	nghttp2_session_set_stream_user_data(session->ng, stream->id, NULL);
	if (stream->previous)
		stream->previous->next = stream->next;
	else
		session->streams = stream->next;
	if (stream->next)
		stream->next->previous = stream->previous;
	if (session->head == stream)
		session->head = NULL;
	session->backlog -= http2_stream_backlog(stream);
	session->kept -= stream->kept_bytes;
	buf_done(&stream->out);
	stream->out_at = 0;
	stream->session = NULL;
	session->events->closed(session->ctx, stream);
}

void http2_stream_reset(struct http2_stream *stream, enum http2_reason reason)
{
	static const uint32_t errors[] = {
		[HTTP2_REASON_INTERNAL] = NGHTTP2_INTERNAL_ERROR,
		[HTTP2_REASON_CANCEL] = NGHTTP2_CANCEL,
		[HTTP2_REASON_DONE] = NGHTTP2_NO_ERROR,
	};

	if (!is_open(stream))
		return;
	stream->reset = true;
	if (nghttp2_submit_rst_stream(stream->session->ng, NGHTTP2_FLAG_NONE, stream->id, errors[reason]) != 0)
		stream->session->broken = true; /* without memory nothing more can be said */
}

/* ---- Heads ---- */

static nghttp2_nv field(struct str name, struct str value, uint8_t flags)
{
	return (nghttp2_nv){ (uint8_t *)(uintptr_t)name.p, (uint8_t *)(uintptr_t)value.p, name.n, value.n, flags };
}

static struct str decimal(uint64_t number, char room[static 20])
{
	char *end = room + 20, *p = end;

	do
		*--p = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	return (struct str){ p, (size_t)(end - p) };
}

/* libnghttp2 makes the names lower case. What differs each time would only fill its table. */
static size_t list_fields(const struct http2_answer *answer, nghttp2_nv *ret, char status[static 20],
			  char length[static 20])
{
	size_t n = 0;

	ret[n++] = field(STR(":status"), decimal((uint64_t)answer->status, status), NGHTTP2_NV_FLAG_NONE);
	ret[n++] = field(STR("date"), answer->date, NGHTTP2_NV_FLAG_NONE);
	ret[n++] = field(STR("remit-request-id"), answer->request_id, NGHTTP2_NV_FLAG_NO_INDEX);
	for (size_t i = 0; i < answer->header_count; i++)
		if (!http2_is_of_connection(answer->headers[i].name))
			ret[n++] = field(answer->headers[i].name, answer->headers[i].value, NGHTTP2_NV_FLAG_NONE);
	if (answer->has_length)
		ret[n++] = field(STR("content-length"), decimal(answer->length, length), NGHTTP2_NV_FLAG_NONE);
	return n;
}

void http2_stream_continue(struct http2_stream *stream)
{
	nghttp2_nv status = field(STR(":status"), STR("100"), NGHTTP2_NV_FLAG_NONE);

	if (is_open(stream) && nghttp2_submit_headers(stream->session->ng, NGHTTP2_FLAG_NONE, stream->id, NULL,
						      &status, 1, NULL) != 0)
		http2_stream_reset(stream, HTTP2_REASON_INTERNAL);
}

/* ---- Bodies ---- */

/* How much of the body goes into the next frame; send_data copies it. */
static ssize_t on_wanted(nghttp2_session *ng, int32_t id, uint8_t *room, size_t most, uint32_t *flags,
			 nghttp2_data_source *source, void *user_data)
{
	struct http2_stream *stream = source->ptr;
	size_t here = http2_stream_backlog(stream);
	size_t n = here < most ? here : most;

	(void)ng, (void)id, (void)room, (void)user_data;
	if (n == 0 && !stream->finished) {
		stream->deferred = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	*flags |= NGHTTP2_DATA_FLAG_NO_COPY;
	if (n == here && stream->finished)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

static void pass_sent(struct http2_stream *stream, size_t n)
{
	struct http2_session *session = stream->session;

	stream->out_at += n;
	session->backlog -= n;
	session->sent += n;
	if (stream->out_at == stream->out.n) {
		stream->out_at = 0;
		if (stream->finished || stream->out.cap > LIMIT_H2_STREAM_BACKLOG_BYTES)
			buf_done(&stream->out);
		buf_reset(&stream->out);
	}
	http2_earn(session, 3); /* the client may open its windows */
	session->events->sent(session->ctx, stream);
}

static int on_send_data(nghttp2_session *ng, nghttp2_frame *frame, const uint8_t *head, size_t n,
			nghttp2_data_source *source, void *user_data)
{
	struct http2_session *session = user_data;
	struct http2_stream *stream = source->ptr;

	(void)ng, (void)frame;
	assert(session->sink && n <= http2_stream_backlog(stream));
	if (!buf_add(session->sink, head, 9) ||
	    (n > 0 && !buf_add(session->sink, stream->out.p + stream->out_at, n)))
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	if (n > 0)
		pass_sent(stream, n);
	return session->sink->n < session->most ? 0 : NGHTTP2_ERR_PAUSE;
}

static int on_sent(nghttp2_session *ng, const nghttp2_frame *frame, void *user_data)
{
	struct http2_session *session = user_data;
	struct http2_stream *stream;

	(void)ng;
	if ((frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) ||
	    (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
		return 0;
	stream = http2_find(session, frame->hd.stream_id);
	if (!stream || stream->ended || stream->reset)
		return 0;
	stream->sent_whole = true;
	session->events->sent(session->ctx, stream);
	return 0;
}

void http2_send_callbacks(nghttp2_session_callbacks *callbacks)
{
	nghttp2_session_callbacks_set_send_data_callback(callbacks, on_send_data);
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
}

bool http2_stream_answer(struct http2_stream *stream, const struct http2_answer *answer)
{
	nghttp2_data_provider body = { .source.ptr = stream, .read_callback = on_wanted };
	nghttp2_nv kept[FIELDS_KEPT], *fields = kept;
	char status[20], length[20];

	if (!is_open(stream))
		return false;
	assert(!stream->answered);
	stream->answered = true;
	stream->finished = !answer->body_follows;
	if (answer->header_count + OWN_FIELDS + 1 > FIELDS_KEPT)
		fields = arena_alloc(stream->arena, (answer->header_count + OWN_FIELDS + 1) * sizeof(*fields));
	if (!fields || nghttp2_submit_response(stream->session->ng, stream->id, fields,
					       list_fields(answer, fields, status, length),
					       answer->body_follows ? &body : NULL) != 0) {
		http2_stream_reset(stream, HTTP2_REASON_INTERNAL);
		return false;
	}
	return true;
}

/* Has libnghttp2 ask for more. */
static void resume(struct http2_stream *stream)
{
	if (!stream->deferred)
		return;
	stream->deferred = false;
	if (nghttp2_session_resume_data(stream->session->ng, stream->id) != 0)
		http2_stream_reset(stream, HTTP2_REASON_INTERNAL);
}

/* What was sent makes room, where moving the rest costs less than it brings. */
static void compact(struct http2_stream *stream)
{
	size_t rest = http2_stream_backlog(stream);

	if (stream->out_at <= rest)
		return;
	memmove(stream->out.p, stream->out.p + stream->out_at, rest);
	stream->out.n = rest;
	stream->out_at = 0;
}

bool http2_stream_write(struct http2_stream *stream, struct str piece)
{
	if (!is_open(stream))
		return false;
	assert(stream->answered && !stream->finished);
	if (piece.n == 0)
		return true;
	compact(stream);
	if (!buf_add_str(&stream->out, piece)) {
		http2_stream_reset(stream, HTTP2_REASON_INTERNAL);
		return false;
	}
	stream->session->backlog += piece.n;
	resume(stream);
	return true;
}

void http2_stream_end(struct http2_stream *stream)
{
	if (!is_open(stream) || stream->finished)
		return;
	stream->finished = true;
	resume(stream);
}

void http2_stream_consume(struct http2_stream *stream, size_t n)
{
	if (is_open(stream) && n > 0 &&
	    nghttp2_session_consume_stream(stream->session->ng, stream->id, n) != 0)
		http2_stream_reset(stream, HTTP2_REASON_INTERNAL);
}

bool http2_stream_is_shut(const struct http2_stream *stream)
{
	return is_open(stream) &&
	       nghttp2_session_get_stream_remote_window_size(stream->session->ng, stream->id) <= 0;
}
