/* SPDX-License-Identifier: Apache-2.0
 * remit project: the tenants of an API.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/rows.h"

static enum cli_exit run_add(struct cli *cli)
{
	struct authority_error error;
	struct id id;
	enum cli_exit opened = cli_open_store(cli);

	if (opened != CLI_DONE)
		return opened;
	const struct authority_api *api = cli_api(cli);
	if (!api)
		return cli_value(cli, "api") ? CLI_REFUSED : CLI_USAGE;
	enum authority_status status = authority_project_add(&cli->authority, api->name, cli->args[0],
		cli_value(cli, "owner"), &cli->actor, &id, &error);
	if (status != AUTHORITY_OK)
		return cli_refuse(cli, status, &error);
	if (cli->json)
		return cli_print_json(cli,
			json_pack("{s:s, s:s, s:s, s:s}", "id", id.text, "name", cli->args[0], "api",
				api->name, "owner", cli_value(cli, "owner")));
	printf("%s\n", id.text);
	return CLI_DONE;
}

/* Rows are copied first: a row's owner is looked up when the list has been read. */
struct projects {
	struct cli *cli;
	struct project_copy {
		struct project_copy *next;
		struct project_row row;
	} *first, **end;
	bool failed;
};

static bool copy_project(void *ctx, const struct project_row *row)
{
	struct projects *all = ctx;
	struct arena *arena = &all->cli->arena;
	struct project_copy *copy = ARENA_NEW(arena, struct project_copy);

	if (copy) {
		copy->row = *row;
		copy->row.api = arena_copy(arena, str_of(row->api));
		copy->row.name = arena_copy(arena, str_of(row->name));
	}
	if (!copy || !copy->row.api || !copy->row.name) {
		all->failed = true;
		return false;
	}
	*all->end = copy;
	all->end = &copy->next;
	return true;
}

static enum cli_exit print_projects(struct cli *cli, const struct projects *all, enum store_status status)
{
	static const char *const heads[] = { "ID", "NAME", "API", "OWNER", "CREATED" };
	static const uint8_t spare[] = { 2, 4, 3, 0 };
	struct listing list;

	if (!listing_init(&list, cli, heads, 5))
		return cli_print_json(cli, NULL);
	list.table.spare = spare;
	for (const struct project_copy *p = all->first; p; p = p->next) {
		char made[WHEN_ROOM];
		const char *owner = owner_text(cli, &p->row.owner);
		listing_add(&list, project_json(&p->row, owner), (const char *[]){
			p->row.id.text, p->row.name, p->row.api, owner,
			when_text(&cli->out, p->row.created_ms, cli->actor.now_ms, "-", made),
		});
	}
	list.failed = list.failed || all->failed;
	return listing_print(&list, status, "projects",
		"There is no such project. `remit project add NAME --owner EMAIL` adds one.");
}

static enum cli_exit run_list(struct cli *cli)
{
	struct projects all = { .cli = cli };
	struct authority_error error;
	const struct id *user_id = NULL;
	struct user_row user;
	enum cli_exit opened = cli_open_store(cli);

	if (opened != CLI_DONE)
		return opened;
	all.end = &all.first;
	const char *api = cli_value(cli, "api"), *who = cli_value(cli, "user");
	if (api && !authority_api(&cli->authority, api, &error))
		return cli_refuse(cli, AUTHORITY_NOT_FOUND, &error);
	if (who) {
		enum authority_status found =
			authority_user_find(&cli->authority, who, &cli->arena, &user, &error);
		if (found != AUTHORITY_OK)
			return cli_refuse(cli, found, &error);
		user_id = &user.id;
	}
	return print_projects(cli, &all, store_project_each(cli->store, api, user_id, copy_project, &all));
}

static enum cli_exit run_remove(struct cli *cli)
{
	enum cli_exit status = cli_make_change(cli, authority_project_remove);

	if (status != CLI_DONE)
		return status;
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:s, s:b}", "id", cli->args[0], "removed", 1));
	cli_note(cli, "The project is removed, and the tokens bound to it are revoked.");
	return CLI_DONE;
}

const struct cli_command command_project_add = {
	.path = "project add",
	.summary = "add a project",
	.arguments = "NAME",
	.args_min = 1,
	.args_max = 1,
	.options =
		(const struct cli_option[]){
			{ "api", "API", "whose tenant it is; may be left out where there is one API" },
			{ "owner", "EMAIL", "whose it is", .required = true },
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "remit project add \"Brand One\" --api publishing --owner ann@example.com",
				"a brand of Ann's" },
			{ 0 },
		},
	.details = "Prints the new project's id.",
	.run = run_add,
};

const struct cli_command command_project_list = {
	.path = "project list", .summary = "list projects", .arguments = "",
	.options = (const struct cli_option[]){
		{ "api", "API", "of this API only" },
		{ "user", "EMAIL", "that this person owns or is a member of" },
		{ 0 },
	},
	.examples = (const struct cli_example[]){
		{ "remit project list --user ann@example.com", "what Ann reaches" },
		{ 0 },
	},
	.run = run_list,
};

const struct cli_command command_project_remove = {
	.path = "project remove",
	.summary = "remove a project and revoke the tokens bound to it",
	.arguments = "ID",
	.args_min = 1,
	.args_max = 1,
	.examples =
		(const struct cli_example[]){
			{ "remit project remove 0199b2f0-5c1e-7abc-8def-0123456789ab", "for good" },
			{ 0 },
		},
	.run = run_remove,
};
