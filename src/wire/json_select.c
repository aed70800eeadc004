/* SPDX-License-Identifier: Apache-2.0
 * Finds the values that pointers ask for, in the scanner's one pass. Sets of pointers are bits of a
 * word: for every open container, the pointers that lead through it.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/json_internal.h"

#include <assert.h>

#define WANTED_MAX 32
#define SEGMENTS_MAX 16

typedef uint32_t wanted_set;

struct walk {
	struct json_scanner scanner;
	struct json_wanted *wanted;
	/* [i][k]: where segment k starts in pointer i; behind the last one, as if another came. */
	uint16_t starts[WANTED_MAX][SEGMENTS_MAX + 1];
	wanted_set ending[LIMIT_JSON_DEPTH + 1];  /* [k]: the pointers with k segments */
	/* By the scanner's depth, of the containers that are open: */
	wanted_set through[LIMIT_JSON_DEPTH + 1]; /* the pointers that go on inside */
	wanted_set taken[LIMIT_JSON_DEPTH + 1];   /* those of them whose key has been seen */
	uint32_t items[LIMIT_JSON_DEPTH + 1];     /* of an array, so far */
};

static void cut_pointer(struct walk *w, size_t i)
{
	struct str pointer = w->wanted[i].pointer;
	assert(pointer.n == 0 || *pointer.p == '/');
	assert(pointer.n < UINT16_MAX);
	size_t segments = 0;
	for (size_t at = 0; at < pointer.n; at++) {
		if (pointer.p[at] != '/')
			continue;
		assert(segments < SEGMENTS_MAX);
		w->starts[i][segments++] = (uint16_t)(at + 1);
	}
	w->starts[i][segments] = (uint16_t)(pointer.n + 1);
	w->ending[segments] |= (wanted_set)1 << i;
}

/* Segment k ends before the slash that segment k + 1 stands behind. */
static struct str segment_of(const struct walk *w, size_t i, size_t k)
{
	size_t start = w->starts[i][k], end = w->starts[i][k + 1] - 1u;
	return (struct str){ w->wanted[i].pointer.p + start, end - start };
}

static size_t take_first(wanted_set *set)
{
	size_t i = (size_t)__builtin_ctz(*set);
	*set &= *set - 1;
	return i;
}

/* The pointers that go on with this key. False: it stands twice, or in another case. */
static bool match_key(struct walk *w, wanted_set *ret)
{
	uint32_t depth = w->scanner.depth;
	wanted_set matched = 0;
	for (wanted_set left = w->through[depth]; left;) {
		size_t i = take_first(&left);
		struct str segment = segment_of(w, i, depth - 1);
		enum json_match match = json_match_key(w->scanner.raw, w->scanner.escaped, segment);
		if (match == JSON_MATCH_FOLDED)
			return false;
		if (match == JSON_MATCH_EXACT)
			matched |= (wanted_set)1 << i;
	}
	if (matched & w->taken[depth])
		return false;
	w->taken[depth] |= matched;
	*ret = matched;
	return true;
}

static bool segment_is_item(struct str segment, uint32_t item)
{
	uint64_t number;
	if (segment.n > 1 && *segment.p == '0') /* RFC 6901: no leading zero */
		return false;
	return str_eq(segment, STR("*")) || (str_to_u64(segment, UINT32_MAX, &number) && number == item);
}

/* The pointers that go on with the item of the array at this depth that comes now. */
static wanted_set match_item(struct walk *w, uint32_t depth)
{
	wanted_set matched = 0;
	uint32_t item = w->items[depth]++;
	for (wanted_set left = w->through[depth]; left;) {
		size_t i = take_first(&left);
		if (segment_is_item(segment_of(w, i, depth - 1), item))
			matched |= (wanted_set)1 << i;
	}
	return matched;
}

static bool value_equals(const struct json_scanner *s, struct str text)
{
	if (s->kind == JSON_KIND_OBJECT || s->kind == JSON_KIND_ARRAY)
		return false;
	return s->kind == JSON_KIND_STRING ? json_raw_eq(s->raw, text) : str_eq(s->raw, text);
}

/* A value that these pointers ask for has begun. */
static void note_value(struct walk *w, wanted_set set)
{
	const struct json_scanner *s = &w->scanner;
	bool scalar = s->kind != JSON_KIND_OBJECT && s->kind != JSON_KIND_ARRAY;
	while (set) {
		struct json_wanted *wanted = &w->wanted[take_first(&set)];
		if (wanted->found++ == 0) {
			wanted->kind = s->kind;
			wanted->raw = scalar ? s->raw : (struct str){ NULL, 0 };
		}
		if (wanted->equals.p && value_equals(s, wanted->equals))
			wanted->equal++;
	}
}

/* A value has begun that the pointers in `set` lead to or through; `outside` is the depth around it. */
static void begin_value(struct walk *w, wanted_set set, uint32_t outside)
{
	uint32_t depth = w->scanner.depth;
	note_value(w, set & w->ending[outside]);
	if (depth == outside)
		return;
	w->through[depth] = set & ~w->ending[outside];
	w->taken[depth] = 0;
	w->items[depth] = 0;
}

static enum json_select_result walk_text(struct walk *w, wanted_set all)
{
	struct json_scanner *s = &w->scanner;
	wanted_set set = all; /* the pointers that lead to the value that comes next */
	for (;;) {
		uint32_t outside = s->depth;
		bool item = outside > 0 && !(s->in_object >> outside & 1);
		enum json_event event = json_next(s);
		switch (event) {
		case JSON_EVENT_END:
			return JSON_SELECT_OK;
		case JSON_EVENT_ERROR:
			return JSON_SELECT_INVALID;
		case JSON_EVENT_KEY:
			if (!match_key(w, &set))
				return JSON_SELECT_DUPLICATE;
			break;
		case JSON_EVENT_OBJECT:
		case JSON_EVENT_ARRAY:
		case JSON_EVENT_VALUE:
			begin_value(w, item ? match_item(w, outside) : set, outside);
			break;
		case JSON_EVENT_OBJECT_END:
		case JSON_EVENT_ARRAY_END:
			break;
		}
	}
}

enum json_select_result json_select(struct str text, struct json_wanted *wanted, size_t count, size_t *ret_at,
	const char **ret_what)
{
	assert(count <= WANTED_MAX);
	struct walk w = { .wanted = wanted };
	json_scanner_init(&w.scanner, text);
	for (size_t i = 0; i < count; i++) {
		wanted[i].found = wanted[i].equal = 0;
		wanted[i].kind = JSON_KIND_NONE;
		wanted[i].raw = (struct str){ NULL, 0 };
		cut_pointer(&w, i);
	}
	wanted_set all = count < WANTED_MAX ? ((wanted_set)1 << count) - 1 : UINT32_MAX;
	enum json_select_result result = walk_text(&w, all);
	if (result != JSON_SELECT_OK) {
		*ret_at = (size_t)(w.scanner.p - w.scanner.start);
		*ret_what = w.scanner.error ? w.scanner.error :
					      "A key that is judged stands twice, or in another case";
	}
	return result;
}
