/* SPDX-License-Identifier: Apache-2.0
 * Refresh (RFC 6749 section 6): each token serves once. Its successors follow from it by the server's key,
 * so that a lost answer can be given again for a moment and nothing but digests is kept.
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/oauth/internal.h"

struct refreshing {
	struct refresh_row row;
	const struct authority_api *api;
	struct str text;
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct issue issue;
};

static bool bad_token(struct token_call *call)
{
	return answer_error(call->answer, 400, "invalid_grant",
		"The refresh token is unknown, expired, used or revoked, or was given to another client or key");
}

/* The same scopes, or fewer; never one more, whatever the grant has got since (O11). */
static bool choose_scopes(struct token_call *call, struct refreshing *r)
{
	const struct profile *profile = r->api->profile;
	struct remit_scopes given;
	struct wish wish;

	scopes_stored(profile, r->row.scopes, &given);
	wish_read(profile, param(&call->query, "scope"), &wish);
	if (!scopes_within(profile, &wish.known, &given) || (wish.given && !wish.offline && wish.known_count == 0))
		return answer_error(call->answer, 400, "invalid_scope", "These scopes were not granted");
	r->issue.scopes = scopes_text(profile, wish.known_count > 0 ? &wish.known : &given, call->arena);
	return r->issue.scopes || answer_unavailable(call->answer);
}

static bool find(struct token_call *call, struct refreshing *r)
{
	r->text = param(&call->query, "refresh_token");
	if (!r->text.p)
		return answer_error(call->answer, 400, "invalid_request", "There is no refresh_token");
	text_digest(r->text, r->digest);
	enum store_status status =
		store_refresh_find(call->oauth->authority->store, r->digest, call->arena, &r->row);
	if (status == STORE_NOT_FOUND)
		return bad_token(call);
	if (status != STORE_OK)
		return answer_unavailable(call->answer);
	r->api = api_named(call->oauth, r->row.api);
	if (!r->api || !id_eq(&r->row.client, &call->client.id) || r->row.revoked_ms
		|| !bind_holds(&r->row.key, &call->key))
		return bad_token(call);
	return same_resource(call, r->api);
}

/* What it gave the first time stands: the same texts, while they are good, and with what they were given. */
static bool repeat(struct token_call *call, struct refreshing *r)
{
	const struct oauth *oauth = call->oauth;
	struct token_row access;
	enum store_status status =
		store_token_find(oauth->authority->store, r->issue.access_digest, call->arena, &access);

	if (status != STORE_OK && status != STORE_NOT_FOUND)
		return answer_unavailable(call->answer);
	if (status == STORE_NOT_FOUND || token_ended(&access, oauth->now_ms) || !bind_holds(&access.key, &call->key))
		return bad_token(call);
	if (param(&call->query, "scope").p && strcmp(access.scopes, r->issue.scopes) != 0)
		return answer_error(call->answer, 400, "invalid_grant",
			"The refresh token was used a moment ago, for other scopes");
	r->issue.scopes = access.scopes;
	r->issue.row.access.expires_ms = access.expires_ms;
	r->issue.row.access.key = access.key;
	issue_answer(oauth, &r->issue, NULL, 0, call->answer);
	return true;
}

static bool rotate(struct token_call *call, struct refreshing *r)
{
	const struct oauth *oauth = call->oauth;
	const struct profile *profile = r->api->profile;
	enum store_outcome outcome;
	int64_t revision = 0;
	char who[64];

	if (!text_successor(oauth, profile, REMIT_TOKEN_ACCESS, r->text, r->issue.access)
		|| !text_successor(oauth, profile, REMIT_TOKEN_REFRESH, r->text, r->issue.refresh)
		|| !issue_prepare(oauth, &r->issue))
		return answer_unavailable(call->answer);
	struct store_actor actor = client_actor(oauth, &call->client, who);
	if (store_refresh_rotate(oauth->authority->store, r->digest, &r->issue.row, LIMIT_OAUTH_REPEAT_MS, &actor,
		&outcome, &revision) != STORE_OK)
		return answer_unavailable(call->answer);
	call->answer->revision = revision;
	switch (outcome) {
	case STORE_ISSUED:
		issue_answer(oauth, &r->issue, NULL, revision, call->answer);
		return true;
	case STORE_REPEATED:
		return repeat(call, r);
	case STORE_TOO_MANY:
		return answer_error(call->answer, 429, "slow_down",
			"Too many access tokens of this grant live: use the ones there are");
	case STORE_REPLAYED:
	case STORE_ENDED:
		break;
	}
	return bad_token(call);
}

bool grant_refresh(struct token_call *call)
{
	struct refreshing r = { .text = { NULL, 0 } };

	if (!find(call, &r))
		return false;
	int64_t max_ms = r.api->profile->max_lifetime_ms;
	r.issue = (struct issue){
		.api = r.api, .client = &call->client, .owner = r.row.user, .project = r.row.project,
		.grant = r.row.grant, .family = r.row.family, .offline = true, .key = call->key,
		.ends_ms = max_ms ? r.row.created_ms + max_ms : 0,
	};
	bool done = choose_scopes(call, &r) && rotate(call, &r);
	issue_done(&r.issue);
	return done;
}
