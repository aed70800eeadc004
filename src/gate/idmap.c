/* SPDX-License-Identifier: Apache-2.0
 * Open addressing with linear probing; growth moves a few slots of the old array at each addition.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/idmap.h"

#include <assert.h>
#include <stdlib.h>

#define SIZE_MIN 1024u
#define MOVES_PER_CALL 8 /* the old array is empty long before the new one is full */
#define REMOVED UINT32_MAX

static size_t hash_of(const struct id_bytes *id)
{
	uint64_t a, b;
	memcpy(&a, id->b, 8);
	memcpy(&b, id->b + 8, 8);
	uint64_t h = (a ^ (b * 0x9E3779B97F4A7C15u)) * 0xD6E8FEB86659FD93u;
	return (size_t)(h ^ (h >> 32));
}

bool idmap_init(struct idmap *map, size_t expected, idmap_id id, const void *ctx)
{
	size_t size = SIZE_MIN;
	while (size / 4 * 3 <= expected)
		size *= 2;
	*map = (struct idmap){ .slots = calloc(size, sizeof(uint32_t)), .size = size, .id = id, .ctx = ctx };
	return map->slots != NULL;
}

void idmap_done(struct idmap *map)
{
	free(map->slots);
	free(map->old);
	*map = (struct idmap){ 0 };
}

/* The slot of an id in one array; NULL where it is not there. */
static uint32_t *find_in(const struct idmap *map, uint32_t *slots, size_t size, const struct id_bytes *id)
{
	for (size_t i = hash_of(id) & (size - 1);; i = (i + 1) & (size - 1)) {
		if (slots[i] == 0)
			return NULL;
		if (slots[i] != REMOVED && memcmp(map->id(map->ctx, slots[i])->b, id->b, 16) == 0)
			return &slots[i];
	}
}

uint32_t idmap_find(const struct idmap *map, const struct id_bytes *id)
{
	const uint32_t *slot = find_in(map, map->slots, map->size, id);
	if (!slot && map->old)
		slot = find_in(map, map->old, map->old_size, id);
	return slot ? *slot : 0;
}

static void put(struct idmap *map, uint32_t number)
{
	size_t i = hash_of(map->id(map->ctx, number)) & (map->size - 1);
	while (map->slots[i] != 0)
		i = (i + 1) & (map->size - 1);
	map->slots[i] = number;
	map->used++;
}

static void move_some(struct idmap *map)
{
	for (unsigned n = 0; n < MOVES_PER_CALL && map->moved < map->old_size; n++) {
		uint32_t *slot = &map->old[map->moved++];
		if (*slot == 0 || *slot == REMOVED)
			continue;
		put(map, *slot);
		*slot = REMOVED; /* not empty: ids behind it must still be found */
	}
	if (map->moved == map->old_size) {
		free(map->old);
		map->old = NULL;
		map->old_size = 0;
	}
}

static bool grow(struct idmap *map)
{
	while (map->old)
		move_some(map);
	size_t size = map->live > map->size / 2 ? map->size * 2 : map->size;
	uint32_t *slots = calloc(size, sizeof(uint32_t));
	if (!slots)
		return false;
	map->old = map->slots;
	map->old_size = map->size;
	map->moved = 0;
	map->slots = slots;
	map->size = size;
	map->used = 0;
	return true;
}

bool idmap_add(struct idmap *map, uint32_t number)
{
	assert(number != 0 && number != REMOVED);
	if (map->used >= map->size / 4 * 3 && !grow(map))
		return false;
	if (map->old)
		move_some(map);
	put(map, number);
	map->live++;
	return true;
}

void idmap_remove(struct idmap *map, const struct id_bytes *id)
{
	uint32_t *slot = find_in(map, map->slots, map->size, id);
	if (!slot && map->old)
		slot = find_in(map, map->old, map->old_size, id);
	if (!slot)
		return;
	*slot = REMOVED;
	map->live--;
}
