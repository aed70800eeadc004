/* SPDX-License-Identifier: Apache-2.0
 * Pages for other programs to read: man, and the shells' completions.
 * cli: may include every room.
 */
#ifndef REMIT_CLI_PAGES_PAGES_H
#define REMIT_CLI_PAGES_PAGES_H

#include "cli/command.h"

void page_man(FILE *out);
void page_bash(FILE *out);
void page_zsh(FILE *out);
void page_fish(FILE *out);

#endif
