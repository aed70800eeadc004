/* SPDX-License-Identifier: Apache-2.0
 * From a site's folder to files of the index.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/site/site_internal.h"

#include "base/clock.h"
#include "base/limits.h"
#include "services/content/site/document.h"
#include <stdio.h>
#include <stdlib.h>

#define ABANDONED_S 60

const char *const site_roots[] = { "content", "resources/blueprints", "resources/fieldsets", "resources/forms",
	"resources/users", "resources/sites.yaml", "users", NULL };

bool site_holds(const char *path)
{
	for (size_t i = 0; site_roots[i]; i++) {
		size_t n = strlen(site_roots[i]);
		if (strncmp(path, site_roots[i], n) == 0 && (path[n] == '/' || path[n] == '\0'))
			return true;
	}
	return false;
}

static bool ends_with(struct str s, struct str end)
{
	return s.n >= end.n && memcmp(s.p + s.n - end.n, end.p, end.n) == 0;
}

static bool is_entry_path(struct str path)
{
	const struct str folder = STR("content/collections/");
	return str_starts(path, folder) && memchr(path.p + folder.n, '/', path.n - folder.n)
		&& (ends_with(path, STR(".md")) || ends_with(path, STR(".html")) || ends_with(path, STR(".txt")));
}

static bool is_of_interest(struct str path)
{
	return ends_with(path, STR(".yaml")) || ends_with(path, STR(".yml")) || is_entry_path(path);
}

/* ---- What a name says ---- */

static bool digits(struct str s, size_t at, size_t n)
{
	if (s.n < at + n)
		return false;
	for (size_t i = at; i < at + n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

/* The length of "2024-01-01", "2024-01-01-1030", "2024-01-01-103059" before a dot; 0 where it is none. */
static size_t date_length(struct str name)
{
	if (!digits(name, 0, 4) || !digits(name, 5, 2) || !digits(name, 8, 2) || name.p[4] != '-' || name.p[7] != '-')
		return 0;
	size_t n = 10;
	if (name.n > n && name.p[n] == '-' && digits(name, n + 1, 4))
		n += digits(name, n + 5, 2) ? 7 : 5;
	return name.n > n && name.p[n] == '.' ? n : 0;
}

/* "hello.1" of a second file of the slug. */
static struct str without_number(struct str name)
{
	size_t at = name.n;
	while (at > 0 && name.p[at - 1] >= '0' && name.p[at - 1] <= '9')
		at--;
	return at > 1 && at < name.n && name.p[at - 1] == '.' ? (struct str){ name.p, at - 1 } : name;
}

static void read_name(struct site_file *file)
{
	struct str name = file->path;
	const char *slash = memrchr(name.p, '/', name.n);
	if (slash)
		name = (struct str){ slash + 1, name.n - (size_t)(slash + 1 - name.p) };
	const char *dot = memrchr(name.p, '.', name.n);
	if (dot)
		name.n = (size_t)(dot - name.p);
	file->slug = name;
	if (!file->is_entry)
		return;
	size_t date = date_length(name);
	if (date > 0) {
		file->date = (struct str){ name.p, date };
		name = (struct str){ name.p + date + 1, name.n - date - 1 };
	}
	file->slug = without_number(name);
}

static void read_place(struct site_file *file)
{
	struct str rest = { file->path.p + strlen("content/collections/"), file->path.n - strlen("content/collections/") };
	str_cut(&rest, '/', &file->collection);
	const char *slash = memchr(rest.p, '/', rest.n);
	if (slash) /* a folder may be a locale's, or only a folder: the view knows */
		file->locale = (struct str){ rest.p, (size_t)(slash - rest.p) };
}

static void read_entry(struct site_file *file)
{
	read_place(file);
	file->published = true;
	if (!file->root)
		return;
	const struct value *published = VALUE_GET(file->root, "published");
	file->published = !published || published->kind != VALUE_BOOL || published->truth;
	file->id = VALUE_TEXT_OF(file->root, "id");
	file->origin = VALUE_TEXT_OF(file->root, "origin");
}

/* ---- A file ---- */

void site_file_free(struct site_file *file)
{
	if (!file)
		return;
	free((void *)(uintptr_t)file->root);
	free((void *)(uintptr_t)file->problem);
	free((void *)(uintptr_t)file->path.p);
	free(file);
}

static char *say(const char *what, const struct value_problem *problem)
{
	char *text;
	int n = problem && problem->line > 0 ? asprintf(&text, "line %u: %s", problem->line, problem->text)
					     : asprintf(&text, "%s", problem ? problem->text : what);
	return n < 0 ? NULL : text;
}

/* Reads what a file says into it. False without memory. */
static bool read_file(struct site *site, struct site_file *file)
{
	struct value_problem problem = { 0 };
	struct document d;
	size_t bytes = 0;
	buf_reset(&site->text);
	arena_reset(&site->scratch);
	enum beneath_status status = beneath_read(site->folder, file->path.p, LIMIT_CONTENT_FILE_BYTES, &site->text, NULL);
	if (status != BENEATH_OK) {
		file->problem = say(beneath_status_text(status), NULL);
		return file->problem != NULL;
	}
	if (!document_parse(buf_str(&site->text), file->is_entry ? DOCUMENT_ENTRY : DOCUMENT_YAML, &site->scratch, &d,
			&problem)) {
		file->problem = say(NULL, &problem);
		return file->problem != NULL;
	}
	file->root = value_copy(d.root, &bytes);
	file->bytes = bytes + file->path.n + sizeof(*file);
	return file->root != NULL;
}

static struct site_file *make_file(struct site *site, const char *path, const struct stat *st)
{
	struct site_file *file = calloc(1, sizeof(*file));
	if (!file || !(file->path.p = strdup(path))) {
		free(file);
		return NULL;
	}
	file->path.n = strlen(path);
	file->is_entry = is_entry_path(file->path);
	file->modified_ns = st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec;
	file->modified_ms = file->modified_ns / 1000000;
	file->inode = st->st_ino;
	if (!read_file(site, file)) {
		site_file_free(file);
		return NULL;
	}
	file->modified_ms = file->modified_ns / 1000000;
	read_name(file);
	if (file->is_entry)
		read_entry(file);
	return file;
}

/* ---- Changes ---- */

void changes_add(struct site_changes *c, const char *path, struct site_file *file)
{
	if (c->count == c->room) {
		size_t room = c->room > 0 ? 2 * c->room : 16;
		struct site_change *more = realloc(c->list, room * sizeof(*more));
		if (more) {
			c->list = more;
			c->room = room;
		}
	}
	char *kept = c->count < c->room ? arena_copy(c->arena, str_of(path)) : NULL;
	if (!kept) {
		site_file_free(file);
		c->failed = true;
		return;
	}
	c->list[c->count++] = (struct site_change){ kept, file };
}

static bool looks_same(const struct site_file *file, const struct stat *st)
{
	return file->inode == st->st_ino
		&& file->modified_ns == st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec;
}

struct folder_scan {
	struct site *site;
	const struct site_view *view;
	const char *path;
	bool all;
	unsigned depth;
	struct site_changes *changes;
	char **seen; /* names of files and folders, to find those that are gone */
	size_t seen_count, seen_room;
};

static void scan_folder(struct folder_scan *parent, const char *path);

static void scan_file(struct folder_scan *s, const char *path, const struct stat *st)
{
	const struct site_file *old = s->view ? view_file(s->view, path) : NULL;
	if (s->changes->failed || !is_of_interest(str_of(path)) || (old && !s->all && looks_same(old, st)))
		return;
	if (s->changes->count >= LIMIT_CONTENT_FILES) {
		s->changes->failed = true;
		return;
	}
	struct site_file *file = make_file(s->site, path, st);
	if (file)
		changes_add(s->changes, path, file);
	else
		s->changes->failed = true;
}

/* What a writer that was killed has left behind. */
static bool is_abandoned(const char *name, const struct stat *st)
{
	return strncmp(name, BENEATH_TEMPORARY, strlen(BENEATH_TEMPORARY)) == 0 && S_ISREG(st->st_mode)
		&& clock_wall_ms() / 1000 - st->st_mtim.tv_sec > ABANDONED_S;
}

static bool scan_entry(void *ctx, const char *name, const struct stat *st)
{
	struct folder_scan *s = ctx;
	char path[1024];
	int n = snprintf(path, sizeof(path), "%s/%s", s->path, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return true;
	if (name[0] == '.') {
		if (is_abandoned(name, st))
			(void)beneath_remove(s->site->folder, path);
		return true;
	}
	if (s->seen_count == s->seen_room) {
		size_t room = s->seen_room > 0 ? 2 * s->seen_room : 64;
		char **more = realloc(s->seen, room * sizeof(*more));
		if (!more)
			return !(s->changes->failed = true);
		s->seen = more;
		s->seen_room = room;
	}
	s->seen[s->seen_count] = strdup(name);
	if (!s->seen[s->seen_count])
		return !(s->changes->failed = true);
	s->seen_count++;
	if (S_ISDIR(st->st_mode))
		scan_folder(s, path);
	else if (S_ISREG(st->st_mode))
		scan_file(s, path, st);
	return !s->changes->failed;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What the view has below a folder and the folder has no more. */
static void drop_missing(struct folder_scan *s)
{
	char prefix[1024];
	size_t first, n = (size_t)snprintf(prefix, sizeof(prefix), "%s/", s->path), count;
	if (n >= sizeof(prefix))
		return;
	count = view_range(s->view, prefix, &first);
	if (s->seen_count > 0)
		qsort(s->seen, s->seen_count, sizeof(*s->seen), by_text);
	for (size_t i = first; i < first + count; i++) {
		char name[1024], *key = name;
		size_t length = strcspn(s->view->files[i]->path.p + n, "/");
		memcpy(name, s->view->files[i]->path.p + n, length);
		name[length] = '\0';
		if (s->seen_count == 0 || !bsearch(&key, s->seen, s->seen_count, sizeof(*s->seen), by_text))
			changes_add(s->changes, s->view->files[i]->path.p, NULL);
	}
}

static void scan_folder(struct folder_scan *parent, const char *path)
{
	struct folder_scan s = { .site = parent->site, .view = parent->view, .path = path, .all = parent->all,
		.depth = parent->depth + 1, .changes = parent->changes };
	if (s.depth > LIMIT_CONTENT_FOLDERS)
		return;
	watch_add(s.site->watch, path);
	enum beneath_status status = beneath_list(s.site->folder, path, true, scan_entry, &s);
	if (status == BENEATH_MEMORY || status == BENEATH_GONE)
		s.changes->failed = true;
	else if (s.view && !s.changes->failed)
		drop_missing(&s);
	for (size_t i = 0; i < s.seen_count; i++)
		free(s.seen[i]);
	free(s.seen);
}

void scan_path(struct site *site, const struct site_view *view, const char *path, bool all, struct site_changes *changes)
{
	struct folder_scan s = { .site = site, .view = view, .path = path, .all = all, .changes = changes };
	struct stat st;
	enum beneath_status status = beneath_stat(site->folder, path, &st);
	if (status == BENEATH_OK && S_ISDIR(st.st_mode)) {
		scan_folder(&s, path);
	} else if (status == BENEATH_OK && S_ISREG(st.st_mode)) {
		scan_file(&s, path, &st);
	} else if (status == BENEATH_GONE || status == BENEATH_MEMORY) {
		changes->failed = true;
	} else if (view) {
		if (view_file(view, path))
			changes_add(changes, path, NULL);
		drop_missing(&s);
	}
}
