/* SPDX-License-Identifier: Apache-2.0
 * check-config --mcp: tools and actions of a server that no rule maps, rules that map none of it, and tools that
 * are not any more what they were when their rule was written.
 * cli: may include every room.
 */
#include "cli/mcp/mcp.h"

#include "cli/openapi/openapi.h"

struct comparing {
	struct cli *cli;
	const struct profile *profile;
	struct mcp_server server;
	json_t *unmapped, *unused, *changed; /* of sentences */
	size_t mapped;
};

static const char *shown(struct comparing *c, const char *text)
{
	const char *line = line_of(str_of(text), 200, &c->cli->arena);
	return line ? line : "";
}

static void note(json_t *list, const char *text)
{
	if (text)
		json_array_append_new(list, json_string(text));
}

/* Each value of the argument that selects. */
static bool check_values(struct comparing *c, const json_t *tool, const char *name, const char *select)
{
	const json_t *values = mcp_tool_values(tool, select), *value;
	uint32_t operation;
	size_t i;
	bool all = true;
	json_array_foreach((json_t *)(uintptr_t)values, i, value) {
		const char *text = json_string_value(value);
		if (!text || remit_policy_tool(c->profile->policy, name, strlen(name), text, strlen(text), &operation)
			== REMIT_OK)
			continue;
		note(c->unmapped, arena_printf(&c->cli->arena, "%s, %s \"%s\"", shown(c, name), shown(c, select),
			shown(c, text)));
		all = false;
	}
	return all;
}

static void check_hash(struct comparing *c, const json_t *tool, const char *name)
{
	char hash[MCP_HASH_CHARS + 1];
	for (size_t i = 0; i < c->profile->definition_count; i++) {
		const struct profile_definition *known = &c->profile->definitions[i];
		if (strcmp(known->tool, name) == 0 && mcp_tool_hash(tool, hash) && strcmp(known->hash, hash) != 0)
			note(c->changed, arena_printf(&c->cli->arena, "%s: now \"%s\"", shown(c, name), hash));
	}
}

static void check_tool(struct comparing *c, const json_t *tool)
{
	const char *name = json_string_value(json_object_get(tool, "name")), *select = NULL;
	if (remit_policy_tool_select(c->profile->policy, name, strlen(name), &select) != REMIT_OK)
		note(c->unmapped, shown(c, name));
	else if (!select || check_values(c, tool, name, select))
		c->mapped++;
	check_hash(c, tool, name);
}

static bool has_tool(const struct comparing *c, struct str rule)
{
	const json_t *tool, *value;
	size_t i, k;
	json_array_foreach(c->server.tools, i, tool) {
		struct str name = str_of(json_string_value(json_object_get(tool, "name"))), rest = rule;
		const char *select = NULL;
		if (str_eq(name, rule))
			return true;
		if (!str_starts(rule, name) || rule.p[name.n] != ' '
			|| remit_policy_tool_select(c->profile->policy, name.p, name.n, &select) != REMIT_OK || !select)
			continue;
		rest = (struct str){ rule.p + name.n + 1, rule.n - name.n - 1 };
		const json_t *values = mcp_tool_values(tool, select);
		if (!values)
			return true; /* it does not say which there are */
		json_array_foreach((json_t *)(uintptr_t)values, k, value)
			if (json_is_string(value) && str_is(rest, json_string_value(value)))
				return true;
	}
	return false;
}

static void check_rules(struct comparing *c)
{
	const struct remit_policy *policy = c->profile->policy;
	for (uint32_t i = 0; i < remit_policy_operations(policy); i++) {
		struct str rule = str_of(remit_policy_operation(policy, i)->text);
		if (!str_starts(rule, STR("tool ")))
			continue;
		rule = (struct str){ rule.p + 5, rule.n - 5 };
		if (!str_is(rule, "*") && !has_tool(c, rule))
			note(c->unused, arena_printf(&c->cli->arena, "%s:%u: \"tool %s\" maps nothing of the server",
				c->profile->file, c->profile->operation_lines[i], rule.p));
	}
}

static void print_list(const char *what, const json_t *list, const char *end)
{
	const json_t *text;
	size_t i;
	json_array_foreach((json_t *)(uintptr_t)list, i, text)
		printf("%s: %s%s\n", what, json_string_value(text), end);
}

static bool say(struct comparing *c, json_t *document)
{
	bool fits = json_array_size(c->unmapped) + json_array_size(c->unused) + json_array_size(c->changed) == 0;
	if (document) {
		json_object_set_new(document, "server_tools", json_integer((json_int_t)json_array_size(c->server.tools)));
		json_object_set(document, "unmapped", c->unmapped);
		json_object_set(document, "unused", c->unused);
		json_object_set(document, "changed", c->changed);
		if (!fits)
			json_object_set_new(document, "ok", json_false());
		return fits;
	}
	print_list("unmapped", c->unmapped, ": no rule maps it");
	print_list("unused", c->unused, "");
	print_list("changed", c->changed, ", not what its rule was written for");
	printf("coverage: %zu of %zu tools mapped, %zu unused rule%s, %zu changed\n", c->mapped,
		json_array_size(c->server.tools), json_array_size(c->unused), json_array_size(c->unused) == 1 ? "" : "s",
		json_array_size(c->changed));
	return fits;
}

enum cli_exit mcp_compare(struct cli *cli, const struct authority_api *api, const char *url, json_t *document)
{
	struct comparing c = { .cli = cli, .profile = api->profile };
	const json_t *tool;
	size_t i;
	if (!api->profile->mcp_endpoint)
		return cli_fail(cli, CLI_REFUSED, "the profile of the API %s has no `mcp` part.", api->name);
	enum cli_exit status = mcp_server_read(cli, url, &c.server);
	if (status != CLI_DONE)
		return status;
	c.unmapped = json_array();
	c.unused = json_array();
	c.changed = json_array();
	json_array_foreach(c.server.tools, i, tool)
		check_tool(&c, tool);
	check_rules(&c);
	bool fits = say(&c, document);
	json_decref(c.unmapped);
	json_decref(c.unused);
	json_decref(c.changed);
	mcp_server_done(&c.server);
	return fits ? CLI_DONE : CLI_REFUSED;
}
