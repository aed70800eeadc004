/* SPDX-License-Identifier: Apache-2.0
 * An arena: a list of chunks, the newest first; small allocations come out of the newest.
 * arena_printf is in printf.c, so that what links this file does not link stdio.
 * base: may include nothing but the C library.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

#define CHUNK_BYTES 3072 /* holds all of a usual exchange, and not much more, for each stays with one that lasts */

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, room;
	alignas(max_align_t) char data[];
};

void arena_init(struct arena *a, size_t max)
{
	*a = (struct arena){ .max = max };
}

/* Frees the list up to `last`, which is returned (NULL: all of it). */
static struct arena_chunk *free_chunks(struct arena_chunk *chunk, const struct arena_chunk *last)
{
	while (chunk && chunk != last) {
		struct arena_chunk *next = chunk->next;
		free(chunk);
		chunk = next;
	}
	return chunk;
}

void arena_done(struct arena *a)
{
	free_chunks(a->head, NULL);
	*a = (struct arena){ .max = a->max };
}

void arena_reset(struct arena *a)
{
	struct arena_chunk *first = a->head;
	while (first && first->next)
		first = first->next;
	a->head = free_chunks(a->head, first);
	a->used = 0;
	if (first) {
		memset(first->data, 0, first->used);
		first->used = 0;
	}
}

static struct arena_chunk *new_chunk(struct arena *a, size_t room)
{
	struct arena_chunk *chunk = calloc(1, sizeof(*chunk) + room);
	if (!chunk)
		return NULL;
	chunk->room = room;
	/* A big one goes behind the head, whose rest is then still used. */
	if (a->head && room > CHUNK_BYTES) {
		chunk->next = a->head->next;
		a->head->next = chunk;
	} else {
		chunk->next = a->head;
		a->head = chunk;
	}
	return chunk;
}

void *arena_alloc(struct arena *a, size_t n)
{
	const size_t align = alignof(max_align_t);

	if (n > SIZE_MAX / 2)
		return NULL;
	size_t size = n == 0 ? align : (n + align - 1) / align * align;
	if (a->max && (a->used > a->max || size > a->max - a->used))
		return NULL;
	struct arena_chunk *chunk = a->head;
	if (!chunk || size > chunk->room - chunk->used)
		chunk = new_chunk(a, size > CHUNK_BYTES ? size : CHUNK_BYTES);
	if (!chunk)
		return NULL;
	void *p = chunk->data + chunk->used;
	chunk->used += size;
	a->used += size;
	return p;
}

char *arena_copy(struct arena *a, struct str s)
{
	if (s.n > SIZE_MAX / 4)
		return NULL;
	char *p = arena_alloc(a, s.n + 1);
	if (p && s.n > 0)
		memcpy(p, s.p, s.n);
	return p;
}

struct str arena_copy_str(struct arena *a, struct str s)
{
	char *p = arena_copy(a, s);
	return p ? (struct str){ p, s.n } : (struct str){ NULL, 0 };
}
