/* SPDX-License-Identifier: Apache-2.0
 * statamic-entries: its actions.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/tools/entry.h"

void tool_entries(struct service *service, struct service_call *call)
{
	static const struct tool_action actions[] = {
		{ "list", entries_list },
		{ "get", entries_get },
		{ "create", entries_create },
		{ "update", entries_update },
		{ "delete", entries_delete },
		{ "publish", entries_publish },
		{ "unpublish", entries_unpublish },
	};
	tool_run(service, call, "statamic-entries", actions, sizeof(actions) / sizeof(actions[0]));
}
