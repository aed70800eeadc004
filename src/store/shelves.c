/* SPDX-License-Identifier: Apache-2.0
 * Reading from a store and its shelves as from one.
 * store: may include base, core and wire.
 */
#include "store/shelves.h"

#include "store/yaml/shelf.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- Attaching ---- */

enum store_status store_attach(struct store *store, const char *api, const char *url, char reterr_text[256])
{
	static const struct str scheme = { "yaml:", 5 };
	if (!str_starts(str_of(url), scheme)) {
		snprintf(reterr_text, 256, "no such place for an API's tokens; one starts with: yaml:");
		return STORE_INVALID;
	}
	if (store->shelf_count == STORE_SHELVES_MAX || shelves_of_api(store, str_of(api))) {
		snprintf(reterr_text, 256, "too many places for tokens");
		return STORE_INVALID;
	}
	enum store_status status = shelf_open(api, url + scheme.n, &store->shelves[store->shelf_count], reterr_text);
	store->shelf_count += status == STORE_OK;
	return status;
}

bool store_is_attached(const struct store *store, const char *api)
{
	return shelves_of_api(store, str_of(api)) != NULL;
}

void shelves_close(struct store *store)
{
	while (store->shelf_count > 0)
		shelf_close(store->shelves[--store->shelf_count]);
}

struct shelf *shelves_of_api(const struct store *store, struct str api)
{
	for (size_t i = 0; i < store->shelf_count; i++)
		if (str_is(api, shelf_api(store->shelves[i])))
			return store->shelves[i];
	return NULL;
}

/* Whether a token that the store itself has counts for nothing. What OAuth issues stays with us. */
static bool is_elsewhere(const struct store *store, struct str api, enum remit_token_kind kind)
{
	return kind == REMIT_TOKEN_PERSONAL && shelves_of_api(store, api);
}

/* ---- One token ---- */

enum store_status shelves_token_get(struct store *store, const struct id *id, struct arena *arena, struct token_row *ret)
{
	struct shelf_token token;
	struct id_bytes bytes;
	enum store_status status = store->ops->token_get(store, id, arena, ret);
	if (status == STORE_OK && is_elsewhere(store, str_of(ret->api), ret->kind))
		status = STORE_NOT_FOUND;
	if (!id_to_bytes(id, &bytes))
		return status;
	for (size_t i = 0; status == STORE_NOT_FOUND && i < store->shelf_count; i++) {
		status = shelf_get(store->shelves[i], &bytes, arena, &token);
		if (status == STORE_OK)
			*ret = token.row;
	}
	return status;
}

static enum store_status find_on_shelves(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE], struct arena *arena,
	struct shelf_token *ret)
{
	enum store_status status = STORE_NOT_FOUND;
	for (size_t i = 0; status == STORE_NOT_FOUND && i < store->shelf_count; i++)
		status = shelf_find(store->shelves[i], digest, arena, ret);
	return status;
}

enum store_status shelves_token_find(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE], struct arena *arena,
	struct token_row *ret)
{
	struct shelf_token token;
	enum store_status status = store->ops->token_find(store, digest, arena, ret);
	if (status == STORE_OK && is_elsewhere(store, str_of(ret->api), ret->kind))
		status = STORE_NOT_FOUND;
	if (status != STORE_NOT_FOUND)
		return status;
	status = find_on_shelves(store, digest, arena, &token);
	if (status == STORE_OK)
		*ret = token.row;
	return status;
}

/* ---- All tokens ---- */

struct walk {
	struct store *store;
	const struct token_filter *filter;
	bool (*row)(void *ctx, const struct token_row *row);
	bool (*text)(void *ctx, const struct store_text *text);
	bool (*user)(void *ctx, const struct user_row *user);
	bool (*change)(void *ctx, const struct store_change *change);
	void *ctx;
	enum store_status failure;
};

/* Of the store's own rows: not those of an API that keeps its tokens elsewhere. */
static bool own_row(void *ctx, const struct token_row *row)
{
	const struct walk *walk = ctx;
	return is_elsewhere(walk->store, str_of(row->api), row->kind) || walk->row(walk->ctx, row);
}

static bool fits(const struct token_filter *filter, const struct token_row *row)
{
	if (!filter)
		return true;
	const bool live = row->revoked_ms == 0 && (row->expires_ms == 0 || row->expires_ms > filter->now_ms);
	return (!filter->api || strcmp(filter->api, row->api) == 0) && !id_is_set(&filter->project)
		&& (!id_is_set(&filter->owner) || id_eq(&filter->owner, &row->owner)) && (!filter->live_only || live);
}

static bool shelf_row(void *ctx, const struct shelf_token *token)
{
	const struct walk *walk = ctx;
	return !fits(walk->filter, &token->row) || walk->row(walk->ctx, &token->row);
}

enum store_status shelves_token_each(struct store *store, const struct token_filter *filter,
	bool (*each)(void *ctx, const struct token_row *row), void *ctx)
{
	struct walk walk = { .store = store, .filter = filter, .row = each, .ctx = ctx };
	enum store_status status = store->ops->token_each(store, filter, own_row, &walk);
	for (size_t i = 0; status == STORE_OK && i < store->shelf_count; i++)
		status = shelf_each(store->shelves[i], shelf_row, &walk);
	return status;
}

static void text_of(const struct shelf_token *token, struct store_text *ret)
{
	*ret = (struct store_text){
		.api = str_of(token->row.api),
		.scopes = str_of(token->row.scopes),
		.expires_ms = token->row.expires_ms,
		.revoked_ms = token->row.revoked_ms,
		.last_used_ms = token->row.last_used_ms,
		.kind = token->row.kind,
		.rate = token->row.rate,
	};
	memcpy(ret->digest, token->digest, REMIT_DIGEST_SIZE);
	(void)id_to_bytes(&token->row.id, &ret->token);
	(void)id_to_bytes(&token->row.owner, &ret->owner);
}

static bool own_text(void *ctx, const struct store_text *text)
{
	const struct walk *walk = ctx;
	return is_elsewhere(walk->store, text->api, text->kind) || walk->text(walk->ctx, text);
}

static bool own_user(void *ctx, const struct user_row *user)
{
	const struct walk *walk = ctx;
	return walk->user(walk->ctx, user);
}

static bool shelf_text(void *ctx, const struct shelf_token *token)
{
	const struct walk *walk = ctx;
	struct store_text text;
	text_of(token, &text);
	return walk->text(walk->ctx, &text);
}

/* The shelves after the store: what changes on them later is in the feed behind the revision. */
enum store_status shelves_load(struct store *store, bool (*text)(void *ctx, const struct store_text *text),
	bool (*user)(void *ctx, const struct user_row *user), void *ctx, int64_t *ret_revision)
{
	struct walk walk = { .store = store, .text = text, .user = user, .ctx = ctx };
	int64_t revision;
	enum store_status status = store->ops->load(store, own_text, own_user, &walk, &revision);
	for (size_t i = 0; status == STORE_OK && i < store->shelf_count; i++)
		status = shelf_each(store->shelves[i], shelf_text, &walk);
	if (status == STORE_OK)
		*ret_revision = revision;
	return status;
}

enum store_status shelves_text_count(struct store *store, uint64_t *ret)
{
	uint64_t count;
	enum store_status status = store->ops->text_count(store, &count);
	if (status != STORE_OK)
		return status;
	for (size_t i = 0; i < store->shelf_count; i++)
		count += shelf_count(store->shelves[i]);
	*ret = count;
	return STORE_OK;
}

/* ---- The feed ---- */

/* A text that the store does not have, or that is of an API which keeps its tokens elsewhere, is looked for there. */
static bool see_change(void *ctx, const struct store_change *change)
{
	struct walk *walk = ctx;
	struct store_change seen = *change;
	struct shelf_token token;
	struct arena arena;
	if (change->kind != STORE_CHANGE_TEXT
		|| (change->present && !is_elsewhere(walk->store, change->text.api, change->text.kind)))
		return walk->change(walk->ctx, change);
	arena_init(&arena, 0);
	enum store_status status = find_on_shelves(walk->store, change->text.digest, &arena, &token);
	seen.present = status == STORE_OK;
	if (seen.present)
		text_of(&token, &seen.text);
	bool good = status == STORE_OK || status == STORE_NOT_FOUND;
	if (!good)
		walk->failure = status;
	good = good && walk->change(walk->ctx, &seen);
	arena_done(&arena);
	return good;
}

enum store_status shelves_changes(struct store *store, int64_t after,
	bool (*each)(void *ctx, const struct store_change *change), void *ctx, int64_t *ret_revision)
{
	struct walk walk = { .store = store, .change = each, .ctx = ctx };
	enum store_status status = store->ops->changes(store, after, see_change, &walk, ret_revision);
	return walk.failure != STORE_OK ? walk.failure : status;
}

#define NOTE_AT_ONCE 1000

struct collected {
	uint8_t (*digests)[REMIT_DIGEST_SIZE];
	size_t count;
};

static bool collect(void *ctx, const uint8_t digest[REMIT_DIGEST_SIZE])
{
	struct collected *collected = ctx;
	if (collected->count == NOTE_AT_ONCE)
		return false;
	memcpy(collected->digests[collected->count++], digest, REMIT_DIGEST_SIZE);
	return true;
}

/* What others changed on a shelf goes into the feed, where every copy hears of it. */
static enum store_status note_changes(struct store *store, struct shelf *shelf)
{
	struct collected collected = { .digests = malloc(NOTE_AT_ONCE * sizeof(*collected.digests)) };
	enum store_status status = collected.digests ? STORE_STOPPED : STORE_NO_MEMORY;
	while (status == STORE_STOPPED) {
		collected.count = 0;
		status = shelf_changes(shelf, collect, &collected);
		if (collected.count == 0 || (status != STORE_OK && status != STORE_STOPPED))
			break;
		const struct store_note note = { .digests = (const uint8_t (*)[REMIT_DIGEST_SIZE])collected.digests,
			.count = collected.count };
		enum store_status noted = store->ops->note(store, &note, NULL);
		if (noted != STORE_OK) {
			shelf_again(shelf, (const uint8_t (*)[REMIT_DIGEST_SIZE])collected.digests, collected.count);
			status = noted;
		}
	}
	free(collected.digests);
	return status;
}

enum store_status shelves_wait(struct store *store, unsigned timeout_ms, bool *ret_changed)
{
	enum store_status status = STORE_OK;
	for (size_t i = 0; status == STORE_OK && i < store->shelf_count; i++)
		status = note_changes(store, store->shelves[i]);
	/* Also where that failed: it pauses, and whoever asks again at once does not spin. */
	enum store_status waited = store->ops->wait(store, timeout_ms, ret_changed);
	return status != STORE_OK ? status : waited;
}
