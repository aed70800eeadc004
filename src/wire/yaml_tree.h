/* SPDX-License-Identifier: Apache-2.0
 * A YAML text as a small tree with the place of every value in its bytes, so that one can be changed and the rest
 * left as it stands. Anchors, aliases, tags, duplicate keys, a second document, depth and size are refused (S03).
 * Scalars mean what YAML 1.2 says: `yes` is a text.
 * wire: may include base.
 */
#ifndef REMIT_WIRE_YAML_TREE_H
#define REMIT_WIRE_YAML_TREE_H

#include "base/arena.h"
#include "base/buf.h"

enum yaml_kind { YAML_NOTHING, YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml {
	enum yaml_kind kind; /* NOTHING: empty, ~ or null, written plainly */
	bool quoted;         /* TEXT: with quotes or as a block */
	struct str text;     /* TEXT: NUL-terminated, no other NUL in it */
	struct str key;      /* of a map's value; likewise */
	size_t start, end;   /* bytes of the value in the text; a block's end is its last value's */
	struct yaml *first, *next;
	size_t count;
};

struct yaml_problem {
	unsigned line;    /* from 1 */
	const char *what; /* a constant, without its full stop */
};

/* The tree lives in the arena. An empty text is NOTHING. NULL with what is wrong. */
const struct yaml *yaml_read(struct str text, struct arena *arena, struct yaml_problem *reterr);
/* NULL where there is none, or where it is no map. */
const struct yaml *yaml_get(const struct yaml *map, const char *key);
/* The text of a key; {NULL, 0} where it has none. */
struct str yaml_text(const struct yaml *map, const char *key);
/* Whether a value says `true`, without quotes. */
bool yaml_is_true(const struct yaml *value);

/* A text as a scalar on one line, quoted in a way that every reader takes alike. */
void yaml_write_text(struct buf *out, struct str text);

#endif
