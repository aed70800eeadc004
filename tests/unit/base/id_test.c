/* SPDX-License-Identifier: Apache-2.0
 * Identifiers: what is none, both forms, the order of version 7.
 */
#include "../test.h"
#include "base/id.h"

static void test_safety(void **state)
{
	struct id id;
	struct id_bytes bytes;
	(void)state;
	assert_false(id_parse((struct str){ NULL, 0 }, &id));
	memset(&id, 'x', sizeof(id));
	assert_false(id_to_bytes(&id, &bytes));
	memset(&id, 0, sizeof(id));
	assert_true(id_to_bytes(&id, &bytes) && bytes.b[0] == 0);
	id_from_bytes(&bytes, &id);
	assert_false(id_is_set(&id));
}

static void test_bad_texts(void **state)
{
	static const char *const bad[] = {
		"", "0199f2c48a107c3e8f000123456789ab", "0199f2c4-8a10-7c3e-8f00-0123456789a",
		"0199f2c4-8a10-7c3e-8f00-0123456789abc", "0199f2c4-8a10-7c3e-8f00-0123456789ag",
		"0199f2c4_8a10-7c3e-8f00-0123456789ab", "{199f2c4-8a10-7c3e-8f00-0123456789a}",
		"0199f2c-48a10-7c3e-8f00-0123456789ab", "00000000-0000-0000-0000-000000000000",
		" 199f2c4-8a10-7c3e-8f00-0123456789ab",
	};
	struct id id = { "kept" };
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		assert_false(id_parse(str_of(bad[i]), &id));
	assert_string_equal(id.text, "kept");
}

static void test_round_trip(void **state)
{
	struct id id, again;
	struct id_bytes bytes;
	(void)state;
	assert_true(id_parse(STR("0199F2C4-8A10-4C3E-8F00-0123456789AB"), &id));
	assert_string_equal(id.text, "0199f2c4-8a10-4c3e-8f00-0123456789ab");
	assert_true(id_to_bytes(&id, &bytes));
	assert_int_equal(bytes.b[1], 0x99);
	id_from_bytes(&bytes, &again);
	assert_true(id_eq(&id, &again));
}

static void test_version_7_sorts_by_time(void **state)
{
	const uint8_t ones[10] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 }, zeros[10] = { 0 };
	struct id first = id_make(1763792280000, ones), second = id_make(1763792280001, zeros);
	(void)state;
	assert_true(strcmp(first.text, second.text) < 0);
	assert_string_equal(first.text, "019aaa36-59c0-7fff-bfff-ffffffffffff");
	assert_int_equal(second.text[14], '7');
	assert_int_equal(second.text[19], '8');
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_safety),
	cmocka_unit_test(test_bad_texts),
	cmocka_unit_test(test_round_trip),
	cmocka_unit_test(test_version_7_sorts_by_time),
};

TEST_MAIN(tests)
