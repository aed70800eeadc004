/* SPDX-License-Identifier: Apache-2.0
 * Who a request is of, as headers for what stands behind the gate (D23), and which names only the gate
 * may set: no client's word may be taken for ours.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_IDENTITY_H
#define REMIT_GATE_IDENTITY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/id.h"
#include "wire/http1.h"

#include <remit/remit.h>

/* Names are compared as careless receivers see them: in any case, and with every sign taken for "-",
 * as CGI and its heirs turn "Remit_User" and "Remit.User" into what "Remit-User" would be (H01). */

/* Whether a receiver might take one name for the other. */
bool identity_looks_like(struct str a, struct str b);
/* The value of a field that is judged. *ret_count is how often it stands: above one is to be refused. A name that a
 * receiver might take for it counts twice; so does one that Connection names: it would be judged here and missing
 * there. */
struct str identity_judged_header(const struct http_request *request, struct str name, size_t *ret_count);
/* Remit-User, and every other name that starts with "Remit-". */
bool identity_is_ours(struct str name);
/* Forwarded, X-Forwarded-*, X-Original-Method, X-Original-URI, X-Real-IP: what a proxy says of its client. */
bool identity_is_forwarding(struct str name);
/* Names by which a receiver might take another method or path than the one that was judged. */
bool identity_is_override(struct str name);
/* Whether it may be any of these three: most names are not, by their first letter. */
static inline bool identity_may_be_special(struct str name)
{
	char first = (char)(name.p[0] | 0x20);
	return first == 'r' || first == 'x' || first == 'f';
}
/* A cookie's name: "remit...", also behind "__Host-" and "__Secure-". */
bool identity_is_our_cookie(struct str name);
/* A Cookie field's value without our cookies. False without memory. */
bool identity_write_cookies(struct str value, struct buf *out);

#define IDENTITY_HEADERS 4
#define IDENTITY_SCOPES_ROOM 4096 /* a longer list is left out */

struct identity {
	const struct id_bytes *user, *token; /* NULL: nobody, of a public operation */
	const struct id_bytes *project;      /* NULL: the token is bound to none */
	const struct remit_policy *policy;
	const uint64_t *granted;             /* remit_policy_words() words; NULL: nothing */
	bool unlimited;                      /* the owner may use "*"; for others it counts for nothing (D24) */
};

/* Remit-User, Remit-Token-Id, Remit-Project, Remit-Scopes: those that there are, values in the arena.
 * False without memory. */
bool identity_headers(const struct identity *who, struct arena *arena,
	struct http_header ret[static IDENTITY_HEADERS], size_t *ret_count);
#endif
