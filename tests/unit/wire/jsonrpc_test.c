/* SPDX-License-Identifier: Apache-2.0
 * What is a message of JSON-RPC 2.0 to the gate, what is none, and what has two readings.
 */
#include "wire/jsonrpc.h"
#include "../test.h"

static const struct {
	const char *text;
	enum jsonrpc_result result;
} refused[] = {
	{ "", JSONRPC_NOT_JSON },
	{ "{", JSONRPC_NOT_JSON },
	{ "{} {}", JSONRPC_NOT_JSON },
	{ "\xef\xbb\xbf{}", JSONRPC_NOT_JSON },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"x\":\"\\ud800\"}", JSONRPC_NOT_JSON },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":{\"arguments\":[[[}}}", JSONRPC_NOT_JSON },
	{ "[[[", JSONRPC_NOT_JSON },
	{ "[]", JSONRPC_BATCH },
	{ "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}]", JSONRPC_BATCH },
	{ "{\"jsonrpc\":\"2.0\",\"jsonrpc\":\"2.0\"}", JSONRPC_DUPLICATE },
	{ "{\"Method\":\"a\"}", JSONRPC_DUPLICATE },
	{ "{\"method\":\"a\",\"m\\u0065thod\":\"b\"}", JSONRPC_DUPLICATE },
	{ "{\"params\":{\"name\":\"a\",\"NAME\":\"b\"}}", JSONRPC_DUPLICATE },
	{ "{\"params\":{\"arguments\":{},\"arguments\":{}}}", JSONRPC_DUPLICATE },
	{ "{\"params\":{\"_meta\":{\"io.modelcontextprotocol/protocolversion\":\"x\"}}}", JSONRPC_DUPLICATE },
	{ "{\"params\":{\"ref\":{\"type\":\"a\",\"type\":\"b\"}}}", JSONRPC_DUPLICATE },
	{ "{\"params\":{},\"param\\u017f\":{}}", JSONRPC_DUPLICATE },
	{ "\"x\"", JSONRPC_INVALID },
	{ "{}", JSONRPC_INVALID },
	{ "{\"jsonrpc\":2.0,\"id\":1,\"method\":\"a\"}", JSONRPC_INVALID },
	{ "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"a\"}", JSONRPC_INVALID },
	{ "{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"a\"}", JSONRPC_INVALID },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", JSONRPC_INVALID },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"result\":1}", JSONRPC_INVALID },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":[]}", JSONRPC_INVALID },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":{\"_meta\":1}}", JSONRPC_INVALID },
	{ "{\"jsonrpc\":\"2.0\",\"result\":1}", JSONRPC_INVALID },
};

static void test_M02_M03_M04_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(refused); i++) {
		struct jsonrpc_message m;
		const char *what = NULL;
		enum jsonrpc_result result = jsonrpc_read(str_of(refused[i].text), &m, &what);
		if (result != refused[i].result)
			print_message("# %s\n", refused[i].text);
		assert_int_equal(result, refused[i].result);
		assert_non_null(what);
	}
}

static void test_M03_too_deep(void **state)
{
	(void)state;
	char text[256] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"x\":";
	struct jsonrpc_message m;
	const char *what;
	memset(text + strlen(text), '[', LIMIT_JSON_DEPTH);
	assert_int_equal(jsonrpc_read(str_of(text), &m, &what), JSONRPC_NOT_JSON);
	assert_string_equal(what, "Nested too deeply");
}

static struct jsonrpc_message good(const char *text)
{
	struct jsonrpc_message m;
	const char *what = NULL;
	assert_int_equal(jsonrpc_read(str_of(text), &m, &what), JSONRPC_OK);
	return m;
}

static void test_fields_of_a_call(void **state)
{
	(void)state;
	struct jsonrpc_message m = good("{ \"params\" : {\"arguments\": {\"a\":[1, 2]} ,\"name\":\"ec\\u0068o\", \"other\":[{}],"
		"\"_meta\":{\"io.modelcontextprotocol\\/protocolVersion\":\"2026-07-28\"}},\"method\":\"tools/call\","
		"\"id\": 12 , \"jsonrpc\":\"2.0\"}");
	assert_int_equal(m.kind, JSONRPC_REQUEST);
	assert_true(jsonrpc_is(&m.field[JSONRPC_METHOD], STR("tools/call")));
	assert_true(jsonrpc_is(&m.field[JSONRPC_NAME], STR("echo")));
	assert_true(jsonrpc_is(&m.field[JSONRPC_PROTOCOL], STR("2026-07-28")));
	assert_true(str_is(m.field[JSONRPC_ID].raw, "12"));
	assert_true(str_is(m.field[JSONRPC_ARGUMENTS].raw, "{\"a\":[1, 2]}"));
	assert_int_equal(m.field[JSONRPC_URI].kind, JSON_KIND_NONE);
}

static void test_kinds_of_messages(void **state)
{
	(void)state;
	assert_int_equal(good("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}").kind, JSONRPC_NOTIFICATION);
	assert_int_equal(good("{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{\"name\":1,\"name\":2}}").kind, JSONRPC_RESPONSE);
	assert_int_equal(good("{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{}}").kind, JSONRPC_RESPONSE);
}

static void test_what_is_not_judged_may_be_anything(void **state)
{
	(void)state;
	struct jsonrpc_message m = good("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"x\":1,\"x\":2,"
		"\"params\":{\"arguments\":{\"Name\":1,\"name\":2,\"name\":3},\"ref\":7}}");
	assert_int_equal(m.field[JSONRPC_NAME].kind, JSON_KIND_NONE);
	assert_int_equal(m.field[JSONRPC_REF].kind, JSON_KIND_NUMBER);
	m = good("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":{\"notifications\":"
		"{\"resourceSubscriptions\":[\"a\"]},\"ref\":{\"uri\":\"b\"}}}");
	assert_true(str_is(m.field[JSONRPC_SUBSCRIPTIONS].raw, "[\"a\"]"));
	assert_true(str_is(m.field[JSONRPC_REF_URI].raw, "b"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_M02_M03_M04_refused),
	cmocka_unit_test(test_M03_too_deep),
	cmocka_unit_test(test_fields_of_a_call),
	cmocka_unit_test(test_kinds_of_messages),
	cmocka_unit_test(test_what_is_not_judged_may_be_anything),
};

TEST_MAIN(tests)
