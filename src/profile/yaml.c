/* SPDX-License-Identifier: Apache-2.0
 * libyaml's events to a tree. Everything that could make a small file large, or read differently
 * from how it looks, is refused here (S03): aliases, anchors, tags, duplicate keys, depth, size.
 * profile: may include base and core; the only file that knows libyaml.
 */
#include "profile/tree.h"

#include "base/limits.h"
#include <assert.h>
#include <yaml.h>

static const struct tree_limits of_a_profile = {
	.bytes = LIMIT_PROFILE_BYTES,
	.nodes = 1u << 19,        /* a rule is about seven */
	.text_bytes = 64 * 1024, /* the longest that means anything is a pointer */
	.depth = LIMIT_YAML_DEPTH,
};

struct builder {
	yaml_parser_t parser;
	struct str text;
	const char *file;
	struct arena *arena;
	struct mistakes *mistakes;
	const struct tree_limits *limits;
	struct node *open[TREE_DEPTH_MAX];  /* lists and maps not closed yet, the outermost first */
	struct node **tail[TREE_DEPTH_MAX]; /* where the next child of each is linked */
	struct node *key[TREE_DEPTH_MAX];   /* of each map: a key that waits for its value */
	size_t depth, nodes;
	struct node *root;
	bool ended;
};

/* ---- Events ---- */

static void refuse(struct builder *b, const yaml_event_t *event, const char *suggestion, const char *what)
{
	mistakes_add(b->mistakes, b->file, (unsigned)event->start_mark.line + 1,
		(unsigned)event->start_mark.column + 1, suggestion, "%s", what);
}

static struct node *new_node(struct builder *b, const yaml_event_t *event, enum node_kind kind)
{
	if (b->nodes++ >= b->limits->nodes) {
		refuse(b, event, NULL, "the file holds too many values");
		return NULL;
	}
	struct node *node = ARENA_NEW(b->arena, struct node);
	if (!node) {
		refuse(b, event, NULL, "not enough memory to read the file");
		return NULL;
	}
	node->kind = kind;
	node->line = (unsigned)event->start_mark.line + 1;
	node->column = (unsigned)event->start_mark.column + 1;
	return node;
}

/* Puts a node where it belongs: as the root, a list's item, a map's key or a key's value. */
static bool place_node(struct builder *b, const yaml_event_t *event, struct node *node)
{
	if (b->depth == 0) {
		b->root = node;
		return true;
	}
	size_t top = b->depth - 1;
	struct node *parent = b->open[top];
	if (parent->kind == NODE_MAP && !b->key[top]) {
		if (node->kind != NODE_TEXT) {
			refuse(b, event, NULL, "a key must be a text, not a list or a map");
			return false;
		}
		b->key[top] = node;
		return true;
	}
	node->key = b->key[top];
	b->key[top] = NULL;
	*b->tail[top] = node;
	b->tail[top] = &node->next;
	parent->count++;
	return true;
}

static bool check_scalar(struct builder *b, const yaml_event_t *event, struct str text)
{
	if (text.n > b->limits->text_bytes) {
		mistakes_add(b->mistakes, b->file, (unsigned)event->start_mark.line + 1,
			(unsigned)event->start_mark.column + 1, NULL, "a text of more than %zu kB",
			b->limits->text_bytes / 1024);
		return false;
	}
	for (size_t i = 0; i < text.n; i++) {
		if (tree_is_control(text.p[i]) || text.p[i] == '\r') {
			refuse(b, event, NULL, "a control character, written as an escape");
			return false;
		}
	}
	return true;
}

static bool add_scalar(struct builder *b, const yaml_event_t *event)
{
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	struct str text = { (const char *)event->data.scalar.value, event->data.scalar.length };

	/* "! text" has no tag left in the event, but it is no longer implicit. */
	if (event->data.scalar.tag || (plain && !event->data.scalar.plain_implicit)) {
		refuse(b, event, "leave the tag out", "tags (\"!\") are not read here");
		return false;
	}
	if (!check_scalar(b, event, text))
		return false;
	struct node *node = new_node(b, event, NODE_TEXT);
	if (!node)
		return false;
	node->quoted = !plain;
	node->text = arena_copy_str(b->arena, text);
	if (!node->text.p) {
		refuse(b, event, NULL, "not enough memory to read the file");
		return false;
	}
	return place_node(b, event, node);
}

static bool open_node(struct builder *b, const yaml_event_t *event, enum node_kind kind, bool tagged)
{
	if (tagged) {
		refuse(b, event, "leave the tag out", "tags (\"!\") are not read here");
		return false;
	}
	if (b->depth == b->limits->depth) {
		refuse(b, event, NULL, "lists and maps within each other too deep");
		return false;
	}
	struct node *node = new_node(b, event, kind);
	if (!node || !place_node(b, event, node))
		return false;
	b->open[b->depth] = node;
	b->tail[b->depth] = &node->first;
	b->key[b->depth] = NULL;
	b->depth++;
	return true;
}

static bool close_node(struct builder *b)
{
	assert(b->depth > 0);
	b->depth--;
	struct node *node = b->open[b->depth];
	return node->kind != NODE_MAP || tree_drop_duplicates(node, b->file, b->mistakes);
}

static bool has_anchor(const yaml_event_t *event)
{
	switch ((int)event->type) {
	case YAML_SCALAR_EVENT:
		return event->data.scalar.anchor != NULL;
	case YAML_SEQUENCE_START_EVENT:
		return event->data.sequence_start.anchor != NULL;
	case YAML_MAPPING_START_EVENT:
		return event->data.mapping_start.anchor != NULL;
	default:
		return false;
	}
}

static bool start_document(struct builder *b, const yaml_event_t *event)
{
	if (b->root) {
		refuse(b, event, "keep one document in a file", "a second document (\"---\")");
		return false;
	}
	if (event->data.document_start.tag_directives.start
		!= event->data.document_start.tag_directives.end) {
		refuse(b, event, "leave the tag out", "tags (\"%TAG\") are not read here");
		return false;
	}
	return true;
}

static bool take_event(struct builder *b, const yaml_event_t *event)
{
	if (has_anchor(event)) {
		refuse(b, event, "write the value out", "anchors (\"&\") are not read here");
		return false;
	}
	switch ((int)event->type) {
	case YAML_ALIAS_EVENT:
		refuse(b, event, "write the value out",
			"aliases (\"*name\") are not read here; quote a text that starts with *");
		return false;
	case YAML_DOCUMENT_START_EVENT:
		return start_document(b, event);
	case YAML_SCALAR_EVENT:
		return add_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
		return open_node(b, event, NODE_LIST, event->data.sequence_start.tag != NULL);
	case YAML_MAPPING_START_EVENT:
		return open_node(b, event, NODE_MAP, event->data.mapping_start.tag != NULL);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return close_node(b);
	case YAML_STREAM_END_EVENT:
		b->ended = true;
		return true;
	default:
		return true;
	}
}

/* ---- What libyaml says of a text that is no YAML ---- */

/* A tab at the start of the line is the usual reason, and libyaml's words do not tell. */
static bool line_is_tabbed(struct str text, size_t line)
{
	size_t at = 0;
	for (; line > 0 && at < text.n; at++)
		line -= text.p[at] == '\n';
	for (; at < text.n && (text.p[at] == ' ' || text.p[at] == '\t'); at++) {
		if (text.p[at] == '\t')
			return true;
	}
	return false;
}

static void explain_error(struct builder *b)
{
	const yaml_parser_t *parser = &b->parser;
	unsigned line = (unsigned)parser->problem_mark.line + 1,
		 column = (unsigned)parser->problem_mark.column + 1;

	if (parser->error == YAML_MEMORY_ERROR) {
		mistakes_add(b->mistakes, b->file, 0, 0, NULL, "not enough memory to read the file");
		return;
	}
	if (line_is_tabbed(b->text, parser->problem_mark.line)) {
		mistakes_add(
			b->mistakes, b->file, line, column, "indent with spaces", "a tab in the indentation");
		return;
	}
	if (parser->context && strstr(parser->context, "alias")) {
		mistakes_add(
			b->mistakes, b->file, line, column, "write \"*\", with quotes", "a * without quotes");
		return;
	}
	mistakes_add(b->mistakes, b->file, line, column, NULL, "this is no YAML: %s%s%s",
		parser->problem ? parser->problem : "it cannot be read", parser->context ? " " : "",
		parser->context ? parser->context : "");
}

static bool read_events(struct builder *b)
{
	while (!b->ended) {
		yaml_event_t event;
		if (!yaml_parser_parse(&b->parser, &event)) {
			explain_error(b);
			return false;
		}
		bool ok = take_event(b, &event);
		yaml_event_delete(&event);
		if (!ok)
			return false;
	}
	return true;
}

const struct node *tree_read_within(struct str text, const char *file, const struct tree_limits *limits,
	struct arena *arena, struct mistakes *mistakes)
{
	struct builder b = {
		.text = text, .file = file, .arena = arena, .mistakes = mistakes, .limits = limits
	};

	assert(limits->depth <= TREE_DEPTH_MAX);
	if (!tree_check_text(text, file, limits->bytes, mistakes))
		return NULL;
	if (!yaml_parser_initialize(&b.parser)) {
		mistakes_add(mistakes, file, 0, 0, NULL, "not enough memory to read the file");
		return NULL;
	}
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, (const unsigned char *)(text.p ? text.p : ""), text.n);
	bool ok = read_events(&b);
	yaml_parser_delete(&b.parser);
	if (ok && (!b.root || node_is_nothing(b.root))) {
		mistakes_add(mistakes, file, 0, 0, NULL, "the file is empty");
		return NULL;
	}
	return ok ? b.root : NULL;
}

const struct node *tree_read(
	struct str text, const char *file, struct arena *arena, struct mistakes *mistakes)
{
	return tree_read_within(text, file, &of_a_profile, arena, mistakes);
}
