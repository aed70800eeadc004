/* SPDX-License-Identifier: Apache-2.0
 * One item of a list: where it ends, what it is called, and the values that a tool's argument may have.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/mcp_list.h"

#include "wire/json_internal.h"

#define NAME_MAX_BYTES 8192 /* decoded; a URI may be long */
#define POINTER_MAX 512

/* ---- Passing over ---- */

static bool ends_scalar(char c)
{
	return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The bytes up to the next quote or backslash. */
static size_t span_string(const char *p, size_t n)
{
	size_t i = 0;
	while (i < n && p[i] != '"' && p[i] != '\\')
		i++;
	return i;
}

/* Within a string. How many bytes were used. */
static size_t skip_string(struct mcp_skip *skip, const char *p, size_t n)
{
	size_t i = 0;
	while (i < n) {
		if (skip->escape) {
			skip->escape = false;
			i++;
			continue;
		}
		i += span_string(p + i, n - i);
		if (i == n)
			break;
		skip->escape = p[i] == '\\';
		skip->in_string = skip->escape;
		i++;
		if (!skip->in_string)
			break;
	}
	return i;
}

size_t mcp_skip(struct mcp_skip *skip, const char *p, size_t n, bool *ret_over)
{
	size_t i = 0;
	*ret_over = false;
	if (n > 0 && !skip->begun) {
		skip->begun = true;
		skip->scalar = p[0] != '"' && p[0] != '{' && p[0] != '[';
	}
	while (i < n && !*ret_over) {
		if (skip->in_string) {
			i += skip_string(skip, p + i, n - i);
			*ret_over = !skip->in_string && skip->depth == 0;
			continue;
		}
		char c = p[i];
		if (skip->scalar) {
			*ret_over = ends_scalar(c);
			i += !*ret_over;
			continue;
		}
		i++;
		if (c == '"') {
			skip->in_string = true;
		} else if (c == '{' || c == '[') {
			skip->depth++;
		} else if (c == '}' || c == ']') {
			skip->depth--;
			*ret_over = skip->depth == 0;
		}
	}
	return i;
}

/* ---- The name ---- */

struct found {
	struct str name; /* raw */
	bool twice;      /* the name, also in another case */
	size_t size;
};

/* One pass. False: not JSON, or not all of it. */
static bool read_item(struct str text, struct str key, struct found *ret)
{
	struct json_scanner s;
	json_scanner_init(&s, text);
	if (json_next(&s) != JSON_EVENT_OBJECT)
		return false;
	for (;;) {
		enum json_event event = json_next(&s);
		if (event == JSON_EVENT_OBJECT_END)
			break;
		if (event != JSON_EVENT_KEY)
			return false;
		enum json_match match = json_match_key(s.raw, s.escaped, key);
		event = json_next(&s);
		if (match != JSON_MATCH_NO) {
			ret->twice |= match == JSON_MATCH_FOLDED || ret->name.p;
			ret->name = event == JSON_EVENT_VALUE && s.kind == JSON_KIND_STRING ? s.raw : STR("");
		}
		if (event == JSON_EVENT_ERROR || !json_skip(&s))
			return false;
	}
	ret->size = (size_t)(s.p - s.start);
	return true;
}

/* ---- Values ---- */

/* Behind the bracket of an object: stands before the value of this key. False where it has none. */
static bool go_to(struct json_scanner *s, struct str key)
{
	if (json_next(s) != JSON_EVENT_OBJECT)
		return false;
	for (;;) {
		if (json_next(s) != JSON_EVENT_KEY)
			return false;
		if (json_match_key(s->raw, s->escaped, key) == JSON_MATCH_EXACT)
			return true;
		if (json_next(s) == JSON_EVENT_ERROR || !json_skip(s))
			return false;
	}
}

/* The values of the array that stay, each with what stands around it. False: none is left, or no array. */
static bool copy_values(const struct mcp_list_rules *rules, struct str name, struct json_scanner *s,
	struct buf *out)
{
	char room[NAME_MAX_BYTES];
	size_t n, kept = 0;
	if (json_next(s) != JSON_EVENT_ARRAY)
		return false;
	buf_add_char(out, '[');
	for (;;) {
		enum json_event event = json_next(s);
		if (event == JSON_EVENT_ARRAY_END)
			break;
		bool text = event == JSON_EVENT_VALUE && s->kind == JSON_KIND_STRING;
		struct str raw = s->raw;
		if (event == JSON_EVENT_ERROR || !json_skip(s))
			return false;
		if (!text || !json_decode(raw, room, sizeof(room), &n)
			|| !rules->value_shown(rules->ctx, name, (struct str){ room, n }))
			continue;
		buf_add_text(out, kept++ > 0 ? ",\"" : "\"");
		buf_add_str(out, raw);
		buf_add_char(out, '"');
	}
	buf_add_char(out, ']');
	return kept > 0;
}

/* "/inputSchema/properties/ARGUMENT/enum". */
static bool write_pointer(struct str argument, char *text, size_t *ret_n)
{
	static const char start[] = "/inputSchema/properties/", end[] = "/enum";
	size_t n = sizeof(start) - 1;
	memcpy(text, start, n);
	for (size_t i = 0; i < argument.n; i++) {
		if (n + 2 + sizeof(end) > POINTER_MAX)
			return false;
		char c = argument.p[i];
		text[n++] = c == '~' || c == '/' ? '~' : c;
		if (c == '~' || c == '/')
			text[n++] = c == '~' ? '0' : '1';
	}
	memcpy(text + n, end, sizeof(end) - 1);
	*ret_n = n + sizeof(end) - 1;
	return true;
}

/* False: the tool is not to be shown. Where it names no values, it stays as it is. */
static bool narrow(const struct mcp_list_rules *rules, struct str name, struct str argument, struct str item,
	struct buf *out, struct str *ret_instead)
{
	char text[POINTER_MAX];
	struct json_wanted wanted = { .pointer = { text, 0 } };
	struct json_scanner s;
	size_t at;
	const char *what;
	if (!write_pointer(argument, text, &wanted.pointer.n)
		|| json_select(item, &wanted, 1, &at, &what) != JSON_SELECT_OK)
		return false;
	if (wanted.found == 0)
		return true;
	const size_t start = sizeof("/inputSchema/properties/") - 1;
	struct str segment = { text + start, wanted.pointer.n - start - (sizeof("/enum") - 1) };
	json_scanner_init(&s, item);
	if (!go_to(&s, STR("inputSchema")) || !go_to(&s, STR("properties")) || !go_to(&s, segment)
		|| !go_to(&s, STR("enum")))
		return false;
	buf_reset(out);
	buf_add(out, item.p, (size_t)(s.p - item.p));
	if (!copy_values(rules, name, &s, out))
		return false;
	buf_add(out, s.p, (size_t)(item.p + item.n - s.p));
	*ret_instead = buf_str(out);
	return !out->failed;
}

enum mcp_item mcp_item_judge(const struct mcp_list_rules *rules, enum mcp_list list, struct str text,
	struct buf *narrowed, size_t *ret_size, struct str *ret_instead)
{
	static const struct str keys[MCP_LISTS] = { { "name", 4 }, { "uri", 3 }, { "uriTemplate", 11 }, { "name", 4 } };
	struct found found = { .size = 0 };
	char room[NAME_MAX_BYTES];
	*ret_instead = (struct str){ NULL, 0 };
	if (!read_item(text, keys[list], &found)) {
		struct mcp_skip skip = { 0 };
		bool over;
		*ret_size = mcp_skip(&skip, text.p, text.n, &over);
		return over ? MCP_ITEM_HIDDEN : MCP_ITEM_CUT;
	}
	*ret_size = found.size;
	struct str name = found.name;
	if (found.twice || name.n == 0 || name.n > sizeof(room))
		return MCP_ITEM_HIDDEN;
	if (memchr(name.p, '\\', name.n)) {
		size_t n;
		if (!json_decode(name, room, sizeof(room), &n))
			return MCP_ITEM_HIDDEN;
		name = (struct str){ room, n };
	}
	if (!rules->shown(rules->ctx, list, name))
		return MCP_ITEM_HIDDEN;
	struct str argument = list == MCP_LIST_TOOLS ? rules->select(rules->ctx, name) : (struct str){ NULL, 0 };
	struct str item = { text.p, found.size };
	return !argument.p || narrow(rules, name, argument, item, narrowed, ret_instead) ? MCP_ITEM_SHOWN
											  : MCP_ITEM_HIDDEN;
}
