/* SPDX-License-Identifier: Apache-2.0
 * Whether a request comes with a proof that its sender holds a key (RFC 9449 section 4.3). Called by whoever has the
 * request: the gate for a token that is bound, the token endpoint for one that is to be.
 * authority: may include base, core, wire, store, profile and outbound.
 */
#ifndef REMIT_AUTHORITY_DPOP_PROOF_H
#define REMIT_AUTHORITY_DPOP_PROOF_H

#include "base/str.h"

#include <remit/remit.h>

/* The algorithms, as metadata and challenges list them. */
#define PROOF_ALGORITHMS "ES256 EdDSA Ed25519 PS256"

/* Which proofs were used: one for each kind of request, for the life of the process. */
struct proofs;
/* Room for `room` proofs, a power of two. False without memory. */
bool proofs_new(uint32_t room, struct proofs **ret);
void proofs_free(struct proofs *proofs);

struct proof_wanted {
	struct str method;           /* the request's */
	struct str scheme, authority; /* of the URL that it was sent to; a port that is the scheme's own counts for none */
	struct str other;            /* another authority under which it is reached; or {NULL, 0} */
	struct str path;             /* decoded (remit_path_decode) */
	struct str token;            /* that it proves; {NULL, 0}: none is there yet */
	const uint8_t *jkt;          /* the thumbprint that it must have, REMIT_DIGEST_SIZE bytes, or NULL: any */
	int64_t now_s;
};

enum proof_result {
	PROOF_GOOD,
	PROOF_BAD,     /* *ret_why is a sentence */
	PROOF_UNKNOWN, /* cannot be judged just now: too many proofs, or no memory (503) */
};

/* *ret_jkt: the key's thumbprint (RFC 7638), for GOOD. Takes about 100 us of processor and waits for nothing. From any
 * thread, each with its own hasher. */
enum proof_result proof_judge(struct proofs *proofs, struct remit_hasher *hasher, struct str text,
	const struct proof_wanted *wanted, uint8_t ret_jkt[static REMIT_DIGEST_SIZE], const char **ret_why);

/* A thumbprint as it is written: base64url without padding. */
#define PROOF_JKT_CHARS 43
void proof_jkt_text(const uint8_t jkt[static REMIT_DIGEST_SIZE], char ret_text[static PROOF_JKT_CHARS + 1]);
bool proof_jkt_read(struct str text, uint8_t ret_jkt[static REMIT_DIGEST_SIZE]);

#endif
