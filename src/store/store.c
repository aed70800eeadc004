/* SPDX-License-Identifier: Apache-2.0
 * Finds the kind of store that a URL names, and passes every call on to it.
 * store: may include base, core and wire.
 */
#include "store/shelves.h"

#include <stdio.h>

static const struct {
	struct str scheme;
	enum store_status (*open)(const char *place, enum store_mode mode, struct store **ret,
		char reterr_text[256]);
} kinds[] = {
	{ { "sqlite:", 7 }, sqlite_store_open },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* The URL itself is not repeated: it may hold a password. */
static void list_kinds(char reterr_text[256])
{
	size_t n = (size_t)snprintf(reterr_text, 256,
		"no such kind of store; a store's URL starts with one of:");

	for (size_t i = 0; i < KINDS && n < 256; i++)
		n += (size_t)snprintf(reterr_text + n, 256 - n, " %.*s", STR_FMT(kinds[i].scheme));
}

enum store_status store_open(const char *url, enum store_mode mode, struct store **ret, char reterr_text[256])
{
	for (size_t i = 0; i < KINDS; i++)
		if (str_starts(str_of(url), kinds[i].scheme))
			return kinds[i].open(url + kinds[i].scheme.n, mode, ret, reterr_text);
	list_kinds(reterr_text);
	return STORE_INVALID;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	shelves_close(store);
	store->ops->close(store);
}

struct database *store_database(struct store *store)
{
	return store->ops->database(store);
}

void store_wake(struct store *store)
{
	store->ops->wake(store);
}

enum store_status store_user_add(struct store *store, const struct user_row *user,
	const struct store_actor *actor)
{
	return store->ops->user_add(store, user, actor);
}

enum store_status store_user_get(struct store *store, const struct id *id, struct arena *arena,
	struct user_row *ret)
{
	return store->ops->user_get(store, id, arena, ret);
}

enum store_status store_user_find(struct store *store, const char *email, struct arena *arena,
	struct user_row *ret)
{
	return store->ops->user_find(store, email, arena, ret);
}

enum store_status store_user_each(struct store *store, bool (*each)(void *ctx, const struct user_row *row),
	void *ctx)
{
	return store->ops->user_each(store, each, ctx);
}

enum store_status store_user_disable(struct store *store, const struct id *id, bool disabled,
	const struct store_actor *actor, int64_t *ret_revision)
{
	return store->ops->user_disable(store, id, disabled, actor, ret_revision);
}

enum store_status store_user_remove(struct store *store, const struct id *id, const struct store_actor *actor,
	int64_t *ret_revision)
{
	if (store->shelf_count > 0)
		return shelves_user_remove(store, id, actor, ret_revision);
	return store->ops->user_remove(store, id, actor, ret_revision);
}

enum store_status store_project_add(struct store *store, const struct project_row *project,
	const struct store_actor *actor)
{
	return store->ops->project_add(store, project, actor);
}

enum store_status store_project_get(struct store *store, const struct id *id, struct arena *arena,
	struct project_row *ret)
{
	return store->ops->project_get(store, id, arena, ret);
}

enum store_status store_project_each(struct store *store, const char *api, const struct id *user,
	bool (*each)(void *ctx, const struct project_row *row), void *ctx)
{
	return store->ops->project_each(store, api, user, each, ctx);
}

enum store_status store_project_remove(struct store *store, const struct id *id,
	const struct store_actor *actor, int64_t *ret_revision)
{
	return store->ops->project_remove(store, id, actor, ret_revision);
}

enum store_status store_member_add(struct store *store, const struct id *project, const struct id *user,
	const struct store_actor *actor, int64_t *ret_revision)
{
	return store->ops->member_add(store, project, user, actor, ret_revision);
}

enum store_status store_member_remove(struct store *store, const struct id *project, const struct id *user,
	const struct store_actor *actor, int64_t *ret_revision)
{
	return store->ops->member_remove(store, project, user, actor, ret_revision);
}

enum store_status store_member_each(struct store *store, const struct id *project,
	bool (*each)(void *ctx, const struct user_row *row), void *ctx)
{
	return store->ops->member_each(store, project, each, ctx);
}

enum store_status store_project_reaches(struct store *store, const struct id *project, const struct id *user,
	bool *ret)
{
	return store->ops->project_reaches(store, project, user, ret);
}

enum store_status store_token_add(struct store *store, const struct token_row *token,
	const uint8_t digest[REMIT_DIGEST_SIZE], const struct store_actor *actor, int64_t *ret_revision)
{
	if (store->shelf_count > 0)
		return shelves_token_add(store, token, digest, actor, ret_revision);
	return store->ops->token_add(store, token, digest, actor, ret_revision);
}

enum store_status store_token_get(struct store *store, const struct id *id, struct arena *arena,
	struct token_row *ret)
{
	if (store->shelf_count > 0)
		return shelves_token_get(store, id, arena, ret);
	return store->ops->token_get(store, id, arena, ret);
}

enum store_status store_token_find(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE],
	struct arena *arena, struct token_row *ret)
{
	if (store->shelf_count > 0)
		return shelves_token_find(store, digest, arena, ret);
	return store->ops->token_find(store, digest, arena, ret);
}

enum store_status store_token_each(struct store *store, const struct token_filter *filter,
	bool (*each)(void *ctx, const struct token_row *row), void *ctx)
{
	if (store->shelf_count > 0)
		return shelves_token_each(store, filter, each, ctx);
	return store->ops->token_each(store, filter, each, ctx);
}

enum store_status store_token_revoke(struct store *store, const struct id *id, const char *why,
	const struct store_actor *actor, int64_t *ret_revision)
{
	if (store->shelf_count > 0)
		return shelves_token_revoke(store, id, why, actor, ret_revision);
	return store->ops->token_revoke(store, id, why, actor, ret_revision);
}

enum store_status store_token_rotate(struct store *store, const struct id *id,
	const uint8_t digest[REMIT_DIGEST_SIZE], int64_t old_expires_ms, const struct store_actor *actor,
	int64_t *ret_revision)
{
	if (store->shelf_count > 0)
		return shelves_token_rotate(store, id, digest, old_expires_ms, actor, ret_revision);
	return store->ops->token_rotate(store, id, digest, old_expires_ms, actor, ret_revision);
}

enum store_status store_token_replace(struct store *store, const struct id *old,
	const struct token_row *token, const uint8_t digest[REMIT_DIGEST_SIZE],
	const struct store_actor *actor, int64_t *ret_revision)
{
	if (store->shelf_count > 0)
		return shelves_token_replace(store, old, token, digest, actor, ret_revision);
	return store->ops->token_replace(store, old, token, digest, actor, ret_revision);
}

enum store_status store_token_update(struct store *store, const struct token_row *token,
	const char *old_scopes, int64_t old_expires_ms, const struct store_actor *actor,
	int64_t *ret_revision)
{
	if (store->shelf_count > 0)
		return shelves_token_update(store, token, old_scopes, old_expires_ms, actor, ret_revision);
	return store->ops->token_update(store, token, old_scopes, old_expires_ms, actor, ret_revision);
}

enum store_status store_token_prune(struct store *store, int64_t ended_before_ms,
	const struct store_actor *actor, int64_t *ret_count)
{
	if (store->shelf_count > 0)
		return shelves_token_prune(store, ended_before_ms, actor, ret_count);
	return store->ops->token_prune(store, ended_before_ms, actor, ret_count);
}

enum store_status store_token_used(struct store *store, const struct token_use *uses, size_t count)
{
	if (store->shelf_count > 0)
		return shelves_token_used(store, uses, count);
	return store->ops->token_used(store, uses, count);
}

enum store_status store_load(struct store *store, bool (*text)(void *ctx, const struct store_text *text),
	bool (*user)(void *ctx, const struct user_row *user), void *ctx, int64_t *ret_revision)
{
	if (store->shelf_count > 0)
		return shelves_load(store, text, user, ctx, ret_revision);
	return store->ops->load(store, text, user, ctx, ret_revision);
}

enum store_status store_text_count(struct store *store, uint64_t *ret)
{
	if (store->shelf_count > 0)
		return shelves_text_count(store, ret);
	return store->ops->text_count(store, ret);
}

enum store_status store_changes(struct store *store, int64_t after,
	bool (*each)(void *ctx, const struct store_change *change), void *ctx, int64_t *ret_revision)
{
	if (store->shelf_count > 0)
		return shelves_changes(store, after, each, ctx, ret_revision);
	return store->ops->changes(store, after, each, ctx, ret_revision);
}

enum store_status store_wait(struct store *store, unsigned timeout_ms, bool *ret_changed)
{
	if (store->shelf_count > 0)
		return shelves_wait(store, timeout_ms, ret_changed);
	return store->ops->wait(store, timeout_ms, ret_changed);
}

enum store_status store_node_beat(struct store *store, const struct node_row *node)
{
	return store->ops->node_beat(store, node);
}

enum store_status store_node_gone(struct store *store, const struct id *id)
{
	return store->ops->node_gone(store, id);
}

enum store_status store_node_each(struct store *store, bool (*each)(void *ctx, const struct node_row *row),
	void *ctx)
{
	return store->ops->node_each(store, each, ctx);
}

enum store_status store_event_each(struct store *store, int64_t after,
	bool (*each)(void *ctx, const struct event_row *row), void *ctx)
{
	return store->ops->event_each(store, after, each, ctx);
}

enum store_status store_event_prune(struct store *store, int64_t before_ms, int64_t *ret_count)
{
	return store->ops->event_prune(store, before_ms, ret_count);
}
