/* SPDX-License-Identifier: Apache-2.0
 * What a local time means, by the system's own time zone files.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/local_time.h"

#include "base/clock.h"
#include "services/publishing/projects.h"
#include "services/publishing/stories.h"
#include "wire/tzif.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define ZONE_FOLDER "/usr/share/zoneinfo"
#define LOCAL_ROOM 40

struct zone_work {
	struct reach reach;
	const json_t *json;
	const struct id_bytes *story; /* NULL: it is to be made */
	struct str zone;              /* out; in the arena */
	struct arena *arena;
};

static enum store_status find_own_project(struct sql *sql, const struct zone_work *w, struct id_bytes *ret)
{
	struct check unused = { .n = 0 };
	struct story story;

	if (!w->story) {
		struct id_bytes named = get_project(&unused, w->json);
		return choose_project(sql, &w->reach, &named, &unused, ret);
	}
	enum store_status status = load_story(sql, &w->reach, w->story, w->arena, &story);
	if (status == STORE_OK)
		*ret = story.project;
	return status;
}

static enum store_status find_zone(struct sql *sql, void *arg)
{
	struct zone_work *w = arg;
	struct id_bytes project;
	json_t *settings = NULL;
	enum store_status status = find_own_project(sql, w, &project);

	if (status == STORE_OK)
		status = load_settings(sql, &project, &settings);
	if (status == STORE_OK)
		w->zone = arena_copy_str(w->arena, get_text(settings, "timezone"));
	json_decref(settings);
	return status;
}

static bool is_form_of(enum field_kind kind, struct str text)
{
	struct check c = { .n = 0 };
	check_field(&c, "", &(struct field){ "", kind, 0, 0, NULL }, text);
	return c.count == 0;
}

/* The name was judged: it is no path but one below the folder. */
static bool read_zone(struct str name, struct arena *arena, struct tzif *ret)
{
	char *bytes = arena_alloc(arena, TZIF_BYTES_MAX + 1);
	const char *path = arena_printf(arena, ZONE_FOLDER "/%.*s", STR_FMT(name));
	size_t n = 0;
	ssize_t got = 0;

	int fd = bytes && path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	if (fd < 0)
		return false;
	while (n <= TZIF_BYTES_MAX && (got = read(fd, bytes + n, TZIF_BYTES_MAX + 1 - n)) > 0)
		n += (size_t)got;
	close(fd);
	return got >= 0 && tzif_parse((struct str){ bytes, n }, arena, ret);
}

/* "2030-10-27T02:30:00+02:00" */
static void put_reading(int64_t local_s, int32_t offset_s, char ret[static LOCAL_ROOM])
{
	char text[TIME_TEXT_ROOM];
	int minutes = offset_s / 60;
	size_t n = time_to_text(local_s * 1000, false, text);

	if (offset_s % 60 != 0) /* a time of long ago, which no offset of RFC 3339 can tell */
		time_to_text((local_s - offset_s) * 1000, false, ret);
	else
		snprintf(ret, LOCAL_ROOM, "%.*s%c%02d:%02d", (int)n - 1, text, minutes < 0 ? '-' : '+',
			(minutes < 0 ? -minutes : minutes) / 60, (minutes < 0 ? -minutes : minutes) % 60);
}

/* The time as milliseconds since 1970; 0 with a mistake. */
static int64_t judge_local(const struct tzif *tzif, struct str zone, int64_t local_s, struct check *c)
{
	int32_t offsets[2];
	char first[LOCAL_ROOM], second[LOCAL_ROOM];
	enum tzif_answer answer = tzif_local(tzif, local_s, offsets);

	if (answer == TZIF_ONE)
		return (local_s - offsets[0]) * 1000;
	if (answer == TZIF_FAILED) {
		check_add(c, "scheduled_at_local cannot be told in %.*s: send scheduled_at", STR_FMT(zone));
		return 0;
	}
	put_reading(local_s, offsets[0], first);
	put_reading(local_s, offsets[1], second);
	check_add(c, "scheduled_at_local %s in %.*s: send scheduled_at as %s or %s",
		answer == TZIF_TWICE ? "exists twice" : "does not exist", STR_FMT(zone), first, second);
	return 0;
}

/* Both were given; the zone may still be the project's. */
static void resolve(struct publishing *p, const struct service_call *call, json_t *json, struct str text,
	const struct id_bytes *story, struct check *c)
{
	struct zone_work w = { .reach = reach_of(p, call->caller), .json = json, .story = story,
		.zone = get_text(json, "timezone"), .arena = call->arena };
	struct tzif tzif;
	char utc[TIME_TEXT_ROOM];
	int64_t local_s = local_from_text(text);

	/* Where no project is reached, that is what is answered, by whoever reaches for it next. */
	if (!w.zone.p && database_read(p->database, find_zone, &w) != STORE_OK)
		return;
	if (!is_form_of(FIELD_ZONE, w.zone) || !read_zone(w.zone, call->arena, &tzif)) {
		check_add(c, "timezone cannot be read on this server: send scheduled_at with its offset");
		return;
	}
	int64_t ms = judge_local(&tzif, w.zone, local_s, c);
	if (ms != 0) {
		size_t n = time_to_text(ms, false, utc);
		json_object_set_new(json, "scheduled_at", json_stringn(utc, n));
	}
}

void resolve_local(struct publishing *p, const struct service_call *call, json_t *json,
	const struct id_bytes *story, struct check *c)
{
	struct str text = get_text(json, "scheduled_at_local"), zone = get_text(json, "timezone");

	if (!json_object_get(json, "scheduled_at_local")) {
		if (json_object_get(json, "timezone"))
			check_add(c, "timezone is only taken beside scheduled_at_local");
		return;
	}
	if (json_object_get(json, "scheduled_at"))
		check_add(c, "scheduled_at and scheduled_at_local are two ways to give one time: send one of"
			     " them");
	else if (is_form_of(FIELD_LOCAL, text) &&
		 (!json_object_get(json, "timezone") || is_form_of(FIELD_ZONE, zone)))
		resolve(p, call, json, text, story, c);
}
