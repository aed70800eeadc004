/* SPDX-License-Identifier: Apache-2.0
 * remit publishing import: settings, templates, connections, moments and stories out of a JSON document.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/publishing_api.h"

#include <errno.h>
#include <stdlib.h>

#define DOCUMENT_BYTES_MAX (64u * 1024 * 1024)

/* The whole file; *ret is malloc'ed. */
static enum cli_exit read_file(struct cli *cli, const char *path, struct str *ret)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t n = 0, room = 0;

	if (!file)
		return cli_fail(cli, CLI_REFUSED, "%s cannot be read: %s.", path, strerror(errno));
	for (;;) {
		if (n == room) {
			room = room ? 2 * room : 64 * 1024;
			char *more = room > DOCUMENT_BYTES_MAX ? NULL : realloc(text, room);
			if (!more)
				break;
			text = more;
		}
		size_t got = fread(text + n, 1, room - n, file);
		n += got;
		if (got == 0)
			break;
	}
	bool ok = !ferror(file) && feof(file);
	fclose(file);
	if (ok) {
		*ret = (struct str){ text, n };
		return CLI_DONE;
	}
	free(text);
	return cli_fail(cli, CLI_REFUSED, "%s cannot be read whole: it is no file, or larger than %u MB.",
		path, DOCUMENT_BYTES_MAX / 1024 / 1024);
}

static enum cli_exit import(struct cli *cli, const struct publishing_options *options, const struct id *owner)
{
	struct publishing_import_counts counts;
	struct str document;
	char text[512] = "";
	enum cli_exit status = read_file(cli, cli->args[0], &document);

	if (status != CLI_DONE)
		return status;
	bool ok = publishing_import(options, document, owner, cli->actor.now_ms, &counts, text);
	free((void *)(uintptr_t)document.p);
	if (!ok)
		return cli_fail(cli, CLI_REFUSED, "%s: %s", cli->args[0], text);
	if (cli->json)
		return cli_print_json(cli,
			json_pack("{s:i, s:i, s:i, s:i, s:i}", "projects", (int)counts.projects, "templates",
				(int)counts.templates, "connections", (int)counts.connections, "moments",
				(int)counts.moments, "stories", (int)counts.stories));
	cli_note(cli, "Imported %u projects, %u templates, %u connections, %u moments, %u stories.",
		counts.projects, counts.templates, counts.connections, counts.moments, counts.stories);
	return CLI_DONE;
}

static enum cli_exit import_for_owner(struct cli *cli, const struct publishing_options *options)
{
	struct authority_error error;
	struct user_row owner;
	enum authority_status found =
		authority_user_find(&cli->authority, cli_value(cli, "owner"), &cli->arena, &owner, &error);

	return found == AUTHORITY_OK ? import(cli, options, &owner.id) : cli_refuse(cli, found, &error);
}

static enum cli_exit run(struct cli *cli)
{
	struct publishing_options options;
	struct secrets *secrets = NULL;
	enum cli_exit status = publishing_api_open(cli, &secrets, &options);

	if (status == CLI_DONE)
		status = import_for_owner(cli, &options);
	secrets_close(secrets);
	return status;
}

const struct cli_command command_publishing_import = {
	.path = "publishing import",
	.summary = "load projects' content from a JSON document",
	.arguments = "FILE",
	.args_min = 1,
	.args_max = 1,
	.options =
		(const struct cli_option[]){
			{ "owner", "EMAIL", "whose the projects are that it makes", .required = true },
			{ "api", "API", "the API; may be left out where one has the publishing service" },
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "remit publishing import profiles/demo/demo.json --owner ann@example.com",
				"something to look at" },
			{ 0 },
		},
	.details = "Projects, templates, connections, moments and drafts of stories; all of the document, or "
		   "nothing.",
	.run = run,
};
