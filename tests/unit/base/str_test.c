/* SPDX-License-Identifier: Apache-2.0
 * Views: trimming, cutting, numbers, similarity.
 */
#include "../test.h"
#include "base/str.h"

static void test_safety(void **state)
{
	struct str empty = { NULL, 0 }, rest = empty, head;
	uint64_t n;
	(void)state;
	assert_true(str_eq(empty, STR("")));
	assert_true(str_eq_ignore_case(empty, empty));
	assert_true(str_starts(STR("a"), empty));
	assert_int_equal(str_trim(empty).n, 0);
	assert_false(str_cut(&rest, ',', &head));
	assert_int_equal(head.n, 0);
	assert_false(str_to_u64(empty, 10, &n));
	assert_int_equal(str_distance(empty, empty, 3), 0);
	assert_int_equal(str_of(NULL).n, 0);
}

static void test_numbers(void **state)
{
	static const struct { const char *text; uint64_t max; bool good; uint64_t value;
	} cases[] = {
		{ "", 9, false, 0 },
		{ "-1", 9, false, 0 },
		{ "+1", 9, false, 0 },
		{ " 1", 9, false, 0 },
		{ "1 ", 9, false, 0 },
		{ "0x1", 99, false, 0 },
		{ "10", 9, false, 0 },
		{ "1", 0, false, 0 },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
		{ "99999999999999999999", UINT64_MAX, false, 0 },
		{ "4294967296", UINT32_MAX, false, 0 },
		{ "0", 0, true, 0 },
		{ "9", 9, true, 9 },
		{ "007", 9, true, 7 },
		{ "4294967295", UINT32_MAX, true, UINT32_MAX },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
	};
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		uint64_t v = 77;
		assert_int_equal(str_to_u64(str_of(cases[i].text), cases[i].max, &v), cases[i].good);
		assert_true(v == (cases[i].good ? cases[i].value : 77));
	}
}

static void test_cut_and_trim(void **state)
{
	struct str rest = STR("a,,b"), head;
	(void)state;
	assert_true(str_cut(&rest, ',', &head) && str_is(head, "a"));
	assert_true(str_cut(&rest, ',', &head) && str_is(head, ""));
	assert_false(str_cut(&rest, ',', &head));
	assert_true(str_is(head, "b") && rest.n == 0);
	assert_true(str_is(str_trim(STR(" \t a b\t ")), "a b"));
	assert_true(str_is(str_trim(STR("\r\na")), "\r\na"));
	assert_int_equal(str_trim(STR(" \t ")).n, 0);
}

static void test_fold_is_ascii_only(void **state)
{
	(void)state;
	assert_false(str_eq_ignore_case(STR("\xC3\x84"), STR("\xC3\xA4")));
	assert_false(str_eq_ignore_case(STR("@"), STR("`")));
	assert_false(str_eq_ignore_case(STR("["), STR("{")));
	assert_true(str_eq_ignore_case(STR("X-Ab"), STR("x-aB")));
}

static int naive_fold(char c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* All pairs of bytes, at every place of every length: it looks at eight at once. */
static void test_case_as_a_naive_loop(void **state)
{
	(void)state;
	char a[40], b[40];
	for (size_t n = 1; n <= 40; n++) {
		for (size_t at = 0; at < n; at++) {
			for (int pair = 0; pair < 65536; pair += n == 1 || at == n / 2 ? 1 : 251) {
				memset(a, 'q', sizeof(a));
				memset(b, 'Q', sizeof(b));
				a[at] = (char)(pair & 255);
				b[at] = (char)(pair >> 8);
				assert_int_equal(str_eq_ignore_case((struct str){ a, n }, (struct str){ b, n }),
					naive_fold(a[at]) == naive_fold(b[at]));
			}
		}
	}
}

static void test_distance(void **state)
{
	static const struct { const char *a, *b; unsigned limit, want;
	} cases[] = {
		{ "stories:raed", "stories:read", 2, 1 },
		{ "storys", "stories", 3, 2 },
		{ "abc", "abc", 2, 0 },
		{ "", "abc", 5, 3 },
		{ "abc", "xyz", 5, 3 },
		{ "abcdef", "uvwxyz", 2, 3 },
		{ "ca", "abc", 5, 3 },
	};
	char longer[66] = { 0 };
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		assert_int_equal(str_distance(str_of(cases[i].a), str_of(cases[i].b), cases[i].limit),
				 cases[i].want);
	memset(longer, 'a', 65);
	assert_int_equal(str_distance(str_of(longer), str_of(longer), 2), 3);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_safety),
	cmocka_unit_test(test_numbers),
	cmocka_unit_test(test_cut_and_trim),
	cmocka_unit_test(test_fold_is_ascii_only),
	cmocka_unit_test(test_case_as_a_naive_loop),
	cmocka_unit_test(test_distance),
};

TEST_MAIN(tests)
