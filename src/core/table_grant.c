/* SPDX-License-Identifier: Apache-2.0
 * What a record holds of a token's scopes: the set itself up to 64 scopes; beyond, the number of a
 * set that the table keeps once, and never drops, so that readers need no lock for it.
 * core: may include base and <remit/remit.h>.
 */
#include "core/table.h"

#include <stdlib.h>

/* Which block holds a set, and its place there: blocks of 64, 128, 256, ... */
static size_t block_of(size_t number, size_t *ret_place)
{
	size_t block = 63 - (size_t)__builtin_clzll(number / GRANT_FIRST + 1);
	*ret_place = number - GRANT_FIRST * (((size_t)1 << block) - 1);
	return block;
}

/* NULL where there is no such set. */
static const struct grant *get_grant(const struct grants *grants, uint64_t number)
{
	size_t place;

	if (number >= GRANT_FIRST * ((UINT64_C(1) << GRANT_BLOCKS) - 1))
		return NULL;
	struct grant **block =
		atomic_load_explicit(&grants->blocks[block_of(number, &place)], memory_order_acquire);
	return block ? __atomic_load_n(&block[place], __ATOMIC_ACQUIRE) : NULL;
}

static bool is_set(const struct grant *grant, const uint64_t *set, size_t words)
{
	return grant->words == words && memcmp(grant->word, set, words * sizeof(uint64_t)) == 0;
}

static uint64_t hash_set(const uint64_t *set, size_t words)
{
	uint64_t hash = words;
	for (size_t i = 0; i < words; i++) {
		hash = (hash ^ set[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return hash;
}

/* The place of a set in the index, or the empty one where it would go. */
static uint32_t *find_index(const struct grants *grants, uint32_t *index, size_t room, const uint64_t *set,
			    size_t words)
{
	size_t at = hash_set(set, words) & (room - 1);
	while (index[at] != 0 && !is_set(get_grant(grants, index[at] - 1), set, words))
		at = (at + 1) & (room - 1);
	return &index[at];
}

static bool grow_index(struct grants *grants)
{
	size_t room = grants->index_room ? grants->index_room * 2 : 64;
	uint32_t *index = calloc(room, sizeof(*index));
	if (!index)
		return false;
	for (size_t i = 0; i < grants->count; i++) {
		const struct grant *grant = get_grant(grants, i);
		*find_index(grants, index, room, grant->word, grant->words) = (uint32_t)i + 1;
	}
	grants->bytes += (room - grants->index_room) * sizeof(*index);
	free(grants->index);
	grants->index = index;
	grants->index_room = room;
	return true;
}

/* Publishes a copy of a set as the next number. */
static bool add_grant(struct grants *grants, const uint64_t *set, size_t words)
{
	size_t place, block = block_of(grants->count, &place);
	size_t bytes = sizeof(struct grant) + words * sizeof(uint64_t);

	struct grant **sets = atomic_load_explicit(&grants->blocks[block], memory_order_relaxed);
	if (!sets) {
		sets = calloc((size_t)GRANT_FIRST << block, sizeof(struct grant *));
		if (!sets)
			return false;
		grants->bytes += ((size_t)GRANT_FIRST << block) * sizeof(struct grant *);
		atomic_store_explicit(&grants->blocks[block], sets, memory_order_release);
	}
	struct grant *grant = malloc(bytes);
	if (!grant)
		return false;
	grant->words = words;
	memcpy(grant->word, set, words * sizeof(uint64_t));
	grants->bytes += bytes;
	__atomic_store_n(&sets[place], grant, __ATOMIC_RELEASE);
	grants->count++;
	return true;
}

enum remit_status remit_table_grant(struct remit_table *table, const struct remit_policy *policy,
				    const struct remit_scopes *set, uint64_t *ret_granted)
{
	struct grants *grants = &table->grants;
	size_t words = remit_policy_words(policy);

	if (words == 1) {
		*ret_granted = set->word[0];
		return REMIT_OK;
	}
	if (grants->count >= grants->index_room / 2 && !grow_index(grants))
		return REMIT_NO_MEMORY;
	uint32_t *index = find_index(grants, grants->index, grants->index_room, set->word, words);
	if (*index == 0) {
		if (grants->count == GRANT_FIRST * (((size_t)1 << GRANT_BLOCKS) - 1))
			return REMIT_LIMIT;
		if (!add_grant(grants, set->word, words))
			return REMIT_NO_MEMORY;
		*index = (uint32_t)grants->count;
	}
	*ret_granted = *index - 1;
	return REMIT_OK;
}

/* NULL, which a decision takes for no scopes, where the number is of no set of this width. */
const uint64_t *remit_table_granted(const struct remit_table *table, const struct remit_policy *policy,
				    const struct remit_record *record)
{
	size_t words = remit_policy_words(policy);

	if (words == 1)
		return &record->granted;
	const struct grant *grant = get_grant(&table->grants, record->granted);
	return grant && grant->words == words ? grant->word : NULL;
}

void table_grants_free(struct grants *grants)
{
	for (size_t i = 0; i < grants->count; i++) {
		size_t place, block = block_of(i, &place);
		free(atomic_load_explicit(&grants->blocks[block], memory_order_relaxed)[place]);
	}
	for (size_t i = 0; i < GRANT_BLOCKS; i++)
		free(atomic_load_explicit(&grants->blocks[i], memory_order_relaxed));
	free(grants->index);
}
