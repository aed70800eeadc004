/* SPDX-License-Identifier: Apache-2.0
 * What the files about stories share: what a caller may say of one, and the row.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_STORIES_H
#define REMIT_SERVICES_PUBLISHING_STORIES_H

#include "services/publishing/check.h"
#include "services/publishing/internal.h"
#include "services/publishing/listing.h"

#define STORY_STATUSES "draft scheduled publishing published failed"

extern const struct listing story_listing;

/* What a story is made of. Texts live in the call's arena or in its JSON. */
struct story {
	struct id_bytes id, project;
	struct str title, body;
	struct str channels, media; /* ids, one space between */
	struct id_bytes template_id, moment_id; /* all zero: none */
	struct str status;
	int64_t scheduled_ms; /* 0: none */
	int64_t round;        /* how often it was published */
};

/* Judges what a caller sent to make a story or to change one. */
void check_story(struct check *c, const json_t *json, bool make, int64_t now_ms);
/* A time that a story may be scheduled for: in the future, at most a year ahead. */
void check_schedule(struct check *c, const json_t *json, int64_t now_ms);
/* Lays what was sent over the story. False without memory. */
bool apply_story(const json_t *json, struct arena *arena, struct story *story);

/* Inside a transaction. The row of a story that the caller reaches, copied; or NOT_FOUND. */
enum store_status load_story(struct sql *sql, const struct reach *reach, const struct id_bytes *id,
	struct arena *arena, struct story *ret);
/* What a story names must be of its project: mistakes are added to the check. */
enum store_status check_story_references(struct sql *sql, const struct story *story, struct check *c);
/* Writes the row back where it is still in the state `was` (else CONFLICT). */
enum store_status save_story(struct sql *sql, const struct reach *reach, const struct story *story,
	struct str was, int64_t now_ms);
/* Makes a row in story->project, which the caller must reach (else NOT_FOUND). */
enum store_status insert_story(
	struct sql *sql, const struct reach *reach, const struct story *story, int64_t now_ms);

/* The project of something new (D19): what was named, else the bound one, else the only one that the
 * caller reaches. NOT_FOUND; INVALID with a mistake added where it must be named. */
enum store_status choose_project(struct sql *sql, const struct reach *reach, const struct id_bytes *named,
	struct check *c, struct id_bytes *ret);

#endif
