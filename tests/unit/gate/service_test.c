/* SPDX-License-Identifier: Apache-2.0
 * What every service's calls have in common, and the OpenAPI document.
 */
#include "../test.h"

#include "policy.h"
#include "services/service.h"

static int runs;

static void run_call(struct service *service, struct service_call *call)
{
	(void)service;
	runs++;
	if (call->json && json_object_get(call->json, "silent"))
		return;
	service_answer_json(call, 200, json_pack("{s:b}", "json", call->json != NULL));
}

static const struct service_parameter limit[] = { { "limit", "integer", "How many." } };
static const struct service_operation operations[] = {
	{ .name = "health", .method = "GET", .path = "/health", .run = run_call, .summary = "Health",
		.success = 200 },
	{ .name = "open", .method = "GET", .path = "/open", .run = run_call, .summary = "Open", .success = 200 },
	{ .name = "get", .method = "GET", .path = "/things/{id}", .run = run_call, .summary = "Get",
		.success = 200,
		.response = "Thing", .parameters = limit, .parameter_count = 1 },
	{ .name = "make", .method = "POST", .path = "/things", .body = SERVICE_BODY_JSON, .run = run_call,
		.summary = "Make",
		.success = 201, .request = "Thing", .response = "Thing" },
	{ .name = "poke", .method = "POST", .path = "/things/{id}/poke", .body = SERVICE_BODY_OPTIONAL,
		.run = run_call,
		.summary = "Poke", .success = 200 },
};
static struct service service = { .name = "toy", .title = "Toy", .operations = operations,
	.operation_count = 5,
	.components = "{\"Thing\":{\"type\":\"object\"}}" };

static const struct {
	size_t operation;
	const char *query, *body;
	int status;
	const char *part; /* of the answer */
} cases[] = {
	{ 3, "", "{}", 200, "true" }, { 4, "", "", 200, "false" }, { 4, "", "{}", 200, "true" },
		{ 0, "", "", 200, "false" },
	{ 3, "", "", 400, "bad_request" }, { 3, "", "[]", 400, "one JSON object" },
		{ 3, "", "{\"a\":1,\"a\":2}", 400, "bad_request" },
	{ 3, "", "{\"a\":{\"b\":1,\"b\":2}}", 400, "bad_request" }, { 3, "", "1", 400, "bad_request" },
	{ 4, "", "null", 400, "bad_request" }, { 3, "", "{\"a\":\"\\u0000\"}", 400, "bad_request" },
	{ 3, "", "{\"a\":99999999999999999999}", 400, "bad_request" },
	{ 2, "limit=5", "", 200, "false" }, { 2, "Limit=5", "", 422, "Unknown query parameter \\\"Limit\\\"" },
	{ 2, "limit=5&limit=6", "", 422, "stands twice" }, { 0, "limit=5", "", 422, "validation_failed" },
	{ 3, "", "{\"silent\":1}", 500, "internal" },
};

static void test_M15_calls(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct arena arena;
		struct query query = { 0 };
		const char *what;
		arena_init(&arena, 0);
		assert_int_equal(query_parse(str_of(cases[i].query), &arena, &query, &what), QUERY_OK);
		struct service_call call = { .operation = &operations[cases[i].operation], .query = &query,
			.body = str_of(cases[i].body), .arena = &arena };
		int before = runs;
		service_run(&service, &call);
		char *body = arena_copy(&arena, call.answer.body);
		if (call.answer.status != cases[i].status || !strstr(body, cases[i].part))
			fail_msg("case %zu: %d %s", i, call.answer.status, body);
		assert_int_equal(runs - before, cases[i].status == 200 || cases[i].status == 500);
		assert_null(call.json);
		assert_int_equal(call.answer.fd, -1);
		arena_done(&arena);
	}
}

static void test_errors_and_headers(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, 0);
	struct service_call call = { .arena = &arena };
	service_fail(&call, 404, "not_found", "No \"%s\"\n", "thing\\");
	assert_true(str_is(call.answer.body,
		"{\"error\":{\"code\":\"not_found\",\"message\":\"No \\\"thing\\\\\\\"\\n\"}}"));
	for (size_t i = 0; i < SERVICE_HEADERS_MAX; i++)
		assert_true(service_answer_header(&call, "A", "b"));
	assert_false(service_answer_header(&call, "A", "b"));
	service_answer_json(&call, 200, NULL);
	assert_int_equal(call.answer.status, 503);
	arena_done(&arena);
}

static json_t *at(json_t *json, const char *a, const char *b, const char *c)
{
	json = json_object_get(json_object_get(json, a), b);
	return c ? json_object_get(json, c) : json;
}

static void test_P09_openapi_says_what_is_asked(void **state)
{
	(void)state;
	struct profile *profile = profile_of_test();
	struct arena arena;
	arena_init(&arena, 0);
	struct str text = service_openapi(&service, profile->policy, "/api", "https://h.example", "1.2.3",
		&arena);
	assert_non_null(text.p);
	json_t *json = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "openapi")), "3.1.0");
	assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(json, "servers"), 0),
		"url")),
		"https://h.example/api");
	json_t *make = at(json, "paths", "/things", "post"), *get = at(json, "paths", "/things/{id}", "get");
	assert_non_null(make);
	json_t *wanted = json_pack("[[s]]", "a:write"), *both = json_pack("[[s],[s,s]]", "a:read", "a:write",
		"a:publish");
	assert_true(json_equal(json_object_get(make, "x-remit-scopes"), wanted));
	assert_true(json_equal(json_object_get(get, "x-remit-scopes"), both));
	assert_int_equal(json_array_size(json_object_get(make, "x-remit-scopes-when")), 5);
	assert_non_null(strstr(json_string_value(json_object_get(make, "description")),
		"Also `a:publish` when the body value `/at` is there."));
	assert_string_equal(json_string_value(json_object_get(at(json, "paths", "/health", "get"),
		"description")),
		"Needs any valid token.");
	assert_int_equal(json_array_size(json_object_get(get, "parameters")), 2);
	assert_non_null(at(make, "responses", "201", NULL));
	assert_non_null(at(make, "responses", "403", "content"));
	assert_non_null(at(get, "responses", "404", NULL));
	json_t *open = at(json, "paths", "/open", "get");
	assert_int_equal(json_array_size(json_object_get(open, "security")), 0);
	assert_null(at(open, "responses", "401", NULL));
	assert_non_null(at(json, "components", "schemas", "Error"));
	assert_non_null(at(json, "components", "schemas", "Thing"));
	json_decref(wanted);
	json_decref(both);
	json_decref(json);
	arena_done(&arena);
	profile_free(profile);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_M15_calls),
	cmocka_unit_test(test_errors_and_headers),
	cmocka_unit_test(test_P09_openapi_says_what_is_asked),
};

TEST_MAIN(tests)
