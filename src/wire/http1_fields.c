/* SPDX-License-Identifier: Apache-2.0
 * The fields that say where a message ends, whom it is for, and what becomes of the connection.
 * Each stands once and in one spelling only: a second reader must not find another end.
 * wire: may include base, and nothing else of ours.
 */
#include "base/text.h"
#include "wire/http1_internal.h"

static bool port_is_valid(struct str port)
{
	uint64_t number;
	return port.n <= 5 && str_to_u64(port, 65535, &number);
}

/* "[" address "]" and perhaps a port. The address itself is not looked at more closely: it is
 * compared with names that we know, never connected to. */
static bool ip6_host_is_valid(struct str host)
{
	const char *close = memchr(host.p, ']', host.n);
	if (!close || close - host.p < 3)
		return false;
	for (const char *p = host.p + 1; p < close; p++)
		if (hex_value(*p) < 0 && *p != ':' && *p != '.')
			return false;
	struct str rest = { close + 1, host.n - (size_t)(close + 1 - host.p) };
	return rest.n == 0 || (*rest.p == ':' && port_is_valid((struct str){ rest.p + 1, rest.n - 1 }));
}

bool http1_host_is_valid(struct str host)
{
	if (host.n == 0)
		return false;
	if (*host.p == '[')
		return ip6_host_is_valid(host);
	size_t n = http_span(host.p, host.n, CLASS_HOST);
	if (n == 0 || *host.p == '.')
		return false;
	struct str rest = { host.p + n, host.n - n };
	return rest.n == 0 || (*rest.p == ':' && port_is_valid((struct str){ rest.p + 1, rest.n - 1 }));
}

static enum http1_result note_host(struct http1_fields *fields, struct str value, struct http1_error *reterr)
{
	if (fields->host)
		return http1_fail(reterr, 400, "Host stands twice");
	if (!http1_host_is_valid(value))
		return http1_fail(reterr, 400, "Host is not a host");
	fields->host = true;
	fields->host_value = value;
	return HTTP1_DONE;
}

/* Digits only, and no leading zero, which some read as octal. */
enum http1_result http1_note_length(struct str value, bool *has_length, uint64_t *ret_length,
	struct http1_error *reterr)
{
	if (*has_length)
		return http1_fail(reterr, 400, "Content-Length stands twice");
	uint64_t length = 0;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < '0' || value.p[i] > '9')
			return http1_fail(reterr, 400, "Content-Length is not a number");
	if (value.n == 0 || (value.n > 1 && *value.p == '0'))
		return http1_fail(reterr, 400, "Content-Length is not a number");
	if (!str_to_u64(value, INT64_MAX, &length))
		return http1_fail(reterr, 413, "Content-Length is too large");
	*has_length = true;
	*ret_length = length;
	return HTTP1_DONE;
}

enum http1_result http1_note_coding(struct http1_fields *fields, struct str value, bool *ret_chunked,
	struct http1_error *reterr)
{
	if (fields->transfer_encoding)
		return http1_fail(reterr, 400, "Transfer-Encoding stands twice");
	if (!str_eq_ignore_case(value, STR("chunked")))
		return http1_fail(reterr, 501, "Transfer-Encoding is understood as chunked alone");
	fields->transfer_encoding = true;
	*ret_chunked = true;
	return HTTP1_DONE;
}

static enum http1_result note_expect(struct http1_fields *fields, struct str value,
	struct http1_error *reterr)
{
	if (fields->expect || !str_eq_ignore_case(value, STR("100-continue")))
		return http1_fail(reterr, 417, "Expect is understood as 100-continue alone");
	fields->expect = true;
	return HTTP1_DONE;
}

/* Whether a Connection option names a field that is for whoever acts on the message: a hop that
 * obeyed would act on another message than we do. */
static bool option_hides_field(struct str option)
{
	static const struct str names[] = {
		{ "host", 4 }, { "content-length", 14 }, { "transfer-encoding", 17 }, { "content-type", 12 },
		{ "authorization", 13 }, { "expect", 6 },
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq_ignore_case(option, names[i]))
			return true;
	return false;
}

enum http1_result http1_note_connection(struct http1_fields *fields, struct str value,
	struct http1_error *reterr)
{
	for (bool more = true; more;) {
		struct str option;
		more = str_cut(&value, ',', &option);
		option = str_trim(option);
		if (option.n == 0) /* empty elements count for nothing (RFC 9110 section 5.6.1) */
			continue;
		if (!http_is_token(option))
			return http1_fail(reterr, 400, "Connection is not a list of tokens");
		if (option_hides_field(option))
			return http1_fail(reterr, 400, "Connection names a field that is not its own");
		if (str_eq_ignore_case(option, STR("close")))
			fields->close = true;
		else if (str_eq_ignore_case(option, STR("keep-alive")))
			fields->keep_alive = true;
	}
	return HTTP1_DONE;
}

/* A field that the codec does not read itself; of two, one might be judged and the other obeyed. */
enum http1_result http1_note_once(bool *seen, const char *twice, struct http1_error *reterr)
{
	if (*seen)
		return http1_fail(reterr, 400, twice);
	*seen = true;
	return HTTP1_DONE;
}

enum http1_result http1_note_field(struct http1_fields *fields, const struct http_header *header,
	struct http_request *r, struct http1_error *reterr)
{
	struct str name = header->name;
	switch (name.n) { /* most fields are told apart by their length alone */
	case 4:
		if (str_eq_ignore_case(name, STR("host")))
			return note_host(fields, header->value, reterr);
		break;
	case 6:
		if (str_eq_ignore_case(name, STR("expect")))
			return note_expect(fields, header->value, reterr);
		break;
	case 10:
		if (str_eq_ignore_case(name, STR("connection")))
			return http1_note_connection(fields, header->value, reterr);
		break;
	case 12:
		if (str_eq_ignore_case(name, STR("content-type")))
			return http1_note_once(&fields->content_type, "Content-Type stands twice", reterr);
		break;
	case 13:
		if (str_eq_ignore_case(name, STR("authorization")))
			return http1_note_once(&fields->authorization, "Authorization stands twice", reterr);
		break;
	case 14:
		if (str_eq_ignore_case(name, STR("content-length")))
			return http1_note_length(header->value, &r->has_length, &r->length, reterr);
		break;
	case 17:
		if (str_eq_ignore_case(name, STR("transfer-encoding")))
			return http1_note_coding(fields, header->value, &r->chunked, reterr);
		break;
	default:
		break;
	}
	return HTTP1_DONE;
}

enum http1_result http1_judge_fields(const struct http1_fields *fields, struct http_request *r,
	struct http1_error *reterr)
{
	if (!fields->host && r->minor == 1)
		return http1_fail(reterr, 400, "Host is missing");
	if (r->authority.p && !str_eq_ignore_case(r->authority, fields->host_value))
		return http1_fail(reterr, 400, "Host is not the authority of the request target");
	if (r->chunked && r->has_length)
		return http1_fail(reterr, 400, "Content-Length beside Transfer-Encoding");
	if (r->chunked && r->minor == 0)
		return http1_fail(reterr, 400, "Transfer-Encoding in HTTP/1.0");
	r->authority = fields->host_value;
	r->keep_alive = !fields->close && (r->minor == 1 || fields->keep_alive);
	r->expect_continue = fields->expect && r->minor == 1 && (r->chunked || r->length > 0);
	return HTTP1_DONE;
}
