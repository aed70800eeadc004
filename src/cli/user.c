/* SPDX-License-Identifier: Apache-2.0
 * remit user: the people who own tokens and projects.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/rows.h"

#include <sodium.h>

#define PASSWORD_ROOM 1100

static enum cli_exit add(struct cli *cli, const char *password)
{
	struct authority_error error;
	struct id id;
	const bool admin = cli_flag(cli, "admin");
	enum authority_status status =
		authority_user_add(&cli->authority, cli->args[0], password, admin, &cli->actor, &id, &error);

	if (status != AUTHORITY_OK)
		return cli_refuse(cli, status, &error);
	if (cli->json)
		return cli_print_json(cli,
			json_pack("{s:s, s:s, s:b}", "id", id.text, "email", cli->args[0], "admin", admin));
	printf("%s\n", id.text);
	return CLI_DONE;
}

static enum cli_exit run_add(struct cli *cli)
{
	char password[PASSWORD_ROOM];
	enum cli_exit status = cli_open_store(cli);

	if (status != CLI_DONE)
		return status;
	if (!cli_flag(cli, "password-stdin"))
		return add(cli, NULL);
	status = cli_read_secret(cli, "Password", sizeof(password), password);
	if (status == CLI_DONE)
		status = add(cli, password);
	sodium_memzero(password, sizeof(password));
	return status;
}

static bool list_user(void *ctx, const struct user_row *row)
{
	struct listing *list = ctx;
	const struct cli *cli = list->cli;
	char made[WHEN_ROOM];

	listing_add(list, user_json(row),
		(const char *[]){
			row->id.text,
			row->email,
			row->admin ? "admin" : "person",
			row->disabled_ms ? "disabled" : "active",
			when_text(&cli->out, row->created_ms, cli->actor.now_ms, "-", made),
		});
	return true;
}

static enum cli_exit run_list(struct cli *cli)
{
	static const char *const heads[] = { "ID", "EMAIL", "ROLE", "STATE", "CREATED" };
	static const uint8_t spare[] = { 4, 2, 3, 0 };
	struct listing list;
	enum cli_exit status = cli_open_store(cli);

	if (status != CLI_DONE)
		return status;
	if (!listing_init(&list, cli, heads, 5))
		return cli_print_json(cli, NULL);
	list.table.spare = spare;
	return listing_print(&list, store_user_each(cli->store, list_user, &list), "users",
		"There is nobody yet. `remit user add EMAIL` adds a person.");
}

static enum cli_exit change(struct cli *cli, cli_change *make, const char *done)
{
	enum cli_exit status = cli_make_change(cli, make);

	if (status != CLI_DONE)
		return status;
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:s, s:b}", "user", cli->args[0], done, 1));
	cli_note(cli, "%s is %s, and every running server knows.", cli->args[0], done);
	return CLI_DONE;
}

static enum authority_status disable(const struct authority *a, const char *who, const struct store_actor *actor,
	int64_t *ret_revision, struct authority_error *reterr)
{
	return authority_user_disable(a, who, true, actor, ret_revision, reterr);
}

static enum authority_status enable(const struct authority *a, const char *who, const struct store_actor *actor,
	int64_t *ret_revision, struct authority_error *reterr)
{
	return authority_user_disable(a, who, false, actor, ret_revision, reterr);
}

static enum cli_exit run_disable(struct cli *cli)
{
	return change(cli, disable, "disabled");
}

static enum cli_exit run_enable(struct cli *cli)
{
	return change(cli, enable, "enabled");
}

static enum cli_exit run_remove(struct cli *cli)
{
	return change(cli, authority_user_remove, "removed");
}

const struct cli_command command_user_add = {
	.path = "user add",
	.summary = "add a person",
	.arguments = "EMAIL",
	.args_min = 1,
	.args_max = 1,
	.options =
		(const struct cli_option[]){
			{ "admin", NULL, "an administrator, who may hold the scope *" },
			{ "password-stdin", NULL, "read a password of at least 12 bytes from stdin" },
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "remit user add ann@example.com", "somebody who will own tokens and projects" },
			{ "remit user add root@example.com --admin --password-stdin < password.txt",
				"an administrator with a password" },
			{ 0 },
		},
	.details = "Prints the new person's id. Only a hash (argon2id) of a password is kept.",
	.run = run_add,
};

const struct cli_command command_user_list = {
	.path = "user list", .summary = "list people", .arguments = "",
	.examples = (const struct cli_example[]){ { "remit user list", "everybody" }, { 0 } },
	.run = run_list,
};

const struct cli_command command_user_disable = {
	.path = "user disable",
	.summary = "make all of a person's tokens invalid",
	.arguments = "EMAIL",
	.args_min = 1,
	.args_max = 1,
	.examples = (const struct cli_example[]){ { "remit user disable ann@example.com", "Ann has left" },
		{ 0 } },
	.details = "Returns when every running server has applied it; exit status 1 names one that did not.",
	.run = run_disable,
};

const struct cli_command command_user_enable = {
	.path = "user enable",
	.summary = "let a disabled person's tokens work again",
	.arguments = "EMAIL",
	.args_min = 1,
	.args_max = 1,
	.examples =
		(const struct cli_example[]){ { "remit user enable ann@example.com", "Ann is back" }, { 0 } },
	.run = run_enable,
};

const struct cli_command command_user_remove = {
	.path = "user remove",
	.summary = "remove a person and revoke their tokens",
	.arguments = "EMAIL",
	.args_min = 1,
	.args_max = 1,
	.examples =
		(const struct cli_example[]){ { "remit user remove ann@example.com", "for good" }, { 0 } },
	.details = "Refused while projects still belong to them.",
	.run = run_remove,
};
