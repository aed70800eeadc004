/* SPDX-License-Identifier: Apache-2.0
 * People, their passwords, projects and their members.
 */
#include "fixture.h"

#include <sodium.h>

static enum authority_status add(struct fixture *f, const char *email, const char *password)
{
	struct id id;
	return authority_user_add(&f->a, email, password, false, &f->actor, &id, &f->error);
}

static void test_T05_bad_addresses(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {
		"", "ann", "@example.com", "ann@", "ann@@example.com", "a@b@c", "ann smith@example.com", "ann@exam ple.com", "a\nb@example.com",
		"../x@example.com", "<ann@example.com>", "ann@example.com, bob@example.com", "a\xff@example.com", "a\xe2\x80\xae@example.com",
	};
	char long_one[300];
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		if (add(f, bad[i], NULL) != AUTHORITY_INVALID)
			fail_msg("accepted: %s", bad[i]);
	memset(long_one, 'a', sizeof(long_one));
	memcpy(long_one + 250, "@x.de", 6);
	assert_int_equal(add(f, long_one, NULL), AUTHORITY_INVALID);
	memcpy(long_one + 249, "@x.de", 6);
	assert_int_equal(add(f, long_one, NULL), AUTHORITY_OK);
}

static void test_an_address_is_taken_in_any_case(void **state)
{
	struct fixture *f = *state;
	struct user_row row;
	assert_int_equal(add(f, "Ann@Example.com", NULL), AUTHORITY_EXISTS);
	assert_int_equal(authority_user_find(&f->a, "ANN@example.COM", &f->arena, &row, &f->error), AUTHORITY_OK);
	assert_string_equal(row.id.text, f->ann.text);
	assert_int_equal(authority_user_find(&f->a, f->ann.text, &f->arena, &row, &f->error), AUTHORITY_OK);
	assert_string_equal(row.email, ANN);
}

static void test_T06_no_password_unless_one_is_given(void **state)
{
	struct fixture *f = *state;
	struct user_row row;
	assert_int_equal(authority_user_find(&f->a, ANN, &f->arena, &row, &f->error), AUTHORITY_OK);
	assert_null(row.password_hash);
	assert_int_equal(add(f, "x@example.com", ""), AUTHORITY_INVALID);
	assert_int_equal(add(f, "x@example.com", "short"), AUTHORITY_INVALID);
	assert_int_equal(authority_user_find(&f->a, "x@example.com", &f->arena, &row, &f->error), AUTHORITY_NOT_FOUND);
}

static void test_passwords_are_kept_as_argon2id(void **state)
{
	struct fixture *f = *state;
	struct user_row row;
	const char *password = "correct horse battery";
	assert_int_equal(add(f, "x@example.com", password), AUTHORITY_OK);
	assert_int_equal(authority_user_find(&f->a, "x@example.com", &f->arena, &row, &f->error), AUTHORITY_OK);
	assert_memory_equal(row.password_hash, "$argon2id$v=19$m=19456,t=2,", 27);
	assert_int_equal(crypto_pwhash_str_verify(row.password_hash, password, strlen(password)), 0);
	assert_int_not_equal(crypto_pwhash_str_verify(row.password_hash, "wrong", 5), 0);
}

static void test_T08_disabling_and_removing(void **state)
{
	struct fixture *f = *state;
	struct user_row row;
	assert_int_equal(authority_user_disable(&f->a, "nobody@example.com", true, &f->actor, &f->revision, &f->error), AUTHORITY_NOT_FOUND);
	assert_int_equal(authority_user_disable(&f->a, EVE, true, &f->actor, &f->revision, &f->error), AUTHORITY_OK);
	assert_int_equal(authority_user_find(&f->a, EVE, &f->arena, &row, &f->error), AUTHORITY_OK);
	assert_int_equal(row.disabled_ms, NOW_MS);
	assert_int_equal(authority_user_disable(&f->a, EVE, false, &f->actor, &f->revision, &f->error), AUTHORITY_OK);
	assert_int_equal(authority_user_remove(&f->a, ANN, &f->actor, &f->revision, &f->error), AUTHORITY_CONFLICT);
	assert_says(f, "still owns projects");
	assert_int_equal(authority_user_remove(&f->a, EVE, &f->actor, &f->revision, &f->error), AUTHORITY_OK);
	assert_int_equal(authority_user_remove(&f->a, EVE, &f->actor, &f->revision, &f->error), AUTHORITY_NOT_FOUND);
}

static void test_T05_bad_projects(void **state)
{
	struct fixture *f = *state;
	struct id id;
	assert_int_equal(authority_project_add(&f->a, "publishin", "a\nb", "nobody@example.com", &f->actor, &id, &f->error), AUTHORITY_INVALID);
	assert_says(f, "project's name");
	assert_says(f, "did you mean \"publishing\"?");
	assert_says(f, "no user nobody@example.com");
	assert_int_equal(authority_project_remove(&f->a, "../../x", &f->actor, &f->revision, &f->error), AUTHORITY_NOT_FOUND);
	assert_int_equal(authority_member_add(&f->a, f->ann_project.text, "nobody@example.com", &f->actor, &f->revision, &f->error), AUTHORITY_NOT_FOUND);
}

static void test_members_reach_a_project_until_they_are_removed(void **state)
{
	struct fixture *f = *state;
	bool reaches;
	assert_int_equal(store_project_reaches(f->a.store, &f->ann_project, &f->bob, &reaches), STORE_OK);
	assert_true(reaches);
	assert_int_equal(authority_member_remove(&f->a, f->ann_project.text, BOB, &f->actor, &f->revision, &f->error), AUTHORITY_OK);
	assert_int_equal(store_project_reaches(f->a.store, &f->ann_project, &f->bob, &reaches), STORE_OK);
	assert_false(reaches);
	assert_int_equal(authority_project_remove(&f->a, f->ann_project.text, &f->actor, &f->revision, &f->error), AUTHORITY_OK);
	assert_int_equal(authority_project_remove(&f->a, f->ann_project.text, &f->actor, &f->revision, &f->error), AUTHORITY_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_T05_bad_addresses), CASE(test_an_address_is_taken_in_any_case),
		CASE(test_T06_no_password_unless_one_is_given), CASE(test_passwords_are_kept_as_argon2id),
		CASE(test_T08_disabling_and_removing), CASE(test_T05_bad_projects),
		CASE(test_members_reach_a_project_until_they_are_removed),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
