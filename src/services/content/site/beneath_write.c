/* SPDX-License-Identifier: Apache-2.0
 * Writing beneath a site's folder: whole files, one writer at a time, through to the disk before anybody is told.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/site/beneath_internal.h"

#include "base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define LOCK_WAIT_NS INT64_C(5000000000)
#define LOCK_STEP_NS 500000
#define TEMPORARY_ROOM 40

/* ---- Folders ---- */

/* Opens a folder; makes what is missing on the way where it may. */
static int open_folder(struct beneath *b, const char *path, bool make)
{
	char step[PATH_MAX];
	int fd = beneath_openat(b, path, O_RDONLY | O_DIRECTORY);
	if (fd >= 0 || errno != ENOENT || !make || strlen(path) >= sizeof(step))
		return fd;
	int at = beneath_openat(b, "", O_RDONLY | O_DIRECTORY);
	for (size_t n = 0; at >= 0 && path[n];) {
		n += strcspn(path + n, "/");
		memcpy(step, path, n);
		step[n] = '\0';
		/* The step before was resolved beneath; the new one is made in it, not through it. */
		const char *name = strrchr(step, '/');
		bool made = mkdirat(at, name ? name + 1 : step, 0755) == 0;
		bool good = made ? fsync(at) == 0 : errno == EEXIST;
		int error = errno;
		close(at);
		errno = error;
		at = good ? beneath_openat(b, step, O_RDONLY | O_DIRECTORY) : -1;
		n += path[n] == '/';
	}
	return at;
}

enum beneath_status beneath_parent(struct beneath *b, const char *path, bool make, int *ret_fd, const char **ret_name)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;
	if (n >= sizeof(folder))
		return BENEATH_REFUSED;
	memcpy(folder, path, n);
	folder[n] = '\0';
	*ret_name = slash ? slash + 1 : path;
	if (!**ret_name || strcmp(*ret_name, ".") == 0 || strcmp(*ret_name, "..") == 0)
		return BENEATH_REFUSED;
	*ret_fd = open_folder(b, folder, make);
	return *ret_fd >= 0 ? BENEATH_OK : beneath_status_of(errno);
}

/* ---- A file ---- */

static enum beneath_status write_all(int fd, struct str bytes)
{
	while (bytes.n > 0) {
		ssize_t put = write(fd, bytes.p, bytes.n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return beneath_status_of(errno);
		bytes = (struct str){ bytes.p + put, bytes.n - (size_t)put };
	}
	return fsync(fd) == 0 ? BENEATH_OK : beneath_status_of(errno);
}

/* Whose it was and who may read it: as before. That may need rights that we lack, and then the owner is ours. */
static bool keep_modes(int fd, const struct stat *old)
{
	if (old->st_uid != geteuid() || old->st_gid != getegid())
		(void)!fchown(fd, old->st_uid, old->st_gid);
	return fchmod(fd, old->st_mode & 07777) == 0;
}

static enum beneath_status put_in_place(int folder, const char *temporary, const char *name, enum beneath_how how)
{
	int done = renameat2(folder, temporary, folder, name, how == BENEATH_CREATE ? RENAME_NOREPLACE : 0);
	if (done != 0 && errno == EINVAL && how == BENEATH_CREATE) { /* the file system knows no such rename */
		done = linkat(folder, temporary, folder, name, 0);
		if (done == 0)
			(void)unlinkat(folder, temporary, 0);
	}
	return done == 0 && fsync(folder) == 0 ? BENEATH_OK : beneath_status_of(errno);
}

static enum beneath_status write_file(int folder, const char *name, struct str bytes, enum beneath_how how,
	struct stat *ret_stat)
{
	char temporary[TEMPORARY_ROOM];
	unsigned char random[8];
	char hex[2 * sizeof(random) + 1];
	struct stat old;
	bool there = fstatat(folder, name, &old, AT_SYMLINK_NOFOLLOW) == 0;
	if (there && how == BENEATH_CREATE)
		return BENEATH_EXISTS;
	if (there && !S_ISREG(old.st_mode))
		return BENEATH_REFUSED; /* a link is not written through, and not replaced */
	randombytes_buf(random, sizeof(random));
	snprintf(temporary, sizeof(temporary), BENEATH_TEMPORARY "%s", sodium_bin2hex(hex, sizeof(hex), random, sizeof(random)));
	int fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return beneath_status_of(errno);
	enum beneath_status status = there && !keep_modes(fd, &old) ? BENEATH_DENIED : write_all(fd, bytes);
	if (status == BENEATH_OK && ret_stat && fstat(fd, ret_stat) != 0)
		status = BENEATH_FAILED;
	close(fd);
	if (status == BENEATH_OK)
		status = put_in_place(folder, temporary, name, how);
	if (status != BENEATH_OK)
		(void)unlinkat(folder, temporary, 0);
	return status;
}

enum beneath_status beneath_write(struct beneath *b, const char *path, struct str bytes, enum beneath_how how,
	struct stat *ret_stat)
{
	const char *name;
	int folder;
	enum beneath_status status = beneath_enter(b);
	if (status != BENEATH_OK)
		return status;
	status = beneath_parent(b, path, true, &folder, &name);
	if (status == BENEATH_OK) {
		status = write_file(folder, name, bytes, how, ret_stat);
		close(folder);
	}
	beneath_leave(b);
	return status;
}

enum beneath_status beneath_remove(struct beneath *b, const char *path)
{
	const char *name;
	struct stat st;
	int folder;
	enum beneath_status status = beneath_enter(b);
	if (status != BENEATH_OK)
		return status;
	status = beneath_parent(b, path, false, &folder, &name);
	if (status == BENEATH_OK) {
		if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			status = beneath_status_of(errno);
		else if (unlinkat(folder, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) != 0 || fsync(folder) != 0)
			status = beneath_status_of(errno);
		close(folder);
	}
	beneath_leave(b);
	return status;
}

static enum beneath_status move_entry(int from, const char *name, int to, const char *new_name)
{
	struct stat st;
	if (fstatat(to, new_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return BENEATH_EXISTS;
	int done = renameat2(from, name, to, new_name, RENAME_NOREPLACE);
	if (done != 0 && errno == EINVAL)
		done = renameat(from, name, to, new_name);
	if (done != 0 || fsync(to) != 0 || fsync(from) != 0)
		return beneath_status_of(errno);
	return BENEATH_OK;
}

enum beneath_status beneath_move(struct beneath *b, const char *from, const char *to)
{
	const char *name, *new_name;
	int old_folder, new_folder;
	enum beneath_status status = beneath_enter(b);
	if (status != BENEATH_OK)
		return status;
	status = beneath_parent(b, from, false, &old_folder, &name);
	if (status == BENEATH_OK) {
		status = beneath_parent(b, to, true, &new_folder, &new_name);
		if (status == BENEATH_OK) {
			status = move_entry(old_folder, name, new_folder, new_name);
			close(new_folder);
		}
		close(old_folder);
	}
	beneath_leave(b);
	return status;
}

/* ---- Locks ---- */

/* The file, or the nearest folder above it. */
static int open_nearest(struct beneath *b, const char *path, struct stat *ret)
{
	char step[PATH_MAX];
	size_t n = strlen(path);
	if (n >= sizeof(step))
		return errno = ENAMETOOLONG, -1;
	memcpy(step, path, n + 1);
	for (;;) {
		int fd = beneath_openat(b, step, O_RDONLY | O_NONBLOCK | O_NOCTTY);
		if (fd >= 0 && fstat(fd, ret) == 0 && (S_ISREG(ret->st_mode) || S_ISDIR(ret->st_mode)))
			return fd;
		int error = fd >= 0 ? EINVAL : errno;
		if (fd >= 0)
			close(fd);
		if (error != ENOENT || n == 0)
			return errno = error, -1;
		while (n > 0 && step[n - 1] != '/')
			n--;
		n -= n > 0;
		step[n] = '\0';
	}
}

/* What was locked must still be what the path leads to: a writer before us may have put another in its place. */
static bool still_there(struct beneath *b, const char *path, const struct stat *locked)
{
	struct stat now;
	int fd = open_nearest(b, path, &now);
	if (fd < 0)
		return false;
	close(fd);
	return now.st_ino == locked->st_ino && now.st_dev == locked->st_dev;
}

static enum beneath_status try_lock(struct beneath *b, const char *path, int *ret_lock)
{
	struct stat st;
	int fd = open_nearest(b, path, &st);
	if (fd < 0)
		return beneath_status_of(errno);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && still_there(b, path, &st)) {
		*ret_lock = fd;
		return BENEATH_OK;
	}
	close(fd);
	return BENEATH_BUSY;
}

enum beneath_status beneath_lock(struct beneath *b, const char *path, int *ret_lock)
{
	const int64_t until = clock_monotonic_ns() + LOCK_WAIT_NS;
	const struct timespec step = { .tv_nsec = LOCK_STEP_NS };
	for (;;) {
		enum beneath_status status = beneath_enter(b);
		if (status != BENEATH_OK)
			return status;
		status = try_lock(b, path, ret_lock);
		beneath_leave(b);
		if (status != BENEATH_BUSY || clock_monotonic_ns() >= until)
			return status;
		nanosleep(&step, NULL);
	}
}

void beneath_unlock(int lock)
{
	if (lock >= 0)
		close(lock);
}
