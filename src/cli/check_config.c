/* SPDX-License-Identifier: Apache-2.0
 * remit check-config: every mistake of the configuration and its profiles at once; and the compiled
 * form of a policy, for programs that embed the library.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/coverage.h"
#include "cli/mcp/mcp.h"
#include "cli/services.h"
#include "cli/tls_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static json_t *mistakes_json(const struct mistakes *mistakes)
{
	json_t *array = json_array();
	for (size_t i = 0; i < mistakes->count && i < MISTAKES_MAX; i++) {
		const struct mistake *m = &mistakes->list[i];
		if (mistakes_repeats(mistakes, i))
			continue;
		json_array_append_new(array,
			json_pack("{s:s?, s:i, s:i, s:s, s:s?}", "file", m->file, "line", (int)m->line,
				"column", (int)m->column, "what", m->what, "suggestion", m->suggestion));
	}
	return array;
}

/* A new file, or nothing: a program may be reading the old one. */
static enum cli_exit write_file(struct cli *cli, const char *path, const uint8_t *bytes, size_t size)
{
	char *draft = arena_printf(&cli->arena, "%s.new", path);
	int fd = draft ? open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644) : -1;
	size_t done = 0;

	while (fd >= 0 && done < size) {
		ssize_t n = write(fd, bytes + done, size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	bool ok = fd >= 0 && done == size && fsync(fd) == 0;
	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	if (ok && rename(draft, path) == 0)
		return CLI_DONE;
	int why = errno;
	if (fd >= 0)
		unlink(draft);
	return cli_fail(cli, CLI_REFUSED, "%s cannot be written: %s.", path, strerror(why));
}

static enum cli_exit compile(struct cli *cli, const char *path)
{
	uint8_t *bytes;
	size_t size;
	const struct authority_api *api = cli_api(cli);

	if (!api)
		return cli_value(cli, "api") ? CLI_REFUSED : CLI_USAGE;
	if (remit_policy_save(api->profile->policy, &bytes, &size) != REMIT_OK)
		return cli_fail(cli, CLI_REFUSED, "there is no memory.");
	enum cli_exit status = write_file(cli, path, bytes, size);
	free(bytes);
	return status;
}

/* Not every operation, but those of the APIs that are there. */
static size_t count_operations(const struct config *config)
{
	size_t count = 0;
	for (size_t i = 0; i < config->api_count; i++)
		count += remit_policy_operations(config->apis[i].profile->policy);
	return count;
}

static enum cli_exit say_bad(struct cli *cli, const struct mistakes *mistakes)
{
	cli_print_mistakes(cli, mistakes);
	if (cli->json)
		cli_print_json(cli, json_pack("{s:b, s:o}", "ok", 0, "mistakes", mistakes_json(mistakes)));
	return CLI_CONFIG;
}

/* The configuration is good; a document beside it may still find something. */
static enum cli_exit say_good(struct cli *cli)
{
	const size_t apis = cli->config->api_count, operations = count_operations(cli->config);
	const char *path = cli_value(cli, "openapi"), *url = cli_value(cli, "mcp");
	const struct authority_api *api = path || url ? cli_api(cli) : NULL;
	enum cli_exit status = CLI_DONE;
	json_t *document = NULL;

	if (path && url)
		return cli_misused(cli, "give --openapi or --mcp, not both.");
	if ((path || url) && !api)
		return cli_value(cli, "api") ? CLI_REFUSED : CLI_USAGE;
	if (cli->json)
		document = json_pack("{s:b, s:[], s:I, s:I}", "ok", 1, "mistakes", "apis", (json_int_t)apis,
			"operations", (json_int_t)operations);
	else
		printf("config ok: %zu API%s, %zu operations\n", apis, apis == 1 ? "" : "s", operations);
	if (path)
		status = coverage_say(cli, api, path, document);
	else if (url)
		status = mcp_compare(cli, api, url, document);
	if (!cli->json)
		return status;
	const enum cli_exit printed = cli_print_json(cli, document);
	return status == CLI_DONE ? printed : status;
}

static enum cli_exit run(struct cli *cli)
{
	const char *path = cli_find_config(cli), *to = cli_value(cli, "compile");
	struct mistakes *mistakes = path ? malloc(sizeof(*mistakes)) : NULL;
	enum cli_exit status = CLI_DONE;

	if (!mistakes)
		return CLI_CONFIG;
	mistakes_init(mistakes);
	cli->config = config_load(path, mistakes);
	if (cli->config) {
		services_check(cli->config, mistakes);
		tls_files_check(cli->config, mistakes);
	}
	if (!cli->config || mistakes->count > 0)
		status = say_bad(cli, mistakes);
	mistakes_done(mistakes);
	free(mistakes);
	if (status != CLI_DONE)
		return status;
	config_free(cli->config);
	cli->config = NULL;
	status = cli_open_config(cli);
	if (status == CLI_DONE && to)
		status = compile(cli, to);
	return status == CLI_DONE ? say_good(cli) : status;
}

const struct cli_command command_check_config = {
	.path = "check-config",
	.summary = "read the configuration and its profiles, and tell every mistake",
	.arguments = "",
	.options =
		(const struct cli_option[]){
			{ "compile", "FILE",
				"write the compiled form of an API's policy, for remit_policy_load" },
			{ "openapi", "FILE",
				"compare an API's rules with an OpenAPI document: exit status 1 where an "
				"operation has no rule, or a rule no operation" },
			{ "mcp", "URL",
				"compare an API's rules with a running MCP server: exit status 1 where a tool "
				"or an action has no rule, a rule no tool, or a tool has changed" },
			{ "api", "API", "which API is meant; may be left out where there is one" },
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "remit check-config", "before a restart" },
			{ "remit check-config --api publishing --compile publishing.policy",
				"for a program that embeds the library" },
			{ "remit check-config --api mine --openapi openapi.yaml",
				"in CI: is every operation of the API mapped?" },
			{ "remit check-config --mcp http://127.0.0.1:3001/mcp",
				"in CI: is every tool mapped, and still what it was?" },
			{ 0 },
		},
	.details = "Mistakes are printed as file:line:column: what; exit status 3. A rule that the API's "
		   "service has no operation for is one too, an operation that no rule maps, and a certificate "
		   "that cannot be used. Nothing is started or changed.",
	.run = run,
};
