/* SPDX-License-Identifier: Apache-2.0
 * Rules beside operations, told by method and path template; tools by name.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/fit.h"

#include "gate/conditions.h"

#include <string.h>

/* "GET /stories/{id}"; tools, resources and prompts have no method of HTTP first. */
bool fit_is_rest(const struct remit_operation *operation)
{
	struct str rest = str_of(operation->text), method;
	return str_cut(&rest, ' ', &method) && rest.n > 0 && rest.p[0] == '/';
}

static bool is_of(const struct remit_operation *operation, const struct service_operation *runs)
{
	struct str rest = str_of(operation->text), method;
	return str_cut(&rest, ' ', &method) && str_is(method, runs->method) && str_is(rest, runs->path);
}

const struct service_operation *fit_find(const struct service *service,
	const struct remit_operation *operation)
{
	for (size_t i = 0; i < service->operation_count; i++)
		if (is_of(operation, &service->operations[i]))
			return &service->operations[i];
	return NULL;
}

/* "did you mean ..." among the service's operations; NULL where nothing is similar. */
static const char *suggest(const struct service *service, const char *text, struct mistakes *mistakes)
{
	const char **known = arena_alloc(&mistakes->arena, (service->operation_count + 1) * sizeof(*known));
	size_t n = 0;
	for (; known && n < service->operation_count; n++) {
		const struct service_operation *runs = &service->operations[n];
		known[n] = arena_printf(&mistakes->arena, "%s %s", runs->method, runs->path);
		if (!known[n])
			break;
	}
	return mistakes_suggest(mistakes, str_of(text), known, n);
}

/* ---- Tools ---- */

static const struct service_tool *find_tool(const struct service *service, struct str name)
{
	for (size_t i = 0; i < service->tool_count; i++)
		if (str_is(name, service->tools[i].name))
			return &service->tools[i];
	return NULL;
}

/* NULL: it stands for itself. */
static const struct service_operation *tool_operation(const struct service *service, const struct service_tool *tool)
{
	for (size_t i = 0; tool->operation && i < service->operation_count; i++)
		if (strcmp(service->operations[i].name, tool->operation) == 0)
			return &service->operations[i];
	return NULL;
}

static bool is_same_part(const struct remit_policy *policy, uint32_t a, uint32_t b, uint32_t whens, size_t part)
{
	struct remit_scopes of_a, of_b;
	for (size_t i = 0;; i++) {
		bool more = remit_policy_need(policy, a, whens, part, i, &of_a);
		if (more != remit_policy_need(policy, b, whens, part, i, &of_b))
			return false;
		if (!more)
			return true;
		if (memcmp(of_a.word, of_b.word, remit_policy_words(policy) * sizeof(*of_a.word)) != 0)
			return false;
	}
}

/* Whether both ask for the same of a token, whatever comes with a call. */
static bool asks_the_same(const struct remit_policy *policy, uint32_t a, uint32_t b)
{
	const struct remit_operation *x = remit_policy_operation(policy, a), *y = remit_policy_operation(policy, b);
	bool same = x->need == y->need && x->when_count == y->when_count && is_same_part(policy, a, b, 0, 0);
	for (size_t i = 0; same && i < x->when_count; i++)
		same = x->whens[i].test == y->whens[i].test && is_same_part(policy, a, b, UINT32_C(1) << i, 1);
	return same;
}

static void check_tool(const struct config_api *api, const struct service *service, uint32_t number,
	struct mistakes *mistakes)
{
	const struct profile *profile = api->profile;
	struct str rest = str_of(remit_policy_operation(profile->policy, number)->text), word, name;
	const unsigned line = profile->operation_lines ? profile->operation_lines[number] : 0;

	str_cut(&rest, ' ', &word);
	str_cut(&rest, ' ', &name); /* what is left is the value that selects */
	if (!str_is(word, "tool") || service->tool_count == 0)
		return; /* a resource, a prompt, a service without MCP: nothing runs */
	const struct service_tool *tool = find_tool(service, name);
	const struct service_operation *runs = tool ? tool_operation(service, tool) : NULL;
	if (!tool) {
		mistakes_add(mistakes, profile->file, line, 1, NULL,
			"API %s has a rule for the tool \"%.*s\", which its service does not have", api->name, STR_FMT(name));
		return;
	}
	for (uint32_t i = 0; runs && i < remit_policy_operations(profile->policy); i++)
		if (is_of(remit_policy_operation(profile->policy, i), runs)
			&& !asks_the_same(profile->policy, i, number))
			mistakes_add(mistakes, profile->file, line, 1, "write `tool: NAME` in that rule",
				"API %s: the tool \"%.*s\" asks for something else than \"%s %s\", which it runs",
				api->name, STR_FMT(name), runs->method, runs->path);
}

static void check_rule(const struct config_api *api, const struct service *service, uint32_t number,
	struct mistakes *mistakes)
{
	const struct profile *profile = api->profile;
	const struct remit_operation *operation = remit_policy_operation(profile->policy, number);
	const unsigned line = profile->operation_lines ? profile->operation_lines[number] : 0;
	struct conditions conditions;

	if (!fit_is_rest(operation)) {
		check_tool(api, service, number, mistakes);
		return;
	}
	const struct service_operation *runs = fit_find(service, operation);
	if (!runs) {
		mistakes_add(mistakes, profile->file, line, 1, suggest(service, operation->text, mistakes),
			"API %s has a rule for \"%s\", which its service does not have", api->name,
			operation->text);
		return;
	}
	conditions_prepare(operation, &conditions);
	if (conditions.reads_body && runs->body != SERVICE_BODY_JSON && runs->body != SERVICE_BODY_OPTIONAL)
		mistakes_add(mistakes, profile->file, line, 1, NULL,
			"API %s: \"%s\" takes no JSON body, so that no condition can read it", api->name,
			operation->text);
}

static bool is_guarded(const struct remit_policy *policy, const struct service_operation *runs)
{
	for (uint32_t i = 0; i < remit_policy_operations(policy); i++)
		if (is_of(remit_policy_operation(policy, i), runs))
			return true;
	return false;
}

void fit_check(const struct config *config, const struct config_api *api, const struct service *service,
	struct mistakes *mistakes)
{
	const struct profile *profile = api->profile;

	if (service->operation_count > 0 && !profile->rest_base) {
		mistakes_add(mistakes, config->file, api->line, 1, NULL,
			"API %s: its profile has no `rest` part, so that its service could not be reached",
			api->name);
		return;
	}
	if (service->operation_count == 0 && !profile->mcp_endpoint) {
		mistakes_add(mistakes, config->file, api->line, 1, NULL,
			"API %s: its profile has no `mcp` part, so that its service could not be reached", api->name);
		return;
	}
	for (uint32_t i = 0; i < remit_policy_operations(profile->policy); i++)
		check_rule(api, service, i, mistakes);
	for (size_t i = 0; i < service->operation_count; i++)
		if (!is_guarded(profile->policy, &service->operations[i]))
			mistakes_add(mistakes, profile->file, 0, 0, NULL,
				"API %s: no rule maps \"%s %s\" of its service", api->name,
				service->operations[i].method, service->operations[i].path);
}
