/* SPDX-License-Identifier: Apache-2.0
 * What is not known in it is left alone; what is known is read strictly.
 * authority: may include base, core, wire, store, profile and outbound.
 */
#include "authority/cimd/document.h"

#include "authority/internal.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/text.h"
#include "outbound/url.h"
#include "wire/redirect.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

#define GRANT_DEVICE "urn:ietf:params:oauth:grant-type:device_code"

static bool fail(char reterr_text[static DOCUMENT_ERROR_ROOM], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool fail(char reterr_text[static DOCUMENT_ERROR_ROOM], const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(reterr_text, DOCUMENT_ERROR_ROOM, format, args);
	va_end(args);
	return false;
}

/* ---- The URL ---- */

bool document_url_is_good(struct str text, char reterr_text[static DOCUMENT_ERROR_ROOM])
{
	struct url url;
	const char *why = "";
	char path[LIMIT_CIMD_URL_BYTES];
	size_t n, start = sizeof("https://") - 1;
	if (text.n > LIMIT_CIMD_URL_BYTES)
		return fail(reterr_text, "The client_id is too long");
	if (!url_read(text, &url, &why))
		return fail(reterr_text, "The client_id %s", why);
	/* What was read is written anew: an id in another spelling, or with a fragment, is another text. */
	if (!url.tls || !str_is(text, url.text))
		return fail(reterr_text, "The client_id must be an https URL, as a browser would write it");
	while (start < text.n && text.p[start] != '/')
		start++;
	struct str rest = { text.p + start, text.n - start }, raw;
	str_cut(&rest, '?', &raw);
	if (remit_path_decode(raw.p, raw.n, path, &n) != REMIT_OK)
		return fail(reterr_text, "The client_id's path can be read in more than one way");
	return true;
}

/* ---- The document ---- */

static const char *text_of(const json_t *document, const char *name)
{
	return json_string_value(json_object_get(document, name));
}

static bool read_name(const json_t *document, struct arena *arena, struct document *ret, char *reterr_text)
{
	struct authority_error error;
	struct faults faults = { .err = &error };
	const json_t *name = json_object_get(document, "client_name");
	if (!json_is_string(name) || strlen(json_string_value(name)) != json_string_length(name) ||
		!name_check(&faults, "The client_name", json_string_value(name)))
		return fail(reterr_text, "The client's document has no client_name that can be shown");
	ret->name = arena_copy(arena, str_of(json_string_value(name)));
	return ret->name || fail(reterr_text, "Out of memory");
}

static bool read_redirects(const json_t *document, struct arena *arena, struct document *ret, char *reterr_text)
{
	const json_t *list = json_object_get(document, "redirect_uris"), *item;
	size_t i, count = json_array_size(list);
	struct buf out;
	if (!json_is_array(list) || count == 0 || count > LIMIT_OAUTH_REDIRECTS)
		return fail(reterr_text, "The client's document must have 1 to %d redirect_uris", LIMIT_OAUTH_REDIRECTS);
	buf_init(&out, LIMIT_CIMD_BYTES);
	json_array_foreach(list, i, item) {
		struct redirect redirect;
		const char *why = "is no text";
		struct str uri = { json_string_value(item), json_string_length(item) };
		if (!uri.p || uri.n > REDIRECT_BYTES_MAX || !redirect_read(uri, &redirect, &why)) {
			buf_done(&out);
			return fail(reterr_text, "One of the document's redirect_uris %s", why);
		}
		buf_add_text(&out, i > 0 ? "\n" : "");
		buf_add_str(&out, uri);
	}
	ret->redirects = out.failed ? NULL : arena_copy(arena, buf_str(&out));
	buf_done(&out);
	return ret->redirects || fail(reterr_text, "Out of memory");
}

static bool has_word(const json_t *list, const char *word)
{
	const json_t *item;
	size_t i;
	json_array_foreach(list, i, item)
		if (json_is_string(item) && strcmp(json_string_value(item), word) == 0)
			return true;
	return false;
}

/* As for clients that register themselves (oauth/register.c): most ask for offline_access without naming its grant. */
static bool read_grants(const json_t *document, struct document *ret, char *reterr_text)
{
	const json_t *list = json_object_get(document, "grant_types"), *responses = json_object_get(document, "response_types");
	if ((list && !has_word(list, "authorization_code")) || (responses && !has_word(responses, "code")))
		return fail(reterr_text, "The client's document must ask for authorization codes");
	ret->grants = has_word(list, GRANT_DEVICE) ? "authorization_code refresh_token " GRANT_DEVICE :
						     "authorization_code refresh_token";
	return true;
}

/* Nobody has agreed on a secret with it, and what everybody may read is none. */
static bool has_secret(const json_t *document)
{
	const char *method = text_of(document, "token_endpoint_auth_method");
	return json_object_get(document, "client_secret") || json_object_get(document, "client_secret_expires_at") ||
		(json_object_get(document, "token_endpoint_auth_method") && (!method || strcmp(method, "none") != 0));
}

static bool read_document(const json_t *document, const char *url, struct arena *arena, struct document *ret,
	char *reterr_text)
{
	const char *id = text_of(document, "client_id");
	if (!id || strcmp(id, url) != 0 || json_string_length(json_object_get(document, "client_id")) != strlen(url))
		return fail(reterr_text, "The client's document is of another client_id");
	if (has_secret(document))
		return fail(reterr_text, "The client's document must say token_endpoint_auth_method \"none\", and hold no secret");
	return read_name(document, arena, ret, reterr_text) && read_redirects(document, arena, ret, reterr_text) &&
		read_grants(document, ret, reterr_text);
}

bool document_read(struct str body, const char *url, struct arena *arena, struct document *ret,
	char reterr_text[static DOCUMENT_ERROR_ROOM])
{
	json_error_t error;
	if (body.n > LIMIT_CIMD_BYTES)
		return fail(reterr_text, "The client's document is too long");
	json_t *document = json_loadb(body.n ? body.p : "", body.n, JSON_REJECT_DUPLICATES, &error);
	bool good = json_is_object(document) ? read_document(document, url, arena, ret, reterr_text) :
					       fail(reterr_text, "The client's document is no JSON object");
	json_decref(document);
	return good;
}

/* ---- How long it is good ---- */

static bool read_seconds(struct str text, int64_t *ret)
{
	uint64_t value;
	struct str digits = { text.p, text.n };
	if (digits.n > 1 && digits.p[0] == '"' && digits.p[digits.n - 1] == '"')
		digits = (struct str){ digits.p + 1, digits.n - 2 };
	if (!str_to_u64(digits, INT32_MAX, &value))
		return false;
	*ret = (int64_t)value;
	return true;
}

int64_t document_fresh_s(struct str cache_control, struct str age)
{
	int64_t max_age = -1, shared = -1, old = 0;
	bool never = false;
	while (cache_control.n > 0) {
		struct str value, name;
		str_cut(&cache_control, ',', &value);
		value = str_trim(value);
		bool has_value = str_cut(&value, '=', &name);
		if (str_eq_ignore_case(name, STR("no-store")) || str_eq_ignore_case(name, STR("no-cache")))
			never = true;
		else if (has_value && str_eq_ignore_case(name, STR("max-age")) && !read_seconds(value, &max_age))
			never = true; /* what cannot be read is stale (RFC 9111 section 4.2.1) */
		else if (has_value && str_eq_ignore_case(name, STR("s-maxage")) && !read_seconds(value, &shared))
			never = true;
	}
	max_age = never ? 0 : shared >= 0 ? shared : max_age >= 0 ? max_age : LIMIT_CIMD_FRESH_S;
	if (!age.p || !read_seconds(str_trim(age), &old))
		old = 0;
	max_age -= old;
	return max_age < LIMIT_CIMD_FRESH_LEAST_S ? LIMIT_CIMD_FRESH_LEAST_S :
		max_age > LIMIT_CIMD_FRESH_MOST_S ? LIMIT_CIMD_FRESH_MOST_S : max_age;
}
