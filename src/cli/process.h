/* SPDX-License-Identifier: Apache-2.0
 * What the process promises before it does anything.
 * cli: may include every room.
 */
#ifndef REMIT_CLI_PROCESS_H
#define REMIT_CLI_PROCESS_H

/* No core dump, no debugger of another process of the same user, files for nobody else, and three
 * open standard streams, so that no database is ever opened as stderr. */
void process_harden(void);

#endif
