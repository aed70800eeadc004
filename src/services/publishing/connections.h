/* SPDX-License-Identifier: Apache-2.0
 * What the credentials of a social connection are, and how they are kept: a JSON object {"url","secret"},
 * sealed for its row alone.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_CONNECTIONS_H
#define REMIT_SERVICES_PUBLISHING_CONNECTIONS_H

#include "services/publishing/internal.h"

#define CONNECTION_SEALED_MAX 8192

/* Seals into `out`. False without memory or where it is too large. */
bool connection_seal(const struct publishing *p, const struct id_bytes *connection, struct str url, struct str secret,
	struct buf *out);
/* False where it is not ours, or was sealed with another key. Texts in the arena. */
bool connection_unseal(const struct publishing *p, const struct id_bytes *connection, struct str sealed,
	struct arena *arena, struct str *ret_url, struct str *ret_secret);

#endif
