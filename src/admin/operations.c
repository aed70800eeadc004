/* SPDX-License-Identifier: Apache-2.0
 * The operations by name: the one table that the rules of profiles/remit.yaml, the OpenAPI document and what runs
 * have in common.
 * admin: may include base, core, wire, store, authority, profile, net, gate and services/service.h.
 */
#include "admin/internal.h"

#define RUNS(op) \
	static void run_##op(struct service *service, struct service_call *call) \
	{ \
		admin_run(service, call, op); \
	}

RUNS(whoami)
RUNS(list_tokens)
RUNS(get_token)
RUNS(check_token)
RUNS(revoke_token)
RUNS(edit_token)
RUNS(shrink_token)
RUNS(create_token)
RUNS(rotate_token)
RUNS(regenerate_token)
RUNS(list_scopes)
RUNS(list_presets)
RUNS(explain)
RUNS(list_people)
RUNS(add_person)
RUNS(disable_person)
RUNS(enable_person)
RUNS(remove_person)
RUNS(list_projects)
RUNS(add_project)
RUNS(remove_project)
RUNS(list_members)
RUNS(add_member)
RUNS(remove_member)
RUNS(list_audit)
RUNS(get_audit_verify)
RUNS(verify_audit)
RUNS(list_events)
RUNS(get_system)

static const struct service_parameter api_only[] = { { "api", "string", "Of this API only." } };
static const struct service_parameter tokens_list[] = {
	{ "api", "string", "Of this API only." },
	{ "user", "string", "Of this person only: an e-mail address or an id." },
	{ "project", "string", "Bound to this project only." },
	{ "all", "boolean", "Revoked and expired ones too." },
	{ "limit", "integer", "How many, 1 to 1000; 100 where it is absent." },
	{ "cursor", "string", "The `next_cursor` of the page before." },
};
static const struct service_parameter projects_list[] = {
	{ "api", "string", "Of this API only." },
	{ "user", "string", "That this person owns or is a member of." },
};
static const struct service_parameter audit_list[] = {
	{ "token", "string", "Of this token only." },
	{ "owner", "string", "Of this person's tokens only: an id." },
	{ "project", "string", "Of tokens that are bound to this project only." },
	{ "refused", "boolean", "Refusals only." },
	{ "except_mine", "boolean", "Not what the asking token itself did." },
	{ "since", "string", "From this time on (RFC 3339)." },
	{ "until", "string", "Before this time (RFC 3339)." },
	{ "before", "integer", "The page before: what an answer's `before` said." },
	{ "after", "integer", "What came since: what an answer's `after` said." },
	{ "limit", "integer", "How many, 1 to 1000; 100 where it is absent." },
	{ "format", "string", "json, or lines: one record a line, and the cursors in Remit-Before and Remit-After." },
};
static const struct service_parameter events_list[] = {
	{ "after", "integer", "What came since: what an answer's `after` said." },
	{ "limit", "integer", "How many, 1 to 1000; 100 where it is absent." },
};

#define PARAMETERS(array) .parameters = (array), .parameter_count = sizeof(array) / sizeof((array)[0])
#define READ(op, at, says, component) \
	.name = #op, .method = "GET", .path = (at), .run = run_##op, .summary = (says), \
	.response = (component), .success = 200
#define CHANGE(op, how, at, kind, takes, gives, code, says) \
	.name = #op, .method = (how), .path = (at), .body = (kind), .run = run_##op, .summary = (says), \
	.request = (takes), .response = (gives), .success = (code)

const struct service_operation admin_operations[] = {
	{ READ(whoami, "/whoami", "The token that asks, and whose it is", "Caller") },
	{ .name = "openapi", .method = "GET", .path = "/openapi.json", .on_loop = true, .run = admin_openapi,
		.summary = "This document", .success = 200 },

	{ READ(list_tokens, "/tokens", "Tokens, in the order in which they were made", "TokenList"),
		PARAMETERS(tokens_list) },
	{ CHANGE(create_token, "POST", "/tokens", SERVICE_BODY_JSON, "TokenCreate", "TokenIssued", 201,
		 "Make a token for the asking token's owner; its text is shown this once") },
	{ CHANGE(check_token, "POST", "/tokens/check", SERVICE_BODY_JSON, "TokenCheck", "TokenChecked", 200,
		 "What a token's text is: its form, and what the store knows of it") },
	{ READ(get_token, "/tokens/{id}", "All of a token but its text", "Token") },
	{ CHANGE(edit_token, "PATCH", "/tokens/{id}", SERVICE_BODY_JSON, "TokenEdit", "Done", 200,
		 "Change a token's name or rate, or bring its expiry forward") },
	{ CHANGE(revoke_token, "POST", "/tokens/{id}/revoke", SERVICE_BODY_OPTIONAL, "TokenRevoke", "Done", 200,
		 "End a token: every running server refuses it when this answers") },
	{ CHANGE(rotate_token, "POST", "/tokens/{id}/rotate", SERVICE_BODY_OPTIONAL, "TokenRotate", "TokenIssued",
		 200, "Give a token a new text, shown this once") },
	{ CHANGE(regenerate_token, "POST", "/tokens/{id}/regenerate", SERVICE_BODY_JSON, "TokenRegenerate",
		 "TokenIssued", 200, "Replace a token by a new one with a preset's scopes") },
	{ CHANGE(shrink_token, "POST", "/tokens/{id}/shrink", SERVICE_BODY_JSON, "TokenShrink", "Done", 200,
		 "Take scopes from a token") },

	{ READ(list_scopes, "/scopes", "The scopes of each API", "ScopeList"), PARAMETERS(api_only) },
	{ READ(list_presets, "/presets", "The presets of each API", "PresetList"), PARAMETERS(api_only) },
	{ CHANGE(explain, "POST", "/explain", SERVICE_BODY_JSON, "Question", "Explained", 200,
		 "What the gate would decide, and why") },

	{ READ(list_people, "/people", "People", "UserList") },
	{ CHANGE(add_person, "POST", "/people", SERVICE_BODY_JSON, "UserAdd", "UserAdded", 201,
		 "Add a person, who is no administrator") },
	{ CHANGE(disable_person, "POST", "/people/{who}/disable", SERVICE_BODY_NONE, NULL, "Done", 200,
		 "Make all of a person's tokens invalid") },
	{ CHANGE(enable_person, "POST", "/people/{who}/enable", SERVICE_BODY_NONE, NULL, "Done", 200,
		 "Let a disabled person's tokens work again") },
	{ CHANGE(remove_person, "DELETE", "/people/{who}", SERVICE_BODY_NONE, NULL, "Done", 200,
		 "Remove a person and revoke their tokens") },

	{ READ(list_projects, "/projects", "Projects", "ProjectList"), PARAMETERS(projects_list) },
	{ CHANGE(add_project, "POST", "/projects", SERVICE_BODY_JSON, "ProjectAdd", "ProjectAdded", 201,
		 "Add a project") },
	{ CHANGE(remove_project, "DELETE", "/projects/{id}", SERVICE_BODY_NONE, NULL, "Done", 200,
		 "Remove a project and revoke the tokens bound to it") },
	{ READ(list_members, "/projects/{id}/members", "Who reaches a project beside its owner", "MemberList") },
	{ CHANGE(add_member, "POST", "/projects/{id}/members", SERVICE_BODY_JSON, "MemberAdd", "Done", 200,
		 "Let a person reach a project") },
	{ CHANGE(remove_member, "DELETE", "/projects/{id}/members/{who}", SERVICE_BODY_NONE, NULL, "Done", 200,
		 "No longer let a person reach a project") },

	{ READ(list_audit, "/audit", "Decisions, oldest first: the newest page, or the one that a cursor names",
	       "AuditList"), PARAMETERS(audit_list) },
	{ READ(get_audit_verify, "/audit/verify", "What the last look at the audit log's chain found",
	       "AuditVerdict") },
	{ CHANGE(verify_audit, "POST", "/audit/verify", SERVICE_BODY_NONE, NULL, "AuditVerdict", 200,
		 "Read all of the audit log, and tell the first place where it was altered") },
	{ READ(list_events, "/events", "Changes to tokens, people and projects, oldest first", "EventList"),
		PARAMETERS(events_list) },
	{ READ(get_system, "/system", "Version, store, nodes, and how the server is", "System") },
};

const size_t admin_operation_count = sizeof(admin_operations) / sizeof(admin_operations[0]);
