/* SPDX-License-Identifier: Apache-2.0
 * Views of text: comparing, trimming, cutting, numbers, similarity.
 * base: may include nothing but the C library.
 */
#include "base/str.h"

#define DISTANCE_MAX 64

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool str_eq_ignore_case(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (fold(a.p[i]) != fold(b.p[i]))
			return false;
	return true;
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
		uint64_t digit = (uint64_t)(a.p[i] - '0');
		if (digit > max || v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
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
