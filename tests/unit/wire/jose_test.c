/* SPDX-License-Identifier: Apache-2.0
 * Keys and signed texts: what is none, and known answers of the RFCs.
 */
#include "wire/jose.h"
#include "../test.h"

#include <stdio.h>

#define X32 "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs"
#define Y32 "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"
#define N2048 "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjh" \
	"MstnG4pZeQK-TGxqJ2jPFLVp6PKKWHCrZB5DmKYqmYo8m3DPhg5EKgq9y6lkLC1WGnLkmhx2mAQvZBKBB6sEPGTyO_Mna8WqYbKiZV7qZpQ2bVQ7z"

static bool is_key(const char *json)
{
	struct jwk key;
	return jwk_read(str_of(json), &key);
}

static const char *const refused[] = {
	"", "{}", "[]", "null", "{\"kty\":\"EC\"}",
	/* shared and private keys, of any kind (O12) */
	"{\"kty\":\"oct\",\"k\":\"AAAA\"}",
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 "\",\"y\":\"" Y32 "\",\"d\":\"" X32 "\"}",
	"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X32 "\",\"d\":null}",
	"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X32 "\",\"\\u0064\":\"\"}",
	"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X32 "\",\"k\":\"AA\"}",
	"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X32 "\",\"D\":\"AA\"}",
	/* other curves */
	"{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" X32 "\",\"y\":\"" Y32 "\"}",
	"{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" X32 "\",\"y\":\"" Y32 "\"}",
	"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" X32 "\"}",
	"{\"kty\":\"OKP\",\"crv\":\"P-256\",\"x\":\"" X32 "\",\"y\":\"" Y32 "\"}",
	"{\"kty\":\"ec\",\"crv\":\"P-256\",\"x\":\"" X32 "\",\"y\":\"" Y32 "\"}",
	/* lengths and spellings */
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 "\"}",
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 "\",\"y\":\"AAAA\"}",
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 "AA\",\"y\":\"" Y32 "\"}",
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 "=\",\"y\":\"" Y32 "\"}",
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\\u006c8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs\",\"y\":\"" Y32 "\"}",
	"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":[\"" X32 "\"]}",
	/* said twice */
	"{\"kty\":\"EC\",\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 "\",\"y\":\"" Y32 "\"}",
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 "\",\"X\":\"" X32 "\",\"y\":\"" Y32 "\"}",
	/* RSA: no exponent, an even one, one, zeros before it, a short modulus */
	"{\"kty\":\"RSA\",\"n\":\"" N2048 "\"}",
	"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
};

static void test_O12_M15_what_is_no_public_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(refused); i++) {
		if (is_key(refused[i]))
			print_message("# %s\n", refused[i]);
		assert_false(is_key(refused[i]));
	}
}

/* A modulus of so many bytes of 0xff, with an exponent. */
static bool is_rsa(size_t bytes, const char *e, char first, char last)
{
	static char text[2048];
	size_t digits = (bytes * 8 + 5) / 6;
	int n = snprintf(text, sizeof(text), "{\"kty\":\"RSA\",\"e\":\"%s\",\"n\":\"", e);
	memset(text + n, '_', digits);
	text[n] = text[n + 1] = first;
	text[(size_t)n + digits - 1] = last;
	strcpy(text + (size_t)n + digits, "\"}");
	return is_key(text);
}

static void test_the_size_of_rsa(void **state)
{
	(void)state;
	/* 256 and 512 bytes end in four bits of a digit and in two of one. */
	assert_true(is_rsa(256, "AQAB", '_', 'w'));
	assert_true(is_rsa(512, "AQAB", '_', '8'));
	assert_true(is_rsa(256, "Aw", '_', 'w'));
	assert_false(is_rsa(255, "AQAB", '_', '_'));
	assert_false(is_rsa(513, "AQAB", '_', '_'));
	assert_false(is_rsa(258, "AQAB", 'A', '_')); /* a zero before it */
	assert_false(is_rsa(258, "AQAB", '_', '-')); /* even */
	assert_false(is_rsa(256, "AQ", '_', 'w'));
	assert_false(is_rsa(256, "Ag", '_', 'w'));
	assert_false(is_rsa(256, "AAEAAQ", '_', 'w'));
	assert_false(is_rsa(256, "AQAAAAE", '_', 'w'));
	assert_false(is_rsa(256, "", '_', 'w'));
}

static void test_the_canonical_text(void **state)
{
	struct jwk key;
	char text[JWK_CANONICAL_ROOM];
	(void)state;
	assert_true(jwk_read(STR("{\"y\":\"" Y32 "\", \"use\":\"sig\", \"k\\u0074y\":\"E\\u0043\",\"x\":\"" X32 "\",\"kid\":1,"
		"\"crv\":\"P-256\"}"), &key));
	size_t n = jwk_canonical(&key, text);
	assert_true(str_is((struct str){ text, n },
		"{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" X32 "\",\"y\":\"" Y32 "\"}"));
	assert_true(jwk_read(STR("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X32 "\"}"), &key));
	n = jwk_canonical(&key, text);
	assert_true(str_is((struct str){ text, n }, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" X32 "\"}"));
}

static void test_O12_a_key_fixes_its_algorithm(void **state)
{
	static const char *const names[] = { "ES256", "EdDSA", "Ed25519", "PS256", "RS256", "HS256", "none", "ES384", "es256", "" };
	static const enum jwk_kind of[TEST_COUNT(names)] = { JWK_P256, JWK_ED25519, JWK_ED25519, JWK_RSA };
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(names); i++)
		for (enum jwk_kind kind = JWK_P256; kind <= JWK_RSA; kind++)
			assert_int_equal(jwk_signs_by(kind, str_of(names[i])), of[i] == kind);
}

static void test_signed_texts(void **state)
{
	static const char *const bad[] = { "", ".", "..", "e30.e30", "e30.e30.", ".e30.e30", "e30..e30", "e30.e30.e30.e30",
		"e30=.e30.e30", "e31.e30.e30", "e30.e30.e30 ", "e.e30.e30", "e3+.e30.e30" };
	struct jws jws;
	char room[16];
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		assert_false(jws_read(str_of(bad[i]), room, sizeof(room), &jws));
	assert_false(jws_read(STR("e30.e30.e30"), room, 5, &jws));
	assert_true(jws_read(STR("e30.W10.c2ln"), room, sizeof(room), &jws));
	assert_true(str_is(jws.header, "{}") && str_is(jws.payload, "[]") && str_is(jws.signature, "sig"));
	assert_true(str_is(jws.input, "e30.W10"));
}

static void test_M03_members(void **state)
{
	static const struct str names[] = { { "a", 1 }, { "b", 1 } };
	static const char *const bad[] = { "", "{", "{}x", "{\"a\":1,\"a\":1}", "{\"a\":1,\"A\":1}", "{\"a\":}", "[]",
		"{\"c\":{\"d\":[}}", "{\"a\":\"\\ud800\"}" };
	struct jose_member list[2];
	struct str text;
	char room[4];
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		assert_false(jose_members(str_of(bad[i]), names, 2, list));
	assert_true(jose_members(STR("{\"c\":{\"a\":1},\"b\": {\"x\": [1]} ,\"c\":2,\"a\":\"\\u00e9\\/\"}"), names, 2, list));
	assert_int_equal(list[1].kind, JSON_KIND_OBJECT);
	assert_true(str_is(list[1].raw, "{\"x\": [1]}"));
	assert_true(jose_text(&list[0], room, sizeof(room), &text) && str_is(text, "\xc3\xa9/"));
	assert_false(jose_text(&list[0], room, 2, &text));
	assert_false(jose_text(&list[1], room, sizeof(room), &text));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_O12_M15_what_is_no_public_key),
	cmocka_unit_test(test_the_size_of_rsa),
	cmocka_unit_test(test_the_canonical_text),
	cmocka_unit_test(test_O12_a_key_fixes_its_algorithm),
	cmocka_unit_test(test_signed_texts),
	cmocka_unit_test(test_M03_members),
};

TEST_MAIN(tests)
