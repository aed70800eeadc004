/* SPDX-License-Identifier: Apache-2.0
 * Paths: every form that two parsers could read in two ways is refused; the rest is decoded once and
 * encoded in one way.
 */
#include "kit.h"

static void refuse(const char *raw, size_t length)
{
	char path[9000];
	size_t n = 4711;
	if (remit_path_decode(raw, length, path, &n) != REMIT_INVALID)
		fail_msg("accepted %s", raw);
	assert_int_equal(n, 4711);
}

#define REFUSE_ALL(...)                                                      \
	do {                                                                 \
		static const char *const cases_[] = { __VA_ARGS__ };         \
		(void)state;                                                 \
		for (size_t i_ = 0; i_ < TEST_COUNT(cases_); i_++)           \
			refuse(cases_[i_], strlen(cases_[i_]));              \
	} while (0)

static void test_safety(void **state)
{
	char path[4];
	size_t n;
	(void)state;
	assert_int_equal(remit_path_decode("", 0, path, &n), REMIT_INVALID);
	assert_int_equal(remit_path_decode("/%4", 3, path, &n), REMIT_INVALID);
	assert_int_equal(remit_path_decode("/%41", 3, path, &n), REMIT_INVALID);
	assert_int_equal(remit_path_encode("", 0, path, 0, &n), REMIT_OK);
	assert_int_equal(n, 0);
	assert_int_equal(remit_path_encode("/ ", 2, path, 3, &n), REMIT_LIMIT);
	assert_int_equal(remit_path_encode("x", SIZE_MAX, path, 4, &n), REMIT_LIMIT);
}

static void test_P01_dot_segments(void **state)
{
	REFUSE_ALL("/info/../admin", "/..", "/.", "/./a", "/a/.", "/a/..", "/a/../", "/%2e%2e/a", "/%2E./a",
		   "/.%2e", "/a/%2e", "/a/%2e/b", "/../../etc/passwd");
}

static void test_P02_encoded_slashes_and_backslashes(void **state)
{
	REFUSE_ALL("/a%2Fb", "/a%2fb", "/%2F", "/a%5Cb", "/a%5cb", "/a\\b", "\\a", "/..\\a", "/a/%2f/b");
}

static void test_P03_double_encoding(void **state)
{
	REFUSE_ALL("/%252f", "/%25%32%66", "/a%252e%252e/b", "/%2525", "/a%25%34%31", "/x%25ab");
}

static void test_P04_path_parameters(void **state)
{
	REFUSE_ALL("/..;x=y/admin", "/a;x", "/;", "/a;jsessionid=1/b", "/..%3Bx=y/admin", "/a%3b");
}

static void test_P05_fragment_and_query(void **state)
{
	REFUSE_ALL("/a#b", "/#", "/a/b#/../c", "/a?b", "/?");
}

static void test_P10_known_confusions(void **state)
{
	char segments[80] = "", deep[80] = "";
	char *longest = malloc(9000);
	REFUSE_ALL("a", "*", "http://h/a", "//a", "/a//b", "//", "/a//", "/\xC0\xAF", "/\xC0\xAE\xC0\xAE/a",
		   "/%C0%AF", "/%ff", "/%ED%A0%80", "/a\x01", "/a\x7f", "/a%01", "/a%7F", "/a%0d%0a", "/a b",
		   "/a\tb", "/%", "/%4", "/%zz", "/a%", "/%%41", "/a%u0041");
	refuse("/a\0b", 4);
	refuse("/a%00b", 6);
	for (int i = 0; i < 33; i++)
		strcat(segments, "/a");
	refuse(segments, strlen(segments));
	memcpy(deep, segments, 64);
	assert_non_null(longest);
	size_t n;
	char path[80];
	assert_int_equal(remit_path_decode(deep, 64, path, &n), REMIT_OK);
	memset(longest, 'a', 9000);
	longest[0] = '/';
	refuse(longest, 8 * 1024 + 1);
	free(longest);
}

static void test_decodes_once_and_encodes_in_one_way(void **state)
{
	static const struct { const char *raw, *path, *canonical;
	} cases[] = {
		{ "/", "/", "/" },
		{ "/a/", "/a/", "/a/" },
		{ "/a/b-_.~", "/a/b-_.~", "/a/b-_.~" },
		{ "/%41%62", "/Ab", "/Ab" },
		{ "/100%25", "/100%", "/100%25" },
		{ "/a%20b", "/a b", "/a%20b" },
		{ "/%c3%a9", "/\xC3\xA9", "/%C3%A9" },
		{ "/\xC3\xA9", "/\xC3\xA9", "/%C3%A9" },
		{ "/a%23b%3Fc", "/a#b?c", "/a%23b%3Fc" },
		{ "/...", "/...", "/..." },
		{ "/.a/..b", "/.a/..b", "/.a/..b" },
		{ "/a:b@c!$&'()*+,=", "/a:b@c!$&'()*+,=", "/a:b@c!$&'()*+,=" },
		{ "/%7Ex%2b%22", "/~x+\"", "/~x+%22" },
		{ "/%25zz", "/%zz", "/%25zz" },
	};
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		char path[64], raw[200];
		size_t n, m;
		assert_int_equal(remit_path_decode(cases[i].raw, strlen(cases[i].raw), path, &n), REMIT_OK);
		assert_int_equal(n, strlen(cases[i].path));
		assert_memory_equal(path, cases[i].path, n);
		assert_int_equal(remit_path_encode(path, n, raw, 3 * n, &m), REMIT_OK);
		assert_int_equal(m, strlen(cases[i].canonical));
		assert_memory_equal(raw, cases[i].canonical, m);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_safety),
	cmocka_unit_test(test_P01_dot_segments),
	cmocka_unit_test(test_P02_encoded_slashes_and_backslashes),
	cmocka_unit_test(test_P03_double_encoding),
	cmocka_unit_test(test_P04_path_parameters),
	cmocka_unit_test(test_P05_fragment_and_query),
	cmocka_unit_test(test_P10_known_confusions),
	cmocka_unit_test(test_decodes_once_and_encodes_in_one_way),
};

TEST_MAIN(tests)
