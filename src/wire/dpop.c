/* SPDX-License-Identifier: Apache-2.0
 * Header and claims of RFC 9449 section 4.2; others are left alone.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/dpop.h"

enum { TYP, ALG, JWK, CRIT, HEADERS };
enum { JTI, HTM, HTU, IAT, ATH, CLAIMS };

static const struct str header_names[HEADERS] = {
	[TYP] = { "typ", 3 }, [ALG] = { "alg", 3 }, [JWK] = { "jwk", 3 }, [CRIT] = { "crit", 4 },
};
static const struct str claim_names[CLAIMS] = {
	[JTI] = { "jti", 3 }, [HTM] = { "htm", 3 }, [HTU] = { "htu", 3 }, [IAT] = { "iat", 3 }, [ATH] = { "ath", 3 },
};

/* Strings that are short: names, not text. */
#define WORD_ROOM 32

static const char *read_header(struct str text, struct dpop *ret)
{
	struct jose_member list[HEADERS];
	char typ_room[WORD_ROOM], alg_room[WORD_ROOM];
	struct str typ, alg;
	if (!jose_members(text, header_names, HEADERS, list))
		return "The proof's header is no JSON object, or says something twice";
	/* A media type, which has no case (RFC 7515 section 4.1.9). */
	if (!jose_text(&list[TYP], typ_room, sizeof(typ_room), &typ) || !str_eq_ignore_case(typ, STR("dpop+jwt")))
		return "The proof's typ must be dpop+jwt";
	if (list[CRIT].kind != JSON_KIND_NONE)
		return "The proof's header has extensions that are not known here";
	if (list[JWK].kind != JSON_KIND_OBJECT || !jwk_read(list[JWK].raw, &ret->key))
		return "The proof's jwk must be a public key of P-256, Ed25519 or RSA, and nothing private";
	if (!jose_text(&list[ALG], alg_room, sizeof(alg_room), &alg) || !jwk_signs_by(ret->key.kind, alg))
		return "The proof's alg must be the one of its key: ES256, EdDSA or PS256";
	return NULL;
}

/* Seconds: digits, and perhaps a fraction. */
static bool read_seconds(const struct jose_member *member, int64_t *ret)
{
	struct str rest = member->raw, whole;
	uint64_t seconds;
	if (member->kind != JSON_KIND_NUMBER)
		return false;
	str_cut(&rest, '.', &whole);
	for (size_t i = 0; i < rest.n; i++)
		if (rest.p[i] < '0' || rest.p[i] > '9')
			return false;
	if (!str_to_u64(whole, UINT32_MAX, &seconds))
		return false;
	*ret = (int64_t)seconds;
	return true;
}

static const char *read_claims(struct str text, struct dpop *ret)
{
	struct jose_member list[CLAIMS];
	struct str *texts[CLAIMS] = { [JTI] = &ret->jti, [HTM] = &ret->htm, [HTU] = &ret->htu, [ATH] = &ret->ath };
	char *room = ret->unescaped;
	size_t room_bytes = sizeof(ret->unescaped);
	if (!jose_members(text, claim_names, CLAIMS, list))
		return "The proof's claims are no JSON object, or say something twice";
	ret->ath = (struct str){ NULL, 0 };
	for (size_t i = 0; i < CLAIMS; i++) {
		if (!texts[i] || (i == ATH && list[i].kind == JSON_KIND_NONE))
			continue;
		if (!jose_text(&list[i], room, room_bytes, texts[i]))
			return "The proof lacks jti, htm or htu, or one of its claims is no text";
		room += texts[i]->n;
		room_bytes -= texts[i]->n;
	}
	if (ret->jti.n == 0 || ret->jti.n > LIMIT_DPOP_JTI_BYTES)
		return "The proof's jti is empty or too long";
	if (!read_seconds(&list[IAT], &ret->iat_s))
		return "The proof's iat is no time in seconds";
	return NULL;
}

const char *dpop_read(struct str text, struct dpop *ret)
{
	struct jws jws;
	if (text.n > LIMIT_DPOP_BYTES)
		return "The proof is too long";
	if (!jws_read(text, ret->decoded, sizeof(ret->decoded), &jws))
		return "The proof is no JWS in its compact form";
	const char *wrong = read_header(jws.header, ret);
	wrong = wrong ? wrong : read_claims(jws.payload, ret);
	if (wrong)
		return wrong;
	ret->input = jws.input;
	ret->signature = jws.signature;
	return NULL;
}
