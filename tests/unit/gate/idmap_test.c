/* SPDX-License-Identifier: Apache-2.0
 * The map of ids beside a plain array, while it grows.
 */
#include "../test.h"

#include "gate/idmap.h"

#include <stdlib.h>

#define IDS 20000

static struct id_bytes ids[IDS + 1];
static bool there[IDS + 1];

static const struct id_bytes *id_at(const void *ctx, uint32_t number)
{
	(void)ctx;
	return &ids[number];
}

static void check_all(const struct idmap *map)
{
	for (uint32_t i = 1; i <= IDS; i++)
		if (idmap_find(map, &ids[i]) != (there[i] ? i : 0))
			fail_msg("%u", i);
}

static void test_as_a_plain_array(void **state)
{
	(void)state;
	struct idmap map;
	srand(3);
	for (uint32_t i = 1; i <= IDS; i++)
		for (size_t b = 0; b < 16; b += 2)
			memcpy(&ids[i].b[b], &(uint16_t){ (uint16_t)rand() }, 2);
	assert_true(idmap_init(&map, 0, id_at, NULL));
	for (unsigned step = 0; step < 6 * IDS; step++) {
		uint32_t i = 1 + (uint32_t)rand() % IDS;
		if (!there[i])
			assert_true(idmap_add(&map, i));
		else if (step % 3 == 0)
			idmap_remove(&map, &ids[i]);
		else
			continue;
		there[i] = !there[i];
		if (step % 10007 == 0)
			check_all(&map);
	}
	check_all(&map);
	idmap_done(&map);
}

/* The same few ids coming and going must not make it larger and larger. */
static void test_removed_ids_leave_no_room_behind(void **state)
{
	(void)state;
	struct idmap map;
	assert_true(idmap_init(&map, 0, id_at, NULL));
	for (unsigned step = 0; step < 100000; step++) {
		uint32_t i = 1 + step % 100;
		if (idmap_find(&map, &ids[i]))
			idmap_remove(&map, &ids[i]);
		assert_true(idmap_add(&map, i));
	}
	assert_true(map.size <= 4096);
	idmap_done(&map);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_as_a_plain_array),
	cmocka_unit_test(test_removed_ids_leave_no_room_behind),
};

TEST_MAIN(tests)
