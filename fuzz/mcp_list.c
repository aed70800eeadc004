/* SPDX-License-Identifier: Apache-2.0
 * Lists of MCP, filtered, beside a filter over jansson's tree; and every cut gives the same. The first byte
 * says where it is cut and whether the text comes as server-sent events.
 */
#include "wire/mcp_list.h"

#include <jansson.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)

static bool is_shown(struct str name)
{
	return name.n > 0 && name.p[0] != 'h';
}

static bool shown(void *ctx, enum mcp_list list, struct str name)
{
	(void)ctx;
	(void)list;
	return is_shown(name);
}

static struct str select_of(void *ctx, struct str name)
{
	(void)ctx;
	return name.p[0] == 's' ? STR("a/b") : (struct str){ NULL, 0 };
}

static bool value_shown(void *ctx, struct str name, struct str value)
{
	(void)ctx;
	(void)name;
	return is_shown(value);
}

static void emit(void *ctx, struct str bytes)
{
	buf_add_str(ctx, bytes);
}

/* What goes out, and whether all went well, of a text cut into pieces of `step` bytes. */
static bool filter(struct str text, bool events, size_t step, struct buf *out)
{
	const struct mcp_list_rules rules = { out, shown, select_of, value_shown, emit, true };
	struct mcp_list_filter f;
	mcp_list_init(&f, &rules, events);
	bool good = true;
	for (size_t at = 0; good && at < text.n; at += step) {
		size_t n = text.n - at < step ? text.n - at : step;
		char *piece = malloc(n); /* of its own, so that a look behind it is seen */
		REQUIRE(piece);
		memcpy(piece, text.p + at, n);
		good = mcp_list_feed(&f, (struct str){ piece, n });
		free(piece);
	}
	good = good && mcp_list_end(&f);
	mcp_list_done(&f);
	return good;
}

/* The names of what is left must all be good ones, and none that was good may be missing. */
static size_t count_shown(json_t *result, const char *list, const char *key, bool must)
{
	json_t *items = json_object_get(result, list), *item;
	size_t i, count = 0;
	json_array_foreach(items, i, item) {
		const char *name = json_string_value(json_object_get(item, key));
		bool good = name && is_shown(str_of(name));
		REQUIRE(good || !must);
		count += good;
	}
	return count;
}

static void compare(json_t *before, json_t *after)
{
	static const char *const lists[][2] = { { "tools", "name" }, { "resources", "uri" },
		{ "resourceTemplates", "uriTemplate" }, { "prompts", "name" } };
	json_t *a = json_object_get(before, "result"), *b = json_object_get(after, "result");
	bool listed = false;
	for (size_t i = 0; i < 4; i++) {
		/* An item that can be read in two ways, and a tool whose values are all hidden, are hidden too. */
		REQUIRE(count_shown(b, lists[i][0], lists[i][1], true)
			<= count_shown(a, lists[i][0], lists[i][1], false));
		listed |= json_is_array(json_object_get(a, lists[i][0]));
	}
	json_t *scope = json_object_get(b, "cacheScope");
	REQUIRE(!listed || (scope && strcmp(json_string_value(scope), "private") == 0));
	if (!listed && !json_object_get(a, "cacheScope"))
		REQUIRE(json_equal(before, after));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct str text = { (const char *)data + 1, size - 1 };
	bool events = data[0] & 1;
	struct buf whole, cut;
	buf_init(&whole, 1 << 24);
	buf_init(&cut, 1 << 24);
	bool good = filter(text, events, text.n, &whole);
	static const size_t steps[] = { 1, 2, 3, 7, 16, 61 };
	size_t step = steps[(data[0] >> 1) % 6];
	REQUIRE(filter(text, events, step, &cut) == good);
	json_t *before = good && !events ? json_loadb(text.p, text.n, 0, NULL) : NULL;
	json_t *strict = good && !events ? json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
	for (size_t i = 0; i < 2 && strict; i++) {
		json_t *after = json_loadb(i ? cut.p : whole.p, i ? cut.n : whole.n, 0, NULL);
		REQUIRE(after);
		compare(before, after);
		json_decref(after);
	}
	json_decref(before);
	json_decref(strict);
	buf_done(&whole);
	buf_done(&cut);
	return 0;
}
