/* SPDX-License-Identifier: Apache-2.0
 * Proofs of possession: which are none by their form, and the example of RFC 9449 section 4.1.
 */
#include "base/text.h"
#include "wire/dpop.h"
#include "../test.h"

#define JWK "{\"kty\":\"EC\",\"x\":\"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs\"," \
	"\"y\":\"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA\",\"crv\":\"P-256\"}"
#define HEADER "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":" JWK "}"
#define CLAIMS "{\"jti\":\"a\",\"htm\":\"GET\",\"htu\":\"https://a/b\",\"iat\":1562262616}"

static struct dpop dpop;

static const char *read_parts(const char *header, const char *claims)
{
	static char text[4 * LIMIT_DPOP_BYTES];
	size_t n = base64url_encode((const uint8_t *)header, strlen(header), text);
	text[n++] = '.';
	n += base64url_encode((const uint8_t *)claims, strlen(claims), text + n);
	memcpy(text + n, ".c2ln", 5);
	return dpop_read((struct str){ text, n + 5 }, &dpop);
}

static const char *const bad_headers[] = {
	"", "{}", "[]",
	"{\"typ\":\"JWT\",\"alg\":\"ES256\",\"jwk\":" JWK "}",
	"{\"alg\":\"ES256\",\"jwk\":" JWK "}",
	"{\"typ\":\"dpop+jwt\",\"jwk\":" JWK "}",
	"{\"typ\":\"dpop+jwt\",\"alg\":\"none\",\"jwk\":" JWK "}",
	"{\"typ\":\"dpop+jwt\",\"alg\":\"HS256\",\"jwk\":" JWK "}",
	"{\"typ\":\"dpop+jwt\",\"alg\":\"PS256\",\"jwk\":" JWK "}",
	"{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"alg\":\"ES256\",\"jwk\":" JWK "}",
	"{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"ALG\":\"none\",\"jwk\":" JWK "}",
	"{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\"}",
	"{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":\"a\"}",
	"{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":{}}",
	"{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":" JWK ",\"crit\":[\"b64\"],\"b64\":false}",
};

static const char *const bad_claims[] = {
	"", "{}", "1",
	"{\"jti\":\"\",\"htm\":\"GET\",\"htu\":\"https://a/b\",\"iat\":1}",
	"{\"jti\":1,\"htm\":\"GET\",\"htu\":\"https://a/b\",\"iat\":1}",
	"{\"htm\":\"GET\",\"htu\":\"https://a/b\",\"iat\":1}",
	"{\"jti\":\"a\",\"htu\":\"https://a/b\",\"iat\":1}",
	"{\"jti\":\"a\",\"htm\":\"GET\",\"iat\":1}",
	"{\"jti\":\"a\",\"htm\":\"GET\",\"htu\":\"https://a/b\"}",
	"{\"jti\":\"a\",\"htm\":\"GET\",\"htu\":\"https://a/b\",\"iat\":\"1\"}",
	"{\"jti\":\"a\",\"htm\":\"GET\",\"htu\":\"https://a/b\",\"iat\":-1}",
	"{\"jti\":\"a\",\"htm\":\"GET\",\"htu\":\"https://a/b\",\"iat\":1e9}",
	"{\"jti\":\"a\",\"htm\":\"GET\",\"htu\":\"https://a/b\",\"iat\":1.5e9}",
	"{\"jti\":\"a\",\"htm\":\"GET\",\"htu\":\"https://a/b\",\"iat\":99999999999}",
	"{\"jti\":\"a\",\"htm\":\"GET\",\"htu\":\"https://a/b\",\"iat\":1,\"ath\":null}",
	"{\"jti\":\"a\",\"htm\":\"GET\",\"htm\":\"POST\",\"htu\":\"https://a/b\",\"iat\":1}",
	"{\"jti\":\"a\",\"htm\":\"GET\",\"HTM\":\"POST\",\"htu\":\"https://a/b\",\"iat\":1}",
};

static void test_O12_refused(void **state)
{
	(void)state;
	assert_null(read_parts(HEADER, CLAIMS));
	for (size_t i = 0; i < TEST_COUNT(bad_headers); i++) {
		if (!read_parts(bad_headers[i], CLAIMS))
			print_message("# %s\n", bad_headers[i]);
		assert_non_null(read_parts(bad_headers[i], CLAIMS));
	}
	for (size_t i = 0; i < TEST_COUNT(bad_claims); i++) {
		if (!read_parts(HEADER, bad_claims[i]))
			print_message("# %s\n", bad_claims[i]);
		assert_non_null(read_parts(HEADER, bad_claims[i]));
	}
}

static void test_L03_too_long(void **state)
{
	static char claims[LIMIT_DPOP_BYTES + 512];
	(void)state;
	strcpy(claims, "{\"htm\":\"GET\",\"htu\":\"https://a/b\",\"iat\":1,\"jti\":\"");
	size_t n = strlen(claims);
	memset(claims + n, 'a', LIMIT_DPOP_JTI_BYTES);
	strcpy(claims + n + LIMIT_DPOP_JTI_BYTES, "\"}");
	assert_null(read_parts(HEADER, claims));
	strcpy(claims + n + LIMIT_DPOP_JTI_BYTES, "a\"}");
	assert_non_null(read_parts(HEADER, claims));
	memset(claims + n, 'a', LIMIT_DPOP_BYTES);
	assert_string_equal(read_parts(HEADER, claims), "The proof is too long");
}

static void test_what_is_read(void **state)
{
	(void)state;
	assert_null(read_parts("{\"kid\":[1],\"jwk\":" JWK ",\"alg\":\"ES\\u0032\\u00356\",\"typ\":\"DPoP+JWT\"}",
		"{\"nonce\":\"x\",\"iat\":1562262616.75,\"ath\":\"y\",\"htu\":\"https:\\/\\/a\\/b\",\"htm\":\"PO\\u0053T\",\"jti\":\"\\u00e9\"}"));
	assert_int_equal(dpop.key.kind, JWK_P256);
	assert_int_equal(dpop.iat_s, 1562262616);
	assert_true(str_is(dpop.htu, "https://a/b") && str_is(dpop.htm, "POST") && str_is(dpop.jti, "\xc3\xa9") &&
		str_is(dpop.ath, "y") && str_is(dpop.signature, "sig"));
	assert_null(read_parts(HEADER, CLAIMS));
	assert_null(dpop.ath.p);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_O12_refused),
	cmocka_unit_test(test_L03_too_long),
	cmocka_unit_test(test_what_is_read),
};

TEST_MAIN(tests)
