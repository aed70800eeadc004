/* SPDX-License-Identifier: Apache-2.0
 * New values as YAML, in the manner of the files that Statamic writes: a text with a space in it is quoted, several
 * lines are a block, a map in a list starts below its dash.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/site/value.h"

#include "base/text.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- Texts ---- */

static uint32_t code_point(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;
	if (n == 1)
		return u[0];
	uint32_t code = n == 2 ? u[0] & 0x1fu : n == 3 ? u[0] & 0x0fu : u[0] & 0x07u;
	for (size_t i = 1; i < n; i++)
		code = code << 6 | (u[i] & 0x3fu);
	return code;
}

/* What a reader takes for a line break, drops, or refuses where it stands as it is. */
static bool must_escape(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff || c == 0xfffe
		|| c == 0xffff;
}

static bool any_escaped(struct str s, const char *but)
{
	for (size_t i = 0, step; i < s.n; i += step) {
		struct str rest = { s.p + i, s.n - i };
		step = utf8_next(rest);
		if (step == 0)
			return true;
		uint32_t c = code_point(rest.p, step);
		if (must_escape(c) && !(c > 0 && c < 0x80 && strchr(but, (int)c)))
			return true;
	}
	return false;
}

static void write_escape(struct buf *out, uint32_t c)
{
	static const struct { uint32_t c; const char *text; } names[] = {
		{ '"', "\\\"" }, { '\\', "\\\\" }, { 0, "\\0" }, { 7, "\\a" }, { 8, "\\b" }, { 9, "\\t" }, { 10, "\\n" },
		{ 11, "\\v" }, { 12, "\\f" }, { 13, "\\r" }, { 27, "\\e" }, { 0x85, "\\N" }, { 0xa0, "\\_" },
		{ 0x2028, "\\L" }, { 0x2029, "\\P" },
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].c == c) {
			buf_add_text(out, names[i].text);
			return;
		}
	buf_printf(out, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
}

static void write_double(struct buf *out, struct str s)
{
	buf_add_char(out, '"');
	for (size_t i = 0, step; i < s.n; i += step) {
		struct str rest = { s.p + i, s.n - i };
		step = utf8_next(rest);
		if (step == 0)
			step = 1; /* never of JSON */
		uint32_t c = code_point(rest.p, step);
		if (must_escape(c) || c == '"' || c == '\\')
			write_escape(out, c);
		else
			buf_add(out, rest.p, step);
	}
	buf_add_char(out, '"');
}

static void write_single(struct buf *out, struct str s)
{
	buf_add_char(out, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'')
			buf_add_char(out, '\'');
		buf_add_char(out, s.p[i]);
	}
	buf_add_char(out, '\'');
}

static bool is_word_of_old(struct str s)
{
	static const char *const words[] = { "y", "n", "yes", "no", "on", "off" };
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_eq_ignore_case(s, str_of(words[i])))
			return true;
	return false;
}

/* Digits and underscores are quoted even where this reader would take them for a text: others would not. */
static bool is_like_number(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= '0' && s.p[i] <= '9') && !(i > 0 && s.p[i] == '_') && !(i == 0 && strchr("+-", s.p[i])))
			return false;
	return true;
}

static bool is_plain(struct str s)
{
	struct value v;
	if (s.n == 0 || value_of_plain(s, &v) != VALUE_TEXT || is_word_of_old(s) || is_like_number(s))
		return false;
	if (strchr("-?|<>=!%@`.", s.p[0]))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (strchr(" \t'\":{}[],&*#?\\", s.p[i]))
			return false;
	return true;
}

static void write_text(struct buf *out, struct str s)
{
	if (any_escaped(s, "")) {
		write_double(out, s);
	} else if (is_plain(s)) {
		buf_add_str(out, s);
	} else if (memchr(s.p, '\'', s.n) && !memchr(s.p, '"', s.n) && !memchr(s.p, '\\', s.n)) {
		write_double(out, s);
	} else {
		write_single(out, s);
	}
}

/* Whether a block of lines reads back the same. */
static bool is_lines(struct str s)
{
	if (!memchr(s.p, '\n', s.n) || any_escaped(s, "\n\t") || strchr("\n \t", s.p[0]))
		return false;
	if (s.n > 1 && s.p[s.n - 1] == '\n' && s.p[s.n - 2] == '\n')
		return false;
	for (struct str rest = s, line; rest.n > 0;) {
		str_cut(&rest, '\n', &line);
		if (line.n > 0 && str_trim(line).n == 0)
			return false;
	}
	return true;
}

/* ---- Scalars ---- */

static struct str text_of(const json_t *json)
{
	return (struct str){ json_string_value(json), json_string_length(json) };
}

/* The fewest digits that read back as the same number, and never as a whole one. */
static void write_real(struct buf *out, double real)
{
	char text[40];
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, real);
		if (strtod(text, NULL) == real)
			break;
	}
	buf_add_text(out, text);
	if (!strpbrk(text, ".e"))
		buf_add_text(out, ".0");
}

static void write_scalar(struct buf *out, const json_t *json)
{
	if (json_is_string(json))
		write_text(out, text_of(json));
	else if (json_is_integer(json))
		buf_printf(out, "%lld", (long long)json_integer_value(json));
	else if (json_is_real(json))
		write_real(out, json_real_value(json));
	else
		buf_add_text(out, json_is_null(json) ? "null" : json_is_true(json) ? "true" : "false");
}

void value_write_key(const struct value_writer *w, struct str key)
{
	bool digits = key.n > 0;
	for (size_t i = 0; digits && i < key.n; i++)
		digits = key.p[i] >= '0' && key.p[i] <= '9';
	if (digits)
		buf_add_str(w->out, key);
	else
		write_text(w->out, key);
}

void value_write_flow(const struct value_writer *w, const json_t *json)
{
	const char *key;
	size_t i, n;
	json_t *item;
	if (json_is_array(json)) {
		buf_add_char(w->out, '[');
		json_array_foreach((json_t *)(uintptr_t)json, i, item) {
			buf_add_text(w->out, i > 0 ? ", " : "");
			value_write_flow(w, item);
		}
		buf_add_char(w->out, ']');
	} else if (json_is_object(json)) {
		bool any = false;
		buf_add_char(w->out, '{');
		json_object_keylen_foreach((json_t *)(uintptr_t)json, key, n, item) {
			buf_add_text(w->out, any ? ", " : " ");
			value_write_key(w, (struct str){ key, n });
			buf_add_text(w->out, ": ");
			value_write_flow(w, item);
			any = true;
		}
		buf_add_text(w->out, any ? " }" : "}");
	} else {
		write_scalar(w->out, json);
	}
}

/* ---- Blocks ---- */

static void new_line(const struct value_writer *w, unsigned column)
{
	buf_add_text(w->out, w->newline);
	for (unsigned i = 0; i < column; i++)
		buf_add_char(w->out, ' ');
}

static void write_lines(const struct value_writer *w, struct str s, unsigned column)
{
	bool ends = s.p[s.n - 1] == '\n';
	struct str rest = s, line;
	buf_add_text(w->out, ends ? " |" : " |-");
	while (rest.n > 0) {
		str_cut(&rest, '\n', &line);
		if (line.n > 0) {
			new_line(w, column);
			buf_add_str(w->out, line);
		} else {
			buf_add_text(w->out, w->newline);
		}
	}
}

static void write_member(const struct value_writer *w, struct str key, const json_t *value, unsigned column)
{
	value_write_key(w, key);
	buf_add_char(w->out, ':');
	value_write(w, value, column);
}

void value_write_members(const struct value_writer *w, const json_t *map, unsigned column)
{
	const char *key;
	size_t n;
	json_t *value;
	json_object_keylen_foreach((json_t *)(uintptr_t)map, key, n, value) {
		new_line(w, column);
		write_member(w, (struct str){ key, n }, value, column);
	}
}

/* A map on its dash's line, and its other keys below the first. */
static void write_compact(const struct value_writer *w, const json_t *map, unsigned column)
{
	const char *key;
	size_t n;
	json_t *value;
	bool any = false;
	json_object_keylen_foreach((json_t *)(uintptr_t)map, key, n, value) {
		if (any)
			new_line(w, column + 2);
		else
			buf_add_char(w->out, ' ');
		write_member(w, (struct str){ key, n }, value, column + 2);
		any = true;
	}
}

void value_write_items(const struct value_writer *w, const json_t *list, unsigned column)
{
	size_t i;
	json_t *item;
	json_array_foreach((json_t *)(uintptr_t)list, i, item) {
		new_line(w, column);
		buf_add_char(w->out, '-');
		if (w->compact && json_is_object(item) && json_object_size(item) > 0)
			write_compact(w, item, column);
		else
			value_write(w, item, column);
	}
}

void value_write(const struct value_writer *w, const json_t *json, unsigned column)
{
	if (json_is_object(json) && json_object_size(json) > 0) {
		value_write_members(w, json, column + 2);
	} else if (json_is_array(json) && json_array_size(json) > 0) {
		value_write_items(w, json, column + 2);
	} else if (json_is_string(json) && json_string_length(json) > 0 && is_lines(text_of(json))) {
		write_lines(w, text_of(json), column + 2);
	} else {
		buf_add_char(w->out, ' ');
		value_write_flow(w, json);
	}
}
