/* SPDX-License-Identifier: Apache-2.0
 * From the scopes that are written in a token's row to what its record holds. A name that is no
 * longer in the vocabulary grants nothing (T04), and is logged once.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_GRANTING_H
#define REMIT_GATE_GRANTING_H

#include "gate/replica.h"

struct granting;

bool granting_new(struct granting **ret);
void granting_free(struct granting *grants);
/* After a change of table: what was remembered belongs to the old one. */
void granting_forget(struct granting *grants);
/* `scopes` are names with one space between. False without memory. */
bool granting_of(struct granting *grants, struct remit_table *table, const struct replica_api *api,
	struct str scopes, uint64_t *ret_granted);

#endif
