/* SPDX-License-Identifier: Apache-2.0
 * On the loop where the operation only touches memory, else on a worker.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/run.h"

#include "gate/reply.h"
#include "gate/token.h"

struct run {
	struct service *service;
	struct service_call call;
	struct service_caller caller;
};

/* Whoever runs the program may do all that there is, and is no person of the store. */
static void fill_local(const struct visit *v, struct service_caller *caller)
{
	caller->admin = true;
	for (size_t i = 0; i < remit_policy_scopes(v->api->policy); i++)
		caller->granted.word[i / 64] |= UINT64_C(1) << (i % 64);
}

void run_fill_caller(struct visit *v, struct service_caller *caller)
{
	const struct replica *replica = v->edition->replica;
	caller->policy = v->api->policy;
	if (v->credential == REMIT_CREDENTIAL_LOCAL)
		fill_local(v, caller);
	if (!v->keyed)
		return; /* public: nobody */
	uint32_t person = v->record.owner;
	id_from_bytes(replica_person_id(replica, person), &caller->user);
	id_from_bytes(&replica_token(replica, v->record.token)->id, &caller->token);
	const struct id_bytes *project = replica_project_id(replica, v->record.project);
	if (project)
		id_from_bytes(project, &caller->project);
	struct token_owner owner;
	token_owner(v, &owner);
	caller->admin = owner.unlimited;
	const uint64_t *granted = remit_table_granted(
		atomic_load_explicit(&v->seat->reader.table, memory_order_relaxed), v->api->policy, &v->record);
	if (granted)
		memcpy(caller->granted.word, granted, remit_policy_words(v->api->policy) * sizeof(*granted));
}

static void fill_call(struct visit *v, struct run *run)
{
	struct service_call *call = &run->call;
	run->service = v->api->service;
	run_fill_caller(v, &run->caller);
	call->operation = v->rule->runs;
	call->caller = &run->caller;
	call->request = v->request;
	call->param_count = v->match.count;
	for (size_t i = 0; i < v->match.count; i++)
		call->params[i] = (struct str){ v->match.params[i].p, v->match.params[i].n };
	call->query = v->query;
	call->body = v->body;
	call->arena = exchange_arena(v->x);
	call->now_ms = exchange_now_ms(v->x);
	call->answer.fd = -1;
}

/* A service may let its caller keep an answer, but nobody between (T09). */
static bool may_keep(const struct visit *v, const struct http_header *header)
{
	if (!str_eq_ignore_case(header->name, STR("Cache-Control")))
		return false;
	return v->rule->is_public || str_starts(header->value, STR("private"));
}

static void send_answer(struct visit *v, const struct service_answer *answer)
{
	const char *type = answer->content_type ? answer->content_type : "application/json";
	struct reply reply;
	reply_init(&reply, v, answer->status, answer->body);
	if (answer->body.n > 0 || answer->fd >= 0)
		reply_header(&reply, STR("Content-Type"), str_of(type));
	for (size_t i = 0; i < answer->header_count; i++) {
		bool keep = may_keep(v, &answer->headers[i]);
		reply.cacheable |= keep;
		if (keep || !str_eq_ignore_case(answer->headers[i].name, STR("Cache-Control")))
			reply_header(&reply, answer->headers[i].name, answer->headers[i].value);
	}
	reply_send(&reply, answer->fd, answer->offset, answer->length);
}

static void work(void *arg)
{
	struct run *run = arg;
	service_run(run->service, &run->call);
}

static void done(struct exchange *x, void *arg)
{
	struct run *run = arg;
	send_answer(exchange_context(x), &run->call.answer);
}

void run_service(struct visit *v)
{
	struct run *run = ARENA_NEW(exchange_arena(v->x), struct run);
	if (!run) {
		reply_error(v, 503, "unavailable", "Out of memory");
		return;
	}
	fill_call(v, run);
	if (run->call.operation->on_loop) {
		service_run(run->service, &run->call);
		send_answer(v, &run->call.answer);
	} else if (!exchange_work(v->x, work, done, run)) {
		reply_error(v, 503, "unavailable", "Too much work waits already");
	}
}
