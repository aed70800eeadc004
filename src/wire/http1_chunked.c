/* SPDX-License-Identifier: Apache-2.0
 * Reads a chunked body (RFC 9112 section 7.1), byte by byte where it is framing, in one step where it
 * is data. Extensions and trailers are checked, limited and dropped.
 * wire: may include base, and nothing else of ours.
 */
#include "base/text.h"
#include "wire/http1_internal.h"

enum {
	STATE_SIZE = 0, /* at the first digit, or behind some */
	STATE_EXTENSION,
	STATE_SIZE_LF,
	STATE_DATA,
	STATE_DATA_CR,
	STATE_DATA_LF,
	STATE_TRAILER,       /* at the start of a trailer line */
	STATE_TRAILER_NAME,
	STATE_TRAILER_VALUE,
	STATE_TRAILER_LF,
	STATE_END_LF,
	STATE_DONE,
	STATE_FAILED,
};

#define SIZE_DIGITS_MAX 15 /* 60 bits: no sum of a few sizes overflows */

static enum http1_result fail(struct http1_chunked *c, int status, const char *what,
	struct http1_error *reterr)
{
	c->state = STATE_FAILED;
	return http1_fail(reterr, status, what);
}

static enum http1_result read_size(struct http1_chunked *c, char byte, struct http1_error *reterr)
{
	int digit = hex_value(byte);
	if (digit >= 0 && c->digits == SIZE_DIGITS_MAX)
		return fail(c, 400, "A chunk's size is too large", reterr);
	if (digit < 0 && (c->digits == 0 || (byte != ';' && byte != '\r')))
		return fail(c, 400, "A chunk's size is not a hexadecimal number", reterr);
	if (digit >= 0) {
		c->left = c->left << 4 | (uint64_t)digit;
		c->digits++;
	} else {
		c->state = byte == ';' ? STATE_EXTENSION : STATE_SIZE_LF;
	}
	return HTTP1_MORE;
}

static enum http1_result read_extension(struct http1_chunked *c, char byte, struct http1_error *reterr)
{
	if (byte == '\r') {
		c->state = STATE_SIZE_LF;
		return HTTP1_MORE;
	}
	if (!http_is(byte, CLASS_TEXT))
		return fail(c, 400, "A control character in a chunk's extension", reterr);
	if (++c->extension > LIMIT_CHUNK_EXTENSION_BYTES)
		return fail(c, 400, "The chunks' extensions are too long", reterr);
	return HTTP1_MORE;
}

/* A byte that must be this one; then `next`. */
static enum http1_result read_exactly(struct http1_chunked *c, char byte, char expected, uint8_t next,
	struct http1_error *reterr)
{
	if (byte != expected)
		return fail(c, 400, "A line of the chunked body does not end in CRLF", reterr);
	c->state = next;
	return HTTP1_MORE;
}

static enum http1_result read_trailer(struct http1_chunked *c, char byte, struct http1_error *reterr)
{
	if (c->state == STATE_TRAILER && byte == '\r') {
		c->state = STATE_END_LF;
		return HTTP1_MORE;
	}
	if (++c->trailer > LIMIT_TRAILER_BYTES)
		return fail(c, 431, "The trailer is too long", reterr);
	if (c->state == STATE_TRAILER_VALUE) {
		if (byte == '\r')
			c->state = STATE_TRAILER_LF;
		else if (!http_is(byte, CLASS_TEXT))
			return fail(c, 400, "A control character in the trailer", reterr);
	} else if (c->state == STATE_TRAILER_NAME && byte == ':') {
		c->state = STATE_TRAILER_VALUE;
	} else if (http_is(byte, CLASS_TOKEN)) {
		c->state = STATE_TRAILER_NAME;
	} else {
		return fail(c, 400, "A trailer line is not a header", reterr);
	}
	return HTTP1_MORE;
}

/* One byte of framing. */
static enum http1_result read_byte(struct http1_chunked *c, char byte, struct http1_error *reterr)
{
	switch (c->state) {
	case STATE_SIZE:
		return read_size(c, byte, reterr);
	case STATE_EXTENSION:
		return read_extension(c, byte, reterr);
	case STATE_SIZE_LF:
		c->digits = 0;
		return read_exactly(c, byte, '\n', c->left > 0 ? STATE_DATA : STATE_TRAILER, reterr);
	case STATE_DATA_CR:
		return read_exactly(c, byte, '\r', STATE_DATA_LF, reterr);
	case STATE_DATA_LF:
		return read_exactly(c, byte, '\n', STATE_SIZE, reterr);
	case STATE_TRAILER_LF:
		return read_exactly(c, byte, '\n', STATE_TRAILER, reterr);
	case STATE_END_LF:
		return read_exactly(c, byte, '\n', STATE_DONE, reterr);
	default:
		return read_trailer(c, byte, reterr);
	}
}

static struct str read_data(struct http1_chunked *c, const char *bytes, size_t n)
{
	struct str data = { bytes, n < c->left ? n : (size_t)c->left };
	c->left -= data.n;
	if (c->left == 0)
		c->state = STATE_DATA_CR;
	return data;
}

enum http1_result http1_chunked_read(struct http1_chunked *c, const char *bytes, size_t n, size_t *ret_used,
	struct str *ret_data, struct http1_error *reterr)
{
	size_t used = 0;
	struct str data = { NULL, 0 };
	if (c->state == STATE_FAILED)
		return fail(c, 400, "The chunked body is broken", reterr);
	while (used < n && c->state != STATE_DONE && data.n == 0) {
		if (c->state == STATE_DATA) {
			data = read_data(c, bytes + used, n - used);
			used += data.n;
		} else if (read_byte(c, bytes[used++], reterr) == HTTP1_ERROR) {
			return HTTP1_ERROR;
		}
	}
	*ret_used = used;
	*ret_data = data;
	return c->state == STATE_DONE ? HTTP1_DONE : HTTP1_MORE;
}
