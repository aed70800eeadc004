/* SPDX-License-Identifier: Apache-2.0
 * libyaml's events to a tree with places. Everything that could make a small file large, or read differently from
 * how it looks, is refused here (S03).
 * services: may include base, core, wire, store, outbound and services/service.h; the service's only file that
 * knows libyaml.
 */
#include "services/content/site/value.h"

#include "base/limits.h"
#include "base/text.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

struct builder {
	yaml_parser_t parser;
	struct str text;
	struct arena *arena;
	struct value_problem *problem;
	struct value *open[LIMIT_CONTENT_DEPTH];  /* lists and maps that are not closed yet, the outermost first */
	struct value **tail[LIMIT_CONTENT_DEPTH]; /* where the next child of each is linked */
	bool keyed[LIMIT_CONTENT_DEPTH];          /* a map's key waits for its value */
	struct str key[LIMIT_CONTENT_DEPTH];
	uint32_t key_start[LIMIT_CONTENT_DEPTH], key_end[LIMIT_CONTENT_DEPTH];
	size_t depth, nodes;
	size_t chars, bytes; /* one place in the text, in both measures */
	struct value *root;
	bool started, ended;
};

static bool refuse(struct builder *b, const yaml_mark_t *mark, const char *what)
{
	b->problem->line = (unsigned)mark->line + 1;
	b->problem->column = (unsigned)mark->column + 1;
	snprintf(b->problem->text, sizeof(b->problem->text), "%s", what);
	return false;
}

static bool no_memory(struct builder *b)
{
	*b->problem = (struct value_problem){ .text = "not enough memory to read the file" };
	return false;
}

/* libyaml counts characters; marks come nearly in order, so that the walk between two is short. */
static uint32_t byte_of(struct builder *b, const yaml_mark_t *mark)
{
	while (b->chars < mark->index && b->bytes < b->text.n) {
		do
			b->bytes++;
		while (b->bytes < b->text.n && ((unsigned char)b->text.p[b->bytes] & 0xc0) == 0x80);
		b->chars++;
	}
	while (b->chars > mark->index) {
		do
			b->bytes--;
		while (((unsigned char)b->text.p[b->bytes] & 0xc0) == 0x80);
		b->chars--;
	}
	return (uint32_t)b->bytes;
}

/* ---- Where a value ends ---- */

/* The first byte of its line. */
static size_t line_start(struct str text, size_t at)
{
	while (at > 0 && text.p[at - 1] != '\n')
		at--;
	return at;
}

static bool is_blank_line(struct str text, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (text.p[i] != ' ' && text.p[i] != '\t' && text.p[i] != '\r')
			return false;
	return true;
}

/* Before the line feed that ends the last line; libyaml says where the next thing begins. Blank lines behind belong
 * to the text only where its head says "+". */
static uint32_t end_of_lines(struct str text, size_t start, size_t end)
{
	size_t head = start;
	bool keep = false;
	while (head < end && text.p[head] != '\n' && text.p[head] != '#')
		keep |= text.p[head++] == '+';
	while (head < end && text.p[head] != '\n')
		head++;
	if (end <= head)
		return (uint32_t)end;
	if (end == text.n && text.p[end - 1] != '\n')
		return (uint32_t)end; /* the file ends within its last line */
	end = line_start(text, end);
	while (end > head + 1) {
		size_t before = line_start(text, end - 1);
		if (keep || before <= head || !is_blank_line(text, before, end - 1))
			break;
		end = before;
	}
	end--; /* the line feed */
	if (end > start && text.p[end - 1] == '\r')
		end--;
	return (uint32_t)end;
}

/* ---- The tree ---- */

static struct value *new_value(struct builder *b, const yaml_event_t *event, enum value_kind kind)
{
	if (b->nodes++ >= LIMIT_CONTENT_NODES) {
		refuse(b, &event->start_mark, "the file holds too many values");
		return NULL;
	}
	struct value *value = ARENA_NEW(b->arena, struct value);
	if (!value) {
		no_memory(b);
		return NULL;
	}
	value->kind = (uint8_t)kind;
	value->start = byte_of(b, &event->start_mark);
	value->column = (uint32_t)event->start_mark.column;
	value->end = byte_of(b, &event->end_mark);
	return value;
}

static void place_value(struct builder *b, struct value *value)
{
	if (b->depth == 0) {
		b->root = value;
		return;
	}
	size_t top = b->depth - 1;
	if (b->open[top]->kind == VALUE_MAP) {
		value->key = b->key[top];
		value->key_start = b->key_start[top];
		value->key_end = b->key_end[top];
		b->keyed[top] = false;
	}
	*b->tail[top] = value;
	b->tail[top] = &value->next;
	b->open[top]->count++;
}

static bool wants_key(const struct builder *b)
{
	return b->depth > 0 && b->open[b->depth - 1]->kind == VALUE_MAP && !b->keyed[b->depth - 1];
}

static bool take_key(struct builder *b, const yaml_event_t *event, struct str text)
{
	size_t top = b->depth - 1;
	if (event->data.scalar.style == YAML_LITERAL_SCALAR_STYLE || event->data.scalar.style == YAML_FOLDED_SCALAR_STYLE)
		return refuse(b, &event->start_mark, "a key must stand on one line");
	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && str_is(text, "<<"))
		return refuse(b, &event->start_mark, "merge keys (\"<<\") are not read here");
	b->key[top] = arena_copy_str(b->arena, text);
	b->key_start[top] = byte_of(b, &event->start_mark);
	b->key_end[top] = byte_of(b, &event->end_mark);
	b->keyed[top] = true;
	return b->key[top].p ? true : no_memory(b);
}

static bool add_scalar(struct builder *b, const yaml_event_t *event)
{
	const yaml_scalar_style_t style = event->data.scalar.style;
	const bool plain = style == YAML_PLAIN_SCALAR_STYLE;
	struct str text = { (const char *)event->data.scalar.value, event->data.scalar.length };

	/* "! text" has no tag left in the event, but it is no longer implicit. */
	if (event->data.scalar.tag || (plain && !event->data.scalar.plain_implicit))
		return refuse(b, &event->start_mark, "tags (\"!\") are not read here");
	if (text.n > LIMIT_CONTENT_SCALAR_BYTES)
		return refuse(b, &event->start_mark, "a text of more than 512 kB");
	if (memchr(text.p, '\0', text.n))
		return refuse(b, &event->start_mark, "a NUL character");
	if (wants_key(b))
		return take_key(b, event, text);
	struct value *value = new_value(b, event, VALUE_TEXT);
	if (!value)
		return false;
	value->style = plain ? STYLE_PLAIN : STYLE_QUOTED;
	if (style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE) {
		value->style = STYLE_LINES;
		value->end = end_of_lines(b->text, value->start, value->end);
	}
	if (plain)
		value->kind = (uint8_t)value_of_plain(text, value);
	if (value->kind == VALUE_TEXT) {
		value->text = arena_copy_str(b->arena, text);
		if (!value->text.p)
			return no_memory(b);
	}
	place_value(b, value);
	return true;
}

static bool open_value(struct builder *b, const yaml_event_t *event, enum value_kind kind, bool flow, bool tagged)
{
	if (tagged)
		return refuse(b, &event->start_mark, "tags (\"!\") are not read here");
	if (b->depth == LIMIT_CONTENT_DEPTH)
		return refuse(b, &event->start_mark, "lists and maps within each other too deep");
	if (wants_key(b))
		return refuse(b, &event->start_mark, "a key must be a text, not a list or a map");
	struct value *value = new_value(b, event, kind);
	if (!value)
		return false;
	value->style = flow ? STYLE_FLOW : STYLE_BLOCK;
	place_value(b, value);
	b->open[b->depth] = value;
	b->tail[b->depth] = &value->first;
	b->keyed[b->depth] = false;
	b->depth++;
	return true;
}

static int by_key(const void *a, const void *b)
{
	const struct value *x = *(const struct value *const *)a, *y = *(const struct value *const *)b;
	size_t n = x->key.n < y->key.n ? x->key.n : y->key.n;
	int order = memcmp(x->key.p, y->key.p, n);
	if (order != 0)
		return order;
	return x->key.n != y->key.n ? (x->key.n < y->key.n ? -1 : 1) : (x->key_start < y->key_start ? -1 : 1);
}

static bool refuse_duplicate(struct builder *b, const struct value *twice)
{
	yaml_mark_t mark = { 0 };
	for (size_t i = 0; i < twice->key_start; i++) {
		mark.column = b->text.p[i] == '\n' ? 0 : mark.column + 1;
		mark.line += b->text.p[i] == '\n';
	}
	refuse(b, &mark, "");
	snprintf(b->problem->text, sizeof(b->problem->text), "the key \"%.*s\" stands twice",
		(int)(twice->key.n < 100 ? twice->key.n : 100), twice->key.p);
	return false;
}

static bool check_keys(struct builder *b, const struct value *map)
{
	const struct value *few[32], **all = few;
	size_t n = 0;
	bool good = true;
	if (map->count > sizeof(few) / sizeof(few[0]))
		all = malloc(map->count * sizeof(all[0]));
	if (!all)
		return no_memory(b);
	for (const struct value *v = map->first; v; v = v->next)
		all[n++] = v;
	qsort(all, n, sizeof(all[0]), by_key);
	for (size_t i = 1; good && i < n; i++)
		if (str_eq(all[i - 1]->key, all[i]->key))
			good = refuse_duplicate(b, all[i]);
	if (all != few)
		free(all);
	return good;
}

static bool close_value(struct builder *b, const yaml_event_t *event)
{
	assert(b->depth > 0);
	struct value *value = b->open[--b->depth];
	if (value->style == STYLE_FLOW)
		value->end = byte_of(b, &event->end_mark);
	else
		for (const struct value *v = value->first; v; v = v->next)
			value->end = v->end > v->key_end ? v->end : v->key_end;
	return value->kind != VALUE_MAP || check_keys(b, value);
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
	if (b->started)
		return refuse(b, &event->start_mark, "a second document (\"---\")");
	b->started = true;
	if (event->data.document_start.version_directive
		|| event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end)
		return refuse(b, &event->start_mark, "directives (\"%\") are not read here");
	return true;
}

static bool take_event(struct builder *b, const yaml_event_t *event)
{
	if (has_anchor(event))
		return refuse(b, &event->start_mark, "anchors (\"&\") are not read here");
	switch ((int)event->type) {
	case YAML_ALIAS_EVENT:
		return refuse(b, &event->start_mark, "aliases (\"*\") are not read here");
	case YAML_DOCUMENT_START_EVENT:
		return start_document(b, event);
	case YAML_SCALAR_EVENT:
		return add_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
		return open_value(b, event, VALUE_LIST, event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE,
			event->data.sequence_start.tag != NULL);
	case YAML_MAPPING_START_EVENT:
		return open_value(b, event, VALUE_MAP, event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE,
			event->data.mapping_start.tag != NULL);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return close_value(b, event);
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
	for (; at < text.n && (text.p[at] == ' ' || text.p[at] == '\t'); at++)
		if (text.p[at] == '\t')
			return true;
	return false;
}

static bool explain_error(struct builder *b)
{
	const yaml_parser_t *parser = &b->parser;
	if (parser->error == YAML_MEMORY_ERROR)
		return no_memory(b);
	if (line_is_tabbed(b->text, parser->problem_mark.line))
		return refuse(b, &parser->problem_mark, "a tab in the indentation");
	refuse(b, &parser->problem_mark, "");
	snprintf(b->problem->text, sizeof(b->problem->text), "this is no YAML: %s%s%s",
		parser->problem ? parser->problem : "it cannot be read", parser->context ? " " : "",
		parser->context ? parser->context : "");
	return false;
}

static bool read_events(struct builder *b)
{
	while (!b->ended) {
		yaml_event_t event;
		if (!yaml_parser_parse(&b->parser, &event))
			return explain_error(b);
		bool good = take_event(b, &event);
		yaml_event_delete(&event);
		if (!good)
			return false;
	}
	return true;
}

static bool check_text(struct builder *b)
{
	const yaml_mark_t nowhere = { 0 };
	if (b->text.n > LIMIT_CONTENT_FILE_BYTES)
		return refuse(b, &nowhere, "the file is larger than 4 MB");
	if (str_starts(b->text, STR("\xef\xbb\xbf")))
		return refuse(b, &nowhere, "a byte order mark");
	if (!utf8_valid(b->text))
		return refuse(b, &nowhere, "the file is not UTF-8");
	return true;
}

struct value *value_read(struct str text, struct arena *arena, struct value_problem *reterr)
{
	struct builder b = { .text = text, .arena = arena, .problem = reterr };

	*reterr = (struct value_problem){ 0 };
	if (!check_text(&b))
		return NULL;
	if (!yaml_parser_initialize(&b.parser)) {
		no_memory(&b);
		return NULL;
	}
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, (const unsigned char *)(text.p ? text.p : ""), text.n);
	bool good = read_events(&b);
	yaml_parser_delete(&b.parser);
	if (!good)
		return NULL;
	if (!b.root || (b.root->kind == VALUE_NULL && b.root->start == b.root->end)) {
		b.root = ARENA_NEW(arena, struct value);
		if (!b.root)
			no_memory(&b);
		else
			*b.root = (struct value){ .kind = VALUE_MAP, .style = STYLE_FLOW };
	}
	return b.root;
}
