/* SPDX-License-Identifier: Apache-2.0
 * Header fields: look-up by name, tokens, and media types with their parameters.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/http1.h"
#include "wire/http_class.h"

bool http_is_token(struct str s)
{
	return s.n > 0 && http_span(s.p, s.n, CLASS_TOKEN) == s.n;
}

struct str http_request_header(const struct http_request *request, struct str name, size_t *ret_count)
{
	struct str value = { NULL, 0 };
	size_t count = 0;
	for (size_t i = 0; i < request->header_count; i++) {
		const struct http_header *header = &request->headers[i];
		if (header->name.n != name.n || !str_eq_ignore_case(header->name, name))
			continue;
		if (count++ == 0)
			value = header->value;
	}
	if (ret_count)
		*ret_count = count;
	return value;
}

/* One token off the front. */
static bool take_token(struct str *rest, struct str *ret)
{
	size_t n = http_span(rest->p, rest->n, CLASS_TOKEN);
	if (n == 0)
		return false;
	*ret = (struct str){ rest->p, n };
	*rest = (struct str){ rest->p + n, rest->n - n };
	return true;
}

static bool take_char(struct str *rest, char c)
{
	if (rest->n == 0 || *rest->p != c)
		return false;
	*rest = (struct str){ rest->p + 1, rest->n - 1 };
	return true;
}

/* A quoted string without its quotes. A backslash is refused: what stands after it ends the string
 * for some readers and not for others. */
static bool take_quoted(struct str *rest, struct str *ret)
{
	if (!take_char(rest, '"'))
		return false;
	size_t n = 0;
	while (n < rest->n && rest->p[n] != '"') {
		if (rest->p[n] == '\\' || !http_is(rest->p[n], CLASS_TEXT))
			return false;
		n++;
	}
	*ret = (struct str){ rest->p, n };
	*rest = (struct str){ rest->p + n, rest->n - n };
	return take_char(rest, '"');
}

/* OWS ";" OWS name "=" value. */
static bool take_parameter(struct str *rest, struct str *ret_name, struct str *ret_value)
{
	*rest = str_trim(*rest);
	if (!take_char(rest, ';'))
		return false;
	*rest = str_trim(*rest);
	if (!take_token(rest, ret_name) || !take_char(rest, '='))
		return false;
	if (rest->n > 0 && *rest->p == '"')
		return take_quoted(rest, ret_value);
	return take_token(rest, ret_value);
}

static bool take_type(struct str *rest, struct str *ret)
{
	struct str type, subtype;
	*rest = str_trim(*rest);
	if (!take_token(rest, &type) || !take_char(rest, '/') || !take_token(rest, &subtype))
		return false;
	*ret = (struct str){ type.p, type.n + 1 + subtype.n };
	return true;
}

bool http_media_type(struct str value, struct str *ret_type)
{
	struct str type, name, parameter;
	if (!take_type(&value, &type))
		return false;
	while (str_trim(value).n > 0)
		if (!take_parameter(&value, &name, &parameter))
			return false;
	*ret_type = type;
	return true;
}

bool http_media_parameter(struct str value, struct str name, struct str *ret_value)
{
	struct str type, one, parameter, found = { NULL, 0 };
	if (!take_type(&value, &type))
		return false;
	while (str_trim(value).n > 0) {
		if (!take_parameter(&value, &one, &parameter))
			return false;
		if (!str_eq_ignore_case(one, name))
			continue;
		if (found.p) /* twice: the first counts for some readers, the last for others */
			return false;
		found = parameter;
	}
	*ret_value = found;
	return true;
}
