/* SPDX-License-Identifier: Apache-2.0
 * Opening a site's folder, and reading beneath it.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/site/beneath_internal.h"

#include "base/text.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *beneath_status_text(enum beneath_status status)
{
	switch (status) {
	case BENEATH_OK:
		return "done";
	case BENEATH_NOT_FOUND:
		return "there is no such file";
	case BENEATH_EXISTS:
		return "there is a file of that name already";
	case BENEATH_REFUSED:
		return "the path leads out of the site, or to what is no file";
	case BENEATH_TOO_LARGE:
		return "the file is too large";
	case BENEATH_BUSY:
		return "somebody else is writing it; try again";
	case BENEATH_FULL:
		return "no space is left on the disk";
	case BENEATH_DENIED:
		return "the file system does not permit it";
	case BENEATH_GONE:
		return "the site's folder is not there";
	case BENEATH_MEMORY:
		return "there is not enough memory";
	case BENEATH_FAILED:
		break;
	}
	return "the file system fails";
}

enum beneath_status beneath_status_of(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return BENEATH_NOT_FOUND;
	case EEXIST:
	case ENOTEMPTY:
		return BENEATH_EXISTS;
	case EXDEV: /* what RESOLVE_BENEATH says */
	case ELOOP:
	case EISDIR:
	case EINVAL:
	case ENXIO:
	case ENAMETOOLONG:
		return BENEATH_REFUSED;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return BENEATH_FULL;
	case EACCES:
	case EPERM:
	case EROFS:
		return BENEATH_DENIED;
	case ENOMEM:
		return BENEATH_MEMORY;
	default:
		return BENEATH_FAILED;
	}
}

/* ---- The folder itself ---- */

static int openat2_beneath(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	for (unsigned i = 0;; i++) { /* EAGAIN: something was renamed meanwhile */
		int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR) || i == 16)
			return fd;
	}
}

static enum beneath_status open_root(struct beneath *b)
{
	struct stat st;
	int fd = open(b->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? BENEATH_GONE : beneath_status_of(errno);
	if (fstat(fd, &st) != 0) {
		close(fd);
		return BENEATH_FAILED;
	}
	if (b->root >= 0)
		close(b->root);
	b->root = fd;
	b->dev = st.st_dev;
	b->ino = st.st_ino;
	return BENEATH_OK;
}

bool beneath_open(const char *folder, struct beneath **ret, char reterr_text[256])
{
	struct beneath *b = calloc(1, sizeof(*b));
	if (!b || !(b->folder = realpath(folder, NULL)) || pthread_rwlock_init(&b->root_lock, NULL) != 0) {
		snprintf(reterr_text, 256, "The site's folder %s cannot be opened: %s", folder,
			b && !b->folder ? strerror(errno) : "out of memory");
		free(b ? b->folder : NULL);
		free(b);
		return false;
	}
	b->root = -1;
	enum beneath_status status = open_root(b);
	int here = status == BENEATH_OK ? openat2_beneath(b->root, ".", O_RDONLY | O_DIRECTORY) : -1;
	if (here >= 0) {
		close(here);
		*ret = b;
		return true;
	}
	if (status == BENEATH_OK && errno == ENOSYS)
		snprintf(reterr_text, 256, "The site's folder %s cannot be served: the kernel has no openat2 (Linux 5.6)",
			folder);
	else
		snprintf(reterr_text, 256, "The site's folder %s cannot be opened: %s", folder, strerror(errno));
	beneath_close(b);
	return false;
}

void beneath_close(struct beneath *b)
{
	if (!b)
		return;
	if (b->root >= 0)
		close(b->root);
	pthread_rwlock_destroy(&b->root_lock);
	free(b->folder);
	free(b);
}

const char *beneath_folder(const struct beneath *b)
{
	return b->folder;
}

static bool is_current(struct beneath *b, bool *ret_there)
{
	struct stat st;
	*ret_there = stat(b->folder, &st) == 0 && S_ISDIR(st.st_mode);
	return *ret_there && st.st_dev == b->dev && st.st_ino == b->ino;
}

enum beneath_status beneath_refresh(struct beneath *b, bool *ret_changed)
{
	enum beneath_status status = BENEATH_OK;
	bool there;
	*ret_changed = false;
	pthread_rwlock_wrlock(&b->root_lock);
	if (!is_current(b, &there)) {
		status = there ? open_root(b) : BENEATH_GONE;
		*ret_changed = status == BENEATH_OK;
	}
	pthread_rwlock_unlock(&b->root_lock);
	return status;
}

bool beneath_is_there(struct beneath *b)
{
	bool there;
	pthread_rwlock_rdlock(&b->root_lock);
	bool current = is_current(b, &there);
	pthread_rwlock_unlock(&b->root_lock);
	return current;
}

enum beneath_status beneath_enter(struct beneath *b)
{
	bool there, changed;
	pthread_rwlock_rdlock(&b->root_lock);
	if (is_current(b, &there))
		return BENEATH_OK;
	pthread_rwlock_unlock(&b->root_lock);
	enum beneath_status status = beneath_refresh(b, &changed);
	if (status == BENEATH_OK)
		pthread_rwlock_rdlock(&b->root_lock);
	return status;
}

void beneath_leave(struct beneath *b)
{
	pthread_rwlock_unlock(&b->root_lock);
}

/* ---- Names ---- */

bool beneath_is_name(struct str name)
{
	if (name.n == 0 || name.n > 255 || name.p[0] == '.' || !utf8_valid(name))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];
		if (c < 0x20 || c == 0x7f || c == '/' || c == '\\')
			return false;
	}
	return true;
}

int beneath_openat(struct beneath *b, const char *path, int flags)
{
	return openat2_beneath(b->root, path[0] ? path : ".", flags);
}

/* ---- Reading ---- */

/* O_NONBLOCK: a pipe is no file, and opening it must not wait for a writer. */
static enum beneath_status open_regular(struct beneath *b, const char *path, int *ret_fd, struct stat *ret_stat)
{
	enum beneath_status status = beneath_enter(b);
	if (status != BENEATH_OK)
		return status;
	int fd = beneath_openat(b, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	int error = errno;
	beneath_leave(b);
	if (fd < 0)
		return beneath_status_of(error);
	if (fstat(fd, ret_stat) != 0 || !S_ISREG(ret_stat->st_mode)) {
		close(fd);
		return BENEATH_REFUSED;
	}
	*ret_fd = fd;
	return BENEATH_OK;
}

static enum beneath_status read_all(int fd, size_t size, size_t max, struct buf *ret)
{
	if (size > max)
		return BENEATH_TOO_LARGE;
	for (size_t want = size + 1;;) { /* one more than it should have: it may have grown */
		if (!buf_reserve(ret, want))
			return ret->n + want > ret->max ? BENEATH_TOO_LARGE : BENEATH_MEMORY;
		ssize_t got = read(fd, ret->p + ret->n, want);
		if (got == 0)
			return BENEATH_OK;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return beneath_status_of(errno);
		ret->n += (size_t)got;
		if (ret->n > max)
			return BENEATH_TOO_LARGE;
		want = want > (size_t)got ? want - (size_t)got : 4096;
	}
}

enum beneath_status beneath_read(struct beneath *b, const char *path, size_t max, struct buf *ret, struct stat *ret_stat)
{
	struct stat st;
	int fd;
	enum beneath_status status = open_regular(b, path, &fd, &st);
	if (status != BENEATH_OK)
		return status;
	status = read_all(fd, (size_t)st.st_size, max, ret);
	close(fd);
	if (status == BENEATH_OK && ret_stat)
		*ret_stat = st;
	return status;
}

enum beneath_status beneath_stat(struct beneath *b, const char *path, struct stat *ret)
{
	enum beneath_status status = beneath_enter(b);
	if (status != BENEATH_OK)
		return status;
	int fd = beneath_openat(b, path, O_PATH);
	int error = errno;
	beneath_leave(b);
	if (fd < 0)
		return beneath_status_of(error);
	status = fstat(fd, ret) == 0 ? BENEATH_OK : beneath_status_of(errno);
	close(fd);
	return status;
}

/* What an entry of a folder is; a link only where it stays beneath. */
static bool list_entry(struct beneath *b, int folder, const char *path, const char *name, struct stat *st)
{
	char full[4096];
	if (fstatat(folder, name, st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISLNK(st->st_mode))
		return true;
	int n = snprintf(full, sizeof(full), "%s%s%s", path, path[0] ? "/" : "", name);
	return n > 0 && (size_t)n < sizeof(full) && beneath_stat(b, full, st) == BENEATH_OK;
}

enum beneath_status beneath_list(struct beneath *b, const char *path, bool hidden, beneath_each *each, void *ctx)
{
	enum beneath_status status = beneath_enter(b);
	if (status != BENEATH_OK)
		return status;
	int fd = beneath_openat(b, path, O_RDONLY | O_DIRECTORY);
	int error = errno;
	beneath_leave(b);
	if (fd < 0)
		return beneath_status_of(error);
	DIR *dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return BENEATH_MEMORY;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		struct stat st;
		const char *name = entry->d_name;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || (name[0] == '.' && !hidden))
			continue;
		if (list_entry(b, fd, path, name, &st) && !each(ctx, name, &st))
			break;
	}
	closedir(dir);
	return BENEATH_OK;
}
