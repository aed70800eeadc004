/* SPDX-License-Identifier: Apache-2.0
 * How often a token may be used: so many requests in a window of 60 seconds, which starts with the
 * first request after the last window ended. One atomic number a token.
 * Times are of the monotonic clock (L08).
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_RATE_H
#define REMIT_GATE_RATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct rate {
	uint32_t limit;     /* requests a window; 0: no limit, and nothing below is set */
	uint32_t remaining; /* how many more this window lets through */
	uint32_t reset_s;   /* until it ends: whole seconds, rounded up; 1 to 60 */
	uint32_t retry_s;   /* where it was refused: the same; else 0 */
};

/* Counts one request and says whether it is let through. One that is refused is not counted. Any
 * thread; `state` starts as 0. */
bool rate_take(_Atomic uint64_t *state, uint16_t limit, int64_t now_ns, struct rate *ret);

#endif
