/* SPDX-License-Identifier: Apache-2.0
 * Looking tokens up while another thread writes: no lock, no allocation. table.h says why it holds.
 * core: may include base and <remit/remit.h>.
 */
#include "core/table.h"

#include <assert.h>
#include <stdlib.h>

static struct remit_reader *reuse_reader(struct remit_table *table)
{
	struct remit_reader *reader = atomic_load_explicit(&table->readers, memory_order_acquire);
	for (; reader; reader = reader->next) {
		bool taken = false;
		if (atomic_compare_exchange_strong(&reader->taken, &taken, true))
			return reader;
	}
	return NULL;
}

/* Readers stay in the list until the table goes, so that the writer can walk it without a lock. */
enum remit_status remit_reader_new(struct remit_table *table, struct remit_reader **ret)
{
	struct remit_reader *reader = reuse_reader(table);
	if (!reader) {
		reader = aligned_alloc(_Alignof(struct remit_reader), sizeof(*reader));
		if (!reader)
			return REMIT_NO_MEMORY;
		atomic_init(&reader->epoch, 0);
		atomic_init(&reader->taken, true);
		reader->table = table;
		reader->next = atomic_load_explicit(&table->readers, memory_order_relaxed);
		while (!atomic_compare_exchange_weak(&table->readers, &reader->next, reader))
			;
	}
	*ret = reader;
	return REMIT_OK;
}

void remit_reader_free(struct remit_reader *reader)
{
	if (!reader)
		return;
	remit_reader_pause(reader);
	atomic_store_explicit(&reader->taken, false, memory_order_release);
}

/* Sequentially consistent, as are the loads of parts below and the writer's stores and loads in
 * table_grow.c: a writer that sees this reader paused left the part before this reader looks. */
void remit_reader_resume(struct remit_reader *reader)
{
	atomic_store(&reader->epoch, atomic_load(&reader->table->epoch));
}

void remit_reader_pause(struct remit_reader *reader)
{
	atomic_store_explicit(&reader->epoch, 0, memory_order_release);
}

/* Copies the record of a slot whose head was read. False where it was removed. */
static bool read_slot(const struct slot *slot, uint64_t head, struct remit_record *ret)
{
	uint64_t granted, bounds, rest;

	for (;;) {
		granted = atomic_load_explicit(&slot->granted, memory_order_acquire);
		bounds = atomic_load_explicit(&slot->bounds, memory_order_acquire);
		rest = atomic_load_explicit(&slot->rest, memory_order_acquire);
		uint64_t again = atomic_load_explicit(&slot->head, memory_order_acquire);
		if (again == head && (head & 1) == 0)
			break;
		head = again;
	}
	*ret = (struct remit_record){
		.granted = granted,
		.owner = (uint32_t)(head >> 32),
		.project = (uint32_t)bounds,
		.expires_s = (uint32_t)(bounds >> 32),
		.token = (uint32_t)rest,
		.rate = (uint16_t)(rest >> 32),
		.api = (uint8_t)(rest >> 48),
		.flags = (uint8_t)(rest >> REST_FLAGS_SHIFT & FLAGS_STORED),
	};
	return (rest & REST_REMOVED) == 0;
}

void remit_table_prefetch(struct remit_reader *reader, const uint8_t digest[REMIT_DIGEST_SIZE])
{
	const struct key key = key_of(digest);
	const struct part *newest = atomic_load(&reader->table->newest);

	__builtin_prefetch(&newest->slots[part_start(newest, &key)]);
}

/* The older part is loaded before the newer one is searched: were it loaded after, all might have
 * been copied from it behind this search, and the digest be found in neither. */
bool remit_table_find(struct remit_reader *reader, const uint8_t digest[REMIT_DIGEST_SIZE],
		      struct remit_record *ret)
{
	const struct key key = key_of(digest);
	uint64_t head;

	assert(atomic_load_explicit(&reader->epoch, memory_order_relaxed) != 0);
	const struct part *newest = atomic_load(&reader->table->newest);
	const struct part *older = atomic_load(&newest->older);
	const struct slot *slot = part_probe(newest, &key, &head);
	if (head == 0 && older)
		slot = part_probe(older, &key, &head);
	return head != 0 && read_slot(slot, head, ret);
}
