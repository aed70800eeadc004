/* SPDX-License-Identifier: Apache-2.0
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/state.h"

#include "base/clock.h"
#include "gate/editions.h"
#include "gate/internal.h"

void gate_tell_state(struct gate *gate, struct gate_state *ret)
{
	const int64_t now_ns = clock_monotonic_ns();

	*ret = (struct gate_state){
		.feed_revision = feed_revision(gate->feed),
		.feed_age_ns = feed_age_ns(gate->feed, now_ns),
		.is_fresh = feed_is_fresh(gate->feed, now_ns),
		.is_store_writable = keeper_is_heard(gate->keeper),
		.is_audit_writable = audit_writer_is_writable(gate->audit),
		.audit_written = audit_writer_written(gate->audit),
		.audit_lost = audit_writer_lost(gate->audit),
	};
	editions_table_size(gate, &ret->table_tokens, &ret->table_bytes);
	pthread_mutex_lock(&gate->lock);
	ret->loaded_ms = gate->reloads.loaded_ms;
	ret->refused_ms = gate->reloads.refused_ms;
	memcpy(ret->refused_why, gate->reloads.why, sizeof(ret->refused_why));
	pthread_mutex_unlock(&gate->lock);
}
