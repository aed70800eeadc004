/* SPDX-License-Identifier: Apache-2.0
 * A response's head, as strict as a request's: what an upstream sends must not end in one place for us
 * and in another for the client.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/http1_head.h"

#include <assert.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* `line` without its CRLF: HTTP-version SP 3DIGIT, and perhaps a reason, which says nothing. */
static enum http1_result read_status_line(struct str line, struct http_response *r,
	struct http1_error *reterr)
{
	const char *p = line.p;
	if (line.n < 12 || memcmp(p, "HTTP/1.", 7) != 0 || (p[7] != '0' && p[7] != '1') || p[8] != ' ')
		return http1_fail(reterr, 502, "The status line does not start with HTTP/1.1 or HTTP/1.0");
	if (!is_digit(p[9]) || !is_digit(p[10]) || !is_digit(p[11]) || (line.n > 12 && p[12] != ' '))
		return http1_fail(reterr, 502, "The status is not three digits");
	r->minor = (uint8_t)(p[7] - '0');
	r->status = (p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0');
	if (r->status < 100 || r->status > 599)
		return http1_fail(reterr, 502, "There is no such status");
	if (r->status == 101)
		return http1_fail(reterr, 502, "Another protocol was not asked for");
	return HTTP1_DONE;
}

static enum http1_result note_field(struct http1_fields *fields, const struct http_header *header,
	struct http_response *r, struct http1_error *reterr)
{
	struct str name = header->name, value = header->value;
	if (str_eq_ignore_case(name, STR("connection")))
		return http1_note_connection(fields, value, reterr);
	if (str_eq_ignore_case(name, STR("content-type")))
		return http1_note_once(&fields->content_type, "Content-Type stands twice", reterr);
	if (str_eq_ignore_case(name, STR("content-length")))
		return http1_note_length(value, &r->has_length, &r->length, reterr);
	if (str_eq_ignore_case(name, STR("transfer-encoding")))
		return http1_note_coding(fields, value, &r->chunked, reterr);
	return HTTP1_DONE;
}

static enum http1_result judge_fields(const struct http1_fields *fields, struct http_response *r,
	struct http1_error *reterr)
{
	bool body = r->chunked || r->length > 0;
	if (r->chunked && r->has_length)
		return http1_fail(reterr, 502, "Content-Length beside Transfer-Encoding");
	if (r->chunked && r->minor == 0)
		return http1_fail(reterr, 502, "Transfer-Encoding in HTTP/1.0");
	if (body && (r->status < 200 || r->status == 204))
		return http1_fail(reterr, 502, "A body where none may be");
	r->keep_alive = r->minor == 1 && !fields->close;
	return HTTP1_DONE;
}

/* The fields from p up to the empty line, whose CRLF ends at `end`. */
static enum http1_result read_fields(const char *p, const char *end, struct http_response *r,
	struct http1_error *reterr)
{
	struct http1_fields fields = { 0 };
	r->header_count = 0;
	r->has_length = r->chunked = false;
	r->length = 0;
	enum http1_result result;
	while ((result = http1_next_field(&p, end, r->headers, &r->header_count, reterr)) == HTTP1_MORE) {
		result = note_field(&fields, &r->headers[r->header_count - 1], r, reterr);
		if (result != HTTP1_DONE)
			return result;
	}
	return result == HTTP1_DONE ? judge_fields(&fields, r, reterr) : result;
}

static enum http1_result parse(const char *bytes, size_t n, size_t seen, struct http_response *ret,
	size_t *ret_size, struct http1_error *reterr)
{
	const char *end = bytes + (n < LIMIT_HEAD_BYTES ? n : LIMIT_HEAD_BYTES);
	const char *p = http1_resume_at(bytes, seen, bytes, end);
	const char *line_end = memchr(bytes, '\n', (size_t)(p - bytes));
	bool line_is_known = line_end != NULL; /* and was found to be good */
	enum http1_result result = HTTP1_DONE;

	if (!line_is_known) {
		result = http1_find_line_end(&p, end, reterr);
		line_end = p - 1;
	}
	if (result == HTTP1_DONE && !line_is_known)
		result = read_status_line(http1_view(bytes, line_end - 1), ret, reterr);
	if (result == HTTP1_DONE)
		result = http1_find_head_end(bytes, &p, end, reterr);
	if (result == HTTP1_MORE && n >= LIMIT_HEAD_BYTES)
		return http1_fail(reterr, 502, "The head is too long");
	if (result == HTTP1_DONE && line_is_known)
		result = read_status_line(http1_view(bytes, line_end - 1), ret, reterr);
	if (result == HTTP1_DONE)
		result = read_fields(line_end + 1, p, ret, reterr);
	if (result == HTTP1_DONE)
		*ret_size = (size_t)(p - bytes);
	return result;
}

enum http1_result http1_parse_response(const char *bytes, size_t n, size_t seen, struct http_response *ret,
	size_t *ret_size, struct http1_error *reterr)
{
	assert(seen <= n);
	enum http1_result result = parse(bytes, n, seen, ret, ret_size, reterr);
	if (result == HTTP1_ERROR)
		reterr->status = 502; /* whatever a client would have been told */
	return result;
}

enum http1_body http1_response_body(const struct http_response *response, bool to_head)
{
	int status = response->status;
	if (to_head || status < 200 || status == 204 || status == 304)
		return HTTP1_BODY_NONE;
	if (response->chunked)
		return HTTP1_BODY_CHUNKED;
	return response->has_length ? HTTP1_BODY_LENGTH : HTTP1_BODY_UNTIL_CLOSE;
}
