/* SPDX-License-Identifier: Apache-2.0
 * Making token texts: for a new token, a new text of the same one, or a new one in the old one's
 * place. The text leaves here once; the store gets its digest (D12).
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/internal.h"

#include <sodium.h>
#include <stdio.h>

void token_issued_done(struct token_issued *issued)
{
	sodium_memzero(issued->text, sizeof(issued->text));
}

/* A fresh text into `issued`, and its digest. */
static bool write_text(const struct profile *profile, struct token_issued *issued,
	uint8_t ret_digest[REMIT_DIGEST_SIZE])
{
	uint8_t random[REMIT_TOKEN_RANDOM];
	randombytes_buf(random, sizeof(random));
	enum remit_status status =
		remit_token_write(profile->token_prefix, REMIT_TOKEN_PERSONAL, random, issued->text);
	sodium_memzero(random, sizeof(random));
	if (status != REMIT_OK)
		return false;
	crypto_hash_sha256(ret_digest, (const uint8_t *)issued->text, strlen(issued->text));
	return true;
}

/* Hands a text out where all went well, else wipes it. */
static enum authority_status hand_out(enum authority_status status, struct token_issued *issued,
	struct token_issued *ret)
{
	if (status == AUTHORITY_OK)
		*ret = *issued;
	token_issued_done(issued);
	return status;
}

static struct token_row row_of(const struct token_request *request, const struct token_terms *terms,
	int64_t now_ms)
{
	return (struct token_row){
		.id = id_new(now_ms),
		.kind = REMIT_TOKEN_PERSONAL,
		.name = request->name,
		.owner = terms->owner.id,
		.owner_text = terms->owner_text,
		.api = terms->api->name,
		.scopes = terms->scopes,
		.preset = request->preset,
		.project = terms->project,
		.created_ms = now_ms,
		.expires_ms = terms->expires_ms,
		.rate = request->rate,
		.ceiling = terms->ceiling,
	};
}

static void taken_name(const char *name, const char *email, char *ret, size_t room)
{
	snprintf(ret, room, "live token named \"%s\" of %s in this API", name, email);
}

enum authority_status authority_token_create(const struct authority *a, const struct token_request *request,
	const struct store_actor *actor, struct token_issued *ret, struct authority_error *reterr)
{
	struct token_issued issued = { 0 };
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct token_terms terms;
	struct arena arena;
	char what[1500];

	arena_init(&arena, 0);
	enum authority_status status = terms_judge(a, request, actor->now_ms, true, &arena, &terms, reterr);
	if (status != AUTHORITY_OK)
		goto out;
	if (!write_text(terms.api->profile, &issued, digest)) {
		status = authority_fail(reterr, AUTHORITY_INVALID, "API %s has no good token prefix.",
			terms.api->name);
		goto out;
	}
	struct token_row row = row_of(request, &terms, actor->now_ms);
	issued.id = row.id;
	taken_name(row.name, terms.owner.email, what, sizeof(what));
	status = authority_stored(store_token_add(a->store, &row, digest, actor, &issued.revision), what,
		reterr);
out:
	arena_done(&arena);
	return hand_out(status, &issued, ret);
}

static bool is_of_site(const struct authority_api *api, const struct id *owner)
{
	struct owner_view view;
	struct id_bytes number;
	return api->owners && id_to_bytes(owner, &number) && api->owners->get(api->owners->ctx, &number, &view);
}

/* A personal token that is live and whose owner is there: what may get a new text. */
static enum authority_status get_renewable(const struct authority *a, const char *id, int64_t now_ms,
	struct arena *arena, struct token_row *ret, const struct authority_api **ret_api,
	struct authority_error *reterr)
{
	struct user_row owner;
	enum authority_status status = authority_token_get(a, id, arena, ret, reterr);
	if (status != AUTHORITY_OK)
		return status;
	const char *ended = token_ended(ret, now_ms);
	if (ended)
		return authority_fail(reterr, AUTHORITY_CONFLICT, "The token %s is %s. Make a new one.",
			ret->id.text, ended);
	if (ret->kind != REMIT_TOKEN_PERSONAL)
		return authority_fail(reterr, AUTHORITY_CONFLICT,
			"The token %s is an OAuth client's, which renews it itself.", ret->id.text);
	*ret_api = authority_api(a, ret->api, reterr);
	if (!*ret_api)
		return AUTHORITY_INVALID;
	if (is_of_site(*ret_api, &ret->owner))
		return AUTHORITY_OK;
	status = authority_user_find(a, ret->owner.text, arena, &owner, reterr);
	if (status != AUTHORITY_OK)
		return status;
	if (owner.disabled_ms)
		return authority_fail(reterr, AUTHORITY_CONFLICT, "Its owner, %s, is disabled.", owner.email);
	return AUTHORITY_OK;
}

enum authority_status authority_token_rotate(const struct authority *a, const char *id, int64_t overlap_ms,
	const struct token_ceiling *within, const struct store_actor *actor, struct token_issued *ret,
	struct authority_error *reterr)
{
	const struct authority_api *api = NULL;
	struct token_issued issued = { 0 };
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct token_row token;
	struct arena arena;

	if (overlap_ms < 0)
		return authority_fail(reterr, AUTHORITY_INVALID, "An overlap is not less than nothing.");
	arena_init(&arena, 0);
	enum authority_status status = get_renewable(a, id, actor->now_ms, &arena, &token, &api, reterr);
	if (status == AUTHORITY_OK && within)
		status = authority_ceiling_check(a, within, &token, reterr);
	if (status != AUTHORITY_OK)
		goto out;
	if (overlap_ms > 0 && store_is_attached(a->store, api->name)) {
		status = authority_fail(reterr, AUTHORITY_INVALID,
			"The tokens of API %s are kept in the Statamic package's folder, which knows one text of a token: "
			"there is no overlap.", api->name);
		goto out;
	}
	if (!write_text(api->profile, &issued, digest)) {
		status = authority_fail(reterr, AUTHORITY_INVALID, "API %s has no good token prefix.",
			api->name);
		goto out;
	}
	issued.id = token.id;
	status = authority_stored(store_token_rotate(a->store, &token.id, digest, actor->now_ms + overlap_ms,
					  actor, &issued.revision),
		"token", reterr);
out:
	arena_done(&arena);
	return hand_out(status, &issued, ret);
}

/* The old one's terms but for the scopes; refused, not shortened, where they are too wide by now. */
static struct token_request request_like(const struct token_row *old, const char *preset)
{
	return (struct token_request){
		.api = old->api,
		.owner = old->owner.text,
		.name = old->name,
		.preset = preset,
		.project = id_is_set(&old->project) ? old->project.text : NULL,
		.expiry = old->expires_ms ? TOKEN_EXPIRY_AT : TOKEN_EXPIRY_NEVER,
		.expires_ms = old->expires_ms,
		.rate = old->rate,
	};
}

enum authority_status authority_token_regenerate(const struct authority *a, const char *id,
	const char *preset, const struct token_ceiling *within, const struct store_actor *actor,
	struct token_issued *ret, struct authority_error *reterr)
{
	const struct authority_api *api = NULL;
	struct token_issued issued = { 0 };
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct token_terms terms;
	struct token_row old;
	struct arena arena;

	if (!preset)
		return authority_fail(reterr, AUTHORITY_INVALID, "The preset is missing.");
	arena_init(&arena, 0);
	enum authority_status status = get_renewable(a, id, actor->now_ms, &arena, &old, &api, reterr);
	if (status != AUTHORITY_OK)
		goto out;
	struct token_request request = request_like(&old, preset);
	struct token_ceiling ceiling;
	if (authority_ceiling_read(old.ceiling, &arena, &ceiling))
		request.ceiling = &ceiling;
	request.within = within;
	status = terms_judge(a, &request, actor->now_ms, false, &arena, &terms, reterr);
	if (status != AUTHORITY_OK)
		goto out;
	if (!write_text(api->profile, &issued, digest)) {
		status = authority_fail(reterr, AUTHORITY_INVALID, "API %s has no good token prefix.",
			api->name);
		goto out;
	}
	struct token_row row = row_of(&request, &terms, actor->now_ms);
	issued.id = row.id;
	status = authority_stored(store_token_replace(a->store, &old.id, &row, digest, actor,
					  &issued.revision),
		"token", reterr);
out:
	arena_done(&arena);
	return hand_out(status, &issued, ret);
}
