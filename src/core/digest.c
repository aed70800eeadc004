/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 of a token's text. OpenSSL's EVP calls allocate on every digest, which a decision must
 * not; its plain SHA256_ calls do not, take three fifths of the time, and use the same code of the
 * processor. They are called deprecated, but no date is set for their going.
 * core: may include base, <remit/remit.h> and, in this file only, <openssl/sha.h>.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <remit/remit.h>

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(REMIT_DIGEST_SIZE == SHA256_DIGEST_LENGTH, "a digest is what SHA-256 gives");

struct remit_hasher {
	SHA256_CTX context;
};

struct remit_hasher *remit_hasher_new(void)
{
	return calloc(1, sizeof(struct remit_hasher));
}

void remit_hasher_free(struct remit_hasher *hasher)
{
	free(hasher);
}

/* SHA256_Final wipes the text from the context. */
bool remit_hasher_digest(struct remit_hasher *hasher, const char *text, size_t length,
			 uint8_t ret_digest[REMIT_DIGEST_SIZE])
{
	if (SHA256_Init(&hasher->context) == 1 && SHA256_Update(&hasher->context, text, length) == 1 &&
	    SHA256_Final(ret_digest, &hasher->context) == 1)
		return true;
	memset(ret_digest, 0, REMIT_DIGEST_SIZE);
	return false;
}
