/* SPDX-License-Identifier: Apache-2.0
 * A service as an MCP server: its table of tools. Most are ways to call one of its operations, with what REST says of it:
 * parameters of path and query and the members of the body are the arguments. Others stand for themselves. What is
 * answered here is the `result` of a request that was judged already; how it travels is the gate's affair.
 * service.h: may include base, core, wire and store.
 */
#ifndef REMIT_SERVICES_MCP_H
#define REMIT_SERVICES_MCP_H

#include "services/mcp_schema.h"
#include "services/service.h"
#include "wire/mcp_list.h"

#define MCP_MODERN "2026-07-28"
#define MCP_LEGACY "2025-11-25" /* the newest of the versions that begin with `initialize` */

struct service_mcp_tool {
	const struct service_tool *tool;
	const struct service_operation *operation; /* NULL: the tool stands for itself */
	bool on_loop;
	bool selects; /* by an argument, whose values are narrowed in the list to those that the caller may choose */
	const struct schema *schema; /* of the arguments */
	struct str definition;       /* as it stands in the list */
};

struct service_mcp {
	const struct service *service;
	const struct service_mcp_tool *tools;
	size_t tool_count;
	struct str server_info; /* {"name":...} */
	struct str instructions; /* a JSON string */
};

/* In the arena. Of the service only its table is looked at; a tool that no rule of the policy maps is left out, for
 * nobody could call it. False with a sentence where the tables contradict each other, or without memory. */
bool service_mcp_make(const struct service *service, const struct remit_policy *policy, const char *version,
	struct arena *arena, const struct service_mcp **ret, char reterr_text[256]);
/* NULL where there is none of the name. */
const struct service_mcp_tool *service_mcp_find(const struct service_mcp *mcp, struct str name);

/* Results as JSON in the arena; {NULL, 0} without memory. */
/* `wanted` is the version that the client asks for: it gets it, or the newest that it may know. */
struct str service_mcp_initialize(const struct service_mcp *mcp, struct str wanted, struct arena *arena);
struct str service_mcp_discover(const struct service_mcp *mcp, struct arena *arena);
/* The same rules as for an upstream's list; `emit` is not called. */
struct str service_mcp_list(const struct service_mcp *mcp, const struct mcp_list_rules *rules, bool modern,
	struct arena *arena);

struct service_mcp_call {
	const struct service_mcp *mcp;
	const struct service_mcp_tool *tool;
	struct service *service;
	struct str arguments;     /* a JSON object; {NULL, 0}: none */
	bool modern;
	struct service_call call; /* with caller, request, arena and now_ms set */
	struct str result;        /* out */
};

/* Holds the arguments against the schema, and runs the operation, or the tool itself. What it refuses is a result too (`isError`), with
 * the sentence that REST would answer with. */
void service_mcp_run(struct service_mcp_call *c);

#endif
