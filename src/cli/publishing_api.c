/* SPDX-License-Identifier: Apache-2.0
 * How the publishing service of an API is opened.
 * cli: may include every room.
 */
#include "cli/publishing_api.h"


const struct config_api *publishing_api_find(struct cli *cli)
{
	const char *name = cli_value(cli, "api");
	const struct config_api *found = NULL;

	for (size_t i = 0; i < cli->config->api_count; i++) {
		const struct config_api *api = &cli->config->apis[i];
		if (!api->service || strcmp(api->service, "publishing") != 0 ||
			(name && strcmp(name, api->name) != 0))
			continue;
		if (found) {
			cli_misused(cli, "there is more than one publishing API: say which one by --api.");
			return NULL;
		}
		found = api;
	}
	if (!found)
		cli_fail(cli, CLI_REFUSED,
			"there is no such API with the service \"publishing\" in the configuration.");
	return found;
}

bool publishing_api_options(const struct config *config, const struct config_api *api, struct store *store,
	const struct secrets *secrets, struct arena *arena, struct publishing_options *ret)
{
	/* media stand beside the database, as the audit log does: <store>.<api>.media */
	struct str beside = str_of(config->audit_folder);
	const struct str ending = STR(".audit");
	if (beside.n > ending.n && memcmp(beside.p + beside.n - ending.n, ending.p, ending.n) == 0)
		beside.n -= ending.n;
	*ret = (struct publishing_options){
		.database = store_database(store),
		.secrets = secrets,
		.api = api->name,
		.media_folder = arena_printf(arena, "%.*s.%s.media", STR_FMT(beside), api->name),
		.base = api->profile->rest_base,
		.public_url = config->public_url,
		.policy = api->profile->policy,
		.version = REMIT_VERSION,
		.keep_ms = api->keep_ms,
	};
	return ret->media_folder != NULL;
}

enum cli_exit publishing_api_open(struct cli *cli, struct secrets **ret_secrets, struct publishing_options *ret)
{
	char text[256] = "";
	struct secrets *secrets = NULL;
	enum cli_exit status = cli_open_store(cli);

	if (status != CLI_DONE)
		return status;
	const struct config_api *api = publishing_api_find(cli);
	if (!api)
		return CLI_REFUSED;
	if (!secrets_open(cli->config->secrets_key, &secrets, text))
		return cli_fail(cli, CLI_CONFIG, "%s.", text);
	if (publishing_api_options(cli->config, api, cli->store, secrets, &cli->arena, ret)) {
		*ret_secrets = secrets;
		return CLI_DONE;
	}
	secrets_close(secrets);
	return cli_fail(cli, CLI_REFUSED, "there is no memory.");
}
