/* SPDX-License-Identifier: Apache-2.0
 * What a kind of store provides. store.h says what each function does; store.c only passes on.
 * store: may include base, core and wire.
 */
#ifndef REMIT_STORE_OPS_H
#define REMIT_STORE_OPS_H

#include "store/store.h"

struct shelf;

#define STORE_SHELVES_MAX 64

/* The first member of every store's own struct. */
struct store {
	const struct store_ops *ops;
	struct shelf *shelves[STORE_SHELVES_MAX]; /* places of APIs of their own: shelves.c */
	size_t shelf_count;
};

/* What is noted of texts that a shelf keeps: a row of the feed for each, so that every copy looks at them again, and an
 * event, where there is an actor, in one transaction. */
struct store_note {
	const uint8_t (*digests)[REMIT_DIGEST_SIZE];
	size_t count;
	const struct store_actor *actor; /* NULL: no event */
	const char *action, *subject;
	const char *names[6], *values[6]; /* of its detail; a value of NULL is left out */
};

struct store_ops {
	void (*close)(struct store *store);
	struct database *(*database)(struct store *store);

	enum store_status (*user_add)(struct store *store, const struct user_row *user,
		const struct store_actor *actor);
	enum store_status (*user_get)(struct store *store, const struct id *id, struct arena *arena,
		struct user_row *ret);
	enum store_status (*user_find)(struct store *store, const char *email, struct arena *arena,
		struct user_row *ret);
	enum store_status (*user_each)(struct store *store,
		bool (*each)(void *ctx, const struct user_row *row), void *ctx);
	enum store_status (*user_disable)(struct store *store, const struct id *id, bool disabled,
		const struct store_actor *actor, int64_t *ret_revision);
	enum store_status (*user_remove)(struct store *store, const struct id *id,
		const struct store_actor *actor, int64_t *ret_revision);

	enum store_status (*project_add)(struct store *store, const struct project_row *project,
		const struct store_actor *actor);
	enum store_status (*project_get)(struct store *store, const struct id *id, struct arena *arena,
		struct project_row *ret);
	enum store_status (*project_each)(struct store *store, const char *api, const struct id *user,
		bool (*each)(void *ctx, const struct project_row *row), void *ctx);
	enum store_status (*project_remove)(struct store *store, const struct id *id,
		const struct store_actor *actor, int64_t *ret_revision);

	enum store_status (*member_add)(struct store *store, const struct id *project, const struct id *user,
		const struct store_actor *actor, int64_t *ret_revision);
	enum store_status (*member_remove)(struct store *store, const struct id *project,
		const struct id *user, const struct store_actor *actor, int64_t *ret_revision);
	enum store_status (*member_each)(struct store *store, const struct id *project,
		bool (*each)(void *ctx, const struct user_row *row), void *ctx);

	enum store_status (*project_reaches)(struct store *store, const struct id *project,
		const struct id *user, bool *ret);

	enum store_status (*token_add)(struct store *store, const struct token_row *token,
		const uint8_t digest[REMIT_DIGEST_SIZE], const struct store_actor *actor,
		int64_t *ret_revision);
	enum store_status (*token_get)(struct store *store, const struct id *id, struct arena *arena,
		struct token_row *ret);
	enum store_status (*token_find)(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE],
		struct arena *arena, struct token_row *ret);
	enum store_status (*token_each)(struct store *store, const struct token_filter *filter,
		bool (*each)(void *ctx, const struct token_row *row), void *ctx);
	enum store_status (*token_revoke)(struct store *store, const struct id *id, const char *why,
		const struct store_actor *actor, int64_t *ret_revision);
	enum store_status (*token_rotate)(struct store *store, const struct id *id,
		const uint8_t digest[REMIT_DIGEST_SIZE], int64_t old_expires_ms,
		const struct store_actor *actor, int64_t *ret_revision);
	enum store_status (*token_replace)(struct store *store, const struct id *old,
		const struct token_row *token, const uint8_t digest[REMIT_DIGEST_SIZE],
		const struct store_actor *actor, int64_t *ret_revision);
	enum store_status (*token_update)(struct store *store, const struct token_row *token,
		const char *old_scopes, int64_t old_expires_ms, const struct store_actor *actor,
		int64_t *ret_revision);
	enum store_status (*token_prune)(struct store *store, int64_t ended_before_ms,
		const struct store_actor *actor, int64_t *ret_count);
	enum store_status (*token_used)(struct store *store, const struct token_use *uses, size_t count);

	enum store_status (*load)(struct store *store, bool (*text)(void *ctx, const struct store_text *text),
		bool (*user)(void *ctx, const struct user_row *user), void *ctx, int64_t *ret_revision);

	enum store_status (*note)(struct store *store, const struct store_note *note, int64_t *ret_revision);

	enum store_status (*text_count)(struct store *store, uint64_t *ret);

	enum store_status (*changes)(struct store *store, int64_t after,
		bool (*each)(void *ctx, const struct store_change *change), void *ctx, int64_t *ret_revision);

	enum store_status (*wait)(struct store *store, unsigned timeout_ms, bool *ret_changed);

	enum store_status (*node_beat)(struct store *store, const struct node_row *node);
	enum store_status (*node_gone)(struct store *store, const struct id *id);
	enum store_status (*node_each)(struct store *store,
		bool (*each)(void *ctx, const struct node_row *row), void *ctx);

	enum store_status (*event_each)(struct store *store, int64_t after,
		bool (*each)(void *ctx, const struct event_row *row), void *ctx);
	enum store_status (*event_prune)(struct store *store, int64_t before_ms, int64_t *ret_count);
	void (*wake)(struct store *store);
};

/* Opens a kind of store; `place` is the URL after its scheme and colon. As store_open. */
enum store_status sqlite_store_open(const char *place, enum store_mode mode, struct store **ret,
	char reterr_text[256]);

#endif
