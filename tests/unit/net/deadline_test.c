/* SPDX-License-Identifier: Apache-2.0 */
#include "../test.h"
#include "net/deadline.h"

#define MS 1000000LL

static const uint32_t after_ms[DEADLINE_PHASES] = {
	[DEADLINE_HEAD] = 10,  [DEADLINE_IDLE] = 75,  [DEADLINE_BODY] = 30,
	[DEADLINE_WRITE] = 31, [DEADLINE_LINGER] = 2,
};

static void test_none_is_due_before_its_time(void **state)
{
	struct deadlines all;
	struct deadline one;
	enum deadline_phase phase;
	(void)state;

	deadlines_init(&all, after_ms);
	assert_null(deadlines_take(&all, INT64_MAX, &phase));
	deadline_init(&one);
	deadline_arm(&all, &one, DEADLINE_HEAD, 0);
	assert_null(deadlines_take(&all, 10 * MS - 1, &phase));
	assert_ptr_equal(deadlines_take(&all, 10 * MS, &phase), &one);
	assert_int_equal(phase, DEADLINE_HEAD);
	assert_null(deadlines_take(&all, INT64_MAX, &phase));
}

static void test_disarmed_and_armed_anew(void **state)
{
	struct deadlines all;
	struct deadline one;
	enum deadline_phase phase;
	(void)state;

	deadlines_init(&all, after_ms);
	deadline_init(&one);
	deadline_disarm(&one); /* harmless */
	deadline_arm(&all, &one, DEADLINE_IDLE, 0);
	deadline_disarm(&one);
	assert_null(deadlines_take(&all, INT64_MAX, &phase));
	deadline_arm(&all, &one, DEADLINE_HEAD, 0);
	deadline_arm(&all, &one, DEADLINE_BODY, 5 * MS);
	assert_null(deadlines_take(&all, 34 * MS, &phase));
	assert_ptr_equal(deadlines_take(&all, 35 * MS, &phase), &one);
	assert_int_equal(phase, DEADLINE_BODY);
}

/* Random arming and disarming against a plain array. */
static void test_against_a_model(void **state)
{
	enum { COUNT = 50 };
	struct deadlines all;
	struct deadline ones[COUNT];
	int64_t due[COUNT], now = 0;
	enum deadline_phase phase;
	uint64_t random = 88172645463325252u;
	(void)state;

	deadlines_init(&all, after_ms);
	for (int i = 0; i < COUNT; i++) {
		deadline_init(&ones[i]);
		due[i] = 0;
	}
	for (int step = 0; step < 100000; step++) {
		random ^= random << 13, random ^= random >> 7, random ^= random << 17;
		int i = (int)(random % COUNT), p = (int)(random / 64 % DEADLINE_PHASES);
		now += (int64_t)(random / 1024 % MS);
		if (random / 512 % 2) {
			deadline_arm(&all, &ones[i], (enum deadline_phase)p, now);
			due[i] = now + after_ms[p] * MS;
		} else {
			deadline_disarm(&ones[i]);
			due[i] = 0;
		}
		struct deadline *late;
		while ((late = deadlines_take(&all, now, &phase)) != NULL) {
			assert_true(due[late - ones] != 0 && due[late - ones] <= now);
			due[late - ones] = 0;
		}
		for (int k = 0; k < COUNT; k++)
			assert_true(due[k] == 0 || due[k] > now);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_none_is_due_before_its_time),
	cmocka_unit_test(test_disarmed_and_armed_anew),
	cmocka_unit_test(test_against_a_model),
};

TEST_MAIN(tests)
