/* SPDX-License-Identifier: Apache-2.0
 * A proof of possession as a client sends it (RFC 9449 section 4.2): its form alone. Whether it is signed, of this
 * request, of now and new is for others to say.
 * wire: may include base, and nothing else of ours.
 */
#ifndef REMIT_WIRE_DPOP_H
#define REMIT_WIRE_DPOP_H

#include "wire/jose.h"

struct dpop {
	struct jwk key;
	struct str input, signature;    /* what is signed, a view into the text; the signature's bytes */
	struct str jti, htm, htu, ath;  /* ath: {NULL, 0} where there is none */
	int64_t iat_s;                  /* seconds since 1970; a fraction is left out */
	char decoded[LIMIT_DPOP_BYTES]; /* what the views above are into */
	char unescaped[LIMIT_DPOP_BYTES];
};

/* NULL, and *ret set; or a sentence that says what is wrong. 9 kB: *ret need not be zeroed. */
const char *dpop_read(struct str text, struct dpop *ret);

#endif
