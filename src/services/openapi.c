/* SPDX-License-Identifier: Apache-2.0
 * The OpenAPI 3.1 document of a service, made from its table of operations and the policy that
 * guards it, so that it cannot say anything else than what runs.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/service.h"

#include "base/buf.h"

#include <stdlib.h>
#include <stdio.h>

#define DESCRIPTION_MAX (16 * 1024)

static uint32_t find_rule(const struct remit_policy *policy, const struct service_operation *operation)
{
	struct str method = str_of(operation->method);
	for (uint32_t i = 0; i < remit_policy_operations(policy); i++) {
		struct str rest = str_of(remit_policy_operation(policy, i)->text);
		struct str head;
		if (str_cut(&rest, ' ', &head) && str_eq(head, method) && str_is(rest, operation->path))
			return i;
	}
	return REMIT_NO_OPERATION;
}

/* [["stories:write"], ...]: the alternatives of one part of a need, each being "all of". */
static json_t *need_json(const struct remit_policy *policy, uint32_t rule, uint32_t whens, size_t part)
{
	json_t *any = json_array();
	struct remit_scopes set;
	for (size_t i = 0; remit_policy_need(policy, rule, whens, part, i, &set); i++) {
		json_t *all = json_array();
		for (size_t s = 0; s < remit_policy_scopes(policy); s++)
			if (remit_scopes_has(&set, s))
				json_array_append_new(all, json_string(remit_policy_scope_name(policy, s)));
		json_array_append_new(any, all);
	}
	return any;
}

/* "stories:write and stories:publish, or *". */
static void need_text(json_t *any, struct buf *out)
{
	size_t i, j;
	json_t *all, *name;
	json_array_foreach(any, i, all) {
		buf_add_text(out, i > 0 ? ", or " : "");
		json_array_foreach(all, j, name) {
			buf_add_text(out, j > 0 ? " and " : "");
			buf_printf(out, "`%s`", json_string_value(name));
		}
	}
}

static const char *source_text(enum remit_source source)
{
	switch (source) {
	case REMIT_SOURCE_PATH:
		return "path parameter";
	case REMIT_SOURCE_QUERY:
		return "query parameter";
	case REMIT_SOURCE_HEADER:
		return "header";
	case REMIT_SOURCE_BODY:
		return "body value";
	case REMIT_SOURCE_ARGUMENT:
		return "argument";
	}
	return "value";
}

static void when_text(const struct remit_when *when, json_t *any, struct buf *out)
{
	buf_add_text(out, " Also ");
	need_text(any, out);
	buf_printf(out, " when the %s `%s` ", source_text(when->source), when->name);
	if (when->test == REMIT_TEST_EQUALS)
		buf_printf(out, "is `%s`.", when->value);
	else
		buf_add_text(out, when->test == REMIT_TEST_PRESENT ? "is there." : "is not there.");
}

void service_write_need(const struct remit_policy *policy, uint32_t operation, struct buf *out)
{
	const struct remit_operation *rule = remit_policy_operation(policy, operation);
	json_t *base = need_json(policy, operation, 0, 0);
	if (rule->need == REMIT_NEED_PUBLIC) {
		buf_add_text(out, "Needs no token.");
	} else if (rule->need == REMIT_NEED_TOKEN) {
		buf_add_text(out, "Needs any valid token.");
	} else {
		buf_add_text(out, "Needs ");
		need_text(base, out);
		buf_add_text(out, ".");
	}
	json_decref(base);
	for (size_t i = 0; i < rule->when_count; i++) {
		json_t *more = need_json(policy, operation, 1u << i, 1);
		if (json_array_size(more) > 0)
			when_text(&rule->whens[i], more, out);
		json_decref(more);
	}
}

/* Says what the operation asks for, for people (description) and for programs (x-remit-scopes). */
static void add_need(json_t *entry, const struct remit_policy *policy, uint32_t rule)
{
	const struct remit_operation *operation = remit_policy_operation(policy, rule);
	struct buf text;
	buf_init(&text, DESCRIPTION_MAX);
	service_write_need(policy, rule, &text);
	if (operation->need == REMIT_NEED_PUBLIC)
		json_object_set_new(entry, "security", json_array());
	json_object_set_new(entry, "x-remit-scopes", need_json(policy, rule, 0, 0));
	json_t *conditions = json_array();
	for (size_t i = 0; i < operation->when_count; i++)
		json_array_append_new(conditions, need_json(policy, rule, 1u << i, 1));
	if (operation->when_count > 0)
		json_object_set(entry, "x-remit-scopes-when", conditions);
	json_decref(conditions);
	json_object_set_new(entry, "description", json_stringn(text.p ? text.p : "", text.n));
	buf_done(&text);
}

static json_t *reference(const char *component)
{
	return json_pack("{s:{s:o}}", "schema",
		"$ref", json_sprintf("#/components/schemas/%s", component));
}

static json_t *parameters_json(const struct service_operation *operation)
{
	json_t *list = json_array();
	struct str rest = str_of(operation->path);
	for (struct str segment; rest.n > 0;) {
		str_cut(&rest, '/', &segment);
		if (segment.n < 3 || segment.p[0] != '{')
			continue;
		json_array_append_new(list,
			json_pack("{s:s%,s:s,s:b,s:{s:s}}", "name", segment.p + 1, segment.n - 2,
			"in", "path", "required", 1, "schema", "type", "string"));
	}
	for (size_t i = 0; i < operation->parameter_count; i++) {
		const struct service_parameter *p = &operation->parameters[i];
		json_array_append_new(list, json_pack("{s:s,s:s,s:b,s:s,s:{s:s}}", "name", p->name,
			"in", "query", "required", 0, "description", p->meaning, "schema", "type", p->type));
	}
	return list;
}

static json_t *error_response(const char *description)
{
	return json_pack("{s:s,s:{s:o}}", "description", description,
		"content", "application/json", reference("Error"));
}

static json_t *responses_json(const struct service_operation *operation, bool keyed)
{
	json_t *list = json_object();
	char status[16];
	snprintf(status, sizeof(status), "%d", operation->success);
	json_t *success = json_pack("{s:s}", "description", operation->summary);
	if (operation->response)
		json_object_set_new(success, "content", json_pack("{s:o}", "application/json",
			reference(operation->response)));
	json_object_set_new(list, status, success);
	if (keyed) {
		json_object_set_new(list, "401", error_response("The token is missing, or no good"));
		json_object_set_new(list, "403", error_response("The token lacks a scope"));
		json_object_set_new(list, "429", error_response("Too many requests with this token"));
	}
	if (strchr(operation->path, '{'))
		json_object_set_new(list, "404", error_response("No such object, or another project's"));
	if (operation->body != SERVICE_BODY_NONE || operation->parameter_count > 0)
		json_object_set_new(list, "422",
			error_response("The input breaks a rule; the message names the field"));
	if (operation->body != SERVICE_BODY_NONE) {
		json_object_set_new(list, "400", error_response("The body cannot be read"));
		json_object_set_new(list, "413", error_response("The body is too large"));
		json_object_set_new(list, "415", error_response("The body has another type"));
	}
	return list;
}

static json_t *operation_json(const struct service_operation *operation, const struct remit_policy *policy)
{
	json_t *entry = json_pack("{s:s,s:s}", "operationId", operation->name, "summary", operation->summary);
	uint32_t rule = find_rule(policy, operation);
	bool keyed = true;
	if (rule != REMIT_NO_OPERATION) {
		add_need(entry, policy, rule);
		keyed = remit_policy_operation(policy, rule)->need != REMIT_NEED_PUBLIC;
	}
	json_t *parameters = parameters_json(operation);
	if (json_array_size(parameters) > 0)
		json_object_set(entry, "parameters", parameters);
	json_decref(parameters);
	if (operation->body != SERVICE_BODY_NONE) {
		bool form = operation->body == SERVICE_BODY_MULTIPART || operation->body == SERVICE_BODY_EITHER;
		json_t *content = json_pack("{s:o}", form ? "multipart/form-data" : "application/json",
			operation->request ? reference(operation->request) : json_object());
		if (operation->request_json)
			json_object_set_new(content, "application/json", reference(operation->request_json));
		json_object_set_new(entry, "requestBody", json_pack("{s:b,s:o}",
			"required", operation->body != SERVICE_BODY_OPTIONAL, "content", content));
	}
	json_object_set_new(entry, "responses", responses_json(operation, keyed));
	return entry;
}

static json_t *paths_json(const struct service *service, const struct remit_policy *policy)
{
	json_t *paths = json_object();
	for (size_t i = 0; i < service->operation_count; i++) {
		const struct service_operation *operation = &service->operations[i];
		json_t *path = json_object_get(paths, operation->path);
		if (!path) {
			path = json_object();
			json_object_set_new(paths, operation->path, path);
		}
		char method[16] = "";
		for (size_t c = 0; operation->method[c] && c + 1 < sizeof(method); c++)
			method[c] = (char)(operation->method[c] | 0x20);
		json_object_set_new(path, method, operation_json(operation, policy));
	}
	return paths;
}

static json_t *components_json(const struct service *service)
{
	json_t *schemas = service->components ? json_loads(service->components, JSON_REJECT_DUPLICATES, NULL)
		: NULL;
	if (!schemas)
		schemas = json_object();
	json_object_set_new(schemas, "Error", json_pack("{s:s,s:[s],s:{s:{s:s,s:[ss],s:{s:{s:s},s:{s:s}}}}}",
		"type", "object", "required", "error", "properties", "error",
		"type", "object", "required", "code", "message",
		"properties", "code", "type", "string", "message", "type", "string"));
	return json_pack("{s:o,s:{s:{s:s,s:s}}}", "schemas", schemas,
		"securitySchemes", "bearer", "type", "http", "scheme", "bearer");
}

struct str service_openapi(const struct service *service, const struct remit_policy *policy, const char *base,
	const char *public_url, const char *version, struct arena *arena)
{
	json_t *document = json_pack("{s:s,s:{s:s,s:s},s:[{s:o}],s:[{s:[]}],s:o,s:o}",
		"openapi", "3.1.0",
		"info", "title", service->title, "version", version,
		"servers", "url", json_sprintf("%s%s", public_url, base),
		"security", "bearer",
		"paths", paths_json(service, policy),
		"components", components_json(service));
	char *text = document ? json_dumps(document, JSON_COMPACT) : NULL;
	json_decref(document);
	struct str copy = text ? arena_copy_str(arena, str_of(text)) : (struct str){ NULL, 0 };
	free(text);
	return copy;
}
