/* SPDX-License-Identifier: Apache-2.0
 * The decision on a question that a person asks, by the same code that answers requests.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/explain.h"

#include "gate/conditions.h"
#include "gate/replica.h"

#include <stdio.h>

static bool problem(struct explain_answer *ret, const char *text)
{
	snprintf(ret->problem, sizeof(ret->problem), "%s", text);
	return false;
}

struct found { /* what the conditions are judged on */
	struct remit_match match;
	struct query query;
	struct conditions_input input;
	struct conditions_named named;
};

/* The operation of "GET /api/v1/stories?x=y". */
static bool find_rest(const struct explain_question *q, struct arena *arena, struct found *found,
	struct explain_answer *ret)
{
	struct str query = str_of(q->target), raw;
	str_cut(&query, '?', &raw);
	char *path = arena_alloc(arena, raw.n + 1);
	size_t n, base = q->profile->rest_base ? strlen(q->profile->rest_base) : 0;
	const char *what = "";
	if (!path)
		return problem(ret, "out of memory");
	if (!q->profile->rest_base)
		return problem(ret, "this API has no REST part");
	if (raw.n == 0 || raw.p[0] != '/')
		return problem(ret, "a target begins with /, without scheme and host, as in /api/v1/projects");
	if (remit_path_decode(raw.p, raw.n, path, &n) != REMIT_OK)
		return problem(ret, "the path can be read in more than one way: it is answered with 400");
	if (n < base || memcmp(path, q->profile->rest_base, base) != 0 || (n > base && path[base] != '/')) {
		snprintf(ret->problem, sizeof(ret->problem), "the path is not below this API's base, %s",
			q->profile->rest_base);
		return false;
	}
	if (query.n > 0 && query_parse(query, arena, &found->query, &what) != QUERY_OK)
		return problem(ret, what);
	if (remit_policy_route(q->profile->policy, q->method, strlen(q->method), path + base, n - base,
		&found->match) == REMIT_OK)
		ret->operation = found->match.operation;
	found->input.match = &found->match;
	found->input.query = &found->query;
	return true;
}

static bool unknown_action(const struct explain_question *q, const char *select, struct explain_answer *ret)
{
	int n = snprintf(ret->problem, sizeof(ret->problem), "the tool's \"%s\" must be one of:", select);
	for (size_t i = 0; n > 0 && (size_t)n < sizeof(ret->problem); i++) {
		const char *value = remit_policy_tool_value(q->profile->policy, q->tool, strlen(q->tool), i);
		if (!value)
			break;
		n += snprintf(ret->problem + n, sizeof(ret->problem) - (size_t)n, "%s %s", i > 0 ? "," : "", value);
	}
	return false;
}

/* The value of the argument that selects, decoded. */
static bool find_selected(const struct explain_question *q, const char *select, char *value, size_t room,
	size_t *ret_n)
{
	char pointer[256];
	size_t at, n = 0;
	const char *what;
	pointer[n++] = '/';
	for (const char *c = select; *c && n + 3 < sizeof(pointer); c++) {
		if (*c == '~' || *c == '/') {
			pointer[n++] = '~';
			pointer[n++] = *c == '~' ? '0' : '1';
		} else {
			pointer[n++] = *c;
		}
	}
	struct json_wanted wanted = { .pointer = { pointer, n } };
	return q->json && json_select(str_of(q->json), &wanted, 1, &at, &what) == JSON_SELECT_OK
		&& wanted.found == 1 && wanted.kind == JSON_KIND_STRING
		&& json_decode(wanted.raw, value, room, ret_n);
}

static bool find_tool(const struct explain_question *q, struct explain_answer *ret)
{
	const struct remit_policy *policy = q->profile->policy;
	const char *select = NULL;
	char value[256];
	size_t n = 0;
	if (remit_policy_tool_select(policy, q->tool, strlen(q->tool), &select) != REMIT_OK)
		return true; /* unmapped */
	if (select && !find_selected(q, select, value, sizeof(value), &n))
		return unknown_action(q, select, ret);
	if (remit_policy_tool(policy, q->tool, strlen(q->tool), select ? value : NULL, n,
		&ret->operation) == REMIT_OK)
		return true;
	ret->operation = REMIT_NO_OPERATION;
	return select ? unknown_action(q, select, ret) : true;
}

static bool judge_whens(const struct explain_question *q, struct found *found, struct explain_answer *ret)
{
	const struct remit_operation *operation = remit_policy_operation(q->profile->policy, ret->operation);
	if (!operation)
		return true;
	struct conditions conditions;
	char text[CONDITIONS_PROBLEM_ROOM];
	conditions_prepare(operation, &conditions);
	if (q->is_upstream)
		conditions_add_project(&conditions);
	found->input.has_json = q->json != NULL;
	found->input.json = str_of(q->json);
	if (conditions_judge(&conditions, &found->input, &ret->whens, &found->named, text))
		return true;
	return problem(ret, text);
}

/* The token's scopes as the copy of the store would have them: what the vocabulary lacks grants nothing. */
static struct remit_scopes granted_of(const struct explain_question *q)
{
	struct remit_scopes set = { { 0 } };
	struct str rest = str_of(q->token->scopes), name;
	size_t scope;
	while (rest.n > 0) {
		str_cut(&rest, ' ', &name);
		if (name.n > 0 && remit_policy_scope_find(q->profile->policy, name.p, name.n, &scope) == REMIT_OK)
			set.word[scope / 64] |= UINT64_C(1) << (scope % 64);
	}
	return set;
}

static void decide(const struct explain_question *q, const struct found *found, struct explain_answer *ret)
{
	struct remit_scopes granted = { { 0 } };
	struct remit_record record = { 0 };
	struct remit_question question = {
		.policy = q->profile->policy,
		.operation = ret->operation,
		.whens = ret->whens,
		.credential = q->token ? REMIT_CREDENTIAL_FOUND : REMIT_CREDENTIAL_NONE,
		.record = &record,
		.granted = granted.word,
		.now_s = (uint32_t)(q->now_ms / 1000),
		.project = q->has_no_projects ? REMIT_PROJECT_UNNAMED : REMIT_PROJECT_ELSEWHERE,
	};
	if (q->token) {
		granted = granted_of(q);
		record.api = strcmp(q->token->api, q->api) == 0 ? 0 : 1;
		unsigned revoked = q->token->revoked_ms ? REMIT_RECORD_REVOKED : 0;
		record.flags = (uint8_t)((unsigned)q->token->kind | revoked);
		record.project = id_is_set(&q->token->project) ? 1 : 0;
		record.expires_s = replica_expiry_seconds(q->token->expires_ms);
		question.owner_active = q->owner && q->owner->disabled_ms == 0;
		question.owner_unlimited = question.owner_active && q->owner->admin;
		question.ceiling = q->ceiling;
	}
	struct id_bytes bound;
	bool is_bound = q->token && id_to_bytes(&q->token->project, &bound) && id_is_set(&q->token->project);
	if (q->is_upstream)
		project_question(&found->named, is_bound ? &bound : NULL, &question);
	remit_decide(&question, &ret->decision);
	enum remit_reason reason = ret->decision.reason;
	if (reason == REMIT_PROJECT_UNRESOLVED || reason == REMIT_PROJECT_FORBIDDEN)
		project_problem(remit_policy_operation(q->profile->policy, ret->operation), reason, ret->project);
}

void gate_explain(const struct explain_question *q, struct arena *arena, struct explain_answer *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->operation = REMIT_NO_OPERATION;
	struct found *found = ARENA_NEW(arena, struct found);
	if (!found) {
		(void)problem(ret, "out of memory");
		return;
	}
	bool ok = q->tool ? find_tool(q, ret) : find_rest(q, arena, found, ret);
	if (!ok || !judge_whens(q, found, ret))
		return;
	decide(q, found, ret);
	if (ret->decision.reason == REMIT_SCOPE_MISSING)
		ret->preset = profile_smallest_preset(q->profile, &ret->decision.needed);
}
