/* SPDX-License-Identifier: Apache-2.0
 * A proof of possession: the key that was read is the key that is written, and nothing lies outside its room.
 * The text is tried as a proof, and as what one is made of: the header, a line feed, the claims.
 */
#include "base/text.h"
#include "wire/dpop.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)

static bool lies_in(struct str view, const char *room, size_t n)
{
	return view.n <= n && view.p >= room && view.p + view.n <= room + n;
}

static void require_same_key(const struct jwk *key)
{
	static struct jwk again;
	char text[JWK_CANONICAL_ROOM];
	size_t n = jwk_canonical(key, text);
	REQUIRE(n < sizeof(text));
	REQUIRE(jwk_read((struct str){ text, n }, &again));
	REQUIRE(memcmp(key, &again, sizeof(again)) == 0);
}

static void try(struct str text)
{
	static struct dpop dpop;
	if (dpop_read(text, &dpop))
		return;
	require_same_key(&dpop.key);
	REQUIRE(lies_in(dpop.input, text.p, text.n));
	REQUIRE(lies_in(dpop.signature, dpop.decoded, sizeof(dpop.decoded)));
	REQUIRE(lies_in(dpop.jti, dpop.unescaped, sizeof(dpop.unescaped)));
	REQUIRE(lies_in(dpop.htu, dpop.unescaped, sizeof(dpop.unescaped)));
	REQUIRE(lies_in(dpop.htm, dpop.unescaped, sizeof(dpop.unescaped)));
	REQUIRE(!dpop.ath.p || lies_in(dpop.ath, dpop.unescaped, sizeof(dpop.unescaped)));
	REQUIRE(dpop.jti.n > 0 && dpop.iat_s >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[2 * LIMIT_DPOP_BYTES];
	struct str claims = { (const char *)data, size }, header;
	if (size > LIMIT_DPOP_BYTES / 2) {
		try(claims);
		return 0;
	}
	try(claims);
	str_cut(&claims, '\n', &header);
	size_t n = base64url_encode((const uint8_t *)header.p, header.n, text);
	text[n++] = '.';
	n += base64url_encode((const uint8_t *)claims.p, claims.n, text + n);
	memcpy(text + n, ".c2ln", 5);
	try((struct str){ text, n + 5 });
	return 0;
}
