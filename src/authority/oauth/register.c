/* SPDX-License-Identifier: Apache-2.0
 * Clients that register themselves (RFC 7591). Anybody may: so little is kept, equal registrations are one,
 * and what nobody grants anything is forgotten (O15). Pictures and links are not kept, nor shown (O10, O13).
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/oauth/internal.h"

#include "base/text.h"
#include "wire/redirect.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>

#define NAME_DEFAULT "Unnamed application"

struct registration {
	struct client_row row;
	const char *method;
	char secret[OAUTH_SECRET_ROOM];
	char error[256];
	const char *code;
};

static bool fault(struct registration *r, const char *code, const char *text)
{
	r->code = code;
	snprintf(r->error, sizeof(r->error), "%s", text);
	return false;
}

/* A text without NUL; NULL where there is none. */
static bool read_text(const json_t *from, const char *name, const char **ret)
{
	const json_t *value = json_object_get(from, name);
	*ret = json_string_value(value);
	return !value || json_is_null(value) || (*ret && json_string_length(value) == strlen(*ret));
}

static bool add_redirect(struct registration *r, const json_t *value, struct buf *lines)
{
	struct redirect redirect;
	const char *why = "is no text";
	struct str text = { json_string_value(value), json_string_length(value) };
	if (!text.p || !redirect_read(text, &redirect, &why)) {
		snprintf(r->error, sizeof(r->error), "A redirect_uri %s", why);
		r->code = "invalid_redirect_uri";
		return false;
	}
	if (lines->n > 0)
		buf_add_char(lines, '\n');
	return buf_add_str(lines, text);
}

static bool read_redirects(struct registration *r, const json_t *body, struct buf *lines)
{
	const json_t *list = json_object_get(body, "redirect_uris");
	size_t count = json_array_size(list);
	if (list && !json_is_array(list))
		return fault(r, "invalid_redirect_uri", "The redirect_uris are no list");
	if (count > LIMIT_OAUTH_REDIRECTS)
		return fault(r, "invalid_redirect_uri", "There are too many redirect_uris");
	for (size_t i = 0; i < count; i++)
		if (!add_redirect(r, json_array_get(list, i), lines))
			return false;
	return true;
}

static bool asks(const json_t *list, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (text && strcmp(text, name) == 0)
			return true;
	}
	return false;
}

/* What such a client may have of what it asks for; the answer says what it got. */
static bool read_grants(struct registration *r, const json_t *body, bool has_redirects)
{
	const json_t *list = json_object_get(body, "grant_types"), *types = json_object_get(body, "response_types");
	if (types && json_array_size(types) > 0 && !asks(types, "code"))
		return fault(r, "invalid_client_metadata", "The response_types must be code");
	bool device = asks(list, GRANT_DEVICE), code = !list || asks(list, "authorization_code");
	if (code && !has_redirects && !device)
		return fault(r, "invalid_redirect_uri", "There are no redirect_uris");
	code = code && has_redirects;
	if (!code && !device)
		return fault(r, "invalid_client_metadata",
			"Of grant_types, authorization_code, refresh_token and device_code can be had here");
	/* Most ask for offline_access without naming the grant for it. */
	r->row.grants = code && device ? "authorization_code refresh_token " GRANT_DEVICE :
		code ? "authorization_code refresh_token" : "refresh_token " GRANT_DEVICE;
	return true;
}

static bool read_method(struct registration *r, const json_t *body)
{
	static const char *const methods[] = { "none", "client_secret_basic", "client_secret_post" };
	const char *method;
	if (!read_text(body, "token_endpoint_auth_method", &method))
		return fault(r, "invalid_client_metadata", "The token_endpoint_auth_method is no text");
	r->method = "client_secret_basic"; /* RFC 7591 section 2 */
	for (size_t i = 0; method && i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(method, methods[i]) == 0)
			r->method = methods[i];
	if (method && strcmp(method, r->method) != 0)
		return fault(r, "invalid_client_metadata", "There is no such token_endpoint_auth_method here");
	r->row.confidential = strcmp(r->method, "none") != 0;
	return true;
}

static bool read_name(struct registration *r, const json_t *body)
{
	struct authority_error error;
	struct faults faults = { .err = &error };
	if (!read_text(body, "client_name", &r->row.name) || (r->row.name && r->row.name[0]
		&& !name_check(&faults, "The client_name", r->row.name)))
		return fault(r, "invalid_client_metadata", "The client_name is no name for people to read");
	if (!r->row.name || !r->row.name[0])
		r->row.name = NAME_DEFAULT;
	return true;
}

/* Equal but for the port on loopback, which some take anew each time. A secret is not given out twice, so
 * only public ones are ever equal. */
static void make_fingerprint(struct registration *r)
{
	struct str rest = str_of(r->row.redirects), line;
	struct redirect redirect;
	const char *why;
	crypto_hash_sha256_state state;

	if (r->row.confidential)
		return;
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t *)r->row.name, strlen(r->row.name) + 1);
	crypto_hash_sha256_update(&state, (const uint8_t *)r->row.grants, strlen(r->row.grants) + 1);
	while (rest.n > 0) {
		str_cut(&rest, '\n', &line);
		if (redirect_read(line, &redirect, &why) && redirect.kind == REDIRECT_LOOPBACK) {
			crypto_hash_sha256_update(&state, (const uint8_t *)redirect.host.p, redirect.host.n);
			line = redirect.rest;
		}
		crypto_hash_sha256_update(&state, (const uint8_t *)line.p, line.n);
		crypto_hash_sha256_update(&state, (const uint8_t *)"\n", 1);
	}
	crypto_hash_sha256_final(&state, r->row.fingerprint);
}

static void answer(const struct registration *r, const struct id *id, int64_t now_ms, struct oauth_answer *ret)
{
	struct buf *out = &ret->body;
	struct str rest = str_of(r->row.redirects), line;

	ret->status = 201;
	ret->secret = true;
	buf_reset(out);
	buf_reserve(out, 32 * 1024);
	buf_add_char(out, '{');
	put_text(out, "client_id", id->text);
	put_number(out, "client_id_issued_at", now_ms / 1000);
	if (r->row.confidential) {
		put_text(out, "client_secret", r->secret);
		put_number(out, "client_secret_expires_at", 0);
	}
	put_text(out, "client_name", r->row.name);
	buf_add_text(out, ",\"redirect_uris\":[");
	for (bool first = true; rest.n > 0; first = false) {
		str_cut(&rest, '\n', &line);
		buf_add_text(out, first ? "" : ",");
		buf_add_json(out, line);
	}
	buf_add_char(out, ']');
	put_words(out, "grant_types", r->row.grants);
	put_words(out, "response_types", strstr(r->row.grants, "authorization_code") ? "code" : "");
	put_text(out, "token_endpoint_auth_method", r->method);
	buf_add_char(out, '}');
	if (out->failed)
		answer_unavailable(ret);
}

static void keep(const struct oauth *oauth, struct registration *r, struct oauth_answer *ret)
{
	struct store_actor actor = { "client", oauth->now_ms };
	struct id id;

	make_fingerprint(r);
	if (r->row.confidential)
		text_client_secret(r->secret, r->row.secret);
	r->row.id = id_new(oauth->now_ms);
	r->row.kind = CLIENT_REGISTERED;
	r->row.created_ms = oauth->now_ms;
	enum store_status status =
		store_client_add(oauth->authority->store, &r->row, LIMIT_OAUTH_CLIENTS, &actor, &id);
	if (status == STORE_OK || status == STORE_EXISTS)
		answer(r, &id, oauth->now_ms, ret);
	else
		answer_unavailable(ret);
	sodium_memzero(r->secret, sizeof(r->secret));
}

static bool is_json(struct str type)
{
	struct str kind;
	str_cut(&type, ';', &kind);
	return str_eq_ignore_case(str_trim(kind), STR("application/json"));
}

void oauth_register(const struct oauth *oauth, const struct oauth_request *request, struct arena *arena,
	struct oauth_answer *ret)
{
	struct registration r = { .code = NULL };
	struct buf lines;
	(void)arena;

	if (!is_json(request->content_type)) {
		answer_error(ret, 415, "invalid_client_metadata", "The body must be application/json");
		return;
	}
	if (request->body.n > LIMIT_OAUTH_BODY_BYTES) {
		answer_error(ret, 413, "invalid_client_metadata", "The body is too large");
		return;
	}
	json_t *body = json_loadb(request->body.p ? request->body.p : "", request->body.n, JSON_REJECT_DUPLICATES, NULL);
	buf_init(&lines, LIMIT_OAUTH_BODY_BYTES);
	buf_reserve(&lines, 1);
	if (!json_is_object(body))
		fault(&r, "invalid_client_metadata", "The body is no JSON object");
	else if (read_redirects(&r, body, &lines) && read_grants(&r, body, lines.n > 0) && read_method(&r, body)
		&& read_name(&r, body) && buf_add_char(&lines, '\0'))
		r.row.redirects = lines.p;
	if (r.row.redirects)
		keep(oauth, &r, ret);
	else if (r.code)
		answer_error(ret, 400, r.code, r.error);
	else
		answer_unavailable(ret);
	buf_done(&lines);
	json_decref(body);
}
