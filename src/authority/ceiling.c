/* SPDX-License-Identifier: Apache-2.0
 * Ceilings: what a token of Remit's own API may make and touch, stated when it is made (D26). No scope
 * and no later change makes one wider.
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/internal.h"

#include "base/buf.h"
#include "base/limits.h"

#include <jansson.h>

bool authority_api_is_own(const char *api)
{
	return strcmp(api, CONFIG_OWN_API) == 0;
}

/* ---- As a text in the store ---- */

static void write_names(struct buf *out, const char *key, const char *const *names, size_t count)
{
	buf_add_char(out, '"');
	buf_add_text(out, key);
	buf_add_text(out, "\":[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		buf_add_json(out, str_of(names[i]));
	}
	buf_add_text(out, "],");
}

const char *ceiling_text(const struct token_ceiling *ceiling, struct arena *arena)
{
	const char *text = NULL;
	struct buf out;

	buf_init(&out, LIMIT_CEILING_BYTES);
	buf_add_char(&out, '{');
	write_names(&out, "apis", ceiling->apis, ceiling->api_count);
	write_names(&out, "scopes", ceiling->scopes, ceiling->scope_count);
	buf_add_text(&out, "\"project\":");
	if (ceiling->project)
		buf_add_json(&out, str_of(ceiling->project));
	else
		buf_add_text(&out, "null");
	buf_add_char(&out, '}');
	if (!out.failed)
		text = arena_copy(arena, buf_str(&out));
	buf_done(&out);
	return text;
}

/* False where it is no list of texts, or without memory. */
static bool read_names(const json_t *array, struct arena *arena, const char *const **ret, size_t *ret_count)
{
	const size_t count = json_array_size(array);
	const char **names = arena_alloc(arena, (count + 1) * sizeof(*names));

	for (size_t i = 0; names && i < count; i++) {
		const char *name = json_string_value(json_array_get(array, i));
		names[i] = name ? arena_copy(arena, str_of(name)) : NULL;
		if (!names[i])
			return false;
	}
	*ret = names;
	*ret_count = count;
	return names && json_is_array(array);
}

bool authority_ceiling_read(const char *text, struct arena *arena, struct token_ceiling *ret)
{
	struct token_ceiling ceiling = { 0 };
	json_t *json = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const char *project = json_string_value(json_object_get(json, "project"));

	bool good = read_names(json_object_get(json, "apis"), arena, &ceiling.apis, &ceiling.api_count) &&
		read_names(json_object_get(json, "scopes"), arena, &ceiling.scopes, &ceiling.scope_count);
	if (good && project) {
		ceiling.project = arena_copy(arena, str_of(project));
		good = ceiling.project != NULL;
	}
	json_decref(json);
	if (good)
		*ret = ceiling;
	return good;
}

/* ---- What it allows ---- */

bool authority_ceiling_has_api(const struct token_ceiling *ceiling, const char *api)
{
	for (size_t i = 0; i < ceiling->api_count; i++)
		if (strcmp(ceiling->apis[i], api) == 0)
			return !authority_api_is_own(api);
	return false;
}

/* Its names that the API has; what it has not is another's. */
static struct remit_scopes scopes_of(const struct token_ceiling *ceiling, const struct remit_policy *policy)
{
	struct remit_scopes set = { { 0 } };
	for (size_t i = 0; i < ceiling->scope_count; i++) {
		size_t scope;
		if (remit_policy_scope_find(policy, ceiling->scopes[i], strlen(ceiling->scopes[i]), &scope) == REMIT_OK)
			set.word[scope / 64] |= UINT64_C(1) << (scope % 64);
	}
	return set;
}

/* A name that the API no longer has is beyond every ceiling: nobody knows what it will mean. */
static bool covers(const struct remit_policy *policy, const struct remit_scopes *ceiling, struct str name)
{
	size_t scope;
	return remit_policy_scope_find(policy, name.p, name.n, &scope) == REMIT_OK &&
		remit_scopes_cover(policy, ceiling, scope);
}

void ceiling_judge(struct faults *faults, const struct token_ceiling *ceiling, const struct authority_api *api,
	const char *scopes, const char *project)
{
	struct str rest = str_of(scopes), name;

	if (!authority_ceiling_has_api(ceiling, api->name)) {
		faults_add(faults, "API %s is beyond the ceiling of the token that asks.", api->name);
		return;
	}
	const struct remit_scopes set = scopes_of(ceiling, api->profile->policy);
	while (rest.n > 0) {
		str_cut(&rest, ' ', &name);
		if (name.n > 0 && !covers(api->profile->policy, &set, name))
			faults_add(faults, "The scope \"%.*s\" is beyond the ceiling of the token that asks.",
				(int)(name.n > 80 ? 80 : name.n), name.p);
	}
	if (ceiling->project && (!project || strcmp(ceiling->project, project) != 0))
		faults_add(faults, "The ceiling of the token that asks is the project %s.", ceiling->project);
}

bool authority_ceiling_sees(const struct token_ceiling *ceiling, const struct token_row *token)
{
	return authority_ceiling_has_api(ceiling, token->api) &&
		(!ceiling->project || strcmp(ceiling->project, token->project.text) == 0);
}

enum authority_status authority_ceiling_check(const struct authority *a, const struct token_ceiling *ceiling,
	const struct token_row *token, struct authority_error *reterr)
{
	struct faults faults = { .err = reterr };
	const struct authority_api *api = authority_api(a, token->api, reterr);

	if (!api)
		return AUTHORITY_NOT_FOUND;
	ceiling_judge(&faults, ceiling, api, token->scopes, id_is_set(&token->project) ? token->project.text : NULL);
	return faults.count > 0 ? AUTHORITY_INVALID : AUTHORITY_OK;
}

/* ---- When it is stated ---- */

static bool is_known_scope(const struct authority *a, const struct token_ceiling *ceiling, const char *name)
{
	struct authority_error error;
	for (size_t i = 0; i < ceiling->api_count; i++) {
		const struct authority_api *api = authority_api(a, ceiling->apis[i], &error);
		size_t scope;
		if (api && remit_policy_scope_find(api->profile->policy, name, strlen(name), &scope) == REMIT_OK)
			return true;
	}
	return false;
}

static void check_project(struct faults *faults, const struct authority *a, const struct token_ceiling *ceiling)
{
	struct authority_error error;
	struct project_row project;
	struct arena arena;

	arena_init(&arena, 0);
	if (project_get(a, ceiling->project, &arena, &project, &error) != AUTHORITY_OK)
		faults_add(faults, "%s", error.text);
	else if (ceiling->api_count != 1 || strcmp(ceiling->apis[0], project.api) != 0)
		faults_add(faults, "The ceiling's project is one of API %s: it must be the ceiling's only API.", project.api);
	arena_done(&arena);
}

void ceiling_check_stated(struct faults *faults, const struct authority *a, const struct token_ceiling *ceiling)
{
	struct authority_error error;

	if (ceiling->api_count == 0)
		faults_add(faults, "A ceiling names at least one API.");
	for (size_t i = 0; i < ceiling->api_count; i++) {
		if (authority_api_is_own(ceiling->apis[i]))
			faults_add(faults, "No token makes tokens of API " CONFIG_OWN_API ".");
		else if (!authority_api(a, ceiling->apis[i], &error))
			faults_add(faults, "%s", error.text);
	}
	for (size_t i = 0; i < ceiling->scope_count; i++)
		if (!is_known_scope(a, ceiling, ceiling->scopes[i]))
			faults_add(faults, "No API of the ceiling has the scope \"%.80s\".", ceiling->scopes[i]);
	if (ceiling->project)
		check_project(faults, a, ceiling);
}
