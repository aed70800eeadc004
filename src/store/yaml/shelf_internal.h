/* SPDX-License-Identifier: Apache-2.0
 * What the files of a shelf share.
 * store: may include base, core and wire.
 */
#ifndef REMIT_STORE_YAML_SHELF_INTERNAL_H
#define REMIT_STORE_YAML_SHELF_INTERNAL_H

#include "store/yaml/shelf.h"
#include "store/yaml/token_file.h"

#include <pthread.h>
#include <sys/stat.h>

enum shelf_place { SHELF_LIVE, SHELF_REVOKED };
#define SHELF_PLACES 2

struct shelf_file { /* one file as it was when it was looked at */
	bool there;
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
	struct token_file *token; /* owned, one block with its texts; NULL: it cannot be read */
	uint64_t scan;            /* the last full look that found it */
};

struct shelf_entry {
	struct id_bytes id;
	struct shelf_file file[SHELF_PLACES];
	struct shelf_entry *next; /* of the same bucket */
};

#define SHELF_BUCKETS 16384 /* by id, and by digest; a power of two */

struct shelf_link { /* from a digest to an entry: there may be none, one, or (by mistake) more */
	struct shelf_entry *entry;
	struct shelf_link *next;
	uint8_t digest[REMIT_DIGEST_SIZE];
};

struct shelf {
	char *api;
	char *path[SHELF_PLACES];  /* the folders */
	int folder[SHELF_PLACES];  /* open ones; -1: not there */
	struct stat known[SHELF_PLACES]; /* which folders these are */
	int inotify, watches[SHELF_PLACES];
	bool rescan;               /* all must be looked at */
	bool cleared;              /* of drafts that others left */
	int64_t rescan_ns;         /* when that is due anyway */
	uint64_t scan;
	pthread_mutex_t lock;      /* over all of it */
	struct shelf_entry *entries[SHELF_BUCKETS];
	struct shelf_link *links[SHELF_BUCKETS];
	size_t count;              /* entries with a file */
	uint8_t (*changed)[REMIT_DIGEST_SIZE]; /* not handed out yet; a digest may stand more than once */
	size_t changed_count, changed_room;
	bool no_memory;
};

/* ---- shelf_index.c: what is in memory; under the lock ---- */
struct shelf_entry *shelf_entry_of(struct shelf *shelf, const struct id_bytes *id, bool make);
/* Whether there is a file, and what it says, or NULL where it cannot be read; owned from here on. Notes what changed. */
void shelf_set_file(struct shelf *shelf, struct shelf_entry *entry, enum shelf_place place, bool there,
	struct token_file *token);
/* What an entry is, all in all: revoked where there is anything in `revoked`. False: nothing. */
bool shelf_token_of(const struct shelf *shelf, const struct shelf_entry *entry, struct shelf_token *ret);
/* The entry that a digest leads to; NULL where none does. */
struct shelf_entry *shelf_find_digest(const struct shelf *shelf, const uint8_t digest[REMIT_DIGEST_SIZE]);
void shelf_note(struct shelf *shelf, const uint8_t digest[REMIT_DIGEST_SIZE]);
void shelf_index_done(struct shelf *shelf);
/* Whether a token's texts come along; all in one block of malloc's. */
struct token_file *token_file_keep(const struct token_file *token);

/* ---- shelf_look.c: the folder; under the lock ---- */
/* Brings memory up to date. */
enum store_status shelf_look(struct shelf *shelf);
/* Looks at one file now. */
enum store_status shelf_examine(struct shelf *shelf, enum shelf_place place, const char *name);

/* ---- shelf_write.c: files ---- */
#define SHELF_NAME_ROOM 48
void shelf_name(const struct id_bytes *id, char ret[static SHELF_NAME_ROOM]);
/* A whole small file, {NULL, 0} where it is not there or no good: *ret_status says. Waits for nobody: STORE_CONFLICT
 * where somebody is writing it. */
struct str shelf_read(int folder, const char *name, struct arena *arena, struct stat *ret_stat, enum store_status *ret_status);
/* The folders, made where they are not there; then the lock that all writers of ours take. */
enum store_status shelf_begin(struct shelf *shelf, int *ret_lock);
void shelf_end(struct shelf *shelf, int lock);
/* A text beside the file of this name, under a name of its own; then in its place: whole or not at all. Durable where
 * `sync`; else the caller sees to it. */
enum store_status shelf_draft(struct shelf *shelf, enum shelf_place place, const char *name, struct str text, bool sync);
enum store_status shelf_settle(struct shelf *shelf, enum shelf_place place, const char *name);
/* Both, and the folder; then it is looked at. */
enum store_status shelf_put_file(struct shelf *shelf, enum shelf_place place, const char *name, struct str text);
enum store_status shelf_sync(struct shelf *shelf, enum shelf_place place);
enum store_status shelf_status(int error);
/* Writes .index anew. It only helps the package to find files: a failure is told in a log line. */
void shelf_write_index(struct shelf *shelf);

#endif
