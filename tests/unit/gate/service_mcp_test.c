/* SPDX-License-Identifier: Apache-2.0
 * A service's tools: schemas held against values, definitions made from the tables, tables that contradict each other.
 */
#include "../test.h"

#include "policy.h"
#include "services/mcp.h"

static json_t *json_of(const char *text)
{
	json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
	if (!json)
		fail_msg("no JSON: %s", text);
	return json;
}

static void test_schemas_that_would_not_be_checked(void **state)
{
	static const char *const texts[] = { "[]", "1", "{\"type\":\"text\"}", "{\"type\":[]}", "{\"pattern\":\"a\"}",
		"{\"oneOf\":[]}", "{\"enum\":[]}", "{\"enum\":[1]}", "{\"required\":[\"a\"]}", "{\"properties\":[]}",
		"{\"properties\":{\"a\":1}}", "{\"items\":true}", "{\"maxItems\":-1}", "{\"maxLength\":\"1\"}",
		"{\"minimum\":\"1\"}", "{\"additionalProperties\":{}}", "{\"uniqueItems\":1}", "{\"$ref\":\"#\"}" };
	struct arena arena;
	(void)state;
	arena_init(&arena, 0);
	for (size_t i = 0; i < TEST_COUNT(texts); i++) {
		json_t *json = json_of(texts[i]);
		if (schema_make(json, &arena))
			fail_msg("was made: %s", texts[i]);
		json_decref(json);
	}
	arena_done(&arena);
}

static void test_values_beside_schemas(void **state)
{
	static const struct {
		const char *schema, *value, *mistake; /* NULL: none */
	} cases[] = {
		{ "{}", "null", NULL },
		{ "{\"type\":\"object\"}", "[]", "The arguments must be an object" },
		{ "{\"type\":[\"string\",\"null\"]}", "1", "The arguments must be a string or null" },
		{ "{\"type\":[\"string\",\"null\"]}", "null", NULL },
		{ "{\"type\":\"integer\"}", "1.0", NULL },
		{ "{\"type\":\"integer\"}", "1.5", "The arguments must be a whole number" },
		{ "{\"type\":\"number\"}", "7", NULL },
		{ "{\"type\":\"boolean\"}", "\"true\"", "The arguments must be true or false" },
		{ "{\"properties\":{\"a\":{\"maxLength\":2}}}", "{\"a\":\"\\u00e4\\u00e4\"}", NULL },
		{ "{\"properties\":{\"a\":{\"maxLength\":2}}}", "{\"a\":\"abc\"}", "a must have at most 2 characters" },
		{ "{\"properties\":{\"a\":{\"minLength\":1}}}", "{\"a\":\"\"}", "a must have at least 1 characters" },
		{ "{\"properties\":{\"a\":{}},\"required\":[\"a\"]}", "{}", "a is missing" },
		{ "{\"properties\":{\"a\":{}},\"additionalProperties\":false}", "{\"b\":1}", "b is not known" },
		{ "{\"properties\":{\"a\":{}}}", "{\"b\":1}", NULL },
		{ "{\"properties\":{\"a\":{\"items\":{\"enum\":[\"x\",\"y\"]}}}}", "{\"a\":[\"x\",\"z\"]}",
			"a[1] must be one of: x, y" },
		{ "{\"items\":{\"properties\":{\"b\":{\"type\":\"null\"}}}}", "[{},{\"b\":0}]", "[1].b must be null" },
		{ "{\"minItems\":1}", "[]", "The arguments must have at least 1 items" },
		{ "{\"maxItems\":1}", "[1,2]", "The arguments must have at most 1 items" },
		{ "{\"uniqueItems\":true}", "[1,2,1]", "[2] stands twice" },
		{ "{\"minimum\":0,\"maximum\":9}", "-1", "The arguments must be at least 0" },
		{ "{\"minimum\":0,\"maximum\":9}", "10", "The arguments must be at most 9" },
	};
	struct arena arena;
	(void)state;
	arena_init(&arena, 0);
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		char mistake[SCHEMA_MISTAKE_ROOM] = "";
		json_t *json = json_of(cases[i].schema), *value = json_loads(cases[i].value, JSON_DECODE_ANY, NULL);
		const struct schema *schema = schema_make(json, &arena);
		assert_non_null(schema);
		if (value && schema_check(schema, value, mistake) != !cases[i].mistake)
			fail_msg("%s %s: %s", cases[i].schema, cases[i].value, mistake);
		if (value && cases[i].mistake)
			assert_string_equal(mistake, cases[i].mistake);
		json_decref(json);
		json_decref(value);
	}
	arena_done(&arena);
}

static void test_long_names_fit(void **state)
{
	struct arena arena;
	char name[3000], mistake[SCHEMA_MISTAKE_ROOM];
	(void)state;
	arena_init(&arena, 0);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	json_t *json = json_of("{\"additionalProperties\":false}"), *value = json_pack("{s:i}", name, 1);
	assert_false(schema_check(schema_make(json, &arena), value, mistake));
	assert_true(strlen(mistake) < 200);
	json_decref(json);
	json_decref(value);
	arena_done(&arena);
}

/* ---- Tools ---- */

static void run_call(struct service *service, struct service_call *call)
{
	(void)service;
	if (call->param_count == 1 && str_is(call->params[0], "gone"))
		service_fail(call, 404, "not_found", "Thing \"%s\" not found", "gone");
	else
		service_answer_json(call, 200, json_pack("{s:s%,s:i,s:b}", "id", call->params[0].p, call->params[0].n,
			"pairs", (int)call->query->count, "json", call->json != NULL));
}

static const struct service_parameter limit[] = { { "limit", "integer", "How many." } };
static const struct service_parameter clash[] = { { "id", "string", "Another." } };
static const struct service_operation operations[] = {
	{ .name = "get", .method = "GET", .path = "/things/{id}", .run = run_call, .summary = "Get", .success = 200,
		.parameters = limit, .parameter_count = 1 },
	{ .name = "clash", .method = "GET", .path = "/things/{id}", .run = run_call, .summary = "Clash", .success = 200,
		.parameters = clash, .parameter_count = 1 },
	{ .name = "circle", .method = "POST", .path = "/c", .body = SERVICE_BODY_JSON, .run = run_call,
		.summary = "Circle", .request = "Circle" },
};
static const char components[] = "{\"Circle\":{\"properties\":{\"a\":{\"$ref\":\"#/components/schemas/Circle\"}}}}";

static bool make(struct arena *arena, const struct profile *profile, const char *operation,
	const struct service_mcp **ret)
{
	static struct service_tool tools[2];
	static struct service service;
	char why[256] = "";
	tools[0] = (struct service_tool){ .name = "u", .operation = operation, .hints = SERVICE_READS };
	tools[1] = (struct service_tool){ .name = "nobody maps this", .operation = operation };
	service = (struct service){ .name = "toy", .title = "Toy", .operations = operations, .operation_count = 3,
		.components = components, .tools = tools, .tool_count = 2 };
	bool good = service_mcp_make(&service, profile->policy, "1", arena, ret, why);
	assert_true(good || strstr(why, "the tool u cannot be made"));
	return good;
}

static void test_tables_that_contradict_each_other(void **state)
{
	struct profile *profile = profile_of_test();
	const struct service_mcp *mcp = NULL;
	struct arena arena;
	(void)state;
	arena_init(&arena, 0);
	assert_false(make(&arena, profile, "no such operation", &mcp));
	assert_false(make(&arena, profile, "clash", &mcp));
	assert_false(make(&arena, profile, "circle", &mcp));
	assert_true(make(&arena, profile, "get", &mcp));
	assert_int_equal(mcp->tool_count, 1);
	assert_null(service_mcp_find(mcp, STR("nobody maps this")));
	assert_non_null(memmem(mcp->tools[0].definition.p, mcp->tools[0].definition.n, "\"readOnlyHint\":true", 19));
	arena_done(&arena);
	profile_free(profile);
}

static void test_M15_arguments_are_parameters(void **state)
{
	static const struct {
		const char *arguments, *part;
	} cases[] = {
		{ "{\"id\":\"a\",\"limit\":3}", "\"structuredContent\":{\"id\":\"a\",\"pairs\":1,\"json\":false}" },
		{ "{\"id\":\"gone\"}", "\"text\":\"Thing \\\"gone\\\" not found\"}],\"isError\":true" },
		{ "{\"id\":\"a\",\"id\":\"b\"}", "\"isError\":true" },
		{ "{\"limit\":3}", "\"text\":\"id is missing\"" },
		{ "{\"id\":\"a\",\"Id\":\"b\"}", "\"text\":\"Id is not known\"" },
	};
	struct profile *profile = profile_of_test();
	const struct service_mcp *mcp = NULL;
	struct arena arena;
	(void)state;
	arena_init(&arena, 0);
	assert_true(make(&arena, profile, "get", &mcp));
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct service_mcp_call call = { .mcp = mcp, .tool = &mcp->tools[0], .arguments = str_of(cases[i].arguments),
			.modern = true, .call = { .arena = &arena } };
		service_mcp_run(&call);
		if (!memmem(call.result.p, call.result.n, cases[i].part, strlen(cases[i].part)))
			fail_msg("%s: %.*s", cases[i].arguments, STR_FMT(call.result));
	}
	arena_done(&arena);
	profile_free(profile);
}

/* ---- Tools that stand for themselves ---- */

static void run_own(struct service *service, struct service_call *call)
{
	const char *action = json_string_value(json_object_get(call->json, "action"));
	(void)service;
	if (strcmp(action, "list") == 0)
		service_tool_answer(call, json_pack("{s:b,s:{}}", "success", 1, "data"), false);
	else if (json_object_get(call->json, "nothing"))
		return;
	else if (json_object_get(call->json, "sentence"))
		service_tool_fail(call, "%s", "No \xc3\xa4");
	else if (json_object_get(call->json, "no memory"))
		service_tool_answer(call, NULL, false);
	else if (json_object_get(call->json, "content")) {
		service_tool_text(call, STR("T"));
		service_tool_image(call, STR("\xfb\xff"), "image/png");
		service_tool_audio(call, STR("a"), "audio/wav");
		service_tool_resource(call, "a:b", "text/plain", STR("R"));
		service_tool_resource_bytes(call, "a:c", "x/y", STR("foo"));
		service_tool_answer(call, json_pack("{s:i}", "n", 1), false);
	} else
		service_tool_answer(call, json_pack("{s:b,s:[s]}", "success", 0, "errors", "bad"), true);
}

static const char own_components[] = "{\"T\":{\"type\":\"object\",\"properties\":{\"action\":{\"$ref\":"
	"\"#/components/schemas/A\"}},\"required\":[\"action\"]},\"A\":{\"enum\":[\"list\",\"create\",\"drop\"]},"
	"\"Short\":{\"properties\":{\"action\":{\"enum\":[\"list\"]}}}}";

static bool make_own(struct arena *arena, const struct profile *profile, const struct service_tool *tool,
	const struct service_mcp **ret)
{
	static struct service service;
	char why[256] = "";
	service = (struct service){ .name = "toy", .title = "Toy", .components = own_components, .tools = tool,
		.tool_count = 1 };
	return service_mcp_make(&service, profile->policy, "1", arena, ret, why);
}

static void test_own_tools_that_contradict_themselves(void **state)
{
	static const struct service_tool bad[] = {
		{ .name = "t", .summary = "S", .input = "T" },
		{ .name = "t", .summary = "S", .run = run_own },
		{ .name = "t", .run = run_own, .input = "T" },
		{ .name = "t", .summary = "S", .run = run_own, .input = "No such" },
		{ .name = "t", .summary = "S", .run = run_own, .input = "{\"type\":\"nothing\"}" },
		{ .name = "t", .summary = "S", .run = run_own, .input = "{" },
		{ .name = "t", .summary = "S", .run = run_own, .input = "T", .output = "No such" },
		{ .name = "t", .summary = "S", .run = run_own, .input = "T", .operation = "get" },
		{ .name = "t", .summary = "S", .run = run_own, .input = "Short" }, /* lacks what the policy selects */
		{ .name = "t", .summary = "S", .run = run_own, .input = "{\"type\":\"object\"}" },
	};
	struct profile *profile = profile_of_test();
	const struct service_mcp *mcp = NULL;
	struct arena arena;
	(void)state;
	arena_init(&arena, 0);
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		if (make_own(&arena, profile, &bad[i], &mcp))
			fail_msg("%zu was made", i);
	arena_done(&arena);
	profile_free(profile);
}

static const struct service_tool own = { .name = "t", .summary = "S", .run = run_own, .input = "T",
	.output = "{\"type\":\"object\"}" };

static void test_own_tools_answer(void **state)
{
	static const struct {
		const char *arguments, *whole;
	} cases[] = {
		{ "{\"action\":\"list\"}", "{\"content\":[{\"type\":\"text\",\"text\":"
			"\"{\\\"success\\\":true,\\\"data\\\":{}}\"}],\"structuredContent\":{\"success\":true,\"data\":{}}}" },
		{ "{\"action\":\"create\"}", "{\"content\":[{\"type\":\"text\",\"text\":"
			"\"{\\\"success\\\":false,\\\"errors\\\":[\\\"bad\\\"]}\"}],\"structuredContent\":"
			"{\"success\":false,\"errors\":[\"bad\"]},\"isError\":true}" },
		{ "{\"action\":\"create\",\"sentence\":1}",
			"{\"content\":[{\"type\":\"text\",\"text\":\"No \xc3\xa4\"}],\"isError\":true}" },
		{ "{\"action\":\"create\",\"nothing\":1}",
			"{\"content\":[{\"type\":\"text\",\"text\":\"The tool gave no answer\"}],\"isError\":true}" },
		{ "{\"action\":\"create\",\"no memory\":1}",
			"{\"content\":[{\"type\":\"text\",\"text\":\"Out of memory\"}],\"isError\":true}" },
		{ "{\"action\":\"create\",\"content\":1}", "{\"content\":[{\"type\":\"text\",\"text\":\"T\"},"
			"{\"type\":\"image\",\"data\":\"+/8=\",\"mimeType\":\"image/png\"},"
			"{\"type\":\"audio\",\"data\":\"YQ==\",\"mimeType\":\"audio/wav\"},"
			"{\"type\":\"resource\",\"resource\":{\"uri\":\"a:b\",\"mimeType\":\"text/plain\",\"text\":\"R\"}},"
			"{\"type\":\"resource\",\"resource\":{\"uri\":\"a:c\",\"mimeType\":\"x/y\",\"blob\":\"Zm9v\"}}],"
			"\"structuredContent\":{\"n\":1}}" },
		{ "{}", "{\"content\":[{\"type\":\"text\",\"text\":\"action is missing\"}],\"isError\":true}" },
	};
	struct profile *profile = profile_of_test();
	const struct service_mcp *mcp = NULL;
	struct arena arena;
	(void)state;
	arena_init(&arena, 0);
	assert_true(make_own(&arena, profile, &own, &mcp));
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct service_mcp_call call = { .mcp = mcp, .tool = &mcp->tools[0], .arguments = str_of(cases[i].arguments),
			.call = { .arena = &arena } };
		service_mcp_run(&call);
		if (!str_is(call.result, cases[i].whole))
			fail_msg("%s: %.*s", cases[i].arguments, STR_FMT(call.result));
	}
	arena_done(&arena);
	profile_free(profile);
}

static bool show_all(void *ctx, enum mcp_list list, struct str name)
{
	(void)ctx, (void)list, (void)name;
	return true;
}

static struct str select_action(void *ctx, struct str name)
{
	(void)ctx, (void)name;
	return STR("action");
}

static bool show_create(void *ctx, struct str name, struct str value)
{
	(void)ctx, (void)name;
	return str_is(value, "create");
}

static void test_M12_a_list_shows_the_values_that_the_caller_may_choose(void **state)
{
	const struct mcp_list_rules rules = { .shown = show_all, .select = select_action, .value_shown = show_create };
	struct profile *profile = profile_of_test();
	const struct service_mcp *mcp = NULL;
	struct arena arena;
	(void)state;
	arena_init(&arena, 0);
	assert_true(make_own(&arena, profile, &own, &mcp));
	struct str list = service_mcp_list(mcp, &rules, true, &arena);
	const char *parts[] = { "\"enum\":[\"create\"]", "action list: Needs ", "action create: Needs ",
		"\"outputSchema\":{\"type\":\"object\"}", "\"cacheScope\":\"private\"" };
	for (size_t i = 0; i < TEST_COUNT(parts); i++)
		if (!memmem(list.p, list.n, parts[i], strlen(parts[i])))
			fail_msg("%s: %.*s", parts[i], STR_FMT(list));
	arena_done(&arena);
	profile_free(profile);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_schemas_that_would_not_be_checked),
	cmocka_unit_test(test_values_beside_schemas),
	cmocka_unit_test(test_long_names_fit),
	cmocka_unit_test(test_tables_that_contradict_each_other),
	cmocka_unit_test(test_M15_arguments_are_parameters),
	cmocka_unit_test(test_own_tools_that_contradict_themselves),
	cmocka_unit_test(test_own_tools_answer),
	cmocka_unit_test(test_M12_a_list_shows_the_values_that_the_caller_may_choose),
};

TEST_MAIN(tests)
