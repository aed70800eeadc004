/* SPDX-License-Identifier: Apache-2.0
 * A map from names to numbers, for vocabularies, tools and prompts. Names are only ever added, by
 * whoever writes the policy; a stranger who looks names up can make no probe longer.
 * core: may include base.
 */
#ifndef REMIT_CORE_NAMES_H
#define REMIT_CORE_NAMES_H

#include "base/str.h"

struct name_slot {
	struct str name; /* p NULL: empty; owned by whoever added it */
	uint32_t number;
};

struct names {
	struct name_slot *slots;
	size_t count;
	size_t room; /* a power of two, or 0 */
};

/* The name must not be there and must outlive the map. False without memory. */
bool names_add(struct names *names, struct str name, uint32_t number);
bool names_find(const struct names *names, struct str name, uint32_t *ret_number);
void names_done(struct names *names);

/* A hash of some bytes, 8 at a time, that starts from `seed`. No secret goes in. */
static inline uint64_t name_hash(uint64_t seed, const char *p, size_t n)
{
	const uint64_t odd = 0x9e3779b97f4a7c15; /* 2^64 / golden ratio */
	uint64_t hash = (seed ^ n) * odd, word;

	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&word, p, 8);
		hash = (hash ^ word) * odd;
		hash ^= hash >> 32;
	}
	word = 0;
	for (size_t i = 0; i < n; i++)
		word = word << 8 | (uint8_t)p[i];
	hash = (hash ^ word) * odd;
	return hash ^ hash >> 32;
}

#endif
