/* SPDX-License-Identifier: Apache-2.0
 * Revocation by a client (RFC 7009), and introspection by a resource server (RFC 7662).
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/oauth/internal.h"

/* ---- Revocation ---- */

static enum store_status revoke_refresh(const struct oauth *oauth, const struct client_row *client,
	const uint8_t *digest, struct arena *arena, const struct store_actor *actor, int64_t *revision)
{
	struct refresh_row row;
	struct store *store = oauth->authority->store;
	enum store_status status = store_refresh_find(store, digest, arena, &row);

	if (status != STORE_OK)
		return status;
	if (!id_eq(&row.client, &client->id))
		return STORE_NOT_FOUND;
	return store_family_revoke(store, &row.family, "the client gave it back", actor, revision);
}

static enum store_status revoke_access(const struct oauth *oauth, const struct client_row *client,
	const uint8_t *digest, struct arena *arena, const struct store_actor *actor, int64_t *revision)
{
	struct token_row row;
	struct store *store = oauth->authority->store;
	enum store_status status = store_token_find(store, digest, arena, &row);

	if (status != STORE_OK)
		return status;
	if (!id_is_set(&row.client) || !id_eq(&row.client, &client->id))
		return STORE_NOT_FOUND;
	return store_token_revoke(store, &row.id, "the client gave it back", actor, revision);
}

/* What is unknown, or another client's, is answered as what was revoked (RFC 7009 section 2.2): nothing is
 * to be learned here. */
void oauth_revoke(const struct oauth *oauth, const struct oauth_request *request, struct arena *arena,
	struct oauth_answer *ret)
{
	struct query query;
	struct client_row client;
	bool proven;
	uint8_t digest[REMIT_DIGEST_SIZE];
	char who[64];

	if (!params_from(request, arena, &query, ret)
		|| !client_authenticate(oauth, request, &query, arena, &client, &proven, ret))
		return;
	struct str text = param(&query, "token");
	if (!text.p) {
		answer_error(ret, 400, "invalid_request", "There is no token");
		return;
	}
	text_digest(text, digest);
	struct store_actor actor = client_actor(oauth, &client, who);
	enum store_status status = revoke_refresh(oauth, &client, digest, arena, &actor, &ret->revision);
	if (status == STORE_NOT_FOUND)
		status = revoke_access(oauth, &client, digest, arena, &actor, &ret->revision);
	if (status != STORE_OK && status != STORE_NOT_FOUND) {
		answer_unavailable(ret);
		return;
	}
	ret->status = 200;
	buf_reset(&ret->body);
}

/* ---- Introspection ---- */

static void answer_inactive(struct oauth_answer *ret)
{
	ret->status = 200;
	buf_reset(&ret->body);
	buf_add_text(&ret->body, "{\"active\":false}");
}

static void answer_token(const struct oauth *oauth, const struct token_row *token, struct arena *arena,
	struct oauth_answer *ret)
{
	struct buf *out = &ret->body;
	const struct authority_api *api = api_named(oauth, token->api);

	ret->status = 200;
	buf_reset(out);
	buf_add_text(out, "{\"active\":true");
	put_text(out, "scope", token->scopes);
	put_text(out, "client_id", id_is_set(&token->client) ? token->client.text : NULL);
	put_text(out, "username", token->owner_email);
	put_text(out, "token_type", token->key.bound ? "DPoP" : "Bearer");
	if (token->expires_ms)
		put_number(out, "exp", token->expires_ms / 1000);
	put_number(out, "iat", token->created_ms / 1000);
	put_text(out, "sub", token->owner.text);
	put_text(out, "aud", api ? api_resource(oauth, api, arena) : NULL);
	put_text(out, "iss", oauth->issuer);
	put_text(out, "jti", token->id.text);
	put_text(out, "project", id_is_set(&token->project) ? token->project.text : NULL);
	if (token->key.bound) { /* RFC 9449 section 6.2 */
		char jkt[PROOF_JKT_CHARS + 1];
		proof_jkt_text(token->key.jkt, jkt);
		buf_printf(out, ",\"cnf\":{\"jkt\":\"%s\"}", jkt);
	}
	buf_add_char(out, '}');
	if (out->failed)
		answer_unavailable(ret);
}

/* The client and the token in one look at the store. */
static enum client_found look(const struct oauth *oauth, struct str name, struct str token, struct arena *arena,
	struct store_look *ret)
{
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct id id;

	if (!id_parse(name, &id))
		return CLIENT_UNKNOWN; /* those that are known by a URL are not made by hand */
	text_digest(token, digest);
	if (store_look(oauth->authority->store, &id, digest, arena, ret) != STORE_OK)
		return CLIENT_UNAVAILABLE;
	return ret->client_found && !ret->client.revoked_ms ? CLIENT_FOUND : CLIENT_UNKNOWN;
}

/* Only of tokens of the caller's own API: what is another's is not active here. */
void oauth_introspect(const struct oauth *oauth, const struct oauth_request *request, struct arena *arena,
	struct oauth_answer *ret)
{
	struct store_look seen = { .token_found = false };
	struct client_shown shown;
	struct query query;
	bool proven;

	if (!params_from(request, arena, &query, ret) || !client_named(request, &query, arena, &shown, ret))
		return;
	struct str text = param(&query, "token");
	if (!client_judge(look(oauth, shown.id, text, arena, &seen), &seen.client, &shown, &proven, ret))
		return;
	if (!proven || seen.client.kind != CLIENT_BY_HAND || !seen.client.api)
		answer_error(ret, 403, "unauthorized_client", "Only a client made by hand may ask");
	else if (!text.p)
		answer_error(ret, 400, "invalid_request", "There is no token");
	else if (!seen.token_found || !seen.owner_active || token_ended(&seen.token, oauth->now_ms)
		|| strcmp(seen.token.api, seen.client.api) != 0)
		answer_inactive(ret);
	else
		answer_token(oauth, &seen.token, arena, ret);
}
