/* SPDX-License-Identifier: Apache-2.0
 * Finding the token, asking the gate's own code, and putting its answer into words.
 * admin: may include base, core, wire, store, authority, profile, net, gate and services/service.h.
 */
#include "admin/explained.h"

#include "admin/rows.h"

#include <sodium.h>
#include <stdio.h>

struct explaining {
	const struct explained_ask *ask;
	struct arena *arena;
	struct explain_question question;
	struct explain_answer answer;
	struct token_row token;
	struct user_row owner;
	enum remit_reason unknown; /* not ALLOWED: the text itself is no good */
};

/* ---- The token ---- */

static enum authority_status unavailable(struct authority_error *reterr, enum store_status status)
{
	snprintf(reterr->text, sizeof(reterr->text), "Nothing was done: %s.", store_status_text(status));
	return AUTHORITY_UNAVAILABLE;
}

static enum authority_status find_by_text(struct explaining *e, struct authority_error *reterr)
{
	const char *text = e->ask->token_text;
	const size_t n = strlen(text);
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct remit_token_form form;

	if (remit_token_check(text, n, &form) != REMIT_OK &&
		!(e->ask->api->profile->accept_alnum64 && remit_token_is_alnum64(text, n))) {
		e->unknown = REMIT_TOKEN_MALFORMED;
		return AUTHORITY_OK;
	}
	crypto_hash_sha256(digest, (const uint8_t *)text, n);
	enum store_status found = store_token_find(e->ask->authority->store, digest, e->arena, &e->token);
	if (found == STORE_OK)
		e->question.token = &e->token;
	else if (found == STORE_NOT_FOUND)
		e->unknown = REMIT_TOKEN_UNKNOWN;
	else
		return unavailable(reterr, found);
	return AUTHORITY_OK;
}

static enum authority_status find_token(struct explaining *e, struct authority_error *reterr)
{
	const struct explained_ask *ask = e->ask;
	enum authority_status status = AUTHORITY_OK;

	if (ask->token_id) {
		status = authority_token_get(ask->authority, ask->token_id, e->arena, &e->token, reterr);
		e->question.token = &e->token;
	} else if (ask->token_text) {
		status = find_by_text(e, reterr);
	}
	if (status != AUTHORITY_OK || !e->question.token)
		return status;
	enum store_status found =
		authority_token_owner(ask->authority, &e->token, e->arena, &e->owner, &e->question.ceiling);
	if (found == STORE_OK)
		e->question.owner = &e->owner;
	return found == STORE_OK || found == STORE_NOT_FOUND ? AUTHORITY_OK : unavailable(reterr, found);
}

/* ---- In words ---- */

static const char *scopes_words(struct explaining *e, const struct remit_scopes *set)
{
	const struct remit_policy *policy = e->ask->api->profile->policy;
	size_t n = remit_scopes_text(policy, set, " ", NULL, 0);
	char *text = arena_alloc(e->arena, n + 1);
	if (text)
		remit_scopes_text(policy, set, " ", text, n + 1);
	return text ? text : "";
}

/* The presets that would do, with a space between. */
static const char *presets_words(struct explaining *e)
{
	const struct profile *profile = e->ask->api->profile;
	const char *text = "";
	for (size_t i = 0; text && i < profile->preset_count; i++)
		if (profile_preset_covers(profile, &profile->presets[i], &e->answer.decision.needed))
			text = arena_printf(e->arena, "%s%s%s", text, *text ? " " : "", profile->presets[i].handle);
	return text ? text : "";
}

static const char *rule_place(struct explaining *e)
{
	const struct profile *profile = e->ask->api->profile;
	if (e->answer.operation == REMIT_NO_OPERATION)
		return NULL;
	const bool builtin = profile_builtin_text(profile->file).p != NULL;
	return arena_printf(e->arena, builtin ? "profiles/%s.yaml:%u" : "%s:%u", profile->file,
		profile->operation_lines[e->answer.operation]);
}

/* What an operation asks for: "stories:write + stories:publish", "a or (b + c)", "any valid token". */
static const char *need_words(struct explaining *e)
{
	const struct remit_policy *policy = e->ask->api->profile->policy;
	const struct remit_operation *op = remit_policy_operation(policy, e->answer.operation);
	const char *text = "";
	struct remit_scopes set;

	if (!op)
		return "nothing maps it: refused for every token";
	for (size_t part = 0;
		text && remit_policy_need(policy, e->answer.operation, e->answer.whens, part, 0, &set);
		part++) {
		if (part > 0)
			text = arena_printf(e->arena, "%s, and ", text);
		for (size_t alt = 0; text &&
			remit_policy_need(policy, e->answer.operation, e->answer.whens, part, alt, &set);
			alt++) {
			char words[1024];
			remit_scopes_text(policy, &set, " + ", words, sizeof(words));
			text = arena_printf(e->arena, "%s%s%s", text, alt > 0 ? " or " : "", words);
		}
	}
	if (text && *text)
		return text;
	return op->need == REMIT_NEED_PUBLIC ? "nothing: it is public" : "any valid token of the API";
}

static void put_into_words(struct explaining *e, struct explained *ret)
{
	const enum remit_reason reason = e->answer.decision.reason;
	const bool lacks = reason == REMIT_SCOPE_MISSING || reason == REMIT_OWNER_FORBIDDEN;
	const struct remit_operation *op =
		remit_policy_operation(e->ask->api->profile->policy, e->answer.operation);

	*ret = (struct explained){
		.allowed = reason == REMIT_ALLOWED,
		.reason = remit_reason_text(reason),
		.operation = op ? op->text : NULL,
		.rule = rule_place(e),
		.asks_for = need_words(e),
		.has = e->question.token ? e->token.scopes : "",
		.token = e->unknown != REMIT_ALLOWED ? "unknown" : e->question.token ? "found" : "none",
		.missing = lacks ? scopes_words(e, &e->answer.decision.missing) : "",
		.presets = reason == REMIT_SCOPE_MISSING ? presets_words(e) : "",
		.project = arena_copy(e->arena, str_of(e->answer.project)),
	};
}

enum authority_status explain_ask(const struct explained_ask *ask, struct arena *arena, struct explained *ret,
	struct authority_error *reterr)
{
	struct explaining e = { .ask = ask, .arena = arena };
	enum authority_status status = find_token(&e, reterr);

	if (status != AUTHORITY_OK)
		return status;
	e.question.profile = ask->api->profile;
	e.question.api = ask->api->name;
	e.question.is_upstream = ask->is_upstream;
	e.question.has_no_projects = ask->has_no_projects;
	e.question.now_ms = ask->now_ms;
	e.question.method = ask->method;
	e.question.target = ask->target;
	e.question.tool = ask->tool;
	e.question.json = ask->json;
	gate_explain(&e.question, arena, &e.answer);
	if (*e.answer.problem) {
		snprintf(reterr->text, sizeof(reterr->text), "%s", e.answer.problem);
		return AUTHORITY_INVALID;
	}
	if (e.unknown != REMIT_ALLOWED && e.answer.decision.reason != REMIT_ALLOWED)
		e.answer.decision.reason = e.unknown;
	put_into_words(&e, ret);
	return AUTHORITY_OK;
}

json_t *explained_json(const struct explained *e)
{
	return json_pack("{s:b, s:s, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o}", "allowed", e->allowed, "reason",
		e->reason, "operation", json_text(e->operation), "rule", json_text(e->rule), "asks_for",
		e->asks_for, "token", e->token, "token_has", json_words(e->has), "missing",
		json_words(e->missing), "presets", json_words(e->presets), "project", json_text(e->project));
}
