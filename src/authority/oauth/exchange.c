/* SPDX-License-Identifier: Apache-2.0
 * Token exchange (RFC 8693), for narrowing only: a child has fewer scopes, the same project or one, and no
 * longer life, and ends with its parent.
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/oauth/internal.h"

#include "authority/internal.h"

static bool refuse(struct token_call *call, const char *why)
{
	return answer_error(call->answer, 400, "invalid_request", why);
}

static bool check_params(struct token_call *call)
{
	struct str type = param(&call->query, "requested_token_type");

	if (!call->proven || call->client.kind != CLIENT_BY_HAND)
		return answer_error(call->answer, 400, "unauthorized_client", "The client may not use this grant");
	if (param(&call->query, "actor_token").p)
		return refuse(call, "An actor_token means nothing here");
	if (!str_is(param(&call->query, "subject_token_type"), TYPE_ACCESS))
		return refuse(call, "The subject_token_type must be that of an access token");
	if (type.p && !str_is(type, TYPE_ACCESS))
		return refuse(call, "Only access tokens are given");
	return true;
}

/* A token that is live, whose owner is, of the client's API, and not given to another client (T10). */
static bool find_subject(struct token_call *call, const struct authority_api *api, struct token_row *ret)
{
	static const char bad[] = "The subject_token is invalid, expired or revoked, or another client's";
	struct store *store = call->oauth->authority->store;
	struct str text = param(&call->query, "subject_token");
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct user_row owner;

	if (!text.p)
		return refuse(call, "There is no subject_token");
	text_digest(text, digest);
	enum store_status status = store_token_find(store, digest, call->arena, ret);
	if (status == STORE_OK)
		status = store_user_get(store, &ret->owner, call->arena, &owner);
	if (status != STORE_OK && status != STORE_NOT_FOUND)
		return answer_unavailable(call->answer);
	if (status == STORE_NOT_FOUND || token_ended(ret, call->oauth->now_ms) || owner.disabled_ms
		|| strcmp(ret->api, api->name) != 0
		|| (id_is_set(&ret->client) && !id_eq(&ret->client, &call->client.id)))
		return refuse(call, bad);
	/* Else who has stolen a bound token would get one that is not. */
	return bind_holds(&ret->key, &call->key) || refuse(call, "The subject_token is bound to a key, and there is no proof of it");
}

static bool choose_scopes(struct token_call *call, const struct authority_api *api,
	const struct token_row *subject, const char **ret)
{
	const struct profile *profile = api->profile;
	struct remit_scopes held, ceiling;
	struct wish wish;

	scopes_stored(profile, subject->scopes, &held);
	scopes_stored(profile, call->client.scopes ? call->client.scopes : "", &ceiling);
	wish_read(profile, param(&call->query, "scope"), &wish);
	const struct remit_scopes *set = wish.given ? &wish.known : &held;
	if ((wish.given && wish.known_count == 0) || !scopes_within(profile, set, &held)
		|| !scopes_within(profile, set, &ceiling))
		return answer_error(call->answer, 400, "invalid_scope",
			"The subject_token, or the client, does not have these scopes");
	*ret = scopes_text(profile, set, call->arena);
	return *ret || answer_unavailable(call->answer);
}

/* The subject's project stays; one that may reach several can be narrowed to one of them. */
static bool choose_project(struct token_call *call, const struct authority_api *api,
	const struct token_row *subject, struct id *ret)
{
	struct store *store = call->oauth->authority->store;
	struct str text = param(&call->query, "project");
	struct project_row project;
	bool reaches = false;
	struct id id;

	*ret = id_is_set(&subject->project) ? subject->project : call->client.project;
	if (id_is_set(&subject->project) && id_is_set(&call->client.project)
		&& !id_eq(&subject->project, &call->client.project))
		return answer_error(call->answer, 400, "invalid_target", "The client is made for another project");
	if (!text.p && !id_is_set(ret))
		return true;
	if (text.p && !id_parse(text, &id))
		return answer_error(call->answer, 400, "invalid_target", "The project is no id");
	if (!text.p)
		id = *ret;
	else if (id_is_set(ret) && !id_eq(ret, &id))
		return answer_error(call->answer, 400, "invalid_target", "The token is bound to another project");
	enum store_status status = store_project_get(store, &id, call->arena, &project);
	if (status == STORE_OK && strcmp(project.api, api->name) == 0)
		status = store_project_reaches(store, &id, &subject->owner, &reaches);
	if (status != STORE_OK && status != STORE_NOT_FOUND)
		return answer_unavailable(call->answer);
	if (!reaches)
		return answer_error(call->answer, 400, "invalid_target", "There is no such project");
	*ret = id;
	return true;
}

static bool check_depth(struct token_call *call, const struct token_row *subject)
{
	unsigned depth;
	uint64_t children;
	enum store_status status = store_token_depth(call->oauth->authority->store, &subject->id,
		LIMIT_OAUTH_EXCHANGE_DEPTH, call->oauth->now_ms, &depth, &children);
	if (status != STORE_OK)
		return answer_unavailable(call->answer);
	if (children >= LIMIT_OAUTH_CHILDREN)
		return answer_error(call->answer, 429, "slow_down", "The subject_token has too many children already");
	return depth < LIMIT_OAUTH_EXCHANGE_DEPTH
		|| refuse(call, "The subject_token was exchanged too often already");
}

bool grant_exchange(struct token_call *call)
{
	const char *why = NULL;
	struct token_row subject;

	if (!check_params(call))
		return false;
	const struct authority_api *api = api_for(call->oauth, &call->query, &call->client, &why);
	if (!api)
		return answer_error(call->answer, 400, "invalid_target", why);
	struct str audience = param(&call->query, "audience");
	if (audience.p && !str_is(audience, api->name) && !api_has_resource(call->oauth, api, audience))
		return answer_error(call->answer, 400, "invalid_target", "There is no such audience for this client");
	if (!find_subject(call, api, &subject) || !check_depth(call, &subject))
		return false;
	struct issue issue = {
		.api = api, .client = &call->client, .owner = subject.owner, .parent = subject.id,
		.ends_ms = subject.expires_ms, .key = call->key,
	};
	bool done = choose_scopes(call, api, &subject, &issue.scopes)
		&& choose_project(call, api, &subject, &issue.project)
		&& issue_alone(call, &issue, TYPE_ACCESS, "invalid_request",
			"The subject_token, its owner or its project is gone");
	issue_done(&issue);
	return done;
}
