/* SPDX-License-Identifier: Apache-2.0
 * A number that crosses a line. Pure.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_THRESHOLD_H
#define REMIT_SERVICES_PUBLISHING_THRESHOLD_H

#include "base/str.h"

#define THRESHOLD_POINTER_MAX 200 /* bytes of a JSON pointer */
#define THRESHOLD_POINTER_DEPTH 16

/* A JSON pointer (RFC 6901) that leads to one value: not "", and no part of it "*". */
bool threshold_pointer_ok(struct str pointer);

/* A decimal number as JSON writes one, finite. */
bool threshold_number(struct str text, double *ret);

/* The number that a pointer finds in a JSON text. False with a clause in *reterr_what. */
bool threshold_read(struct str json, struct str pointer, double *ret, const char **reterr_what);

/* Whether the number is past the line, having been past it before or not: it is once it crosses the line, and no
 * longer once it comes back by `hysteresis` or more. */
bool threshold_beyond(double value, double line, double hysteresis, bool above, bool was_beyond);

/* "12.5", the shortest text that reads back as the number. */
#define THRESHOLD_TEXT_ROOM 32
void threshold_text(double value, char ret[static THRESHOLD_TEXT_ROOM]);

#endif
