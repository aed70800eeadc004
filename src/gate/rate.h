/* SPDX-License-Identifier: Apache-2.0
 * How often a token may be used: the generic cell rate algorithm in one atomic number a token. A
 * token may use its whole minute at once, and then gets back one request after another.
 * Times are of the monotonic clock (L08).
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_RATE_H
#define REMIT_GATE_RATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct rate {
	uint32_t limit;     /* requests a minute; 0: no limit, and nothing below is set */
	uint32_t remaining; /* how many more would be let through now */
	uint32_t reset_s;   /* until all of the limit is there again */
	uint32_t retry_s;   /* where it was refused: until the next one is let through; at least 1 */
};

/* Counts one request and says whether it is let through. One that is refused costs nothing. Any
 * thread; `state` starts as 0. */
bool rate_take(_Atomic uint64_t *state, uint32_t limit, int64_t now_ns, struct rate *ret);

#endif
