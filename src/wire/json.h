/* SPDX-License-Identifier: Apache-2.0
 * JSON (RFC 8259) judged in one strict pass: no tree, no allocation. The pass validates all of the
 * text, UTF-8 and escapes included, within depth and number limits, and notes the values that
 * pointers ask for.
 * wire: may include base, and nothing else of ours.
 */
#ifndef REMIT_WIRE_JSON_H
#define REMIT_WIRE_JSON_H

#include "base/limits.h"
#include "base/str.h"

/* Named apart from jansson's types, so that one file may use both. */
enum json_kind {
	JSON_KIND_NONE,
	JSON_KIND_NULL,
	JSON_KIND_FALSE,
	JSON_KIND_TRUE,
	JSON_KIND_NUMBER,
	JSON_KIND_STRING,
	JSON_KIND_ARRAY,
	JSON_KIND_OBJECT,
};

enum json_event {
	JSON_EVENT_END,    /* the text is over, and was valid */
	JSON_EVENT_ERROR,
	JSON_EVENT_OBJECT, JSON_EVENT_OBJECT_END,
	JSON_EVENT_ARRAY, JSON_EVENT_ARRAY_END,
	JSON_EVENT_KEY,
	JSON_EVENT_VALUE,  /* a string, number or literal: `kind` */
};

/* A pull scanner. */
struct json_scanner {
	const char *p, *end, *start;
	uint32_t depth, values; /* values: so far */
	uint64_t in_object; /* bit d: level d is an object (LIMIT_JSON_DEPTH < 64) */
	uint8_t expect;
	enum json_kind kind;
	struct str raw;     /* as it stands; of a key or string: what is between the quotes */
	bool escaped;       /* raw holds a backslash */
	const char *error;  /* what is wrong, at byte p - start */
};

void json_scanner_init(struct json_scanner *s, struct str text);
enum json_event json_next(struct json_scanner *s);
/* Passes over the value behind the key, or inside the array or object, that json_next has just
 * returned; after a scalar there is nothing left to pass. False on an error. */
bool json_skip(struct json_scanner *s);

/* Undoes the escapes of a raw string into `room` bytes. False where it does not fit. A raw string
 * that the scanner accepted is always decodable: lone surrogates are its error. */
bool json_decode(struct str raw, char *ret_text, size_t room, size_t *ret_n);
/* Whether a raw string, decoded, is this text. */
bool json_raw_eq(struct str raw, struct str text);

/* A value that one pointer (RFC 6901; a segment "*" is every item of an array) asks for. */
struct json_wanted {
	struct str pointer;  /* in; "/a/b", for example "/a/b" */
	uint32_t found;      /* out: how many values it stands for; more than one only with "*" */
	enum json_kind kind; /* out: of the first */
	struct str raw;      /* out: of the first, as above; objects and arrays have none */
	/* For EQUALS tests: in, or {NULL, 0}; out: how many of the values it is equal to. A string is
	 * compared decoded, other scalars as they stand. */
	struct str equals;
	uint32_t equal;
};

enum json_select_result {
	JSON_SELECT_OK,
	JSON_SELECT_INVALID,   /* not JSON; *ret_at is the byte, *ret_what what is wrong */
	JSON_SELECT_DUPLICATE, /* a key on the way to a wanted value stands twice, or in another case (M15) */
};

/* One pass over the text for all wanted values (at most 32; pointers of at most 16 segments).
 * Any key on the way to a wanted value that equals a wanted segment only when case is ignored is
 * DUPLICATE too: a receiver that folds case would take it for the judged one (M02). */
enum json_select_result json_select(struct str text, struct json_wanted *wanted, size_t count, size_t *ret_at,
	const char **ret_what);

#endif
