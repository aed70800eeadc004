/* SPDX-License-Identifier: Apache-2.0
 * Made whole before anybody sees it, or not at all.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/edition.h"

#include "authority/cimd/fetch.h"
#include "gate/editions.h"
#include "gate/internal.h"
#include "gate/oauth.h"
#include "gate/proxy.h"

#include <stdio.h>
#include <stdlib.h>

static bool no_memory(char *reterr_text)
{
	snprintf(reterr_text, 512, "out of memory");
	return false;
}

static bool make_apis(struct edition *e, const struct gate_options *options, char *reterr_text)
{
	size_t room = options->api_count + 1;
	e->apis = arena_alloc(&e->arena, room * sizeof(*e->apis));
	e->replica_apis = arena_alloc(&e->arena, room * sizeof(*e->replica_apis));
	if (!e->apis || !e->replica_apis)
		return no_memory(reterr_text);
	for (size_t i = 0; i < options->api_count; i++) {
		const struct gate_api *from = &options->apis[i];
		struct api *api = &e->apis[i];
		e->api_count++; /* what it holds is freed, also of half an API */
		if (!api_init(api, e->gate->numbers, e->config, from->config, from->service, &e->arena, reterr_text))
			return false;
		api->place = i;
		e->replica_apis[i] = (struct replica_api){
			.name = from->config->name, .number = api->number, .policy = api->policy, .is_upstream = !api->service,
		};
	}
	return true;
}

static bool make_replica(struct edition *e, char *reterr_text)
{
	struct gate *gate = e->gate;
	const struct edition *newest = atomic_load(&gate->newest);
	uint64_t expected = 0;
	if (newest && replica_fits(newest->replica, e->replica_apis, e->api_count)) {
		e->replica = newest->replica;
		feed_set_apis(gate->feed, e->replica, e->replica_apis, e->api_count);
		return true;
	}
	if (store_text_count(gate->store, &expected) != STORE_OK)
		expected = 0;
	if (!gate->roster && !roster_new(expected, &gate->roster))
		return no_memory(reterr_text);
	if (!replica_new(gate->roster, e->replica_apis, e->api_count, expected, &e->replica))
		return no_memory(reterr_text);
	return feed_join(gate->feed, e->replica, reterr_text);
}

/* The last one of those that share it frees it. */
static void leave_replica(struct edition *e)
{
	if (!e->replica)
		return;
	const struct edition *other = editions_sharing(e);
	if (other) {
		feed_set_apis(e->gate->feed, e->replica, other->replica_apis, other->api_count);
		return;
	}
	feed_leave(e->gate->feed, e->replica);
	replica_free(e->replica);
}

void edition_find_ports(struct edition *e)
{
	const struct server *server = atomic_load(&e->gate->server);
	for (size_t i = 0; server && i < e->config->listen_count; i++)
		doorman_set_port(&e->doorman, i, server_port(server, i));
}

static bool make(struct edition *e, const struct gate_options *options, char *reterr_text)
{
	if (!make_apis(e, options, reterr_text) || !doorman_init(&e->doorman, e->config, reterr_text)
		|| !trusted_init(&e->trusted, e->config, &e->arena, reterr_text))
		return false;
	edition_find_ports(e);
	if (!wellknown_prepare(e) || !oauth_prepare(e)
		|| (options->outbound && !documents_new(options->outbound, &e->documents)))
		return no_memory(reterr_text);
	return make_replica(e, reterr_text);
}

bool edition_new(struct gate *gate, const struct gate_options *options, struct edition **ret,
	char reterr_text[512])
{
	struct edition *e = calloc(1, sizeof(*e));
	if (!e)
		return no_memory(reterr_text);
	e->gate = gate;
	e->config = options->config;
	e->audit_refuses = e->config->audit_when_full == CONFIG_FULL_REFUSE;
	arena_init(&e->arena, 0);
	if (!make(e, options, reterr_text)) {
		edition_free(e);
		return false;
	}
	e->over = options->over;
	e->owner = options->owner;
	*ret = e;
	return true;
}

void edition_free(struct edition *e)
{
	assert(e->uses == 0);
	for (unsigned i = 0; i < COUNTERS_MAX; i++)
		seat_free(e->seats[i]);
	leave_replica(e);
	for (size_t i = 0; i < e->api_count; i++)
		proxy_done(&e->apis[i]);
	documents_free(e->documents);
	arena_done(&e->arena);
	if (e->over)
		e->over(e->owner);
	free(e);
}

bool edition_has_api(const struct edition *e, uint8_t number)
{
	for (size_t i = 0; i < e->api_count; i++)
		if (e->apis[i].number == number)
			return true;
	return false;
}

bool edition_is_own(const struct edition *e, const struct api *api)
{
	return api->config == e->config->own;
}
