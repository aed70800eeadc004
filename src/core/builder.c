/* SPDX-License-Identifier: Apache-2.0
 * Writing a policy, call by call. Every call looks at all of its arguments and gets all of its memory
 * before it changes what a later call can see.
 * core: may include base and <remit/remit.h>.
 */
#include "core/array.h"
#include "core/policy.h"

struct remit_builder *remit_builder_new(void)
{
	struct remit_builder *builder = calloc(1, sizeof(*builder));
	struct remit_policy *policy = calloc(1, sizeof(*policy));
	if (!builder || !policy) {
		free(builder);
		free(policy);
		return NULL;
	}
	arena_init(&policy->arena, 0);
	policy->star = NO_SCOPE;
	policy->any_resource = REMIT_NO_OPERATION;
	builder->policy = policy;
	return builder;
}

void remit_builder_free(struct remit_builder *builder)
{
	if (!builder)
		return;
	remit_policy_free(builder->policy);
	free(builder);
}

void remit_policy_free(struct remit_policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->tool_count; i++)
		free(policy->tools[i].operations);
	free(policy->tools);
	free(policy->operations);
	free(policy->scopes);
	trie_done(&policy->routes);
	trie_done(&policy->resources);
	names_done(&policy->scope_names);
	names_done(&policy->tool_names);
	names_done(&policy->prompt_names);
	arena_done(&policy->arena);
	free(policy);
}

enum remit_status remit_policy_build(struct remit_builder *builder, struct remit_policy **ret)
{
	enum remit_status status = vocabulary_build(builder->policy);
	if (status == REMIT_OK)
		status = needs_build(builder->policy);
	if (status == REMIT_OK) {
		*ret = builder->policy;
		builder->policy = NULL;
	}
	remit_builder_free(builder);
	return status;
}

const struct remit_operation *remit_policy_operation(const struct remit_policy *policy, uint32_t operation)
{
	const struct operation *found = policy_operation(policy, operation);
	return found ? &found->shown : NULL;
}

size_t remit_policy_operations(const struct remit_policy *policy)
{
	return policy->operation_count;
}

/* A copy that lives as long as the policy; NULL stays NULL. False without memory. */
static bool copy_key(struct remit_policy *policy, const char *text, const char **ret)
{
	*ret = text ? arena_copy(&policy->arena, str_of(text)) : NULL;
	return *ret || !text;
}

/* The steps of a rule: its method, then the segments of its path. */
static enum remit_status parse_rule(struct remit_policy *policy, struct operation *operation,
				    struct trie_step *steps, size_t room, size_t *count)
{
	const char **params = arena_alloc(&policy->arena, REMIT_PARAMS_MAX * sizeof(*params));
	struct str path = str_of(operation->key[1]);

	if (!params)
		return REMIT_NO_MEMORY;
	steps[0] = (struct trie_step){ TRIE_LITERAL, str_of(operation->key[0]) };
	*count = 1;
	enum remit_status status = template_parse(&policy->arena, (struct str){ path.p + 1, path.n - 1 },
						  steps, room, count, params, &operation->shown.param_count);
	operation->shown.params = params;
	for (size_t i = 1; status == REMIT_OK && i < *count; i++) {
		bool is_last_empty = i + 1 == *count && steps[i].text.n == 0;
		if (steps[i].kind == TRIE_LITERAL && !is_last_empty && !path_segment_ok(steps[i].text))
			status = REMIT_INVALID; /* no decoded path has such a segment */
	}
	return status;
}

enum remit_status remit_builder_rule(struct remit_builder *builder, const struct remit_rule *rule,
				     uint32_t *ret_operation)
{
	struct remit_policy *policy = builder->policy;
	struct trie_step steps[LIMIT_PATH_SEGMENTS + 1];
	struct operation operation = { .kind = OPERATION_RULE };
	struct declaration declared = { &rule->need, rule->whens, rule->when_count,
					rule->project, rule->project_source, rule->project_name };
	size_t count;

	if (!check_method(str_of(rule->method)) || !check_text(rule->path) || rule->path[0] != '/')
		return REMIT_INVALID;
	if (!copy_key(policy, rule->method, &operation.key[0]) ||
	    !copy_key(policy, rule->path, &operation.key[1]))
		return REMIT_NO_MEMORY;
	enum remit_status status =
		parse_rule(policy, &operation, steps, sizeof(steps) / sizeof(steps[0]), &count);
	if (status == REMIT_OK)
		status = operation_prepare(policy, &declared, &operation);
	if (status == REMIT_OK)
		status = trie_add(&policy->routes, steps, count, (uint32_t)policy->operation_count);
	if (status == REMIT_OK)
		operation_commit(policy, &operation, ret_operation);
	return status;
}

enum remit_status remit_builder_resource(struct remit_builder *builder, const char *uri,
					 const struct remit_need *need, uint32_t *ret_operation)
{
	struct remit_policy *policy = builder->policy;
	struct trie_step steps[LIMIT_PATH_SEGMENTS];
	struct operation operation = { .kind = OPERATION_RESOURCE };
	struct declaration declared = { .need = need };
	struct str path;
	size_t count = 0;

	if (!check_text(uri) || !resource_uri_ok(str_of(uri), &path) || path.n != strlen(uri))
		return REMIT_INVALID;
	const char **params = arena_alloc(&policy->arena, REMIT_PARAMS_MAX * sizeof(*params));
	if (!params || !copy_key(policy, uri, &operation.key[0]))
		return REMIT_NO_MEMORY;
	operation.shown.params = params;
	enum remit_status status = REMIT_OK;
	bool is_any = str_is(path, "*");
	if (!is_any)
		status = template_parse(&policy->arena, str_of(operation.key[0]), steps,
					sizeof(steps) / sizeof(steps[0]), &count, params,
					&operation.shown.param_count);
	if (status == REMIT_OK && count > 0 && steps[count - 1].kind == TRIE_REST)
		status = REMIT_INVALID;
	if (status == REMIT_OK)
		status = operation_prepare(policy, &declared, &operation);
	if (status == REMIT_OK && is_any && policy->any_resource != REMIT_NO_OPERATION)
		status = REMIT_EXISTS;
	if (status == REMIT_OK && !is_any)
		status = trie_add(&policy->resources, steps, count, (uint32_t)policy->operation_count);
	if (status != REMIT_OK)
		return status;
	if (is_any)
		policy->any_resource = (uint32_t)policy->operation_count;
	operation_commit(policy, &operation, ret_operation);
	return REMIT_OK;
}

enum remit_status remit_builder_prompt(struct remit_builder *builder, const char *name,
				       const struct remit_need *need, uint32_t *ret_operation)
{
	struct remit_policy *policy = builder->policy;
	struct operation operation = { .kind = OPERATION_PROMPT };
	struct declaration declared = { .need = need };
	uint32_t there;

	if (!check_text(name))
		return REMIT_INVALID;
	if (names_find(&policy->prompt_names, str_of(name), &there))
		return REMIT_EXISTS;
	if (!copy_key(policy, name, &operation.key[0]))
		return REMIT_NO_MEMORY;
	enum remit_status status = operation_prepare(policy, &declared, &operation);
	if (status != REMIT_OK)
		return status;
	if (!names_add(&policy->prompt_names, str_of(operation.key[0]), (uint32_t)policy->operation_count))
		return REMIT_NO_MEMORY;
	operation_commit(policy, &operation, ret_operation);
	return REMIT_OK;
}

/* Whether one more operation of a tool fits those that are there. */
static enum remit_status fits_tool(const struct remit_policy *policy, const struct tool *tool,
				   const struct remit_tool *call)
{
	if ((tool->select == NULL) != (call->select == NULL))
		return REMIT_INVALID;
	if (!call->select)
		return tool->count > 0 ? REMIT_EXISTS : REMIT_OK;
	if (strcmp(tool->select, call->select) != 0)
		return REMIT_INVALID;
	for (size_t i = 0; i < tool->count; i++)
		if (strcmp(policy->operations[tool->operations[i]].key[2], call->value) == 0)
			return REMIT_EXISTS;
	return REMIT_OK;
}

/* Nobody knows the arguments of tools that "*" maps, so nothing may select among them. */
static bool is_tool_call(const struct remit_tool *call)
{
	if (!check_text(call->name) || (call->select == NULL) != (call->value == NULL))
		return false;
	if (!call->select)
		return true;
	return check_text(call->select) && check_text(call->value) && strcmp(call->name, "*") != 0;
}

/* The tool that an operation belongs to, made where it is the first, with room for one more. */
static enum remit_status grow_tool(struct remit_policy *policy, const struct operation *operation,
				   struct tool **ret)
{
	uint32_t place;
	if (!names_find(&policy->tool_names, str_of(operation->key[0]), &place)) {
		void *tools = array_grow(policy->tools, policy->tool_count, &policy->tool_room,
					 sizeof(struct tool));
		if (!tools)
			return REMIT_NO_MEMORY;
		policy->tools = tools;
		place = (uint32_t)policy->tool_count;
		if (!names_add(&policy->tool_names, str_of(operation->key[0]), place))
			return REMIT_NO_MEMORY;
		policy->tools[policy->tool_count++] = (struct tool){ .select = operation->key[1] };
	}
	struct tool *tool = &policy->tools[place];
	void *operations = array_grow(tool->operations, tool->count, &tool->room, sizeof(uint32_t));
	if (!operations)
		return REMIT_NO_MEMORY;
	tool->operations = operations;
	*ret = tool;
	return REMIT_OK;
}

enum remit_status remit_builder_tool(struct remit_builder *builder, const struct remit_tool *call,
				     uint32_t *ret_operation)
{
	struct remit_policy *policy = builder->policy;
	struct operation operation = { .kind = OPERATION_TOOL };
	struct declaration declared = { &call->need, call->whens, call->when_count,
					call->project, call->project_source, call->project_name };
	struct tool *tool;
	uint32_t place;

	if (!is_tool_call(call))
		return REMIT_INVALID;
	enum remit_status status = REMIT_OK;
	if (names_find(&policy->tool_names, str_of(call->name), &place))
		status = fits_tool(policy, &policy->tools[place], call);
	if (status != REMIT_OK)
		return status;
	if (!copy_key(policy, call->name, &operation.key[0]) ||
	    !copy_key(policy, call->select, &operation.key[1]) ||
	    !copy_key(policy, call->value, &operation.key[2]))
		return REMIT_NO_MEMORY;
	status = operation_prepare(policy, &declared, &operation);
	if (status == REMIT_OK)
		status = grow_tool(policy, &operation, &tool);
	if (status != REMIT_OK)
		return status;
	tool->operations[tool->count++] = (uint32_t)policy->operation_count;
	operation_commit(policy, &operation, ret_operation);
	return REMIT_OK;
}
