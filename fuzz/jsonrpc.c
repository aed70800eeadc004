/* SPDX-License-Identifier: Apache-2.0
 * One JSON-RPC message, beside jansson's tree.
 */
#include "wire/jsonrpc.h"

#include <jansson.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)

static void require_same(const struct jsonrpc_value *value, json_t *wanted)
{
	REQUIRE((value->kind == JSON_KIND_NONE) == !wanted);
	if (!wanted)
		return;
	REQUIRE((value->kind == JSON_KIND_STRING) == json_is_string(wanted));
	if (json_is_string(wanted))
		REQUIRE(jsonrpc_is(value, (struct str){ json_string_value(wanted), json_string_length(wanted) }));
	if (value->kind == JSON_KIND_OBJECT || value->kind == JSON_KIND_ARRAY) {
		json_t *again = json_loadb(value->raw.p, value->raw.n, JSON_ALLOW_NUL, NULL);
		REQUIRE(again && json_equal(again, wanted));
		json_decref(again);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jsonrpc_message m;
	const char *what = NULL;
	struct str text = { (const char *)data, size };
	enum jsonrpc_result result = jsonrpc_read(text, &m, &what);
	REQUIRE((result == JSONRPC_OK) == !what);
	if (result != JSONRPC_OK)
		return 0;
	for (int i = 0; i < JSONRPC_FIELDS; i++)
		if (m.field[i].raw.n > 0)
			REQUIRE(m.field[i].raw.p >= text.p && m.field[i].raw.p + m.field[i].raw.n <= text.p + text.n);
	json_t *tree = json_loadb(text.p, text.n, JSON_ALLOW_NUL, NULL);
	if (!tree) /* jansson's own limits: fuzz/json.c looks at them */
		return 0;
	json_t *params = json_object_get(tree, "params"), *meta = json_object_get(params, "_meta");
	require_same(&m.field[JSONRPC_METHOD], json_object_get(tree, "method"));
	require_same(&m.field[JSONRPC_ID], json_object_get(tree, "id"));
	require_same(&m.field[JSONRPC_NAME], json_object_get(params, "name"));
	require_same(&m.field[JSONRPC_URI], json_object_get(params, "uri"));
	require_same(&m.field[JSONRPC_ARGUMENTS], json_object_get(params, "arguments"));
	require_same(&m.field[JSONRPC_PROTOCOL], json_object_get(meta, "io.modelcontextprotocol/protocolVersion"));
	require_same(&m.field[JSONRPC_REF_NAME], json_object_get(json_object_get(params, "ref"), "name"));
	json_decref(tree);
	return 0;
}
