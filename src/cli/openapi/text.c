/* SPDX-License-Identifier: Apache-2.0
 * A document's text as a tree: JSON where it starts with "{", else YAML.
 * cli: may include every room.
 */
#include "cli/openapi/openapi.h"

#include "base/limits.h"
#include "profile/tree.h"

static const struct tree_limits limits = {
	.bytes = LIMIT_OPENAPI_BYTES,
	.nodes = LIMIT_OPENAPI_NODES,
	.text_bytes = 1024 * 1024, /* a description may be a whole page */
	.depth = TREE_DEPTH_MAX,
};

/* The tree is at most TREE_DEPTH_MAX deep. */
static json_t *json_of(const struct node *node)
{
	if (node->kind == NODE_TEXT)
		return json_stringn(node->text.p, node->text.n);
	json_t *json = node->kind == NODE_LIST ? json_array() : json_object();
	bool ok = json != NULL;
	for (const struct node *child = node->first; ok && child; child = child->next) {
		json_t *value = json_of(child);
		ok = node->kind == NODE_LIST ? json_array_append_new(json, value) == 0
					     : json_object_set_new(json, child->key->text.p, value) == 0;
	}
	if (!ok) {
		json_decref(json);
		return NULL;
	}
	return json;
}

static json_t *parse_yaml(struct str text, const char *file, struct mistakes *mistakes)
{
	struct arena arena;
	json_t *json = NULL;
	size_t before = mistakes->count;

	arena_init(&arena, 0);
	const struct node *root = tree_read_within(text, file, &limits, &arena, mistakes);
	if (root && mistakes->count == before) {
		json = json_of(root);
		if (!json)
			mistakes_add(mistakes, file, 0, 0, NULL, "not enough memory to read the file");
	}
	arena_done(&arena);
	return json;
}

/* A key that stands twice would hide an operation. Numbers mean nothing here, however long. */
static json_t *parse_json(struct str text, const char *file, struct mistakes *mistakes)
{
	json_error_t error;
	json_t *json =
		json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
	if (!json)
		mistakes_add(mistakes, file, error.line > 0 ? (unsigned)error.line : 0,
			error.column > 0 ? (unsigned)error.column : 0, NULL, "this is no JSON: %s",
			error.text);
	return json;
}

json_t *openapi_parse(struct str text, const char *file, struct mistakes *mistakes)
{
	size_t at = 0;

	if (text.n > LIMIT_OPENAPI_BYTES) {
		mistakes_add(mistakes, file, 0, 0, NULL, "the document is too large: %zu bytes, at most %u",
			text.n, LIMIT_OPENAPI_BYTES);
		return NULL;
	}
	while (at < text.n && memchr(" \t\r\n", text.p[at], 4))
		at++;
	if (at < text.n && text.p[at] == '{')
		return parse_json(text, file, mistakes);
	return parse_yaml(text, file, mistakes);
}
