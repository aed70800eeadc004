/* SPDX-License-Identifier: Apache-2.0
 * ES256, EdDSA and PS256 (RFC 7518 sections 3.4 and 3.5, RFC 8037) by OpenSSL.
 * authority: may include base, core, wire, store, profile and outbound; in this file also <openssl/...>.
 */
#include "authority/dpop/signature.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#define ES256_BYTES 64        /* r and s */
#define ES256_DER_ROOM 80
#define PS256_SALT_BYTES 32   /* the digest's length, and no other */

static EVP_PKEY *make_key(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	if (ctx && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)!EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* OpenSSL looks whether the point is on the curve. */
static EVP_PKEY *p256_key(const struct jwk *jwk)
{
	char group[] = "P-256";
	uint8_t point[1 + sizeof(jwk->x) + sizeof(jwk->y)] = { POINT_CONVERSION_UNCOMPRESSED };
	memcpy(point + 1, jwk->x, sizeof(jwk->x));
	memcpy(point + 1 + sizeof(jwk->x), jwk->y, sizeof(jwk->y));
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_construct_end(),
	};
	return make_key("EC", params);
}

static EVP_PKEY *rsa_key(const struct jwk *jwk)
{
	EVP_PKEY *key = NULL;
	BIGNUM *n = BN_bin2bn(jwk->n, (int)jwk->n_bytes, NULL), *e = BN_bin2bn(jwk->e, (int)jwk->e_bytes, NULL);
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	if (n && e && builder && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
		OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		params = OSSL_PARAM_BLD_to_param(builder);
	if (params)
		key = make_key("RSA", params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	BN_free(n);
	BN_free(e);
	return key;
}

static EVP_PKEY *key_of(const struct jwk *jwk)
{
	switch (jwk->kind) {
	case JWK_P256:
		return p256_key(jwk);
	case JWK_ED25519:
		return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, jwk->x, sizeof(jwk->x));
	case JWK_RSA:
		return rsa_key(jwk);
	}
	return NULL;
}

/* JOSE's r and s, each of 32 bytes, as the DER that OpenSSL reads. 0: it is none. */
static size_t der_of(struct str signature, uint8_t ret[static ES256_DER_ROOM])
{
	const uint8_t *bytes = (const uint8_t *)signature.p;
	int n = 0;
	if (signature.n != ES256_BYTES)
		return 0;
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(bytes, ES256_BYTES / 2, NULL), *s = BN_bin2bn(bytes + ES256_BYTES / 2, ES256_BYTES / 2, NULL);
	if (pair && r && s && ECDSA_SIG_set0(pair, r, s) == 1) {
		r = s = NULL; /* the pair's now */
		n = i2d_ECDSA_SIG(pair, NULL);
		n = n > 0 && n <= ES256_DER_ROOM ? i2d_ECDSA_SIG(pair, &ret) : 0;
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(pair);
	return n > 0 ? (size_t)n : 0;
}

static bool begin(EVP_MD_CTX *ctx, enum jwk_kind kind, EVP_PKEY *key)
{
	EVP_PKEY_CTX *how;
	if (EVP_DigestVerifyInit_ex(ctx, &how, kind == JWK_ED25519 ? NULL : "SHA256", NULL, NULL, key, NULL) != 1)
		return false;
	return kind != JWK_RSA || (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(how, PS256_SALT_BYTES) == 1);
}

bool signature_holds(const struct jwk *jwk, struct str input, struct str signature)
{
	uint8_t der[ES256_DER_ROOM];
	if (jwk->kind == JWK_P256) {
		size_t n = der_of(signature, der);
		if (n == 0)
			return false;
		signature = (struct str){ (const char *)der, n };
	}
	EVP_PKEY *key = key_of(jwk);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool holds = key && ctx && begin(ctx, jwk->kind, key) &&
		EVP_DigestVerify(ctx, (const uint8_t *)signature.p, signature.n, (const uint8_t *)input.p, input.n) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	ERR_clear_error(); /* TLS on this thread looks at what is left */
	return holds;
}
