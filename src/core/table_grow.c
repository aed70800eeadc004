/* SPDX-License-Identifier: Apache-2.0
 * Growing the table: a larger part is put before the full one, whose slots are then copied a few a
 * call; when all are, it is left, and freed when no reader can be looking at it any more.
 * core: may include base and <remit/remit.h>.
 */
#include "core/table.h"

#include "base/memory.h"

#include <stdlib.h>

#define CAPACITY_MIN 64
#define COPY_A_PUT 8 /* slots a remit_table_put: an older part is copied before 1/8 of it is added */

/* At most three slots in four are used: a look-up then reads one or two of them. */
static size_t most_used(size_t capacity)
{
	return capacity / 4 * 3;
}

size_t part_capacity_for(size_t tokens)
{
	size_t capacity = tokens / 3 * 4 + 8;
	return capacity < CAPACITY_MIN ? CAPACITY_MIN : capacity;
}

struct part *part_new(size_t capacity)
{
	if (capacity > (SIZE_MAX - SLOT_BYTES) / sizeof(struct slot))
		return NULL;
	struct part *part = calloc(1, sizeof(*part));
	if (!part)
		return NULL;
	/* calloc, not aligned_alloc: a large block then comes as untouched pages, and costs nothing
	 * before it is used. */
	part->memory = calloc(1, capacity * sizeof(struct slot) + SLOT_BYTES - 1);
	if (!part->memory) {
		free(part);
		return NULL;
	}
	memory_prefer_huge_pages(part->memory, capacity * sizeof(struct slot));
	uintptr_t start = ((uintptr_t)part->memory + SLOT_BYTES - 1) / SLOT_BYTES * SLOT_BYTES;
	part->slots = (struct slot *)start;
	part->capacity = capacity;
	return part;
}

void part_free(struct part *part)
{
	if (!part)
		return;
	free(part->memory);
	free(part);
}

void part_fill(struct part *part, struct slot *slot, const struct key *key, const uint64_t record[4])
{
	for (size_t i = 0; i < 4; i++)
		atomic_store_explicit(&slot->digest[i], key->word[i], memory_order_relaxed);
	atomic_store_explicit(&slot->granted, record[1], memory_order_relaxed);
	atomic_store_explicit(&slot->bounds, record[2], memory_order_relaxed);
	atomic_store_explicit(&slot->rest, record[3], memory_order_relaxed);
	atomic_store_explicit(&slot->head, record[0], memory_order_release); /* from here on it is there */
	part->used++;
}

static void copy_slot(struct part *to, const struct slot *from)
{
	struct key key;
	uint64_t head = atomic_load_explicit(&from->head, memory_order_relaxed), unused;
	uint64_t rest = atomic_load_explicit(&from->rest, memory_order_relaxed);

	if (head == 0 || (rest & REST_REMOVED))
		return;
	for (size_t i = 0; i < 4; i++)
		key.word[i] = atomic_load_explicit(&from->digest[i], memory_order_relaxed);
	const uint64_t record[4] = { head, atomic_load_explicit(&from->granted, memory_order_relaxed),
				     atomic_load_explicit(&from->bounds, memory_order_relaxed), rest };
	part_fill(to, part_probe(to, &key, &unused), &key, record);
}

/* Whether every reader that may have seen a part before it was left has paused since. */
static bool is_unread(const struct remit_table *table, const struct part *part)
{
	const struct remit_reader *reader = atomic_load(&table->readers);
	for (; reader; reader = reader->next) {
		uint64_t epoch = atomic_load(&reader->epoch);
		if (epoch != 0 && epoch <= part->retired_at)
			return false;
	}
	return true;
}

static void free_retired(struct remit_table *table)
{
	for (struct part **at = &table->retired; *at;) {
		struct part *part = *at;
		if (!is_unread(table, part)) {
			at = &part->next_retired;
			continue;
		}
		*at = part->next_retired;
		part_free(part);
	}
}

static void retire(struct remit_table *table, struct part *newest, struct part *older)
{
	atomic_store(&newest->older, NULL);
	older->retired_at = atomic_fetch_add(&table->epoch, 1);
	older->next_retired = table->retired;
	table->retired = older;
}

bool remit_table_work(struct remit_table *table, size_t slots)
{
	struct part *newest = atomic_load_explicit(&table->newest, memory_order_relaxed);
	struct part *older = atomic_load_explicit(&newest->older, memory_order_relaxed);

	if (older) {
		for (; slots > 0 && newest->copied < older->capacity; slots--)
			copy_slot(newest, &older->slots[newest->copied++]);
		if (newest->copied == older->capacity) {
			retire(table, newest, older);
			older = NULL;
		}
	}
	if (table->retired)
		free_retired(table);
	return older || table->retired;
}

/* By a third, so that the table is between 9/16 and 3/4 full; removed tokens are left behind. What
 * is added while it copies has room too. */
static size_t next_capacity(const struct remit_table *table, const struct part *full)
{
	size_t live = atomic_load_explicit(&table->count, memory_order_relaxed);
	size_t needed = part_capacity_for(live + full->capacity / COPY_A_PUT);
	size_t capacity = live + live / 9 * 7;
	return capacity > needed ? capacity : needed;
}

bool table_make_room(struct remit_table *table)
{
	struct part *newest = atomic_load_explicit(&table->newest, memory_order_relaxed);

	(void)remit_table_work(table, COPY_A_PUT);
	bool is_copying = atomic_load_explicit(&newest->older, memory_order_relaxed) != NULL;
	if (newest->used < most_used(newest->capacity) || is_copying)
		return newest->used + 1 < newest->capacity;
	struct part *larger = part_new(next_capacity(table, newest));
	if (!larger)
		return newest->used <
		       newest->capacity / 8 * 7; /* fuller is slower, and better than refusing */
	atomic_store_explicit(&larger->older, newest, memory_order_relaxed);
	atomic_store(&table->newest, larger);
	return true;
}
