/* SPDX-License-Identifier: Apache-2.0
 * An arena: many small allocations, one release. Named by its lifetime where it is declared
 * (process, policy, connection, exchange). Not for secrets that must be wiped.
 * base: may include nothing but the C library.
 */
#ifndef REMIT_BASE_ARENA_H
#define REMIT_BASE_ARENA_H

#include "base/str.h"
#include <stdarg.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *head;
	size_t used;  /* bytes handed out */
	size_t max;   /* never more than this; 0 = no limit of its own */
};

/* An empty arena; allocates nothing. */
void arena_init(struct arena *a, size_t max);
/* Frees everything that was handed out. Safe on a zeroed struct, and twice. */
void arena_done(struct arena *a);
/* Frees everything but keeps the first chunk for the next use. */
void arena_reset(struct arena *a);

/* Zeroed memory, aligned for any type; NULL without memory or past `max`. Lives until
 * arena_done or arena_reset. */
void *arena_alloc(struct arena *a, size_t n);
#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
/* A NUL-terminated copy. NULL without memory. */
char *arena_copy(struct arena *a, struct str s);
/* A view of a NUL-terminated copy; {NULL, 0} without memory. */
struct str arena_copy_str(struct arena *a, struct str s);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
