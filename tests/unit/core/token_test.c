/* SPDX-License-Identifier: Apache-2.0
 * Token texts: what is none, known answers, the digest.
 */
#include "base/text.h"
#include "kit.h"

/* Random bytes 0, 1, 2, ... 29; checked with an independent program. */
#define KNOWN "sl_pat_000D37zwY9QluoiRsV2MqABbmpQ2Fiv87dRFrKcA94d8V3U"

static void make(const char *prefix, enum remit_token_kind kind, char *ret_text)
{
	uint8_t random[REMIT_TOKEN_RANDOM];
	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = (uint8_t)(i * 37 + 11);
	assert_int_equal(remit_token_write(prefix, kind, random, ret_text), REMIT_OK);
}

static bool is_token(const char *text, size_t n)
{
	struct remit_token_form form;
	return remit_token_check(text, n, &form) == REMIT_OK;
}

static void test_safety(void **state)
{
	struct remit_hasher *hasher = remit_hasher_new();
	uint8_t random[REMIT_TOKEN_RANDOM] = { 0 }, digest[REMIT_DIGEST_SIZE];
	char text[REMIT_TOKEN_ROOM] = "kept";
	static const char *const bad[] = { "", "SL", "abcd", "a_", "a-b", "\xC3\xA9", "a b" };
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		assert_int_equal(remit_token_write(bad[i], REMIT_TOKEN_PERSONAL, random, text),
				 REMIT_INVALID);
	assert_int_equal(remit_token_write(NULL, REMIT_TOKEN_PERSONAL, random, text), REMIT_INVALID);
	assert_int_equal(remit_token_write("sl", (enum remit_token_kind)3, random, text), REMIT_INVALID);
	assert_string_equal(text, "kept");
	assert_false(is_token("", 0));
	assert_true(remit_hasher_digest(hasher, "", 0, digest));
	remit_hasher_free(hasher);
	remit_hasher_free(NULL);
}

static void test_T01_truncated_or_extended(void **state)
{
	char text[REMIT_TOKEN_ROOM + 8];
	(void)state;
	make("stm", REMIT_TOKEN_PERSONAL, text);
	size_t length = strlen(text);
	assert_int_equal(length, 55);
	for (size_t n = 0; n < length; n++)
		assert_false(is_token(text, n));
	for (size_t from = 1; from < length; from++)
		assert_false(is_token(text + from, length - from));
	for (int c = 0; c < 256; c++) {
		text[length] = (char)c;
		assert_false(is_token(text, length + 1));
	}
	assert_true(is_token(text, length));
}

static void test_T01_any_byte_changed(void **state)
{
	char text[REMIT_TOKEN_ROOM];
	(void)state;
	make("sl", REMIT_TOKEN_ACCESS, text);
	size_t length = strlen(text);
	for (size_t i = 0; i < length; i++)
		for (int c = 1; c < 256; c++) {
			text[i] = (char)(text[i] ^ c);
			assert_false(is_token(text, length));
			text[i] = (char)(text[i] ^ c);
		}
}

/* A checksum that is right does not make a text of other characters a token. */
static void test_T01_right_checksum_wrong_form(void **state)
{
	static const char *const bad[] = {
		"sl_pat_00000000000000000000000000000000000000000",
		"sl_pat_0000000000000000000000000000000000000000!",
		"sl_pat_0000000000000000000000000000000000000000\xC3",
		"sl-pat_00000000000000000000000000000000000000000",
		"sl_pit_00000000000000000000000000000000000000000",
		"SL_pat_00000000000000000000000000000000000000000",
		"_pat_00000000000000000000000000000000000000000",
		"abcd_pat_00000000000000000000000000000000000000000",
	};
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bad); i++) {
		char text[80];
		size_t n = strlen(bad[i]);
		memcpy(text, bad[i], n);
		assert_true(base62_encode_u64(crc32_iso_hdlc(text, n), text + n, 6));
		assert_int_equal(is_token(text, n + 6), i == 0);
	}
}

static void test_known_answer(void **state)
{
	static const uint8_t sha256_of_abc[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
						 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
						 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
						 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };
	struct remit_hasher *hasher = remit_hasher_new();
	uint8_t random[REMIT_TOKEN_RANDOM], digest[REMIT_DIGEST_SIZE];
	struct remit_token_form form;
	char text[REMIT_TOKEN_ROOM];
	(void)state;
	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = (uint8_t)i;
	assert_int_equal(remit_token_write("sl", REMIT_TOKEN_PERSONAL, random, text), REMIT_OK);
	assert_string_equal(text, KNOWN);
	make("r", REMIT_TOKEN_REFRESH, text);
	assert_int_equal(remit_token_check(text, strlen(text), &form), REMIT_OK);
	assert_true(form.kind == REMIT_TOKEN_REFRESH && form.prefix_length == 1);
	for (int i = 0; i < 3; i++) {
		assert_true(remit_hasher_digest(hasher, "abc", 3, digest));
		assert_memory_equal(digest, sha256_of_abc, sizeof(digest));
	}
	remit_hasher_free(hasher);
}

static void test_alnum64(void **state)
{
	char text[66];
	(void)state;
	memset(text, 'Z', sizeof(text));
	assert_false(remit_token_is_alnum64(text, 63));
	assert_false(remit_token_is_alnum64(text, 65));
	assert_true(remit_token_is_alnum64(text, 64));
	for (int c = 0; c < 256; c++) {
		text[63] = (char)c;
		assert_int_equal(remit_token_is_alnum64(text, 64), base62_is((char)c));
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_safety),
	cmocka_unit_test(test_T01_truncated_or_extended),
	cmocka_unit_test(test_T01_any_byte_changed),
	cmocka_unit_test(test_T01_right_checksum_wrong_form),
	cmocka_unit_test(test_known_answer),
	cmocka_unit_test(test_alnum64),
};

TEST_MAIN(tests)
