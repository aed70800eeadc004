/* SPDX-License-Identifier: Apache-2.0
 * remit token revoke, edit, shrink, prune: a token ends or gets narrower. Each returns when every
 * running server has applied it.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/rows.h"

#include "base/clock.h"

static enum cli_exit finish(struct cli *cli, int64_t revision, const char *done)
{
	enum cli_exit status = cli_settle(cli, revision);
	if (status != CLI_DONE)
		return status;
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:s, s:b}", "id", cli->args[0], done, 1));
	cli_note(cli, "The token is %s, and every running server knows.", done);
	return CLI_DONE;
}

static enum cli_exit run_revoke(struct cli *cli)
{
	struct authority_error error;
	int64_t revision;
	enum cli_exit opened = cli_open_store(cli);

	if (opened != CLI_DONE)
		return opened;
	enum authority_status status = authority_token_revoke(&cli->authority, cli->args[0],
		cli_value(cli, "why"), &cli->actor, &revision, &error);
	return status == AUTHORITY_OK ? finish(cli, revision, "revoked") : cli_refuse(cli, status, &error);
}

static enum cli_exit run_edit(struct cli *cli)
{
	struct token_edit edit = { .name = cli_value(cli, "name") };
	const char *rate = cli_value(cli, "rate"), *expires = cli_value(cli, "expires");
	struct authority_error error;
	int64_t revision;
	enum cli_exit exit_status = CLI_DONE;

	if (!edit.name && !rate && !expires)
		return cli_misused(cli, "say what to change: --name, --rate or --expires.");
	edit.set_rate = rate != NULL;
	edit.set_expiry = expires != NULL;
	if (rate && strcmp(rate, "default") != 0)
		exit_status = cli_rate(cli, rate, &edit.rate);
	if (exit_status == CLI_DONE && expires)
		exit_status = cli_expiry(cli, expires, &edit.expires_ms);
	if (exit_status == CLI_DONE)
		exit_status = cli_open_store(cli);
	if (exit_status != CLI_DONE)
		return exit_status;
	enum authority_status status =
		authority_token_edit(&cli->authority, cli->args[0], &edit, &cli->actor, &revision, &error);
	return status == AUTHORITY_OK ? finish(cli, revision, "changed") : cli_refuse(cli, status, &error);
}

static enum cli_exit run_shrink(struct cli *cli)
{
	size_t keep_count, remove_count, count;
	const char *const *keep = cli_values(cli, "keep", &keep_count),
			  *const *remove = cli_values(cli, "remove", &remove_count);
	struct authority_error error;
	struct token_row row;
	int64_t revision;

	if ((keep_count > 0) == (remove_count > 0))
		return cli_misused(cli, "give --keep or --remove, and not both.");
	enum cli_exit opened = cli_open_store(cli);
	if (opened != CLI_DONE)
		return opened;
	count = keep_count;
	if (remove_count > 0) {
		enum authority_status got =
			authority_token_get(&cli->authority, cli->args[0], &cli->arena, &row, &error);
		if (got != AUTHORITY_OK)
			return cli_refuse(cli, got, &error);
		keep = scopes_without(row.scopes, remove, remove_count, &cli->arena, &count);
		if (!keep)
			return cli_fail(cli, CLI_REFUSED, "there is no memory.");
	}
	enum authority_status status = authority_token_shrink(&cli->authority, cli->args[0], keep, count,
		&cli->actor, &revision, &error);
	return status == AUTHORITY_OK ? finish(cli, revision, "shrunk") : cli_refuse(cli, status, &error);
}

static enum cli_exit run_prune(struct cli *cli)
{
	const char *older = cli_value(cli, "older-than");
	struct authority_error error;
	int64_t older_ms, count;

	if (!duration_from_text(str_of(older ? older : "30d"), &older_ms))
		return cli_misused(cli, "--older-than takes a duration: 30d, 12h.");
	enum cli_exit opened = cli_open_store(cli);
	if (opened != CLI_DONE)
		return opened;
	enum authority_status status =
		authority_token_prune(&cli->authority, older_ms, &cli->actor, &count, &error);
	if (status != AUTHORITY_OK)
		return cli_refuse(cli, status, &error);
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:I}", "forgotten", (json_int_t)count));
	cli_note(cli, "%lld token%s forgotten.", (long long)count, count == 1 ? "" : "s");
	return CLI_DONE;
}

#define EXAMPLE_ID "0199b2f0-5c1e-7abc-8def-0123456789ab"

const struct cli_command command_token_revoke = {
	.path = "token revoke",
	.summary = "end a token at once",
	.arguments = "ID",
	.args_min = 1,
	.args_max = 1,
	.options =
		(const struct cli_option[]){ { "why", "TEXT", "kept with the token, for whoever asks later" },
			{ 0 } },
	.examples =
		(const struct cli_example[]){
			{ "remit token revoke " EXAMPLE_ID " --why \"leaked in a log\"",
				"it is dead when this returns" },
			{ 0 },
		},
	.details = "Returns when every running server has applied it; exit status 1 names one that did not. "
		   "What it was stays to be "
		   "seen by `remit token show`, until `remit token prune`.",
	.run = run_revoke,
};

const struct cli_command command_token_edit = {
	.path = "token edit",
	.summary = "change a token's name or rate, or bring its expiry forward",
	.arguments = "ID",
	.args_min = 1,
	.args_max = 1,
	.options =
		(const struct cli_option[]){
			{ "name", "NAME", "a new name" },
			{ "rate", "N", "requests a minute, off, or default" },
			{ "expires", "WHEN", "sooner than now set: 7d, or a time (RFC 3339)" },
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "remit token edit " EXAMPLE_ID " --name \"old laptop\" --expires 7d",
				"it ends in a week" },
			{ "remit token edit " EXAMPLE_ID " --rate 600", "ten requests a second" },
			{ 0 },
		},
	.details = "Nothing makes a token wider or live longer: make a new one for that.",
	.run = run_edit,
};

const struct cli_command command_token_shrink = {
	.path = "token shrink",
	.summary = "take scopes from a token",
	.arguments = "ID",
	.args_min = 1,
	.args_max = 1,
	.options =
		(const struct cli_option[]){
			{ "remove", "SCOPE", "take this one away", .many = true },
			{ "keep", "SCOPE", "take away all but this one", .many = true },
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "remit token shrink " EXAMPLE_ID " --remove stories:publish",
				"it may no longer publish" },
			{ "remit token shrink " EXAMPLE_ID " --keep stories:read --keep media:read",
				"it may only read these" },
			{ 0 },
		},
	.run = run_shrink,
};

const struct cli_command command_token_prune = {
	.path = "token prune",
	.summary = "forget tokens that ended long ago",
	.arguments = "",
	.options =
		(const struct cli_option[]){
			{ "older-than", "DURATION", "ended before that; 30d where it is not given" }, { 0 } },
	.examples =
		(const struct cli_example[]){
			{ "remit token prune --older-than 90d",
				"what was revoked or expired more than 90 days ago" },
			{ 0 },
		},
	.run = run_prune,
};
