/* SPDX-License-Identifier: Apache-2.0
 * Buffers: the hard maximum, failure that sticks, JSON strings.
 */
#include "../test.h"
#include "base/buf.h"

static void test_safety(void **state)
{
	struct buf b = { 0 };
	(void)state;
	buf_done(&b);
	buf_done_secret(&b);
	buf_init(&b, 0);
	assert_true(buf_add(&b, "", 0));
	assert_true(buf_add_str(&b, (struct str){ NULL, 0 }));
	assert_false(buf_add_char(&b, 'x'));
	assert_true(b.failed && b.n == 0);
	buf_done(&b);
	buf_done(&b);
	buf_init(&b, SIZE_MAX);
	assert_false(buf_reserve(&b, SIZE_MAX));
	buf_reset(&b);
	assert_true(buf_add_char(&b, 'x'));
	assert_false(buf_reserve(&b, SIZE_MAX));
	buf_done_secret(&b);
}

static void test_maximum_is_exact_and_failure_sticks(void **state)
{
	struct buf b;
	(void)state;
	buf_init(&b, 5);
	assert_true(buf_add_text(&b, "abc"));
	assert_false(buf_add_text(&b, "def"));
	assert_true(str_is(buf_str(&b), "abc"));
	assert_false(buf_add_text(&b, "d"));
	buf_reset(&b);
	assert_true(buf_add_text(&b, "abcde"));
	assert_false(buf_add_char(&b, 'f'));
	buf_reset(&b);
	assert_true(buf_printf(&b, "%s", "12345"));
	assert_true(str_is(buf_str(&b), "12345"));
	assert_false(buf_printf(&b, "%d", 6));
	buf_done(&b);
}

static void test_growth_keeps_content(void **state)
{
	struct buf b;
	(void)state;
	buf_init(&b, 100000);
	for (unsigned i = 0; i < 10000; i++)
		assert_true(buf_printf(&b, "%03u,", i % 1000));
	assert_int_equal(b.n, 40000);
	for (unsigned i = 0; i < 10000; i++)
		assert_int_equal(b.p[i * 4 + 2], '0' + i % 10);
	assert_true(buf_add_u64(&b, UINT64_MAX) && buf_add_u64(&b, 0));
	assert_memory_equal(b.p + 40000, "184467440737095516150", 21);
	buf_done(&b);
}

static void test_json_strings(void **state)
{
	const struct { struct str in; const char *want;
	} cases[] = {
		{ STR("\x80"), "\"\xEF\xBF\xBD\"" },
		{ STR("a\xC0\x80"
		      "b"),
		  "\"a\xEF\xBF\xBD\xEF\xBF\xBD"
		  "b\"" },
		{ STR("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" },
		{ STR("\xE2\x82"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"" },
		{ STR("a\0b"), "\"a\\u0000b\"" },
		{ STR("\"\\\b\f\n\r\t\x1f\x7f/"), "\"\\\"\\\\\\b\\f\\n\\r\\t\\u001f\\u007f/\"" },
		{ STR(""), "\"\"" },
		{ STR("d\xC3\xA9j\xC3\xA0 \xE2\x82\xAC \xF0\x9F\x98\x80"),
		  "\"d\xC3\xA9j\xC3\xA0 \xE2\x82\xAC \xF0\x9F\x98\x80\"" },
	};
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct buf b;
		buf_init(&b, 100);
		assert_true(buf_add_json(&b, cases[i].in));
		assert_true(str_is(buf_str(&b), cases[i].want));
		buf_done(&b);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_safety),
	cmocka_unit_test(test_maximum_is_exact_and_failure_sticks),
	cmocka_unit_test(test_growth_keeps_content),
	cmocka_unit_test(test_json_strings),
};

TEST_MAIN(tests)
