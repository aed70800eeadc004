/* SPDX-License-Identifier: Apache-2.0
 * Arenas: limits, alignment, zeroed memory also after a reset.
 */
#include "../test.h"
#include "base/arena.h"
#include <stdalign.h>

static void test_safety(void **state)
{
	struct arena a = { 0 };
	(void)state;
	arena_done(&a);
	arena_reset(&a);
	arena_init(&a, 100);
	assert_null(arena_alloc(&a, 101));
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_copy_str(&a, (struct str){ "x", SIZE_MAX }).p);
	assert_non_null(arena_alloc(&a, 0));
	assert_non_null(arena_copy(&a, (struct str){ NULL, 0 }));
	arena_done(&a);
	arena_done(&a);
}

static void test_maximum_counts_all(void **state)
{
	struct arena a;
	size_t n = 0;
	(void)state;
	arena_init(&a, 1024);
	while (arena_alloc(&a, 100))
		n++;
	assert_in_range(n, 8, 10);
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 1000));
	arena_done(&a);
}

static void test_memory_is_zeroed_and_aligned(void **state)
{
	struct arena a;
	(void)state;
	arena_init(&a, 0);
	for (int round = 0; round < 3; round++) {
		for (size_t n = 1; n < 9000; n += 700) {
			unsigned char *p = arena_alloc(&a, n);
			assert_non_null(p);
			assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
			for (size_t i = 0; i < n; i++)
				assert_int_equal(p[i], 0);
			memset(p, 0xff, n);
		}
		arena_reset(&a);
	}
	arena_done(&a);
}

static void test_copies(void **state)
{
	struct arena a;
	(void)state;
	arena_init(&a, 0);
	assert_string_equal(arena_copy(&a, (struct str){ "abcdef", 3 }), "abc");
	assert_string_equal(arena_printf(&a, "%s-%d", "x", 7), "x-7");
	struct str s = arena_copy_str(&a, STR("hello"));
	assert_true(str_is(s, "hello") && s.p[5] == '\0');
	arena_done(&a);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_safety),
	cmocka_unit_test(test_maximum_counts_all),
	cmocka_unit_test(test_memory_is_zeroed_and_aligned),
	cmocka_unit_test(test_copies),
};

TEST_MAIN(tests)
