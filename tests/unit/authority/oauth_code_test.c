/* SPDX-License-Identifier: Apache-2.0
 * From the authorize page to tokens, and what they become: code, refresh, revocation, step-up.
 */
#include "oauth_fixture.h"

static void assert_shows(struct served *s, const char *query, const char *words)
{
	struct oauth_ask ask;
	assert_int_equal(oauth_ask_read(&s->oauth, str_of(query), &s->f->arena, &ask), OAUTH_ASK_SHOW);
	if (!strstr(ask.error, words))
		fail_msg("%s", ask.error);
	assert_null(ask.url);
}

static void assert_redirects(struct served *s, const char *query, const char *error)
{
	struct oauth_ask ask;
	assert_int_equal(oauth_ask_read(&s->oauth, str_of(query), &s->f->arena, &ask), OAUTH_ASK_REDIRECT);
	char *begin = arena_printf(&s->f->arena, CALLBACK "?error=%s&", error);
	if (strncmp(ask.url, begin, strlen(begin)) != 0)
		fail_msg("%s", ask.url);
	assert_non_null(strstr(ask.url, "&iss=http%3A%2F%2F127.0.0.1%3A8787"));
}

static void test_O01_O03_O04_a_redirect_that_is_not_registered_is_shown_never_followed(void **state)
{
	static const char *const bad[] = {
		"https%3A%2F%2Fapp.example.com%2Fcallback%2F", "https%3A%2F%2Fapp.example.com%2Fcallback%2Fx",
		"https%3A%2F%2Fapp.example.com%2Fcallback%3Fa=b", "https%3A%2F%2Fapp.example.com%40evil.example%2Fcallback",
		"https%3A%2F%2Fevil.example%2Fcallback", "https%3A%2F%2Fapp%2Eexample%2Ecom.evil.example%2Fcallback",
		"https%3A%2F%2FappXexample.com%2Fcallback", "HTTPS%3A%2F%2Fapp.example.com%2Fcallback",
		"https%3A%2F%2FAPP.example.com%2Fcallback", "http%3A%2F%2Fapp.example.com%2Fcallback",
		"https%3A%2F%2Fapp.example.com%3A443%2Fcallback", "https%3A%2F%2Fapp.example.com%2F%2Fcallback",
		"https%3A%2F%5Capp.example.com%2Fcallback", "javascript%3Aalert(1)", "%2F%2Fapp.example.com%2Fcallback",
	};
	struct served *s = *state;
	register_client(s, CALLBACK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *query = arena_printf(&s->f->arena, "response_type=code&client_id=%s&redirect_uri=%s&code_challenge="
			CHALLENGE "&code_challenge_method=S256&resource=" ISSUER "/api/v1", s->client, bad[i]);
		assert_shows(s, query, "redirect_uri");
	}
	assert_shows(s, ask_query(s, "stories:read", "&redirect_uri=https://evil.example/"), "twice");
	assert_shows(s, "response_type=code", "client_id");
	assert_shows(s, "response_type=code&client_id=0198f000-0000-7000-8000-000000000000", "no such client");
	assert_shows(s, "client_id=https%3A%2F%2Fapp.example.com%2Fclient.json", "no such client");
}

static void test_O03_loopback_redirects_match_on_any_port(void **state)
{
	static const struct { const char *asked; bool good; } cases[] = {
		{ "http%3A%2F%2F127.0.0.1%3A49152%2Fcb", true }, { "http%3A%2F%2F127.0.0.1%2Fcb", true },
		{ "http%3A%2F%2F127.0.0.1%3A99999%2Fcb", false }, { "http%3A%2F%2F127.0.0.1%3A1%2Fcb%2F", false },
		{ "http%3A%2F%2Flocalhost%3A1%2Fcb", false }, { "http%3A%2F%2F127.0.0.1.evil.example%3A1%2Fcb", false },
		{ "http%3A%2F%2F127.0.0.1%3A1%40evil.example%2Fcb", false }, { "https%3A%2F%2F127.0.0.1%3A1%2Fcb", false },
	};
	struct served *s = *state;
	struct oauth_ask ask;
	register_client(s, "http://127.0.0.1:33418/cb");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *query = arena_printf(&s->f->arena, "response_type=code&client_id=%s&redirect_uri=%s&code_challenge="
			CHALLENGE "&code_challenge_method=S256&resource=" ISSUER "/api/v1", s->client, cases[i].asked);
		enum oauth_ask_result result = oauth_ask_read(&s->oauth, str_of(query), &s->f->arena, &ask);
		if ((result == OAUTH_ASK_OK) != cases[i].good)
			fail_msg("%s", cases[i].asked);
	}
}

static void test_O06_PKCE_is_never_left_out_or_plain(void **state)
{
	struct served *s = *state;
	register_client(s, CALLBACK);
	char *start = arena_printf(&s->f->arena, "response_type=code&client_id=%s&redirect_uri=" CALLBACK
		"&resource=" ISSUER "/api/v1", s->client);
	assert_redirects(s, start, "invalid_request");
	assert_redirects(s, arena_printf(&s->f->arena, "%s&code_challenge=" CHALLENGE, start), "invalid_request");
	assert_redirects(s, arena_printf(&s->f->arena, "%s&code_challenge=" VERIFIER "&code_challenge_method=plain",
		start), "invalid_request");
	assert_redirects(s, arena_printf(&s->f->arena, "%s&code_challenge=short&code_challenge_method=S256", start),
		"invalid_request");
	const char *code = approve(s, "stories:read");
	assert_non_null(code);
	redeem(s, code, "");
	assert_answer(s, 400, "invalid_grant");
	redeem(s, code, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXkX");
	assert_answer(s, 400, "invalid_grant");
	redeem(s, code, VERIFIER);
	assert_answer(s, 200, "");
}

static void test_requests_that_cannot_be_granted_go_back_with_an_error(void **state)
{
	struct served *s = *state;
	register_client(s, CALLBACK);
	assert_redirects(s, ask_query(s, "openid+email", ""), "invalid_scope");
	assert_redirects(s, ask_query(s, "stories:read", "&prompt=none"), "interaction_required");
	assert_redirects(s, ask_query(s, "stories:read", "&response_mode=fragment"), "invalid_request");
	assert_redirects(s, ask_query(s, "stories:read", "&request=eyJhbGciOiJub25lIn0.e30."), "request_not_supported");
	assert_redirects(s, ask_query(s, "stories:read", "&resource=" ISSUER "/short/v1"), "invalid_target");
	char *two = arena_printf(&s->f->arena, "response_type=token&client_id=%s&redirect_uri=" CALLBACK, s->client);
	assert_redirects(s, two, "unsupported_response_type");
}

static void test_O17_code_to_token_with_iss_and_scope(void **state)
{
	struct served *s = *state;
	register_client(s, CALLBACK);
	const char *code = approve(s, "stories:read+openid+email");
	assert_non_null(code);
	redeem(s, code, VERIFIER);
	assert_answer(s, 200, "");
	assert_string_equal(member(s, "scope"), "stories:read");
	assert_string_equal(member(s, "token_type"), "Bearer");
	assert_string_equal(member(s, "refresh_token"), "");
	assert_non_null(strstr(s->answer.body.p, "\"expires_in\":43200"));
	struct token_row row = row_of_text(s, member(s, "access_token"));
	assert_int_equal(row.kind, REMIT_TOKEN_ACCESS);
	assert_string_equal(row.api, "publishing");
	assert_string_equal(row.client.text, s->client);
	assert_true(id_eq(&row.owner, &s->f->ann));
}

static void test_O07_a_code_is_used_once_by_its_client_alone(void **state)
{
	struct served *s = *state;
	register_client(s, CALLBACK);
	const char *code = approve(s, "stories:read");
	char mine[40];
	snprintf(mine, sizeof(mine), "%s", s->client);
	const char *scopes[] = { "stories:read" };
	add_client(s, scopes, 1, NULL);
	call(s, oauth_token, arena_printf(&s->f->arena, "grant_type=authorization_code&client_id=%s&client_secret=%s&code=%s"
		"&code_verifier=" VERIFIER, s->client, s->secret, code));
	assert_answer(s, 400, "unauthorized_client");
	snprintf(s->client, sizeof(s->client), "%s", mine);
	redeem(s, code, VERIFIER);
	assert_answer(s, 200, "");
	const char *token = member(s, "access_token");
	assert_true(is_live(s, token));
	/* Without the verifier a second use changes nothing; with it, it ends what the first gave. */
	redeem(s, code, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXkX");
	assert_answer(s, 400, "invalid_grant");
	assert_true(is_live(s, token));
	redeem(s, code, VERIFIER);
	assert_answer(s, 400, "invalid_grant");
	assert_false(is_live(s, token));
	assert_true(s->answer.revision > 0);
}

static void test_a_code_lives_a_minute(void **state)
{
	struct served *s = *state;
	register_client(s, CALLBACK);
	const char *code = approve(s, "stories:read");
	s->oauth.now_ms += 60000;
	redeem(s, code, VERIFIER);
	assert_answer(s, 400, "invalid_grant");
}

static void test_O09_a_resource_of_another_api_is_refused(void **state)
{
	struct served *s = *state;
	register_client(s, CALLBACK);
	const char *code = approve(s, "stories:read");
	call(s, oauth_token, arena_printf(&s->f->arena, "grant_type=authorization_code&client_id=%s&code=%s&code_verifier="
		VERIFIER "&resource=" ISSUER "/short/v1", s->client, code));
	assert_answer(s, 400, "invalid_target");
	call(s, oauth_token, arena_printf(&s->f->arena, "grant_type=authorization_code&client_id=%s&code=%s&code_verifier="
		VERIFIER "&resource=" ISSUER "/api/mcp", s->client, code));
	assert_answer(s, 200, "");
}

static void test_the_person_may_grant_fewer_never_more(void **state)
{
	struct served *s = *state;
	struct oauth_ask ask;
	const char *url, *few[] = { "stories:read" }, *more[] = { "stories:publish" }, *star[] = { "*" };
	register_client(s, CALLBACK);
	const char *query = ask_query(s, "stories:read+stories:write", "");
	assert_int_equal(oauth_ask_read(&s->oauth, str_of(query), &s->f->arena, &ask), OAUTH_ASK_OK);
	struct oauth_approval approval = { .user = s->f->ann, .scopes = more, .scope_count = 1 };
	assert_int_equal(oauth_ask_approve(&s->oauth, &ask, &approval, &s->f->arena, &url, &s->f->error), AUTHORITY_INVALID);
	approval.scopes = star;
	assert_int_equal(oauth_ask_approve(&s->oauth, &ask, &approval, &s->f->arena, &url, &s->f->error), AUTHORITY_INVALID);
	approval.scope_count = 0;
	assert_int_equal(oauth_ask_approve(&s->oauth, &ask, &approval, &s->f->arena, &url, &s->f->error), AUTHORITY_INVALID);
	approval.scopes = few;
	approval.scope_count = 1;
	approval.user = s->f->eve;
	approval.project = s->f->ann_project.text; /* Eve is no member */
	assert_int_equal(oauth_ask_approve(&s->oauth, &ask, &approval, &s->f->arena, &url, &s->f->error), AUTHORITY_INVALID);
	approval.user = s->f->bob;
	assert_int_equal(oauth_ask_approve(&s->oauth, &ask, &approval, &s->f->arena, &url, &s->f->error), AUTHORITY_OK);
	const char *code = strstr(url, "code=") + 5;
	redeem(s, arena_copy(&s->f->arena, (struct str){ code, strcspn(code, "&") }), VERIFIER);
	assert_string_equal(member(s, "scope"), "stories:read");
	struct token_row row = row_of_text(s, member(s, "access_token"));
	assert_true(id_eq(&row.project, &s->f->ann_project));
}

static void test_only_what_the_person_may_use_is_offered(void **state)
{
	struct served *s = *state;
	struct oauth_ask ask;
	struct oauth_choices choices;
	register_client(s, CALLBACK);
	char *query = arena_printf(&s->f->arena, "response_type=code&client_id=%s&redirect_uri=" CALLBACK "&code_challenge="
		CHALLENGE "&code_challenge_method=S256&resource=" ISSUER "/short/v1&scope=s:read+*", s->client);
	assert_int_equal(oauth_ask_read(&s->oauth, str_of(query), &s->f->arena, &ask), OAUTH_ASK_OK);
	assert_int_equal(oauth_ask_person(&s->oauth, &ask, &s->f->ann, &s->f->arena, &choices, &s->f->error), AUTHORITY_OK);
	assert_int_equal(choices.count, 1);
	assert_int_equal(choices.beyond_count, 1);
	assert_int_equal(oauth_ask_person(&s->oauth, &ask, &s->f->root, &s->f->arena, &choices, &s->f->error), AUTHORITY_OK);
	assert_int_equal(choices.count, 2);
	assert_true(choices.scopes[1].star || choices.scopes[0].star);
}

static void test_a_step_up_shows_what_is_new(void **state)
{
	struct served *s = *state;
	struct oauth_ask ask;
	struct oauth_choices choices;
	register_client(s, CALLBACK);
	redeem(s, approve(s, "stories:read"), VERIFIER);
	const char *query = ask_query(s, "stories:read+stories:publish", "");
	assert_int_equal(oauth_ask_read(&s->oauth, str_of(query), &s->f->arena, &ask), OAUTH_ASK_OK);
	assert_int_equal(oauth_ask_person(&s->oauth, &ask, &s->f->ann, &s->f->arena, &choices, &s->f->error), AUTHORITY_OK);
	assert_true(choices.before);
	assert_int_equal(choices.count, 2);
	assert_int_equal(choices.new_count, 1);
	assert_true(choices.scopes[0].granted && !choices.scopes[1].granted);
	redeem(s, approve(s, "stories:read+stories:publish"), VERIFIER);
	assert_string_equal(member(s, "scope"), "stories:read stories:publish");
}

static void test_a_client_that_asks_for_nothing_gets_the_default_never_all(void **state)
{
	struct served *s = *state;
	register_client(s, CALLBACK);
	redeem(s, approve(s, ""), VERIFIER);
	assert_answer(s, 200, "");
	assert_string_equal(member(s, "scope"), "projects:read templates:read connections:read moments:read stories:read "
		"media:read webhooks:read");
}

static const char *offline_token(struct served *s)
{
	redeem(s, approve(s, "stories:read+stories:write+offline_access"), VERIFIER);
	assert_answer(s, 200, "");
	assert_string_equal(member(s, "scope"), "stories:read stories:write offline_access");
	assert_non_null(strstr(s->answer.body.p, "\"expires_in\":3600"));
	return member(s, "refresh_token");
}

static void test_T11_a_refresh_token_gives_the_same_successors_for_a_moment_then_ends_its_family(void **state)
{
	struct served *s = *state;
	register_client(s, CALLBACK);
	const char *first = offline_token(s);
	refresh(s, first, "");
	assert_answer(s, 200, "");
	const char *second = member(s, "refresh_token"), *access = member(s, "access_token");
	assert_string_not_equal(first, second);
	s->oauth.now_ms += 29000;
	refresh(s, first, "");
	assert_answer(s, 200, "");
	assert_string_equal(member(s, "refresh_token"), second);
	assert_string_equal(member(s, "access_token"), access);
	assert_non_null(strstr(s->answer.body.p, "\"expires_in\":3571"));
	s->oauth.now_ms += 2000;
	refresh(s, first, "");
	assert_answer(s, 400, "invalid_grant");
	assert_false(is_live(s, access));
	refresh(s, second, "");
	assert_answer(s, 400, "invalid_grant");
}

static void test_O15_a_grant_has_so_many_living_tokens_and_no_more(void **state)
{
	struct served *s = *state;
	register_client(s, CALLBACK);
	const char *text = offline_token(s);
	for (int i = 1; i < 100; i++) {
		refresh(s, text, "");
		assert_answer(s, 200, "");
		text = member(s, "refresh_token");
	}
	refresh(s, text, "");
	assert_answer(s, 429, "slow_down");
	s->oauth.now_ms += 3600000; /* it was not spent */
	refresh(s, text, "");
	assert_answer(s, 200, "");
}

static void test_the_life_of_a_lone_token_is_settable(void **state)
{
	struct served *s = *state;
	register_client(s, CALLBACK);
	s->oauth.access_alone_ms = 600000;
	redeem(s, approve(s, "stories:read"), VERIFIER);
	assert_non_null(strstr(s->answer.body.p, "\"expires_in\":600,"));
}

static void test_O11_T10_a_refresh_never_widens(void **state)
{
	struct served *s = *state;
	register_client(s, CALLBACK);
	const char *first = offline_token(s);
	/* The person grants more, elsewhere: this family has it not. */
	assert_non_null(approve(s, "stories:publish"));
	refresh(s, first, "&scope=stories:read+stories:publish");
	assert_answer(s, 400, "invalid_scope");
	refresh(s, first, "&scope=stories:read");
	assert_answer(s, 200, "");
	assert_string_equal(member(s, "scope"), "stories:read offline_access");
	const char *second = member(s, "refresh_token");
	refresh(s, first, "&scope=stories:read+stories:write");
	assert_answer(s, 400, "invalid_grant");
	refresh(s, second, "");
	assert_answer(s, 200, "");
	assert_string_equal(member(s, "scope"), "stories:read stories:write offline_access");
	refresh(s, member(s, "refresh_token"), "&resource=" ISSUER "/short/v1");
	assert_answer(s, 400, "invalid_target");
}

static void test_T10_a_refresh_token_is_its_clients_alone(void **state)
{
	struct served *s = *state;
	register_client(s, CALLBACK);
	const char *first = offline_token(s);
	register_client(s, "https://other.example.com/cb");
	refresh(s, first, "");
	assert_answer(s, 400, "invalid_grant");
}

static void test_T08_a_disabled_person_gets_nothing_new(void **state)
{
	struct served *s = *state;
	register_client(s, CALLBACK);
	const char *first = offline_token(s), *code = approve(s, "stories:read");
	assert_int_equal(authority_user_disable(&s->f->a, ANN, true, &s->f->actor, &s->f->revision, &s->f->error), AUTHORITY_OK);
	refresh(s, first, "");
	assert_answer(s, 400, "invalid_grant");
	redeem(s, code, VERIFIER);
	assert_answer(s, 400, "invalid_grant");
	assert_null(approve(s, "stories:read"));
}

static void test_revoking_a_grant_takes_access_and_refresh_tokens_alike(void **state)
{
	struct served *s = *state;
	register_client(s, CALLBACK);
	const char *first = offline_token(s), *access = member(s, "access_token");
	struct token_row row = row_of_text(s, access);
	assert_int_equal(oauth_app_revoke(&s->oauth, &s->f->bob, row.grant.text, &s->f->actor, &s->f->revision, &s->f->error),
		AUTHORITY_NOT_FOUND);
	assert_int_equal(oauth_app_revoke(&s->oauth, &s->f->ann, row.grant.text, &s->f->actor, &s->f->revision, &s->f->error),
		AUTHORITY_OK);
	assert_false(is_live(s, access));
	refresh(s, first, "");
	assert_answer(s, 400, "invalid_grant");
}

static void test_revoking_a_client_ends_all_that_it_was_given(void **state)
{
	struct served *s = *state;
	register_client(s, CALLBACK);
	const char *first = offline_token(s), *access = member(s, "access_token"), *code = approve(s, "stories:read");
	assert_int_equal(oauth_client_revoke(&s->oauth, s->client, "test", &s->f->actor, &s->f->revision, &s->f->error), AUTHORITY_OK);
	assert_false(is_live(s, access));
	refresh(s, first, "");
	assert_answer(s, 401, "invalid_client");
	redeem(s, code, VERIFIER);
	assert_answer(s, 401, "invalid_client");
}

static void test_revocation_by_the_client_ends_a_family_and_tells_nothing(void **state)
{
	struct served *s = *state;
	register_client(s, CALLBACK);
	const char *first = offline_token(s), *access = member(s, "access_token");
	char mine[40];
	snprintf(mine, sizeof(mine), "%s", s->client);
	register_client(s, "https://other.example.com/cb");
	call(s, oauth_revoke, arena_printf(&s->f->arena, "client_id=%s&token=%s", s->client, first));
	assert_answer(s, 200, "");
	assert_true(is_live(s, access));
	call(s, oauth_revoke, arena_printf(&s->f->arena, "client_id=%s&token=%s", mine, first));
	assert_answer(s, 200, "");
	assert_int_equal(s->answer.body.n, 1);
	assert_false(is_live(s, access));
}

static void test_a_pushed_request_serves_once_and_its_client_only(void **state)
{
	struct served *s = *state;
	struct oauth_ask ask;
	register_client(s, CALLBACK);
	call(s, oauth_push, ask_query(s, "stories:read", ""));
	assert_answer(s, 201, "");
	const char *uri = member(s, "request_uri");
	const char *query = arena_printf(&s->f->arena, "client_id=%s&request_uri=%s", s->client, uri);
	assert_non_null(approve_as(s, &s->f->ann, query, NULL));
	assert_null(approve_as(s, &s->f->ann, query, NULL));
	call(s, oauth_push, ask_query(s, "stories:read", ""));
	uri = member(s, "request_uri");
	register_client(s, "https://other.example.com/cb");
	query = arena_printf(&s->f->arena, "client_id=%s&request_uri=%s", s->client, uri);
	assert_int_equal(oauth_ask_read(&s->oauth, str_of(query), &s->f->arena, &ask), OAUTH_ASK_SHOW);
	query = arena_printf(&s->f->arena, "client_id=%s&request_uri=https%%3A%%2F%%2F169.254.169.254%%2F", s->client);
	assert_int_equal(oauth_ask_read(&s->oauth, str_of(query), &s->f->arena, &ask), OAUTH_ASK_SHOW);
}

int main(void)
{
	static const struct CMUnitTest cases[] = {
		SERVED(test_O01_O03_O04_a_redirect_that_is_not_registered_is_shown_never_followed),
		SERVED(test_O03_loopback_redirects_match_on_any_port),
		SERVED(test_O06_PKCE_is_never_left_out_or_plain),
		SERVED(test_requests_that_cannot_be_granted_go_back_with_an_error),
		SERVED(test_O17_code_to_token_with_iss_and_scope),
		SERVED(test_O07_a_code_is_used_once_by_its_client_alone),
		SERVED(test_a_code_lives_a_minute),
		SERVED(test_O09_a_resource_of_another_api_is_refused),
		SERVED(test_the_person_may_grant_fewer_never_more),
		SERVED(test_only_what_the_person_may_use_is_offered),
		SERVED(test_a_step_up_shows_what_is_new),
		SERVED(test_a_client_that_asks_for_nothing_gets_the_default_never_all),
		SERVED(test_T11_a_refresh_token_gives_the_same_successors_for_a_moment_then_ends_its_family),
		SERVED(test_O15_a_grant_has_so_many_living_tokens_and_no_more),
		SERVED(test_the_life_of_a_lone_token_is_settable),
		SERVED(test_O11_T10_a_refresh_never_widens),
		SERVED(test_T10_a_refresh_token_is_its_clients_alone),
		SERVED(test_T08_a_disabled_person_gets_nothing_new),
		SERVED(test_revoking_a_grant_takes_access_and_refresh_tokens_alike),
		SERVED(test_revoking_a_client_ends_all_that_it_was_given),
		SERVED(test_revocation_by_the_client_ends_a_family_and_tells_nothing),
		SERVED(test_a_pushed_request_serves_once_and_its_client_only),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(cases, NULL, NULL) == 0 ? 0 : 1;
}
