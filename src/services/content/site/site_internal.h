/* SPDX-License-Identifier: Apache-2.0
 * For the index's own files.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_CONTENT_SITE_SITE_INTERNAL_H
#define REMIT_SERVICES_CONTENT_SITE_SITE_INTERNAL_H

#include "services/content/site/site.h"

#include "base/arena.h"
#include <pthread.h>
#include <stdatomic.h>

struct view_node { /* a view, and what it is that only it and older ones hold */
	struct site_view view; /* the first member */
	struct view_node *newer;
	unsigned looks;
	struct site_file **garbage; /* gone or replaced in the view behind this one */
	size_t garbage_count;
	struct arena locales;
};

struct site {
	struct beneath *folder;
	pthread_mutex_t look;   /* of the row of views: held for some instructions */
	struct view_node *oldest, *newest;
	pthread_mutex_t write;  /* one at a time makes the next view */
	struct arena scratch;   /* under `write` */
	struct buf text;
	bool out_of_date;       /* under `write`: the last reading failed half-way */
	atomic_bool gone;
	struct watch *watch;
};

/* ---- What changes from one view to the next ---- */

struct site_change {
	const char *path;       /* in the changes' arena */
	struct site_file *file; /* NULL: gone */
};

struct site_changes {
	struct arena *arena;
	struct site_change *list; /* owned */
	size_t count, room;
	bool failed; /* no memory */
};

void changes_add(struct site_changes *changes, const char *path, struct site_file *file);

/* Under `write`. Adds what has changed at and below a path since `view` (may be NULL). `all` reads what looks the same
 * again too. */
void scan_path(struct site *site, const struct site_view *view, const char *path, bool all, struct site_changes *changes);
/* The places of a site that the index is made of; ends with NULL. */
extern const char *const site_roots[];
bool site_holds(const char *path); /* whether a path is at or below one of them */

/* Under `write`. The next view; false without memory, and the old one stays. */
bool views_advance(struct site *site, struct site_changes *changes, bool all, int64_t started_ns);
void views_free(struct site *site);
void views_drop(struct site_changes *changes); /* frees the files of changes that are not wanted */
/* Looks again at paths, or at all places, for what has changed. */
void site_notice(struct site *site, const char *const *paths, size_t count);
void site_catch_up(struct site *site);
void site_file_free(struct site_file *file);

/* A thread that follows the folder; NULL without one. */
struct watch *watch_start(struct site *site);
void watch_stop(struct watch *watch);
/* Folders below a path, to be followed too. */
void watch_add(struct watch *watch, const char *path);

#endif
