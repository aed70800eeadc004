/* SPDX-License-Identifier: Apache-2.0
 * A profile while it is being read: what profile.c, vocabulary.c, presets.c, settings.c, need.c,
 * demand.c, path.c, rules.c, rule_tools.c, tools.c and build.c share. All of a file is read into a draft first, so
 * that every mistake is told; only a draft without one becomes a policy.
 * profile: may include base and core.
 */
#ifndef REMIT_PROFILE_DRAFT_H
#define REMIT_PROFILE_DRAFT_H

#include "base/limits.h"
#include "profile/profile.h"
#include "profile/reader.h"

/* A name of the vocabulary, sorted by name for look-ups. */
struct draft_scope {
	const char *name;
	size_t place;               /* in vocabulary order */
	const struct node *implies; /* what it implies, where it is an umbrella; else NULL */
	unsigned mark;              /* the list that it was last seen in */
};

/* What a rule, tool or value asks of a token, and the project it works on. */
struct draft_demand {
	struct remit_need need;
	const struct remit_when *whens;
	size_t when_count;
	enum remit_project_rule project;
	enum remit_source project_source;
	const char *project_name;
};

enum draft_kind { DRAFT_RULE, DRAFT_TOOL, DRAFT_RESOURCE, DRAFT_PROMPT };

struct draft_operation {
	struct draft_operation *next;
	const struct node *at;
	enum draft_kind kind;
	const char *method;         /* of a rule */
	const char *name;           /* path, tool, URI or prompt */
	const char *select, *value; /* of a tool; may be NULL */
	const char
		*shape; /* of a rule, tool or resource: equal for those that match the same; NULL where unknown */
	struct draft_demand demand;
};

struct draft {
	struct reader r; /* first: the table functions get it */
	struct profile *profile;
	struct draft_scope *scopes; /* sorted */
	size_t scope_count;
	unsigned mark;              /* the list that is being read */
	bool vocabulary_known;      /* false: say nothing of unknown scopes */
	const struct node *implies; /* the section; NULL */
	size_t base_segments;
	struct draft_operation *first, *last;
	size_t operation_count;
};

/* vocabulary.c: the sections `scopes` and `implies`. */
void draft_read_scopes(struct reader *r, const struct node *node, void *draft);
void draft_read_implies(struct reader *r, const struct node *node, void *draft);
/* The scope that a node names. NULL with a mistake, or silently where the vocabulary itself failed. */
struct draft_scope *draft_scope(struct draft *d, const struct node *node);
/* Whether a list (its number is d->mark) holds the scope for the first time; else a mistake at the node. */
bool draft_scope_is_new(struct draft *d, const struct node *node, struct draft_scope *scope);
/* A list of scopes, none twice and at least one. False with mistakes. `what` is "a list of scopes". */
bool draft_scope_list(struct draft *d, const struct node *node, const char *what, struct draft_scope ***ret,
	size_t *ret_count);

/* presets.c, settings.c: the sections of the same names. */
void draft_read_presets(struct reader *r, const struct node *node, void *draft);
void draft_read_tokens(struct reader *r, const struct node *node, void *draft);
void draft_read_rate(struct reader *r, const struct node *node, void *draft);
void draft_read_visibility(struct reader *r, const struct node *node, void *draft);
void draft_read_stdio(struct reader *r, const struct node *node, void *draft);

/* need.c: a requirement: scope, [all, of], {any: […]}, token or public. */
bool draft_read_need(struct draft *d, const struct node *node, struct remit_need *ret);

/* path.c: what a path template may hold. */
struct draft_template {
	const char *params[LIMIT_PATH_PARAMS];
	size_t param_count;
	const char *shape; /* the parameters' names taken out */
};
bool draft_read_path(struct draft *d, const struct node *at, struct str path, struct draft_template *ret);
bool draft_read_uri(struct draft *d, const struct node *at, struct str uri, const char **ret_shape);

/* demand.c: {need, when, project}, or a requirement alone. */
struct draft_place {
	const char *method;                    /* NULL for a tool */
	const struct draft_template *template; /* NULL for a tool, or where the path is wrong itself */
};
bool draft_is_need_alone(const struct node *node);
bool draft_read_demand(struct draft *d, const struct node *need, const struct node *when,
	const struct node *project, const struct draft_place *place, struct draft_demand *ret);

/* rules.c, tools.c: the sections `rest` and `mcp`. */
void draft_read_rest(struct reader *r, const struct node *node, void *draft);
void draft_read_mcp(struct reader *r, const struct node *node, void *draft);
bool draft_check_tool_name(struct draft *d, const struct node *name);
/* rule_tools.c: the key `tool` of a rule: a name, or a list of them. Each tool asks for what the rule does, and finds
 * in its arguments, under the same names, what the rule finds in path, query and body. */
void draft_add_rule_tools(struct draft *d, const struct node *names, const struct draft_demand *rule);
/* Adds an operation at the end. NULL without memory. */
struct draft_operation *draft_add(struct draft *d, const struct node *at, enum draft_kind kind);

/* build.c: two operations of one shape; then the policy of a draft without mistakes. */
void draft_check_shapes(struct draft *d);
bool draft_build(struct draft *d, const struct node *root);

#endif
