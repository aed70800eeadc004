/* SPDX-License-Identifier: Apache-2.0
 * Times and durations as text, and log lines that nobody can forge.
 */
#include "../test.h"
#include "base/clock.h"
#include "base/log.h"
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void test_safety(void **state)
{
	struct str none = { NULL, 0 };
	char text[TIME_TEXT_ROOM];
	int64_t ms = 7;
	uint64_t bytes = 7;
	(void)state;
	assert_false(time_from_text(none, &ms));
	assert_false(duration_from_text(none, &ms));
	assert_false(size_from_text(none, &bytes));
	assert_int_equal(time_to_text(INT64_MAX, true, text), 24);
	assert_string_equal(text, "9999-12-31T23:59:59.999Z");
	assert_int_equal(time_to_text(INT64_MIN, false, text), 20);
	assert_string_equal(text, "0000-01-01T00:00:00Z");
	time_to_http(INT64_MIN, text);
	assert_true(ms == 7 && bytes == 7);
	assert_true(clock_wall_ms() > 1700000000000 && clock_monotonic_ns() > 0);
}

static void test_bad_times(void **state)
{
	static const char *const bad[] = {
		"2026",
		"2026-11",
		"2026-1-22",
		"2026-13-01",
		"2026-00-01",
		"2026-02-29",
		"2100-02-29",
		"2026-04-31",
		"2026-11-22 06:18:00Z",
		"2026-11-22T06:18:00",
		"2026-11-22T06:18Z",
		"2026-11-22T24:00:00Z",
		"2026-11-22T23:60:00Z",
		"2026-11-22T23:59:60Z",
		"2026-11-22T06:18:00.Z",
		"2026-11-22T06:18:00,5Z",
		"2026-11-22T06:18:00+0100",
		"2026-11-22T06:18:00+24:00",
		"2026-11-22T06:18:00Zx",
		"+026-11-22",
		"2026-11-22T",
		"-2026-11-22",
		" 2026-11-22",
	};
	int64_t ms;
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		assert_false(time_from_text(str_of(bad[i]), &ms));
}

static void test_good_times(void **state)
{
	static const struct { const char *text; int64_t ms;
	} cases[] = {
		{ "1970-01-01", 0 },
		{ "2026-11-22T06:18:00Z", 1795328280000 },
		{ "2026-11-22t06:18:00z", 1795328280000 },
		{ "2026-11-22T07:18:00.5+01:00", 1795328280500 },
		{ "2026-11-21T23:18:00.123456789-07:00", 1795328280123 },
		{ "2024-02-29", 1709164800000 },
		{ "2000-02-29T23:59:59Z", 951868799000 },
		{ "1969-12-31T23:59:59.999Z", -1 },
		{ "0000-01-01", -62167219200000 },
		{ "9999-12-31T23:59:59.999Z", 253402300799999 },
	};
	char text[TIME_TEXT_ROOM];
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		int64_t ms, again;
		assert_true(time_from_text(str_of(cases[i].text), &ms));
		assert_true(ms == cases[i].ms);
		time_to_text(ms, true, text);
		assert_true(time_from_text(str_of(text), &again) && again == ms);
	}
	time_to_http(1795328280000, text);
	assert_string_equal(text, "Sun, 22 Nov 2026 06:18:00 GMT");
}

/* Against the C library, a day and some apart. */
static void test_every_so_many_days(void **state)
{
	(void)state;
	for (int64_t s = -62167219200; s < 253402300800; s += 86400 * 13 + 3661) {
		char ours[TIME_TEXT_ROOM], theirs[64];
		time_t t = (time_t)s;
		struct tm tm;
		assert_non_null(gmtime_r(&t, &tm));
		snprintf(theirs, sizeof(theirs), "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
			 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
		time_to_text(s * 1000, false, ours);
		assert_string_equal(ours, theirs);
		strftime(theirs, sizeof(theirs), "%a, %d %b ", &tm);
		time_to_http(s * 1000, ours);
		assert_memory_equal(ours, theirs, 12);
	}
}

static void test_durations_and_sizes(void **state)
{
	static const char *const bad[] = { "",	   "d",	  "90",	   "90 d",   "-1d",
					   "1.5h", "90D", "1h30m", "36526d", "99999999999999999999d" };
	static const char *const bad_sizes[] = {
		"", "GB", "10gb", "10 GB", "-1", "1e3", "10KB", "18446744073709551616", "18446744073710TB"
	};
	int64_t ms;
	uint64_t bytes;
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		assert_false(duration_from_text(str_of(bad[i]), &ms));
	for (size_t i = 0; i < TEST_COUNT(bad_sizes); i++)
		assert_false(size_from_text(str_of(bad_sizes[i]), &bytes));
	assert_true(duration_from_text(STR("90d"), &ms) && ms == 90 * 86400000LL);
	assert_true(duration_from_text(STR("500ms"), &ms) && ms == 500);
	assert_true(duration_from_text(STR("36525d"), &ms) && ms == 36525 * 86400000LL);
	assert_true(duration_from_text(STR("15m"), &ms) && ms == 900000);
	assert_true(duration_from_text(STR("2w"), &ms) && ms == 14 * 86400000LL);
	assert_true(size_from_text(STR("10GB"), &bytes) && bytes == 10000000000);
	assert_true(size_from_text(STR("512"), &bytes) && bytes == 512);
	assert_true(size_from_text(STR("16kB"), &bytes) && bytes == 16000);
}

static void test_log_lines_cannot_be_forged(void **state)
{
	char line[512];
	int ends[2], saved = dup(STDERR_FILENO);
	(void)state;
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	log_debug("not written");
	log_warning("name %s", "a\n2026 error b\x1b[0m\x7f");
	dup2(saved, STDERR_FILENO);
	close(ends[1]);
	ssize_t n = read(ends[0], line, sizeof(line) - 1);
	close(ends[0]);
	close(saved);
	assert_true(n > 25);
	line[n] = '\0';
	assert_string_equal(line + 24, " warning name a\\x0a2026 error b\\x1b[0m\\x7f\n");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_safety),		    cmocka_unit_test(test_bad_times),
	cmocka_unit_test(test_good_times),	    cmocka_unit_test(test_every_so_many_days),
	cmocka_unit_test(test_durations_and_sizes), cmocka_unit_test(test_log_lines_cannot_be_forged),
};

TEST_MAIN(tests)
