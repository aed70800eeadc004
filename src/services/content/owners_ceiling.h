/* SPDX-License-Identifier: Apache-2.0
 * What scopes a user of the site can use at all, on any handle (D24).
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_CONTENT_OWNERS_CEILING_H
#define REMIT_SERVICES_CONTENT_OWNERS_CEILING_H

#include "services/content/owners.h"

/* From `super` and `permissions`. */
void owners_ceiling(const struct owner *owner, const struct remit_policy *policy, struct remit_scopes *ret);

#endif
