/* SPDX-License-Identifier: Apache-2.0
 * The token that a request carries: in the Authorization field and nowhere else (H07).
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_CREDENTIALS_H
#define REMIT_GATE_CREDENTIALS_H

#include "wire/http1.h"

enum credentials {
	CREDENTIALS_NONE,      /* no field, or another scheme than these two */
	CREDENTIALS_BEARER,    /* something after "Bearer"; it may still be no token of ours */
	CREDENTIALS_PROVEN,    /* the same after "DPoP": a proof must be beside it (gate/possession.h) */
	CREDENTIALS_MALFORMED, /* one of the two, and what follows is not one token */
	CREDENTIALS_TWICE,     /* two fields: two readers could take two tokens (H08) */
};

/* *ret_text is a view into the head, for BEARER and PROVEN only. */
enum credentials credentials_read(const struct http_request *request, struct str *ret_text);

#endif
