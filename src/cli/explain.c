/* SPDX-License-Identifier: Apache-2.0
 * remit explain: what the gate would decide, and why.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/rows.h"

#include "gate/explain.h"
#include <sodium.h>

#define TEXT_ROOM 256

struct explaining {
	struct cli *cli;
	const struct authority_api *api;
	struct explain_question question;
	struct explain_answer answer;
	struct token_row token;
	struct user_row owner;
	enum remit_reason unknown; /* not ALLOWED: the text itself is no good */
};

static enum cli_exit find_by_text(struct explaining *e)
{
	char text[TEXT_ROOM];
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct remit_token_form form;
	enum cli_exit status = cli_read_secret(e->cli, "Token", sizeof(text), text);

	if (status != CLI_DONE)
		return status;
	const size_t n = strlen(text);
	const bool formed = remit_token_check(text, n, &form) == REMIT_OK ||
		(e->api->profile->accept_alnum64 && remit_token_is_alnum64(text, n));
	crypto_hash_sha256(digest, (const uint8_t *)text, n);
	sodium_memzero(text, sizeof(text));
	if (!formed) {
		e->unknown = REMIT_TOKEN_MALFORMED;
		return CLI_DONE;
	}
	enum store_status found = store_token_find(e->cli->store, digest, &e->cli->arena, &e->token);
	if (found == STORE_OK)
		e->question.token = &e->token;
	else if (found == STORE_NOT_FOUND)
		e->unknown = REMIT_TOKEN_UNKNOWN;
	else
		return cli_store_failed(e->cli, found);
	return CLI_DONE;
}

static enum cli_exit find_token(struct explaining *e)
{
	struct cli *cli = e->cli;
	struct authority_error error;
	const char *id = cli_value(cli, "token-id");

	if (id) {
		enum authority_status got =
			authority_token_get(&cli->authority, id, &cli->arena, &e->token, &error);
		if (got != AUTHORITY_OK)
			return cli_refuse(cli, got, &error);
		e->question.token = &e->token;
	} else if (cli_flag(cli, "token-stdin")) {
		enum cli_exit status = find_by_text(e);
		if (status != CLI_DONE)
			return status;
	}
	if (!e->question.token)
		return CLI_DONE;
	enum store_status found = cli_token_owner(cli, &e->token, &e->owner, &e->question.ceiling);
	if (found == STORE_OK)
		e->question.owner = &e->owner;
	return found == STORE_OK || found == STORE_NOT_FOUND ? CLI_DONE : cli_store_failed(cli, found);
}

static const char *scopes_text(struct explaining *e, const struct remit_scopes *set)
{
	const struct remit_policy *policy = e->api->profile->policy;
	size_t n = remit_scopes_text(policy, set, " ", NULL, 0);
	char *text = arena_alloc(&e->cli->arena, n + 1);
	if (text)
		remit_scopes_text(policy, set, " ", text, n + 1);
	return text ? text : "";
}

/* Whether a preset covers every scope of a set. */
static bool preset_covers(const struct profile *profile, const struct profile_preset *preset,
	const struct remit_scopes *needed)
{
	struct remit_scopes set = { { 0 } };
	if (remit_scopes_from_names(profile->policy, preset->scopes, preset->scope_count, &set, NULL) !=
		REMIT_OK)
		return false;
	for (size_t i = 0; i < remit_policy_scopes(profile->policy); i++)
		if (remit_scopes_has(needed, i) && !remit_scopes_cover(profile->policy, &set, i))
			return false;
	return true;
}

/* The presets that would do, with a space between. */
static const char *presets_text(struct explaining *e)
{
	const struct profile *profile = e->api->profile;
	const char *text = "";
	for (size_t i = 0; text && i < profile->preset_count; i++)
		if (preset_covers(profile, &profile->presets[i], &e->answer.decision.needed))
			text = arena_printf(&e->cli->arena, "%s%s%s", text, *text ? " " : "",
				profile->presets[i].handle);
	return text ? text : "";
}

static const char *rule_place(struct explaining *e)
{
	const struct profile *profile = e->api->profile;
	if (e->answer.operation == REMIT_NO_OPERATION)
		return NULL;
	const bool builtin = profile_builtin_text(profile->file).p != NULL;
	return arena_printf(&e->cli->arena, builtin ? "profiles/%s.yaml:%u" : "%s:%u", profile->file,
		profile->operation_lines[e->answer.operation]);
}

/* What an operation asks for in words: "stories:write + stories:publish", "a or (b + c)", "any valid token".
 */
static const char *need_text(struct explaining *e)
{
	const struct remit_policy *policy = e->api->profile->policy;
	const struct remit_operation *op = remit_policy_operation(policy, e->answer.operation);
	struct arena *arena = &e->cli->arena;
	const char *text = "";
	struct remit_scopes set;

	if (!op)
		return "nothing maps it: refused for every token";
	for (size_t part = 0;
		text && remit_policy_need(policy, e->answer.operation, e->answer.whens, part, 0, &set);
		part++) {
		if (part > 0)
			text = arena_printf(arena, "%s, and ", text);
		for (size_t alt = 0; text &&
			remit_policy_need(policy, e->answer.operation, e->answer.whens, part, alt, &set);
			alt++) {
			char words[1024];
			remit_scopes_text(policy, &set, " + ", words, sizeof(words));
			text = arena_printf(arena, "%s%s%s", text, alt > 0 ? " or " : "", words);
		}
	}
	if (text && *text)
		return text;
	return op->need == REMIT_NEED_PUBLIC ? "nothing: it is public" : "any valid token of the API";
}

static enum cli_exit print(struct explaining *e)
{
	struct cli *cli = e->cli;
	const enum remit_reason reason = e->answer.decision.reason;
	const bool allowed = reason == REMIT_ALLOWED,
		   lacks = reason == REMIT_SCOPE_MISSING || reason == REMIT_OWNER_FORBIDDEN;
	const struct remit_operation *op =
		remit_policy_operation(e->api->profile->policy, e->answer.operation);
	const char *missing = lacks ? scopes_text(e, &e->answer.decision.missing) : "";
	const char *presets = reason == REMIT_SCOPE_MISSING ? presets_text(e) : "";
	const char *has = e->question.token ? e->token.scopes : "";

	if (cli->json) {
		enum cli_exit status = cli_print_json(cli,
			json_pack("{s:b, s:s, s:o, s:o, s:s, s:o, s:o, s:o}", "allowed", allowed, "reason",
				remit_reason_text(reason), "operation", json_text(op ? op->text : NULL),
				"rule", json_text(rule_place(e)), "asks_for", need_text(e), "token_has",
				json_words(has), "missing", json_words(missing), "presets",
				json_words(presets)));
		return status == CLI_DONE && !allowed ? CLI_REFUSED : status;
	}
	printf("%s%s%s (%s)\n", style_on(&cli->out, allowed ? STYLE_GOOD : STYLE_BAD),
		allowed ? "allowed" : "refused", style_off(&cli->out, allowed ? STYLE_GOOD : STYLE_BAD),
		remit_reason_text(reason));
	struct table table;
	table_init(&table, &cli->arena, NULL, 2);
	table_add(&table, (const char *[]){ "operation", op ? op->text : "none" });
	table_add(&table, (const char *[]){ "rule", rule_place(e) });
	table_add(&table, (const char *[]){ "asks for", need_text(e) });
	table_add(&table,
		(const char *[]){ "token has",
			e->unknown != REMIT_ALLOWED  ? "the store has no such token" :
				!e->question.token ? "no token was given" :
				*has               ? has :
						     "no scopes" });
	if (*missing)
		table_add(&table, (const char *[]){ "missing", missing });
	if (*presets)
		table_add(&table, (const char *[]){ "would do", presets });
	if (*e->answer.project)
		table_add(&table, (const char *[]){ "project", e->answer.project });
	struct screen wide = cli->out;
	wide.width = 0;
	table_print(&table, &wide);
	return allowed ? CLI_DONE : CLI_REFUSED;
}

static enum cli_exit read_operation(struct explaining *e)
{
	struct cli *cli = e->cli;
	const bool tool = strcmp(cli->args[0], "tool") == 0;

	if (cli_value(cli, "token-id") && cli_flag(cli, "token-stdin"))
		return cli_misused(cli, "give --token-id or --token-stdin, not both.");
	if (tool)
		e->question.tool = cli->args[1];
	else {
		e->question.method = cli->args[0];
		e->question.target = cli->args[1];
	}
	e->question.json = cli->arg_count > 2 ? cli->args[2] : NULL;
	return CLI_DONE;
}

static enum cli_exit run(struct cli *cli)
{
	struct explaining e = { .cli = cli };
	enum cli_exit status = read_operation(&e);

	if (status == CLI_DONE)
		status = cli_open_store(cli);
	if (status != CLI_DONE)
		return status;
	e.api = cli_api(cli);
	if (!e.api)
		return cli_value(cli, "api") ? CLI_REFUSED : CLI_USAGE;
	status = find_token(&e);
	if (status != CLI_DONE)
		return status;
	e.question.profile = e.api->profile;
	e.question.api = e.api->name;
	const struct config_api *config = config_api(cli->config, e.api->name);
	e.question.is_upstream = config && config->upstream_count > 0;
	e.question.now_ms = cli->actor.now_ms;
	gate_explain(&e.question, &cli->arena, &e.answer);
	if (*e.answer.problem)
		return cli_fail(cli, CLI_REFUSED, "%s", e.answer.problem);
	if (e.unknown != REMIT_ALLOWED && e.answer.decision.reason != REMIT_ALLOWED)
		e.answer.decision.reason = e.unknown;
	return print(&e);
}

const struct cli_command command_explain = {
	.path = "explain",
	.summary = "tell what the gate would decide, and why",
	.arguments = "METHOD TARGET [JSON] | tool NAME [JSON]",
	.args_min = 2,
	.args_max = 3,
	.options =
		(const struct cli_option[]){
			{ "api", "API", "the API that is asked; may be left out where there is one" },
			{ "token-id", "ID", "the token that asks" },
			{ "token-stdin", NULL, "the token that asks, its text read from stdin" },
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "remit explain --token-id 0199b2f0-5c1e-7abc-8def-0123456789ab GET "
			  "/api/v1/projects",
				"may it list projects?" },
			{ "remit explain --token-stdin POST /api/v1/stories "
			  "'{\"scheduled_at\":\"2027-01-31T12:00:00Z\"}' < token.txt",
				"what a body changes" },
			{ "remit explain POST /api/v1/media", "without a token: what it asks for" },
			{ 0 },
		},
	.details = "Names the rule by file and line, what it asks for, what the token has, what is missing, "
		   "and which presets would do. "
		   "Exit status 0 where it is allowed, 1 where it is refused.",
	.run = run,
};
