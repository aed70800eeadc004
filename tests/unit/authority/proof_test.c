/* SPDX-License-Identifier: Apache-2.0
 * Proofs that are good, and each way in which one is not: of another request, time, token or key, not signed, used.
 */
#include "authority/dpop/proof.h"
#include "authority/dpop/signature.h"
#include "base/limits.h"
#include "wire/dpop.h"
#include "../../signer.h"
#include "../test.h"

#define NOW 1562262616

/* RFC 9449 section 4.1, its key's thumbprint in section 6.1. */
static const char example[] =
	"eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQy"
	"VVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiIt"
	"QndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2"
	"fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
static const char example_jkt[] = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

struct room {
	struct proofs *proofs;
	struct remit_hasher *hasher;
};

static int enter(void **state)
{
	static struct room room;
	room.hasher = remit_hasher_new();
	*state = &room;
	return proofs_new(64, &room.proofs) && room.hasher ? 0 : 1;
}

static int leave(void **state)
{
	struct room *room = *state;
	proofs_free(room->proofs);
	remit_hasher_free(room->hasher);
	return 0;
}

static struct proof_wanted wanted_of(const char *path)
{
	return (struct proof_wanted){ .method = STR("POST"), .scheme = STR("https"), .authority = STR("server.example.com"),
		.path = str_of(path), .now_s = NOW };
}

static enum proof_result judge(const struct room *room, const char *text, const struct proof_wanted *wanted)
{
	uint8_t jkt[REMIT_DIGEST_SIZE];
	const char *why = "";
	enum proof_result result = proof_judge(room->proofs, room->hasher, str_of(text), wanted, jkt, &why);
	assert_int_equal(result == PROOF_BAD, why[0] != '\0');
	return result;
}

static void test_the_example_of_the_rfc(void **state)
{
	struct room *room = *state;
	struct proof_wanted wanted = wanted_of("/token");
	uint8_t jkt[REMIT_DIGEST_SIZE];
	char text[PROOF_JKT_CHARS + 1];
	const char *why;
	assert_int_equal(proof_judge(room->proofs, room->hasher, str_of(example), &wanted, jkt, &why), PROOF_GOOD);
	proof_jkt_text(jkt, text);
	assert_string_equal(text, example_jkt);
	assert_int_equal(judge(room, example, &wanted), PROOF_BAD); /* once */
}

static void test_O12_of_another_request(void **state)
{
	struct room *room = *state;
	static const struct proof_wanted others[] = {
		{ .method = { "GET", 3 } }, { .method = { "post", 4 } }, { .scheme = { "http", 4 } },
		{ .authority = { "server.example.com.evil.example", 31 } }, { .authority = { "a@server.example.com", 20 } },
		{ .authority = { "server.example.com:8443", 23 } }, { .authority = { "server.example.com:80", 21 } },
		{ .path = { "/Token", 6 } }, { .path = { "/token/", 7 } }, { .path = { "/", 1 } }, { .path = { "/%74oken", 8 } },
		{ .now_s = NOW - LIMIT_DPOP_AGE_S - 1 }, { .now_s = NOW + LIMIT_DPOP_AGE_S + 1 }, { .token = { "a", 1 } },
		{ .jkt = (const uint8_t *)"another key's digest, 32 bytes.." },
	};
	for (size_t i = 0; i < TEST_COUNT(others); i++) {
		struct proof_wanted wanted = wanted_of("/token");
		wanted.method = others[i].method.p ? others[i].method : wanted.method;
		wanted.scheme = others[i].scheme.p ? others[i].scheme : wanted.scheme;
		wanted.authority = others[i].authority.p ? others[i].authority : wanted.authority;
		wanted.path = others[i].path.p ? others[i].path : wanted.path;
		wanted.now_s = others[i].now_s ? others[i].now_s : wanted.now_s;
		wanted.token = others[i].token;
		wanted.jkt = others[i].jkt;
		assert_int_equal(judge(room, example, &wanted), PROOF_BAD);
	}
	struct proof_wanted wanted = wanted_of("/token"); /* and none of that used it up */
	wanted.authority = STR("SERVER.example.com:443");
	wanted.now_s = NOW + LIMIT_DPOP_AGE_S;
	assert_int_equal(judge(room, example, &wanted), PROOF_GOOD);
}

static void test_O12_every_bit_of_it_is_signed(void **state)
{
	struct room *room = *state;
	struct proof_wanted wanted = wanted_of("/token");
	char text[sizeof(example)];
	for (size_t i = 0; i < sizeof(example) - 1; i++) {
		memcpy(text, example, sizeof(text));
		text[i] = text[i] == 'A' ? 'B' : 'A';
		assert_int_equal(judge(room, text, &wanted), PROOF_BAD);
	}
	for (size_t n = 0; n < sizeof(example) - 1; n++) {
		memcpy(text, example, n);
		text[n] = '\0';
		assert_int_equal(judge(room, text, &wanted), PROOF_BAD);
	}
	assert_int_equal(judge(room, example, &wanted), PROOF_GOOD);
}

static void test_each_algorithm(void **state)
{
	struct room *room = *state;
	static const char *const algorithms[] = { "ES256", "EdDSA", "PS256" };
	struct proof_wanted wanted = wanted_of("/a/ü");
	for (size_t i = 0; i < TEST_COUNT(algorithms); i++) {
		struct signer signer = signer_new(algorithms[i]), other = signer_new(algorithms[i]);
		char text[4096];
		const char *claims = "{\"jti\":\"1\",\"htm\":\"POST\",\"htu\":\"HTTPS://server.Example.com:443/%61/%c3%bc?q#f\",\"iat\":1562262616}";
		signer_proof(&signer, claims, text);
		assert_int_equal(judge(room, text, &wanted), PROOF_GOOD);
		assert_int_equal(judge(room, text, &wanted), PROOF_BAD);
		signer_proof(&other, claims, text); /* the same jti of another key */
		assert_int_equal(judge(room, text, &wanted), PROOF_GOOD);
		memcpy(other.jwk, signer.jwk, sizeof(other.jwk)); /* says another's key is its own */
		signer_proof(&other, "{\"jti\":\"2\",\"htm\":\"POST\",\"htu\":\"https://server.example.com/a/%C3%BC\",\"iat\":1562262616}", text);
		assert_int_equal(judge(room, text, &wanted), PROOF_BAD);
		signer_free(&signer);
		signer_free(&other);
	}
}

static void test_O12_algorithms_that_are_none(void **state)
{
	struct room *room = *state;
	struct proof_wanted wanted = wanted_of("/token");
	struct signer rsa = signer_new("RS256"), ec = signer_new("ES256");
	char text[4096], header[1200];
	const char *claims = "{\"jti\":\"1\",\"htm\":\"POST\",\"htu\":\"https://server.example.com/token\",\"iat\":1562262616}";
	signer_proof(&rsa, claims, text);
	assert_int_equal(judge(room, text, &wanted), PROOF_BAD);
	static const char *const names[] = { "PS256", "HS256", "none", "ES256" };
	for (size_t i = 0; i < TEST_COUNT(names); i++) { /* PKCS #1 v1.5 called something else */
		snprintf(header, sizeof(header), "{\"typ\":\"dpop+jwt\",\"alg\":\"%s\",\"jwk\":%s}", names[i], rsa.jwk);
		signer_jws(&rsa, header, claims, text);
		assert_int_equal(judge(room, text, &wanted), PROOF_BAD);
	}
	/* no signature, zeros, and one that is too long */
	static const char *const signatures[] = { "AA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
	for (size_t i = 0; i < TEST_COUNT(signatures); i++) {
		signer_proof(&ec, claims, text);
		strcpy(strrchr(text, '.') + 1, signatures[i]);
		assert_int_equal(judge(room, text, &wanted), PROOF_BAD);
	}
	/* a point that is on no curve */
	snprintf(ec.jwk, sizeof(ec.jwk), "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%043d\",\"y\":\"%043d\"}", 0, 0);
	memset(strstr(ec.jwk, "000"), 'A', 43);
	memset(strstr(ec.jwk, "000"), 'A', 43);
	signer_proof(&ec, claims, text);
	assert_int_equal(judge(room, text, &wanted), PROOF_BAD);
	signer_free(&rsa);
	signer_free(&ec);
}

static void test_of_a_token(void **state)
{
	struct room *room = *state;
	struct proof_wanted wanted = wanted_of("/token");
	struct signer signer = signer_new("EdDSA");
	uint8_t digest[REMIT_DIGEST_SIZE];
	char ath[PROOF_JKT_CHARS + 1], claims[512], text[4096];
	wanted.token = STR("sl_oat_abc");
	assert_true(remit_hasher_digest(room->hasher, wanted.token.p, wanted.token.n, digest));
	proof_jkt_text(digest, ath);
	static const char *const wrong[] = { "", "\"ath\":\"\",", "\"ath\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"," };
	for (size_t i = 0; i < TEST_COUNT(wrong); i++) {
		snprintf(claims, sizeof(claims), "{%s\"jti\":\"1\",\"htm\":\"POST\",\"htu\":\"https://server.example.com/token\",\"iat\":1562262616}", wrong[i]);
		signer_proof(&signer, claims, text);
		assert_int_equal(judge(room, text, &wanted), PROOF_BAD);
	}
	snprintf(claims, sizeof(claims), "{\"ath\":\"%s\",\"jti\":\"1\",\"htm\":\"POST\",\"htu\":\"https://server.example.com/token\",\"iat\":1562262616}", ath);
	signer_proof(&signer, claims, text);
	assert_int_equal(judge(room, text, &wanted), PROOF_GOOD);
	signer_free(&signer);
}

static void test_fails_closed_when_full(void **state)
{
	struct room *room = *state;
	struct proof_wanted wanted = wanted_of("/token");
	struct signer signer = signer_new("EdDSA");
	char claims[512], text[4096];
	for (int i = 0; i <= 64; i++) {
		snprintf(claims, sizeof(claims), "{\"jti\":\"%d\",\"htm\":\"POST\",\"htu\":\"https://server.example.com/token\",\"iat\":1562262616}", i);
		signer_proof(&signer, claims, text);
		assert_int_equal(judge(room, text, &wanted), i < 64 ? PROOF_GOOD : PROOF_UNKNOWN);
	}
	wanted.now_s = NOW + LIMIT_DPOP_AGE_S; /* still good, and so still there */
	assert_int_equal(judge(room, text, &wanted), PROOF_UNKNOWN);
	signer_free(&signer);
}

/* RFC 7638 section 3.1. */
static void test_a_thumbprint_of_rsa(void **state)
{
	struct room *room = *state;
	static const char json[] = "{\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aP"
		"FFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY3"
		"68QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-"
		"G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw\",\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}";
	struct jwk key;
	char text[JWK_CANONICAL_ROOM], jkt_text[PROOF_JKT_CHARS + 1];
	uint8_t jkt[REMIT_DIGEST_SIZE];
	assert_true(jwk_read(STR(json), &key));
	assert_true(remit_hasher_digest(room->hasher, text, jwk_canonical(&key, text), jkt));
	proof_jkt_text(jkt, jkt_text);
	assert_string_equal(jkt_text, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, enter, leave)

static const struct CMUnitTest tests[] = {
	CASE(test_the_example_of_the_rfc),
	CASE(test_O12_of_another_request),
	CASE(test_O12_every_bit_of_it_is_signed),
	CASE(test_each_algorithm),
	CASE(test_O12_algorithms_that_are_none),
	CASE(test_of_a_token),
	CASE(test_fails_closed_when_full),
	CASE(test_a_thumbprint_of_rsa),
};

TEST_MAIN(tests)
