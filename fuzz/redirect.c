/* SPDX-License-Identifier: Apache-2.0
 * Redirect URIs: what is read lies within the text and holds nothing that a browser reads in another way; a text
 * matches itself, and another only on loopback. The text is two URIs with a line feed between.
 */
#include "wire/redirect.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)

static bool lies_in(struct str view, struct str text)
{
	return !view.p || (view.p >= text.p && view.p + view.n <= text.p + text.n);
}

static bool try(struct str text, struct redirect *ret)
{
	const char *why = NULL;
	if (!redirect_read(text, ret, &why)) {
		REQUIRE(why);
		return false;
	}
	REQUIRE(lies_in(ret->scheme, text) && lies_in(ret->host, text) && lies_in(ret->port, text)
		&& lies_in(ret->rest, text) && lies_in(ret->origin, text) && ret->scheme.n > 0);
	for (size_t i = 0; i < text.n; i++)
		REQUIRE((unsigned char)text.p[i] > ' ' && (unsigned char)text.p[i] < 0x7f && text.p[i] != '\\' && text.p[i] != '#');
	REQUIRE(!memchr(ret->host.p ? ret->host.p : "", '@', ret->host.n));
	REQUIRE(redirect_matches(text, text));
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str second = { (const char *)data, size }, first;
	struct redirect a, b;
	str_cut(&second, '\n', &first);
	bool both = try(first, &a) && try(second, &b);
	if (redirect_matches(first, second)) {
		REQUIRE(both && a.kind == b.kind && str_eq(a.scheme, b.scheme) && str_eq(a.host, b.host) && str_eq(a.rest, b.rest));
		REQUIRE(str_eq(first, second) || a.kind == REDIRECT_LOOPBACK);
	}
	return 0;
}
