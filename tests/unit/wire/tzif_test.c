/* SPDX-License-Identifier: Apache-2.0
 * Time zones: files that are none, rules of footers, and local times that are shown once, twice or never.
 * The answers are compared with the C library's own for every zone that this machine has.
 */
#include "wire/tzif.h"

#include "../test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define FOLDER "/usr/share/zoneinfo/"

static struct arena arena;

/* A file of version 2 with an empty first block, without changes of its own. */
static struct str file_of(const char *footer)
{
	static const char header[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" "\0\0\0\0" "\0\0\0\0" "\0\0\0\0" "\0\0\0\0" "\0\0\0\1" "\0\0\0\4"
		"\0\0\0\0" "\0\0" "UTC\0";
	size_t n = sizeof(header) - 1, end = strlen(footer);
	char *text = arena_alloc(&arena, 2 * n + end + 2);
	memcpy(text, header, n);
	memcpy(text + n, header, n);
	text[2 * n] = '\n';
	memcpy(text + 2 * n + 1, footer, end);
	text[2 * n + 1 + end] = '\n';
	return (struct str){ text, 2 * n + end + 2 };
}

static int64_t utc(const char *text)
{
	struct tm tm = { 0 };
	assert_non_null(strptime(text, "%Y-%m-%dT%H:%M:%S", &tm));
	return timegm(&tm);
}

static void test_files_that_are_none(void **state)
{
	(void)state;
	struct tzif zone;
	arena_init(&arena, 0);
	assert_true(tzif_parse(file_of(""), &arena, &zone));
	struct str good = file_of("CET-1CEST,M3.5.0,M10.5.0/3");
	assert_true(tzif_parse(good, &arena, &zone));
	for (size_t n = 0; n < good.n; n++) /* cut anywhere */
		assert_false(tzif_parse((struct str){ good.p, n }, &arena, &zone));
	for (size_t i = 20; i < 44; i++) { /* any count that is more than there is */
		char *bent = arena_copy(&arena, good);
		bent[i] = 0x7f;
		assert_false(tzif_parse((struct str){ bent, good.n }, &arena, &zone));
	}
	static const char *const bad[] = { "C", "CET", "CET-1CEST", "CET-1CEST,", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
		"CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J1", "CET-1CEST,J366,J1", "CET-1CEST,366,1",
		"CET-1CEST,M3.5.0/168,M10.5.0", "CET-25", "CET-1CEST,M3.5.0,M10.5.0 ", "<+3-3", "CET-1CEST,M3.5.0/,M10.5.0",
		"CET--1", "CET-1:60", ",M3.5.0,M10.5.0", "12-1" };
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		assert_false(tzif_parse(file_of(bad[i]), &arena, &zone));
	char *large = arena_alloc(&arena, TZIF_BYTES_MAX + 1);
	memcpy(large, good.p, good.n);
	assert_false(tzif_parse((struct str){ large, TZIF_BYTES_MAX + 1 }, &arena, &zone));
	arena_done(&arena);
}

static void test_local_times(void **state)
{
	(void)state;
	static const char berlin[] = "CET-1CEST,M3.5.0,M10.5.0/3", sydney[] = "AEST-10AEDT,M10.1.0,M4.1.0/3",
		nuuk[] = "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", plain[] = "<+0545>-5:45", lord_howe[] = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0";
	static const struct { const char *footer, *local; enum tzif_answer answer; int32_t first, second; } cases[] = {
		{ berlin, "2030-01-01T12:00:00", TZIF_ONE, 3600, 3600 }, { berlin, "2030-07-01T12:00:00", TZIF_ONE, 7200, 7200 },
		{ berlin, "2030-03-31T01:59:59", TZIF_ONE, 3600, 3600 }, { berlin, "2030-03-31T02:00:00", TZIF_NEVER, 3600, 7200 },
		{ berlin, "2030-03-31T02:59:59", TZIF_NEVER, 3600, 7200 }, { berlin, "2030-03-31T03:00:00", TZIF_ONE, 7200, 7200 },
		{ berlin, "2030-10-27T01:59:59", TZIF_ONE, 7200, 7200 }, { berlin, "2030-10-27T02:00:00", TZIF_TWICE, 7200, 3600 },
		{ berlin, "2030-10-27T02:59:59", TZIF_TWICE, 7200, 3600 }, { berlin, "2030-10-27T03:00:00", TZIF_ONE, 3600, 3600 },
		{ sydney, "2030-01-01T00:00:00", TZIF_ONE, 39600, 39600 }, { sydney, "2030-10-06T02:30:00", TZIF_NEVER, 36000, 39600 },
		{ sydney, "2030-04-07T02:30:00", TZIF_TWICE, 39600, 36000 }, { nuuk, "2030-03-30T23:30:00", TZIF_NEVER, -7200, -3600 },
		{ plain, "2030-03-31T02:30:00", TZIF_ONE, 20700, 20700 }, { lord_howe, "2030-10-06T02:15:00", TZIF_NEVER, 37800, 39600 },
		{ "XXX3EDT4,0/0,J365/23", "2030-07-01T00:00:00", TZIF_ONE, -14400, -14400 },
		{ "XXX3EDT4,0/0,J365/23", "2030-12-31T23:30:00", TZIF_ONE, -14400, -14400 },
		{ "AAA-1BBB,J60,300", "2028-03-01T02:30:00", TZIF_NEVER, 3600, 7200 },
	};
	arena_init(&arena, 0);
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct tzif zone;
		int32_t offsets[2] = { 0, 0 };
		assert_true(tzif_parse(file_of(cases[i].footer), &arena, &zone));
		assert_int_equal(tzif_local(&zone, utc(cases[i].local), offsets), cases[i].answer);
		assert_int_equal(offsets[0], cases[i].first);
		assert_int_equal(offsets[1], cases[i].second);
	}
	arena_done(&arena);
}

static bool load(const char *name, struct tzif *ret)
{
	char path[256];
	snprintf(path, sizeof(path), FOLDER "%s", name);
	int fd = open(path, O_RDONLY);
	char *text = arena_alloc(&arena, TZIF_BYTES_MAX);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, TZIF_BYTES_MAX);
	close(fd);
	assert_true(tzif_parse((struct str){ text, (size_t)n }, &arena, ret));
	return true;
}

/* Every six hours and a bit of 90 years, by the C library and by ours. */
static void test_the_c_library_says_the_same(void **state)
{
	(void)state;
	static const char *const names[] = { "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia",
		"Africa/Casablanca", "America/Nuuk", "Asia/Kathmandu", "Europe/Dublin", "America/Sao_Paulo", "UTC", "Africa/Cairo",
		"Antarctica/Troll", "Asia/Gaza" };
	size_t seen = 0;
	arena_init(&arena, 0);
	for (size_t i = 0; i < TEST_COUNT(names); i++) {
		struct tzif zone;
		if (!load(names[i], &zone))
			continue;
		setenv("TZ", names[i], 1);
		tzset();
		for (int64_t s = utc("1970-01-01T00:00:00"); s < utc("2060-01-01T00:00:00"); s += 21599) {
			time_t t = s;
			struct tm tm;
			int32_t offsets[2];
			assert_non_null(localtime_r(&t, &tm));
			if (tzif_offset(&zone, s) != tm.tm_gmtoff)
				fail_msg("%s at %lld: %d, not %ld", names[i], (long long)s, tzif_offset(&zone, s), tm.tm_gmtoff);
			/* What a clock shows means the time at which it shows it, alone or among two. */
			enum tzif_answer answer = tzif_local(&zone, s + tm.tm_gmtoff, offsets);
			assert_true(answer == TZIF_ONE || answer == TZIF_TWICE);
			assert_true(offsets[0] == tm.tm_gmtoff || offsets[1] == tm.tm_gmtoff);
			seen++;
		}
	}
	unsetenv("TZ");
	print_message("# %zu times\n", seen);
	arena_done(&arena);
}

static void test_a_day_that_was_skipped(void **state)
{
	(void)state;
	struct tzif zone;
	int32_t offsets[2];
	arena_init(&arena, 0);
	if (load("Pacific/Apia", &zone)) {
		assert_int_equal(tzif_local(&zone, utc("2011-12-30T12:00:00"), offsets), TZIF_NEVER);
		assert_int_equal(offsets[0], -36000);
		assert_int_equal(offsets[1], 50400);
	}
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_that_are_none),
		cmocka_unit_test(test_local_times),
		cmocka_unit_test(test_the_c_library_says_the_same),
		cmocka_unit_test(test_a_day_that_was_skipped),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
