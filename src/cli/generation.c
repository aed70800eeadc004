/* SPDX-License-Identifier: Apache-2.0
 * At the start and at each reload the same steps.
 * cli: may include every room.
 */
#include "cli/generation.h"

#include "admin/admin.h"
#include "cli/publishing_api.h"
#include "cli/services.h"
#include "cli/tls_files.h"
#include "services/content/content.h"

#include <stdlib.h>

static void tell_first(const struct mistakes *mistakes, char reterr_text[512])
{
	const struct mistake *m = &mistakes->list[0];
	int n = snprintf(reterr_text, 512, "%s", m->file ? m->file : "remit.yaml");
	if (m->line > 0 && n < 512)
		n += snprintf(reterr_text + n, 512 - (size_t)n, ":%u:%u", m->line, m->column);
	if (n < 512)
		n += snprintf(reterr_text + n, 512 - (size_t)n, ": %s%s%s", m->what, m->suggestion ? "; " : "",
			m->suggestion ? m->suggestion : "");
	if (mistakes->count > 1 && n < 512)
		snprintf(reterr_text + n, 512 - (size_t)n, " (and %zu more: `remit check-config` tells all)",
			mistakes->count - 1);
}

struct config *generation_config(const char *file, char reterr_text[512])
{
	struct mistakes *mistakes = malloc(sizeof(*mistakes));
	snprintf(reterr_text, 512, "there is no memory");
	if (!mistakes)
		return NULL;
	mistakes_init(mistakes);
	struct config *config = config_load(file, mistakes);
	if (config) {
		services_check(config, mistakes);
		tls_files_check(config, mistakes);
	}
	if (mistakes->count > 0) {
		tell_first(mistakes, reterr_text);
		config_free(config);
		config = NULL;
	}
	mistakes_done(mistakes);
	free(mistakes);
	return config;
}

static enum cli_exit open_outbound(struct generation *g, char reterr_text[512])
{
	const struct config *config = g->config;
	const struct outbound_options options = {
		.allow = config->outbound_allow,
		.allow_count = config->outbound_allow_count,
		.ca = config->outbound_ca,
	};
	char text[256] = "";
	if (outbound_new(&options, &g->outbound, text))
		return CLI_DONE;
	snprintf(reterr_text, 512, "%s: %s", config->file, text);
	return CLI_CONFIG;
}

static bool is_service(const struct config_api *api, const char *name)
{
	return api->service && strcmp(api->service, name) == 0;
}

static enum cli_exit open_publishing(struct generation *g, const struct config_api *api, struct store *store,
	const struct secrets *secrets, char reterr_text[512])
{
	struct publishing_options options;
	char text[256] = "";
	if (!publishing_api_options(g->config, api, store, secrets, &g->arena, &options)) {
		snprintf(reterr_text, 512, "there is no memory");
		return CLI_CONFIG;
	}
	options.outbound = g->outbound;
	if (publishing_open(&options, &g->apis[g->api_count].service, text))
		return CLI_DONE;
	snprintf(reterr_text, 512, "API %s: %s", api->name, text);
	return CLI_STORE;
}

static enum cli_exit open_content(struct generation *g, const struct config_api *api, char reterr_text[512])
{
	const struct content_options options = { .site = api->site, .policy = api->profile->policy };
	char text[256] = "";
	if (content_open(&options, &g->apis[g->api_count].service, text))
		return CLI_DONE;
	snprintf(reterr_text, 512, "API %s: %s", api->name, text);
	return CLI_CONFIG;
}

static enum cli_exit open_service(struct generation *g, const struct config_api *api, struct store *store,
	const struct secrets *secrets, char reterr_text[512])
{
	if (is_service(api, "publishing"))
		return open_publishing(g, api, store, secrets, reterr_text);
	if (is_service(api, "content"))
		return open_content(g, api, reterr_text);
	snprintf(reterr_text, 512, "%s:%u: API %s: there is no service \"%s\"; there are: publishing, content",
		g->config->file, api->line, api->name, api->service ? api->service : "");
	return CLI_CONFIG;
}

/* Remit's own API, behind the others. */
static enum cli_exit open_own(struct generation *g, struct store *store, char reterr_text[512])
{
	const struct admin_options options = {
		.config = g->config, .store = store, .version = REMIT_VERSION, .apis = g->apis,
	};
	char text[256] = "";

	if (!g->config->own)
		return CLI_DONE;
	if (!admin_open(&options, &g->own, text)) {
		snprintf(reterr_text, 512, "%s", text);
		return CLI_CONFIG;
	}
	g->apis[g->api_count++] = (struct gate_api){ .config = g->config->own, .service = g->own };
	return CLI_DONE;
}

static enum cli_exit open_services(struct generation *g, struct store *store, const struct secrets *secrets,
	char reterr_text[512])
{
	const struct config *config = g->config;
	g->apis = arena_alloc(&g->arena, (config->api_count + 1) * sizeof(*g->apis));
	snprintf(reterr_text, 512, "there is no memory");
	if (!g->apis)
		return CLI_CONFIG;
	while (g->api_count < config->api_count) {
		const struct config_api *api = &config->apis[g->api_count];
		g->apis[g->api_count].config = api;
		enum cli_exit status =
			api->upstream_count > 0 ? CLI_DONE : open_service(g, api, store, secrets, reterr_text);
		if (status != CLI_DONE)
			return status;
		g->api_count++;
	}
	return open_own(g, store, reterr_text);
}

enum cli_exit generation_open(struct config *config, bool owns_config, struct store *store,
	const struct secrets *secrets, struct generation **ret, char reterr_text[512])
{
	struct generation *g = calloc(1, sizeof(*g));
	if (!g) {
		snprintf(reterr_text, 512, "there is no memory");
		return CLI_CONFIG;
	}
	g->config = config;
	arena_init(&g->arena, 0);
	enum cli_exit status = open_outbound(g, reterr_text);
	if (status == CLI_DONE)
		status = open_services(g, store, secrets, reterr_text);
	if (status != CLI_DONE) {
		generation_close(g);
		return status;
	}
	g->owns_config = owns_config;
	*ret = g;
	return CLI_DONE;
}

bool generation_start(struct generation *g, char reterr_text[512])
{
	char text[256] = "";
	for (size_t i = 0; i < g->api_count; i++) {
		if (!is_service(g->apis[i].config, "publishing") || publishing_start(g->apis[i].service, text))
			continue;
		snprintf(reterr_text, 512, "API %s: %s", g->apis[i].config->name, text);
		return false;
	}
	return true;
}

void generation_set_gate(struct generation *g, struct gate *gate)
{
	if (g->own)
		admin_set_gate(g->own, gate);
}

void generation_rest(struct generation *g)
{
	for (size_t i = 0; i < g->api_count; i++)
		if (is_service(g->apis[i].config, "publishing"))
			publishing_rest(g->apis[i].service);
}

void generation_close(void *generation)
{
	struct generation *g = generation;
	if (!g)
		return;
	for (size_t i = 0; i < g->api_count; i++)
		if (is_service(g->apis[i].config, "publishing"))
			publishing_close(g->apis[i].service);
		else if (is_service(g->apis[i].config, "content"))
			content_close(g->apis[i].service);
	admin_close(g->own);
	outbound_free(g->outbound);
	if (g->owns_config)
		config_free(g->config);
	arena_done(&g->arena);
	free(g);
}

size_t generation_operations(const struct generation *g)
{
	size_t count = 0;
	for (size_t i = 0; i < g->config->api_count; i++)
		count += remit_policy_operations(g->config->apis[i].profile->policy);
	return count;
}
