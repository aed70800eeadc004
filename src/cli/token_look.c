/* SPDX-License-Identifier: Apache-2.0
 * remit token list, show, check: looking, and changing nothing. No text of a token is ever printed.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/rows.h"

#include "base/clock.h"
#include <sodium.h>

#define TEXT_ROOM 256 /* of what is checked: longer than any token, so that one that is too long is told */

static bool list_token(void *ctx, const struct token_row *row)
{
	struct listing *list = ctx;
	struct cli *cli = list->cli;
	char ends[WHEN_ROOM], used[WHEN_ROOM];
	const int64_t now_ms = cli->actor.now_ms;

	listing_add(list, token_json(row, now_ms),
		(const char *[]){
			row->id.text,
			row->name,
			row->owner_email,
			row->api,
			token_state(row, now_ms),
			row->scopes,
			row->project.text,
			when_text(&cli->out, row->expires_ms, now_ms, "never", ends),
			when_text(&cli->out, row->last_used_ms, now_ms, "never", used),
		});
	return true;
}

static enum cli_exit read_filter(struct cli *cli, struct token_filter *filter)
{
	const char *who = cli_value(cli, "user"), *project = cli_value(cli, "project");
	struct authority_error error;
	struct user_row user;

	*filter = (struct token_filter){
		.api = cli_value(cli, "api"), .live_only = !cli_flag(cli, "all"), .now_ms = cli->actor.now_ms,
	};
	if (filter->api && !authority_api(&cli->authority, filter->api, &error))
		return cli_refuse(cli, AUTHORITY_NOT_FOUND, &error);
	if (project && !id_parse(str_of(project), &filter->project))
		return cli_misused(cli, "--project takes a project's id.");
	if (!who)
		return CLI_DONE;
	enum authority_status status = authority_user_find(&cli->authority, who, &cli->arena, &user, &error);
	if (status != AUTHORITY_OK)
		return cli_refuse(cli, status, &error);
	filter->owner = user.id;
	return CLI_DONE;
}

static enum cli_exit run_list(struct cli *cli)
{
	static const char *const heads[] = {
		"ID", "NAME", "OWNER", "API", "STATE", "SCOPES", "PROJECT", "EXPIRES", "LAST USED",
	};
	static const uint8_t spare[] = { 5, 3, 6, 8, 2, 7, 4, 0 };
	struct token_filter filter;
	struct listing list;
	enum cli_exit status = cli_open_store(cli);

	if (status == CLI_DONE)
		status = read_filter(cli, &filter);
	if (status != CLI_DONE)
		return status;
	if (!listing_init(&list, cli, heads, 9))
		return cli_print_json(cli, NULL);
	list.table.spare = spare;
	return listing_print(&list, store_token_each(cli->store, &filter, list_token, &list), "tokens",
		cli_flag(cli, "all") ? "There is no such token." :
				       "There is no such live token; --all lists those that have ended too.");
}

/* With a space between. */
static const char *join(struct arena *arena, const char *const *names, size_t count)
{
	const char *text = "";
	for (size_t i = 0; text && i < count; i++)
		text = arena_printf(arena, "%s%s%s", text, i > 0 ? " " : "", names[i]);
	return text;
}

static void print_token(struct cli *cli, const struct token_row *row)
{
	struct table table;
	char made[WHEN_ROOM], ends[WHEN_ROOM], used[WHEN_ROOM], revoked[WHEN_ROOM], jkt[PROOF_JKT_CHARS + 1];
	const struct screen *out = &cli->out;
	const int64_t now_ms = cli->actor.now_ms;
	struct token_ceiling ceiling;

	table_init(&table, &cli->arena, NULL, 2);
	table_add(&table, (const char *[]){ "id", row->id.text });
	table_add(&table, (const char *[]){ "name", row->name });
	table_add(&table, (const char *[]){ "state", token_state(row, now_ms) });
	table_add(&table, (const char *[]){ "owner", row->owner_email ? row->owner_email : row->owner.text });
	table_add(&table, (const char *[]){ "api", row->api });
	table_add(&table, (const char *[]){ "scopes", row->scopes });
	table_add(&table, (const char *[]){ "preset", row->preset });
	table_add(&table, (const char *[]){ "project", row->project.text });
	if (row->key.bound)
		table_add(&table, (const char *[]){ "bound to", key_text(&row->key, jkt) });
	table_add(&table, (const char *[]){ "rate", rate_text(row->rate, &cli->arena) });
	table_add(&table, (const char *[]){ "created", when_text(out, row->created_ms, now_ms, "-", made) });
	table_add(&table,
		(const char *[]){ "expires", when_text(out, row->expires_ms, now_ms, "never", ends) });
	table_add(&table,
		(const char *[]){ "last used", when_text(out, row->last_used_ms, now_ms, "never", used) });
	if (row->ceiling && authority_ceiling_read(row->ceiling, &cli->arena, &ceiling)) {
		table_add(&table, (const char *[]){ "may make", join(&cli->arena, ceiling.apis, ceiling.api_count) });
		table_add(&table, (const char *[]){ "with", join(&cli->arena, ceiling.scopes, ceiling.scope_count) });
		table_add(&table, (const char *[]){ "bound to", ceiling.project });
	}
	if (row->revoked_ms) {
		table_add(&table,
			(const char *[]){ "revoked", when_text(out, row->revoked_ms, now_ms, "-", revoked) });
		table_add(&table, (const char *[]){ "by", row->revoked_by });
		table_add(&table, (const char *[]){ "why", row->revoked_why });
	}
	struct screen wide = *out;
	wide.width = 0; /* one token is shown whole */
	table_print(&table, &wide);
}

static enum cli_exit run_show(struct cli *cli)
{
	struct authority_error error;
	struct token_row row;
	enum cli_exit opened = cli_open_store(cli);

	if (opened != CLI_DONE)
		return opened;
	enum authority_status status =
		authority_token_get(&cli->authority, cli->args[0], &cli->arena, &row, &error);
	if (status != AUTHORITY_OK)
		return cli_refuse(cli, status, &error);
	if (cli->json)
		return cli_print_json(cli, token_json(&row, cli->actor.now_ms));
	print_token(cli, &row);
	return CLI_DONE;
}

static enum cli_exit say_unknown(struct cli *cli, bool form)
{
	if (cli->json) {
		cli_print_json(cli,
			json_pack("{s:b, s:b, s:b, s:n}", "form", form, "known", 0, "valid", 0, "token"));
		return CLI_REFUSED;
	}
	if (!form)
		return cli_fail(cli, CLI_REFUSED,
			"this is no token text: its form or its checksum is wrong. It was cut, mistyped or "
			"made up.");
	return cli_fail(cli, CLI_REFUSED, "form and checksum are good, but the store does not know it.");
}

static enum cli_exit say_known(struct cli *cli, const struct token_row *row)
{
	struct user_row owner;
	const bool active = strcmp(token_state(row, cli->actor.now_ms), "active") == 0;
	const struct remit_scopes *ceiling;
	const enum store_status found = authority_token_owner(&cli->authority, row, &cli->arena, &owner, &ceiling);
	const bool works = active && found == STORE_OK && owner.disabled_ms == 0;

	if (found != STORE_OK && found != STORE_NOT_FOUND)
		return cli_store_failed(cli, found);
	if (cli->json) {
		enum cli_exit status = cli_print_json(cli,
			json_pack("{s:b, s:b, s:b, s:o}", "form", 1, "known", 1, "valid", works, "token",
				token_json(row, cli->actor.now_ms)));
		return status == CLI_DONE && !works ? CLI_REFUSED : status;
	}
	print_token(cli, row);
	if (works)
		return CLI_DONE;
	return cli_fail(cli, CLI_REFUSED, "it is refused: %s.",
		active ? "its owner is disabled or gone" : token_state(row, cli->actor.now_ms));
}

static enum cli_exit check_text(struct cli *cli, const char *text)
{
	const size_t n = strlen(text);
	struct remit_token_form form;
	struct token_row row;
	uint8_t digest[REMIT_DIGEST_SIZE];
	bool older = false;

	for (size_t i = 0; i < cli->config->api_count; i++)
		older = older ||
			(cli->config->apis[i].profile->accept_alnum64 && remit_token_is_alnum64(text, n));
	if (remit_token_check(text, n, &form) != REMIT_OK && !older)
		return say_unknown(cli, false);
	crypto_hash_sha256(digest, (const uint8_t *)text, n);
	enum store_status status = store_token_find(cli->store, digest, &cli->arena, &row);
	if (status == STORE_NOT_FOUND)
		return say_unknown(cli, true);
	return status == STORE_OK ? say_known(cli, &row) : cli_store_failed(cli, status);
}

static enum cli_exit run_check(struct cli *cli)
{
	char text[TEXT_ROOM];
	enum cli_exit status = cli_open_store(cli);

	if (status == CLI_DONE)
		status = cli_read_secret(cli, "Token", sizeof(text), text);
	if (status == CLI_DONE)
		status = check_text(cli, text);
	sodium_memzero(text, sizeof(text));
	return status;
}

const struct cli_command command_token_list = {
	.path = "token list", .summary = "list tokens", .arguments = "",
	.options = (const struct cli_option[]){
		{ "api", "API", "of this API only" },
		{ "user", "EMAIL", "of this person only" },
		{ "project", "ID", "bound to this project only" },
		{ "all", NULL, "revoked and expired ones too" },
		{ 0 },
	},
	.examples = (const struct cli_example[]){
		{ "remit token list --user ann@example.com", "what Ann has" },
		{ "remit token list --all --json", "everything, for a program" },
		{ 0 },
	},
	.run = run_list,
};

const struct cli_command command_token_show = {
	.path = "token show",
	.summary = "show all of a token but its text",
	.arguments = "ID",
	.args_min = 1,
	.args_max = 1,
	.examples =
		(const struct cli_example[]){
			{ "remit token show 0199b2f0-5c1e-7abc-8def-0123456789ab",
				"its scopes, project, expiry, last use" },
			{ 0 },
		},
	.run = run_show,
};

const struct cli_command command_token_check = {
	.path = "token check",
	.summary = "tell what a token's text is, read from stdin",
	.arguments = "",
	.examples =
		(const struct cli_example[]){
			{ "remit token check", "asks for it, and does not show what you type" },
			{ "remit token check < token.txt", "from a file" },
			{ 0 },
		},
	.details = "Checks form and checksum, then what the store knows: whose it is, whether it works. Exit "
		   "status 0 where it works, "
		   "1 where it is refused. The text is never printed.",
	.run = run_check,
};
