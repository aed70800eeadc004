/* SPDX-License-Identifier: Apache-2.0
 * Which bytes may stand where in HTTP: one table of bits, shared by the codecs of this room.
 * wire: may include base, and nothing else of ours.
 */
#ifndef REMIT_WIRE_HTTP_CLASS_H
#define REMIT_WIRE_HTTP_CLASS_H

#include "base/str.h"

#include <endian.h>

enum {
	CLASS_TOKEN = 1 << 0, /* RFC 9110 section 5.6.2 */
	CLASS_PATH = 1 << 1,  /* pchar of RFC 3986, '%' and '/' */
	CLASS_QUERY = 1 << 2, /* the same, '?', and what browsers leave bare: [ ] { } | ^ ` */
	CLASS_HOST = 1 << 3,  /* letters, digits, - . _ */
	CLASS_TOKEN68 = 1 << 5, /* RFC 9110 section 11.2, without the '=' at its end */
	CLASS_TEXT = 1 << 4,  /* a field value: tab, space, visible, and bytes from 0x80 up */
};

extern const uint8_t http_class[256];

static inline bool http_is(char c, unsigned classes)
{
	return (http_class[(uint8_t)c] & classes) != 0;
}

/* How many of the first bytes belong to the classes. */
static inline size_t http_span(const char *p, size_t n, unsigned classes)
{
	const uint8_t *c = (const uint8_t *)p;
	size_t i = 0;
	while (n - i >= 4 && (http_class[c[i]] & http_class[c[i + 1]] & http_class[c[i + 2]]
		& http_class[c[i + 3]] & classes))
		i += 4;
	while (i < n && http_is(p[i], classes))
		i++;
	return i;
}

/* How many of eight bytes stand before the first that is below 0x20 or is 0x7f. A borrow spoils
 * only bits above that byte. */
static inline unsigned http_count_plain(const char *p)
{
	uint64_t w;
	memcpy(&w, p, sizeof(w));
	w = le64toh(w);
	const uint64_t ones = 0x0101010101010101u;
	uint64_t delete = w ^ (ones * 0x7f);
	uint64_t found = (((w - ones * 0x20) & ~w) | ((delete - ones) & ~delete)) & (ones * 0x80);
	return found ? (unsigned)__builtin_ctzll(found) / 8 : 8;
}

/* Whether none of sixteen bytes is. */
static inline bool http_is_plain_16(const char *p)
{
	typedef uint8_t bytes_16 __attribute__((vector_size(16)));
	typedef uint64_t words_2 __attribute__((vector_size(16)));
	bytes_16 b;
	memcpy(&b, p, sizeof(b));
	words_2 found = (words_2)((b < 0x20) | (b == 0x7f));
	return (found[0] | found[1]) == 0;
}

/* Whether all of it may be a field's value: CLASS_TEXT. */
static inline bool http_is_text(struct str s)
{
	while (s.n >= 16 && http_is_plain_16(s.p))
		s = (struct str){ s.p + 16, s.n - 16 };
	return http_span(s.p, s.n, CLASS_TEXT) == s.n;
}

#endif
