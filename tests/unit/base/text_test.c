/* SPDX-License-Identifier: Apache-2.0
 * Encodings: what is refused, and known answers.
 */
#include "../test.h"
#include "base/text.h"

static void test_safety(void **state)
{
	char text[64];
	uint8_t bytes[64];
	size_t n = 9;
	struct str none = { NULL, 0 };
	(void)state;
	assert_true(crc32_iso_hdlc(NULL, 0) == 0);
	assert_int_equal(base64url_encode(bytes, 0, text), 0);
	assert_true(base64url_decode(none, bytes, 0, &n) && n == 0);
	assert_true(hex_decode(none, bytes, 0));
	assert_true(utf8_valid(none));
	assert_int_equal(utf8_next(none), 0);
	assert_int_equal(utf8_length(none), 0);
}

static uint32_t slow_crc(const uint8_t *p, size_t n)
{
	uint32_t crc = 0xffffffff;
	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	return ~crc;
}

static void test_crc(void **state)
{
	uint8_t bytes[300];
	uint32_t v = 1;
	(void)state;
	assert_true(crc32_iso_hdlc("123456789", 9) == 0xcbf43926);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)((v = v * 1664525 + 1013904223) >> 24);
	for (size_t n = 0; n < sizeof(bytes); n++)
		assert_true(crc32_iso_hdlc(bytes + n % 7, n - n % 7) == slow_crc(bytes + n % 7, n - n % 7));
}

static void test_base62(void **state)
{
	uint8_t ones[30], two[2] = { 0x01, 0x00 };
	char text[42] = { 0 };
	(void)state;
	memset(ones, 0xff, sizeof(ones));
	assert_false(base62_encode(ones, 30, text, 40));
	assert_int_equal(text[0], 0);
	assert_true(base62_encode(ones, 30, text, 41));
	assert_true(base62_encode(two, 2, text, 4) && memcmp(text, "0048", 4) == 0);
	assert_false(base62_encode_u64(62, text, 1));
	assert_false(base62_encode_u64(UINT64_MAX, text, 10));
	assert_true(base62_encode_u64(UINT64_MAX, text, 11) && memcmp(text, "LygHa16AHYF", 11) == 0);
	assert_true(base62_encode_u64(61, text, 3) && memcmp(text, "00z", 3) == 0);
	assert_true(base62_encode_u64(0xffffffff, text, 6) && memcmp(text, "4gfFC3", 6) == 0);
	for (int c = -128; c < 128; c++)
		assert_int_equal(base62_is((char)c),
				 (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
}

static void test_hex(void **state)
{
	static const char *const bad[] = { "0", "000", "0g", "0x", " 0", "00 ", "-1" };
	uint8_t b[2] = { 7, 7 };
	char text[4];
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		assert_false(hex_decode(str_of(bad[i]), b, 1));
	assert_false(hex_decode(STR("00"), b, 2));
	assert_int_equal(b[0], 7);
	assert_true(hex_decode(STR("aFf0"), b, 2) && b[0] == 0xaf && b[1] == 0xf0);
	hex_encode(b, 2, text);
	assert_memory_equal(text, "aff0", 4);
}

static void test_base64url(void **state)
{
	static const char *const bad[] = {
		"A", "AAAAA", "AA==", "A+", "A/", "AB C", "AB", "AAB", "\xC3\xA9"
	};
	static const struct { const char *plain, *text; } good[] = {
		{ "", "" }, { "f", "Zg" }, { "fo", "Zm8" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg" },
		{ "\xfb\xff", "-_8" },
	};
	uint8_t b[16];
	char text[24];
	size_t n;
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		assert_false(base64url_decode(str_of(bad[i]), b, sizeof(b), &n));
	assert_false(base64url_decode(STR("Zm9v"), b, 2, &n));
	for (size_t i = 0; i < TEST_COUNT(good); i++) {
		size_t length = strlen(good[i].plain);
		assert_true(base64url_decode(str_of(good[i].text), b, length, &n));
		assert_int_equal(n, length);
		assert_memory_equal(b, good[i].plain, n);
		assert_int_equal(base64url_encode((const uint8_t *)good[i].plain, length, text),
				 strlen(good[i].text));
		assert_memory_equal(text, good[i].text, strlen(good[i].text));
	}
}

static void test_base64(void **state)
{
	static const char *const bad[] = { "Zg", "Zg=", "Zg===", "=", "====", "Zh==", "Zm9=", "Zm-v", "Zm_v", "Z===", " Zg=", "Zg==Zg==" };
	static const struct { const char *text, *bytes; } good[] = {
		{ "", "" }, { "Zg==", "f" }, { "Zm8=", "fo" }, { "Zm9v", "foo" }, { "Zm9vYg==", "foob" }, { "+/+/", "\xfb\xff\xbf" },
	};
	uint8_t bytes[16];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		assert_false(base64_decode(str_of(bad[i]), bytes, sizeof(bytes), &n));
	for (size_t i = 0; i < TEST_COUNT(good); i++) {
		assert_true(base64_decode(str_of(good[i].text), bytes, sizeof(bytes), &n));
		assert_int_equal(n, strlen(good[i].bytes));
		assert_memory_equal(bytes, good[i].bytes, n);
		char text[24];
		assert_int_equal(base64_encode((const uint8_t *)good[i].bytes, n, text), strlen(good[i].text));
		assert_memory_equal(text, good[i].text, strlen(good[i].text));
	}
	assert_false(base64_decode(str_of("Zm9v"), bytes, 2, &n));
}

static void test_localhost(void **state)
{
	static const char *const others[] = { "", "localhos", "localhost.example", "notlocalhost", ".localhost", "localhost." };
	static const char *const its[] = { "localhost", "LocalHost", "a.localhost", "x.y.LOCALHOST" };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(others); i++)
		assert_false(host_is_localhost(str_of(others[i])));
	for (size_t i = 0; i < TEST_COUNT(its); i++)
		assert_true(host_is_localhost(str_of(its[i])));
}

static void test_P10_utf8_overlong_and_surrogates(void **state)
{
	static const char *const bad[] = {
		"\x80",
		"\xBF",
		"\xC0\x80",
		"\xC1\xBF",
		"\xC2",
		"\xC2\x41",
		"\xE0\x80\x80",
		"\xE0\x9F\xBF",
		"\xE2\x82",
		"\xED\xA0\x80",
		"\xED\xBF\xBF",
		"\xF0\x80\x80\x80",
		"\xF0\x8F\xBF\xBF",
		"\xF4\x90\x80\x80",
		"\xF5\x80\x80\x80",
		"\xFE",
		"\xFF",
		"\xE2\x28\xA1",
		"ok\xC0\xAF",
	};
	static const char *const good[] = { "\x7F",	    "\xC2\x80",		"\xDF\xBF",
					    "\xE0\xA0\x80", "\xED\x9F\xBF",	"\xEE\x80\x80",
					    "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF" };
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		assert_false(utf8_valid(str_of(bad[i])));
	for (size_t i = 0; i < TEST_COUNT(good); i++) {
		assert_true(utf8_valid(str_of(good[i])));
		assert_int_equal(utf8_length(str_of(good[i])), 1);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_safety),	   cmocka_unit_test(test_crc),
	cmocka_unit_test(test_base62),	   cmocka_unit_test(test_hex),
	cmocka_unit_test(test_base64url), cmocka_unit_test(test_base64), cmocka_unit_test(test_localhost), cmocka_unit_test(test_P10_utf8_overlong_and_surrogates),
};

TEST_MAIN(tests)
