/* SPDX-License-Identifier: Apache-2.0
 * A visit from its head to its end: what comes before any token, and to whom it belongs.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_VISIT_H
#define REMIT_GATE_VISIT_H

#include "gate/internal.h"

/* For struct server_handler. */
void visit_request(struct exchange *x, void *state);
void visit_finished(struct exchange *x, void *state, int status);

#endif
