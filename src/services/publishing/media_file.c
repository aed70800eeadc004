/* SPDX-License-Identifier: Apache-2.0
 * Files of media: kept and opened below one folder, under names of our own making. A file whose row
 * was never committed (a crash in between) is never served, and is swept away later.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/media.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static enum store_status status_of(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EFBIG ? STORE_FULL : STORE_UNAVAILABLE;
}

static bool write_all(int fd, struct str bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes = (struct str){ bytes.p + n, bytes.n - (size_t)n };
	}
	return fsync(fd) == 0;
}

/* The folder of a file's first two digits; made where it is not there. */
static int open_folder(const struct publishing *p, const char *file)
{
	char name[3] = { file[0], file[1], '\0' };
	if (mkdirat(p->media_folder, name, 0700) == 0 && fsync(p->media_folder) != 0)
		return -1;
	return openat(p->media_folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A file without a name is given its own only once all of it is on the disk. */
static bool keep_unnamed(int folder, int fd, const char *name, struct str bytes)
{
	char path[32];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return write_all(fd, bytes) && linkat(AT_FDCWD, path, folder, name, AT_SYMLINK_FOLLOW) == 0;
}

/* The same where the file system has no files without names. */
static bool keep_named(int folder, const char *name, struct str bytes)
{
	char part[MEDIA_FILE_ROOM + 8];
	snprintf(part, sizeof(part), "%s.part", name);
	int fd = openat(folder, part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	bool ok = write_all(fd, bytes) && renameat(folder, part, folder, name) == 0;
	int error = errno;
	if (!ok)
		unlinkat(folder, part, 0);
	close(fd);
	errno = error;
	return ok;
}

enum store_status media_keep(
	const struct publishing *p, struct str bytes, char ret_file[static MEDIA_FILE_ROOM])
{
	uint8_t random[16];
	char file[MEDIA_FILE_ROOM] = "";
	p->random(random, sizeof(random));
	hex_encode(random, 1, file);
	file[2] = '/';
	hex_encode(random, sizeof(random), file + 3);

	int folder = open_folder(p, file);
	if (folder < 0)
		return status_of(errno);
	int fd = openat(folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	bool unnamed = fd >= 0;
	bool ok = unnamed ? keep_unnamed(folder, fd, file + 3, bytes) : keep_named(folder, file + 3, bytes);
	ok = ok && fsync(folder) == 0;
	enum store_status status = ok ? STORE_OK : status_of(errno);
	if (unnamed)
		close(fd);
	close(folder);
	if (ok)
		memcpy(ret_file, file, sizeof(file));
	return status;
}

void media_forget(const struct publishing *p, const char *file)
{
	unlinkat(p->media_folder, file, 0);
}

int media_open(const struct publishing *p, const char *file, uint64_t *ret_size)
{
	struct stat st;
	int fd = openat(p->media_folder, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -1;
	}
	*ret_size = (uint64_t)st.st_size;
	return fd;
}
