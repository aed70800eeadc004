/* SPDX-License-Identifier: Apache-2.0
 * statamic-system-discover and statamic-system-schema: which tool and action serve an intent, and what a tool takes.
 * They look at the table of tools alone, and need a token and no scope.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/internal.h"

#include "services/content/tools/entry.h"

#define WORDS_MAX 16

static void answer(struct service_call *call, const char *tool, json_t *data, const char *error)
{
	json_t *json = json_pack("{s:b,s:o,s:{s:s,s:o}}", "success", error == NULL, "data", data ? data : json_null(), "meta",
		"tool", tool, "timestamp", tool_json_time(call->now_ms));
	if (json && error)
		(void)json_object_set_new(json, "errors", json_pack("[s]", error));
	service_tool_answer(call, json, error != NULL);
}

/* How many words of the intent a text has. */
static unsigned fit(struct str intent, struct str text)
{
	unsigned found = 0;
	struct str word;
	for (unsigned i = 0; intent.n > 0 && i < WORDS_MAX; i++) {
		str_cut(&intent, ' ', &word);
		if (word.n > 3 && (word.p[word.n - 1] == 's' || word.p[word.n - 1] == 'S'))
			word.n--; /* "entries" and "entry" have little else in common, "terms" and "term" all */
		found += word.n > 2 && text_contains(text, word);
	}
	return found;
}

static json_t *actions_of(const json_t *schema)
{
	const json_t *action = json_object_get(json_object_get(schema, "properties"), "action");
	json_t *list = json_object_get(action, "enum");
	return list ? json_incref(list) : json_array();
}

/* Best first: an insertion sort of a handful. */
static void insert(json_t *list, json_t *tool, json_int_t score)
{
	size_t at = 0;
	while (at < json_array_size(list)
		&& json_integer_value(json_object_get(json_array_get(list, at), "matches")) >= score)
		at++;
	(void)json_array_insert_new(list, at, tool);
}

void tool_discover(struct service *service, struct service_call *call)
{
	const char *text = json_string_value(json_object_get(call->json, "intent"));
	const struct str intent = text ? str_of(text) : (struct str){ NULL, 0 };
	json_t *list = json_array();
	for (size_t i = 0; i < service->tool_count; i++) {
		const struct service_tool *tool = &service->tools[i];
		const unsigned score = fit(intent, str_of(tool->name)) * 2 + fit(intent, str_of(tool->summary))
			+ fit(intent, str_of(tool->input));
		if (intent.n > 0 && score == 0)
			continue;
		json_t *schema = json_loads(tool->input, 0, NULL);
		insert(list, json_pack("{s:s,s:s,s:s,s:o,s:I}", "tool", tool->name, "title", tool->title, "summary",
			tool->summary, "actions", actions_of(schema), "matches", (json_int_t)score), score);
		json_decref(schema);
	}
	answer(call, "statamic-system-discover", json_pack("{s:o}", "tools", list), NULL);
}

void tool_schema(struct service *service, struct service_call *call)
{
	const char *name = json_string_value(json_object_get(call->json, "tool"));
	for (size_t i = 0; name && i < service->tool_count; i++)
		if (strcmp(service->tools[i].name, name) == 0) {
			answer(call, "statamic-system-schema", json_pack("{s:s,s:s,s:o}", "tool", name, "summary",
				service->tools[i].summary, "schema", json_loads(service->tools[i].input, 0, NULL)), NULL);
			return;
		}
	answer(call, "statamic-system-schema", NULL, "There is no such tool: statamic-system-discover names them");
}
