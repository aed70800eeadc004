/* SPDX-License-Identifier: Apache-2.0
 * What the authorization server keeps: clients, what people granted them, and the short-lived things on
 * the way to a token. Codes, secrets and refresh tokens are kept as their SHA-256 only. Access tokens are
 * rows of the tokens table. As store.h: any thread but a loop; a change is durable and in one transaction
 * with its place in the feed and its event. STORE_INVALID where the store has no database.
 * store: may include base, core and wire.
 */
#ifndef REMIT_STORE_OAUTH_H
#define REMIT_STORE_OAUTH_H

#include "store/store.h"

/* ---- Clients ---- */

enum client_kind {
	CLIENT_BY_HAND = 1,    /* remit client add */
	CLIENT_REGISTERED = 2, /* by itself (RFC 7591) */
	CLIENT_DOCUMENT = 3,   /* its id is the URL of its metadata */
};

struct client_row {
	struct id id;
	enum client_kind kind;
	const char *url;       /* DOCUMENT: what it calls itself; else NULL */
	const char *name;
	const char *redirects; /* a line each; "" for none */
	bool confidential;     /* it has a secret */
	uint8_t secret[REMIT_DIGEST_SIZE];
	const char *grants;    /* "authorization_code refresh_token …" */
	const char *api, *scopes; /* BY_HAND: its API and its ceiling; else NULL */
	struct id owner, project; /* BY_HAND: whose its own tokens are; else unset */
	const char *owner_email;  /* out only; or NULL */
	uint8_t fingerprint[REMIT_DIGEST_SIZE]; /* in only. REGISTERED: equal ones are one; zero: never equal */
	int64_t created_ms, used_ms; /* used: first grant or token; 0 = never */
	int64_t fresh_until_ms;      /* DOCUMENT: then it is read again */
	int64_t revoked_ms;
	const char *revoked_by, *revoked_why;
};

/* REGISTERED: *ret is the one there was where an equal one is live (STORE_EXISTS); the oldest that was never
 * used makes room past `most`, STORE_FULL where there is none. DOCUMENT: what is there under the URL is
 * brought up to date, *ret is its id. */
enum store_status store_client_add(struct store *store, const struct client_row *client, uint64_t most,
	const struct store_actor *actor, struct id *ret);
enum store_status store_client_get(struct store *store, const struct id *id, struct arena *arena,
	struct client_row *ret);
enum store_status store_client_find_url(struct store *store, const char *url, struct arena *arena,
	struct client_row *ret);
/* kind 0: all. In the order in which they were made. */
enum store_status store_client_each(struct store *store, enum client_kind kind,
	bool (*each)(void *ctx, const struct client_row *row), void *ctx);
/* Keeps a tombstone; all that it was given is revoked. */
enum store_status store_client_revoke(struct store *store, const struct id *id, const char *why,
	const struct store_actor *actor, int64_t *ret_revision);

/* ---- Grants: person, client, API and project ---- */

struct grant_row {
	struct id id, client, user, project; /* project unset: all that the person reaches */
	const char *api, *scopes;            /* all that was ever approved in it */
	bool offline;
	int64_t created_ms, changed_ms, last_used_ms, revoked_ms;
	/* Out only, from the client and the person: */
	const char *client_name, *client_url, *user_email;
	enum client_kind client_kind;
};

/* What a person approved: merged into their live grant of the same client, API and project, or a new one. */
struct store_approval {
	struct id client, user, project;
	const char *api, *scopes; /* of this approval */
	bool offline;
};

enum store_status store_grant_get(struct store *store, const struct id *id, struct arena *arena,
	struct grant_row *ret);
/* Live ones, newest first. user, client NULL: all. */
enum store_status store_grant_each(struct store *store, const struct id *user, const struct id *client,
	bool (*each)(void *ctx, const struct grant_row *row), void *ctx);
enum store_status store_grant_revoke(struct store *store, const struct id *id, const char *why,
	const struct store_actor *actor, int64_t *ret_revision);

/* ---- Authorization codes ---- */

struct code_row {
	struct id family;             /* of all that comes of it */
	struct id grant, client, user, project;
	const char *api, *scopes;
	bool offline;
	const char *redirect;
	bool redirect_given;
	const char *challenge, *resource; /* resource: or NULL */
	struct store_key key; /* that its token request must prove, where it is bound (dpop_jkt) */
	int64_t expires_ms, used_ms;
};

/* Writes the approval and its code together. `pushed`: the request of that URI ends with it; or NULL.
 * STORE_NOT_FOUND where the client or person is not live or the project not there, STORE_FULL where the grant
 * has too many codes waiting. */
enum store_status store_code_add(struct store *store, const struct store_approval *approval,
	const struct code_row *code, const uint8_t digest[REMIT_DIGEST_SIZE], const uint8_t *pushed,
	const struct store_actor *actor);
enum store_status store_code_find(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE],
	struct arena *arena, struct code_row *ret);

/* ---- Tokens of a grant ---- */

/* One issue: an access token, and a refresh token where there is a digest of one. */
struct store_issue {
	struct token_row access;
	const uint8_t *access_digest;
	const uint8_t *refresh_digest; /* NULL: none */
	int64_t refresh_expires_ms;
	unsigned most; /* access tokens of one family that may live at once */
	struct store_key refresh_key; /* of a new family: that its refresh tokens are bound to */
};

enum store_outcome {
	STORE_ISSUED,
	STORE_REPEATED, /* refresh: used within the window; what it gave then stands */
	STORE_REPLAYED, /* used before: everything of its family is revoked */
	STORE_TOO_MANY, /* of its family live already */
	STORE_ENDED,    /* expired, or its grant, client, person or family is not live */
};

/* The caller has checked client, redirect and verifier. */
enum store_status store_code_redeem(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE],
	const struct store_issue *issue, const struct store_actor *actor, enum store_outcome *ret_outcome,
	int64_t *ret_revision);

struct refresh_row {
	struct id family, grant, client, user, project;
	const char *api, *scopes; /* what the family was given at first */
	const char *resource;
	struct store_key key; /* of the family */
	int64_t created_ms, expires_ms, used_ms, revoked_ms; /* revoked: of the family */
};
enum store_status store_refresh_find(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE],
	struct arena *arena, struct refresh_row *ret);
/* The caller has checked the client and the scopes. REPEATED within window_ms after its first use. */
enum store_status store_refresh_rotate(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE],
	const struct store_issue *issue, int64_t window_ms, const struct store_actor *actor,
	enum store_outcome *ret_outcome, int64_t *ret_revision);
/* A family with all its access and refresh tokens. */
enum store_status store_family_revoke(struct store *store, const struct id *family, const char *why,
	const struct store_actor *actor, int64_t *ret_revision);

/* ---- Pushed requests (RFC 9126) ---- */

/* STORE_FULL where the client has `most` waiting. */
enum store_status store_pushed_add(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE],
	const struct id *client, const char *query, int64_t expires_ms, uint64_t most,
	const struct store_actor *actor);
enum store_status store_pushed_find(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE],
	int64_t now_ms, struct arena *arena, struct id *ret_client, const char **ret_query);
enum store_status store_pushed_remove(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE]);

/* ---- Device codes (RFC 8628) ---- */

enum device_state { DEVICE_WAITING = 0, DEVICE_APPROVED = 1, DEVICE_DENIED = 2 };

struct device_row {
	struct id client;
	const char *api, *scopes, *resource;
	bool offline;
	enum device_state state;
	struct id family, grant, user, project;  /* once approved */
	const char *approved;                    /* scopes; once approved */
	bool approved_offline;
	int64_t created_ms, expires_ms, polled_ms, interval_ms;
};
/* STORE_EXISTS where the user code is taken, STORE_FULL where the client has `most` waiting. */
enum store_status store_device_add(struct store *store, const struct device_row *device,
	const uint8_t digest[REMIT_DIGEST_SIZE], const uint8_t user_code[REMIT_DIGEST_SIZE], uint64_t most,
	const struct store_actor *actor);
enum store_status store_device_find(struct store *store, const uint8_t user_code[REMIT_DIGEST_SIZE],
	struct arena *arena, struct device_row *ret);
/* approval NULL: denied. STORE_CONFLICT where it was answered already. */
enum store_status store_device_answer(struct store *store, const uint8_t user_code[REMIT_DIGEST_SIZE],
	const struct store_approval *approval, const struct id *family, const struct store_actor *actor);
/* Looks by the device's code and notes the poll: *ret_too_soon where it came within the interval, which grows
 * by 5 s (RFC 8628 section 3.5). */
enum store_status store_device_poll(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE],
	const struct id *client, int64_t now_ms, struct arena *arena, struct device_row *ret,
	bool *ret_too_soon);
/* Ends it, and issues. */
enum store_status store_device_redeem(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE],
	const struct store_issue *issue, const struct store_actor *actor, enum store_outcome *ret_outcome,
	int64_t *ret_revision);

/* ---- Introspection ---- */

/* A client, a token by any text it has or had, and whether its owner is there and not disabled: in one look, as
 * servers ask for every request that they get. */
struct store_look {
	bool client_found, token_found, owner_active;
	struct client_row client;
	struct token_row token;
};
enum store_status store_look(struct store *store, const struct id *client, const uint8_t digest[REMIT_DIGEST_SIZE],
	struct arena *arena, struct store_look *ret);

/* ---- Token exchange ---- */

/* How many parents a token has, counted no further than `most` + 1, and how many living children. */
enum store_status store_token_depth(struct store *store, const struct id *id, unsigned most, int64_t now_ms,
	unsigned *ret, uint64_t *ret_children);

/* ---- Housekeeping ---- */

/* Forgets what ended before a time, and registered clients never used since before another; at most a
 * thousand of each. *ret_more: there is more to do. */
enum store_status store_oauth_tidy(struct store *store, int64_t ended_before_ms, int64_t unused_before_ms,
	const struct store_actor *actor, bool *ret_more);

#endif
