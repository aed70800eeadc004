/* SPDX-License-Identifier: Apache-2.0
 * Waiting for changes of the feed.
 * store: may include base, core and wire.
 */
#ifndef REMIT_STORE_SQLITE_WATCH_H
#define REMIT_STORE_SQLITE_WATCH_H

struct sqlite_store;

/* `path` must live as long as the store. */
void watch_init(struct sqlite_store *sqlite, const char *path);

#endif
