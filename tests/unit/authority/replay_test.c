/* SPDX-License-Identifier: Apache-2.0
 * Names that come again, that end, and more of them than there is room for.
 */
#include "authority/dpop/replay.h"
#include "../test.h"

#include <pthread.h>
#include <string.h>

static struct replay *made(uint32_t room)
{
	struct replay *replay = NULL;
	assert_true(replay_new(room, &replay));
	return replay;
}

static enum replay_result take(struct replay *replay, uint64_t number, int64_t now_s, int64_t until_s)
{
	uint8_t name[REPLAY_NAME_BYTES] = { 0 };
	for (size_t i = 0; i < sizeof(number); i++)
		name[i] = (uint8_t)(number * UINT64_C(0x9E3779B97F4A7C15) >> (8 * i));
	memcpy(name + 8, &number, sizeof(number));
	return replay_take(replay, name, now_s, until_s);
}

static void test_O12_once(void **state)
{
	struct replay *replay = made(4);
	(void)state;
	assert_int_equal(take(replay, 1, 1000, 1060), REPLAY_NEW);
	assert_int_equal(take(replay, 1, 1000, 1060), REPLAY_USED);
	assert_int_equal(take(replay, 1, 1060, 1120), REPLAY_USED);
	assert_int_equal(take(replay, 1, 1061, 1121), REPLAY_NEW);
	replay_free(replay);
}

static void test_full_is_not_new(void **state)
{
	struct replay *replay = made(4);
	(void)state;
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(take(replay, i, 1000, 1010 + (int64_t)i), REPLAY_NEW);
	assert_int_equal(take(replay, 9, 1000, 1060), REPLAY_FULL);
	assert_int_equal(take(replay, 2, 1000, 1060), REPLAY_USED);
	assert_int_equal(take(replay, 9, 1010, 1060), REPLAY_FULL);
	assert_int_equal(take(replay, 9, 1011, 1060), REPLAY_NEW);
	assert_int_equal(take(replay, 10, 1011, 1060), REPLAY_FULL);
	replay_free(replay);
}

/* Each call frees more than it takes; so whatever was full is not so for long. */
static void test_room_comes_back(void **state)
{
	struct replay *replay = made(1024);
	(void)state;
	for (uint64_t round = 0; round < 20; round++)
		for (uint64_t i = 0; i < 1024; i++)
			assert_int_equal(take(replay, round * 1024 + i, 1000 + (int64_t)round * 61, 1060 + (int64_t)round * 61),
				REPLAY_NEW);
	replay_free(replay);
}

static void test_L08_the_clock_jumps(void **state)
{
	struct replay *replay = made(64);
	uint64_t number = 0;
	(void)state;
	static const int64_t times[] = { 5000, 4900, 100000, 1000, 1100, 3000000000, 5, 200 };
	for (size_t t = 0; t < TEST_COUNT(times); t++)
		for (int i = 0; i < 8; i++)
			assert_int_equal(take(replay, number++, times[t], times[t] + 120), REPLAY_NEW);
	for (int64_t now_s = 200; now_s < 1000; now_s++) /* and nothing is lost for good */
		if (take(replay, number, now_s, now_s + 60) == REPLAY_NEW)
			number++;
	for (int i = 0; i < 32; i++)
		assert_int_equal(take(replay, number++, 2000, 2060), REPLAY_NEW);
	replay_free(replay);
}

#define THREADS 4
#define NAMES 20000

struct taking {
	struct replay *replay;
	unsigned fresh;
};

static void *take_all(void *arg)
{
	struct taking *taking = arg;
	for (uint64_t i = 0; i < NAMES; i++)
		taking->fresh += take(taking->replay, i, 1000, 1060) == REPLAY_NEW;
	return NULL;
}

static void test_O12_once_for_all_threads(void **state)
{
	struct replay *replay = made(32768);
	struct taking taking[THREADS];
	pthread_t threads[THREADS];
	unsigned fresh = 0;
	(void)state;
	for (size_t i = 0; i < THREADS; i++) {
		taking[i] = (struct taking){ replay, 0 };
		assert_int_equal(pthread_create(&threads[i], NULL, take_all, &taking[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		fresh += taking[i].fresh;
	}
	assert_int_equal(fresh, NAMES);
	replay_free(replay);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_O12_once),
	cmocka_unit_test(test_full_is_not_new),
	cmocka_unit_test(test_room_comes_back),
	cmocka_unit_test(test_L08_the_clock_jumps),
	cmocka_unit_test(test_O12_once_for_all_threads),
};

TEST_MAIN(tests)
