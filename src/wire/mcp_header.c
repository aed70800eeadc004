/* SPDX-License-Identifier: Apache-2.0
 * The sentinel is exact: another case, or an end that is missing, is a plain value.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/mcp_header.h"

#include "base/text.h"

#include <stdlib.h>

#define PREFIX "=?base64?"
#define SUFFIX "?="

static bool is_plain(struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];
		if ((c < 0x20 && c != '\t') || c >= 0x7f)
			return false;
	}
	return true;
}

bool mcp_header_is_coded(struct str value)
{
	const size_t start = sizeof(PREFIX) - 1, end = sizeof(SUFFIX) - 1;
	return value.n >= start + end && str_starts(value, STR(PREFIX))
	       && memcmp(value.p + value.n - end, SUFFIX, end) == 0;
}

bool mcp_header_decode(struct str value, char *room, struct str *ret)
{
	if (!is_plain(value))
		return false;
	if (!mcp_header_is_coded(value)) {
		*ret = value;
		return true;
	}
	const size_t start = sizeof(PREFIX) - 1, end = sizeof(SUFFIX) - 1;
	struct str text = { value.p + start, value.n - start - end };
	size_t n = 0;
	if (!room || !base64_decode(text, (uint8_t *)room, text.n, &n))
		return false;
	*ret = (struct str){ room, n };
	return utf8_valid(*ret);
}

/* "42" and "42.0" are one number. Both are of JSON's form, which strtod reads to its end. */
static bool is_number(struct str text, struct str raw)
{
	char a[LIMIT_JSON_NUMBER_CHARS + 1], b[LIMIT_JSON_NUMBER_CHARS + 1], *end;
	if (str_eq(text, raw))
		return true;
	if (text.n == 0 || text.n >= sizeof(a) || raw.n >= sizeof(b))
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (!memchr("0123456789+-.eE", text.p[i], 15))
			return false;
	memcpy(a, text.p, text.n);
	a[text.n] = '\0';
	memcpy(b, raw.p, raw.n);
	b[raw.n] = '\0';
	double x = strtod(a, &end);
	return *end == '\0' && !(x < strtod(b, NULL)) && !(x > strtod(b, NULL));
}

static bool is_value(struct str text, enum json_kind kind, struct str raw)
{
	switch (kind) {
	case JSON_KIND_STRING:
		return json_raw_eq(raw, text);
	case JSON_KIND_NUMBER:
		return is_number(text, raw);
	case JSON_KIND_TRUE:
	case JSON_KIND_FALSE:
		return str_eq(raw, text);
	case JSON_KIND_NONE:
	case JSON_KIND_NULL:
	case JSON_KIND_ARRAY:
	case JSON_KIND_OBJECT:
		break;
	}
	return false;
}

bool mcp_header_is(struct str value, enum json_kind kind, struct str raw, char *room)
{
	struct str text;
	return mcp_header_decode(value, room, &text) && is_value(text, kind, raw);
}

bool mcp_header_is_within(struct str value, struct str json, char *room)
{
	struct str text;
	struct json_scanner s;
	if (!mcp_header_decode(value, room, &text))
		return false;
	json_scanner_init(&s, json);
	for (;;) {
		enum json_event event = json_next(&s);
		if (event == JSON_EVENT_END || event == JSON_EVENT_ERROR)
			return false;
		if (event == JSON_EVENT_VALUE && is_value(text, s.kind, s.raw))
			return true;
	}
}
