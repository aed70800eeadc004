/* SPDX-License-Identifier: Apache-2.0
 * Routes, tools, resources and prompts: what finds which operation, and what finds none.
 */
#include "kit.h"

static void test_safety(void **state)
{
	struct remit_policy *policy = kit_build(kit_builder(""));
	struct remit_match match;
	const char *select;
	uint32_t operation = 7;
	(void)state;
	assert_int_equal(remit_policy_route(policy, "", 0, "", 0, &match), REMIT_NOT_FOUND);
	assert_int_equal(remit_policy_route(policy, NULL, 0, NULL, 0, &match), REMIT_NOT_FOUND);
	assert_true(match.operation == REMIT_NO_OPERATION && match.count == 0);
	assert_int_equal(remit_policy_tool(policy, NULL, 0, NULL, 0, &operation), REMIT_NOT_FOUND);
	assert_int_equal(remit_policy_tool_select(policy, "", 0, &select), REMIT_NOT_FOUND);
	assert_null(remit_policy_tool_value(policy, "x", 1, 0));
	assert_int_equal(remit_policy_resource(policy, "", 0, &operation), REMIT_NOT_FOUND);
	assert_int_equal(remit_policy_prompt(policy, "", 0, &operation), REMIT_NOT_FOUND);
	assert_null(remit_policy_operation(policy, 0));
	assert_null(remit_policy_operation(policy, REMIT_NO_OPERATION));
	assert_int_equal(operation, 7);
	remit_policy_free(policy);
	remit_policy_free(NULL);
}

static void test_literal_beats_parameter_beats_rest(void **state)
{
	static const char *const rules[] = {
		"GET /",
		"GET /s",
		"GET /s/",
		"GET /s/{id}",
		"GET /s/new",
		"POST /s/{id}",
		"GET /s/{id}/parts/{part}",
		"GET /s/new/parts",
		"GET /f/**",
		"GET /f/a/b",
		"GET /f/{x}/c",
		"DELETE /**",
		"GET /\xC3\xA9",
	};
	static const struct { const char *method, *raw, *want;
	} cases[] = {
		{ "GET", "/S", "-" },
		{ "get", "/s", "-" },
		{ "PUT", "/s", "-" },
		{ "OPTIONS", "/s", "-" },
		{ "GET", "/s/1/", "-" },
		{ "GET", "/s/new/", "-" },
		{ "GET", "/s/1/parts/", "-" },
		{ "GET", "/f", "-" },
		{ "POST", "/s/", "-" },
		{ "GET", "/x", "-" },
		{ "CONNECT", "/s", "-" },
		{ "TRACE", "/s", "-" },
		{ "GET", "/", "GET /" },
		{ "GET", "/s", "GET /s" },
		{ "HEAD", "/s", "GET /s" },
		{ "GET", "/s/", "GET /s/" },
		{ "GET", "/s/1", "GET /s/{id}" },
		{ "GET", "/%73/1", "GET /s/{id}" },
		{ "GET", "/s/new", "GET /s/new" },
		{ "POST", "/s/new", "POST /s/{id}" },
		{ "GET", "/s/new/parts/2", "GET /s/{id}/parts/{part}" },
		{ "GET", "/s/new/parts", "GET /s/new/parts" },
		{ "GET", "/f/", "GET /f/**" },
		{ "GET", "/f/x", "GET /f/**" },
		{ "GET", "/f/a/b", "GET /f/a/b" },
		{ "GET", "/f/a/c", "GET /f/{x}/c" },
		{ "GET", "/f/a/b/c", "GET /f/**" },
		{ "DELETE", "/", "DELETE /**" },
		{ "DELETE", "/any/thing", "DELETE /**" },
		{ "GET", "/%C3%A9", "GET /\xC3\xA9" },
	};
	struct remit_builder *builder = kit_builder("a");
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(rules); i++)
		assert_int_equal(kit_rule(builder, rules[i], "a"), REMIT_OK);
	struct remit_policy *policy = kit_build(builder);
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		assert_string_equal(kit_route(policy, cases[i].method, cases[i].raw), cases[i].want);
	remit_policy_free(policy);
}

static void test_parameters_are_views_of_the_path(void **state)
{
	struct remit_builder *builder = kit_builder("a");
	struct remit_match match;
	const char *path = "/v1/s/7/parts/x y";
	(void)state;
	assert_int_equal(kit_rule(builder, "GET /v1/s/{id}/parts/{part}", "a"), REMIT_OK);
	assert_int_equal(kit_rule(builder, "GET /v1/{kind}/7/**", "a"), REMIT_OK);
	struct remit_policy *policy = kit_build(builder);
	assert_int_equal(remit_policy_route(policy, "GET", 3, path, strlen(path), &match), REMIT_OK);
	assert_int_equal(match.count, 2);
	assert_ptr_equal(match.params[0].p, path + 6);
	assert_true(match.params[0].n == 1 && match.params[1].n == 3);
	const struct remit_operation *operation = remit_policy_operation(policy, match.operation);
	assert_int_equal(operation->param_count, 2);
	assert_string_equal(operation->params[1], "part");
	path = "/v1/s/7/others";
	assert_int_equal(remit_policy_route(policy, "GET", 3, path, strlen(path), &match), REMIT_OK);
	assert_int_equal(match.operation, 1);
	assert_true(match.count == 1 && match.params[0].p == path + 4);
	remit_policy_free(policy);
}

static void test_tools(void **state)
{
	struct remit_builder *builder = kit_builder("r w");
	const char *select = "x";
	uint32_t operation;
	(void)state;
	assert_int_equal(kit_tool(builder, "t", "action", "list", "r"), REMIT_OK);
	assert_int_equal(kit_tool(builder, "t", "action", "create", "w"), REMIT_OK);
	assert_int_equal(kit_tool(builder, "u", NULL, NULL, "w"), REMIT_OK);
	struct remit_policy *policy = kit_build(builder);
	assert_int_equal(remit_policy_tool(policy, "t", 1, NULL, 0, &operation), REMIT_NOT_FOUND);
	assert_int_equal(remit_policy_tool(policy, "t", 1, "", 0, &operation), REMIT_NOT_FOUND);
	assert_int_equal(remit_policy_tool(policy, "t", 1, "LIST", 4, &operation), REMIT_NOT_FOUND);
	assert_int_equal(remit_policy_tool(policy, "t", 1, "list\0", 5, &operation), REMIT_NOT_FOUND);
	assert_int_equal(remit_policy_tool(policy, "u", 1, "list", 4, &operation), REMIT_NOT_FOUND);
	assert_int_equal(remit_policy_tool(policy, "T", 1, "list", 4, &operation), REMIT_NOT_FOUND);
	assert_int_equal(remit_policy_tool(policy, "v", 1, NULL, 0, &operation), REMIT_NOT_FOUND);
	assert_int_equal(remit_policy_tool(policy, "t", 1, "create", 6, &operation), REMIT_OK);
	assert_string_equal(remit_policy_operation(policy, operation)->text, "tool t create");
	assert_int_equal(remit_policy_tool(policy, "u", 1, NULL, 0, &operation), REMIT_OK);
	assert_string_equal(remit_policy_operation(policy, operation)->text, "tool u");
	assert_int_equal(remit_policy_tool_select(policy, "t", 1, &select), REMIT_OK);
	assert_string_equal(select, "action");
	assert_int_equal(remit_policy_tool_select(policy, "u", 1, &select), REMIT_OK);
	assert_null(select);
	assert_string_equal(remit_policy_tool_value(policy, "t", 1, 1), "create");
	assert_null(remit_policy_tool_value(policy, "t", 1, 2));
	assert_null(remit_policy_tool_value(policy, "u", 1, 0));
	remit_policy_free(policy);
}

static void test_star_maps_what_nothing_else_does(void **state)
{
	struct remit_builder *builder = kit_builder("r w");
	struct kit_need kit;
	uint32_t operation, star;
	(void)state;
	assert_int_equal(kit_tool(builder, "t", "action", "list", "r"), REMIT_OK);
	assert_int_equal(kit_tool(builder, "*", "action", "list", "r"), REMIT_INVALID);
	assert_int_equal(kit_tool(builder, "*", NULL, NULL, "w"), REMIT_OK);
	assert_int_equal(remit_builder_prompt(builder, "*", kit_need(&kit, "w"), &star), REMIT_OK);
	assert_int_equal(remit_builder_prompt(builder, "p", kit_need(&kit, "r"), NULL), REMIT_OK);
	struct remit_policy *policy = kit_build(builder);
	assert_int_equal(remit_policy_tool(policy, "other", 5, NULL, 0, &operation), REMIT_OK);
	assert_string_equal(remit_policy_operation(policy, operation)->text, "tool *");
	assert_int_equal(remit_policy_tool(policy, "t", 1, "drop", 4, &operation), REMIT_NOT_FOUND);
	assert_int_equal(remit_policy_prompt(policy, "q", 1, &operation), REMIT_OK);
	assert_int_equal(operation, star);
	assert_int_equal(remit_policy_prompt(policy, "p", 1, &operation), REMIT_OK);
	assert_string_equal(remit_policy_operation(policy, operation)->text, "prompt p");
	remit_policy_free(policy);
}

static const char *resource(const struct remit_policy *policy, const char *uri)
{
	uint32_t operation;
	if (remit_policy_resource(policy, uri, strlen(uri), &operation) != REMIT_OK)
		return "-";
	return remit_policy_operation(policy, operation)->text;
}

static void test_resources(void **state)
{
	static const char *const refused[] = {
		"s://../x", "s://a/..",	    "s://%2e%2e/x", "s://a%2Fb", "s://a%5Cb", "s://a\\b",
		"s://a%00", "s://%2525",    "s://%73",	    "s://a#b",	 "s://a b",   "s://a;b",
		"s://a%",   "s://\xC0\xAF", "s://a%3Fb",    "",
	};
	struct remit_builder *builder = kit_builder("r");
	struct kit_need kit;
	(void)state;
	assert_int_equal(remit_builder_resource(builder, "s://{id}", kit_need(&kit, "r"), NULL), REMIT_OK);
	assert_int_equal(remit_builder_resource(builder, "s://{other}", kit_need(&kit, "r"), NULL),
			 REMIT_EXISTS);
	assert_int_equal(remit_builder_resource(builder, "s://all", kit_need(&kit, "r"), NULL), REMIT_OK);
	assert_int_equal(remit_builder_resource(builder, "s://x/**", kit_need(&kit, "r"), NULL),
			 REMIT_INVALID);
	assert_int_equal(remit_builder_resource(builder, "s://x?y", kit_need(&kit, "r"), NULL),
			 REMIT_INVALID);
	assert_int_equal(remit_builder_resource(builder, "*", kit_need(&kit, "token"), NULL), REMIT_OK);
	assert_int_equal(remit_builder_resource(builder, "*", kit_need(&kit, "token"), NULL), REMIT_EXISTS);
	struct remit_policy *policy = kit_build(builder);
	for (size_t i = 0; i < TEST_COUNT(refused); i++)
		assert_string_equal(resource(policy, refused[i]), "-");
	assert_string_equal(resource(policy, "s://7"), "resource s://{id}");
	assert_string_equal(resource(policy, "s://7?page=2"), "resource s://{id}");
	assert_string_equal(resource(policy, "s://all"), "resource s://all");
	assert_string_equal(resource(policy, "s://7/x"), "resource *");
	assert_string_equal(resource(policy, "S://7"), "resource *");
	remit_policy_free(policy);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_safety),
	cmocka_unit_test(test_literal_beats_parameter_beats_rest),
	cmocka_unit_test(test_parameters_are_views_of_the_path),
	cmocka_unit_test(test_tools),
	cmocka_unit_test(test_star_maps_what_nothing_else_does),
	cmocka_unit_test(test_resources),
};

TEST_MAIN(tests)
