/* SPDX-License-Identifier: Apache-2.0
 * The token of a visit: from the head's bytes to what the copy of the store knows of it.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_TOKEN_H
#define REMIT_GATE_TOKEN_H

#include "gate/identity.h"
#include "gate/internal.h"

enum token_result {
	TOKEN_JUDGED, /* v->credential, and v->record where it was found */
	TOKEN_TWICE,  /* two Authorization fields: 400 */
	TOKEN_STALE,  /* the copy is too old to say anything: 503 (L05) */
	TOKEN_FAILED, /* the hash could not be computed: 503 */
};

/* Reads it from the head: v->credential is REMIT_CREDENTIAL_UNKNOWN where it can be looked up. What is known
 * of it is on its way from memory then, while the rule is looked for. */
enum token_result token_read(struct visit *v);
/* Looks up what was read. */
enum token_result token_find(struct visit *v);
/* Looks the same token up again, after time has passed. */
enum token_result token_find_again(struct visit *v);
/* Who owns the token that was found: one of our people, or one whom the API's service knows. */
struct token_owner {
	bool active, unlimited;
	const struct remit_scopes *ceiling; /* NULL: none but that of `unlimited` */
};
void token_owner(const struct visit *v, struct token_owner *ret);
/* The question for remit_decide, as far as the token goes. */
void token_question(const struct visit *v, struct remit_question *ret);
/* Whose it is, for what stands behind the gate (D23); nobody's where the operation is public. */
void token_identity(const struct visit *v, struct identity *ret);

#endif
