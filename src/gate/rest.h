/* SPDX-License-Identifier: Apache-2.0
 * The steps of judging a request by its head, for whoever carries it on afterwards.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_REST_H
#define REMIT_GATE_REST_H

#include "gate/conditions.h"
#include "gate/internal.h"

/* Finds the rule, the audit log's room, the token, and takes from its rate. False, and answered, where
 * the visit ends here. */
bool rest_admit(struct visit *v);
/* Rule and scope, once what they read is there. False, and answered, where it is refused. */
bool rest_decide(struct visit *v);

/* The same two steps for a message of MCP: what needs no rule to be found first; and for what any valid token
 * may do. */
bool rest_enter(struct visit *v);
bool rest_decide_token(struct visit *v);
/* Whether what was allowed still is, by v->rule and the token as it is now. Answers nothing. */
bool rest_holds(struct visit *v, uint32_t whens, const struct conditions_named *named);

#endif
