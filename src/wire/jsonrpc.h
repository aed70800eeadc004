/* SPDX-License-Identifier: Apache-2.0
 * One JSON-RPC message of MCP, found in one strict pass over its text: no tree, no allocation. What the
 * gate judges may stand once and in one spelling only (M02, M15); the rest is validated and passed over.
 * wire: may include base, and nothing else of ours.
 */
#ifndef REMIT_WIRE_JSONRPC_H
#define REMIT_WIRE_JSONRPC_H

#include "wire/json.h"

enum jsonrpc_kind {
	JSONRPC_REQUEST,
	JSONRPC_NOTIFICATION,
	JSONRPC_RESPONSE, /* to a request of the server */
};

enum jsonrpc_field {
	JSONRPC_VERSION, /* "jsonrpc" */
	JSONRPC_ID,
	JSONRPC_METHOD,
	JSONRPC_PARAMS,
	JSONRPC_RESULT,
	JSONRPC_ERROR,
	/* of params: */
	JSONRPC_NAME,
	JSONRPC_URI,
	JSONRPC_ARGUMENTS,
	JSONRPC_META,
	JSONRPC_REF,
	JSONRPC_NOTIFICATIONS,
	/* of params._meta: */
	JSONRPC_PROTOCOL, /* io.modelcontextprotocol/protocolVersion */
	/* of params.ref: */
	JSONRPC_REF_TYPE,
	JSONRPC_REF_NAME,
	JSONRPC_REF_URI,
	/* of params.notifications: */
	JSONRPC_SUBSCRIPTIONS,
	JSONRPC_FIELDS,
};

struct jsonrpc_value {
	enum json_kind kind; /* JSON_KIND_NONE: it is not there */
	struct str raw;      /* of a string: what is between the quotes; else the whole value as it stands */
};

struct jsonrpc_message {
	enum jsonrpc_kind kind;
	struct jsonrpc_value field[JSONRPC_FIELDS]; /* views into the text */
};

enum jsonrpc_result {
	JSONRPC_OK,
	JSONRPC_NOT_JSON,  /* -32700 */
	JSONRPC_BATCH,     /* -32600, as the two below */
	JSONRPC_DUPLICATE, /* a judged key stands twice, or in another case */
	JSONRPC_INVALID,   /* JSON, but no message of JSON-RPC 2.0 */
};

/* *ret_what is a sentence where it is not OK; ret->field[JSONRPC_ID] is set as far as it was read. */
enum jsonrpc_result jsonrpc_read(struct str text, struct jsonrpc_message *ret, const char **ret_what);

/* Whether a value is a string that, decoded, is this text. */
bool jsonrpc_is(const struct jsonrpc_value *value, struct str text);

#endif
