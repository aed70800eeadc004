/* SPDX-License-Identifier: Apache-2.0
 * A site's folder, and nothing beside it: opened once, and every path resolved beneath it by the kernel, so that
 * neither ".." nor a symbolic link leads out (S02). A file is replaced whole, or not at all (S05, L06).
 * Any thread may call; every call may wait for a disk.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_CONTENT_SITE_BENEATH_H
#define REMIT_SERVICES_CONTENT_SITE_BENEATH_H

#include "base/buf.h"
#include "base/str.h"

#include <sys/stat.h>

struct beneath;

enum beneath_status {
	BENEATH_OK,
	BENEATH_NOT_FOUND,
	BENEATH_EXISTS,
	BENEATH_REFUSED,   /* leads out, or is no regular file (or no folder) */
	BENEATH_TOO_LARGE,
	BENEATH_BUSY,      /* somebody else has held the lock for too long */
	BENEATH_FULL,      /* no space, quota, or a file that may not grow */
	BENEATH_DENIED,    /* by the modes of the file system */
	BENEATH_GONE,      /* the site's folder itself is not there */
	BENEATH_MEMORY,
	BENEATH_FAILED,
};

/* A sentence's end: "no space is left on the disk". */
const char *beneath_status_text(enum beneath_status status);

/* A sentence in reterr_text where the folder cannot be opened, or the kernel has no openat2 (before Linux 5.6). */
bool beneath_open(const char *folder, struct beneath **ret, char reterr_text[256]);
void beneath_close(struct beneath *b);
/* The folder as it was named. */
const char *beneath_folder(const struct beneath *b);

/* Whether a text can be one step of a path: not empty, at most 255 bytes of valid UTF-8, no slash, backslash, control
 * character or leading dot. What a stranger names passes this first. */
bool beneath_is_name(struct str name);

/* Paths are relative to the folder, without a slash at either end: "content/collections/blog.yaml". */

/* A whole file of at most `max` bytes. `ret_stat` may be NULL. */
enum beneath_status beneath_read(struct beneath *b, const char *path, size_t max, struct buf *ret, struct stat *ret_stat);
/* The file or folder, through links that stay beneath. */
enum beneath_status beneath_stat(struct beneath *b, const char *path, struct stat *ret);

/* Calls `each` with what is in a folder, in no order; names with a leading dot are left out unless `hidden`. `mode` is
 * as in struct stat, of what a link leads to. False from `each` ends it. */
typedef bool beneath_each(void *ctx, const char *name, const struct stat *st);
enum beneath_status beneath_list(struct beneath *b, const char *path, bool hidden, beneath_each *each, void *ctx);

/* How the names of temporary files start. */
#define BENEATH_TEMPORARY ".remit-"

enum beneath_how {
	BENEATH_REPLACE, /* what is there, or nothing */
	BENEATH_CREATE,  /* EXISTS where something is there */
};
/* Writes a whole file, through to the disk, by a temporary one in its folder. Folders on the way are made. The mode of
 * what is replaced is kept. `ret_stat` (may be NULL) is of the new file. */
enum beneath_status beneath_write(struct beneath *b, const char *path, struct str bytes, enum beneath_how how,
	struct stat *ret_stat);
enum beneath_status beneath_remove(struct beneath *b, const char *path);
/* EXISTS where something has the new name. Folders on the way to it are made. */
enum beneath_status beneath_move(struct beneath *b, const char *from, const char *to);

/* One writer at a time of an object, over all threads and processes: a lock on the file itself, or (where there is no
 * file yet) on the folder that exists above it. Waits at most five seconds. `ret_lock` is given to beneath_unlock. */
enum beneath_status beneath_lock(struct beneath *b, const char *path, int *ret_lock);
void beneath_unlock(int lock);

/* Whether the folder that was opened is still the one of its name. */
bool beneath_is_there(struct beneath *b);
/* The same; where it is not, that one is opened (GONE where
 * there is none). `ret_changed`: it is another than before. */
enum beneath_status beneath_refresh(struct beneath *b, bool *ret_changed);

#endif
