/* SPDX-License-Identifier: Apache-2.0
 * What a tool that stands for itself tells its caller.
 * service.h: may include base, core, wire and store.
 */
#include "services/service.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define SENTENCE_MAX 1024

/* Takes `json` over, which may be NULL for want of memory. */
static void add(struct service_call *call, json_t *json)
{
	struct service_tool_answer *told = &call->told;
	if (!told->content)
		told->content = json_array();
	if (!json || !told->content || json_array_append_new(told->content, json) != 0)
		told->broken = true;
}

void service_tool_answer(struct service_call *call, json_t *json, bool failed)
{
	struct service_tool_answer *told = &call->told;
	json_decref(told->structured);
	told->structured = json;
	told->failed = failed;
	if (!json_is_object(json))
		told->broken = true;
}

void service_tool_text(struct service_call *call, struct str text)
{
	add(call, json_pack("{s:s,s:s%}", "type", "text", "text", text.p ? text.p : "", text.n));
}

void service_tool_fail(struct service_call *call, const char *format, ...)
{
	char text[SENTENCE_MAX];
	va_list args;
	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	size_t n = strlen(text);
	while (n > 0 && !utf8_valid((struct str){ text, n }))
		n--; /* a character that was cut */
	service_tool_text(call, (struct str){ text, n });
	call->told.failed = true;
}

/* A JSON string; NULL without memory. */
static json_t *coded(struct str bytes)
{
	char *text = malloc((bytes.n + 2) / 3 * 4 + 1);
	size_t n = text ? base64_encode((const uint8_t *)bytes.p, bytes.n, text) : 0;
	json_t *json = text ? json_stringn(text, n) : NULL;
	free(text);
	return json;
}

void service_tool_image(struct service_call *call, struct str bytes, const char *media_type)
{
	add(call, json_pack("{s:s,s:o,s:s}", "type", "image", "data", coded(bytes), "mimeType", media_type));
}

void service_tool_audio(struct service_call *call, struct str bytes, const char *media_type)
{
	add(call, json_pack("{s:s,s:o,s:s}", "type", "audio", "data", coded(bytes), "mimeType", media_type));
}

static void add_resource(struct service_call *call, const char *uri, const char *media_type, const char *member,
	json_t *value)
{
	add(call, json_pack("{s:s,s:{s:s,s:s,s:o}}", "type", "resource", "resource", "uri", uri, "mimeType", media_type,
		member, value));
}

void service_tool_resource(struct service_call *call, const char *uri, const char *media_type, struct str text)
{
	add_resource(call, uri, media_type, "text", json_stringn(text.p ? text.p : "", text.n));
}

void service_tool_resource_bytes(struct service_call *call, const char *uri, const char *media_type, struct str bytes)
{
	add_resource(call, uri, media_type, "blob", coded(bytes));
}
