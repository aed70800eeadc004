/* SPDX-License-Identifier: Apache-2.0
 * Which known name a misspelt one was meant to be.
 * authority: may include base, core, wire, store and profile.
 */
#ifndef REMIT_AUTHORITY_NEAREST_H
#define REMIT_AUTHORITY_NEAREST_H

#include <stddef.h>

/* The known name that is most like `name`, or NULL where none is like it. `at` returns NULL past the last. */
const char *name_nearest(const char *name, const char *(*at)(const void *ctx, size_t index), const void *ctx);

#endif
