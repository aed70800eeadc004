/* SPDX-License-Identifier: Apache-2.0
 * remit init: a first remit.yaml and a profile, drafted from an OpenAPI document where there is one.
 * Two new files, or none.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/mcp/mcp.h"
#include "cli/openapi/openapi.h"

#include "base/limits.h"
#include "profile/address.h"
#include "profile/config.h"
#include "profile/file.h"
#include "profile/reader.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_UPSTREAM "http://127.0.0.1:3000"
#define TITLE_NAME_CHARS 24 /* of a name that we make out of a title */
#define NOTES_MAX 20 /* lines on a screen; all of them are in the file and in --json */

struct drafting {
	struct cli *cli;
	struct mistakes *mistakes;
	const char *folder, *name, *title, *upstream;
	const char *profile_path, *config_path;
	const struct openapi *document; /* NULL: an example is written */
	struct plan *plan;
	struct mcp_server server; /* tools NULL: none was asked */
	struct buf profile, config;
};

/* ---- What to write ---- */

static bool name_is_good(const char *name)
{
	char same[READER_NAME_MAX + 1];
	if (strcmp(name, "remit") == 0)
		return false;
	for (const char *c = name; *c; c++)
		if (!(*c >= 'a' && *c <= 'z') && !(*c >= '0' && *c <= '9') && *c != '-')
			return false;
	name_of(str_of(name), same, sizeof(same));
	return *name && *name != '-' && strlen(name) <= READER_NAME_MAX;
}

static enum cli_exit choose_name(struct drafting *d)
{
	char name[TITLE_NAME_CHARS + 2] = "";

	d->name = cli_value(d->cli, "name");
	if (d->name)
		return name_is_good(d->name) ? CLI_DONE
					     : cli_misused(d->cli,
						       "an API's name is of a-z, 0-9 and -, at most %d "
						       "characters, the first no -; \"remit\" is taken.",
						       READER_NAME_MAX);
	if (d->document || d->server.tools)
		name_of(str_of(d->document ? d->document->title : d->server.name), name, sizeof(name));
	char *dash = strlen(name) > TITLE_NAME_CHARS ? strrchr(name, '-') : NULL;
	if (dash) /* no half a word */
		*dash = '\0';
	d->name = arena_copy(&d->cli->arena, str_of(name_is_good(name) ? name : "my-api"));
	return d->name ? CLI_DONE : cli_fail(d->cli, CLI_REFUSED, "there is no memory.");
}

static enum cli_exit read_document(struct drafting *d, const char *path)
{
	struct cli *cli = d->cli;
	struct buf text;

	buf_init(&text, LIMIT_OPENAPI_BYTES);
	if (file_read(path, &text, d->mistakes))
		d->document = openapi_read(buf_str(&text), path, &cli->arena, d->mistakes);
	buf_done(&text);
	if (d->document)
		return CLI_DONE;
	cli_print_mistakes(cli, d->mistakes);
	return cli_fail(cli, CLI_REFUSED, "the document cannot be read; nothing was written.");
}

/* Where the API listens, unless we are told: what the document says, where the gate can speak to that. */
static void choose_upstream(struct drafting *d)
{
	static const char http[] = "http://";
	const char *origin = d->plan ? d->plan->origin : d->server.origin;

	d->upstream = cli_value(d->cli, "upstream");
	if (d->upstream)
		return;
	const bool good = origin && strncmp(origin, http, strlen(http)) == 0 &&
		address_is_host(str_of(origin + strlen(http)));
	d->upstream = good ? origin : DEFAULT_UPSTREAM;
}

static bool write_draft(struct drafting *d)
{
	const char *from = cli_value(d->cli, "openapi");
	buf_reset(&d->profile);
	if (d->server.tools)
		return mcp_draft(&d->server, d->name, &d->cli->arena, &d->profile);
	return d->plan ? draft_profile(d->plan, from, &d->profile) : draft_example(d->name, &d->profile);
}

/* The draft is read as the server will read it, so that no file is written that would be refused; and
 * what has no rule of its own may be matched by another's. */
static enum cli_exit check_draft(struct drafting *d)
{
	struct profile *profile = profile_read(buf_str(&d->profile), d->profile_path, d->mistakes);
	struct coverage coverage;
	bool ok = profile != NULL;

	if (profile && d->plan) {
		ok = coverage_find(d->document, profile, &d->cli->arena, &coverage);
		if (ok && plan_settle(d->plan, &coverage))
			ok = write_draft(d);
	}
	profile_free(profile);
	if (ok)
		return CLI_DONE;
	cli_print_mistakes(d->cli, d->mistakes);
	return cli_fail(d->cli, CLI_REFUSED, "no profile can be drafted from this; nothing was written.");
}

static enum cli_exit draft(struct drafting *d)
{
	const char *from = cli_value(d->cli, "openapi");

	if (d->document) {
		d->plan = plan_make(d->document, d->name, from, &d->cli->arena, d->mistakes);
		if (!d->plan) {
			cli_print_mistakes(d->cli, d->mistakes);
			return cli_fail(d->cli, CLI_REFUSED, "nothing was written.");
		}
	}
	d->title = d->plan ? d->plan->title : "My API";
	choose_upstream(d);
	if (!write_draft(d) || !draft_config(d->name, d->title, d->upstream, d->plan ? d->plan->origin : NULL,
			&d->config))
		return cli_fail(d->cli, CLI_REFUSED,
			"the draft is larger than a profile may be (%d MiB); nothing was written.",
			LIMIT_PROFILE_BYTES / 1024 / 1024);
	return check_draft(d);
}

/* ---- Writing ---- */

static bool write_all(int fd, struct str text)
{
	while (text.n > 0) {
		const ssize_t n = write(fd, text.p, text.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text.p += n;
		text.n -= (size_t)n;
	}
	return true;
}

/* A new file: what is there is somebody's work. */
static enum cli_exit write_new(struct cli *cli, const char *path, struct str text)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 && errno == EEXIST)
		return cli_fail(cli, CLI_REFUSED,
			"%s is there already and is never overwritten; --out names another folder.", path);
	bool ok = fd >= 0 && write_all(fd, text);
	const int why = errno;
	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	if (ok)
		return CLI_DONE;
	if (fd >= 0)
		unlink(path);
	return cli_fail(cli, CLI_REFUSED, "%s cannot be written: %s.", path, strerror(why));
}

/* Both as a server would read them; the environment is not this folder's. */
static bool check_files(struct drafting *d)
{
	struct config *config = config_read(buf_str(&d->config), d->config_path, d->folder, d->mistakes);
	const bool ok = config && d->mistakes->count == 0;
	config_free(config);
	return ok;
}

static enum cli_exit write_files(struct drafting *d)
{
	struct cli *cli = d->cli;

	if (mkdir(d->folder, 0777) != 0 && errno != EEXIST)
		return cli_fail(cli, CLI_REFUSED, "the folder %s cannot be made: %s.", d->folder,
			strerror(errno));
	enum cli_exit status = write_new(cli, d->config_path, buf_str(&d->config));
	if (status != CLI_DONE)
		return status;
	status = write_new(cli, d->profile_path, buf_str(&d->profile));
	if (status != CLI_DONE) {
		unlink(d->config_path);
		return status;
	}
	if (check_files(d))
		return CLI_DONE;
	unlink(d->config_path);
	unlink(d->profile_path);
	cli_print_mistakes(cli, d->mistakes);
	return cli_fail(cli, CLI_REFUSED, "the files would not be accepted and were taken away again.");
}

/* ---- What is said ---- */

static void say_refusal(struct cli *cli, const struct plan_refusal *refusal)
{
	char *path = text_printable(str_of(refusal->operation->path), &cli->arena);
	char *method = text_printable(str_of(refusal->operation->method), &cli->arena);
	char *why = text_printable(str_of(refusal->why), &cli->arena);
	cli_note(cli, "  %s %s: %s", method ? method : "", path ? path : "", why ? why : "");
}

static void say_refusals(struct drafting *d)
{
	const size_t count = d->plan ? plan_unmapped(d->plan) : 0;
	size_t said = 0;

	if (count == 0)
		return;
	cli_note(d->cli, "%zu operation%s cannot be mapped and would be refused for every token:", count,
		count == 1 ? "" : "s");
	for (size_t i = 0; i < d->plan->refusal_count && said < NOTES_MAX; i++) {
		if (d->plan->refusals[i].judged)
			continue;
		say_refusal(d->cli, &d->plan->refusals[i]);
		said++;
	}
	if (count > said)
		cli_note(d->cli, "  ... and %zu more, in %s", count - said, d->profile_path);
}

static json_t *refusals_json(const struct plan *plan)
{
	json_t *array = json_array();
	for (size_t i = 0; plan && i < plan->refusal_count; i++) {
		const struct plan_refusal *refusal = &plan->refusals[i];
		if (!refusal->judged)
			json_array_append_new(array,
				json_pack("{s:s, s:s, s:s}", "method", refusal->operation->method, "path",
					refusal->operation->path, "why", refusal->why));
	}
	return array;
}

static enum cli_exit say_done(struct drafting *d)
{
	const struct plan *plan = d->plan;
	const size_t operations = d->document ? d->document->count : 0, rules = plan ? plan->rule_count : 0;
	size_t scopes = 0;

	for (size_t i = 0; plan && i < plan->group_count; i++)
		scopes += (size_t)plan->groups[i].reads + plan->groups[i].writes;
	say_refusals(d);
	if (d->document && d->document->foreign > 0)
		cli_note(d->cli,
			"%zu references lead out of the document and were not read: bundle it first.",
			d->document->foreign);
	if (d->cli->json)
		return cli_print_json(d->cli,
			json_pack("{s:s, s:[s, s], s:I, s:I, s:I, s:o}", "api", d->name, "files",
				d->config_path, d->profile_path, "operations", (json_int_t)operations,
				"rules", (json_int_t)rules, "scopes", (json_int_t)scopes, "unmapped",
				refusals_json(plan)));
	printf("wrote %s\nwrote %s", d->config_path, d->profile_path);
	if (plan)
		printf(": %zu operations, %zu rules, %zu scopes", operations, rules, scopes);
	else if (d->server.tools)
		printf(": %zu tools", json_array_size(d->server.tools));
	printf("\nRead both, then: remit check-config --config %s\n", d->config_path);
	return CLI_DONE;
}

static enum cli_exit run_with(struct drafting *d)
{
	struct cli *cli = d->cli;
	const char *from = cli_value(cli, "openapi");
	const char *url = cli_value(cli, "mcp");
	enum cli_exit status = CLI_DONE;

	if (from && url)
		return cli_misused(cli, "give --openapi or --mcp, not both.");
	if (from)
		status = read_document(d, from);
	else if (url)
		status = mcp_server_read(cli, url, &d->server);
	if (status == CLI_DONE)
		status = choose_name(d);
	if (status != CLI_DONE)
		return status;
	d->folder = cli_value(cli, "out");
	if (!d->folder)
		d->folder = ".";
	d->config_path = file_join(&cli->arena, d->folder, "remit.yaml");
	const char *file = arena_printf(&cli->arena, "%s.yaml", d->name);
	d->profile_path = file ? file_join(&cli->arena, d->folder, file) : NULL;
	if (!d->config_path || !d->profile_path)
		return cli_fail(cli, CLI_REFUSED, "there is no memory.");
	status = draft(d);
	if (status == CLI_DONE)
		status = write_files(d);
	return status == CLI_DONE ? say_done(d) : status;
}

static enum cli_exit run(struct cli *cli)
{
	struct drafting d = { .cli = cli, .mistakes = malloc(sizeof(*d.mistakes)) };

	if (!d.mistakes)
		return cli_fail(cli, CLI_REFUSED, "there is no memory.");
	mistakes_init(d.mistakes);
	buf_init(&d.profile, LIMIT_PROFILE_BYTES);
	buf_init(&d.config, LIMIT_PROFILE_BYTES);
	enum cli_exit status = run_with(&d);
	mcp_server_done(&d.server);
	buf_done(&d.profile);
	buf_done(&d.config);
	mistakes_done(d.mistakes);
	free(d.mistakes);
	return status;
}

const struct cli_command command_init = {
	.path = "init",
	.summary = "write a first remit.yaml and a profile, drafted from an OpenAPI document",
	.arguments = "",
	.options =
		(const struct cli_option[]){
			{ "openapi", "FILE",
				"an OpenAPI 3 document, JSON or YAML, to draft the profile from" },
			{ "mcp", "URL", "the endpoint of a running MCP server to draft the profile from" },
			{ "upstream", "URL", "where the API itself listens; else what the document says" },
			{ "name", "API", "what to call it; else by the document's title" },
			{ "out", "FOLDER", "where to write; else here" },
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "remit init --openapi openapi.yaml --upstream http://127.0.0.1:3000",
				"a rule for each operation of a document" },
			{ "remit init --mcp http://127.0.0.1:3001/mcp", "a rule for each tool of a server" },
			{ "remit init", "a small profile to edit" },
			{ 0 },
		},
	.details = "Nothing is ever overwritten. Scopes are the document's tags, or the first words of its "
		   "paths, with read or write by the method; a parameter that looks like a project becomes "
		   "the rule's `project`. It is a draft: its comments say what to check.\n\n"
		   "An operation that no rule can map is told on stderr and stands in the profile as a "
		   "comment.",
	.run = run,
};
