/* SPDX-License-Identifier: Apache-2.0
 * Forward-auth: a proxy that we trust asks whether a request may pass, and carries it itself.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_FORWARD_H
#define REMIT_GATE_FORWARD_H

#include "gate/reply.h"

/* A visit to /gate/forward becomes a visit of the request that is asked about: v->forwarded and
 * v->request are set, and v->api where it is named. False, and answered, where that cannot be. Any
 * other visit is left as it is. */
bool forward_enter(struct visit *v);
/* Judges what is asked about; its path is decoded, and v->api is found where there is one. */
void forward_judge(struct visit *v);
/* Turns an answer into one that a proxy understands: 200, 401 or 403, and what it really is in headers. */
void forward_translate(struct reply *reply);

#endif
