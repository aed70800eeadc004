/* SPDX-License-Identifier: Apache-2.0
 * One writer and two readers on a table that grows, under ThreadSanitizer. The readers check, of
 * every look-up, that a record is whole, that a token which was there before is found, and that a
 * revocation which was announced before the look-up began is seen.
 */
#include "../../unit/test.h"
#include "random.h"
#include <pthread.h>
#include <remit/remit.h>
#include <stdatomic.h>
#include <string.h>

#define TOKENS 40000
#define CHANGES 60000
#define READERS 2

/* Tokens are put in the order of their numbers and revoked in the same order, each announced after. */
static struct remit_table *table;
static _Atomic uint32_t put_until, revoked_until;
static _Atomic bool is_done;
static _Atomic uint32_t wrong;

static void digest_of(uint32_t number, uint8_t ret[REMIT_DIGEST_SIZE])
{
	struct random random = { number };
	for (size_t i = 0; i < REMIT_DIGEST_SIZE; i += 8) {
		uint64_t v = random_u64(&random);
		memcpy(ret + i, &v, 8);
	}
}

/* Every field says the same, so that a record put together from two is noticed. */
static struct remit_record record_of(uint32_t number, uint32_t version)
{
	return (struct remit_record){ .granted = version,
				      .owner = version,
				      .project = version,
				      .expires_s = version,
				      .token = number,
				      .rate = (uint16_t)version };
}

static bool is_whole(const struct remit_record *record, uint32_t number)
{
	uint32_t version = record->owner;
	return record->token == number && record->granted == version && record->project == version &&
	       record->expires_s == version && record->rate == (uint16_t)version;
}

static void look_up(struct remit_reader *reader, struct random *random)
{
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct remit_record record;

	uint32_t revoked = atomic_load(&revoked_until), put = atomic_load(&put_until);
	if (put == 0)
		return;
	/* Now and then one of those that were announced last. */
	uint32_t number = (uint32_t)random_below(random, put);
	if (revoked > 0 && random_below(random, 2))
		number = revoked - 1;
	digest_of(number, digest);
	bool good = remit_table_find(reader, digest, &record) && is_whole(&record, number) &&
		    (number >= revoked || (record.flags & REMIT_RECORD_REVOKED));
	if (!good)
		atomic_fetch_add(&wrong, 1);
}

static void *read_all(void *seed)
{
	struct random random = { *(const uint64_t *)seed };
	struct remit_reader *reader;

	if (remit_reader_new(table, &reader) != REMIT_OK)
		abort();
	while (!atomic_load(&is_done)) {
		remit_reader_resume(reader);
		for (int i = 0; i < 50; i++)
			look_up(reader, &random);
		remit_reader_pause(reader);
	}
	remit_reader_free(reader);
	return NULL;
}

static void write_all(struct random *random)
{
	uint8_t digest[REMIT_DIGEST_SIZE];
	uint32_t put = 0, revoked = 0;

	for (uint32_t i = 0; i < CHANGES; i++) {
		uint32_t number = put < TOKENS && i % 3 ? put : (uint32_t)random_below(random, put + 1);
		if (number >= revoked) { /* what is revoked is not put again */
			struct remit_record record = record_of(number, i);
			digest_of(number, digest);
			assert_int_equal(remit_table_put(table, digest, &record), REMIT_OK);
			put += number == put;
			atomic_store(&put_until, put);
		}
		if (i % 4 == 0 && revoked < put) {
			digest_of(revoked, digest);
			assert_true(remit_table_revoke(table, digest));
			atomic_store(&revoked_until, ++revoked);
		}
	}
}

static void test_readers_see_whole_records_and_every_revocation(void **state)
{
	struct random random = random_start();
	pthread_t readers[READERS];
	uint64_t seeds[READERS];
	(void)state;
	assert_int_equal(remit_table_new(0, &table), REMIT_OK);
	for (size_t i = 0; i < READERS; i++) {
		seeds[i] = random_u64(&random);
		assert_int_equal(pthread_create(&readers[i], NULL, read_all, &seeds[i]), 0);
	}
	write_all(&random);
	atomic_store(&is_done, true);
	for (size_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_join(readers[i], NULL), 0);
	assert_int_equal(atomic_load(&wrong), 0);
	assert_false(remit_table_work(table, SIZE_MAX));
	remit_table_free(table);
}

static const struct CMUnitTest tests[] = { cmocka_unit_test(
	test_readers_see_whole_records_and_every_revocation) };

TEST_MAIN(tests)
