/* SPDX-License-Identifier: Apache-2.0
 * The parameters of requests: each stands once, and empty is missing.
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/oauth/internal.h"

#include "base/text.h"

/* Whatever we read; `resource` is the one that may repeat (RFC 8707 section 2). */
static const char *const names[] = {
	"client_id", "client_secret", "grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "scope",
	"device_code", "subject_token", "subject_token_type", "actor_token", "requested_token_type", "audience",
	"token", "token_type_hint", "response_type", "response_mode", "state", "code_challenge",
	"code_challenge_method", "request", "request_uri", "prompt", "project", "client_assertion",
	"client_assertion_type", "user_code",
};

struct str param(const struct query *query, const char *name)
{
	size_t count;
	struct str value = query_get(query, name, &count);
	return value.n > 0 ? value : (struct str){ NULL, 0 };
}

const char *param_text(const struct query *query, const char *name, struct arena *arena)
{
	struct str value = param(query, name);
	return value.p ? arena_copy(arena, value) : NULL;
}

bool params_read(struct str raw, struct arena *arena, struct query *ret, const char **reterr)
{
	switch (query_parse(raw, arena, ret, reterr)) {
	case QUERY_OK:
		break;
	case QUERY_INVALID:
		return false;
	case QUERY_TOO_MANY:
		*reterr = "There are too many parameters";
		return false;
	case QUERY_NO_MEMORY:
		*reterr = "There is no memory";
		return false;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t count;
		(void)query_get(ret, names[i], &count);
		if (count > 1) {
			*reterr = "A parameter stands twice, or could be read in two ways";
			return false;
		}
	}
	return true;
}

/* "application/x-www-form-urlencoded", with or without a charset that says UTF-8. */
static bool is_form(struct str type)
{
	struct str kind;
	bool more = str_cut(&type, ';', &kind);
	if (!str_eq_ignore_case(str_trim(kind), STR("application/x-www-form-urlencoded")))
		return false;
	return !more || str_eq_ignore_case(str_trim(type), STR("charset=utf-8"))
		|| str_eq_ignore_case(str_trim(type), STR("charset=\"utf-8\""));
}

bool params_from(const struct oauth_request *request, struct arena *arena, struct query *ret,
	struct oauth_answer *reterr)
{
	const char *why = "The form cannot be read";
	if (!is_form(request->content_type))
		return answer_error(reterr, 415, "invalid_request",
			"The body must be application/x-www-form-urlencoded");
	if (request->body.n > LIMIT_OAUTH_BODY_BYTES)
		return answer_error(reterr, 413, "invalid_request", "The body is too large");
	if (!params_read(request->body, arena, ret, &why))
		return answer_error(reterr, 400, "invalid_request", why);
	return true;
}

static bool is_plain(char c)
{
	return base62_is(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

void add_param(struct buf *out, const char *name, struct str value)
{
	static const char digits[] = "0123456789ABCDEF";
	if (out->n > 0 && out->p[out->n - 1] != '?')
		buf_add_char(out, '&');
	buf_add_text(out, name);
	buf_add_char(out, '=');
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];
		if (is_plain((char)c)) {
			buf_add_char(out, (char)c);
			continue;
		}
		buf_add_char(out, '%');
		buf_add_char(out, digits[c >> 4]);
		buf_add_char(out, digits[c & 15]);
	}
}
