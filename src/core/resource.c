/* SPDX-License-Identifier: Apache-2.0
 * From the URI of an MCP resource to an operation. A URI is matched as it stands, for its server
 * gets it as it stands: so one that could also be written in another way is refused, even by "*".
 * core: may include base and <remit/remit.h>.
 */
#include "base/text.h"
#include "core/policy.h"

/* RFC 3986 section 2.3 and 6.2.2.2: an escape of one of these, or of what parts or ends a path, has
 * a second reading. */
static bool is_ambiguous_escape(int c)
{
	return base62_is((char)c) || c < 0x20 || c == 0x7f || strchr("-._~/\\%?#", c);
}

static bool is_plain(struct str uri)
{
	for (size_t i = 0; i < uri.n; i++) {
		unsigned char c = (unsigned char)uri.p[i];
		if (c <= 0x20 || c == 0x7f || c == '\\' || c == '#' || c == ';')
			return false;
		if (c != '%')
			continue;
		if (uri.n - i < 3 || hex_value(uri.p[i + 1]) < 0 || hex_value(uri.p[i + 2]) < 0)
			return false;
		int escaped = hex_value(uri.p[i + 1]) << 4 | hex_value(uri.p[i + 2]);
		if (escaped < 0x80 && is_ambiguous_escape(escaped))
			return false;
	}
	return utf8_valid(uri);
}

bool resource_uri_ok(struct str uri, struct str *ret_path)
{
	struct str path, segment, query = uri;

	if (uri.n == 0 || uri.n > LIMIT_TARGET_BYTES || !is_plain(uri))
		return false;
	str_cut(&query, '?', &path);
	struct str rest = path;
	for (bool more = true; more;) {
		more = str_cut(&rest, '/', &segment);
		if (str_is(segment, ".") || str_is(segment, ".."))
			return false;
	}
	*ret_path = path;
	return true;
}

enum remit_status remit_policy_resource(const struct remit_policy *policy, const char *uri, size_t length,
					uint32_t *ret_operation)
{
	struct remit_match match = { .operation = policy->any_resource };
	struct str path;

	if (!resource_uri_ok((struct str){ uri, length }, &path))
		return REMIT_NOT_FOUND;
	if (!trie_match(&policy->resources, 0, path, &match) && policy->any_resource == REMIT_NO_OPERATION)
		return REMIT_NOT_FOUND;
	*ret_operation = match.operation;
	return REMIT_OK;
}
