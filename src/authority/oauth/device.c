/* SPDX-License-Identifier: Apache-2.0
 * The device grant (RFC 8628): a machine without a browser shows a code, a person answers elsewhere.
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/oauth/internal.h"

#include <sodium.h>
#include <stdio.h>

/* No vowels, so no words; nothing that looks like another (RFC 8628 section 6.1). */
static const char letters[] = "BCDFGHJKLMNPQRSTVWXZ";

static void make_user_code(char ret[10])
{
	for (size_t i = 0; i < 9; i++)
		ret[i] = i == 4 ? '-' : letters[randombytes_uniform(sizeof(letters) - 1)];
	ret[9] = '\0';
}

static void answer_codes(const struct oauth *oauth, const char *device_code, const char *user_code,
	struct arena *arena, struct oauth_answer *ret)
{
	struct buf *out = &ret->body;
	const char *uri = arena_printf(arena, "%s/oauth/device", oauth->issuer);
	const char *complete = arena_printf(arena, "%s/oauth/device?user_code=%s", oauth->issuer, user_code);

	if (!uri || !complete) {
		answer_unavailable(ret);
		return;
	}
	ret->status = 200;
	ret->secret = true;
	buf_reset(out);
	buf_reserve(out, 1024);
	buf_add_char(out, '{');
	put_text(out, "device_code", device_code);
	put_text(out, "user_code", user_code);
	put_text(out, "verification_uri", uri);
	put_text(out, "verification_uri_complete", complete);
	put_number(out, "expires_in", LIMIT_OAUTH_DEVICE_MS / 1000);
	put_number(out, "interval", LIMIT_OAUTH_DEVICE_INTERVAL_MS / 1000);
	buf_add_char(out, '}');
}

static enum store_status keep_device(const struct oauth *oauth, struct device_row *row,
	const struct client_row *client, const char *device_code, char user_code[10])
{
	uint8_t digest[REMIT_DIGEST_SIZE], user_digest[REMIT_DIGEST_SIZE];
	enum store_status status = STORE_EXISTS;
	char who[64];
	struct store_actor actor = client_actor(oauth, client, who);

	text_digest(str_of(device_code), digest);
	for (int i = 0; i < 3 && status == STORE_EXISTS; i++) {
		make_user_code(user_code);
		if (!text_user_code(oauth, str_of(user_code), user_digest))
			return STORE_UNAVAILABLE;
		status = store_device_add(oauth->authority->store, row, digest, user_digest, LIMIT_OAUTH_DEVICES, &actor);
	}
	return status;
}

void oauth_device_authorization(const struct oauth *oauth, const struct oauth_request *request,
	struct arena *arena, struct oauth_answer *ret)
{
	struct query query;
	struct client_row client;
	struct oauth_ask ask = { .offline = false };
	bool proven;
	char device_code[TEXT_RANDOM_ROOM], user_code[10];

	if (!params_from(request, arena, &query, ret)
		|| !client_authenticate(oauth, request, &query, arena, &client, &proven, ret))
		return;
	if (!client_may(&client, GRANT_DEVICE)) {
		answer_error(ret, 400, "unauthorized_client", "The client may not use this grant");
		return;
	}
	const char *code = oauth_ask_scopes(oauth, &query, &client, arena, &ask);
	if (code) {
		answer_error(ret, 400, code, ask.error);
		return;
	}
	struct device_row row = {
		.client = client.id, .api = ask.api->name,
		.scopes = scopes_text(ask.api->profile, &ask.wanted, arena), .resource = ask.resource,
		.offline = ask.offline, .created_ms = oauth->now_ms, .expires_ms = oauth->now_ms + LIMIT_OAUTH_DEVICE_MS,
		.interval_ms = LIMIT_OAUTH_DEVICE_INTERVAL_MS,
	};
	text_random(device_code);
	enum store_status status =
		row.scopes ? keep_device(oauth, &row, &client, device_code, user_code) : STORE_NO_MEMORY;
	if (status == STORE_OK)
		answer_codes(oauth, device_code, user_code, arena, ret);
	else if (status == STORE_FULL)
		answer_error(ret, 400, "slow_down", "Too many devices of this client are waiting");
	else
		answer_unavailable(ret);
	sodium_memzero(device_code, sizeof(device_code));
}

/* ---- The device asks ---- */

static bool issue_device(struct token_call *call, const struct device_row *device, const uint8_t *digest)
{
	const struct oauth *oauth = call->oauth;
	const struct authority_api *api = api_named(oauth, device->api);
	enum store_outcome outcome = STORE_ENDED;
	int64_t revision = 0;
	char who[64];
	bool done = false;

	if (!api)
		return answer_error(call->answer, 400, "invalid_grant", "The API is not served here any more");
	struct issue issue = {
		.api = api, .client = &call->client, .owner = device->user, .project = device->project,
		.grant = device->grant, .family = device->family, .scopes = device->approved,
		.offline = device->approved_offline, .key = call->key,
		.ends_ms = api->profile->max_lifetime_ms ? oauth->now_ms + api->profile->max_lifetime_ms : 0,
	};
	struct store_actor actor = client_actor(oauth, &call->client, who);
	if (!issue_prepare(oauth, &issue)
		|| store_device_redeem(oauth->authority->store, digest, &issue.row, &actor, &outcome, &revision) != STORE_OK) {
		answer_unavailable(call->answer);
	} else if (outcome == STORE_ISSUED) {
		issue_answer(oauth, &issue, NULL, revision, call->answer);
		done = true;
	} else {
		answer_error(call->answer, 400, "invalid_grant", "The grant was ended");
	}
	issue_done(&issue);
	return done;
}

bool grant_device(struct token_call *call)
{
	struct str text = param(&call->query, "device_code");
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct device_row device;
	bool too_soon;

	if (!text.p)
		return answer_error(call->answer, 400, "invalid_request", "There is no device_code");
	text_digest(text, digest);
	enum store_status status = store_device_poll(call->oauth->authority->store, digest, &call->client.id,
		call->oauth->now_ms, call->arena, &device, &too_soon);
	if (status == STORE_NOT_FOUND)
		return answer_error(call->answer, 400, "invalid_grant", "The device_code is unknown or was used");
	if (status != STORE_OK)
		return answer_unavailable(call->answer);
	if (device.expires_ms <= call->oauth->now_ms)
		return answer_error(call->answer, 400, "expired_token", "The device_code has expired");
	if (too_soon)
		return answer_error(call->answer, 400, "slow_down", "Ask less often");
	switch (device.state) {
	case DEVICE_WAITING:
		return answer_error(call->answer, 400, "authorization_pending", "Nobody has answered yet");
	case DEVICE_DENIED:
		return answer_error(call->answer, 400, "access_denied", "It was refused");
	case DEVICE_APPROVED:
		break;
	}
	return issue_device(call, &device, digest);
}

/* ---- The person answers ---- */

static enum authority_status find_waiting(const struct oauth *oauth, const char *user_code, uint8_t ret_digest[32],
	struct arena *arena, struct device_row *ret, struct authority_error *reterr)
{
	enum store_status status = STORE_NOT_FOUND;
	if (text_user_code(oauth, str_of(user_code), ret_digest))
		status = store_device_find(oauth->authority->store, ret_digest, arena, ret);
	if (status == STORE_OK && (ret->state != DEVICE_WAITING || ret->expires_ms <= oauth->now_ms))
		status = STORE_NOT_FOUND;
	if (status == STORE_NOT_FOUND)
		return authority_fail(reterr, AUTHORITY_NOT_FOUND,
			"No device waits for this code: look at it again, or let the device show a new one.");
	return authority_stored(status, "device code", reterr);
}

enum authority_status oauth_device_find(const struct oauth *oauth, const char *user_code, struct arena *arena,
	struct oauth_ask *ret, struct authority_error *reterr)
{
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct device_row device;

	*ret = (struct oauth_ask){ .offline = false };
	enum authority_status status = find_waiting(oauth, user_code, digest, arena, &device, reterr);
	if (status == AUTHORITY_OK)
		status = authority_stored(
			store_client_get(oauth->authority->store, &device.client, arena, &ret->client), "client", reterr);
	if (status != AUTHORITY_OK)
		return status;
	ret->api = api_named(oauth, device.api);
	if (!ret->api || ret->client.revoked_ms)
		return authority_fail(reterr, AUTHORITY_NOT_FOUND, "The client or the API is not there any more.");
	scopes_stored(ret->api->profile, device.scopes, &ret->wanted);
	ret->offline = device.offline;
	ret->resource = device.resource;
	return AUTHORITY_OK;
}

enum authority_status oauth_device_approve(const struct oauth *oauth, const char *user_code,
	const struct oauth_approval *approval, struct authority_error *reterr)
{
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct store_approval stored;
	struct oauth_ask ask;
	struct arena arena;
	char who[64];

	arena_init(&arena, 0);
	enum authority_status status = oauth_device_find(oauth, user_code, &arena, &ask, reterr);
	if (status == AUTHORITY_OK)
		status = oauth_ask_judge_approval(oauth, &ask, approval, &arena, &stored, reterr);
	if (status == AUTHORITY_OK) {
		struct id family = id_new(oauth->now_ms);
		snprintf(who, sizeof(who), "user:%s", approval->user.text);
		struct store_actor actor = { who, oauth->now_ms };
		if (!text_user_code(oauth, str_of(user_code), digest))
			status = authority_fail(reterr, AUTHORITY_NOT_FOUND, "That is no code.");
		else
			status = authority_stored(store_device_answer(oauth->authority->store, digest, &stored,
				&family, &actor), "device code", reterr);
	}
	arena_done(&arena);
	return status;
}

enum authority_status oauth_device_deny(const struct oauth *oauth, const char *user_code,
	struct authority_error *reterr)
{
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct device_row device;
	struct arena arena;
	struct store_actor actor = { "user", oauth->now_ms };

	arena_init(&arena, 0);
	enum authority_status status = find_waiting(oauth, user_code, digest, &arena, &device, reterr);
	if (status == AUTHORITY_OK)
		status = authority_stored(
			store_device_answer(oauth->authority->store, digest, NULL, NULL, &actor), "device code", reterr);
	arena_done(&arena);
	return status;
}
