/* SPDX-License-Identifier: Apache-2.0
 * The certificates and keys that a configuration names: whether they can be used, and who may read them.
 * cli: may include every room.
 */
#ifndef REMIT_CLI_TLS_FILES_H
#define REMIT_CLI_TLS_FILES_H

#include "net/tls.h"
#include "profile/config.h"

/* What a listener of the server is given for the i-th address of `listen`, in the arena; *ret is NULL where no
 * TLS is spoken there. False without memory. */
bool tls_files_options(struct arena *arena, const struct config *config, size_t i,
	const struct tls_server_options **ret);
/* Loads them all, and adds a mistake for each that cannot be used. */
void tls_files_check(const struct config *config, struct mistakes *mistakes);
/* A warning in the log for each key that every user of this machine may read. */
void tls_files_warn(const struct config *config);

#endif
