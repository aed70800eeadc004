/* SPDX-License-Identifier: Apache-2.0
 * Changing a token, wherever it is kept.
 * store: may include base, core and wire.
 */
#include "store/shelves.h"

#include "store/yaml/shelf.h"

#include <stdio.h>

/* Notes a change that was made, with its event. Where that fails it is told as a failure, and the change is found by the
 * servers that look at the folder themselves. */
static enum store_status note(struct store *store, const uint8_t (*digests)[REMIT_DIGEST_SIZE], size_t count,
	const struct store_actor *actor, const char *action, const struct token_row *row, const char *why,
	int64_t *ret_revision)
{
	const struct store_note note = { .digests = digests, .count = count, .actor = actor, .action = action,
		.subject = row->id.text, .names = { "name", "owner", "api", "scopes", why ? "why" : NULL },
		.values = { row->name, row->owner_text ? row->owner_text : row->owner.text, row->api, row->scopes, why } };
	return store->ops->note(store, &note, ret_revision);
}

/* The shelf that has a token; NULL and a status where none has, or it cannot be asked. */
static struct shelf *find(struct store *store, const struct id *id, struct arena *arena, struct shelf_token *ret,
	enum store_status *ret_status)
{
	struct id_bytes bytes;
	*ret_status = STORE_NOT_FOUND;
	for (size_t i = 0; id_to_bytes(id, &bytes) && i < store->shelf_count; i++) {
		*ret_status = shelf_get(store->shelves[i], &bytes, arena, ret);
		if (*ret_status == STORE_OK)
			return store->shelves[i];
		if (*ret_status != STORE_NOT_FOUND)
			break;
	}
	return NULL;
}

/* ---- Adding ---- */

/* One of our people, or one of the site's, for whom the caller vouches. */
static enum store_status check_owner(struct store *store, const struct token_row *token)
{
	struct user_row user;
	struct arena arena;
	if (token->owner_text)
		return STORE_OK;
	arena_init(&arena, 0);
	enum store_status status = store->ops->user_get(store, &token->owner, &arena, &user);
	arena_done(&arena);
	return status;
}

enum store_status shelves_token_add(struct store *store, const struct token_row *token,
	const uint8_t digest[REMIT_DIGEST_SIZE], const struct store_actor *actor, int64_t *ret_revision)
{
	struct shelf *shelf = shelves_of_api(store, str_of(token->api));
	uint8_t digests[1][REMIT_DIGEST_SIZE];
	struct token_row row;
	struct id_bytes id;
	struct arena arena;
	if (!shelf || token->kind != REMIT_TOKEN_PERSONAL)
		return store->ops->token_add(store, token, digest, actor, ret_revision);
	if (!id_to_bytes(&token->id, &id))
		return STORE_INVALID;
	enum store_status status = check_owner(store, token);
	if (status != STORE_OK)
		return status;
	arena_init(&arena, 0);
	status = store->ops->token_get(store, &token->id, &arena, &row); /* an id is one token's, wherever it is kept */
	arena_done(&arena);
	if (status != STORE_NOT_FOUND)
		return status == STORE_OK ? STORE_EXISTS : status;
	status = shelf_add(shelf, token, digest, actor->now_ms);
	if (status != STORE_OK)
		return status;
	memcpy(digests[0], digest, REMIT_DIGEST_SIZE);
	status = note(store, (const uint8_t (*)[REMIT_DIGEST_SIZE])digests, 1, actor, "token.added", token, NULL, ret_revision);
	if (status != STORE_OK)
		shelf_undo(shelf, &id);
	return status;
}

/* ---- Revoking ---- */

static enum store_status revoke(struct store *store, struct shelf *shelf, const struct shelf_token *token, const char *why,
	const struct store_actor *actor, int64_t *ret_revision)
{
	uint8_t digests[1][REMIT_DIGEST_SIZE];
	struct id_bytes id;
	bool done;
	if (!id_to_bytes(&token->row.id, &id))
		return STORE_NOT_FOUND;
	enum store_status status = shelf_revoke(shelf, &id, why, actor, &done);
	if (status != STORE_OK)
		return status;
	memcpy(digests[0], token->digest, REMIT_DIGEST_SIZE);
	/* Revoked before: who waits for the revision waits for what was done then. */
	return note(store, (const uint8_t (*)[REMIT_DIGEST_SIZE])digests, 1, done ? actor : NULL, "token.revoked", &token->row,
		why, ret_revision);
}

enum store_status shelves_token_revoke(struct store *store, const struct id *id, const char *why,
	const struct store_actor *actor, int64_t *ret_revision)
{
	struct shelf_token token;
	struct arena arena;
	arena_init(&arena, 0);
	enum store_status status;
	struct shelf *shelf = find(store, id, &arena, &token, &status);
	if (shelf)
		status = revoke(store, shelf, &token, why, actor, ret_revision);
	else if (status == STORE_NOT_FOUND)
		status = store->ops->token_revoke(store, id, why, actor, ret_revision);
	arena_done(&arena);
	return status;
}

#define REVOKED_AT_ONCE 256

struct owned {
	const struct id *owner;
	struct id tokens[REVOKED_AT_ONCE];
	size_t count;
};

static bool collect_owned(void *ctx, const struct shelf_token *token)
{
	struct owned *owned = ctx;
	if (token->row.revoked_ms == 0 && id_eq(&token->row.owner, owned->owner))
		owned->tokens[owned->count++] = token->row.id;
	return owned->count < REVOKED_AT_ONCE;
}

enum store_status shelves_user_remove(struct store *store, const struct id *id, const struct store_actor *actor,
	int64_t *ret_revision)
{
	enum store_status status = store->ops->user_remove(store, id, actor, ret_revision);
	struct owned owned = { .owner = id };
	for (size_t i = 0; status == STORE_OK && i < store->shelf_count; i++) {
		do {
			owned.count = 0;
			enum store_status walked = shelf_each(store->shelves[i], collect_owned, &owned);
			status = walked == STORE_STOPPED ? STORE_OK : walked;
			for (size_t t = 0; status == STORE_OK && t < owned.count; t++)
				status = shelves_token_revoke(store, &owned.tokens[t], "its owner was removed", actor,
					ret_revision);
		} while (status == STORE_OK && owned.count == REVOKED_AT_ONCE);
	}
	return status;
}

/* ---- Changing ---- */

static enum store_status rotate(struct store *store, struct shelf *shelf, const struct shelf_token *token,
	const uint8_t digest[REMIT_DIGEST_SIZE], int64_t old_expires_ms, const struct store_actor *actor,
	int64_t *ret_revision)
{
	uint8_t digests[2][REMIT_DIGEST_SIZE];
	struct id_bytes id;
	if (old_expires_ms > actor->now_ms)
		return STORE_INVALID; /* the layout has one text for a token */
	if (!id_to_bytes(&token->row.id, &id))
		return STORE_NOT_FOUND;
	enum store_status status = shelf_rotate(shelf, &id, digest, actor->now_ms, digests[0]);
	if (status != STORE_OK)
		return status;
	memcpy(digests[1], digest, REMIT_DIGEST_SIZE);
	return note(store, (const uint8_t (*)[REMIT_DIGEST_SIZE])digests, 2, actor, "token.rotated", &token->row, NULL,
		ret_revision);
}

enum store_status shelves_token_rotate(struct store *store, const struct id *id, const uint8_t digest[REMIT_DIGEST_SIZE],
	int64_t old_expires_ms, const struct store_actor *actor, int64_t *ret_revision)
{
	struct shelf_token token;
	struct arena arena;
	arena_init(&arena, 0);
	enum store_status status;
	struct shelf *shelf = find(store, id, &arena, &token, &status);
	if (shelf)
		status = rotate(store, shelf, &token, digest, old_expires_ms, actor, ret_revision);
	else if (status == STORE_NOT_FOUND)
		status = store->ops->token_rotate(store, id, digest, old_expires_ms, actor, ret_revision);
	arena_done(&arena);
	return status;
}

enum store_status shelves_token_update(struct store *store, const struct token_row *token, const char *old_scopes,
	int64_t old_expires_ms, const struct store_actor *actor, int64_t *ret_revision)
{
	struct shelf_token now;
	struct arena arena;
	uint8_t digests[1][REMIT_DIGEST_SIZE];
	arena_init(&arena, 0);
	enum store_status status;
	struct shelf *shelf = find(store, &token->id, &arena, &now, &status);
	if (shelf) {
		status = shelf_update(shelf, token, old_scopes, old_expires_ms, actor->now_ms);
		memcpy(digests[0], now.digest, REMIT_DIGEST_SIZE);
		if (status == STORE_OK)
			status = note(store, (const uint8_t (*)[REMIT_DIGEST_SIZE])digests, 1, actor, "token.updated", token,
				NULL, ret_revision);
	} else if (status == STORE_NOT_FOUND) {
		status = store->ops->token_update(store, token, old_scopes, old_expires_ms, actor, ret_revision);
	}
	arena_done(&arena);
	return status;
}

/* Two files cannot change at once: the old token is renamed out of the new one's way, the new one added, the old one
 * revoked. Killed between, the old one still works and nobody knows the new one's text. */
static enum store_status replace(struct store *store, struct shelf *shelf, const struct shelf_token *old,
	const struct token_row *token, const uint8_t digest[REMIT_DIGEST_SIZE], const struct store_actor *actor,
	int64_t *ret_revision)
{
	char name[1100];
	struct token_row aside = old->row;
	const struct token_row *row = &old->row;
	if (row->revoked_ms || (row->expires_ms && row->expires_ms <= actor->now_ms))
		return STORE_CONFLICT;
	if (shelves_of_api(store, str_of(token->api)) != shelf)
		return STORE_INVALID;
	snprintf(name, sizeof(name), "%s(replaced by %s)", strlen(row->name) < 900 ? row->name : "", token->id.text);
	aside.name = name;
	enum store_status status = shelf_update(shelf, &aside, row->scopes, row->expires_ms, actor->now_ms);
	if (status == STORE_OK)
		status = shelves_token_add(store, token, digest, actor, ret_revision);
	if (status == STORE_OK)
		return revoke(store, shelf, old, "replaced by a new token", actor, ret_revision);
	(void)!shelf_update(shelf, row, row->scopes, row->expires_ms, actor->now_ms);
	return status;
}

enum store_status shelves_token_replace(struct store *store, const struct id *old, const struct token_row *token,
	const uint8_t digest[REMIT_DIGEST_SIZE], const struct store_actor *actor, int64_t *ret_revision)
{
	struct shelf_token was;
	struct arena arena;
	arena_init(&arena, 0);
	enum store_status status;
	struct shelf *shelf = find(store, old, &arena, &was, &status);
	if (shelf)
		status = replace(store, shelf, &was, token, digest, actor, ret_revision);
	else if (status == STORE_NOT_FOUND)
		status = shelves_of_api(store, str_of(token->api)) ? STORE_NOT_FOUND :
			store->ops->token_replace(store, old, token, digest, actor, ret_revision);
	arena_done(&arena);
	return status;
}

/* ---- Many ---- */

enum store_status shelves_token_prune(struct store *store, int64_t ended_before_ms, const struct store_actor *actor,
	int64_t *ret_count)
{
	int64_t count = 0, total = 0;
	enum store_status status = store->ops->token_prune(store, ended_before_ms, actor, &total);
	for (size_t i = 0; status == STORE_OK && i < store->shelf_count; i++) {
		status = shelf_prune(store->shelves[i], ended_before_ms, &count);
		if (status != STORE_OK || count == 0)
			continue;
		char number[24];
		snprintf(number, sizeof(number), "%lld", (long long)count);
		const struct store_note note_all = { .actor = actor, .action = "token.pruned", .subject = "",
			.names = { "count", "api" }, .values = { number, shelf_api(store->shelves[i]) } };
		status = store->ops->note(store, &note_all, NULL);
		total += count;
	}
	if (status == STORE_OK)
		*ret_count = total;
	return status;
}

enum store_status shelves_token_used(struct store *store, const struct token_use *uses, size_t count)
{
	enum store_status status = store->ops->token_used(store, uses, count);
	for (size_t i = 0; status == STORE_OK && i < store->shelf_count; i++)
		status = shelf_used(store->shelves[i], uses, count);
	return status;
}
