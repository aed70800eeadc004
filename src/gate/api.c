/* SPDX-License-Identifier: Apache-2.0
 * What cannot be joined is an error at start: a rule that guards nothing and an operation that
 * nothing guards are both mistakes of somebody.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/api.h"

#include "gate/challenge.h"

#include <stdio.h>

bool api_has_path(const struct api *api, struct str path)
{
	if (!str_starts(path, api->base))
		return false;
	return path.n == api->base.n || path.p[api->base.n] == '/';
}

/* "GET /stories/{id}"; tools, resources and prompts have no method of HTTP first. */
static bool is_rest(const struct remit_operation *operation)
{
	struct str rest = str_of(operation->text), method;
	return str_cut(&rest, ' ', &method) && rest.n > 0 && rest.p[0] == '/';
}

static bool is_of(const struct remit_operation *operation, const struct service_operation *runs)
{
	struct str rest = str_of(operation->text), method;
	return str_cut(&rest, ' ', &method) && str_is(method, runs->method) && str_is(rest, runs->path);
}

static const struct service_operation *find_operation(const struct service *service,
	const struct remit_operation *operation)
{
	for (size_t i = 0; i < service->operation_count; i++)
		if (is_of(operation, &service->operations[i]))
			return &service->operations[i];
	return NULL;
}

static bool join_rule(const struct api *api, uint32_t number, struct api_rule *rule, struct arena *arena,
	char *reterr_text)
{
	const struct profile *profile = api->profile;
	rule->operation = remit_policy_operation(api->policy, number);
	rule->is_public = rule->operation->need == REMIT_NEED_PUBLIC;
	conditions_prepare(rule->operation, &rule->conditions);
	if (!is_rest(rule->operation))
		return true;
	rule->runs = find_operation(api->service, rule->operation);
	if (!rule->runs) {
		snprintf(reterr_text, 512, "%s:%u: API %s has a rule for \"%s\", which its service does not have",
			profile->file, profile->operation_lines ? profile->operation_lines[number] : 0,
			api->config->name, rule->operation->text);
		return false;
	}
	bool json = rule->runs->body == SERVICE_BODY_JSON || rule->runs->body == SERVICE_BODY_OPTIONAL;
	if (rule->conditions.reads_body && !json) {
		snprintf(reterr_text, 512,
			"%s:%u: API %s: \"%s\" takes no JSON body, so that no condition can read it",
			profile->file, profile->operation_lines ? profile->operation_lines[number] : 0,
			api->config->name, rule->operation->text);
		return false;
	}
	return challenge_prepare_rule(api, rule, arena);
}

/* Every operation of the service must be some rule's. */
static bool check_guarded(const struct api *api, char *reterr_text)
{
	for (size_t i = 0; i < api->service->operation_count; i++) {
		const struct service_operation *runs = &api->service->operations[i];
		size_t rule = 0;
		while (rule < api->rule_count && api->rules[rule].runs != runs)
			rule++;
		if (rule < api->rule_count)
			continue;
		snprintf(reterr_text, 512, "%s: API %s: no rule maps \"%s %s\" of its service",
			api->profile->file, api->config->name, runs->method, runs->path);
		return false;
	}
	return true;
}

static bool prepare_presets(struct api *api, struct arena *arena)
{
	const struct profile *profile = api->profile;
	api->presets = arena_alloc(arena, (profile->preset_count + 1) * sizeof(*api->presets));
	if (!api->presets)
		return false;
	for (size_t i = 0; i < profile->preset_count; i++) {
		const struct profile_preset *preset = &profile->presets[i];
		enum remit_status status = remit_scopes_from_names(api->policy, preset->scopes, preset->scope_count,
			&api->presets[i], NULL);
		if (status != REMIT_OK)
			return false;
	}
	return true;
}

bool api_init(struct api *api, uint8_t number, const struct config *config,
	const struct config_api *config_api, struct service *service, struct arena *arena, char reterr_text[512])
{
	const struct profile *profile = config_api->profile;
	*api = (struct api){ .number = number, .config = config_api, .profile = profile, .policy = profile->policy,
		.service = service, .rule_count = remit_policy_operations(profile->policy) };
	if (!profile->rest_base) {
		snprintf(reterr_text, 512, "%s: API %s: its profile has no `rest` part", profile->file,
			config_api->name);
		return false;
	}
	api->base = str_of(profile->rest_base);
	snprintf(reterr_text, 512, "API %s: out of memory", config_api->name);
	api->rules = arena_alloc(arena, (api->rule_count + 1) * sizeof(*api->rules));
	if (!api->rules || !prepare_presets(api, arena) || !challenge_prepare(api, config->public_url, arena))
		return false;
	for (uint32_t i = 0; i < api->rule_count; i++)
		if (!join_rule(api, i, &api->rules[i], arena, reterr_text))
			return false;
	return check_guarded(api, reterr_text);
}
