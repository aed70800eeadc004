/* SPDX-License-Identifier: Apache-2.0
 * Signing webhooks.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/sign.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#define PREFIX_N (sizeof(SIGN_PREFIX) - 1)

void sign_secret_text(struct str secret, char ret_text[static SIGN_SECRET_TEXT_ROOM])
{
	memcpy(ret_text, SIGN_PREFIX, sizeof(SIGN_PREFIX));
	sodium_bin2base64(ret_text + PREFIX_N, SIGN_SECRET_TEXT_ROOM - PREFIX_N, (const uint8_t *)secret.p, secret.n,
		sodium_base64_VARIANT_ORIGINAL);
}

bool sign_secret_read(struct str text, uint8_t ret_secret[static SIGN_SECRET_MAX], size_t *ret_n)
{
	uint8_t secret[SIGN_SECRET_MAX];
	size_t n = 0;

	if (!str_starts(text, STR(SIGN_PREFIX)) ||
	    sodium_base642bin(secret, sizeof(secret), text.p + PREFIX_N, text.n - PREFIX_N, NULL, &n, NULL,
		    sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    n < SIGN_SECRET_MIN)
		return false;
	memcpy(ret_secret, secret, n);
	*ret_n = n;
	sodium_memzero(secret, sizeof(secret));
	return true;
}

void sign_add(struct str secret, struct str id, int64_t seconds, struct str body, struct buf *out)
{
	crypto_auth_hmacsha256_state state;
	uint8_t mac[crypto_auth_hmacsha256_BYTES];
	char text[sodium_base64_ENCODED_LEN(sizeof(mac), sodium_base64_VARIANT_ORIGINAL)], time[32];
	const int n = snprintf(time, sizeof(time), ".%" PRId64 ".", seconds);

	crypto_auth_hmacsha256_init(&state, (const uint8_t *)secret.p, secret.n);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)id.p, id.n);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)time, (unsigned long long)n);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)body.p, body.n);
	crypto_auth_hmacsha256_final(&state, mac);
	sodium_memzero(&state, sizeof(state));
	sodium_bin2base64(text, sizeof(text), mac, sizeof(mac), sodium_base64_VARIANT_ORIGINAL);
	buf_add_text(out, out->n > 0 ? " v1," : "v1,");
	buf_add_text(out, text);
}
