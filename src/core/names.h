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

/* All of up to 8 bytes as a number; of a longer text the first 8. */
static inline uint64_t name_word(const char *p, size_t n)
{
	uint64_t word = 0;
	uint32_t low, high;

	if (n >= 8) {
		memcpy(&word, p, 8);
		return word;
	}
	if (n >= 4) { /* two halves, which may overlap */
		memcpy(&low, p, 4);
		memcpy(&high, p + n - 4, 4);
		return (uint64_t)high << 32 | low;
	}
	if (n > 0)
		word = (uint64_t)(uint8_t)p[0] << 16 | (uint64_t)(uint8_t)p[n / 2] << 8 | (uint8_t)p[n - 1];
	return word;
}

/* As str_eq; names are short, so a call of memcmp would take longer than the comparison. */
static inline bool name_eq(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (; a.n > 8; a.n -= 8, a.p += 8, b.p += 8)
		if (name_word(a.p, 8) != name_word(b.p, 8))
			return false;
	return name_word(a.p, a.n) == name_word(b.p, a.n);
}

__extension__ typedef unsigned __int128 name_u128;

/* Both halves of a product: every bit of the word moves every bit of the hash. */
static inline uint64_t name_mix(uint64_t hash, uint64_t word)
{
	name_u128 product = (name_u128)(hash ^ word) * 0x9e3779b97f4a7c15; /* 2^64 / golden ratio */
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* A hash of some bytes, 8 at a time, that starts from `seed`. No secret goes in. */
static inline uint64_t name_hash(uint64_t seed, const char *p, size_t n)
{
	uint64_t hash = (seed ^ n << 32) * 0xd6e8feb86659fd93; /* odd, so that no two seeds fall together */

	for (; n > 8; n -= 8, p += 8)
		hash = name_mix(hash, name_word(p, 8));
	return name_mix(hash, name_word(p, n));
}

#endif
