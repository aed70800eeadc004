/* SPDX-License-Identifier: Apache-2.0
 * An HTTP/2 session: how it begins and ends, and the two directions in which bytes go.
 * net: may include base, core and wire.
 */
#include "net/http2_internal.h"
#include "net/http2_memory.h"

#include <stdlib.h>

static nghttp2_session_callbacks *make_callbacks(void)
{
	nghttp2_session_callbacks *callbacks;

	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		return NULL;
	http2_receive_callbacks(callbacks);
	http2_send_callbacks(callbacks);
	return callbacks;
}

static nghttp2_option *make_options(void)
{
	nghttp2_option *options;

	if (nghttp2_option_new(&options) != 0)
		return NULL;
	nghttp2_option_set_no_auto_window_update(options, 1);
	nghttp2_option_set_no_closed_streams(options, 1);
	nghttp2_option_set_max_outbound_ack(options, LIMIT_H2_ACKS);
	return options;
}

static bool start(struct http2_session *session, struct http2_memory *memory)
{
	nghttp2_mem functions = http2_memory_functions(memory);
	const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, LIMIT_H2_STREAMS },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, LIMIT_H2_STREAM_WINDOW },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, LIMIT_HEAD_BYTES },
		{ NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1 }, /* no tree of streams that a client could grow */
	};
	nghttp2_session_callbacks *callbacks = make_callbacks();
	nghttp2_option *options = make_options();
	bool good = callbacks && options &&
		    nghttp2_session_server_new3(&session->ng, callbacks, session, options, &functions) == 0 &&
		    nghttp2_submit_settings(session->ng, NGHTTP2_FLAG_NONE, settings,
					    sizeof(settings) / sizeof(settings[0])) == 0 &&
		    nghttp2_session_set_local_window_size(session->ng, NGHTTP2_FLAG_NONE, 0,
							  LIMIT_H2_CONNECTION_WINDOW) == 0;

	nghttp2_option_del(options);
	nghttp2_session_callbacks_del(callbacks);
	return good;
}

struct http2_session *http2_session_new(const struct http2_events *events, void *ctx, struct http2_memory *memory)
{
	struct http2_session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	session->magic = HTTP2_MAGIC;
	session->events = events;
	session->ctx = ctx;
	session->allowance = LIMIT_H2_IDLE_FRAMES;
	session->frame_left = NGHTTP2_CLIENT_MAGIC_LEN;
	if (start(session, memory))
		return session;
	http2_session_free(session);
	return NULL;
}

void http2_session_free(struct http2_session *session)
{
	if (!session)
		return;
	assert(session->magic == HTTP2_MAGIC && !session->sink);
	while (session->streams)
		http2_stream_close(session->streams);
	nghttp2_session_del(session->ng);
	session->magic = 0;
	free(session);
}

/* ---- In ---- */

static void refill(struct http2_session *session, int64_t now_ms)
{
	int64_t more = (now_ms - session->refilled_ms) * LIMIT_H2_IDLE_FRAMES_PER_S / 1000;

	if (more <= 0)
		return;
	http2_earn(session, more < LIMIT_H2_IDLE_FRAMES ? more : LIMIT_H2_IDLE_FRAMES);
	session->refilled_ms = now_ms;
}

static void note_frame(struct http2_session *session)
{
	const uint8_t *f = session->frame, type = f[3];

	session->frame_head = 0;
	session->frame_left = (uint32_t)f[0] << 16 | (uint32_t)f[1] << 8 | f[2];
	session->in_head = type == NGHTTP2_HEADERS || type == NGHTTP2_CONTINUATION;
	if (type == NGHTTP2_HEADERS)
		session->heads++;
}

/* From frame to frame: libnghttp2 does not tell where one ends that it passes over, and a head of a stream that
 * is closed would never be whole. */
static void follow_frames(struct http2_session *session, struct str bytes)
{
	while (bytes.n > 0) {
		bool inside = session->frame_left > 0;
		size_t most = inside ? session->frame_left : sizeof(session->frame) - session->frame_head;
		size_t n = bytes.n < most ? bytes.n : most;
		if (inside) {
			session->frame_left -= (uint32_t)n;
		} else {
			memcpy(session->frame + session->frame_head, bytes.p, n);
			session->frame_head += (uint32_t)n;
			if (session->frame_head == sizeof(session->frame))
				note_frame(session);
		}
		bytes = (struct str){ bytes.p + n, bytes.n - n };
		if (session->frame_left == 0 && session->frame_head == 0 && (session->frame[4] & NGHTTP2_FLAG_END_HEADERS))
			session->in_head = false;
	}
}

/* What we found ourselves, and what libnghttp2 does not answer by itself. */
static void fail(struct http2_session *session, ssize_t result)
{
	uint32_t error = session->fatal;

	if (error == 0 && result == NGHTTP2_ERR_FLOODED)
		error = NGHTTP2_ENHANCE_YOUR_CALM;
	else if (error == 0)
		error = result == NGHTTP2_ERR_BAD_CLIENT_MAGIC ? NGHTTP2_PROTOCOL_ERROR : NGHTTP2_INTERNAL_ERROR;
	session->broken = true;
	nghttp2_session_terminate_session(session->ng, error);
}

/* Frames that libnghttp2 passes over are counted nowhere else: of kinds that nobody knows, or of streams that
 * are closed. */
static bool is_noise(const struct http2_session *session)
{
	return session->received / 8 > LIMIT_H2_NOISE_BYTES / 8 + session->useful + session->sent;
}

void http2_session_receive(struct http2_session *session, struct str bytes, int64_t now_ms)
{
	assert(session->magic == HTTP2_MAGIC && !session->sink);
	if (session->broken)
		return;
	refill(session, now_ms);
	session->received += bytes.n;
	follow_frames(session, bytes);
	ssize_t n = nghttp2_session_mem_recv(session->ng, (const uint8_t *)bytes.p, bytes.n);
	if (n == (ssize_t)bytes.n && is_noise(session)) {
		session->fatal = NGHTTP2_ENHANCE_YOUR_CALM;
		n = NGHTTP2_ERR_CALLBACK_FAILURE;
	}
	if (n != (ssize_t)bytes.n)
		fail(session, n);
}

/* ---- Out ---- */

bool http2_session_send(struct http2_session *session, struct buf *out, size_t most)
{
	bool all = false;

	assert(session->magic == HTTP2_MAGIC && !session->sink);
	session->sink = out;
	session->most = most;
	while (!all && out->n < most) {
		const uint8_t *bytes;
		ssize_t n = nghttp2_session_mem_send(session->ng, &bytes);
		all = n <= 0 && out->n < most;
		if (n < 0 || (n > 0 && !buf_add(out, bytes, (size_t)n))) {
			out->failed = true;
			all = true;
		}
	}
	session->sink = NULL;
	return all;
}

bool http2_session_is_over(const struct http2_session *session)
{
	return (session->broken || !nghttp2_session_want_read(session->ng)) &&
	       !nghttp2_session_want_write(session->ng);
}

uint64_t http2_session_head_begun(const struct http2_session *session)
{
	return session->in_head || !session->settled ? session->heads + 1 : 0;
}

size_t http2_session_backlog(const struct http2_session *session)
{
	return session->backlog;
}

size_t http2_session_held(const struct http2_session *session)
{
	return session->backlog + session->kept;
}

uint64_t http2_session_sent(const struct http2_session *session)
{
	return session->sent;
}

void http2_session_cut(struct http2_session *session)
{
	for (struct http2_stream *stream = session->streams; stream; stream = stream->next)
		if (!stream->ended)
			http2_stream_reset(stream, HTTP2_REASON_CANCEL);
}

void http2_session_notice(struct http2_session *session)
{
	if (!session->noticed)
		nghttp2_submit_shutdown_notice(session->ng);
	session->noticed = true;
}

void http2_session_finish(struct http2_session *session)
{
	if (!session->finished)
		nghttp2_submit_goaway(session->ng, NGHTTP2_FLAG_NONE,
				      nghttp2_session_get_last_proc_stream_id(session->ng), NGHTTP2_NO_ERROR,
				      NULL, 0);
	session->finished = true;
}
