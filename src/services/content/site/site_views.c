/* SPDX-License-Identifier: Apache-2.0
 * The row of views. A change copies two tables of pointers and nothing else; a file that is in no newer view is freed
 * when nobody looks at the older ones any more.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/site/site_internal.h"

#include "base/clock.h"
#include "base/limits.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Looking ---- */

const struct site_view *site_look(struct site *site)
{
	if ((atomic_load(&site->gone) || !beneath_is_there(site->folder)) && !site_rebuild(site))
		return NULL;
	pthread_mutex_lock(&site->look);
	struct view_node *node = site->newest;
	if (node)
		node->looks++;
	pthread_mutex_unlock(&site->look);
	return node ? &node->view : NULL;
}

static void free_node(struct view_node *node)
{
	for (size_t i = 0; i < node->garbage_count; i++)
		site_file_free(node->garbage[i]);
	free(node->garbage);
	free((void *)(uintptr_t)node->view.files);
	free((void *)(uintptr_t)node->view.entries);
	arena_done(&node->locales);
	free(node);
}

/* Under `look`: takes what nobody can look at any more out of the row. */
static struct view_node *take_unseen(struct site *site)
{
	struct view_node *first = site->oldest, *last = NULL;
	while (site->oldest != site->newest && site->oldest->looks == 0) {
		last = site->oldest;
		site->oldest = last->newer;
	}
	if (last)
		last->newer = NULL;
	return last ? first : NULL;
}

static void free_row(struct view_node *node)
{
	while (node) {
		struct view_node *newer = node->newer;
		free_node(node);
		node = newer;
	}
}

void site_done(struct site *site, const struct site_view *view)
{
	if (!view)
		return;
	struct view_node *node = (struct view_node *)(uintptr_t)view;
	pthread_mutex_lock(&site->look);
	node->looks--;
	struct view_node *unseen = take_unseen(site);
	pthread_mutex_unlock(&site->look);
	free_row(unseen);
}

void views_free(struct site *site)
{
	if (site->newest)
		for (size_t i = 0; i < site->newest->view.file_count; i++)
			site_file_free((struct site_file *)(uintptr_t)site->newest->view.files[i]);
	free_row(site->oldest);
	site->oldest = site->newest = NULL;
}

/* ---- Finding ---- */

/* The first file whose path is not below `path`. */
static size_t place_of(const struct site_view *view, const char *path)
{
	size_t low = 0, high = view->file_count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (strcmp(view->files[mid]->path.p, path) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct site_file *view_file(const struct site_view *view, const char *path)
{
	size_t at = place_of(view, path);
	return at < view->file_count && strcmp(view->files[at]->path.p, path) == 0 ? view->files[at] : NULL;
}

const struct site_file *view_filef(const struct site_view *view, const char *format, ...)
{
	char path[1024];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	return n > 0 && (size_t)n < sizeof(path) ? view_file(view, path) : NULL;
}

size_t view_range(const struct site_view *view, const char *prefix, size_t *ret_first)
{
	const size_t n = strlen(prefix), first = place_of(view, prefix);
	size_t low = first, high = view->file_count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (strncmp(view->files[mid]->path.p, prefix, n) == 0)
			low = mid + 1;
		else
			high = mid;
	}
	*ret_first = first;
	return low - first;
}

static int compare(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;
	return order != 0 ? order : a.n < b.n ? -1 : a.n > b.n;
}

const struct site_file *view_entry(const struct site_view *view, struct str collection, struct str id)
{
	size_t low = 0, high = view->entry_count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (compare(view->entries[mid]->id, id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < view->entry_count && str_eq(view->entries[low]->id, id); low++)
		if (str_eq(view->entries[low]->collection, collection))
			return view->entries[low];
	return NULL;
}

const struct site_locale *view_locale(const struct site_view *view, struct str handle)
{
	for (size_t i = 0; i < view->locale_count; i++)
		if (str_eq(view->locales[i].handle, handle))
			return &view->locales[i];
	return NULL;
}

/* ---- The next view ---- */

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct site_change *)a)->path, ((const struct site_change *)b)->path);
}

static int by_id(const void *a, const void *b)
{
	const struct site_file *x = *(const struct site_file *const *)a, *y = *(const struct site_file *const *)b;
	int order = compare(x->id, y->id);
	return order != 0 ? order : strcmp(x->path.p, y->path.p);
}

/* The old files with the changes, which are sorted. What goes is put into the garbage of the old view. */
static bool merge_files(struct view_node *next, struct view_node *old, const struct site_changes *c)
{
	const size_t had = old ? old->view.file_count : 0;
	const struct site_file **files = malloc((had + c->count + 1) * sizeof(*files));
	struct site_file **garbage = old ? malloc((c->count + 1) * sizeof(*garbage)) : NULL;
	size_t count = 0, at = 0, gone = 0;
	if (!files || (old && !garbage)) {
		free((void *)(uintptr_t)files);
		free(garbage);
		return false;
	}
	for (size_t i = 0; i < c->count; i++) {
		size_t place = old ? place_of(&old->view, c->list[i].path) : 0;
		if (place > at) {
			memcpy(files + count, old->view.files + at, (place - at) * sizeof(*files));
			count += place - at;
			at = place;
		}
		if (at < had && strcmp(old->view.files[at]->path.p, c->list[i].path) == 0)
			garbage[gone++] = (struct site_file *)(uintptr_t)old->view.files[at++];
		if (c->list[i].file)
			files[count++] = c->list[i].file;
	}
	if (had > at)
		memcpy(files + count, old->view.files + at, (had - at) * sizeof(*files));
	next->view.files = files;
	next->view.file_count = count + had - at;
	if (old) {
		old->garbage = garbage;
		old->garbage_count = gone;
	}
	return true;
}

static bool index_entries(struct view_node *next)
{
	const struct site_file **entries = malloc((next->view.file_count + 1) * sizeof(*entries));
	if (!entries)
		return false;
	for (size_t i = 0; i < next->view.file_count; i++) {
		const struct site_file *file = next->view.files[i];
		next->view.broken += file->problem != NULL;
		next->view.bytes += file->bytes;
		if (file->is_entry && file->id.n > 0)
			entries[next->view.entry_count++] = file;
	}
	qsort(entries, next->view.entry_count, sizeof(*entries), by_id);
	next->view.entries = entries;
	return true;
}

/* The index by id from the one before: what went is left out, what came is put in. */
static bool merge_entries(struct view_node *next, const struct view_node *old, const struct site_changes *c)
{
	if (!old || c->count > 64)
		return index_entries(next);
	const struct site_file **entries = malloc((old->view.entry_count + c->count + 1) * sizeof(*entries));
	if (!entries)
		return false;
	size_t count = old->view.entry_count;
	memcpy(entries, old->view.entries, count * sizeof(*entries));
	next->view.broken = old->view.broken;
	next->view.bytes = old->view.bytes;
	for (size_t i = 0; i < old->garbage_count; i++) {
		const struct site_file *file = old->garbage[i];
		next->view.broken -= file->problem != NULL;
		next->view.bytes -= file->bytes;
		const struct site_file **found = bsearch(&file, entries, count, sizeof(*entries), by_id);
		if (found && *found == file) {
			count--;
			memmove(found, found + 1, (size_t)(entries + count - found) * sizeof(*entries));
		}
	}
	for (size_t i = 0; i < c->count; i++) {
		const struct site_file *file = c->list[i].file;
		if (!file)
			continue;
		next->view.broken += file->problem != NULL;
		next->view.bytes += file->bytes;
		if (!file->is_entry || file->id.n == 0)
			continue;
		size_t at = count++;
		for (; at > 0 && by_id(&entries[at - 1], &file) > 0; at--)
			entries[at] = entries[at - 1];
		entries[at] = file;
	}
	next->view.entries = entries;
	next->view.entry_count = count;
	return true;
}

/* ---- Locales ---- */

static struct str text_or(const struct value *map, struct str key, struct str otherwise)
{
	struct str text = value_text(map, key);
	return text.n > 0 ? text : otherwise;
}

static bool read_locales(struct view_node *next)
{
	const struct site_file *file = view_file(&next->view, "resources/sites.yaml");
	const size_t count = file && file->root && file->root->count > 0 ? file->root->count : 1;
	struct site_locale *locales = arena_alloc(&next->locales, count * sizeof(*locales));
	size_t n = 0;
	if (!locales)
		return false;
	if (file && file->root)
		for (const struct value *v = file->root->first; v; v = v->next)
			locales[n++] = (struct site_locale){
				.handle = arena_copy_str(&next->locales, v->key),
				.name = arena_copy_str(&next->locales, text_or(v, STR("name"), v->key)),
				.url = arena_copy_str(&next->locales, text_or(v, STR("url"), STR("/"))),
				.language = arena_copy_str(&next->locales, text_or(v, STR("locale"), STR("en_US"))),
			};
	if (n == 0)
		locales[n++] = (struct site_locale){ STR("default"), STR("Default"), STR("/"), STR("en_US") };
	next->view.locales = locales;
	next->view.locale_count = n;
	return true;
}

/* ---- All of it ---- */

void views_drop(struct site_changes *c)
{
	for (size_t i = 0; i < c->count; i++)
		site_file_free(c->list[i].file);
	c->count = 0;
}

/* Of two changes of one path the later one counts. */
static void sort_changes(struct site_changes *c)
{
	size_t kept = 0;
	if (c->count > 1)
		qsort(c->list, c->count, sizeof(*c->list), by_path);
	for (size_t i = 0; i < c->count; i++) {
		if (kept > 0 && strcmp(c->list[kept - 1].path, c->list[i].path) == 0) {
			if (c->list[kept - 1].file && c->list[i].file)
				site_file_free(c->list[i].file);
			else if (!c->list[kept - 1].file)
				c->list[kept - 1] = c->list[i];
			continue;
		}
		c->list[kept++] = c->list[i];
	}
	c->count = kept;
}

bool views_advance(struct site *site, struct site_changes *c, bool all, int64_t started_ns)
{
	struct view_node *old = site->newest, *next = calloc(1, sizeof(*next));
	if (!next || c->failed) {
		free(next);
		views_drop(c);
		return false;
	}
	sort_changes(c);
	arena_init(&next->locales, 0);
	bool good = merge_files(next, old, c) && merge_entries(next, old, c) && read_locales(next);
	if (!good) {
		if (old) {
			free(old->garbage);
			old->garbage = NULL;
			old->garbage_count = 0;
		}
		free_node(next);
		views_drop(c);
		return false;
	}
	next->view.generation = old ? old->view.generation + 1 : 1;
	next->view.built_ms = old && !all ? old->view.built_ms : clock_wall_ms();
	next->view.build_ms = old && !all ? old->view.build_ms : (uint32_t)((clock_monotonic_ns() - started_ns) / 1000000);
	pthread_mutex_lock(&site->look);
	if (old)
		old->newer = next;
	else
		site->oldest = next;
	site->newest = next;
	struct view_node *unseen = take_unseen(site);
	pthread_mutex_unlock(&site->look);
	free_row(unseen);
	c->count = 0;
	return true;
}
