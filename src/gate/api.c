/* SPDX-License-Identifier: Apache-2.0
 * What does not fit (gate/fit.h) is an error at start.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/api.h"

#include "gate/challenge.h"
#include "gate/fit.h"
#include "gate/mcp.h"
#include "gate/proxy.h"

#include <assert.h>
#include <stdio.h>

bool api_has_path(const struct api *api, struct str path)
{
	if (!api->base.p || !str_starts(path, api->base))
		return false;
	return path.n == api->base.n || path.p[api->base.n] == '/';
}

static bool join_rule(const struct api *api, uint32_t number, struct api_rule *rule, struct arena *arena)
{
	rule->operation = remit_policy_operation(api->policy, number);
	rule->is_public = rule->operation->need == REMIT_NEED_PUBLIC;
	conditions_prepare(rule->operation, &rule->conditions);
	if (!api->service)
		conditions_add_project(&rule->conditions);
	if (!fit_is_rest(rule->operation))
		return !api->mcp.endpoint.p || challenge_prepare_rule(api, rule, arena);
	if (api->service) {
		rule->runs = fit_find(api->service, rule->operation);
		assert(rule->runs && "the rules were found to fit");
	}
	return challenge_prepare_rule(api, rule, arena);
}

/* False with the first mistake, as file:line: what. */
static bool fits(const struct config *config, const struct config_api *config_api,
	const struct service *service, char reterr_text[512])
{
	struct mistakes mistakes;
	mistakes_init(&mistakes);
	fit_check(config, config_api, service, &mistakes);
	const struct mistake *first = &mistakes.list[0];
	const bool good = mistakes.count == 0;
	if (!good && first->line > 0)
		snprintf(reterr_text, 512, "%s:%u: %s", first->file, first->line, first->what);
	else if (!good)
		snprintf(reterr_text, 512, "%s: %s", first->file, first->what);
	mistakes_done(&mistakes);
	return good;
}

static bool number_all(struct api *api, struct numbers *numbers, char *reterr_text)
{
	struct str name = str_of(api->config->name);
	bool good = numbers_api(numbers, api->config->name, &api->number)
		&& numbers_operation(numbers, name, STR(""), &api->unmapped_name);
	for (size_t i = 0; good && i < api->rule_count; i++)
		good = numbers_operation(numbers, name, str_of(api->rules[i].operation->text), &api->rules[i].name);
	for (size_t i = 0; good && api->mcp.endpoint.p && mcp_audit_name(i); i++)
		good = numbers_operation(numbers, name, str_of(mcp_audit_name(i)), &api->mcp.names[i]);
	if (!good)
		snprintf(reterr_text, 512, "API %s: more APIs or operations than one process may have had: a restart "
			"begins to count anew", api->config->name);
	return good;
}

bool api_init(struct api *api, struct numbers *numbers, const struct config *config,
	const struct config_api *config_api, struct service *service, struct arena *arena, char reterr_text[512])
{
	const struct profile *profile = config_api->profile;
	*api = (struct api){ .config = config_api, .profile = profile, .policy = profile->policy,
		.service = service, .rule_count = remit_policy_operations(profile->policy) };
	if (!profile->rest_base && !profile->mcp_endpoint) {
		snprintf(reterr_text, 512, "%s:%u: API %s: its profile has no `rest` part",
			config->file, config_api->line, config_api->name);
		return false;
	}
	if (service ? !fits(config, config_api, service, reterr_text)
		    : !proxy_prepare(api, config_api, arena, reterr_text))
		return false;
	if (profile->rest_base)
		api->base = str_of(profile->rest_base);
	char why[256] = "out of memory";
	snprintf(reterr_text, 512, "API %s: out of memory", config_api->name);
	api->rules = arena_alloc(arena, (api->rule_count + 1) * sizeof(*api->rules));
	if (!api->rules || !challenge_prepare(api, config->public_url, arena)
		|| !mcp_prepare(api, config->public_url, arena, why)) {
		snprintf(reterr_text, 512, "API %s: %s", config_api->name, why);
		return false;
	}
	for (uint32_t i = 0; i < api->rule_count; i++)
		if (!join_rule(api, i, &api->rules[i], arena))
			return false;
	return number_all(api, numbers, reterr_text);
}
