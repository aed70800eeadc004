/* SPDX-License-Identifier: Apache-2.0
 * Views of text: a pointer and a length, never NUL-terminated by promise.
 * A view owns nothing; whoever hands one out says how long it lives.
 * base: may include nothing but the C library.
 */
#ifndef REMIT_BASE_STR_H
#define REMIT_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

/* For printf's "%.*s". */
#define STR_FMT(s) (int)(s).n, (s).p

/* A view of a string literal. */
#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })

static inline struct str str_of(const char *text)
{
	return (struct str){ text, text ? strlen(text) : 0 };
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(struct str a, const char *text)
{
	return str_eq(a, str_of(text));
}

static inline bool str_starts(struct str a, struct str prefix)
{
	return a.n >= prefix.n && (prefix.n == 0 || memcmp(a.p, prefix.p, prefix.n) == 0);
}

/* Of two texts of one length. */
bool str_eq_ignore_case_n(const char *a, const char *b, size_t n);

/* ASCII letters only are folded: header names, schemes, hosts. Most that differ do so in length. */
static inline bool str_eq_ignore_case(struct str a, struct str b)
{
	return a.n == b.n && str_eq_ignore_case_n(a.p, b.p, a.n);
}

/* The part of `a` without spaces and tabs (RFC 9110 OWS) at either end. */
struct str str_trim(struct str a);

/* Splits at the first `sep`: *ret_head is before it, *rest after it. False, and *ret_head all of
 * it and *rest empty, where there is none. */
bool str_cut(struct str *rest, char sep, struct str *ret_head);

/* A decimal number with no sign, space or leading plus, at most `max`. False where it is not one. */
bool str_to_u64(struct str a, uint64_t max, uint64_t *ret);

/* The number of edits (insert, delete, replace, swap of neighbours) between two names, counted no
 * further than `limit` + 1. For "did you mean". Names longer than 64 bytes are never similar. */
unsigned str_distance(struct str a, struct str b, unsigned limit);

#endif
