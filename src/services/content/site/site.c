/* SPDX-License-Identifier: Apache-2.0
 * Opening a site, and bringing its index up to date.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/site/site_internal.h"

#include "base/clock.h"
#include "base/limits.h"
#include <stdio.h>
#include <stdlib.h>

/* Under `write`. */
static bool bring_up(struct site *site, const char *const *paths, size_t count, bool all)
{
	struct arena arena;
	const int64_t started_ns = clock_monotonic_ns();
	struct site_changes changes = { .arena = &arena };
	const struct site_view *view = site->newest ? &site->newest->view : NULL;
	bool changed;
	arena_init(&arena, 0);
	enum beneath_status status = beneath_refresh(site->folder, &changed);
	if (paths == site_roots) { /* places that are not there yet come in these */
		watch_add(site->watch, "");
		watch_add(site->watch, "resources");
	}
	for (size_t i = 0; status == BENEATH_OK && i < count; i++)
		scan_path(site, view, paths[i], all, &changes);
	if (status == BENEATH_OK && !changes.failed && changes.count == 0 && view && !all) {
		atomic_store(&site->gone, false);
	} else if (status == BENEATH_OK && views_advance(site, &changes, all, started_ns)) {
		site->out_of_date = false;
		atomic_store(&site->gone, false);
	} else {
		changes.failed = true;
		views_drop(&changes);
		site->out_of_date = true;
		atomic_store(&site->gone, status == BENEATH_GONE);
	}
	free(changes.list);
	arena_done(&arena);
	return !atomic_load(&site->gone) && !site->out_of_date;
}

static size_t root_count(void)
{
	size_t n = 0;
	while (site_roots[n])
		n++;
	return n;
}

bool site_rebuild(struct site *site)
{
	pthread_mutex_lock(&site->write);
	bool good = bring_up(site, site_roots, root_count(), true);
	pthread_mutex_unlock(&site->write);
	return good;
}

void site_note(struct site *site, const char *path)
{
	site_notice(site, &path, 1);
}

void site_notice(struct site *site, const char *const *paths, size_t count)
{
	pthread_mutex_lock(&site->write);
	if (site->out_of_date)
		(void)bring_up(site, site_roots, root_count(), true);
	else
		(void)bring_up(site, paths, count, false);
	pthread_mutex_unlock(&site->write);
}

void site_catch_up(struct site *site)
{
	site_notice(site, site_roots, root_count());
}

struct beneath *site_folder(struct site *site)
{
	return site->folder;
}

bool site_open(const char *folder, struct site **ret, char reterr_text[256])
{
	struct site *site = calloc(1, sizeof(*site));
	if (!site) {
		snprintf(reterr_text, 256, "The site cannot be opened: out of memory");
		return false;
	}
	pthread_mutex_init(&site->look, NULL);
	pthread_mutex_init(&site->write, NULL);
	arena_init(&site->scratch, 0);
	buf_init(&site->text, LIMIT_CONTENT_FILE_BYTES + 4096);
	if (!beneath_open(folder, &site->folder, reterr_text)) {
		site_close(site);
		return false;
	}
	site->watch = watch_start(site);
	if (!site->watch || !site_rebuild(site)) {
		snprintf(reterr_text, 256, "The site at %s cannot be read: out of memory or threads, or too many files", folder);
		site_close(site);
		return false;
	}
	*ret = site;
	return true;
}

void site_close(struct site *site)
{
	if (!site)
		return;
	watch_stop(site->watch);
	views_free(site);
	beneath_close(site->folder);
	arena_done(&site->scratch);
	buf_done(&site->text);
	pthread_mutex_destroy(&site->look);
	pthread_mutex_destroy(&site->write);
	free(site);
}
