/* SPDX-License-Identifier: Apache-2.0
 * A YAML text as a small tree that is only read, each node with its line and column. What profiles
 * and configurations need and no more: maps, lists and texts. Aliases, anchors, tags, a second
 * document and duplicate keys are mistakes, so that a file means what it looks like.
 * profile: may include base and core.
 */
#ifndef REMIT_PROFILE_TREE_H
#define REMIT_PROFILE_TREE_H

#include "base/arena.h"
#include "profile/mistakes.h"

enum node_kind { NODE_TEXT, NODE_LIST, NODE_MAP };

struct node {
	enum node_kind kind;
	bool quoted;           /* TEXT: written with quotes or as a block, so never "nothing" */
	unsigned line, column; /* from 1 */
	struct str text; /* TEXT: NUL-terminated, no other NUL or control character in it but \n and \t */
	const struct node *key; /* of a map's value: its key, a TEXT */
	struct node *next;      /* in the list or map that it stands in */
	struct node *first;     /* LIST: the items; MAP: the values */
	size_t count;
};

/* Reads a whole text into the arena, with which the tree lives. NULL where it cannot be read at all;
 * the reason is in `mistakes`. A duplicate key is a mistake too, but what stands first is kept, so
 * that the rest can be judged: whoever calls looks at mistakes->count. */
const struct node *tree_read(
	struct str text, const char *file, struct arena *arena, struct mistakes *mistakes);

/* What a file that is no profile may hold. */
#define TREE_DEPTH_MAX 64

struct tree_limits {
	size_t bytes, nodes, text_bytes, depth; /* depth: at most TREE_DEPTH_MAX */
};

/* The same within other limits. */
const struct node *tree_read_within(struct str text, const char *file, const struct tree_limits *limits,
	struct arena *arena, struct mistakes *mistakes);

/* The value of a key; NULL where the map has none. */
const struct node *node_get(const struct node *map, const char *key);
/* Whether it is empty, "~" or "null", written plainly. */
bool node_is_nothing(const struct node *node);

/* For yaml.c. Whether a text can be YAML at all: not too large, UTF-8, no byte order mark, no control
 * characters; else a mistake. */
bool tree_check_text(struct str text, const char *file, size_t bytes_max, struct mistakes *mistakes);
/* Any but line feed, carriage return and tab. */
bool tree_is_control(char c);
/* Takes out what has the key of an earlier one, each a mistake. False without memory. */
bool tree_drop_duplicates(struct node *map, const char *file, struct mistakes *mistakes);

#endif
