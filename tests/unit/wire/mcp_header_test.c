/* SPDX-License-Identifier: Apache-2.0
 * Values of MCP's header fields: plain, in their sentinel, and what is neither.
 */
#include "wire/mcp_header.h"
#include "../test.h"

static char room[256];

static void test_M07_values_that_stand_for_nothing(void **state)
{
	(void)state;
	static const char *const bad[] = { "=?base64?A?=", "=?base64?AA?=", "=?base64?AB==?=", "=?base64?AAA?=",
		"=?base64?AAB=?=", "=?base64?====?=", "=?base64?A===?=", "=?base64?AA=A?=", "=?base64?AA==AA==?=",
		"=?base64?_-==?=", "=?base64?AAAA ?=", "=?base64?/w==?=", "=?base64?7aCA?=", "\xc3\xa9", "a\x01", "\x7f" };
	struct str text;
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		assert_false(mcp_header_decode(str_of(bad[i]), room, &text));
}

static const struct {
	const char *value, *text;
} good[] = {
	{ "echo", "echo" }, { "", "" }, { "=?base64?\?=", "" }, { "=?base64?w6k=?=", "\xc3\xa9" },
	{ "=?base64?IHBhZGRlZCA=?=", " padded " }, { "=?base64?AA==", "=?base64?AA==" },
	{ "=?BASE64?AA==?=", "=?BASE64?AA==?=" }, { "base64?AA==?=", "base64?AA==?=" },
	{ "=?base64?PT9iYXNlNjQ/QUE9PT89?=", "=?base64?AA==?=" },
};

static void test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(good); i++) {
		struct str text;
		assert_true(mcp_header_decode(str_of(good[i].value), room, &text));
		assert_true(str_is(text, good[i].text));
	}
}

static void test_M01_compared_with_the_body(void **state)
{
	(void)state;
	struct json_scanner s;
	json_scanner_init(&s, STR("\"\\u00e9\\/x\""));
	assert_int_equal(json_next(&s), JSON_EVENT_VALUE);
	assert_true(mcp_header_is(STR("=?base64?w6kveA==?="), JSON_KIND_STRING, s.raw, room));
	assert_false(mcp_header_is(STR("=?base64?w4kveA==?="), JSON_KIND_STRING, s.raw, room));
	assert_true(mcp_header_is(STR("42.0"), JSON_KIND_NUMBER, STR("42"), room));
	assert_true(mcp_header_is(STR("-1"), JSON_KIND_NUMBER, STR("-10e-1"), room));
	static const char *const others[] = { "43", "42x", "", "0x2a", "+", "nan", " 42" };
	for (size_t i = 0; i < TEST_COUNT(others); i++)
		assert_false(mcp_header_is(str_of(others[i]), JSON_KIND_NUMBER, STR("42"), room));
	assert_true(mcp_header_is(STR("true"), JSON_KIND_TRUE, STR("true"), room));
	assert_false(mcp_header_is(STR("null"), JSON_KIND_NULL, STR("null"), room));
	struct str json = STR("{\"a\":[{\"b\":\"x\"},false,7],\"k\":null}");
	assert_true(mcp_header_is_within(STR("x"), json, room));
	assert_true(mcp_header_is_within(STR("7"), json, room));
	assert_true(mcp_header_is_within(STR("false"), json, room));
	assert_false(mcp_header_is_within(STR("k"), json, room));
	assert_false(mcp_header_is_within(STR("null"), json, room));
	assert_false(mcp_header_is_within(STR("x"), (struct str){ NULL, 0 }, room));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_M07_values_that_stand_for_nothing),
	cmocka_unit_test(test_values),
	cmocka_unit_test(test_M01_compared_with_the_body),
};

TEST_MAIN(tests)
