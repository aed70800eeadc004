/* SPDX-License-Identifier: Apache-2.0
 * Answers as bytes: the status line, our own fields, the handler's, the body.
 * net: may include base, core and wire.
 */
#include "base/text.h"
#include "net/exchange.h"
#include "wire/http_class.h"

#include <unistd.h>

/* Fields that are ours to write: a second one would be read as another message. */
static bool is_ours(struct str name)
{
	switch (name.n) {
	case 4:
		return str_eq_ignore_case(name, STR("Date"));
	case 10:
		return str_eq_ignore_case(name, STR("Connection"));
	case 14:
		return str_eq_ignore_case(name, STR("Content-Length"));
	case 16:
		return str_eq_ignore_case(name, STR("Remit-Request-Id"));
	case 17:
		return str_eq_ignore_case(name, STR("Transfer-Encoding"));
	default:
		return false;
	}
}

bool answer_may_have(const struct http_header *header)
{
	return !is_ours(header->name) && http_is_token(header->name) && http_is_text(header->value);
}

static void encode_number(uint64_t number, char ret[static 16])
{
	uint8_t bytes[8];

	for (int i = 7; i >= 0; i--, number >>= 8)
		bytes[i] = (uint8_t)number;
	hex_encode(bytes, sizeof(bytes), ret);
}

void answer_request_id(const struct loop *loop, uint64_t number, char ret[static 2 * sizeof(struct exchange_id)])
{
	hex_encode(loop->id, sizeof(loop->id), ret);
	encode_number(number, ret + 16);
}

/* Date and Remit-Request-Id. */
static bool add_stamp(struct buf *out, const struct loop *loop, uint64_t number)
{
	char text[18];

	encode_number(number, text);
	text[16] = '\r';
	text[17] = '\n';
	return buf_add(out, loop->stamp, loop->stamp_size) && buf_add(out, text, sizeof(text));
}

static bool add_headers(struct buf *out, const struct answer *answer)
{
	for (size_t i = 0; i < answer->header_count; i++)
		if (is_ours(answer->headers[i].name) ||
		    !http1_write_header(out, answer->headers[i].name, answer->headers[i].value))
			return false;
	return true;
}

static bool add_length(struct buf *out, int status, uint64_t length)
{
	if (answer_is_bare(status))
		return true;
	return buf_add_str(out, STR("Content-Length: ")) && buf_add_u64(out, length) &&
	       buf_add(out, "\r\n", 2);
}

/* Where a body of unknown length ends. To HTTP/1.0 only the end of the connection can tell it. */
static bool add_framing(struct buf *out, const struct exchange *x, int status, uint64_t length)
{
	if (length != LENGTH_UNKNOWN)
		return add_length(out, status, length);
	return x->request->minor == 0 || buf_add_str(out, STR("Transfer-Encoding: chunked\r\n"));
}

static bool add_connection(struct buf *out, const struct exchange *x)
{
	if (x->c->last)
		return buf_add_str(out, STR("Connection: close\r\n\r\n"));
	if (x->request->minor == 0)
		return buf_add_str(out, STR("Connection: keep-alive\r\n\r\n"));
	return buf_add(out, "\r\n", 2);
}

bool answer_write(struct exchange *x, const struct answer *answer, const uint64_t *later_length,
		  struct buf *out)
{
	const struct loop *loop = x->c->loop;
	size_t start = out->n;

	assert(answer->status >= 200 && answer->status <= 599);
	assert(!answer_is_bare(answer->status) || (answer->body.n == 0 && !later_length));
	x->status = answer->status;
	bool good = http1_write_status(out, answer->status) && add_stamp(out, loop, x->number) &&
		    add_headers(out, answer) &&
		    add_framing(out, x, answer->status, later_length ? *later_length : answer->body.n) &&
		    add_connection(out, x);
	if (good && x->request->method != HTTP_HEAD && answer->body.n > 0)
		good = buf_add_str(out, answer->body);
	if (good || out->failed)
		return good;
	/* A field that would split the answer: nothing of it is sent. */
	out->n = start;
	x->c->last = x->c->linger = true;
	x->status = 500;
	answer_write_error(x->c->loop, x->number, x->request->method != HTTP_HEAD, 500,
			   "The answer could not be written", out);
	return false;
}

static const char *error_code(int status)
{
	switch (status) {
	case 400:
		return "bad_request";
	case 408:
		return "request_timeout";
	case 413:
		return "payload_too_large";
	case 414:
		return "uri_too_long";
	case 417:
		return "expectation_failed";
	case 431:
		return "headers_too_large";
	case 501:
		return "not_implemented";
	case 503:
		return "unavailable";
	case 505:
		return "version_not_supported";
	default:
		return "internal";
	}
}

bool answer_error_body(struct buf *out, int status, const char *what)
{
	buf_add_str(out, STR("{\"error\":{\"code\":"));
	buf_add_json(out, str_of(error_code(status)));
	buf_add_str(out, STR(",\"message\":"));
	buf_add_json(out, str_of(what));
	return buf_add_str(out, STR("}}")) && !out->failed;
}

bool answer_write_error(struct loop *loop, uint64_t number, bool with_body, int status, const char *what,
			struct buf *out)
{
	struct buf body;
	bool good;

	buf_init(&body, 4096);
	good = answer_error_body(&body, status, what) && http1_write_status(out, status) && add_stamp(out, loop, number) &&
	       buf_add_str(out, STR("Content-Type: application/json\r\n")) &&
	       add_length(out, status, body.n) && buf_add_str(out, STR("Connection: close\r\n\r\n")) &&
	       (!with_body || buf_add_str(out, buf_str(&body)));
	buf_done(&body);
	return good;
}

void answer_begin(struct exchange *x)
{
	x->answered = true;
	x->carrier->begin(x);
	x->body.state = BODY_OVER;
	/* Outside of a call of ours nobody else would go on with it. */
	if (x->depth == 0)
		x->carrier->wake(x);
}

void exchange_answer(struct exchange *x, const struct answer *answer)
{
	assert(x->magic == EXCHANGE_MAGIC && !x->answered);
	answer_begin(x);
	if (!exchange_is_gone(x))
		x->carrier->head(x, answer, NULL);
}
