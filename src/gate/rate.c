/* SPDX-License-Identifier: Apache-2.0
 * The state is the time at which the token would have all of its limit again, in nanoseconds.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/rate.h"

#define SECOND UINT64_C(1000000000)
#define WINDOW (60 * SECOND)

static uint32_t seconds_up(uint64_t ns)
{
	return (uint32_t)((ns + SECOND - 1) / SECOND);
}

bool rate_take(_Atomic uint64_t *state, uint32_t limit, int64_t now_ns, struct rate *ret)
{
	*ret = (struct rate){ .limit = limit };
	if (limit == 0)
		return true;
	uint64_t now = (uint64_t)now_ns;
	uint64_t step = WINDOW / limit;
	uint64_t full = atomic_load_explicit(state, memory_order_relaxed);
	for (;;) {
		uint64_t start = full > now ? full : now;
		uint64_t next = start + step;
		if (next - now > WINDOW) {
			ret->reset_s = seconds_up(full - now);
			ret->retry_s = seconds_up(next - now - WINDOW);
			return false;
		}
		if (atomic_compare_exchange_weak_explicit(state, &full, next, memory_order_relaxed,
			memory_order_relaxed)) {
			ret->remaining = (uint32_t)((WINDOW - (next - now)) / step);
			ret->reset_s = seconds_up(next - now);
			return true;
		}
	}
}
