/* SPDX-License-Identifier: Apache-2.0
 * YAML as a tree: what is refused (S03), where things stand, how large it may be.
 */
#include "../test.h"

#include "base/limits.h"
#include "cases.h"
#include "profile/tree.h"
#include <stdlib.h>

static struct mistakes mistakes;

/* The mistakes of a text; "" where it was read. */
static const char *try_text(struct str text)
{
	static char shown[4096];
	struct arena arena;
	struct buf out;

	arena_init(&arena, 0);
	buf_init(&out, sizeof(shown) - 1);
	mistakes_init(&mistakes);
	const struct node *root = tree_read(text, CASES_FILE, &arena, &mistakes);
	cases_format(&mistakes, &out);
	assert_true(root || mistakes.count > 0);
	memcpy(shown, out.n ? out.p : "", out.n);
	shown[out.n] = '\0';
	buf_done(&out);
	mistakes_done(&mistakes);
	arena_done(&arena);
	return shown;
}

struct refused {
	const char *text, *mistake;
};

static void check_refused(const struct refused *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_string_equal(try_text(str_of(list[i].text)), list[i].mistake);
}

static void test_S03_aliases_anchors_tags(void **state)
{
	static const struct refused list[] = {
		{ "a: &x 1\n", "1:4 anchors (\"&\") are not read here | write the value out\n" },
		{ "a: &x [1]\n", "1:4 anchors (\"&\") are not read here | write the value out\n" },
		{ "&x a: 1\n", "1:1 anchors (\"&\") are not read here | write the value out\n" },
		{ "a: *x\n",
			"1:4 aliases (\"*name\") are not read here; quote a text that starts with * "
			"| write the value out\n" },
		{ "a: [1, *x]\n",
			"1:8 aliases (\"*name\") are not read here; quote a text that starts with * "
			"| write the value out\n" },
		{ "a: !!str 1\n", "1:4 tags (\"!\") are not read here | leave the tag out\n" },
		{ "a: ! 1\n", "1:4 tags (\"!\") are not read here | leave the tag out\n" },
		{ "a: !x {}\n", "1:4 tags (\"!\") are not read here | leave the tag out\n" },
		{ "a: !!seq []\n", "1:4 tags (\"!\") are not read here | leave the tag out\n" },
		{ "%TAG ! tag:x,2000:\n---\na: 1\n",
			"1:1 tags (\"%TAG\") are not read here | leave the tag out\n" },
	};
	(void)state;
	check_refused(list, TEST_COUNT(list));
}

static void test_S03_duplicate_keys(void **state)
{
	static const struct refused list[] = {
		{ "a: 1\nb: 2\na: 3\n", "3:1 the key \"a\" stands twice; first in line 1\n" },
		{ "a: 1\n\"a\": 3\n", "2:1 the key \"a\" stands twice; first in line 1\n" },
		{ "x: {b: 1, c: 2, b: 3, b: 4}\n", "1:17 the key \"b\" stands twice; first in line 1\n"
						   "1:23 the key \"b\" stands twice; first in line 1\n" },
	};
	(void)state;
	check_refused(list, TEST_COUNT(list));
}

static void test_S03_no_yaml(void **state)
{
	static const struct refused list[] = {
		{ "", "0:0 the file is empty\n" },
		{ "# nothing\n", "0:0 the file is empty\n" },
		{ "~\n", "0:0 the file is empty\n" },
		{ "a: 1\n---\nb: 2\n", "2:1 a second document (\"---\") | keep one document in a file\n" },
		{ "? [a]\n: 1\n", "1:3 a key must be a text, not a list or a map\n" },
		{ "? {a: b}\n: 1\n", "1:3 a key must be a text, not a list or a map\n" },
		{ "a:\n\tb: 1\n", "2:1 a tab in the indentation | indent with spaces\n" },
		{ "a:\n  b: 1\n \tc: 1\n", "3:2 a tab in the indentation | indent with spaces\n" },
		{ "\xef\xbb\xbf"
		  "a: 1\n",
			"1:1 the file starts with a byte order mark | save the file as UTF-8 "
			"without a byte order mark\n" },
		{ "\xff\xfe"
		  "a",
			"1:1 the file starts with a byte order mark | save the file as UTF-8 "
			"without a byte order mark\n" },
		{ "a: 1\nb: \xc3\x28\n", "2:4 byte 0xc3 is not UTF-8 | save the file as UTF-8 text\n" },
		{ "a: \x01\n", "1:4 control character 0x01 | save the file as UTF-8 text\n" },
		{ "a: \"\\0\"\n", "1:4 a control character, written as an escape\n" },
		{ "a: \"x\\r\\ny\"\n", "1:4 a control character, written as an escape\n" },
		{ "a: [1, 2\n",
			"2:1 this is no YAML: did not find expected ',' or ']' while parsing a flow "
			"sequence\n" },
		{ "a: \"x\n",
			"2:1 this is no YAML: found unexpected end of stream while scanning a "
			"quoted scalar\n" },
		{ "a: b: c\n", "1:5 this is no YAML: mapping values are not allowed in this context\n" },
	};
	(void)state;
	check_refused(list, TEST_COUNT(list));
}

static void test_S03_large(void **state)
{
	struct buf text;
	(void)state;
	buf_init(&text, 8 * 1024 * 1024);
	buf_add_text(&text, "a: ");
	for (size_t i = 0; i < 1024 * 1024; i++)
		buf_add_char(&text, 'x');
	assert_false(text.failed);
	assert_string_equal(try_text(buf_str(&text)), "1:4 a text of more than 64 kB\n");

	while (text.n <= LIMIT_PROFILE_BYTES)
		buf_add_char(&text, '\n');
	assert_string_equal(
		try_text(buf_str(&text)), "0:0 the file is too large: 4194305 bytes, at most 4194304\n");

	buf_reset(&text);
	buf_add_char(&text, '[');
	for (size_t i = 0; i < 600000; i++)
		buf_add_text(&text, "1,\n");
	buf_add_char(&text, ']');
	assert_string_equal(try_text(buf_str(&text)), "524288:1 the file holds too many values\n");
	buf_done(&text);
}

static void test_S03_deep(void **state)
{
	char text[2 * LIMIT_YAML_DEPTH + 3];
	(void)state;
	memset(text, '[', LIMIT_YAML_DEPTH);
	memset(text + LIMIT_YAML_DEPTH, ']', LIMIT_YAML_DEPTH);
	assert_string_equal(try_text((struct str){ text, 2 * LIMIT_YAML_DEPTH }), "");
	memset(text, '[', LIMIT_YAML_DEPTH + 1);
	memset(text + LIMIT_YAML_DEPTH + 1, ']', LIMIT_YAML_DEPTH + 1);
	assert_string_equal(try_text((struct str){ text, 2 * LIMIT_YAML_DEPTH + 2 }),
		"1:17 lists and maps within each other too deep\n");
}

static void test_positions(void **state)
{
	struct arena arena;
	(void)state;
	arena_init(&arena, 0);
	mistakes_init(&mistakes);
	const struct node *root = tree_read(
		STR("a:\n  b: [x, 'null', ]\n\"*\": ~\nc: null\nd: yes\n"), CASES_FILE, &arena, &mistakes);
	assert_non_null(root);
	assert_int_equal(root->count, 4);
	const struct node *b = node_get(node_get(root, "a"), "b");
	assert_int_equal(b->kind, NODE_LIST);
	assert_int_equal(b->count, 2);
	assert_int_equal(b->line, 2);
	assert_int_equal(b->column, 6);
	assert_int_equal(b->key->column, 3);
	assert_false(node_is_nothing(b->first->next));
	assert_string_equal(b->first->next->text.p, "null");
	assert_true(node_is_nothing(node_get(root, "*")));
	assert_true(node_is_nothing(node_get(root, "c")));
	assert_string_equal(node_get(root, "d")->text.p, "yes");
	assert_null(node_get(root, "e"));
	mistakes_done(&mistakes);
	arena_done(&arena);
}

static void test_mistakes_are_bounded(void **state)
{
	(void)state;
	mistakes_init(&mistakes);
	for (unsigned i = 0; i < 3 * MISTAKES_MAX; i++)
		mistakes_add(&mistakes, "f", 3 * MISTAKES_MAX - i, 1, NULL, "number %u", i);
	assert_int_equal(mistakes.count, 3 * MISTAKES_MAX);
	mistakes_sort(&mistakes, 0);
	for (size_t i = 1; i < MISTAKES_MAX; i++)
		assert_true(mistakes.list[i - 1].line < mistakes.list[i].line);
	mistakes_done(&mistakes);
	assert_int_equal(mistakes.count, 0);
}

static void test_suggestions(void **state)
{
	static const char *const known[] = { "stories:read", "stories:write", "stories:publish", "id", "on" };
	static const struct refused list[] = {
		{ "stories:publsh", "did you mean \"stories:publish\"?" },
		{ "storeis:read", "did you mean \"stories:read\"?" },
		{ "Stories:Write", "did you mean \"stories:write\"?" },
		{ "di", "did you mean \"id\"?" },
		{ "media:read", NULL },
		{ "x", NULL },
		{ "", NULL },
	};
	(void)state;
	mistakes_init(&mistakes);
	for (size_t i = 0; i < TEST_COUNT(list); i++) {
		const char *got = mistakes_suggest(&mistakes, str_of(list[i].text), known, TEST_COUNT(known));
		assert_int_equal(got == NULL, list[i].mistake == NULL);
		if (got)
			assert_string_equal(got, list[i].mistake);
	}
	mistakes_done(&mistakes);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_S03_aliases_anchors_tags),
	cmocka_unit_test(test_S03_duplicate_keys),
	cmocka_unit_test(test_S03_no_yaml),
	cmocka_unit_test(test_S03_large),
	cmocka_unit_test(test_S03_deep),
	cmocka_unit_test(test_positions),
	cmocka_unit_test(test_mistakes_are_bounded),
	cmocka_unit_test(test_suggestions),
};

TEST_MAIN(tests)
