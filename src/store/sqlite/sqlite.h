/* SPDX-License-Identifier: Apache-2.0
 * The SQLite store: its struct, and what its files share.
 * store: may include base, core and wire.
 */
#ifndef REMIT_STORE_SQLITE_SQLITE_H
#define REMIT_STORE_SQLITE_SQLITE_H

#include "store/ops.h"
#include "store/sqlite/database.h"

/* What store_wait knows; its one thread's own. */
struct feed_watch {
	struct sql sql;
	struct file_identity file; /* that `version` and `revision` speak of */
	int64_t version;           /* SQLite's data_version: any commit of another connection */
	int64_t revision;
	unsigned polls;            /* since what is on the disk was last looked at */
	uint64_t commits, wakes;   /* of the bell, seen */
};

struct sqlite_store {
	struct store store; /* first */
	struct database *db;
	struct feed_watch watch;
	pthread_mutex_t loaded_lock;
	struct file_identity loaded; /* the file that was last loaded: {0} for none */
};

static inline struct sqlite_store *sqlite_of(struct store *store)
{
	return (struct sqlite_store *)store;
}

/* The functions of ops.h; each in the file that is named after what it is about. */
enum store_status sqlite_user_add(struct store *store, const struct user_row *user, const struct store_actor
	*actor);
enum store_status sqlite_user_get(struct store *store, const struct id *id, struct arena *arena, struct
	user_row *ret);
enum store_status sqlite_user_find(struct store *store, const char *email, struct arena *arena, struct
	user_row *ret);
enum store_status sqlite_user_each(struct store *store, bool (*each)(void *ctx, const struct user_row *row),
	void *ctx);
enum store_status sqlite_user_disable(struct store *store, const struct id *id, bool disabled, const struct
	store_actor *actor, int64_t *ret_revision);
enum store_status sqlite_user_remove(struct store *store, const struct id *id, const struct store_actor
	*actor, int64_t *ret_revision);
enum store_status sqlite_project_add(struct store *store, const struct project_row *project, const struct
	store_actor *actor);
enum store_status sqlite_project_get(struct store *store, const struct id *id, struct arena *arena, struct
	project_row *ret);
enum store_status sqlite_project_each(struct store *store, const char *api, const struct id *user, bool
	(*each)(void *ctx, const struct project_row *row), void *ctx);
enum store_status sqlite_project_remove(struct store *store, const struct id *id, const struct store_actor
	*actor, int64_t *ret_revision);
enum store_status sqlite_member_add(struct store *store, const struct id *project, const struct id *user,
	const struct store_actor *actor, int64_t *ret_revision);
enum store_status sqlite_member_remove(struct store *store, const struct id *project, const struct id *user,
	const struct store_actor *actor, int64_t *ret_revision);
enum store_status sqlite_member_each(struct store *store, const struct id *project, bool (*each)(void *ctx,
	const struct user_row *row), void *ctx);
enum store_status sqlite_project_reaches(struct store *store, const struct id *project, const struct id
	*user, bool *ret);
enum store_status sqlite_token_add(struct store *store, const struct token_row *token, const uint8_t
	digest[REMIT_DIGEST_SIZE], const struct store_actor *actor, int64_t *ret_revision);
enum store_status sqlite_token_get(struct store *store, const struct id *id, struct arena *arena, struct
	token_row *ret);
enum store_status sqlite_token_find(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE], struct
	arena *arena, struct token_row *ret);
enum store_status sqlite_token_each(struct store *store, const struct token_filter *filter, bool
	(*each)(void *ctx, const struct token_row *row), void *ctx);
enum store_status sqlite_token_revoke(struct store *store, const struct id *id, const char *why, const
	struct store_actor *actor, int64_t *ret_revision);
enum store_status sqlite_token_rotate(struct store *store, const struct id *id, const uint8_t
	digest[REMIT_DIGEST_SIZE], int64_t old_expires_ms, const struct store_actor *actor, int64_t
	*ret_revision);
enum store_status sqlite_token_replace(struct store *store, const struct id *old, const struct token_row
	*token, const uint8_t digest[REMIT_DIGEST_SIZE], const struct store_actor *actor, int64_t
	*ret_revision);
enum store_status sqlite_token_update(struct store *store, const struct token_row *token, const char
	*old_scopes, int64_t old_expires_ms, const struct store_actor *actor, int64_t *ret_revision);
enum store_status sqlite_token_prune(struct store *store, int64_t ended_before_ms, const struct store_actor
	*actor, int64_t *ret_count);
enum store_status sqlite_token_used(struct store *store, const struct token_use *uses, size_t count);
enum store_status sqlite_load(struct store *store, bool (*text)(void *ctx, const struct store_text *text),
	bool (*user)(void *ctx, const struct user_row *user), void *ctx, int64_t *ret_revision);
enum store_status sqlite_note(struct store *store, const struct store_note *note, int64_t *ret_revision);
enum store_status sqlite_text_count(struct store *store, uint64_t *ret);
enum store_status sqlite_changes(struct store *store, int64_t after, bool (*each)(void *ctx, const struct
	store_change *change), void *ctx, int64_t *ret_revision);
enum store_status sqlite_wait(struct store *store, unsigned timeout_ms, bool *ret_changed);
enum store_status sqlite_node_beat(struct store *store, const struct node_row *node);
enum store_status sqlite_node_gone(struct store *store, const struct id *id);
enum store_status sqlite_node_each(struct store *store, bool (*each)(void *ctx, const struct node_row *row),
	void *ctx);
enum store_status sqlite_event_each(struct store *store, int64_t after, bool (*each)(void *ctx, const struct
	event_row *row), void *ctx);
enum store_status sqlite_event_prune(struct store *store, int64_t before_ms, int64_t *ret_count);
void sqlite_wake(struct store *store);

#endif
