/* SPDX-License-Identifier: Apache-2.0
 * The authority: makes people, projects and tokens, within what profiles and owners allow, and
 * ends them. Straight blocking C over the store: for workers and commands, never for a loop.
 * authority: may include base, core, wire, store and profile.
 */
#ifndef REMIT_AUTHORITY_AUTHORITY_H
#define REMIT_AUTHORITY_AUTHORITY_H

#include "base/arena.h"
#include "core/owner.h"
#include "profile/config.h"
#include "profile/profile.h"
#include "store/store.h"

enum authority_status {
	AUTHORITY_OK = 0,
	AUTHORITY_INVALID,     /* 422: the text names each thing that is wrong, and what would be right */
	AUTHORITY_NOT_FOUND,
	AUTHORITY_EXISTS,
	AUTHORITY_CONFLICT,    /* not in the state for that: revoked, expired, still owning */
	AUTHORITY_UNAVAILABLE, /* the store cannot be reached or is full; nothing was done */
};

struct authority_error {
	char text[1024]; /* one sentence or more for a person; never a secret */
};

struct authority_api {
	const char *name;
	const struct profile *profile;
	const struct owner_source *owners; /* who may own its tokens beside our people; NULL: nobody */
};

struct authority {
	struct store *store;
	const struct authority_api *apis;
	size_t api_count;
};

/* sodium_init; false where the machine gives no randomness. Once, before anything else. */
bool authority_init(void);

/* NULL where there is none; the error names those there are. */
const struct authority_api *authority_api(const struct authority *a, const char *name,
	struct authority_error *reterr);

/* ---- People. `who` is an e-mail address or an id. ---- */
enum authority_status authority_user_add(const struct authority *a, const char *email, const char *password,
	bool admin, const struct store_actor *actor, struct id *ret, struct authority_error *reterr);
enum authority_status authority_user_find(const struct authority *a, const char *who, struct arena *arena,
	struct user_row *ret, struct authority_error *reterr);
enum authority_status authority_user_disable(const struct authority *a, const char *who, bool disabled,
	const struct store_actor *actor, int64_t *ret_revision, struct authority_error *reterr);
enum authority_status authority_user_remove(const struct authority *a, const char *who,
	const struct store_actor *actor, int64_t *ret_revision, struct authority_error *reterr);

/* ---- Projects ---- */
enum authority_status authority_project_add(const struct authority *a, const char *api, const char *name,
	const char *owner, const struct store_actor *actor, struct id *ret, struct authority_error *reterr);
enum authority_status authority_project_remove(const struct authority *a, const char *id,
	const struct store_actor *actor, int64_t *ret_revision, struct authority_error *reterr);
enum authority_status authority_member_add(const struct authority *a, const char *project, const char *who,
	const struct store_actor *actor, int64_t *ret_revision, struct authority_error *reterr);
enum authority_status authority_member_remove(const struct authority *a, const char *project, const char *who,
	const struct store_actor *actor, int64_t *ret_revision, struct authority_error *reterr);

/* ---- Ceilings: what a token of Remit's own API may at most make, and whose tokens it touches (D26) ---- */
struct token_ceiling {
	const char *const *apis;   /* never Remit's own */
	size_t api_count;
	const char *const *scopes; /* names of any of these APIs; an umbrella and * cover what they cover */
	size_t scope_count;
	const char *project;       /* an id: only tokens bound to it; or NULL */
};
/* From a token's row, into the arena. False for NULL, for what is none, and without memory. */
bool authority_ceiling_read(const char *text, struct arena *arena, struct token_ceiling *ret);
bool authority_ceiling_has_api(const struct token_ceiling *ceiling, const char *api);
/* Whether a token is of its APIs and its project: of what it does not see, it is told that it is not there. */
bool authority_ceiling_sees(const struct token_ceiling *ceiling, const struct token_row *token);
/* INVALID, with everything that is beyond it, where a token is wider: its text may not be handed out. */
enum authority_status authority_ceiling_check(const struct authority *a, const struct token_ceiling *ceiling,
	const struct token_row *token, struct authority_error *reterr);
/* Whether an API is Remit's own, whose tokens only admins hold. */
bool authority_api_is_own(const char *api);

/* ---- Tokens ---- */
enum token_expiry { TOKEN_EXPIRY_DEFAULT = 0, TOKEN_EXPIRY_NEVER, TOKEN_EXPIRY_AT };

struct token_request {
	const char *api, *owner, *name;
	const char *preset;        /* a handle, or NULL and: */
	const char *const *scopes; /* names; none is a token for operations that need no scope (D5) */
	size_t scope_count;
	const char *project;       /* an id, or NULL: not bound */
	enum token_expiry expiry;
	int64_t expires_ms;        /* for AT */
	uint16_t rate;
	const struct token_ceiling *ceiling; /* of the new token: for Remit's own API only; or NULL */
	const struct token_ceiling *within;  /* a token asks, and this is its ceiling; NULL: nobody's */
};

struct token_issued {
	char text[REMIT_TOKEN_ROOM]; /* to be shown once and wiped: token_issued_done */
	struct id id;
	int64_t revision;
};
void token_issued_done(struct token_issued *issued);

/* Every mistake of the request is named in one error: unknown scopes each by name (D5), a name that
 * is taken (D13), an expiry beyond the API's (D16), scopes or a project beyond the owner (D24). */
enum authority_status authority_token_create(const struct authority *a, const struct token_request *request,
	const struct store_actor *actor, struct token_issued *ret, struct authority_error *reterr);
enum authority_status authority_token_get(const struct authority *a, const char *id, struct arena *arena,
	struct token_row *ret, struct authority_error *reterr);
enum authority_status authority_token_revoke(const struct authority *a, const char *id, const char *why,
	const struct store_actor *actor, int64_t *ret_revision, struct authority_error *reterr);
/* `within`, of these two: as a request's. What is wider is refused (INVALID).
 * overlap_ms: how long the old text still works; 0 = not at all (D15). */
enum authority_status authority_token_rotate(const struct authority *a, const char *id, int64_t overlap_ms,
	const struct token_ceiling *within, const struct store_actor *actor, struct token_issued *ret, struct authority_error *reterr);
enum authority_status authority_token_regenerate(const struct authority *a, const char *id,
	const char *preset, const struct token_ceiling *within, const struct store_actor *actor,
	struct token_issued *ret, struct authority_error *reterr);

struct token_edit {
	const char *name;     /* NULL: as it is */
	bool set_rate;
	uint16_t rate;
	bool set_expiry;
	int64_t expires_ms;   /* sooner than now set, never later */
};
enum authority_status authority_token_edit(const struct authority *a, const char *id,
	const struct token_edit *edit, const struct store_actor *actor, int64_t *ret_revision,
	struct authority_error *reterr);
/* Leaves only `scopes`, each of which the token must have already. */
enum authority_status authority_token_shrink(const struct authority *a, const char *id,
	const char *const *scopes, size_t count, const struct store_actor *actor, int64_t *ret_revision,
	struct authority_error *reterr);
enum authority_status authority_token_prune(const struct authority *a, int64_t older_than_ms,
	const struct store_actor *actor, int64_t *ret_count, struct authority_error *reterr);

/* A token's owner: one of our people, or of its API's site. *ret_ceiling is what the latter can use at all, else NULL. */
enum store_status authority_token_owner(const struct authority *a, const struct token_row *token, struct arena *arena,
	struct user_row *ret, const struct remit_scopes **ret_ceiling);

/* Why a scope is beyond its owner (D24), or NULL where it is not. */
const char *authority_beyond_owner(const struct profile *profile, const char *scope,
	const struct user_row *owner);

/* ---- Revocation counts at once (D14) ---- */

#define AUTHORITY_WAIT_MARGIN_MS 500 /* the way there and back, beside what a server may be behind */

struct authority_lagging {
	size_t count;
	struct node_row first; /* `host` is not set */
};
/* Waits until every live node has applied a revision, at most for wait_ms. AUTHORITY_CONFLICT, and
 * which one lags, where not. A node that was not seen for wait_ms is not live: it refuses by itself. */
enum authority_status authority_wait_applied(const struct authority *a, int64_t revision, uint32_t wait_ms,
	struct authority_lagging *ret, struct authority_error *reterr);

#endif
