/* SPDX-License-Identifier: Apache-2.0
 * What `remit explain` says of a request that nobody sent.
 */
#include "../test.h"

#include "gate/explain.h"
#include "policy.h"

static const struct {
	const char *scopes, *method, *target, *tool, *json;
	enum remit_reason reason;
	const char *preset, *problem; /* problem: a part of it, NULL for none */
} cases[] = {
	{ "a:read", "GET", "/api/things/1", NULL, NULL, REMIT_ALLOWED, NULL, NULL },
	{ "a:read", "GET", "/api/things/secret?x=y", NULL, NULL, REMIT_SCOPE_MISSING, NULL, NULL },
	{ "b:all a:read", "GET", "/api/things/secret", NULL, NULL, REMIT_ALLOWED, NULL, NULL },
	{ "a:write", "POST", "/api/things", NULL, "{\"at\":1,\"name\":2}", REMIT_SCOPE_MISSING, "publish-only",
		NULL },
	{ "a:write", "POST", "/api/things", NULL, "{\"name\":2}", REMIT_ALLOWED, NULL, NULL },
	{ "a:write", "POST", "/api/things", NULL, "{\"name\":", REMIT_ALLOWED, NULL, "not valid JSON" },
	{ "*", "PUT", "/api/things", NULL, NULL, REMIT_UNMAPPED, NULL, NULL },
	{ "*", "GET", "/api/things/../x", NULL, NULL, REMIT_ALLOWED, NULL, "more than one way" },
	{ "*", "GET", "/elsewhere", NULL, NULL, REMIT_ALLOWED, NULL, "base, /api" },
	{ "*", "GET", "/apix/things/1", NULL, NULL, REMIT_ALLOWED, NULL, "base, /api" },
	{ "gone:scope a:read", "GET", "/api/things/1", NULL, NULL, REMIT_ALLOWED, NULL, NULL },
	{ "gone:scope", "GET", "/api/things/1", NULL, NULL, REMIT_SCOPE_MISSING, "everything", NULL },
	{ "", "GET", "/api/health", NULL, NULL, REMIT_ALLOWED, NULL, NULL },
	{ "a:read", NULL, NULL, "t", "{\"action\":\"list\"}", REMIT_ALLOWED, NULL, NULL },
	{ "a:read", NULL, NULL, "t", "{\"action\":\"create\"}", REMIT_SCOPE_MISSING, "publish-only", NULL },
	{ "a:read", NULL, NULL, "t", "{\"action\":\"drop\"}", REMIT_ALLOWED, NULL,
		"must be one of: list, create" },
	{ "a:read", NULL, NULL, "t", "{\"action\":\"list\",\"Action\":\"create\"}", REMIT_ALLOWED, NULL,
		"must be one of" },
	{ "a:read", NULL, NULL, "t", NULL, REMIT_ALLOWED, NULL, "must be one of" },
	{ "a:write", NULL, NULL, "u", "{\"at\":1}", REMIT_SCOPE_MISSING, "publish-only", NULL },
	{ "*", NULL, NULL, "unknown", NULL, REMIT_UNMAPPED, NULL, NULL },
};

static void test_P09_explanations(void **state)
{
	(void)state;
	struct profile *profile = profile_of_test();
	struct user_row owner = { .admin = true };
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct token_row token = { .api = "toy", .scopes = cases[i].scopes };
		struct explain_question q = { .profile = profile, .api = "toy", .token = &token, .owner = &owner,
			.now_ms = 1000,
			.method = cases[i].method, .target = cases[i].target, .tool = cases[i].tool,
				.json = cases[i].json };
		struct explain_answer answer;
		struct arena arena;
		arena_init(&arena, 0);
		gate_explain(&q, &arena, &answer);
		const char *preset = answer.preset ? answer.preset->handle : "";
		bool problem_ok = cases[i].problem ? strstr(answer.problem, cases[i].problem) != NULL
			: answer.problem[0] == '\0';
		if (!problem_ok || (!cases[i].problem && (answer.decision.reason != cases[i].reason
			|| strcmp(preset, cases[i].preset ? cases[i].preset : "") != 0)))
			fail_msg("case %zu: %s, %s, \"%s\"", i, remit_reason_text(answer.decision.reason), preset,
				answer.problem);
		arena_done(&arena);
	}
	profile_free(profile);
}

static void test_T04_T08_states_of_a_token(void **state)
{
	(void)state;
	struct profile *profile = profile_of_test();
	struct user_row owner = { .admin = false };
	struct token_row token = { .api = "toy", .scopes = "*", .expires_ms = 5999 };
	struct explain_question q = { .profile = profile, .api = "toy", .token = &token, .owner = &owner,
		.now_ms = 4999,
		.method = "GET", .target = "/api/things/1" };
	struct explain_answer answer;
	struct arena arena;
	arena_init(&arena, 0);
	gate_explain(&q, &arena, &answer);
	assert_int_equal(answer.decision.reason, REMIT_OWNER_FORBIDDEN);
	owner.admin = true;
	gate_explain(&q, &arena, &answer);
	assert_int_equal(answer.decision.reason, REMIT_ALLOWED);
	q.now_ms = 5000; /* seconds are rounded down: never a moment longer */
	gate_explain(&q, &arena, &answer);
	assert_int_equal(answer.decision.reason, REMIT_TOKEN_EXPIRED);
	q.now_ms = 0;
	owner.disabled_ms = 1;
	gate_explain(&q, &arena, &answer);
	assert_int_equal(answer.decision.reason, REMIT_OWNER_INACTIVE);
	q.owner = NULL;
	gate_explain(&q, &arena, &answer);
	assert_int_equal(answer.decision.reason, REMIT_OWNER_INACTIVE);
	token.revoked_ms = 1;
	gate_explain(&q, &arena, &answer);
	assert_int_equal(answer.decision.reason, REMIT_TOKEN_REVOKED);
	token.api = "other";
	gate_explain(&q, &arena, &answer);
	assert_int_equal(answer.decision.reason, REMIT_TOKEN_WRONG_API);
	q.token = NULL;
	gate_explain(&q, &arena, &answer);
	assert_int_equal(answer.decision.reason, REMIT_NO_TOKEN);
	arena_done(&arena);
	profile_free(profile);
}

static void test_the_project_of_somebody_elses_api(void **state)
{
	(void)state;
	struct profile *profile = profile_of_test();
	struct user_row owner = { .admin = true };
	struct token_row token = { .api = "toy", .scopes = "a:read" };
	assert_true(id_parse(STR("01a20253-dd5e-7691-8415-b55a0259ddb8"), &token.project));
	struct explain_question q = { .profile = profile, .api = "toy", .token = &token, .owner = &owner,
		.now_ms = 1000, .method = "GET", .target = "/api/health" };
	struct explain_answer answer;
	struct arena arena;
	arena_init(&arena, 0);
	gate_explain(&q, &arena, &answer);
	assert_int_equal(answer.decision.reason, REMIT_ALLOWED); /* a service judges what it stores */
	q.is_upstream = true;
	gate_explain(&q, &arena, &answer);
	assert_int_equal(answer.decision.reason, REMIT_PROJECT_UNRESOLVED);
	assert_non_null(strstr(answer.project, "no rule says"));
	token.project = (struct id){ "" };
	gate_explain(&q, &arena, &answer);
	assert_int_equal(answer.decision.reason, REMIT_ALLOWED);
	assert_string_equal(answer.project, "");
	arena_done(&arena);
	profile_free(profile);
}

static void test_an_api_whose_base_is_the_root(void **state)
{
	static const char text[] = "profile: toy\ntitle: T\nscopes: { \"a:read\": R. }\ntokens: { prefix: ty }\n"
				   "rest: { base: /, rules: [ { on: \"GET /things/{id}\", need: \"a:read\" } ] }\n";
	static struct mistakes mistakes;
	(void)state;
	mistakes_init(&mistakes);
	struct profile *profile = profile_read(str_of(text), "toy.yaml", &mistakes);
	assert_non_null(profile);
	struct explain_question q = { .profile = profile, .api = "toy", .method = "GET", .target = "/things/1" };
	struct explain_answer answer;
	struct arena arena;
	arena_init(&arena, 0);
	gate_explain(&q, &arena, &answer);
	assert_string_equal(answer.problem, "");
	assert_int_equal(answer.operation, 0);
	assert_int_equal(answer.decision.reason, REMIT_NO_TOKEN);
	arena_done(&arena);
	profile_free(profile);
	mistakes_done(&mistakes);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_P09_explanations),
	cmocka_unit_test(test_T04_T08_states_of_a_token),
	cmocka_unit_test(test_the_project_of_somebody_elses_api),
	cmocka_unit_test(test_an_api_whose_base_is_the_root),
};

TEST_MAIN(tests)
