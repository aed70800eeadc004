/* SPDX-License-Identifier: Apache-2.0
 * Follows what others change in a site's folder: inotify says which path, and the path is read again. Where the
 * kernel lost count, or cannot watch any more, everything is looked at again; and once a second whether the folder
 * is still there.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/site/site_internal.h"

#include "base/limits.h"
#include "base/log.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#define TURN_MS 1000
#define SETTLE_MS 5 /* what comes within it is one change */
#define DIRTY_MAX 1024
#define MASK (IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR | IN_EXCL_UNLINK)

struct watch {
	struct site *site;
	pthread_t thread;
	bool running;
	int inotify, wake;
	atomic_bool stop;
	atomic_bool blind;       /* not every folder is watched: look at all of it each turn */
	pthread_mutex_t lock;    /* of the folders */
	char **folders;          /* by watch descriptor */
	size_t folder_room;
	char *dirty[DIRTY_MAX];
	size_t dirty_count;
	bool lost;
};

void watch_add(struct watch *w, const char *path)
{
	char full[4096];
	if (!w || w->inotify < 0)
		return;
	int n = snprintf(full, sizeof(full), "%s/%s", beneath_folder(w->site->folder), path);
	int number = n > 0 && (size_t)n < sizeof(full) ? inotify_add_watch(w->inotify, full, MASK) : -1;
	char *kept = number >= 0 && number < LIMIT_CONTENT_FILES ? strdup(path) : NULL;
	if (!kept) {
		if (errno != ENOENT && !atomic_exchange(&w->blind, true))
			log_warning("the site's folder %s cannot be watched as a whole (%s): it is looked through each second",
				full, strerror(errno));
		return;
	}
	pthread_mutex_lock(&w->lock);
	if ((size_t)number >= w->folder_room) {
		size_t room = (size_t)number * 2 + 64;
		char **more = realloc(w->folders, room * sizeof(*more));
		if (more) {
			memset(more + w->folder_room, 0, (room - w->folder_room) * sizeof(*more));
			w->folders = more;
			w->folder_room = room;
		}
	}
	if ((size_t)number < w->folder_room) {
		free(w->folders[number]);
		w->folders[number] = kept;
	} else {
		free(kept);
	}
	pthread_mutex_unlock(&w->lock);
}

static void add_dirty(struct watch *w, const char *path)
{
	for (size_t i = 0; i < w->dirty_count; i++)
		if (strcmp(w->dirty[i], path) == 0)
			return;
	char *kept = w->dirty_count < DIRTY_MAX ? strdup(path) : NULL;
	if (kept)
		w->dirty[w->dirty_count++] = kept;
	else
		w->lost = true;
}

static void take_event(struct watch *w, const struct inotify_event *event)
{
	char path[2048] = "";
	if (event->mask & IN_Q_OVERFLOW) {
		w->lost = true;
		return;
	}
	pthread_mutex_lock(&w->lock);
	const char *folder = event->wd >= 0 && (size_t)event->wd < w->folder_room ? w->folders[event->wd] : NULL;
	int n = folder && event->len > 0 && event->name[0] != '.'
		? snprintf(path, sizeof(path), "%s%s%s", folder, folder[0] ? "/" : "", event->name) : 0;
	if (folder && (event->mask & IN_IGNORED)) {
		free(w->folders[event->wd]);
		w->folders[event->wd] = NULL;
	}
	pthread_mutex_unlock(&w->lock);
	if (n <= 0 || (size_t)n >= sizeof(path))
		return;
	if (strcmp(path, "resources") == 0)
		w->lost = true; /* places below it came or went */
	/* A file that was only made is being written: it is read when it is closed. */
	else if (site_holds(path) && (event->mask & (IN_ISDIR | IN_CREATE)) != IN_CREATE)
		add_dirty(w, path);
}

static void take_events(struct watch *w)
{
	_Alignas(struct inotify_event) char events[16 * 1024];
	for (;;) {
		ssize_t n = read(w->inotify, events, sizeof(events));
		if (n <= 0)
			return;
		for (char *at = events; at < events + n;) {
			const struct inotify_event *event = (const struct inotify_event *)(const void *)at;
			take_event(w, event);
			at += sizeof(*event) + event->len;
		}
	}
}

static void apply(struct watch *w)
{
	if (w->lost)
		site_catch_up(w->site);
	else if (w->dirty_count > 0)
		site_notice(w->site, (const char *const *)w->dirty, w->dirty_count);
	for (size_t i = 0; i < w->dirty_count; i++)
		free(w->dirty[i]);
	w->dirty_count = 0;
	w->lost = false;
}

static void *follow(void *arg)
{
	struct watch *w = arg;
	struct pollfd fds[] = { { .fd = w->wake, .events = POLLIN }, { .fd = w->inotify, .events = POLLIN } };
	while (!atomic_load(&w->stop)) {
		bool changed = false;
		int n = poll(fds, 2, TURN_MS);
		if (n > 0 && fds[1].revents) {
			take_events(w);
			(void)poll(fds, 1, SETTLE_MS);
			take_events(w);
		} else if (n == 0 && beneath_refresh(w->site->folder, &changed) == BENEATH_GONE) {
			atomic_store(&w->site->gone, true);
		} else if (n == 0 && (changed || atomic_load(&w->site->gone))) {
			(void)site_rebuild(w->site);
		} else if (n == 0 && atomic_load(&w->blind)) {
			w->lost = true;
		}
		apply(w);
	}
	return NULL;
}

struct watch *watch_start(struct site *site)
{
	struct watch *w = calloc(1, sizeof(*w));
	sigset_t all, before;
	if (!w)
		return NULL;
	w->site = site;
	pthread_mutex_init(&w->lock, NULL);
	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->inotify < 0)
		atomic_store(&w->blind, true);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	w->running = w->wake >= 0 && pthread_create(&w->thread, NULL, follow, w) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (w->running)
		return w;
	watch_stop(w);
	return NULL;
}

void watch_stop(struct watch *w)
{
	if (!w)
		return;
	if (w->running) {
		const uint64_t one = 1;
		atomic_store(&w->stop, true);
		(void)!write(w->wake, &one, sizeof(one));
		pthread_join(w->thread, NULL);
	}
	for (size_t i = 0; i < w->folder_room; i++)
		free(w->folders[i]);
	free(w->folders);
	for (size_t i = 0; i < w->dirty_count; i++)
		free(w->dirty[i]);
	if (w->inotify >= 0)
		close(w->inotify);
	if (w->wake >= 0)
		close(w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
