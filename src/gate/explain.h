/* SPDX-License-Identifier: Apache-2.0
 * A decision without a request: what would be answered, and why. The same conditions and the same
 * remit_decide as the gate's own.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_EXPLAIN_H
#define REMIT_GATE_EXPLAIN_H

#include "gate/project.h"
#include "profile/profile.h"
#include "store/store.h"

#include <remit/remit.h>

struct explain_question {
	const struct profile *profile;
	const char *api;
	bool is_upstream;              /* somebody else's: the project is read from the request (D22) */
	bool has_no_projects;          /* of a service that judges none: a bound token gets nothing */
	const struct token_row *token; /* NULL: none */
	const struct user_row *owner;  /* NULL: gone */
	const struct remit_scopes *ceiling; /* of the owner; NULL: none */
	int64_t now_ms;
	/* Either a REST operation: */
	const char *method, *target; /* target with the API's base, and perhaps a query */
	/* or a tool: */
	const char *tool;
	const char *json;            /* the body, or the tool's arguments; NULL: none */
};

struct explain_answer {
	struct remit_decision decision;
	uint32_t operation; /* REMIT_NO_OPERATION where none */
	uint32_t whens;
	char project[PROJECT_PROBLEM_ROOM]; /* what is wrong with the project, or "" */
	const struct profile_preset *preset; /* the smallest that would do; NULL */
	char problem[256];  /* not "": the question itself is bad (path, JSON, unknown action) */
};

void gate_explain(const struct explain_question *question, struct arena *arena, struct explain_answer *ret);

#endif
