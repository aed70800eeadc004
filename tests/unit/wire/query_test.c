/* SPDX-License-Identifier: Apache-2.0
 * Query strings: decoded once, or refused.
 */
#include "wire/query.h"
#include "../test.h"

#include <stdlib.h>

static enum query_result parse(struct str raw, struct arena *arena, struct query *ret)
{
	const char *what = NULL;
	enum query_result result = query_parse(raw, arena, ret, &what);
	assert_int_equal(result != QUERY_OK, what != NULL);
	return result;
}

#define TEXT(s) { (s), sizeof(s) - 1 }

static const struct str invalid[] = {
	TEXT("a=%"),     TEXT("a=%2"),    TEXT("a=%zz"),    TEXT("a=%2g"),      TEXT("%=a"),    TEXT("a=%00"),
	TEXT("%00"),     TEXT("a=%0a"),   TEXT("a=%0D%0A"), TEXT("a=%7f"),      TEXT("a=\x01"), TEXT("a=\0"),
	TEXT("a=%c3"),   TEXT("a=%c0%af"), TEXT("a=\xff"),  TEXT("a=%ed%a0%80"), TEXT("=a"),
	TEXT("a=1&=b"),
	TEXT("="),       TEXT("a=%u0041"),
};

static void test_P10_invalid(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, 0);
	struct query query;
	for (size_t i = 0; i < TEST_COUNT(invalid); i++)
		assert_int_equal(parse(invalid[i], &arena, &query), QUERY_INVALID);
	arena_done(&arena);
}

static void test_too_many(void **state)
{
	(void)state;
	char text[2 * (LIMIT_QUERY_PARAMS + 1)];
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 ? '&' : 'a';
	struct arena arena;
	arena_init(&arena, 0);
	struct query query;
	assert_int_equal(parse((struct str){ text, sizeof(text) }, &arena, &query), QUERY_TOO_MANY);
	assert_int_equal(parse((struct str){ text, sizeof(text) - 2 }, &arena, &query), QUERY_OK);
	assert_int_equal(query.count, LIMIT_QUERY_PARAMS);
	arena_done(&arena);
}

static void test_no_memory(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, 1);
	struct query query;
	assert_int_equal(parse(STR("a=%20bcdefghijklmnopqrstuvwxyz"), &arena, &query), QUERY_NO_MEMORY);
	assert_int_equal(parse(STR("a=bcdefghijklmnopqrstuvwxyz"), &arena, &query), QUERY_OK);
	arena_done(&arena);
}

static void test_pairs(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, 0);
	struct query query;
	struct str raw = STR("&a=1&b&&c=&d+e=%2B+%26%3d=f&g=%2541;&%C3%a4=\xc3\xa4");
	assert_int_equal(parse(raw, &arena, &query), QUERY_OK);
	static const struct {
		const char *name, *value;
	} pairs[] = {
		{ "a", "1" },        { "b", "" },     { "c", "" },
		{ "d e", "+ &==f" }, { "g", "%41;" }, { "\xc3\xa4", "\xc3\xa4" },
	};
	assert_int_equal(query.count, TEST_COUNT(pairs));
	for (size_t i = 0; i < TEST_COUNT(pairs); i++) {
		assert_true(str_is(query.pairs[i].name, pairs[i].name));
		assert_true(str_is(query.pairs[i].value, pairs[i].value));
		assert_non_null(query.pairs[i].value.p); /* it is there, though empty */
	}
	assert_int_equal(parse((struct str){ NULL, 0 }, &arena, &query), QUERY_OK);
	assert_int_equal(query.count, 0);
	arena_done(&arena);
}

static void test_M15_get_counts_every_spelling(void **state)
{
	(void)state;
	static const struct {
		const char *raw, *value;
		size_t count;
	} gets[] = {
		{ "b=1", NULL, 0 },           { "", NULL, 0 },
		{ "a=1", "1", 1 },            { "%61=1", "1", 1 },
		{ "a", "", 1 },               { "a=1&a=2", "1", 2 },
		{ "a=1&%61=2", "1", 2 },      { "A=1&a=2", "2", 3 },
		{ "A=1", NULL, 2 },           { "%41=1", NULL, 2 },
	};
	struct arena arena;
	arena_init(&arena, 0);
	for (size_t i = 0; i < TEST_COUNT(gets); i++) {
		struct query query;
		size_t count;
		assert_int_equal(parse(str_of(gets[i].raw), &arena, &query), QUERY_OK);
		struct str value = query_get(&query, "a", &count);
		assert_int_equal(count, gets[i].count);
		assert_int_equal(value.p != NULL, gets[i].value != NULL);
		assert_true(str_is(value, gets[i].value ? gets[i].value : ""));
		assert_true(str_eq(query_get(&query, "a", NULL), value));
	}
	arena_done(&arena);
}

/* How often "a_b" stands, for those who read names in their own way. */
static void test_M15_what_another_reader_takes_for_the_name_counts_twice(void **state)
{
	(void)state;
	static const struct {
		const char *raw;
		size_t count;
	} gets[] = {
		{ "a_b[]=1", 2 },     { "a_b[0]=1", 2 },    { "a_b%5B%5D=1", 2 }, { "A_B[x][y]=1", 2 },
		{ "a_b.c=1", 2 },     { "a.b=1", 2 },       { "a+b=1", 2 },       { "a[b=1", 2 },
		{ "+a_b=1", 2 },      { "%20%20a_b=1", 2 }, { "a_b+=1", 2 },      { "a_b=1&a_b[]=2", 3 },
		{ "c=1;a_b=2", 2 },   { "c;a_b=2", 2 },     { "c=1;d=2;A_B", 2 }, { "c=1%3Ba_b[]=2", 2 },
		{ "a_b=1;a_b=2", 3 }, { ";a_b=1", 2 },
		{ "a_bc=1", 0 },      { "xa_b=1", 0 },      { "c[a_b]=1", 0 },    { "c=a_b", 0 },
		{ "a-b=1", 0 },       { "c=1;a_bc=2", 0 },  { "a_b=1;2", 1 },     { "c=a_b;d", 0 },
	};
	struct arena arena;
	arena_init(&arena, 0);
	for (size_t i = 0; i < TEST_COUNT(gets); i++) {
		struct query query;
		size_t count;
		assert_int_equal(parse(str_of(gets[i].raw), &arena, &query), QUERY_OK);
		(void)query_get(&query, "a_b", &count);
		if (count != gets[i].count)
			fail_msg("%s: %zu", gets[i].raw, count);
	}
	arena_done(&arena);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_P10_invalid),
	cmocka_unit_test(test_too_many),
	cmocka_unit_test(test_no_memory),
	cmocka_unit_test(test_pairs),
	cmocka_unit_test(test_M15_get_counts_every_spelling),
	cmocka_unit_test(test_M15_what_another_reader_takes_for_the_name_counts_twice),
};

TEST_MAIN(tests)
