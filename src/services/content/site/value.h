/* SPDX-License-Identifier: Apache-2.0
 * What a file of a site says, as a tree: read from YAML with the place of everything in its text, so that an edit
 * can change bytes in the middle and leave the rest alone. Scalars mean what Symfony's reader makes of them (YAML
 * 1.2: `yes` is a text, an unquoted date is a number of seconds), for that is what the site itself is read by.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_CONTENT_SITE_VALUE_H
#define REMIT_SERVICES_CONTENT_SITE_VALUE_H

#include "base/arena.h"
#include "base/buf.h"

#include <jansson.h>

enum value_kind { VALUE_NULL, VALUE_BOOL, VALUE_INT, VALUE_REAL, VALUE_TEXT, VALUE_LIST, VALUE_MAP };

enum value_style {
	STYLE_PLAIN,  /* a scalar as it stands, or nothing at all */
	STYLE_QUOTED, /* '...' or "..." */
	STYLE_LINES,  /* | or > and lines below */
	STYLE_FLOW,   /* [...] or {...} */
	STYLE_BLOCK,  /* a list or map by indentation */
};

struct value {
	uint8_t kind;  /* enum value_kind */
	uint8_t style; /* enum value_style */
	uint32_t count;      /* LIST, MAP: of what is in it */
	uint32_t start, end; /* bytes in the text; BLOCK: from the first key or dash to the end of the last value */
	uint32_t key_start, key_end; /* of a map's value: its key */
	uint32_t column;     /* from 0: of the first key or dash of a BLOCK */
	struct str key;      /* of a map's value; NUL-terminated */
	union {
		bool truth;
		int64_t number;
		double real;
		struct str text; /* NUL-terminated, no other NUL in it */
		struct value *first;
	};
	struct value *next;  /* in the list or map that it stands in */
};

struct value_problem {
	unsigned line, column; /* from 1; 0: none in particular */
	char text[160];        /* a sentence without its full stop */
};

/* Reads a text. The tree lives in the arena. An empty text is an empty map. NULL with a problem where it is no YAML,
 * or has what would make a small file large or read differently from how it looks: anchors, aliases, tags,
 * duplicate keys, a byte order mark, another document, too much of anything (S03). */
struct value *value_read(struct str text, struct arena *arena, struct value_problem *reterr);

/* What a plain scalar is. The text in *ret is not set where it is VALUE_TEXT. */
enum value_kind value_of_plain(struct str text, struct value *ret);

/* The value of a key; NULL where there is none, or where it is no map. `map` may be NULL. */
const struct value *value_get(const struct value *map, struct str key);
#define VALUE_GET(map, key) value_get((map), STR(key))
/* The text of a key; {NULL, 0} where it is none. */
struct str value_text(const struct value *map, struct str key);
#define VALUE_TEXT_OF(map, key) value_text((map), STR(key))

/* A copy in one block of malloc's: free() frees it. NULL without memory. */
struct value *value_copy(const struct value *value, size_t *ret_bytes);

/* NULL without memory. Numbers that JSON does not know (.inf) are null. */
json_t *value_to_json(const struct value *value);

/* ---- Writing ---- */

/* How a site's files are written: two spaces more a level, texts quoted where they must be, of several lines as a
 * block. What is written reads back the same. */
struct value_writer {
	struct buf *out;
	const char *newline; /* "\n" or "\r\n" */
	bool compact;        /* a map in a list starts on the line of its dash */
};

/* What follows "key:" or a dash at the column `column`: on the same line and below. */
void value_write(const struct value_writer *w, const json_t *json, unsigned column);
/* The same on one line, whatever it is. */
void value_write_flow(const struct value_writer *w, const json_t *json);
void value_write_key(const struct value_writer *w, struct str key);
/* The lines of a map, each with its newline before it. */
void value_write_members(const struct value_writer *w, const json_t *map, unsigned column);
/* The lines of a list, its dashes in the column. */
void value_write_items(const struct value_writer *w, const json_t *list, unsigned column);

#endif
