/* SPDX-License-Identifier: Apache-2.0
 * A token's life after it was made: it is renewed, gets narrower, and ends; it never gets wider.
 */
#include "fixture.h"

#include <pthread.h>
#include <sodium.h>

static enum store_status find_text(struct fixture *f, const char *text, struct token_row *ret)
{
	uint8_t digest[REMIT_DIGEST_SIZE];
	crypto_hash_sha256(digest, (const uint8_t *)text, strlen(text));
	return store_token_find(f->a.store, digest, &f->arena, ret);
}

static enum authority_status edit(struct fixture *f, const struct id *id, struct token_edit e)
{
	return authority_token_edit(&f->a, id->text, &e, &f->actor, &f->revision, &f->error);
}

static enum authority_status shrink(struct fixture *f, const struct id *id, const char *const *scopes, size_t count)
{
	return authority_token_shrink(&f->a, id->text, scopes, count, &f->actor, &f->revision, &f->error);
}

static void revoke_token(struct fixture *f, const struct id *id)
{
	assert_int_equal(authority_token_revoke(&f->a, id->text, "a test", &f->actor, &f->revision, &f->error), AUTHORITY_OK);
}

static void test_T05_what_is_no_id_is_not_found_and_not_repeated(void **state)
{
	struct fixture *f = *state;
	static const char *const ids[] = { "", "x", "../../etc/passwd", "' OR 1=1", "00000000-0000-0000-0000-000000000000", "sl_pat_x" };
	struct token_row row;
	for (size_t i = 0; i < TEST_COUNT(ids); i++) {
		assert_int_equal(authority_token_get(&f->a, ids[i], &f->arena, &row, &f->error), AUTHORITY_NOT_FOUND);
		assert_null(*ids[i] && strlen(ids[i]) > 1 ? strstr(f->error.text, ids[i]) : NULL);
	}
}

static void test_D15_rotating_kills_the_old_text(void **state)
{
	struct fixture *f = *state;
	struct id id = make_token(f);
	char old[REMIT_TOKEN_ROOM];
	struct token_row row;
	memcpy(old, f->issued.text, sizeof(old));
	assert_int_equal(authority_token_rotate(&f->a, id.text, 0, NULL, &f->actor, &f->issued, &f->error), AUTHORITY_OK);
	assert_string_equal(f->issued.id.text, id.text);
	assert_string_not_equal(f->issued.text, old);
	assert_int_equal(find_text(f, f->issued.text, &row), STORE_OK);
	assert_int_equal(row.revoked_ms, 0);
	assert_string_equal(row.name, "laptop");
	if (find_text(f, old, &row) == STORE_OK)
		assert_true(row.revoked_ms != 0 || (row.expires_ms != 0 && row.expires_ms <= NOW_MS));
}

static void test_D15_with_an_overlap_the_old_text_dies_then(void **state)
{
	struct fixture *f = *state;
	struct id id = make_token(f);
	char old[REMIT_TOKEN_ROOM];
	struct token_row row;
	memcpy(old, f->issued.text, sizeof(old));
	assert_int_equal(authority_token_rotate(&f->a, id.text, DAY_MS, NULL, &f->actor, &f->issued, &f->error), AUTHORITY_OK);
	assert_int_equal(find_text(f, old, &row), STORE_OK);
	assert_int_equal(row.expires_ms, NOW_MS + DAY_MS);
	assert_int_equal(authority_token_rotate(&f->a, id.text, -1, NULL, &f->actor, &f->issued, &f->error), AUTHORITY_INVALID);
}

static void test_D25_regenerating_makes_a_new_id_and_ends_the_old(void **state)
{
	struct fixture *f = *state;
	struct token_request request = good_request();
	request.project = f->ann_project.text;
	request.expiry = TOKEN_EXPIRY_AT;
	request.expires_ms = NOW_MS + DAY_MS;
	request.rate = 7;
	assert_int_equal(create(f, &request), AUTHORITY_OK);
	struct id old = f->issued.id;
	assert_int_equal(authority_token_regenerate(&f->a, old.text, "publish-only", NULL, &f->actor, &f->issued, &f->error), AUTHORITY_OK);
	struct token_row row = get_token(f, &f->issued.id);
	assert_string_not_equal(row.id.text, old.text);
	assert_string_equal(row.name, "laptop");
	assert_string_equal(row.project.text, f->ann_project.text);
	assert_string_equal(row.scopes, "stories:read stories:write stories:publish media:read");
	assert_int_equal(row.expires_ms, NOW_MS + DAY_MS);
	assert_int_equal(row.rate, 7);
	assert_true(get_token(f, &old).revoked_ms != 0);
}

static void test_T10_regenerating_does_not_pass_the_owner(void **state)
{
	struct fixture *f = *state;
	struct token_request request = good_request();
	request.owner = BOB;
	request.project = f->ann_project.text;
	assert_int_equal(create(f, &request), AUTHORITY_OK);
	struct id id = f->issued.id;
	assert_int_equal(authority_member_remove(&f->a, f->ann_project.text, BOB, &f->actor, &f->revision, &f->error), AUTHORITY_OK);
	assert_int_equal(authority_token_regenerate(&f->a, id.text, "ai-agent", NULL, &f->actor, &f->issued, &f->error), AUTHORITY_INVALID);
	assert_says(f, "no project");
	assert_int_equal(authority_token_regenerate(&f->a, id.text, "nothing", NULL, &f->actor, &f->issued, &f->error), AUTHORITY_INVALID);
	assert_int_equal(get_token(f, &id).revoked_ms, 0);
}

static void test_D25_edit_brings_expiry_forward_only(void **state)
{
	struct fixture *f = *state;
	struct id id = make_token(f);
	assert_int_equal(edit(f, &id, (struct token_edit){ .set_expiry = true, .expires_ms = NOW_MS }), AUTHORITY_INVALID);
	assert_int_equal(edit(f, &id, (struct token_edit){ .set_expiry = true, .expires_ms = NOW_MS + 2 * DAY_MS }), AUTHORITY_OK);
	assert_int_equal(edit(f, &id, (struct token_edit){ .set_expiry = true, .expires_ms = NOW_MS + 2 * DAY_MS + 1 }), AUTHORITY_INVALID);
	assert_int_equal(edit(f, &id, (struct token_edit){ .set_expiry = true }), AUTHORITY_INVALID);
	assert_int_equal(get_token(f, &id).expires_ms, NOW_MS + 2 * DAY_MS);
	assert_int_equal(edit(f, &id, (struct token_edit){ .set_expiry = true, .expires_ms = NOW_MS + DAY_MS }), AUTHORITY_OK);
	assert_int_equal(get_token(f, &id).expires_ms, NOW_MS + DAY_MS);
}

static void test_edit_name_and_rate(void **state)
{
	struct fixture *f = *state;
	struct id id = make_token(f);
	struct token_request other = good_request();
	other.name = "other";
	assert_int_equal(create(f, &other), AUTHORITY_OK);
	assert_int_equal(edit(f, &id, (struct token_edit){ .name = "other" }), AUTHORITY_EXISTS);
	assert_int_equal(edit(f, &id, (struct token_edit){ .name = "a\tb" }), AUTHORITY_INVALID);
	assert_int_equal(edit(f, &id, (struct token_edit){ .set_rate = true, .rate = 60001 }), AUTHORITY_INVALID);
	assert_int_equal(edit(f, &id, (struct token_edit){ .name = "desk", .set_rate = true, .rate = REMIT_RATE_OFF }), AUTHORITY_OK);
	struct token_row row = get_token(f, &id);
	assert_string_equal(row.name, "desk");
	assert_int_equal(row.rate, REMIT_RATE_OFF);
	assert_int_equal(row.expires_ms, 0);
}

static void test_T10_shrink_only_takes_away(void **state)
{
	struct fixture *f = *state;
	struct id id = make_token(f);
	assert_int_equal(shrink(f, &id, (const char *[]){ "stories:read", "stories:write" }, 2), AUTHORITY_INVALID);
	assert_says(f, "\"stories:write\"");
	assert_int_equal(shrink(f, &id, (const char *[]){ "*" }, 1), AUTHORITY_INVALID);
	assert_int_equal(shrink(f, &id, (const char *[]){ "stories" }, 1), AUTHORITY_INVALID);
	assert_int_equal(shrink(f, &id, (const char *[]){ "media:read", "stories:read" }, 2), AUTHORITY_OK);
	assert_string_equal(get_token(f, &id).scopes, "stories:read media:read");
	assert_int_equal(shrink(f, &id, NULL, 0), AUTHORITY_OK);
	assert_string_equal(get_token(f, &id).scopes, "");
	assert_int_equal(shrink(f, &id, (const char *[]){ "stories:read" }, 1), AUTHORITY_INVALID);
}

static void test_D14_revoking_leaves_a_tombstone_that_nothing_changes(void **state)
{
	struct fixture *f = *state;
	struct id id = make_token(f);
	assert_int_equal(authority_token_revoke(&f->a, id.text, "a\nb", &f->actor, &f->revision, &f->error), AUTHORITY_INVALID);
	revoke_token(f, &id);
	struct token_row row = get_token(f, &id);
	assert_int_equal(row.revoked_ms, NOW_MS);
	assert_string_equal(row.revoked_by, "test");
	assert_string_equal(row.revoked_why, "a test");
	revoke_token(f, &id); /* twice is as once */
	assert_int_equal(edit(f, &id, (struct token_edit){ .name = "x" }), AUTHORITY_CONFLICT);
	assert_int_equal(shrink(f, &id, NULL, 0), AUTHORITY_CONFLICT);
	assert_int_equal(authority_token_rotate(&f->a, id.text, 0, NULL, &f->actor, &f->issued, &f->error), AUTHORITY_CONFLICT);
	assert_int_equal(authority_token_regenerate(&f->a, id.text, "read-only", NULL, &f->actor, &f->issued, &f->error), AUTHORITY_CONFLICT);
}

static void test_L08_an_expired_token_is_not_renewed(void **state)
{
	struct fixture *f = *state;
	struct token_request request = good_request();
	request.expiry = TOKEN_EXPIRY_AT;
	request.expires_ms = NOW_MS + 1000;
	assert_int_equal(create(f, &request), AUTHORITY_OK);
	struct id id = f->issued.id;
	f->actor.now_ms = NOW_MS + 1000;
	assert_int_equal(authority_token_rotate(&f->a, id.text, 0, NULL, &f->actor, &f->issued, &f->error), AUTHORITY_CONFLICT);
	assert_says(f, "expired");
	assert_int_equal(edit(f, &id, (struct token_edit){ .name = "x" }), AUTHORITY_CONFLICT);
}

static void test_prune_forgets_what_ended_before(void **state)
{
	struct fixture *f = *state;
	struct id id = make_token(f);
	int64_t count;
	struct token_row row;
	revoke_token(f, &id);
	f->actor.now_ms = NOW_MS + DAY_MS;
	assert_int_equal(authority_token_prune(&f->a, -1, &f->actor, &count, &f->error), AUTHORITY_INVALID);
	assert_int_equal(authority_token_prune(&f->a, 2 * DAY_MS, &f->actor, &count, &f->error), AUTHORITY_OK);
	assert_int_equal(count, 0);
	assert_int_equal(authority_token_prune(&f->a, DAY_MS / 2, &f->actor, &count, &f->error), AUTHORITY_OK);
	assert_int_equal(count, 1);
	assert_int_equal(authority_token_get(&f->a, id.text, &f->arena, &row, &f->error), AUTHORITY_NOT_FOUND);
}

static struct node_row node_at(int64_t revision, int64_t seen_ms)
{
	struct node_row node = { .started_ms = seen_ms, .seen_ms = seen_ms, .revision = revision, .host = "here", .pid = 42 };
	uint8_t random[10];
	randombytes_buf(random, sizeof(random));
	node.id = id_make(seen_ms, random);
	return node;
}

static void test_D14_waiting_names_the_server_that_lags(void **state)
{
	struct fixture *f = *state;
	struct authority_lagging lagging;
	struct id id = make_token(f);
	revoke_token(f, &id);
	assert_int_equal(authority_wait_applied(&f->a, f->revision, 100, &lagging, &f->error), AUTHORITY_OK); /* none runs */
	struct node_row behind = node_at(f->revision - 1, clock_wall_ms() + 90), done = node_at(f->revision, clock_wall_ms());
	assert_int_equal(store_node_beat(f->a.store, &behind), STORE_OK);
	assert_int_equal(store_node_beat(f->a.store, &done), STORE_OK);
	assert_int_equal(authority_wait_applied(&f->a, f->revision, 100, &lagging, &f->error), AUTHORITY_CONFLICT);
	assert_int_equal(lagging.count, 1);
	assert_string_equal(lagging.first.id.text, behind.id.text);
	assert_says(f, behind.id.text);
}

static void test_D14_a_server_that_is_not_seen_is_not_waited_for(void **state)
{
	struct fixture *f = *state;
	struct authority_lagging lagging;
	struct node_row gone = node_at(0, clock_wall_ms() - 5000);
	make_token(f);
	assert_int_equal(store_node_beat(f->a.store, &gone), STORE_OK);
	assert_int_equal(authority_wait_applied(&f->a, f->issued.revision, 1000, &lagging, &f->error), AUTHORITY_OK);
}

/* Its row was written before the clock went back, and nobody writes it again. */
static void test_L08_a_server_of_the_future_is_not_waited_for_again_and_again(void **state)
{
	struct fixture *f = *state;
	struct authority_lagging lagging;
	struct node_row gone = node_at(0, clock_wall_ms() + 3600000);
	make_token(f);
	assert_int_equal(store_node_beat(f->a.store, &gone), STORE_OK);
	const int64_t start_ns = clock_monotonic_ns();
	assert_int_equal(authority_wait_applied(&f->a, f->issued.revision, 100, &lagging, &f->error), AUTHORITY_OK);
	assert_true(clock_monotonic_ns() - start_ns >= INT64_C(100000000)); /* it might live, and be about to */
}

struct late {
	struct fixture *f;
	struct node_row node;
};

static void *apply_late(void *arg)
{
	struct late *late = arg;
	usleep(50000);
	late->node.revision = late->f->issued.revision;
	assert_int_equal(store_node_beat(late->f->a.store, &late->node), STORE_OK);
	return NULL;
}

static void test_D14_waiting_ends_when_the_last_server_applied_it(void **state)
{
	struct fixture *f = *state;
	struct authority_lagging lagging;
	pthread_t thread;
	make_token(f);
	struct late late = { f, node_at(0, clock_wall_ms() + 60000) };
	assert_int_equal(store_node_beat(f->a.store, &late.node), STORE_OK);
	const int64_t start_ns = clock_monotonic_ns();
	assert_int_equal(pthread_create(&thread, NULL, apply_late, &late), 0);
	assert_int_equal(authority_wait_applied(&f->a, f->issued.revision, 10000, &lagging, &f->error), AUTHORITY_OK);
	assert_true(clock_monotonic_ns() - start_ns < INT64_C(5000000000));
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_T05_what_is_no_id_is_not_found_and_not_repeated), CASE(test_D15_rotating_kills_the_old_text),
		CASE(test_D15_with_an_overlap_the_old_text_dies_then), CASE(test_D25_regenerating_makes_a_new_id_and_ends_the_old),
		CASE(test_T10_regenerating_does_not_pass_the_owner), CASE(test_D25_edit_brings_expiry_forward_only),
		CASE(test_edit_name_and_rate), CASE(test_T10_shrink_only_takes_away),
		CASE(test_D14_revoking_leaves_a_tombstone_that_nothing_changes), CASE(test_L08_an_expired_token_is_not_renewed),
		CASE(test_prune_forgets_what_ended_before), CASE(test_D14_waiting_names_the_server_that_lags),
		CASE(test_D14_a_server_that_is_not_seen_is_not_waited_for),
		CASE(test_L08_a_server_of_the_future_is_not_waited_for_again_and_again),
		CASE(test_D14_waiting_ends_when_the_last_server_applied_it),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
