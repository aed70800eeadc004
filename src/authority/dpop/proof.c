/* SPDX-License-Identifier: Apache-2.0
 * Cheap checks first: a proof that is not of this request costs no signature, one that is not signed no room among
 * those that are remembered.
 * authority: may include base, core, wire, store, profile and outbound.
 */
#include "authority/dpop/proof.h"

#include "authority/dpop/replay.h"
#include "authority/dpop/signature.h"
#include "base/text.h"
#include "wire/dpop.h"

#include <sodium.h>
#include <stdlib.h>

#define SALT_BYTES 16

struct proofs {
	struct replay *replay;
	uint8_t salt[SALT_BYTES]; /* so that nobody outside knows where a proof is kept */
};

bool proofs_new(uint32_t room, struct proofs **ret)
{
	struct proofs *proofs = calloc(1, sizeof(*proofs));
	if (!proofs || !replay_new(room, &proofs->replay)) {
		free(proofs);
		return false;
	}
	randombytes_buf(proofs->salt, sizeof(proofs->salt));
	*ret = proofs;
	return true;
}

void proofs_free(struct proofs *proofs)
{
	if (!proofs)
		return;
	replay_free(proofs->replay);
	free(proofs);
}

/* ---- The URL ---- */

static struct str cut_at(struct str text, const char *ends, struct str *ret_rest)
{
	size_t n = 0;
	while (n < text.n && !strchr(ends, text.p[n]))
		n++;
	*ret_rest = (struct str){ text.p + n, text.n - n };
	return (struct str){ text.p, n };
}

/* "example.com:443" is "example.com" where the scheme is https. */
static struct str without_port(struct str authority, struct str scheme)
{
	struct str port = str_eq_ignore_case(scheme, STR("https")) ? STR(":443") : STR(":80");
	if (authority.n > port.n && memcmp(authority.p + authority.n - port.n, port.p, port.n) == 0)
		authority.n -= port.n;
	return authority;
}

/* A query and a fragment are left out of the comparison (RFC 9449 section 4.3, 9). */
static bool is_url(struct str htu, const struct proof_wanted *wanted)
{
	struct str rest, scheme = cut_at(htu, ":", &rest);
	if (!str_starts(rest, STR("://")) || !str_eq_ignore_case(scheme, wanted->scheme))
		return false;
	struct str authority = without_port(cut_at((struct str){ rest.p + 3, rest.n - 3 }, "/?#", &rest), scheme);
	if (!str_eq_ignore_case(authority, without_port(wanted->authority, scheme)) &&
		!(wanted->other.p && str_eq_ignore_case(authority, without_port(wanted->other, scheme))))
		return false;
	struct str path = cut_at(rest, "?#", &rest);
	char decoded[LIMIT_DPOP_BYTES];
	size_t n;
	if (path.n == 0)
		path = STR("/");
	return path.n <= sizeof(decoded) && remit_path_decode(path.p, path.n, decoded, &n) == REMIT_OK &&
		str_eq((struct str){ decoded, n }, wanted->path);
}

/* ---- The proof ---- */

static bool is_of_token(struct remit_hasher *hasher, struct str ath, struct str token)
{
	uint8_t said[REMIT_DIGEST_SIZE], is[REMIT_DIGEST_SIZE];
	return proof_jkt_read(ath, said) && remit_hasher_digest(hasher, token.p, token.n, is) &&
		memcmp(said, is, sizeof(is)) == 0;
}

static const char *judge_request(struct remit_hasher *hasher, const struct dpop *dpop,
	const struct proof_wanted *wanted)
{
	if (!str_eq(dpop->htm, wanted->method))
		return "The proof's htm is not the request's method";
	if (!is_url(dpop->htu, wanted))
		return "The proof's htu is not the request's URL";
	if (dpop->iat_s < wanted->now_s - LIMIT_DPOP_AGE_S || dpop->iat_s > wanted->now_s + LIMIT_DPOP_AGE_S)
		return "The proof's iat is not within a minute of now";
	if (wanted->token.p && !is_of_token(hasher, dpop->ath, wanted->token))
		return "The proof's ath is not of this token";
	return NULL;
}

static bool thumbprint_of(struct remit_hasher *hasher, const struct jwk *key, uint8_t ret_jkt[static REMIT_DIGEST_SIZE])
{
	char text[JWK_CANONICAL_ROOM];
	return remit_hasher_digest(hasher, text, jwk_canonical(key, text), ret_jkt);
}

/* A jti is its key's own: two keys may use the same. */
static enum replay_result take(struct proofs *proofs, struct remit_hasher *hasher, const struct dpop *dpop,
	const uint8_t *jkt, int64_t now_s)
{
	char text[SALT_BYTES + REMIT_DIGEST_SIZE + LIMIT_DPOP_JTI_BYTES];
	uint8_t name[REMIT_DIGEST_SIZE];
	memcpy(text, proofs->salt, SALT_BYTES);
	memcpy(text + SALT_BYTES, jkt, REMIT_DIGEST_SIZE);
	memcpy(text + SALT_BYTES + REMIT_DIGEST_SIZE, dpop->jti.p, dpop->jti.n);
	if (!remit_hasher_digest(hasher, text, SALT_BYTES + REMIT_DIGEST_SIZE + dpop->jti.n, name))
		return REPLAY_FULL;
	return replay_take(proofs->replay, name, now_s, dpop->iat_s + LIMIT_DPOP_AGE_S);
}

static enum proof_result bad(const char *why, const char **ret_why)
{
	*ret_why = why;
	return PROOF_BAD;
}

enum proof_result proof_judge(struct proofs *proofs, struct remit_hasher *hasher, struct str text,
	const struct proof_wanted *wanted, uint8_t ret_jkt[static REMIT_DIGEST_SIZE], const char **ret_why)
{
	struct dpop dpop __attribute__((uninitialized)); /* 9 kB, of which dpop_read sets what is read */
	uint8_t jkt[REMIT_DIGEST_SIZE];
	const char *why = dpop_read(text, &dpop);
	if (!why)
		why = judge_request(hasher, &dpop, wanted);
	if (why)
		return bad(why, ret_why);
	if (!thumbprint_of(hasher, &dpop.key, jkt))
		return PROOF_UNKNOWN;
	if (wanted->jkt && memcmp(jkt, wanted->jkt, sizeof(jkt)) != 0)
		return bad("The proof is by another key than the token's", ret_why);
	if (!signature_holds(&dpop.key, dpop.input, dpop.signature))
		return bad("The proof is not signed by its key", ret_why);
	switch (take(proofs, hasher, &dpop, jkt, wanted->now_s)) {
	case REPLAY_NEW:
		memcpy(ret_jkt, jkt, sizeof(jkt));
		return PROOF_GOOD;
	case REPLAY_USED:
		return bad("The proof was used before", ret_why);
	case REPLAY_FULL:
		break;
	}
	return PROOF_UNKNOWN;
}

void proof_jkt_text(const uint8_t jkt[static REMIT_DIGEST_SIZE], char ret_text[static PROOF_JKT_CHARS + 1])
{
	ret_text[base64url_encode(jkt, REMIT_DIGEST_SIZE, ret_text)] = '\0';
}

bool proof_jkt_read(struct str text, uint8_t ret_jkt[static REMIT_DIGEST_SIZE])
{
	size_t n;
	return text.n == PROOF_JKT_CHARS && base64url_decode(text, ret_jkt, REMIT_DIGEST_SIZE, &n);
}
