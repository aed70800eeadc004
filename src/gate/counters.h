/* SPDX-License-Identifier: Apache-2.0
 * What is counted, one set for each loop so that counting costs nothing; summed when read.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_COUNTERS_H
#define REMIT_GATE_COUNTERS_H

#include "gate/reason.h"

#include <stdatomic.h>

#define COUNTERS_MAX 256 /* loops */
#define COUNTERS_APIS 255 /* NUMBERS_APIS */
#define LATENCY_BUCKETS 12

struct counters {
	_Atomic uint64_t decisions[COUNTERS_APIS][REMIT_REASONS];
	_Atomic uint64_t refusals[COUNTERS_APIS][GATE_REASONS]; /* from GATE_BAD_REQUEST on */
	_Atomic uint64_t latency[LATENCY_BUCKETS + 1]; /* the last: slower than all */
	_Atomic uint64_t latency_sum_us;
	_Atomic uint64_t stale_refusals;
	_Atomic uint64_t streams_opened, streams_closed; /* of MCP */
	_Atomic uint64_t streams_ended; /* by us: what was allowed no longer is */
};

/* The upper bounds of the buckets. */
extern const uint32_t counters_bounds_us[LATENCY_BUCKETS];

/* By the owning loop only. */
static inline void counter_add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
		memory_order_relaxed);
}

void counters_latency(struct counters *counters, uint32_t micros);

#endif
