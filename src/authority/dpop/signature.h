/* SPDX-License-Identifier: Apache-2.0
 * Whether a text was signed by a key: the algorithm is the key's, not the caller's to choose.
 * authority: may include base, core, wire, store, profile and outbound.
 */
#ifndef REMIT_AUTHORITY_DPOP_SIGNATURE_H
#define REMIT_AUTHORITY_DPOP_SIGNATURE_H

#include "wire/jose.h"

/* False also where the key is none: a point that is not on its curve. Allocates, waits for nothing; about 100 us. */
bool signature_holds(const struct jwk *key, struct str input, struct str signature);

#endif
