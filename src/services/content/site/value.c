/* SPDX-License-Identifier: Apache-2.0
 * Looking into a tree, keeping one, and a tree as JSON.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/site/value.h"

#include <math.h>
#include <stdlib.h>

const struct value *value_get(const struct value *map, struct str key)
{
	if (!map || map->kind != VALUE_MAP)
		return NULL;
	for (const struct value *v = map->first; v; v = v->next)
		if (str_eq(v->key, key))
			return v;
	return NULL;
}

struct str value_text(const struct value *map, struct str key)
{
	const struct value *v = value_get(map, key);
	return v && v->kind == VALUE_TEXT ? v->text : (struct str){ NULL, 0 };
}

/* ---- A copy in one block ---- */

static bool has_children(const struct value *v)
{
	return v->kind == VALUE_LIST || v->kind == VALUE_MAP;
}

static void measure(const struct value *v, size_t *nodes, size_t *text)
{
	(*nodes)++;
	*text += v->key.p ? v->key.n + 1 : 0;
	if (v->kind == VALUE_TEXT)
		*text += v->text.n + 1;
	if (has_children(v))
		for (const struct value *child = v->first; child; child = child->next)
			measure(child, nodes, text);
}

struct copier {
	struct value *node;
	char *text;
};

static struct str copy_text(struct copier *c, struct str s)
{
	struct str copy = { c->text, s.n };
	memcpy(c->text, s.p, s.n);
	c->text[s.n] = '\0';
	c->text += s.n + 1;
	return copy;
}

static struct value *copy(struct copier *c, const struct value *from)
{
	struct value *to = c->node++;
	*to = *from;
	to->next = NULL;
	if (from->key.p)
		to->key = copy_text(c, from->key);
	if (from->kind == VALUE_TEXT)
		to->text = copy_text(c, from->text);
	if (has_children(from)) {
		struct value **tail = &to->first;
		for (const struct value *child = from->first; child; child = child->next) {
			*tail = copy(c, child);
			tail = &(*tail)->next;
		}
	}
	return to;
}

struct value *value_copy(const struct value *value, size_t *ret_bytes)
{
	size_t nodes = 0, text = 0;
	measure(value, &nodes, &text);
	struct value *block = malloc(nodes * sizeof(*block) + text);
	if (!block)
		return NULL;
	struct copier c = { block, (char *)(block + nodes) };
	*ret_bytes = nodes * sizeof(*block) + text;
	return copy(&c, value);
}

/* ---- As JSON ---- */

static json_t *list_to_json(const struct value *value)
{
	json_t *list = json_array();
	for (const struct value *v = value->first; list && v; v = v->next)
		if (json_array_append_new(list, value_to_json(v)) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *map_to_json(const struct value *value)
{
	json_t *map = json_object();
	for (const struct value *v = value->first; map && v; v = v->next)
		if (json_object_setn_new_nocheck(map, v->key.p, v->key.n, value_to_json(v)) != 0) {
			json_decref(map);
			return NULL;
		}
	return map;
}

json_t *value_to_json(const struct value *value)
{
	switch ((enum value_kind)value->kind) {
	case VALUE_NULL:
		return json_null();
	case VALUE_BOOL:
		return json_boolean(value->truth);
	case VALUE_INT:
		return json_integer(value->number);
	case VALUE_REAL:
		return isfinite(value->real) ? json_real(value->real) : json_null();
	case VALUE_TEXT:
		return json_stringn_nocheck(value->text.p, value->text.n);
	case VALUE_LIST:
		return list_to_json(value);
	case VALUE_MAP:
		return map_to_json(value);
	}
	return NULL;
}
