/* SPDX-License-Identifier: Apache-2.0
 * A whole reading of the site's users is made beside the one that is read, and takes its place by one pointer; the old
 * one is freed a good while after.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/owners.h"

#include "services/content/owners_read.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#define OLD_MAX 64            /* readings that wait to be freed; past it the next waits */
#define RESCAN_MS 1000        /* behind inotify: what it does not tell, as of a shared disk */
#define FOLDERS 4             /* the site, users, resources, resources/users */
#define WATCHED (IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF \
	| IN_MOVE_SELF | IN_ATTRIB | IN_ONLYDIR)

struct old {
	struct owners_reading *reading;
	int64_t since_ns;
};

struct owners {
	char *site;
	const struct remit_policy *policy;
	_Atomic(struct owners_reading *) now;
	pthread_mutex_t lock; /* over reading again, and what waits to be freed */
	struct old old[OLD_MAX];
	size_t old_count;
	pthread_t thread;
	bool started;
	int inotify, stop;
	int watches[FOLDERS];
};

bool owners_number(struct str name, struct id *ret)
{
	return owner_number(name, ret);
}

/* ---- Reading again ---- */

/* Under the lock. */
static void free_old(struct owners *owners, int64_t now_ns, bool all)
{
	size_t kept = 0;
	for (size_t i = 0; i < owners->old_count; i++) {
		struct old old = owners->old[i];
		if (all || now_ns - old.since_ns > OWNER_VIEW_S * INT64_C(1000000000))
			owners_reading_free(old.reading);
		else
			owners->old[kept++] = old;
	}
	owners->old_count = kept;
}

/* Where a reading fails as a whole, for want of memory, nobody is left: who was taken away must not stay. */
void owners_refresh(struct owners *owners)
{
	pthread_mutex_lock(&owners->lock);
	free_old(owners, clock_monotonic_ns(), false);
	struct owners_reading *now = atomic_load(&owners->now);
	if (owners->old_count < OLD_MAX && (!now || owners_reading_is_old(now, owners->site))) {
		struct owners_reading *next = owners_reading_new(owners->site, owners->policy);
		if (!next)
			log_error("the users of the site %s cannot be read: out of memory", owners->site);
		atomic_store_explicit(&owners->now, next, memory_order_release);
		if (now)
			owners->old[owners->old_count++] = (struct old){ now, clock_monotonic_ns() };
	}
	pthread_mutex_unlock(&owners->lock);
}

static void watch(struct owners *owners)
{
	static const char *const folders[FOLDERS] = { "", "/users", "/resources", "/resources/users" };
	char path[4096];
	for (size_t i = 0; i < FOLDERS; i++) {
		if (snprintf(path, sizeof(path), "%s%s", owners->site, folders[i]) < (int)sizeof(path))
			owners->watches[i] = inotify_add_watch(owners->inotify, path, WATCHED);
	}
}

static void *run(void *arg)
{
	struct owners *owners = arg;
	struct pollfd fds[] = { { .fd = owners->inotify, .events = POLLIN }, { .fd = owners->stop, .events = POLLIN } };
	char events[4096];
	for (;;) {
		int n = poll(fds, 2, RESCAN_MS);
		if (n < 0 && errno != EINTR)
			log_warning("the users of the site %s are looked at only now and then", owners->site);
		if (fds[1].revents)
			return NULL;
		while (owners->inotify >= 0 && read(owners->inotify, events, sizeof(events)) > 0)
			;
		watch(owners); /* a folder may have come, or another one in its place */
		owners_refresh(owners);
	}
}

/* ---- Opening ---- */

bool owners_open(const char *site, const struct remit_policy *policy, struct owners **ret, char reterr_text[256])
{
	struct owners *owners = calloc(1, sizeof(*owners));
	snprintf(reterr_text, 256, "out of memory");
	if (!owners)
		return false;
	pthread_mutex_init(&owners->lock, NULL);
	owners->site = strdup(site);
	owners->policy = policy;
	owners->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	owners->stop = eventfd(0, EFD_CLOEXEC);
	if (!owners->site || owners->stop < 0) {
		owners_close(owners);
		return false;
	}
	watch(owners); /* before they are read, so that no change falls between */
	owners_refresh(owners);
	owners->started = pthread_create(&owners->thread, NULL, run, owners) == 0;
	if (!owners->started) {
		snprintf(reterr_text, 256, "a thread cannot be started");
		owners_close(owners);
		return false;
	}
	*ret = owners;
	return true;
}

void owners_close(struct owners *owners)
{
	const uint64_t one = 1;
	if (!owners)
		return;
	if (owners->started && write(owners->stop, &one, sizeof(one)) == sizeof(one))
		pthread_join(owners->thread, NULL);
	if (owners->inotify >= 0)
		close(owners->inotify);
	if (owners->stop >= 0)
		close(owners->stop);
	free_old(owners, 0, true);
	owners_reading_free(atomic_load(&owners->now));
	pthread_mutex_destroy(&owners->lock);
	free(owners->site);
	free(owners);
}

/* ---- Asking ---- */

const struct owner *owners_get(const struct owners *owners, const struct id_bytes *number)
{
	const struct owners_reading *now = atomic_load_explicit(&owners->now, memory_order_acquire);
	return now ? owners_reading_get(now, number) : NULL;
}

const struct owner *owners_find(const struct owners *owners, struct str who)
{
	const struct owners_reading *now = atomic_load_explicit(&owners->now, memory_order_acquire);
	return now ? owners_reading_find(now, who) : NULL;
}

/* How a permission stands to a pattern: "edit {} entries" with "blog" in the place of {}. */
static int compare(const char *permission, const char *pattern, struct str handle)
{
	const char *gap = strstr(pattern, "{}");
	size_t before = gap ? (size_t)(gap - pattern) : strlen(pattern);
	int order = strncmp(permission, pattern, before);
	if (order != 0 || !gap)
		return order != 0 ? order : strcmp(permission + before, "");
	order = strncmp(permission + before, handle.p ? handle.p : "", handle.n);
	return order != 0 ? order : strcmp(permission + before + handle.n, gap + 2);
}

bool owner_may(const struct owner *owner, const char *permission, struct str handle)
{
	if (owner->super)
		return true;
	size_t low = 0, high = owner->permission_count;
	if (strstr(permission, "{}") && (handle.n == 0 || memchr(handle.p, '\0', handle.n)))
		return false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(owner->permissions[middle], permission, handle);
		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

bool owner_may_plain(const struct owner *owner, const char *permission)
{
	return owner_may(owner, permission, (struct str){ NULL, 0 });
}

/* ---- For others ---- */

static bool view_of(const struct owner *owner, struct owner_view *ret)
{
	if (owner)
		*ret = (struct owner_view){ owner->id, owner->name, owner->email, owner->super, &owner->ceiling };
	return owner != NULL;
}

static bool source_get(void *ctx, const struct id_bytes *number, struct owner_view *ret)
{
	return view_of(owners_get(ctx, number), ret);
}

static bool source_find(void *ctx, struct str who, struct owner_view *ret)
{
	return view_of(owners_find(ctx, who), ret);
}

static bool source_may_hold(void *ctx, const struct id_bytes *number, size_t scope)
{
	const struct owners *owners = ctx;
	const struct owner *owner = owners_get(owners, number);
	return owner && owner_may_hold(owner, owners->policy, scope);
}

void owners_source(struct owners *owners, struct owner_source *ret)
{
	*ret = (struct owner_source){ .ctx = owners, .get = source_get, .find = source_find, .may_hold = source_may_hold };
}
