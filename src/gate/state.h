/* SPDX-License-Identifier: Apache-2.0
 * How the gate is, in numbers, for people who look after it: what /metrics and /readyz say too.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_STATE_H
#define REMIT_GATE_STATE_H

#include "gate/gate.h"

struct gate_state {
	size_t table_tokens, table_bytes;
	int64_t feed_revision, feed_age_ns;
	bool is_fresh, is_store_writable, is_audit_writable;
	uint64_t audit_written, audit_lost;
	int64_t loaded_ms, refused_ms; /* of the newest configuration; of one that was refused after it, or 0 */
	char refused_why[512];
};

/* From any thread, while the gate is there. */
void gate_tell_state(struct gate *gate, struct gate_state *ret);

#endif
