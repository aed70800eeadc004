/* SPDX-License-Identifier: Apache-2.0
 * Tokens that are bound to a key (RFC 9449): what a proof at the token endpoint binds, and what it is asked for again.
 */
#include "oauth_fixture.h"

#include "../../signer.h"
#include "wire/jose.h"

struct bound { /* beside the server */
	struct served *s;
	struct signer keys[2];
	unsigned serial;
};

static int begin(void **state)
{
	struct bound *b = calloc(1, sizeof(*b));
	void *served;
	assert_int_equal(serve(&served), 0);
	b->s = served;
	b->keys[0] = signer_new("ES256");
	b->keys[1] = signer_new("EdDSA");
	assert_true(proofs_new(64, &b->s->oauth.proofs));
	*state = b;
	return 0;
}

static int end(void **state)
{
	struct bound *b = *state;
	void *served = b->s;
	proofs_free(b->s->oauth.proofs);
	signer_free(&b->keys[0]);
	signer_free(&b->keys[1]);
	assert_int_equal(stop(&served), 0);
	free(b);
	return 0;
}

static const char *proof_of(struct bound *b, int key, const char *path)
{
	char claims[300], *text = arena_alloc(&b->s->f->arena, 4096);
	snprintf(claims, sizeof(claims), "{\"jti\":\"%u\",\"htm\":\"POST\",\"htu\":\"" ISSUER "%s\",\"iat\":%lld}", b->serial++, path,
		(long long)(b->s->oauth.now_ms / 1000));
	signer_proof(&b->keys[key], claims, text);
	return text;
}

static const char *jkt_of(struct bound *b, int key, uint8_t ret[static REMIT_DIGEST_SIZE])
{
	struct jwk jwk;
	char canonical[JWK_CANONICAL_ROOM], *text = arena_alloc(&b->s->f->arena, PROOF_JKT_CHARS + 1);
	struct remit_hasher *hasher = remit_hasher_new();
	assert_true(jwk_read(str_of(b->keys[key].jwk), &jwk));
	assert_true(remit_hasher_digest(hasher, canonical, jwk_canonical(&jwk, canonical), ret));
	remit_hasher_free(hasher);
	proof_jkt_text(ret, text);
	return text;
}

/* With a proof; NULL: without. */
static void call_proving(struct bound *b, oauth_endpoint *endpoint, const char *form, const char *proof)
{
	struct served *s = b->s;
	struct oauth_request request = { .content_type = STR("application/x-www-form-urlencoded"), .body = str_of(form),
		.proof = str_of(proof), .proof_count = proof != NULL };
	oauth_answer_done(&s->answer);
	oauth_answer_init(&s->answer);
	endpoint(&s->oauth, &request, &s->f->arena, &s->answer);
	buf_add_char(&s->answer.body, '\0');
}

static void redeem_by(struct bound *b, const char *code, const char *proof)
{
	call_proving(b, oauth_token, arena_printf(&b->s->f->arena, "grant_type=authorization_code&client_id=%s&code=%s"
		"&code_verifier=" VERIFIER, b->s->client, code), proof);
}

static void refresh_by(struct bound *b, const char *token, const char *proof)
{
	call_proving(b, oauth_token, arena_printf(&b->s->f->arena, "grant_type=refresh_token&client_id=%s&refresh_token=%s",
		b->s->client, token), proof);
}

static void assert_bound(struct bound *b, int key)
{
	struct token_row row = row_of_text(b->s, member(b->s, "access_token"));
	uint8_t jkt[REMIT_DIGEST_SIZE];
	assert_string_equal(member(b->s, "token_type"), key < 0 ? "Bearer" : "DPoP");
	assert_int_equal(row.key.bound, key >= 0);
	if (key < 0)
		return;
	jkt_of(b, key, jkt);
	assert_memory_equal(row.key.jkt, jkt, sizeof(jkt));
}

static void test_O12_a_proof_that_does_not_hold_gives_nothing(void **state)
{
	struct bound *b = *state;
	register_client(b->s, CALLBACK);
	const char *code = approve(b->s, "stories:read");
	const char *used = proof_of(b, 0, "/oauth/token"), *bad[] = { "", "x", proof_of(b, 0, "/oauth/par"), proof_of(b, 0, "/api/v1") };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		redeem_by(b, code, bad[i]);
		assert_answer(b->s, 400, "invalid_dpop_proof");
	}
	redeem_by(b, "unknown", used);
	assert_answer(b->s, 400, "invalid_grant");
	redeem_by(b, code, used);
	assert_answer(b->s, 400, "invalid_dpop_proof");
	redeem_by(b, code, proof_of(b, 0, "/oauth/token"));
	assert_answer(b->s, 200, "");
	assert_bound(b, 0);
}

static void test_a_code_that_names_its_key(void **state)
{
	struct bound *b = *state;
	uint8_t jkt[REMIT_DIGEST_SIZE];
	struct oauth_ask ask;
	register_client(b->s, CALLBACK);
	assert_int_equal(oauth_ask_read(&b->s->oauth, str_of(ask_query(b->s, "stories:read", "&dpop_jkt=short")), &b->s->f->arena, &ask),
		OAUTH_ASK_REDIRECT);
	char *more = arena_printf(&b->s->f->arena, "&dpop_jkt=%s", jkt_of(b, 0, jkt));
	const char *code = approve_as(b->s, &b->s->f->ann, ask_query(b->s, "stories:read", more), NULL);
	assert_non_null(code);
	redeem_by(b, code, NULL);
	assert_answer(b->s, 400, "invalid_grant");
	redeem_by(b, code, proof_of(b, 1, "/oauth/token"));
	assert_answer(b->s, 400, "invalid_grant");
	redeem_by(b, code, proof_of(b, 0, "/oauth/token"));
	assert_answer(b->s, 200, "");
	assert_bound(b, 0);
}

static void test_a_pushed_request_by_its_proof(void **state)
{
	struct bound *b = *state;
	uint8_t jkt[REMIT_DIGEST_SIZE];
	register_client(b->s, CALLBACK);
	char *form = arena_printf(&b->s->f->arena, "%s&dpop_jkt=%s", ask_query(b->s, "stories:read", ""), jkt_of(b, 1, jkt));
	call_proving(b, oauth_push, form, proof_of(b, 0, "/oauth/par"));
	assert_answer(b->s, 400, "invalid_dpop_proof");
	call_proving(b, oauth_push, ask_query(b->s, "stories:read", ""), proof_of(b, 0, "/oauth/par"));
	assert_answer(b->s, 201, "");
	const char *code = approve_as(b->s, &b->s->f->ann, arena_printf(&b->s->f->arena, "client_id=%s&request_uri=%s", b->s->client,
		member(b->s, "request_uri")), NULL);
	assert_non_null(code);
	redeem_by(b, code, proof_of(b, 1, "/oauth/token"));
	assert_answer(b->s, 400, "invalid_grant");
	redeem_by(b, code, proof_of(b, 0, "/oauth/token"));
	assert_answer(b->s, 200, "");
}

static void test_T10_refresh_tokens_of_public_clients_are_bound(void **state)
{
	struct bound *b = *state;
	register_client(b->s, CALLBACK);
	redeem_by(b, approve(b->s, "stories:read+offline_access"), proof_of(b, 0, "/oauth/token"));
	assert_answer(b->s, 200, "");
	const char *token = member(b->s, "refresh_token");
	assert_true(token[0]);
	refresh_by(b, token, NULL);
	assert_answer(b->s, 400, "invalid_grant");
	refresh_by(b, token, proof_of(b, 1, "/oauth/token"));
	assert_answer(b->s, 400, "invalid_grant");
	refresh_by(b, token, proof_of(b, 0, "/oauth/token"));
	assert_answer(b->s, 200, "");
	assert_bound(b, 0);
	const char *next = member(b->s, "refresh_token");
	refresh_by(b, token, NULL); /* the repeat of a lost answer is bound too */
	assert_answer(b->s, 400, "invalid_grant");
	refresh_by(b, token, proof_of(b, 0, "/oauth/token"));
	assert_answer(b->s, 200, "");
	assert_string_equal(member(b->s, "refresh_token"), next);
	assert_bound(b, 0);
}

static void test_what_is_not_bound_may_be_refreshed_into_what_is(void **state)
{
	struct bound *b = *state;
	register_client(b->s, CALLBACK);
	redeem_by(b, approve(b->s, "stories:read+offline_access"), NULL);
	assert_bound(b, -1);
	const char *token = member(b->s, "refresh_token");
	refresh_by(b, token, proof_of(b, 0, "/oauth/token"));
	assert_bound(b, 0);
	refresh_by(b, token, NULL); /* its access token was bound */
	assert_answer(b->s, 400, "invalid_grant");
}

static void test_T10_a_bound_token_is_exchanged_by_its_key_alone(void **state)
{
	struct bound *b = *state;
	struct served *s = b->s;
	const char *scopes[] = { "stories:read", "stories:write" };
	add_client(s, scopes, 2, NULL);
	char *own = arena_printf(&s->f->arena, "client_id=%s&client_secret=%s", s->client, s->secret);
	call_proving(b, oauth_token, arena_printf(&s->f->arena, "%s&grant_type=client_credentials", own), proof_of(b, 0, "/oauth/token"));
	assert_answer(s, 200, "");
	assert_bound(b, 0);
	char *form = arena_printf(&s->f->arena, "%s&grant_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Agrant-type%%3Atoken-exchange&subject_token=%s"
		"&subject_token_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Atoken-type%%3Aaccess_token&scope=stories%%3Aread", own,
		member(s, "access_token"));
	call_proving(b, oauth_token, form, NULL);
	assert_answer(s, 400, "invalid_request");
	call_proving(b, oauth_token, form, proof_of(b, 1, "/oauth/token"));
	assert_answer(s, 400, "invalid_request");
	call_proving(b, oauth_token, form, proof_of(b, 0, "/oauth/token"));
	assert_answer(s, 200, "");
	assert_bound(b, 0);
}

static void test_introspection_and_metadata_say_so(void **state)
{
	struct bound *b = *state;
	struct served *s = b->s;
	const char *scopes[] = { "stories:read" };
	uint8_t jkt[REMIT_DIGEST_SIZE];
	struct buf out;
	add_client(s, scopes, 1, NULL);
	char *own = arena_printf(&s->f->arena, "client_id=%s&client_secret=%s", s->client, s->secret);
	call_proving(b, oauth_token, arena_printf(&s->f->arena, "%s&grant_type=client_credentials", own), proof_of(b, 1, "/oauth/token"));
	call(s, oauth_introspect, arena_printf(&s->f->arena, "%s&token=%s", own, member(s, "access_token")));
	assert_string_equal(member(s, "token_type"), "DPoP");
	assert_non_null(strstr(s->answer.body.p, arena_printf(&s->f->arena, "\"cnf\":{\"jkt\":\"%s\"}", jkt_of(b, 1, jkt))));
	buf_init(&out, 1024 * 1024);
	oauth_metadata(&s->oauth, &out);
	buf_add_char(&out, '\0');
	assert_non_null(strstr(out.p, "\"dpop_signing_alg_values_supported\":[\"ES256\",\"EdDSA\",\"Ed25519\",\"PS256\"]"));
	struct proofs *proofs = s->oauth.proofs;
	s->oauth.proofs = NULL; /* a server that binds nothing says nothing of it, and does not look at proofs */
	buf_reset(&out);
	oauth_metadata(&s->oauth, &out);
	buf_add_char(&out, '\0');
	assert_null(strstr(out.p, "dpop"));
	call_proving(b, oauth_token, arena_printf(&s->f->arena, "%s&grant_type=client_credentials", own), "x");
	assert_bound(b, -1);
	s->oauth.proofs = proofs;
	buf_done(&out);
}

#define BOUND(function) cmocka_unit_test_setup_teardown(function, begin, end)

static const struct CMUnitTest tests[] = {
	BOUND(test_O12_a_proof_that_does_not_hold_gives_nothing),
	BOUND(test_a_code_that_names_its_key),
	BOUND(test_a_pushed_request_by_its_proof),
	BOUND(test_T10_refresh_tokens_of_public_clients_are_bound),
	BOUND(test_what_is_not_bound_may_be_refreshed_into_what_is),
	BOUND(test_T10_a_bound_token_is_exchanged_by_its_key_alone),
	BOUND(test_introspection_and_metadata_say_so),
};

TEST_MAIN(tests)
