/* SPDX-License-Identifier: Apache-2.0
 * What a store may say.
 * store: may include base, core and wire.
 */
#ifndef REMIT_STORE_STATUS_H
#define REMIT_STORE_STATUS_H

enum store_status {
	STORE_OK = 0,
	STORE_NOT_FOUND,
	STORE_EXISTS,      /* a name or key that must be unique is taken */
	STORE_CONFLICT,    /* the row is not in the state that the change needs */
	STORE_INVALID,     /* the store cannot keep this (a project-bound token in a YAML folder) */
	STORE_UNAVAILABLE, /* locked, gone, or failing: nothing was done */
	STORE_FULL,        /* no room: nothing was done */
	STORE_SCHEMA,      /* its schema is older (run `remit store migrate`) or newer than this program */
	STORE_NO_MEMORY,
	STORE_STOPPED,     /* a callback asked to stop */
};

/* A constant English text; never NULL. */
const char *store_status_text(enum store_status status);

#endif
