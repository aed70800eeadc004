/* SPDX-License-Identifier: Apache-2.0
 * What the table of tokens is inside: one part of flat slots, and while it grows an outgrown part
 * behind it, from which slots are copied a few at a time.
 *
 * One thread writes, any number read without a lock:
 *  - A slot's digest is written once, before `head` first becomes other than 0, and never again:
 *    a slot is not used for another digest, so a reader's probe is never led astray.
 *  - A record is changed under a sequence number (in `head`): odd while it is being changed. A
 *    reader copies it again where the number was odd or has changed.
 *  - Revoking and removing are one store of one word, which needs no room and waits for nobody.
 *  - While the table grows a digest may stand in both parts. Then the newer one counts: a reader
 *    looks there first, and the writer changes it there.
 *  - The outgrown part is freed when every reader has paused since it was left.
 *
 * All words are atomic; the order among them is by acquire loads and release stores of the words
 * themselves, without fences, so that ThreadSanitizer can follow it.
 * core: may include base and <remit/remit.h>.
 */
#ifndef REMIT_CORE_TABLE_H
#define REMIT_CORE_TABLE_H

#include <remit/remit.h>
#include <stdatomic.h>
#include <string.h>

#define SLOT_BYTES 64 /* a cache line */

struct slot {
	_Atomic uint64_t digest[4];
	_Atomic uint64_t head;    /* sequence number, owner; 0 = nothing was ever here */
	_Atomic uint64_t granted;
	_Atomic uint64_t bounds;  /* project, expires_s */
	_Atomic uint64_t rest;    /* token, rate, api, flags */
};
_Static_assert(sizeof(struct slot) == SLOT_BYTES, "one cache line a token");

/* Where a flag of remit_record stands in `rest`, and one of ours beside them. */
#define REST_FLAGS_SHIFT 56
#define REST_REVOKED ((uint64_t)REMIT_RECORD_REVOKED << REST_FLAGS_SHIFT)
#define REST_REMOVED (UINT64_C(0x80) << REST_FLAGS_SHIFT)
#define FLAGS_STORED (REMIT_RECORD_KIND | REMIT_RECORD_REVOKED | REMIT_RECORD_BOUND)

struct part {
	struct slot *slots;   /* within `memory`, on a cache line */
	size_t capacity;
	size_t used;          /* slots that are not empty, removed ones too; the writer's */
	_Atomic(struct part *) older; /* what this one outgrew, until all of it is copied */
	size_t copied;        /* of the older one's slots, how many were copied or dropped */
	void *memory;
	struct part *next_retired;
	uint64_t retired_at;  /* the epoch in which it was left */
};

/* Unequal where unused, and on a line of its own, so that readers do not slow each other. */
struct remit_reader {
	_Alignas(SLOT_BYTES) _Atomic uint64_t epoch; /* of the last resume; 0 = paused */
	_Atomic bool taken;
	struct remit_table *table;
	struct remit_reader *next;
};

/* A set of more than 64 scopes. Kept as long as the table. */
struct grant {
	size_t words;
	uint64_t word[];
};

#define GRANT_BLOCKS 26  /* the first holds 64 sets, each later one twice as many */
#define GRANT_FIRST 64

struct grants {
	_Atomic(struct grant **) blocks[GRANT_BLOCKS];
	size_t count;
	uint32_t *index; /* the writer's hash of what is there: number + 1, 0 = empty */
	size_t index_room;
	size_t bytes;
};

struct remit_table {
	_Atomic(struct part *) newest;
	_Atomic uint64_t epoch; /* counts up from 1 each time a part is left */
	_Atomic(struct remit_reader *) readers;
	_Atomic size_t count;
	struct part *retired;
	struct grants grants;
};

/* A digest as the words that are compared. */
struct key {
	uint64_t word[4];
};

static inline struct key key_of(const uint8_t digest[REMIT_DIGEST_SIZE])
{
	struct key key;
	memcpy(key.word, digest, sizeof(key.word));
	return key;
}

__extension__ typedef unsigned __int128 table_u128;

/* Digests are uniformly random, so their first bits are as good as any hash. Scaling them keeps
 * their order: slots are copied in the order in which they will stand. */
static inline size_t part_start(const struct part *part, const struct key *key)
{
	return (size_t)((table_u128)key->word[0] * part->capacity >> 64);
}

static inline bool slot_is(const struct slot *slot, const struct key *key)
{
	for (size_t i = 0; i < 4; i++)
		if (atomic_load_explicit(&slot->digest[i], memory_order_relaxed) != key->word[i])
			return false;
	return true;
}

/* The slot of a digest, or the empty one where it would go. There always is an empty one. */
static inline struct slot *part_probe(const struct part *part, const struct key *key, uint64_t *ret_head)
{
	for (size_t at = part_start(part, key);; at = at + 1 == part->capacity ? 0 : at + 1) {
		struct slot *slot = &part->slots[at];
		*ret_head = atomic_load_explicit(&slot->head, memory_order_acquire);
		if (*ret_head == 0 || slot_is(slot, key))
			return slot;
	}
}

/* table_grow.c */
struct part *part_new(size_t capacity);
void part_free(struct part *part);
size_t part_capacity_for(size_t tokens);
/* Sets an empty slot to a record's four words and counts it. */
void part_fill(struct part *part, struct slot *slot, const struct key *key, const uint64_t record[4]);
/* Whether there is room for one more digest; starts to grow, and goes on with it. */
bool table_make_room(struct remit_table *table);

void table_grants_free(struct grants *grants);

#endif
