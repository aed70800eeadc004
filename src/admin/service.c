/* SPDX-License-Identifier: Apache-2.0
 * The service: opened over a configuration and a store, and who calls it.
 * admin: may include base, core, wire, store, authority, profile, net, gate and services/service.h.
 */
#include "admin/internal.h"

#include <stdio.h>
#include <stdlib.h>

void admin_describe(struct service *ret)
{
	*ret = (struct service){
		.name = CONFIG_OWN_API, .title = "Remit", .operations = admin_operations,
		.operation_count = admin_operation_count, .components = admin_components,
	};
}

/* The configured APIs, and Remit's own. */
static bool list_apis(struct admin *admin)
{
	const struct config *config = admin->config;
	const size_t count = config->api_count + 1;
	struct authority_api *apis = arena_alloc(&admin->arena, count * sizeof(*apis));

	for (size_t i = 0; apis && i < count; i++)
		apis[i] = (struct authority_api){ config->apis[i].name, config->apis[i].profile,
			i < config->api_count && admin->apis[i].service ? admin->apis[i].service->owners : NULL };
	admin->authority.apis = apis;
	admin->authority.api_count = count;
	return apis;
}

bool admin_open(const struct admin_options *options, struct service **ret, char reterr_text[256])
{
	const struct profile *profile = options->config->own->profile;
	struct admin *admin = calloc(1, sizeof(*admin));

	snprintf(reterr_text, 256, "The management service cannot start: out of memory");
	if (!admin)
		return false;
	admin_describe(&admin->service);
	admin->config = options->config;
	admin->apis = options->apis;
	admin->authority.store = options->store;
	arena_init(&admin->arena, 0);
	admin->openapi = service_openapi(&admin->service, profile->policy, profile->rest_base,
		options->config->public_url, options->version, &admin->arena);
	if (list_apis(admin) && admin->openapi.p) {
		*ret = &admin->service;
		return true;
	}
	admin_close(&admin->service);
	return false;
}

void admin_set_gate(struct service *service, struct gate *gate)
{
	((struct admin *)service)->gate = gate;
}

void admin_close(struct service *service)
{
	struct admin *admin = (struct admin *)service;
	if (!admin)
		return;
	arena_done(&admin->arena);
	free(admin);
}

void admin_openapi(struct service *service, struct service_call *call)
{
	call->answer.status = 200;
	call->answer.body = ((struct admin *)service)->openapi;
}

/* The gate judged by its copy; what is about to be done is judged by the truth. */
static bool find_caller(struct admin_call *c)
{
	const struct service_caller *caller = c->call->caller;
	struct store *store = c->authority->store;
	enum store_status status = store_token_get(store, &caller->token, c->arena, &c->token);

	if (status == STORE_OK)
		status = store_user_get(store, &c->token.owner, c->arena, &c->owner);
	if (status != STORE_OK && status != STORE_NOT_FOUND) {
		admin_refuse_stored(c, status);
		return false;
	}
	if (status == STORE_NOT_FOUND || c->token.revoked_ms || c->owner.disabled_ms ||
		c->token.kind != REMIT_TOKEN_PERSONAL) {
		service_fail(c->call, 401, "invalid_token", "Token is invalid, expired or revoked");
		return false;
	}
	if (!c->owner.admin) {
		service_fail(c->call, 403, "owner_forbidden", "Only an admin's token may call this API");
		return false;
	}
	c->has_ceiling = authority_ceiling_read(c->token.ceiling, c->arena, &c->ceiling);
	if (c->token.ceiling && !c->has_ceiling) {
		admin_refuse_stored(c, STORE_NO_MEMORY); /* unread, it must not pass for none */
		return false;
	}
	return true;
}

void admin_run(struct service *service, struct service_call *call, void (*run)(struct admin_call *c))
{
	struct admin *admin = (struct admin *)service;
	struct admin_call c = { .admin = admin, .call = call, .authority = &admin->authority, .arena = call->arena };
	char who[sizeof("token:") + ID_LENGTH];

	snprintf(who, sizeof(who), "token:%s", call->caller->token.text);
	c.actor = (struct store_actor){ who, call->now_ms };
	if (find_caller(&c))
		run(&c);
}
