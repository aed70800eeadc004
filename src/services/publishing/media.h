/* SPDX-License-Identifier: Apache-2.0
 * What the files about media share.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_MEDIA_H
#define REMIT_SERVICES_PUBLISHING_MEDIA_H

#include "services/publishing/check.h"
#include "services/publishing/listing.h"

#define MEDIA_FILE_ROOM 40 /* "ab/" and 32 hex digits, and a NUL */
#define MEDIA_NAME_ROOM 256

struct media_type {
	const char *type;      /* "image/png" */
	const char *extension; /* ".png" */
};

/* What the bytes are, by themselves: one of the five types that we take, or NULL (S04). */
const struct media_type *media_sniff(struct str bytes);
/* The same by the name of the type, as it is stored. NULL for any other. */
const struct media_type *media_type_find(struct str type);

/* A name to show, out of what a client sent (S02): its last part, without control characters and
 * leading dots, at most 100 characters, with the extension of what it is. Never a path to use. */
void media_clean_name(struct str sent, const struct media_type *type, char ret_name[static MEDIA_NAME_ROOM]);

/* Keeps bytes under a name that nobody can guess, below the folder: whole and on the disk, or not
 * there at all. OK, FULL or UNAVAILABLE. */
enum store_status media_keep(
	const struct publishing *p, struct str bytes, char ret_file[static MEDIA_FILE_ROOM]);
void media_forget(const struct publishing *p, const char *file);
/* Removes the files of one of the folders that no row names, and that are older than a day. */
#define MEDIA_FOLDERS 256
enum store_status media_sweep(const struct publishing *p, unsigned number, int64_t now_ms);
/* A descriptor for reading, or -1. *ret_size is its length. */
int media_open(const struct publishing *p, const char *file, uint64_t *ret_size);

extern const struct listing media_listing;

/* Where anybody can fetch a file, without a token: its name is as good as a key. {NULL, 0} without memory. */
struct str media_public_url(const struct publishing *p, struct str file, struct arena *arena);

/* A file on its way into the store. Texts live as long as the call. */
struct new_media {
	const struct publishing *p;
	struct service_call *call;
	struct reach reach;
	const char *what;      /* the field that holds it, for mistakes */
	struct id_bytes named; /* the project, where one was */
	struct str bytes, alt_text;
	const struct media_type *type; /* NULL: none that we take */
	char name[MEDIA_NAME_ROOM];
	struct check check;    /* in: what the form of the input lacks */
	/* For media_add: */
	char sha256[65];
	char own[MEDIA_FILE_ROOM], file[MEDIA_FILE_ROOM]; /* what it wrote, what is used */
	json_t *result;
};

/* Whether the caller may write to the project and made no mistake; else it is answered. */
bool media_may_add(struct new_media *m);
/* The same for a file that its URL stands for: fetched, and then added. Waits for the other server. */
void media_fetch(struct publishing *p, struct new_media *m);
/* The same for a file in base64, in the document itself. */
void media_decode(struct new_media *m);
/* Keeps the bytes, once for each content and project, adds the row, and answers. */
void media_add(struct new_media *m);

#endif
