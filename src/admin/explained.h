/* SPDX-License-Identifier: Apache-2.0
 * A decision in words: what was asked for, by which rule, what is missing, what would do.
 * admin: may include base, core, wire, store, authority, profile, net, gate and services/service.h.
 */
#ifndef REMIT_ADMIN_EXPLAINED_H
#define REMIT_ADMIN_EXPLAINED_H

#include "authority/authority.h"
#include "gate/explain.h"

#include <jansson.h>

struct explained { /* texts in the arena, or NULL */
	bool allowed;
	const char *reason, *operation, *rule, *asks_for;
	const char *has;      /* scopes, with a space between */
	const char *token;    /* "found", "unknown", "none" */
	const char *missing, *presets, *project;
};

struct explained_ask {
	const struct authority *authority;
	const struct authority_api *api;
	bool is_upstream, has_no_projects; /* as struct explain_question's */
	/* The token that asks: one of these, or none. */
	const char *token_id;
	const char *token_text;
	const char *method, *target, *tool, *json;
	int64_t now_ms;
};

/* Decides. INVALID with a sentence where the question itself is bad; texts live in the arena. */
enum authority_status explain_ask(const struct explained_ask *ask, struct arena *arena, struct explained *ret,
	struct authority_error *reterr);
json_t *explained_json(const struct explained *e);

#endif
