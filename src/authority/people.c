/* SPDX-License-Identifier: Apache-2.0
 * People: who may own tokens and projects. A password is kept as its argon2id hash only.
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/internal.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>

/* OWASP's first choice for argon2id: 19 MiB, two passes. */
#define PASSWORD_MEMORY_BYTES (19u * 1024 * 1024)
#define PASSWORD_PASSES 2
/* Shorter ones are guessed; longer ones are no passwords. */
#define PASSWORD_BYTES_MIN 12
#define PASSWORD_BYTES_MAX 1024

bool authority_init(void)
{
	return sodium_init() >= 0;
}

struct id id_new(int64_t now_ms)
{
	uint8_t random[10];
	randombytes_buf(random, sizeof(random));
	return id_make(now_ms, random);
}

static void password_check(struct faults *f, const char *password)
{
	size_t n = password ? strlen(password) : PASSWORD_BYTES_MIN;
	if (n < PASSWORD_BYTES_MIN || n > PASSWORD_BYTES_MAX)
		faults_add(f, "A password has %d to %d bytes.", PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX);
}

enum authority_status authority_user_add(const struct authority *a, const char *email, const char *password,
	bool admin, const struct store_actor *actor, struct id *ret, struct authority_error *reterr)
{
	struct faults faults = { .err = reterr };
	char hash[crypto_pwhash_STRBYTES], what[300];

	email_check(&faults, email);
	password_check(&faults, password);
	if (faults.count > 0)
		return AUTHORITY_INVALID;
	if (password &&
		crypto_pwhash_str_alg(hash, password, strlen(password), PASSWORD_PASSES,
			PASSWORD_MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13) != 0)
		return authority_fail(reterr, AUTHORITY_UNAVAILABLE,
			"There is no memory to hash the password.");
	struct user_row user = {
		.id = id_new(actor->now_ms),
		.email = email,
		.password_hash = password ? hash : NULL,
		.admin = admin,
		.created_ms = actor->now_ms,
	};
	snprintf(what, sizeof(what), "user %s", email);
	enum authority_status status = authority_stored(store_user_add(a->store, &user, actor), what, reterr);
	if (status == AUTHORITY_OK)
		*ret = user.id;
	return status;
}

enum authority_status authority_user_find(const struct authority *a, const char *who, struct arena *arena,
	struct user_row *ret, struct authority_error *reterr)
{
	struct faults faults = { .err = reterr };
	struct id id;
	char what[300];

	assert(who);
	if (id_parse(str_of(who), &id)) {
		snprintf(what, sizeof(what), "user with the id %s", id.text);
		return authority_stored(store_user_get(a->store, &id, arena, ret), what, reterr);
	}
	if (!email_check(&faults, who))
		return AUTHORITY_INVALID;
	snprintf(what, sizeof(what), "user %s", who);
	enum store_status found = store_user_find(a->store, who, arena, ret);
	if (found == STORE_NOT_FOUND)
		return authority_fail(reterr, AUTHORITY_NOT_FOUND,
			"There is no user %s; `remit user add %s` makes one.", who, who);
	return authority_stored(found, what, reterr);
}

enum authority_status authority_user_disable(const struct authority *a, const char *who, bool disabled,
	const struct store_actor *actor, int64_t *ret_revision, struct authority_error *reterr)
{
	struct user_row user;
	struct arena arena;

	arena_init(&arena, 0);
	enum authority_status status = authority_user_find(a, who, &arena, &user, reterr);
	if (status == AUTHORITY_OK)
		status = authority_stored(store_user_disable(a->store, &user.id, disabled, actor,
						  ret_revision),
			"user", reterr);
	arena_done(&arena);
	return status;
}

enum authority_status authority_user_remove(const struct authority *a, const char *who,
	const struct store_actor *actor, int64_t *ret_revision, struct authority_error *reterr)
{
	struct user_row user;
	struct arena arena;

	arena_init(&arena, 0);
	enum authority_status status = authority_user_find(a, who, &arena, &user, reterr);
	if (status != AUTHORITY_OK)
		goto out;
	enum store_status stored = store_user_remove(a->store, &user.id, actor, ret_revision);
	if (stored == STORE_CONFLICT)
		status = authority_fail(reterr, AUTHORITY_CONFLICT,
			"%s still owns projects. Remove those first.", user.email);
	else
		status = authority_stored(stored, "user", reterr);
out:
	arena_done(&arena);
	return status;
}

enum store_status authority_token_owner(const struct authority *a, const struct token_row *token, struct arena *arena,
	struct user_row *ret, const struct remit_scopes **ret_ceiling)
{
	static const struct remit_scopes nothing;
	const struct owner_source *source = NULL;
	struct owner_view view;
	struct id_bytes number;
	*ret_ceiling = NULL;
	for (size_t i = 0; i < a->api_count; i++)
		if (strcmp(a->apis[i].name, token->api) == 0)
			source = a->apis[i].owners;
	enum store_status status = store_user_get(a->store, &token->owner, arena, ret);
	if (!source || (status != STORE_OK && status != STORE_NOT_FOUND)
		|| (status == STORE_OK && ret->admin && !ret->disabled_ms))
		return status;
	if (!id_to_bytes(&token->owner, &number) || !source->get(source->ctx, &number, &view)) {
		*ret_ceiling = &nothing;
		return status;
	}
	*ret = (struct user_row){ .id = view.id, .email = view.email, .admin = view.super };
	*ret_ceiling = view.super ? NULL : view.ceiling;
	return STORE_OK;
}
