/* SPDX-License-Identifier: Apache-2.0
 * An API as the gate keeps it: its rules joined with its service's operations, and the texts of
 * its refusals, all made once.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_API_H
#define REMIT_GATE_API_H

#include "base/arena.h"
#include "gate/conditions.h"
#include "gate/numbers.h"
#include "net/upstream.h"
#include "profile/config.h"
#include "services/mcp.h"

struct api_rule { /* one for each operation of the policy */
	const struct remit_operation *operation;
	const struct service_operation *runs; /* NULL: a tool, resource or prompt, or for an upstream */
	bool is_public;
	uint32_t name; /* in the audit log */
	struct conditions conditions;
	struct str no_token, bad_token; /* WWW-Authenticate of a 401 (gate/challenge.h) */
	/* The 403 where all of the base need is missing, its first alternative. NULL: no scopes are asked for. */
	const uint64_t *base_need;
	struct str lacks_all, lacks_all_challenge[2]; /* [1]: with a preset that would do. Of MCP: the body's end */
};

#define API_MCP_NAMES 24

struct api_mcp {
	struct str endpoint;            /* "/mcp"; {NULL, 0}: it has no MCP */
	struct str metadata;            /* resource_metadata="...", for challenges */
	struct str no_token, bad_token; /* challenges where the operation is not known */
	const struct service_mcp *served; /* of a service; NULL: an upstream's */
	uint32_t names[API_MCP_NAMES];  /* in the audit log: of what no rule maps and any token may (gate/mcp_judge.c) */
};

struct api {
	uint8_t number; /* gate/numbers.h */
	size_t place;   /* in its edition */
	const struct config_api *config;
	const struct profile *profile;
	const struct remit_policy *policy;
	struct service *service;        /* NULL: it has addresses */
	struct upstream_address *addresses;
	size_t address_count;
	struct tls_context *upstream_tls; /* NULL: they speak none */
	char *authorization;            /* for the upstream, in locked memory; or NULL */
	struct str base;             /* "/api/v1"; {NULL, 0}: it has no REST */
	struct str realm;            /* the name, as a quoted string */
	struct str metadata;         /* resource_metadata="...", for challenges */
	struct str no_token, bad_token; /* where no rule maps the operation */
	struct api_mcp mcp;
	struct api_rule *rules;
	size_t rule_count;
	uint32_t unmapped_name;      /* in the audit log: of what no rule maps */
};

/* Joins rules and operations in the arena. False with a sentence where one has no counterpart, or
 * without memory. */
bool api_init(struct api *api, struct numbers *numbers, const struct config *config,
	const struct config_api *config_api, struct service *service, struct arena *arena, char reterr_text[512]);

/* Whether a path is this API's: its base, or below it. */
bool api_has_path(const struct api *api, struct str path);

#endif
