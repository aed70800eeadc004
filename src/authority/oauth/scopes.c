/* SPDX-License-Identifier: Apache-2.0
 * What a request asks for: scopes of a vocabulary, and the API by its resource.
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/oauth/internal.h"

static void add_scope(struct remit_scopes *set, size_t scope)
{
	set->word[scope / 64] |= UINT64_C(1) << (scope % 64);
}

void wish_read(const struct profile *profile, struct str text, struct wish *ret)
{
	struct str word;
	size_t scope;

	*ret = (struct wish){ .given = text.n > 0 };
	while (text.n > 0) {
		str_cut(&text, ' ', &word);
		if (word.n == 0)
			continue;
		if (str_is(word, "offline_access")) {
			ret->offline = true;
		} else if (remit_policy_scope_find(profile->policy, word.p, word.n, &scope) == REMIT_OK) {
			ret->known_count += !remit_scopes_has(&ret->known, scope);
			add_scope(&ret->known, scope);
		} else {
			ret->unknown_count++;
		}
	}
}

bool scopes_within(const struct profile *profile, const struct remit_scopes *part, const struct remit_scopes *whole)
{
	for (size_t i = 0; i < profile->scope_count; i++)
		if (remit_scopes_has(part, i) && !remit_scopes_cover(profile->policy, whole, i))
			return false;
	return true;
}

bool scopes_any(const struct profile *profile, const struct remit_scopes *set)
{
	for (size_t i = 0; i < remit_policy_words(profile->policy); i++)
		if (set->word[i])
			return true;
	return false;
}

const char *scopes_text(const struct profile *profile, const struct remit_scopes *set, struct arena *arena)
{
	size_t n = remit_scopes_text(profile->policy, set, " ", NULL, 0);
	char *text = arena_alloc(arena, n + 1);
	if (text)
		remit_scopes_text(profile->policy, set, " ", text, n + 1);
	return text;
}

void scopes_stored(const struct profile *profile, const char *text, struct remit_scopes *ret)
{
	struct wish wish;
	wish_read(profile, str_of(text), &wish);
	*ret = wish.known;
}

static bool has_star(const struct profile_preset *preset)
{
	for (size_t i = 0; i < preset->scope_count; i++)
		if (strcmp(preset->scopes[i], "*") == 0)
			return true;
	return false;
}

const struct profile_preset *oauth_default_preset(const struct profile *profile)
{
	const struct profile_preset *modest = NULL;
	for (size_t i = 0; i < profile->preset_count; i++) {
		const struct profile_preset *preset = &profile->presets[i];
		if (has_star(preset))
			continue;
		if (preset->is_default)
			return preset;
		if (!modest && strcmp(preset->handle, "read-only") == 0)
			modest = preset;
	}
	return modest;
}

void scopes_default(const struct profile *profile, struct remit_scopes *ret)
{
	const struct profile_preset *preset = oauth_default_preset(profile);
	*ret = preset ? preset->set : (struct remit_scopes){ { 0 } };
}

/* ---- Resources ---- */

const struct authority_api *api_named(const struct oauth *oauth, const char *name)
{
	for (size_t i = 0; name && i < oauth->authority->api_count; i++)
		if (strcmp(oauth->authority->apis[i].name, name) == 0)
			return &oauth->authority->apis[i];
	return NULL;
}

/* The rest of a URL behind the issuer; false where it is not below it. */
static bool below_issuer(const struct oauth *oauth, struct str url, struct str *ret)
{
	struct str issuer = str_of(oauth->issuer);
	if (!str_starts(url, issuer))
		return false;
	*ret = (struct str){ url.p + issuer.n, url.n - issuer.n };
	return true;
}

/* What the root's metadata is about. */
static const struct authority_api *root_api(const struct oauth *oauth)
{
	size_t root = oauth_root_api(oauth->authority);
	return root < oauth->authority->api_count ? &oauth->authority->apis[root] : NULL;
}

bool oauth_grants_api(const struct authority_api *api)
{
	return !authority_api_is_own(api->name);
}

size_t oauth_root_api(const struct authority *authority)
{
	for (size_t i = 0; i < authority->api_count; i++)
		if (authority->apis[i].profile->mcp_endpoint && oauth_grants_api(&authority->apis[i]))
			return i;
	return 0;
}

bool api_has_resource(const struct oauth *oauth, const struct authority_api *api, struct str url)
{
	struct str path;
	const struct profile *profile = api->profile;
	if (!below_issuer(oauth, url, &path))
		return false;
	/* What a program writes for a URL without a path. */
	if (path.n == 0 || str_is(path, "/"))
		return root_api(oauth) == api || (profile->rest_base && profile->rest_base[0] == '\0');
	return (profile->rest_base && str_is(path, profile->rest_base))
		|| (profile->mcp_endpoint && str_is(path, profile->mcp_endpoint));
}

const char *api_resource(const struct oauth *oauth, const struct authority_api *api, struct arena *arena)
{
	const struct profile *profile = api->profile;
	return arena_printf(arena, "%s%s", oauth->issuer,
		profile->rest_base ? profile->rest_base : profile->mcp_endpoint ? profile->mcp_endpoint : "");
}

static const struct authority_api *find_resource(const struct oauth *oauth, struct str url)
{
	for (size_t i = 0; i < oauth->authority->api_count; i++)
		if (oauth_grants_api(&oauth->authority->apis[i]) && api_has_resource(oauth, &oauth->authority->apis[i], url))
			return &oauth->authority->apis[i];
	return NULL;
}

/* The only API there is to be granted; NULL where there are several. */
static const struct authority_api *only_api(const struct oauth *oauth)
{
	const struct authority_api *only = NULL;
	for (size_t i = 0; i < oauth->authority->api_count; i++) {
		const struct authority_api *api = &oauth->authority->apis[i];
		if (!oauth_grants_api(api))
			continue;
		if (only)
			return NULL;
		only = api;
	}
	return only;
}

const struct authority_api *api_for(const struct oauth *oauth, const struct query *query,
	const struct client_row *client, const char **reterr)
{
	const struct authority_api *api = api_named(oauth, client->api);
	bool named = false;

	if (client->api && (!api || !oauth_grants_api(api))) {
		*reterr = "The client's API is not served here";
		return NULL;
	}
	for (size_t i = 0; i < query->count; i++) {
		if (!str_is(query->pairs[i].name, "resource"))
			continue;
		const struct authority_api *other = find_resource(oauth, query->pairs[i].value);
		if (!other || (api && other != api)) {
			*reterr = other ? "The resources are of different APIs, or not of the client's" :
				"There is no such resource here";
			return NULL;
		}
		api = other;
		named = true;
	}
	if (!api && !named)
		api = only_api(oauth);
	if (!api)
		*reterr = "There are several APIs here: name one by its resource";
	return api;
}
