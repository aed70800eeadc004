/* SPDX-License-Identifier: Apache-2.0
 * Signed texts in their compact form (JWS, RFC 7515 section 7.1) and the public keys that sign them (JWK,
 * RFC 7517, 7518 section 6, 8037): bytes to structs, no cryptography.
 *
 * Three kinds of key are known, and each signs in one way only, so that a key fixes its algorithm and no header
 * can choose another (O12): P-256 (ES256), Ed25519 (EdDSA) and RSA (PS256). These are what FAPI 2.0 lets clients
 * use; symmetric keys, "none" and RSA with the padding of PKCS #1 v1.5 are not read at all.
 * wire: may include base, and nothing else of ours.
 */
#ifndef REMIT_WIRE_JOSE_H
#define REMIT_WIRE_JOSE_H

#include "base/limits.h"
#include "wire/json.h"

/* ---- Members of one JSON object ---- */

struct jose_member {
	enum json_kind kind; /* JSON_KIND_NONE: it is not there */
	struct str raw;      /* of a string: what is between the quotes, escapes and all; else the value as it stands */
};

#define JOSE_MEMBERS 16

/* Reads an object's members of these names, at most JOSE_MEMBERS, in one strict pass; others are validated and
 * passed over. False where it is no JSON object, or where a name stands twice or in another case (M15). */
bool jose_members(struct str text, const struct str *names, size_t count, struct jose_member *ret);
/* A string's text into `room`, escapes undone. False where the member is no string or does not fit. */
bool jose_text(const struct jose_member *member, char *room, size_t room_bytes, struct str *ret);

/* ---- A signed text ---- */

struct jws {
	struct str input;                      /* what is signed: the first two parts as they stand */
	struct str header, payload, signature; /* decoded, in the caller's room */
};

/* `room` is at least as long as the text. False where it has not three parts in base64url. */
bool jws_read(struct str text, char *room, size_t room_bytes, struct jws *ret);

/* ---- A key ---- */

enum jwk_kind { JWK_P256 = 1, JWK_ED25519, JWK_RSA };

struct jwk {
	enum jwk_kind kind;
	uint8_t x[32], y[32];             /* big-endian; y of P256 only */
	uint8_t n[LIMIT_JWK_RSA_BYTES];   /* RSA's modulus, big-endian, without leading zeros */
	uint8_t e[LIMIT_JWK_RSA_EXPONENT]; /* and its exponent */
	size_t n_bytes, e_bytes;
};

/* False where it is no key of the three kinds, is too long or too short, or holds anything that is private. That
 * a point is on its curve is for who verifies to say. */
bool jwk_read(struct str json, struct jwk *ret);
/* Whether an `alg` is the one by which such a key signs. "Ed25519" is another name of it (RFC 9864). */
bool jwk_signs_by(enum jwk_kind kind, struct str alg);
/* What the key's thumbprint is the SHA-256 of (RFC 7638 section 3). Returns the length. */
#define JWK_CANONICAL_ROOM (LIMIT_JWK_RSA_BYTES * 4 / 3 + 64)
size_t jwk_canonical(const struct jwk *key, char ret_text[static JWK_CANONICAL_ROOM]);

#endif
