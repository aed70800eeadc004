/* SPDX-License-Identifier: Apache-2.0
 * Numbers that cross lines, and templates that are filled.
 */
#include "services/publishing/placeholders.h"
#include "services/publishing/threshold.h"

#include "../test.h"

#include <stdio.h>
#include <stdlib.h>

static void test_pointers(void **state)
{
	(void)state;
	static const struct { const char *text; bool ok; } cases[] = {
		{ "/a", true }, { "/a/0/b", true }, { "/", true }, { "/a~1b/~0", true }, { "/caf\xc3\xa9", true },
		{ "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", true },
		{ "", false }, { "a", false }, { "/a/*", false }, { "/*", false }, { "/a~", false }, { "/a~2", false }, { "/\xff", false },
		{ "/a\n", false }, { "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", false },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		assert_int_equal(threshold_pointer_ok(str_of(cases[i].text)), cases[i].ok);
}

static void test_M03_numbers(void **state)
{
	(void)state;
	static const struct { const char *json, *pointer, *what; double value; } cases[] = {
		{ "{\"a\":1.5}", "/a", NULL, 1.5 }, { "[1,[2,-3e2]]", "/1/1", NULL, -300 }, { "{\"a/b\":{\"~\":0}}", "/a~1b/~0", NULL, 0 },
		{ "{\"a\":\"1.5\"}", "/a", "what the pointer leads to is no number", 0 },
		{ "{\"a\":null}", "/a", "what the pointer leads to is no number", 0 },
		{ "{\"a\":[1]}", "/a", "what the pointer leads to is no number", 0 },
		{ "{\"a\":1e999}", "/a", "what the pointer leads to is no number", 0 },
		{ "{\"b\":1}", "/a", "there is nothing where the pointer leads", 0 },
		{ "[1]", "/1", "there is nothing where the pointer leads", 0 }, { "[1]", "/00", "there is nothing where the pointer leads", 0 },
		{ "{\"a\":1,\"a\":2}", "/a", "a key on the way to the number stands twice", 0 },
		{ "{\"a\":NaN}", "/a", "it is no JSON that can be read", 0 }, { "{\"a\":01}", "/a", "it is no JSON that can be read", 0 },
		{ "", "/a", "it is no JSON that can be read", 0 }, { "<html>", "/a", "it is no JSON that can be read", 0 },
		{ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "/0", "it is no JSON that can be read", 0 },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		const char *what = NULL;
		double value = 0;
		bool ok = threshold_read(str_of(cases[i].json), str_of(cases[i].pointer), &value, &what);
		assert_int_equal(ok, cases[i].what == NULL);
		if (cases[i].what)
			assert_string_equal(what, cases[i].what);
		else
			assert_true(value == cases[i].value);
	}
}

/* A row of numbers, and a '!' where the line is crossed. */
static void crossings(const char *numbers, double line, double hysteresis, bool above, char ret[static 64])
{
	bool beyond = false, first = true;
	size_t n = 0;
	for (char *end; *numbers; numbers = *end ? end + 1 : end) {
		double value = strtod(numbers, &end);
		bool now = threshold_beyond(value, line, hysteresis, above, beyond);
		ret[n++] = now && !beyond && !first ? '!' : '.';
		beyond = now;
		first = false;
	}
	ret[n] = '\0';
}

static void test_lines_are_crossed_once(void **state)
{
	(void)state;
	static const struct { const char *numbers; double line, hysteresis; bool above; const char *crossed; } cases[] = {
		{ "1 2 3", 2, 0, true, "..!" }, { "3 1 3 1 3", 2, 0, true, "..!.!" }, { "1 2 2 2", 2, 0, true, "...." },
		{ "1 3 1.5 3 0.9 3", 2, 1, true, ".!...!" }, { "1 3 1 3", 2, 1, true, ".!.!" }, { "1 3 1.01 3", 2, 1, true, ".!.." },
		{ "5 -1 -2 0.5 -1 2 -1", 0, 1.5, false, ".!....!" }, { "-1 -2 3 -2", 0, 1, false, "...!" },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		char got[64];
		crossings(cases[i].numbers, cases[i].line, cases[i].hysteresis, cases[i].above, got);
		assert_string_equal(got, cases[i].crossed);
	}
}

static void test_numbers_as_text(void **state)
{
	(void)state;
	static const struct { double value; const char *text; } cases[] = {
		{ 0, "0" }, { 12.5, "12.5" }, { 0.1, "0.1" }, { -300, "-300" }, { 1e21, "1e+21" }, { 0.1 + 0.2, "0.30000000000000004" },
		{ 123456789, "123456789" },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		char text[THRESHOLD_TEXT_ROOM];
		threshold_text(cases[i].value, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void test_templates(void **state)
{
	(void)state;
	static const struct placeholder values[] = { { "a", { "1", 1 } }, { "b_2", { "{{a}}", 5 } }, { "none", { NULL, 0 } } };
	static const struct { const char *body, *filled; size_t chars; } cases[] = {
		{ "", "", 100 }, { "plain", "plain", 100 }, { "{{a}}", "1", 100 }, { "x{{a}}y{{a}}z", "x1y1z", 100 },
		{ "{{b_2}}", "{{a}}", 100 }, { "{{c}}{{a}}", "{{c}}1", 100 }, { "{{ a }}{{a", "{{ a }}{{a", 100 }, { "{{{a}}}", "{1}", 100 },
		{ "{{none}}|", "|", 100 }, { "{{}}{{a}}", "{{}}1", 100 }, { "caf\xc3\xa9{{a}}", "caf\xc3\xa9", 4 }, { "{{a}}{{a}}{{a}}", "11", 2 },
	};
	static const char *const names[] = { "a", "b_2" };
	struct arena arena;
	arena_init(&arena, 0);
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		assert_string_equal(fill_placeholders(str_of(cases[i].body), values, TEST_COUNT(values), cases[i].chars, &arena).p,
			cases[i].filled);
	assert_null(find_unknown_placeholder(STR("{{a}} {{b_2}} {{ c }}"), names, 2).p);
	assert_true(str_is(find_unknown_placeholder(STR("{{a}} {{lot}}"), names, 2), "lot"));
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_M03_numbers),
		cmocka_unit_test(test_lines_are_crossed_once),
		cmocka_unit_test(test_numbers_as_text),
		cmocka_unit_test(test_templates),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
