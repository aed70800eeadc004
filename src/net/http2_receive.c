/* SPDX-License-Identifier: Apache-2.0
 * What comes in on an HTTP/2 session: heads are put together and judged, bodies are handed on, and what
 * is only noise is counted.
 * net: may include base, core and wire.
 */
#include "net/http2_internal.h"

#define TEXT_BYTES 512 /* taken for a head at once */

/* A callback that returns this gets the session ended by http2_session_receive. */
static int end_session(struct http2_session *session, uint32_t error)
{
	session->fatal = error;
	return NGHTTP2_ERR_CALLBACK_FAILURE;
}

bool http2_spend(struct http2_session *session, int64_t cost)
{
	session->allowance -= cost;
	if (session->allowance >= 0)
		return true;
	end_session(session, NGHTTP2_ENHANCE_YOUR_CALM);
	return false;
}

void http2_earn(struct http2_session *session, int64_t more)
{
	session->allowance += more;
	if (session->allowance > LIMIT_H2_IDLE_FRAMES)
		session->allowance = LIMIT_H2_IDLE_FRAMES;
}

/* What a frame costs that brings us nothing, or work for nothing. */
static int64_t frame_cost(const nghttp2_frame_hd *frame)
{
	bool ends = (frame->flags & NGHTTP2_FLAG_END_STREAM) != 0;

	switch (frame->type) {
	case NGHTTP2_HEADERS:
		return 0; /* an answer is made of it, or it is refused: that counts there */
	case NGHTTP2_DATA:
		return ends || frame->length >= LIMIT_H2_SMALL_DATA_BYTES ? 0 : 1;
	case NGHTTP2_RST_STREAM:
		return LIMIT_H2_RESET_COST;
	default:
		return 1;
	}
}

static int on_begin_frame(nghttp2_session *ng, const nghttp2_frame_hd *frame, void *user_data)
{
	struct http2_session *session = user_data;

	(void)ng;
	return http2_spend(session, frame_cost(frame)) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

/* ---- Heads ---- */

static bool is_request(const nghttp2_frame *frame)
{
	return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
}

static int refuse_stream(nghttp2_session *ng, int32_t id, uint32_t error)
{
	if (nghttp2_submit_rst_stream(ng, NGHTTP2_FLAG_NONE, id, error) != 0)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int on_begin_headers(nghttp2_session *ng, const nghttp2_frame *frame, void *user_data)
{
	struct http2_session *session = user_data;

	if (!is_request(frame))
		return 0;
	struct http2_stream *stream = session->events->open(session->ctx);
	if (!stream)
		return http2_spend(session, LIMIT_H2_RESET_COST) ?
			       refuse_stream(ng, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM) :
			       NGHTTP2_ERR_CALLBACK_FAILURE;
	assert(stream->arena);
	stream->session = session;
	stream->id = frame->hd.stream_id;
	buf_init(&stream->out, SIZE_MAX / 2);
	stream->next = session->streams;
	if (stream->next)
		stream->next->previous = stream;
	session->streams = session->head = stream;
	nghttp2_session_set_stream_user_data(ng, stream->id, stream);
	return 0;
}

/* As long as the request lives. */
static bool keep_text(struct http2_stream *stream, struct str *name, struct str *value)
{
	size_t n = name->n + value->n;

	if (n > stream->text_room) {
		stream->text_room = n < TEXT_BYTES ? TEXT_BYTES : n;
		stream->text = arena_alloc(stream->arena, stream->text_room);
		if (!stream->text) {
			stream->text_room = 0;
			return false;
		}
	}
	char *text = stream->text;
	stream->text += n;
	stream->text_room -= n;
	memcpy(text, name->p, name->n);
	memcpy(text + name->n, value->p, value->n);
	stream->kept_bytes += n;
	stream->session->kept += n;
	*name = (struct str){ text, name->n };
	*value = (struct str){ text + name->n, value->n };
	return true;
}

static bool keep_field(struct http2_stream *stream, struct str name, struct str value)
{
	if (stream->field_count == stream->field_room) {
		size_t room = stream->field_room ? 2 * stream->field_room : 16;
		struct http_header *more = arena_alloc(stream->arena, room * sizeof(*more));
		if (!more)
			return false;
		if (stream->field_count > 0)
			memcpy(more, stream->fields, stream->field_count * sizeof(*more));
		stream->fields = more;
		stream->field_room = room;
	}
	stream->fields[stream->field_count++] = (struct http_header){ name, value };
	return true;
}

/* A field that makes the head wrong is noted, and the rest of the head is only decoded. */
static void note_field(struct http2_stream *stream, struct str name, struct str value)
{
	static const struct http1_error no_memory = { 503, "Out of memory" };
	bool is_pseudo = name.n > 0 && *name.p == ':';

	if (stream->head_bytes > LIMIT_HEAD_BYTES) {
		stream->error = (struct http1_error){ 431, "The head is too long" };
	} else if (!is_pseudo && stream->field_count == LIMIT_HEADERS) {
		stream->error = (struct http1_error){ 431, "Too many headers" };
	} else if (!keep_text(stream, &name, &value)) {
		stream->error = no_memory;
	} else if (!is_pseudo) {
		if (!keep_field(stream, name, value))
			stream->error = no_memory;
	} else {
		struct str *place = http2_pseudo_field(&stream->pseudo, name);
		if (place)
			*place = value;
		else
			stream->error = (struct http1_error){ 400, "A pseudo-header that is unknown or stands twice" };
	}
}

static int on_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name, size_t name_size,
		     const uint8_t *value, size_t value_size, uint8_t flags, void *user_data)
{
	struct http2_session *session = user_data;
	struct http2_stream *stream = session->head;

	(void)ng, (void)flags;
	if (!stream || stream->id != frame->hd.stream_id) /* of trailers */
		stream = http2_find(session, frame->hd.stream_id);
	if (!stream)
		return 0;
	session->useful += name_size + value_size;
	stream->head_bytes += name_size + value_size + 32; /* as RFC 9113 section 6.5.2 counts */
	if (stream->head_bytes > LIMIT_H2_HEAD_DECODED_BYTES)
		return end_session(session, NGHTTP2_ENHANCE_YOUR_CALM);
	if (is_request(frame) && stream->error.status == 0)
		note_field(stream, (struct str){ (const char *)name, name_size },
			   (struct str){ (const char *)value, value_size });
	return 0;
}

/* libnghttp2 would pass over a field that it finds wrong, and take the rest for the request. */
static int on_invalid_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name,
			     size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
			     void *user_data)
{
	struct http2_session *session = user_data;

	(void)name, (void)name_size, (void)value, (void)value_size, (void)flags;
	session->events->malformed(session->ctx);
	if (!http2_spend(session, LIMIT_H2_RESET_COST))
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	return refuse_stream(ng, frame->hd.stream_id, NGHTTP2_PROTOCOL_ERROR);
}

static int on_invalid_frame(nghttp2_session *ng, const nghttp2_frame *frame, int error, void *user_data)
{
	struct http2_session *session = user_data;

	(void)ng, (void)frame, (void)error;
	session->events->malformed(session->ctx);
	return http2_spend(session, LIMIT_H2_RESET_COST) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static void end_head(struct http2_session *session, struct http2_stream *stream)
{
	if (stream->error.status == 0)
		stream->request = http2_read_request(&stream->pseudo, stream->fields, stream->field_count,
						     stream->ended, stream->arena, &stream->error);
	if (stream->error.status != 0)
		session->events->malformed(session->ctx);
	session->events->request(session->ctx, stream);
}

/* ---- Whole frames, and bodies ---- */

static int on_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *user_data)
{
	struct http2_session *session = user_data;
	struct http2_stream *stream;

	(void)ng;
	if (frame->hd.type == NGHTTP2_SETTINGS)
		session->settled = true;
	if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
		return 0;
	stream = http2_find(session, frame->hd.stream_id);
	if (!stream)
		return 0;
	bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
	stream->ended |= ends;
	if (is_request(frame)) {
		end_head(session, stream);
		stream->head_bytes = LIMIT_H2_HEAD_DECODED_BYTES - LIMIT_TRAILER_BYTES; /* what trailers may have */
	} else if (ends && !stream->reset) {
		session->events->ended(session->ctx, stream);
	}
	return 0;
}

/* The connection's window is opened again at once: only the stream's own holds its body back. */
static int on_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *bytes, size_t n,
		   void *user_data)
{
	struct http2_session *session = user_data;
	struct http2_stream *stream = http2_find(session, id);

	(void)flags;
	if (nghttp2_session_consume_connection(ng, n) != 0)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	if (!stream || stream->reset)
		return 0;
	session->useful += n;
	stream->body_bytes += n;
	session->events->data(session->ctx, stream, (struct str){ (const char *)bytes, n });
	return 0;
}

static int on_stream_close(nghttp2_session *ng, int32_t id, uint32_t error, void *user_data)
{
	struct http2_session *session = user_data;
	struct http2_stream *stream = http2_find(session, id);

	(void)ng;
	if (!stream)
		return 0;
	if (error == NGHTTP2_NO_ERROR)
		http2_earn(session, 4); /* what a client may send beside a request that it lets us answer */
	http2_stream_close(stream);
	return 0;
}

void http2_receive_callbacks(nghttp2_session_callbacks *callbacks)
{
	nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_invalid_header);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
}
