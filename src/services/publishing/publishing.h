/* SPDX-License-Identifier: Apache-2.0
 * System A: the publishing service, over its own tables beside the store's.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_PUBLISHING_H
#define REMIT_SERVICES_PUBLISHING_PUBLISHING_H

#include "outbound/outbound.h"
#include "services/service.h"
#include "store/secrets.h"
#include "store/sql.h"

struct publishing_options {
	struct database *database;
	const struct secrets *secrets;
	struct outbound *outbound; /* carries the calls to others' servers; outlives the service */
	const char *api;          /* the API's name in the config: whose projects these are */
	const char *media_folder; /* made with mode 0700 where it does not exist */
	const char *base;         /* "/api/v1" */
	const char *public_url;
	const struct remit_policy *policy; /* for the OpenAPI document */
	const char *version;
	int64_t keep_ms;          /* how long what is done with is kept; 0: 90 days */
};

/* What it is: its table of operations, for whoever judges rules without opening it. */
void publishing_describe(struct service *ret);
/* Brings its tables up to date and opens it. A sentence in reterr_text on failure. */
bool publishing_open(const struct publishing_options *options, struct service **ret, char reterr_text[256]);
/* Starts to look out for moments, and to send what is due, once no other process and no other opening of the
 * same service does. The first time before calls come; and again after a rest. A sentence in reterr_text on
 * failure. */
bool publishing_start(struct service *service, char reterr_text[256]);
/* Stops looking and sending, and answers calls on: what is being sent gets three seconds. */
void publishing_rest(struct service *service);
/* The same, and closes. NULL is nothing. */
void publishing_close(struct service *service);

/* ---- Social connections, from the command line ---- */

struct publishing_connection {
	struct id id, project;
	const char *kind;   /* "mastodon", "webhook" */
	const char *handle; /* what people call it: "@aurora@social.example" */
	const char *url;    /* in: the server, or where to POST; never told again */
	const char *status; /* out */
	int64_t created_ms; /* out */
	bool has_secret;    /* out: what was imported has none, and cannot send */
};

/* Checks a connection and adds it with its secret, sealed. On failure a sentence without its full stop. */
bool publishing_connection_add(const struct publishing_options *options, const struct publishing_connection *in,
	const char *secret, int64_t now_ms, struct id *ret, char reterr_text[256]);
bool publishing_connection_remove(
	const struct publishing_options *options, const struct id *id, char reterr_text[256]);
/* Calls `each` for all, or for those of a project; the row lives as long as the call. False ends it. */
bool publishing_connection_each(const struct publishing_options *options, const struct id *project,
	bool (*each)(void *arg, const struct publishing_connection *row), void *arg, char reterr_text[256]);

/* Detectors: data connections that a running service looks at. */
struct publishing_detector {
	struct id project;
	const char *kind;      /* "rss", "json-threshold" */
	const char *name, *url, *severity;
	int64_t poll_ms;
	const struct id *template_id; /* drafts of what is severe are made of it; or NULL */
	/* json-threshold: a JSON pointer, one of above and below, and how far the number comes back before it
	 * may cross again (NULL: 0); as JSON numbers. */
	const char *pointer, *above, *below, *hysteresis;
};
/* INVALID or NOT_FOUND with what is wrong in reterr_text; there is a sentence for every failure. */
enum store_status publishing_detector_add(const struct publishing_options *options,
	const struct publishing_detector *detector, int64_t now_ms, struct id *ret_id, char reterr_text[512]);

struct publishing_detector_row { /* texts live for the call of `each` */
	struct id id, project;
	struct str kind, name, status, host, last_error;
	const char *severity;
	int64_t poll_ms, last_synced_ms; /* 0: never */
};
/* Those of a project, or all (NULL), in the order in which they were made. */
enum store_status publishing_detector_each(const struct publishing_options *options, const struct id *project,
	bool (*each)(void *ctx, const struct publishing_detector_row *row), void *ctx);
enum store_status publishing_detector_remove(const struct publishing_options *options, const struct id *id);

/* Loads projects' settings, templates, connections, moments and draft stories from a JSON document
 * (docs/publishing.md). All or nothing. `projects` in it name existing project ids, or are made with `owner`
 * (NULL: none are made). On failure a sentence with the place in the document. */
struct publishing_import_counts {
	unsigned projects, templates, connections, moments, stories;
};
bool publishing_import(const struct publishing_options *options, struct str document, const struct id *owner,
	int64_t now_ms, struct publishing_import_counts *ret, char reterr_text[512]);

#endif
