/* SPDX-License-Identifier: Apache-2.0
 * Who a client is, and how it shows it (RFC 6749 section 2.3).
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/oauth/internal.h"

#include "base/text.h"

#include <sodium.h>
#include <stdio.h>

#define BASIC_CHALLENGE "Basic realm=\"remit\", charset=\"UTF-8\""
#define BASIC_BYTES_MAX 4096

const char *client_name(const struct client_row *client)
{
	return client->url ? client->url : client->id.text;
}

bool client_may(const struct client_row *client, const char *grant)
{
	struct str rest = str_of(client->grants), word;
	while (rest.n > 0) {
		str_cut(&rest, ' ', &word);
		if (str_is(word, grant))
			return true;
	}
	return false;
}

enum client_found client_find(const struct oauth *oauth, struct str name, struct arena *arena,
	struct client_row *ret, char reterr_text[256])
{
	struct id id;
	enum store_status status = STORE_NOT_FOUND;

	snprintf(reterr_text, 256, "There is no such client");
	if (id_parse(name, &id)) {
		status = store_client_get(oauth->authority->store, &id, arena, ret);
		if (status == STORE_OK && ret->kind == CLIENT_DOCUMENT)
			status = STORE_NOT_FOUND; /* known by its URL only, so that what it says is fresh */
	} else if (str_starts(name, STR("https://")) && oauth->fetch_client) {
		const char *url = arena_copy(arena, name);
		if (!url)
			return CLIENT_UNAVAILABLE;
		if (!oauth->fetch_client(oauth->fetch_ctx, oauth, url, arena, reterr_text))
			return CLIENT_UNKNOWN;
		status = store_client_find_url(oauth->authority->store, url, arena, ret);
	}
	if (status == STORE_OK && ret->revoked_ms) {
		snprintf(reterr_text, 256, "The client was revoked");
		return CLIENT_UNKNOWN;
	}
	return status == STORE_OK ? CLIENT_FOUND : status == STORE_NOT_FOUND ? CLIENT_UNKNOWN : CLIENT_UNAVAILABLE;
}

/* Each half of a Basic credential is encoded as a form is (RFC 6749 section 2.3.1). */
static bool decode_half(struct str half, struct arena *arena, struct str *ret)
{
	struct query query;
	const char *why;
	char *pair = arena_alloc(arena, half.n + 3);

	if (!pair || half.n == 0 || memchr(half.p, '&', half.n) || memchr(half.p, '=', half.n))
		return false;
	memcpy(pair, "v=", 2);
	memcpy(pair + 2, half.p, half.n);
	if (query_parse((struct str){ pair, half.n + 2 }, arena, &query, &why) != QUERY_OK || query.count != 1)
		return false;
	*ret = query.pairs[0].value;
	return ret->n > 0;
}

static bool read_basic(struct str header, struct arena *arena, struct client_shown *ret)
{
	struct str scheme, rest = header, id;
	size_t n;
	str_cut(&rest, ' ', &scheme);
	rest = str_trim(rest);
	if (!str_eq_ignore_case(scheme, STR("Basic")) || rest.n > BASIC_BYTES_MAX)
		return false;
	uint8_t *bytes = arena_alloc(arena, rest.n + 1);
	if (!bytes || !base64_decode(rest, bytes, rest.n, &n))
		return false;
	rest = (struct str){ (const char *)bytes, n };
	if (!str_cut(&rest, ':', &id))
		return false;
	ret->basic = true;
	return decode_half(id, arena, &ret->id) && decode_half(rest, arena, &ret->secret);
}

bool client_named(const struct oauth_request *request, const struct query *query, struct arena *arena,
	struct client_shown *ret, struct oauth_answer *reterr)
{
	struct str id = param(query, "client_id"), secret = param(query, "client_secret");
	*ret = (struct client_shown){ .id = id, .secret = secret };
	if (param(query, "client_assertion").p)
		return answer_error(reterr, 400, "invalid_request", "Client assertions are not supported here");
	if (!request->authorization.p)
		return id.p || answer_error(reterr, 401, "invalid_client", "There is no client_id");
	if (secret.p)
		return answer_error(reterr, 400, "invalid_request", "Credentials came in two ways");
	if (!read_basic(request->authorization, arena, ret))
		return answer_invalid_client(reterr, BASIC_CHALLENGE);
	if (id.p && !str_eq(id, ret->id))
		return answer_error(reterr, 400, "invalid_request", "Two clients are named");
	return true;
}

static bool is_secret(const struct client_row *client, struct str secret)
{
	uint8_t digest[REMIT_DIGEST_SIZE];
	text_digest(secret, digest);
	return client->confidential && sodium_memcmp(digest, client->secret, sizeof(digest)) == 0;
}

bool client_judge(enum client_found found, const struct client_row *client, const struct client_shown *shown,
	bool *ret_proven, struct oauth_answer *reterr)
{
	const char *challenge = shown->basic ? BASIC_CHALLENGE : NULL;
	if (found == CLIENT_UNAVAILABLE)
		return answer_unavailable(reterr);
	/* A public client that shows a secret is not who it thinks it is. */
	if (found == CLIENT_UNKNOWN || client->confidential != (shown->secret.p != NULL)
		|| (client->confidential && !is_secret(client, shown->secret)))
		return answer_invalid_client(reterr, challenge);
	*ret_proven = client->confidential;
	return true;
}

bool client_authenticate(const struct oauth *oauth, const struct oauth_request *request,
	const struct query *query, struct arena *arena, struct client_row *ret, bool *ret_proven,
	struct oauth_answer *reterr)
{
	struct client_shown shown;
	char why[256];

	if (!client_named(request, query, arena, &shown, reterr))
		return false;
	enum client_found found = client_find(oauth, shown.id, arena, ret, why);
	return client_judge(found, ret, &shown, ret_proven, reterr);
}
