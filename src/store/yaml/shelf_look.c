/* SPDX-License-Identifier: Apache-2.0
 * Reading the folder: names that inotify tells, and from time to time all of it. A file that has not changed since it
 * was looked at is not opened.
 * store: may include base, core and wire.
 */
#include "store/yaml/shelf_internal.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <unistd.h>

#define RESCAN_NS (INT64_C(2) * 1000000000)       /* behind inotify */
#define RESCAN_BLIND_NS (INT64_C(200) * 1000000)  /* where there is none */
#define WATCHED (IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

/* "<uuid>.yaml", as the package and we name them. */
static bool id_of_name(const char *name, struct id_bytes *ret)
{
	struct id id;
	return strlen(name) == ID_LENGTH + 5 && strcmp(name + ID_LENGTH, ".yaml") == 0
		&& id_parse((struct str){ name, ID_LENGTH }, &id) && memcmp(id.text, name, ID_LENGTH) == 0
		&& id_to_bytes(&id, ret);
}

static bool is_as_known(const struct shelf_file *file, const struct stat *st)
{
	return file->there && file->device == st->st_dev && file->inode == st->st_ino && file->size == st->st_size
		&& file->modified.tv_sec == st->st_mtim.tv_sec && file->modified.tv_nsec == st->st_mtim.tv_nsec
		&& file->changed.tv_sec == st->st_ctim.tv_sec && file->changed.tv_nsec == st->st_ctim.tv_nsec;
}

static void forget(struct shelf *shelf, struct shelf_entry *entry, enum shelf_place place)
{
	if (entry->file[place].there)
		shelf_set_file(shelf, entry, place, false, NULL);
}

/* What was read, taken in. A file that says another id than its name, or that cannot be read, counts for nothing. */
static enum store_status take(struct shelf *shelf, struct shelf_entry *entry, enum shelf_place place, const char *name,
	struct str text, const struct stat *st)
{
	struct shelf_file *file = &entry->file[place];
	struct token_file read, *kept = NULL;
	struct id_bytes id;
	const char *why = "";
	struct arena arena;
	arena_init(&arena, 0);
	bool good = text.p && token_file_read(text, &arena, &read, &why);
	if (good && (!id_to_bytes(&read.id, &id) || memcmp(&id, &entry->id, sizeof(id)) != 0)) {
		good = false;
		why = "its id is not its name";
	}
	kept = good ? token_file_keep(&read) : NULL;
	arena_done(&arena);
	if (good && !kept)
		return STORE_NO_MEMORY;
	file->device = st->st_dev;
	file->inode = st->st_ino;
	file->size = st->st_size;
	file->modified = st->st_mtim;
	file->changed = st->st_ctim;
	shelf_set_file(shelf, entry, place, true, kept);
	if (!good)
		log_warning("%s/%s is not taken as a token: %s", shelf->path[place], name,
			text.p ? why : "it is no small file");
	return STORE_OK;
}

/* The package writes a token's last use into a file that it read before it was revoked, and so makes it again. Revoked
 * stays revoked, for the package too. */
static enum store_status end_again(struct shelf *shelf, struct shelf_entry *entry, const char *name)
{
	if (unlinkat(shelf->folder[SHELF_LIVE], name, 0) != 0 && errno != ENOENT)
		log_warning("%s/%s is there again, though it was revoked, and cannot be removed", shelf->path[SHELF_LIVE], name);
	else
		log_info("%s/%s was there again, though it was revoked: removed", shelf->path[SHELF_LIVE], name);
	forget(shelf, entry, SHELF_LIVE);
	return STORE_OK;
}

enum store_status shelf_examine(struct shelf *shelf, enum shelf_place place, const char *name)
{
	struct id_bytes id;
	struct stat st;
	enum store_status status = STORE_OK;
	if (!id_of_name(name, &id))
		return STORE_OK;
	const bool there = shelf->folder[place] >= 0 && fstatat(shelf->folder[place], name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (!there && shelf->folder[place] >= 0 && errno != ENOENT)
		return STORE_UNAVAILABLE;
	struct shelf_entry *entry = shelf_entry_of(shelf, &id, there);
	if (!entry)
		return there ? STORE_NO_MEMORY : STORE_OK;
	if (!there) {
		forget(shelf, entry, place);
		return STORE_OK;
	}
	entry->file[place].scan = shelf->scan;
	if (place == SHELF_LIVE && entry->file[SHELF_REVOKED].there)
		return end_again(shelf, entry, name);
	if (is_as_known(&entry->file[place], &st))
		return STORE_OK;
	if (shelf->count >= LIMIT_SHELF_TOKENS && !entry->file[0].there && !entry->file[1].there)
		return STORE_FULL;
	struct arena arena;
	arena_init(&arena, 0);
	struct str text = shelf_read(shelf->folder[place], name, &arena, &st, &status);
	if (status == STORE_CONFLICT) { /* the package is writing it: soon again */
		shelf->rescan = true;
		status = STORE_OK;
	} else if (status == STORE_NOT_FOUND) {
		forget(shelf, entry, place);
		status = STORE_OK;
	} else if (status == STORE_OK || status == STORE_INVALID) {
		status = take(shelf, entry, place, name, text, &st);
	}
	arena_done(&arena);
	return status;
}

/* ---- The folders ---- */

/* Opens what the path leads to now. */
static enum store_status open_folder(struct shelf *shelf, enum shelf_place place)
{
	struct stat st;
	if (stat(shelf->path[place], &st) != 0) {
		if (errno != ENOENT)
			return STORE_UNAVAILABLE;
		if (shelf->folder[place] >= 0) {
			close(shelf->folder[place]);
			shelf->folder[place] = -1;
			shelf->rescan = true;
		}
		return STORE_OK;
	}
	if (shelf->folder[place] >= 0 && shelf->known[place].st_dev == st.st_dev && shelf->known[place].st_ino == st.st_ino)
		return STORE_OK;
	int folder = open(shelf->path[place], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || fstat(folder, &st) != 0) {
		if (folder >= 0)
			close(folder);
		return STORE_UNAVAILABLE;
	}
	if (shelf->folder[place] >= 0)
		close(shelf->folder[place]);
	shelf->folder[place] = folder;
	shelf->known[place] = st;
	shelf->rescan = true;
	if (shelf->inotify >= 0)
		shelf->watches[place] = inotify_add_watch(shelf->inotify, shelf->path[place], WATCHED);
	return STORE_OK;
}

static enum store_status scan_folder(struct shelf *shelf, enum shelf_place place)
{
	enum store_status status = STORE_OK;
	int copy = openat(shelf->folder[place], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
	if (!dir) {
		if (copy >= 0)
			close(copy);
		return STORE_UNAVAILABLE;
	}
	struct dirent *at;
	errno = 0;
	while (status == STORE_OK && (at = readdir(dir)) != NULL) {
		status = shelf_examine(shelf, place, at->d_name);
		errno = 0;
	}
	if (status == STORE_OK && errno != 0)
		status = STORE_UNAVAILABLE;
	closedir(dir);
	return status;
}

static void forget_unseen(struct shelf *shelf)
{
	for (size_t i = 0; i < SHELF_BUCKETS; i++)
		for (struct shelf_entry *entry = shelf->entries[i]; entry; entry = entry->next)
			for (int place = 0; place < SHELF_PLACES; place++)
				if (entry->file[place].there && entry->file[place].scan != shelf->scan)
					forget(shelf, entry, (enum shelf_place)place);
}

/* The revoked ones first: a file that moves there while we look is then never seen in neither. */
static enum store_status scan(struct shelf *shelf)
{
	enum store_status status = STORE_OK;
	shelf->scan++;
	shelf->rescan = false;
	for (int place = SHELF_PLACES - 1; status == STORE_OK && place >= 0; place--)
		if (shelf->folder[place] >= 0)
			status = scan_folder(shelf, (enum shelf_place)place);
	if (status == STORE_OK)
		forget_unseen(shelf);
	else
		shelf->rescan = true;
	shelf->rescan_ns = clock_monotonic_ns() + (shelf->inotify >= 0 ? RESCAN_NS : RESCAN_BLIND_NS);
	return status;
}

/* ---- inotify ---- */

static enum store_status take_event(struct shelf *shelf, const struct inotify_event *event)
{
	if (event->mask & (IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED))
		shelf->rescan = true;
	for (int place = 0; event->len > 0 && place < SHELF_PLACES; place++)
		if (event->wd == shelf->watches[place])
			return shelf_examine(shelf, (enum shelf_place)place, event->name);
	return STORE_OK;
}

static enum store_status drain(struct shelf *shelf)
{
	union {
		char bytes[16384];
		struct inotify_event aligned;
	} events;
	ssize_t n;
	while (shelf->inotify >= 0 && (n = read(shelf->inotify, events.bytes, sizeof(events.bytes))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *event = (const struct inotify_event *)(const void *)(events.bytes + at);
			at += (ssize_t)(sizeof(*event) + event->len);
			enum store_status status = take_event(shelf, event);
			if (status != STORE_OK) { /* what is left in this batch is not looked at one by one */
				shelf->rescan = true;
				return status;
			}
		}
	}
	return STORE_OK;
}

enum store_status shelf_look(struct shelf *shelf)
{
	enum store_status status = STORE_OK;
	for (int place = 0; status == STORE_OK && place < SHELF_PLACES; place++)
		status = open_folder(shelf, (enum shelf_place)place);
	if (status == STORE_OK)
		status = drain(shelf);
	if (status == STORE_OK && (shelf->rescan || clock_monotonic_ns() >= shelf->rescan_ns))
		status = scan(shelf);
	if (status == STORE_OK && shelf->no_memory) {
		shelf->no_memory = false;
		shelf->rescan = true;
		status = STORE_NO_MEMORY;
	}
	return status;
}
