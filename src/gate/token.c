/* SPDX-License-Identifier: Apache-2.0
 * One checksum, one SHA-256, one look-up; no lock, no memory, no text kept.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/token.h"

#include "base/clock.h"
#include "gate/credentials.h"

#include <sodium.h>

/* Whoever started this process on the tools of one API, whose profile lets them (decisions.md, "The command line"). */
static bool is_local(const struct visit *v, struct str text)
{
	const struct gate_local *local = v->gate->local;
	return local && v->mcp && exchange_listener(v->x) == GATE_LISTENER_LOCAL && v->api->profile->stdio_bypass
		&& str_is(str_of(local->api), v->api->config->name) && text.n == strlen(local->key)
		&& sodium_memcmp(text.p, local->key, text.n) == 0;
}

static enum token_result look_up(struct visit *v, int64_t now_ns)
{
	if (v->credential == REMIT_CREDENTIAL_LOCAL)
		return TOKEN_JUDGED;
	if (!feed_is_fresh(v->gate->feed, now_ns))
		return TOKEN_STALE;
	bool found = remit_table_find(v->seat->reader.reader, v->digest, &v->record);
	v->credential = found ? REMIT_CREDENTIAL_FOUND : REMIT_CREDENTIAL_UNKNOWN;
	if (found) /* its rate is asked for soon */
		__builtin_prefetch(replica_token(v->edition->replica, v->record.token));
	return TOKEN_JUDGED;
}

enum token_result token_read(struct visit *v)
{
	struct str text;
	switch (credentials_read(v->request, &text)) {
	case CREDENTIALS_NONE:
		v->credential = REMIT_CREDENTIAL_NONE;
		return TOKEN_JUDGED;
	case CREDENTIALS_TWICE:
		return TOKEN_TWICE;
	case CREDENTIALS_MALFORMED:
		v->credential = REMIT_CREDENTIAL_MALFORMED;
		return TOKEN_JUDGED;
	case CREDENTIALS_PROVEN:
		v->proving = text;
		break;
	case CREDENTIALS_BEARER:
		break;
	}
	if (is_local(v, text)) {
		v->credential = REMIT_CREDENTIAL_LOCAL;
		return TOKEN_JUDGED;
	}
	struct remit_token_form form;
	bool older = v->api->profile->accept_alnum64 && remit_token_is_alnum64(text.p, text.n);
	if (!older && remit_token_check(text.p, text.n, &form) != REMIT_OK) {
		v->credential = REMIT_CREDENTIAL_MALFORMED;
		return TOKEN_JUDGED;
	}
	if (!remit_hasher_digest(v->loop->hasher, text.p, text.n, v->digest))
		return TOKEN_FAILED;
	v->credential = REMIT_CREDENTIAL_UNKNOWN;
	remit_table_prefetch(v->seat->reader.reader, v->digest);
	return TOKEN_JUDGED;
}

enum token_result token_find(struct visit *v)
{
	return look_up(v, exchange_started_ns(v->x));
}

enum token_result token_find_again(struct visit *v)
{
	return look_up(v, clock_monotonic_ns());
}

/* One of our people who is no admin has, where a service has owners of its own, what it gives them, and that is nothing
 * where it does not know them (D24). */
void token_owner(const struct visit *v, struct token_owner *ret)
{
	static const struct remit_scopes nothing;
	const uint32_t person = replica_person_flags(v->edition->replica, v->record.owner);
	const struct owner_source *source = v->api->service ? v->api->service->owners : NULL;
	struct owner_view view;
	*ret = (struct token_owner){ .active = person & ROSTER_PERSON_ACTIVE, .unlimited = person & ROSTER_PERSON_ADMIN };
	if (!source || ret->unlimited)
		return;
	if (!source->get(source->ctx, replica_person_id(v->edition->replica, v->record.owner), &view)) {
		ret->ceiling = &nothing;
		return;
	}
	ret->active = true;
	ret->unlimited = view.super;
	ret->ceiling = view.super ? NULL : view.ceiling;
}

void token_question(const struct visit *v, struct remit_question *ret)
{
	*ret = (struct remit_question){
		.policy = v->api->policy,
		.operation = v->match.operation,
		.credential = v->credential,
		.api = v->api->number,
		.now_s = (uint32_t)(exchange_now_ms(v->x) / 1000),
		.project = v->api->service && v->api->service->judges_projects ? REMIT_PROJECT_ELSEWHERE :
			REMIT_PROJECT_UNNAMED,
	};
	if (v->credential != REMIT_CREDENTIAL_FOUND)
		return;
	struct token_owner owner;
	token_owner(v, &owner);
	ret->record = &v->record;
	ret->owner_active = owner.active;
	ret->owner_unlimited = owner.unlimited;
	ret->ceiling = owner.ceiling;
	ret->proven = v->proving.p && !v->unproven;
	/* Another API's words are not ours to read. */
	if (v->record.api == v->api->number)
		ret->granted = remit_table_granted(
			atomic_load_explicit(&v->seat->reader.table, memory_order_relaxed), v->api->policy, &v->record);
}

void token_identity(const struct visit *v, struct identity *ret)
{
	const struct replica *replica = v->edition->replica;
	*ret = (struct identity){ .policy = v->api->policy };
	if (!v->keyed)
		return;
	ret->user = replica_person_id(replica, v->record.owner);
	ret->token = &replica_token(replica, v->record.token)->id;
	ret->project = replica_project_id(replica, v->record.project);
	struct token_owner owner;
	token_owner(v, &owner);
	ret->unlimited = owner.unlimited;
	ret->granted = remit_table_granted(
		atomic_load_explicit(&v->seat->reader.table, memory_order_relaxed), v->api->policy, &v->record);
}
