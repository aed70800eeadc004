/* SPDX-License-Identifier: Apache-2.0
 * A profile out of a server's tools. What a server says of its tools is a hint, never a rule: it stands beside
 * as a comment, to be checked.
 * cli: may include every room.
 */
#include "cli/mcp/mcp.h"

#include "cli/openapi/openapi.h"

static bool hint(const json_t *tool, const char *name)
{
	return json_is_true(json_object_get(json_object_get(tool, "annotations"), name));
}

static void add_title(struct buf *b, const json_t *tool, struct arena *arena)
{
	const char *title = json_string_value(json_object_get(tool, "description"));
	const char *line = title ? line_of(str_of(title), 100, arena) : NULL;
	buf_add_text(b, hint(tool, "readOnlyHint") ? " # says it only reads" : hint(tool, "destructiveHint") ?
		" # says it may destroy" : " # says nothing of what it changes");
	if (line && *line) {
		buf_add_text(b, ": ");
		buf_add_text(b, line);
	}
	buf_add_char(b, '\n');
}

static void add_need(struct buf *b, const char *name, bool reads)
{
	buf_printf(b, "\"%s:%s\"", name, reads ? "read" : "write");
}

/* Which actions only read, nothing says: by their names, to be checked. */
static bool action_reads(const char *value)
{
	static const char *const reads[] = { "list", "get", "read", "search", "find", "show", "count" };
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++)
		if (strncmp(value, reads[i], strlen(reads[i])) == 0)
			return true;
	return false;
}

static void add_values(struct buf *b, const char *name, const char *select, const json_t *values)
{
	const json_t *value;
	size_t i;
	buf_printf(b, "\n      select: %s\n      values:\n", select);
	json_array_foreach((json_t *)(uintptr_t)values, i, value) {
		const char *text = json_string_value(value);
		if (!text)
			continue;
		buf_add_text(b, "        ");
		buf_add_json(b, str_of(text));
		buf_add_text(b, ": ");
		add_need(b, name, action_reads(text));
		buf_add_text(b, " # check\n");
	}
}

static void add_tool(struct buf *b, const char *name, const json_t *tool, struct arena *arena)
{
	const json_t *values;
	const char *select = mcp_tool_select(tool, &values);
	buf_add_text(b, "    ");
	buf_add_json(b, str_of(json_string_value(json_object_get(tool, "name"))));
	buf_add_char(b, ':');
	if (!select)
		buf_add_char(b, ' ');
	if (!select)
		add_need(b, name, hint(tool, "readOnlyHint"));
	add_title(b, tool, arena);
	if (select) {
		b->n--; /* the line's end, which comes again */
		add_values(b, name, select, values);
	}
}

static void add_hashes(struct buf *b, const struct mcp_server *server)
{
	const json_t *tool;
	size_t i;
	buf_add_text(b, "  # What each tool was when this was written. `remit check-config --mcp URL` tells which is another "
		"now:\n  # look at it again, then write the new hash.\n  definitions:\n");
	json_array_foreach(server->tools, i, tool) {
		char hash[MCP_HASH_CHARS + 1];
		if (!mcp_tool_hash(tool, hash)) {
			b->failed = true;
			return;
		}
		buf_add_text(b, "    ");
		buf_add_json(b, str_of(json_string_value(json_object_get(tool, "name"))));
		buf_printf(b, ": \"%s\"\n", hash);
	}
}

bool mcp_draft(const struct mcp_server *server, const char *name, struct arena *arena, struct buf *ret)
{
	const json_t *tool;
	size_t i;
	buf_add_text(ret, "# A draft by `remit init` out of a running MCP server: read it before you rely on it. What no rule "
		"maps is\n# in no list, and refused for every token.\n");
	draft_head(ret, name, *server->name ? server->name : "My MCP server");
	buf_printf(ret, "\n# Check: fewer scopes are easier to grant well; what is dangerous deserves one of its own. Writing "
		"never\n# implies reading.\nscopes:\n  \"%s:read\": Use what only reads.\n  \"%s:write\": Use what changes "
		"something.\n", name, name);
	buf_printf(ret, "\npresets:\n  read-only:\n    title: Read-only\n    for: Programs that look and change nothing.\n"
		"    default: true\n    scopes: [\"%s:read\"]\n  full:\n    title: Full access\n    for: Programs that may do "
		"all there is.\n    scopes: [\"%s:read\", \"%s:write\"]\n", name, name, name);
	buf_add_text(ret, "\n# Check each need: what a server says of its tools is a hint of its own. Resources and prompts have no "
		"rule\n# here yet, and so are hidden: `resources: { \"*\": SCOPE }`, `prompts: { \"*\": SCOPE }`.\nmcp:\n  endpoint: ");
	buf_add_json(ret, str_of(server->path));
	buf_add_text(ret, json_array_size(server->tools) > 0 ? "\n  tools:\n" : "\n");
	json_array_foreach(server->tools, i, tool)
		add_tool(ret, name, tool, arena);
	if (json_array_size(server->tools) > 0)
		add_hashes(ret, server);
	return !ret->failed;
}
