/* SPDX-License-Identifier: Apache-2.0
 * How the publishing service of an API is opened, by `serve` and by the commands of `publishing` alike.
 * cli: may include every room.
 */
#ifndef REMIT_CLI_PUBLISHING_API_H
#define REMIT_CLI_PUBLISHING_API_H

#include "cli/command.h"

#include "services/publishing/publishing.h"

/* The API that --api names, else the only one with the service. NULL was told. */
const struct config_api *publishing_api_find(struct cli *cli);

/* Options out of the config and the open store; texts live in the arena or the config. False without memory. */
bool publishing_api_options(const struct config *config, const struct config_api *api, struct store *store,
	const struct secrets *secrets, struct arena *arena, struct publishing_options *ret);

/* The same for a command: opens the store, and takes the API that --api names, or the only one that has the
 * service. What is not CLI_DONE was told. */
enum cli_exit publishing_api_open(struct cli *cli, struct secrets **ret_secrets, struct publishing_options *ret);

#endif
