/* SPDX-License-Identifier: Apache-2.0
 * A request's head, in three steps: find where it ends and refuse control characters on the way,
 * read the request line, read the fields. What fields mean together is judged in http1_fields.c.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/http1_head.h"

#include <assert.h>

static const struct {
	struct str text;
	enum http_method method;
} methods[] = {
	{ { "GET", 3 }, HTTP_GET },       { { "HEAD", 4 }, HTTP_HEAD },     { { "POST", 4 }, HTTP_POST },
	{ { "PUT", 3 }, HTTP_PUT },       { { "PATCH", 5 }, HTTP_PATCH },   { { "DELETE", 6 }, HTTP_DELETE },
	{ { "OPTIONS", 7 }, HTTP_OPTIONS },
};

enum http_method http1_find_method(struct str text)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (str_eq(methods[i].text, text))
			return methods[i].method;
	return HTTP_OTHER;
}

/* The path and query of `target`, which starts with '/'. */
static enum http1_result read_origin_form(struct http_request *r, struct http1_error *reterr)
{
	struct str target = r->target;
	size_t path = http_span(target.p, target.n, CLASS_PATH);
	r->path = http1_view(target.p, target.p + path);
	r->query = (struct str){ NULL, 0 };
	size_t read = path;
	if (path < target.n && target.p[path] == '?') {
		size_t n = target.n - path - 1;
		r->query = (struct str){ target.p + path + 1, n };
		read = path + 1 + http_span(r->query.p, n, CLASS_QUERY);
	}
	if (read == target.n)
		return HTTP1_DONE;
	if (target.p[read] == '#')
		return http1_fail(reterr, 400, "A fragment in the request target");
	return http1_fail(reterr, 400, "A character in the request target that must be percent-encoded");
}

/* http://authority/path: the authority is put aside, to be held against Host. */
static enum http1_result read_absolute_form(struct http_request *r, struct http1_error *reterr)
{
	struct str target = r->target, scheme, rest = target;
	if (!str_cut(&rest, ':', &scheme) || !str_starts(rest, STR("//")) ||
	    (!str_eq_ignore_case(scheme, STR("http")) && !str_eq_ignore_case(scheme, STR("https"))))
		return http1_fail(reterr, 400, "The request target is neither a path nor an http URL");
	rest = (struct str){ rest.p + 2, rest.n - 2 };
	const char *slash = memchr(rest.p, '/', rest.n);
	if (!slash)
		return http1_fail(reterr, 400, "The request target is a URL without a path");
	r->authority = http1_view(rest.p, slash);
	r->target = (struct str){ slash, rest.n - r->authority.n };
	if (!http1_host_is_valid(r->authority))
		return http1_fail(reterr, 400, "The authority in the request target is not a host");
	return read_origin_form(r, reterr);
}

static enum http1_result read_target(struct http_request *r, struct http1_error *reterr)
{
	r->authority = (struct str){ NULL, 0 };
	if (r->target.n > LIMIT_TARGET_BYTES)
		return http1_fail(reterr, 414, "The request target is too long");
	if (*r->target.p == '/')
		return read_origin_form(r, reterr);
	if (str_is(r->target, "*")) {
		if (r->method != HTTP_OPTIONS)
			return http1_fail(reterr, 400, "The request target * is for OPTIONS only");
		r->path = r->target;
		r->query = (struct str){ NULL, 0 };
		return HTTP1_DONE;
	}
	if (str_is(r->method_text, "CONNECT")) {
		/* The gate answers 405; a host and port is no path, so there is none. */
		if (!http1_host_is_valid(r->target))
			return http1_fail(reterr, 400, "The request target of CONNECT is not a host");
		r->path = r->query = (struct str){ NULL, 0 };
		return HTTP1_DONE;
	}
	return read_absolute_form(r, reterr);
}

bool http1_set_target(struct http_request *request, struct str method, struct str target,
	struct http1_error *reterr)
{
	enum http1_result result;
	if (!http_is_token(method)) {
		result = http1_fail(reterr, 400, "The method is not a token");
	} else if (target.n == 0 || target.p[0] != '/') {
		result = http1_fail(reterr, 400, "The request target is not a path");
	} else if (target.n > LIMIT_TARGET_BYTES) {
		result = http1_fail(reterr, 414, "The request target is too long");
	} else {
		request->method_text = method;
		request->method = http1_find_method(method);
		request->target = target;
		result = read_origin_form(request, reterr);
	}
	return result == HTTP1_DONE;
}

/* `line` without its CRLF: method SP target SP HTTP-version, and nothing that can be read in two ways. */
static enum http1_result read_request_line(struct str line, struct http_request *r,
	struct http1_error *reterr)
{
	size_t n = http_span(line.p, line.n, CLASS_TOKEN);
	if (n == 0 || n == line.n || line.p[n] != ' ')
		return http1_fail(reterr, 400, "The request line has no method and one space after it");
	r->method_text = http1_view(line.p, line.p + n);
	r->method = http1_find_method(r->method_text);
	const char *target = line.p + n + 1, *end = line.p + line.n;
	const char *space = memchr(target, ' ', (size_t)(end - target));
	if (!space || space == target)
		return http1_fail(reterr, 400, "The request line has no target between single spaces");
	struct str version = http1_view(space + 1, end);
	if (version.n != 8 || memcmp(version.p, "HTTP/", 5) != 0 || version.p[6] != '.' ||
	    version.p[5] < '0' || version.p[5] > '9' || version.p[7] < '0' || version.p[7] > '9')
		return http1_fail(reterr, 400, "The request line does not end in an HTTP version");
	if (version.p[5] != '1' || version.p[7] > '1')
		return http1_fail(reterr, 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here");
	r->minor = (uint8_t)(version.p[7] - '0');
	r->target = http1_view(target, space);
	return read_target(r, reterr);
}

/* The fields from p up to the empty line, whose CRLF ends at `end`. */
static enum http1_result read_fields(const char *p, const char *end, struct http_request *r,
	struct http1_error *reterr)
{
	struct http1_fields fields = { 0 };
	r->header_count = 0;
	r->has_length = r->chunked = false;
	r->length = 0;
	enum http1_result result;
	while ((result = http1_next_field(&p, end, r->headers, &r->header_count, reterr)) == HTTP1_MORE) {
		result = http1_note_field(&fields, &r->headers[r->header_count - 1], r, reterr);
		if (result != HTTP1_DONE)
			return result;
	}
	return result == HTTP1_DONE ? http1_judge_fields(&fields, r, reterr) : result;
}

/* The head's bytes ran out at `end`: the limit, or only what has come so far. */
static enum http1_result need_more(const char *first, const char *end, size_t n,
	struct http1_error *reterr)
{
	if (n < LIMIT_HEAD_BYTES)
		return HTTP1_MORE;
	if (!memchr(first, '\n', (size_t)(end - first)))
		return http1_fail(reterr, 414, "The request line is too long");
	return http1_fail(reterr, 431, "The head is too long");
}

enum http1_result http1_parse_request(const char *bytes, size_t n, size_t seen, struct http_request *ret,
	size_t *ret_size, struct http1_error *reterr)
{
	assert(seen <= n);
	const char *first = bytes, *end = bytes + (n < LIMIT_HEAD_BYTES ? n : LIMIT_HEAD_BYTES);
	if (end - first >= 2 && first[0] == '\r' && first[1] == '\n')
		first += 2;
	const char *p = http1_resume_at(bytes, seen, first, end);

	enum http1_result result = HTTP1_DONE;
	const char *line_end = memchr(first, '\n', (size_t)(p - first));
	bool line_is_known = line_end != NULL; /* and was found to be good */
	if (!line_is_known) {
		result = http1_find_line_end(&p, end, reterr);
		line_end = p - 1;
	}
	if (result == HTTP1_DONE && !line_is_known)
		result = read_request_line(http1_view(first, line_end - 1), ret, reterr);
	if (result == HTTP1_DONE)
		result = http1_find_head_end(first, &p, end, reterr);
	if (result == HTTP1_MORE)
		return need_more(first, end, n, reterr);
	if (result == HTTP1_DONE && line_is_known)
		result = read_request_line(http1_view(first, line_end - 1), ret, reterr);
	if (result == HTTP1_DONE)
		result = read_fields(line_end + 1, p, ret, reterr);
	if (result == HTTP1_DONE)
		*ret_size = (size_t)(p - bytes);
	return result;
}
