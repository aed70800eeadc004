/* SPDX-License-Identifier: Apache-2.0
 * The JSON pull scanner: RFC 8259 to the letter, and not one byte that it does not account for.
 * Duplicate keys are not its business (json_select.c): it remembers no key.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/json_internal.h"

#include "base/text.h"

#include <endian.h>

enum {
	EXPECT_VALUE = 0,
	EXPECT_FIRST, /* the first member or item of what was just opened, or its end */
	EXPECT_AFTER, /* a comma, or the end of what is open */
	EXPECT_END,
};

_Static_assert(LIMIT_JSON_DEPTH < 64, "one bit of in_object a level");

void json_scanner_init(struct json_scanner *s, struct str text)
{
	const char *end = text.n > 0 ? text.p + text.n : text.p;
	*s = (struct json_scanner){ .p = text.p, .start = text.p, .end = end };
}

static enum json_event fail(struct json_scanner *s, const char *what)
{
	s->error = what;
	return JSON_EVENT_ERROR;
}

static inline void skip_space(struct json_scanner *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
		s->p++;
}

static inline bool at(const struct json_scanner *s, char c)
{
	return s->p < s->end && *s->p == c;
}

static inline bool in_object(const struct json_scanner *s)
{
	return s->in_object >> s->depth & 1;
}

static void value_is_over(struct json_scanner *s)
{
	s->expect = s->depth == 0 ? EXPECT_END : EXPECT_AFTER;
}

/* How many of eight bytes are plain ASCII before the first that is not: a quote, a backslash, a
 * control character, or a byte from 0x80 up. A borrow spoils only bits above the first such byte. */
static inline unsigned count_plain(const char *p)
{
	uint64_t w;
	memcpy(&w, p, sizeof(w));
	w = le64toh(w);
	const uint64_t ones = 0x0101010101010101u;
	uint64_t quote = w ^ (ones * '"'), backslash = w ^ (ones * '\\');
	uint64_t found = ((w - ones * 0x20) | (quote - ones) | (backslash - ones) | w) & (ones * 0x80);
	return found ? (unsigned)__builtin_ctzll(found) / 8 : 8;
}

/* *s->p is a backslash. */
static bool scan_escape(struct json_scanner *s)
{
	size_t left = (size_t)(s->end - s->p);
	if (left >= 2 && s->p[1] != '\0' && strchr("\"\\/bfnrt", s->p[1])) {
		s->p += 2;
		return true;
	}
	int code = left >= 6 && s->p[1] == 'u' ? json_read_hex4(s->p + 2) : -1;
	if (code < 0) {
		fail(s, "An escape that JSON does not know");
		return false;
	}
	if (code < 0xd800 || code > 0xdfff) {
		s->p += 6;
		return true;
	}
	int low = left >= 12 && s->p[6] == '\\' && s->p[7] == 'u' ? json_read_hex4(s->p + 8) : -1;
	if (code > 0xdbff || low < 0xdc00 || low > 0xdfff) {
		fail(s, "Half of a surrogate pair");
		return false;
	}
	s->p += 12;
	return true;
}

/* From behind the opening quote to behind the closing one. */
static bool scan_string(struct json_scanner *s)
{
	const char *start = s->p;
	bool ascii = true;
	s->escaped = false;
	for (;;) {
		if (s->end - s->p >= 8) {
			unsigned plain = count_plain(s->p);
			s->p += plain;
			if (plain == 8)
				continue;
		}
		if (s->p == s->end) {
			fail(s, "The text ends within a string");
			return false;
		}
		uint8_t c = (uint8_t)*s->p;
		if (c == '"')
			break;
		if (c == '\\') {
			s->escaped = true;
			if (!scan_escape(s))
				return false;
			continue;
		}
		if (c < 0x20) {
			fail(s, "A control character within a string");
			return false;
		}
		ascii = ascii && c < 0x80;
		s->p++;
	}
	s->raw = (struct str){ start, (size_t)(s->p - start) };
	if (!ascii && !utf8_valid(s->raw)) {
		fail(s, "A string that is not UTF-8");
		return false;
	}
	s->p++;
	return true;
}

static size_t skip_digits(struct json_scanner *s)
{
	const char *start = s->p;
	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return (size_t)(s->p - start);
}

static enum json_event scan_number(struct json_scanner *s)
{
	const char *start = s->p;
	if (at(s, '-'))
		s->p++;
	bool zero = at(s, '0');
	size_t digits = skip_digits(s);
	if (digits == 0 || (zero && digits > 1))
		return fail(s, "Not a JSON number");
	if (at(s, '.')) {
		s->p++;
		if (skip_digits(s) == 0)
			return fail(s, "Not a JSON number");
	}
	if (at(s, 'e') || at(s, 'E')) {
		s->p++;
		if (at(s, '+') || at(s, '-'))
			s->p++;
		if (skip_digits(s) == 0)
			return fail(s, "Not a JSON number");
	}
	s->raw = (struct str){ start, (size_t)(s->p - start) };
	if (s->raw.n > LIMIT_JSON_NUMBER_CHARS)
		return fail(s, "A number that is too long");
	s->kind = JSON_KIND_NUMBER;
	s->escaped = false;
	value_is_over(s);
	return JSON_EVENT_VALUE;
}

static enum json_event scan_literal(struct json_scanner *s, struct str word, enum json_kind kind)
{
	struct str rest = { s->p, (size_t)(s->end - s->p) };
	if (!str_starts(rest, word))
		return fail(s, "Not a JSON value");
	s->raw = (struct str){ s->p, word.n };
	s->p += word.n;
	s->kind = kind;
	s->escaped = false;
	value_is_over(s);
	return JSON_EVENT_VALUE;
}

static enum json_event open_container(struct json_scanner *s, bool object)
{
	if (s->depth == LIMIT_JSON_DEPTH)
		return fail(s, "Nested too deeply");
	s->p++;
	s->depth++;
	uint64_t bit = (uint64_t)1 << s->depth;
	s->in_object = object ? s->in_object | bit : s->in_object & ~bit;
	s->expect = EXPECT_FIRST;
	s->kind = object ? JSON_KIND_OBJECT : JSON_KIND_ARRAY;
	return object ? JSON_EVENT_OBJECT : JSON_EVENT_ARRAY;
}

static enum json_event close_container(struct json_scanner *s)
{
	bool object = in_object(s);
	if (!at(s, object ? '}' : ']'))
		return fail(s, object ? "A comma or } is missing" : "A comma or ] is missing");
	s->p++;
	s->depth--;
	value_is_over(s);
	return object ? JSON_EVENT_OBJECT_END : JSON_EVENT_ARRAY_END;
}

static enum json_event scan_value(struct json_scanner *s)
{
	if (s->p == s->end)
		return fail(s, "The text ends where a value is missing");
	if (s->values++ == LIMIT_JSON_VALUES)
		return fail(s, "Too many values");
	switch (*s->p) {
	case '{':
		return open_container(s, true);
	case '[':
		return open_container(s, false);
	case '"':
		s->p++;
		if (!scan_string(s))
			return JSON_EVENT_ERROR;
		s->kind = JSON_KIND_STRING;
		value_is_over(s);
		return JSON_EVENT_VALUE;
	case 't':
		return scan_literal(s, STR("true"), JSON_KIND_TRUE);
	case 'f':
		return scan_literal(s, STR("false"), JSON_KIND_FALSE);
	case 'n':
		return scan_literal(s, STR("null"), JSON_KIND_NULL);
	case '\xef':
		return fail(s, "A byte order mark, or not a JSON value");
	default:
		return scan_number(s);
	}
}

/* A key and its colon. */
static enum json_event scan_key(struct json_scanner *s)
{
	if (!at(s, '"'))
		return fail(s, "A key is missing");
	s->p++;
	if (!scan_string(s))
		return JSON_EVENT_ERROR;
	skip_space(s);
	if (!at(s, ':'))
		return fail(s, "A colon is missing");
	s->p++;
	s->expect = EXPECT_VALUE;
	return JSON_EVENT_KEY;
}

enum json_event json_next(struct json_scanner *s)
{
	if (s->error)
		return JSON_EVENT_ERROR;
	skip_space(s);
	switch (s->expect) {
	case EXPECT_END:
		return s->p == s->end ? JSON_EVENT_END : fail(s, "More text after the JSON value");
	case EXPECT_AFTER:
		if (!at(s, ','))
			return close_container(s);
		s->p++;
		skip_space(s);
		break;
	case EXPECT_FIRST:
		if (at(s, in_object(s) ? '}' : ']'))
			return close_container(s);
		break;
	default: /* what stands behind a colon, or the whole text */
		return scan_value(s);
	}
	return in_object(s) ? scan_key(s) : scan_value(s);
}

bool json_skip(struct json_scanner *s)
{
	uint32_t outside = s->depth;
	if (s->expect == EXPECT_FIRST) /* its start event was just returned */
		outside--;
	else if (s->expect != EXPECT_VALUE) /* it was a scalar, which is over */
		return !s->error;
	do {
		if (json_next(s) == JSON_EVENT_ERROR)
			return false;
	} while (s->depth > outside);
	return true;
}
