/* SPDX-License-Identifier: Apache-2.0
 * The services that come with the program, by the names that a configuration gives them. Opens nothing.
 * cli: may include every room.
 */
#ifndef REMIT_CLI_SERVICES_H
#define REMIT_CLI_SERVICES_H

#include "profile/config.h"
#include "services/service.h"

#include <stdbool.h>

/* What an API's service is: its tables, and what it judges. False where it has none of ours. */
bool services_describe(const struct config_api *api, struct service *ret);
/* Adds a mistake wherever an API's rules do not fit its service. */
void services_check(const struct config *config, struct mistakes *mistakes);

#endif
