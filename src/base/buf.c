/* SPDX-License-Identifier: Apache-2.0
 * A growing byte buffer with a hard maximum. buf_printf is in printf.c, so that what links this
 * file does not link stdio.
 * base: may include nothing but the C library.
 */
#include "base/buf.h"

#include "base/text.h"
#include <assert.h>
#include <stdlib.h>

#define FIRST_ROOM 64

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void buf_done(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ .max = b->max };
}

void buf_done_secret(struct buf *b)
{
	if (b->p)
		explicit_bzero(b->p, b->cap);
	buf_done(b);
}

void buf_reset(struct buf *b)
{
	b->n = 0;
	b->failed = false;
}

/* One byte more than `cap` is allocated: buf_printf's NUL may stand there. */
bool buf_reserve(struct buf *b, size_t more)
{
	size_t max = b->max < PTRDIFF_MAX ? b->max : PTRDIFF_MAX;

	assert(b->n <= b->cap);
	if (b->failed)
		return false;
	if (more <= b->cap - b->n)
		return true;
	if (b->n > max || more > max - b->n) {
		b->failed = true;
		return false;
	}
	size_t need = b->n + more;
	size_t cap = b->cap > max / 2 ? max : b->cap * 2;
	if (cap < FIRST_ROOM)
		cap = max < FIRST_ROOM ? max : FIRST_ROOM;
	if (cap < need)
		cap = need;
	char *p = realloc(b->p, cap + 1);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->cap = cap;
	return true;
}

bool buf_add(struct buf *b, const void *p, size_t n)
{
	if (!buf_reserve(b, n))
		return false;
	if (n > 0)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	return true;
}

bool buf_add_str(struct buf *b, struct str s)
{
	return buf_add(b, s.p, s.n);
}

bool buf_add_text(struct buf *b, const char *text)
{
	return buf_add(b, text, strlen(text));
}

bool buf_add_char(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

bool buf_add_u64(struct buf *b, uint64_t v)
{
	char text[20];
	size_t at = sizeof(text);
	do {
		text[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	return buf_add(b, text + at, sizeof(text) - at);
}

/* Writes the escape of a character that may not stand in a JSON string as it is; 0 where it may. */
static size_t json_escape(unsigned char c, char ret[static 6])
{
	static const char hex[] = "0123456789abcdef";
	static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
		return 0;
	for (size_t i = 0; i + 1 < sizeof(named); i += 2)
		if (c == (unsigned char)named[i]) {
			ret[0] = '\\';
			ret[1] = named[i + 1];
			return 2;
		}
	memcpy(ret, "\\u00", 4);
	ret[4] = hex[c >> 4];
	ret[5] = hex[c & 15];
	return 6;
}

bool buf_add_json(struct buf *b, struct str s)
{
	size_t start = 0, at = 0; /* s[start..at) stands as it is and is still to be added */

	buf_add_char(b, '"');
	while (at < s.n) {
		char escape[6];
		size_t length = utf8_next((struct str){ s.p + at, s.n - at });
		size_t escaped = length == 1 ? json_escape((unsigned char)s.p[at], escape) : 0;
		if (length > 0 && escaped == 0) {
			at += length;
			continue;
		}
		buf_add(b, s.p + start, at - start);
		buf_add(b, length == 0 ? "\xEF\xBF\xBD" : escape, length == 0 ? 3 : escaped);
		start = ++at;
	}
	buf_add(b, s.p + start, at - start);
	return buf_add_char(b, '"');
}
