/* SPDX-License-Identifier: Apache-2.0
 * One pass over each object; what it is made of is copied out or stands as a view.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/jose.h"

#include "base/text.h"
#include "wire/json_internal.h"

#include <assert.h>

/* ---- Members ---- */

/* The value that comes next, whole. */
static bool take_value(struct json_scanner *s, struct jose_member *ret)
{
	enum json_event event = json_next(s);
	if (event == JSON_EVENT_ERROR)
		return false;
	struct jose_member value = { s->kind, s->raw };
	const char *start = s->p - 1; /* of an object or array: behind its bracket now */
	if (!json_skip(s))
		return false;
	if (event != JSON_EVENT_VALUE) {
		value.kind = event == JSON_EVENT_OBJECT ? JSON_KIND_OBJECT : JSON_KIND_ARRAY;
		value.raw = (struct str){ start, (size_t)(s->p - start) };
	}
	*ret = value;
	return true;
}

/* Which of the names a key is; `count` where it is none. False: one of them in another case. */
static bool find_name(const struct json_scanner *s, const struct str *names, size_t count, size_t *ret)
{
	for (size_t i = 0; i < count; i++) {
		enum json_match match = json_match_key(s->raw, s->escaped, names[i]);
		if (match == JSON_MATCH_NO)
			continue;
		*ret = i;
		return match == JSON_MATCH_EXACT;
	}
	*ret = count;
	return true;
}

bool jose_members(struct str text, const struct str *names, size_t count, struct jose_member *ret)
{
	struct json_scanner s;
	assert(count <= JOSE_MEMBERS);
	for (size_t i = 0; i < count; i++)
		ret[i] = (struct jose_member){ JSON_KIND_NONE, { NULL, 0 } };
	json_scanner_init(&s, text);
	if (json_next(&s) != JSON_EVENT_OBJECT)
		return false;
	for (;;) {
		struct jose_member passed;
		size_t at;
		enum json_event event = json_next(&s);
		if (event == JSON_EVENT_OBJECT_END)
			return json_next(&s) == JSON_EVENT_END;
		if (event != JSON_EVENT_KEY || !find_name(&s, names, count, &at))
			return false;
		if (at < count && ret[at].kind != JSON_KIND_NONE)
			return false;
		if (!take_value(&s, at < count ? &ret[at] : &passed))
			return false;
	}
}

bool jose_text(const struct jose_member *member, char *room, size_t room_bytes, struct str *ret)
{
	size_t n;
	if (member->kind != JSON_KIND_STRING || !json_decode(member->raw, room, room_bytes, &n))
		return false;
	*ret = (struct str){ room, n };
	return true;
}

/* ---- Signed texts ---- */

/* The next part, decoded to the room's start, which goes on. */
static bool take_part(struct str part, char **room, size_t *room_bytes, struct str *ret)
{
	size_t n;
	if (part.n == 0 || !base64url_decode(part, (uint8_t *)*room, *room_bytes, &n))
		return false;
	*ret = (struct str){ *room, n };
	*room += n;
	*room_bytes -= n;
	return true;
}

bool jws_read(struct str text, char *room, size_t room_bytes, struct jws *ret)
{
	struct str rest = text, header, payload;
	struct jws jws;
	if (!str_cut(&rest, '.', &header) || !str_cut(&rest, '.', &payload))
		return false;
	/* A fourth part has a dot, which is no digit of base64url. */
	if (!take_part(header, &room, &room_bytes, &jws.header) ||
		!take_part(payload, &room, &room_bytes, &jws.payload) ||
		!take_part(rest, &room, &room_bytes, &jws.signature))
		return false;
	jws.input = (struct str){ text.p, header.n + 1 + payload.n };
	*ret = jws;
	return true;
}

/* ---- Keys ---- */

enum { KTY, CRV, X, Y, N, E, PRIVATE };

/* The last ones are never to be seen: what a private or a shared key is made of. */
static const struct str names[] = {
	[KTY] = { "kty", 3 }, [CRV] = { "crv", 3 }, [X] = { "x", 1 }, [Y] = { "y", 1 }, [N] = { "n", 1 }, [E] = { "e", 1 },
	[PRIVATE] = { "d", 1 }, { "p", 1 }, { "q", 1 }, { "dp", 2 }, { "dq", 2 }, { "qi", 2 }, { "oth", 3 }, { "k", 1 },
};
#define NAMES (sizeof(names) / sizeof(names[0]))
_Static_assert(NAMES <= JOSE_MEMBERS, "they are read at once");

static bool is_text(const struct jose_member *member, struct str text)
{
	return member->kind == JSON_KIND_STRING && json_raw_eq(member->raw, text);
}

/* A member's bytes; base64url has no escapes. */
static bool take_bytes(const struct jose_member *member, uint8_t *room, size_t room_bytes, size_t *ret_n)
{
	return member->kind == JSON_KIND_STRING && base64url_decode(member->raw, room, room_bytes, ret_n);
}

static bool take_coordinate(const struct jose_member *member, uint8_t ret[static 32])
{
	size_t n;
	return take_bytes(member, ret, 32, &n) && n == 32;
}

/* A short modulus is no protection, a long one or a long exponent costs us too much; an even one is none. A number
 * has one spelling, without zeros before it (RFC 7518 section 2), so that a key has one thumbprint. */
static bool take_rsa(const struct jose_member *list, struct jwk *key)
{
	if (!take_bytes(&list[N], key->n, sizeof(key->n), &key->n_bytes) ||
		!take_bytes(&list[E], key->e, sizeof(key->e), &key->e_bytes))
		return false;
	if (key->n_bytes < LIMIT_JWK_RSA_LEAST || key->e_bytes == 0 || key->n[0] == 0 || key->e[0] == 0)
		return false;
	bool one = key->e_bytes == 1 && key->e[0] == 1;
	return !one && (key->n[key->n_bytes - 1] & 1) && (key->e[key->e_bytes - 1] & 1);
}

bool jwk_read(struct str json, struct jwk *ret)
{
	struct jose_member list[NAMES];
	if (!jose_members(json, names, NAMES, list))
		return false;
	for (size_t i = PRIVATE; i < NAMES; i++)
		if (list[i].kind != JSON_KIND_NONE)
			return false;
	memset(ret, 0, sizeof(*ret));
	if (is_text(&list[KTY], STR("EC")) && is_text(&list[CRV], STR("P-256"))) {
		ret->kind = JWK_P256;
		return take_coordinate(&list[X], ret->x) && take_coordinate(&list[Y], ret->y);
	}
	if (is_text(&list[KTY], STR("OKP")) && is_text(&list[CRV], STR("Ed25519"))) {
		ret->kind = JWK_ED25519;
		return take_coordinate(&list[X], ret->x);
	}
	ret->kind = JWK_RSA;
	return is_text(&list[KTY], STR("RSA")) && take_rsa(list, ret);
}

bool jwk_signs_by(enum jwk_kind kind, struct str alg)
{
	switch (kind) {
	case JWK_P256:
		return str_eq(alg, STR("ES256"));
	case JWK_ED25519:
		return str_eq(alg, STR("EdDSA")) || str_eq(alg, STR("Ed25519"));
	case JWK_RSA:
		return str_eq(alg, STR("PS256"));
	}
	return false;
}

static char *put(char *at, const char *text)
{
	size_t n = strlen(text);
	memcpy(at, text, n);
	return at + n;
}

size_t jwk_canonical(const struct jwk *key, char ret_text[static JWK_CANONICAL_ROOM])
{
	char *at = ret_text;
	if (key->kind == JWK_RSA) {
		at = put(at, "{\"e\":\"");
		at += base64url_encode(key->e, key->e_bytes, at);
		at = put(at, "\",\"kty\":\"RSA\",\"n\":\"");
		at += base64url_encode(key->n, key->n_bytes, at);
	} else {
		bool p256 = key->kind == JWK_P256;
		at = put(at, p256 ? "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" : "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"");
		at += base64url_encode(key->x, sizeof(key->x), at);
		if (p256) {
			at = put(at, "\",\"y\":\"");
			at += base64url_encode(key->y, sizeof(key->y), at);
		}
	}
	at = put(at, "\"}");
	return (size_t)(at - ret_text);
}
