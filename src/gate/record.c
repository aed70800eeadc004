/* SPDX-License-Identifier: Apache-2.0
 * What a visit leaves behind: a number in the counters, a record in the audit log.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/mcp.h"

#include "base/clock.h"

void visit_judge(struct visit *v, enum remit_reason reason)
{
	v->judged = true;
	v->reason = reason;
	counter_add(&v->loop->counters->decisions[v->api->number][reason], 1);
}

void visit_refuse(struct visit *v, enum gate_reason reason)
{
	v->judged = true;
	v->reason = reason;
	counter_add(&v->loop->counters->refusals[v->api->number][reason - GATE_BAD_REQUEST], 1);
}

static void put_ids(const struct visit *v, struct audit_record *record)
{
	const struct replica *replica = v->edition->replica;
	record->token = replica_token(replica, v->record.token)->id;
	record->owner = *replica_person_id(replica, v->record.owner);
	const struct id_bytes *project = replica_project_id(replica, v->record.project);
	if (project)
		record->project = *project;
}

/* Visits that use nothing up, not even a rate: one kind must not hide another. NULL: a good token's, or of
 * whoever runs the program. */
static int64_t *idle_kind(const struct visit *v)
{
	if (v->credential == REMIT_CREDENTIAL_LOCAL)
		return NULL;
	if (v->credential != REMIT_CREDENTIAL_FOUND)
		return &v->loop->audit_full_ns[0];
	if (!v->keyed)
		return &v->loop->audit_full_ns[1]; /* expired, revoked, or another API's */
	return v->rate.retry_s > 0 ? &v->loop->audit_full_ns[2] : NULL;
}

/* Whether the log has room for one more of its kind (limits.h). */
static bool may_record(const struct visit *v)
{
	const int64_t step_ns = 1000000000 / LIMIT_AUDIT_IDLE_PER_S;
	int64_t now_ns = exchange_started_ns(v->x), *full_ns = idle_kind(v);
	if (!full_ns)
		return true;
	int64_t start_ns = *full_ns > now_ns ? *full_ns : now_ns;
	if (start_ns - now_ns > (LIMIT_AUDIT_IDLE_BURST - 1) * step_ns)
		return false;
	*full_ns = start_ns + step_ns;
	return true;
}

static void put_record(struct visit *v, int status, uint32_t micros)
{
	if (!may_record(v)) {
		audit_ring_lose(v->loop->ring);
		return;
	}
	struct audit_pending *pending = audit_ring_slot(v->loop->ring);
	if (!pending)
		return; /* the ring has counted it */
	const struct api *api = v->api;
	struct exchange_id id = exchange_request_id(v->x);
	struct address address = visit_client(v);
	bool known = v->credential == REMIT_CREDENTIAL_FOUND;
	*pending = (struct audit_pending){
		.record = {
			.kind = AUDIT_KIND_DECISION,
			.reason = v->reason,
			.status = (uint16_t)status,
			.name = v->rule ? v->rule->name : v->mcp ? mcp_audit_number(v) : api->unmapped_name,
			.at_ms = exchange_now_ms(v->x),
			.micros = micros,
			.principal = v->credential == REMIT_CREDENTIAL_LOCAL ? v->gate->local_name : 0,
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
	if (status != 0 && v->real_status)
		status = v->real_status;
	int64_t ns = clock_monotonic_ns() - exchange_started_ns(v->x);
	uint32_t micros = ns < 0 ? 0 : ns / 1000 > UINT32_MAX ? UINT32_MAX : (uint32_t)(ns / 1000);
	counters_latency(v->loop->counters, micros);
	if (!v->unlogged)
		put_record(v, status, micros);
}
