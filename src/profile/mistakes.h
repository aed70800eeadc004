/* SPDX-License-Identifier: Apache-2.0
 * Mistakes found in files that people write: all of them, with file:line and a suggestion.
 * profile: may include base and core.
 */
#ifndef REMIT_PROFILE_MISTAKES_H
#define REMIT_PROFILE_MISTAKES_H

#include "base/arena.h"
#include "base/str.h"

#define MISTAKES_MAX 100 /* of one run; past it they are only counted */

struct mistake {
	const char *file;
	unsigned line, column;  /* from 1; 0 = the file as a whole */
	const char *what;       /* "unknown scope \"stories:publsh\"" */
	const char *suggestion; /* "did you mean \"stories:publish\"?", or NULL */
};

struct mistakes {
	struct arena arena;
	size_t count; /* of all; the first MISTAKES_MAX are kept */
	struct mistake list[MISTAKES_MAX];
};

void mistakes_init(struct mistakes *m);
void mistakes_done(struct mistakes *m);
/* Adds one; texts are copied. `suggestion` may be NULL. */
void mistakes_add(struct mistakes *m, const char *file, unsigned line, unsigned column,
	const char *suggestion, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* "did you mean ..." for a name out of a list, in the arena; NULL where nothing is similar. */
const char *mistakes_suggest(struct mistakes *m, struct str name, const char *const *known, size_t count);
/* Whether one says the same as one before it: a profile may be read for more than one API. */
bool mistakes_repeats(const struct mistakes *m, size_t index);
/* Puts those that were added after the first `from` in the order of the file. */
void mistakes_sort(struct mistakes *m, size_t from);

#endif
