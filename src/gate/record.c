/* SPDX-License-Identifier: Apache-2.0
 * What a visit leaves behind: a number in the counters, a record in the audit log.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/internal.h"

#include "base/clock.h"

void visit_judge(struct visit *v, enum remit_reason reason)
{
	v->judged = true;
	v->reason = reason;
	counter_add(&v->loop->counters->decisions[v->api->number][reason], 1);
}

static void put_ids(const struct visit *v, struct audit_record *record)
{
	const struct replica *replica = v->gate->replica;
	record->token = replica_token(replica, v->record.token)->id;
	record->owner = *replica_person_id(replica, v->record.owner);
	const struct id_bytes *project = replica_project_id(replica, v->record.project);
	if (project)
		record->project = *project;
}

static void put_record(const struct visit *v, int status, uint32_t micros)
{
	struct audit_pending *pending = audit_ring_slot(v->loop->ring);
	if (!pending)
		return; /* the ring has counted it */
	const struct api *api = v->api;
	uint32_t rule = v->rule ? (uint32_t)(v->rule - api->rules) : (uint32_t)api->rule_count;
	struct exchange_id id = exchange_request_id(v->x);
	struct address address = client_address(&v->gate->trusted, exchange_peer(v->x), v->request);
	bool known = v->credential == REMIT_CREDENTIAL_FOUND;
	*pending = (struct audit_pending){
		.record = {
			.kind = AUDIT_KIND_DECISION,
			.reason = (uint8_t)v->reason,
			.status = (uint16_t)status,
			.name = api->first_name + rule,
			.at_ms = exchange_now_ms(v->x),
			.micros = micros,
		},
		.token = known ? v->record.token : 0,
	};
	memcpy(pending->record.request_id, id.b, sizeof(id.b));
	memcpy(pending->record.address, address.b, sizeof(address.b));
	if (known)
		put_ids(v, &pending->record);
	audit_ring_commit(v->loop->ring);
}

void visit_record(struct visit *v, int status)
{
	if (!v->judged)
		return;
	int64_t ns = clock_monotonic_ns() - exchange_started_ns(v->x);
	uint32_t micros = ns < 0 ? 0 : ns / 1000 > UINT32_MAX ? UINT32_MAX : (uint32_t)(ns / 1000);
	counters_latency(v->loop->counters, micros);
	put_record(v, status, micros);
}
