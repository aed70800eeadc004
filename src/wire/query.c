/* SPDX-License-Identifier: Apache-2.0
 * Query strings into pairs. What one reader would drop and another keep is refused.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/query.h"

#include "base/text.h"

/* The byte that stands at raw.p[*at], decoded once; -1 where it is no byte that may be there. */
static int decode_byte(struct str raw, size_t *at)
{
	int c = (uint8_t)raw.p[*at];
	if (c == '+') {
		c = ' ';
	} else if (c == '%') {
		if (raw.n - *at < 3)
			return -1;
		int high = hex_value(raw.p[*at + 1]), low = hex_value(raw.p[*at + 2]);
		if (high < 0 || low < 0)
			return -1;
		c = high << 4 | low;
		*at += 2;
	}
	*at += 1;
	return c >= 0x20 && c != 0x7f ? c : -1;
}

/* Decodes into the arena where there is something to decode. */
static enum query_result decode(struct str raw, struct arena *arena, struct str *ret)
{
	struct str text = raw;
	char *room = NULL;
	if (raw.n > 0 && (memchr(raw.p, '%', raw.n) || memchr(raw.p, '+', raw.n))) {
		room = arena_alloc(arena, raw.n);
		if (!room)
			return QUERY_NO_MEMORY;
		text = (struct str){ room, 0 };
	}
	for (size_t at = 0; at < raw.n;) {
		int c = decode_byte(raw, &at);
		if (c < 0)
			return QUERY_INVALID;
		if (room)
			room[text.n++] = (char)c;
	}
	if (!utf8_valid(text))
		return QUERY_INVALID;
	*ret = text;
	return QUERY_OK;
}

static enum query_result read_pair(struct str raw, struct arena *arena, struct query_pair *ret,
	const char **reterr_what)
{
	struct str name, value = raw;
	if (!str_cut(&value, '=', &name)) /* no '=': the value is empty, but it is there */
		value = (struct str){ raw.p + raw.n, 0 };
	enum query_result result = decode(name, arena, &ret->name);
	if (result == QUERY_OK)
		result = decode(value, arena, &ret->value);
	if (result == QUERY_INVALID)
		*reterr_what = "The query holds a broken %, a control character, or text that is not UTF-8";
	if (result == QUERY_NO_MEMORY)
		*reterr_what = "No memory for the query";
	if (result == QUERY_OK && ret->name.n == 0) {
		*reterr_what = "The query holds a value without a name";
		result = QUERY_INVALID;
	}
	return result;
}

enum query_result query_parse(struct str raw, struct arena *arena, struct query *ret,
	const char **reterr_what)
{
	ret->count = 0;
	for (bool more = raw.n > 0; more;) {
		struct str one;
		more = str_cut(&raw, '&', &one);
		if (one.n == 0)
			continue;
		if (ret->count == LIMIT_QUERY_PARAMS) {
			*reterr_what = "The query holds too many parameters";
			return QUERY_TOO_MANY;
		}
		enum query_result result = read_pair(one, arena, &ret->pairs[ret->count], reterr_what);
		if (result != QUERY_OK)
			return result;
		ret->count++;
	}
	return QUERY_OK;
}

/* As careless receivers see a name: PHP writes "_" for a space, a dot and a lone bracket. */
static char fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c | 0x20);
	return c == ' ' || c == '.' || c == '[' ? '_' : c;
}

/* Whether some receiver takes the name for the wanted one: in another case, behind spaces, as a list or an object
 * ("a[]", "a[0]", "a.b"). */
static bool is_alike(struct str name, struct str wanted)
{
	while (name.n > 0 && *name.p == ' ')
		name = (struct str){ name.p + 1, name.n - 1 };
	if (name.n < wanted.n)
		return false;
	for (size_t i = 0; i < wanted.n; i++)
		if (fold(name.p[i]) != fold(wanted.p[i]))
			return false;
	return name.n == wanted.n || memchr(" .[", name.p[wanted.n], 3) != NULL;
}

/* Whether the name begins behind a ";" in the text, which parts pairs for some receivers. */
static bool hides(struct str text, struct str wanted)
{
	struct str piece, name;
	for (bool more = str_cut(&text, ';', &piece); more;) {
		more = str_cut(&text, ';', &piece);
		str_cut(&piece, '=', &name);
		if (is_alike(name, wanted))
			return true;
	}
	return false;
}

struct str query_get(const struct query *query, const char *name, size_t *ret_count)
{
	struct str wanted = str_of(name), value = { NULL, 0 };
	size_t count = 0;
	for (size_t i = 0; i < query->count; i++) {
		const struct query_pair *pair = &query->pairs[i];
		bool exact = str_eq(pair->name, wanted);
		if (hides(pair->name, wanted) || hides(pair->value, wanted))
			count += 2;
		if (!exact && !is_alike(pair->name, wanted))
			continue;
		if (exact && !value.p)
			value = pair->value;
		count += exact ? 1 : 2;
	}
	if (ret_count)
		*ret_count = count;
	return value;
}
