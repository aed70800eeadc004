/* SPDX-License-Identifier: Apache-2.0
 * The publishing service's tools of MCP: which operation each one calls, and what clients may tell people of it. What
 * they ask for stands in the profile, beside the operation's own rule.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/internal.h"

#define SAME(name_, hints_) { .name = (name_), .operation = (name_), .hints = (hints_) }
#define LOOKS (SERVICE_READS | SERVICE_REPEATS)

const struct service_tool publishing_tools[] = {
	{ .name = "whoami", .operation = "health", .hints = LOOKS,
		.summary = "Who the token is: person, project and scopes" },
	SAME("list_projects", LOOKS),
	SAME("get_project", LOOKS),
	SAME("update_project", SERVICE_OVERWRITES | SERVICE_REPEATS),
	SAME("list_templates", LOOKS),
	SAME("list_connections", LOOKS),
	SAME("list_moments", LOOKS),
	SAME("get_moment", LOOKS),
	SAME("list_stories", LOOKS),
	SAME("get_story", LOOKS),
	SAME("preview_story", LOOKS),
	SAME("create_story", 0),
	SAME("create_stories", 0),
	SAME("update_story", SERVICE_OVERWRITES | SERVICE_REPEATS),
	SAME("schedule_story", SERVICE_OVERWRITES | SERVICE_REPEATS | SERVICE_REACHES_OUT),
	SAME("unschedule_story", SERVICE_OVERWRITES | SERVICE_REPEATS),
	SAME("publish_story", SERVICE_OVERWRITES | SERVICE_REACHES_OUT),
	SAME("list_media", LOOKS),
	{ .name = "upload_media", .operation = "upload_media", .request = "MediaData",
		.summary = "Upload an image or a video, its bytes in base64" },
	{ .name = "register_media", .operation = "upload_media", .request = "MediaRegister",
		.hints = SERVICE_REACHES_OUT, .summary = "Fetch an image or a video from its URL, and keep it" },
	SAME("list_webhooks", LOOKS),
	SAME("list_webhook_deliveries", LOOKS),
	SAME("create_webhook", SERVICE_REACHES_OUT),
	SAME("update_webhook", SERVICE_OVERWRITES | SERVICE_REPEATS),
	SAME("delete_webhook", SERVICE_OVERWRITES | SERVICE_REPEATS),
	SAME("test_webhook", SERVICE_REACHES_OUT),
};

const size_t publishing_tool_count = sizeof(publishing_tools) / sizeof(publishing_tools[0]);
