/* SPDX-License-Identifier: Apache-2.0
 * What check-config says of an OpenAPI document beside an API's rules.
 * cli: may include every room.
 */
#ifndef REMIT_CLI_COVERAGE_H
#define REMIT_CLI_COVERAGE_H

#include "cli/command.h"

/* CLI_DONE where rules and document fit, CLI_REFUSED where something is left over on either side or
 * the document cannot be read. Prints what is; with --json it is put into `document` instead. */
enum cli_exit coverage_say(
	struct cli *cli, const struct authority_api *api, const char *path, json_t *document);

#endif
