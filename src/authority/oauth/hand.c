/* SPDX-License-Identifier: Apache-2.0
 * Clients made by hand, and what people granted: for commands and pages.
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/oauth/internal.h"

#include "wire/redirect.h"

#include <sodium.h>
#include <stdio.h>

/* ---- A client's terms: those of a token that its owner could have ---- */

static bool check_redirects(struct faults *f, const struct oauth_client_request *request, struct buf *lines)
{
	struct redirect redirect;
	const char *why;

	if (request->redirect_count > LIMIT_OAUTH_REDIRECTS)
		faults_add(f, "There are more than %d redirect URIs.", LIMIT_OAUTH_REDIRECTS);
	for (size_t i = 0; i < request->redirect_count; i++) {
		if (!redirect_read(str_of(request->redirects[i]), &redirect, &why))
			faults_add(f, "The redirect URI \"%.200s\" %s.", request->redirects[i], why);
		if (lines->n > 0)
			buf_add_char(lines, '\n');
		buf_add_text(lines, request->redirects[i]);
	}
	if (request->is_public && request->redirect_count == 0)
		faults_add(f, "A public client needs a redirect URI: it has nothing but what people grant it.");
	return f->count == 0;
}

static const char *grants_of(const struct oauth_client_request *request)
{
	if (request->is_public)
		return "authorization_code refresh_token " GRANT_DEVICE;
	if (request->redirect_count > 0)
		return "authorization_code refresh_token client_credentials " GRANT_DEVICE " " GRANT_EXCHANGE;
	return "client_credentials " GRANT_EXCHANGE;
}

static enum authority_status judge_client(const struct oauth *oauth, const struct oauth_client_request *request,
	struct buf *lines, struct arena *arena, struct token_terms *ret, struct authority_error *reterr)
{
	struct faults faults = { .err = reterr };
	const struct token_request like = {
		.api = request->api, .owner = request->owner, .name = request->name, .scopes = request->scopes,
		.scope_count = request->scope_count, .project = request->project,
		/* Its tokens are short-lived whatever the API says. */
		.expiry = TOKEN_EXPIRY_AT, .expires_ms = oauth->now_ms + 1,
	};

	if (!check_redirects(&faults, request, lines))
		return AUTHORITY_INVALID;
	const struct authority_api named = { .name = request->api };
	if (!oauth_grants_api(&named))
		return authority_fail(reterr, AUTHORITY_INVALID, "Of Remit's own API clients get no tokens: make one by hand.");
	if (request->scope_count == 0)
		return authority_fail(reterr, AUTHORITY_INVALID, "A client needs at least one scope: its ceiling.");
	return terms_judge(oauth->authority, &like, oauth->now_ms, false, arena, ret, reterr);
}

enum authority_status oauth_client_add(const struct oauth *oauth, const struct oauth_client_request *request,
	const struct store_actor *actor, struct id *ret, char ret_secret[OAUTH_SECRET_ROOM],
	struct authority_error *reterr)
{
	char secret[OAUTH_SECRET_ROOM] = "";
	struct token_terms terms;
	struct arena arena;
	struct buf lines;

	arena_init(&arena, 0);
	buf_init(&lines, LIMIT_OAUTH_REDIRECTS * (REDIRECT_BYTES_MAX + 1) + 1);
	enum authority_status status = judge_client(oauth, request, &lines, &arena, &terms, reterr);
	if (status != AUTHORITY_OK)
		goto out;
	status = authority_fail(reterr, AUTHORITY_UNAVAILABLE, "There is no memory.");
	if (!buf_add_char(&lines, '\0'))
		goto out;
	struct client_row row = {
		.id = id_new(actor->now_ms), .kind = CLIENT_BY_HAND, .name = request->name, .redirects = lines.p,
		.confidential = !request->is_public, .grants = grants_of(request), .api = terms.api->name,
		.scopes = terms.scopes, .owner = terms.owner.id, .project = terms.project, .created_ms = actor->now_ms,
	};
	if (row.confidential)
		text_client_secret(secret, row.secret);
	status = authority_stored(
		store_client_add(oauth->authority->store, &row, UINT64_MAX, actor, ret), "such owner or project", reterr);
	if (status == AUTHORITY_OK)
		memcpy(ret_secret, secret, sizeof(secret));
out:
	sodium_memzero(secret, sizeof(secret));
	buf_done(&lines);
	arena_done(&arena);
	return status;
}

enum authority_status oauth_client_get(const struct oauth *oauth, const char *text, struct arena *arena,
	struct client_row *ret, struct authority_error *reterr)
{
	struct store *store = oauth->authority->store;
	struct id id;
	char what[100] = "client with this URL";

	if (str_starts(str_of(text), STR("https://")))
		return authority_stored(store_client_find_url(store, text, arena, ret), what, reterr);
	if (!id_parse(str_of(text), &id))
		return authority_fail(reterr, AUTHORITY_NOT_FOUND,
			"That is no client's id: ids have 36 characters, and `remit client list` shows them.");
	snprintf(what, sizeof(what), "client with the id %s", id.text);
	return authority_stored(store_client_get(store, &id, arena, ret), what, reterr);
}

enum authority_status oauth_client_revoke(const struct oauth *oauth, const char *text, const char *why,
	const struct store_actor *actor, int64_t *ret_revision, struct authority_error *reterr)
{
	struct faults faults = { .err = reterr };
	struct client_row client;
	struct arena arena;

	if (!reason_check(&faults, why))
		return AUTHORITY_INVALID;
	arena_init(&arena, 0);
	enum authority_status status = oauth_client_get(oauth, text, &arena, &client, reterr);
	if (status == AUTHORITY_OK)
		status = authority_stored(
			store_client_revoke(oauth->authority->store, &client.id, why, actor, ret_revision), "client", reterr);
	arena_done(&arena);
	return status;
}

/* ---- Authorized apps ---- */

enum authority_status oauth_app_each(const struct oauth *oauth, const struct id *user,
	bool (*each)(void *ctx, const struct grant_row *row), void *ctx, struct authority_error *reterr)
{
	enum store_status status = store_grant_each(oauth->authority->store, user, NULL, each, ctx);
	return authority_stored(status == STORE_STOPPED ? STORE_OK : status, "grant", reterr);
}

enum authority_status oauth_app_revoke(const struct oauth *oauth, const struct id *user, const char *grant,
	const struct store_actor *actor, int64_t *ret_revision, struct authority_error *reterr)
{
	struct store *store = oauth->authority->store;
	struct grant_row row;
	struct arena arena;
	struct id id;

	if (!id_parse(str_of(grant), &id))
		return authority_fail(reterr, AUTHORITY_NOT_FOUND, "There is no such authorized application.");
	arena_init(&arena, 0);
	enum store_status status = store_grant_get(store, &id, &arena, &row);
	if (status == STORE_OK && user && !id_eq(&row.user, user))
		status = STORE_NOT_FOUND;
	if (status == STORE_OK)
		status = store_grant_revoke(store, &id, "the access was taken back", actor, ret_revision);
	arena_done(&arena);
	return authority_stored(status, "such authorized application", reterr);
}
