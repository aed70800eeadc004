/* SPDX-License-Identifier: Apache-2.0
 * The operations of the publishing service, by name: the one table that the gate's rules, the
 * OpenAPI document and what runs have in common.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/listing.h"

static const struct service_parameter projects_list[] = { LIST_PARAMETERS };
static const struct service_parameter plain_list[] = { LIST_PARAMETERS, PROJECT_PARAMETER };
static const struct service_parameter stories_list[] = {
	LIST_PARAMETERS,
	PROJECT_PARAMETER,
	{ "status", "string", "Only stories that are draft, scheduled, publishing, published or failed." },
	{ "created_after", "string", "Only what was made after this time (RFC 3339 with an offset)." },
	{ "created_before", "string", "Only what was made before this time (RFC 3339 with an offset)." },
};

#define PARAMETERS(array) .parameters = (array), .parameter_count = sizeof(array) / sizeof((array)[0])
#define READ(op, at, says, component) \
	.name = #op, .method = "GET", .path = (at), .run = run_##op, .summary = (says), \
	.response = (component), .success = 200
#define CHANGE(op, how, at, kind, takes, gives, code, says) \
	.name = #op, .method = (how), .path = (at), .body = (kind), .run = run_##op, .summary = (says), \
	.request = (takes), .response = (gives), .success = (code)

const struct service_operation publishing_operations[] = {
	{ READ(health, "/health", "Whether the service is up, and who the token is", "Health"),
		.on_loop = true },
	{ READ(openapi, "/openapi.json", "This document", NULL), .on_loop = true },

	{ READ(list_projects, "/projects", "Projects that the token reaches", "ProjectList"),
		PARAMETERS(projects_list) },
	{ READ(get_project, "/projects/{id}", "One project", "Project") },
	{ CHANGE(update_project, "PATCH", "/projects/{id}", SERVICE_BODY_JSON, "ProjectUpdate", "Project",
		200, "Change a project's name or settings") },

	{ READ(list_templates, "/templates", "Templates", "TemplateList"), PARAMETERS(plain_list) },
	{ READ(get_template, "/templates/{id}", "One template", "Template") },
	{ READ(list_connections, "/connections", "Connections: accounts that stories go out through, and sources of "
	       "moments", "ConnectionList"), PARAMETERS(plain_list) },
	{ READ(list_social_connections, "/social-connections", "Accounts that stories go out through",
	       "SocialConnectionList"), PARAMETERS(plain_list) },
	{ READ(get_social_connection, "/social-connections/{id}", "One such account", "SocialConnection") },
	{ READ(list_data_connections, "/data-connections", "Sources that moments are found in",
	       "DataConnectionList"), PARAMETERS(plain_list) },
	{ READ(get_data_connection, "/data-connections/{id}", "One such source", "DataConnection") },
	{ READ(list_moments, "/moments", "Moments", "MomentList"), PARAMETERS(plain_list) },
	{ READ(get_moment, "/moments/{id}", "One moment", "Moment") },

	{ READ(list_stories, "/stories", "Stories, newest first", "StoryList"), PARAMETERS(stories_list) },
	{ READ(get_story, "/stories/{id}", "One story", "Story") },
	{ READ(preview_story, "/stories/{id}/preview", "What would be sent, channel by channel",
		"StoryPreview") },
	{ CHANGE(create_story, "POST", "/stories", SERVICE_BODY_JSON, "StoryCreate", "Story", 201,
		 "Make a story, as a draft or with its time") },
	{ CHANGE(update_story, "PATCH", "/stories/{id}", SERVICE_BODY_JSON, "StoryUpdate", "Story", 200,
		 "Change a story that has not gone out") },
	{ CHANGE(create_stories, "POST", "/stories/bulk", SERVICE_BODY_JSON, "StoryBulk", "StoryBulkResult",
		200, "Make up to 50 stories, each with its own result") },
	{ CHANGE(schedule_story, "POST", "/stories/{id}/schedule", SERVICE_BODY_JSON, "StorySchedule",
		"Story", 200, "Give a story its time") },
	{ CHANGE(unschedule_story, "POST", "/stories/{id}/unschedule", SERVICE_BODY_OPTIONAL, NULL, "Story",
		200, "Make a scheduled story a draft again") },
	{ CHANGE(publish_story, "POST", "/stories/{id}/publish", SERVICE_BODY_OPTIONAL, NULL, "Story", 202,
		 "Queue a story for all of its channels, now") },

	{ READ(list_media, "/media", "Media files", "MediaList"), PARAMETERS(plain_list) },
	{ READ(get_media, "/media/{id}", "What is known of one media file", "Media") },
	{ READ(get_media_file, "/media/{id}/file", "The file itself, also in ranges", NULL) },
	{ READ(get_public_file, "/files/{name}", "A file by its `public_url`, without a token", NULL) },
	{ CHANGE(upload_media, "POST", "/media", SERVICE_BODY_EITHER, "MediaUpload", "Media", 201,
		 "Upload an image or a video, or register one by its URL"), .request_json = "MediaJson" },

	{ READ(list_webhooks, "/webhooks", "Webhook endpoints", "WebhookList"), PARAMETERS(plain_list) },
	{ READ(get_webhook, "/webhooks/{id}", "One webhook endpoint", "Webhook") },
	{ CHANGE(create_webhook, "POST", "/webhooks", SERVICE_BODY_JSON, "WebhookCreate", "WebhookCreated",
		201, "Make a webhook endpoint; its secret is shown this once") },
	{ CHANGE(update_webhook, "PATCH", "/webhooks/{id}", SERVICE_BODY_JSON, "WebhookUpdate", "Webhook",
		200, "Change a webhook endpoint") },
	{ CHANGE(rotate_webhook, "POST", "/webhooks/{id}/rotate", SERVICE_BODY_OPTIONAL, "WebhookRotate",
		"WebhookCreated", 200, "Make a new secret; the old one signs as well for a while") },
	{ CHANGE(test_webhook, "POST", "/webhooks/{id}/test", SERVICE_BODY_NONE, NULL, "Delivery", 202,
		 "Send an event that tries the endpoint") },
	{ READ(list_webhook_deliveries, "/webhooks/{id}/deliveries", "What was sent to an endpoint, newest first",
		"DeliveryList"), PARAMETERS(projects_list) },
	{ CHANGE(repeat_webhook_delivery, "POST", "/webhooks/{id}/deliveries/{did}/repeat", SERVICE_BODY_NONE, NULL,
		"Delivery", 202, "Send a delivery once more, with the same id") },
	{ CHANGE(delete_webhook, "DELETE", "/webhooks/{id}", SERVICE_BODY_NONE, NULL, NULL, 204,
		 "Remove a webhook endpoint") },
};

const size_t publishing_operation_count = sizeof(publishing_operations) / sizeof(publishing_operations[0]);
