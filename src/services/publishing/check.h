/* SPDX-License-Identifier: Apache-2.0
 * Judging what a caller sent: a table of fields for each operation, and one message that names
 * every field that is wrong, what is wrong with it and what would be right.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_CHECK_H
#define REMIT_SERVICES_PUBLISHING_CHECK_H

#include "services/service.h"
#include "store/status.h"

/* Characters (code points) or items, with what they are measured by. */
#define MAX_NAME 255           /* D13's, for everything that has a name */
#define MAX_TITLE 300          /* a headline; the longest of our demo's networks shows fewer */
#define MAX_BODY 20000         /* past any network's post; a long newsletter fits */
#define MAX_DESCRIPTION 1000
#define MAX_ALT_TEXT 1500      /* Mastodon's own limit */
#define MAX_BRAND_VOICE 4000
#define MAX_URL 2000           /* what every client and proxy still takes */
#define MAX_CHANNELS 20
#define MAX_MEDIA 10           /* a carousel's most */
#define MAX_BULK 50            /* document A */
#define MAX_SCHEDULE_MS (366LL * 24 * 3600 * 1000) /* a year ahead */

struct check {
	char text[960]; /* one clause a mistake, "; " between; fits service_fail */
	size_t n;
	unsigned count;
};

/* Adds a mistake. What the caller sent is never part of it but for names of known length. */
void check_add(struct check *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Answers 422 validation_failed with the text. */
void check_answer(const struct check *c, struct service_call *call);
/* Answers a change: `json` (taken over) with `success` where it was made, 422 with what is in the
 * check for INVALID, 409 for CONFLICT with the same, else what answer_store says. */
void answer_change(struct service_call *call, enum store_status status, int success, const char *noun,
	const struct check *c, json_t *json);

enum field_kind {
	FIELD_LINE,    /* text without line ends; max is in characters */
	FIELD_TEXT,    /* text with line ends and tabs */
	FIELD_ID,      /* an id of ours */
	FIELD_IDS,     /* a list of different ids; max is in items */
	FIELD_TIME,    /* RFC 3339 with a time and an offset */
	FIELD_BOOL,
	FIELD_NUMBER,  /* a whole number from 0 to max */
	FIELD_WORD,    /* one of the words in `hint`, which stand with one space between */
	FIELD_WORDS,   /* a list of different ones, at least one */
	FIELD_SLUG,    /* a-z, 0-9, '-', '_' */
	FIELD_WEB,     /* http or https */
	FIELD_HOOK,    /* https, or http on loopback */
	FIELD_ZONE,    /* an IANA time zone's name */
	FIELD_LOCAL,   /* a date and a time of day without an offset */
	FIELD_OBJECT,
	FIELD_LIST,    /* of anything; max is in items, at least one */
	FIELD_NEVER,   /* known, and not to be sent here: `hint` says what to do */
};

#define FIELD_REQUIRED 1u
#define FIELD_NULLABLE 2u
#define FIELD_FILLED 4u /* not empty */

struct field {
	const char *name;
	enum field_kind kind;
	size_t max;
	unsigned flags;
	const char *hint;
};

/* Judges the members of an object: unknown ones, kinds, lengths, required ones. `where` is "" or
 * what stands before a name ("settings."). */
void check_object(
	struct check *c, const json_t *object, const char *where, const struct field *fields, size_t count);
/* One text against the kinds LINE, TEXT, SLUG, WEB, HOOK, ZONE, LOCAL, ID; for parts of a form. */
void check_field(struct check *c, const char *where, const struct field *field, struct str text);

/* Members of an object that check_object passed; {NULL, 0}, unset and 0 where absent or null. */
struct str get_text(const json_t *object, const char *name);
struct id_bytes get_id(const json_t *object, const char *name);
int64_t get_time(const json_t *object, const char *name);
/* "2030-05-01T09:00" or with seconds, in seconds as if it were UTC; INT64_MIN where it is none. */
int64_t local_from_text(struct str text);
/* The texts of a list, one space between, in the arena. "" for an empty list; {NULL, 0} where absent. */
struct str get_words(const json_t *object, const char *name, struct arena *arena);

/* The project that a body or form names, as projectId or project_id. Both: a mistake. */
#define PROJECT_FIELDS { "projectId", FIELD_ID, 0, 0, NULL }, { "project_id", FIELD_ID, 0, 0, NULL }
struct id_bytes get_project(struct check *c, const json_t *object);

/* The next of words with one space between; false at the end. */
bool next_word(struct str *rest, struct str *ret);

#endif
