/* SPDX-License-Identifier: Apache-2.0
 * What every service shares: reading a call's JSON and query strictly, and the form of answers.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/service.h"

#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ERROR_TEXT_MAX 1024 /* of one message */

/* What is answered where even the error cannot be written for want of memory. */
static const char NO_MEMORY_BODY[] = "{\"error\":{\"code\":\"unavailable\",\"message\":\"Out of memory\"}}";

bool service_is_cancelled(const struct service_call *call)
{
	return call->watch && call->watch->is_cancelled(call->watch);
}

void service_progress(const struct service_call *call, uint64_t done, uint64_t total)
{
	if (call->watch)
		call->watch->progress(call->watch, done, total);
}

static void answer_without_memory(struct service_call *call)
{
	call->answer.status = 503;
	call->answer.body = STR(NO_MEMORY_BODY);
}

void service_answer_json(struct service_call *call, int status, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	call->answer.body = text ? arena_copy_str(call->arena, str_of(text)) : (struct str){ NULL, 0 };
	free(text);
	call->answer.status = status;
	if (!call->answer.body.p)
		answer_without_memory(call);
}

void service_fail(struct service_call *call, int status, const char *code, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;
	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);

	struct buf out;
	buf_init(&out, 8 * ERROR_TEXT_MAX);
	buf_add_text(&out, "{\"error\":{\"code\":");
	buf_add_json(&out, str_of(code));
	buf_add_text(&out, ",\"message\":");
	buf_add_json(&out, str_of(text));
	buf_add_text(&out, "}}");
	call->answer.status = status;
	call->answer.content_type = NULL;
	call->answer.body = out.failed ? (struct str){ NULL, 0 } : arena_copy_str(call->arena, buf_str(&out));
	buf_done(&out);
	if (!call->answer.body.p)
		answer_without_memory(call);
}

bool service_answer_header(struct service_call *call, const char *name, const char *value)
{
	struct service_answer *answer = &call->answer;
	if (answer->header_count == SERVICE_HEADERS_MAX)
		return false;
	struct str name_copy = arena_copy_str(call->arena, str_of(name));
	struct str value_copy = arena_copy_str(call->arena, str_of(value));
	if (!name_copy.p || !value_copy.p)
		return false;
	answer->headers[answer->header_count++] = (struct http_header){ name_copy, value_copy };
	return true;
}

enum service_body service_body_of(const struct service_operation *operation, const struct http_request *request)
{
	struct str type;
	if (operation->body != SERVICE_BODY_EITHER)
		return operation->body;
	struct str value = http_request_header(request, STR("Content-Type"), NULL);
	bool json = value.p && http_media_type(value, &type) && str_eq_ignore_case(type, STR("application/json"));
	return json ? SERVICE_BODY_JSON : SERVICE_BODY_MULTIPART;
}

/* Reads the body where the operation takes JSON. The gate has judged its syntax and its depth. */
static bool read_json(struct service_call *call)
{
	enum service_body body = service_body_of(call->operation, call->request);
	if (body != SERVICE_BODY_JSON && body != SERVICE_BODY_OPTIONAL)
		return true;
	if (body == SERVICE_BODY_OPTIONAL && call->body.n == 0)
		return true;
	json_error_t error;
	json_t *json = json_loadb(call->body.p ? call->body.p : "", call->body.n, JSON_REJECT_DUPLICATES,
		&error);
	if (!json) {
		service_fail(call, 400, "bad_request", "The body is not JSON that can be read: %s (byte %d)",
			error.text, error.position);
		return false;
	}
	if (!json_is_object(json)) {
		json_decref(json);
		service_fail(call, 400, "bad_request", "The body must be one JSON object");
		return false;
	}
	call->json = json;
	return true;
}

static bool knows_parameter(const struct service_operation *operation, struct str name)
{
	for (size_t i = 0; i < operation->parameter_count; i++)
		if (str_is(name, operation->parameters[i].name))
			return true;
	return false;
}

/* A parameter that is misspelt must not be passed over: the caller believes that it counts. */
static bool check_query(struct service_call *call)
{
	const struct query *query = call->query;
	for (size_t i = 0; query && i < query->count; i++) {
		struct str name = query->pairs[i].name;
		if (!knows_parameter(call->operation, name)) {
			service_fail(call, 422, "validation_failed", "Unknown query parameter \"%.*s\"",
				(int)(name.n > 100 ? 100 : name.n), name.p);
			return false;
		}
		for (size_t j = 0; j < i; j++) {
			if (!str_eq(query->pairs[j].name, name))
				continue;
			service_fail(call, 422, "validation_failed", "Query parameter \"%.*s\" stands twice",
				STR_FMT(name));
			return false;
		}
	}
	return true;
}

void service_run_json(struct service *service, struct service_call *call, json_t *json)
{
	call->answer = (struct service_answer){ .fd = -1 };
	call->json = json;
	if (check_query(call))
		call->operation->run(service, call);
	call->json = NULL;
	if (call->answer.status == 0)
		service_fail(call, 500, "internal", "The operation gave no answer");
}

void service_run(struct service *service, struct service_call *call)
{
	call->json = NULL;
	call->answer = (struct service_answer){ .fd = -1 };
	if (!read_json(call))
		return;
	json_t *json = call->json;
	service_run_json(service, call, json);
	json_decref(json);
}
