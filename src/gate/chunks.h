/* SPDX-License-Identifier: Apache-2.0
 * An array that grows and never moves: one thread adds, any thread reads what it was told of.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_CHUNKS_H
#define REMIT_GATE_CHUNKS_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define CHUNK_BITS 14
#define CHUNK_ITEMS (1u << CHUNK_BITS)
#define CHUNKS_MAX (1u << 16) /* a thousand million items */

struct chunks {
	_Atomic(char *) *table; /* owned, as is each chunk */
	size_t item;            /* bytes of one */
	uint32_t count;         /* the writer's */
};

static inline bool chunks_init(struct chunks *c, size_t item)
{
	*c = (struct chunks){ .table = calloc(CHUNKS_MAX, sizeof(*c->table)), .item = item };
	return c->table != NULL;
}

static inline void chunks_done(struct chunks *c)
{
	for (size_t i = 0; c->table && i < CHUNKS_MAX; i++)
		free(c->table[i]);
	free(c->table);
	*c = (struct chunks){ 0 };
}

static inline void *chunks_at(const struct chunks *c, uint32_t index)
{
	char *chunk = atomic_load_explicit(&c->table[index >> CHUNK_BITS], memory_order_acquire);
	assert(chunk);
	return chunk + (size_t)(index & (CHUNK_ITEMS - 1)) * c->item;
}

/* The item of any index, zeroed where it was never asked for; for lists with gaps, which chunks_add does not add to.
 * NULL without memory or past the maximum. */
static inline void *chunks_make(struct chunks *c, uint32_t index)
{
	uint32_t chunk = index >> CHUNK_BITS;
	if (chunk >= CHUNKS_MAX)
		return NULL;
	if (!c->table[chunk]) {
		char *items = calloc(CHUNK_ITEMS, c->item);
		if (!items)
			return NULL;
		atomic_store_explicit(&c->table[chunk], items, memory_order_release);
	}
	return chunks_at(c, index);
}

/* A zeroed item at index `count`; NULL without memory or past the maximum. */
static inline void *chunks_add(struct chunks *c)
{
	void *item = chunks_make(c, c->count);
	if (item)
		c->count++;
	return item;
}

#endif
