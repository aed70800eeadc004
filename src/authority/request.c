/* SPDX-License-Identifier: Apache-2.0
 * Judging what is asked for when a token is made: every mistake at once, nothing dropped, nothing
 * shortened (D5, D13, D16, D24).
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/internal.h"

#include "base/clock.h"
#include "base/limits.h"
#include <stdio.h>

/* Records keep seconds in 32 bits. */
#define EXPIRY_MS_MAX ((int64_t)UINT32_MAX * 1000)

struct judging {
	const struct authority *a;
	const struct token_request *request;
	int64_t now_ms;
	struct arena *arena;
	struct faults faults;
	struct token_terms terms;
	bool has_owner;
};

const char *authority_beyond_owner(const struct profile *profile, const char *scope,
	const struct user_row *owner)
{
	(void)profile;
	if (strcmp(scope, "*") == 0 && !owner->admin)
		return "only an admin may hold it";
	return NULL;
}

static const char *scope_at(const void *ctx, size_t index)
{
	const struct profile *profile = ctx;
	return index < profile->scope_count ? profile->scopes[index].name : NULL;
}

static const char *preset_at(const void *ctx, size_t index)
{
	const struct profile *profile = ctx;
	return index < profile->preset_count ? profile->presets[index].handle : NULL;
}

/* "; did you mean …?" or "; `remit X --api A` lists them." */
static void add_unknown(struct judging *j, const char *what, const char *name, const char *nearest,
	const char *command)
{
	if (nearest)
		faults_add(&j->faults, "There is no %s \"%.80s\" in API %s; did you mean \"%s\"?", what, name,
			j->terms.api->name, nearest);
	else
		faults_add(&j->faults, "There is no %s \"%.80s\" in API %s; `remit %s --api %s` lists them.",
			what, name, j->terms.api->name, command, j->terms.api->name);
}

/* Adds names to a set; each unknown one is a mistake of its own. */
static void judge_names(struct judging *j, const char *const *names, size_t count, struct remit_scopes *set)
{
	const struct profile *profile = j->terms.api->profile;
	for (size_t i = 0; i < count; i++) {
		size_t scope;
		if (remit_policy_scope_find(profile->policy, names[i], strlen(names[i]), &scope) == REMIT_OK)
			set->word[scope / 64] |= UINT64_C(1) << (scope % 64);
		else
			add_unknown(j, "scope", names[i], name_nearest(names[i], scope_at, profile),
				"scopes");
	}
}

/* The same for an API whose site knows its owners: who is not in it, and is no admin, can use nothing there. */
static const char *beyond(struct judging *j, size_t scope)
{
	const struct profile *profile = j->terms.api->profile;
	const struct owner_source *source = j->terms.api->owners;
	struct id_bytes number;
	if (!source || j->terms.owner.admin)
		return authority_beyond_owner(profile, remit_policy_scope_name(profile->policy, scope), &j->terms.owner);
	if (id_to_bytes(&j->terms.owner.id, &number) && source->may_hold(source->ctx, &number, scope))
		return NULL;
	return "the site gives them nothing that it would be good for";
}

static void judge_ceiling(struct judging *j, const struct remit_scopes *set)
{
	const struct profile *profile = j->terms.api->profile;
	for (size_t i = 0; j->has_owner && i < profile->scope_count; i++) {
		const char *why = remit_scopes_has(set, i) ? beyond(j, i) : NULL;
		if (why)
			faults_add(&j->faults, "%s may not have a token with the scope \"%s\": %s.",
				j->terms.owner.email, remit_policy_scope_name(profile->policy, i), why);
	}
}

static bool judge_scopes(struct judging *j)
{
	const struct token_request *r = j->request;
	const struct profile *profile = j->terms.api->profile;
	struct remit_scopes set = { { 0 } };

	if (r->preset && r->scope_count > 0)
		faults_add(&j->faults, "Give a preset or scopes, not both.");
	if (r->preset) {
		const struct profile_preset *preset = profile_preset(profile, r->preset);
		if (preset)
			judge_names(j, preset->scopes, preset->scope_count, &set);
		else
			add_unknown(j, "preset", r->preset, name_nearest(r->preset, preset_at, profile),
				"presets");
	}
	judge_names(j, r->scopes, r->scope_count, &set);
	judge_ceiling(j, &set);
	size_t n = remit_scopes_text(profile->policy, &set, " ", NULL, 0);
	char *text = arena_alloc(j->arena, n + 1);
	if (!text)
		return false;
	remit_scopes_text(profile->policy, &set, " ", text, n + 1);
	j->terms.scopes = text;
	return true;
}

/* Whether the scopes of the request let it make tokens. */
static bool makes_tokens(const struct judging *j)
{
	struct str rest = str_of(j->terms.scopes), name;
	while (rest.n > 0) {
		str_cut(&rest, ' ', &name);
		if (str_is(name, "tokens:write"))
			return true;
	}
	return false;
}

/* Remit's own API (D26). */
static void judge_own(struct judging *j)
{
	const struct token_request *r = j->request;

	if (!authority_api_is_own(j->terms.api->name)) {
		if (r->ceiling)
			faults_add(&j->faults, "Only a token of API " CONFIG_OWN_API " has a ceiling.");
		return;
	}
	if (j->has_owner && !j->terms.owner.admin)
		faults_add(&j->faults, "%s may not have a token of API " CONFIG_OWN_API ": only an admin may hold one.",
			j->terms.owner.email);
	if (r->ceiling)
		ceiling_check_stated(&j->faults, j->a, r->ceiling);
	else if (makes_tokens(j))
		faults_add(&j->faults, "A token with the scope \"tokens:write\" needs a ceiling: the APIs, scopes and "
			"perhaps the project of the tokens that it may make.");
}

static void judge_expiry(struct judging *j)
{
	const struct token_request *r = j->request;
	const struct profile *profile = j->terms.api->profile;
	const int64_t max_ms = profile->max_lifetime_ms;
	char latest[TIME_TEXT_ROOM];
	int64_t at = 0;

	if (r->expiry == TOKEN_EXPIRY_AT)
		at = r->expires_ms;
	else if (r->expiry == TOKEN_EXPIRY_DEFAULT && profile->default_lifetime_ms > 0)
		at = j->now_ms + profile->default_lifetime_ms;
	j->terms.expires_ms = at;
	if (max_ms > 0)
		time_to_text(j->now_ms + max_ms, false, latest);
	if (r->expiry == TOKEN_EXPIRY_AT && at <= j->now_ms)
		faults_add(&j->faults, "The expiry is in the past.");
	else if (at > EXPIRY_MS_MAX)
		faults_add(&j->faults, "The expiry is after the year 2105.");
	else if (max_ms > 0 && at == 0)
		faults_add(&j->faults, "A token of API %s must expire, at the latest on %s.",
			j->terms.api->name, latest);
	else if (max_ms > 0 && at - j->now_ms > max_ms)
		faults_add(&j->faults, "The expiry is later than API %s allows, which is %s.",
			j->terms.api->name, latest);
}

/* One answer for a project that does not exist, is of another API, or is not theirs. */
static enum authority_status judge_project(struct judging *j, struct authority_error *reterr)
{
	const char *text = j->request->project;
	struct project_row project;
	bool reaches = false;
	struct id id;

	if (!text)
		return AUTHORITY_OK;
	if (!id_parse(str_of(text), &id)) {
		faults_add(&j->faults,
			"The project must be given by its id, which `remit project list` shows.");
		return AUTHORITY_OK;
	}
	if (!j->has_owner)
		return AUTHORITY_OK;
	enum store_status status = store_project_get(j->a->store, &id, j->arena, &project);
	if (status == STORE_OK && strcmp(project.api, j->terms.api->name) == 0)
		status = store_project_reaches(j->a->store, &id, &j->terms.owner.id, &reaches);
	if (status != STORE_OK && status != STORE_NOT_FOUND)
		return authority_stored(status, "project", reterr);
	if (reaches)
		j->terms.project = id;
	else
		faults_add(&j->faults, "There is no project %s in API %s that %s owns or is a member of.",
			id.text, j->terms.api->name, j->terms.owner.email);
	return AUTHORITY_OK;
}

/* The site's people come first, as those who can do less; one of ours of the same address is named by id. */
static bool find_site_owner(struct judging *j)
{
	const struct owner_source *source = j->terms.api ? j->terms.api->owners : NULL;
	struct owner_view view;
	if (!source || !source->find(source->ctx, str_of(j->request->owner), &view))
		return false;
	j->terms.owner = (struct user_row){ .id = view.id, .email = arena_copy(j->arena, str_of(view.email)),
		.admin = view.super };
	j->terms.owner_text = arena_copy(j->arena, str_of(view.name));
	j->has_owner = j->terms.owner.email && j->terms.owner_text;
	return j->has_owner;
}

/* What the layout of another program has no place for. */
static void judge_place(struct judging *j)
{
	if (!store_is_attached(j->a->store, j->terms.api->name))
		return;
	if (j->request->project)
		faults_add(&j->faults, "The tokens of API %s are kept in the Statamic package's folder, which knows no projects.",
			j->terms.api->name);
	if (j->request->rate != REMIT_RATE_DEFAULT)
		faults_add(&j->faults, "The tokens of API %s are kept in the Statamic package's folder, which knows no rates.",
			j->terms.api->name);
}

static enum authority_status judge_owner(struct judging *j, struct authority_error *reterr)
{
	struct authority_error error;
	if (!j->request->owner) {
		faults_add(&j->faults, "The owner is missing.");
		return AUTHORITY_OK;
	}
	if (find_site_owner(j))
		return AUTHORITY_OK;
	enum authority_status status =
		authority_user_find(j->a, j->request->owner, j->arena, &j->terms.owner, &error);
	if (status == AUTHORITY_UNAVAILABLE) {
		*reterr = error;
		return status;
	}
	j->has_owner = status == AUTHORITY_OK;
	if (!j->has_owner)
		faults_add(&j->faults, "%s", error.text);
	else if (j->terms.owner.disabled_ms)
		faults_add(&j->faults, "%s is disabled.", j->terms.owner.email);
	return AUTHORITY_OK;
}

struct name_search {
	const char *name;
	bool taken;
};

static bool is_same_name(void *ctx, const struct token_row *row)
{
	struct name_search *search = ctx;
	search->taken = row->kind == REMIT_TOKEN_PERSONAL && strcmp(row->name, search->name) == 0;
	return !search->taken;
}

static void judge_name_free(struct judging *j)
{
	struct name_search search = { .name = j->request->name };
	struct token_filter filter = {
		.api = j->terms.api->name, .owner = j->terms.owner.id, .live_only = true, .now_ms = j->now_ms,
	};
	enum store_status status = store_token_each(j->a->store, &filter, is_same_name, &search);
	if ((status == STORE_OK || status == STORE_STOPPED) && search.taken)
		faults_add(&j->faults, "%s has a live token named \"%s\" already.", j->terms.owner.email,
			search.name);
}

enum authority_status terms_judge(const struct authority *a, const struct token_request *request,
	int64_t now_ms, bool check_name_free, struct arena *arena, struct token_terms *ret,
	struct authority_error *reterr)
{
	struct judging j = { .a = a,
		.request = request,
		.now_ms = now_ms,
		.arena = arena,
		.faults = { .err = reterr } };
	struct authority_error error;

	bool named = name_check(&j.faults, "The token's name", request->name);
	j.terms.api = authority_api(a, request->api, &error);
	enum authority_status status = judge_owner(&j, reterr);
	if (status != AUTHORITY_OK)
		return status;
	if (!j.terms.api) {
		faults_add(&j.faults, "%s", error.text);
		return AUTHORITY_INVALID;
	}
	if (!judge_scopes(&j))
		return authority_fail(reterr, AUTHORITY_UNAVAILABLE, "There is no memory.");
	judge_own(&j);
	if (request->ceiling && j.faults.count == 0) {
		j.terms.ceiling = ceiling_text(request->ceiling, arena);
		if (!j.terms.ceiling)
			faults_add(&j.faults, "The ceiling is too long.");
	}
	judge_expiry(&j);
	judge_place(&j);
	if (request->rate != REMIT_RATE_OFF && request->rate > LIMIT_RATE_PER_MINUTE)
		faults_add(&j.faults, "A rate is at most %d requests a minute.", LIMIT_RATE_PER_MINUTE);
	status = judge_project(&j, reterr);
	if (status != AUTHORITY_OK)
		return status;
	if (request->within)
		ceiling_judge(&j.faults, request->within, j.terms.api, j.terms.scopes,
			id_is_set(&j.terms.project) ? j.terms.project.text : NULL);
	if (j.faults.count > 0 && check_name_free && named && j.has_owner)
		judge_name_free(&j);
	if (j.faults.count > 0)
		return AUTHORITY_INVALID;
	*ret = j.terms;
	return AUTHORITY_OK;
}
