/* SPDX-License-Identifier: Apache-2.0
 * The table of tokens, the writer's side: making, putting, revoking, removing.
 * core: may include base and <remit/remit.h>.
 */
#include "core/table.h"

#include <stdlib.h>

#define TOKENS_MAX (UINT32_MAX - 1)

enum remit_status remit_table_new(size_t expected, struct remit_table **ret)
{
	if (expected > TOKENS_MAX)
		return REMIT_LIMIT;
	struct remit_table *table = calloc(1, sizeof(*table));
	struct part *part = table ? part_new(part_capacity_for(expected)) : NULL;
	if (!part) {
		free(table);
		return REMIT_NO_MEMORY;
	}
	atomic_init(&table->newest, part);
	atomic_init(&table->epoch, 1);
	*ret = table;
	return REMIT_OK;
}

void remit_table_free(struct remit_table *table)
{
	if (!table)
		return;
	struct part *newest = atomic_load_explicit(&table->newest, memory_order_relaxed);
	part_free(atomic_load_explicit(&newest->older, memory_order_relaxed));
	part_free(newest);
	while (table->retired) {
		struct part *part = table->retired;
		table->retired = part->next_retired;
		part_free(part);
	}
	struct remit_reader *reader = atomic_load(&table->readers);
	while (reader) {
		struct remit_reader *next = reader->next;
		free(reader);
		reader = next;
	}
	table_grants_free(&table->grants);
	free(table);
}

/* The slot that counts for a digest, or NULL. In the older part only those not yet copied do: one
 * that was dropped as removed is there no more. */
static struct slot *find_slot(struct remit_table *table, const struct key *key)
{
	struct part *newest = atomic_load_explicit(&table->newest, memory_order_relaxed);
	struct part *older = atomic_load_explicit(&newest->older, memory_order_relaxed);
	uint64_t head;

	struct slot *slot = part_probe(newest, key, &head);
	if (head != 0)
		return slot;
	if (!older)
		return NULL;
	slot = part_probe(older, key, &head);
	return head != 0 && (size_t)(slot - older->slots) >= newest->copied ? slot : NULL;
}

/* A record as words: head (without a sequence number), granted, bounds, rest. */
static void pack(const struct remit_record *record, uint64_t ret[4])
{
	ret[0] = (uint64_t)record->owner << 32;
	ret[1] = record->granted;
	ret[2] = (uint64_t)record->expires_s << 32 | record->project;
	ret[3] = (uint64_t)(record->flags & FLAGS_STORED) << REST_FLAGS_SHIFT | (uint64_t)record->api << 48 |
		 (uint64_t)record->rate << 32 | record->token;
}

/* Even numbers only are ever left standing, and never 0, which is an empty slot's. */
static uint32_t next_sequence(uint32_t sequence)
{
	return sequence == UINT32_MAX - 1 ? 2 : sequence + 2;
}

/* Each word is a release store, so that none is seen before the odd number that announces it. */
static void change_slot(struct slot *slot, const uint64_t record[4])
{
	uint64_t head = atomic_load_explicit(&slot->head, memory_order_relaxed);

	atomic_store_explicit(&slot->head, head | 1, memory_order_relaxed);
	atomic_store_explicit(&slot->granted, record[1], memory_order_release);
	atomic_store_explicit(&slot->bounds, record[2], memory_order_release);
	atomic_store_explicit(&slot->rest, record[3], memory_order_release);
	atomic_store_explicit(&slot->head, record[0] | next_sequence((uint32_t)head), memory_order_release);
}

static void count_tokens(struct remit_table *table, bool more)
{
	size_t count = atomic_load_explicit(&table->count, memory_order_relaxed);
	atomic_store_explicit(&table->count, more ? count + 1 : count - 1, memory_order_relaxed);
}

static bool is_removed(const struct slot *slot)
{
	return atomic_load_explicit(&slot->rest, memory_order_relaxed) & REST_REMOVED;
}

enum remit_status remit_table_put(struct remit_table *table, const uint8_t digest[REMIT_DIGEST_SIZE],
				  const struct remit_record *record)
{
	const struct key key = key_of(digest);
	uint64_t words[4], unused;

	pack(record, words);
	struct slot *slot = find_slot(table, &key);
	if (slot) {
		if (is_removed(slot))
			count_tokens(table, true);
		change_slot(slot, words);
		(void)remit_table_work(table, 1);
		return REMIT_OK;
	}
	if (remit_table_count(table) == TOKENS_MAX)
		return REMIT_LIMIT;
	if (!table_make_room(table))
		return REMIT_NO_MEMORY;
	struct part *newest = atomic_load_explicit(&table->newest, memory_order_relaxed);
	words[0] |= next_sequence(0);
	part_fill(newest, part_probe(newest, &key, &unused), &key, words);
	count_tokens(table, true);
	return REMIT_OK;
}

/* Sets flags of a token that is there. */
static bool mark(struct remit_table *table, const uint8_t digest[REMIT_DIGEST_SIZE], uint64_t flags)
{
	const struct key key = key_of(digest);
	struct slot *slot = find_slot(table, &key);

	if (!slot || is_removed(slot))
		return false;
	uint64_t rest = atomic_load_explicit(&slot->rest, memory_order_relaxed);
	atomic_store_explicit(&slot->rest, rest | flags, memory_order_release);
	return true;
}

bool remit_table_revoke(struct remit_table *table, const uint8_t digest[REMIT_DIGEST_SIZE])
{
	return mark(table, digest, REST_REVOKED);
}

bool remit_table_remove(struct remit_table *table, const uint8_t digest[REMIT_DIGEST_SIZE])
{
	if (!mark(table, digest, REST_REMOVED))
		return false;
	count_tokens(table, false);
	return true;
}

size_t remit_table_count(const struct remit_table *table)
{
	return atomic_load_explicit(&table->count, memory_order_relaxed);
}

size_t remit_table_bytes(const struct remit_table *table)
{
	const struct part *part = atomic_load_explicit(&table->newest, memory_order_relaxed);
	size_t bytes = sizeof(*table) + table->grants.bytes;

	for (; part; part = atomic_load_explicit(&part->older, memory_order_relaxed))
		bytes += sizeof(*part) + part->capacity * sizeof(struct slot);
	for (part = table->retired; part; part = part->next_retired)
		bytes += sizeof(*part) + part->capacity * sizeof(struct slot);
	return bytes;
}
