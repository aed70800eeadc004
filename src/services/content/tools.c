/* SPDX-License-Identifier: Apache-2.0
 * The table of the content service's tools, with the schemas of their arguments. What each action asks for stands in
 * the profile.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/internal.h"

#define TEXT(name, meaning) "\"" name "\":{\"type\":\"string\",\"description\":\"" meaning "\"}"
#define FLAG(name, meaning) "\"" name "\":{\"type\":\"boolean\",\"description\":\"" meaning "\"}"
#define OBJECT(name, meaning) "\"" name "\":{\"type\":\"object\",\"description\":\"" meaning "\"}"
#define PAGE \
	"\"limit\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":500,\"description\":\"At most so many (100)\"}," \
	"\"offset\":{\"type\":\"integer\",\"minimum\":0,\"description\":\"So many are passed over\"}"
#define STRATEGY \
	"\"merge_strategy\":{\"enum\":[\"merge\",\"deep\",\"replace\"],\"description\":\"How data comes into what is there: " \
	"merge (each key in the place of the old one), deep (maps key by key), replace (what data lacks is removed)\"}"
#define INPUT(actions, required, properties) \
	"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"action\"" required "],\"properties\":{" \
	"\"action\":{\"type\":\"string\",\"enum\":[" actions "],\"description\":\"What to do\"}," properties "}}"

#define ENVELOPE \
	"{\"type\":\"object\",\"required\":[\"success\",\"data\",\"meta\"],\"properties\":{\"success\":{\"type\":\"boolean\"}," \
	"\"data\":{\"type\":[\"object\",\"null\"]},\"meta\":{\"type\":\"object\",\"properties\":{\"tool\":{\"type\":\"string\"}," \
	"\"timestamp\":{\"type\":\"string\"}}},\"errors\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}," \
	"\"warnings\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}"

const struct service_tool content_tools[] = {
	{ .name = "statamic-entries", .title = "Entries", .run = tool_entries, .output = ENVELOPE,
		.hints = SERVICE_OVERWRITES,
		.summary = "List, read, create, change, publish and delete the entries of a collection",
		.input = INPUT("\"list\",\"get\",\"create\",\"update\",\"delete\",\"publish\",\"unpublish\"", ",\"collection\"",
			TEXT("collection", "The collection's handle") "," TEXT("id", "The entry's id: all but list and create") ","
			TEXT("site", "A site's handle, in a multi-site: list, create") "," TEXT("slug", "create: made of the title if absent") ","
			OBJECT("data", "create, update: values by field; the body is \\\"content\\\"") ","
			OBJECT("filters", "list: what fields must be: a value, or a list of which it is one") ","
			TEXT("search", "list: a text in the slug or in any value but the body") ","
			"\"status\":{\"enum\":[\"published\",\"scheduled\",\"expired\",\"draft\"],\"description\":\"list\"},"
			FLAG("include_unpublished", "list: drafts too") "," STRATEGY "," PAGE) },
	{ .name = "statamic-terms", .title = "Terms", .run = tool_terms, .output = ENVELOPE, .hints = SERVICE_OVERWRITES,
		.summary = "List, read, create, change and delete the terms of a taxonomy",
		.input = INPUT("\"list\",\"get\",\"create\",\"update\",\"delete\"", ",\"taxonomy\"",
			TEXT("taxonomy", "The taxonomy's handle") "," TEXT("id", "As tags::red; or the slug") ","
			TEXT("slug", "The name of its file") "," OBJECT("data", "create, update: values by field") ","
			TEXT("search", "list: a text in the slug or in any value") "," STRATEGY "," PAGE) },
	{ .name = "statamic-globals", .title = "Globals", .run = tool_globals, .output = ENVELOPE,
		.hints = SERVICE_OVERWRITES, .summary = "List, read and change global values, and their sets",
		.input = INPUT("\"list\",\"get\",\"update\",\"create\",\"delete\",\"configure\"", "",
			TEXT("handle", "The set's handle: all but list") "," TEXT("site", "A site's handle, in a multi-site: get, update") ","
			OBJECT("data", "update: values by field") "," TEXT("title", "create, configure") ","
			"\"sites\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"description\":\"create, configure: handles\"},"
			STRATEGY "," PAGE) },
	{ .name = "statamic-system-discover", .title = "Discover", .run = tool_discover, .output = ENVELOPE, .on_loop = true,
		.hints = SERVICE_READS | SERVICE_REPEATS, .summary = "Which tools and actions serve an intent",
		.input = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			TEXT("intent", "What is to be done, in words; without it all tools are named") "}}" },
	{ .name = "statamic-system-schema", .title = "Schema", .run = tool_schema, .output = ENVELOPE, .on_loop = true,
		.hints = SERVICE_READS | SERVICE_REPEATS, .summary = "What a tool takes, as JSON Schema",
		.input = "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"tool\"],\"properties\":{"
			TEXT("tool", "The tool's name") "}}" },
};

const size_t content_tool_count = sizeof(content_tools) / sizeof(content_tools[0]);
