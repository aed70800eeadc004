/* SPDX-License-Identifier: Apache-2.0
 * libyaml's events to a tree.
 * wire: may include base.
 */
#include "wire/yaml_tree.h"

#include "base/limits.h"
#include "base/text.h"

#include <yaml.h>

struct reading {
	yaml_parser_t parser;
	struct str text;
	size_t at_char, at_byte; /* where libyaml's count of characters was last turned into bytes */
	struct arena *arena;
	struct yaml *open[LIMIT_YAML_DEPTH];
	struct yaml **tail[LIMIT_YAML_DEPTH];
	struct str key[LIMIT_YAML_DEPTH];
	bool keyed[LIMIT_YAML_DEPTH]; /* of each map: a key waits for its value */
	size_t depth, nodes;
	struct yaml *root;
	bool ended;
	struct yaml_problem *problem;
};

static bool refuse(struct reading *r, const yaml_event_t *event, const char *what)
{
	*r->problem = (struct yaml_problem){ (unsigned)event->start_mark.line + 1, what };
	return false;
}

/* libyaml counts characters; marks never run back. */
static size_t byte_of(struct reading *r, size_t index)
{
	if (index < r->at_char)
		r->at_char = r->at_byte = 0;
	while (r->at_char < index && r->at_byte < r->text.n) {
		size_t n = utf8_next((struct str){ r->text.p + r->at_byte, r->text.n - r->at_byte });
		r->at_byte += n ? n : 1;
		r->at_char++;
	}
	return r->at_byte;
}

static struct yaml *new_node(struct reading *r, const yaml_event_t *event, enum yaml_kind kind)
{
	struct yaml *node = r->nodes++ < LIMIT_YAML_NODES ? ARENA_NEW(r->arena, struct yaml) : NULL;
	if (!node) {
		(void)refuse(r, event, "too many values");
		return NULL;
	}
	node->kind = kind;
	node->start = byte_of(r, event->start_mark.index);
	node->end = byte_of(r, event->end_mark.index);
	return node;
}

/* Every map and list that is open reaches as far as what is put into it. */
static bool place(struct reading *r, const yaml_event_t *event, struct yaml *node)
{
	if (r->depth == 0) {
		r->root = node;
		return true;
	}
	size_t top = r->depth - 1;
	struct yaml *parent = r->open[top];
	if (parent->kind == YAML_MAP) {
		for (const struct yaml *other = parent->first; other; other = other->next)
			if (str_eq(other->key, r->key[top]))
				return refuse(r, event, "a key stands twice");
		node->key = r->key[top];
		r->keyed[top] = false;
	}
	*r->tail[top] = node;
	r->tail[top] = &node->next;
	parent->count++;
	return true;
}

static bool is_nothing(struct str text)
{
	return text.n == 0 || str_is(text, "~") || str_is(text, "null") || str_is(text, "Null")
		|| str_is(text, "NULL");
}

static bool take_scalar(struct reading *r, const yaml_event_t *event)
{
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	struct str text = { (const char *)event->data.scalar.value, event->data.scalar.length };
	if (event->data.scalar.tag || (plain && !event->data.scalar.plain_implicit))
		return refuse(r, event, "a tag");
	if (memchr(text.p, '\0', text.n))
		return refuse(r, event, "a NUL");
	struct str copy = arena_copy_str(r->arena, text);
	if (!copy.p)
		return refuse(r, event, "not enough memory");
	size_t top = r->depth - 1;
	if (r->depth > 0 && r->open[top]->kind == YAML_MAP && !r->keyed[top]) {
		r->key[top] = copy;
		r->keyed[top] = true;
		return true;
	}
	struct yaml *node = new_node(r, event, plain && is_nothing(text) ? YAML_NOTHING : YAML_TEXT);
	if (!node)
		return false;
	node->text = copy;
	node->quoted = !plain;
	return place(r, event, node);
}

static bool open_node(struct reading *r, const yaml_event_t *event, enum yaml_kind kind, bool tagged)
{
	if (tagged)
		return refuse(r, event, "a tag");
	if (r->depth > 0 && r->open[r->depth - 1]->kind == YAML_MAP && !r->keyed[r->depth - 1])
		return refuse(r, event, "a key that is no text");
	if (r->depth == LIMIT_YAML_DEPTH)
		return refuse(r, event, "lists and maps within each other too deep");
	struct yaml *node = new_node(r, event, kind);
	if (!node || !place(r, event, node))
		return false;
	r->open[r->depth] = node;
	r->tail[r->depth] = &node->first;
	r->keyed[r->depth] = false;
	r->depth++;
	return true;
}

/* libyaml says that a block ends where the next thing begins. */
static bool close_node(struct reading *r, const yaml_event_t *event)
{
	struct yaml *node = r->open[--r->depth];
	const bool flow = event->end_mark.index > event->start_mark.index;
	if (flow) {
		node->end = byte_of(r, event->end_mark.index);
		return true;
	}
	for (const struct yaml *child = node->first; child; child = child->next)
		node->end = child->end > node->end ? child->end : node->end;
	return true;
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

static bool take(struct reading *r, const yaml_event_t *event)
{
	if (event->type == YAML_ALIAS_EVENT || has_anchor(event))
		return refuse(r, event, "an anchor or alias");
	switch ((int)event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (r->root || event->data.document_start.tag_directives.start
			!= event->data.document_start.tag_directives.end)
			return refuse(r, event, "a second document");
		return true;
	case YAML_SCALAR_EVENT:
		return take_scalar(r, event);
	case YAML_SEQUENCE_START_EVENT:
		return open_node(r, event, YAML_LIST, event->data.sequence_start.tag != NULL);
	case YAML_MAPPING_START_EVENT:
		return open_node(r, event, YAML_MAP, event->data.mapping_start.tag != NULL);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return close_node(r, event);
	case YAML_STREAM_END_EVENT:
		r->ended = true;
		return true;
	default:
		return true;
	}
}

static bool read_all(struct reading *r)
{
	while (!r->ended) {
		yaml_event_t event;
		if (!yaml_parser_parse(&r->parser, &event)) {
			/* libyaml's sentences are constants */
			*r->problem = (struct yaml_problem){ (unsigned)r->parser.problem_mark.line + 1,
				r->parser.problem ? r->parser.problem : "it is no YAML" };
			return false;
		}
		bool good = take(r, &event);
		yaml_event_delete(&event);
		if (!good)
			return false;
	}
	return true;
}

const struct yaml *yaml_read(struct str text, struct arena *arena, struct yaml_problem *reterr)
{
	struct reading r = { .text = text, .arena = arena, .problem = reterr };
	if (text.n > LIMIT_YAML_FILE_BYTES || !utf8_valid(text) || str_starts(text, STR("\xef\xbb\xbf"))
		|| memchr(text.n ? text.p : "", '\0', text.n)) {
		*reterr = (struct yaml_problem){ 1, "too large, no UTF-8, or with a byte order mark" };
		return NULL;
	}
	if (!yaml_parser_initialize(&r.parser)) {
		*reterr = (struct yaml_problem){ 1, "not enough memory" };
		return NULL;
	}
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.p ? text.p : ""), text.n);
	bool good = read_all(&r);
	yaml_parser_delete(&r.parser);
	if (!good)
		return NULL;
	static const struct yaml nothing = { .kind = YAML_NOTHING };
	return r.root ? r.root : &nothing;
}

const struct yaml *yaml_get(const struct yaml *map, const char *key)
{
	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (const struct yaml *value = map->first; value; value = value->next)
		if (str_is(value->key, key))
			return value;
	return NULL;
}

struct str yaml_text(const struct yaml *map, const char *key)
{
	const struct yaml *value = yaml_get(map, key);
	return value && value->kind == YAML_TEXT ? value->text : (struct str){ NULL, 0 };
}

bool yaml_is_true(const struct yaml *value)
{
	return value && value->kind == YAML_TEXT && !value->quoted
		&& (str_is(value->text, "true") || str_is(value->text, "True") || str_is(value->text, "TRUE"));
}

/* The code point at `at`, in valid UTF-8, and how many bytes it has. */
static uint32_t point_at(struct str text, size_t at, size_t *ret_bytes)
{
	const unsigned char *p = (const unsigned char *)text.p + at;
	size_t more = p[0] < 0x80 ? 0 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
	if (more >= text.n - at)
		more = text.n - at - 1;
	uint32_t point = more == 0 ? p[0] : p[0] & (0x3fu >> more);
	for (size_t i = 1; i <= more; i++)
		point = point << 6 | (p[i] & 0x3fu);
	*ret_bytes = more + 1;
	return point;
}

/* What a reader of YAML takes for a line's end, or does not take at all. */
static bool is_unwritable(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029 || c == 0xfeff || c == 0xfffe || c == 0xffff;
}

static void write_escaped(struct buf *out, struct str text)
{
	static const char short_escapes[] = "\n\r\t\"\\";
	size_t n;
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.n; i += n) {
		uint32_t point = point_at(text, i, &n);
		const char *known = point && point < 0x80 ? strchr(short_escapes, (int)point) : NULL;
		if (known) {
			buf_add_char(out, '\\');
			buf_add_char(out, "nrt\"\\"[known - short_escapes]);
			continue;
		}
		if (is_unwritable(point)) {
			buf_printf(out, "\\u%04x", (unsigned)point);
			continue;
		}
		buf_add(out, text.p + i, n);
	}
	buf_add_char(out, '"');
}

static bool needs_escapes(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < 0x20 || (unsigned char)text.p[i] >= 0x7f)
			return true;
	return false;
}

/* Single quotes know no escapes but their own. */
void yaml_write_text(struct buf *out, struct str text)
{
	if (needs_escapes(text)) {
		write_escaped(out, text);
		return;
	}
	buf_add_char(out, '\'');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\'')
			buf_add_char(out, '\'');
		buf_add_char(out, text.p[i]);
	}
	buf_add_char(out, '\'');
}
