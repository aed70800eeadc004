/* SPDX-License-Identifier: Apache-2.0
 * What may become of a token that is there: it ends, or it gets narrower. Nothing here widens one (D25).
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/internal.h"

#include "base/limits.h"
#include <stdio.h>

const char *token_ended(const struct token_row *token, int64_t now_ms)
{
	if (token->revoked_ms)
		return "revoked";
	if (token->expires_ms && token->expires_ms <= now_ms)
		return "expired";
	return NULL;
}

enum authority_status authority_token_get(const struct authority *a, const char *text, struct arena *arena,
	struct token_row *ret, struct authority_error *reterr)
{
	struct id id;
	char what[100];

	if (!id_parse(str_of(text), &id))
		return authority_fail(reterr, AUTHORITY_NOT_FOUND,
			"That is no token's id: ids have 36 characters, "
			"and `remit token list` shows them.");
	snprintf(what, sizeof(what), "token with the id %s", id.text);
	return authority_stored(store_token_get(a->store, &id, arena, ret), what, reterr);
}

enum authority_status authority_token_revoke(const struct authority *a, const char *id, const char *why,
	const struct store_actor *actor, int64_t *ret_revision, struct authority_error *reterr)
{
	struct faults faults = { .err = reterr };
	struct token_row token;
	struct arena arena;

	if (!reason_check(&faults, why))
		return AUTHORITY_INVALID;
	arena_init(&arena, 0);
	enum authority_status status = authority_token_get(a, id, &arena, &token, reterr);
	if (status == AUTHORITY_OK)
		status = authority_stored(store_token_revoke(a->store, &token.id, why, actor, ret_revision),
			"token", reterr);
	arena_done(&arena);
	return status;
}

static enum authority_status get_live(const struct authority *a, const char *id, int64_t now_ms,
	struct arena *arena, struct token_row *ret, struct authority_error *reterr)
{
	enum authority_status status = authority_token_get(a, id, arena, ret, reterr);
	if (status != AUTHORITY_OK)
		return status;
	const char *ended = token_ended(ret, now_ms);
	if (ended)
		return authority_fail(reterr, AUTHORITY_CONFLICT,
			"The token %s is %s: nothing of it can be changed.", ret->id.text, ended);
	return AUTHORITY_OK;
}

static void judge_edit(struct faults *faults, const struct token_edit *edit, const struct token_row *token,
	int64_t now_ms)
{
	if (edit->name)
		name_check(faults, "The token's name", edit->name);
	if (edit->set_rate && edit->rate != REMIT_RATE_OFF && edit->rate > LIMIT_RATE_PER_MINUTE)
		faults_add(faults, "A rate is at most %d requests a minute.", LIMIT_RATE_PER_MINUTE);
	if (!edit->set_expiry)
		return;
	if (token->expires_ms && (edit->expires_ms == 0 || edit->expires_ms > token->expires_ms))
		faults_add(faults, "The expiry can only be brought forward. For more time make a new token.");
	else if (edit->expires_ms != 0 && edit->expires_ms <= now_ms)
		faults_add(faults, "The expiry is in the past. To end the token at once, revoke it.");
	else if (edit->expires_ms > (int64_t)UINT32_MAX * 1000)
		faults_add(faults, "The expiry is after the year 2105.");
}

enum authority_status authority_token_edit(const struct authority *a, const char *id,
	const struct token_edit *edit, const struct store_actor *actor, int64_t *ret_revision,
	struct authority_error *reterr)
{
	struct faults faults = { .err = reterr };
	struct token_row token;
	struct arena arena;

	arena_init(&arena, 0);
	enum authority_status status = get_live(a, id, actor->now_ms, &arena, &token, reterr);
	if (status != AUTHORITY_OK)
		goto out;
	judge_edit(&faults, edit, &token, actor->now_ms);
	if (edit->set_rate && edit->rate != REMIT_RATE_DEFAULT && store_is_attached(a->store, token.api))
		faults_add(&faults, "The tokens of API %s are kept in the Statamic package's folder, which knows no rates.",
			token.api);
	status = AUTHORITY_INVALID;
	if (faults.count > 0)
		goto out;
	const int64_t old_expires_ms = token.expires_ms;
	if (edit->name)
		token.name = edit->name;
	if (edit->set_rate)
		token.rate = edit->rate;
	if (edit->set_expiry)
		token.expires_ms = edit->expires_ms;
	enum store_status stored =
		store_token_update(a->store, &token, token.scopes, old_expires_ms, actor, ret_revision);
	status = authority_stored(stored,
		stored == STORE_EXISTS ? "live token of this owner with this name" : "token", reterr);
out:
	arena_done(&arena);
	return status;
}

static bool is_listed(struct str scope, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_is(scope, names[i]))
			return true;
	return false;
}

static bool is_held(const char *scopes, const char *name)
{
	struct str rest = str_of(scopes), scope;
	while (rest.n > 0) {
		str_cut(&rest, ' ', &scope);
		if (str_is(scope, name))
			return true;
	}
	return false;
}

/* The token's own list, in its order, without what is not in `names`. NULL without memory. */
static const char *keep_scopes(const char *scopes, const char *const *names, size_t count,
	struct arena *arena)
{
	struct str rest = str_of(scopes), scope;
	char *kept = arena_alloc(arena, rest.n + 1);
	size_t n = 0;

	while (kept && rest.n > 0) {
		str_cut(&rest, ' ', &scope);
		if (!is_listed(scope, names, count))
			continue;
		if (n > 0)
			kept[n++] = ' ';
		memcpy(kept + n, scope.p, scope.n);
		n += scope.n;
	}
	return kept;
}

enum authority_status authority_token_shrink(const struct authority *a, const char *id,
	const char *const *scopes, size_t count, const struct store_actor *actor, int64_t *ret_revision,
	struct authority_error *reterr)
{
	struct faults faults = { .err = reterr };
	struct token_row token;
	struct arena arena;

	arena_init(&arena, 0);
	enum authority_status status = get_live(a, id, actor->now_ms, &arena, &token, reterr);
	if (status != AUTHORITY_OK)
		goto out;
	for (size_t i = 0; i < count; i++)
		if (!is_held(token.scopes, scopes[i]))
			faults_add(&faults, "The token does not have the scope \"%.80s\".", scopes[i]);
	status = AUTHORITY_INVALID;
	if (faults.count > 0)
		goto out;
	const char *old = token.scopes;
	token.scopes = keep_scopes(old, scopes, count, &arena);
	if (!token.scopes) {
		status = authority_fail(reterr, AUTHORITY_UNAVAILABLE, "There is no memory.");
		goto out;
	}
	status = authority_stored(store_token_update(a->store, &token, old, token.expires_ms, actor,
					  ret_revision),
		"token", reterr);
out:
	arena_done(&arena);
	return status;
}

enum authority_status authority_token_prune(const struct authority *a, int64_t older_than_ms,
	const struct store_actor *actor, int64_t *ret_count, struct authority_error *reterr)
{
	if (older_than_ms < 0)
		return authority_fail(reterr, AUTHORITY_INVALID, "Only what has ended can be forgotten.");
	return authority_stored(store_token_prune(a->store, actor->now_ms - older_than_ms, actor, ret_count),
		"token", reterr);
}
