/* SPDX-License-Identifier: Apache-2.0
 * Whether an API's rules and its service's operations fit: a rule that guards nothing and an
 * operation that nothing guards are both mistakes of somebody.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_FIT_H
#define REMIT_GATE_FIT_H

#include "profile/config.h"
#include "services/service.h"

/* Whether an operation of the policy is one of REST; else it is a tool, a resource or a prompt. */
bool fit_is_rest(const struct remit_operation *operation);
/* The service's operation that a rule of the policy guards; NULL where it has none. */
const struct service_operation *fit_find(const struct service *service,
	const struct remit_operation *operation);
/* Adds a mistake for whatever does not fit. Of the service only its table is looked at. */
void fit_check(const struct config *config, const struct config_api *api, const struct service *service,
	struct mistakes *mistakes);

#endif
