/* SPDX-License-Identifier: Apache-2.0
 * From the name of an MCP tool, and the value that selects among its operations, to an operation;
 * and the same for prompts.
 * core: may include base and <remit/remit.h>.
 */
#include "core/policy.h"

/* The tool of that name, else the one that "*" maps, else NULL. */
static const struct tool *find_tool(const struct remit_policy *policy, const char *name, size_t length)
{
	uint32_t place;
	if (!names_find(&policy->tool_names, (struct str){ name, length }, &place) &&
	    !names_find(&policy->tool_names, STR("*"), &place))
		return NULL;
	return &policy->tools[place];
}

static const char *value_of(const struct remit_policy *policy, uint32_t operation)
{
	return policy->operations[operation].key[2];
}

enum remit_status remit_policy_tool_select(const struct remit_policy *policy, const char *name, size_t length,
					   const char **ret_select)
{
	const struct tool *tool = find_tool(policy, name, length);
	if (!tool)
		return REMIT_NOT_FOUND;
	*ret_select = tool->select;
	return REMIT_OK;
}

enum remit_status remit_policy_tool(const struct remit_policy *policy, const char *name, size_t length,
				    const char *value, size_t value_length, uint32_t *ret_operation)
{
	const struct tool *tool = find_tool(policy, name, length);

	if (!tool || (tool->select != NULL) != (value != NULL))
		return REMIT_NOT_FOUND;
	for (size_t i = 0; i < tool->count; i++) {
		uint32_t operation = tool->operations[i];
		if (value && !str_is((struct str){ value, value_length }, value_of(policy, operation)))
			continue;
		*ret_operation = operation;
		return REMIT_OK;
	}
	return REMIT_NOT_FOUND;
}

const char *remit_policy_tool_value(const struct remit_policy *policy, const char *name, size_t length,
				    size_t index)
{
	const struct tool *tool = find_tool(policy, name, length);
	if (!tool || !tool->select || index >= tool->count)
		return NULL;
	return value_of(policy, tool->operations[index]);
}

enum remit_status remit_policy_prompt(const struct remit_policy *policy, const char *name, size_t length,
				      uint32_t *ret_operation)
{
	uint32_t operation;
	if (!names_find(&policy->prompt_names, (struct str){ name, length }, &operation) &&
	    !names_find(&policy->prompt_names, STR("*"), &operation))
		return REMIT_NOT_FOUND;
	*ret_operation = operation;
	return REMIT_OK;
}
