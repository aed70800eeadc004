/* SPDX-License-Identifier: Apache-2.0
 * Answers: small JSON objects (RFC 6749 sections 5.1 and 5.2).
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/oauth/internal.h"

#define ANSWER_BYTES_MAX (256 * 1024)

void oauth_answer_init(struct oauth_answer *answer)
{
	*answer = (struct oauth_answer){ .status = 500 };
	buf_init(&answer->body, ANSWER_BYTES_MAX);
}

void oauth_answer_done(struct oauth_answer *answer)
{
	buf_done_secret(&answer->body);
}

static void add_name(struct buf *out, const char *name)
{
	if (out->n > 0 && out->p[out->n - 1] != '{')
		buf_add_char(out, ',');
	buf_add_json(out, str_of(name));
	buf_add_char(out, ':');
}

void put_text(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	add_name(out, name);
	buf_add_json(out, str_of(value));
}

void put_words(struct buf *out, const char *name, const char *words)
{
	struct str rest = str_of(words), word;
	add_name(out, name);
	buf_add_char(out, '[');
	for (bool first = true; rest.n > 0; first = false) {
		str_cut(&rest, ' ', &word);
		if (!first)
			buf_add_char(out, ',');
		buf_add_json(out, word);
	}
	buf_add_char(out, ']');
}

void put_number(struct buf *out, const char *name, int64_t value)
{
	add_name(out, name);
	buf_printf(out, "%lld", (long long)value);
}

void put_true(struct buf *out, const char *name)
{
	add_name(out, name);
	buf_add_text(out, "true");
}

bool answer_error(struct oauth_answer *ret, int status, const char *code, const char *text)
{
	ret->status = status;
	buf_reset(&ret->body);
	buf_add_char(&ret->body, '{');
	put_text(&ret->body, "error", code);
	put_text(&ret->body, "error_description", text);
	buf_add_char(&ret->body, '}');
	return false;
}

bool answer_unavailable(struct oauth_answer *ret)
{
	return answer_error(ret, 503, "temporarily_unavailable", "Nothing was done: try again");
}

bool answer_invalid_client(struct oauth_answer *ret, const char *challenge)
{
	ret->challenge = challenge;
	return answer_error(ret, 401, "invalid_client", "The client is unknown, or its secret is wrong or missing");
}
