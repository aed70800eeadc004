/* SPDX-License-Identifier: Apache-2.0
 * What an MCP server says of itself, and its tools called.
 * service.h: may include base, core, wire and store.
 */
#include "services/mcp.h"

#include "base/limits.h"
#include "wire/json.h"

#include <stdlib.h>

#define RESULT_MAX (64u * 1024 * 1024)
#define LIST_TTL_MS 60000 /* a token's scopes may shrink, a profile may change */
#define NUMBER_ROOM 32

const struct service_mcp_tool *service_mcp_find(const struct service_mcp *mcp, struct str name)
{
	for (size_t i = 0; i < mcp->tool_count; i++)
		if (str_is(name, mcp->tools[i].tool->name))
			return &mcp->tools[i];
	return NULL;
}

/* ---- What it is ---- */

static struct str keep(struct buf *out, struct arena *arena)
{
	struct str text = out->failed ? (struct str){ NULL, 0 } : arena_copy_str(arena, buf_str(out));
	buf_done(out);
	return text;
}

/* What every result of 2026-07-28 has, and the end of the object. */
static void end_result(const struct service_mcp *mcp, bool modern, bool cached, struct buf *out)
{
	if (modern) {
		if (cached)
			buf_printf(out, ",\"ttlMs\":%d,\"cacheScope\":\"private\"", LIST_TTL_MS);
		buf_add_text(out, ",\"resultType\":\"complete\",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":");
		buf_add_str(out, mcp->server_info);
		buf_add_char(out, '}');
	}
	buf_add_char(out, '}');
}

static const char *agree_on(struct str wanted)
{
	static const char *const known[] = { "2024-11-05", "2025-03-26", "2025-06-18" };
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_is(wanted, known[i]))
			return known[i];
	return MCP_LEGACY;
}

struct str service_mcp_initialize(const struct service_mcp *mcp, struct str wanted, struct arena *arena)
{
	struct buf out;
	buf_init(&out, RESULT_MAX);
	buf_printf(&out, "{\"protocolVersion\":\"%s\",\"capabilities\":{\"tools\":{}},\"serverInfo\":", agree_on(wanted));
	buf_add_str(&out, mcp->server_info);
	buf_add_text(&out, ",\"instructions\":");
	buf_add_str(&out, mcp->instructions);
	end_result(mcp, false, false, &out);
	return keep(&out, arena);
}

struct str service_mcp_discover(const struct service_mcp *mcp, struct arena *arena)
{
	struct buf out;
	buf_init(&out, RESULT_MAX);
	buf_add_text(&out, "{\"supportedVersions\":[\"" MCP_MODERN "\"],\"capabilities\":{\"tools\":{}},\"instructions\":");
	buf_add_str(&out, mcp->instructions);
	end_result(mcp, true, true, &out);
	return keep(&out, arena);
}

/* A tool as the list shows it; {NULL, 0} where it does not. */
static struct str as_shown(const struct service_mcp_tool *tool, const struct mcp_list_rules *rules,
	struct buf *narrowed)
{
	static const struct str hidden = { NULL, 0 };
	struct str instead = hidden;
	size_t size;
	if (!tool->selects)
		return rules->shown(rules->ctx, MCP_LIST_TOOLS, str_of(tool->tool->name)) ? tool->definition : hidden;
	buf_reset(narrowed);
	if (mcp_item_judge(rules, MCP_LIST_TOOLS, tool->definition, narrowed, &size, &instead) != MCP_ITEM_SHOWN)
		return hidden;
	return instead.p ? instead : tool->definition;
}

struct str service_mcp_list(const struct service_mcp *mcp, const struct mcp_list_rules *rules, bool modern,
	struct arena *arena)
{
	struct buf out, narrowed;
	bool any = false;
	buf_init(&out, RESULT_MAX);
	buf_init(&narrowed, LIMIT_MCP_ITEM_BYTES);
	buf_add_text(&out, "{\"tools\":[");
	for (size_t i = 0; i < mcp->tool_count; i++) {
		struct str shown = as_shown(&mcp->tools[i], rules, &narrowed);
		if (!shown.p)
			continue;
		buf_add_text(&out, any ? "," : "");
		buf_add_str(&out, shown);
		any = true;
	}
	buf_done(&narrowed);
	buf_add_char(&out, ']');
	end_result(mcp, modern, true, &out);
	return keep(&out, arena);
}

/* ---- A call's result ---- */

static void begin_text(struct buf *out)
{
	buf_add_text(out, "{\"content\":[{\"type\":\"text\",\"text\":");
}

static void finish(struct service_mcp_call *c, struct buf *out)
{
	end_result(c->mcp, c->modern, false, out);
	c->result = keep(out, c->call.arena);
}

static void refuse(struct service_mcp_call *c, struct str sentence)
{
	struct buf out;
	buf_init(&out, RESULT_MAX);
	begin_text(&out);
	buf_add_json(&out, sentence);
	buf_add_text(&out, "}],\"isError\":true");
	finish(c, &out);
}

/* The sentence of an operation's refusal, as it stands in its answer. */
static void tell_refusal(struct service_mcp_call *c)
{
	struct json_wanted wanted = { .pointer = STR("/error/message") };
	const char *what;
	struct buf out;
	size_t at;
	bool found = json_select(c->call.answer.body, &wanted, 1, &at, &what) == JSON_SELECT_OK
		&& wanted.kind == JSON_KIND_STRING;
	buf_init(&out, RESULT_MAX);
	begin_text(&out);
	buf_add_char(&out, '"');
	buf_add_str(&out, found ? wanted.raw : STR("The operation failed"));
	buf_add_text(&out, "\"}],\"isError\":true");
	finish(c, &out);
}

static void tell_answer(struct service_mcp_call *c)
{
	const struct str body = c->call.answer.body;
	struct buf out;
	buf_init(&out, RESULT_MAX);
	begin_text(&out);
	if (body.n > 0) {
		buf_add_json(&out, body);
		buf_add_text(&out, "}],\"structuredContent\":");
		buf_add_str(&out, body);
	} else {
		buf_add_text(&out, "\"Done.\"}],\"structuredContent\":{}");
	}
	finish(c, &out);
}

/* Of a tool that stands for itself. */
static void tell_told(struct service_mcp_call *c)
{
	const struct service_tool_answer *told = &c->call.told;
	char *structured = told->structured ? json_dumps(told->structured, JSON_COMPACT) : NULL;
	char *content = told->content ? json_dumps(told->content, JSON_COMPACT) : NULL;
	struct buf out;
	if (told->broken || (told->structured && !structured) || (told->content && !content)) {
		refuse(c, STR("Out of memory"));
	} else if (!structured && !content) {
		refuse(c, STR("The tool gave no answer"));
	} else {
		buf_init(&out, RESULT_MAX);
		if (content) {
			buf_add_text(&out, "{\"content\":");
			buf_add_text(&out, content);
		} else {
			begin_text(&out);
			buf_add_json(&out, str_of(structured));
			buf_add_text(&out, "}]");
		}
		if (structured) {
			buf_add_text(&out, ",\"structuredContent\":");
			buf_add_text(&out, structured);
		}
		buf_add_text(&out, told->failed ? ",\"isError\":true" : "");
		finish(c, &out);
	}
	free(structured);
	free(content);
}

/* ---- A call's arguments ---- */

/* As it would stand in a path or a query. */
static bool text_of(const json_t *value, struct arena *arena, struct str *ret)
{
	if (json_is_string(value)) {
		*ret = (struct str){ json_string_value(value), json_string_length(value) };
		return true;
	}
	if (json_is_boolean(value))
		*ret = str_of(json_is_true(value) ? "true" : "false");
	else if (json_is_number(value))
		*ret = str_of(arena_printf(arena, "%.0f", json_number_value(value)));
	return ret->p != NULL;
}

/* The parameters of the path, in its order; the schema has seen to it that all are there. */
static bool take_path(struct service_mcp_call *c, json_t *arguments)
{
	struct str rest = str_of(c->call.operation->path), segment;
	while (rest.n > 0) {
		str_cut(&rest, '/', &segment);
		if (segment.n < 3 || segment.p[0] != '{')
			continue;
		const json_t *value = json_object_getn(arguments, segment.p + 1, segment.n - 2);
		if (c->call.param_count == REMIT_PARAMS_MAX || !value
			|| !text_of(value, c->call.arena, &c->call.params[c->call.param_count]))
			return false;
		c->call.param_count++;
	}
	return true;
}

static bool take_query(struct service_mcp_call *c, json_t *arguments)
{
	struct query *query = ARENA_NEW(c->call.arena, struct query);
	if (!query)
		return false;
	for (size_t i = 0; i < c->call.operation->parameter_count; i++) {
		const char *name = c->call.operation->parameters[i].name;
		const json_t *value = json_object_get(arguments, name);
		if (!value)
			continue;
		struct query_pair *pair = &query->pairs[query->count++];
		pair->name = str_of(name);
		if (!text_of(value, c->call.arena, &pair->value))
			return false;
	}
	c->call.query = query;
	return true;
}

/* What is neither in the path nor in the query: the members of the body. A copy that shares its values. */
static json_t *rest_of(const struct service_operation *operation, const json_t *arguments)
{
	json_t *body = json_copy((json_t *)(uintptr_t)arguments);
	struct str rest = str_of(operation->path), segment;
	while (body && rest.n > 0) {
		str_cut(&rest, '/', &segment);
		if (segment.n > 2 && segment.p[0] == '{')
			(void)json_object_deln(body, segment.p + 1, segment.n - 2);
	}
	for (size_t i = 0; body && i < operation->parameter_count; i++)
		(void)json_object_del(body, operation->parameters[i].name);
	return body;
}

static void run_operation(struct service_mcp_call *c, json_t *arguments)
{
	const struct service_operation *operation = c->call.operation;
	json_t *body = operation->body != SERVICE_BODY_NONE ? rest_of(operation, arguments) : NULL;
	if ((operation->body != SERVICE_BODY_NONE && !body) || !take_path(c, arguments) || !take_query(c, arguments)) {
		json_decref(body);
		refuse(c, STR("Out of memory"));
		return;
	}
	service_run_json(c->service, &c->call, body);
	json_decref(body);
	if (c->call.answer.status >= 300)
		tell_refusal(c);
	else
		tell_answer(c);
}

static void run_itself(struct service_mcp_call *c, json_t *arguments)
{
	struct service_tool_answer *told = &c->call.told;
	*told = (struct service_tool_answer){ .structured = NULL };
	c->call.json = arguments;
	c->tool->tool->run(c->service, &c->call);
	c->call.json = NULL;
	tell_told(c);
	json_decref(told->structured);
	json_decref(told->content);
	*told = (struct service_tool_answer){ .structured = NULL };
}

void service_mcp_run(struct service_mcp_call *c)
{
	char mistake[SCHEMA_MISTAKE_ROOM];
	json_error_t error;
	json_t *arguments = c->arguments.p ? json_loadb(c->arguments.p, c->arguments.n, JSON_REJECT_DUPLICATES, &error)
					   : json_object();
	c->call.operation = c->tool->operation;
	if (!arguments) {
		snprintf(mistake, sizeof(mistake), "The arguments cannot be read: %s", error.text);
		refuse(c, str_of(mistake));
	} else if (!schema_check(c->tool->schema, arguments, mistake)) {
		refuse(c, str_of(mistake));
	} else if (c->tool->operation) {
		run_operation(c, arguments);
	} else {
		run_itself(c, arguments);
	}
	json_decref(arguments);
}
