/* SPDX-License-Identifier: Apache-2.0
 * multipart/form-data (RFC 7578) held whole in memory: views of its parts.
 * wire: may include base, and nothing else of ours.
 */
#ifndef REMIT_WIRE_MULTIPART_H
#define REMIT_WIRE_MULTIPART_H

#include "base/arena.h"
#include "base/str.h"

#define MULTIPART_PARTS_MAX 16

struct multipart_part {
	struct str name;         /* %22 decoded; in the arena */
	struct str filename;     /* as sent, in the arena; {NULL, 0} where there is none. No path to use! */
	struct str content_type; /* {NULL, 0} where there is none */
	struct str data;         /* into the body */
};

struct multipart {
	size_t count;
	struct multipart_part parts[MULTIPART_PARTS_MAX];
};

/* `boundary` from the Content-Type (RFC 2046 section 5.1.1: 1 to 70 characters). False, and what is
 * wrong in *reterr_what, for a body that two parsers could cut in two ways: no final boundary, bare LF
 * line ends, part headers past 4 kB, a name twice in one Content-Disposition, no name, filename*. */
bool multipart_parse(struct str body, struct str boundary, struct arena *arena, struct multipart *ret,
	const char **reterr_what);

/* The first part of a name; NULL where it is not there. *ret_count (may be NULL) is how often it
 * stands: refuse more than one. A name in another case counts twice, so that one alone is refused. */
const struct multipart_part *multipart_get(const struct multipart *m, const char *name, size_t *ret_count);

#endif
