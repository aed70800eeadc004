/* SPDX-License-Identifier: Apache-2.0
 * The contract on tokens: names (D13), tombstones (D14), rotation (D15), replacing and narrowing (D25).
 */
#include "store_contract.h"

static const struct id nobody = { "00000000-0000-7000-8000-00000000dead" };
static uint8_t scratch[REMIT_DIGEST_SIZE]; /* for digests that a test does not look at */

static void test_token_that_is_not_there(void **state)
{
	struct contract *c = *state;
	struct id owner = contract_user(c, "a@example.com");
	struct token_row row = contract_row(c, &owner, "one");
	size_t events = contract_events(c, "");

	assert_int_equal(store_token_get(c->store, &nobody, &c->arena, &row), STORE_NOT_FOUND);
	assert_int_equal(store_token_find(c->store, scratch, &c->arena, &row), STORE_NOT_FOUND);
	assert_int_equal(store_token_revoke(c->store, &nobody, "why", &c->actor, NULL), STORE_NOT_FOUND);
	assert_int_equal(store_token_revoke(c->store, &(struct id){ "" }, "why", &c->actor, NULL),
		STORE_NOT_FOUND);
	assert_int_equal(store_token_rotate(c->store, &nobody, scratch, 0, &c->actor, NULL), STORE_NOT_FOUND);
	assert_int_equal(store_token_replace(c->store, &nobody, &row, scratch, &c->actor, NULL),
		STORE_NOT_FOUND);
	assert_int_equal(store_token_update(c->store, &row, row.scopes, 0, &c->actor, NULL), STORE_NOT_FOUND);
	assert_int_equal(contract_events(c, ""), events);
}

static void test_token_that_cannot_be_added(void **state)
{
	struct contract *c = *state;
	struct id owner = contract_user(c, "a@example.com"), project = contract_project(c, &owner);
	struct token_row row = contract_row(c, &owner, "one"), bad;
	size_t events = contract_events(c, "");

	contract_digest(c, scratch);
	bad = row, bad.owner = nobody;
	assert_int_equal(store_token_add(c->store, &bad, scratch, &c->actor, NULL), STORE_NOT_FOUND);
	bad = row, bad.project = nobody;
	assert_int_equal(store_token_add(c->store, &bad, scratch, &c->actor, NULL), STORE_NOT_FOUND);
	bad = row, bad.project = project, bad.api = "content"; /* another API's project */
	assert_int_equal(store_token_add(c->store, &bad, scratch, &c->actor, NULL), STORE_NOT_FOUND);
	bad = row, bad.parent = nobody;
	assert_int_equal(store_token_add(c->store, &bad, scratch, &c->actor, NULL), STORE_CONFLICT);
	bad = row, bad.id = (struct id){ "" };
	assert_int_equal(store_token_add(c->store, &bad, scratch, &c->actor, NULL), STORE_INVALID);
	bad = row, bad.scopes = NULL; /* T04: no list is not an empty list */
	assert_int_equal(store_token_add(c->store, &bad, scratch, &c->actor, NULL), STORE_INVALID);
	assert_int_equal(contract_events(c, ""), events);
	assert_int_equal(store_token_add(c->store, &row, scratch, &c->actor, NULL), STORE_OK);
	bad = row, bad.name = "other", bad.id = contract_id(c); /* the digest is taken */
	assert_int_equal(store_token_add(c->store, &bad, scratch, &c->actor, NULL), STORE_EXISTS);
	contract_digest(c, scratch);
	bad = row, bad.name = "other"; /* the id is taken */
	assert_int_equal(store_token_add(c->store, &bad, scratch, &c->actor, NULL), STORE_EXISTS);
}

static void test_token_comes_back_whole(void **state)
{
	struct contract *c = *state;
	struct id owner = contract_user(c, "a@example.com"), project = contract_project(c, &owner);
	struct token_row parent = contract_row(c, &owner, "parent"), row, got;
	uint8_t digest[REMIT_DIGEST_SIZE];

	contract_token(c, &parent, digest);
	row = contract_row(c, &owner, "caf\xc3\xa9 'x'; --");
	row.kind = REMIT_TOKEN_ACCESS, row.scopes = "", row.preset = "read-only", row.project = project;
	row.parent = parent.id, row.expires_ms = CONTRACT_NOW_MS + 5, row.rate = 65535;
	row.key.bound = true;
	memset(row.key.jkt, 7, sizeof(row.key.jkt));
	contract_token(c, &row, digest);
	assert_int_equal(store_token_find(c->store, digest, &c->arena, &got), STORE_OK);
	assert_true(id_eq(&got.id, &row.id) && id_eq(&got.owner, &owner) && id_eq(&got.project, &project) &&
		id_eq(&got.parent, &parent.id));
	assert_string_equal(got.name, row.name);
	assert_string_equal(got.owner_email, "a@example.com");
	assert_string_equal(got.api, "publishing");
	assert_string_equal(got.scopes, "");
	assert_string_equal(got.preset, "read-only");
	assert_true(got.kind == REMIT_TOKEN_ACCESS && got.created_ms == CONTRACT_NOW_MS &&
		got.rate == 65535 && got.expires_ms == CONTRACT_NOW_MS + 5 && got.last_used_ms == 0 &&
		got.revoked_ms == 0);
	assert_null(got.revoked_by);
	assert_null(got.revoked_why);
	assert_true(got.key.bound);
	assert_memory_equal(got.key.jkt, row.key.jkt, sizeof(row.key.jkt));
	assert_false(contract_get(c, &parent.id).key.bound);
}

static void test_D13_names_are_unique_among_live_tokens(void **state)
{
	struct contract *c = *state;
	struct id owner = contract_user(c, "a@example.com"), other = contract_user(c, "b@example.com");
	struct token_row first = contract_row(c, &owner, "ci"), row = contract_row(c, &owner, "ci");

	first.expires_ms = CONTRACT_NOW_MS + 1000;
	contract_token(c, &first, scratch);
	contract_digest(c, scratch);
	assert_int_equal(store_token_add(c->store, &row, scratch, &c->actor, NULL), STORE_EXISTS);
	row.api = "content";
	contract_token(c, &row, scratch);
	row = contract_row(c, &other, "ci");
	contract_token(c, &row, scratch);
	row = contract_row(c, &owner, "ci"), row.kind = REMIT_TOKEN_ACCESS;
	contract_token(c, &row, scratch);
	c->actor.now_ms = first.expires_ms; /* expired: the name is free */
	row = contract_row(c, &owner, "ci");
	contract_token(c, &row, scratch);
	assert_int_equal(store_token_revoke(c->store, &row.id, "", &c->actor, NULL), STORE_OK);
	row = contract_row(c, &owner, "ci");
	contract_token(c, &row, scratch);
	row = contract_row(c, &owner, "ci");
	assert_int_equal(store_token_add(c->store, &row, scratch, &c->actor, NULL), STORE_EXISTS);
}

static void test_D14_revoking_leaves_a_tombstone(void **state)
{
	struct contract *c = *state;
	struct id owner = contract_user(c, "a@example.com");
	struct token_row row = contract_row(c, &owner, "one");
	struct store_actor later = { "user:x", CONTRACT_NOW_MS + 60000 };
	uint8_t digest[REMIT_DIGEST_SIZE];
	int64_t first, second;

	contract_token(c, &row, digest);
	assert_int_equal(store_token_revoke(c->store, &row.id, "leaked", &c->actor, &first), STORE_OK);
	assert_int_equal(store_token_revoke(c->store, &row.id, "again", &later, &second), STORE_OK);
	assert_true(second >= first);
	assert_int_equal(store_token_find(c->store, digest, &c->arena, &row), STORE_OK);
	assert_int_equal(row.revoked_ms, CONTRACT_NOW_MS);
	assert_string_equal(row.revoked_by, "cli:root");
	assert_string_equal(row.revoked_why, "leaked");
	assert_int_equal(contract_events(c, "token.revoked"), 1);
	/* Nothing brings it back. */
	contract_digest(c, scratch);
	assert_int_equal(store_token_rotate(c->store, &row.id, scratch, 0, &later, NULL), STORE_CONFLICT);
	assert_int_equal(store_token_update(c->store, &row, row.scopes, 0, &later, NULL), STORE_CONFLICT);
	struct token_row next = contract_row(c, &owner, "two");
	assert_int_equal(store_token_replace(c->store, &row.id, &next, scratch, &later, NULL),
		STORE_CONFLICT);
	assert_int_equal(store_token_get(c->store, &next.id, &c->arena, &row), STORE_NOT_FOUND);
}

static void test_T10_revoking_reaches_every_descendant(void **state)
{
	struct contract *c = *state;
	struct id owner = contract_user(c, "a@example.com");
	struct token_row parent = contract_row(c, &owner, "p"), child = contract_row(c, &owner, "c"),
		grandchild = contract_row(c, &owner, "g"), stranger = contract_row(c, &owner, "s");

	contract_token(c, &parent, scratch);
	child.parent = parent.id;
	contract_token(c, &child, scratch);
	grandchild.parent = child.id;
	contract_token(c, &grandchild, scratch);
	contract_token(c, &stranger, scratch);
	assert_int_equal(store_token_revoke(c->store, &parent.id, "x", &c->actor, NULL), STORE_OK);
	assert_int_equal(contract_get(c, &child.id).revoked_ms, CONTRACT_NOW_MS);
	assert_int_equal(contract_get(c, &grandchild.id).revoked_ms, CONTRACT_NOW_MS);
	assert_int_equal(contract_get(c, &stranger.id).revoked_ms, 0);
	assert_int_equal(contract_events(c, "token.revoked"), 3);
	/* None is born to a dead parent. */
	struct token_row late = contract_row(c, &owner, "late");
	late.parent = child.id;
	contract_digest(c, scratch);
	assert_int_equal(store_token_add(c->store, &late, scratch, &c->actor, NULL), STORE_CONFLICT);
}

static void test_D15_rotation_with_overlap(void **state)
{
	struct contract *c = *state;
	struct id owner = contract_user(c, "a@example.com");
	struct token_row row = contract_row(c, &owner, "one"), got;
	uint8_t first[REMIT_DIGEST_SIZE], second[REMIT_DIGEST_SIZE], third[REMIT_DIGEST_SIZE];
	int64_t until = CONTRACT_NOW_MS + 3600000;

	contract_token(c, &row, first);
	contract_digest(c, second);
	contract_digest(c, third);
	assert_int_equal(store_token_rotate(c->store, &row.id, first, until, &c->actor, NULL), STORE_EXISTS);
	assert_int_equal(store_token_rotate(c->store, &row.id, second, until, &c->actor, NULL), STORE_OK);
	assert_int_equal(store_token_find(c->store, first, &c->arena, &got), STORE_OK);
	assert_true(id_eq(&got.id, &row.id) && got.expires_ms == until && got.revoked_ms == 0);
	assert_int_equal(store_token_find(c->store, second, &c->arena, &got), STORE_OK);
	assert_true(id_eq(&got.id, &row.id) && got.expires_ms == 0);
	/* A text that was used before is never taken again. */
	assert_int_equal(store_token_rotate(c->store, &row.id, first, until, &c->actor, NULL), STORE_EXISTS);
	struct token_row other = contract_row(c, &owner, "two");
	assert_int_equal(store_token_add(c->store, &other, first, &c->actor, NULL), STORE_EXISTS);
	/* Without overlap every earlier text dies at once, and is revoked, whatever clocks do (L08). */
	assert_int_equal(store_token_rotate(c->store, &row.id, third, 0, &c->actor, NULL), STORE_OK);
	assert_int_equal(store_token_find(c->store, first, &c->arena, &got), STORE_OK);
	assert_true(got.expires_ms == CONTRACT_NOW_MS && got.revoked_ms == CONTRACT_NOW_MS);
	assert_int_equal(store_token_find(c->store, second, &c->arena, &got), STORE_OK);
	assert_true(got.expires_ms == CONTRACT_NOW_MS && got.revoked_ms == CONTRACT_NOW_MS);
	assert_int_equal(contract_get(c, &row.id).revoked_ms, 0);
	assert_int_equal(contract_events(c, "token.rotated"), 2);
}

static void test_D15_an_old_text_never_outlives_its_token(void **state)
{
	struct contract *c = *state;
	struct id owner = contract_user(c, "a@example.com");
	struct token_row row = contract_row(c, &owner, "one"), got;
	uint8_t first[REMIT_DIGEST_SIZE], second[REMIT_DIGEST_SIZE];

	row.expires_ms = CONTRACT_NOW_MS + 1000;
	contract_token(c, &row, first);
	contract_digest(c, second);
	assert_int_equal(store_token_rotate(c->store, &row.id, second, CONTRACT_NOW_MS + 9000, &c->actor,
		NULL), STORE_OK);
	assert_int_equal(store_token_find(c->store, first, &c->arena, &got), STORE_OK);
	assert_int_equal(got.expires_ms, row.expires_ms);
	assert_int_equal(store_token_revoke(c->store, &row.id, "x", &c->actor, NULL), STORE_OK);
	assert_int_equal(store_token_find(c->store, first, &c->arena, &got), STORE_OK);
	assert_int_equal(got.revoked_ms, CONTRACT_NOW_MS);
}

static void test_D25_replacing_is_one_transaction(void **state)
{
	struct contract *c = *state;
	struct id owner = contract_user(c, "a@example.com");
	struct token_row old = contract_row(c, &owner, "ci"), other = contract_row(c, &owner, "other"), row;
	uint8_t taken[REMIT_DIGEST_SIZE], digest[REMIT_DIGEST_SIZE];
	int64_t revision;

	contract_token(c, &old, scratch);
	contract_token(c, &other, taken);
	size_t events = contract_events(c, "");
	int64_t before = contract_revision(c);
	row = contract_row(c, &owner, "ci");
	/* The new one cannot be added: the old one stays as it was. */
	assert_int_equal(store_token_replace(c->store, &old.id, &row, taken, &c->actor, NULL), STORE_EXISTS);
	assert_int_equal(contract_get(c, &old.id).revoked_ms, 0);
	assert_int_equal(contract_events(c, ""), events);
	assert_int_equal(contract_revision(c), before);
	contract_digest(c, digest);
	assert_int_equal(store_token_replace(c->store, &old.id, &row, digest, &c->actor, &revision),
		STORE_OK);
	assert_int_equal(contract_get(c, &old.id).revoked_ms, CONTRACT_NOW_MS);
	assert_int_equal(contract_get(c, &row.id).revoked_ms, 0);
	assert_int_equal(contract_revision(c), revision);
}

static void test_D25_update_only_of_what_was_judged(void **state)
{
	struct contract *c = *state;
	struct id owner = contract_user(c, "a@example.com");
	struct token_row row = contract_row(c, &owner, "one"), other = contract_row(c, &owner, "two"), got;

	contract_token(c, &row, scratch);
	contract_token(c, &other, scratch);
	got = row, got.scopes = "stories:read", got.rate = 7, got.name = "renamed";
	got.expires_ms = CONTRACT_NOW_MS + 9;
	assert_int_equal(store_token_update(c->store, &got, "stories:write", 0, &c->actor, NULL),
		STORE_CONFLICT);
	assert_int_equal(store_token_update(c->store, &got, row.scopes, 5, &c->actor, NULL), STORE_CONFLICT);
	got.name = "two";
	assert_int_equal(store_token_update(c->store, &got, row.scopes, 0, &c->actor, NULL), STORE_EXISTS);
	assert_string_equal(contract_get(c, &row.id).scopes, row.scopes);
	got.name = "renamed";
	assert_int_equal(store_token_update(c->store, &got, row.scopes, 0, &c->actor, NULL), STORE_OK);
	got = contract_get(c, &row.id);
	assert_string_equal(got.scopes, "stories:read");
	assert_string_equal(got.name, "renamed");
	assert_true(got.rate == 7 && got.expires_ms == CONTRACT_NOW_MS + 9);
	c->actor.now_ms = got.expires_ms;
	assert_int_equal(store_token_update(c->store, &got, got.scopes, got.expires_ms, &c->actor, NULL),
		STORE_CONFLICT);
	assert_int_equal(contract_events(c, "token.updated"), 1);
}

struct list {
	char names[64];
};

static bool add_name(void *ctx, const struct token_row *row)
{
	strcat(((struct list *)ctx)->names, row->name);
	return true;
}

static void expect_list(struct contract *c, const struct token_filter *filter, const char *names)
{
	struct list list = { "" };

	assert_int_equal(store_token_each(c->store, filter, add_name, &list), STORE_OK);
	assert_string_equal(list.names, names);
}

static void test_lists_in_the_order_made(void **state)
{
	struct contract *c = *state;
	struct id a = contract_user(c, "a@example.com"), b = contract_user(c, "b@example.com");
	struct id project = contract_project(c, &a);
	struct token_row row;

	row = contract_row(c, &a, "1"), row.project = project;
	contract_token(c, &row, scratch);
	row = contract_row(c, &b, "2"), row.expires_ms = CONTRACT_NOW_MS;
	contract_token(c, &row, scratch);
	row = contract_row(c, &a, "3"), row.api = "content";
	contract_token(c, &row, scratch);
	row = contract_row(c, &b, "4"), row.project = project;
	contract_token(c, &row, scratch);
	assert_int_equal(store_token_revoke(c->store, &row.id, "", &c->actor, NULL), STORE_OK);
	expect_list(c, NULL, "1234");
	expect_list(c, &(struct token_filter){ .owner = a }, "13");
	expect_list(c, &(struct token_filter){ .project = project }, "14");
	expect_list(c, &(struct token_filter){ .api = "publishing" }, "124");
	expect_list(c, &(struct token_filter){ .owner = b, .live_only = true, .now_ms = CONTRACT_NOW_MS },
		"");
	expect_list(c, &(struct token_filter){ .live_only = true, .now_ms = CONTRACT_NOW_MS }, "13");
	expect_list(c, &(struct token_filter){ .owner = nobody }, "");
	expect_list(c, &(struct token_filter){ .owner = { "not an id" } }, "");
}

static void test_D17_last_use_never_goes_back(void **state)
{
	struct contract *c = *state;
	struct id owner = contract_user(c, "a@example.com");
	struct token_row row = contract_row(c, &owner, "one");
	struct token_use uses[2] = { { .last_used_ms = 50, .audit_place = 3 }, { .last_used_ms = 1 } };

	contract_token(c, &row, scratch);
	int64_t revision = contract_revision(c);
	assert_true(id_to_bytes(&row.id, &uses[0].token) && id_to_bytes(&nobody, &uses[1].token));
	assert_int_equal(store_token_used(c->store, uses, 2), STORE_OK);
	assert_int_equal(contract_get(c, &row.id).last_used_ms, 50);
	uses[0].last_used_ms = 40;
	assert_int_equal(store_token_used(c->store, uses, 1), STORE_OK);
	assert_int_equal(contract_get(c, &row.id).last_used_ms, 50);
	assert_int_equal(store_token_used(c->store, NULL, 0), STORE_OK);
	assert_int_equal(contract_revision(c), revision);
}

static void test_pruning_forgets_what_ended(void **state)
{
	struct contract *c = *state;
	struct id owner = contract_user(c, "a@example.com");
	struct token_row live = contract_row(c, &owner, "live"), expired = contract_row(c, &owner, "expired"),
		revoked = contract_row(c, &owner, "revoked"), child = contract_row(c, &owner, "child");
	uint8_t old[REMIT_DIGEST_SIZE], next[REMIT_DIGEST_SIZE];
	struct token_row row;
	int64_t count;

	contract_token(c, &live, old);
	contract_digest(c, next);
	assert_int_equal(store_token_rotate(c->store, &live.id, next, 0, &c->actor, NULL), STORE_OK);
	expired.expires_ms = CONTRACT_NOW_MS + 1;
	contract_token(c, &expired, scratch);
	contract_token(c, &revoked, scratch);
	child.parent = revoked.id;
	contract_token(c, &child, scratch);
	assert_int_equal(store_token_revoke(c->store, &revoked.id, "", &c->actor, NULL), STORE_OK);
	assert_int_equal(store_token_prune(c->store, CONTRACT_NOW_MS, &c->actor, &count), STORE_OK);
	assert_int_equal(count, 0);
	assert_int_equal(store_token_prune(c->store, CONTRACT_NOW_MS + 2, &c->actor, &count), STORE_OK);
	assert_int_equal(count, 3);
	assert_int_equal(store_token_get(c->store, &revoked.id, &c->arena, &row), STORE_NOT_FOUND);
	assert_int_equal(store_token_find(c->store, old, &c->arena, &row), STORE_NOT_FOUND);
	assert_int_equal(store_token_find(c->store, next, &c->arena, &row), STORE_OK);
	assert_int_equal(contract_events(c, "token.pruned"), 1);
}

const struct CMUnitTest contract_token_tests[] = {
	CONTRACT_TEST(test_token_that_is_not_there),
	CONTRACT_TEST(test_token_that_cannot_be_added),
	CONTRACT_TEST(test_token_comes_back_whole),
	CONTRACT_TEST(test_D13_names_are_unique_among_live_tokens),
	CONTRACT_TEST(test_D14_revoking_leaves_a_tombstone),
	CONTRACT_TEST(test_T10_revoking_reaches_every_descendant),
	CONTRACT_TEST(test_D15_rotation_with_overlap),
	CONTRACT_TEST(test_D15_an_old_text_never_outlives_its_token),
	CONTRACT_TEST(test_D25_replacing_is_one_transaction),
	CONTRACT_TEST(test_D25_update_only_of_what_was_judged),
	CONTRACT_TEST(test_lists_in_the_order_made),
	CONTRACT_TEST(test_D17_last_use_never_goes_back),
	CONTRACT_TEST(test_pruning_forgets_what_ended),
};
const size_t contract_token_count = TEST_COUNT(contract_token_tests);
