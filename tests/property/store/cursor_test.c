/* SPDX-License-Identifier: Apache-2.0
 * T07: no page cursor but our own is read back, whatever was done to one.
 */
#include "../../unit/test.h"

#include "base/clock.h"
#include "store/secrets.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 20000

static uint64_t state_of_random;

static uint64_t next_random(void)
{
	uint64_t z = state_of_random += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

struct fixture {
	struct secrets *secrets, *other;
	struct arena arena;
	struct buf cursor;
};

static struct secrets *open_key(char digit)
{
	struct secrets *secrets;
	char text[65], error[256];

	memset(text, digit, 64);
	text[64] = '\0';
	setenv("REMIT_TEST_KEY", text, 1);
	assert_true(secrets_open("env:REMIT_TEST_KEY", &secrets, error));
	return secrets;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const char *given = getenv("REMIT_SEED");

	assert_non_null(f);
	state_of_random = given ? strtoull(given, NULL, 0) : (uint64_t)clock_monotonic_ns();
	print_message("# REMIT_SEED=%" PRIu64 "\n", state_of_random);
	f->secrets = open_key('1');
	f->other = open_key('2');
	arena_init(&f->arena, 0);
	buf_init(&f->cursor, 8192);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	secrets_close(f->secrets);
	secrets_close(f->other);
	arena_done(&f->arena);
	buf_done(&f->cursor);
	free(f);
	return 0;
}

static bool reads(struct fixture *f, const char *purpose, struct str cursor)
{
	struct str text = STR("unchanged");
	bool good = secrets_cursor_read(f->secrets, purpose, cursor, &f->arena, &text);

	if (!good)
		assert_true(str_is(text, "unchanged"));
	arena_reset(&f->arena);
	return good;
}

static struct str write_cursor(struct fixture *f, struct str text)
{
	buf_reset(&f->cursor);
	assert_true(secrets_cursor_write(f->secrets, "stories", text, &f->cursor));
	return buf_str(&f->cursor);
}

static void test_T07_random_cursors_are_refused(void **state)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct fixture *f = *state;
	char text[128];

	for (int i = 0; i < ROUNDS; i++) {
		size_t n = next_random() % sizeof(text);
		bool any_byte = next_random() % 4 == 0;
		for (size_t k = 0; k < n; k++)
			text[k] = any_byte ? (char)next_random() : alphabet[next_random() % 64];
		assert_false(reads(f, "stories", (struct str){ text, n }));
	}
	assert_false(reads(f, "stories", (struct str){ NULL, 0 }));
	assert_false(reads(f, "stories", STR("")));
}

static void test_T07_changed_cursors_are_refused(void **state)
{
	struct fixture *f = *state;
	struct str cursor = write_cursor(f, STR("2026-11-22T06:18:00Z|0193-abc' OR 1=1 --"));
	char copy[256];

	assert_true(reads(f, "stories", cursor));
	for (size_t bit = 0; bit < cursor.n * 8; bit++) {
		memcpy(copy, cursor.p, cursor.n);
		copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
		assert_false(reads(f, "stories", (struct str){ copy, cursor.n }));
	}
	for (size_t n = 0; n < cursor.n; n++)
		assert_false(reads(f, "stories", (struct str){ cursor.p, n }));
	for (int c = 0; c < 256; c++) {
		memcpy(copy, cursor.p, cursor.n);
		copy[cursor.n] = (char)c;
		assert_false(reads(f, "stories", (struct str){ copy, cursor.n + 1 }));
	}
	/* Two of our own, cut and put together. */
	memcpy(copy, cursor.p, cursor.n);
	struct str second = write_cursor(f, STR("2026-11-22T06:18:00Z|0193-abd' OR 1=1 --"));
	for (size_t n = 1; n < second.n; n++) {
		char mixed[256];
		memcpy(mixed, copy, second.n);
		memcpy(mixed, second.p, n);
		struct str made = { mixed, second.n };
		assert_true(str_eq(made, second) || memcmp(mixed, copy, second.n) == 0 ||
			!reads(f, "stories", made));
	}
}

static void test_T07_cursors_of_other_purposes_and_keys_are_refused(void **state)
{
	struct fixture *f = *state;
	struct str cursor = write_cursor(f, STR("page 2"));

	assert_false(reads(f, "media", cursor));
	assert_false(reads(f, "storie", cursor));
	assert_false(reads(f, "", cursor));
	struct buf foreign;
	buf_init(&foreign, 256);
	assert_true(secrets_cursor_write(f->other, "stories", STR("page 2"), &foreign));
	assert_false(reads(f, "stories", buf_str(&foreign)));
	buf_done(&foreign);
	/* A MAC for something else is no MAC for a cursor. */
	uint8_t mac[16];
	secrets_mac(f->secrets, "stories", STR("page 2"), mac);
	assert_memory_not_equal(cursor.p + cursor.n - 16, mac, 16);
}

static void test_T07_our_own_come_back(void **state)
{
	struct fixture *f = *state;
	char text[SECRETS_CURSOR_MAX + 1];
	struct str got;

	for (int i = 0; i < 200; i++) {
		size_t n = i == 0 ? 0 : i == 1 ? SECRETS_CURSOR_MAX : next_random() % SECRETS_CURSOR_MAX;
		for (size_t k = 0; k < n; k++)
			text[k] = (char)next_random();
		struct str cursor = write_cursor(f, (struct str){ text, n });
		assert_true(secrets_cursor_read(f->secrets, "stories", cursor, &f->arena, &got));
		assert_true(str_eq(got, (struct str){ text, n }));
		arena_reset(&f->arena);
	}
	assert_false(secrets_cursor_write(f->secrets, "stories", (struct str){ text, sizeof(text) },
		&f->cursor));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
	TEST(test_T07_random_cursors_are_refused),
	TEST(test_T07_changed_cursors_are_refused),
	TEST(test_T07_cursors_of_other_purposes_and_keys_are_refused),
	TEST(test_T07_our_own_come_back),
};

TEST_MAIN(tests)
