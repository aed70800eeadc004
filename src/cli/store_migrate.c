/* SPDX-License-Identifier: Apache-2.0
 * remit store migrate: makes the store, or brings it up to date.
 * cli: may include every room.
 */
#include "cli/commands.h"

static enum cli_exit run(struct cli *cli)
{
	char text[256] = "";
	enum cli_exit status = cli_open_config(cli);

	if (status != CLI_DONE)
		return status;
	if (store_open(cli->config->store, STORE_MIGRATE, &cli->store, text) != STORE_OK)
		return cli_fail(cli, CLI_STORE, "%s.", text);
	if (cli->json)
		return cli_print_json(cli,
			json_pack("{s:s, s:b}", "store", cli->config->store, "current", 1));
	cli_note(cli, "The store %s is up to date.", cli->config->store);
	return CLI_DONE;
}

const struct cli_command command_store_migrate = {
	.path = "store migrate",
	.summary = "make the store, or bring it up to date",
	.arguments = "",
	.examples = (const struct cli_example[]){ { "remit store migrate", "after an update of the program" },
		{ 0 } },
	.details = "Harmless where it is up to date already. `remit serve` does not start on an older store.",
	.run = run,
};
