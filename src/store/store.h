/* SPDX-License-Identifier: Apache-2.0
 * The truth: people, projects, tokens, and the feed of what changed. One interface; SQLite, later
 * YAML and PostgreSQL, behind it. Every function may be called from any thread and may wait for a
 * disk: never from a loop. A change that returned STORE_OK is durable, is one row in the feed, and
 * one event for auditors, all in one transaction.
 * store: may include base, core and wire.
 */
#ifndef REMIT_STORE_STORE_H
#define REMIT_STORE_STORE_H

#include "base/arena.h"
#include "base/id.h"
#include "base/str.h"
#include "store/sql.h"
#include "store/status.h"

#include <remit/remit.h>

struct store;

enum store_mode {
	STORE_OPEN,    /* the schema must be current */
	STORE_MIGRATE, /* makes the store where there is none, and brings the schema up to date */
};

/* `url` is "sqlite:PATH". On failure a sentence that says what to do is in reterr_text[256]. */
enum store_status store_open(const char *url, enum store_mode mode, struct store **ret,
	char reterr_text[256]);
void store_close(struct store *store);
/* The database under it, for services that keep rows beside; NULL where the store has none. */
struct database *store_database(struct store *store);

/* Keeps the personal tokens of one API elsewhere, in the layout of somebody else: `url` is "yaml:FOLDER" (the Statamic
 * package's). From then on every function on tokens works on them too; personal tokens of this API that the store itself
 * has count for nothing. Such a place knows no projects, parents, rates, presets, and no rotation with an overlap:
 * STORE_INVALID. Before any use by others. On failure a sentence in reterr_text. */
enum store_status store_attach(struct store *store, const char *api, const char *url, char reterr_text[256]);
/* Whether an API's tokens are kept so. */
bool store_is_attached(const struct store *store, const char *api);

/* Who makes a change: "cli:root", "user:<id>", "token:<id>"; and when, which is after 1970.
 * Where a change hands back its revision, ret_revision may be NULL. */
struct store_actor {
	const char *who;
	int64_t now_ms;
};

/* Rows. Times are milliseconds since 1970, 0 = none. In a row that a function returns, texts are
 * NUL-terminated and live in the arena; in a row handed to a callback, for the call only. */

struct user_row {
	struct id id;
	const char *email;         /* compared without case */
	const char *password_hash; /* NULL where there is none */
	bool admin;
	int64_t created_ms, disabled_ms;
};

struct project_row {
	struct id id;
	const char *api, *name;
	struct id owner;
	int64_t created_ms;
};

/* The key that something is bound to (RFC 9449). */
struct store_key {
	bool bound;
	uint8_t jkt[REMIT_DIGEST_SIZE]; /* its thumbprint (RFC 7638) */
};

struct token_row {
	struct id id;
	enum remit_token_kind kind;
	const char *name;
	struct id owner;
	const char *owner_email; /* out only; NULL where the owner is gone */
	/* Where an API's tokens are kept in the layout of somebody else (store/shelves.h): the owner as it is written
	 * there. In a row that is added it says that they are the site's, and not one of our people. */
	const char *owner_text;
	const char *api;
	const char *scopes;  /* names in vocabulary order, one space between; "" for none */
	const char *preset;  /* the handle it was made from, or NULL: for people only */
	struct id project;   /* unset: not bound */
	struct id parent;    /* unset: none */
	/* Of OAuth: whose it is, what it comes of, and what was given with it; unset: none. */
	struct id client, grant, family;
	int64_t created_ms, expires_ms, last_used_ms;
	int64_t revoked_ms;
	const char *revoked_by, *revoked_why; /* NULL where not revoked */
	uint16_t rate;       /* as struct remit_record's */
	struct store_key key; /* for its whole life */
	const char *ceiling; /* of Remit's own API: what it may make, as the authority writes it; or NULL */
};

/* People. */
enum store_status store_user_add(struct store *store, const struct user_row *user,
	const struct store_actor *actor);
enum store_status store_user_get(struct store *store, const struct id *id, struct arena *arena,
	struct user_row *ret);
enum store_status store_user_find(struct store *store, const char *email, struct arena *arena,
	struct user_row *ret);
enum store_status store_user_each(struct store *store, bool (*each)(void *ctx, const struct user_row *row),
	void *ctx);
enum store_status store_user_disable(struct store *store, const struct id *id, bool disabled,
	const struct store_actor *actor, int64_t *ret_revision);
/* STORE_CONFLICT where projects still belong to them. Their tokens are revoked. */
enum store_status store_user_remove(struct store *store, const struct id *id, const struct store_actor *actor,
	int64_t *ret_revision);

/* Projects and who is a member. An owner need not be one. Removing a project revokes the tokens that
 * are bound to it. */
enum store_status store_project_add(struct store *store, const struct project_row *project,
	const struct store_actor *actor);
enum store_status store_project_get(struct store *store, const struct id *id, struct arena *arena,
	struct project_row *ret);
/* api and user may be NULL: all. */
enum store_status store_project_each(struct store *store, const char *api, const struct id *user,
	bool (*each)(void *ctx, const struct project_row *row), void *ctx);
enum store_status store_project_remove(struct store *store, const struct id *id,
	const struct store_actor *actor, int64_t *ret_revision);
enum store_status store_member_add(struct store *store, const struct id *project, const struct id *user,
	const struct store_actor *actor, int64_t *ret_revision);
enum store_status store_member_remove(struct store *store, const struct id *project, const struct id *user,
	const struct store_actor *actor, int64_t *ret_revision);
enum store_status store_member_each(struct store *store, const struct id *project,
	bool (*each)(void *ctx, const struct user_row *row), void *ctx);
/* Whether a person owns a project or is its member. */
enum store_status store_project_reaches(struct store *store, const struct id *project, const struct id *user,
	bool *ret);

/* Tokens. STORE_EXISTS where a live personal token of this owner and API has the name (D13), or the id
 * or text is taken; STORE_NOT_FOUND where the owner, or a project of this API, is not there;
 * STORE_CONFLICT where the parent, client or grant is not live. */
enum store_status store_token_add(struct store *store, const struct token_row *token,
	const uint8_t digest[REMIT_DIGEST_SIZE], const struct store_actor *actor, int64_t *ret_revision);
enum store_status store_token_get(struct store *store, const struct id *id, struct arena *arena,
	struct token_row *ret);
/* By any text it has or had; for an old text, expires_ms and revoked_ms are that text's. */
enum store_status store_token_find(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE],
	struct arena *arena, struct token_row *ret);

struct token_filter { /* NULL, unset, false: all */
	const char *api;
	struct id owner;
	struct id project;
	bool live_only;     /* neither revoked nor expired at now_ms */
	int64_t now_ms;
};
/* In the order in which they were made. */
enum store_status store_token_each(struct store *store, const struct token_filter *filter,
	bool (*each)(void *ctx, const struct token_row *row), void *ctx);

/* Keeps the row as a tombstone (D14), and revokes what descends from it. Revoking twice is STORE_OK and
 * changes nothing. */
enum store_status store_token_revoke(struct store *store, const struct id *id, const char *why,
	const struct store_actor *actor, int64_t *ret_revision);
/* A new text for the same token; the old one dies at old_expires_ms, and texts before it not later
 * (D15). Where that is not after now they are revoked at once. STORE_CONFLICT where the token is not
 * live, STORE_EXISTS where the text was ever used. */
enum store_status store_token_rotate(struct store *store, const struct id *id,
	const uint8_t digest[REMIT_DIGEST_SIZE], int64_t old_expires_ms, const struct store_actor *actor,
	int64_t *ret_revision);
/* Adds `token` and revokes `old` in one transaction (D25: regenerate). */
enum store_status store_token_replace(struct store *store, const struct id *old,
	const struct token_row *token, const uint8_t digest[REMIT_DIGEST_SIZE],
	const struct store_actor *actor, int64_t *ret_revision);
/* Sets name, rate, expires_ms and scopes to the row's (D25: edit, shrink); the authority has judged
 * that it only narrows, and the store refuses (STORE_CONFLICT) where `old_scopes` or `old_expires_ms` is not
 * what it holds. */
enum store_status store_token_update(struct store *store, const struct token_row *token,
	const char *old_scopes, int64_t old_expires_ms, const struct store_actor *actor,
	int64_t *ret_revision);
/* Forgets tombstones and expired tokens that ended before a time. */
enum store_status store_token_prune(struct store *store, int64_t ended_before_ms,
	const struct store_actor *actor, int64_t *ret_count);

/* Last use, in batches (D17); not in the feed, no event. */
struct token_use {
	struct id_bytes token;
	int64_t last_used_ms;
	uint64_t audit_place; /* where the token's newest audit record is */
};
enum store_status store_token_used(struct store *store, const struct token_use *uses, size_t count);

/* ---- The copy in memory ---- */

/* One text of one token, as the table needs it. */
struct store_text {
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct id_bytes token, owner, project;
	struct id_bytes client; /* OAuth's; all zero: none */
	struct str api, scopes;
	int64_t expires_ms, revoked_ms, last_used_ms; /* expires_ms: of this text, where that is sooner */
	uint64_t audit_place;
	enum remit_token_kind kind;
	uint16_t rate;
	struct store_key key;
};

/* Everything at one revision, in one read transaction: every person first, then every text (revoked
 * ones too). */
enum store_status store_load(struct store *store, bool (*text)(void *ctx, const struct store_text *text),
	bool (*user)(void *ctx, const struct user_row *user), void *ctx, int64_t *ret_revision);
/* About how many texts there are, cheaply. */
enum store_status store_text_count(struct store *store, uint64_t *ret);

enum store_change_kind { STORE_CHANGE_TEXT = 1, STORE_CHANGE_USER = 2, STORE_CHANGE_PROJECT = 3 };

struct store_change {
	int64_t revision;
	enum store_change_kind kind;
	/* TEXT: the digest, and what it is now; present = false where it is forgotten. */
	bool present;
	struct store_text text;
	/* USER: who, and present. */
	struct user_row user;
	struct id id;
};

/* The changes after a revision, oldest first. STORE_CONFLICT where the feed no longer reaches back so
 * far, or another database stands in the place of the one that was loaded: load again. */
enum store_status store_changes(struct store *store, int64_t after,
	bool (*each)(void *ctx, const struct store_change *change), void *ctx, int64_t *ret_revision);
/* Waits until the feed may have grown, at most timeout_ms. *ret_changed tells. Anything but STORE_OK
 * means that the store could not be asked: the copy grows stale; it returns so after a short pause,
 * so that the caller may simply ask again. The first call answers at once. One thread only. */
enum store_status store_wait(struct store *store, unsigned timeout_ms, bool *ret_changed);
/* Makes a store_wait of another thread return at once. */
void store_wake(struct store *store);

/* ---- Nodes: running servers, and how far their copies are ---- */

struct node_row {
	struct id id;
	int64_t started_ms, seen_ms, revision;
	const char *host;
	int64_t pid;
};
enum store_status store_node_beat(struct store *store, const struct node_row *node);
enum store_status store_node_gone(struct store *store, const struct id *id);
enum store_status store_node_each(struct store *store, bool (*each)(void *ctx, const struct node_row *row),
	void *ctx);

/* ---- Events: changes to tokens, people and projects, for auditors ---- */

struct event_row {
	int64_t number, at_ms;
	const char *actor, *action, *subject; /* "cli:root", "token.revoked", the id */
	const char *detail;                    /* one JSON object, no secrets */
};
enum store_status store_event_each(struct store *store, int64_t after,
	bool (*each)(void *ctx, const struct event_row *row), void *ctx);
/* Forgets the oldest events from before a time, at most STORE_EVENTS_AT_ONCE of them. *ret_count is how many. */
#define STORE_EVENTS_AT_ONCE 1000
enum store_status store_event_prune(struct store *store, int64_t before_ms, int64_t *ret_count);

#endif
