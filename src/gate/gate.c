/* SPDX-License-Identifier: Apache-2.0
 * Puts the gate together, and is the handler that the server calls.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/gate.h"

#include "base/clock.h"
#include "gate/editions.h"
#include "gate/mcp.h"
#include "gate/visit.h"

#include <stdio.h>

#define SCRATCH_MAX (256 * 1024)

/* ---- Making ---- */

static void audit_name(void *ctx, uint32_t name, struct str *ret_api, struct str *ret_operation)
{
	const struct gate *gate = ctx;
	numbers_operation_text(gate->numbers, name, ret_api, ret_operation);
}

static uint64_t audit_placed(void *ctx, const struct audit_pending *pending, uint64_t place)
{
	struct gate *gate = ctx;
	bool good = !remit_reason_is_token((enum remit_reason)pending->record.reason);
	return keeper_used(gate->keeper, pending->token, place, good ? pending->record.at_ms : 0);
}

/* At start: the store may not have heard of the last minute before a crash. */
static void audit_found(void *ctx, const struct id_bytes *id, uint64_t place)
{
	struct gate *gate = ctx;
	uint32_t number = roster_token_number(gate->roster, id);
	if (number && roster_token(gate->roster, number)->audit_place < place)
		roster_token(gate->roster, number)->audit_place = place;
}

static bool open_audit(struct gate *gate, const struct config *config, const char *folder, char *reterr_text)
{
	struct audit_options options = {
		.folder = folder ? folder : config->audit_folder,
		.keep_ms = config->audit_keep_ms,
		.max_bytes = config->audit_max_bytes,
		.name = audit_name,
		.names = LIMIT_AUDIT_NAMES,
		.placed = audit_placed,
		.found = audit_found,
		.ctx = gate,
	};
	return audit_writer_open(&options, &gate->audit, reterr_text);
}

static bool make(struct gate *gate, const struct gate_options *options, char *reterr_text)
{
	uint32_t staleness = options->config->max_staleness_ms;
	struct edition *first;
	snprintf(reterr_text, 512, "out of memory");
	if (!proofs_new(LIMIT_DPOP_REMEMBERED, &gate->proofs)
		|| !proofs_new(LIMIT_DPOP_REMEMBERED, &gate->asking_proofs) || !numbers_new(&gate->numbers) || !feed_new(gate->store, staleness, &gate->feed)
		|| !edition_new(gate, options, &first, reterr_text))
		return false;
	snprintf(reterr_text, 512, "out of memory");
	if (gate->local && !numbers_operation(gate->numbers, str_of(gate->local->principal), STR(""), &gate->local_name))
		return false;
	if (!editions_put(gate, first) || !keeper_new(gate->store, gate->roster, staleness, &gate->keeper))
		return false;
	keeper_set_keep(gate->keeper, options->config->audit_keep_ms);
	return open_audit(gate, options->config, options->audit_folder, reterr_text);
}

bool gate_new(const struct gate_options *options, struct gate **ret, char reterr_text[512])
{
	struct gate *gate = calloc(1, sizeof(*gate));
	if (!gate) {
		snprintf(reterr_text, 512, "out of memory");
		return false;
	}
	gate->store = options->store;
	gate->secrets = options->secrets;
	pthread_mutex_init(&gate->running_lock, NULL);
	gate->local = options->local;
	editions_init(gate);
	if (!make(gate, options, reterr_text)) {
		if (gate->editions)
			gate->editions->over = NULL;
		gate_free(gate);
		return false;
	}
	*ret = gate;
	return true;
}

bool gate_start(struct gate *gate, char reterr_text[512])
{
	snprintf(reterr_text, 512, "the store does not take this node's sign of life");
	if (!keeper_start(gate->keeper, feed_revision(gate->feed)))
		return false;
	snprintf(reterr_text, 512, "a thread cannot be started");
	return feed_start(gate->feed, gate->keeper) && audit_writer_start(gate->audit);
}

void gate_set_server(struct gate *gate, struct server *server)
{
	atomic_store(&gate->server, server);
	edition_find_ports(atomic_load(&gate->newest));
}

void gate_free(struct gate *gate)
{
	if (!gate)
		return;
	feed_stop(gate->feed);
	audit_writer_close(gate->audit); /* tells the keeper of the last uses */
	keeper_free(gate->keeper);
	editions_done(gate);
	feed_free(gate->feed);
	roster_free(gate->roster);
	proofs_free(gate->proofs);
	proofs_free(gate->asking_proofs);
	numbers_free(gate->numbers);
	for (unsigned i = 0; i < COUNTERS_MAX; i++)
		free(atomic_load(&gate->counters[i]));
	pthread_mutex_destroy(&gate->running_lock);
	free(gate);
}

/* ---- Loops ---- */

static void loop_stop(void *ctx, void *state)
{
	struct gate *gate = ctx;
	struct gate_loop *loop = state;
	editions_leave(gate, loop);
	remit_hasher_free(loop->hasher);
	buf_done(&loop->scratch);
	free(loop);
}

static bool give_counters(struct gate *gate, struct gate_loop *loop)
{
	unsigned index = atomic_fetch_add(&gate->counters_count, 1);
	if (index >= COUNTERS_MAX)
		return false;
	loop->counters = calloc(1, sizeof(*loop->counters));
	atomic_store(&gate->counters[index], loop->counters);
	return loop->counters != NULL;
}

static void *loop_start(void *ctx, unsigned index)
{
	struct gate *gate = ctx;
	struct gate_loop *loop = calloc(1, sizeof(*loop));
	if (!loop)
		return NULL;
	loop->gate = gate;
	loop->index = index;
	buf_init(&loop->scratch, SCRATCH_MAX);
	loop->hasher = remit_hasher_new();
	loop->ring = audit_writer_ring(gate->audit);
	if (!loop->hasher || !loop->ring || !buf_reserve(&loop->scratch, 4096) || !give_counters(gate, loop)
		|| !editions_enter(gate, loop)) {
		loop_stop(gate, loop);
		return NULL;
	}
	seats_turn(loop);
	return loop;
}

static void before_wait(void *state)
{
	seats_rest(state);
}

static void after_wait(void *state)
{
	struct gate_loop *loop = state;
	loop->turn++;
	seats_turn(loop);
	mcp_running_tend(loop);
	if (loop->streams)
		mcp_streams_tend(loop, clock_monotonic_ns());
}

static void woken(void *state)
{
	struct gate_loop *loop = state;
	if (atomic_load_explicit(&loop->gate->newest, memory_order_relaxed) != loop->seat->edition)
		seats_renew(loop);
	mcp_running_flush(loop);
}

struct server_handler gate_handler(struct gate *gate)
{
	return (struct server_handler){
		.ctx = gate,
		.loop_start = loop_start,
		.loop_stop = loop_stop,
		.loop_before_wait = before_wait,
		.loop_after_wait = after_wait,
		.woken = woken,
		.request = visit_request,
		.finished = visit_finished,
	};
}
