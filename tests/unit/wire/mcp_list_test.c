/* SPDX-License-Identifier: Apache-2.0
 * Lists through the filter, whole and cut at every byte, as JSON and as events.
 */
#include "wire/mcp_list.h"
#include "../test.h"

#include <stdlib.h>

static bool shown(void *ctx, enum mcp_list list, struct str name)
{
	(void)ctx;
	(void)list;
	return name.p[0] != 'h';
}

static struct str select_of(void *ctx, struct str name)
{
	(void)ctx;
	return str_is(name, "sel") ? STR("act") : (struct str){ NULL, 0 };
}

static bool value_shown(void *ctx, struct str name, struct str value)
{
	(void)ctx;
	(void)name;
	return value.n > 0 && value.p[0] != 'h';
}

static void emit(void *ctx, struct str bytes)
{
	buf_add_str(ctx, bytes);
}

static bool filter(const char *text, bool events, bool adds, size_t step, struct buf *out)
{
	const struct mcp_list_rules rules = { out, shown, select_of, value_shown, emit, adds };
	struct mcp_list_filter f;
	size_t n = strlen(text);
	bool good = true;
	mcp_list_init(&f, &rules, events);
	buf_reset(out);
	for (size_t at = 0; good && at < n; at += step) {
		size_t here = n - at < step ? n - at : step;
		char *piece = malloc(here);
		memcpy(piece, text + at, here);
		good = mcp_list_feed(&f, (struct str){ piece, here });
		free(piece);
	}
	good = good && mcp_list_end(&f);
	mcp_list_done(&f);
	return good;
}

/* NULL: it is refused. */
static void require(const char *text, bool events, bool adds, const char *wanted)
{
	struct buf out;
	buf_init(&out, 1 << 20);
	for (size_t step = 1; step <= strlen(text) + 1; step++) {
		bool good = filter(text, events, adds, step, &out);
		buf_add_char(&out, '\0');
		if (good != (wanted != NULL) || (wanted && strcmp(out.p, wanted) != 0))
			print_message("# step %zu\n# %s\n# %s\n", step, text, out.p);
		assert_int_equal(good, wanted != NULL);
		if (wanted)
			assert_string_equal(out.p, wanted);
	}
	buf_done(&out);
}

static const struct {
	const char *text, *wanted;
} lists[] = {
	{ "{\"result\":{\"tools\":[]}}", "{\"result\":{\"tools\":[]}}" },
	{ "{\"result\":{\"tools\":[{\"name\":\"h\"}]}}", "{\"result\":{\"tools\":[]}}" },
	{ "{\"result\":{\"tools\":[{\"name\":\"a\"},{\"name\":\"h\"},{\"name\":\"b\"}]}}",
		"{\"result\":{\"tools\":[{\"name\":\"a\"},{\"name\":\"b\"}]}}" },
	{ "{\"result\":{\"tools\":[{\"name\":\"h\"},{\"name\":\"a\"}],\"x\":1}}", "{\"result\":{\"tools\":[{\"name\":\"a\"}],\"x\":1}}" },
	{ "{\"result\":{\"prompts\":[{\"n\":{\"name\":\"h\"},\"name\":\"a\"}]}}",
		"{\"result\":{\"prompts\":[{\"n\":{\"name\":\"h\"},\"name\":\"a\"}]}}" },
	{ "{\"result\":{\"resources\":[{\"uri\":\"h\",\"name\":\"a\"}],\"resourceTemplates\":[{\"uriTemplate\":\"a\"}]}}",
		"{\"result\":{\"resources\":[],\"resourceTemplates\":[{\"uriTemplate\":\"a\"}]}}" },
	/* What can be read in two ways, or not at all, is hidden. */
	{ "{\"result\":{\"tools\":[{\"name\":\"a\",\"name\":\"b\"},{\"Name\":\"a\"},{\"name\":\"a\",\"NAME\":1},{\"name\":7},{},7,\"a\",null]}}",
		"{\"result\":{\"tools\":[]}}" },
	{ "{\"result\":{\"tools\":[{\"name\":\"\\u0068\"},{\"n\\u0061me\":\"a\"},{\"name\":\"\\ud800\"}]}}",
		"{\"result\":{\"tools\":[{\"n\\u0061me\":\"a\"}]}}" },
	{ "{\"result\":{\"t\\u006fols\":[{\"name\":\"h]}\"}]}}", "{\"result\":{\"t\\u006fols\":[]}}" },
	/* Who may keep it. */
	{ "{\"result\":{\"cacheScope\":\"public\",\"tools\":[]}}", "{\"result\":{\"cacheScope\":\"private\",\"tools\":[]}}" },
	{ "{\"result\":{\"tools\":[],\"cacheScope\":{\"a\":[1]}}}", "{\"result\":{\"tools\":[],\"cacheScope\":\"private\"}}" },
	/* The values of an argument. */
	{ "{\"result\":{\"tools\":[{\"name\":\"sel\",\"inputSchema\":{\"properties\":{\"act\":{\"enum\":[\"h\",\"a\",\"h2\",\"b\"]}}}},{\"name\":\"a\"}]}}",
		"{\"result\":{\"tools\":[{\"name\":\"sel\",\"inputSchema\":{\"properties\":{\"act\":{\"enum\":[\"a\",\"b\"]}}}},{\"name\":\"a\"}]}}" },
	{ "{\"result\":{\"tools\":[{\"name\":\"sel\",\"inputSchema\":{\"properties\":{\"act\":{\"enum\":[\"h\"]}}}}]}}",
		"{\"result\":{\"tools\":[]}}" },
	{ "{\"result\":{\"tools\":[{\"name\":\"sel\",\"inputSchema\":{\"properties\":{\"act\":{\"enum\":[\"a\"],\"enum\":[\"h\"]}}}}]}}",
		"{\"result\":{\"tools\":[]}}" },
	{ "{\"result\":{\"tools\":[{\"name\":\"sel\",\"inputSchema\":{}}]}}", "{\"result\":{\"tools\":[{\"name\":\"sel\",\"inputSchema\":{}}]}}" },
	/* No lists. */
	{ "", "" },
	{ " {\"id\":1,\"error\":{\"tools\":[{\"name\":\"h\"}]}} ", " {\"id\":1,\"error\":{\"tools\":[{\"name\":\"h\"}]}} " },
	{ "{\"result\":null,\"tools\":[{\"name\":\"h\"}]}", "{\"result\":null,\"tools\":[{\"name\":\"h\"}]}" },
	{ "{\"result\":{\"tools\":null,\"x\":{\"tools\":[{\"name\":\"h\"}]}}}", "{\"result\":{\"tools\":null,\"x\":{\"tools\":[{\"name\":\"h\"}]}}}" },
	/* Nothing that could be filtered. */
	{ "[{\"result\":{\"tools\":[]}}]", NULL }, { "{\"Result\":{\"tools\":[]}}", NULL }, { "{\"result\":{\"Tools\":[]}}", NULL },
	{ "{\"result\":{\"tools\":[{\"name\":\"a\"},]}}", NULL }, { "{\"result\":{\"tools\":[,]}}", NULL },
	{ "{\"result\":{\"tools\":[", NULL }, { "{\"result\":{\"tools\":[{\"name\":\"a\"}", NULL }, { "{\"a\" 1}", NULL },
	{ "{}{}", NULL }, { "\xef\xbb\xbf{}", NULL }, { "x", NULL },
};

static void test_M08_M11_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(lists); i++)
		require(lists[i].text, false, false, lists[i].wanted);
}

static void test_M08_a_list_without_a_scope_gets_one(void **state)
{
	(void)state;
	require("{\"result\":{\"tools\":[]}}", false, true, "{\"result\":{\"tools\":[],\"cacheScope\":\"private\"}}");
	require("{\"result\":{\"x\":[]}}", false, true, "{\"result\":{\"x\":[]}}");
}

#define HIDDEN "{\"result\":{\"tools\":[{\"name\":\"h\"},{\"name\":\"a\"}]}}"
#define SEEN "{\"result\":{\"tools\":[{\"name\":\"a\"}]}}"

static void test_M11_events(void **state)
{
	(void)state;
	require("data: " HIDDEN "\n\n", true, false, "data: " SEEN "\n\n");
	require(": c\n\nevent: message\nid: 1\ndata:" HIDDEN "\r\n\r\ndata:" HIDDEN "\r\r", true, false,
		": c\n\nevent: message\nid: 1\ndata: " SEEN "\n\ndata: " SEEN "\n\n");
	require("\xef\xbb\xbf" "data:" HIDDEN "\n\n", true, false, "data: " SEEN "\n\n");
	require("data: {\"result\":{\"tools\":\ndata: [{\"name\":\ndata:\"h\"}]}}\nid: 2\n\n", true, false,
		"data: {\"result\":{\"tools\": []}}\nid: 2\n\n");
	require("id: 7\ndata: \n\ndata\n\nda: x\ndataa: {\n\n", true, false, "id: 7\ndata: \n\ndata: \n\nda: x\ndataa: {\n\n");
	require("data: {\"result\":\n\n", true, false, NULL);
	require("data: {}{}\n\n", true, false, NULL);
	require("\xef\xbb" "data: " HIDDEN "\n\n", true, false, NULL);
}

static void test_an_item_may_not_be_endless(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 1 << 22);
	const struct mcp_list_rules rules = { &out, shown, select_of, value_shown, emit, false };
	struct mcp_list_filter f;
	char piece[4096];
	bool good;
	mcp_list_init(&f, &rules, false);
	good = mcp_list_feed(&f, STR("{\"result\":{\"tools\":[{\"name\":\""));
	memset(piece, 'a', sizeof(piece));
	for (size_t n = 0; good && n < 2 * (size_t)LIMIT_MCP_ITEM_BYTES; n += sizeof(piece))
		good = mcp_list_feed(&f, (struct str){ piece, sizeof(piece) });
	assert_false(good);
	mcp_list_done(&f);
	buf_done(&out);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_M08_M11_lists),
	cmocka_unit_test(test_M08_a_list_without_a_scope_gets_one),
	cmocka_unit_test(test_M11_events),
	cmocka_unit_test(test_an_item_may_not_be_endless),
};

TEST_MAIN(tests)
