/* SPDX-License-Identifier: Apache-2.0
 * A growing byte buffer with a hard maximum. Appending past the maximum, or without memory,
 * appends nothing and sets `failed`, which sticks until buf_reset: a writer may append many pieces
 * and look once at the end.
 * base: may include nothing but the C library.
 */
#ifndef REMIT_BASE_BUF_H
#define REMIT_BASE_BUF_H

#include "base/str.h"
#include <stdarg.h>

struct buf {
	char *p;      /* owned */
	size_t n;     /* bytes in use */
	size_t cap;   /* bytes allocated */
	size_t max;   /* never more than this */
	bool failed;
};

/* An empty buffer; allocates nothing. */
void buf_init(struct buf *b, size_t max);
/* Frees the content. Safe on a zeroed struct, and twice. */
void buf_done(struct buf *b);
/* The same for secrets: the content is overwritten first. Growing may leave a copy behind, so a
 * buffer for a secret is given its whole room at once by buf_reserve. */
void buf_done_secret(struct buf *b);
/* Empties and clears `failed`; keeps the memory. */
void buf_reset(struct buf *b);

bool buf_reserve(struct buf *b, size_t more);
bool buf_add(struct buf *b, const void *p, size_t n);
bool buf_add_str(struct buf *b, struct str s);
bool buf_add_text(struct buf *b, const char *text);
bool buf_add_char(struct buf *b, char c);
bool buf_add_u64(struct buf *b, uint64_t v);
bool buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The text as a JSON string with its quotes (RFC 8259 section 7). Invalid UTF-8 becomes U+FFFD. */
bool buf_add_json(struct buf *b, struct str s);

/* What is in it now; valid until the next append. */
static inline struct str buf_str(const struct buf *b)
{
	return (struct str){ b->p, b->n };
}

#endif
