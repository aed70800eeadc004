/* SPDX-License-Identifier: Apache-2.0
 * Head, framing, events: each codec is that of wire.
 * cli: may include every room.
 */
#include "cli/mcp_reply.h"

#include "wire/http1.h"

#include <errno.h>
#include <sys/socket.h>

#define READ_BYTES 65536

struct reading {
	const struct mcp_reply *reply;
	struct buf in;           /* what came and is not read yet: a head, or a piece of the body */
	bool events;
	struct buf text;         /* the body, or of the line of events that has begun */
	struct buf data;         /* of the event that has begun */
	bool has_data;
};

/* More bytes. False at the end. */
static bool receive(struct reading *r)
{
	ssize_t n;
	if (!buf_reserve(&r->in, READ_BYTES))
		return false;
	do
		n = recv(r->reply->fd, r->in.p + r->in.n, READ_BYTES, 0);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	r->in.n += (size_t)n;
	return true;
}

static void drop(struct reading *r, size_t n)
{
	memmove(r->in.p, r->in.p + n, r->in.n - n);
	r->in.n -= n;
}

/* ---- Events (HTML, "Server-sent events"); lines end in LF or CR LF ---- */

static void end_line(struct reading *r)
{
	struct str line = buf_str(&r->text), value = { NULL, 0 };
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (line.n == 0 && r->has_data && r->data.n > 0)
		r->reply->message(r->reply->ctx, buf_str(&r->data));
	if (line.n == 0) {
		buf_reset(&r->data);
		r->has_data = false;
	} else if (str_starts(line, STR("data:"))) {
		value = (struct str){ line.p + 5, line.n - 5 };
		if (value.n > 0 && value.p[0] == ' ')
			value = (struct str){ value.p + 1, value.n - 1 };
		if (r->has_data)
			buf_add_char(&r->data, '\n');
		buf_add_str(&r->data, value);
		r->has_data = true;
	}
	buf_reset(&r->text);
}

/* False where it is more than we hold. */
static bool take(struct reading *r, struct str piece)
{
	struct str line;
	while (r->events && memchr(piece.p ? piece.p : "", '\n', piece.n)) {
		str_cut(&piece, '\n', &line);
		buf_add_str(&r->text, line);
		if (r->text.failed || r->data.failed)
			return false;
		end_line(r);
	}
	return piece.n == 0 || buf_add_str(&r->text, piece);
}

/* ---- The body ---- */

static bool read_chunks(struct reading *r)
{
	struct http1_chunked chunked = { 0 };
	struct http1_error error;
	struct str data;
	size_t used;
	for (;;) {
		while (r->in.n > 0) {
			enum http1_result result = http1_chunked_read(&chunked, r->in.p, r->in.n, &used, &data, &error);
			if (result == HTTP1_ERROR || !take(r, data))
				return false;
			drop(r, used);
			if (result == HTTP1_DONE)
				return true;
		}
		if (!receive(r))
			return false;
	}
}

static bool read_plain(struct reading *r, bool sized, uint64_t left)
{
	for (;;) {
		size_t n = !sized || r->in.n < left ? r->in.n : (size_t)left;
		if (!take(r, (struct str){ r->in.p, n }))
			return false;
		r->in.n = 0; /* nothing follows: the connection closes */
		left -= sized ? n : 0;
		if (sized && left == 0)
			return true;
		if (!receive(r))
			return !sized;
	}
}

static struct str header(const struct http_response *response, struct str name)
{
	for (size_t i = 0; i < response->header_count; i++)
		if (str_eq_ignore_case(response->headers[i].name, name))
			return response->headers[i].value;
	return (struct str){ NULL, 0 };
}

static bool read_body(struct reading *r, const struct http_response *response, size_t head)
{
	const struct mcp_reply *reply = r->reply;
	const enum http1_body body = http1_response_body(response, false);
	const bool sized = body == HTTP1_BODY_LENGTH;
	const uint64_t length = response->length;
	struct str session = header(response, STR("Mcp-Session-Id")), type;
	r->events = http_media_type(header(response, STR("Content-Type")), &type)
		&& str_eq_ignore_case(type, STR("text/event-stream"));
	if (session.p)
		reply->session(reply->ctx, session);
	drop(r, head); /* ends the views */
	if (body == HTTP1_BODY_NONE)
		return true;
	if (!(body == HTTP1_BODY_CHUNKED ? read_chunks(r) : read_plain(r, sized, length)))
		return false;
	if (!r->events && r->text.n > 0)
		reply->message(reply->ctx, buf_str(&r->text));
	return true;
}

static bool read_answer(struct reading *r)
{
	struct http_response response;
	struct http1_error error;
	size_t seen = 0, head;
	for (;;) {
		enum http1_result result = http1_parse_response(r->in.p, r->in.n, seen, &response, &head, &error);
		if (result == HTTP1_ERROR)
			return false;
		if (result == HTTP1_DONE && response.status >= 200)
			return read_body(r, &response, head);
		seen = result == HTTP1_DONE ? 0 : r->in.n;
		if (result == HTTP1_DONE)
			drop(r, head);
		else if (!receive(r))
			return false;
	}
}

bool mcp_reply_read(const struct mcp_reply *reply)
{
	struct reading r = { .reply = reply };
	buf_init(&r.in, LIMIT_HEAD_BYTES + 2 * READ_BYTES);
	buf_init(&r.text, MCP_REPLY_MAX);
	buf_init(&r.data, MCP_REPLY_MAX);
	bool good = receive(&r) && read_answer(&r);
	buf_done(&r.in);
	buf_done(&r.text);
	buf_done(&r.data);
	return good;
}
