/* SPDX-License-Identifier: Apache-2.0
 * What a token may see of the lists: what it covers, or also what its owner could grant it, or all that a rule
 * maps. What no rule maps is seen by nobody (M12).
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/mcp.h"

#include "gate/token.h"

static enum profile_visibility visibility_of(const struct visit *v)
{
	if (v->credential == REMIT_CREDENTIAL_LOCAL)
		return PROFILE_VISIBLE_ALL;
	bool personal = (v->record.flags & REMIT_RECORD_KIND) == REMIT_TOKEN_PERSONAL;
	return personal ? v->api->profile->visible_personal : v->api->profile->visible_access;
}

/* By its scopes alone: conditions and projects are of a call. */
static bool is_covered(const struct visit *v, uint32_t operation)
{
	uint64_t all[REMIT_SCOPE_WORDS_MAX] __attribute__((uninitialized));
	enum profile_visibility visibility = visibility_of(v);
	struct remit_decision decision __attribute__((uninitialized));
	struct remit_question question;
	if (visibility == PROFILE_VISIBLE_ALL)
		return true;
	token_question(v, &question);
	question.operation = operation;
	question.project = REMIT_PROJECT_ELSEWHERE;
	if (visibility == PROFILE_VISIBLE_ASKABLE) {
		memset(all, 0xff, remit_policy_words(v->api->policy) * sizeof(all[0]));
		question.granted = all;
	}
	remit_decide(&question, &decision);
	return decision.reason == REMIT_ALLOWED;
}

static bool is_value_shown(void *ctx, struct str name, struct str value)
{
	const struct visit *v = ctx;
	uint32_t operation;
	return remit_policy_tool(v->api->policy, name.p, name.n, value.p, value.n, &operation) == REMIT_OK
	       && is_covered(v, operation);
}

static bool is_tool_shown(struct visit *v, struct str name)
{
	const struct remit_policy *policy = v->api->policy;
	const char *select = NULL, *value;
	uint32_t operation;
	if (remit_policy_tool_select(policy, name.p, name.n, &select) != REMIT_OK)
		return false;
	if (!select)
		return remit_policy_tool(policy, name.p, name.n, NULL, 0, &operation) == REMIT_OK
		       && is_covered(v, operation);
	for (size_t i = 0; (value = remit_policy_tool_value(policy, name.p, name.n, i)) != NULL; i++)
		if (is_value_shown(v, name, str_of(value)))
			return true;
	return false;
}

static bool is_shown(void *ctx, enum mcp_list list, struct str name)
{
	struct visit *v = ctx;
	const struct remit_policy *policy = v->api->policy;
	uint32_t operation = REMIT_NO_OPERATION;
	enum remit_status status = REMIT_NOT_FOUND;
	switch (list) {
	case MCP_LIST_TOOLS:
		return is_tool_shown(v, name);
	case MCP_LIST_TEMPLATES:
		name = mcp_fill_template(name, exchange_arena(v->x));
		if (!name.p)
			return false;
		status = remit_policy_resource(policy, name.p, name.n, &operation);
		break;
	case MCP_LIST_RESOURCES:
		status = remit_policy_resource(policy, name.p, name.n, &operation);
		break;
	case MCP_LIST_PROMPTS:
		status = remit_policy_prompt(policy, name.p, name.n, &operation);
		break;
	case MCP_LISTS:
		break;
	}
	return status == REMIT_OK && is_covered(v, operation);
}

static struct str select_of(void *ctx, struct str name)
{
	const struct visit *v = ctx;
	const char *select = NULL;
	if (remit_policy_tool_select(v->api->policy, name.p, name.n, &select) != REMIT_OK || !select)
		return (struct str){ NULL, 0 };
	return str_of(select);
}

void mcp_visible(struct visit *v, struct mcp_list_rules *ret)
{
	*ret = (struct mcp_list_rules){ .ctx = v, .shown = is_shown, .select = select_of,
		.value_shown = is_value_shown, .adds_scope = v->mcp->modern };
}

/* RFC 6570: what begins a query or a fragment may be empty, and is taken so. */
static bool may_be_nothing(char operator)
{
	return operator == '?' || operator == '&' || operator == '#';
}

struct str mcp_fill_template(struct str template, struct arena *arena)
{
	char *text = arena_alloc(arena, template.n + 1);
	size_t n = 0;
	if (!text)
		return (struct str){ NULL, 0 };
	for (size_t i = 0; i < template.n; i++) {
		const char *end = template.p[i] == '{' ? memchr(template.p + i, '}', template.n - i) : NULL;
		if (!end) {
			text[n++] = template.p[i];
			continue;
		}
		char operator = template.p[i + 1];
		if (operator == '/')
			text[n++] = '/';
		if (!may_be_nothing(operator))
			text[n++] = '~';
		i = (size_t)(end - template.p);
	}
	return (struct str){ text, n };
}
