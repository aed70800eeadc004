/* SPDX-License-Identifier: Apache-2.0
 * A request's head from HTTP/2: its own rules for names and pseudo-fields, then those of HTTP/1.1.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/http2.h"
#include "wire/http1_internal.h"

static bool fail(struct http1_error *reterr, int status, const char *what)
{
	*reterr = (struct http1_error){ status, what };
	return false;
}

struct str *http2_pseudo_field(struct http2_pseudo *pseudo, struct str name)
{
	struct str *field = NULL;
	if (str_eq(name, STR(":method")))
		field = &pseudo->method;
	else if (str_eq(name, STR(":path")))
		field = &pseudo->path;
	else if (str_eq(name, STR(":scheme")))
		field = &pseudo->scheme;
	else if (str_eq(name, STR(":authority")))
		field = &pseudo->authority;
	return field && !field->p ? field : NULL;
}

bool http2_is_of_connection(struct str name)
{
	static const struct str names[] = {
		{ "connection", 10 }, { "keep-alive", 10 }, { "proxy-connection", 16 },
		{ "transfer-encoding", 17 }, { "upgrade", 7 },
	};
	static const uint32_t lengths = 1u << 7 | 1u << 10 | 1u << 16 | 1u << 17; /* of the names */
	if (name.n > 17 || (lengths >> name.n & 1) == 0)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq_ignore_case(name, names[i]))
			return true;
	return false;
}

static bool has_upper_case(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] >= 'A' && name.p[i] <= 'Z')
			return true;
	return false;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* What HTTP/2 asks of one field (RFC 9113 sections 8.2.1 and 8.2.2). */
static bool check_field(struct str name, struct str value, struct http1_error *reterr)
{
	if (!http_is_token(name) || has_upper_case(name))
		return fail(reterr, 400, "A header's name is not a token in lower case");
	if (!http_is_text(value))
		return fail(reterr, 400, "A control character in a header");
	if (value.n > 0 && (is_space(value.p[0]) || is_space(value.p[value.n - 1])))
		return fail(reterr, 400, "A header's value begins or ends with space");
	if (http2_is_of_connection(name))
		return fail(reterr, 400, "A header that is about a connection of HTTP/1.1");
	if (str_eq(name, STR("te")) && !str_eq(value, STR("trailers")))
		return fail(reterr, 400, "TE is understood as trailers alone");
	return true;
}

/* The crumbs of Cookie as one field, where the first of them stood. */
static bool join_cookies(struct http_request *r, struct arena *arena, struct http1_error *reterr)
{
	struct http_header *first = NULL;
	size_t size = 0, kept = 0;

	for (size_t i = 0; i < r->header_count; i++)
		if (str_eq(r->headers[i].name, STR("cookie")))
			size += r->headers[i].value.n + 2;
	if (size == 0)
		return true;
	char *text = arena_alloc(arena, size), *at = text;
	if (!text)
		return fail(reterr, 503, "Out of memory");
	for (size_t i = 0; i < r->header_count; i++) {
		struct http_header header = r->headers[i];
		if (!str_eq(header.name, STR("cookie"))) {
			r->headers[kept++] = header;
			continue;
		}
		if (first)
			at = mempcpy(at, "; ", 2);
		at = mempcpy(at, header.value.p, header.value.n);
		if (!first)
			first = &r->headers[kept++], first->name = header.name;
	}
	first->value = (struct str){ text, (size_t)(at - text) };
	r->header_count = kept;
	return true;
}

/* Method and target, as a request line would give them. */
static bool read_target(const struct http2_pseudo *pseudo, struct http_request *r, struct http1_error *reterr)
{
	bool connect = str_is(pseudo->method, "CONNECT");

	if (!pseudo->method.p || connect != !pseudo->path.p || connect != !pseudo->scheme.p)
		return fail(reterr, 400, "A pseudo-header is missing, or one too many");
	if (connect || str_is(pseudo->path, "*")) {
		r->method_text = pseudo->method;
		r->method = http1_find_method(pseudo->method);
		r->target = connect ? pseudo->authority : pseudo->path;
		r->path = connect ? (struct str){ NULL, 0 } : r->target;
		r->query = (struct str){ NULL, 0 };
		return connect || r->method == HTTP_OPTIONS ||
		       fail(reterr, 400, "The request target * is for OPTIONS only");
	}
	if (!str_is(pseudo->scheme, "https") && !str_is(pseudo->scheme, "http"))
		return fail(reterr, 400, "The scheme is neither https nor http");
	return http1_set_target(r, pseudo->method, pseudo->path, reterr);
}

static bool read_fields(struct http_request *r, struct http1_fields *fields, struct http1_error *reterr)
{
	for (size_t i = 0; i < r->header_count; i++) {
		const struct http_header *header = &r->headers[i];
		if (!check_field(header->name, header->value, reterr) ||
		    http1_note_field(fields, header, r, reterr) != HTTP1_DONE)
			return false;
	}
	return true;
}

/* Host as every request of HTTP/1.1 has it. */
static bool add_host(const struct http2_pseudo *pseudo, struct http_request *r, struct http1_fields *fields,
	struct http1_error *reterr)
{
	r->authority = pseudo->authority;
	if (!pseudo->authority.p)
		return true;
	if (!http1_host_is_valid(pseudo->authority))
		return fail(reterr, 400, "The authority is not a host");
	if (fields->host)
		return true;
	struct http_header *host = &r->headers[r->header_count++];
	*host = (struct http_header){ STR("host"), pseudo->authority };
	return http1_note_field(fields, host, r, reterr) == HTTP1_DONE;
}

/* `r` is zeroed, with the other fields in place. */
static bool read_request(const struct http2_pseudo *pseudo, bool ended, struct http_request *r,
	struct arena *arena, struct http1_error *reterr)
{
	struct http1_fields fields = { 0 };

	r->minor = 1;
	if (!read_target(pseudo, r, reterr) || !read_fields(r, &fields, reterr) ||
	    !add_host(pseudo, r, &fields, reterr) || !join_cookies(r, arena, reterr))
		return false;
	if (ended && r->length > 0)
		return fail(reterr, 400, "Content-Length without a body");
	r->chunked = !ended && !r->has_length;
	return http1_judge_fields(&fields, r, reterr) == HTTP1_DONE;
}

struct http_request *http2_read_request(const struct http2_pseudo *pseudo, const struct http_header *fields,
	size_t field_count, bool ended, struct arena *arena, struct http1_error *reterr)
{
	/* One more for Host, as a client of HTTP/1.1 would have sent it. */
	size_t size = offsetof(struct http_request, headers) + (field_count + 1) * sizeof(*fields);
	struct http_request *r;

	if (field_count >= LIMIT_HEADERS) {
		fail(reterr, 431, "Too many headers");
		return NULL;
	}
	r = arena_alloc(arena, size);
	if (!r) {
		fail(reterr, 503, "Out of memory");
		return NULL;
	}
	if (field_count > 0)
		memcpy(r->headers, fields, field_count * sizeof(*fields));
	r->header_count = field_count;
	return read_request(pseudo, ended, r, arena, reterr) ? r : NULL;
}
