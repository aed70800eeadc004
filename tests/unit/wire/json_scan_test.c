/* SPDX-License-Identifier: Apache-2.0
 * The JSON scanner: what is refused and at which byte, what is taken and as which events, and
 * strings behind their escapes.
 */
#include "wire/json.h"
#include "../test.h"

#include <stdio.h>
#include <stdlib.h>

#define TEXT(s) { (s), sizeof(s) - 1 }

/* Scans a copy that ends where its bytes end. False: refused, at byte *ret_at. */
static bool scan(struct str text, size_t *ret_at)
{
	char *copy = malloc(text.n > 0 ? text.n : 1);
	memcpy(copy, text.p, text.n);
	struct json_scanner s;
	json_scanner_init(&s, (struct str){ copy, text.n });
	enum json_event event;
	do
		event = json_next(&s);
	while (event != JSON_EVENT_END && event != JSON_EVENT_ERROR);
	*ret_at = (size_t)(s.p - s.start);
	assert_int_equal(event == JSON_EVENT_ERROR, s.error != NULL);
	assert_int_equal(json_next(&s), event); /* both are final */
	free(copy);
	return event == JSON_EVENT_END;
}

struct refusal {
	const char *name;
	struct str text;
	size_t at;
};

static const struct refusal refusals[] = {
	{ "test_nothing", TEXT(""), 0 },
	{ "test_space_only", TEXT(" \n"), 2 },
	{ "test_M03_byte_order_mark", TEXT("\xef\xbb\xbf{}"), 0 },
	{ "test_M03_byte_order_mark_inside", TEXT("[\xef\xbb\xbf]"), 1 },
	{ "test_M03_utf16", TEXT("{\0}\0"), 1 },
	{ "test_M03_lone_high_surrogate", TEXT("\"\\ud800\""), 1 },
	{ "test_M03_lone_low_surrogate", TEXT("\"\\udc00\""), 1 },
	{ "test_M03_high_and_no_low", TEXT("\"\\ud800\\u0041\""), 1 },
	{ "test_M03_two_high", TEXT("\"\\ud800\\ud800\""), 1 },
	{ "test_M03_high_and_letters", TEXT("\"\\ud800abcdefgh\""), 1 },
	{ "test_M03_surrogate_in_utf8", TEXT("\"\xed\xa0\x80\""), 4 },
	{ "test_overlong_utf8", TEXT("\"\xc0\xaf\""), 3 },
	{ "test_cut_utf8", TEXT("\"\xc3\""), 2 },
	{ "test_utf8_past_the_last", TEXT("\"\xf4\x90\x80\x80\""), 5 },
	{ "test_control_in_string", TEXT("\"a\nb\""), 2 },
	{ "test_tab_in_string", TEXT("\"a\tb\""), 2 },
	{ "test_nul_in_string", TEXT("\"a\0b\""), 2 },
	{ "test_control_behind_eight", TEXT("\"abcdefgh\x1f\""), 9 },
	{ "test_string_without_end", TEXT("\"abc"), 4 },
	{ "test_escape_without_end", TEXT("\"\\"), 1 },
	{ "test_escaped_quote_without_end", TEXT("\"\\\""), 3 },
	{ "test_unknown_escape", TEXT("\"\\x41\""), 1 },
	{ "test_escaped_nul", TEXT("\"\\\0\""), 1 },
	{ "test_short_unicode_escape", TEXT("\"\\u004\""), 1 },
	{ "test_unicode_escape_no_hex", TEXT("\"\\u00g0\""), 1 },
	{ "test_single_quotes", TEXT("'a'"), 0 },
	{ "test_leading_zero", TEXT("01"), 2 },
	{ "test_minus_alone", TEXT("-"), 1 },
	{ "test_plus", TEXT("+1"), 0 },
	{ "test_point_first", TEXT(".5"), 0 },
	{ "test_point_last", TEXT("1."), 2 },
	{ "test_exponent_empty", TEXT("1e"), 2 },
	{ "test_exponent_sign_only", TEXT("1e+"), 3 },
	{ "test_hexadecimal", TEXT("0x1"), 1 },
	{ "test_infinity", TEXT("Infinity"), 0 },
	{ "test_nan", TEXT("NaN"), 0 },
	{ "test_literal_cut", TEXT("tru"), 0 },
	{ "test_literal_and_more", TEXT("nullx"), 4 },
	{ "test_literal_upper_case", TEXT("True"), 0 },
	{ "test_two_values", TEXT("1 2"), 2 },
	{ "test_trailing_nul", TEXT("{}\0"), 2 },
	{ "test_trailing_comma_array", TEXT("[1,]"), 3 },
	{ "test_trailing_comma_object", TEXT("{\"a\":1,}"), 7 },
	{ "test_comma_first", TEXT("[,1]"), 1 },
	{ "test_two_commas", TEXT("[1,,2]"), 3 },
	{ "test_missing_comma", TEXT("[1 2]"), 3 },
	{ "test_missing_colon", TEXT("{\"a\" 1}"), 5 },
	{ "test_missing_value", TEXT("{\"a\":}"), 5 },
	{ "test_key_no_string", TEXT("{a:1}"), 1 },
	{ "test_key_number", TEXT("{1:1}"), 1 },
	{ "test_open_array", TEXT("[1"), 2 },
	{ "test_open_object", TEXT("{\"a\":1"), 6 },
	{ "test_object_closed_as_array", TEXT("{\"a\":1]"), 6 },
	{ "test_array_closed_as_object", TEXT("[1}"), 2 },
	{ "test_close_alone", TEXT("]"), 0 },
	{ "test_comment", TEXT("/**/1"), 0 },
	{ "test_form_feed", TEXT("\f1"), 0 },
	{ "test_no_break_space", TEXT("\xc2\xa0""1"), 0 },
};

static void run_refusal(void **state)
{
	const struct refusal *one = *state;
	size_t at;
	assert_false(scan(one->text, &at));
	assert_int_equal(at, one->at);
}

static const struct str taken[] = {
	TEXT("{}"), TEXT("[]"), TEXT(" [ ] "), TEXT("\"\""), TEXT("0"), TEXT("-0"), TEXT("-0.0e-0"),
	TEXT("10.25E+3"),
	TEXT("true"), TEXT("false"), TEXT("null"), TEXT("\r\n\t {\"a\" : [ 1 , {\"\" : null } ] }\n"),
	TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00\""), TEXT("\"\x7f\""), TEXT("\"\\u0000\""),
	TEXT("\"\xf0\x9f\x98\x80 \xc3\xa4\""), TEXT("[[],{},[[]]]"), TEXT("{\"a\":1,\"a\":2}"),
};

static void test_takes_what_is_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(taken); i++) {
		size_t at;
		assert_true(scan(taken[i], &at));
		assert_int_equal(at, taken[i].n);
	}
}

/* No proper beginning of an object or array is a whole one. */
static void test_every_cut_is_refused(void **state)
{
	(void)state;
	struct str text = STR("{\"a\\u00e4\":[1,-2.5e3,true,null,\"\xc3\xa4\\n\"],\"b\":{\"c\":{}}}");
	size_t at;
	assert_true(scan(text, &at));
	for (size_t n = 0; n < text.n; n++)
		assert_false(scan((struct str){ text.p, n }, &at));
}

static void test_M03_depth(void **state)
{
	(void)state;
	char text[2 * LIMIT_JSON_DEPTH + 2];
	size_t at;
	memset(text, '[', LIMIT_JSON_DEPTH);
	memset(text + LIMIT_JSON_DEPTH, ']', LIMIT_JSON_DEPTH);
	assert_true(scan((struct str){ text, 2 * LIMIT_JSON_DEPTH }, &at));
	memset(text, '[', LIMIT_JSON_DEPTH + 1);
	memset(text + LIMIT_JSON_DEPTH + 1, ']', LIMIT_JSON_DEPTH + 1);
	assert_false(scan((struct str){ text, sizeof(text) }, &at));
	assert_int_equal(at, LIMIT_JSON_DEPTH);
}

static void test_M03_too_many_values(void **state)
{
	(void)state;
	static char text[1 + 3 * LIMIT_JSON_VALUES] = "[";
	size_t at, n = 1;
	for (size_t i = 2; i < LIMIT_JSON_VALUES; i++, n += 3) /* the list is a value too, and so is the last one */
		memcpy(text + n, "[],", 3);
	memcpy(text + n, "1]", 2);
	assert_true(scan((struct str){ text, n + 2 }, &at));
	memcpy(text + n, "1,2]", 4);
	assert_false(scan((struct str){ text, n + 4 }, &at));
	assert_int_equal(at, n + 2);
}

static void test_M03_long_number(void **state)
{
	(void)state;
	char text[LIMIT_JSON_NUMBER_CHARS + 1];
	size_t at;
	memset(text, '9', sizeof(text));
	assert_true(scan((struct str){ text, LIMIT_JSON_NUMBER_CHARS }, &at));
	assert_false(scan((struct str){ text, sizeof(text) }, &at));
}

static void test_events(void **state)
{
	(void)state;
	static const struct {
		enum json_event event;
		enum json_kind kind;
		const char *raw;
	} events[] = {
		{ JSON_EVENT_OBJECT, JSON_KIND_OBJECT, NULL },
		{ JSON_EVENT_KEY, JSON_KIND_NONE, "a\\n" },
		{ JSON_EVENT_ARRAY, JSON_KIND_ARRAY, NULL },
		{ JSON_EVENT_VALUE, JSON_KIND_NUMBER, "-1.5" },
		{ JSON_EVENT_VALUE, JSON_KIND_STRING, "x" },
		{ JSON_EVENT_VALUE, JSON_KIND_TRUE, "true" },
		{ JSON_EVENT_VALUE, JSON_KIND_FALSE, "false" },
		{ JSON_EVENT_VALUE, JSON_KIND_NULL, "null" },
		{ JSON_EVENT_ARRAY_END, JSON_KIND_NONE, NULL },
		{ JSON_EVENT_OBJECT_END, JSON_KIND_NONE, NULL },
		{ JSON_EVENT_END, JSON_KIND_NONE, NULL },
	};
	struct json_scanner s;
	json_scanner_init(&s, STR("{\"a\\n\":[-1.5,\"x\",true,false,null]}"));
	for (size_t i = 0; i < TEST_COUNT(events); i++) {
		assert_int_equal(json_next(&s), events[i].event);
		if (events[i].kind != JSON_KIND_NONE)
			assert_int_equal(s.kind, events[i].kind);
		if (events[i].raw)
			assert_true(str_is(s.raw, events[i].raw));
		if (events[i].event == JSON_EVENT_KEY)
			assert_true(s.escaped);
	}
}

static void test_skip(void **state)
{
	(void)state;
	struct json_scanner s;
	json_scanner_init(&s, STR("{\"a\":[1,[2]],\"b\":{\"c\":{}},\"d\":1,\"e\":[[3],4]}"));
	assert_int_equal(json_next(&s), JSON_EVENT_OBJECT);
	assert_int_equal(json_next(&s), JSON_EVENT_KEY);
	assert_true(json_skip(&s)); /* a's value */
	assert_int_equal(json_next(&s), JSON_EVENT_KEY);
	assert_int_equal(json_next(&s), JSON_EVENT_OBJECT);
	assert_true(json_skip(&s)); /* the object that has begun */
	assert_int_equal(json_next(&s), JSON_EVENT_KEY);
	assert_int_equal(json_next(&s), JSON_EVENT_VALUE);
	assert_true(json_skip(&s)); /* nothing is left of a scalar */
	assert_int_equal(json_next(&s), JSON_EVENT_KEY);
	assert_int_equal(json_next(&s), JSON_EVENT_ARRAY);
	assert_int_equal(json_next(&s), JSON_EVENT_ARRAY);
	assert_true(json_skip(&s));
	assert_int_equal(json_next(&s), JSON_EVENT_VALUE);
	assert_true(str_is(s.raw, "4"));
	assert_int_equal(json_next(&s), JSON_EVENT_ARRAY_END);
	assert_int_equal(json_next(&s), JSON_EVENT_OBJECT_END);
	assert_int_equal(json_next(&s), JSON_EVENT_END);
	json_scanner_init(&s, STR("{\"a\":[1,[2]}"));
	assert_false(json_skip(&s));
	assert_false(json_skip(&s));
}

static void test_decode(void **state)
{
	(void)state;
	struct str raw = STR("a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e4\\u20AC\\ud83d\\ude00\\u0000\xc3\xa4");
	struct str text = STR("a\"\\/\b\f\n\r\tA\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\0\xc3\xa4");
	char room[64];
	size_t n;
	assert_true(json_decode(raw, room, text.n, &n));
	assert_int_equal(n, text.n);
	assert_memory_equal(room, text.p, n);
	for (size_t less = 0; less < text.n; less++)
		assert_false(json_decode(raw, room, less, &n));
	assert_true(json_raw_eq(raw, text));
	for (size_t less = 0; less < text.n; less++)
		assert_false(json_raw_eq(raw, (struct str){ text.p, less }));
	assert_true(json_raw_eq((struct str){ NULL, 0 }, STR("")));
	assert_false(json_raw_eq(STR("\\u0041"), STR("\\u0041")));
	assert_true(json_decode((struct str){ NULL, 0 }, room, 0, &n));
}

int main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(test_takes_what_is_json), cmocka_unit_test(test_every_cut_is_refused),
		cmocka_unit_test(test_M03_depth),          cmocka_unit_test(test_M03_long_number),
		cmocka_unit_test(test_M03_too_many_values),
		cmocka_unit_test(test_events),             cmocka_unit_test(test_skip),
		cmocka_unit_test(test_decode),
	};
	static struct refusal copies[TEST_COUNT(refusals)];
	struct CMUnitTest tests[TEST_COUNT(refusals) + TEST_COUNT(others)];
	for (size_t i = 0; i < TEST_COUNT(refusals); i++) {
		copies[i] = refusals[i];
		tests[i] = (struct CMUnitTest){ refusals[i].name, run_refusal, NULL, NULL, &copies[i] };
	}
	memcpy(tests + TEST_COUNT(refusals), others, sizeof(others));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
