/* SPDX-License-Identifier: Apache-2.0
 * The bytes of refusals.
 */
#include "../test.h"

#include "gate/challenge.h"
#include "policy.h"

#define META "resource_metadata=\"https://h.example/.well-known/oauth-protected-resource/api\""

static const struct service_operation operations[] = {
	{ .name = "health", .method = "GET", .path = "/health" },
	{ .name = "open", .method = "GET", .path = "/open" },
	{ .name = "get", .method = "GET", .path = "/things/{id}" },
	{ .name = "make", .method = "POST", .path = "/things", .body = SERVICE_BODY_JSON },
};

struct fixture {
	struct profile *profile;
	struct numbers *numbers;
	struct service service;
	struct config config;
	struct config_api config_api;
	struct arena arena;
	struct api api;
	struct buf scratch;
	char why[512];
};

static void open_fixture(struct fixture *f, const char *name)
{
	memset(f, 0, sizeof(*f));
	f->profile = profile_of_test();
	assert_true(numbers_new(&f->numbers));
	f->service = (struct service){ .name = "toy", .title = "Toy", .operations = operations,
		.operation_count = 4 };
	f->config = (struct config){ .public_url = "https://h.example" };
	f->config_api = (struct config_api){ .name = name, .profile = f->profile };
	arena_init(&f->arena, 0);
	buf_init(&f->scratch, 65536);
}

static void close_fixture(struct fixture *f)
{
	profile_free(f->profile);
	numbers_free(f->numbers);
	arena_done(&f->arena);
	buf_done(&f->scratch);
}

static void assert_str(struct str got, const char *wanted)
{
	if (!str_is(got, wanted))
		fail_msg("\n got    %.*s\n wanted %s", STR_FMT(got), wanted);
}

static void set(const struct profile *profile, struct remit_scopes *scopes, const char *const *names,
	size_t count)
{
	assert_int_equal(remit_scopes_from_names(profile->policy, names, count, scopes, NULL), REMIT_OK);
}

static void test_P09_T02_challenges_of_tokens(void **state)
{
	(void)state;
	struct fixture f;
	open_fixture(&f, "toy");
	assert_true(api_init(&f.api, f.numbers, &f.config, &f.config_api, &f.service, &f.arena, f.why));
	const struct api_rule *health = &f.api.rules[operation_of(f.profile, "GET /health")];
	const struct api_rule *get = &f.api.rules[operation_of(f.profile, "GET /things/{id}")];
	assert_str(f.api.no_token, "Bearer realm=\"toy\", " META);
	assert_str(f.api.bad_token, "Bearer realm=\"toy\", " META ", error=\"invalid_token\"");
	assert_str(health->no_token, "Bearer realm=\"toy\", " META);
	assert_str(get->no_token, "Bearer realm=\"toy\", " META ", scope=\"a:read\"");
	assert_str(get->bad_token, "Bearer realm=\"toy\", " META ", scope=\"a:read\", error=\"invalid_token\"");
	assert_string_equal(challenge_no_token_body,
		"{\"error\":{\"code\":\"unauthorized\",\"message\":\"Missing bearer token\"}}");
	assert_string_equal(challenge_bad_token_body,
		"{\"error\":{\"code\":\"invalid_token\",\"message\":\"Token is invalid, expired or revoked\"}}");
	close_fixture(&f);
}

static void test_P09_challenges_of_scopes(void **state)
{
	(void)state;
	static const char *const needed[] = { "a:publish", "a:write" }, *const missing[] = { "a:publish" };
	struct fixture f;
	struct remit_decision decision;
	struct str body, header;
	open_fixture(&f, "toy");
	assert_true(api_init(&f.api, f.numbers, &f.config, &f.config_api, &f.service, &f.arena, f.why));
	set(f.profile, &decision.needed, needed, 2);
	set(f.profile, &decision.missing, missing, 1);
	assert_true(challenge_scopes(&f.api, f.api.metadata, &decision, true, &f.scratch, &f.arena, &body, &header));
	assert_str(body,
		"{\"error\":{\"code\":\"insufficient_scope\",\"message\":\"Token missing scope(s): a:publish\"}}");
	assert_str(header,
		"Bearer realm=\"toy\", error=\"insufficient_scope\", scope=\"a:write a:publish\", error_description="
		"\"Token missing scope(s): a:publish. Make a token with the preset publish-only, which has what is needed.\", " META);
	set(f.profile, &decision.missing, needed, 2);
	assert_true(challenge_scopes(&f.api, f.api.metadata, &decision, false, &f.scratch, &f.arena, &body, &header));
	assert_str(body,
		"{\"error\":{\"code\":\"insufficient_scope\",\"message\":\"Token missing scope(s): a:write, a:publish\"}}");
	assert_str(header,
		"Bearer realm=\"toy\", error=\"insufficient_scope\", scope=\"a:write a:publish\", error_description="
		"\"Token missing scope(s): a:write, a:publish\", " META);
	assert_true(challenge_owner(&f.api, &decision, &f.scratch, &f.arena, &body));
	assert_str(body,
		"{\"error\":{\"code\":\"owner_forbidden\",\"message\":\"The token's owner may not use scope(s): a:write, a:publish\"}}");
	close_fixture(&f);
}

static void test_rate_body(void **state)
{
	(void)state;
	struct arena arena;
	struct str body;
	arena_init(&arena, 0);
	assert_true(challenge_rate(120, 14, &arena, &body));
	assert_str(body,
		"{\"error\":{\"code\":\"rate_limited\",\"message\":\"Rate limit exceeded (120/min). Retry after 14s.\","
		"\"limit\":120,\"retry_after_seconds\":14}}");
	arena_done(&arena);
}

static void test_quoting_splits_nothing(void **state)
{
	(void)state;
	static const struct {
		const char *text, *quoted;
	} cases[] = {
		{ "", "\"\"" }, { "plain", "\"plain\"" }, { "a\"b", "\"a\\\"b\"" }, { "a\\", "\"a\\\\\"" },
		{ "a\r\nSet-Cookie: x", "\"aSet-Cookie: x\"" }, { "\x7F\x01\xC3\xA9", "\"\"" },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct buf out;
		buf_init(&out, 100);
		assert_true(challenge_quote(&out, str_of(cases[i].text)));
		assert_str(buf_str(&out), cases[i].quoted);
		buf_done(&out);
	}
}

static void test_P09_rules_and_operations_must_be_one_to_one(void **state)
{
	(void)state;
	static const struct service_operation more[] = {
		{ .name = "health", .method = "GET", .path = "/health" },
			{ .name = "open", .method = "GET", .path = "/open" },
		{ .name = "get", .method = "GET", .path = "/things/{id}" },
		{ .name = "make", .method = "POST", .path = "/things", .body = SERVICE_BODY_JSON },
		{ .name = "drop", .method = "DELETE", .path = "/things/{id}" },
	};
	static const struct service_operation bodiless[] = {
		{ .name = "health", .method = "GET", .path = "/health" },
			{ .name = "open", .method = "GET", .path = "/open" },
		{ .name = "get", .method = "GET", .path = "/things/{id}" },
		{ .name = "make", .method = "POST", .path = "/things", .body = SERVICE_BODY_MULTIPART },
	};
	struct fixture f;
	open_fixture(&f, "toy");
	f.service.operation_count = 3;
	assert_false(api_init(&f.api, f.numbers, &f.config, &f.config_api, &f.service, &f.arena, f.why));
	assert_non_null(strstr(f.why, "has a rule for \"POST /things\", which its service does not have"));
	f.service.operations = more;
	f.service.operation_count = 5;
	assert_false(api_init(&f.api, f.numbers, &f.config, &f.config_api, &f.service, &f.arena, f.why));
	assert_non_null(strstr(f.why, "no rule maps \"DELETE /things/{id}\""));
	f.service.operations = bodiless;
	f.service.operation_count = 4;
	assert_false(api_init(&f.api, f.numbers, &f.config, &f.config_api, &f.service, &f.arena, f.why));
	assert_non_null(strstr(f.why, "takes no JSON body"));
	close_fixture(&f);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_P09_T02_challenges_of_tokens),
	cmocka_unit_test(test_P09_challenges_of_scopes),
	cmocka_unit_test(test_rate_body),
	cmocka_unit_test(test_quoting_splits_nothing),
	cmocka_unit_test(test_P09_rules_and_operations_must_be_one_to_one),
};

TEST_MAIN(tests)
