/* SPDX-License-Identifier: Apache-2.0
 * What the files of the authorization server share. Nothing outside this folder includes it.
 * authority: may include base, core, wire, store and profile.
 */
#ifndef REMIT_AUTHORITY_OAUTH_INTERNAL_H
#define REMIT_AUTHORITY_OAUTH_INTERNAL_H

#include "authority/internal.h"
#include "authority/oauth/oauth.h"
#include "base/limits.h"
#include "wire/query.h"

/* ---- Parameters (params.c) ---- */

/* The value of a name; {NULL, 0} where it is missing or empty, which is the same (RFC 6749 section 3.1). */
struct str param(const struct query *query, const char *name);
/* The same as a NUL-terminated text in the arena; NULL where it is missing (or without memory). */
const char *param_text(const struct query *query, const char *name, struct arena *arena);
/* Decodes and refuses what stands twice (O05); a sentence in *reterr. */
bool params_read(struct str raw, struct arena *arena, struct query *ret, const char **reterr);
/* A form, as the content type says; else an answer. */
bool params_from(const struct oauth_request *request, struct arena *arena, struct query *ret,
	struct oauth_answer *reterr);
/* Appends name=value, encoded; a separator before it where `out` does not end in '?' or is not empty. */
void add_param(struct buf *out, const char *name, struct str value);

/* ---- Answers (answer.c) ---- */

/* {"error": code, "error_description": text}; false, so that a caller may return it. */
bool answer_error(struct oauth_answer *ret, int status, const char *code, const char *text);
bool answer_unavailable(struct oauth_answer *ret);
bool answer_invalid_client(struct oauth_answer *ret, const char *challenge);
/* "name":"value" with a comma before it where one is needed; nothing for NULL. */
void put_text(struct buf *out, const char *name, const char *value);
void put_words(struct buf *out, const char *name, const char *words); /* an array of the words of a text */
void put_number(struct buf *out, const char *name, int64_t value);
void put_true(struct buf *out, const char *name);

/* ---- Clients (client.c) ---- */

enum client_found { CLIENT_FOUND, CLIENT_UNKNOWN, CLIENT_UNAVAILABLE };
/* A live client by what it calls itself. Unknown: a sentence in reterr_text. */
enum client_found client_find(const struct oauth *oauth, struct str name, struct arena *arena,
	struct client_row *ret, char reterr_text[256]);
/* What a client calls itself. */
const char *client_name(const struct client_row *client);
bool client_may(const struct client_row *client, const char *grant);
/* What a request shows of who sent it; else an answer. */
struct client_shown {
	struct str id, secret; /* secret: {NULL, 0}: none was shown */
	bool basic;
};
bool client_named(const struct oauth_request *request, const struct query *query, struct arena *arena,
	struct client_shown *ret, struct oauth_answer *reterr);
/* Whether it is the client that was found; else an answer. */
bool client_judge(enum client_found found, const struct client_row *client, const struct client_shown *shown,
	bool *ret_proven, struct oauth_answer *reterr);
/* Who asks, by Basic, by the form, or by name alone (a public client); else an answer (RFC 6749 section 2.3).
 * *ret_proven: it showed its secret. */
bool client_authenticate(const struct oauth *oauth, const struct oauth_request *request,
	const struct query *query, struct arena *arena, struct client_row *ret, bool *ret_proven,
	struct oauth_answer *reterr);

/* ---- Scopes and resources (scopes.c) ---- */

struct wish { /* a scope parameter, read by an API's vocabulary */
	struct remit_scopes known;
	size_t known_count, unknown_count;
	bool offline, given;
};
void wish_read(const struct profile *profile, struct str text, struct wish *ret);
/* Whether all of `part` is covered by `whole`. */
bool scopes_within(const struct profile *profile, const struct remit_scopes *part, const struct remit_scopes *whole);
bool scopes_any(const struct profile *profile, const struct remit_scopes *set);
const char *scopes_text(const struct profile *profile, const struct remit_scopes *set, struct arena *arena);
/* Names that the store kept; what the vocabulary does not have any more is left out. */
void scopes_stored(const struct profile *profile, const char *text, struct remit_scopes *ret);
/* The default preset's; empty where there is none. */
void scopes_default(const struct profile *profile, struct remit_scopes *ret);

/* The API whose resource a request names (RFC 8707), or that its client is made for, or the only one. NULL
 * with a sentence. */
const struct authority_api *api_for(const struct oauth *oauth, const struct query *query,
	const struct client_row *client, const char **reterr);
const struct authority_api *api_named(const struct oauth *oauth, const char *name);
/* Whether a URL is a resource of this API. */
bool api_has_resource(const struct oauth *oauth, const struct authority_api *api, struct str url);
/* The URL of its first resource, in the arena. */
const char *api_resource(const struct oauth *oauth, const struct authority_api *api, struct arena *arena);

/* ---- Texts (texts.c) ---- */

void text_digest(struct str text, uint8_t ret[REMIT_DIGEST_SIZE]);
bool text_token(const struct profile *profile, enum remit_token_kind kind, char ret[REMIT_TOKEN_ROOM]);
/* The successor of a used refresh token: always the same one. */
bool text_successor(const struct oauth *oauth, const struct profile *profile, enum remit_token_kind kind,
	struct str used, char ret[REMIT_TOKEN_ROOM]);
#define TEXT_RANDOM_ROOM 44
void text_random(char ret[TEXT_RANDOM_ROOM]); /* 43 of 0-9A-Za-z */
/* A client's new secret, to be shown once and wiped, and what is kept of it. */
void text_client_secret(char ret[OAUTH_SECRET_ROOM], uint8_t ret_digest[REMIT_DIGEST_SIZE]);
/* The digest under which a user code is kept; false where it cannot be one. */
bool text_user_code(const struct oauth *oauth, struct str typed, uint8_t ret[REMIT_DIGEST_SIZE]);

/* ---- Binding to a key (bind.c) ---- */

/* The key that a request to an endpoint of this path proves to hold; none without a proof. Else an answer. */
bool bind_read(const struct oauth *oauth, const struct oauth_request *request, const char *path,
	struct store_key *ret, struct oauth_answer *reterr);
/* Whether what is bound may be used by who has proven this key. */
bool bind_holds(const struct store_key *bound, const struct store_key *proven);

/* ---- Issuing (issue.c) ---- */

struct issue {
	const struct authority_api *api;
	const struct client_row *client;
	struct id owner, project, grant, family, parent; /* as struct token_row's */
	const char *scopes;
	struct store_key key;    /* that the access token is bound to; and the refresh token of a public client */
	bool offline;            /* with a refresh token */
	int64_t ends_ms;         /* not longer than this; 0: no such bound */
	char access[REMIT_TOKEN_ROOM], refresh[REMIT_TOKEN_ROOM]; /* wiped by issue_done */
	uint8_t access_digest[REMIT_DIGEST_SIZE], refresh_digest[REMIT_DIGEST_SIZE];
	struct store_issue row;
};
/* Makes the rows; the texts are there already where `access` is not empty. */
bool issue_prepare(const struct oauth *oauth, struct issue *issue);
void issue_done(struct issue *issue);
/* The token answer (RFC 6749 section 5.1). */
void issue_answer(const struct oauth *oauth, const struct issue *issue, const char *issued_type,
	int64_t revision, struct oauth_answer *ret);
struct store_actor client_actor(const struct oauth *oauth, const struct client_row *client, char room[64]);

/* ---- The grants: each answers (token.c and beside it) ---- */

struct token_call {
	const struct oauth *oauth;
	struct query query;
	struct client_row client;
	bool proven;
	struct store_key key; /* that the request has proven */
	struct arena *arena;
	struct oauth_answer *answer;
};
/* Issues an access token by itself, and answers; by `gone` where what it hangs on is not there any more. */
bool issue_alone(struct token_call *call, struct issue *issue, const char *issued_type, const char *gone_code,
	const char *gone);
/* A resource in the token request must be the one that was approved (RFC 8707 section 2.2). Else an answer. */
bool same_resource(struct token_call *call, const struct authority_api *api);
bool grant_code(struct token_call *call);
bool grant_refresh(struct token_call *call);
bool grant_client(struct token_call *call);
bool grant_device(struct token_call *call);
bool grant_exchange(struct token_call *call);

#define GRANT_DEVICE "urn:ietf:params:oauth:grant-type:device_code"
#define GRANT_EXCHANGE "urn:ietf:params:oauth:grant-type:token-exchange"
#define TYPE_ACCESS "urn:ietf:params:oauth:token-type:access_token"

/* ---- Authorization requests (ask.c, approve.c) ---- */

/* API, scopes and resource of a request; NULL, or an error's code with a sentence in ask->error. */
const char *oauth_ask_scopes(const struct oauth *oauth, const struct query *query,
	const struct client_row *client, struct arena *arena, struct oauth_ask *ask);
/* Everything but the client: NULL, or an error's code with a sentence in ask->error. */
const char *oauth_ask_judge(const struct oauth *oauth, const struct query *query, struct arena *arena,
	struct oauth_ask *ask);
/* The redirect_uri of a client that is known; false with a sentence in ask->error. */
bool oauth_ask_redirect(const struct query *query, struct arena *arena, struct oauth_ask *ask);
/* What a person ticked, judged again, as the store takes it. */
enum authority_status oauth_ask_judge_approval(const struct oauth *oauth, const struct oauth_ask *ask,
	const struct oauth_approval *approval, struct arena *arena, struct store_approval *ret,
	struct authority_error *reterr);
/* The redirect with these parameters and iss; NULL without memory. */
const char *oauth_ask_url(const struct oauth *oauth, const struct oauth_ask *ask, const char *name,
	const char *value, const char *description, struct arena *arena);

#define PUSHED_PREFIX "urn:ietf:params:oauth:request_uri:"

#endif
