/* SPDX-License-Identifier: Apache-2.0
 * Handing what is allowed to the service, and its answer back.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_RUN_H
#define REMIT_GATE_RUN_H

#include "gate/internal.h"

void run_service(struct visit *v);
/* Who calls, as the visit knows it. */
void run_fill_caller(struct visit *v, struct service_caller *caller);

#endif
