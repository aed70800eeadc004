/* SPDX-License-Identifier: Apache-2.0
 * Pointers into JSON, beside a naive look-up in jansson's tree. The input is one pointer a line, an
 * empty line, and the text.
 */
#include "wire/json.h"

#include <jansson.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)
#define POINTERS_MAX 32

static bool pointer_is_good(struct str pointer)
{
	size_t segments = 0;
	for (size_t i = 0; i < pointer.n; i++) {
		segments += pointer.p[i] == '/';
		if (pointer.p[i] == '\0')
			return false;
	}
	return segments <= 16 && (pointer.n == 0 || *pointer.p == '/');
}

/* One segment, unescaped, into `text`. */
static void take_segment(struct str *rest, char *text)
{
	size_t n = 0, at = 1;
	for (; at < rest->n && rest->p[at] != '/'; at++) {
		char next = at + 1 < rest->n ? rest->p[at + 1] : '\0';
		bool escape = rest->p[at] == '~' && (next == '0' || next == '1');
		text[n++] = !escape ? rest->p[at] : next == '0' ? '~' : '/';
		at += escape;
	}
	text[n] = '\0';
	*rest = (struct str){ rest->p + at, rest->n - at };
}

/* How many values the pointer stands for. */
static uint32_t count_values(json_t *value, struct str pointer)
{
	if (pointer.n == 0)
		return 1;
	char *text = malloc(pointer.n + 1);
	REQUIRE(text);
	take_segment(&pointer, text);
	uint32_t count = 0;
	if (json_is_object(value)) {
		json_t *member = json_object_get(value, text);
		count = member ? count_values(member, pointer) : 0;
	} else if (json_is_array(value)) {
		for (size_t i = 0; i < json_array_size(value); i++) {
			char number[32];
			snprintf(number, sizeof(number), "%zu", i);
			if (strcmp(text, "*") == 0 || strcmp(text, number) == 0)
				count += count_values(json_array_get(value, i), pointer);
		}
	}
	free(text);
	return count;
}

static size_t take_pointers(struct str *input, struct json_wanted *wanted)
{
	struct str line;
	size_t count = 0;
	while (count < POINTERS_MAX && str_cut(input, '\n', &line) && line.n > 0)
		if (pointer_is_good(line))
			wanted[count++] = (struct json_wanted){ .pointer = line, .equals = STR("true") };
	return count;
}

static void require_views(const struct json_wanted *one, struct str text)
{
	REQUIRE(one->equal <= one->found);
	REQUIRE((one->kind == JSON_KIND_NONE) == (one->found == 0));
	if (one->raw.p)
		REQUIRE(one->raw.p >= text.p && one->raw.p + one->raw.n <= text.p + text.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct json_wanted wanted[POINTERS_MAX];
	if (size == 0)
		return 0;
	size_t count = take_pointers(&text, wanted), at = SIZE_MAX;
	const char *what = NULL;
	enum json_select_result result = json_select(text, wanted, count, &at, &what);
	if (result != JSON_SELECT_OK) {
		REQUIRE(at <= text.n && what);
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		require_views(&wanted[i], text);
	json_t *tree = json_loadb(text.p, text.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (!tree) /* jansson's own limits: fuzz/json.c looks at them */
		return 0;
	for (size_t i = 0; i < count; i++)
		REQUIRE(wanted[i].found == count_values(tree, wanted[i].pointer));
	json_decref(tree);
	return 0;
}
