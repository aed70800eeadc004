/* SPDX-License-Identifier: Apache-2.0
 * Which conditions match: a table of bodies, queries, headers and paths.
 */
#include "../test.h"

#include "gate/conditions.h"
#include "policy.h"
#include "request.h"

enum { AT = 1, NO_NAME = 2, HOT = 4, HARD = 8, FORCED = 16 };

static const struct {
	const char *query, *fields, *body;
	int whens; /* -1: refused */
} cases[] = {
	{ "", "", "{\"name\":1}", 0 },
	{ "", "", "{}", NO_NAME },
	{ "", "", "{\"name\":null}", 0 },
	{ "", "", "{\"name\":1,\"at\":null}", AT },
	{ "", "", "{\"name\":1,\"at\":{\"x\":[]}}", AT },
	{ "", "", "{\"name\":1,\"\\u0061\\u0074\":1}", AT },
	{ "", "", "{\"name\":1,\"b\":{\"at\":1}}", 0 },
	{ "", "", "[{\"at\":1}]", NO_NAME },
	{ "", "", "\"at\"", NO_NAME },
	{ "", "", "{\"name\":1,\"items\":[{\"kind\":\"cold\"},{\"kind\":\"hot\"}]}", HOT },
	{ "", "", "{\"name\":1,\"items\":[{\"kind\":\"\\u0068ot\"}]}", HOT },
	{ "", "", "{\"name\":1,\"items\":[{\"kind\":\"cold\"},{}]}", 0 },
	{ "", "", "{\"name\":1,\"items\":{\"kind\":\"hot\"}}", 0 },
	{ "mode=hard", "", "{\"name\":1}", HARD },
	{ "mode=%68ard", "", "{\"name\":1}", HARD },
	{ "mode=hard+", "", "{\"name\":1}", 0 },
	{ "mode=soft&x=1", "", "{\"name\":1}", 0 },
	{ "", "X-Force: 0\r\n", "{\"name\":1}", FORCED },
	{ "", "x-force:\r\n", "{\"name\":1}", FORCED },
	{ "mode=hard", "X-Force: 1\r\n", "{\"at\":1}", AT | NO_NAME | HARD | FORCED },
	/* What two readers could read in two ways. */
	{ "", "", "{\"name\":1,\"name\":2}", -1 },
	{ "", "", "{\"name\":1,\"At\":2}", -1 },
	{ "", "", "{\"name\":1,\"at\":1,\"a\\u0074\":2}", -1 },
	{ "", "", "{\"name\":1,\"items\":[{\"kind\":\"cold\",\"KIND\":\"hot\"}]}", -1 },
	{ "mode=soft&mode=hard", "", "{\"name\":1}", -1 },
	{ "mode=soft&MODE=hard", "", "{\"name\":1}", -1 },
	{ "Mode=hard", "", "{\"name\":1}", -1 },
	{ "", "X-Force: 1\r\nX-FORCE: 2\r\n", "{\"name\":1}", -1 },
	{ "", "X_Force: 1\r\n", "{\"name\":1}", -1 },
	{ "", "X-Force: 1\r\nX.Force: 2\r\n", "{\"name\":1}", -1 },
	/* No JSON. */
	{ "", "", "", -1 }, { "", "", "{", -1 }, { "", "", "{}{}", -1 }, { "", "", "{\"name\":01}", -1 },
	{ "", "", "\xEF\xBB\xBF{}", -1 }, { "", "", "{\"name\":\"\\ud800\"}", -1 },
		{ "", "", "{\"x\":\"\xFF\"}", -1 },
};

static void test_M03_M15_P09_conditions(void **state)
{
	(void)state;
	struct profile *profile = profile_of_test();
	struct conditions conditions;
	conditions_prepare(remit_policy_operation(profile->policy, operation_of(profile, "POST /things")),
		&conditions);
	assert_true(conditions.reads_body && conditions.reads_query);
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct http_request request = request_of("POST /things", cases[i].fields);
		struct query query = { 0 };
		struct arena arena;
		const char *what;
		char problem[CONDITIONS_PROBLEM_ROOM];
		uint32_t whens = 0;
		struct conditions_named named;
		arena_init(&arena, 0);
		assert_int_equal(query_parse(str_of(cases[i].query), &arena, &query, &what), QUERY_OK);
		struct conditions_input input = { .query = &query, .request = &request, .has_json = true,
			.json = str_of(cases[i].body) };
		bool ok = conditions_judge(&conditions, &input, &whens, &named, problem);
		if (ok != (cases[i].whens >= 0) || (ok && whens != (uint32_t)cases[i].whens))
			fail_msg("case %zu: %s %s gives %d %u", i, cases[i].query, cases[i].body, ok, whens);
		arena_done(&arena);
	}
	profile_free(profile);
}

static void test_path_parameters_and_no_body(void **state)
{
	(void)state;
	struct profile *profile = profile_of_test();
	struct conditions get, make;
	char problem[CONDITIONS_PROBLEM_ROOM];
	uint32_t whens;
	struct conditions_named named;
	conditions_prepare(remit_policy_operation(profile->policy, operation_of(profile, "GET /things/{id}")),
		&get);
	conditions_prepare(remit_policy_operation(profile->policy, operation_of(profile, "POST /things")), &make);
	assert_false(get.reads_body || get.reads_query);
	struct remit_match match = { .count = 1, .params = { { "secret", 6 } } };
	assert_true(conditions_judge(&get, &(struct conditions_input){ .match = &match }, &whens, &named, problem));
	assert_int_equal(whens, 1);
	match.params[0].n = 5;
	assert_true(conditions_judge(&get, &(struct conditions_input){ .match = &match }, &whens, &named, problem));
	assert_int_equal(whens, 0);
	assert_true(conditions_judge(&make, &(struct conditions_input){ 0 }, &whens, &named, problem));
	assert_int_equal(whens, NO_NAME);
	profile_free(profile);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_M03_M15_P09_conditions),
	cmocka_unit_test(test_path_parameters_and_no_body),
};

TEST_MAIN(tests)
