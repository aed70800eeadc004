/* SPDX-License-Identifier: Apache-2.0
 * JSON strings behind their escapes: decoding and comparing. Everything here reads raw strings that
 * the scanner has accepted, and so never meets a broken escape.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/json_internal.h"

#include "base/text.h"

int json_read_hex4(const char *p)
{
	int value = 0;
	for (int i = 0; i < 4; i++) {
		int digit = hex_value(p[i]);
		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* One code point of valid UTF-8. */
static uint32_t read_utf8(const char **p, const char *end)
{
	uint8_t first = (uint8_t)*(*p)++;
	if (first < 0x80)
		return first;
	uint32_t code = first & (first < 0xe0 ? 0x1fu : first < 0xf0 ? 0x0fu : 0x07u);
	while (*p < end && ((uint8_t)**p & 0xc0) == 0x80)
		code = code << 6 | ((uint8_t)*(*p)++ & 0x3f);
	return code;
}

/* \uXXXX, or two of them for one code point; *p is behind the 'u'. */
static uint32_t read_unicode_escape(const char **p)
{
	uint32_t code = (uint32_t)json_read_hex4(*p);
	*p += 4;
	if (code < 0xd800 || code > 0xdbff)
		return code;
	uint32_t low = (uint32_t)json_read_hex4(*p + 2);
	*p += 6;
	return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
}

uint32_t json_read_code_point(const char **p, const char *end)
{
	if (**p != '\\')
		return read_utf8(p, end);
	char escape = (*p)[1];
	*p += 2;
	switch (escape) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'u':
		return read_unicode_escape(p);
	default: /* the quote, the slash, the backslash */
		return (uint8_t)escape;
	}
}

static size_t write_utf8(uint32_t code, char ret[static 4])
{
	if (code < 0x80) {
		ret[0] = (char)code;
		return 1;
	}
	size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--, code >>= 6)
		ret[i] = (char)(0x80 | (code & 0x3f));
	ret[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | code);
	return n;
}

bool json_decode(struct str raw, char *ret_text, size_t room, size_t *ret_n)
{
	const char *p = raw.p, *end = raw.n > 0 ? raw.p + raw.n : raw.p;
	size_t n = 0;
	while (p < end) {
		char bytes[4];
		size_t more = write_utf8(json_read_code_point(&p, end), bytes);
		if (more > room - n)
			return false;
		memcpy(ret_text + n, bytes, more);
		n += more;
	}
	*ret_n = n;
	return true;
}

bool json_raw_eq(struct str raw, struct str text)
{
	if (raw.n == 0 || !memchr(raw.p, '\\', raw.n))
		return str_eq(raw, text);
	const char *p = raw.p, *end = raw.p + raw.n;
	size_t n = 0;
	while (p < end) {
		char bytes[4];
		size_t more = write_utf8(json_read_code_point(&p, end), bytes);
		if (more > text.n - n || memcmp(text.p + n, bytes, more) != 0)
			return false;
		n += more;
	}
	return n == text.n;
}

static uint32_t fold(uint32_t code)
{
	if (code >= 'A' && code <= 'Z')
		return code | 0x20;
	if (code < 0x80)
		return code;
	if (code == 0x17f) /* long s */
		return 's';
	if (code == 0x212a) /* Kelvin sign */
		return 'k';
	if (code == 0x130 || code == 0x131) /* I with a dot, i without */
		return 'i';
	return code;
}

/* The next code point of a pointer's segment. */
static uint32_t read_segment(const char **p, const char *end)
{
	if (**p == '~' && *p + 1 < end && ((*p)[1] == '0' || (*p)[1] == '1')) {
		uint32_t code = (*p)[1] == '0' ? '~' : '/';
		*p += 2;
		return code;
	}
	return read_utf8(p, end);
}

/* Whether their first bytes alone tell them apart: the usual case. Both are ASCII and no escape. */
static inline bool start_apart(struct str raw, struct str segment)
{
	if (raw.n == 0 || segment.n == 0)
		return raw.n != segment.n;
	uint8_t a = (uint8_t)*raw.p, b = (uint8_t)*segment.p;
	return a < 0x80 && b < 0x80 && a != '\\' && b != '~' && (a | 0x20) != (b | 0x20);
}

enum json_match json_match_key(struct str raw, bool escaped, struct str segment)
{
	if (start_apart(raw, segment))
		return JSON_MATCH_NO;
	if (!escaped && str_eq(raw, segment) && !memchr(raw.p, '~', raw.n))
		return JSON_MATCH_EXACT;
	const char *p = raw.p, *end = raw.p + raw.n;
	const char *q = segment.p, *segment_end = segment.p + segment.n;
	enum json_match match = JSON_MATCH_EXACT;
	while (p < end && q < segment_end) {
		uint32_t a = json_read_code_point(&p, end), b = read_segment(&q, segment_end);
		if (a == b)
			continue;
		if (fold(a) != fold(b))
			return JSON_MATCH_NO;
		match = JSON_MATCH_FOLDED;
	}
	return p == end && q == segment_end ? match : JSON_MATCH_NO;
}
