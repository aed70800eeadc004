/* SPDX-License-Identifier: Apache-2.0
 * OpenAPI 3.x documents: read into a list of operations, drafted into a profile, and compared with
 * one. Pure: texts in, texts out; files are the commands' business.
 * cli: may include every room.
 */
#ifndef REMIT_CLI_OPENAPI_H
#define REMIT_CLI_OPENAPI_H

#include "base/arena.h"
#include "base/buf.h"
#include "profile/mistakes.h"
#include "profile/profile.h"

#include <jansson.h>

/* ---- The document ---- */

struct openapi_parameter {
	const char *in, *name; /* "path", "query", "header", "cookie" */
};

struct openapi_operation {
	const char *method; /* upper case; "*": all of a path that could not be read */
	const char *path;   /* as the document has it */
	const char *base;   /* the path of its server's URL, decoded, no slash at the end; "" */
	const char *full;   /* base and path, decoded; NULL where no request can have it */
	const char *fault;  /* why not */
	const char *origin; /* "https://api.example.com"; NULL where the server's URL does not say */
	const char *tag;    /* the first one; NULL */
	const char *title;  /* its summary or id; "" */
	bool is_open;       /* the document says that it needs no credentials */
	const struct openapi_parameter *parameters;
	size_t parameter_count;
};

struct openapi {
	const char *title; /* "" where it has none */
	const struct openapi_operation *operations;
	size_t count;
	size_t foreign; /* references into other files, which are not read */
};

/* Reads a document into the arena, with which it lives. NULL with mistakes; those that YAML or JSON
 * has no line for name a place in the document, as "#/paths/~1users". */
const struct openapi *openapi_read(
	struct str text, const char *file, struct arena *arena, struct mistakes *mistakes);

/* text.c: JSON or YAML as a tree, the texts of YAML all as strings. NULL with a mistake. */
json_t *openapi_parse(struct str text, const char *file, struct mistakes *mistakes);
/* servers.c: the first server of a list (NULL: "/") as the parts of an operation. False without memory. */
bool openapi_place(const json_t *servers, struct arena *arena, struct openapi_operation *ret);

/* ---- The comparison ---- */

struct coverage {
	const struct openapi_operation **unmapped; /* operations that no rule maps */
	size_t unmapped_count;
	uint32_t *unused; /* rules, as operations of the policy, that map nothing of the document */
	size_t unused_count;
};

/* False without memory. */
bool coverage_find(const struct openapi *document, const struct profile *profile, struct arena *arena,
	struct coverage *ret);
/* Why no rule maps an operation. */
const char *coverage_why(const struct openapi_operation *op, const struct profile *profile);

/* ---- The draft ---- */

struct plan_group {
	const char *tag;  /* as the document writes it */
	const char *name; /* of a scope, before the colon */
	bool reads, writes;
};

struct plan_rule {
	const struct openapi_operation *operation;
	const char *method, *path; /* below the base */
	size_t group;
	bool writes;
	const char *project; /* "path.org"; NULL */
	const char *twin;    /* a path of the same shape, which the rule judges too; NULL */
};

struct plan_refusal {
	const struct openapi_operation *operation;
	const char *why;
	bool judged; /* it has no rule of its own, but another path's rule matches it */
};

struct plan {
	const char *name, *title, *base; /* base: "" for "/" */
	const char *origin;              /* where most of it is; NULL where nothing says */
	struct plan_group *groups;
	size_t group_count;
	struct plan_rule *rules;
	size_t rule_count;
	struct plan_refusal *refusals;   /* what no rule can map */
	size_t refusal_count;
};

/* plan.c: what the profile will say. NULL with a mistake. */
struct plan *plan_make(const struct openapi *document, const char *name, const char *file,
	struct arena *arena, struct mistakes *mistakes);
/* plan_project.c: sets the project of those rules that have a parameter for it. */
void plan_projects(struct plan *plan, struct arena *arena);
/* Marks the refusals that the finished profile judges all the same. Whether there are any. */
bool plan_settle(struct plan *plan, const struct coverage *coverage);
/* How many refusals are left. */
size_t plan_unmapped(const struct plan *plan);
/* draft.c: the text of the profile. False where it does not fit. */
bool draft_profile(const struct plan *plan, const char *document, struct buf *ret);
/* The text of remit.yaml for one API. `origin`: where the document says that it is served; or NULL. */
bool draft_config(const char *name, const char *title, const char *upstream, const char *origin,
	struct buf *ret);
/* The first lines of any profile: its name, its title, the start of its tokens. */
void draft_head(struct buf *b, const char *name, const char *title);
/* A profile to begin with where there is no document. */
bool draft_example(const char *name, struct buf *ret);

/* names.c: [a-z0-9-]+ of a text, at most `room` - 1 characters; "" where nothing of it can stay. */
void name_of(struct str text, char *ret, size_t room);
/* Makes the name of a path's parameter one that a rule can have; but + and *, which mean more than one
 * segment, stay and are refused later. */
void param_name(char *start, const char *end);
/* One line that can stand in a comment or in quotes: what breaks lines, is no character of a text or
 * turns its direction is "?"; cut after `max` characters. NULL without memory. */
const char *line_of(struct str text, size_t max, struct arena *arena);

#endif
