/* SPDX-License-Identifier: Apache-2.0
 * What the heads of requests and responses have in common: lines, and the fields on them. Here and not
 * in a file of its own, so that the compiler can put it where it is used.
 * wire: may include base, and nothing else of ours.
 */
#ifndef REMIT_WIRE_HTTP1_HEAD_H
#define REMIT_WIRE_HTTP1_HEAD_H

#include "wire/http1_internal.h"

static inline struct str http1_view(const char *start, const char *end)
{
	return (struct str){ start, (size_t)(end - start) };
}

/* The next control character but tab, or `end`. */
static inline const char *http1_find_control(const char *p, const char *end)
{
	while (end - p >= 16 && http_is_plain_16(p))
		p += 16;
	while (p < end) {
		unsigned plain = end - p >= 8 ? http_count_plain(p) : 0;
		p += plain;
		if (plain == 8)
			continue;
		if (!http_is(*p, CLASS_TEXT))
			break;
		p++;
	}
	return p;
}

/* Goes from *p to the next CRLF. DONE: *p is behind it. MORE: the bytes end before. */
static inline enum http1_result http1_find_line_end(const char **p, const char *end,
	struct http1_error *reterr)
{
	const char *at = http1_find_control(*p, end);
	*p = at;
	if (at == end)
		return HTTP1_MORE;
	if (*at == '\n')
		return http1_fail(reterr, 400, "A line ends in LF without CR");
	if (*at != '\r')
		return http1_fail(reterr, 400, "A control character in the head");
	if (at + 1 == end)
		return HTTP1_MORE;
	if (at[1] != '\n')
		return http1_fail(reterr, 400, "A CR without LF in the head");
	*p = at + 2;
	return HTTP1_DONE;
}

/* Goes line by line until behind an empty one. What is before *p was looked at by an earlier call. */
static inline enum http1_result http1_find_head_end(const char *first, const char **p, const char *end,
	struct http1_error *reterr)
{
	for (;;) {
		enum http1_result result = http1_find_line_end(p, end, reterr);
		if (result != HTTP1_DONE)
			return result;
		const char *cr = *p - 2;
		if (cr == first || cr[-1] == '\n')
			return HTTP1_DONE;
	}
}

/* `line` without its CRLF. */
static inline enum http1_result http1_read_field(struct str line, struct http_header *ret,
	struct http1_error *reterr)
{
	size_t n = http_span(line.p, line.n, CLASS_TOKEN);
	if (n > 0 && n < line.n && line.p[n] == ':') {
		ret->name = http1_view(line.p, line.p + n);
		ret->value = str_trim(http1_view(line.p + n + 1, line.p + line.n));
		return HTTP1_DONE;
	}
	if (*line.p == ' ' || *line.p == '\t')
		return http1_fail(reterr, 400, "A header is folded over two lines");
	if (n == line.n)
		return http1_fail(reterr, 400, "A header line has no colon");
	return http1_fail(reterr, 400, "A header's name is not a token");
}

/* The next field from *p on, added to the list; `end` is behind the empty line. MORE: there was one, and *p is behind
 * it. DONE: there was none. Every CR was seen to be a line's end. */
static inline enum http1_result http1_next_field(const char **p, const char *end,
	struct http_header list[static LIMIT_HEADERS], size_t *count, struct http1_error *reterr)
{
	if (*p >= end - 2)
		return HTTP1_DONE;
	if (*count == LIMIT_HEADERS)
		return http1_fail(reterr, 431, "Too many headers");
	const char *cr = memchr(*p, '\r', (size_t)(end - *p));
	enum http1_result result = http1_read_field(http1_view(*p, cr), &list[*count], reterr);
	if (result != HTTP1_DONE)
		return result;
	*p = cr + 2;
	++*count;
	return HTTP1_MORE;
}

/* Where to go on after `seen` bytes. When the last of them was a CR, its LF is still to be looked at. */
static inline const char *http1_resume_at(const char *bytes, size_t seen, const char *first, const char *end)
{
	const char *p = bytes + seen;
	if (seen > 0 && p[-1] == '\r')
		p--;
	if (p < first)
		return first;
	return p < end ? p : end;
}

#endif
