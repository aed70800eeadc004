/* SPDX-License-Identifier: Apache-2.0
 * Records on their way from a loop to the writer: one thread puts, one takes, neither waits.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_AUDIT_RING_H
#define REMIT_GATE_AUDIT_RING_H

#include "gate/audit_format.h"

#include <stdatomic.h>

struct audit_pending {
	struct audit_record record; /* `previous` is not known yet */
	uint32_t token;             /* number of the replica; 0: none */
};

struct audit_ring {
	_Alignas(64) _Atomic uint64_t put;
	_Alignas(64) _Atomic uint64_t taken;
	_Alignas(64) _Atomic uint64_t lost; /* since the start */
	struct audit_pending slots[LIMIT_AUDIT_RING];
};

static_assert((LIMIT_AUDIT_RING & (LIMIT_AUDIT_RING - 1)) == 0, "a power of two");

/* Free slots, for the thread that puts. */
static inline uint64_t audit_ring_room(const struct audit_ring *ring)
{
	uint64_t put = atomic_load_explicit(&ring->put, memory_order_relaxed);
	return LIMIT_AUDIT_RING - (put - atomic_load_explicit(&ring->taken, memory_order_acquire));
}

/* Counts a record that is not put. */
static inline void audit_ring_lose(struct audit_ring *ring)
{
	uint64_t lost = atomic_load_explicit(&ring->lost, memory_order_relaxed);
	atomic_store_explicit(&ring->lost, lost + 1, memory_order_release);
}

/* The slot to fill before audit_ring_commit; NULL where it is full: then it is counted as lost. */
static inline struct audit_pending *audit_ring_slot(struct audit_ring *ring)
{
	uint64_t put = atomic_load_explicit(&ring->put, memory_order_relaxed);
	if (put - atomic_load_explicit(&ring->taken, memory_order_acquire) >= LIMIT_AUDIT_RING) {
		audit_ring_lose(ring);
		return NULL;
	}
	return &ring->slots[put & (LIMIT_AUDIT_RING - 1)];
}

static inline void audit_ring_commit(struct audit_ring *ring)
{
	uint64_t put = atomic_load_explicit(&ring->put, memory_order_relaxed);
	atomic_store_explicit(&ring->put, put + 1, memory_order_release);
}

/* The oldest record, for the thread that takes; NULL where there is none. */
static inline const struct audit_pending *audit_ring_oldest(const struct audit_ring *ring)
{
	uint64_t taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);
	if (taken == atomic_load_explicit(&ring->put, memory_order_acquire))
		return NULL;
	return &ring->slots[taken & (LIMIT_AUDIT_RING - 1)];
}

static inline void audit_ring_drop(struct audit_ring *ring)
{
	uint64_t taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);
	atomic_store_explicit(&ring->taken, taken + 1, memory_order_release);
}

#endif
