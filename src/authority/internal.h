/* SPDX-License-Identifier: Apache-2.0
 * What the files of the authority share: collecting the mistakes of a request, checking names and
 * looking rows up. Nothing outside this folder includes it.
 * authority: may include base, core, wire, store and profile.
 */
#ifndef REMIT_AUTHORITY_INTERNAL_H
#define REMIT_AUTHORITY_INTERNAL_H

#include "authority/authority.h"
#include "authority/nearest.h"

/* The mistakes of one request, a sentence each, in the caller's error. The error is written to only
 * by the first mistake. */
struct faults {
	struct authority_error *err;
	size_t length, count;
};
void faults_add(struct faults *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One sentence, and the status handed back. */
enum authority_status authority_fail(struct authority_error *reterr, enum authority_status status,
	const char *format, ...) __attribute__((format(printf, 3, 4)));
/* What a store's answer means. `what` is the thing that is missing, taken or in the wrong state: "a token
 * with the id 0198…". */
enum authority_status authority_stored(enum store_status status, const char *what,
	struct authority_error *reterr);

/* A name for people to read: 1 to LIMIT_NAME_CHARS characters of valid UTF-8, none that hides or
 * reorders others, no space at either end. `what` starts the sentence: "The token's name". */
bool name_check(struct faults *f, const char *what, const char *name);
bool email_check(struct faults *f, const char *email);
/* Up to LIMIT_REASON_BYTES of the same characters, or NULL. */
bool reason_check(struct faults *f, const char *why);

/* A new id of a moment. */
struct id id_new(int64_t now_ms);

/* NOT_FOUND for a text that is no id too; such a text is not repeated: it may be a token's. */
enum authority_status project_get(const struct authority *a, const char *id, struct arena *arena,
	struct project_row *ret, struct authority_error *reterr);
/* How a token has ended, or NULL where it is live. */
const char *token_ended(const struct token_row *token, int64_t now_ms);

/* ---- Ceilings (ceiling.c) ---- */

/* As the store keeps it. NULL without memory, or where it is too long. */
const char *ceiling_text(const struct token_ceiling *ceiling, struct arena *arena);
/* Adds everything of a token that is beyond it. */
void ceiling_judge(struct faults *faults, const struct token_ceiling *ceiling, const struct authority_api *api,
	const char *scopes, const char *project);
/* Whether one that is stated means something. */
void ceiling_check_stated(struct faults *faults, const struct authority *a, const struct token_ceiling *ceiling);

/* ---- What a new token must be (request.c) ---- */

struct token_terms { /* a request, judged */
	const struct authority_api *api;
	struct user_row owner;
	const char *owner_text; /* as the site writes them; NULL: one of our people */
	struct id project;
	const char *scopes; /* in the arena; vocabulary order */
	const char *ceiling; /* likewise; or NULL */
	int64_t expires_ms;
};

/* Judges all of a request. INVALID with every mistake. `check_name_free` looks for a taken name only
 * where there are other mistakes already: alone, the store finds it as it adds the row. */
enum authority_status terms_judge(const struct authority *a, const struct token_request *request,
	int64_t now_ms, bool check_name_free, struct arena *arena, struct token_terms *ret,
	struct authority_error *reterr);

#endif
