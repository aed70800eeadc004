/* SPDX-License-Identifier: Apache-2.0
 * Files that no row names any more: their project was removed, or a crash came between a file and its row.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/media.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define YOUNG_MS (INT64_C(24) * 3600 * 1000) /* its row may still be on its way */

static enum store_status find_row(struct sql *sql, void *arg)
{
	struct sql_statement *st = sql_prepare(sql, "SELECT 1 FROM publishing_files WHERE file = ?1");
	if (!st)
		return STORE_UNAVAILABLE;
	sql_bind_text(st, 1, str_of(arg));
	enum store_status status = step_row(st);
	sql_reset(st);
	return status;
}

static bool is_old(int folder, const char *name, int64_t now_ms)
{
	struct stat st;
	return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       now_ms - (int64_t)st.st_mtime * 1000 > YOUNG_MS;
}

static enum store_status sweep_files(const struct publishing *p, DIR *folder, unsigned number, int64_t now_ms)
{
	char file[MEDIA_FILE_ROOM + 8];

	for (struct dirent *entry; (entry = readdir(folder));) {
		int n = snprintf(file, sizeof(file), "%02x/%s", number, entry->d_name);
		if (entry->d_name[0] == '.' || n < 0 || (size_t)n >= sizeof(file) ||
			!is_old(dirfd(folder), entry->d_name, now_ms))
			continue;
		enum store_status status = database_read(p->database, find_row, file);
		if (status == STORE_NOT_FOUND)
			unlinkat(dirfd(folder), entry->d_name, 0);
		else if (status != STORE_OK)
			return status;
	}
	return STORE_OK;
}

enum store_status media_sweep(const struct publishing *p, unsigned number, int64_t now_ms)
{
	char name[8];
	snprintf(name, sizeof(name), "%02x", number % MEDIA_FOLDERS);
	int fd = openat(p->media_folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return STORE_OK; /* nothing was ever kept in it */
	DIR *folder = fdopendir(fd);
	if (!folder) {
		close(fd);
		return STORE_NO_MEMORY;
	}
	enum store_status status = sweep_files(p, folder, number % MEDIA_FOLDERS, now_ms);
	closedir(folder);
	return status;
}
