/* SPDX-License-Identifier: Apache-2.0
 * Folders for the store's files.
 * store: may include base, core and wire.
 */
#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_make_folders(const char *path)
{
	char folder[PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t n = (size_t)(slash - path);
		if (n >= sizeof(folder))
			return false;
		memcpy(folder, path, n);
		folder[n] = '\0';
		if (mkdir(folder, 0700) != 0 && errno != EEXIST)
			return false;
	}
	return true;
}

bool file_sync_folder(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) + 1 : 0;

	if (n >= sizeof(folder))
		return false;
	memcpy(folder, path, n);
	folder[n] = '\0';
	int fd = open(n ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool good = fsync(fd) == 0;
	close(fd);
	return good;
}
