/* SPDX-License-Identifier: Apache-2.0
 * The authorization server (OAuth 2.1) as state machines over the store: a request in, an answer out, no
 * socket. Straight blocking C: for workers and commands, never for a loop. Time is an argument; random
 * bytes come from libsodium.
 * authority: may include base, core, wire, store and profile.
 */
#ifndef REMIT_AUTHORITY_OAUTH_OAUTH_H
#define REMIT_AUTHORITY_OAUTH_OAUTH_H

#include "authority/authority.h"
#include "authority/dpop/proof.h"
#include "base/buf.h"
#include "store/oauth.h"
#include "store/secrets.h"

/* The server. Made where it is needed: it is only pointers. */
struct oauth {
	const struct authority *authority;
	const struct secrets *secrets;
	/* The issuer and the base of every resource, no slash at its end: public_url, or the loopback name by
	 * which the caller came where public_url is loopback. */
	const char *issuer;
	int64_t now_ms;
	int64_t access_alone_ms; /* how long an access token without a refresh token lives; 0: the default */
	/* Looks up a client whose id is an https URL (a client id metadata document) and sees to it that the
	 * store has it, fresh. Where it cannot: false and a sentence in reterr_text. NULL: there are none. */
	bool (*fetch_client)(void *ctx, const struct oauth *oauth, const char *url, struct arena *arena,
		char reterr_text[256]);
	void *fetch_ctx;
	/* Which proofs were used by requests to the endpoints. NULL: tokens are bound to no key (RFC 9449). */
	struct proofs *proofs;
};

/* ---- Endpoints for programs: one call each ---- */

struct oauth_request {
	struct str content_type;  /* as it came; {NULL, 0} where there is none */
	struct str authorization; /* the header, whole; {NULL, 0} where there is none */
	struct str body;
	struct str proof;         /* the header DPoP */
	size_t proof_count;       /* how often it stands */
};

struct oauth_answer {
	int status;
	const char *challenge; /* WWW-Authenticate, or NULL; in the arena */
	bool secret;           /* the body holds secrets: the caller wipes it when it is sent */
	struct buf body;       /* JSON, or empty; oauth_answer_done frees and wipes it */
	int64_t revision;      /* of what was changed: 0 = nothing. The caller lets its copy catch up first */
};
void oauth_answer_init(struct oauth_answer *answer);
void oauth_answer_done(struct oauth_answer *answer);

/* Each fills the answer, also where it refuses (RFC 6749 section 5.2). */
typedef void oauth_endpoint(const struct oauth *oauth, const struct oauth_request *request,
	struct arena *arena, struct oauth_answer *ret);
oauth_endpoint oauth_token;                /* RFC 6749, 7636, 8628, 8693, 8707 */
oauth_endpoint oauth_register;             /* RFC 7591 */
oauth_endpoint oauth_revoke;               /* RFC 7009 */
oauth_endpoint oauth_introspect;           /* RFC 7662 */
oauth_endpoint oauth_push;                 /* RFC 9126 */
oauth_endpoint oauth_device_authorization; /* RFC 8628 */

/* The server's metadata (RFC 8414), as JSON. */
void oauth_metadata(const struct oauth *oauth, struct buf *out);
/* What a client should ask for when it knows no better: little, and never everything. NULL: nothing. */
const struct profile_preset *oauth_default_preset(const struct profile *profile);

/* Whether clients may have tokens of an API: of Remit's own, which makes tokens itself, they may not (D26). */
bool oauth_grants_api(const struct authority_api *api);
/* The place of the API that the server's root stands for as a resource: the first that has an MCP endpoint. */
size_t oauth_root_api(const struct authority *authority);

/* ---- The authorize page (RFC 6749 section 4.1) ----
 *
 * 1. oauth_ask_read the query string: OAUTH_ASK_OK, a page with an error, or a redirect with one.
 * 2. Sign the person in; oauth_ask_person tells what they may be offered.
 * 3. The page comes back (POST) with the same query string beside what was ticked. Read it again, then
 *    oauth_ask_approve or oauth_ask_deny: a URL to redirect to, and nothing else.
 * The page itself sees to it that the POST is of this browser and this person (O08, O14). */

enum oauth_ask_result {
	OAUTH_ASK_OK,
	OAUTH_ASK_SHOW,     /* `error` is a sentence for the person: nobody is redirected anywhere (O04) */
	OAUTH_ASK_REDIRECT, /* `url` carries the error to the client */
};

/* A request that was found good. All texts are in the arena that it was read with. */
struct oauth_ask {
	struct client_row client;
	const struct authority_api *api;
	struct remit_scopes wanted; /* known ones only, within the client's ceiling; never empty but for `offline` */
	bool offline;               /* offline_access was asked for */
	bool ignored_some;          /* scopes that the API does not have were asked for too */
	const char *redirect;       /* validated, as the client gave it */
	const char *redirect_host;  /* "127.0.0.1", "app.example.com"; the scheme where it is a native app's own */
	const char *redirect_source; /* for Content-Security-Policy: form-action: "https://app.example.com", "cursor:" */
	bool redirect_is_loopback;
	bool redirect_given;
	const char *state;          /* or NULL */
	const char *challenge;      /* PKCE S256 */
	struct store_key key;       /* that its tokens are to be bound to, where it says so (dpop_jkt) */
	const char *resource;       /* or NULL */
	const char *query;          /* to come back with: the query string that was read */
	const char *pushed;         /* request_uri, or NULL */
	/* Where it was no good: */
	char error[256];
	const char *url;
};

enum oauth_ask_result oauth_ask_read(const struct oauth *oauth, struct str query, struct arena *arena,
	struct oauth_ask *ret);

/* One scope on the page, in vocabulary order. `*` is there only where it was asked for by name. */
struct oauth_choice {
	const char *name, *meaning;
	bool granted; /* this person granted it to this client before */
	bool star;    /* everything: apart from the rest, and unticked */
};
struct oauth_choices {
	struct oauth_choice *scopes; /* only those that the person may use (D24) */
	size_t count, new_count;     /* new_count: not granted before */
	size_t beyond_count;         /* left out: they may not use them */
	bool before;                 /* there is a live grant already */
	struct project_row *projects; /* that they may bind it to */
	size_t project_count;
	bool project_fixed;          /* the client is bound to one: it is the only project, and "all" is no choice */
};
/* AUTHORITY_CONFLICT where the person is disabled. */
enum authority_status oauth_ask_person(const struct oauth *oauth, const struct oauth_ask *ask,
	const struct id *user, struct arena *arena, struct oauth_choices *ret, struct authority_error *reterr);

struct oauth_approval {
	struct id user;
	const char *const *scopes; /* names that were ticked: at least one */
	size_t scope_count;
	bool offline;              /* the client may stay connected */
	const char *project;       /* an id; NULL: all that the person reaches */
};
/* INVALID where a scope was not on the page, nothing was ticked, or the project is not theirs. On OK the URL
 * with code, state and iss, in the arena; wipe nothing: the code is single-use and lives 60 s. */
enum authority_status oauth_ask_approve(const struct oauth *oauth, const struct oauth_ask *ask,
	const struct oauth_approval *approval, struct arena *arena, const char **ret_url,
	struct authority_error *reterr);
/* The URL that tells the client of access_denied. */
enum authority_status oauth_ask_deny(const struct oauth *oauth, const struct oauth_ask *ask,
	struct arena *arena, const char **ret_url, struct authority_error *reterr);

/* ---- The device page (RFC 8628 section 3.3) ---- */

/* The request behind a user code as a person types it (any case, with or without the hyphen): an ask without
 * redirect. NOT_FOUND for what is unknown, answered or expired. */
enum authority_status oauth_device_find(const struct oauth *oauth, const char *user_code, struct arena *arena,
	struct oauth_ask *ret, struct authority_error *reterr);
enum authority_status oauth_device_approve(const struct oauth *oauth, const char *user_code,
	const struct oauth_approval *approval, struct authority_error *reterr);
enum authority_status oauth_device_deny(const struct oauth *oauth, const char *user_code,
	struct authority_error *reterr);

/* ---- Authorized apps: by client and person ---- */

/* Live grants of a person, newest first; user NULL: everybody's. Texts for the call only. */
enum authority_status oauth_app_each(const struct oauth *oauth, const struct id *user,
	bool (*each)(void *ctx, const struct grant_row *row), void *ctx, struct authority_error *reterr);
/* Takes access and refresh tokens alike. `user`: only a grant of theirs (else NOT_FOUND); NULL: anybody's. */
enum authority_status oauth_app_revoke(const struct oauth *oauth, const struct id *user, const char *grant,
	const struct store_actor *actor, int64_t *ret_revision, struct authority_error *reterr);

/* ---- Clients made by hand ---- */

#define OAUTH_SECRET_ROOM 64

struct oauth_client_request {
	const char *name, *api, *owner; /* owner: an e-mail address or an id: whose its tokens are */
	const char *const *scopes;      /* the ceiling: at least one */
	size_t scope_count;
	const char *project;            /* an id, or NULL */
	const char *const *redirects;   /* for the authorization code; none: it has no such grant */
	size_t redirect_count;
	bool is_public;                 /* no secret; needs redirects, and has no client credentials */
};
/* The secret is shown once: wiped by the caller. "" for a public client. */
enum authority_status oauth_client_add(const struct oauth *oauth, const struct oauth_client_request *request,
	const struct store_actor *actor, struct id *ret, char ret_secret[OAUTH_SECRET_ROOM],
	struct authority_error *reterr);
enum authority_status oauth_client_get(const struct oauth *oauth, const char *id, struct arena *arena,
	struct client_row *ret, struct authority_error *reterr);
/* What it was given ends with it. */
enum authority_status oauth_client_revoke(const struct oauth *oauth, const char *id, const char *why,
	const struct store_actor *actor, int64_t *ret_revision, struct authority_error *reterr);

#endif
