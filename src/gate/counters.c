/* SPDX-License-Identifier: Apache-2.0
 * The latency histogram's buckets.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/counters.h"

const uint32_t counters_bounds_us[LATENCY_BUCKETS] = {
	10, 25, 50, 100, 250, 1000, 5000, 25000, 100000, 500000, 2500000, 10000000,
};

void counters_latency(struct counters *counters, uint32_t micros)
{
	size_t i = 0;
	while (i < LATENCY_BUCKETS && micros > counters_bounds_us[i])
		i++;
	counter_add(&counters->latency[i], 1);
	counter_add(&counters->latency_sum_us, micros);
}
