/* SPDX-License-Identifier: Apache-2.0
 * What a caller may say of a story.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/stories.h"

#define STATUS_HINT "cannot be set: use schedule, unschedule or publish"

#define STORY_FIELDS \
	{ "title", FIELD_LINE, MAX_TITLE, 0, NULL }, \
	{ "body", FIELD_TEXT, MAX_BODY, 0, NULL }, \
	{ "channels", FIELD_IDS, MAX_CHANNELS, 0, NULL }, \
	{ "media", FIELD_IDS, MAX_MEDIA, 0, NULL }, \
	{ "template_id", FIELD_ID, 0, FIELD_NULLABLE, NULL }, \
	{ "moment_id", FIELD_ID, 0, FIELD_NULLABLE, NULL }, \
	{ "scheduled_at", FIELD_TIME, 0, FIELD_NULLABLE, NULL }, \
	{ "scheduled_at_local", FIELD_LOCAL, 0, 0, NULL }, \
	{ "timezone", FIELD_ZONE, 0, 0, NULL }, \
	{ "status", FIELD_NEVER, 0, 0, STATUS_HINT }

#define FIXED_PROJECT { "projectId", FIELD_NEVER, 0, 0, "cannot be changed: a story stays in its project" }, \
	{ "project_id", FIELD_NEVER, 0, 0, "cannot be changed: a story stays in its project" }

static const struct field make_fields[] = { STORY_FIELDS, PROJECT_FIELDS };
static const struct field change_fields[] = { STORY_FIELDS, FIXED_PROJECT };

static bool has_content(const json_t *json)
{
	return get_text(json, "title").n > 0 || get_text(json, "body").n > 0 ||
	       json_array_size(json_object_get(json, "media")) > 0;
}

void check_schedule(struct check *c, const json_t *json, int64_t now_ms)
{
	const char *name = json_object_get(json, "scheduled_at_local") ? "scheduled_at_local" : "scheduled_at";
	int64_t at = get_time(json, "scheduled_at");
	if (at == 0)
		return; /* absent, null, or refused by its form */
	if (at <= now_ms)
		check_add(c, "%s must be in the future", name);
	else if (at - now_ms > MAX_SCHEDULE_MS)
		check_add(c, "%s must be at most a year ahead", name);
}

void check_story(struct check *c, const json_t *json, bool make, int64_t now_ms)
{
	if (make)
		check_object(c, json, "", make_fields, sizeof(make_fields) / sizeof(make_fields[0]));
	else
		check_object(c, json, "", change_fields, sizeof(change_fields) / sizeof(change_fields[0]));
	check_schedule(c, json, now_ms);
	if (make && c->count == 0 && !has_content(json))
		check_add(c, "title, body or media must be given: a story needs something to say");
}

/* False without memory. */
static bool apply_words(const json_t *json, const char *name, struct arena *arena, struct str *words)
{
	if (!json_object_get(json, name))
		return true;
	struct str given = get_words(json, name, arena);
	if (!given.p)
		return false;
	*words = given;
	return true;
}

bool apply_story(const json_t *json, struct arena *arena, struct story *story)
{
	struct str title = get_text(json, "title"), body = get_text(json, "body");

	if (title.p)
		story->title = title;
	if (body.p)
		story->body = body;
	if (json_object_get(json, "template_id"))
		story->template_id = get_id(json, "template_id");
	if (json_object_get(json, "moment_id"))
		story->moment_id = get_id(json, "moment_id");
	return apply_words(json, "channels", arena, &story->channels) &&
	       apply_words(json, "media", arena, &story->media);
}
