/* SPDX-License-Identifier: Apache-2.0
 * Judging objects by tables of fields. The kinds of text are in check_text.c.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/check.h"

#include "base/clock.h"

#include <stdio.h>

#define NAME_SHOWN 64 /* bytes of an unknown field's name that we repeat */

void check_add(struct check *c, const char *format, ...)
{
	static const char more[] = "; and more";
	char clause[400];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(clause, sizeof(clause), format, args);
	va_end(args);
	c->count++;
	if (n < 0 || (size_t)n >= sizeof(clause))
		n = snprintf(clause, sizeof(clause), "a field is too long to be named");
	size_t room = sizeof(c->text) - sizeof(more) - c->n;
	if ((size_t)n + 2 > room) {
		if (c->n + sizeof(more) <= sizeof(c->text) && !strstr(c->text, more))
			memcpy(c->text + c->n, more, sizeof(more));
		return;
	}
	c->n += (size_t)snprintf(c->text + c->n, room, "%s%s", c->n > 0 ? "; " : "", clause);
}

void check_answer(const struct check *c, struct service_call *call)
{
	service_fail(call, 422, "validation_failed", "%s", c->text);
}

static const struct field *find_field(const char *name, const struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

static void add_unknown(
	struct check *c, const char *where, const char *name, const struct field *fields, size_t count)
{
	const char *best = NULL;
	unsigned best_distance = 4;
	struct str given = str_of(name);

	if (given.n > NAME_SHOWN) {
		check_add(c, "%sa field with a name of %zu bytes is not known", where, given.n);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		unsigned distance = str_distance(given, str_of(fields[i].name), best_distance - 1);
		if (fields[i].kind != FIELD_NEVER && distance < best_distance) {
			best_distance = distance;
			best = fields[i].name;
		}
	}
	if (best)
		check_add(c, "%s%s is not a known field; did you mean %s?", where, name, best);
	else
		check_add(c, "%s%s is not a known field", where, name);
}

/* Case aside: one id may be written in two ways. */
static bool stood_before(const json_t *list, size_t i)
{
	struct str value = str_of(json_string_value(json_array_get(list, i)));
	for (size_t k = 0; k < i; k++)
		if (str_eq_ignore_case(value, str_of(json_string_value(json_array_get(list, k)))))
			return true;
	return false;
}

/* A list of texts that are each of `item`'s kind, no two alike. */
static void check_items(struct check *c, const char *where, const struct field *field,
	const struct field *item, const json_t *list)
{
	const char *unit = item->kind == FIELD_ID ? "ids" : "names";
	size_t count = json_array_size(list);

	if (!json_is_array(list)) {
		check_add(c, "%s%s must be a list of %s", where, field->name, unit);
		return;
	}
	if (count > field->max || (count == 0 && (field->flags & FIELD_FILLED))) {
		check_add(c, "%s%s must have %s%zu %s, and has %zu", where, field->name,
			  field->flags & FIELD_FILLED ? "1 to " : "at most ", field->max, unit, count);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		char name[96];
		struct field one = *item;
		const json_t *value = json_array_get(list, i);
		snprintf(name, sizeof(name), "%s[%zu]", field->name, i);
		one.name = name;
		if (!json_is_string(value)) {
			check_add(c, "%s%s must be text", where, name);
			continue;
		}
		check_field(
			c, where, &one, (struct str){ json_string_value(value), json_string_length(value) });
		if (stood_before(list, i))
			check_add(c, "%s%s stands twice", where, name);
	}
}

static void check_list(struct check *c, const char *where, const struct field *field, const json_t *value)
{
	if (field->kind == FIELD_IDS)
		check_items(c, where, field, &(struct field){ "", FIELD_ID, 0, 0, NULL }, value);
	else if (field->kind == FIELD_WORDS)
		check_items(c, where, field, &(struct field){ "", FIELD_WORD, 0, 0, field->hint }, value);
	else if (!json_is_array(value) || json_array_size(value) == 0 || json_array_size(value) > field->max)
		check_add(c, "%s%s must be a list of 1 to %zu items", where, field->name, field->max);
}

static void check_value(struct check *c, const char *where, const struct field *field, const json_t *value)
{
	if (field->kind == FIELD_NEVER) {
		check_add(c, "%s%s %s", where, field->name, field->hint);
		return;
	}
	if (json_is_null(value)) {
		if (!(field->flags & FIELD_NULLABLE))
			check_add(c, "%s%s must not be null", where, field->name);
		return;
	}
	switch (field->kind) {
	case FIELD_BOOL:
		if (!json_is_boolean(value))
			check_add(c, "%s%s must be true or false", where, field->name);
		return;
	case FIELD_NUMBER:
		if (!json_is_integer(value) || json_integer_value(value) < 0 ||
		    json_integer_value(value) > (json_int_t)field->max)
			check_add(c, "%s%s must be a whole number from 0 to %zu", where, field->name,
				field->max);
		return;
	case FIELD_OBJECT:
		if (!json_is_object(value))
			check_add(c, "%s%s must be an object", where, field->name);
		return;
	case FIELD_IDS:
	case FIELD_WORDS:
	case FIELD_LIST:
		check_list(c, where, field, value);
		return;
	case FIELD_LINE: case FIELD_TEXT: case FIELD_ID: case FIELD_TIME: case FIELD_WORD: case FIELD_SLUG:
	case FIELD_WEB: case FIELD_HOOK: case FIELD_ZONE: case FIELD_LOCAL: case FIELD_NEVER:
		break;
	}
	if (json_is_string(value))
		check_field(
			c, where, field, (struct str){ json_string_value(value), json_string_length(value) });
	else
		check_add(c, "%s%s must be text", where, field->name);
}

void check_object(
	struct check *c, const json_t *object, const char *where, const struct field *fields, size_t count)
{
	/* Reading does not change it; the macro's own types ask for a pointer that could. */
	json_t *o = (json_t *)(uintptr_t)object;
	const char *name;
	json_t *value;

	json_object_foreach(o, name, value) {
		const struct field *field = find_field(name, fields, count);
		if (field)
			check_value(c, where, field, value);
		else
			add_unknown(c, where, name, fields, count);
	}
	for (size_t i = 0; i < count; i++)
		if ((fields[i].flags & FIELD_REQUIRED) && !json_object_get(o, fields[i].name))
			check_add(c, "%s%s must be given", where, fields[i].name);
}

struct str get_text(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	if (!json_is_string(value))
		return (struct str){ NULL, 0 };
	return (struct str){ json_string_value(value), json_string_length(value) };
}

struct id_bytes get_id(const json_t *object, const char *name)
{
	struct id id;
	struct id_bytes bytes = { { 0 } };
	if (id_parse(get_text(object, name), &id))
		(void)id_to_bytes(&id, &bytes);
	return bytes;
}

int64_t get_time(const json_t *object, const char *name)
{
	int64_t ms = 0;
	return time_from_text(get_text(object, name), &ms) ? ms : 0;
}

struct str get_words(const json_t *object, const char *name, struct arena *arena)
{
	const json_t *list = json_object_get(object, name);
	size_t n = 0, count = json_array_size(list);

	if (!json_is_array(list))
		return (struct str){ NULL, 0 };
	for (size_t i = 0; i < count; i++)
		n += json_string_length(json_array_get(list, i)) + 1;
	char *text = arena_alloc(arena, n + 1);
	if (!text)
		return (struct str){ NULL, 0 };
	char *at = text;
	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_array_get(list, i);
		struct id id;
		struct str word = { json_string_value(value), json_string_length(value) };
		if (id_parse(word, &id)) /* ids are kept in one form, whatever case they came in */
			word = (struct str){ id.text, ID_LENGTH };
		if (at > text)
			*at++ = ' ';
		memcpy(at, word.p, word.n);
		at += word.n;
	}
	return (struct str){ text, (size_t)(at - text) };
}

struct id_bytes get_project(struct check *c, const json_t *object)
{
	if (json_object_get(object, "projectId") && json_object_get(object, "project_id"))
		check_add(c, "projectId and project_id are two names of one field: send one of them");
	return get_id(object, json_object_get(object, "projectId") ? "projectId" : "project_id");
}

bool next_word(struct str *rest, struct str *ret)
{
	if (rest->n == 0)
		return false;
	struct str word;
	str_cut(rest, ' ', &word);
	*ret = word;
	return true;
}
