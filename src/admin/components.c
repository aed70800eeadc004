/* SPDX-License-Identifier: Apache-2.0
 * The schemas of what goes in and comes out, for the OpenAPI document (JSON Schema 2020-12).
 * admin: may include base, core, wire, store, authority, profile, net, gate and services/service.h.
 */
#include "admin/internal.h"

#define TEXT "{\"type\":\"string\"}"
#define TEXT_OR_NULL "{\"type\":[\"string\",\"null\"]}"
#define UUID "{\"type\":\"string\",\"format\":\"uuid\"}"
#define UUID_OR_NULL "{\"type\":[\"string\",\"null\"],\"format\":\"uuid\"}"
#define TIME "{\"type\":\"string\",\"format\":\"date-time\"}"
#define TIME_OR_NULL "{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}"
#define FLAG "{\"type\":\"boolean\"}"
#define NUMBER "{\"type\":\"integer\"}"
#define TEXTS "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"
#define RATE "{\"type\":[\"integer\",\"string\",\"null\"],\"minimum\":1,\"maximum\":60000}"
#define ANYTHING "{}"
#define REF(name) "{\"$ref\":\"#/components/schemas/" name "\"}"
#define LIST_OF(name) "{\"type\":\"array\",\"items\":" REF(name) "}"

#define M(name, schema) "\"" name "\":" schema
#define OBJECT(name, members) "\"" name "\":{\"type\":\"object\",\"properties\":{" members "}}"
/* What is taken: nothing but these, and at least those. */
#define INPUT(name, members, needed) \
	"\"" name "\":{\"type\":\"object\",\"properties\":{" members "},\"required\":[" needed \
	"],\"additionalProperties\":false}"

#define TOKEN_MEMBERS \
	M("id", UUID) "," M("name", TEXT) "," M("kind", TEXT) "," M("state", TEXT) "," M("owner", TEXT_OR_NULL) "," \
	M("owner_id", UUID) "," M("api", TEXT) "," M("scopes", TEXTS) "," M("preset", TEXT_OR_NULL) "," \
	M("project", UUID_OR_NULL) "," M("parent", UUID_OR_NULL) "," M("created_at", TIME) "," \
	M("expires_at", TIME_OR_NULL) "," M("last_used_at", TIME_OR_NULL) "," M("revoked_at", TIME_OR_NULL) "," \
	M("revoked_by", TEXT_OR_NULL) "," M("revoked_why", TEXT_OR_NULL) "," M("rate", RATE) "," \
	M("ceiling", "{\"type\":[\"object\",\"null\"],\"properties\":{" M("apis", TEXTS) "," M("scopes", TEXTS) "," \
		M("project", UUID_OR_NULL) "}}")

const char admin_components[] =
	"{"
	OBJECT("Caller", M("user", REF("User")) "," M("token", REF("Token"))) ","
	OBJECT("Done", M("id", TEXT) "," M("user", TEXT) "," M("project", TEXT)) ","
	OBJECT("Token", TOKEN_MEMBERS) ","
	OBJECT("TokenList", M("tokens", LIST_OF("Token")) "," M("next_cursor", UUID_OR_NULL)) ","
	INPUT("TokenCreate", M("api", TEXT) "," M("user", TEXT) "," M("name", TEXT) "," M("preset", TEXT) ","
		M("scopes", TEXTS) "," M("project", UUID) "," M("expires", TEXT) "," M("rate", RATE), "\"name\"") ","
	OBJECT("TokenIssued", M("token", TEXT) "," M("id", UUID) "," M("name", TEXT) "," M("api", TEXT) ","
		M("scopes", TEXTS) "," M("project", UUID_OR_NULL) "," M("expires_at", TIME_OR_NULL)) ","
	INPUT("TokenCheck", M("token", TEXT), "\"token\"") ","
	OBJECT("TokenChecked", M("form", FLAG) "," M("known", FLAG) "," M("valid", FLAG) ","
		M("token", "{\"oneOf\":[" REF("Token") ",{\"type\":\"null\"}]}")) ","
	INPUT("TokenEdit", M("name", TEXT) "," M("rate", RATE) "," M("expires", TEXT), "") ","
	INPUT("TokenRevoke", M("why", TEXT), "") ","
	INPUT("TokenRotate", M("overlap", TEXT), "") ","
	INPUT("TokenRegenerate", M("preset", TEXT), "\"preset\"") ","
	INPUT("TokenShrink", M("keep", TEXTS) "," M("remove", TEXTS), "") ","
	OBJECT("Scope", M("api", TEXT) "," M("name", TEXT) "," M("meaning", TEXT) "," M("implies", TEXTS)) ","
	OBJECT("ScopeList", M("scopes", LIST_OF("Scope"))) ","
	OBJECT("Preset", M("api", TEXT) "," M("preset", TEXT) "," M("title", TEXT) "," M("for", TEXT) ","
		M("scopes", TEXTS) "," M("default", FLAG)) ","
	OBJECT("PresetList", M("presets", LIST_OF("Preset"))) ","
	INPUT("Question", M("api", TEXT) "," M("token_id", UUID) "," M("token", TEXT) "," M("method", TEXT) ","
		M("target", TEXT) "," M("tool", TEXT) "," M("json", ANYTHING), "") ","
	OBJECT("Explained", M("allowed", FLAG) "," M("reason", TEXT) "," M("operation", TEXT_OR_NULL) ","
		M("rule", TEXT_OR_NULL) "," M("asks_for", TEXT) "," M("token", TEXT) "," M("token_has", TEXTS) ","
		M("missing", TEXTS) "," M("presets", TEXTS) "," M("project", TEXT_OR_NULL)) ","
	OBJECT("User", M("id", UUID) "," M("email", TEXT) "," M("admin", FLAG) "," M("disabled", FLAG) ","
		M("created_at", TIME) "," M("disabled_at", TIME_OR_NULL) "," M("has_password", FLAG)) ","
	OBJECT("UserList", M("users", LIST_OF("User"))) ","
	INPUT("UserAdd", M("email", TEXT) "," M("password", TEXT) "," M("admin", FLAG), "\"email\"") ","
	OBJECT("UserAdded", M("id", UUID) "," M("email", TEXT) "," M("admin", FLAG)) ","
	OBJECT("Project", M("id", UUID) "," M("name", TEXT) "," M("api", TEXT) "," M("owner_id", UUID) ","
		M("owner", TEXT_OR_NULL) "," M("created_at", TIME)) ","
	OBJECT("ProjectList", M("projects", LIST_OF("Project"))) ","
	INPUT("ProjectAdd", M("name", TEXT) "," M("api", TEXT) "," M("owner", TEXT), "\"name\",\"owner\"") ","
	OBJECT("ProjectAdded", M("id", UUID) "," M("name", TEXT) "," M("api", TEXT) "," M("owner", TEXT)) ","
	OBJECT("MemberList", M("members", LIST_OF("User"))) ","
	INPUT("MemberAdd", M("user", TEXT), "\"user\"") ","
	OBJECT("AuditRecord", M("at", TIME) "," M("request", TEXT) "," M("status", NUMBER) "," M("reason", TEXT) ","
		M("api", TEXT) "," M("operation", TEXT) "," M("token", UUID_OR_NULL) "," M("owner", UUID_OR_NULL) ","
		M("project", UUID_OR_NULL) "," M("address", TEXT) "," M("micros", NUMBER) "," M("lost", NUMBER)) ","
	OBJECT("AuditList", M("records", LIST_OF("AuditRecord")) "," M("before", TEXT_OR_NULL) ","
		M("after", TEXT_OR_NULL)) ","
	OBJECT("AuditVerdict", M("whole", FLAG) "," M("at", TIME) "," M("segments", NUMBER) "," M("blocks", NUMBER) ","
		M("records", NUMBER) "," M("lost", NUMBER) "," M("first", NUMBER) "," M("last", NUMBER) ","
		M("broken", "{\"type\":[\"object\",\"null\"],\"properties\":{" M("segment", TEXT) "," M("byte", NUMBER)
			"," M("what", TEXT) "}}")) ","
	OBJECT("Event", M("number", NUMBER) "," M("at", TIME) "," M("actor", TEXT) "," M("action", TEXT) ","
		M("subject", TEXT) "," M("detail", ANYTHING)) ","
	OBJECT("EventList", M("events", LIST_OF("Event")) "," M("after", NUMBER)) ","
	OBJECT("System", M("version", TEXT) "," M("store", TEXT) "," M("public_url", TEXT) ","
		M("max_staleness_seconds", "{\"type\":\"number\"}") ","
		M("apis", "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}") ","
		M("nodes", "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}") ","
		M("server", "{\"type\":[\"object\",\"null\"]}"))
	"}";
