/* SPDX-License-Identifier: Apache-2.0
 * A site: its folder, and an index in memory of the files that say what it is (all but bodies and assets). The index
 * is a row of views, each never changed: a reader takes the newest and keeps it as long as it looks at it; a writer
 * puts another beside it and waits for nobody. What others change on the disk is followed.
 * Any thread may call, but never a loop: reading waits for nothing but a disk.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_CONTENT_SITE_SITE_H
#define REMIT_SERVICES_CONTENT_SITE_SITE_H

#include "services/content/site/beneath.h"
#include "services/content/site/value.h"

struct site;

/* A file of the site as the index holds it. Lives as long as the view that it was found in. */
struct site_file {
	struct str path;  /* "content/collections/blog/2024-01-01.hello.md"; NUL-terminated */
	const struct value *root; /* what it says; NULL: it cannot be read */
	const char *problem;      /* then why, with the line; else NULL */
	int64_t modified_ms;
	uint64_t bytes;
	/* What its name says, and for entries: */
	struct str slug;       /* without date, number and ending; a handle for what has one */
	bool is_entry;
	bool published;        /* not `published: false` */
	struct str collection; /* where it is, whoever asks */
	struct str locale;     /* the handle of its site */
	struct str date;       /* "2024-01-01", "2024-01-01-1030"; empty: none */
	struct str id, origin; /* empty: none */
	/* For the index alone: */
	int64_t modified_ns;
	uint64_t inode;
};

struct site_locale { /* "a site" of a multi-site, as Statamic says */
	struct str handle, name, url, language;
};

struct site_view {
	const struct site_file *const *files; /* sorted by path */
	size_t file_count;
	const struct site_file *const *entries; /* those with an id, sorted by it and by path */
	size_t entry_count;
	const struct site_locale *locales; /* the first is the default */
	size_t locale_count;
	size_t broken;         /* files that cannot be read */
	uint64_t generation;   /* grows with each change */
	uint64_t bytes;        /* in memory, of all files */
	int64_t built_ms;      /* when all of it was last read */
	uint32_t build_ms;     /* how long that took */
};

/* Opens the folder and reads all of it; a thread follows it from then on. A sentence in reterr_text on failure. */
bool site_open(const char *folder, struct site **ret, char reterr_text[256]);
void site_close(struct site *site);
struct beneath *site_folder(struct site *site);

/* The newest view; give it back. NULL where the site's folder is not there (and until it is back). */
const struct site_view *site_look(struct site *site);
void site_done(struct site *site, const struct site_view *view);

/* Reads a file (or a folder, or that it is gone) again, before the next look: after a change of our own. */
void site_note(struct site *site, const char *path);
/* Reads everything again; true where the site is there. */
bool site_rebuild(struct site *site);

/* ---- In a view ---- */

const struct site_file *view_file(const struct site_view *view, const char *path);
/* The same by a printf format; NULL also where the path is too long. */
const struct site_file *view_filef(const struct site_view *view, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* All files whose path starts with `prefix`: a range of view->files. */
size_t view_range(const struct site_view *view, const char *prefix, size_t *ret_first);
/* An entry by id, within its collection; NULL where there is none. */
const struct site_file *view_entry(const struct site_view *view, struct str collection, struct str id);
const struct site_locale *view_locale(const struct site_view *view, struct str handle);
/* Whether entries stand in folders of their locale. */
static inline bool view_is_multi(const struct site_view *view)
{
	return view->locale_count > 1;
}

#endif
