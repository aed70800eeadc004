/* SPDX-License-Identifier: Apache-2.0
 * What one object of a project names of the same project.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_REFERENCES_H
#define REMIT_SERVICES_PUBLISHING_REFERENCES_H

#include "services/publishing/check.h"
#include "services/publishing/internal.h"

struct reference {
	const char *sql;  /* ?1 the id, ?2 the project */
	const char *what; /* "a template" */
};

extern const struct reference reference_channel, reference_media, reference_template, reference_moment;

/* Each of `ids` (36 characters each, one space between) must be of the project, in the transaction
 * that will use it. One that is not is a mistake that names its place, and is told in the same words
 * whether it is another project's or nobody's. */
enum store_status check_references(struct sql *sql, const struct reference *kind,
	const struct id_bytes *project, struct str ids, const char *where, struct check *c);
/* The same for one that may be absent (all zero). */
enum store_status check_reference(struct sql *sql, const struct reference *kind,
	const struct id_bytes *project, const struct id_bytes *id, const char *where, struct check *c);

#endif
