/* SPDX-License-Identifier: Apache-2.0
 * libyaml's events to a tree. Everything that could make a small file large, or read differently
 * from how it looks, is refused here (S03): aliases, anchors, tags, duplicate keys, depth, size.
 * profile: may include base and core; the only file that knows libyaml.
 */
#include "profile/tree.h"

#include "base/limits.h"
#include "base/text.h"
#include <assert.h>
#include <stdlib.h>
#include <yaml.h>

#define NODES_MAX (1u << 19)     /* a rule is about seven */
#define TEXT_BYTES_MAX (64 * 1024) /* one scalar; the longest that means anything is a pointer */

struct builder {
	yaml_parser_t parser;
	struct str text;
	const char *file;
	struct arena *arena;
	struct mistakes *mistakes;
	struct node *open[LIMIT_YAML_DEPTH]; /* lists and maps not closed yet, the outermost first */
	struct node **tail[LIMIT_YAML_DEPTH]; /* where the next child of each is linked */
	struct node *key[LIMIT_YAML_DEPTH];  /* of each map: a key that waits for its value */
	size_t depth, nodes;
	struct node *root;
	bool ended;
};

/* ---- Before libyaml sees it ---- */

struct place {
	unsigned line, column;
};

static struct place place_of(struct str text, size_t offset)
{
	struct place at = { 1, 1 };
	for (size_t i = 0; i < offset; i++) {
		if (text.p[i] == '\n')
			at = (struct place){ at.line + 1, 1 };
		else if (((unsigned char)text.p[i] & 0xc0) != 0x80)
			at.column++;
	}
	return at;
}

static bool is_control(unsigned char c)
{
	return (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f;
}

static bool check_characters(struct builder *b)
{
	for (size_t i = 0; i < b->text.n;) {
		struct str rest = { b->text.p + i, b->text.n - i };
		size_t step = utf8_next(rest);
		if (step > 0 && !is_control((unsigned char)*rest.p)) {
			i += step;
			continue;
		}
		struct place at = place_of(b->text, i);
		mistakes_add(b->mistakes, b->file, at.line, at.column, "save the file as UTF-8 text",
			step == 0 ? "byte 0x%02x is not UTF-8" : "control character 0x%02x",
			(unsigned)(unsigned char)*rest.p);
		return false;
	}
	return true;
}

static bool check_text(struct builder *b)
{
	if (b->text.n > LIMIT_PROFILE_BYTES) {
		mistakes_add(b->mistakes, b->file, 0, 0, NULL, "the file is too large: %zu bytes, at most %d",
			b->text.n, LIMIT_PROFILE_BYTES);
		return false;
	}
	if (str_starts(b->text, STR("\xef\xbb\xbf")) || str_starts(b->text, STR("\xff\xfe"))
		|| str_starts(b->text, STR("\xfe\xff"))) {
		mistakes_add(b->mistakes, b->file, 1, 1, "save the file as UTF-8 without a byte order mark",
			"the file starts with a byte order mark");
		return false;
	}
	return check_characters(b);
}

/* ---- Events ---- */

static void refuse(struct builder *b, const yaml_event_t *event, const char *suggestion, const char *what)
{
	mistakes_add(b->mistakes, b->file, (unsigned)event->start_mark.line + 1,
		(unsigned)event->start_mark.column + 1, suggestion, "%s", what);
}

static struct node *new_node(struct builder *b, const yaml_event_t *event, enum node_kind kind)
{
	if (b->nodes++ >= NODES_MAX) {
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
	if (text.n > TEXT_BYTES_MAX) {
		refuse(b, event, NULL, "a text of more than 64 kB");
		return false;
	}
	for (size_t i = 0; i < text.n; i++) {
		if (is_control((unsigned char)text.p[i]) || text.p[i] == '\r') {
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
	if (b->depth == LIMIT_YAML_DEPTH) {
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

/* By key, and equal ones by where they stand. */
static int compare_keys(const void *left, const void *right)
{
	const struct node *a = *(struct node *const *)left, *b = *(struct node *const *)right;
	int order = strcmp(a->key->text.p, b->key->text.p);
	if (order != 0)
		return order;
	if (a->key->line != b->key->line)
		return a->key->line < b->key->line ? -1 : 1;
	return a->key->column < b->key->column ? -1 : a->key->column > b->key->column;
}

/* Takes out of the map what was marked as a duplicate by its key's being taken off. */
static void drop_unkeyed(struct node *map)
{
	struct node **link = &map->first;
	while (*link) {
		if ((*link)->key) {
			link = &(*link)->next;
			continue;
		}
		*link = (*link)->next;
		map->count--;
	}
}

/* Sorting keeps a map of 100,000 keys cheap. */
static bool check_duplicates(struct builder *b, const yaml_event_t *event, struct node *map)
{
	if (map->count < 2)
		return true;
	struct node **sorted = calloc(map->count, sizeof(struct node *));
	if (!sorted) {
		refuse(b, event, NULL, "not enough memory to read the file");
		return false;
	}
	size_t n = 0;
	for (struct node *value = map->first; value; value = value->next)
		sorted[n++] = value;
	assert(n == map->count);
	qsort(sorted, n, sizeof(struct node *), compare_keys);
	for (size_t i = 1, first = 0; i < n; i++) {
		const struct node *key = sorted[i]->key;
		if (!str_eq(key->text, sorted[first]->key->text)) {
			first = i;
			continue;
		}
		mistakes_add(b->mistakes, b->file, key->line, key->column, NULL,
			"the key \"%.60s\" stands twice; first in line %u", key->text.p, sorted[first]->key->line);
		sorted[i]->key = NULL;
	}
	free(sorted);
	drop_unkeyed(map);
	return true;
}

static bool close_node(struct builder *b, const yaml_event_t *event)
{
	assert(b->depth > 0);
	b->depth--;
	struct node *node = b->open[b->depth];
	return node->kind != NODE_MAP || check_duplicates(b, event, node);
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
	if (event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end) {
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
		refuse(b, event, "write the value out", "aliases (\"*name\") are not read here; quote a text that starts with *");
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
		return close_node(b, event);
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
	unsigned line = (unsigned)parser->problem_mark.line + 1, column = (unsigned)parser->problem_mark.column + 1;

	if (parser->error == YAML_MEMORY_ERROR) {
		mistakes_add(b->mistakes, b->file, 0, 0, NULL, "not enough memory to read the file");
		return;
	}
	if (line_is_tabbed(b->text, parser->problem_mark.line)) {
		mistakes_add(b->mistakes, b->file, line, column, "indent with spaces", "a tab in the indentation");
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

const struct node *tree_read(struct str text, const char *file, struct arena *arena, struct mistakes *mistakes)
{
	struct builder b = { .text = text, .file = file, .arena = arena, .mistakes = mistakes };

	if (!check_text(&b))
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

const struct node *node_get(const struct node *map, const char *key)
{
	assert(map->kind == NODE_MAP);
	for (const struct node *value = map->first; value; value = value->next) {
		if (str_is(value->key->text, key))
			return value;
	}
	return NULL;
}

bool node_is_nothing(const struct node *node)
{
	return node->kind == NODE_TEXT && !node->quoted
		&& (node->text.n == 0 || str_is(node->text, "~") || str_is(node->text, "null"));
}
