/* SPDX-License-Identifier: Apache-2.0
 * Schemas as trees of plain structs, and the walk over a value beside one.
 * service.h: may include base, core, wire and store.
 */
#include "services/mcp_schema.h"

#include "base/limits.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum type {
	TYPE_OBJECT = 1u << 0,
	TYPE_ARRAY = 1u << 1,
	TYPE_STRING = 1u << 2,
	TYPE_INTEGER = 1u << 3,
	TYPE_NUMBER = 1u << 4,
	TYPE_BOOLEAN = 1u << 5,
	TYPE_NULL = 1u << 6,
};

static const struct {
	const char *name, *says;
	unsigned type;
} types[] = {
	{ "object", "an object", TYPE_OBJECT },
	{ "array", "a list", TYPE_ARRAY },
	{ "string", "a string", TYPE_STRING },
	{ "integer", "a whole number", TYPE_INTEGER },
	{ "number", "a number", TYPE_NUMBER },
	{ "boolean", "true or false", TYPE_BOOLEAN },
	{ "null", "null", TYPE_NULL },
};
#define TYPES (sizeof(types) / sizeof(types[0]))

struct property {
	const char *name;
	const struct schema *schema;
	bool required;
};

struct schema {
	unsigned types; /* 0: any */
	size_t property_count;
	struct property *properties;
	bool closed; /* no other properties */
	const struct schema *items;
	bool unique;
	json_int_t items_min, items_max, length_min, length_max; /* -1: no such bound */
	bool has_least, has_most;
	double least, most;
	size_t word_count; /* of an enum; 0: none */
	const char **words;
};

/* ---- Making one ---- */

static const struct schema *make(const json_t *json, struct arena *arena, unsigned depth);

static bool make_types(const json_t *json, struct schema *s)
{
	const size_t count = json_is_array(json) ? json_array_size(json) : 1;
	for (size_t i = 0; i < count; i++) {
		const char *name = json_string_value(json_is_array(json) ? json_array_get(json, i) : json);
		unsigned found = 0;
		for (size_t t = 0; name && t < TYPES; t++)
			if (strcmp(types[t].name, name) == 0)
				found = types[t].type;
		if (!found)
			return false;
		s->types |= found;
	}
	return count > 0;
}

static bool make_properties(const json_t *json, struct schema *s, struct arena *arena, unsigned depth)
{
	const char *name;
	json_t *value;
	s->properties = arena_alloc(arena, (json_object_size(json) + 1) * sizeof(*s->properties));
	if (!s->properties || !json_is_object(json))
		return false;
	json_object_foreach((json_t *)(uintptr_t)json, name, value) {
		struct property *p = &s->properties[s->property_count];
		p->name = arena_copy(arena, str_of(name));
		p->schema = make(value, arena, depth + 1);
		if (!p->name || !p->schema)
			return false;
		s->property_count++;
	}
	return true;
}

static struct property *find_property(const struct schema *s, const char *name)
{
	for (size_t i = 0; i < s->property_count; i++)
		if (strcmp(s->properties[i].name, name) == 0)
			return &s->properties[i];
	return NULL;
}

/* Each is among the properties, for there it is looked for. */
static bool make_required(const json_t *json, struct schema *s)
{
	for (size_t i = 0; i < json_array_size(json); i++) {
		const char *name = json_string_value(json_array_get(json, i));
		struct property *p = name ? find_property(s, name) : NULL;
		if (!p)
			return false;
		p->required = true;
	}
	return json_is_array(json);
}

static bool make_words(const json_t *json, struct schema *s, struct arena *arena)
{
	s->words = arena_alloc(arena, (json_array_size(json) + 1) * sizeof(*s->words));
	for (size_t i = 0; s->words && i < json_array_size(json); i++) {
		const char *word = json_string_value(json_array_get(json, i));
		s->words[i] = word ? arena_copy(arena, str_of(word)) : NULL;
		if (!s->words[i])
			return false;
		s->word_count++;
	}
	return s->words && s->word_count > 0;
}

static bool make_bound(const json_t *json, json_int_t *ret)
{
	*ret = json_integer_value(json);
	return json_is_integer(json) && *ret >= 0;
}

/* What is for people and for forms of texts, which the operation judges itself. */
static bool is_passed_over(const char *key)
{
	static const char *const keys[] = { "description", "title", "format", "contentMediaType", "contentEncoding",
		"$schema" };
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

static bool make_key(const char *key, const json_t *value, struct schema *s, struct arena *arena, unsigned depth)
{
	if (strcmp(key, "type") == 0)
		return make_types(value, s);
	if (strcmp(key, "properties") == 0)
		return make_properties(value, s, arena, depth);
	if (strcmp(key, "additionalProperties") == 0)
		return (s->closed = json_is_false(value)) || json_is_true(value);
	if (strcmp(key, "items") == 0)
		return (s->items = make(value, arena, depth + 1)) != NULL;
	if (strcmp(key, "uniqueItems") == 0)
		return (s->unique = json_is_true(value)) || json_is_false(value);
	if (strcmp(key, "enum") == 0)
		return make_words(value, s, arena);
	if (strcmp(key, "minItems") == 0)
		return make_bound(value, &s->items_min);
	if (strcmp(key, "maxItems") == 0)
		return make_bound(value, &s->items_max);
	if (strcmp(key, "minLength") == 0)
		return make_bound(value, &s->length_min);
	if (strcmp(key, "maxLength") == 0)
		return make_bound(value, &s->length_max);
	if (strcmp(key, "minimum") == 0) {
		s->least = json_number_value(value);
		return (s->has_least = json_is_number(value));
	}
	if (strcmp(key, "maximum") == 0) {
		s->most = json_number_value(value);
		return (s->has_most = json_is_number(value));
	}
	return strcmp(key, "required") == 0 || is_passed_over(key);
}

static const struct schema *make(const json_t *json, struct arena *arena, unsigned depth)
{
	struct schema *s = ARENA_NEW(arena, struct schema);
	const char *key;
	json_t *value;
	if (!s || depth > LIMIT_JSON_DEPTH || !json_is_object(json))
		return NULL;
	s->items_min = s->items_max = s->length_min = s->length_max = -1;
	json_object_foreach((json_t *)(uintptr_t)json, key, value)
		if (!make_key(key, value, s, arena, depth))
			return NULL;
	const json_t *required = json_object_get(json, "required");
	return !required || make_required(required, s) ? s : NULL;
}

const struct schema *schema_make(const json_t *json, struct arena *arena)
{
	return make(json, arena, 0);
}

/* ---- Holding a value against it ---- */

struct place { /* from the value that is looked at to the outermost */
	const struct place *outer;
	const char *name; /* NULL: an item */
	size_t index;
};

static size_t write_place(const struct place *place, char *text, size_t room)
{
	size_t n = 0;
	if (!place)
		return 0;
	n = write_place(place->outer, text, room);
	int more = place->name ? snprintf(text + n, room - n, "%s%.100s", n > 0 ? "." : "", place->name)
			       : snprintf(text + n, room - n, "[%zu]", place->index);
	return more < 0 ? n : n + (size_t)more < room ? n + (size_t)more : room - 1;
}

__attribute__((format(printf, 3, 4))) static bool mistake(char *ret, const struct place *place, const char *format,
	...)
{
	size_t n = write_place(place, ret, SCHEMA_MISTAKE_ROOM);
	va_list args;
	if (n == 0)
		n = (size_t)snprintf(ret, SCHEMA_MISTAKE_ROOM, "The arguments");
	va_start(args, format);
	(void)vsnprintf(ret + n, SCHEMA_MISTAKE_ROOM - n, format, args);
	va_end(args);
	return false;
}

static unsigned type_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return TYPE_OBJECT;
	case JSON_ARRAY:
		return TYPE_ARRAY;
	case JSON_STRING:
		return TYPE_STRING;
	case JSON_INTEGER:
		return TYPE_INTEGER | TYPE_NUMBER;
	case JSON_REAL: /* 1.0 is a whole number */
		return TYPE_NUMBER | (rint(json_real_value(value)) == json_real_value(value) ? TYPE_INTEGER : 0u);
	case JSON_TRUE:
	case JSON_FALSE:
		return TYPE_BOOLEAN;
	case JSON_NULL:
		break;
	}
	return TYPE_NULL;
}

static bool check_type(const struct schema *s, const json_t *value, const struct place *place, char *ret)
{
	char wanted[160] = "";
	size_t n = 0;
	if (!s->types || (s->types & type_of(value)))
		return true;
	for (size_t t = 0; t < TYPES; t++)
		if (s->types & types[t].type)
			n += (size_t)snprintf(wanted + n, sizeof(wanted) - n, "%s%s", n > 0 ? " or " : "", types[t].says);
	return mistake(ret, place, " must be %s", wanted);
}

/* In characters, as JSON Schema counts. */
static json_int_t length_of(const json_t *text)
{
	const char *p = json_string_value(text);
	json_int_t n = 0;
	for (size_t i = 0; i < json_string_length(text); i++)
		n += ((unsigned char)p[i] & 0xc0) != 0x80;
	return n;
}

static bool check_string(const struct schema *s, const json_t *value, const struct place *place, char *ret)
{
	if (s->length_min > 0 && length_of(value) < s->length_min)
		return mistake(ret, place, " must have at least %lld characters", (long long)s->length_min);
	if (s->length_max >= 0 && length_of(value) > s->length_max)
		return mistake(ret, place, " must have at most %lld characters", (long long)s->length_max);
	if (s->word_count == 0)
		return true;
	char words[384] = "";
	size_t n = 0;
	for (size_t i = 0; i < s->word_count; i++) {
		if (strcmp(s->words[i], json_string_value(value)) == 0
			&& strlen(s->words[i]) == json_string_length(value))
			return true;
		if (n < sizeof(words))
			n += (size_t)snprintf(words + n, sizeof(words) - n, "%s%s", i > 0 ? ", " : "", s->words[i]);
	}
	return mistake(ret, place, " must be one of: %s", words);
}

static bool check_number(const struct schema *s, const json_t *value, const struct place *place, char *ret)
{
	if (s->has_least && json_number_value(value) < s->least)
		return mistake(ret, place, " must be at least %g", s->least);
	if (s->has_most && json_number_value(value) > s->most)
		return mistake(ret, place, " must be at most %g", s->most);
	return true;
}

static bool check(const struct schema *s, const json_t *value, const struct place *place, char *ret);

static bool check_array(const struct schema *s, const json_t *value, const struct place *place, char *ret)
{
	const size_t count = json_array_size(value);
	if (s->items_min > 0 && count < (size_t)s->items_min)
		return mistake(ret, place, " must have at least %lld items", (long long)s->items_min);
	if (s->items_max >= 0 && count > (size_t)s->items_max)
		return mistake(ret, place, " must have at most %lld items", (long long)s->items_max);
	for (size_t i = 0; i < count; i++) {
		const struct place inner = { place, NULL, i };
		const json_t *item = json_array_get(value, i);
		if (s->items && !check(s->items, item, &inner, ret))
			return false;
		/* Where there may be many, there is a bound on them: LIMIT_JSON_VALUES, and mostly maxItems. */
		for (size_t j = 0; s->unique && j < i; j++)
			if (json_equal(json_array_get(value, j), item))
				return mistake(ret, &inner, " stands twice");
	}
	return true;
}

static bool check_object(const struct schema *s, const json_t *value, const struct place *place, char *ret)
{
	const char *name;
	json_t *member;
	for (size_t i = 0; i < s->property_count; i++) {
		const struct place inner = { place, s->properties[i].name, 0 };
		if (s->properties[i].required && !json_object_get(value, s->properties[i].name))
			return mistake(ret, &inner, " is missing");
	}
	json_object_foreach((json_t *)(uintptr_t)value, name, member) {
		const struct place inner = { place, name, 0 };
		const struct property *p = find_property(s, name);
		if (!p && s->closed)
			return mistake(ret, &inner, " is not known");
		if (p && !check(p->schema, member, &inner, ret))
			return false;
	}
	return true;
}

static bool check(const struct schema *s, const json_t *value, const struct place *place, char *ret)
{
	if (!check_type(s, value, place, ret))
		return false;
	if (json_is_string(value))
		return check_string(s, value, place, ret);
	if (json_is_number(value))
		return check_number(s, value, place, ret);
	if (json_is_array(value))
		return check_array(s, value, place, ret);
	return !json_is_object(value) || check_object(s, value, place, ret);
}

bool schema_check(const struct schema *schema, const json_t *value, char ret_mistake[static SCHEMA_MISTAKE_ROOM])
{
	return check(schema, value, NULL, ret_mistake);
}
