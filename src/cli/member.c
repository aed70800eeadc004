/* SPDX-License-Identifier: Apache-2.0
 * remit project member: who reaches a project beside its owner.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/rows.h"

typedef enum authority_status member_change(const struct authority *a, const char *project, const char *who,
	const struct store_actor *actor, int64_t *ret_revision, struct authority_error *reterr);

static enum cli_exit run_change(struct cli *cli, member_change *change, const char *done)
{
	struct authority_error error;
	int64_t revision;
	enum cli_exit opened = cli_open_store(cli);

	if (opened != CLI_DONE)
		return opened;
	enum authority_status status =
		change(&cli->authority, cli->args[0], cli->args[1], &cli->actor, &revision, &error);
	if (status != AUTHORITY_OK)
		return cli_refuse(cli, status, &error);
	enum cli_exit settled = cli_settle(cli, revision);
	if (settled != CLI_DONE)
		return settled;
	if (cli->json)
		return cli_print_json(cli,
			json_pack("{s:s, s:s, s:b}", "project", cli->args[0], "user", cli->args[1], done, 1));
	cli_note(cli, "%s is %s, and every running server knows.", cli->args[1], done);
	return CLI_DONE;
}

static enum cli_exit run_add(struct cli *cli)
{
	return run_change(cli, authority_member_add, "added");
}

static enum cli_exit run_remove(struct cli *cli)
{
	return run_change(cli, authority_member_remove, "removed");
}

static bool list_member(void *ctx, const struct user_row *row)
{
	struct listing *list = ctx;
	listing_add(list, user_json(row),
		(const char *[]){ row->id.text, row->email, row->disabled_ms ? "disabled" : "active" });
	return true;
}

static enum cli_exit run_list(struct cli *cli)
{
	static const char *const heads[] = { "ID", "EMAIL", "STATE" };
	struct project_row project;
	struct listing list;
	struct id id;
	enum cli_exit opened = cli_open_store(cli);

	if (opened != CLI_DONE)
		return opened;
	if (!id_parse(str_of(cli->args[0]), &id))
		return cli_fail(cli, CLI_REFUSED,
			"that is no project's id; `remit project list` shows them.");
	enum store_status status = store_project_get(cli->store, &id, &cli->arena, &project);
	if (status == STORE_NOT_FOUND)
		return cli_fail(cli, CLI_REFUSED, "there is no project with the id %s.", id.text);
	if (status != STORE_OK)
		return cli_store_failed(cli, status);
	if (!listing_init(&list, cli, heads, 3))
		return cli_print_json(cli, NULL);
	return listing_print(&list, store_member_each(cli->store, &id, list_member, &list), "members",
		"Nobody but its owner.");
}

#define EXAMPLE_ID "0199b2f0-5c1e-7abc-8def-0123456789ab"

const struct cli_command command_member_add = {
	.path = "project member add",
	.summary = "let a person reach a project",
	.arguments = "ID EMAIL",
	.args_min = 2,
	.args_max = 2,
	.examples =
		(const struct cli_example[]){
			{ "remit project member add " EXAMPLE_ID " bob@example.com",
				"Bob's tokens reach it from now on" },
			{ 0 },
		},
	.run = run_add,
};

const struct cli_command command_member_list = {
	.path = "project member list",
	.summary = "list who reaches a project beside its owner",
	.arguments = "ID",
	.args_min = 1,
	.args_max = 1,
	.examples = (const struct cli_example[]){ { "remit project member list " EXAMPLE_ID, "its members" },
		{ 0 } },
	.run = run_list,
};

const struct cli_command command_member_remove = {
	.path = "project member remove",
	.summary = "no longer let a person reach a project",
	.arguments = "ID EMAIL",
	.args_min = 2,
	.args_max = 2,
	.examples =
		(const struct cli_example[]){
			{ "remit project member remove " EXAMPLE_ID " bob@example.com",
				"Bob's tokens no longer reach it" },
			{ 0 },
		},
	.run = run_remove,
};
