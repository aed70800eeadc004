/* SPDX-License-Identifier: Apache-2.0
 * What was allowed goes to somebody else's server, and its answer back: both streamed, both cleaned.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_PROXY_H
#define REMIT_GATE_PROXY_H

#include "gate/identity.h"
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
/* Ends one call, and breaks its answer off where that has begun, from outside of both. */
void proxy_end(struct visit *v);
/* The visit is over, perhaps before its answer. */
void proxy_finished(struct visit *v);
/* Ends the calls of a seat, from outside of any callback: all, or those for APIs that `unless` has not. */
void proxy_break_off(struct seat *seat, const struct edition *unless);

/* ---- proxy_head.c ---- */

/* Whose a request is, as headers: made when it is judged, with values in the exchange's arena. */
struct proxy_identity {
	size_t count;
	struct http_header headers[IDENTITY_HEADERS];
};

/* Whether the request's body was read, to be judged; else it goes through as it comes. */
bool proxy_has_read(const struct visit *v);
/* Appends the request's head for the upstream. False without memory. */
bool proxy_write_head(struct visit *v, const struct proxy_identity *identity, struct str host, struct buf *out);
/* The answer's headers, as far as they are the client's to see; valid until the loop's next answer. */
void proxy_fill_reply(struct visit *v, const struct http_response *response, struct reply *reply);

#endif
