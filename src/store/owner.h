/* SPDX-License-Identifier: Apache-2.0
 * The number of an owner that somebody else's files name.
 * store: may include base, core and wire.
 */
#ifndef REMIT_STORE_OWNER_H
#define REMIT_STORE_OWNER_H

#include "base/id.h"

#define OWNER_TEXT_BYTES 255

/* A UUID is itself; any other text has a number that is made of it, the same everywhere and for ever. False for an
 * empty text, one with a NUL, or one longer than OWNER_TEXT_BYTES. */
bool owner_number(struct str text, struct id *ret);

#endif
