/* SPDX-License-Identifier: Apache-2.0
 * The newest seat is for new visits; older ones stand behind it until their last visit is over.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/seat.h"

#include "gate/internal.h"
#include "gate/proxy.h"

struct seat *seat_new(struct edition *edition)
{
	struct seat *seat = calloc(1, sizeof(*seat));
	if (!seat)
		return NULL;
	seat->edition = edition;
	if (!proxy_seat_start(seat) || !replica_reader_init(&seat->reader, edition->replica)) {
		seat_free(seat);
		return NULL;
	}
	return seat;
}

void seat_free(struct seat *seat)
{
	if (!seat)
		return;
	assert(seat->visits == 0 && !seat->calls);
	proxy_seat_stop(seat);
	replica_reader_done(&seat->reader);
	free(seat);
}

/* The edition may be freed once nothing uses it: by gate_tidy, never on a loop. */
static void give_up(struct gate *gate, struct seat *seat)
{
	struct edition *edition = seat->edition;
	seat_free(seat);
	pthread_mutex_lock(&gate->lock);
	edition->uses--;
	pthread_mutex_unlock(&gate->lock);
}

void seats_rest(struct gate_loop *loop)
{
	replica_reader_rest(&loop->seat->reader);
	for (struct seat **at = &loop->seat->next; *at;) {
		struct seat *seat = *at;
		replica_reader_rest(&seat->reader);
		if (seat->visits > 0) {
			at = &seat->next;
			continue;
		}
		*at = seat->next; /* nothing of it is on the stack here */
		give_up(loop->gate, seat);
	}
}

void seats_turn(struct gate_loop *loop)
{
	for (struct seat *seat = loop->seat; seat; seat = seat->next)
		replica_reader_turn(&seat->reader);
}

static bool is_ended(struct gate *gate, const struct edition *edition)
{
	pthread_mutex_lock(&gate->lock);
	bool ended = edition->ended;
	pthread_mutex_unlock(&gate->lock);
	return ended;
}

/* Calls for an API that is no more have no rule to stand on. */
static void end_calls(const struct gate_loop *loop)
{
	const struct edition *newest = loop->seat->edition;
	for (struct seat *seat = loop->seat->next; seat; seat = seat->next)
		proxy_break_off(seat, is_ended(loop->gate, seat->edition) ? NULL : newest);
}

void seats_renew(struct gate_loop *loop)
{
	struct gate *gate = loop->gate;
	pthread_mutex_lock(&gate->lock);
	struct edition *newest = gate->newest;
	struct seat *seat = newest->seats[loop->index];
	newest->seats[loop->index] = NULL;
	newest->uses += seat ? 1 : 0;
	pthread_mutex_unlock(&gate->lock);
	if (!seat)
		return;
	seat->next = loop->seat;
	loop->seat = seat;
	replica_reader_turn(&seat->reader);
	end_calls(loop);
	pthread_mutex_lock(&gate->lock);
	loop->renewed = newest;
	pthread_cond_broadcast(&gate->renewed);
	pthread_mutex_unlock(&gate->lock);
}

void seats_leave(struct gate_loop *loop)
{
	for (struct seat *seat = loop->seat, *next; seat; seat = next) {
		next = seat->next;
		give_up(loop->gate, seat);
	}
	loop->seat = NULL;
}
