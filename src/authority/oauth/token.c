/* SPDX-License-Identifier: Apache-2.0
 * The token endpoint: finds the grant, and serves the authorization code and a client's own credentials.
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/oauth/internal.h"

#include "base/text.h"

#include <sodium.h>

static const struct {
	const char *name;
	bool (*serve)(struct token_call *call);
} grants[] = {
	{ "authorization_code", grant_code },
	{ "refresh_token", grant_refresh },
	{ "client_credentials", grant_client },
	{ GRANT_DEVICE, grant_device },
	{ GRANT_EXCHANGE, grant_exchange },
};

void oauth_token(const struct oauth *oauth, const struct oauth_request *request, struct arena *arena,
	struct oauth_answer *ret)
{
	struct token_call call = { .oauth = oauth, .arena = arena, .answer = ret };

	if (!params_from(request, arena, &call.query, ret)
		|| !client_authenticate(oauth, request, &call.query, arena, &call.client, &call.proven, ret)
		|| !bind_read(oauth, request, "/oauth/token", &call.key, ret))
		return;
	struct str name = param(&call.query, "grant_type");
	if (!name.p) {
		answer_error(ret, 400, "invalid_request", "There is no grant_type");
		return;
	}
	for (size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
		if (!str_is(name, grants[i].name))
			continue;
		if (client_may(&call.client, grants[i].name))
			grants[i].serve(&call);
		else
			answer_error(ret, 400, "unauthorized_client", "The client may not use this grant");
		return;
	}
	answer_error(ret, 400, "unsupported_grant_type", "There is no such grant here");
}

/* ---- Authorization code ---- */

static bool is_verifier(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!base62_is(text.p[i]) && !strchr("-._~", text.p[i]))
			return false;
	return text.n >= 43 && text.n <= 128;
}

static bool verifies(const char *challenge, struct str verifier)
{
	uint8_t digest[REMIT_DIGEST_SIZE];
	char text[44];

	if (!is_verifier(verifier) || strlen(challenge) != 43)
		return false;
	text_digest(verifier, digest);
	base64url_encode(digest, sizeof(digest), text);
	return sodium_memcmp(text, challenge, 43) == 0;
}

/* One text for all, so that nobody learns which. */
static bool bad_code(struct token_call *call)
{
	return answer_error(call->answer, 400, "invalid_grant",
		"The code is unknown, expired, used, or was given to another client, redirect_uri, code_verifier or key");
}

bool same_resource(struct token_call *call, const struct authority_api *api)
{
	for (size_t i = 0; i < call->query.count; i++)
		if (str_is(call->query.pairs[i].name, "resource")
			&& !api_has_resource(call->oauth, api, call->query.pairs[i].value))
			return answer_error(call->answer, 400, "invalid_target",
				"The resource is not the one that was approved");
	return true;
}

static bool check_code(struct token_call *call, const struct code_row *code)
{
	struct str redirect = param(&call->query, "redirect_uri");

	if (!id_eq(&code->client, &call->client.id) || !verifies(code->challenge, param(&call->query, "code_verifier")))
		return bad_code(call);
	/* OAuth 2.1 drops it from this request; who sends it must send the same. */
	if (redirect.p && !str_is(redirect, code->redirect))
		return bad_code(call);
	return bind_holds(&code->key, &call->key) || bad_code(call);
}

static int64_t family_end(const struct authority_api *api, int64_t begun_ms)
{
	return api->profile->max_lifetime_ms ? begun_ms + api->profile->max_lifetime_ms : 0;
}

static bool redeem_code(struct token_call *call, const struct code_row *code, const uint8_t *digest,
	struct issue *issue)
{
	const struct oauth *oauth = call->oauth;
	enum store_outcome outcome;
	int64_t revision = 0;
	char who[64];

	if (!issue_prepare(oauth, issue))
		return answer_unavailable(call->answer);
	struct store_actor actor = client_actor(oauth, &call->client, who);
	/* One that has run out is looked at all the same: a second use of it must be seen. */
	bool expired = code->expires_ms <= oauth->now_ms;
	if (expired && !code->used_ms)
		return bad_code(call);
	if (store_code_redeem(oauth->authority->store, digest, &issue->row, &actor, &outcome, &revision) != STORE_OK)
		return answer_unavailable(call->answer);
	call->answer->revision = revision;
	if (outcome != STORE_ISSUED)
		return bad_code(call);
	issue_answer(oauth, issue, NULL, revision, call->answer);
	return true;
}

bool grant_code(struct token_call *call)
{
	struct str text = param(&call->query, "code");
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct code_row code;

	if (!text.p)
		return answer_error(call->answer, 400, "invalid_request", "There is no code");
	text_digest(text, digest);
	enum store_status status = store_code_find(call->oauth->authority->store, digest, call->arena, &code);
	if (status == STORE_NOT_FOUND)
		return bad_code(call);
	if (status != STORE_OK)
		return answer_unavailable(call->answer);
	const struct authority_api *api = api_named(call->oauth, code.api);
	if (!api || !check_code(call, &code))
		return api ? false : bad_code(call);
	if (!same_resource(call, api))
		return false;
	struct issue issue = {
		.api = api, .client = &call->client, .owner = code.user, .project = code.project,
		.grant = code.grant, .family = code.family, .scopes = code.scopes, .offline = code.offline,
		.key = call->key,
		.ends_ms = family_end(api, call->oauth->now_ms),
	};
	bool done = redeem_code(call, &code, digest, &issue);
	issue_done(&issue);
	return done;
}

/* ---- Client credentials ---- */

/* A client's own ceiling; what is beyond it is refused, for there is nobody to choose (O11). */
static bool client_scopes(struct token_call *call, const struct authority_api *api, const char **ret)
{
	struct remit_scopes ceiling;
	struct wish wish;

	scopes_stored(api->profile, call->client.scopes ? call->client.scopes : "", &ceiling);
	wish_read(api->profile, param(&call->query, "scope"), &wish);
	if (wish.given && (wish.known_count == 0 || !scopes_within(api->profile, &wish.known, &ceiling)))
		return answer_error(call->answer, 400, "invalid_scope", "The client was not made for these scopes");
	*ret = scopes_text(api->profile, wish.given ? &wish.known : &ceiling, call->arena);
	return *ret || answer_unavailable(call->answer);
}

bool grant_client(struct token_call *call)
{
	const char *why = NULL, *scopes;
	const struct authority_api *api = api_for(call->oauth, &call->query, &call->client, &why);

	if (!call->proven || call->client.kind != CLIENT_BY_HAND)
		return answer_error(call->answer, 400, "unauthorized_client", "The client may not use this grant");
	if (!api)
		return answer_error(call->answer, 400, "invalid_target", why);
	if (!client_scopes(call, api, &scopes))
		return false;
	struct issue issue = {
		.api = api, .client = &call->client, .owner = call->client.owner, .project = call->client.project,
		.scopes = scopes, .key = call->key,
	};
	bool done = issue_alone(call, &issue, NULL, "invalid_grant",
		"The client's owner, its project or it itself is gone");
	issue_done(&issue);
	return done;
}
