/* SPDX-License-Identifier: Apache-2.0
 * From what a file says to what it should say, by as few bytes as can be: a value is replaced behind its colon or
 * dash, a key goes with its lines, what is new comes behind what is there. What cannot be told apart so finely is
 * written anew as a whole, no more than the list or map that it stands in.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/site/document_edit.h"

#include "base/limits.h"
#include <stdlib.h>

/* Where a value stands: behind a colon or a dash. */
struct slot {
	size_t after;    /* the first byte behind it */
	unsigned column; /* of the key or the dash */
};

static void change_value(struct editor *e, const struct value *old, const json_t *new, const struct slot *slot);

/* ---- Places ---- */

size_t edit_line_start(struct str text, size_t at)
{
	while (at > 0 && text.p[at - 1] != '\n')
		at--;
	return at;
}

size_t edit_line_end(struct str text, size_t at)
{
	while (at < text.n && text.p[at] != '\n')
		at++;
	return at > 0 && at < text.n && text.p[at - 1] == '\r' ? at - 1 : at;
}

static bool is_blank(struct str text, size_t from, size_t to)
{
	for (; from < to; from++)
		if (text.p[from] != ' ')
			return false;
	return true;
}

/* Behind the colon of a value's key; 0 where it is not found (a "?" key). */
static size_t find_colon(const struct editor *e, const struct value *v)
{
	size_t at = v->key_end;
	while (at < e->yaml.n && (e->yaml.p[at] == ' ' || e->yaml.p[at] == '\t'))
		at++;
	return at < e->yaml.n && e->yaml.p[at] == ':' ? at + 1 : 0;
}

/* Behind the next dash at or below `from` that stands in the list's column; 0 where there is none. */
static size_t find_dash(const struct editor *e, const struct value *list, size_t from)
{
	for (size_t line = edit_line_start(e->yaml, from); line < e->yaml.n;) {
		size_t at = line + list->column;
		if (at >= from && at < e->yaml.n && e->yaml.p[at] == '-' && is_blank(e->yaml, line, at))
			return at + 1;
		const char *next = memchr(e->yaml.p + line, '\n', e->yaml.n - line);
		if (!next)
			break;
		line = (size_t)(next - e->yaml.p) + 1;
	}
	return 0;
}

/* The line feed (or what stands for it) before the line that `at` is in; false on the first line. */
static bool line_break_before(struct str text, size_t at, size_t *ret)
{
	size_t start = edit_line_start(text, at);
	if (start == 0)
		return false;
	start--;
	*ret = start > 0 && text.p[start - 1] == '\r' ? start - 1 : start;
	return true;
}

/* ---- Equal ---- */

static bool list_equals(const struct value *value, const json_t *json)
{
	size_t i = 0;
	if (!json_is_array(json) || json_array_size(json) != value->count)
		return false;
	for (const struct value *v = value->first; v; v = v->next)
		if (!value_equals(v, json_array_get(json, i++)))
			return false;
	return true;
}

static bool map_equals(const struct value *value, const json_t *json)
{
	if (!json_is_object(json) || json_object_size(json) != value->count)
		return false;
	for (const struct value *v = value->first; v; v = v->next) {
		const json_t *other = json_object_getn(json, v->key.p, v->key.n);
		if (!other || !value_equals(v, other))
			return false;
	}
	return true;
}

bool value_equals(const struct value *value, const json_t *json)
{
	switch ((enum value_kind)value->kind) {
	case VALUE_NULL:
		return json_is_null(json);
	case VALUE_BOOL:
		return json_is_boolean(json) && json_is_true(json) == value->truth;
	case VALUE_INT:
		return json_is_integer(json) && json_integer_value(json) == value->number;
	case VALUE_REAL:
		/* .inf is null in JSON: who sends that back changes nothing */
		return json_is_real(json) ? json_real_value(json) == value->real
					  : json_is_null(json) && value->real - value->real != 0;
	case VALUE_TEXT:
		return json_is_string(json)
			&& str_eq(value->text, (struct str){ json_string_value(json), json_string_length(json) });
	case VALUE_LIST:
		return list_equals(value, json);
	case VALUE_MAP:
		return map_equals(value, json);
	}
	return false;
}

/* ---- New text ---- */

static struct str keep(struct editor *e, struct buf *text)
{
	struct str kept = text->failed ? (struct str){ NULL, 0 } : arena_copy_str(e->d->arena, buf_str(text));
	if (!kept.p)
		e->failed = true;
	buf_done(text);
	return kept;
}

static void begin(const struct editor *e, struct buf *text, struct value_writer *w)
{
	buf_init(text, LIMIT_CONTENT_FILE_BYTES);
	*w = (struct value_writer){ .out = text, .newline = e->newline };
}

/* Whether a list's maps start on the lines of their dashes. */
static bool is_compact(const struct editor *e, const struct value *list)
{
	const struct value *item = list->first;
	size_t dash = item && item->kind == VALUE_MAP && item->style == STYLE_BLOCK ? find_dash(e, list, list->start) : 0;
	return dash > 0 && edit_line_start(e->yaml, item->start) == edit_line_start(e->yaml, dash);
}

static void insert_item(struct editor *e, const struct value *list, const json_t *item, size_t at)
{
	struct buf text;
	struct value_writer w;
	json_t *one = json_array();
	begin(e, &text, &w);
	w.compact = is_compact(e, list);
	if (!one || json_array_append(one, (json_t *)(uintptr_t)item) != 0)
		e->failed = true;
	else
		value_write_items(&w, one, list->column);
	json_decref(one);
	edit_splice(e, at, at, keep(e, &text));
}

static void insert_key(struct editor *e, const struct value *map, struct str key, const json_t *value, size_t at)
{
	struct buf text;
	struct value_writer w;
	begin(e, &text, &w);
	buf_add_text(&text, e->newline);
	for (unsigned i = 0; i < map->column; i++)
		buf_add_char(&text, ' ');
	value_write_key(&w, key);
	buf_add_char(&text, ':');
	value_write(&w, value, map->column);
	edit_splice(e, at, at, keep(e, &text));
}

/* ---- One value in the place of another ---- */

/* A value's bytes: what stands behind its colon or dash, and the lines below. A comment may stand between. */
struct extent {
	size_t inline_end, lines, lines_end;
};

static struct extent extent_of(const struct editor *e, const struct value *old, const struct slot *slot)
{
	struct extent x = { .inline_end = old->end };
	bool below = edit_line_start(e->yaml, old->start) != edit_line_start(e->yaml, slot->after);
	if (old->style == STYLE_LINES) {
		x.inline_end = old->start;
		while (x.inline_end < e->yaml.n && !strchr(" \t\r\n#", e->yaml.p[x.inline_end]))
			x.inline_end++;
	} else if (old->style == STYLE_BLOCK && below) {
		x.inline_end = slot->after;
	}
	if (x.inline_end < slot->after)
		x.inline_end = slot->after;
	x.lines = edit_line_end(e->yaml, x.inline_end);
	x.lines_end = old->end > x.lines ? edit_line_end(e->yaml, old->end) : x.lines;
	return x;
}

static bool stays_flow(const struct value *old, const json_t *new)
{
	return old->style == STYLE_FLOW && old->count > 0
		&& ((old->kind == VALUE_LIST && json_is_array(new)) || (old->kind == VALUE_MAP && json_is_object(new)));
}

static void replace_value(struct editor *e, const struct value *old, const json_t *new, const struct slot *slot)
{
	const struct extent x = extent_of(e, old, slot);
	struct buf text;
	struct value_writer w;
	begin(e, &text, &w);
	w.compact = old->kind == VALUE_LIST && is_compact(e, old);
	if (stays_flow(old, new) || (e->quoted && json_is_string(new))) {
		buf_add_char(&text, ' ');
		value_write_flow(&w, new);
	} else {
		value_write(&w, new, slot->column);
	}
	struct str all = keep(e, &text), head = { all.p, 0 };
	while (head.n < all.n && all.p[head.n] != '\n' && all.p[head.n] != '\r')
		head.n++;
	const struct str lines = { all.p + head.n, all.n - head.n };
	size_t from = slot->after;
	if (head.n > 1 && old->start > from && old->start < x.inline_end && is_blank(e->yaml, from, old->start)) {
		from = old->start; /* the spaces before it stay as they were */
		head = (struct str){ head.p + 1, head.n - 1 };
	}
	edit_splice(e, from, x.inline_end, head);
	if (lines.n > 0 || x.lines_end > x.lines)
		edit_splice(e, x.lines, x.lines_end, lines);
}

/* ---- Maps ---- */

/* Whether each key stands on lines of its own, so that it can be taken out or changed alone. */
static bool map_is_plain(const struct editor *e, const struct value *map, const json_t *new)
{
	bool kept = false;
	for (const struct value *v = map->first; v; v = v->next) {
		bool stays = json_object_getn(new, v->key.p, v->key.n) != NULL;
		size_t before;
		kept |= stays;
		if (find_colon(e, v) == 0)
			return false;
		if (!stays && (!is_blank(e->yaml, edit_line_start(e->yaml, v->key_start), v->key_start)
				|| !line_break_before(e->yaml, v->key_start, &before)) && v->key_start > 0)
			return false;
	}
	return kept;
}

/* Takes out the lines from the one that `at` is in to the one that `last` is in. Where blank lines stand before and
 * behind, those behind go too. */
static void remove_lines(struct editor *e, size_t at, size_t last)
{
	size_t before, end = edit_line_end(e->yaml, last);
	if (!line_break_before(e->yaml, at, &before)) {
		end += end < e->yaml.n && e->yaml.p[end] == '\r';
		edit_splice(e, 0, end + (end < e->yaml.n), (struct str){ "", 0 });
		return;
	}
	size_t line = edit_line_start(e->yaml, before), next = end;
	while (is_blank(e->yaml, line, before) && next < e->yaml.n) {
		next += e->yaml.p[next] == '\r' ? 2 : 1;
		size_t stop = edit_line_end(e->yaml, next);
		if (stop >= e->yaml.n || !is_blank(e->yaml, next, stop))
			break;
		end = next = stop;
	}
	edit_splice(e, before, end, (struct str){ "", 0 });
}

static size_t end_of(const struct value *v)
{
	return v->end > v->key_end ? v->end : v->key_end;
}

/* The keys that go at the very start of the file, where no line end stands before them; the first that stays. */
static const struct value *remove_first_keys(struct editor *e, const struct value *map, const json_t *new)
{
	const struct value *v = map->first, *last = NULL;
	size_t before;
	if (line_break_before(e->yaml, v->key_start, &before))
		return v;
	for (; v && !json_object_getn(new, v->key.p, v->key.n); v = v->next)
		last = v;
	if (last)
		remove_lines(e, map->first->key_start, end_of(last));
	return v;
}

static bool change_map(struct editor *e, const struct value *map, const json_t *new)
{
	const char *key;
	size_t n;
	json_t *value;
	if (!map_is_plain(e, map, new))
		return false;
	for (const struct value *v = remove_first_keys(e, map, new); v; v = v->next) {
		const json_t *wanted = json_object_getn(new, v->key.p, v->key.n);
		const struct slot slot = { find_colon(e, v), map->column };
		if (wanted)
			change_value(e, v, wanted, &slot);
		else
			remove_lines(e, v->key_start, end_of(v));
	}
	const size_t end = edit_line_end(e->yaml, map->end);
	json_object_keylen_foreach((json_t *)(uintptr_t)new, key, n, value)
		if (!value_get(map, (struct str){ key, n }))
			insert_key(e, map, (struct str){ key, n }, value, end);
	return true;
}

/* ---- Lists ---- */

struct list_edit {
	const struct value **items;
	size_t *dashes; /* behind each */
	size_t old, new; /* how many */
	size_t head, tail; /* equal at the start, and at the end */
};

static size_t item_end(const struct list_edit *l, size_t i)
{
	return l->items[i]->end > l->dashes[i] ? l->items[i]->end : l->dashes[i];
}

static bool find_items(const struct editor *e, const struct value *list, struct list_edit *l)
{
	size_t from = list->start, i = 0;
	for (const struct value *v = list->first; v; v = v->next, i++) {
		l->items[i] = v;
		l->dashes[i] = find_dash(e, list, from);
		if (l->dashes[i] == 0)
			return false;
		from = item_end(l, i);
	}
	return true;
}

static void find_equal(struct list_edit *l, const json_t *new)
{
	while (l->head < l->old && l->head < l->new && value_equals(l->items[l->head], json_array_get(new, l->head)))
		l->head++;
	while (l->head + l->tail < l->old && l->head + l->tail < l->new
		&& value_equals(l->items[l->old - 1 - l->tail], json_array_get(new, l->new - 1 - l->tail)))
		l->tail++;
}

static void change_items(struct editor *e, const struct value *list, const json_t *new, const struct list_edit *l)
{
	const size_t old = l->old - l->head - l->tail, now = l->new - l->head - l->tail, both = old < now ? old : now;
	size_t i, at = 0;
	for (i = l->head; i < l->head + both; i++) {
		const struct slot slot = { l->dashes[i], list->column };
		change_value(e, l->items[i], json_array_get(new, i), &slot);
	}
	for (; i < l->head + old; i++) {
		remove_lines(e, l->dashes[i] - 1, item_end(l, i));
	}
	if (l->head + both == 0)
		(void)line_break_before(e->yaml, l->dashes[0] - 1, &at);
	else
		at = edit_line_end(e->yaml, item_end(l, l->head + both - 1));
	for (i = l->head + both; i < l->head + now; i++)
		insert_item(e, list, json_array_get(new, i), at);
}

static bool change_list(struct editor *e, const struct value *list, const json_t *new)
{
	size_t before;
	struct list_edit l = { .old = list->count, .new = json_array_size(new) };
	if (!line_break_before(e->yaml, list->start, &before)
		|| !is_blank(e->yaml, edit_line_start(e->yaml, list->start), list->start))
		return false;
	l.items = calloc(l.old, sizeof(l.items[0]));
	l.dashes = calloc(l.old, sizeof(l.dashes[0]));
	bool good = l.items && l.dashes && find_items(e, list, &l);
	if (good) {
		find_equal(&l, new);
		change_items(e, list, new, &l);
	}
	free(l.items);
	free(l.dashes);
	return good;
}

/* ---- Any ---- */

/* A text whose blank lines behind it are its own ("|+"). */
static bool keeps_blanks(const struct editor *e, const struct value *v)
{
	if (v->style != STYLE_LINES)
		return false;
	for (size_t i = v->start; i < e->yaml.n && !strchr(" \t\r\n#", e->yaml.p[i]); i++)
		if (e->yaml.p[i] == '+')
			return true;
	return false;
}

static void change_value(struct editor *e, const struct value *old, const json_t *new, const struct slot *slot)
{
	if (value_equals(old, new) && !(e->quoted && keeps_blanks(e, old)))
		return;
	if (!e->coarse && old->style == STYLE_BLOCK && old->kind == VALUE_MAP && json_object_size(new) > 0
		&& change_map(e, old, new))
		return;
	if (!e->coarse && old->style == STYLE_BLOCK && old->kind == VALUE_LIST && json_array_size(new) > 0
		&& change_list(e, old, new))
		return;
	replace_value(e, old, new, slot);
}

/* The whole map, where nothing of it can be kept. */
static void replace_root(struct editor *e, const json_t *wanted)
{
	const struct value *root = e->d->root;
	struct buf text;
	struct value_writer w;
	begin(e, &text, &w);
	if (json_object_size(wanted) > 0)
		value_write_members(&w, wanted, 0);
	else
		buf_printf(&text, "%s{}", e->newline);
	struct str all = keep(e, &text);
	const size_t skip = strlen(e->newline);
	const struct str lines = all.n >= skip ? (struct str){ all.p + skip, all.n - skip } : all;
	if (root->end > root->start) {
		edit_splice(e, edit_line_start(e->yaml, root->start), edit_line_end(e->yaml, root->end), lines);
		return;
	}
	/* Nothing but fences and comments: behind them. */
	if (e->yaml.n > 0 && e->yaml.p[e->yaml.n - 1] != '\n')
		edit_splice(e, e->yaml.n, e->yaml.n, str_of(e->newline));
	edit_splice(e, e->yaml.n, e->yaml.n, lines);
	edit_splice(e, e->yaml.n, e->yaml.n, str_of(e->newline));
}

void edit_root(struct editor *e, const json_t *wanted)
{
	const struct value *root = e->d->root;
	if (value_equals(root, wanted))
		return;
	if (root->style != STYLE_BLOCK || !change_map(e, root, wanted))
		replace_root(e, wanted);
}
