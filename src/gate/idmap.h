/* SPDX-License-Identifier: Apache-2.0
 * From 16-byte ids to small numbers, for one thread. The ids themselves stand where the numbers
 * point to; the map holds four bytes a slot. It grows a few slots a call, so that no call waits.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_IDMAP_H
#define REMIT_GATE_IDMAP_H

#include "base/id.h"

/* The id that a number stands for. */
typedef const struct id_bytes *(*idmap_id)(const void *ctx, uint32_t number);

struct idmap {
	uint32_t *slots, *old; /* owned; 0 is empty, UINT32_MAX was removed, else the number */
	size_t size, old_size; /* powers of two */
	size_t used;           /* slots that are not empty, of `slots` */
	size_t live;           /* ids */
	size_t moved;          /* slots of `old` that are done */
	idmap_id id;
	const void *ctx;
};

/* Room for `expected` ids before it first grows. False without memory. */
bool idmap_init(struct idmap *map, size_t expected, idmap_id id, const void *ctx);
void idmap_done(struct idmap *map);

/* The number of an id; 0 where it has none. */
uint32_t idmap_find(const struct idmap *map, const struct id_bytes *id);
/* `number` is not 0 and its id is not there yet. False, and nothing changed, without memory. */
bool idmap_add(struct idmap *map, uint32_t number);
void idmap_remove(struct idmap *map, const struct id_bytes *id);

#endif
