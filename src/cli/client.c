/* SPDX-License-Identifier: Apache-2.0
 * remit client: OAuth clients made by hand, and an end for those that made themselves known.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/rows.h"

#include "authority/oauth/oauth.h"
#include <sodium.h>

static struct oauth server_of(const struct cli *cli)
{
	return (struct oauth){
		.authority = &cli->authority, .issuer = cli->config->public_url, .now_ms = cli->actor.now_ms,
	};
}

static const char *kind_text(enum client_kind kind)
{
	switch (kind) {
	case CLIENT_BY_HAND:
		return "by hand";
	case CLIENT_REGISTERED:
		return "registered";
	case CLIENT_DOCUMENT:
		return "document";
	}
	return "-";
}

/* ---- Add ---- */

static enum cli_exit print_added(struct cli *cli, const struct id *id, const char *api, const char *secret)
{
	if (cli->json) {
		json_t *document = json_pack("{s:s, s:s, s:s}", "client_id", id->text, "name", cli->args[0], "api", api);
		if (document && secret[0])
			json_object_set_new(document, "client_secret", json_string(secret));
		return cli_print_json(cli, document);
	}
	printf("%s\n", id->text);
	if (secret[0]) {
		printf("%s\n", secret);
		cli_note(cli, "The second line is the secret. Shown this once: only its SHA-256 is kept.");
	}
	return CLI_DONE;
}

static enum cli_exit run_add(struct cli *cli)
{
	char secret[OAUTH_SECRET_ROOM] = "";
	struct authority_error error;
	struct id id;
	enum cli_exit opened = cli_open_store(cli);

	if (opened != CLI_DONE)
		return opened;
	const struct authority_api *api = cli_api(cli);
	if (!api)
		return cli_value(cli, "api") ? CLI_REFUSED : CLI_USAGE;
	struct oauth oauth = server_of(cli);
	struct oauth_client_request request = {
		.name = cli->args[0], .api = api->name, .owner = cli_value(cli, "owner"),
		.project = cli_value(cli, "project"), .is_public = cli_flag(cli, "public"),
	};
	request.scopes = cli_values(cli, "scope", &request.scope_count);
	request.redirects = cli_values(cli, "redirect", &request.redirect_count);
	enum authority_status status = oauth_client_add(&oauth, &request, &cli->actor, &id, secret, &error);
	enum cli_exit printed = status == AUTHORITY_OK ? print_added(cli, &id, api->name, secret)
		: cli_refuse(cli, status, &error);
	sodium_memzero(secret, sizeof(secret));
	return printed;
}

/* ---- List and show ---- */

static json_t *client_json(const struct client_row *row)
{
	json_t *document = json_pack("{s:s, s:s, s:s, s:b, s:s?, s:s?, s:s?, s:b}", "client_id",
		row->url ? row->url : row->id.text, "name", row->name, "kind", kind_text(row->kind), "confidential",
		row->confidential, "api", row->api, "scopes", row->scopes, "owner", row->owner_email,
		"revoked", row->revoked_ms != 0);
	json_t *redirects = json_array();
	struct str rest = str_of(row->redirects), line;
	while (rest.n > 0) {
		str_cut(&rest, '\n', &line);
		json_array_append_new(redirects, json_stringn(line.p, line.n));
	}
	if (!document || json_object_set_new(document, "redirect_uris", redirects) != 0) {
		json_decref(document);
		return NULL;
	}
	if (id_is_set(&row->project))
		json_object_set_new(document, "project", json_string(row->project.text));
	json_object_set_new(document, "id", json_string(row->id.text));
	json_object_set_new(document, "grant_types", json_string(row->grants));
	json_object_set_new(document, "created_at", json_integer(row->created_ms / 1000));
	return document;
}

struct clients {
	struct cli *cli;
	struct listing list;
	bool all;
};

static bool add_row(void *ctx, const struct client_row *row)
{
	struct clients *clients = ctx;
	struct cli *cli = clients->cli;
	char made[WHEN_ROOM];

	if (row->revoked_ms && !clients->all)
		return true;
	listing_add(&clients->list, client_json(row), (const char *[]){
		row->id.text, row->name, kind_text(row->kind), row->api ? row->api : "-",
		row->revoked_ms ? "revoked" : row->used_ms ? "used" : "unused",
		when_text(&cli->out, row->created_ms, cli->actor.now_ms, "-", made),
	});
	return !clients->list.failed;
}

static enum cli_exit run_list(struct cli *cli)
{
	static const char *const heads[] = { "ID", "NAME", "KIND", "API", "STATE", "CREATED" };
	static const uint8_t spare[] = { 2, 4, 3, 3, 2, 0 };
	struct clients clients = { .cli = cli, .all = cli_flag(cli, "all") };
	enum cli_exit opened = cli_open_store(cli);

	if (opened != CLI_DONE)
		return opened;
	if (!listing_init(&clients.list, cli, heads, 6))
		return cli_print_json(cli, NULL);
	clients.list.table.spare = spare;
	enum store_status status = store_client_each(cli->store, 0, add_row, &clients);
	return listing_print(&clients.list, status, "clients",
		"There is no client. `remit client add NAME --scope S --owner EMAIL` makes one.");
}

static enum cli_exit run_show(struct cli *cli)
{
	struct authority_error error;
	struct client_row row;
	enum cli_exit opened = cli_open_store(cli);

	if (opened != CLI_DONE)
		return opened;
	struct oauth oauth = server_of(cli);
	enum authority_status status = oauth_client_get(&oauth, cli->args[0], &cli->arena, &row, &error);
	if (status != AUTHORITY_OK)
		return cli_refuse(cli, status, &error);
	if (cli->json)
		return cli_print_json(cli, client_json(&row));
	printf("id         %s\n", row.id.text);
	if (row.url)
		printf("url        %s\n", row.url);
	printf("name       %s\nkind       %s\ngrants     %s\n", row.name, kind_text(row.kind), row.grants);
	if (row.api)
		printf("api        %s\nscopes     %s\nowner      %s\n", row.api, row.scopes,
			row.owner_email ? row.owner_email : "gone");
	if (id_is_set(&row.project))
		printf("project    %s\n", row.project.text);
	struct str rest = str_of(row.redirects), line;
	while (rest.n > 0) {
		str_cut(&rest, '\n', &line);
		printf("redirect   %.*s\n", STR_FMT(line));
	}
	if (row.revoked_ms)
		printf("revoked    by %s: %s\n", row.revoked_by ? row.revoked_by : "-",
			row.revoked_why && row.revoked_why[0] ? row.revoked_why : "no reason given");
	return CLI_DONE;
}

/* ---- Revoke ---- */

static enum cli_exit run_revoke(struct cli *cli)
{
	struct authority_error error;
	int64_t revision;
	enum cli_exit status = cli_open_store(cli);

	if (status != CLI_DONE)
		return status;
	struct oauth oauth = server_of(cli);
	enum authority_status done = oauth_client_revoke(&oauth, cli->args[0], cli_value(cli, "why"), &cli->actor,
		&revision, &error);
	if (done != AUTHORITY_OK)
		return cli_refuse(cli, done, &error);
	status = cli_settle(cli, revision);
	if (status != CLI_DONE)
		return status;
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:s, s:b}", "id", cli->args[0], "revoked", 1));
	cli_note(cli, "The client is revoked with all that it was given, and every running server knows.");
	return CLI_DONE;
}

const struct cli_command command_client_add = {
	.path = "client add",
	.summary = "make an OAuth client",
	.arguments = "NAME",
	.args_min = 1,
	.args_max = 1,
	.options =
		(const struct cli_option[]){
			{ "api", "API", "whose tokens it gets and looks at; may be left out where there is one API" },
			{ "scope", "SCOPE", "what it may have at most", .many = true, .required = true },
			{ "owner", "EMAIL", "whose its own tokens are", .required = true },
			{ "project", "ID", "the project that its tokens are bound to" },
			{ "redirect", "URI", "where people are sent back to, for the authorization code", .many = true },
			{ "public", NULL, "it keeps no secret: only what people grant it, and --redirect" },
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "remit client add nightly --api publishing --scope stories:read --owner ann@example.com",
				"gets tokens of Ann's by client credentials" },
			{ 0 },
		},
	.details = "Prints the client's id and its secret, which is shown this once.",
	.run = run_add,
};

const struct cli_command command_client_list = {
	.path = "client list", .summary = "list OAuth clients", .arguments = "",
	.options = (const struct cli_option[]){
		{ "all", NULL, "revoked ones too" },
		{ 0 },
	},
	.examples = (const struct cli_example[]){
		{ "remit client list", "made by hand or by themselves" },
		{ 0 },
	},
	.run = run_list,
};

const struct cli_command command_client_show = {
	.path = "client show", .summary = "show an OAuth client", .arguments = "ID", .args_min = 1, .args_max = 1,
	.examples = (const struct cli_example[]){
		{ "remit client show 0199b2f0-5c1e-7abc-8def-0123456789ab", "its ceiling and redirects" },
		{ 0 },
	},
	.run = run_show,
};

const struct cli_command command_client_revoke = {
	.path = "client revoke",
	.summary = "end an OAuth client and all that it was given",
	.arguments = "ID",
	.args_min = 1,
	.args_max = 1,
	.options =
		(const struct cli_option[]){
			{ "why", "TEXT", "a reason, for those who look at it later" },
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "remit client revoke 0199b2f0-5c1e-7abc-8def-0123456789ab --why \"the laptop was lost\"",
				"its tokens end at once" },
			{ 0 },
		},
	.details = "ID may be the URL of a client's metadata too. Returns when every running server refuses its tokens.",
	.run = run_revoke,
};
