/* SPDX-License-Identifier: Apache-2.0
 * One run of a command: what it works on, opened when it is first needed, and what it says.
 * cli: may include every room.
 */
#include "cli/command.h"
#include "cli/help.h"

#include "base/clock.h"
#include "services/content/owners.h"
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

void cli_init(struct cli *cli)
{
	*cli = (struct cli){ .out = screen_of(stdout), .err = screen_of(stderr) };
	arena_init(&cli->arena, 0);
}

void cli_done(struct cli *cli)
{
	while (cli->owner_count > 0)
		owners_close(cli->owners[--cli->owner_count]);
	store_close(cli->store);
	config_free(cli->config);
	arena_done(&cli->arena);
}

__attribute__((format(printf, 3, 0)))
static void say(struct cli *cli, const char *before, const char *format, va_list args)
{
	fflush(stdout);
	fputs(before, cli->err.file);
	vfprintf(cli->err.file, format, args);
	fputc('\n', cli->err.file);
}

static const char *prefix(const struct cli *cli)
{
	return cli->err.colour ? "\033[31mremit:\033[0m " : "remit: ";
}

enum cli_exit cli_fail(struct cli *cli, enum cli_exit status, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say(cli, prefix(cli), format, args);
	va_end(args);
	return status;
}

enum cli_exit cli_misused(struct cli *cli, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say(cli, prefix(cli), format, args);
	va_end(args);
	if (cli->command)
		fprintf(cli->err.file, "`remit %s --help` tells more.\n", cli->command->path);
	return CLI_USAGE;
}

void cli_note(struct cli *cli, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say(cli, "", format, args);
	va_end(args);
}

/* The authority's texts begin as sentences; behind "remit: " all begin alike. A first word that is more
 * than letters is a name and stays. */
enum cli_exit cli_refuse(struct cli *cli, enum authority_status status, const struct authority_error *error)
{
	const char *text = error->text;
	size_t n = 0;
	while ((text[n] | 0x20) >= 'a' && (text[n] | 0x20) <= 'z')
		n++;
	const bool word = text[n] == ' ' && (n == 1 || (text[1] & 0x20));
	return cli_fail(cli, status == AUTHORITY_UNAVAILABLE ? CLI_STORE : CLI_REFUSED, "%c%s",
		word ? text[0] | 0x20 : text[0], text[0] ? text + 1 : "");
}

enum cli_exit cli_store_failed(struct cli *cli, enum store_status status)
{
	return cli_fail(cli, CLI_STORE, "the store %s: %s.", cli->config->store, store_status_text(status));
}

enum cli_exit cli_print_json(struct cli *cli, json_t *document)
{
	if (!document)
		return cli_fail(cli, CLI_REFUSED, "there is no memory.");
	bool ok = json_dumpf(document, cli->out.file, JSON_INDENT(2)) == 0;
	fputc('\n', cli->out.file);
	json_decref(document);
	return ok ? CLI_DONE : cli_fail(cli, CLI_REFUSED, "stdout cannot be written.");
}

const char *cli_find_config(struct cli *cli)
{
	static const char *const places[] = { "./remit.yaml", "/etc/remit/remit.yaml" };
	const char *named = cli->config_path ? cli->config_path : getenv("REMIT_CONFIG");

	if (named && *named) {
		if (access(named, F_OK) == 0)
			return named;
		cli_fail(cli, CLI_CONFIG, "there is no file %s (%s).", named,
			cli->config_path ? "--config" : "$REMIT_CONFIG");
		return NULL;
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], F_OK) == 0)
			return places[i];
	cli_fail(cli, CLI_CONFIG,
		"there is no configuration. Looked for --config, $REMIT_CONFIG, ./remit.yaml and "
		"/etc/remit/remit.yaml.\nA small ./remit.yaml to begin with:\n\n"
		"  listen: 127.0.0.1:8787\n"
		"  public_url: http://127.0.0.1:8787\n"
		"  store: sqlite:var/remit.db\n"
		"  secrets_key: file:var/secrets.key\n"
		"  apis:\n"
		"    publishing: { profile: publishing, service: publishing }\n");
	return NULL;
}

void cli_print_mistakes(struct cli *cli, const struct mistakes *mistakes)
{
	for (size_t i = 0; i < mistakes->count && i < MISTAKES_MAX; i++) {
		const struct mistake *m = &mistakes->list[i];
		if (mistakes_repeats(mistakes, i))
			continue;
		char *what = text_printable(str_of(m->what), &cli->arena);
		fprintf(cli->err.file, "%s", m->file ? m->file : "remit.yaml");
		if (m->line)
			fprintf(cli->err.file, ":%u:%u", m->line, m->column);
		fprintf(cli->err.file, ": %s", what ? what : "");
		if (m->suggestion)
			fprintf(cli->err.file, "; %s", m->suggestion);
		fputc('\n', cli->err.file);
	}
	if (mistakes->count > MISTAKES_MAX)
		fprintf(cli->err.file, "... and %zu more\n", mistakes->count - MISTAKES_MAX);
}

static bool list_apis(struct cli *cli)
{
	const size_t count = cli->config->api_count + (cli->config->own ? 1 : 0);
	struct authority_api *apis = arena_alloc(&cli->arena, (count + 1) * sizeof(*apis));
	for (size_t i = 0; apis && i < count; i++)
		apis[i] = (struct authority_api){ cli->config->apis[i].name, cli->config->apis[i].profile };
	cli->authority = (struct authority){ .apis = apis, .api_count = count };
	return apis;
}

enum cli_exit cli_open_config(struct cli *cli)
{
	const char *path = cli_find_config(cli);
	if (!path)
		return CLI_CONFIG;
	struct mistakes *mistakes = malloc(sizeof(*mistakes));
	if (!mistakes)
		return cli_fail(cli, CLI_CONFIG, "there is no memory.");
	mistakes_init(mistakes);
	cli->config = config_load(path, mistakes);
	if (!cli->config)
		cli_print_mistakes(cli, mistakes);
	mistakes_done(mistakes);
	free(mistakes);
	if (!cli->config)
		return cli_fail(cli, CLI_CONFIG, "the configuration has mistakes; nothing was done.");
	return list_apis(cli) ? CLI_DONE : cli_fail(cli, CLI_CONFIG, "there is no memory.");
}

/* "cli:root", by the user that runs this. */
static void name_actor(struct cli *cli)
{
	const struct passwd *user = getpwuid(getuid());
	if (user)
		snprintf(cli->actor_name, sizeof(cli->actor_name), "cli:%.64s", user->pw_name);
	else
		snprintf(cli->actor_name, sizeof(cli->actor_name), "cli:%u", (unsigned)getuid());
	cli->actor = (struct store_actor){ cli->actor_name, clock_wall_ms() };
}

/* Places of their own for the tokens of some APIs, and who may own them. */
enum cli_exit cli_attach(struct cli *cli)
{
	char text[256] = "";
	for (size_t i = 0; i < cli->config->api_count; i++) {
		const struct config_api *api = &cli->config->apis[i];
		if (api->tokens && store_attach(cli->store, api->name, api->tokens, text) != STORE_OK)
			return cli_fail(cli, CLI_STORE, "%s.", text);
	}
	return CLI_DONE;
}

/* The users of sites, for commands; `serve` asks its services. */
static enum cli_exit open_owners(struct cli *cli)
{
	char text[256] = "";
	const size_t count = cli->authority.api_count; /* Remit's own is the last in both */
	struct authority_api *apis = arena_alloc(&cli->arena, (count + 1) * sizeof(*apis));
	struct owner_source *sources = arena_alloc(&cli->arena, (count + 1) * sizeof(*sources));
	cli->owners = arena_alloc(&cli->arena, (count + 1) * sizeof(struct owners *));
	if (!apis || !sources || !cli->owners)
		return cli_fail(cli, CLI_CONFIG, "there is no memory.");
	for (size_t i = 0; i < count; i++) {
		const struct config_api *api = &cli->config->apis[i];
		apis[i] = cli->authority.apis[i];
		if (!api->site)
			continue;
		if (!owners_open(api->site, api->profile->policy, &cli->owners[cli->owner_count], text))
			return cli_fail(cli, CLI_STORE, "the users of %s: %s.", api->site, text);
		owners_source(cli->owners[cli->owner_count++], &sources[i]);
		apis[i].owners = &sources[i];
	}
	cli->authority.apis = apis;
	return CLI_DONE;
}

enum cli_exit cli_open_store(struct cli *cli)
{
	char text[256] = "";
	enum cli_exit status = cli_open_config(cli);
	if (status != CLI_DONE)
		return status;
	if (!authority_init())
		return cli_fail(cli, CLI_STORE, "this machine gives no randomness.");
	enum store_status opened = store_open(cli->config->store, STORE_OPEN, &cli->store, text);
	if (opened == STORE_NOT_FOUND)
		return cli_fail(cli, CLI_STORE,
			"there is no store at %s yet. `remit store migrate` or `remit serve` makes it.",
			cli->config->store);
	if (opened == STORE_SCHEMA)
		return cli_fail(cli, CLI_STORE, "%s. `remit store migrate` brings an older store up to date.",
			text);
	if (opened != STORE_OK)
		return cli_fail(cli, CLI_STORE, "%s.", text);
	cli->authority.store = cli->store;
	name_actor(cli);
	status = cli_attach(cli);
	return status == CLI_DONE ? open_owners(cli) : status;
}

/* A server that stands still may have heard of the store until just before its next beat, which is due
 * max_staleness / 2 after the last one: only max_staleness after that does it surely refuse. */
static enum authority_status wait_applied(struct cli *cli, int64_t revision, struct authority_error *reterr)
{
	uint32_t staleness_ms = cli->config->max_staleness_ms;
	struct authority_lagging lagging;
	return authority_wait_applied(&cli->authority, revision, staleness_ms + staleness_ms / 2 + AUTHORITY_WAIT_MARGIN_MS,
		&lagging, reterr);
}

enum cli_exit cli_settle(struct cli *cli, int64_t revision)
{
	struct authority_error error;
	enum authority_status status = wait_applied(cli, revision, &error);
	return status == AUTHORITY_OK ? CLI_DONE : cli_refuse(cli, status, &error);
}

enum cli_exit cli_make_change(struct cli *cli, cli_change *change)
{
	struct authority_error error;
	int64_t revision;
	enum cli_exit opened = cli_open_store(cli);

	if (opened != CLI_DONE)
		return opened;
	enum authority_status status = change(&cli->authority, cli->args[0], &cli->actor, &revision, &error);
	return status == AUTHORITY_OK ? cli_settle(cli, revision) : cli_refuse(cli, status, &error);
}

void cli_let_know(struct cli *cli, int64_t revision)
{
	struct authority_error error;
	(void)wait_applied(cli, revision, &error);
}

int cli_main(int argc, char **argv)
{
	struct cli cli;
	enum cli_exit status;

	cli_init(&cli);
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("remit " REMIT_VERSION);
		status = CLI_DONE;
		goto out;
	}
	status = cli_parse(&cli, argc, argv);
	if (status != CLI_DONE || !cli.command)
		goto out;
	if (cli.help)
		help_command(&cli.out, cli.command);
	else
		status = cli.command->run(&cli);
out:
	if (fflush(stdout) != 0 && status == CLI_DONE)
		status = cli_fail(&cli, CLI_REFUSED, "stdout cannot be written: %s.", strerror(errno));
	cli_done(&cli);
	return (int)status;
}
