/* SPDX-License-Identifier: Apache-2.0
 * From the scopes that are written in a token's row to what its record holds. A name that is no
 * longer in the vocabulary grants nothing (T04), and is logged once.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_GRANTS_H
#define REMIT_GATE_GRANTS_H

#include "gate/replica.h"

struct grants;

bool grants_new(const struct replica_api *apis, size_t api_count, struct grants **ret);
void grants_free(struct grants *grants);
/* After a change of table: what was remembered belongs to the old one. */
void grants_forget(struct grants *grants);
/* `scopes` are names with one space between. False without memory. */
bool grants_of(struct grants *grants, struct remit_table *table, uint8_t api, struct str scopes, uint64_t *ret_granted);

#endif
