/* SPDX-License-Identifier: Apache-2.0
 * The table against an array: random puts, revocations, removals, look-ups, work and pauses, with few
 * enough digests that each is used many times, in every state of growth.
 */
#include "../../unit/test.h"
#include "random.h"
#include <remit/remit.h>
#include <string.h>

#define OPERATIONS 300000
#define DIGESTS 6000

struct entry {
	bool is_there;
	struct remit_record record;
};

struct world {
	struct random random;
	struct remit_table *table;
	struct remit_reader *reader;
	struct entry entries[DIGESTS];
	size_t count;
};

/* Half of the digests crowd at the end of the table, so that probes wrap around. */
static void digest_of(size_t number, uint8_t ret[REMIT_DIGEST_SIZE])
{
	struct random random = { number * 77 };
	for (size_t i = 0; i < REMIT_DIGEST_SIZE; i += 8) {
		uint64_t v = random_u64(&random);
		if (i == 0 && number % 2)
			v |= UINT64_C(0xffc0) << 48;
		memcpy(ret + i, &v, 8);
	}
}

static void change(struct world *w, size_t number)
{
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct entry *entry = &w->entries[number];
	struct remit_record record = { random_u64(&w->random),
				       (uint32_t)random_u64(&w->random),
				       7,
				       9,
				       (uint32_t)number,
				       3,
				       1,
				       (uint8_t)random_below(&w->random, 3) };

	digest_of(number, digest);
	switch (random_below(&w->random, 8)) {
	case 0:
		assert_int_equal(remit_table_revoke(w->table, digest), entry->is_there);
		entry->record.flags |= REMIT_RECORD_REVOKED;
		break;
	case 1:
	case 2:
		assert_int_equal(remit_table_remove(w->table, digest), entry->is_there);
		w->count -= entry->is_there;
		entry->is_there = false;
		break;
	case 3:
		(void)remit_table_work(w->table, random_below(&w->random, 50));
		break;
	default:
		assert_int_equal(remit_table_put(w->table, digest, &record), REMIT_OK);
		w->count += !entry->is_there;
		*entry = (struct entry){ true, record };
	}
}

static void look_up(const struct world *w, size_t number)
{
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct remit_record found;

	digest_of(number, digest);
	bool is_there = remit_table_find(w->reader, digest, &found);
	assert_int_equal(is_there, w->entries[number].is_there);
	if (is_there)
		assert_memory_equal(&found, &w->entries[number].record, sizeof(found));
}

static void test_table_is_the_model(void **state)
{
	static struct world w;
	(void)state;
	w.random = random_start();
	assert_int_equal(remit_table_new(0, &w.table), REMIT_OK);
	assert_int_equal(remit_reader_new(w.table, &w.reader), REMIT_OK);
	remit_reader_resume(w.reader);
	for (size_t i = 0; i < OPERATIONS; i++) {
		size_t range = 1 + i * DIGESTS / OPERATIONS; /* more and more of them, so that it grows */
		change(&w, random_below(&w.random, range));
		look_up(&w, random_below(&w.random, range));
		if (random_below(&w.random, 100) == 0) {
			remit_reader_pause(w.reader);
			remit_reader_resume(w.reader);
		}
		assert_int_equal(remit_table_count(w.table), w.count);
	}
	for (size_t i = 0; i < DIGESTS; i++)
		look_up(&w, i);
	remit_table_free(w.table);
}

static const struct CMUnitTest tests[] = { cmocka_unit_test(test_table_is_the_model) };

TEST_MAIN(tests)
