/* SPDX-License-Identifier: Apache-2.0
 * The texts of refusals, byte for byte as decisions.md ("Answers") has them: bodies, and
 * WWW-Authenticate (RFC 6750, RFC 9728).
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_CHALLENGE_H
#define REMIT_GATE_CHALLENGE_H

#include "base/buf.h"
#include "gate/api.h"

/* A quoted-string (RFC 9110 section 5.6.4): quotes and backslashes escaped, what may not stand in
 * a header left out. */
bool challenge_quote(struct buf *out, struct str text);

/* Bearer realm="publishing", resource_metadata="..."[, scope="..."][, error="invalid_token"]; {NULL, 0} without
 * memory. */
struct str challenge_token(const struct api *api, struct str metadata, struct str scope, const char *error,
	struct arena *arena);

/* Fills realm, metadata and the challenges of an API, and those of a rule. False without memory. */
bool challenge_prepare(struct api *api, const char *public_url, struct arena *arena);
bool challenge_prepare_rule(const struct api *api, struct api_rule *rule, struct arena *arena);

/* The body and the challenge of a 403 for want of scopes. `suggest`: a preset may be named, for
 * tokens that people make. `scratch` has room for 64 kB and keeps its memory. False without memory. */
bool challenge_scopes(const struct api *api, struct str metadata, const struct remit_decision *decision,
	bool suggest, struct buf *scratch,
	struct arena *arena, struct str *ret_body, struct str *ret_header);
/* The same where they were made beforehand: all of what the rule asks of everybody is missing, and
 * nothing else is needed. False where it is not so. */
bool challenge_scopes_made(const struct api_rule *rule, size_t words, const struct remit_decision *decision,
	bool suggest, struct str *ret_body, struct str *ret_header);
/* The body of a 403 because the owner may not use what the token carries (D24). */
bool challenge_owner(const struct api *api, const struct remit_decision *decision, struct buf *scratch,
	struct arena *arena, struct str *ret_body);
/* The body of a 429. */
bool challenge_rate(uint32_t limit, uint32_t retry_s, struct arena *arena, struct str *ret_body);

/* The bodies of a 401. */
extern const char challenge_no_token_body[], challenge_bad_token_body[];

#endif
