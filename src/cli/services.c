/* SPDX-License-Identifier: Apache-2.0
 * One row a service.
 * cli: may include every room.
 */
#include "cli/services.h"

#include "admin/admin.h"
#include "gate/fit.h"
#include "services/content/content.h"
#include "services/publishing/publishing.h"

#include <string.h>

bool services_describe(const struct config_api *api, struct service *ret)
{
	static void (*const describe[])(struct service *ret) = { publishing_describe, content_describe, admin_describe };
	for (size_t i = 0; api->service && i < sizeof(describe) / sizeof(describe[0]); i++) {
		describe[i](ret);
		if (strcmp(api->service, ret->name) == 0)
			return true;
	}
	return false;
}

void services_check(const struct config *config, struct mistakes *mistakes)
{
	struct service service;
	for (size_t i = 0; i < config->api_count; i++)
		if (services_describe(&config->apis[i], &service))
			fit_check(config, &config->apis[i], &service, mistakes);
}
