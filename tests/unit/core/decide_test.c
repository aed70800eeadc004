/* SPDX-License-Identifier: Apache-2.0
 * Decisions: what is refused, why, in which order, and with which missing scopes.
 */
#include "kit.h"

/* Document B's way of umbrellas beside document A's stories. */
static struct remit_policy *make_policy(void)
{
	struct remit_builder *builder =
		kit_builder("c:read c:write s:read s:write s:publish e:read e:write *");
	struct kit_need base, first, second;
	struct remit_when whens[2] = {
		{ .source = REMIT_SOURCE_BODY, .name = "/at" },
		{ .source = REMIT_SOURCE_BODY, .name = "/e" },
	};
	struct remit_rule rule = { .method = "POST", .path = "/when", .whens = whens, .when_count = 2 };

	assert_int_equal(remit_builder_implies(builder, "c:read", "e:read"), REMIT_OK);
	assert_int_equal(remit_builder_implies(builder, "c:write", "e:write"), REMIT_OK);
	assert_int_equal(kit_rule(builder, "GET /public", "public"), REMIT_OK);		  /* 0 */
	assert_int_equal(kit_rule(builder, "GET /token", "token"), REMIT_OK);		  /* 1 */
	assert_int_equal(kit_rule(builder, "GET /s", "s:read"), REMIT_OK);		  /* 2 */
	assert_int_equal(kit_rule(builder, "POST /both", "s:publish s:write"), REMIT_OK); /* 3 */
	assert_int_equal(kit_rule(builder, "GET /e", "e:read"), REMIT_OK);		  /* 4 */
	assert_int_equal(kit_rule(builder, "GET /any", "s:read s:write | e:write | e:read s:publish"),
			 REMIT_OK); /* 5 */
	rule.need = *kit_need(&base, "s:write");
	whens[0].need = *kit_need(&first, "s:publish");
	whens[1].need = *kit_need(&second, "e:write | s:read");
	assert_int_equal(remit_builder_rule(builder, &rule, NULL), REMIT_OK); /* 6 */
	return kit_build(builder);
}

struct ask {
	struct remit_question question;
	struct remit_record record;
	struct remit_scopes granted, ceiling;
};

static struct remit_question *ask(struct ask *ask, const struct remit_policy *policy, uint32_t operation,
				  const char *scopes)
{
	memset(ask, 0, sizeof(*ask));
	ask->granted = kit_set(policy, scopes);
	ask->record.api = 1;
	ask->question = (struct remit_question){ .policy = policy,
						 .operation = operation,
						 .credential = REMIT_CREDENTIAL_FOUND,
						 .record = &ask->record,
						 .granted = ask->granted.word,
						 .api = 1,
						 .now_s = 1000,
						 .owner_active = true,
						 .owner_unlimited = true };
	return &ask->question;
}

/* The reason, and the missing scopes: "scope_missing s:write, s:publish". */
static const char *answer(const struct remit_question *question)
{
	static char text[600];
	struct remit_decision decision;
	char missing[500];

	memset(&decision, 0xff, sizeof(decision)); /* what it does not set may not be believed */
	remit_decide(question, &decision);
	remit_scopes_text(question->policy, &decision.missing, ", ", missing, sizeof(missing));
	snprintf(text, sizeof(text), "%s%s%s", remit_reason_text(decision.reason), missing[0] ? " " : "",
		 missing);
	return text;
}

static void test_safety(void **state)
{
	struct remit_policy *policy = make_policy(), *empty = kit_build(kit_builder(""));
	struct ask a;
	struct remit_question *q = ask(&a, policy, REMIT_NO_OPERATION, "*");
	(void)state;
	assert_string_equal(answer(q), "unmapped");
	q->operation = 7;
	assert_string_equal(answer(q), "unmapped");
	q->operation = 2;
	q->record = NULL;
	assert_string_equal(answer(q), "token_unknown");
	q = ask(&a, policy, 2, "s:read");
	q->credential = (enum remit_credential)99;
	assert_string_equal(answer(q), "token_unknown");
	q = ask(&a, empty, 0, "");
	assert_string_equal(answer(q), "unmapped");
	assert_string_equal(remit_reason_text(REMIT_REASONS), "unknown_reason");
	assert_string_equal(remit_reason_text((enum remit_reason)-1), "unknown_reason");
	remit_policy_free(policy);
	remit_policy_free(empty);
}

static void test_T04_no_scopes_never_means_all(void **state)
{
	struct remit_policy *policy = make_policy();
	struct ask a;
	(void)state;
	for (uint32_t operation = 2; operation < 7; operation++) {
		struct remit_decision decision;
		remit_decide(ask(&a, policy, operation, ""), &decision);
		assert_int_equal(decision.reason, REMIT_SCOPE_MISSING);
		a.question.granted = NULL;
		remit_decide(&a.question, &decision);
		assert_int_equal(decision.reason, REMIT_SCOPE_MISSING);
	}
	assert_string_equal(answer(ask(&a, policy, 1, "")), "allowed");
	remit_policy_free(policy);
}

static void test_tokens_that_are_no_good(void **state)
{
	static const struct {
		enum remit_credential credential;
		uint8_t api, flags;
		uint32_t expires_s;
		bool owner_active;
		enum remit_reason want;
		bool proven;
	} cases[] = {
		{ REMIT_CREDENTIAL_NONE, 1, 0, 0, true, REMIT_NO_TOKEN },
		{ REMIT_CREDENTIAL_MALFORMED, 1, 0, 0, true, REMIT_TOKEN_MALFORMED },
		{ REMIT_CREDENTIAL_UNKNOWN, 1, 0, 0, true, REMIT_TOKEN_UNKNOWN },
		{ REMIT_CREDENTIAL_FOUND, 2, 0, 0, true, REMIT_TOKEN_WRONG_API },
		{ REMIT_CREDENTIAL_FOUND, 2, REMIT_RECORD_REVOKED, 1, false, REMIT_TOKEN_WRONG_API },
		{ REMIT_CREDENTIAL_FOUND, 1, REMIT_TOKEN_REFRESH, 0, true, REMIT_TOKEN_WRONG_KIND },
		{ REMIT_CREDENTIAL_FOUND, 1, 3, 0, true, REMIT_TOKEN_WRONG_KIND },
		{ REMIT_CREDENTIAL_FOUND, 1, REMIT_RECORD_REVOKED, 0, true, REMIT_TOKEN_REVOKED },
		{ REMIT_CREDENTIAL_FOUND, 1, REMIT_RECORD_REVOKED, 1, false, REMIT_TOKEN_REVOKED },
		{ REMIT_CREDENTIAL_FOUND, 1, 0, 1, true, REMIT_TOKEN_EXPIRED },
		{ REMIT_CREDENTIAL_FOUND, 1, 0, 999, true, REMIT_TOKEN_EXPIRED },
		{ REMIT_CREDENTIAL_FOUND, 1, 0, 1000, true, REMIT_TOKEN_EXPIRED },
		{ REMIT_CREDENTIAL_FOUND, 1, 0, 0, false, REMIT_OWNER_INACTIVE },
		{ REMIT_CREDENTIAL_FOUND, 1, 0, 1001, true, REMIT_ALLOWED },
		{ REMIT_CREDENTIAL_FOUND, 1, REMIT_TOKEN_ACCESS, 0, true, REMIT_ALLOWED },
		{ REMIT_CREDENTIAL_FOUND, 1, REMIT_TOKEN_ACCESS | REMIT_RECORD_BOUND, 0, true, REMIT_TOKEN_UNPROVEN },
		{ REMIT_CREDENTIAL_FOUND, 1, REMIT_RECORD_BOUND, 0, true, REMIT_TOKEN_UNPROVEN },
		{ REMIT_CREDENTIAL_FOUND, 1, REMIT_TOKEN_ACCESS, 0, true, REMIT_TOKEN_UNPROVEN, true },
		{ REMIT_CREDENTIAL_FOUND, 1, REMIT_TOKEN_ACCESS | REMIT_RECORD_BOUND, 0, true, REMIT_ALLOWED, true },
		{ REMIT_CREDENTIAL_FOUND, 1, REMIT_RECORD_BOUND | REMIT_RECORD_REVOKED, 0, true, REMIT_TOKEN_REVOKED, true },
		{ REMIT_CREDENTIAL_FOUND, 1, REMIT_RECORD_BOUND, 1, true, REMIT_TOKEN_EXPIRED, true },
	};
	struct remit_policy *policy = make_policy();
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct ask a;
		struct remit_decision decision;
		struct remit_question *q = ask(&a, policy, 2, "*");
		q->credential = cases[i].credential;
		q->owner_active = cases[i].owner_active;
		q->proven = cases[i].proven;
		a.record.api = cases[i].api;
		a.record.flags = cases[i].flags;
		a.record.expires_s = cases[i].expires_s;
		assert_int_equal(remit_decide_token(q), cases[i].want);
		remit_decide(q, &decision);
		assert_int_equal(decision.reason, cases[i].want);
		assert_int_equal(remit_reason_is_token(decision.reason), cases[i].want != REMIT_ALLOWED);
		q->operation =
			REMIT_NO_OPERATION; /* an operation that no rule maps tells nothing to strangers */
		remit_decide(q, &decision);
		assert_int_equal(decision.reason,
				 cases[i].want == REMIT_ALLOWED ? REMIT_UNMAPPED : cases[i].want);
		q->operation = 0; /* and what is public reads no token */
		remit_decide(q, &decision);
		assert_int_equal(decision.reason, REMIT_ALLOWED);
	}
	remit_policy_free(policy);
}

/* A refused token tells nothing of the operation, nor of what the token once had. */
static void test_T02_refused_tokens_look_alike(void **state)
{
	struct remit_policy *policy = make_policy();
	(void)state;
	for (uint32_t operation = 1; operation < 8; operation++)
		for (int i = 0; i < 6; i++) {
			struct ask a;
			struct remit_decision decision;
			struct remit_question *q = ask(&a, policy, operation, "s:read");
			q->whens = 3;
			q->credential = i == 0 ? REMIT_CREDENTIAL_NONE : i == 1 ? REMIT_CREDENTIAL_MALFORMED :
					i == 2 ? REMIT_CREDENTIAL_UNKNOWN : REMIT_CREDENTIAL_FOUND;
			a.record.expires_s = i == 3;
			a.record.flags = i == 4 ? REMIT_RECORD_REVOKED : 0;
			q->owner_active = i != 5;
			memset(&decision, 0xff, sizeof(decision));
			remit_decide(q, &decision);
			assert_true(remit_reason_is_token(decision.reason));
			assert_true(decision.needed.word[0] == 0 && decision.missing.word[0] == 0);
		}
	remit_policy_free(policy);
}

static void test_scopes(void **state)
{
	static const struct { uint32_t operation, whens; const char *granted, *want;
	} cases[] = {
		{ 2, 0, "s:write s:publish", "scope_missing s:read" }, /* D3 */
		{ 3, 0, "s:read",
		  "scope_missing s:write, s:publish" }, /* D8: all at once, in vocabulary order */
		{ 3, 0, "s:publish", "scope_missing s:write" },
		{ 4, 0, "c:write s:read", "scope_missing e:read" }, /* D2: never the umbrella */
		{ 5, 0, "", "scope_missing e:write" },		    /* fewest */
		{ 5, 0, "s:read", "scope_missing s:write" },	    /* the first on a tie */
		{ 5, 0, "e:read", "scope_missing e:write" },
		{ 6, 0, "s:read", "scope_missing s:write" },
		{ 6, 1, "s:read", "scope_missing s:write, s:publish" }, /* D6: they add up */
		{ 6, 1, "s:write", "scope_missing s:publish" },
		{ 6, 3, "", "scope_missing s:write, s:publish, e:write" },
		{ 6, 2, "s:write", "scope_missing e:write" },
		{ 2, 0, "s:read", "allowed" },
		{ 2, 0, "*", "allowed" },
		{ 3, 0, "s:write s:publish", "allowed" },
		{ 4, 0, "c:read", "allowed" },
		{ 4, 0, "e:read", "allowed" },
		{ 5, 0, "c:write", "allowed" },
		{ 5, 0, "c:read s:publish", "allowed" },
		{ 6, 0, "s:write", "allowed" },
		{ 6, 0xfffffffc, "s:write", "allowed" },
		{ 6, 2, "s:write s:read", "allowed" },
		{ 6, 3, "*", "allowed" },
		{ 1, 0, "", "allowed" },
	};
	struct remit_policy *policy = make_policy();
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct ask a;
		struct remit_question *q = ask(&a, policy, cases[i].operation, cases[i].granted);
		q->whens = cases[i].whens;
		assert_string_equal(answer(q), cases[i].want);
	}
	remit_policy_free(policy);
}

static void test_never_more_than_the_owner(void **state)
{
	static const struct {
		uint32_t operation;
		const char *granted, *ceiling;
		bool unlimited;
		const char *want;
	} cases[] = {
		{ 2, "*", NULL, false, "owner_forbidden s:read" },
		{ 2, "*", "*", false, "owner_forbidden s:read" },
		{ 2, "*", "s:write", true, "owner_forbidden s:read" },
		{ 2, "s:read", "", true, "owner_forbidden s:read" },
		{ 3, "s:write s:publish", "s:write", false, "owner_forbidden s:publish" },
		{ 3, "s:publish", "s:write", false, "scope_missing s:write" },
		{ 4, "c:read", "c:write", false, "owner_forbidden e:read" },
		{ 5, "s:read s:write", "e:write", false, "owner_forbidden e:write" },
		{ 2, "* s:read", NULL, false, "allowed" },
		{ 2, "s:read", NULL, false, "allowed" },
		{ 2, "*", "*", true, "allowed" },
		{ 2, "*", "s:read", true, "allowed" },
		{ 4, "c:read", "c:read", false, "allowed" },
		{ 4, "c:read", "e:read", false, "allowed" },
	};
	struct remit_policy *policy = make_policy();
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct ask a;
		struct remit_question *q = ask(&a, policy, cases[i].operation, cases[i].granted);
		q->owner_unlimited = cases[i].unlimited;
		a.ceiling = kit_set(policy, cases[i].ceiling ? cases[i].ceiling : "");
		q->ceiling = cases[i].ceiling ? &a.ceiling : NULL;
		assert_string_equal(answer(q), cases[i].want);
	}
	remit_policy_free(policy);
}

/* Whoever runs the program: what a rule maps, whatever it asks for; never what none maps (D7). */
static void test_without_a_token(void **state)
{
	(void)state;
	struct remit_policy *policy = make_policy();
	for (uint32_t i = 0; i <= 8; i++) {
		const struct remit_question local = { .policy = policy, .operation = i < 7 ? i : i == 7 ? 7 : REMIT_NO_OPERATION,
			.whens = 3, .credential = REMIT_CREDENTIAL_LOCAL, .project = REMIT_PROJECT_UNNAMED };
		struct remit_decision decision;
		remit_decide(&local, &decision);
		assert_int_equal(decision.reason, i < 7 ? REMIT_ALLOWED : REMIT_UNMAPPED);
		assert_int_equal(remit_decide_token(&local), REMIT_ALLOWED);
	}
	remit_policy_free(policy);
}

static void test_projects(void **state)
{
	static const struct {
		enum remit_project_rule rule;
		enum remit_project project;
		uint32_t bound, named;
		const char *want;
	} cases[] = {
		{ REMIT_PROJECT_UNSTATED, REMIT_PROJECT_NAMED, 7, 7, "project_unresolved" },
		{ REMIT_PROJECT_UNSTATED, REMIT_PROJECT_UNNAMED, 7, 0, "project_unresolved" },
		{ REMIT_PROJECT_SELECT, REMIT_PROJECT_UNNAMED, 7, 7, "project_unresolved" },
		{ REMIT_PROJECT_SELECT, (enum remit_project)9, 7, 7, "project_unresolved" },
		{ REMIT_PROJECT_SELECT, REMIT_PROJECT_NAMED, 7, 8, "project_forbidden" },
		{ REMIT_PROJECT_SELECT, REMIT_PROJECT_NAMED, 7, 0, "project_forbidden" },
		{ REMIT_PROJECT_SELECT, REMIT_PROJECT_NAMED, 7, 7, "allowed" },
		{ REMIT_PROJECT_NONE, REMIT_PROJECT_UNNAMED, 7, 0, "allowed" },
		{ REMIT_PROJECT_INJECT, REMIT_PROJECT_UNNAMED, 7, 0, "allowed" },
		{ REMIT_PROJECT_UNSTATED, REMIT_PROJECT_ELSEWHERE, 7, 0, "allowed" },
		{ REMIT_PROJECT_UNSTATED, REMIT_PROJECT_UNNAMED, 0, 0, "allowed" },
		{ REMIT_PROJECT_SELECT, REMIT_PROJECT_NAMED, 0, 8, "allowed" },
	};
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct remit_builder *builder = kit_builder("s *");
		struct kit_need kit;
		struct remit_rule rule = { .method = "GET",
					   .path = "/x",
					   .need = *kit_need(&kit, "s"),
					   .project = cases[i].rule,
					   .project_source = REMIT_SOURCE_QUERY,
					   .project_name = "p" };
		struct ask a;
		assert_int_equal(remit_builder_rule(builder, &rule, NULL), REMIT_OK);
		struct remit_policy *policy = kit_build(builder);
		struct remit_question *q = ask(&a, policy, 0, "*");
		a.record.project = cases[i].bound;
		q->project = cases[i].project;
		q->project_named = cases[i].named;
		assert_string_equal(answer(q), cases[i].want);
		a.granted = kit_set(policy, ""); /* the scope is judged before the project */
		assert_string_equal(answer(q), "scope_missing s");
		remit_policy_free(policy);
	}
}

static void test_showing_a_need(void **state)
{
	struct remit_policy *policy = make_policy();
	struct remit_scopes set;
	char text[40];
	(void)state;
	assert_true(remit_policy_need(policy, 5, 0, 0, 2, &set));
	assert_int_equal(remit_scopes_text(policy, &set, "+", text, sizeof(text)), 16);
	assert_string_equal(text, "s:publish+e:read");
	assert_int_equal(remit_scopes_text(policy, &set, "+", text, 5), 16);
	assert_string_equal(text, "s:pu");
	assert_false(remit_policy_need(policy, 5, 0, 0, 3, &set));
	assert_false(remit_policy_need(policy, 5, 0, 1, 0, &set));
	assert_true(remit_policy_need(policy, 6, 2, 1, 1, &set) && remit_scopes_has(&set, 2));
	assert_false(remit_policy_need(policy, 6, 2, 2, 0, &set));
	assert_false(remit_policy_need(policy, 99, 0, 0, 0, &set));
	assert_false(remit_policy_need(policy, 1, 0, 0, 0, &set));
	remit_policy_free(policy);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_safety),
	cmocka_unit_test(test_T04_no_scopes_never_means_all),
	cmocka_unit_test(test_tokens_that_are_no_good),
	cmocka_unit_test(test_T02_refused_tokens_look_alike),
	cmocka_unit_test(test_scopes),
	cmocka_unit_test(test_never_more_than_the_owner),
	cmocka_unit_test(test_without_a_token),
	cmocka_unit_test(test_projects),
	cmocka_unit_test(test_showing_a_need),
};

TEST_MAIN(tests)
