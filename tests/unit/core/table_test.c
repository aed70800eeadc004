/* SPDX-License-Identifier: Apache-2.0
 * The table: putting, revoking, removing, growing, sets of more than 64 scopes.
 */
#include "kit.h"

static void digest_of(uint32_t number, uint8_t ret[REMIT_DIGEST_SIZE])
{
	uint64_t z = number + 1;
	for (size_t i = 0; i < REMIT_DIGEST_SIZE; i++) {
		z = (z ^ z >> 27) * 0x94d049bb133111eb + 0x9e3779b97f4a7c15;
		ret[i] = (uint8_t)(z >> 56);
	}
}

static struct remit_table *new_table(size_t expected, struct remit_reader **ret_reader)
{
	struct remit_table *table = NULL;
	assert_int_equal(remit_table_new(expected, &table), REMIT_OK);
	assert_int_equal(remit_reader_new(table, ret_reader), REMIT_OK);
	remit_reader_resume(*ret_reader);
	return table;
}

static void put(struct remit_table *table, uint32_t number)
{
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct remit_record record = { number * UINT64_C(0x100000001),
				       number + 1,
				       number + 2,
				       number + 3,
				       number,
				       (uint16_t)number,
				       (uint8_t)number,
				       (uint8_t)(number % 3) };
	digest_of(number, digest);
	assert_int_equal(remit_table_put(table, digest, &record), REMIT_OK);
}

static bool find(struct remit_reader *reader, uint32_t number, struct remit_record *ret)
{
	uint8_t digest[REMIT_DIGEST_SIZE];
	digest_of(number, digest);
	return remit_table_find(reader, digest, ret);
}

static void test_safety(void **state)
{
	struct remit_reader *reader, *again;
	struct remit_table *table = NULL;
	uint8_t zero[REMIT_DIGEST_SIZE] = { 0 }, ones[REMIT_DIGEST_SIZE];
	struct remit_record record = { 0 }, found;
	(void)state;
	assert_int_equal(remit_table_new(SIZE_MAX, &table), REMIT_LIMIT);
	assert_null(table);
	remit_table_free(NULL);
	remit_reader_free(NULL);
	table = new_table(0, &reader);
	memset(ones, 0xff, sizeof(ones));
	assert_false(remit_table_find(reader, zero, &found));
	assert_false(remit_table_revoke(table, zero) || remit_table_remove(table, zero) ||
		     remit_table_work(table, 10));
	assert_int_equal(remit_table_put(table, zero, &record), REMIT_OK);
	assert_int_equal(remit_table_put(table, ones, &record), REMIT_OK);
	assert_true(remit_table_find(reader, zero, &found) && remit_table_find(reader, ones, &found));
	assert_int_equal(remit_table_count(table), 2);
	remit_reader_free(reader);
	assert_int_equal(remit_reader_new(table, &again), REMIT_OK);
	assert_ptr_equal(again, reader); /* readers are used again, not piled up */
	remit_table_free(table);
}

static void test_every_field_comes_back(void **state)
{
	struct remit_reader *reader;
	struct remit_table *table = new_table(10, &reader);
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct remit_record
		record = { UINT64_MAX, 1, UINT32_MAX, 3, UINT32_MAX - 1, REMIT_RATE_OFF, 255, 0xff },
		found;
	(void)state;
	digest_of(1, digest);
	assert_int_equal(remit_table_put(table, digest, &record), REMIT_OK);
	assert_true(remit_table_find(reader, digest, &found));
	record.flags = REMIT_RECORD_KIND | REMIT_RECORD_REVOKED | REMIT_RECORD_BOUND; /* only those that are known are kept */
	assert_memory_equal(&found, &record, sizeof(found));
	put(table, 1);
	assert_true(remit_table_find(reader, digest, &found) && found.owner == 2 && found.flags == 1);
	assert_int_equal(remit_table_count(table), 1);
	remit_table_free(table);
}

/* While a table grows, whatever the part a token stands in. */
static void test_revoked_and_removed_while_growing(void **state)
{
	struct remit_reader *reader;
	struct remit_table *table = new_table(0, &reader);
	struct remit_record found;
	uint8_t digest[REMIT_DIGEST_SIZE];
	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		put(table, i);
		uint32_t victim = i / 2;
		digest_of(victim, digest);
		if (victim % 3 == 0)
			assert_int_equal(remit_table_revoke(table, digest), true);
		if (victim % 3 == 1)
			assert_int_equal(remit_table_remove(table, digest), i % 2 == 0);
		assert_int_equal(find(reader, victim, &found), victim % 3 != 1);
		if (victim % 3 == 0)
			assert_true(found.flags & REMIT_RECORD_REVOKED);
		assert_true(find(reader, i, &found));
	}
	for (uint32_t i = 0; i < 20000; i++) {
		bool removed = i < 10000 && i % 3 == 1;
		assert_int_equal(find(reader, i, &found), !removed);
		if (removed)
			continue;
		assert_int_equal(found.token, i);
		assert_int_equal((found.flags & REMIT_RECORD_REVOKED) != 0, i < 10000 && i % 3 == 0);
	}
	assert_int_equal(remit_table_count(table), 20000 - 3333);
	remit_table_free(table);
}

/* A token that was removed is not kept for ever: much coming and going does not make the table grow. */
static void test_churn_stays_small(void **state)
{
	struct remit_reader *reader;
	struct remit_table *table = new_table(0, &reader);
	uint8_t digest[REMIT_DIGEST_SIZE];
	(void)state;
	for (uint32_t i = 0; i < 50000; i++) {
		put(table, i);
		if (i >= 100) {
			digest_of(i - 100, digest);
			assert_true(remit_table_remove(table, digest));
		}
		remit_reader_pause(reader);
		remit_reader_resume(reader);
	}
	while (remit_table_work(table, 100)) {
		remit_reader_pause(reader);
		remit_reader_resume(reader);
	}
	assert_int_equal(remit_table_count(table), 100);
	assert_in_range(remit_table_bytes(table), 6400, 64 * 1000);
	remit_table_free(table);
}

static void test_outgrown_part_waits_for_readers(void **state)
{
	struct remit_reader *reader;
	struct remit_table *table = new_table(0, &reader);
	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		put(table, i);
	assert_true(remit_table_work(table, SIZE_MAX)); /* this reader may still look at what was left */
	size_t held = remit_table_bytes(table);
	remit_reader_pause(reader);
	assert_false(remit_table_work(table, SIZE_MAX));
	assert_true(remit_table_bytes(table) < held);
	remit_table_free(table);
}

static void test_wide_sets_are_kept_once(void **state)
{
	struct remit_builder *builder = kit_builder("*");
	struct remit_reader *reader;
	struct remit_table *table = new_table(0, &reader);
	uint64_t numbers[300];
	char name[16];
	(void)state;
	for (int i = 1; i < 130; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		assert_int_equal(remit_builder_scope(builder, name), REMIT_OK);
	}
	assert_int_equal(kit_rule(builder, "GET /x", "s129"), REMIT_OK);
	struct remit_policy *policy = kit_build(builder);
	assert_int_equal(remit_policy_words(policy), 3);
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < 300; i++) {
			struct remit_scopes set = { { i << 1, i * 3, i & 3 } };
			uint64_t number;
			assert_int_equal(remit_table_grant(table, policy, &set, &number), REMIT_OK);
			assert_true(round == 0 || number == numbers[i]);
			numbers[i] = number;
		}
	for (size_t i = 0; i < 300; i++) {
		struct remit_record record = { .granted = numbers[i], .api = 1 };
		const uint64_t *words = remit_table_granted(table, policy, &record);
		assert_true(words[0] == i << 1 && words[1] == i * 3 && words[2] == (i & 3));
		struct remit_question question = { .policy = policy,
						   .credential = REMIT_CREDENTIAL_FOUND,
						   .record = &record,
						   .granted = words,
						   .api = 1,
						   .owner_active = true };
		struct remit_decision decision;
		remit_decide(&question, &decision);
		assert_int_equal(decision.reason, i & 2 ? REMIT_ALLOWED : REMIT_SCOPE_MISSING);
	}
	struct remit_record record = { .granted = 300 };
	assert_null(remit_table_granted(table, policy, &record)); /* no such set: no scopes, not all (T04) */
	record.granted = UINT64_MAX;
	assert_null(remit_table_granted(table, policy, &record));
	remit_policy_free(policy);
	remit_table_free(table);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_safety),
	cmocka_unit_test(test_every_field_comes_back),
	cmocka_unit_test(test_revoked_and_removed_while_growing),
	cmocka_unit_test(test_churn_stays_small),
	cmocka_unit_test(test_outgrown_part_waits_for_readers),
	cmocka_unit_test(test_wide_sets_are_kept_once),
};

TEST_MAIN(tests)
