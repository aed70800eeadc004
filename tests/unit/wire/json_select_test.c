/* SPDX-License-Identifier: Apache-2.0
 * What pointers find, and the keys that a judged value may not have beside it.
 */
#include "wire/json.h"
#include "../test.h"

#include <stdio.h>

static enum json_select_result select_one(const char *text, struct json_wanted *wanted)
{
	size_t at = 0;
	const char *what = NULL;
	enum json_select_result result = json_select(str_of(text), wanted, 1, &at, &what);
	assert_int_equal(result != JSON_SELECT_OK, what != NULL);
	assert_true(at <= strlen(text));
	return result;
}

static const struct {
	const char *pointer, *text;
} duplicates[] = {
	{ "/a", "{\"a\":1,\"a\":2}" },
	{ "/a", "{\"a\":1,\"a\":1}" },
	{ "/a", "{\"a\":1,\"\\u0061\":2}" },
	{ "/a", "{\"\\u0061\":1,\"a\":2}" },
	{ "/a", "{\"A\":1}" },
	{ "/a", "{\"a\":1,\"A\":2}" },
	{ "/a", "{\"A\":1,\"a\":2}" },
	{ "/a", "{\"\\u0041\":1}" },
	{ "/params/name", "{\"Params\":{\"name\":1}}" },
	{ "/params/name", "{\"params\":{\"Name\":1}}" },
	{ "/params/name", "{\"params\":{},\"params\":{\"name\":1}}" },
	{ "/params/name", "{\"params\":{\"name\":1},\"params\":null}" },
	{ "/params", "{\"param\\u017f\":1}" },      /* long s, escaped */
	{ "/params", "{\"param\xc5\xbf\":1}" },     /* long s */
	{ "/kind", "{\"\xe2\x84\xaa" "ind\":1}" },  /* Kelvin sign */
	{ "/id", "{\"\xc4\xb1" "d\":1}" },          /* i without a dot */
	{ "/id", "{\"\xc4\xb0" "d\":1}" },          /* I with a dot */
	{ "/a/*/b", "{\"a\":[{\"b\":1},{\"b\":1,\"b\":2}]}" },
	{ "/a/1/b", "{\"a\":[{},{\"B\":1}]}" },
	{ "/a~1b", "{\"A/b\":1}" },
	{ "/a~0b", "{\"a~b\":1,\"a~b\":1}" },
	{ "/", "{\"\":1,\"\":2}" },
};

static void test_M02_M15_judged_key_stands_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(duplicates); i++) {
		struct json_wanted wanted = { .pointer = str_of(duplicates[i].pointer) };
		assert_int_equal(select_one(duplicates[i].text, &wanted), JSON_SELECT_DUPLICATE);
	}
}

static void test_M03_text_is_validated_to_its_end(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"", "{\"a\":1", "{\"a\":1}}",
		"{\"a\":1,\"b\":\"\\ud800\"}", "\xef\xbb\xbf{\"a\":1}", "{\"a\":1} {}",
	};
	for (size_t i = 0; i < TEST_COUNT(texts); i++) {
		struct json_wanted wanted = { .pointer = STR("/a") };
		assert_int_equal(select_one(texts[i], &wanted), JSON_SELECT_INVALID);
	}
}

/* Keys that stand twice where nothing is judged are the receiver's business. */
static void test_other_keys_may_stand_twice(void **state)
{
	(void)state;
	struct json_wanted wanted = { .pointer = STR("/a/b") };
	const char *text = "{\"x\":1,\"x\":2,\"b\":1,\"B\":2,"
			   "\"a\":{\"a\":1,\"a\":2,\"b\":{\"c\":1,\"c\":2}}}";
	assert_int_equal(select_one(text, &wanted), JSON_SELECT_OK);
	assert_int_equal(wanted.found, 1);
	assert_int_equal(wanted.kind, JSON_KIND_OBJECT);
	assert_null(wanted.raw.p);
}

static const struct {
	const char *pointer, *text;
	uint32_t found;
	enum json_kind kind;
	const char *raw;
} finds[] = {
	{ "", "1", 1, JSON_KIND_NUMBER, "1" },
	{ "", "{\"a\":1}", 1, JSON_KIND_OBJECT, NULL },
	{ "/", "{\"\":true}", 1, JSON_KIND_TRUE, "true" },
	{ "/a", "{\"a\":\"x\\ny\"}", 1, JSON_KIND_STRING, "x\\ny" },
	{ "/a", "{\"\\u0061\":null}", 1, JSON_KIND_NULL, "null" },
	{ "/a", "{\"b\":{\"a\":1},\"c\":[{\"a\":2}]}", 0, JSON_KIND_NONE, NULL },
	{ "/a", "[1]", 0, JSON_KIND_NONE, NULL },
	{ "/a", "\"a\"", 0, JSON_KIND_NONE, NULL },
	{ "/a/b", "{\"a\":1}", 0, JSON_KIND_NONE, NULL },
	{ "/a/b", "{\"a\":{\"x\":0,\"b\":-1.5}}", 1, JSON_KIND_NUMBER, "-1.5" },
	{ "/a/b", "{\"a\":{\"b\":{\"b\":1}}}", 1, JSON_KIND_OBJECT, NULL },
	{ "/a", "{\"aa\":1,\"\":2}", 0, JSON_KIND_NONE, NULL },
	{ "/a~1b", "{\"a/b\":1}", 1, JSON_KIND_NUMBER, "1" },
	{ "/a~0b", "{\"a~b\":1}", 1, JSON_KIND_NUMBER, "1" },
	{ "/a~01", "{\"a~1\":1}", 1, JSON_KIND_NUMBER, "1" },
	{ "/\xc3\xa4", "{\"\\u00e4\":1}", 1, JSON_KIND_NUMBER, "1" },
	{ "/a/0", "{\"a\":[1,2]}", 1, JSON_KIND_NUMBER, "1" },
	{ "/a/1", "{\"a\":[1,2]}", 1, JSON_KIND_NUMBER, "2" },
	{ "/a/2", "{\"a\":[1,2]}", 0, JSON_KIND_NONE, NULL },
	{ "/a/01", "{\"a\":[1,2]}", 0, JSON_KIND_NONE, NULL },
	{ "/a/-", "{\"a\":[1,2]}", 0, JSON_KIND_NONE, NULL },
	{ "/a/*", "{\"a\":[1,\"x\",[]]}", 3, JSON_KIND_NUMBER, "1" },
	{ "/a/*", "{\"a\":[]}", 0, JSON_KIND_NONE, NULL },
	{ "/a/*/b", "{\"a\":[{\"c\":1},{\"b\":2},3,{\"b\":4}]}", 2, JSON_KIND_NUMBER, "2" },
	{ "/*/*", "[[1,2],[],[3]]", 3, JSON_KIND_NUMBER, "1" },
	{ "/a/1/0", "{\"a\":[[1],[2]]}", 1, JSON_KIND_NUMBER, "2" },
};

static void test_finds(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(finds); i++) {
		struct json_wanted wanted = { .pointer = str_of(finds[i].pointer) };
		assert_int_equal(select_one(finds[i].text, &wanted), JSON_SELECT_OK);
		assert_int_equal(wanted.found, finds[i].found);
		assert_int_equal(wanted.kind, finds[i].kind);
		assert_int_equal(wanted.raw.p != NULL, finds[i].raw != NULL);
		assert_true(str_is(wanted.raw, finds[i].raw ? finds[i].raw : ""));
	}
}

static const struct {
	const char *pointer, *text, *equals;
	uint32_t equal;
} equals[] = {
	{ "/a", "{\"a\":\"list\"}", "list", 1 },
	{ "/a", "{\"a\":\"l\\u0069st\"}", "list", 1 },
	{ "/a", "{\"a\":\"List\"}", "list", 0 },
	{ "/a", "{\"a\":\"list \"}", "list", 0 },
	{ "/a", "{\"a\":true}", "true", 1 },
	{ "/a", "{\"a\":\"\"}", "", 1 },
	{ "/a", "{\"a\":null}", "", 0 },
	{ "/a", "{\"a\":1.0}", "1", 0 },
	{ "/a", "{\"a\":[\"list\"]}", "list", 0 },
	{ "/a/*", "{\"a\":[\"x\",\"y\",\"x\",{}]}", "x", 2 },
};

static void test_equals(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(equals); i++) {
		struct json_wanted wanted = { .pointer = str_of(equals[i].pointer) };
		wanted.equals = str_of(equals[i].equals);
		assert_int_equal(select_one(equals[i].text, &wanted), JSON_SELECT_OK);
		assert_int_equal(wanted.equal, equals[i].equal);
	}
}

static void test_many_pointers_in_one_pass(void **state)
{
	(void)state;
	char pointers[32][16], text[1024] = "{\"a\":{";
	struct json_wanted wanted[32] = { 0 };
	for (size_t i = 0; i < 32; i++) {
		snprintf(pointers[i], sizeof(pointers[i]), "/a/k%zu", i);
		snprintf(text + strlen(text), 32, "%s\"k%zu\":%zu", i ? "," : "", i, i);
		wanted[i].pointer = str_of(pointers[i]);
	}
	strcat(text, "}}");
	size_t at;
	const char *what;
	assert_int_equal(json_select(str_of(text), wanted, 32, &at, &what), JSON_SELECT_OK);
	for (size_t i = 0; i < 32; i++) {
		char number[8];
		snprintf(number, sizeof(number), "%zu", i);
		assert_int_equal(wanted[i].found, 1);
		assert_true(str_is(wanted[i].raw, number));
	}
	assert_int_equal(json_select(STR("[1]"), NULL, 0, &at, &what), JSON_SELECT_OK);
	assert_int_equal(json_select(STR("[1"), NULL, 0, &at, &what), JSON_SELECT_INVALID);
}

static void test_one_pointer_through_another(void **state)
{
	(void)state;
	struct json_wanted wanted[] = {
		{ .pointer = STR("") },
		{ .pointer = STR("/a") },
		{ .pointer = STR("/a/b") },
		{ .pointer = STR("/a/b") },
	};
	size_t at;
	const char *what;
	assert_int_equal(json_select(STR("{\"a\":{\"b\":7}}"), wanted, 4, &at, &what), JSON_SELECT_OK);
	assert_int_equal(wanted[0].kind, JSON_KIND_OBJECT);
	assert_int_equal(wanted[1].kind, JSON_KIND_OBJECT);
	assert_true(str_is(wanted[2].raw, "7"));
	assert_true(str_is(wanted[3].raw, "7"));
}

/* As deep as pointers and texts go. */
static void test_M03_deep_pointer(void **state)
{
	(void)state;
	char pointer[40] = "", text[160] = "";
	for (size_t i = 0; i < 16; i++)
		strcat(pointer, "/a");
	for (size_t i = 0; i < LIMIT_JSON_DEPTH; i++)
		strcat(text, i < 16 ? "{\"a\":" : "[");
	for (size_t i = LIMIT_JSON_DEPTH; i > 0; i--)
		strcat(text, i > 16 ? "]" : "}");
	struct json_wanted wanted = { .pointer = str_of(pointer) };
	assert_int_equal(select_one(text, &wanted), JSON_SELECT_OK);
	assert_int_equal(wanted.found, 1);
	assert_int_equal(wanted.kind, JSON_KIND_ARRAY);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_M02_M15_judged_key_stands_twice),
	cmocka_unit_test(test_M03_text_is_validated_to_its_end),
	cmocka_unit_test(test_other_keys_may_stand_twice),
	cmocka_unit_test(test_finds),
	cmocka_unit_test(test_equals),
	cmocka_unit_test(test_many_pointers_in_one_pass),
	cmocka_unit_test(test_one_pointer_through_another),
	cmocka_unit_test(test_M03_deep_pointer),
};

TEST_MAIN(tests)
