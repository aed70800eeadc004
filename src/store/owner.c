/* SPDX-License-Identifier: Apache-2.0
 * A UUID of version 8 out of the text's SHA-256.
 * store: may include base, core and wire.
 */
#include "store/owner.h"

#include <sodium.h>

bool owner_number(struct str text, struct id *ret)
{
	static const char scheme[] = "remit site owner\n";
	crypto_hash_sha256_state hash;
	uint8_t digest[crypto_hash_sha256_BYTES];
	struct id_bytes bytes;

	if (text.n == 0 || text.n > OWNER_TEXT_BYTES || memchr(text.p, '\0', text.n))
		return false;
	if (id_parse(text, ret))
		return true;
	crypto_hash_sha256_init(&hash);
	crypto_hash_sha256_update(&hash, (const uint8_t *)scheme, sizeof(scheme) - 1);
	crypto_hash_sha256_update(&hash, (const uint8_t *)text.p, text.n);
	crypto_hash_sha256_final(&hash, digest);
	memcpy(bytes.b, digest, sizeof(bytes.b));
	bytes.b[6] = (uint8_t)(0x80 | (bytes.b[6] & 0x0f)); /* version 8: made as somebody likes */
	bytes.b[8] = (uint8_t)(0x80 | (bytes.b[8] & 0x3f));
	id_from_bytes(&bytes, ret);
	return true;
}
