/* SPDX-License-Identifier: Apache-2.0
 * The project that a request names, wherever the rule says, and what it means for a bound token (D22).
 */
#include "../test.h"

#include "gate/project.h"
#include "profile/profile.h"
#include "request.h"

#define OURS "01a20253-dd5e-7691-8415-b55a0259ddb8"
#define OTHER "01a20253-dd5e-7691-8415-000000000000"
#define BOUND 7 /* the record's number of OURS */

static const char profile_text[] =
	"profile: mine\n"
	"title: Mine\n"
	"scopes: { \"s:write\": W. }\n"
	"presets: { w: { title: W, for: W., scopes: [\"s:write\"] } }\n"
	"tokens: { prefix: my }\n"
	"rest:\n"
	"  base: /api\n"
	"  rules:\n"
	"    - { on: \"GET /p/{id}\", need: s:write, project: path.id }\n"
	"    - { on: GET /q, need: s:write, project: query.project_id }\n"
	"    - { on: GET /h, need: s:write, project: header.X-Project }\n"
	"    - { on: POST /b, need: s:write, project: body./project/id, when: [ { present: body./at, need: s:write } ] }\n"
	"    - { on: GET /none, need: s:write, project: none }\n"
	"    - { on: GET /inject, need: s:write, project: inject }\n"
	"    - { on: GET /unstated, need: s:write }\n";

enum { BAD = -1 }; /* 400 */
#define GOOD REMIT_ALLOWED
#define NONE REMIT_PROJECT_UNRESOLVED
#define ELSE REMIT_PROJECT_FORBIDDEN

static const struct {
	const char *operation, *path, *query, *fields, *body;
	int bound, unbound; /* what a token gets that is bound to OURS, and one that is bound to none */
} cases[] = {
	{ "GET /p/{id}", OURS, "", "", "", GOOD, GOOD },
	{ "GET /p/{id}", OTHER, "", "", "", ELSE, GOOD },
	{ "GET /p/{id}", "01A20253-DD5E-7691-8415-B55A0259DDB8", "", "", "", ELSE, GOOD },
	{ "GET /p/{id}", "x", "", "", "", ELSE, GOOD },
	{ "GET /q", "", "project_id=" OURS, "", "", GOOD, GOOD },
	{ "GET /q", "", "project_id=%30" "1a20253-dd5e-7691-8415-b55a0259ddb8", "", "", GOOD, GOOD },
	{ "GET /q", "", "project_id=" OTHER, "", "", ELSE, GOOD },
	{ "GET /q", "", "project_id=", "", "", ELSE, GOOD },
	{ "GET /q", "", "project_id=" OURS "%20", "", "", ELSE, GOOD },
	{ "GET /q", "", "", "", "", NONE, GOOD },
	{ "GET /q", "", "project=" OURS, "X-Project: " OURS "\r\n", "", NONE, GOOD },
	{ "GET /q", "", "project_id=" OURS "&project_id=" OTHER, "", "", BAD, BAD },
	{ "GET /q", "", "project_id=" OURS "&project_id=" OURS, "", "", BAD, BAD },
	{ "GET /q", "", "project_id=" OURS "&Project_ID=" OTHER, "", "", BAD, BAD },
	{ "GET /q", "", "project_id=" OURS "&project%5Fid=" OTHER, "", "", BAD, BAD },
	{ "GET /q", "", "PROJECT_ID=" OURS, "", "", BAD, BAD },
	{ "GET /h", "", "", "x-project: " OURS "\r\n", "", GOOD, GOOD },
	{ "GET /h", "", "", "X-Project: " OTHER "\r\n", "", ELSE, GOOD },
	{ "GET /h", "", "", "X-Project: " OURS ", " OTHER "\r\n", "", ELSE, GOOD },
	{ "GET /h", "", "", "", "", NONE, GOOD },
	{ "GET /h", "", "", "X-Project: " OURS "\r\nX-PROJECT: " OTHER "\r\n", "", BAD, BAD },
	{ "GET /h", "", "", "X-Project: " OURS "\r\nX_Project: " OTHER "\r\n", "", BAD, BAD },
	{ "GET /h", "", "", "X.Project: " OURS "\r\n", "", BAD, BAD },
	{ "POST /b", "", "", "", "{\"project\":{\"id\":\"" OURS "\"}}", GOOD, GOOD },
	{ "POST /b", "", "", "", "{\"at\":1,\"project\":{\"\\u0069d\":\"\\u0030" "1a20253-dd5e-7691-8415-b55a0259ddb8\"}}",
		GOOD, GOOD },
	{ "POST /b", "", "", "", "{\"project\":{\"id\":\"" OTHER "\"}}", ELSE, GOOD },
	{ "POST /b", "", "", "", "{\"project\":{\"id\":null}}", ELSE, GOOD },
	{ "POST /b", "", "", "", "{\"project\":{\"id\":[\"" OURS "\"]}}", ELSE, GOOD },
	{ "POST /b", "", "", "", "{\"project\":\"" OURS "\"}", NONE, GOOD },
	{ "POST /b", "", "", "", "{}", NONE, GOOD },
	{ "POST /b", "", "", "", "{\"project\":{\"id\":\"" OURS "\",\"id\":\"" OTHER "\"}}", BAD, BAD },
	{ "POST /b", "", "", "", "{\"project\":{\"id\":\"" OURS "\"},\"Project\":{\"id\":\"" OTHER "\"}}", BAD, BAD },
	{ "POST /b", "", "", "", "{\"project\":{\"id\":\"" OURS "\",\"\\u0069d\":\"" OTHER "\"}}", BAD, BAD },
	{ "GET /none", "", "project_id=" OTHER, "", "", GOOD, GOOD },
	{ "GET /inject", "", "", "", "", GOOD, GOOD },
	{ "GET /unstated", "", "project_id=" OURS, "", "", NONE, GOOD },
};

static struct profile *read_profile(void)
{
	struct mistakes mistakes;
	mistakes_init(&mistakes);
	struct profile *profile = profile_read(str_of(profile_text), "mine.yaml", &mistakes);
	if (!profile)
		fail_msg("%s", mistakes.count ? mistakes.list[0].what : "no profile");
	mistakes_done(&mistakes);
	return profile;
}

static uint32_t find_operation(const struct profile *profile, const char *text)
{
	for (uint32_t i = 0; i < remit_policy_operations(profile->policy); i++)
		if (strcmp(remit_policy_operation(profile->policy, i)->text, text) == 0)
			return i;
	fail_msg("no operation %s", text);
	return REMIT_NO_OPERATION;
}

/* What a token gets; BAD where the request is refused before. */
static int judge(const struct profile *profile, size_t number, bool is_bound, struct arena *arena)
{
	uint32_t operation = find_operation(profile, cases[number].operation);
	struct conditions conditions;
	conditions_prepare(remit_policy_operation(profile->policy, operation), &conditions);
	conditions_add_project(&conditions);
	struct http_request request = request_of("GET /", cases[number].fields);
	struct query query = { 0 };
	const char *what;
	assert_int_equal(query_parse(str_of(cases[number].query), arena, &query, &what), QUERY_OK);
	struct remit_match match = { .count = 1, .params = { { cases[number].path, strlen(cases[number].path) } } };
	struct conditions_input input = { .match = &match, .query = &query, .request = &request,
		.has_json = cases[number].body[0] != '\0', .json = str_of(cases[number].body) };
	struct conditions_named named;
	uint32_t whens;
	char problem[CONDITIONS_PROBLEM_ROOM];
	if (!conditions_judge(&conditions, &input, &whens, &named, problem))
		return BAD;

	struct id id;
	struct id_bytes bound;
	assert_true(id_parse(STR(OURS), &id) && id_to_bytes(&id, &bound));
	struct remit_record record = { .project = is_bound ? BOUND : 0 };
	const uint64_t granted[REMIT_SCOPE_WORDS_MAX] = { 1 };
	struct remit_question question = { .policy = profile->policy, .operation = operation, .whens = whens,
		.credential = REMIT_CREDENTIAL_FOUND, .record = &record, .granted = granted, .owner_active = true };
	struct remit_decision decision;
	project_question(&named, is_bound ? &bound : NULL, &question);
	remit_decide(&question, &decision);
	return (int)decision.reason;
}

static void test_M15_a_bound_token_and_the_project_that_is_named(void **state)
{
	(void)state;
	struct profile *profile = read_profile();
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct arena arena;
		arena_init(&arena, 0);
		int bound = judge(profile, i, true, &arena), unbound = judge(profile, i, false, &arena);
		if (bound != cases[i].bound || unbound != cases[i].unbound)
			fail_msg("case %zu, %s %s: %d %d", i, cases[i].operation, cases[i].query, bound, unbound);
		arena_done(&arena);
	}
	profile_free(profile);
}

static void test_M15_every_spelling_of_an_id_is_that_id(void **state)
{
	(void)state;
	const struct {
		struct conditions_named named;
		bool is;
	} named[] = {
		{ { true, false, JSON_KIND_NONE, STR(OURS) }, true },
		{ { true, false, JSON_KIND_NONE, STR("01A20253-DD5E-7691-8415-B55A0259DDB8") }, true },
		{ { true, false, JSON_KIND_NONE, STR(" " OURS) }, true },
		{ { true, true, JSON_KIND_STRING, STR("\\u0030" "1a20253-dd5e-7691-8415-b55a0259ddb8") }, true },
		{ { true, true, JSON_KIND_OBJECT, { NULL, 0 } }, false },
		{ { true, true, JSON_KIND_STRING, STR("") }, false },
		{ { true, true, JSON_KIND_STRING, STR(OURS "0") }, false },
		{ { false, false, JSON_KIND_NONE, { NULL, 0 } }, false },
	};
	for (size_t i = 0; i < TEST_COUNT(named); i++) {
		struct id id = { "" };
		if (project_named_id(&named[i].named, &id) != named[i].is)
			fail_msg("case %zu", i);
		if (named[i].is)
			assert_string_equal(id.text, OURS);
	}
}

static void test_a_refusal_says_where_it_looked(void **state)
{
	(void)state;
	struct profile *profile = read_profile();
	const struct remit_operation *query = remit_policy_operation(profile->policy, find_operation(profile, "GET /q"));
	const struct remit_operation *unstated =
		remit_policy_operation(profile->policy, find_operation(profile, "GET /unstated"));
	char text[PROJECT_PROBLEM_ROOM];
	project_problem(query, REMIT_PROJECT_UNRESOLVED, text);
	assert_string_equal(text, "The token is bound to a project, and the request names none at query.project_id");
	project_problem(unstated, REMIT_PROJECT_UNRESOLVED, text);
	assert_string_equal(text,
		"The token is bound to a project, and no rule says where this operation names its own");
	project_problem(query, REMIT_PROJECT_FORBIDDEN, text);
	assert_string_equal(text, "The token is bound to another project than the request names");
	profile_free(profile);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_M15_a_bound_token_and_the_project_that_is_named),
	cmocka_unit_test(test_M15_every_spelling_of_an_id_is_that_id),
	cmocka_unit_test(test_a_refusal_says_where_it_looked),
};

TEST_MAIN(tests)
