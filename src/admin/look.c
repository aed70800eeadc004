/* SPDX-License-Identifier: Apache-2.0
 * What tokens can be made of, and what the gate would decide.
 * admin: may include base, core, wire, store, authority, profile, net, gate and services/service.h.
 */
#include "admin/internal.h"

#include "admin/explained.h"

#include <stdlib.h>

/* The APIs that are meant: the one that `api` names, or all but Remit's own, which is the last. */
static bool choose(struct admin_call *c, const struct authority_api **ret, size_t *ret_count)
{
	const char *name = NULL;
	if (!admin_query(c, "api", &name))
		return false;
	*ret = name ? admin_api(c, name) : c->authority->apis;
	*ret_count = name ? 1 : c->authority->api_count - 1;
	return *ret;
}

void list_scopes(struct admin_call *c)
{
	const struct authority_api *apis;
	size_t count;

	if (!choose(c, &apis, &count))
		return;
	json_t *list = json_array();
	for (size_t a = 0; list && a < count; a++)
		for (size_t i = 0; i < apis[a].profile->scope_count; i++)
			json_array_append_new(list, scope_json(&apis[a], i));
	admin_answer(c, 200, json_pack("{s:o}", "scopes", list));
}

void list_presets(struct admin_call *c)
{
	const struct authority_api *apis;
	size_t count;

	if (!choose(c, &apis, &count))
		return;
	json_t *list = json_array();
	for (size_t a = 0; list && a < count; a++)
		for (size_t i = 0; i < apis[a].profile->preset_count; i++)
			json_array_append_new(list, preset_json(&apis[a], i));
	admin_answer(c, 200, json_pack("{s:o}", "presets", list));
}

/* ---- Explain ---- */

/* A body, or a tool's arguments: a text of JSON, or JSON itself. */
static bool read_json(struct admin_call *c, const json_t *value, const char **ret)
{
	const char *text = json_string_value(value);
	char *made = value && !text ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	if (value)
		*ret = arena_copy(c->arena, str_of(text ? text : made ? made : ""));
	free(made);
	if (value && !*ret)
		admin_refuse_stored(c, STORE_NO_MEMORY);
	return !value || *ret;
}

static bool check_question(struct admin_call *c, const struct explained_ask *ask)
{
	if (ask->token_id && ask->token_text)
		admin_invalid(c, "Give \"token_id\" or \"token\", not both.");
	else if (ask->tool ? ask->method || ask->target : !ask->method || !ask->target)
		admin_invalid(c, "Give \"method\" and \"target\", or \"tool\".");
	else
		return true;
	return false;
}

/* Whoever may not see a token is told nothing of what it may do. */
static bool may_ask(struct admin_call *c, const struct explained_ask *ask)
{
	struct authority_error error;
	struct token_row row;

	if (!c->has_ceiling)
		return true;
	if (ask->token_text && !ask->token_id) {
		service_fail(c->call, 403, "ceiling", "A token with a ceiling asks by a token's id");
		return false;
	}
	if (!ask->token_id || authority_token_get(c->authority, ask->token_id, c->arena, &row, &error) != AUTHORITY_OK ||
		authority_ceiling_sees(&c->ceiling, &row))
		return true;
	service_fail(c->call, 404, "not_found", "There is no token with the id %s.", row.id.text);
	return false;
}

void explain(struct admin_call *c)
{
	struct explained_ask ask = { .authority = c->authority, .now_ms = c->call->now_ms };
	const char *name = NULL;
	json_t *json = NULL;
	const struct member members[] = {
		{ "api", MEMBER_TEXT, false, &name }, { "token_id", MEMBER_TEXT, false, &ask.token_id },
		{ "token", MEMBER_TEXT, false, &ask.token_text }, { "method", MEMBER_TEXT, false, &ask.method },
		{ "target", MEMBER_TEXT, false, &ask.target }, { "tool", MEMBER_TEXT, false, &ask.tool },
		{ "json", MEMBER_ANY, false, &json },
	};
	struct authority_error error;
	struct explained explained;

	if (!ADMIN_MEMBERS(c, members) || !check_question(c, &ask) || !may_ask(c, &ask) ||
		!read_json(c, json, &ask.json) || !(ask.api = admin_api(c, name)))
		return;
	const size_t place = (size_t)(ask.api - c->authority->apis);
	const bool is_own = place == c->admin->config->api_count;
	const struct service *service = is_own ? &c->admin->service : c->admin->apis[place].service;
	ask.is_upstream = !service;
	ask.has_no_projects = service && !service->judges_projects;
	enum authority_status status = explain_ask(&ask, c->arena, &explained, &error);
	if (status == AUTHORITY_OK)
		admin_answer(c, 200, explained_json(&explained));
	else
		admin_refuse(c, status, &error);
}
