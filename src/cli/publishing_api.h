/* SPDX-License-Identifier: Apache-2.0
 * How the publishing service of an API is opened, by `serve` and by the commands of `publishing` alike; and
 * whether the rules of its profile fit it.
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

/* Adds a mistake wherever an API's rules do not fit its service. Opens nothing. */
void publishing_api_check(const struct config *config, struct mistakes *mistakes);

#endif
