/* SPDX-License-Identifier: Apache-2.0
 * Small trees out of YAML.
 */
#include "../test.h"

#include "wire/yaml_tree.h"

static void refused(const char *text, const char *what)
{
	struct yaml_problem problem = { 0, NULL };
	struct arena arena;
	arena_init(&arena, 0);
	if (yaml_read(str_of(text), &arena, &problem))
		fail_msg("taken: %s", text);
	assert_non_null(problem.what);
	if (what && !strstr(problem.what, what))
		fail_msg("%s: %s", text, problem.what);
	arena_done(&arena);
}

static void test_S03_what_is_refused(void **state)
{
	(void)state;
	refused("a: &x 1\n", "anchor");
	refused("a: &x [b]\nc: *x\n", "anchor");
	refused("a: *x\n", NULL);
	refused("a: !!str 1\n", "tag");
	refused("a: ! 1\n", "tag");
	refused("a: !x [1]\n", "tag");
	refused("a: 1\nb: 2\na: 3\n", "twice");
	refused("a: 1\n---\nb: 2\n", "second");
	refused("[a]: 1\n", "key");
	refused("a: \"\\0\"\n", "NUL");
	refused("\xef\xbb\xbf" "a: 1\n", "byte order");
	refused("a: \xff\n", "UTF-8");
	refused("a: [1\n", NULL);
	refused("a:\n\t- 1\n", NULL);
	refused("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "deep");
}

static struct str place(const char *text, const struct yaml *value)
{
	return (struct str){ text + value->start, value->end - value->start };
}

static void test_values_and_their_places(void **state)
{
	static const char text[] = "# first\n\xc3\xa9: ~ # none\nlist:\n    - 'a ''b'\n    - x # y\n\n# between\nmap: { k: \"v\" }\n"
		"empty: {  }\nyes: yes\nno: 'null'\ndeep:\n  - a:\n      b: c\nlast: true\n";
	struct yaml_problem problem;
	struct arena arena;
	(void)state;
	arena_init(&arena, 0);
	const struct yaml *tree = yaml_read(str_of(text), &arena, &problem);
	assert_non_null(tree);
	assert_int_equal(tree->count, 8);
	assert_int_equal(yaml_get(tree, "\xc3\xa9")->kind, YAML_NOTHING);
	assert_true(str_is(place(text, yaml_get(tree, "\xc3\xa9")), "~"));
	const struct yaml *list = yaml_get(tree, "list");
	assert_int_equal(list->count, 2);
	assert_true(str_is(list->first->text, "a 'b") && str_is(list->first->next->text, "x"));
	assert_true(str_is(place(text, list), "- 'a ''b'\n    - x"));
	assert_true(str_is(place(text, yaml_get(tree, "map")), "{ k: \"v\" }"));
	assert_int_equal(yaml_get(tree, "empty")->kind, YAML_MAP);
	assert_true(str_is(yaml_text(tree, "yes"), "yes") && !yaml_is_true(yaml_get(tree, "yes")));
	assert_true(str_is(yaml_text(tree, "no"), "null"));
	assert_true(str_is(place(text, yaml_get(tree, "deep")), "- a:\n      b: c"));
	assert_true(yaml_is_true(yaml_get(tree, "last")));
	assert_null(yaml_get(tree, "other"));
	assert_null(yaml_get(NULL, "a"));
	assert_null(yaml_text(tree, "list").p);
	assert_int_equal(yaml_read(STR(""), &arena, &problem)->kind, YAML_NOTHING);
	arena_done(&arena);
}

static void written(const char *text, const char *as)
{
	struct buf out;
	buf_init(&out, 1000);
	yaml_write_text(&out, str_of(text));
	assert_true(str_is(buf_str(&out), as));
	buf_done(&out);
}

static void test_texts_are_written(void **state)
{
	(void)state;
	written("", "''");
	written("it's", "'it''s'");
	written("a\nb", "\"a\\nb\"");
	written("caf\xc3\xa9", "\"caf\xc3\xa9\"");
	written("- x: &y", "'- x: &y'");
	written("\"\\\t\x7f", "\"\\\"\\\\\\t\\u007f\"");
	written("a\xc2\x85\xe2\x80\xa8\xef\xbb\xbf", "\"a\\u0085\\u2028\\ufeff\"");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_S03_what_is_refused),
	cmocka_unit_test(test_values_and_their_places),
	cmocka_unit_test(test_texts_are_written),
};

TEST_MAIN(tests)
