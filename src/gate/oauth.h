/* SPDX-License-Identifier: Apache-2.0
 * The authorization server's endpoints for programs, each run on a worker, and its metadata.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_OAUTH_H
#define REMIT_GATE_OAUTH_H

#include "authority/oauth/oauth.h"
#include "gate/internal.h"

/* Makes what the authority needs to know of an edition's APIs. False without memory. */
bool oauth_prepare(struct edition *edition);
/* The base of every URL as this visitor must see it: public_url, or the loopback name by which they came where that
 * is one too. In the exchange's arena; NULL without memory. After the host was found good. */
const char *oauth_base(const struct visit *v);
/* The server for a visit: for a worker, while the exchange lasts. False without memory. */
bool oauth_for(const struct visit *v, struct oauth *ret);
/* Answers where the path is one of the endpoints' or its metadata's; else false. */
bool oauth_request_enter(struct visit *v);
/* The visit is over. */
void oauth_finished(struct visit *v);
/* A challenge whose metadata is where the visitor came to: on loopback, by the name that they used. */
struct str oauth_challenge(const struct visit *v, struct str challenge);
/* On a worker: waits until this process judges by a revision, or so long that it would refuse anyhow. */
void oauth_let_apply(const struct gate *gate, const struct edition *edition, int64_t revision);

#endif
