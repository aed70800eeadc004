/* SPDX-License-Identifier: Apache-2.0
 * What the store's files on the disk need beside themselves.
 * store: may include base, core and wire.
 */
#ifndef REMIT_STORE_FILES_H
#define REMIT_STORE_FILES_H

#include <stdbool.h>

/* Makes each folder of a file's path that is not there, for its owner alone (0700). errno where false. */
bool file_make_folders(const char *path);
/* Makes a new name in the folder of `path` survive a power cut. errno where false. */
bool file_sync_folder(const char *path);

#endif
