/* SPDX-License-Identifier: Apache-2.0
 * remit explain: what the gate would decide, and why.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/rows.h"
#include "cli/services.h"

#include "admin/explained.h"
#include <sodium.h>

#define TEXT_ROOM 256

static enum cli_exit print(struct cli *cli, const struct explained *e)
{
	const enum style style = e->allowed ? STYLE_GOOD : STYLE_BAD;
	struct table table;

	if (cli->json) {
		enum cli_exit status = cli_print_json(cli, explained_json(e));
		return status == CLI_DONE && !e->allowed ? CLI_REFUSED : status;
	}
	printf("%s%s%s (%s)\n", style_on(&cli->out, style), e->allowed ? "allowed" : "refused",
		style_off(&cli->out, style), e->reason);
	table_init(&table, &cli->arena, NULL, 2);
	table_add(&table, (const char *[]){ "operation", e->operation ? e->operation : "none" });
	table_add(&table, (const char *[]){ "rule", e->rule });
	table_add(&table, (const char *[]){ "asks for", e->asks_for });
	table_add(&table, (const char *[]){ "token has",
		strcmp(e->token, "unknown") == 0 ? "the store has no such token" :
			strcmp(e->token, "none") == 0 ? "no token was given" : *e->has ? e->has : "no scopes" });
	if (*e->missing)
		table_add(&table, (const char *[]){ "missing", e->missing });
	if (*e->presets)
		table_add(&table, (const char *[]){ "would do", e->presets });
	if (e->project && *e->project)
		table_add(&table, (const char *[]){ "project", e->project });
	struct screen wide = cli->out;
	wide.width = 0;
	table_print(&table, &wide);
	return e->allowed ? CLI_DONE : CLI_REFUSED;
}

/* What is asked, but for the API. `text` is room for a token that comes by stdin: the caller wipes it. */
static enum cli_exit read_question(struct cli *cli, struct explained_ask *ask, char text[static TEXT_ROOM])
{
	const bool tool = strcmp(cli->args[0], "tool") == 0;

	ask->token_id = cli_value(cli, "token-id");
	if (ask->token_id && cli_flag(cli, "token-stdin"))
		return cli_misused(cli, "give --token-id or --token-stdin, not both.");
	if (tool)
		ask->tool = cli->args[1];
	else {
		ask->method = cli->args[0];
		ask->target = cli->args[1];
	}
	ask->json = cli->arg_count > 2 ? cli->args[2] : NULL;
	if (!cli_flag(cli, "token-stdin"))
		return CLI_DONE;
	ask->token_text = text;
	return cli_read_secret(cli, "Token", TEXT_ROOM, text);
}

static enum cli_exit ask_here(struct cli *cli, struct explained_ask *ask)
{
	struct explained explained;
	struct authority_error error;

	ask->authority = &cli->authority;
	ask->api = cli_api(cli);
	if (!ask->api)
		return cli_value(cli, "api") ? CLI_REFUSED : CLI_USAGE;
	const struct config_api *config = config_api(cli->config, ask->api->name);
	struct service service;
	ask->is_upstream = config && config->upstream_count > 0;
	ask->has_no_projects = config && services_describe(config, &service) && !service.judges_projects;
	ask->now_ms = cli->actor.now_ms;
	enum authority_status status = explain_ask(ask, &cli->arena, &explained, &error);
	if (status == AUTHORITY_INVALID)
		return cli_fail(cli, CLI_REFUSED, "%s", error.text);
	return status == AUTHORITY_OK ? print(cli, &explained) : cli_refuse(cli, status, &error);
}

static enum cli_exit run(struct cli *cli)
{
	struct explained_ask ask = { 0 };
	char text[TEXT_ROOM];
	enum cli_exit status = cli_open_store(cli);

	if (status == CLI_DONE)
		status = read_question(cli, &ask, text);
	if (status == CLI_DONE)
		status = ask_here(cli, &ask);
	sodium_memzero(text, sizeof(text));
	return status;
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
