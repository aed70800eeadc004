/* SPDX-License-Identifier: Apache-2.0
 * Remit's own management as a service (D26): a table of operations over the authority, below /admin/v1.
 * The gate judges the token; what it may make is bounded here by its ceiling.
 * admin: may include base, core, wire, store, authority, profile, net, gate and services/service.h.
 */
#ifndef REMIT_ADMIN_ADMIN_H
#define REMIT_ADMIN_ADMIN_H

#include "gate/gate.h"
#include "profile/config.h"
#include "services/service.h"
#include "store/store.h"

struct admin_options {
	const struct config *config; /* lives as long as the service; its own API is there */
	struct store *store;
	const char *version;
	const struct gate_api *apis; /* the config's, in its order, opened; live as long */
};

/* What it is: its table of operations, for whoever judges rules without opening it. */
void admin_describe(struct service *ret);
/* A sentence in reterr_text on failure. */
bool admin_open(const struct admin_options *options, struct service **ret, char reterr_text[256]);
/* Whose state it tells; before the first call. NULL: of none. */
void admin_set_gate(struct service *service, struct gate *gate);
/* NULL is nothing. */
void admin_close(struct service *service);

#endif
