/* SPDX-License-Identifier: Apache-2.0
 * The rate limiter beside a naive model, with a clock of the test's own.
 */
#include "../test.h"

#include "gate/rate.h"

#include <stdlib.h>

#define SECOND INT64_C(1000000000)

static void test_L08_a_minute_at_once_then_one_by_one(void **state)
{
	(void)state;
	_Atomic uint64_t cell = 0;
	struct rate rate;
	int64_t now = 1000 * SECOND;
	for (uint32_t left = 120; left-- > 0;) {
		assert_true(rate_take(&cell, 120, now, &rate));
		assert_int_equal(rate.limit, 120);
		assert_int_equal(rate.remaining, left);
		assert_int_equal(rate.retry_s, 0);
	}
	assert_int_equal(rate.reset_s, 60);
	for (int i = 0; i < 3; i++) { /* a refusal costs nothing */
		assert_false(rate_take(&cell, 120, now, &rate));
		assert_int_equal(rate.remaining, 0);
		assert_int_equal(rate.retry_s, 1);
		assert_int_equal(rate.reset_s, 60);
	}
	assert_false(rate_take(&cell, 120, now + SECOND / 2 - 1, &rate));
	assert_true(rate_take(&cell, 120, now + SECOND / 2, &rate));
	assert_false(rate_take(&cell, 120, now + SECOND / 2, &rate));
	assert_true(rate_take(&cell, 120, now + 1000 * SECOND, &rate));
	assert_int_equal(rate.remaining, 119);
}

static void test_no_limit(void **state)
{
	(void)state;
	_Atomic uint64_t cell = 0;
	struct rate rate;
	for (int i = 0; i < 1000; i++)
		assert_true(rate_take(&cell, 0, 5, &rate));
	assert_int_equal(rate.limit, 0);
	assert_int_equal(cell, 0);
}

static void test_one_a_minute_tells_how_long(void **state)
{
	(void)state;
	_Atomic uint64_t cell = 0;
	struct rate rate;
	assert_true(rate_take(&cell, 1, 7 * SECOND, &rate));
	assert_int_equal(rate.remaining, 0);
	assert_false(rate_take(&cell, 1, 53 * SECOND, &rate));
	assert_int_equal(rate.retry_s, 14);
	assert_true(rate_take(&cell, 1, 67 * SECOND, &rate));
}

/* A bucket of `limit` units that fills by limit a minute, counted in whole nanoseconds. */
struct bucket {
	int64_t filled_ns, last_ns;
};

static bool bucket_take(struct bucket *b, uint32_t limit, int64_t now)
{
	int64_t step = 60 * SECOND / limit;
	b->filled_ns += now - b->last_ns;
	b->last_ns = now;
	if (b->filled_ns > 60 * SECOND)
		b->filled_ns = 60 * SECOND;
	if (b->filled_ns < step)
		return false;
	b->filled_ns -= step;
	return true;
}

static void test_as_a_naive_bucket(void **state)
{
	(void)state;
	srand(7);
	for (int run = 0; run < 200; run++) {
		uint32_t limit = 1 + (uint32_t)rand() % (run % 2 ? 10 : 60000);
		int64_t now = 100 * SECOND;
		_Atomic uint64_t cell = 0;
		struct bucket bucket = { 60 * SECOND, now };
		for (int i = 0; i < 1000; i++) {
			struct rate rate;
			now += rand() % (1 + (i % 3 ? 1000 : 120 * SECOND / limit));
			assert_int_equal(rate_take(&cell, limit, now, &rate), bucket_take(&bucket, limit, now));
			assert_int_equal(rate.remaining, bucket.filled_ns / (60 * SECOND / limit));
			assert_true(rate.reset_s <= 60);
		}
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_L08_a_minute_at_once_then_one_by_one),
	cmocka_unit_test(test_no_limit),
	cmocka_unit_test(test_one_a_minute_tells_how_long),
	cmocka_unit_test(test_as_a_naive_bucket),
};

TEST_MAIN(tests)
