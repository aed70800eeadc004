/* SPDX-License-Identifier: Apache-2.0
 * Which conditions (`when`) of an operation match a request, and what stands where its rule says that
 * the project is named. What they ask of the body is prepared once for an operation and answered by one
 * pass over the text, which also judges its syntax.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_CONDITIONS_H
#define REMIT_GATE_CONDITIONS_H

#include "base/limits.h"
#include "wire/http1.h"
#include "wire/json.h"
#include "wire/query.h"

#include <remit/remit.h>

struct conditions {
	const struct remit_operation *operation; /* lives as long as the policy */
	bool reads_query, reads_body;            /* body: or a tool's arguments */
	bool reads_project;                      /* from where the rule says */
	size_t wanted_count;
	struct json_wanted wanted[LIMIT_WHENS + 1]; /* what the pass looks for; copied for each use */
	uint8_t wanted_of[LIMIT_WHENS + 1];     /* condition -> place in wanted; at when_count: the project's */
};

void conditions_prepare(const struct remit_operation *operation, struct conditions *ret);
/* After that: the project is to be read as well, where the rule says from where. */
void conditions_add_project(struct conditions *conditions);

struct conditions_input {
	const struct remit_match *match;    /* for path parameters; may be NULL where none is judged */
	const struct query *query;          /* likewise */
	const struct http_request *request; /* likewise, for headers */
	bool has_json;
	struct str json;                    /* the body, or the arguments */
};

struct conditions_named { /* what stands where the project is named */
	bool found;
	bool in_json;
	enum json_kind kind; /* in JSON */
	struct str text;     /* in JSON: as it stands between the quotes */
};

#define CONDITIONS_PROBLEM_ROOM 192

/* Bit i of *ret_whens: condition i matches. *ret_named is what the project is read from, `found` only
 * where it is to be read. False with a sentence where the request is to be
 * refused (400): the body is not JSON, or a judged value stands twice (M15). */
bool conditions_judge(const struct conditions *conditions, const struct conditions_input *input,
	uint32_t *ret_whens, struct conditions_named *ret_named, char reterr_problem[static CONDITIONS_PROBLEM_ROOM]);

#endif
