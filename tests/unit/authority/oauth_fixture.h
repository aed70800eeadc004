/* SPDX-License-Identifier: Apache-2.0
 * The authority's fixture with a server beside it, and the steps of a client, a browser and a person.
 */
#ifndef REMIT_TESTS_UNIT_AUTHORITY_OAUTH_FIXTURE_H
#define REMIT_TESTS_UNIT_AUTHORITY_OAUTH_FIXTURE_H

#include "fixture.h"

#include "authority/oauth/oauth.h"
#include "base/text.h"

#define ISSUER "http://127.0.0.1:8787"
#define API_RESOURCE ISSUER "/api/v1"
#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" /* RFC 7636 appendix B */
#define CALLBACK "https://app.example.com/callback"

struct served {
	struct fixture *f;
	struct secrets *secrets;
	struct oauth oauth;
	struct oauth_answer answer; /* of the last call */
	char client[40], secret[OAUTH_SECRET_ROOM];
};

static int serve(void **state)
{
	struct served *s = calloc(1, sizeof(*s));
	char from[120], text[256];
	void *fixture;

	assert_non_null(s);
	assert_int_equal(set_up(&fixture), 0);
	s->f = fixture;
	snprintf(from, sizeof(from), "file:%s/secrets.key", s->f->folder);
	assert_true(secrets_open(from, &s->secrets, text));
	s->oauth = (struct oauth){
		.authority = &s->f->a, .secrets = s->secrets, .issuer = ISSUER, .now_ms = NOW_MS,
	};
	oauth_answer_init(&s->answer);
	*state = s;
	return 0;
}

static int stop(void **state)
{
	struct served *s = *state;
	void *fixture = s->f;

	oauth_answer_done(&s->answer);
	secrets_close(s->secrets);
	assert_int_equal(tear_down(&fixture), 0);
	free(s);
	return 0;
}

static inline void call_with(struct served *s, oauth_endpoint *endpoint, const char *type, const char *authorization,
	const char *body)
{
	struct oauth_request request = { str_of(type), str_of(authorization), str_of(body) };
	oauth_answer_done(&s->answer);
	oauth_answer_init(&s->answer);
	endpoint(&s->oauth, &request, &s->f->arena, &s->answer);
	buf_add_char(&s->answer.body, '\0'); /* so that it can be searched */
}

static inline void call(struct served *s, oauth_endpoint *endpoint, const char *form)
{
	call_with(s, endpoint, "application/x-www-form-urlencoded", NULL, form);
}

/* A member of the last answer that is a text; "" where it is not there. */
static inline const char *member(struct served *s, const char *name)
{
	char *key = arena_printf(&s->f->arena, "\"%s\":\"", name);
	const char *at = s->answer.body.p ? strstr(s->answer.body.p, key) : NULL;
	if (!at)
		return "";
	at += strlen(key);
	return arena_copy(&s->f->arena, (struct str){ at, strcspn(at, "\"") });
}

#define assert_answer(s, code, error_name) \
	do { \
		if ((s)->answer.status != (code) || strcmp(member((s), "error"), (error_name)) != 0) \
			fail_msg("%d %s", (s)->answer.status, (s)->answer.body.p); \
	} while (0)

/* Registers a public client. */
static inline void register_client(struct served *s, const char *redirect)
{
	char *body = arena_printf(&s->f->arena, "{\"client_name\":\"App\",\"redirect_uris\":[\"%s\"],"
		"\"token_endpoint_auth_method\":\"none\",\"grant_types\":[\"authorization_code\",\"refresh_token\","
		"\"urn:ietf:params:oauth:grant-type:device_code\"]}", redirect);
	call_with(s, oauth_register, "application/json", NULL, body);
	assert_answer(s, 201, "");
	snprintf(s->client, sizeof(s->client), "%s", member(s, "client_id"));
}

static inline const char *ask_query(struct served *s, const char *scope, const char *more)
{
	return arena_printf(&s->f->arena, "response_type=code&client_id=%s&redirect_uri=https%%3A%%2F%%2Fapp.example.com"
		"%%2Fcallback&code_challenge=" CHALLENGE "&code_challenge_method=S256&state=x%%20y&resource="
		"http%%3A%%2F%%2F127.0.0.1%%3A8787%%2Fapi%%2Fv1&scope=%s%s", s->client, scope, more);
}

/* Everything that is offered is ticked; the code, or NULL with the error in the fixture. */
static inline const char *approve_as(struct served *s, const struct id *user, const char *query, const char *project)
{
	struct oauth_ask *ask = arena_alloc(&s->f->arena, sizeof(*ask));
	struct oauth_choices choices;
	const char *url, *ticked[64];

	if (oauth_ask_read(&s->oauth, str_of(query), &s->f->arena, ask) != OAUTH_ASK_OK) {
		snprintf(s->f->error.text, sizeof(s->f->error.text), "%s", ask->error);
		return NULL;
	}
	if (oauth_ask_person(&s->oauth, ask, user, &s->f->arena, &choices, &s->f->error) != AUTHORITY_OK)
		return NULL;
	for (size_t i = 0; i < choices.count; i++)
		ticked[i] = choices.scopes[i].name;
	struct oauth_approval approval = {
		.user = *user, .scopes = ticked, .scope_count = choices.count, .offline = true, .project = project,
	};
	if (oauth_ask_approve(&s->oauth, ask, &approval, &s->f->arena, &url, &s->f->error) != AUTHORITY_OK)
		return NULL;
	assert_true(strncmp(url, CALLBACK "?code=", strlen(CALLBACK "?code=")) == 0);
	assert_non_null(strstr(url, "&state=x%20y&iss=http%3A%2F%2F127.0.0.1%3A8787"));
	url += strlen(CALLBACK "?code=");
	return arena_copy(&s->f->arena, (struct str){ url, strcspn(url, "&") });
}

static inline const char *approve(struct served *s, const char *scope)
{
	return approve_as(s, &s->f->ann, ask_query(s, scope, ""), NULL);
}

static inline void redeem(struct served *s, const char *code, const char *verifier)
{
	call(s, oauth_token, arena_printf(&s->f->arena, "grant_type=authorization_code&client_id=%s&code=%s"
		"&code_verifier=%s&redirect_uri=https%%3A%%2F%%2Fapp.example.com%%2Fcallback", s->client, code, verifier));
}

static inline void refresh(struct served *s, const char *token, const char *more)
{
	call(s, oauth_token, arena_printf(&s->f->arena, "grant_type=refresh_token&client_id=%s&refresh_token=%s%s",
		s->client, token, more));
}

/* The row of an access token's text; state: revoked_ms and expires_ms. */
static inline struct token_row row_of_text(struct served *s, const char *text)
{
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct token_row row;
	struct remit_hasher *hasher = remit_hasher_new();

	assert_true(remit_hasher_digest(hasher, text, strlen(text), digest));
	remit_hasher_free(hasher);
	assert_int_equal(store_token_find(s->f->a.store, digest, &s->f->arena, &row), STORE_OK);
	return row;
}

static inline bool is_live(struct served *s, const char *text)
{
	struct token_row row = row_of_text(s, text);
	return !row.revoked_ms && row.expires_ms > s->oauth.now_ms;
}

/* A client by hand; Ann owns it. */
static inline void add_client(struct served *s, const char *const *scopes, size_t count, const char *project)
{
	struct oauth_client_request request = {
		.name = "Machine", .api = "publishing", .owner = ANN, .scopes = scopes, .scope_count = count,
		.project = project,
	};
	struct id id;
	assert_int_equal(oauth_client_add(&s->oauth, &request, &s->f->actor, &id, s->secret, &s->f->error),
		AUTHORITY_OK);
	snprintf(s->client, sizeof(s->client), "%s", id.text);
}

#define SERVED(function) cmocka_unit_test_setup_teardown(function, serve, stop)

#endif
