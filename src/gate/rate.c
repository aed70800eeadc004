/* SPDX-License-Identifier: Apache-2.0
 * The state is the window's start in milliseconds, shifted, and the requests counted in it; with
 * none counted there is no window.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/rate.h"

#define WINDOW_MS 60000
#define COUNT_BITS 16

struct window {
	uint64_t start_ms;
	uint32_t count;
};

/* The window that a request belongs to: the one that is open, or a new one. */
static struct window window_at(uint64_t state, uint64_t now_ms)
{
	struct window open = { state >> COUNT_BITS, state & ((1u << COUNT_BITS) - 1) };
	if (open.count == 0 || now_ms >= open.start_ms + WINDOW_MS)
		return (struct window){ .start_ms = now_ms };
	return open;
}

/* Whole seconds until it ends. Another thread's request may have come later, and have started it. */
static uint32_t seconds_left(const struct window *window, uint64_t now_ms)
{
	uint64_t passed = now_ms > window->start_ms ? now_ms - window->start_ms : 0;
	return (uint32_t)((WINDOW_MS - passed + 999) / 1000);
}

bool rate_take(_Atomic uint64_t *state, uint16_t limit, int64_t now_ns, struct rate *ret)
{
	*ret = (struct rate){ .limit = limit };
	if (limit == 0)
		return true;
	uint64_t now_ms = (uint64_t)now_ns / 1000000;
	uint64_t old = atomic_load_explicit(state, memory_order_relaxed);
	for (;;) {
		struct window window = window_at(old, now_ms);
		ret->reset_s = seconds_left(&window, now_ms);
		if (window.count >= limit) {
			ret->retry_s = ret->reset_s;
			return false;
		}
		uint64_t next = window.start_ms << COUNT_BITS | (window.count + 1);
		if (atomic_compare_exchange_weak_explicit(state, &old, next, memory_order_relaxed,
			memory_order_relaxed)) {
			ret->remaining = limit - window.count - 1;
			return true;
		}
	}
}
