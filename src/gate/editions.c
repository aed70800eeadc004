/* SPDX-License-Identifier: Apache-2.0
 * All that can fail is done before the one assignment that makes an edition the newest; after it each loop
 * only takes the seat that was made for it.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/editions.h"

#include "base/clock.h"
#include "gate/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LOOPS_WAIT_S 10 /* a loop comes round in a millisecond; past this something else is wrong */

void editions_init(struct gate *gate)
{
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&gate->renewed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_init(&gate->lock, NULL);
}

void editions_done(struct gate *gate)
{
	struct edition *newest = atomic_exchange(&gate->newest, NULL);
	if (newest)
		newest->uses--;
	gate_tidy(gate);
	assert(!gate->editions);
	pthread_cond_destroy(&gate->renewed);
	pthread_mutex_destroy(&gate->lock);
}

/* Under the lock, so that no loop enters meanwhile. */
static bool make_seats(struct gate *gate, struct edition *edition)
{
	for (unsigned i = 0; i < COUNTERS_MAX; i++) {
		if (!gate->loops[i])
			continue;
		edition->seats[i] = seat_new(edition);
		if (!edition->seats[i])
			return false;
	}
	return true;
}

/* Under the lock. */
static void end_oldest(struct gate *gate)
{
	unsigned used = 0;
	for (struct edition *e = gate->editions; e; e = e->next)
		e->ended = e->uses > 0 && ++used > EDITIONS_USED_MAX;
}

bool editions_put(struct gate *gate, struct edition *edition)
{
	pthread_mutex_lock(&gate->lock);
	bool good = make_seats(gate, edition);
	if (good) {
		edition->next = gate->editions;
		gate->editions = edition;
		edition->uses++;
		struct edition *old = atomic_exchange(&gate->newest, edition);
		if (old)
			old->uses--;
		end_oldest(gate);
		gate->reloads.loaded_ms = clock_wall_ms();
	}
	pthread_mutex_unlock(&gate->lock);
	return good;
}

/* ---- Loops ---- */

bool editions_enter(struct gate *gate, struct gate_loop *loop)
{
	assert(loop->index < COUNTERS_MAX);
	pthread_mutex_lock(&gate->lock);
	struct edition *newest = atomic_load(&gate->newest);
	loop->seat = seat_new(newest);
	if (loop->seat) {
		newest->uses++;
		loop->renewed = newest;
		gate->loops[loop->index] = loop;
	}
	pthread_mutex_unlock(&gate->lock);
	return loop->seat != NULL;
}

void editions_leave(struct gate *gate, struct gate_loop *loop)
{
	pthread_mutex_lock(&gate->lock);
	if (gate->loops[loop->index] == loop)
		gate->loops[loop->index] = NULL;
	pthread_cond_broadcast(&gate->renewed);
	pthread_mutex_unlock(&gate->lock);
	seats_leave(loop);
}

/* Under the lock. */
static bool all_have_renewed(const struct gate *gate, const struct edition *edition)
{
	for (unsigned i = 0; i < COUNTERS_MAX; i++)
		if (gate->loops[i] && gate->loops[i]->renewed != edition)
			return false;
	return true;
}

static void wait_for_loops(struct gate *gate, const struct edition *edition)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LOOPS_WAIT_S;
	pthread_mutex_lock(&gate->lock);
	while (!all_have_renewed(gate, edition))
		if (pthread_cond_timedwait(&gate->renewed, &gate->lock, &until) != 0)
			break;
	pthread_mutex_unlock(&gate->lock);
}

/* ---- Another configuration ---- */

static bool has_room(struct gate *gate, char *reterr_text)
{
	unsigned count = 0;
	gate_tidy(gate);
	pthread_mutex_lock(&gate->lock);
	for (const struct edition *e = gate->editions; e; e = e->next)
		count++;
	pthread_mutex_unlock(&gate->lock);
	if (count < EDITIONS_MAX)
		return true;
	snprintf(reterr_text, 512, "requests that have begun by %u older configurations are still running; try again "
		"when some of them are over", count - 1);
	return false;
}

bool gate_reload(struct gate *gate, const struct gate_options *options, char reterr_text[512])
{
	const struct config *config = options->config;
	struct edition *edition;
	if (!has_room(gate, reterr_text) || !edition_new(gate, options, &edition, reterr_text))
		return false;
	if (!editions_put(gate, edition)) {
		snprintf(reterr_text, 512, "out of memory");
		edition->over = NULL;
		edition_free(edition);
		return false;
	}
	feed_set_max_staleness(gate->feed, config->max_staleness_ms);
	keeper_set_max_staleness(gate->keeper, config->max_staleness_ms);
	keeper_set_keep(gate->keeper, config->audit_keep_ms);
	audit_writer_keep(gate->audit, config->audit_keep_ms, config->audit_max_bytes);
	server_wake(atomic_load(&gate->server));
	wait_for_loops(gate, edition);
	pthread_mutex_lock(&gate->lock);
	gate->reloads.done++;
	gate->reloads.refused_ms = 0;
	pthread_mutex_unlock(&gate->lock);
	gate_tidy(gate);
	return true;
}

void gate_refused(struct gate *gate, const char *why)
{
	pthread_mutex_lock(&gate->lock);
	gate->reloads.refused++;
	gate->reloads.refused_ms = clock_wall_ms();
	snprintf(gate->reloads.why, sizeof(gate->reloads.why), "%s", why);
	pthread_mutex_unlock(&gate->lock);
}

/* One that nothing uses, taken out of the list; NULL where there is none. */
static struct edition *take_unused(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	struct edition **at = &gate->editions;
	while (*at && (*at)->uses > 0)
		at = &(*at)->next;
	struct edition *edition = *at;
	if (edition)
		*at = edition->next;
	pthread_mutex_unlock(&gate->lock);
	return edition;
}

void gate_tidy(struct gate *gate)
{
	for (struct edition *edition; (edition = take_unused(gate)) != NULL;)
		edition_free(edition);
}

const struct edition *editions_sharing(const struct edition *edition)
{
	struct gate *gate = edition->gate;
	pthread_mutex_lock(&gate->lock);
	const struct edition *other = gate->editions;
	while (other && (other == edition || other->replica != edition->replica))
		other = other->next;
	pthread_mutex_unlock(&gate->lock);
	return other;
}

void editions_table_size(struct gate *gate, size_t *ret_texts, size_t *ret_bytes)
{
	pthread_mutex_lock(&gate->lock);
	const struct edition *newest = atomic_load(&gate->newest);
	*ret_texts = replica_texts(newest->replica);
	*ret_bytes = replica_bytes(newest->replica);
	pthread_mutex_unlock(&gate->lock);
}
