/* SPDX-License-Identifier: Apache-2.0
 * Tokens that are bound to a key (RFC 9449): whether the request comes with a proof of it, and what is said where it
 * does not. Nothing here is asked for a token that is not bound.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_POSSESSION_H
#define REMIT_GATE_POSSESSION_H

#include "gate/token.h"

/* Judges the proof for a token that was found, is bound, and came under the scheme DPoP: v->unproven tells what is
 * wrong with it. FAILED: it cannot be judged just now. About 100 us of processor (measured: ES256 102, EdDSA 110, PS256
 * 48), on the loop: workers share its cores, so that one would save nobody anything, and add its hop. */
enum token_result possession_judge(struct visit *v);

/* The challenge for this visit: that of a bearer as it is; or, where the token came under the scheme DPoP or is bound,
 * the same under that scheme. `plain` is the one without an error, where a failed proof has an error of its own. */
struct str possession_challenge(struct visit *v, struct str challenge, struct str plain);

#endif
