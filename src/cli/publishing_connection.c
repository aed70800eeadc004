/* SPDX-License-Identifier: Apache-2.0
 * remit publishing connection: the accounts that stories go out through. A secret comes by stdin and is kept
 * sealed; nothing ever tells it again.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/publishing_api.h"
#include "cli/rows.h"

#include <sodium.h>

#define SECRET_ROOM 4096

/* What a command works with. */
struct work {
	struct publishing_options options;
	struct secrets *secrets;
	struct outbound *outbound;
};

static enum cli_exit begin(struct cli *cli, struct work *w)
{
	char text[256] = "";
	enum cli_exit status = publishing_api_open(cli, &w->secrets, &w->options);

	if (status != CLI_DONE)
		return status;
	const struct outbound_options options = {
		.allow = cli->config->outbound_allow, .allow_count = cli->config->outbound_allow_count,
		.ca = cli->config->outbound_ca,
	};
	if (!outbound_new(&options, &w->outbound, text))
		return cli_fail(cli, CLI_CONFIG, "%s.", text);
	w->options.outbound = w->outbound;
	return CLI_DONE;
}

static void end(struct work *w)
{
	outbound_free(w->outbound);
	secrets_close(w->secrets);
}

static enum cli_exit add(struct cli *cli, struct work *w, const char *secret)
{
	struct publishing_connection in = {
		.kind = cli_value(cli, "kind"), .handle = cli->args[0], .url = cli_value(cli, "url"),
	};
	char text[256] = "";
	struct id id;

	if (!id_parse(str_of(cli_value(cli, "project")), &in.project))
		return cli_fail(cli, CLI_REFUSED, "--project is no id of a project.");
	if (!publishing_connection_add(&w->options, &in, secret, cli->actor.now_ms, &id, text))
		return cli_fail(cli, CLI_REFUSED, "%s.", text);
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:s, s:s, s:s, s:s}", "id", id.text, "project", in.project.text,
			"kind", in.kind, "handle", in.handle));
	printf("%s\n", id.text);
	return CLI_DONE;
}

static enum cli_exit run_add(struct cli *cli)
{
	struct work w = { .secrets = NULL };
	char secret[SECRET_ROOM] = "";
	enum cli_exit status = cli_read_secret(cli, "Its access token or secret: ", sizeof(secret), secret);

	if (status == CLI_DONE)
		status = begin(cli, &w);
	if (status == CLI_DONE)
		status = add(cli, &w, secret);
	sodium_memzero(secret, sizeof(secret));
	end(&w);
	return status;
}

static bool list_row(void *arg, const struct publishing_connection *row)
{
	struct listing *list = arg;
	const char *can = row->has_secret ? row->status : "no credentials";
	char made[WHEN_ROOM];

	listing_add(list,
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:o}", "id", row->id.text, "project", row->project.text,
			"kind", row->kind, "handle", row->handle, "status", row->status, "has_secret", row->has_secret,
			"created_at", json_time(row->created_ms)),
		(const char *[]){ row->id.text, row->kind, row->handle, can, row->project.text,
			when_text(&list->cli->out, row->created_ms, list->cli->actor.now_ms, "-", made) });
	return !list->failed;
}

static enum cli_exit run_list(struct cli *cli)
{
	static const char *const heads[] = { "ID", "KIND", "HANDLE", "STATUS", "PROJECT", "CREATED" };
	static const uint8_t spare[] = { 3, 5, 6, 0 };
	struct work w = { .secrets = NULL };
	struct listing list;
	struct id project;
	char text[256] = "";
	enum cli_exit status = begin(cli, &w);
	const char *named = cli_value(cli, "project");

	if (status == CLI_DONE && named && !id_parse(str_of(named), &project))
		status = cli_fail(cli, CLI_REFUSED, "--project is no id of a project.");
	if (status == CLI_DONE && !listing_init(&list, cli, heads, 6))
		status = cli_print_json(cli, NULL);
	else if (status == CLI_DONE) {
		list.table.spare = spare;
		const bool good =
			publishing_connection_each(&w.options, named ? &project : NULL, list_row, &list, text);
		status = listing_print(&list, good ? STORE_OK : STORE_UNAVAILABLE, "connections",
			"There is no connection. `remit publishing connection add` adds one.");
	}
	end(&w);
	return status;
}

static enum cli_exit run_remove(struct cli *cli)
{
	struct work w = { .secrets = NULL };
	char text[256] = "";
	struct id id;
	enum cli_exit status = begin(cli, &w);

	if (status == CLI_DONE && !id_parse(str_of(cli->args[0]), &id))
		status = cli_fail(cli, CLI_REFUSED, "there is no such connection.");
	if (status == CLI_DONE && !publishing_connection_remove(&w.options, &id, text))
		status = cli_fail(cli, CLI_REFUSED, "%s.", text);
	end(&w);
	if (status != CLI_DONE)
		return status;
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:s, s:b}", "id", cli->args[0], "removed", 1));
	cli_note(cli, "The connection and its secret are removed. What was queued for it fails.");
	return CLI_DONE;
}

#define API_OPTION { "api", "API", "the API; may be left out where one has the publishing service" }

const struct cli_command command_publishing_connection_add = {
	.path = "publishing connection add",
	.summary = "add an account that stories go out through",
	.arguments = "HANDLE",
	.args_min = 1,
	.args_max = 1,
	.options =
		(const struct cli_option[]){
			{ "project", "ID", "the project whose account it is", .required = true },
			{ "kind", "KIND", "mastodon or webhook", .required = true },
			{ "url", "URL", "the Mastodon server, or where a webhook POSTs to", .required = true },
			API_OPTION,
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "remit publishing connection add @ann@social.example --kind mastodon --url "
			  "https://social.example --project 0199b2f0-5c1e-7abc-8def-0123456789ab <token.txt",
				"an account on Mastodon" },
			{ "remit publishing connection add \"Print shop\" --kind webhook --url "
			  "https://print.example/stories --project 0199b2f0-5c1e-7abc-8def-0123456789ab <secret.txt",
				"a signed POST of each story" },
			{ 0 },
		},
	.details = "The secret is read from stdin: of a Mastodon account an access token with write:statuses and "
		   "write:media, of a webhook whsec_ and 24 to 64 bytes in base64. It is kept sealed with the "
		   "server's key, and nothing tells it again.\n\nHANDLE is what people call the account. "
		   "Prints the new connection's id.",
	.run = run_add,
};

const struct cli_command command_publishing_connection_list = {
	.path = "publishing connection list",
	.summary = "list the accounts that stories go out through",
	.arguments = "",
	.options =
		(const struct cli_option[]){
			{ "project", "ID", "of this project only" },
			API_OPTION,
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "remit publishing connection list", "all of them, without their secrets" },
			{ 0 },
		},
	.run = run_list,
};

const struct cli_command command_publishing_connection_remove = {
	.path = "publishing connection remove",
	.summary = "remove an account and its secret",
	.arguments = "ID",
	.args_min = 1,
	.args_max = 1,
	.options =
		(const struct cli_option[]){
			API_OPTION,
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "remit publishing connection remove 0199b2f0-5c1e-7abc-8def-0123456789ab", "for good" },
			{ 0 },
		},
	.run = run_remove,
};
