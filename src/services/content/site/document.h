/* SPDX-License-Identifier: Apache-2.0
 * One file of a site: YAML, or YAML between two lines of dashes and a body below (an entry). It is read whole and
 * changed in place: what is asked for is spliced into its bytes, and everything else (order, comments, quotes, body,
 * line ends) stays as it was. What a change makes is read again before it is handed out, so that a file never says
 * anything but what was asked.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_CONTENT_SITE_DOCUMENT_H
#define REMIT_SERVICES_CONTENT_SITE_DOCUMENT_H

#include "services/content/site/value.h"

enum document_kind {
	DOCUMENT_YAML,
	DOCUMENT_ENTRY, /* may have a body, which is its `content` */
};

struct document {
	enum document_kind kind;
	struct str text; /* the whole file: borrowed */
	size_t yaml_end; /* what is read as YAML ends here */
	bool fenced;     /* between lines of dashes; the body begins at `body` */
	size_t body;     /* as it stands: behind the fence and its line end */
	struct str content; /* the body without leading white space; empty: none */
	struct value *root; /* a map */
	struct arena *arena;
};

/* The tree lives in the arena, and borrows from the text nothing but its places. */
bool document_parse(struct str text, enum document_kind kind, struct arena *arena, struct document *ret,
	struct value_problem *reterr);

/* All of it, a body as `content`. NULL without memory. */
json_t *document_json(const struct document *d);

/* Writes the file as it is once it says `wanted`: an object, its keys in any order; null is a value. False, with
 * nothing to be used in `out`, where that cannot be. */
bool document_change(const struct document *d, const json_t *wanted, struct buf *out, struct value_problem *reterr);

/* A new file. */
bool document_make(const json_t *wanted, enum document_kind kind, struct buf *out, struct value_problem *reterr);

#endif
