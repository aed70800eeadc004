/* SPDX-License-Identifier: Apache-2.0
 * A profile: one API's vocabulary, presets, settings and rules, read from YAML (spec: interface.md)
 * into core objects. All mistakes of a file are told at once, with file, line and what would be right.
 * profile: may include base and core.
 */
#ifndef REMIT_PROFILE_PROFILE_H
#define REMIT_PROFILE_PROFILE_H

#include "base/arena.h"
#include "base/str.h"
#include "profile/mistakes.h"

#include <remit/remit.h>

struct profile_scope {
	const char *name, *meaning;
};

struct profile_preset {
	const char *handle, *title, *purpose; /* purpose: the key `for` */
	const char *const *scopes;            /* in vocabulary order */
	size_t scope_count;
	struct remit_scopes set;              /* the same */
	size_t covered;                       /* how many scopes of the vocabulary it covers */
	bool is_default;
};

enum profile_visibility { PROFILE_VISIBLE_GRANTED, PROFILE_VISIBLE_ASKABLE, PROFILE_VISIBLE_ALL };

/* What a tool's definition was when its rule was written (`remit check-config --mcp`). */
struct profile_definition {
	const char *tool, *hash;
};

struct profile {
	struct arena arena; /* owns every text below */
	const char *name, *title;
	struct profile_scope *scopes; /* in vocabulary order */
	size_t scope_count;
	struct profile_preset *presets;
	size_t preset_count;
	const char *token_prefix;
	int64_t default_lifetime_ms, max_lifetime_ms; /* 0: never expires, no maximum */
	bool accept_alnum64;
	uint16_t rate_personal, rate_access; /* requests a minute; 0: no limit */
	enum profile_visibility visible_personal, visible_access;
	bool stdio_bypass;
	const char *rest_base;           /* "/api/v1"; "" where it is "/"; NULL where there is no REST */
	const char *mcp_endpoint;        /* "/api/mcp"; NULL */
	struct profile_definition *definitions; /* of its tools */
	size_t definition_count;
	struct remit_policy *policy;     /* owned; paths of its rules are below rest_base */
	const uint32_t *operation_lines; /* where each operation of the policy stands in the file */
	const char *file;
};

/* Reads a profile from a text. `file` is for messages. NULL where there are mistakes. */
struct profile *profile_read(struct str text, const char *file, struct mistakes *mistakes);
/* Reads a file, or one that comes with the program where `name` holds no '/' and no '.'. */
struct profile *profile_load(const char *name, struct mistakes *mistakes);
void profile_free(struct profile *profile);

/* NULL where there is none. */
const struct profile_preset *profile_preset(const struct profile *profile, const char *handle);
/* Whether a preset covers all of `needed`. */
bool profile_preset_covers(const struct profile *profile, const struct profile_preset *preset,
	const struct remit_scopes *needed);
/* The preset that covers all of `needed`, and of those the one that covers fewest scopes; NULL where
 * none does. */
const struct profile_preset *profile_smallest_preset(
	const struct profile *profile, const struct remit_scopes *needed);

/* What is wrong with the path of a rule below a base of so many segments, in the arena; NULL where it
 * is fine. */
const char *profile_path_fault(struct str path, size_t base_segments, struct arena *arena);

/* The profiles that come with the program, by index; NULL past the last. */
const char *profile_builtin_name(size_t index);
struct str profile_builtin_text(const char *name); /* {NULL, 0} where there is none */

#endif
