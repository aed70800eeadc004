/* SPDX-License-Identifier: Apache-2.0
 * Reading files that people write, whole, with a limit; and joining paths.
 * profile: may include base and core.
 */
#ifndef REMIT_PROFILE_FILE_H
#define REMIT_PROFILE_FILE_H

#include "base/arena.h"
#include "base/buf.h"
#include "profile/mistakes.h"

/* Appends a whole regular file of at most text->max bytes. False with a mistake. */
bool file_read(const char *path, struct buf *text, struct mistakes *mistakes);
/* `path` where it is absolute or `folder` is empty or ".", else folder/path. NULL without memory. */
const char *file_join(struct arena *arena, const char *folder, const char *path);
/* The folder that a path lies in; "." where it names none. NULL without memory. */
const char *file_folder(struct arena *arena, const char *path);

#endif
