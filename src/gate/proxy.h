/* SPDX-License-Identifier: Apache-2.0
 * What was allowed goes to somebody else's server, and its answer back: both streamed, both cleaned.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_PROXY_H
#define REMIT_GATE_PROXY_H

#include "gate/reply.h"
#include "net/upstream.h"

struct proxy;

/* Reads what an API with upstreams needs at start: addresses and credential. False with a sentence. */
bool proxy_prepare(struct api *api, const struct config_api *config, struct arena *arena,
	char reterr_text[512]);
/* Wipes the credential. */
void proxy_done(struct api *api);
/* Makes and frees what one loop needs for all APIs of an edition. False without memory. */
bool proxy_seat_start(struct seat *seat);
void proxy_seat_stop(struct seat *seat);

/* Sends on a request that was judged: with v->body where that was read, else its body as it comes. */
void proxy_run(struct visit *v);
/* The visit is over, perhaps before its answer. */
void proxy_finished(struct visit *v);
/* Ends the calls of a seat, from outside of any callback: all, or those for APIs that `unless` has not. */
void proxy_break_off(struct seat *seat, const struct edition *unless);

/* ---- proxy_head.c ---- */

/* The request's head for the upstream, without Host. False without memory. */
bool proxy_write_line(struct visit *v, struct str *ret_line);
bool proxy_write_fields(struct visit *v, struct str *ret_fields);
/* The answer's headers, as far as they are the client's to see. False without memory. */
bool proxy_fill_reply(struct visit *v, const struct http_response *response, struct reply *reply);

#endif
