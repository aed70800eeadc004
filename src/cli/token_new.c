/* SPDX-License-Identifier: Apache-2.0
 * remit token create, rotate, regenerate: the commands that print a token's text, once, alone on
 * stdout, so that TOKEN=$(remit token create ...) works.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/rows.h"

#include "base/clock.h"

/* Prints the text and what it is; wipes the text. */
static enum cli_exit print_issued(struct cli *cli, struct token_issued *issued)
{
	struct authority_error error;
	struct token_row row;
	char ends[WHEN_ROOM];
	enum authority_status status =
		authority_token_get(&cli->authority, issued->id.text, &cli->arena, &row, &error);
	enum cli_exit exit_status = CLI_DONE;

	if (status != AUTHORITY_OK) { /* it is made all the same: its text must not be lost */
		printf("%s\n", issued->text);
		exit_status = cli_refuse(cli, status, &error);
	} else if (cli->json) {
		exit_status = cli_print_json(cli,
			issued_json(issued->text, &row));
	} else {
		printf("%s\n", issued->text);
		cli_note(cli,
			"Shown this once: only its SHA-256 is kept.\n  id       %s\n  scopes   %s\n  project "
			" %s\n  expires  %s",
			row.id.text, *row.scopes ? row.scopes : "none",
			*row.project.text ? row.project.text : "not bound to one",
			when_text(&cli->err, row.expires_ms, cli->actor.now_ms, "never", ends));
	}
	token_issued_done(issued);
	return exit_status;
}

/* Scopes by an option, each of which may hold several with spaces between, as OAuth writes them. */
static const char *const *split_scopes(struct cli *cli, const char *option, size_t *ret_count)
{
	size_t given, count = 0, room = 0;
	const char *const *values = cli_values(cli, option, &given);
	for (size_t i = 0; i < given; i++)
		room += strlen(values[i]) + 1;
	const char **scopes = arena_alloc(&cli->arena, (room + 1) * sizeof(*scopes));
	for (size_t i = 0; scopes && i < given; i++) {
		struct str rest = str_of(values[i]), word;
		do {
			str_cut(&rest, ' ', &word);
			if (word.n > 0 || rest.n == 0)
				scopes[count++] = arena_copy(&cli->arena, word);
		} while (rest.n > 0);
	}
	*ret_count = count;
	return scopes;
}

/* What a token of Remit's own API may make; NULL where nothing is said of it. */
static enum cli_exit read_ceiling(struct cli *cli, struct token_request *request)
{
	struct token_ceiling *ceiling = ARENA_NEW(&cli->arena, struct token_ceiling);

	if (!ceiling)
		return cli_fail(cli, CLI_REFUSED, "there is no memory.");
	ceiling->apis = cli_values(cli, "may-api", &ceiling->api_count);
	ceiling->scopes = split_scopes(cli, "may-scope", &ceiling->scope_count);
	ceiling->project = cli_value(cli, "may-project");
	if (ceiling->api_count + ceiling->scope_count > 0 || ceiling->project)
		request->ceiling = ceiling;
	return ceiling->scopes ? CLI_DONE : cli_fail(cli, CLI_REFUSED, "there is no memory.");
}

static enum cli_exit read_request(struct cli *cli, struct token_request *request)
{
	const char *expires = cli_value(cli, "expires"), *rate = cli_value(cli, "rate");
	enum cli_exit status = CLI_DONE;

	request->preset = cli_value(cli, "preset");
	request->scopes = split_scopes(cli, "scope", &request->scope_count);
	if (!request->scopes)
		return cli_fail(cli, CLI_REFUSED, "there is no memory.");
	if ((request->preset != NULL) + (request->scope_count > 0) + cli_flag(cli, "no-scopes") != 1)
		return cli_misused(cli, "give one of --preset, --scope and --no-scopes.");
	if (expires) {
		status = cli_expiry(cli, expires, &request->expires_ms);
		request->expiry = request->expires_ms ? TOKEN_EXPIRY_AT : TOKEN_EXPIRY_NEVER;
	}
	if (status == CLI_DONE && rate)
		status = cli_rate(cli, rate, &request->rate);
	return status == CLI_DONE ? read_ceiling(cli, request) : status;
}

static enum cli_exit run_create(struct cli *cli)
{
	struct token_request request = {
		.owner = cli_value(cli, "user"),
		.name = cli_value(cli, "name"),
		.project = cli_value(cli, "project"),
	};
	struct authority_error error;
	struct token_issued issued;
	enum cli_exit exit_status = read_request(cli, &request);

	if (exit_status == CLI_DONE)
		exit_status = cli_open_store(cli);
	if (exit_status != CLI_DONE)
		return exit_status;
	request.api = cli_value(cli, "api");
	if (!request.api) { /* one that is named is judged with all else */
		const struct authority_api *only = cli_api(cli);
		if (!only)
			return CLI_USAGE;
		request.api = only->name;
	}
	enum authority_status status =
		authority_token_create(&cli->authority, &request, &cli->actor, &issued, &error);
	if (status != AUTHORITY_OK)
		return cli_refuse(cli, status, &error);
	const int64_t revision = issued.revision;
	enum cli_exit printed = print_issued(cli, &issued);
	cli_let_know(cli, revision);
	return printed;
}

/* The old text must be dead everywhere when this returns; the new one is printed in any case. */
static enum cli_exit finish(struct cli *cli, struct token_issued *issued)
{
	const int64_t revision = issued->revision;
	enum cli_exit printed = print_issued(cli, issued), settled = cli_settle(cli, revision);
	return printed != CLI_DONE ? printed : settled;
}

static enum cli_exit run_rotate(struct cli *cli)
{
	struct authority_error error;
	struct token_issued issued;
	int64_t overlap_ms = 0;
	const char *overlap = cli_value(cli, "overlap");

	if (overlap && !duration_from_text(str_of(overlap), &overlap_ms))
		return cli_misused(cli, "--overlap takes a duration: 24h, 15m.");
	enum cli_exit opened = cli_open_store(cli);
	if (opened != CLI_DONE)
		return opened;
	enum authority_status status = authority_token_rotate(&cli->authority, cli->args[0], overlap_ms, NULL,
		&cli->actor, &issued, &error);
	return status == AUTHORITY_OK ? finish(cli, &issued) : cli_refuse(cli, status, &error);
}

static enum cli_exit run_regenerate(struct cli *cli)
{
	struct authority_error error;
	struct token_issued issued;
	enum cli_exit opened = cli_open_store(cli);

	if (opened != CLI_DONE)
		return opened;
	enum authority_status status = authority_token_regenerate(&cli->authority, cli->args[0],
		cli_value(cli, "preset"), NULL, &cli->actor, &issued, &error);
	return status == AUTHORITY_OK ? finish(cli, &issued) : cli_refuse(cli, status, &error);
}

#define EXAMPLE_ID "0199b2f0-5c1e-7abc-8def-0123456789ab"

const struct cli_command command_token_create = {
	.path = "token create",
	.summary = "make a token and print its text, once",
	.arguments = "",
	.options =
		(const struct cli_option[]){
			{ "api", "API", "the API it is for; may be left out where there is one" },
			{ "user", "EMAIL", "whose it is", .required = true },
			{ "name", "NAME",
				"what people call it; unique among the owner's live tokens of the API",
				.required = true },
			{ "preset", "PRESET", "the scopes of a preset (`remit presets`)" },
			{ "scope", "SCOPE", "a scope (`remit scopes`)", .many = true },
			{ "no-scopes", NULL, "a token for operations that need no scope" },
			{ "project", "ID", "bind it to one project" },
			{ "expires", "WHEN", "90d, never, or a time (RFC 3339); else the API's default" },
			{ "rate", "N", "requests a minute, or off; else the API's default" },
			{ "may-api", "API", "of a token of API remit: an API that it may make tokens of", .many = true },
			{ "may-scope", "SCOPE", "a scope that it may put into them", .many = true },
			{ "may-project", "ID", "the one project that they must be bound to" },
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "TOKEN=$(remit token create --api publishing --user ann@example.com --name laptop "
			  "--preset read-only)",
				"a preset" },
			{ "remit token create --user ann@example.com --name ci --scope stories:read --scope "
			  "stories:write --expires 90d",
				"two scopes, for 90 days" },
			{ "remit token create --user ann@example.com --name agent --preset ai-agent "
			  "--project " EXAMPLE_ID " --json",
				"for one project only, as JSON" },
			{ "remit token create --api remit --user root@example.com --name deploy --preset token-manager "
			  "--may-api publishing --may-scope stories:read",
				"makes and ends tokens by /admin/v1, none wider than that" },
			{ 0 },
		},
	.details = "The text stands alone on stdout; all else goes to stderr. It cannot be shown again.\n\n"
		   "A scope that the API does not have is refused, as is whatever its owner may not have: "
		   "nothing is dropped silently.",
	.run = run_create,
};

const struct cli_command command_token_rotate = {
	.path = "token rotate",
	.summary = "give a token a new text and print it, once",
	.arguments = "ID",
	.args_min = 1,
	.args_max = 1,
	.options =
		(const struct cli_option[]){
			{ "overlap", "DURATION", "let the old text work for as long; else it dies at once" },
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "remit token rotate " EXAMPLE_ID, "the old text is dead when this returns" },
			{ "remit token rotate " EXAMPLE_ID " --overlap 24h",
				"a day to change it everywhere" },
			{ 0 },
		},
	.details = "Id, name, scopes, project and expiry stay as they are.",
	.run = run_rotate,
};

const struct cli_command command_token_regenerate = {
	.path = "token regenerate",
	.summary = "replace a token by a new one with a preset's scopes",
	.arguments = "ID",
	.args_min = 1,
	.args_max = 1,
	.options =
		(const struct cli_option[]){
			{ "preset", "PRESET", "the scopes of the new one (`remit presets`)",
				.required = true },
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "remit token regenerate " EXAMPLE_ID " --preset publish-only",
				"when a scope was missing" },
			{ 0 },
		},
	.details = "The new token has an id of its own, and the old one's name, project, expiry and rate. "
		   "The old one is revoked in the "
		   "same transaction.",
	.run = run_regenerate,
};
