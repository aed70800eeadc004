/* SPDX-License-Identifier: Apache-2.0
 * For the document's own files: an edit as splices of its text.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_CONTENT_SITE_DOCUMENT_EDIT_H
#define REMIT_SERVICES_CONTENT_SITE_DOCUMENT_EDIT_H

#include "services/content/site/document.h"

struct splice {
	size_t start, end; /* what goes */
	struct str text;   /* what comes in its place; in the document's arena */
	size_t order;
};

struct editor {
	const struct document *d;
	struct str yaml;     /* the part of the text that is YAML */
	const char *newline;
	struct splice *splices; /* owned */
	size_t count, room;
	bool coarse; /* what changes below a key of the root is written anew as a whole */
	bool quoted; /* texts that would take blank lines from others in are written with quotes */
	bool failed; /* no memory */
};

/* Brings what the YAML says to `wanted`. */
void edit_root(struct editor *e, const json_t *wanted);
void edit_splice(struct editor *e, size_t start, size_t end, struct str text);
/* All splices put into the text; they do not overlap. */
bool edit_apply(struct editor *e, struct buf *out);

/* Places in the text. */
size_t edit_line_start(struct str text, size_t at);
size_t edit_line_end(struct str text, size_t at); /* before "\n" or "\r\n" */
bool value_equals(const struct value *value, const json_t *json);

#endif
