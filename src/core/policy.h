/* SPDX-License-Identifier: Apache-2.0
 * What a policy is inside: the vocabulary, what operations need, and the indexes that find them.
 * A builder writes one; once built it never changes. Everything that it points to lives in its
 * arena, or in an array that remit_policy_free frees.
 * core: may include base and <remit/remit.h>.
 */
#ifndef REMIT_CORE_POLICY_H
#define REMIT_CORE_POLICY_H

#include "base/arena.h"
#include "base/limits.h"
#include "core/names.h"
#include "core/trie.h"
#include <remit/remit.h>

#define POLICY_TEXT_MAX LIMIT_TARGET_BYTES /* of any one name, path, pointer or value */
#define NO_SCOPE SIZE_MAX

/* For a set of which only the policy's words are written and read: clearing all 512 bytes, as the
 * compiler is told to do with every variable, would take longer than the decision. */
#define LEFT_UNSET __attribute__((uninitialized))

struct scope {
	const char *name;
	size_t length;
	uint64_t *implied; /* REMIT_SCOPE_WORDS_MAX words where it is an umbrella, else NULL */
	bool is_implied;
	bool is_needed;    /* a rule names it, so it may not become an umbrella (D8) */
};

struct alternative { /* all of these scopes */
	const uint16_t *scopes; /* as they were written */
	size_t count;
	uint64_t *set; /* the same as a set of `words` words; made when the policy is built */
};

struct need { /* one of these alternatives */
	enum remit_need_kind kind;
	struct alternative *alternatives;
	size_t count;
};

enum operation_kind { OPERATION_RULE = 0, OPERATION_TOOL, OPERATION_RESOURCE, OPERATION_PROMPT };

struct operation {
	struct remit_operation shown;
	enum operation_kind kind;
	const char *key[3];      /* method, path / tool, select, value / uri / prompt; what is not is NULL */
	struct need base;
	struct need *when_needs; /* one for each of shown.whens */
};

struct tool {
	const char *select;  /* NULL: one operation, whatever the arguments */
	uint32_t *operations; /* one a value, in declaration order */
	size_t count, room;
};

struct remit_policy {
	struct arena arena;

	struct scope *scopes;
	size_t scope_count, scope_room;
	struct names scope_names;
	size_t star;         /* the place of "*", or NO_SCOPE */
	size_t words;        /* of a set; set when built */
	uint16_t *umbrellas; /* their places; set when built */
	size_t umbrella_count;

	struct operation *operations;
	size_t operation_count, operation_room;

	struct trie routes; /* the first step of a route is its method */
	struct trie resources;
	uint32_t any_resource; /* what "*" maps, or REMIT_NO_OPERATION */
	struct names tool_names; /* to a place in `tools` */
	struct tool *tools;
	size_t tool_count, tool_room;
	struct names prompt_names; /* to an operation */
};

struct remit_builder {
	struct remit_policy *policy;
};

static inline const struct operation *policy_operation(const struct remit_policy *policy, uint32_t operation)
{
	return operation < policy->operation_count ? &policy->operations[operation] : NULL;
}

/* vocabulary.c: `granted` with what its umbrellas imply; with everything where it holds "*" and
 * `star_counts`, else without "*". `ret` has policy->words words and is not `granted`. */
void scopes_expand(const struct remit_policy *policy, const uint64_t *granted, bool star_counts,
		   uint64_t *ret);
enum remit_status vocabulary_build(struct remit_policy *policy);

/* need.c: what a rule asks for (D6). */

/* Copies a need into the policy. NOT_FOUND, INVALID, LIMIT, NO_MEMORY as the builder's calls. */
enum remit_status need_copy(struct remit_policy *policy, const struct remit_need *need, struct need *ret);
/* Marks the scopes that a need names: none of them may become an umbrella any more. */
void need_mark(struct remit_policy *policy, const struct need *need);
enum remit_status needs_build(struct remit_policy *policy);
/* Fills `needed` and `missing` with the base need and that of every condition in `whens`, of each
 * the alternative that lacks fewest of `have` (D8). True where nothing is missing. All have
 * policy->words words. */
bool need_compare(const struct remit_policy *policy, const struct operation *operation, uint32_t whens,
		  const uint64_t *have, uint64_t *needed, uint64_t *missing);

/* operation.c: what every kind of operation declares. */
struct declaration {
	const struct remit_need *need;
	const struct remit_when *whens;
	size_t when_count;
	enum remit_project_rule project;
	enum remit_source project_source;
	const char *project_name;
};

/* Fills an operation whose kind, keys and params are set, and makes room for it. Nothing is found by
 * a look-up yet; its number will be policy->operation_count. */
enum remit_status operation_prepare(struct remit_policy *policy, const struct declaration *from,
				    struct operation *operation);
/* Makes it one of the policy's. Cannot fail after operation_prepare. */
void operation_commit(struct remit_policy *policy, const struct operation *operation,
		      uint32_t *ret_operation);

/* check.c: whether a text is of the form that its place demands. */
bool check_scope_name(struct str name);
bool check_method(struct str method);
bool check_text(const char *text); /* not empty, no control characters, UTF-8, not too long */
/* Whether an operation of a kind can read this; `params` are those of its path. */
bool check_source(enum operation_kind kind, enum remit_source source, const char *name,
		  const char *const *params, size_t param_count);

/* template.c: "/stories/{id}" or "s://{id}" as the steps of a trie. Adds to steps[*count], and the
 * names of parameters, copied into the arena, to `params`. `room` is that of `steps`. */
enum remit_status template_parse(struct arena *arena, struct str text, struct trie_step *steps, size_t room,
				 size_t *count, const char **params, size_t *param_count);

/* path.c: whether a decoded segment is one that remit_path_decode lets through. */
bool path_segment_ok(struct str segment);
/* resource.c: the part of a resource's URI before its query; false for a URI that two parsers could
 * read in two ways. */
bool resource_uri_ok(struct str uri, struct str *ret_path);

#endif
