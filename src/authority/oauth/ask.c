/* SPDX-License-Identifier: Apache-2.0
 * Reading an authorization request: the client and its redirect first, for until both are good nobody is
 * redirected anywhere (O04); then the rest.
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/oauth/internal.h"

#include "base/text.h"
#include "wire/redirect.h"

#include <stdio.h>

static const char *fault(struct oauth_ask *ask, const char *code, const char *text)
{
	snprintf(ask->error, sizeof(ask->error), "%s", text);
	return code;
}

/* ---- Scopes ---- */

/* Everything is only for those that have a registration, and only by its name. */
static void drop_star(const struct profile *profile, const struct client_row *client, struct remit_scopes *set)
{
	size_t star;
	if (client->kind == CLIENT_DOCUMENT && remit_policy_scope_find(profile->policy, "*", 1, &star) == REMIT_OK)
		set->word[star / 64] &= ~(UINT64_C(1) << (star % 64));
}

/* What a client made by hand may have at most: beyond it nothing is offered. */
static void apply_ceiling(const struct profile *profile, const struct client_row *client, struct remit_scopes *set)
{
	struct remit_scopes ceiling;
	if (!client->scopes)
		return;
	scopes_stored(profile, client->scopes, &ceiling);
	for (size_t i = 0; i < profile->scope_count; i++)
		if (remit_scopes_has(set, i) && !remit_scopes_cover(profile->policy, &ceiling, i))
			set->word[i / 64] &= ~(UINT64_C(1) << (i % 64));
}

const char *oauth_ask_scopes(const struct oauth *oauth, const struct query *query,
	const struct client_row *client, struct arena *arena, struct oauth_ask *ask)
{
	const char *why = NULL;
	struct wish wish;

	ask->api = api_for(oauth, query, client, &why);
	if (!ask->api)
		return fault(ask, "invalid_target", why);
	const struct profile *profile = ask->api->profile;
	wish_read(profile, param(query, "scope"), &wish);
	ask->wanted = wish.known;
	ask->offline = wish.offline && client_may(client, "refresh_token");
	ask->ignored_some = wish.unknown_count > 0;
	/* Nothing but offline_access is no wish either: the default set stands for it. */
	if (wish.known_count == 0 && wish.unknown_count == 0)
		scopes_default(profile, &ask->wanted);
	drop_star(profile, client, &ask->wanted);
	apply_ceiling(profile, client, &ask->wanted);
	if (!scopes_any(profile, &ask->wanted))
		return fault(ask, "invalid_scope", "None of these scopes can be granted here");
	ask->resource = param_text(query, "resource", arena);
	return NULL;
}

/* ---- The redirect ---- */

static bool is_registered(const struct client_row *client, struct str redirect)
{
	struct str rest = str_of(client->redirects), line;
	while (rest.n > 0) {
		str_cut(&rest, '\n', &line);
		if (redirect_matches(line, redirect))
			return true;
	}
	return false;
}

bool oauth_ask_redirect(const struct query *query, struct arena *arena, struct oauth_ask *ask)
{
	struct str asked = param(query, "redirect_uri"), only = str_of(ask->client.redirects);
	struct redirect redirect;
	const char *why = "is not one that the client has registered";

	ask->redirect_given = asked.p != NULL;
	if (!asked.p && only.n > 0 && !memchr(only.p, '\n', only.n))
		asked = only;
	if (!asked.p) {
		fault(ask, "invalid_request", "The request does not say where to go back to (redirect_uri).");
		return false;
	}
	if (!redirect_read(asked, &redirect, &why) || !is_registered(&ask->client, asked)) {
		snprintf(ask->error, sizeof(ask->error), "The redirect_uri %s.", why);
		return false;
	}
	bool app = redirect.kind == REDIRECT_APP;
	ask->redirect = arena_copy(arena, asked);
	ask->redirect_host = arena_copy(arena, app ? redirect.scheme : redirect.host);
	ask->redirect_source = arena_copy(arena, redirect.origin);
	ask->redirect_is_loopback = redirect.kind == REDIRECT_LOOPBACK;
	if (!ask->redirect || !ask->redirect_host || !ask->redirect_source)
		fault(ask, "server_error", "There is no memory.");
	return ask->redirect && ask->redirect_host && ask->redirect_source;
}

const char *oauth_ask_url(const struct oauth *oauth, const struct oauth_ask *ask, const char *name,
	const char *value, const char *description, struct arena *arena)
{
	struct buf out, params;

	buf_init(&out, 64 * 1024);
	buf_init(&params, 32 * 1024);
	add_param(&params, name, str_of(value));
	if (description)
		add_param(&params, "error_description", str_of(description));
	if (ask->state)
		add_param(&params, "state", str_of(ask->state));
	add_param(&params, "iss", str_of(oauth->issuer));
	buf_add_text(&out, ask->redirect);
	buf_add_char(&out, strchr(ask->redirect, '?') ? '&' : '?');
	buf_add_str(&out, buf_str(&params));
	const char *url = out.failed || params.failed ? NULL : arena_copy(arena, buf_str(&out));
	buf_done(&out);
	buf_done(&params);
	return url;
}

/* ---- The rest ---- */

static bool is_challenge(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!base62_is(text.p[i]) && text.p[i] != '-' && text.p[i] != '_')
			return false;
	return text.n == 43; /* of SHA-256 */
}

/* PKCE is never optional, and never plain, which is what a missing method would mean (O06). */
static const char *judge_pkce(const struct query *query, struct arena *arena, struct oauth_ask *ask)
{
	struct str challenge = param(query, "code_challenge");
	if (!challenge.p)
		return fault(ask, "invalid_request", "A code_challenge is required (PKCE)");
	if (!str_is(param(query, "code_challenge_method"), "S256"))
		return fault(ask, "invalid_request", "The code_challenge_method must be S256");
	if (!is_challenge(challenge))
		return fault(ask, "invalid_request", "The code_challenge is no SHA-256 in base64url");
	ask->challenge = arena_copy(arena, challenge);
	return ask->challenge ? NULL : fault(ask, "server_error", "There is no memory");
}

/* The key that the tokens are to be bound to, by its thumbprint (RFC 9449 section 10). */
static const char *judge_key(const struct oauth *oauth, const struct query *query, struct oauth_ask *ask)
{
	struct str jkt = param(query, "dpop_jkt");
	ask->key.bound = jkt.p && oauth->proofs;
	if (ask->key.bound && !proof_jkt_read(jkt, ask->key.jkt))
		return fault(ask, "invalid_request", "The dpop_jkt is no thumbprint of a key");
	return NULL;
}

const char *oauth_ask_judge(const struct oauth *oauth, const struct query *query, struct arena *arena,
	struct oauth_ask *ask)
{
	struct str mode = param(query, "response_mode"), state = param(query, "state");

	if (state.n > LIMIT_OAUTH_STATE_BYTES)
		return fault(ask, "invalid_request", "The state is too long");
	ask->state = state.p ? arena_copy(arena, state) : NULL;
	if (param(query, "request").p)
		return fault(ask, "request_not_supported", "Request objects are not supported here");
	if (!str_is(param(query, "response_type"), "code"))
		return fault(ask, "unsupported_response_type", "The response_type must be code");
	if (mode.p && !str_is(mode, "query"))
		return fault(ask, "invalid_request", "The response_mode must be query");
	if (!client_may(&ask->client, "authorization_code"))
		return fault(ask, "unauthorized_client", "The client may not use this grant");
	if (str_is(param(query, "prompt"), "none"))
		return fault(ask, "interaction_required", "A person is always asked here");
	const char *code = judge_pkce(query, arena, ask);
	code = code ? code : judge_key(oauth, query, ask);
	return code ? code : oauth_ask_scopes(oauth, query, &ask->client, arena, ask);
}

/* ---- The whole ---- */

static enum oauth_ask_result show(struct oauth_ask *ask, const char *text)
{
	if (text)
		fault(ask, NULL, text);
	return OAUTH_ASK_SHOW;
}

/* The request that a request_uri stands for, in the place of what came (RFC 9126 section 4). */
static bool read_pushed(const struct oauth *oauth, struct arena *arena, struct query *query, struct oauth_ask *ask)
{
	struct str uri = param(query, "request_uri");
	const char *text, *why = NULL;
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct id client;

	if (!uri.p)
		return true;
	fault(ask, NULL, "The request was started too long ago, or was answered already. Start again in the application.");
	if (!str_starts(uri, STR(PUSHED_PREFIX)))
		return false;
	ask->pushed = arena_copy(arena, uri);
	text_digest(uri, digest);
	return ask->pushed
		&& store_pushed_find(oauth->authority->store, digest, oauth->now_ms, arena, &client, &text) == STORE_OK
		&& id_eq(&client, &ask->client.id) && params_read(str_of(text), arena, query, &why);
}

enum oauth_ask_result oauth_ask_read(const struct oauth *oauth, struct str raw, struct arena *arena,
	struct oauth_ask *ret)
{
	const char *why = NULL;
	struct query query;
	char text[256];

	*ret = (struct oauth_ask){ .offline = false };
	if (!params_read(raw, arena, &query, &why))
		return show(ret, why);
	ret->query = arena_copy(arena, raw);
	struct str name = param(&query, "client_id");
	if (!name.p || !ret->query)
		return show(ret, "The request does not say which application it comes from (client_id).");
	if (client_find(oauth, name, arena, &ret->client, text) != CLIENT_FOUND)
		return show(ret, text);
	if (!read_pushed(oauth, arena, &query, ret) || !oauth_ask_redirect(&query, arena, ret))
		return OAUTH_ASK_SHOW;
	const char *code = oauth_ask_judge(oauth, &query, arena, ret);
	if (!code)
		return OAUTH_ASK_OK;
	ret->url = oauth_ask_url(oauth, ret, "error", code, ret->error, arena);
	return ret->url ? OAUTH_ASK_REDIRECT : show(ret, "There is no memory.");
}

/* ---- Pushing one beforehand ---- */

static bool is_credential(struct str name)
{
	return str_is(name, "client_secret") || str_is(name, "client_assertion") || str_is(name, "client_assertion_type");
}

static const char *query_without_secrets(const struct query *query, const struct oauth_ask *ask, struct arena *arena)
{
	char jkt[PROOF_JKT_CHARS + 1];
	struct buf out;
	buf_init(&out, 4 * LIMIT_OAUTH_BODY_BYTES);
	add_param(&out, "client_id", str_of(client_name(&ask->client)));
	if (ask->key.bound && !param(query, "dpop_jkt").p) {
		proof_jkt_text(ask->key.jkt, jkt);
		add_param(&out, "dpop_jkt", str_of(jkt));
	}
	for (size_t i = 0; i < query->count; i++) {
		const struct query_pair *pair = &query->pairs[i];
		char name[64];
		if (is_credential(pair->name) || str_is(pair->name, "client_id") || pair->name.n >= sizeof(name))
			continue;
		memcpy(name, pair->name.p, pair->name.n);
		name[pair->name.n] = '\0';
		bool plain = true;
		for (size_t k = 0; name[k]; k++)
			plain = plain && (base62_is(name[k]) || name[k] == '_');
		if (plain)
			add_param(&out, name, pair->value);
	}
	const char *text = out.failed ? NULL : arena_copy(arena, buf_str(&out));
	buf_done(&out);
	return text;
}

static void keep_pushed(const struct oauth *oauth, const struct query *query, const struct oauth_ask *ask,
	struct arena *arena, struct oauth_answer *ret)
{
	const struct client_row *client = &ask->client;
	char uri[sizeof(PUSHED_PREFIX) + TEXT_RANDOM_ROOM] = PUSHED_PREFIX, who[64];
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct store_actor actor = client_actor(oauth, client, who);
	const char *text = query_without_secrets(query, ask, arena);

	text_random(uri + sizeof(PUSHED_PREFIX) - 1);
	text_digest(str_of(uri), digest);
	enum store_status status = text ? store_pushed_add(oauth->authority->store, digest, &client->id, text,
		oauth->now_ms + LIMIT_OAUTH_PUSHED_MS, LIMIT_OAUTH_PUSHED, &actor) : STORE_NO_MEMORY;
	if (status == STORE_FULL) {
		answer_error(ret, 429, "temporarily_unavailable", "Too many requests of this client are waiting");
	} else if (status != STORE_OK) {
		answer_unavailable(ret);
	} else {
		ret->status = 201;
		buf_reset(&ret->body);
		buf_add_char(&ret->body, '{');
		put_text(&ret->body, "request_uri", uri);
		put_number(&ret->body, "expires_in", LIMIT_OAUTH_PUSHED_MS / 1000);
		buf_add_char(&ret->body, '}');
	}
}

void oauth_push(const struct oauth *oauth, const struct oauth_request *request, struct arena *arena,
	struct oauth_answer *ret)
{
	struct oauth_ask ask = { .offline = false };
	struct store_key proven_key;
	struct query query;
	bool proven;

	if (!params_from(request, arena, &query, ret)
		|| !client_authenticate(oauth, request, &query, arena, &ask.client, &proven, ret)
		|| !bind_read(oauth, request, "/oauth/par", &proven_key, ret))
		return;
	if (param(&query, "request_uri").p) {
		answer_error(ret, 400, "invalid_request", "A pushed request names no other");
		return;
	}
	if (!oauth_ask_redirect(&query, arena, &ask)) {
		answer_error(ret, 400, "invalid_request", ask.error);
		return;
	}
	const char *code = oauth_ask_judge(oauth, &query, arena, &ask);
	if (!code && ask.key.bound && proven_key.bound && !bind_holds(&ask.key, &proven_key))
		code = fault(&ask, "invalid_dpop_proof", "The dpop_jkt is of another key than the proof");
	if (!code && proven_key.bound) /* a proof stands for the parameter (RFC 9449 section 10.1) */
		ask.key = proven_key;
	if (code)
		answer_error(ret, 400, code, ask.error);
	else
		keep_pushed(oauth, &query, &ask, arena, ret);
}
