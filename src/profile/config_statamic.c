/* SPDX-License-Identifier: Apache-2.0
 * The names by which the Statamic package is set from the environment, and what they mean to an API with the service
 * `content`: they stand instead of what its profile says.
 * profile: may include base and core.
 */
#include "profile/config_draft.h"

#include "base/limits.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define LIFETIME_DAYS_MAX 36525 /* 100 years */

static void refuse(struct config_draft *d, const char *name, const char *expected)
{
	mistakes_add(d->r.mistakes, name, 0, 0, NULL, "expected %s", expected);
}

/* A token without a wish gets the most that is allowed, as the package's does. */
static void set_lifetime(struct config_draft *d, struct profile *profile, const char *name, const char *value)
{
	uint64_t days;
	if (!str_to_u64(str_of(value), LIFETIME_DAYS_MAX, &days)) {
		refuse(d, name, "a number of days");
		return;
	}
	profile->max_lifetime_ms = (int64_t)days * DAY_MS; /* 0: no maximum */
	const bool beyond = profile->default_lifetime_ms == 0 || profile->default_lifetime_ms > profile->max_lifetime_ms;
	if (days > 0 && beyond)
		profile->default_lifetime_ms = profile->max_lifetime_ms;
}

static void set_rate(struct config_draft *d, struct profile *profile, const char *name, const char *value)
{
	uint64_t rate;
	if (str_to_u64(str_of(value), LIMIT_RATE_PER_MINUTE, &rate) && rate > 0)
		profile->rate_personal = profile->rate_access = (uint16_t)rate;
	else
		refuse(d, name, "a number of requests a minute, from 1");
}

/* "mcp/statamic" too, as the package's own texts write it. */
static void set_path(struct config_draft *d, struct profile *profile, const char *name, const char *value)
{
	const char *path = arena_printf(&profile->arena, "%s%s", value[0] == '/' ? "" : "/", value);
	bool good = path && path[1];
	for (const char *p = path; good && *p; p++) {
		const bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9')
			|| *p == '-' || *p == '_';
		good = letter || (*p == '/' && p[1] && p[1] != '/');
	}
	if (good)
		profile->mcp_endpoint = path;
	else
		refuse(d, name, "a path such as /mcp/statamic: letters, digits, - and _, without a slash at its end");
}

static const struct {
	const char *name;
	void (*set)(struct config_draft *d, struct profile *profile, const char *name, const char *value);
} variables[] = {
	{ "STATAMIC_MCP_MAX_TOKEN_LIFETIME", set_lifetime },
	{ "STATAMIC_MCP_RATE_LIMIT_MAX", set_rate },
	{ "STATAMIC_MCP_WEB_PATH", set_path },
};

void config_read_statamic(struct config_draft *d, struct config_api *api, config_env *env)
{
	if (!env || !api->profile || !api->service || strcmp(api->service, "content") != 0)
		return;
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *value = env(variables[i].name);
		if (value && *value)
			variables[i].set(d, api->profile, variables[i].name, value);
	}
}
