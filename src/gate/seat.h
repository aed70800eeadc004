/* SPDX-License-Identifier: Apache-2.0
 * A loop's place in an edition: its reader of the copy, its connections to upstreams, its visits. On the
 * loop's own thread but where a comment says otherwise.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_SEAT_H
#define REMIT_GATE_SEAT_H

#include "gate/edition.h"
#include "net/upstream.h"

struct proxy;
struct gate_loop;

struct seat {
	struct edition *edition;
	struct replica_reader reader;
	struct upstream **upstreams; /* of each API that has some, by its place */
	uint64_t visits;
	struct proxy *calls;         /* of these visits, to upstreams */
	struct seat *next;           /* the older one */
};

/* From any thread, before a loop takes it. NULL without memory. */
struct seat *seat_new(struct edition *edition);
/* Without visits. NULL is nothing. */
void seat_free(struct seat *seat);

/* Before and after each wait for events. */
void seats_rest(struct gate_loop *loop);
void seats_turn(struct gate_loop *loop);
/* Takes the loop's seat in the newest edition, where that is another. */
void seats_renew(struct gate_loop *loop);
/* At the loop's end. */
void seats_leave(struct gate_loop *loop);

#endif
