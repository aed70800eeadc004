/* SPDX-License-Identifier: Apache-2.0
 * What a person is offered, and what becomes of what they tick: judged again, whatever the page sent.
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/oauth/internal.h"

#include <stdio.h>

/* ---- What is offered ---- */

struct before { /* what this person granted this client before */
	const char *api;
	const struct profile *profile;
	struct remit_scopes scopes;
	bool some;
};

static bool add_grant(void *ctx, const struct grant_row *row)
{
	struct before *before = ctx;
	struct remit_scopes set;
	if (strcmp(row->api, before->api) != 0)
		return true;
	before->some = true;
	scopes_stored(before->profile, row->scopes, &set);
	for (size_t i = 0; i < remit_policy_words(before->profile->policy); i++)
		before->scopes.word[i] |= set.word[i];
	return true;
}

static enum authority_status get_person(const struct oauth *oauth, const struct id *user, struct arena *arena,
	struct user_row *ret, struct authority_error *reterr)
{
	enum authority_status status =
		authority_stored(store_user_get(oauth->authority->store, user, arena, ret), "such person", reterr);
	if (status == AUTHORITY_OK && ret->disabled_ms)
		status = authority_fail(reterr, AUTHORITY_CONFLICT, "%s is disabled.", ret->email);
	return status;
}

static bool offer(const struct oauth_ask *ask, const struct user_row *user, const struct before *before,
	struct arena *arena, struct oauth_choices *ret)
{
	const struct profile *profile = ask->api->profile;
	ret->scopes = arena_alloc(arena, (profile->scope_count + 1) * sizeof(*ret->scopes));
	for (size_t i = 0; ret->scopes && i < profile->scope_count; i++) {
		const struct profile_scope *scope = &profile->scopes[i];
		if (!remit_scopes_has(&ask->wanted, i))
			continue;
		if (authority_beyond_owner(profile, scope->name, user)) {
			ret->beyond_count++;
			continue;
		}
		bool granted = remit_scopes_has(&before->scopes, i);
		ret->scopes[ret->count++] = (struct oauth_choice){
			.name = scope->name, .meaning = scope->meaning, .granted = granted,
			.star = strcmp(scope->name, "*") == 0,
		};
		ret->new_count += !granted;
	}
	return ret->scopes != NULL;
}

#define PROJECTS_MAX 1000 /* that a page lists */

struct projects {
	struct arena *arena;
	const struct id *only;
	struct project_row *rows;
	size_t count;
	bool failed;
};

static bool add_project(void *ctx, const struct project_row *row)
{
	struct projects *projects = ctx;
	if (projects->only && !id_eq(&row->id, projects->only))
		return true;
	struct project_row *kept = &projects->rows[projects->count];
	*kept = *row;
	kept->api = arena_copy(projects->arena, str_of(row->api));
	kept->name = arena_copy(projects->arena, str_of(row->name));
	projects->failed = !kept->api || !kept->name;
	return !projects->failed && ++projects->count < PROJECTS_MAX;
}

static enum authority_status offer_projects(const struct oauth *oauth, const struct oauth_ask *ask,
	const struct id *user, struct arena *arena, struct oauth_choices *ret, struct authority_error *reterr)
{
	struct projects projects = { .arena = arena };

	ret->project_fixed = id_is_set(&ask->client.project);
	projects.only = ret->project_fixed ? &ask->client.project : NULL;
	projects.rows = arena_alloc(arena, PROJECTS_MAX * sizeof(*projects.rows));
	if (!projects.rows)
		return authority_fail(reterr, AUTHORITY_UNAVAILABLE, "There is no memory.");
	enum store_status status =
		store_project_each(oauth->authority->store, ask->api->name, user, add_project, &projects);
	if (projects.failed || (status != STORE_OK && status != STORE_STOPPED))
		return authority_stored(projects.failed ? STORE_NO_MEMORY : status, "project", reterr);
	ret->projects = projects.rows;
	ret->project_count = projects.count;
	if (ret->project_fixed && projects.count == 0)
		return authority_fail(reterr, AUTHORITY_CONFLICT,
			"The application is made for a project that you do not reach.");
	return AUTHORITY_OK;
}

enum authority_status oauth_ask_person(const struct oauth *oauth, const struct oauth_ask *ask,
	const struct id *user, struct arena *arena, struct oauth_choices *ret, struct authority_error *reterr)
{
	struct oauth_choices choices = { .count = 0 };
	struct before before = { .api = ask->api->name, .profile = ask->api->profile };
	struct user_row person;

	enum authority_status status = get_person(oauth, user, arena, &person, reterr);
	if (status != AUTHORITY_OK)
		return status;
	status = authority_stored(store_grant_each(oauth->authority->store, user, &ask->client.id, add_grant, &before),
		"grant", reterr);
	if (status != AUTHORITY_OK)
		return status;
	choices.before = before.some;
	if (!offer(ask, &person, &before, arena, &choices))
		return authority_fail(reterr, AUTHORITY_UNAVAILABLE, "There is no memory.");
	status = offer_projects(oauth, ask, user, arena, &choices, reterr);
	if (status == AUTHORITY_OK)
		*ret = choices;
	return status;
}

/* ---- What was ticked ---- */

static bool is_offered(const struct oauth_choices *choices, const char *name)
{
	for (size_t i = 0; i < choices->count; i++)
		if (strcmp(choices->scopes[i].name, name) == 0)
			return true;
	return false;
}

static enum authority_status judge_project(const struct oauth_choices *choices, const char *text, struct id *ret,
	struct authority_error *reterr)
{
	struct id id;
	*ret = (struct id){ "" };
	if (!text && !choices->project_fixed)
		return AUTHORITY_OK;
	if (!text) {
		*ret = choices->projects[0].id;
		return AUTHORITY_OK;
	}
	for (size_t i = 0; id_parse(str_of(text), &id) && i < choices->project_count; i++) {
		if (id_eq(&choices->projects[i].id, &id)) {
			*ret = id;
			return AUTHORITY_OK;
		}
	}
	return authority_fail(reterr, AUTHORITY_INVALID, "There is no such project among yours.");
}

static enum authority_status judge_ticks(const struct oauth_ask *ask, const struct oauth_choices *choices,
	const struct oauth_approval *approval, struct arena *arena, const char **ret, struct authority_error *reterr)
{
	const struct profile *profile = ask->api->profile;
	struct remit_scopes set = { { 0 } };
	size_t scope;

	for (size_t i = 0; i < approval->scope_count; i++) {
		const char *name = approval->scopes[i];
		if (!is_offered(choices, name)
			|| remit_policy_scope_find(profile->policy, name, strlen(name), &scope) != REMIT_OK)
			return authority_fail(reterr, AUTHORITY_INVALID, "A scope was approved that was not offered.");
		set.word[scope / 64] |= UINT64_C(1) << (scope % 64);
	}
	if (!scopes_any(profile, &set))
		return authority_fail(reterr, AUTHORITY_INVALID, "Tick what the application may do, or deny it.");
	*ret = scopes_text(profile, &set, arena);
	return *ret ? AUTHORITY_OK : authority_fail(reterr, AUTHORITY_UNAVAILABLE, "There is no memory.");
}

enum authority_status oauth_ask_judge_approval(const struct oauth *oauth, const struct oauth_ask *ask,
	const struct oauth_approval *approval, struct arena *arena, struct store_approval *ret,
	struct authority_error *reterr)
{
	struct oauth_choices choices;
	struct store_approval judged = {
		.client = ask->client.id, .user = approval->user, .api = ask->api->name,
		.offline = ask->offline && approval->offline,
	};

	enum authority_status status = oauth_ask_person(oauth, ask, &approval->user, arena, &choices, reterr);
	if (status == AUTHORITY_OK)
		status = judge_ticks(ask, &choices, approval, arena, &judged.scopes, reterr);
	if (status == AUTHORITY_OK)
		status = judge_project(&choices, approval->project, &judged.project, reterr);
	if (status == AUTHORITY_OK)
		*ret = judged;
	return status;
}

enum authority_status oauth_ask_approve(const struct oauth *oauth, const struct oauth_ask *ask,
	const struct oauth_approval *approval, struct arena *arena, const char **ret_url,
	struct authority_error *reterr)
{
	uint8_t digest[REMIT_DIGEST_SIZE], pushed[REMIT_DIGEST_SIZE];
	char code[TEXT_RANDOM_ROOM], who[64];
	struct store_approval stored;

	enum authority_status status = oauth_ask_judge_approval(oauth, ask, approval, arena, &stored, reterr);
	if (status != AUTHORITY_OK)
		return status;
	struct code_row row = {
		.family = id_new(oauth->now_ms), .redirect = ask->redirect, .redirect_given = ask->redirect_given,
		.challenge = ask->challenge, .resource = ask->resource, .key = ask->key,
		.expires_ms = oauth->now_ms + LIMIT_OAUTH_CODE_MS,
	};
	text_random(code);
	text_digest(str_of(code), digest);
	const char *url = oauth_ask_url(oauth, ask, "code", code, NULL, arena);
	if (!url)
		return authority_fail(reterr, AUTHORITY_UNAVAILABLE, "There is no memory.");
	if (ask->pushed)
		text_digest(str_of(ask->pushed), pushed);
	snprintf(who, sizeof(who), "user:%s", approval->user.text);
	struct store_actor actor = { who, oauth->now_ms };
	status = authority_stored(store_code_add(oauth->authority->store, &stored, &row, digest,
		ask->pushed ? pushed : NULL, &actor), "client, person or project", reterr);
	if (status == AUTHORITY_OK)
		*ret_url = url;
	return status;
}

enum authority_status oauth_ask_deny(const struct oauth *oauth, const struct oauth_ask *ask,
	struct arena *arena, const char **ret_url, struct authority_error *reterr)
{
	uint8_t pushed[REMIT_DIGEST_SIZE];
	const char *url = oauth_ask_url(oauth, ask, "error", "access_denied", "The person refused", arena);

	if (!url)
		return authority_fail(reterr, AUTHORITY_UNAVAILABLE, "There is no memory.");
	if (ask->pushed) {
		text_digest(str_of(ask->pushed), pushed);
		enum store_status status = store_pushed_remove(oauth->authority->store, pushed);
		if (status != STORE_OK && status != STORE_NOT_FOUND)
			return authority_stored(status, "request", reterr);
	}
	*ret_url = url;
	return AUTHORITY_OK;
}
