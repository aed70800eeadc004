/* SPDX-License-Identifier: Apache-2.0
 * "{{name}}" in the body of a template: found, and filled. Pure.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_PLACEHOLDERS_H
#define REMIT_SERVICES_PUBLISHING_PLACEHOLDERS_H

#include "base/arena.h"
#include "base/str.h"

#define PLACEHOLDER_NAME_MAX 64

/* The next placeholder with a name of letters, digits and '_': its name, and what stands before it. False, and
 * *ret_before all that is left, where there is none. ret_before may be NULL. */
bool next_placeholder(struct str *rest, struct str *ret_before, struct str *ret_name);

struct placeholder {
	const char *name;
	struct str value;
};

/* The body with its placeholders filled, at most `chars_max` characters of it. One that has no value stays as
 * it stands, and a value is never looked into. {NULL, 0} without memory. */
struct str fill_placeholders(struct str body, const struct placeholder *values, size_t count, size_t chars_max,
	struct arena *arena);
/* The first placeholder of a body whose name is not among `count` names; {NULL, 0} where there is none. */
struct str find_unknown_placeholder(struct str body, const char *const *names, size_t count);

#endif
