/* SPDX-License-Identifier: Apache-2.0
 * A request to an API of ours, in the order of decisions.md ("Answers"): token, rate, size and
 * type, JSON, rule and scope, then the service.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/body.h"
#include "gate/proxy.h"
#include "gate/challenge.h"
#include "gate/mcp.h"
#include "gate/possession.h"
#include "gate/project.h"
#include "gate/reply.h"
#include "gate/rest.h"
#include "gate/run.h"
#include "gate/token.h"

static void refuse_scope(struct visit *v, const struct remit_decision *decision)
{
	if (v->mcp) {
		mcp_refuse_scope(v, decision);
		return;
	}
	struct arena *arena = exchange_arena(v->x);
	bool personal = (v->record.flags & REMIT_RECORD_KIND) == REMIT_TOKEN_PERSONAL;
	struct str body, challenge;
	size_t words = remit_policy_words(v->api->policy);
	if (!challenge_scopes_made(v->rule, words, decision, personal, &body, &challenge)
		&& !challenge_scopes(v->api, v->api->metadata, decision, personal, &v->loop->scratch, arena, &body, &challenge)) {
		reply_error(v, 503, "unavailable", "Out of memory");
		return;
	}
	struct reply reply;
	reply_init(&reply, v, 403, body);
	reply_header(&reply, STR("Content-Type"), STR("application/json"));
	reply_header(&reply, STR("WWW-Authenticate"), possession_challenge(v, challenge, (struct str){ NULL, 0 }));
	reply_send(&reply, -1, 0, 0);
}

static void refuse_token(struct visit *v, enum remit_reason reason)
{
	bool none = reason == REMIT_NO_TOKEN;
	const struct api *api = v->api;
	if (v->mcp && !v->rule)
		v->rule = mcp_hint(v);
	struct str no_token = v->rule ? v->rule->no_token : v->mcp ? api->mcp.no_token : api->no_token;
	struct str bad_token = v->rule ? v->rule->bad_token : v->mcp ? api->mcp.bad_token : api->bad_token;
	struct reply reply;
	reply_init(&reply, v, 401, str_of(none ? challenge_no_token_body : challenge_bad_token_body));
	reply_header(&reply, STR("Content-Type"), STR("application/json"));
	reply_header(&reply, STR("WWW-Authenticate"), none ? no_token : possession_challenge(v, bad_token, no_token));
	reply_send(&reply, -1, 0, 0);
}

/* Answers what a decision refused. */
static void refuse(struct visit *v, const struct remit_decision *decision)
{
	struct str body;
	visit_judge(v, decision->reason);
	if (remit_reason_is_token(decision->reason)) {
		v->keyed = false;
		v->rate = (struct rate){ 0 };
		refuse_token(v, decision->reason);
	} else if (decision->reason == REMIT_SCOPE_MISSING) {
		refuse_scope(v, decision);
	} else if (decision->reason == REMIT_OWNER_FORBIDDEN
		&& challenge_owner(v->api, decision, &v->loop->scratch, exchange_arena(v->x), &body)) {
		reply_json(v, 403, body);
	} else if (decision->reason == REMIT_UNMAPPED) {
		reply_error(v, 403, "unmapped_operation", "No rule maps this operation");
	} else if (decision->reason == REMIT_PROJECT_UNRESOLVED || decision->reason == REMIT_PROJECT_FORBIDDEN) {
		char problem[PROJECT_PROBLEM_ROOM];
		project_problem(v->rule->operation, decision->reason, problem);
		reply_error(v, 403, remit_reason_text(decision->reason), problem);
	} else {
		const char *code = remit_reason_text(decision->reason);
		reply_error(v, 403, code, "The token may not do this");
	}
}

/* False, and answered, where the token could not be looked at. */
static bool answer_token_result(struct visit *v, enum token_result result)
{
	switch (result) {
	case TOKEN_JUDGED:
		return true;
	case TOKEN_TWICE:
		reply_error(v, 400, "bad_request", "Authorization stands twice");
		return false;
	case TOKEN_STALE:
		counter_add(&v->loop->counters->stale_refusals, 1);
		reply_error(v, 503, "unavailable", "Tokens cannot be checked just now");
		return false;
	case TOKEN_FAILED:
		break;
	}
	reply_error(v, 503, "unavailable", "Tokens cannot be checked just now");
	return false;
}

static uint16_t rate_limit_of(const struct visit *v)
{
	if (v->record.rate == REMIT_RATE_OFF)
		return 0;
	if (v->record.rate != REMIT_RATE_DEFAULT)
		return v->record.rate;
	bool personal = (v->record.flags & REMIT_RECORD_KIND) == REMIT_TOKEN_PERSONAL;
	return personal ? v->api->profile->rate_personal : v->api->profile->rate_access;
}

/* False, and answered, where the token has no good use left in this minute. */
static bool take_rate(struct visit *v)
{
	struct roster_token *token = replica_token(v->edition->replica, v->record.token);
	if (rate_take(&token->rate, rate_limit_of(v), exchange_started_ns(v->x), &v->rate))
		return true;
	struct str body;
	visit_refuse(v, GATE_RATE_LIMITED);
	if (challenge_rate(v->rate.limit, v->rate.retry_s, exchange_arena(v->x), &body))
		reply_json(v, 429, body);
	else
		reply_error(v, 503, "unavailable", "Out of memory");
	return false;
}

/* The token from the head alone. False, and answered, where the visit ends here. */
static bool admit_token(struct visit *v, enum token_result result)
{
	if (result == TOKEN_JUDGED && v->credential == REMIT_CREDENTIAL_UNKNOWN)
		result = token_find(v);
	if (!answer_token_result(v, result))
		return false;
	struct remit_question question;
	token_question(v, &question);
	enum remit_reason reason = remit_decide_token(&question);
	if (reason == REMIT_ALLOWED && (v->record.flags & REMIT_RECORD_BOUND)) {
		if (!answer_token_result(v, possession_judge(v)))
			return false;
		reason = v->unproven ? REMIT_TOKEN_UNPROVEN : REMIT_ALLOWED;
	}
	if (reason != REMIT_ALLOWED) {
		visit_judge(v, reason);
		refuse_token(v, reason);
		return false;
	}
	v->keyed = v->credential == REMIT_CREDENTIAL_FOUND;
	return !v->keyed || take_rate(v);
}

/* Somebody else's server may be sent anything; what a rule reads must be JSON. */
static enum service_body wanted_body(const struct visit *v)
{
	if (v->rule->runs)
		return service_body_of(v->rule->runs, v->request);
	return v->rule->conditions.reads_body ? SERVICE_BODY_OPTIONAL : SERVICE_BODY_NONE;
}

/* Reads what the conditions look at. False, and answered, where it cannot be read in one way only. */
static bool judge_conditions(struct visit *v, uint32_t *ret_whens, struct conditions_named *ret_named)
{
	static const struct query no_query;
	/* A proxy that asks sends no body, and no rule that reads one comes here. */
	enum service_body wanted = v->forwarded ? SERVICE_BODY_NONE : wanted_body(v);
	v->query = &no_query;
	if (v->request->query.n > 0 && (v->rule->runs || v->rule->conditions.reads_query)) {
		struct query *query = ARENA_NEW(exchange_arena(v->x), struct query);
		const char *what = "it cannot be read";
		if (!query || query_parse(v->request->query, exchange_arena(v->x), query, &what) != QUERY_OK) {
			reply_error(v, query ? 400 : 503, query ? "bad_request" : "unavailable", what);
			return false;
		}
		v->query = query;
	}
	struct conditions_input input = {
		.match = &v->match,
		.query = v->query,
		.request = v->request,
		.json = v->mcp ? v->mcp->arguments : v->body,
	};
	input.has_json = wanted == SERVICE_BODY_JSON || (wanted == SERVICE_BODY_OPTIONAL && input.json.n > 0);
	char problem[CONDITIONS_PROBLEM_ROOM];
	if (conditions_judge(&v->rule->conditions, &input, ret_whens, ret_named, problem))
		return true;
	reply_error(v, 400, "bad_request", problem);
	return false;
}

/* D24: no token reaches a project of somebody else's API that its owner does not. */
static bool owner_reaches(const struct visit *v, const struct conditions_named *named)
{
	const struct replica *replica = v->edition->replica;
	const struct id_bytes *bound = replica_project_id(replica, v->record.project);
	const char *api = v->api->config->name;
	struct id id;
	if (v->rule->operation->project == REMIT_PROJECT_NONE)
		return true;
	if (bound) {
		id_from_bytes(bound, &id);
		return replica_reach(replica, api, &id, v->record.owner) == REACH_YES;
	}
	return !project_named_id(named, &id) || replica_reach(replica, api, &id, v->record.owner) != REACH_NO;
}

static bool refuse_reach(struct visit *v)
{
	visit_judge(v, REMIT_PROJECT_FORBIDDEN);
	reply_error(v, 403, remit_reason_text(REMIT_PROJECT_FORBIDDEN),
		"The token's owner neither owns this project nor is a member of it");
	return false;
}

/* The decision on the request and the token as it is now. */
static void decide(const struct visit *v, uint32_t whens, const struct conditions_named *named,
	struct remit_decision *ret)
{
	struct remit_question question;
	token_question(v, &question);
	question.whens = whens;
	if (!v->api->service) /* nobody behind us knows what the token is bound to */
		project_question(named, v->keyed ? replica_project_id(v->edition->replica, v->record.project) : NULL,
			&question);
	remit_decide(&question, ret);
}

bool rest_holds(struct visit *v, uint32_t whens, const struct conditions_named *named)
{
	struct remit_decision decision __attribute__((uninitialized));
	if (token_find_again(v) != TOKEN_JUDGED)
		return false;
	if (!v->rule) {
		struct remit_question question;
		token_question(v, &question);
		return remit_decide_token(&question) == REMIT_ALLOWED;
	}
	decide(v, whens, named, &decision);
	return decision.reason == REMIT_ALLOWED && (v->api->service || !v->keyed || owner_reaches(v, named));
}

/* Asks for the decision. False, and answered, where it is no. */
static bool judge(struct visit *v)
{
	/* 1 kB, which remit_decide fills as far as it is read. */
	struct remit_decision decision __attribute__((uninitialized));
	uint32_t whens = 0;
	struct conditions_named named;
	if (!judge_conditions(v, &whens, &named))
		return false;
	if (v->waited && v->keyed && !answer_token_result(v, token_find_again(v)))
		return false;
	if (v->mcp && v->rule->conditions.operation->when_count + v->rule->conditions.reads_project > 0) {
		v->mcp->whens = whens; /* a stream may be judged again */
		v->mcp->named = named;
	}
	decide(v, whens, &named, &decision);
	if (decision.reason != REMIT_ALLOWED) {
		refuse(v, &decision);
		return false;
	}
	return v->api->service || !v->keyed || owner_reaches(v, &named) || refuse_reach(v);
}

bool rest_decide(struct visit *v)
{
	if (!v->rule) {
		refuse(v, &(struct remit_decision){ .reason = REMIT_UNMAPPED });
		return false;
	}
	if (!judge(v))
		return false;
	visit_judge(v, REMIT_ALLOWED);
	return true;
}

bool rest_decide_token(struct visit *v)
{
	struct remit_question question;
	if (v->waited && !answer_token_result(v, token_find_again(v)))
		return false;
	token_question(v, &question);
	enum remit_reason reason = remit_decide_token(&question);
	if (reason != REMIT_ALLOWED) {
		refuse(v, &(struct remit_decision){ .reason = reason });
		return false;
	}
	visit_judge(v, REMIT_ALLOWED);
	return true;
}

/* For what was judged from the head, before a long body was read: the token may have ended since, or
 * have lost a scope. False, and answered, where it has. */
static bool is_still_good(struct visit *v)
{
	return !v->waited || !v->keyed || judge(v);
}

static void run(struct visit *v)
{
	if (v->api->service)
		run_service(v);
	else
		proxy_run(v);
}

static void run_when_allowed(struct visit *v)
{
	if (v->judged ? is_still_good(v) : rest_decide(v))
		run(v);
}

static void on_body(struct exchange *x, enum exchange_body result, struct str body)
{
	struct visit *v = exchange_context(x);
	v->waited = v->turn != v->loop->turn;
	if (result != EXCHANGE_BODY_WHOLE) {
		reply_body_failure(v, result);
		return;
	}
	v->body = body;
	run_when_allowed(v);
}

static bool audit_has_room(const struct visit *v)
{
	if (!v->edition->audit_refuses)
		return true;
	return audit_writer_is_writable(v->gate->audit) && audit_ring_room(v->loop->ring) >= v->loop->visits_open;
}

static void find_rule(struct visit *v)
{
	const struct str method = v->request->method_text;
	enum remit_status status = REMIT_NOT_FOUND;
	struct str below = { NULL, 0 };
	if (api_has_path(v->api, v->path) && !mcp_is_alike(v->api, v->path))
		below = (struct str){ v->path.p + v->api->base.n, v->path.n - v->api->base.n };
	if (below.n > 0)
		status = remit_policy_route(v->api->policy, method.p, method.n, below.p, below.n, &v->match);
	if (status == REMIT_OK)
		v->rule = &v->api->rules[v->match.operation];
	else
		v->match.operation = REMIT_NO_OPERATION;
}

static bool enter(struct visit *v, enum token_result result)
{
	if (!audit_has_room(v)) {
		v->unlogged = true; /* the slots that are left are for those that came before */
		reply_error(v, 503, "unavailable", "The audit log cannot be written just now");
		return false;
	}
	if (!v->rule || !v->rule->is_public || v->mcp)
		return admit_token(v, result);
	v->credential = REMIT_CREDENTIAL_NONE; /* nobody asks whose it is */
	return true;
}

bool rest_enter(struct visit *v)
{
	return enter(v, token_read(v));
}

bool rest_admit(struct visit *v)
{
	enum token_result result = token_read(v);
	find_rule(v);
	return enter(v, result);
}

void rest_request(struct visit *v)
{
	if (!rest_admit(v))
		return;
	if (!v->rule) {
		(void)rest_decide(v);
		return;
	}
	if (!v->api->service && !v->rule->conditions.reads_body) {
		run_when_allowed(v); /* its body is not ours to read */
		return;
	}
	uint64_t json_max = v->edition->config->limits.json_body_bytes;
	struct body_verdict body;
	body_judge(v->request, wanted_body(v), json_max ? json_max : LIMIT_JSON_BODY_BYTES, &body);
	if (body.status) {
		reply_error(v, body.status, body.code, body.message);
		return;
	}
	if (wanted_body(v) == SERVICE_BODY_MULTIPART && !rest_decide(v))
		return;
	if (!body.read) {
		run_when_allowed(v);
		return;
	}
	exchange_read_body(v->x, body.max, on_body);
}
