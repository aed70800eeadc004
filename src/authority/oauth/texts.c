/* SPDX-License-Identifier: Apache-2.0
 * Secrets as texts: made here, given out once, kept as digests.
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/oauth/internal.h"

#include "base/text.h"

#include <sodium.h>
#include <stdio.h>

void text_digest(struct str text, uint8_t ret[REMIT_DIGEST_SIZE])
{
	crypto_hash_sha256(ret, (const uint8_t *)text.p, text.n);
}

bool text_token(const struct profile *profile, enum remit_token_kind kind, char ret[REMIT_TOKEN_ROOM])
{
	uint8_t random[REMIT_TOKEN_RANDOM];
	randombytes_buf(random, sizeof(random));
	enum remit_status status = remit_token_write(profile->token_prefix, kind, random, ret);
	sodium_memzero(random, sizeof(random));
	return status == REMIT_OK;
}

bool text_successor(const struct oauth *oauth, const struct profile *profile, enum remit_token_kind kind,
	struct str used, char ret[REMIT_TOKEN_ROOM])
{
	uint8_t bytes[32];
	secrets_derive(oauth->secrets,
		kind == REMIT_TOKEN_ACCESS ? "oauth successor: access" : "oauth successor: refresh", used, bytes);
	enum remit_status status = remit_token_write(profile->token_prefix, kind, bytes, ret);
	sodium_memzero(bytes, sizeof(bytes));
	return status == REMIT_OK;
}

void text_random(char ret[TEXT_RANDOM_ROOM])
{
	uint8_t bytes[32];
	randombytes_buf(bytes, sizeof(bytes));
	base62_encode(bytes, sizeof(bytes), ret, TEXT_RANDOM_ROOM - 1);
	ret[TEXT_RANDOM_ROOM - 1] = '\0';
	sodium_memzero(bytes, sizeof(bytes));
}

void text_client_secret(char ret[OAUTH_SECRET_ROOM], uint8_t ret_digest[REMIT_DIGEST_SIZE])
{
	char random[TEXT_RANDOM_ROOM];
	text_random(random);
	snprintf(ret, OAUTH_SECRET_ROOM, "rcs_%s", random);
	sodium_memzero(random, sizeof(random));
	text_digest(str_of(ret), ret_digest);
}

/* Eight letters say little, so that a plain digest of them would tell which they are. */
bool text_user_code(const struct oauth *oauth, struct str typed, uint8_t ret[REMIT_DIGEST_SIZE])
{
	char letters[8];
	size_t n = 0;
	for (size_t i = 0; i < typed.n; i++) {
		char c = typed.p[i];
		if (c == '-' || c == ' ')
			continue;
		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (c < 'A' || c > 'Z' || n == sizeof(letters))
			return false;
		letters[n++] = c;
	}
	if (n != sizeof(letters))
		return false;
	secrets_derive(oauth->secrets, "oauth user code", (struct str){ letters, n }, ret);
	return true;
}
