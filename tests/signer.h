/* SPDX-License-Identifier: Apache-2.0
 * A client with a key, that signs proofs by OpenSSL; of each kind that is known, and of some that are not.
 */
#ifndef REMIT_TESTS_SIGNER_H
#define REMIT_TESTS_SIGNER_H

#include "base/text.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>

struct signer {
	EVP_PKEY *key;
	const char *alg;
	char jwk[1024];
};

static inline void signer_put_number(char *out, EVP_PKEY *key, const char *name, int bytes)
{
	uint8_t number[512];
	BIGNUM *n = NULL;
	if (EVP_PKEY_get_bn_param(key, name, &n) != 1)
		abort();
	int size = bytes ? bytes : BN_num_bytes(n);
	BN_bn2binpad(n, number, size);
	out[base64url_encode(number, (size_t)size, out)] = '\0';
	BN_free(n);
}

/* alg is "ES256", "EdDSA", "PS256" or "RS256". */
static inline struct signer signer_new(const char *alg)
{
	struct signer s = { .alg = alg };
	char a[700], b[700];
	if (strcmp(alg, "ES256") == 0) {
		s.key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
		signer_put_number(a, s.key, OSSL_PKEY_PARAM_EC_PUB_X, 32);
		signer_put_number(b, s.key, OSSL_PKEY_PARAM_EC_PUB_Y, 32);
		snprintf(s.jwk, sizeof(s.jwk), "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%.64s\",\"y\":\"%.64s\"}", a, b);
	} else if (strcmp(alg, "EdDSA") == 0) {
		uint8_t raw[32];
		size_t n = sizeof(raw);
		s.key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		EVP_PKEY_get_raw_public_key(s.key, raw, &n);
		a[base64url_encode(raw, n, a)] = '\0';
		snprintf(s.jwk, sizeof(s.jwk), "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%.64s\"}", a);
	} else {
		s.key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
		signer_put_number(a, s.key, OSSL_PKEY_PARAM_RSA_N, 0);
		signer_put_number(b, s.key, OSSL_PKEY_PARAM_RSA_E, 0);
		snprintf(s.jwk, sizeof(s.jwk), "{\"kty\":\"RSA\",\"n\":\"%.400s\",\"e\":\"%.8s\"}", a, b);
	}
	return s;
}

static inline void signer_free(struct signer *s)
{
	EVP_PKEY_free(s->key);
}

/* The signature as JOSE writes it; ES256's is r and s of 32 bytes. */
static inline size_t signer_raw(const struct signer *s, const char *text, size_t n, uint8_t ret[static 512])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how;
	size_t size = 512;
	bool ed = strcmp(s->alg, "EdDSA") == 0;
	if (EVP_DigestSignInit_ex(ctx, &how, ed ? NULL : "SHA256", NULL, NULL, s->key, NULL) != 1)
		abort();
	if (strcmp(s->alg, "PS256") == 0) {
		EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(how, 32);
	}
	if (EVP_DigestSign(ctx, ret, &size, (const uint8_t *)text, n) != 1)
		abort();
	EVP_MD_CTX_free(ctx);
	if (strcmp(s->alg, "ES256") != 0)
		return size;
	const uint8_t *der = ret;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)size);
	BN_bn2binpad(ECDSA_SIG_get0_r(pair), ret, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(pair), ret + 32, 32);
	ECDSA_SIG_free(pair);
	return 64;
}

/* header.claims.signature; returns the length. */
static inline size_t signer_jws(const struct signer *s, const char *header, const char *claims, char ret[static 4096])
{
	uint8_t signature[512];
	size_t n = base64url_encode((const uint8_t *)header, strlen(header), ret);
	ret[n++] = '.';
	n += base64url_encode((const uint8_t *)claims, strlen(claims), ret + n);
	size_t signed_n = signer_raw(s, ret, n, signature);
	ret[n++] = '.';
	n += base64url_encode(signature, signed_n, ret + n);
	ret[n] = '\0';
	return n;
}

/* A proof with these claims. */
static inline size_t signer_proof(const struct signer *s, const char *claims, char ret[static 4096])
{
	char header[1200];
	snprintf(header, sizeof(header), "{\"typ\":\"dpop+jwt\",\"alg\":\"%s\",\"jwk\":%s}", s->alg, s->jwk);
	return signer_jws(s, header, claims, ret);
}

#endif
