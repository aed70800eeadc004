/* SPDX-License-Identifier: Apache-2.0
 * Reading a tree against what is expected: each function takes a node, and either sets its result or
 * adds one mistake. A map is read by a table of its keys. Texts that are handed out live with the tree.
 * profile: may include base and core.
 */
#ifndef REMIT_PROFILE_READER_H
#define REMIT_PROFILE_READER_H

#include "profile/tree.h"

#define READER_NAME_MAX 40 /* of an API, a profile, a preset */

struct reader {
	struct arena *arena; /* the tree's */
	struct mistakes *mistakes;
	const char *file;
};

/* A mistake at a node. */
void reader_mistake(struct reader *r, const struct node *at, const char *suggestion, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* "expected a list of scopes, got a map" */
void reader_expected(struct reader *r, const struct node *at, const char *what);
/* A text in quotes, cut where it is long, for a mistake. Never NULL. */
const char *reader_show(struct reader *r, struct str text);
/* Zeroed memory for `count` things; NULL with a mistake where there is none. */
void *reader_alloc(struct reader *r, const struct node *at, size_t count, size_t size);

/* One line of text that is not empty. */
bool reader_text(struct reader *r, const struct node *node, const char *what, const char **ret);
/* [a-z0-9][a-z0-9-]*, at most READER_NAME_MAX characters (T05). `what` is "the name of a preset". */
bool reader_name(struct reader *r, const struct node *node, const char *what);
/* One of these words. */
bool reader_word(
	struct reader *r, const struct node *node, const char *const *words, size_t count, size_t *ret);
bool reader_flag(struct reader *r, const struct node *node, bool *ret);
bool reader_number(struct reader *r, const struct node *node, uint64_t min, uint64_t max, uint64_t *ret);
bool reader_duration(
	struct reader *r, const struct node *node, int64_t min_ms, int64_t max_ms, int64_t *ret_ms);
bool reader_size(struct reader *r, const struct node *node, uint64_t min, uint64_t max, uint64_t *ret_bytes);
/* A list of one line texts, none of them twice. `what` is "a list of hosts". */
bool reader_texts(struct reader *r, const struct node *node, const char *what, const char *const **ret,
	size_t *ret_count);
/* An absolute path of plain segments without a slash at its end, as "/api/v1". */
bool reader_base(struct reader *r, const struct node *node, const char **ret);

struct reader_key {
	const char *name;
	void (*read)(struct reader *r, const struct node *value,
		void *into); /* NULL: this version has no such thing */
	bool required;
};

/* Calls `read` of each key that is there, in the table's order. Unknown and missing keys are
 * mistakes. `what` is "a preset". False where it is no map. */
bool reader_map(struct reader *r, const struct node *node, const char *what, const struct reader_key *keys,
	size_t count, void *into);
#define READER_MAP(r, node, what, keys, into)                                                                \
	reader_map((r), (node), (what), (keys), sizeof(keys) / sizeof((keys)[0]), (into))

#endif
