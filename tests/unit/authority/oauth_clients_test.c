/* SPDX-License-Identifier: Apache-2.0
 * Clients and what is not the authorization code: devices, exchange, caps, housekeeping, a store that is gone.
 */
#include "base/limits.h"
#include "oauth_fixture.h"

#define DEVICE "urn:ietf:params:oauth:grant-type:device_code"

static void ask_device(struct served *s, const char *scope)
{
	call(s, oauth_device_authorization, arena_printf(&s->f->arena, "client_id=%s&scope=%s&resource=" API_RESOURCE,
		s->client, scope));
	assert_answer(s, 200, "");
}

static void poll(struct served *s, const char *code)
{
	s->oauth.now_ms += 20000;
	call(s, oauth_token, arena_printf(&s->f->arena, "grant_type=" DEVICE "&client_id=%s&device_code=%s", s->client, code));
}

static void test_O11_a_device_gets_what_the_person_ticked(void **state)
{
	struct served *s = *state;
	struct oauth_ask ask;
	const char *few[] = { "stories:read" }, *more[] = { "stories:publish" };
	struct oauth_approval approval = { .user = s->f->ann, .scopes = more, .scope_count = 1, .offline = true };
	register_client(s, CALLBACK);
	ask_device(s, "stories:read+stories:write+offline_access");
	const char *code = member(s, "device_code"), *shown = member(s, "user_code");
	poll(s, code);
	assert_answer(s, 400, "authorization_pending");
	assert_int_equal(oauth_device_find(&s->oauth, "AAAA-AAAA", &s->f->arena, &ask, &s->f->error), AUTHORITY_NOT_FOUND);
	assert_int_equal(oauth_device_find(&s->oauth, shown, &s->f->arena, &ask, &s->f->error), AUTHORITY_OK);
	assert_string_equal(ask.client.name, "App");
	assert_null(ask.redirect);
	assert_int_equal(oauth_device_approve(&s->oauth, shown, &approval, &s->f->error), AUTHORITY_INVALID);
	approval.scopes = few;
	assert_int_equal(oauth_device_approve(&s->oauth, shown, &approval, &s->f->error), AUTHORITY_OK);
	assert_int_equal(oauth_device_approve(&s->oauth, shown, &approval, &s->f->error), AUTHORITY_NOT_FOUND);
	char mine[40];
	snprintf(mine, sizeof(mine), "%s", s->client);
	register_client(s, "https://other.example.com/cb");
	poll(s, code);
	assert_answer(s, 400, "invalid_grant");
	snprintf(s->client, sizeof(s->client), "%s", mine);
	poll(s, code);
	assert_answer(s, 200, "");
	assert_string_equal(member(s, "scope"), "stories:read offline_access");
	const char *token = member(s, "refresh_token");
	poll(s, code);
	assert_answer(s, 400, "invalid_grant");
	refresh(s, token, "");
	assert_answer(s, 200, "");
}

static void test_a_device_is_refused_or_too_late(void **state)
{
	struct served *s = *state;
	register_client(s, CALLBACK);
	ask_device(s, "stories:read");
	const char *code = member(s, "device_code");
	assert_int_equal(oauth_device_deny(&s->oauth, member(s, "user_code"), &s->f->error), AUTHORITY_OK);
	poll(s, code);
	assert_answer(s, 400, "access_denied");
	ask_device(s, "stories:read");
	code = member(s, "device_code");
	s->oauth.now_ms += 600000;
	assert_int_equal(oauth_device_deny(&s->oauth, member(s, "user_code"), &s->f->error), AUTHORITY_NOT_FOUND);
	poll(s, code);
	assert_answer(s, 400, "expired_token");
}

static void test_a_client_by_hand_offers_no_more_than_its_ceiling(void **state)
{
	static const char *const scopes[] = { "stories:read" }, *const redirects[] = { CALLBACK };
	struct served *s = *state;
	struct oauth_client_request request = {
		.name = "Hand", .api = "publishing", .owner = ANN, .scopes = scopes, .scope_count = 1,
		.project = s->f->ann_project.text, .redirects = redirects, .redirect_count = 1, .is_public = true,
	};
	struct id id;
	assert_int_equal(oauth_client_add(&s->oauth, &request, &s->f->actor, &id, s->secret, &s->f->error), AUTHORITY_OK);
	assert_string_equal(s->secret, "");
	snprintf(s->client, sizeof(s->client), "%s", id.text);
	const char *code = approve_as(s, &s->f->bob, ask_query(s, "stories:read+stories:write", ""), NULL);
	assert_non_null(code);
	redeem(s, code, VERIFIER);
	assert_string_equal(member(s, "scope"), "stories:read");
	struct token_row row = row_of_text(s, member(s, "access_token"));
	assert_true(id_eq(&row.project, &s->f->ann_project));
	/* Eve does not reach the client's project. */
	assert_null(approve_as(s, &s->f->eve, ask_query(s, "stories:read", ""), NULL));
	call(s, oauth_token, arena_printf(&s->f->arena, "grant_type=client_credentials&client_id=%s", s->client));
	assert_answer(s, 400, "unauthorized_client");
}

static void test_D24_a_client_is_not_made_wider_than_its_owner(void **state)
{
	static const char *const star[] = { "*" }, *const read[] = { "s:read" };
	struct served *s = *state;
	struct oauth_client_request request = {
		.name = "Hand", .api = "short", .owner = ANN, .scopes = star, .scope_count = 1,
	};
	struct id id;
	assert_int_equal(oauth_client_add(&s->oauth, &request, &s->f->actor, &id, s->secret, &s->f->error), AUTHORITY_INVALID);
	request.scopes = read;
	request.scope_count = 0;
	assert_int_equal(oauth_client_add(&s->oauth, &request, &s->f->actor, &id, s->secret, &s->f->error), AUTHORITY_INVALID);
	request.scope_count = 1;
	request.project = s->f->ann_project.text; /* of the other API */
	assert_int_equal(oauth_client_add(&s->oauth, &request, &s->f->actor, &id, s->secret, &s->f->error), AUTHORITY_INVALID);
	request.project = NULL;
	request.is_public = true;
	assert_int_equal(oauth_client_add(&s->oauth, &request, &s->f->actor, &id, s->secret, &s->f->error), AUTHORITY_INVALID);
}

static void test_D26_T10_no_client_gets_a_token_of_remits_own_api(void **state)
{
	static const char *const read[] = { "s:read" };
	struct served *s = *state;
	struct oauth_client_request request = {
		.name = "Hand", .api = "remit", .owner = ROOT, .scopes = read, .scope_count = 1,
	};
	struct oauth_ask ask;
	struct id id;
	s->f->apis[1].name = "remit";
	assert_int_equal(oauth_client_add(&s->oauth, &request, &s->f->actor, &id, s->secret, &s->f->error), AUTHORITY_INVALID);
	register_client(s, CALLBACK);
	char *query = arena_printf(&s->f->arena, "response_type=code&client_id=%s&redirect_uri=" CALLBACK "&code_challenge="
		CHALLENGE "&code_challenge_method=S256&scope=s:read&resource=" ISSUER "/short/v1", s->client);
	assert_int_equal(oauth_ask_read(&s->oauth, str_of(query), &s->f->arena, &ask), OAUTH_ASK_REDIRECT);
	assert_non_null(strstr(ask.url, "error=invalid_target"));
	/* The other one is the only one there is: it need not be named. */
	*strstr(query, "&scope=") = '\0';
	assert_int_equal(oauth_ask_read(&s->oauth, str_of(query), &s->f->arena, &ask), OAUTH_ASK_OK);
	assert_string_equal(ask.api->name, "publishing");
	struct buf out;
	buf_init(&out, 65536);
	oauth_metadata(&s->oauth, &out);
	buf_add_char(&out, '\0');
	assert_null(strstr(out.p, "\"s:read\""));
	buf_done(&out);
}

static bool count_client(void *ctx, const struct client_row *row)
{
	(void)row;
	++*(size_t *)ctx;
	return true;
}

static size_t clients(struct served *s)
{
	size_t count = 0;
	assert_int_equal(store_client_each(s->f->a.store, CLIENT_REGISTERED, count_client, &count), STORE_OK);
	return count;
}

/* As a server does, portion by portion. */
static enum store_status tidy(struct served *s)
{
	const struct store_actor actor = { "server", s->oauth.now_ms };
	enum store_status status = STORE_OK;
	for (bool more = true; more && status == STORE_OK;)
		status = store_oauth_tidy(s->f->a.store, s->oauth.now_ms - LIMIT_OAUTH_ENDED_MS,
			s->oauth.now_ms - LIMIT_OAUTH_UNUSED_MS, &actor, &more);
	return status;
}

static void test_O15_registrations_that_nobody_uses_make_room(void **state)
{
	struct served *s = *state;
	struct store_actor actor = { "test", NOW_MS };
	struct client_row row = {
		.kind = CLIENT_REGISTERED, .name = "x", .redirects = "", .grants = "", .created_ms = NOW_MS,
	};
	struct id first, id;
	register_client(s, CALLBACK);
	assert_non_null(approve(s, "stories:read")); /* used: it stays */
	for (int i = 0; i < 6; i++) {
		uint8_t random[10] = { (uint8_t)i };
		row.id = id_make(NOW_MS + i, random);
		row.created_ms = NOW_MS + i;
		assert_int_equal(store_client_add(s->f->a.store, &row, 4, &actor, &id), STORE_OK);
		if (i == 0)
			first = id;
	}
	assert_int_equal(clients(s), 4);
	assert_int_equal(store_client_get(s->f->a.store, &first, &s->f->arena, &row), STORE_NOT_FOUND);
	s->oauth.now_ms += 2 * DAY_MS;
	assert_int_equal(tidy(s), STORE_OK);
	assert_int_equal(clients(s), 1);
}

static void test_tidying_forgets_what_has_run_out_and_nothing_else(void **state)
{
	struct served *s = *state;
	struct token_row row;
	uint8_t digest[REMIT_DIGEST_SIZE];
	register_client(s, CALLBACK);
	redeem(s, approve(s, "stories:read+offline_access"), VERIFIER);
	const char *token = member(s, "refresh_token"), *old = member(s, "access_token");
	s->oauth.now_ms += 3 * DAY_MS;
	assert_int_equal(tidy(s), STORE_OK);
	struct remit_hasher *hasher = remit_hasher_new();
	assert_true(remit_hasher_digest(hasher, old, strlen(old), digest));
	remit_hasher_free(hasher);
	assert_int_equal(store_token_find(s->f->a.store, digest, &s->f->arena, &row), STORE_NOT_FOUND);
	refresh(s, token, "");
	assert_answer(s, 200, "");
	token = member(s, "refresh_token");
	s->oauth.now_ms += 91 * DAY_MS;
	refresh(s, token, "");
	assert_answer(s, 400, "invalid_grant");
}

static void test_T12_a_store_that_is_gone_grants_nothing(void **state)
{
	static const char *const scopes[] = { "stories:read" };
	struct served *s = *state;
	register_client(s, CALLBACK);
	redeem(s, approve(s, "stories:read+offline_access"), VERIFIER);
	char *form = arena_printf(&s->f->arena, "grant_type=refresh_token&client_id=%s&refresh_token=%s", s->client,
		member(s, "refresh_token"));
	const char *access = member(s, "access_token");
	add_client(s, scopes, 1, NULL);
	char moved[120], path[120];
	snprintf(path, sizeof(path), "%s/remit.db", s->f->folder);
	snprintf(moved, sizeof(moved), "%s/moved.db", s->f->folder);
	assert_int_equal(rename(path, moved), 0);
	call(s, oauth_token, form);
	assert_answer(s, 503, "temporarily_unavailable");
	call(s, oauth_introspect, arena_printf(&s->f->arena, "client_id=%s&client_secret=%s&token=%s", s->client, s->secret, access));
	assert_answer(s, 503, "temporarily_unavailable");
	call(s, oauth_token, arena_printf(&s->f->arena, "grant_type=client_credentials&client_id=%s&client_secret=%s", s->client, s->secret));
	assert_answer(s, 503, "temporarily_unavailable");
	assert_int_equal(rename(moved, path), 0);
}

static bool see_app(void *ctx, const struct grant_row *row)
{
	struct served *s = ctx;
	assert_string_equal(row->client_name, "App");
	assert_string_equal(row->user_email, ANN);
	assert_true(row->created_ms == NOW_MS && row->changed_ms == NOW_MS + 5000);
	assert_true(strstr(row->scopes, "stories:read") && strstr(row->scopes, "stories:write"));
	snprintf(s->secret, sizeof(s->secret), "%s", row->id.text);
	return true;
}

static void test_authorized_apps_are_listed_by_person_and_cut_off(void **state)
{
	struct served *s = *state;
	register_client(s, CALLBACK);
	assert_non_null(approve(s, "stories:read"));
	s->oauth.now_ms += 5000;
	assert_non_null(approve(s, "stories:write"));
	s->secret[0] = '\0';
	assert_int_equal(oauth_app_each(&s->oauth, &s->f->bob, see_app, s, &s->f->error), AUTHORITY_OK);
	assert_string_equal(s->secret, "");
	assert_int_equal(oauth_app_each(&s->oauth, &s->f->ann, see_app, s, &s->f->error), AUTHORITY_OK);
	assert_int_equal(strlen(s->secret), ID_LENGTH);
	assert_int_equal(oauth_app_revoke(&s->oauth, &s->f->ann, s->secret, &s->f->actor, NULL, &s->f->error), AUTHORITY_OK);
	s->secret[0] = '\0';
	assert_int_equal(oauth_app_each(&s->oauth, &s->f->ann, see_app, s, &s->f->error), AUTHORITY_OK);
	assert_string_equal(s->secret, "");
}

int main(void)
{
	static const struct CMUnitTest cases[] = {
		SERVED(test_O11_a_device_gets_what_the_person_ticked),
		SERVED(test_a_device_is_refused_or_too_late),
		SERVED(test_a_client_by_hand_offers_no_more_than_its_ceiling),
		SERVED(test_D24_a_client_is_not_made_wider_than_its_owner),
		SERVED(test_D26_T10_no_client_gets_a_token_of_remits_own_api),
		SERVED(test_O15_registrations_that_nobody_uses_make_room),
		SERVED(test_tidying_forgets_what_has_run_out_and_nothing_else),
		SERVED(test_T12_a_store_that_is_gone_grants_nothing),
		SERVED(test_authorized_apps_are_listed_by_person_and_cut_off),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(cases, NULL, NULL) == 0 ? 0 : 1;
}
