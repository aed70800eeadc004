/* SPDX-License-Identifier: Apache-2.0
 * Query strings: application/x-www-form-urlencoded pairs, decoded strictly.
 * wire: may include base, and nothing else of ours.
 */
#ifndef REMIT_WIRE_QUERY_H
#define REMIT_WIRE_QUERY_H

#include "base/arena.h"
#include "base/limits.h"
#include "base/str.h"

struct query_pair {
	struct str name, value; /* decoded; in the arena, or views into the raw text */
};

struct query {
	size_t count;
	struct query_pair pairs[LIMIT_QUERY_PARAMS];
};

enum query_result { QUERY_OK, QUERY_INVALID, QUERY_TOO_MANY, QUERY_NO_MEMORY };

/* '+' is a space; %XX decoded once. Empty pairs ("a=1&&b=2") are passed over. A value without a
 * name, a decoded NUL or control character, invalid UTF-8 and an incomplete % are INVALID.
 * *reterr_what says it in one sentence. */
enum query_result query_parse(struct str raw, struct arena *arena, struct query *ret,
	const char **reterr_what);

/* The value of a name. *ret_count is how often it stands: more than one must be refused where the value is
 * judged (M15). Whatever some receiver takes for the name counts twice, so that one alone is refused as well:
 * another case, "name[]", "name.x", spaces before it, "_" written as a dot, or a pair that begins behind a ";".
 * {NULL, 0} where it is not there. */
struct str query_get(const struct query *query, const char *name, size_t *ret_count);

#endif
