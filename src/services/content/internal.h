/* SPDX-License-Identifier: Apache-2.0
 * What the tools of the content service share: a call with the site as it is, its answer in the envelope, who may do
 * what, and files changed under a lock.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_CONTENT_INTERNAL_H
#define REMIT_SERVICES_CONTENT_INTERNAL_H

#include "services/content/content.h"
#include "services/content/owners.h"
#include "services/content/site/document.h"
#include "services/content/site/site.h"

struct content {
	struct service service; /* the first member */
	struct site *site;
	struct owners *owners;
	struct owner_source source; /* what others ask of them */
	const struct remit_policy *policy;
};

static inline struct content *content_of(struct service *service)
{
	return (struct content *)service;
}

/* A tool's file declares its table and gives it to tool_run. */
struct tool_call {
	struct content *content;
	struct service_call *call;
	const struct site_view *view; /* as it was when the call came */
	const json_t *args;           /* held against the schema */
	const char *tool, *action;
	struct arena *arena;          /* the call's */
	const struct owner *owner;    /* NULL: who has everything, or nothing */
	bool everything;              /* an admin, a super user, the command line */
	bool failed;
	json_t *errors, *warnings;    /* lists of sentences */
};

struct tool_action {
	const char *name;
	json_t *(*run)(struct tool_call *t); /* the answer's `data`; NULL where it failed, and tool_fail told why */
};

/* Runs the action that the arguments name, and answers in the envelope. */
void tool_run(struct service *service, struct service_call *call, const char *tool, const struct tool_action *actions,
	size_t count);

/* Adds a sentence to the answer's errors: NULL, to be returned. */
json_t *tool_fail(struct tool_call *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
json_t *tool_fail_file(struct tool_call *t, const char *path, enum beneath_status status);
json_t *tool_no_memory(struct tool_call *t);
void tool_warn(struct tool_call *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Arguments: {NULL, 0} where there is none. */
struct str tool_text(const struct tool_call *t, const char *name);
/* Fails where it is not there, or is no name of a file (S02). `what` is "a collection". */
bool tool_handle(struct tool_call *t, const char *name, struct str *ret);
bool tool_flag(const struct tool_call *t, const char *name);
int64_t tool_number(const struct tool_call *t, const char *name, int64_t otherwise, int64_t most);
/* The locale that `site` names, else the default one. NULL where there is none: it failed. */
const struct site_locale *tool_locale(struct tool_call *t);

/* Whether the owner may, `permission` being as owner_may's; else it fails (D24). */
bool tool_may(struct tool_call *t, const char *permission, struct str handle);
bool tool_is_permitted(const struct tool_call *t, const char *permission, struct str handle);
bool tool_may_plain(struct tool_call *t, const char *permission);

/* {"total","limit","offset","has_more"} */
json_t *tool_pagination(size_t total, int64_t limit, int64_t offset);
json_t *tool_json_str(struct str s); /* null for {NULL, 0} */
json_t *tool_json_time(int64_t ms);

/* ---- A file changed under its lock ---- */

struct tool_edit {
	char *path; /* in the call's arena */
	int lock;   /* -1: none is held */
	struct arena arena;
	struct buf text;
	struct document document;
	json_t *json; /* what it says; to be changed */
};

/* Locks and reads; false, and it failed, where the file is not there or cannot be read. End it either way. */
bool edit_begin(struct tool_call *t, const char *path, enum document_kind kind, struct tool_edit *e);
/* Brings the file to e->json, if it does not say that already. */
bool edit_commit(struct tool_call *t, struct tool_edit *e);
void edit_end(struct tool_edit *e);

/* A new file; fails where there is one. */
bool tool_create(struct tool_call *t, const char *path, enum document_kind kind, const json_t *json);

/* How `data` comes into what is there, by the argument merge_strategy. */
/* `merge` (or none): each key of `data` in the place of the old one; `deep`: maps key by key; `replace`: nothing else
 * stays but `kept`, which ends with NULL. With `drop_null`, null takes a key out. False without memory. */
bool tool_merge(const struct tool_call *t, json_t *into, const json_t *data, bool drop_null, const char *const *kept);

/* ---- Tools ---- */

void tool_entries(struct service *service, struct service_call *call);
void tool_terms(struct service *service, struct service_call *call);
void tool_globals(struct service *service, struct service_call *call);
void tool_discover(struct service *service, struct service_call *call);
void tool_schema(struct service *service, struct service_call *call);

extern const struct service_tool content_tools[];
extern const size_t content_tool_count;

#endif
