/* SPDX-License-Identifier: Apache-2.0
 * Help, out of the table of commands.
 * cli: may include every room.
 */
#ifndef REMIT_CLI_HELP_H
#define REMIT_CLI_HELP_H

#include "cli/command.h"

void help_overview(const struct screen *screen);
void help_group(const struct screen *screen, const char *words);
void help_command(const struct screen *screen, const struct cli_command *command);

#endif
