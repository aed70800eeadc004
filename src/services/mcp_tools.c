/* SPDX-License-Identifier: Apache-2.0
 * The definitions of tools, made from the tables that make routes and the OpenAPI document.
 * service.h: may include base, core, wire and store.
 */
#include "services/mcp.h"

#include <stdio.h>
#include <stdlib.h>

#define REFERENCES_MAX 8 /* that lead to references */
#define TEXT_MAX (64 * 1024)

struct rule_of { /* a tool */
	const char *name;
	size_t n;
	const char *select; /* the argument whose values have rules of their own; NULL: `number` is the only one */
	uint32_t number;
};

struct maker {
	const struct service *service;
	const struct remit_policy *policy;
	struct arena *arena;
	json_t *components;
};

static const struct service_operation *find_operation(const struct service *service, const char *name)
{
	for (size_t i = 0; i < service->operation_count; i++)
		if (strcmp(service->operations[i].name, name) == 0)
			return &service->operations[i];
	return NULL;
}

/* A copy of a schema with what it refers to in the references' places: a tool's schema stands alone. NULL where a
 * reference leads nowhere, or in a circle. */
static json_t *inlined(const struct maker *m, const json_t *json, unsigned references)
{
	static const char prefix[] = "#/components/schemas/";
	const char *to = json_string_value(json_object_get(json, "$ref")), *name;
	json_t *value, *copy;
	size_t i;
	if (to) {
		const json_t *target = strncmp(to, prefix, sizeof(prefix) - 1) == 0
			? json_object_get(m->components, to + sizeof(prefix) - 1) : NULL;
		return target && references < REFERENCES_MAX ? inlined(m, target, references + 1) : NULL;
	}
	if (json_is_array(json)) {
		copy = json_array();
		json_array_foreach(json, i, value)
			if (json_array_append_new(copy, inlined(m, value, references)) != 0)
				goto failed;
		return copy;
	}
	if (!json_is_object(json))
		return json_deep_copy(json);
	copy = json_object();
	json_object_foreach((json_t *)(uintptr_t)json, name, value)
		if (json_object_set_new(copy, name, inlined(m, value, references)) != 0)
			goto failed;
	return copy;
failed:
	json_decref(copy);
	return NULL;
}

/* NULL where there is none. */
static json_t *component(const struct maker *m, const char *name)
{
	const json_t *json = json_object_get(m->components, name);
	return json ? inlined(m, json, 0) : NULL;
}

/* A component by its name, or a schema as text. */
static json_t *own_schema(const struct maker *m, const char *text)
{
	if (*text != '{')
		return component(m, text);
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *whole = json ? inlined(m, json, 0) : NULL;
	json_decref(json);
	return whole;
}

/* Takes `schema` over. False where the name is taken already: two things would be one argument. */
static bool add_argument(json_t *properties, json_t *required, const char *name, json_t *schema, bool needed)
{
	if (json_object_get(properties, name)) {
		json_decref(schema);
		return false;
	}
	if (json_object_set_new(properties, name, schema) != 0)
		return false;
	return !needed || json_array_append_new(required, json_string(name)) == 0;
}

static bool add_path(const struct service_operation *operation, json_t *properties, json_t *required)
{
	struct str rest = str_of(operation->path), segment;
	while (rest.n > 0) {
		char name[64];
		str_cut(&rest, '/', &segment);
		if (segment.n < 3 || segment.p[0] != '{')
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(segment.n - 2), segment.p + 1);
		if (!add_argument(properties, required, name, json_pack("{s:s}", "type", "string"), true))
			return false;
	}
	return true;
}

static bool add_query(const struct service_operation *operation, json_t *properties, json_t *required)
{
	for (size_t i = 0; i < operation->parameter_count; i++) {
		const struct service_parameter *p = &operation->parameters[i];
		json_t *schema = json_pack("{s:s,s:s}", "type", p->type, "description", p->meaning);
		if (!add_argument(properties, required, p->name, schema, false))
			return false;
	}
	return true;
}

static bool is_required(const json_t *body, const char *name)
{
	const json_t *list = json_object_get(body, "required");
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_string_value(json_array_get(list, i)), name) == 0)
			return true;
	return false;
}

static bool add_body(const json_t *body, json_t *properties, json_t *required)
{
	const char *name;
	json_t *value;
	json_object_foreach(json_object_get(body, "properties"), name, value)
		if (!add_argument(properties, required, name, json_incref(value), is_required(body, name)))
			return false;
	return true;
}

/* NULL where something stands under two names, or is not there. */
static json_t *input_schema(const struct maker *m, const struct service_tool *tool,
	const struct service_operation *operation)
{
	const char *request = tool->request ? tool->request : operation->request;
	json_t *properties = json_object(), *required = json_array();
	json_t *body = operation->body != SERVICE_BODY_NONE && request ? component(m, request) : json_object();
	bool good = body && add_path(operation, properties, required) && add_query(operation, properties, required)
		&& add_body(body, properties, required);
	json_t *schema = good ? json_pack("{s:s,s:O,s:b}", "type", "object", "properties", properties,
		"additionalProperties", 0) : NULL;
	if (schema && json_array_size(required) > 0 && json_object_set(schema, "required", required) != 0) {
		json_decref(schema);
		schema = NULL;
	}
	json_decref(properties);
	json_decref(required);
	json_decref(body);
	return schema;
}

/* With what each value asks for, where the policy selects by one. */
static json_t *description(const struct maker *m, const char *summary, const struct rule_of *rule)
{
	struct buf text;
	const char *value;
	uint32_t number;
	buf_init(&text, TEXT_MAX);
	buf_printf(&text, "%s. ", summary);
	if (!rule->select)
		service_write_need(m->policy, rule->number, &text);
	for (size_t i = 0; rule->select && (value = remit_policy_tool_value(m->policy, rule->name, rule->n, i)); i++) {
		buf_printf(&text, "%s%s %s: ", i > 0 ? " " : "", rule->select, value);
		if (remit_policy_tool(m->policy, rule->name, rule->n, value, strlen(value), &number) == REMIT_OK)
			service_write_need(m->policy, number, &text);
	}
	json_t *json = text.failed ? NULL : json_stringn(text.p, text.n);
	buf_done(&text);
	return json;
}

static json_t *annotations(unsigned hints)
{
	return json_pack("{s:b,s:b,s:b,s:b}", "readOnlyHint", (hints & SERVICE_READS) != 0,
		"destructiveHint", (hints & SERVICE_OVERWRITES) != 0, "idempotentHint", (hints & SERVICE_REPEATS) != 0,
		"openWorldHint", (hints & SERVICE_REACHES_OUT) != 0);
}

/* Takes `input` over. `operation` is NULL for what stands for itself. */
static struct str definition(const struct maker *m, const struct service_tool *tool,
	const struct service_operation *operation, const struct rule_of *rule, json_t *input)
{
	const char *summary = tool->summary || !operation ? tool->summary : operation->summary;
	const char *output = operation ? operation->response : tool->output;
	json_t *json = json_pack("{s:s,s:s,s:o,s:o,s:o}", "name", tool->name, "title", tool->title ? tool->title : summary,
		"description", description(m, summary, rule), "inputSchema", input, "annotations", annotations(tool->hints));
	bool good = json && (!output || json_object_set_new(json, "outputSchema", own_schema(m, output)) == 0);
	char *text = good ? json_dumps(json, JSON_COMPACT) : NULL;
	struct str kept = text ? arena_copy_str(m->arena, str_of(text)) : (struct str){ NULL, 0 };
	json_decref(json);
	free(text);
	return kept;
}

/* False where no rule maps it. */
static bool find_rule(const struct maker *m, const struct service_tool *tool, struct rule_of *ret)
{
	*ret = (struct rule_of){ tool->name, strlen(tool->name), NULL, REMIT_NO_OPERATION };
	if (remit_policy_tool_select(m->policy, ret->name, ret->n, &ret->select) != REMIT_OK)
		return false;
	return ret->select || remit_policy_tool(m->policy, ret->name, ret->n, NULL, 0, &ret->number) == REMIT_OK;
}

/* Each value that the policy selects by is one that the schema lists: else the list would not be narrowed. */
static bool lists_values(const struct maker *m, const struct rule_of *rule, const json_t *input)
{
	const json_t *argument = json_object_get(json_object_get(input, "properties"), rule->select);
	const json_t *words = json_object_get(argument, "enum");
	const char *value;
	for (size_t i = 0; (value = remit_policy_tool_value(m->policy, rule->name, rule->n, i)) != NULL; i++) {
		bool found = false;
		for (size_t w = 0; !found && w < json_array_size(words); w++) {
			const char *word = json_string_value(json_array_get(words, w));
			found = word && strcmp(word, value) == 0;
		}
		if (!found)
			return false;
	}
	return true;
}

static bool make_tool(const struct maker *m, const struct service_tool *tool, const struct rule_of *rule,
	struct service_mcp_tool *ret)
{
	const struct service_operation *operation = tool->operation ? find_operation(m->service, tool->operation) : NULL;
	json_t *input = NULL;
	if (operation && !tool->run && !tool->input)
		input = input_schema(m, tool, operation);
	else if (!tool->operation && tool->run && tool->input && tool->summary)
		input = own_schema(m, tool->input);
	if (input && rule->select && !lists_values(m, rule, input)) {
		json_decref(input);
		input = NULL;
	}
	if (!input)
		return false;
	*ret = (struct service_mcp_tool){ .tool = tool, .operation = operation,
		.on_loop = operation ? operation->on_loop : tool->on_loop, .selects = rule->select != NULL,
		.schema = schema_make(input, m->arena) };
	ret->definition = definition(m, tool, operation, rule, input);
	return ret->schema && ret->definition.p;
}

static bool make_server_info(const struct service *service, const char *version, struct arena *arena,
	struct service_mcp *mcp)
{
	struct buf out;
	buf_init(&out, TEXT_MAX);
	buf_add_text(&out, "{\"name\":");
	buf_add_json(&out, str_of(service->name));
	buf_add_text(&out, ",\"title\":");
	buf_add_json(&out, str_of(service->title));
	buf_add_text(&out, ",\"version\":");
	buf_add_json(&out, str_of(version));
	buf_add_char(&out, '}');
	mcp->server_info = out.failed ? (struct str){ NULL, 0 } : arena_copy_str(arena, buf_str(&out));
	buf_done(&out);
	mcp->instructions = STR("\"The list holds the tools that the token covers. A call that it does not cover is "
		"answered with 403 and the scopes that are missing.\"");
	return mcp->server_info.p != NULL;
}

bool service_mcp_make(const struct service *service, const struct remit_policy *policy, const char *version,
	struct arena *arena, const struct service_mcp **ret, char reterr_text[256])
{
	struct maker m = { service, policy, arena, json_loads(service->components ? service->components : "{}",
		JSON_REJECT_DUPLICATES, NULL) };
	struct service_mcp *mcp = ARENA_NEW(arena, struct service_mcp);
	struct service_mcp_tool *tools = arena_alloc(arena, (service->tool_count + 1) * sizeof(*tools));
	bool good = m.components && mcp && tools && make_server_info(service, version, arena, mcp);
	snprintf(reterr_text, 256, "out of memory");
	for (size_t i = 0; good && i < service->tool_count; i++) {
		const struct service_tool *tool = &service->tools[i];
		struct rule_of rule;
		if (!find_rule(&m, tool, &rule))
			continue;
		good = make_tool(&m, tool, &rule, &tools[mcp->tool_count++]);
		if (!good)
			snprintf(reterr_text, 256, "the tool %s cannot be made from what it says of itself", tool->name);
	}
	json_decref(m.components);
	if (!good)
		return false;
	mcp->service = service;
	mcp->tools = tools;
	*ret = mcp;
	return true;
}
