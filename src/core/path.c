/* SPDX-License-Identifier: Apache-2.0
 * Paths: decoded once, refused where two parsers could read them in two ways, encoded canonically
 * (decisions: Paths).
 * core: may include base and <remit/remit.h>.
 */
#include "base/limits.h"
#include "base/text.h"
#include "core/policy.h"

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool is_dots(struct str segment)
{
	return str_is(segment, ".") || str_is(segment, "..");
}

static bool has_escape(struct str s)
{
	for (size_t i = 0; i + 2 < s.n; i++)
		if (s.p[i] == '%' && hex_value(s.p[i + 1]) >= 0 && hex_value(s.p[i + 2]) >= 0)
			return true;
	return false;
}

bool path_segment_ok(struct str segment)
{
	if (segment.n == 0 || is_dots(segment) || has_escape(segment) || !utf8_valid(segment))
		return false;
	for (size_t i = 0; i < segment.n; i++)
		if (is_control(segment.p[i]) || segment.p[i] == '/' || segment.p[i] == '\\' ||
		    segment.p[i] == ';')
			return false;
	return true;
}

/* One character of a segment, decoded; -1 where it may not stand there. Whether a decoded one may
 * is for path_segment_ok, but for '/', which would no longer be seen. */
static int decode_char(struct str rest, size_t *ret_taken)
{
	char c = rest.p[0];

	*ret_taken = 1;
	if (c == '#' || c == '?' || c == ' ')
		return -1;
	if (c != '%')
		return (unsigned char)c;
	if (rest.n < 3 || hex_value(rest.p[1]) < 0 || hex_value(rest.p[2]) < 0)
		return -1;
	*ret_taken = 3;
	int decoded = hex_value(rest.p[1]) << 4 | hex_value(rest.p[2]);
	return decoded == '/' ? -1 : decoded;
}

/* Decodes up to the next '/' or the end; returns how much of `rest` was taken, or SIZE_MAX. */
static size_t decode_segment(struct str rest, char *ret_segment, size_t *ret_n)
{
	size_t at = 0, n = 0, taken;

	while (at < rest.n && rest.p[at] != '/') {
		int c = decode_char((struct str){ rest.p + at, rest.n - at }, &taken);
		if (c < 0)
			return SIZE_MAX;
		ret_segment[n++] = (char)c;
		at += taken;
	}
	*ret_n = n;
	return at;
}

/* What stands for itself in a path: unreserved, sub-delims without ';', ':', '@', and '/'. */
static const bool is_plain[256] = {
	/* 00 */ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	/* 10 */ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	/* 20 */ 0, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	/* 30 */ 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0,
	/* 40 */ 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	/* 50 */ 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1,
	/* 60 */ 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	/* 70 */ 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 0,
};

/* Whether a path that starts with '/' is good and its own decoded form at a glance, as nearly all are.
 * Where not, it is looked at character by character. */
static bool is_simple(const char *raw, size_t length)
{
	const unsigned char *c = (const unsigned char *)raw;
	const char *end = raw + length;
	size_t segments = 0, i = 0;

	for (; length - i >= 4; i += 4)
		if (!(is_plain[c[i]] & is_plain[c[i + 1]] & is_plain[c[i + 2]] & is_plain[c[i + 3]]))
			return false;
	for (; i < length; i++)
		if (!is_plain[c[i]])
			return false;
	for (const char *at = raw; at; at = memchr(at + 1, '/', (size_t)(end - at - 1))) {
		bool odd = at + 1 < end && (at[1] == '/' || at[1] == '.');
		if (odd || ++segments > LIMIT_PATH_SEGMENTS)
			return false;
	}
	return true;
}

enum remit_status remit_path_decode(const char *raw, size_t length, char *ret_path, size_t *ret_length)
{
	size_t at = 0, out = 0;

	if (length == 0 || length > LIMIT_TARGET_BYTES || raw[0] != '/')
		return REMIT_INVALID;
	if (is_simple(raw, length)) {
		memcpy(ret_path, raw, length);
		*ret_length = length;
		return REMIT_OK;
	}
	for (size_t segments = 0; at < length; segments++) {
		size_t n;
		if (segments == LIMIT_PATH_SEGMENTS)
			return REMIT_INVALID;
		ret_path[out++] = '/';
		at++;
		size_t taken = decode_segment((struct str){ raw + at, length - at }, ret_path + out, &n);
		if (taken == SIZE_MAX)
			return REMIT_INVALID;
		at += taken;
		bool is_last_empty = n == 0 && at == length;
		if (!is_last_empty && !path_segment_ok((struct str){ ret_path + out, n }))
			return REMIT_INVALID;
		out += n;
	}
	*ret_length = out;
	return REMIT_OK;
}

static bool stands_as_it_is(char c)
{
	return is_plain[(unsigned char)c];
}

enum remit_status remit_path_encode(const char *path, size_t length, char *ret_raw, size_t room,
				    size_t *ret_length)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	if (length > SIZE_MAX / 3)
		return REMIT_LIMIT;
	for (size_t i = 0; i < length; i++)
		n += stands_as_it_is(path[i]) ? 1 : 3;
	if (n > room)
		return REMIT_LIMIT;
	*ret_length = n;
	for (size_t i = 0; i < length; i++) {
		if (stands_as_it_is(path[i])) {
			*ret_raw++ = path[i];
			continue;
		}
		*ret_raw++ = '%';
		*ret_raw++ = hex[(unsigned char)path[i] >> 4];
		*ret_raw++ = hex[(unsigned char)path[i] & 15];
	}
	return REMIT_OK;
}
