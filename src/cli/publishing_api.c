/* SPDX-License-Identifier: Apache-2.0
 * How the publishing service of an API is opened.
 * cli: may include every room.
 */
#include "cli/publishing_api.h"

#include "gate/fit.h"

bool publishing_api_options(struct cli *cli, const struct config_api *api, const struct secrets *secrets,
	struct publishing_options *ret)
{
	/* media stand beside the database, as the audit log does: <store>.<api>.media */
	struct str store = str_of(cli->config->audit_folder);
	const struct str ending = STR(".audit");
	if (store.n > ending.n && memcmp(store.p + store.n - ending.n, ending.p, ending.n) == 0)
		store.n -= ending.n;
	*ret = (struct publishing_options){
		.database = store_database(cli->store),
		.secrets = secrets,
		.api = api->name,
		.media_folder = arena_printf(&cli->arena, "%.*s.%s.media", STR_FMT(store), api->name),
		.base = api->profile->rest_base,
		.public_url = cli->config->public_url,
		.policy = api->profile->policy,
		.version = REMIT_VERSION,
	};
	return ret->media_folder != NULL;
}

void publishing_api_check(const struct config *config, struct mistakes *mistakes)
{
	struct service service;
	publishing_describe(&service);
	for (size_t i = 0; i < config->api_count; i++)
		if (config->apis[i].service && strcmp(config->apis[i].service, service.name) == 0)
			fit_check(config, &config->apis[i], &service, mistakes);
}
