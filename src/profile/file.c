/* SPDX-License-Identifier: Apache-2.0
 * Reading files that people write, whole, with a limit; and joining paths.
 * profile: may include base and core.
 */
#include "profile/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 16384

static bool read_all(int fd, struct buf *text)
{
	char block[BLOCK];
	for (;;) {
		ssize_t got = read(fd, block, sizeof(block));
		if (got == 0)
			return true;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		errno = EFBIG;
		if (!buf_add(text, block, (size_t)got))
			return false;
	}
}

bool file_read(const char *path, struct buf *text, struct mistakes *mistakes)
{
	struct stat st;
	/* Without O_NONBLOCK a FIFO that nobody writes to would hold the program for good. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0) {
		mistakes_add(mistakes, path, 0, 0, NULL, "the file cannot be read: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	bool ok = false;
	if (!S_ISREG(st.st_mode))
		mistakes_add(mistakes, path, 0, 0, NULL, "this is no regular file");
	else if (!(ok = read_all(fd, text)))
		mistakes_add(mistakes, path, 0, 0, NULL, "the file cannot be read: %s", strerror(errno));
	close(fd);
	return ok;
}

const char *file_join(struct arena *arena, const char *folder, const char *path)
{
	if (path[0] == '/' || !folder || !*folder || strcmp(folder, ".") == 0)
		return arena_copy(arena, str_of(path));
	if (path[0] == '.' && path[1] == '/')
		path += 2;
	return arena_printf(arena, "%s/%s", folder, path);
}

const char *file_folder(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return arena_copy(arena, STR("."));
	if (slash == path)
		return arena_copy(arena, STR("/"));
	return arena_copy(arena, (struct str){ path, (size_t)(slash - path) });
}
