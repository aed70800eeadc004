/* SPDX-License-Identifier: Apache-2.0
 * The project of a request to somebody else's API: read from where the rule says, held against the one
 * that the token is bound to (D22).
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_PROJECT_H
#define REMIT_GATE_PROJECT_H

#include "base/id.h"
#include "gate/conditions.h"

/* Sets the question's project. `bound` is the token's, NULL where it is bound to none; the question's
 * record is then read. A text that is not the bound id, byte for byte, is another project's: the gate
 * holds none of that API's objects, and cannot know better. */
void project_question(const struct conditions_named *named, const struct id_bytes *bound,
	struct remit_question *question);

/* The id that is named; false where it is none. Another spelling of the same id is the same here: what a
 * careless receiver would take for it must not be let through for want of a capital letter. */
bool project_named_id(const struct conditions_named *named, struct id *ret);

#define PROJECT_PROBLEM_ROOM 384

/* The sentence of a refusal for REMIT_PROJECT_UNRESOLVED or REMIT_PROJECT_FORBIDDEN. */
void project_problem(const struct remit_operation *operation, enum remit_reason reason,
	char ret_text[static PROJECT_PROBLEM_ROOM]);

#endif
