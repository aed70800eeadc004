/* SPDX-License-Identifier: Apache-2.0
 * Files of a shelf: read under the lock that the package takes while it writes, written beside and put in place.
 * store: may include base, core and wire.
 */
#include "store/yaml/shelf_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "store/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define LOCK_FILE ".lock"
#define LOCK_WAIT_NS (INT64_C(5) * 1000000000)
#define LOCK_NAP_NS 1000000
#define DRAFT ".draft-" /* and the name: the package takes no file that starts with a dot for a token */
#define INDEX ".index"
#define INDEX_BYTES_MAX (64u * 1024 * 1024)

enum store_status shelf_status(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return STORE_FULL;
	case ENOMEM:
		return STORE_NO_MEMORY;
	default:
		return STORE_UNAVAILABLE;
	}
}

void shelf_name(const struct id_bytes *id, char ret[static SHELF_NAME_ROOM])
{
	struct id text;
	id_from_bytes(id, &text);
	snprintf(ret, SHELF_NAME_ROOM, "%s.yaml", text.text);
}

/* ---- Reading ---- */

static bool read_whole(int fd, char *p, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t got = read(fd, p + done, n - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

/* The package writes in place, under an exclusive lock: with a shared one of ours nothing half is read. */
struct str shelf_read(int folder, const char *name, struct arena *arena, struct stat *ret_stat, enum store_status *ret_status)
{
	struct str none = { NULL, 0 };
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	*ret_status = fd >= 0 ? STORE_OK : errno == ENOENT ? STORE_NOT_FOUND : errno == ELOOP ? STORE_INVALID : STORE_UNAVAILABLE;
	if (fd < 0)
		return none;
	char *p = NULL;
	size_t n = 0;
	if (flock(fd, LOCK_SH | LOCK_NB) != 0)
		*ret_status = errno == EWOULDBLOCK ? STORE_CONFLICT : STORE_UNAVAILABLE;
	else if (fstat(fd, ret_stat) != 0)
		*ret_status = STORE_UNAVAILABLE;
	else if (!S_ISREG(ret_stat->st_mode) || ret_stat->st_size > TOKEN_FILE_BYTES)
		*ret_status = STORE_INVALID;
	else if ((p = arena_alloc(arena, (size_t)ret_stat->st_size + 1)) == NULL)
		*ret_status = STORE_NO_MEMORY;
	else if (!read_whole(fd, p, n = (size_t)ret_stat->st_size))
		*ret_status = STORE_UNAVAILABLE;
	close(fd);
	return *ret_status == STORE_OK ? (struct str){ p, n } : none;
}

/* ---- Writing ---- */

static bool write_whole(int fd, struct str text)
{
	while (text.n > 0) {
		ssize_t put = write(fd, text.p, text.n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		text.p += put;
		text.n -= (size_t)put;
	}
	return true;
}

/* Where root serves a folder of somebody else's, what it writes is theirs, so that the package can read it. */
static void give_to_owner(const struct shelf *shelf, enum shelf_place place, int fd)
{
	struct stat st;
	if (geteuid() == 0 && fstat(shelf->folder[place], &st) == 0 && st.st_uid != 0 && fchown(fd, st.st_uid, st.st_gid) != 0)
		log_warning("a file in %s cannot be given to its owner", shelf->path[place]);
}

enum store_status shelf_draft(struct shelf *shelf, enum shelf_place place, const char *name, struct str text, bool sync)
{
	char draft[SHELF_NAME_ROOM + 16];
	enum store_status status = STORE_OK;
	snprintf(draft, sizeof(draft), DRAFT "%s", name);
	int fd = openat(shelf->folder[place], draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return shelf_status(errno);
	give_to_owner(shelf, place, fd);
	if (!write_whole(fd, text) || (sync && fsync(fd) != 0))
		status = shelf_status(errno);
	if (close(fd) != 0 && status == STORE_OK)
		status = shelf_status(errno);
	if (status != STORE_OK)
		unlinkat(shelf->folder[place], draft, 0);
	return status;
}

enum store_status shelf_settle(struct shelf *shelf, enum shelf_place place, const char *name)
{
	char draft[SHELF_NAME_ROOM + 16];
	snprintf(draft, sizeof(draft), DRAFT "%s", name);
	if (renameat(shelf->folder[place], draft, shelf->folder[place], name) == 0)
		return STORE_OK;
	enum store_status status = shelf_status(errno);
	unlinkat(shelf->folder[place], draft, 0);
	return status;
}

enum store_status shelf_sync(struct shelf *shelf, enum shelf_place place)
{
	return fsync(shelf->folder[place]) == 0 ? STORE_OK : shelf_status(errno);
}

enum store_status shelf_put_file(struct shelf *shelf, enum shelf_place place, const char *name, struct str text)
{
	enum store_status status = shelf_draft(shelf, place, name, text, true);
	if (status == STORE_OK)
		status = shelf_settle(shelf, place, name);
	if (status == STORE_OK)
		status = shelf_sync(shelf, place);
	if (status == STORE_OK)
		status = shelf_examine(shelf, place, name);
	return status;
}

/* ---- The lock ---- */

static enum store_status make_folders(struct shelf *shelf)
{
	char inside[4096 + 2];
	for (int place = 0; place < SHELF_PLACES; place++) {
		if (shelf->folder[place] >= 0)
			continue;
		snprintf(inside, sizeof(inside), "%s/", shelf->path[place]);
		if (!file_make_folders(inside) || !file_sync_folder(shelf->path[place]))
			return shelf_status(errno);
	}
	return STORE_OK;
}

static enum store_status take_lock(struct shelf *shelf, int *ret)
{
	const int64_t end_ns = clock_monotonic_ns() + LOCK_WAIT_NS;
	int fd = openat(shelf->folder[SHELF_LIVE], LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return shelf_status(errno);
	give_to_owner(shelf, SHELF_LIVE, fd);
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if ((errno != EWOULDBLOCK && errno != EINTR) || clock_monotonic_ns() > end_ns) {
			close(fd);
			return STORE_UNAVAILABLE;
		}
		nanosleep(&(struct timespec){ .tv_nsec = LOCK_NAP_NS }, NULL);
	}
	*ret = fd;
	return STORE_OK;
}

/* What a writer that was killed left behind: nobody but who has the lock writes any. */
static void remove_drafts(struct shelf *shelf, enum shelf_place place)
{
	int copy = openat(shelf->folder[place], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
	if (!dir && copy >= 0)
		close(copy);
	for (struct dirent *at; dir && (at = readdir(dir)) != NULL;)
		if (strncmp(at->d_name, DRAFT, sizeof(DRAFT) - 1) == 0)
			unlinkat(shelf->folder[place], at->d_name, 0);
	if (dir)
		closedir(dir);
}

enum store_status shelf_begin(struct shelf *shelf, int *ret_lock)
{
	pthread_mutex_lock(&shelf->lock);
	enum store_status status = shelf_look(shelf);
	if (status == STORE_OK && (shelf->folder[SHELF_LIVE] < 0 || shelf->folder[SHELF_REVOKED] < 0)) {
		status = make_folders(shelf);
		if (status == STORE_OK)
			status = shelf_look(shelf);
	}
	if (status == STORE_OK && (shelf->folder[SHELF_LIVE] < 0 || shelf->folder[SHELF_REVOKED] < 0))
		status = STORE_UNAVAILABLE;
	if (status == STORE_OK)
		status = take_lock(shelf, ret_lock);
	if (status != STORE_OK) {
		pthread_mutex_unlock(&shelf->lock);
		return status;
	}
	if (!shelf->cleared) {
		remove_drafts(shelf, SHELF_LIVE);
		remove_drafts(shelf, SHELF_REVOKED);
		shelf->cleared = true;
	}
	status = shelf_look(shelf); /* what others wrote before we had the lock */
	if (status != STORE_OK)
		shelf_end(shelf, *ret_lock);
	return status;
}

void shelf_end(struct shelf *shelf, int lock)
{
	close(lock);
	pthread_mutex_unlock(&shelf->lock);
}

/* ---- The index ---- */

static void write_entries(const struct shelf *shelf, struct buf *out)
{
	bool first = true;
	buf_add_char(out, '{');
	for (size_t i = 0; i < SHELF_BUCKETS; i++)
		for (const struct shelf_entry *entry = shelf->entries[i]; entry; entry = entry->next) {
			const struct token_file *token = entry->file[SHELF_LIVE].token;
			char hash[2 * REMIT_DIGEST_SIZE];
			if (!token || entry->file[SHELF_REVOKED].there)
				continue;
			hex_encode(token->digest, REMIT_DIGEST_SIZE, hash);
			buf_printf(out, "%s\n    \"%.*s\": \"%s\"", first ? "" : ",", (int)sizeof(hash), hash, token->id.text);
			first = false;
		}
	buf_add_text(out, first ? "}" : "\n}");
}

/* The package changes it in place under a lock on the file itself: who waits for that lock then writes to a file that
 * has no name any more, misses its entry at the next look-up, and makes the index anew. So does it where there is none. */
void shelf_write_index(struct shelf *shelf)
{
	struct buf out;
	int old = openat(shelf->folder[SHELF_LIVE], INDEX, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	const int64_t end_ns = clock_monotonic_ns() + LOCK_WAIT_NS;
	while (old >= 0 && flock(old, LOCK_EX | LOCK_NB) != 0 && clock_monotonic_ns() < end_ns)
		nanosleep(&(struct timespec){ .tv_nsec = LOCK_NAP_NS }, NULL);
	buf_init(&out, INDEX_BYTES_MAX);
	write_entries(shelf, &out);
	enum store_status status = out.failed ? STORE_NO_MEMORY : shelf_draft(shelf, SHELF_LIVE, INDEX, buf_str(&out), false);
	if (status == STORE_OK)
		status = shelf_settle(shelf, SHELF_LIVE, INDEX);
	if (status != STORE_OK)
		log_warning("%s/" INDEX " cannot be written: %s", shelf->path[SHELF_LIVE], store_status_text(status));
	buf_done(&out);
	if (old >= 0)
		close(old);
}
