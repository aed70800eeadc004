/* SPDX-License-Identifier: Apache-2.0
 * The functions of store.h for a store with shelves: tokens of some APIs are kept elsewhere. The store's own feed speaks
 * for them too: a change on a shelf is made there first, and then noted in the feed, so that its revision stands for both.
 * store: may include base, core and wire.
 */
#ifndef REMIT_STORE_SHELVES_H
#define REMIT_STORE_SHELVES_H

#include "store/ops.h"

void shelves_close(struct store *store);
struct shelf *shelves_of_api(const struct store *store, struct str api);

enum store_status shelves_user_remove(struct store *store, const struct id *id, const struct store_actor *actor,
	int64_t *ret_revision);
enum store_status shelves_token_add(struct store *store, const struct token_row *token,
	const uint8_t digest[REMIT_DIGEST_SIZE], const struct store_actor *actor, int64_t *ret_revision);
enum store_status shelves_token_get(struct store *store, const struct id *id, struct arena *arena, struct token_row *ret);
enum store_status shelves_token_find(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE], struct arena *arena,
	struct token_row *ret);
enum store_status shelves_token_each(struct store *store, const struct token_filter *filter,
	bool (*each)(void *ctx, const struct token_row *row), void *ctx);
enum store_status shelves_token_revoke(struct store *store, const struct id *id, const char *why,
	const struct store_actor *actor, int64_t *ret_revision);
enum store_status shelves_token_rotate(struct store *store, const struct id *id, const uint8_t digest[REMIT_DIGEST_SIZE],
	int64_t old_expires_ms, const struct store_actor *actor, int64_t *ret_revision);
enum store_status shelves_token_replace(struct store *store, const struct id *old, const struct token_row *token,
	const uint8_t digest[REMIT_DIGEST_SIZE], const struct store_actor *actor, int64_t *ret_revision);
enum store_status shelves_token_update(struct store *store, const struct token_row *token, const char *old_scopes,
	int64_t old_expires_ms, const struct store_actor *actor, int64_t *ret_revision);
enum store_status shelves_token_prune(struct store *store, int64_t ended_before_ms, const struct store_actor *actor,
	int64_t *ret_count);
enum store_status shelves_token_used(struct store *store, const struct token_use *uses, size_t count);
enum store_status shelves_load(struct store *store, bool (*text)(void *ctx, const struct store_text *text),
	bool (*user)(void *ctx, const struct user_row *user), void *ctx, int64_t *ret_revision);
enum store_status shelves_text_count(struct store *store, uint64_t *ret);
enum store_status shelves_changes(struct store *store, int64_t after,
	bool (*each)(void *ctx, const struct store_change *change), void *ctx, int64_t *ret_revision);
enum store_status shelves_wait(struct store *store, unsigned timeout_ms, bool *ret_changed);

#endif
