/* SPDX-License-Identifier: Apache-2.0
 * RFC 6750 section 2.1: "Bearer", one space, a token68; and "DPoP" likewise (RFC 9449 section 7.1).
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/credentials.h"

#include "wire/http_class.h"

static bool is_token68(struct str text)
{
	size_t i = http_span(text.p, text.n, CLASS_TOKEN68);
	if (i == 0)
		return false;
	while (i < text.n && text.p[i] == '=')
		i++;
	return i == text.n;
}

enum credentials credentials_read(const struct http_request *request, struct str *ret_text)
{
	size_t count = 0;
	struct str rest = http_request_header(request, STR("Authorization"), &count);
	if (count > 1)
		return CREDENTIALS_TWICE;
	if (count == 0)
		return CREDENTIALS_NONE;
	struct str scheme;
	str_cut(&rest, ' ', &scheme);
	bool proven = str_eq_ignore_case(scheme, STR("DPoP"));
	if (!proven && !str_eq_ignore_case(scheme, STR("Bearer")))
		return CREDENTIALS_NONE;
	if (!is_token68(rest))
		return CREDENTIALS_MALFORMED;
	*ret_text = rest;
	return proven ? CREDENTIALS_PROVEN : CREDENTIALS_BEARER;
}
