/* SPDX-License-Identifier: Apache-2.0
 * The rate limiter beside a naive model, with a clock of the test's own.
 */
#include "../test.h"

#include "gate/rate.h"

#include <stdlib.h>

#define SECOND INT64_C(1000000000)

static void test_L08_as_many_as_the_limit_in_a_window(void **state)
{
	(void)state;
	_Atomic uint64_t cell = 0;
	struct rate rate;
	int64_t start = 1000 * SECOND;
	for (uint32_t left = 120; left-- > 0;) {
		assert_true(rate_take(&cell, 120, start, &rate));
		assert_int_equal(rate.limit, 120);
		assert_int_equal(rate.remaining, left);
		assert_int_equal(rate.reset_s, 60);
		assert_int_equal(rate.retry_s, 0);
	}
	for (int i = 0; i < 3; i++) { /* a refusal costs nothing, and the example of the 429 is one */
		assert_false(rate_take(&cell, 120, start + 46 * SECOND, &rate));
		assert_int_equal(rate.remaining, 0);
		assert_int_equal(rate.retry_s, 14);
		assert_int_equal(rate.reset_s, 14);
	}
	assert_false(rate_take(&cell, 120, start + 60 * SECOND - 1, &rate));
	assert_int_equal(rate.retry_s, 1);
	assert_true(rate_take(&cell, 120, start + 60 * SECOND, &rate));
	assert_int_equal(rate.remaining, 119);
}

/* Loops read the clock each for itself: one may be behind the one that started the window. */
static void test_L08_a_time_before_the_window_belongs_to_it(void **state)
{
	(void)state;
	_Atomic uint64_t cell = 0;
	struct rate rate;
	assert_true(rate_take(&cell, 2, 100 * SECOND, &rate));
	assert_true(rate_take(&cell, 2, 99 * SECOND, &rate));
	assert_int_equal(rate.reset_s, 60);
	assert_false(rate_take(&cell, 2, 99 * SECOND, &rate));
	assert_int_equal(rate.retry_s, 60);
}

static void test_a_lower_limit_counts_what_was_used(void **state)
{
	(void)state;
	_Atomic uint64_t cell = 0;
	struct rate rate;
	for (int i = 0; i < 5; i++)
		assert_true(rate_take(&cell, 5, SECOND, &rate));
	assert_false(rate_take(&cell, 3, SECOND, &rate));
	assert_int_equal(rate.remaining, 0);
	assert_true(rate_take(&cell, 6, SECOND, &rate));
	assert_int_equal(rate.remaining, 0);
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

/* The window as a person would count it. */
struct model {
	int64_t start_ms, times;
};

static bool model_take(struct model *m, uint32_t limit, int64_t now_ms, uint32_t *ret_left_s)
{
	if (m->times == 0 || now_ms - m->start_ms >= 60000)
		*m = (struct model){ now_ms, 0 };
	int64_t left_ms = m->start_ms + 60000 - now_ms;
	*ret_left_s = (uint32_t)(left_ms / 1000 + (left_ms % 1000 > 0));
	if (m->times == limit)
		return false;
	m->times++;
	return true;
}

static void test_as_a_naive_model(void **state)
{
	(void)state;
	srand(7);
	for (int run = 0; run < 400; run++) {
		uint16_t limit = (uint16_t)(1 + rand() % (run % 2 ? 10 : 300));
		int64_t now = rand() % 3 ? 100 * SECOND + rand() : 0;
		_Atomic uint64_t cell = 0;
		struct model model = { 0 };
		for (int i = 0; i < 1000; i++) {
			struct rate rate;
			uint32_t left_s;
			bool good = model_take(&model, limit, now / 1000000, &left_s);
			assert_int_equal(rate_take(&cell, limit, now, &rate), good);
			assert_int_equal(rate.remaining, limit - model.times);
			assert_int_equal(rate.reset_s, left_s);
			assert_int_equal(rate.retry_s, good ? 0 : left_s);
			now += rand() % (i % 3 ? SECOND / 10 : 120 * SECOND / limit);
		}
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_L08_as_many_as_the_limit_in_a_window),
	cmocka_unit_test(test_L08_a_time_before_the_window_belongs_to_it),
	cmocka_unit_test(test_a_lower_limit_counts_what_was_used),
	cmocka_unit_test(test_no_limit),
	cmocka_unit_test(test_one_a_minute_tells_how_long),
	cmocka_unit_test(test_as_a_naive_model),
};

TEST_MAIN(tests)
