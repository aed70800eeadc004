/* SPDX-License-Identifier: Apache-2.0
 * The contract on people, projects, members and nodes.
 */
#include "store_contract.h"

static const struct id nobody = { "00000000-0000-7000-8000-00000000dead" };

static void test_user_that_is_not_there(void **state)
{
	struct contract *c = *state;
	struct user_row row;

	assert_int_equal(store_user_get(c->store, &nobody, &c->arena, &row), STORE_NOT_FOUND);
	assert_int_equal(store_user_get(c->store, &(struct id){ "no id" }, &c->arena, &row), STORE_NOT_FOUND);
	assert_int_equal(store_user_get(c->store, &(struct id){ "" }, &c->arena, &row), STORE_NOT_FOUND);
	assert_int_equal(store_user_find(c->store, "a@example.com", &c->arena, &row), STORE_NOT_FOUND);
	assert_int_equal(store_user_disable(c->store, &nobody, true, &c->actor, NULL), STORE_NOT_FOUND);
	assert_int_equal(store_user_remove(c->store, &nobody, &c->actor, NULL), STORE_NOT_FOUND);
	assert_int_equal(contract_events(c, ""), 0);
	assert_int_equal(contract_revision(c), 0);
}

static void test_user_that_cannot_be_added(void **state)
{
	struct contract *c = *state;
	struct user_row row = { .email = "a@example.com" };

	assert_int_equal(store_user_add(c->store, &row, &c->actor), STORE_INVALID);
	row.id = contract_user(c, "A@Example.com");
	assert_int_equal(store_user_add(c->store, &row, &c->actor), STORE_EXISTS);
	row.id = contract_id(c); /* the same address in another case */
	assert_int_equal(store_user_add(c->store, &row, &c->actor), STORE_EXISTS);
	assert_int_equal(contract_events(c, ""), 1);
	assert_int_equal(contract_revision(c), 1);
}

static void test_user_comes_back_whole(void **state)
{
	struct contract *c = *state;
	struct user_row row, user = {
		.id = contract_id(c), .email = "a@example.com", .password_hash = "$argon2id$x", .admin = true,
		.created_ms = 17,
	};

	assert_int_equal(store_user_add(c->store, &user, &c->actor), STORE_OK);
	assert_int_equal(store_user_find(c->store, "A@EXAMPLE.COM", &c->arena, &row), STORE_OK);
	assert_string_equal(row.email, "a@example.com");
	assert_string_equal(row.password_hash, "$argon2id$x");
	assert_true(row.admin && row.created_ms == 17 && row.disabled_ms == 0 && id_eq(&row.id, &user.id));
	assert_int_equal(store_user_get(c->store, &user.id, &c->arena, &row), STORE_OK);
	assert_string_equal(row.email, "a@example.com");
}

static void test_T08_disabling_is_told_and_can_be_undone(void **state)
{
	struct contract *c = *state;
	struct id id = contract_user(c, "a@example.com");
	int64_t first, second, third;
	struct user_row row;

	assert_int_equal(store_user_disable(c->store, &id, true, &c->actor, &first), STORE_OK);
	assert_int_equal(store_user_get(c->store, &id, &c->arena, &row), STORE_OK);
	assert_int_equal(row.disabled_ms, CONTRACT_NOW_MS);
	assert_int_equal(store_user_disable(c->store, &id, true, &c->actor, &second), STORE_OK);
	assert_int_equal(second, first);
	assert_int_equal(store_user_disable(c->store, &id, false, &c->actor, &third), STORE_OK);
	assert_true(third > first);
	assert_int_equal(store_user_get(c->store, &id, &c->arena, &row), STORE_OK);
	assert_int_equal(row.disabled_ms, 0);
	assert_int_equal(contract_events(c, "user.disabled"), 1);
	assert_int_equal(contract_events(c, "user.enabled"), 1);
	assert_int_equal(contract_revision(c), third);
}

static void test_T08_removing_a_user_revokes_their_tokens(void **state)
{
	struct contract *c = *state;
	struct id owner = contract_user(c, "a@example.com"), other = contract_user(c, "b@example.com");
	struct id project = contract_project(c, &other);
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct token_row row = contract_row(c, &owner, "one");
	struct id token = contract_token(c, &row, digest);
	bool reaches = true;

	assert_int_equal(store_member_add(c->store, &project, &owner, &c->actor, NULL), STORE_OK);
	assert_int_equal(store_user_remove(c->store, &other, &c->actor, NULL), STORE_CONFLICT);
	assert_int_equal(store_user_remove(c->store, &owner, &c->actor, NULL), STORE_OK);
	row = contract_get(c, &token);
	assert_int_equal(row.revoked_ms, CONTRACT_NOW_MS);
	assert_null(row.owner_email);
	assert_int_equal(store_project_reaches(c->store, &project, &owner, &reaches), STORE_OK);
	assert_false(reaches);
	assert_int_equal(contract_events(c, "token.revoked"), 1);
	assert_int_equal(contract_events(c, "user.removed"), 1);
}

static bool count_users(void *ctx, const struct user_row *row)
{
	size_t *n = ctx;

	assert_non_null(row->email);
	return ++*n < 2;
}

static void test_a_callback_may_stop(void **state)
{
	struct contract *c = *state;
	size_t n = 0;

	assert_int_equal(store_user_each(c->store, count_users, &n), STORE_OK);
	assert_int_equal(n, 0);
	contract_user(c, "a@example.com");
	contract_user(c, "b@example.com");
	contract_user(c, "c@example.com");
	assert_int_equal(store_user_each(c->store, count_users, &n), STORE_STOPPED);
	assert_int_equal(n, 2);
}

static void test_project_that_cannot_be(void **state)
{
	struct contract *c = *state;
	struct project_row row = { .api = "publishing", .name = "P", .owner = nobody };
	bool reaches = true;

	assert_int_equal(store_project_add(c->store, &row, &c->actor), STORE_INVALID);
	row.id = contract_id(c);
	assert_int_equal(store_project_add(c->store, &row, &c->actor), STORE_NOT_FOUND);
	assert_int_equal(store_project_get(c->store, &row.id, &c->arena, &row), STORE_NOT_FOUND);
	assert_int_equal(store_project_remove(c->store, &row.id, &c->actor, NULL), STORE_NOT_FOUND);
	struct id user = contract_user(c, "a@example.com");
	assert_int_equal(store_member_add(c->store, &row.id, &user, &c->actor, NULL), STORE_NOT_FOUND);
	assert_int_equal(store_member_remove(c->store, &row.id, &user, &c->actor, NULL), STORE_NOT_FOUND);
	assert_int_equal(store_project_reaches(c->store, &row.id, &user, &reaches), STORE_OK);
	assert_false(reaches);
	assert_int_equal(contract_events(c, ""), 1);
}

static bool count_projects(void *ctx, const struct project_row *row)
{
	assert_string_equal(row->name, "A project");
	++*(size_t *)ctx;
	return true;
}

static size_t projects_of(struct contract *c, const char *api, const struct id *user)
{
	size_t n = 0;

	assert_int_equal(store_project_each(c->store, api, user, count_projects, &n), STORE_OK);
	return n;
}

static void test_who_reaches_a_project(void **state)
{
	struct contract *c = *state;
	struct id owner = contract_user(c, "a@example.com"), member = contract_user(c, "b@example.com");
	struct id project = contract_project(c, &owner);
	struct id empty = { "" };
	bool reaches;

	contract_project(c, &owner);
	assert_int_equal(projects_of(c, NULL, &member), 0);
	assert_int_equal(store_member_add(c->store, &project, &nobody, &c->actor, NULL), STORE_NOT_FOUND);
	assert_int_equal(store_member_add(c->store, &project, &member, &c->actor, NULL), STORE_OK);
	assert_int_equal(store_member_add(c->store, &project, &member, &c->actor, NULL), STORE_EXISTS);
	assert_int_equal(projects_of(c, NULL, &member), 1);
	assert_int_equal(projects_of(c, NULL, &owner), 2);
	assert_int_equal(projects_of(c, "publishing", NULL), 2);
	assert_int_equal(projects_of(c, "content", NULL), 0);
	assert_int_equal(projects_of(c, NULL, &empty), 0); /* nobody is not everybody */
	assert_int_equal(store_project_reaches(c->store, &project, &owner, &reaches), STORE_OK);
	assert_true(reaches);
	assert_int_equal(store_project_reaches(c->store, &project, &member, &reaches), STORE_OK);
	assert_true(reaches);
	assert_int_equal(store_member_remove(c->store, &project, &member, &c->actor, NULL), STORE_OK);
	assert_int_equal(store_project_reaches(c->store, &project, &member, &reaches), STORE_OK);
	assert_false(reaches);
}

static void test_removing_a_project_revokes_what_is_bound_to_it(void **state)
{
	struct contract *c = *state;
	struct id owner = contract_user(c, "a@example.com"), project = contract_project(c, &owner);
	struct token_row bound = contract_row(c, &owner, "bound"), unbound = contract_row(c, &owner, "free");
	uint8_t digest[REMIT_DIGEST_SIZE];

	bound.project = project;
	contract_token(c, &bound, digest);
	contract_token(c, &unbound, digest);
	assert_int_equal(store_project_remove(c->store, &project, &c->actor, NULL), STORE_OK);
	assert_int_equal(contract_get(c, &bound.id).revoked_ms, CONTRACT_NOW_MS);
	assert_int_equal(contract_get(c, &unbound.id).revoked_ms, 0);
}

static bool see_node(void *ctx, const struct node_row *row)
{
	*(int64_t *)ctx += row->revision;
	assert_string_equal(row->host, "here");
	return true;
}

static void test_nodes_come_and_go(void **state)
{
	struct contract *c = *state;
	struct node_row node = {
		.id = contract_id(c), .started_ms = 1, .seen_ms = 2, .revision = 3, .host = "here",
	};
	int64_t sum = 0;

	assert_int_equal(store_node_gone(c->store, &node.id), STORE_NOT_FOUND);
	assert_int_equal(store_node_beat(c->store, &node), STORE_OK);
	node.revision = 9;
	assert_int_equal(store_node_beat(c->store, &node), STORE_OK);
	assert_int_equal(store_node_each(c->store, see_node, &sum), STORE_OK);
	assert_int_equal(sum, 9);
	assert_int_equal(store_node_gone(c->store, &node.id), STORE_OK);
	sum = 0;
	assert_int_equal(store_node_each(c->store, see_node, &sum), STORE_OK);
	assert_int_equal(sum, 0);
	assert_int_equal(contract_revision(c), 0);
}

static void test_events_are_forgotten_by_their_age(void **state)
{
	struct contract *c = *state;
	struct store_actor later = { .who = "test", .now_ms = CONTRACT_NOW_MS + 1000 };
	struct id id = contract_user(c, "a@example.com");
	int64_t count = -1;

	for (int i = 0; i < 1100; i++)
		assert_int_equal(store_user_disable(c->store, &id, i % 2 == 0, i < 1050 ? &c->actor : &later, NULL), STORE_OK);
	assert_int_equal(store_event_prune(c->store, CONTRACT_NOW_MS, &count), STORE_OK);
	assert_int_equal(count, 0);
	assert_int_equal(store_event_prune(c->store, CONTRACT_NOW_MS + 1, &count), STORE_OK);
	assert_int_equal(count, STORE_EVENTS_AT_ONCE);
	assert_int_equal(store_event_prune(c->store, CONTRACT_NOW_MS + 1, &count), STORE_OK);
	assert_int_equal(count, 51);
	assert_int_equal(store_event_prune(c->store, CONTRACT_NOW_MS + 1, &count), STORE_OK);
	assert_int_equal(count, 0);
	assert_int_equal(contract_events(c, ""), 50);
	assert_int_equal(contract_revision(c), 1101); /* nothing that others copy has changed */
}

const struct CMUnitTest contract_people_tests[] = {
	CONTRACT_TEST(test_user_that_is_not_there),
	CONTRACT_TEST(test_user_that_cannot_be_added),
	CONTRACT_TEST(test_user_comes_back_whole),
	CONTRACT_TEST(test_T08_disabling_is_told_and_can_be_undone),
	CONTRACT_TEST(test_T08_removing_a_user_revokes_their_tokens),
	CONTRACT_TEST(test_a_callback_may_stop),
	CONTRACT_TEST(test_project_that_cannot_be),
	CONTRACT_TEST(test_who_reaches_a_project),
	CONTRACT_TEST(test_removing_a_project_revokes_what_is_bound_to_it),
	CONTRACT_TEST(test_nodes_come_and_go),
	CONTRACT_TEST(test_events_are_forgotten_by_their_age),
};
const size_t contract_people_count = TEST_COUNT(contract_people_tests);
