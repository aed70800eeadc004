/* SPDX-License-Identifier: Apache-2.0
 * Views of text: comparing, trimming, cutting, numbers, similarity.
 * base: may include nothing but the C library.
 */
#include "base/str.h"

#define DISTANCE_MAX 64

#define EVERY_BYTE(v) (UINT64_C(0x0101010101010101) * (v))

static uint64_t eight(const char *p)
{
	uint64_t c;
	memcpy(&c, p, sizeof(c));
	return c;
}

/* Fewer than eight: all of them, some perhaps twice. */
static uint64_t few(const char *p, size_t n)
{
	uint32_t first, last;
	if (n < 4) {
		uint64_t c = 0;
		for (size_t i = 0; i < n; i++)
			c = c << 8 | (uint8_t)p[i];
		return c;
	}
	memcpy(&first, p, sizeof(first));
	memcpy(&last, p + n - 4, sizeof(last));
	return (uint64_t)last << 32 | first;
}

/* Capitals made small in eight characters. Adding 0x80 - x to seven bits sets the eighth where they are x
 * or more, and never carries into the next byte. */
static uint64_t fold_8(uint64_t c)
{
	uint64_t low = c & EVERY_BYTE(0x7f);
	uint64_t capital = (low + EVERY_BYTE(0x80 - 'A')) & ~(low + EVERY_BYTE(0x80 - 'Z' - 1)) & ~c;
	return c | (capital & EVERY_BYTE(0x80)) >> 2;
}

bool str_eq_ignore_case_n(const char *a, const char *b, size_t n)
{
	if (n < 8)
		return fold_8(few(a, n)) == fold_8(few(b, n));
	for (size_t i = 0; i + 8 < n; i += 8)
		if (fold_8(eight(a + i)) != fold_8(eight(b + i)))
			return false;
	/* The last eight, some of them perhaps again. */
	return fold_8(eight(a + n - 8)) == fold_8(eight(b + n - 8));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct str str_trim(struct str a)
{
	while (a.n > 0 && is_blank(a.p[0])) {
		a.p++;
		a.n--;
	}
	while (a.n > 0 && is_blank(a.p[a.n - 1]))
		a.n--;
	return a;
}

bool str_cut(struct str *rest, char sep, struct str *ret_head)
{
	struct str all = *rest;
	const char *at = all.n > 0 ? memchr(all.p, sep, all.n) : NULL;
	if (!at) {
		*ret_head = all;
		*rest = (struct str){ all.p ? all.p + all.n : NULL, 0 };
		return false;
	}
	size_t before = (size_t)(at - all.p);
	*ret_head = (struct str){ all.p, before };
	*rest = (struct str){ at + 1, all.n - before - 1 };
	return true;
}

bool str_to_u64(struct str a, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;
	if (a.n == 0)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (a.p[i] < '0' || a.p[i] > '9')
			return false;
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(a.p[i] - '0'), &v))
			return false;
		if (v > max)
			return false;
	}
	*ret = v;
	return true;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* One row a character of `a`: row[j] is the distance between a[0..i) and b[0..j). Three rows are
 * kept, for a swap looks back two. */
unsigned str_distance(struct str a, struct str b, unsigned limit)
{
	unsigned rows[3][DISTANCE_MAX + 1];

	if (a.n > DISTANCE_MAX || b.n > DISTANCE_MAX)
		return limit + 1;
	for (size_t j = 0; j <= b.n; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a.n; i++) {
		unsigned *row = rows[i % 3];
		const unsigned *above = rows[(i + 2) % 3];
		const unsigned *above2 = rows[(i + 1) % 3];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b.n; j++) {
			unsigned replace = above[j - 1] + (a.p[i - 1] != b.p[j - 1]);
			row[j] = least(replace, least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
				row[j] = least(row[j], above2[j - 2] + 1);
		}
	}
	return least(rows[a.n % 3][b.n], limit + 1);
}
