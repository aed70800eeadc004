/* SPDX-License-Identifier: Apache-2.0
 * Making an access token, and a refresh token beside it, and the answer that brings them.
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/oauth/internal.h"

#include <sodium.h>
#include <stdio.h>

static int64_t sooner(int64_t a, int64_t b)
{
	return b && b < a ? b : a;
}

bool issue_prepare(const struct oauth *oauth, struct issue *issue)
{
	const struct profile *profile = issue->api->profile;
	int64_t now_ms = oauth->now_ms;
	bool renewable = issue->offline || !id_is_set(&issue->grant);
	int64_t alone_ms = oauth->access_alone_ms ? oauth->access_alone_ms : LIMIT_OAUTH_ACCESS_ALONE_MS;
	int64_t life_ms = renewable ? LIMIT_OAUTH_ACCESS_MS : alone_ms;
	int64_t ends_ms = sooner(now_ms + life_ms, issue->ends_ms);

	if (profile->max_lifetime_ms)
		ends_ms = sooner(ends_ms, now_ms + profile->max_lifetime_ms);
	if (!issue->access[0] && !text_token(profile, REMIT_TOKEN_ACCESS, issue->access))
		return false;
	if (issue->offline && !issue->refresh[0] && !text_token(profile, REMIT_TOKEN_REFRESH, issue->refresh))
		return false;
	text_digest(str_of(issue->access), issue->access_digest);
	text_digest(str_of(issue->refresh), issue->refresh_digest);
	issue->row = (struct store_issue){
		.access = {
			.id = id_new(now_ms),
			.kind = REMIT_TOKEN_ACCESS,
			.name = issue->client->name,
			.owner = issue->owner,
			.api = issue->api->name,
			.scopes = issue->scopes,
			.project = issue->project,
			.parent = issue->parent,
			.client = issue->client->id,
			.grant = issue->grant,
			.family = issue->family,
			.created_ms = now_ms,
			.expires_ms = ends_ms,
			.rate = REMIT_RATE_DEFAULT,
			.key = issue->key,
		},
		.access_digest = issue->access_digest,
		.refresh_digest = issue->offline ? issue->refresh_digest : NULL,
		.most = LIMIT_OAUTH_FAMILY_TOKENS,
		.refresh_expires_ms = sooner(now_ms + LIMIT_OAUTH_REFRESH_MS, issue->ends_ms),
	};
	if (!issue->client->confidential) /* others show their secret beside it (RFC 9449 section 5) */
		issue->row.refresh_key = issue->key;
	return true;
}

void issue_done(struct issue *issue)
{
	sodium_memzero(issue->access, sizeof(issue->access));
	sodium_memzero(issue->refresh, sizeof(issue->refresh));
}

void issue_answer(const struct oauth *oauth, const struct issue *issue, const char *issued_type,
	int64_t revision, struct oauth_answer *ret)
{
	struct buf *out = &ret->body;
	char scope[16] = "";

	ret->status = 200;
	ret->secret = true;
	ret->revision = revision;
	buf_reset(out);
	buf_reserve(out, 512 + 2 * strlen(issue->scopes));
	buf_add_char(out, '{');
	put_text(out, "access_token", issue->access);
	put_text(out, "issued_token_type", issued_type);
	put_text(out, "token_type", issue->row.access.key.bound ? "DPoP" : "Bearer");
	put_number(out, "expires_in", (issue->row.access.expires_ms - oauth->now_ms) / 1000);
	if (issue->offline)
		put_text(out, "refresh_token", issue->refresh);
	/* Always: clients read its absence as "no scopes". */
	if (issue->offline)
		snprintf(scope, sizeof(scope), "%s", issue->scopes[0] ? " offline_access" : "offline_access");
	buf_add_text(out, ",\"scope\":\"");
	buf_add_text(out, issue->scopes); /* scope tokens hold nothing that JSON would escape */
	buf_add_text(out, scope);
	buf_add_text(out, "\"}");
	if (out->failed)
		answer_unavailable(ret);
}

bool issue_alone(struct token_call *call, struct issue *issue, const char *issued_type, const char *gone_code,
	const char *gone)
{
	const struct oauth *oauth = call->oauth;
	int64_t revision = 0;
	char who[64];

	if (!issue_prepare(oauth, issue))
		return answer_unavailable(call->answer);
	struct store_actor actor = client_actor(oauth, &call->client, who);
	enum store_status status = store_token_add(oauth->authority->store, &issue->row.access,
		issue->access_digest, &actor, &revision);
	if (status == STORE_NOT_FOUND || status == STORE_CONFLICT)
		return answer_error(call->answer, 400, gone_code, gone);
	if (status != STORE_OK)
		return answer_unavailable(call->answer);
	issue_answer(oauth, issue, issued_type, revision, call->answer);
	return true;
}

struct store_actor client_actor(const struct oauth *oauth, const struct client_row *client, char room[64])
{
	snprintf(room, 64, "client:%s", client->id.text);
	return (struct store_actor){ room, oauth->now_ms };
}
