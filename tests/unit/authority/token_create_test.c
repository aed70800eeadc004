/* SPDX-License-Identifier: Apache-2.0
 * What may be asked for when a token is made, and what is refused: by name, all at once.
 */
#include "fixture.h"

#include <sodium.h>

/* Each spoils one thing of a good request. */
struct bad {
	const char *what;
	struct token_request request;
	const char *says;
};

#define GOOD .api = "publishing", .owner = ANN
#define LONG_10 "abcdefghij"
#define LONG_100 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10

static void refuse_all(struct fixture *f, const struct bad *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		enum authority_status status = create(f, &cases[i].request);
		if (status != AUTHORITY_INVALID)
			fail_msg("%s: status %d, %s", cases[i].what, (int)status, f->error.text);
		assert_says(f, cases[i].says);
	}
	/* and nothing is left behind */
	const struct token_request good = { GOOD, .name = "laptop", .preset = "read-only" };
	assert_int_equal(create(f, &good), AUTHORITY_OK);
}

static void test_T05_bad_names(void **state)
{
	const struct bad cases[] = {
		{ "none", { GOOD, .preset = "read-only" }, "name is missing" },
		{ "empty", { GOOD, .name = "", .preset = "read-only" }, "name is missing" },
		{ "a newline", { GOOD, .name = "a\nb", .preset = "read-only" }, "control characters" },
		{ "an escape", { GOOD, .name = "a\033[2J", .preset = "read-only" }, "control characters" },
		{ "C1", { GOOD, .name = "a\xc2\x9b""b", .preset = "read-only" }, "control characters" },
		{ "right to left", { GOOD, .name = "a\xe2\x80\xae""b", .preset = "read-only" }, "control characters" },
		{ "zero width", { GOOD, .name = "a\xe2\x80\x8b""b", .preset = "read-only" }, "control characters" },
		{ "no UTF-8", { GOOD, .name = "a\xff", .preset = "read-only" }, "UTF-8" },
		{ "overlong", { GOOD, .name = "a\xc0\xaf", .preset = "read-only" }, "UTF-8" },
		{ "a space before", { GOOD, .name = " a", .preset = "read-only" }, "space" },
		{ "a space behind", { GOOD, .name = "a ", .preset = "read-only" }, "space" },
		{ "no-break space", { GOOD, .name = "a\xc2\xa0", .preset = "read-only" }, "space" },
		{ "256 characters", { GOOD, .name = LONG_100 LONG_100 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 "abcdef", .preset = "read-only" }, "256 characters" },
	};
	refuse_all(*state, cases, TEST_COUNT(cases));
}

static void test_D13_255_wide_characters_are_a_name(void **state)
{
	struct fixture *f = *state;
	char name[255 * 3 + 1];
	for (size_t i = 0; i < 255; i++)
		memcpy(name + 3 * i, "\xe6\xbc\xa2", 3);
	name[sizeof(name) - 1] = '\0';
	const struct token_request request = { GOOD, .name = name, .preset = "read-only" };
	assert_int_equal(create(f, &request), AUTHORITY_OK);
	assert_string_equal(get_token(f, &f->issued.id).name, name);
}

static void test_T13_an_unknown_scope_is_refused_by_name(void **state)
{
	const struct bad cases[] = {
		{ "misspelt", { GOOD, .name = "n", .scopes = (const char *[]){ "stories:read", "stories:wirte" }, .scope_count = 2 },
			"\"stories:wirte\" in API publishing; did you mean \"stories:write\"?" },
		{ "case matters", { GOOD, .name = "n", .scopes = (const char *[]){ "Stories:read" }, .scope_count = 1 }, "\"Stories:read\"" },
		{ "another API's", { GOOD, .name = "n", .scopes = (const char *[]){ "s:read" }, .scope_count = 1 }, "\"s:read\"" },
		{ "empty", { GOOD, .name = "n", .scopes = (const char *[]){ "" }, .scope_count = 1 }, "no scope \"\"" },
		{ "two in one", { GOOD, .name = "n", .scopes = (const char *[]){ "stories:read media:read" }, .scope_count = 1 }, "no scope" },
		{ "a wildcard of ours", { GOOD, .name = "n", .scopes = (const char *[]){ "stories:*" }, .scope_count = 1 }, "\"stories:*\"" },
		{ "an unknown preset", { GOOD, .name = "n", .preset = "read-onyl" }, "did you mean \"read-only\"?" },
		{ "both", { GOOD, .name = "n", .preset = "read-only", .scopes = (const char *[]){ "media:read" }, .scope_count = 1 }, "not both" },
	};
	refuse_all(*state, cases, TEST_COUNT(cases));
}

static void test_T13_every_mistake_is_named_at_once(void **state)
{
	struct fixture *f = *state;
	make_token(f);
	const struct token_request request = {
		GOOD, .name = "laptop", .scopes = (const char *[]){ "one:read", "*", "two:read" }, .scope_count = 3,
		.project = "0199b2f0-5c1e-7abc-8def-0123456789ab", .expiry = TOKEN_EXPIRY_AT, .expires_ms = NOW_MS, .rate = 60001,
	};
	assert_int_equal(create(f, &request), AUTHORITY_INVALID);
	assert_says(f, "\"one:read\"");
	assert_says(f, "\"two:read\"");
	assert_says(f, "only an admin");
	assert_says(f, "no project 0199b2f0-5c1e-7abc-8def-0123456789ab");
	assert_says(f, "in the past");
	assert_says(f, "60000");
	assert_says(f, "named \"laptop\" already");
}

static void test_T13_a_flood_of_mistakes_is_cut_between_sentences(void **state)
{
	struct fixture *f = *state;
	const char *scopes[200];
	for (size_t i = 0; i < 200; i++)
		scopes[i] = "nothing:like-this";
	const struct token_request request = { GOOD, .name = "n", .scopes = scopes, .scope_count = 200 };
	assert_int_equal(create(f, &request), AUTHORITY_INVALID);
	assert_says(f, "There are more mistakes.");
	assert_true(strlen(f->error.text) < sizeof(f->error.text));
}

static void test_T04_no_scopes_is_a_token_without_scopes(void **state)
{
	struct fixture *f = *state;
	const struct token_request request = { GOOD, .name = "n" };
	assert_int_equal(create(f, &request), AUTHORITY_OK);
	assert_string_equal(get_token(f, &f->issued.id).scopes, "");
}

static void test_T10_only_an_admin_holds_everything(void **state)
{
	struct fixture *f = *state;
	struct token_request request = { GOOD, .name = "n", .scopes = (const char *[]){ "*" }, .scope_count = 1 };
	assert_int_equal(create(f, &request), AUTHORITY_INVALID);
	assert_says(f, "only an admin may hold it");
	request.owner = ROOT;
	assert_int_equal(create(f, &request), AUTHORITY_OK);
	assert_string_equal(get_token(f, &f->issued.id).scopes, "*");
}

static void test_T08_a_disabled_owner_gets_no_token(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(authority_user_disable(&f->a, ANN, true, &f->actor, &f->revision, &f->error), AUTHORITY_OK);
	const struct token_request request = good_request();
	assert_int_equal(create(f, &request), AUTHORITY_INVALID);
	assert_says(f, "is disabled");
}

static void test_D24_project_must_be_the_owners(void **state)
{
	struct fixture *f = *state;
	struct id other;
	assert_int_equal(authority_project_add(&f->a, "short", "Elsewhere", ANN, &f->actor, &other, &f->error), AUTHORITY_OK);
	const struct bad cases[] = {
		{ "no id", { GOOD, .name = "n", .preset = "read-only", .project = "../brand" }, "by its id" },
		{ "another API's", { GOOD, .name = "n", .preset = "read-only", .project = other.text }, "no project" },
		{ "not theirs", { .api = "publishing", .owner = EVE, .name = "n", .preset = "read-only", .project = f->ann_project.text }, "no project" },
		{ "not even an admin's", { .api = "publishing", .owner = ROOT, .name = "n", .preset = "read-only", .project = f->ann_project.text }, "no project" },
	};
	refuse_all(f, cases, TEST_COUNT(cases));
	const char *const theirs[] = { ANN, BOB };
	for (size_t i = 0; i < 2; i++) {
		const struct token_request request = {
			.api = "publishing", .owner = theirs[i], .name = "bound", .preset = "read-only", .project = f->ann_project.text,
		};
		assert_int_equal(create(f, &request), AUTHORITY_OK);
		assert_string_equal(get_token(f, &f->issued.id).project.text, f->ann_project.text);
	}
}

static void test_D24_what_does_not_exist_is_told_as_what_is_not_theirs(void **state)
{
	struct fixture *f = *state;
	struct authority_error of_another;
	struct token_request request = { .api = "publishing", .owner = EVE, .name = "n", .preset = "read-only", .project = f->ann_project.text };
	assert_int_equal(create(f, &request), AUTHORITY_INVALID);
	of_another = f->error;
	request.project = "0199b2f0-5c1e-7abc-8def-0123456789ab";
	assert_int_equal(create(f, &request), AUTHORITY_INVALID);
	memcpy(strstr(of_another.text, f->ann_project.text), request.project, ID_LENGTH);
	assert_string_equal(f->error.text, of_another.text);
}

static void test_D16_expiry(void **state)
{
	struct fixture *f = *state;
	const struct {
		const char *api;
		enum token_expiry expiry;
		int64_t at_ms, wanted_ms; /* -1: refused */
	} cases[] = {
		{ "publishing", TOKEN_EXPIRY_DEFAULT, 0, 0 },
		{ "publishing", TOKEN_EXPIRY_NEVER, 0, 0 },
		{ "publishing", TOKEN_EXPIRY_AT, NOW_MS + 1, NOW_MS + 1 },
		{ "publishing", TOKEN_EXPIRY_AT, NOW_MS, -1 },
		{ "publishing", TOKEN_EXPIRY_AT, NOW_MS - DAY_MS, -1 },
		{ "publishing", TOKEN_EXPIRY_AT, (INT64_C(1) << 32) * 1000, -1 },
		{ "short", TOKEN_EXPIRY_DEFAULT, 0, NOW_MS + 10 * DAY_MS },
		{ "short", TOKEN_EXPIRY_NEVER, 0, -1 },
		{ "short", TOKEN_EXPIRY_AT, NOW_MS + 30 * DAY_MS, NOW_MS + 30 * DAY_MS },
		{ "short", TOKEN_EXPIRY_AT, NOW_MS + 30 * DAY_MS + 1, -1 },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		char name[20];
		snprintf(name, sizeof(name), "token %zu", i);
		const struct token_request request = {
			.api = cases[i].api, .owner = ANN, .name = name, .expiry = cases[i].expiry, .expires_ms = cases[i].at_ms,
		};
		enum authority_status status = create(f, &request);
		if (status != (cases[i].wanted_ms < 0 ? AUTHORITY_INVALID : AUTHORITY_OK))
			fail_msg("case %zu: status %d, %s", i, (int)status, f->error.text);
		if (status == AUTHORITY_OK)
			assert_int_equal(get_token(f, &f->issued.id).expires_ms, cases[i].wanted_ms);
	}
}

static void test_D13_a_live_name_is_taken_once(void **state)
{
	struct fixture *f = *state;
	struct id first = make_token(f);
	struct token_request request = good_request();
	assert_int_equal(create(f, &request), AUTHORITY_EXISTS);
	assert_says(f, "named \"laptop\"");
	request.owner = BOB; /* other people's names are their own */
	assert_int_equal(create(f, &request), AUTHORITY_OK);
	request.owner = ANN;
	request.api = "short";
	request.preset = "reader";
	assert_int_equal(create(f, &request), AUTHORITY_OK);
	assert_int_equal(authority_token_revoke(&f->a, first.text, NULL, &f->actor, &f->revision, &f->error), AUTHORITY_OK);
	make_token(f);
}

static void test_D12_the_text_is_good_and_only_its_digest_is_kept(void **state)
{
	struct fixture *f = *state;
	struct remit_token_form form;
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct token_row row;
	make_token(f);
	const size_t n = strlen(f->issued.text);
	assert_int_equal(remit_token_check(f->issued.text, n, &form), REMIT_OK);
	assert_int_equal(form.kind, REMIT_TOKEN_PERSONAL);
	assert_memory_equal(f->issued.text, "sl_pat_", 7);
	crypto_hash_sha256(digest, (const uint8_t *)f->issued.text, n);
	assert_int_equal(store_token_find(f->a.store, digest, &f->arena, &row), STORE_OK);
	assert_string_equal(row.id.text, f->issued.id.text);
	assert_string_equal(row.scopes, "projects:read templates:read connections:read moments:read stories:read media:read webhooks:read");
	token_issued_done(&f->issued);
	assert_int_equal(f->issued.text[0], 0);
}

static void test_D5_scopes_are_kept_in_vocabulary_order_and_once(void **state)
{
	struct fixture *f = *state;
	const struct token_request request = {
		GOOD, .name = "n", .scopes = (const char *[]){ "webhooks:read", "stories:read", "webhooks:read" }, .scope_count = 3,
	};
	assert_int_equal(create(f, &request), AUTHORITY_OK);
	assert_string_equal(get_token(f, &f->issued.id).scopes, "stories:read webhooks:read");
}

static void test_an_unknown_api_or_owner_is_told(void **state)
{
	const struct bad cases[] = {
		{ "api", { .api = "publishin", .owner = ANN, .name = "n", .preset = "read-only" }, "did you mean \"publishing\"?" },
		{ "no api", { .owner = ANN, .name = "n", .preset = "read-only" }, "there is: publishing, short" },
		{ "owner", { .api = "publishing", .owner = "nobody@example.com", .name = "n", .preset = "read-only" }, "no user nobody@example.com" },
		{ "no owner", { .api = "publishing", .name = "n", .preset = "read-only" }, "owner is missing" },
		{ "traversal", { .api = "../publishing", .owner = "../ann", .name = "n", .preset = "read-only" }, "no API" },
	};
	refuse_all(*state, cases, TEST_COUNT(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_T05_bad_names), CASE(test_D13_255_wide_characters_are_a_name),
		CASE(test_T13_an_unknown_scope_is_refused_by_name), CASE(test_T13_every_mistake_is_named_at_once),
		CASE(test_T13_a_flood_of_mistakes_is_cut_between_sentences), CASE(test_T04_no_scopes_is_a_token_without_scopes),
		CASE(test_T10_only_an_admin_holds_everything), CASE(test_T08_a_disabled_owner_gets_no_token),
		CASE(test_D24_project_must_be_the_owners), CASE(test_D24_what_does_not_exist_is_told_as_what_is_not_theirs),
		CASE(test_D16_expiry), CASE(test_D13_a_live_name_is_taken_once),
		CASE(test_D12_the_text_is_good_and_only_its_digest_is_kept),
		CASE(test_D5_scopes_are_kept_in_vocabulary_order_and_once), CASE(test_an_unknown_api_or_owner_is_told),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
