/* SPDX-License-Identifier: Apache-2.0
 * Puts the gate together, and is the handler that the server calls.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/gate.h"

#include "gate/challenge.h"
#include "gate/proxy.h"
#include "gate/reply.h"
#include "gate/visit.h"

#include <stdio.h>

#define SCRATCH_MAX (256 * 1024)

/* ---- Making ---- */

static bool make_apis(struct gate *gate, const struct gate_options *options, char *reterr_text)
{
	if (options->api_count >= REPLICA_NO_API) {
		snprintf(reterr_text, 512, "more than %d APIs", REPLICA_NO_API - 1);
		return false;
	}
	gate->apis = arena_alloc(&gate->arena, (options->api_count + 1) * sizeof(*gate->apis));
	gate->replica_apis = arena_alloc(&gate->arena, (options->api_count + 1) * sizeof(*gate->replica_apis));
	if (!gate->apis || !gate->replica_apis) {
		snprintf(reterr_text, 512, "out of memory");
		return false;
	}
	uint32_t name = 0;
	for (size_t i = 0; i < options->api_count; i++) {
		const struct gate_api *from = &options->apis[i];
		struct api *api = &gate->apis[i];
		if (!api_init(api, (uint8_t)i, gate->config, from->config, from->service, &gate->arena, reterr_text))
			return false;
		api->first_name = name;
		name += (uint32_t)api->rule_count + 1;
		gate->replica_apis[i] = (struct replica_api){
			.name = from->config->name, .number = api->number, .policy = api->policy, .is_upstream = !api->service,
		};
		gate->api_count++;
	}
	gate->name_count = name;
	return true;
}

static void audit_name(void *ctx, uint32_t name, struct str *ret_api, struct str *ret_operation)
{
	const struct gate *gate = ctx;
	*ret_api = *ret_operation = STR("");
	for (size_t i = 0; i < gate->api_count; i++) {
		const struct api *api = &gate->apis[i];
		if (name < api->first_name || name > api->first_name + api->rule_count)
			continue;
		*ret_api = str_of(api->config->name);
		if (name < api->first_name + api->rule_count)
			*ret_operation = str_of(api->rules[name - api->first_name].operation->text);
	}
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

static bool open_audit(struct gate *gate, char *reterr_text)
{
	const struct config *config = gate->config;
	struct audit_options options = {
		.folder = config->audit_folder,
		.keep_ms = config->audit_keep_ms,
		.max_bytes = config->audit_max_bytes,
		.name = audit_name,
		.names = gate->name_count,
		.placed = audit_placed,
		.found = audit_found,
		.ctx = gate,
	};
	gate->audit_refuses = config->audit_when_full == CONFIG_FULL_REFUSE;
	return audit_writer_open(&options, &gate->audit, reterr_text);
}

static bool make(struct gate *gate, const struct gate_options *options, char *reterr_text)
{
	uint64_t expected = 0;
	uint32_t staleness = gate->config->max_staleness_ms;
	if (!make_apis(gate, options, reterr_text) || !doorman_init(&gate->doorman, gate->config, reterr_text)
		|| !trusted_init(&gate->trusted, gate->config, &gate->arena, reterr_text))
		return false;
	if (store_text_count(gate->store, &expected) != STORE_OK)
		expected = 0;
	snprintf(reterr_text, 512, "out of memory");
	return roster_new(expected, &gate->roster)
		&& replica_new(gate->roster, gate->replica_apis, gate->api_count, expected, &gate->replica)
		&& feed_new(gate->store, staleness, &gate->feed)
		&& feed_join(gate->feed, gate->replica, reterr_text)
		&& keeper_new(gate->store, gate->roster, staleness, &gate->keeper)
		&& wellknown_prepare(gate)
		&& open_audit(gate, reterr_text);
}

bool gate_new(const struct gate_options *options, struct gate **ret, char reterr_text[512])
{
	struct gate *gate = calloc(1, sizeof(*gate));
	if (!gate) {
		snprintf(reterr_text, 512, "out of memory");
		return false;
	}
	gate->config = options->config;
	gate->store = options->store;
	arena_init(&gate->arena, 0);
	if (!make(gate, options, reterr_text)) {
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

void gate_set_server(struct gate *gate, const struct server *server)
{
	for (size_t i = 0; i < gate->config->listen_count; i++)
		doorman_set_port(&gate->doorman, i, server_port(server, i));
	atomic_store(&gate->server, server);
}

void gate_free(struct gate *gate)
{
	if (!gate)
		return;
	feed_free(gate->feed);
	audit_writer_close(gate->audit); /* tells the keeper of the last uses */
	keeper_free(gate->keeper);
	replica_free(gate->replica);
	roster_free(gate->roster);
	for (unsigned i = 0; i < COUNTERS_MAX; i++)
		free(atomic_load(&gate->counters[i]));
	for (size_t i = 0; gate->apis && i < gate->api_count; i++)
		proxy_done(&gate->apis[i]);
	arena_done(&gate->arena);
	free(gate);
}

/* ---- Loops ---- */

static void loop_stop(void *ctx, void *state)
{
	(void)ctx;
	struct gate_loop *loop = state;
	proxy_loop_stop(loop);
	replica_reader_done(&loop->reader);
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

static void *loop_start(void *ctx, unsigned number)
{
	(void)number;
	struct gate *gate = ctx;
	struct gate_loop *loop = calloc(1, sizeof(*loop));
	if (!loop)
		return NULL;
	loop->gate = gate;
	buf_init(&loop->scratch, SCRATCH_MAX);
	loop->hasher = remit_hasher_new();
	loop->ring = audit_writer_ring(gate->audit);
	if (!loop->hasher || !loop->ring || !buf_reserve(&loop->scratch, 4096) || !give_counters(gate, loop)
		|| !proxy_loop_start(loop)
		|| !replica_reader_init(&loop->reader, gate->replica)) {
		loop_stop(gate, loop);
		return NULL;
	}
	replica_reader_turn(&loop->reader);
	return loop;
}

static void before_wait(void *state)
{
	struct gate_loop *loop = state;
	replica_reader_rest(&loop->reader);
}

static void after_wait(void *state)
{
	struct gate_loop *loop = state;
	loop->turn++;
	replica_reader_turn(&loop->reader);
}

struct server_handler gate_handler(struct gate *gate)
{
	return (struct server_handler){
		.ctx = gate,
		.loop_start = loop_start,
		.loop_stop = loop_stop,
		.loop_before_wait = before_wait,
		.loop_after_wait = after_wait,
		.request = visit_request,
		.finished = visit_finished,
	};
}
