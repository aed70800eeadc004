/* SPDX-License-Identifier: Apache-2.0
 * What the two files of the import share: the rows of one project and the keys that the document
 * gives them.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_IMPORT_H
#define REMIT_SERVICES_PUBLISHING_IMPORT_H

#include "services/publishing/projects.h"

#define IMPORT_ROWS_MAX 10000 /* of one kind in one project */
#define IMPORT_WHERE 96       /* "projects[0].social_connections[12]." */

enum import_kind {
	IMPORT_TEMPLATES,
	IMPORT_SOCIAL,
	IMPORT_DATA,
	IMPORT_MOMENTS,
	IMPORT_STORIES,
	IMPORT_KINDS
};

struct import_key {
	enum import_kind kind;
	struct str key;
	struct id_bytes id;
};

struct import {
	const struct publishing *p;
	const struct id *owner; /* NULL: no projects are made */
	int64_t now_ms;
	const json_t *document;
	struct arena *arena;
	struct check check;
	struct id_bytes project;  /* the one that is being read */
	struct import_key *keys;  /* of this project */
	size_t key_count, key_room;
	unsigned counts[IMPORT_KINDS], projects;
};

/* The list of this kind in a project of the document; its name. */
const char *import_list_name(enum import_kind kind);
/* Judges the rows of a kind; mistakes are added to the check. `where` is "projects[0].". */
void import_check(struct import *im, const json_t *project, enum import_kind kind, const char *where);
/* Writes them. Keys that are not there are mistakes: INVALID. */
enum store_status import_rows(
	struct sql *sql, struct import *im, const json_t *project, enum import_kind kind, const char *where);
/* The id of a key. False, and a mistake added, where the document has no such row before. */
bool import_find(struct import *im, enum import_kind kind, struct str key, const char *where,
	const char *name, struct id_bytes *ret);
/* The ids of a list of keys, one space between, in the arena. */
bool import_find_all(struct import *im, enum import_kind kind, const json_t *list, const char *where,
	const char *name, struct str *ret);

#endif
