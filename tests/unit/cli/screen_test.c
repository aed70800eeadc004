/* SPDX-License-Identifier: Apache-2.0
 * Widths, cuts, tables and times: what stands on a terminal, and what may not reach one.
 */
#include "../test.h"

#include "cli/screen.h"
#include <stdlib.h>

static void test_controls_cannot_reach_a_terminal(void **state)
{
	(void)state;
	static const struct { struct str in; const char *out; } cases[] = {
		{ { "plain", 5 }, "plain" },
		{ { "a\033[2Jb", 6 }, "a\\x1b[2Jb" },
		{ { "a\nb\tc", 5 }, "a\\x0ab\\x09c" },
		{ { "\x7f", 1 }, "\\x7f" },
		{ { "a\0b", 3 }, "a\\x00b" },
		{ { "\xc2\x9b""2J", 4 }, "\\xc2\\x9b2J" },
		{ { "\xe2\x80\xae""abc", 6 }, "\\xe2\\x80\\xaeabc" },
		{ { "\xe2\x81\xa6", 3 }, "\\xe2\\x81\\xa6" },
		{ { "\xff\xfe", 2 }, "??" },
		{ { "\xe2\x80\xa6", 3 }, "…" },
		{ { "漢字", 6 }, "漢字" },
	};
	struct arena arena;
	arena_init(&arena, 0);
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		assert_string_equal(text_printable(cases[i].in, &arena), cases[i].out);
	arena_done(&arena);
}

static void test_widths(void **state)
{
	(void)state;
	static const struct { const char *text; size_t width;
	} cases[] = {
		{ "", 0 },
		{ "abc", 3 },
		{ "äöü", 3 },
		{ "漢字", 4 },
		{ "한국", 4 },
		{ "e\xcc\x81", 1 },
		{ "😀", 2 },
		{ "\xff", 1 },
		{ "…", 1 },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		assert_int_equal(text_width(str_of(cases[i].text)), cases[i].width);
}

static void test_cuts_leave_whole_characters(void **state)
{
	(void)state;
	static const struct { const char *text; size_t width; const char *cut;
	} cases[] = {
		{ "abc", 5, "abc" },
		{ "abc", 2, "ab" },
		{ "abc", 0, "" },
		{ "漢字", 3, "漢" },
		{ "漢字", 1, "" },
		{ "äöü", 2, "äö" },
		{ "e\xcc\x81x", 1, "e\xcc\x81" },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct str cut = text_cut(str_of(cases[i].text), cases[i].width);
		assert_true(str_is(cut, cases[i].cut));
	}
}

/* What a table prints at a width; the caller frees it. */
static char *print(const char *const *heads, const char *const (*rows)[3], size_t count, unsigned width)
{
	struct arena arena;
	struct table table;
	char *text = NULL;
	size_t n;
	FILE *file = open_memstream(&text, &n);
	const struct screen screen = { .file = file, .terminal = width > 0, .width = width };

	arena_init(&arena, 0);
	table_init(&table, &arena, heads, 3);
	for (size_t i = 0; i < count; i++)
		table_add(&table, rows[i]);
	table_print(&table, &screen);
	fclose(file);
	arena_done(&arena);
	return text;
}

static const char *const heads[] = { "ID", "NAME", "SCOPES" };
static const char *const rows[][3] = {
	{ "1", "漢字", "stories:read stories:write" },
	{ "22", "ä", NULL },
	{ "3", "a\nb", "" },
};

static void test_a_table_lines_up(void **state)
{
	(void)state;
	char *text = print(heads, rows, 3, 0);
	assert_string_equal(text,
		"ID  NAME    SCOPES\n"
		"1   漢字    stories:read stories:write\n"
		"22  ä       -\n"
		"3   a\\x0ab  -\n");
	free(text);
}

static void test_a_table_fits_its_terminal(void **state)
{
	(void)state;
	for (unsigned width = 24; width < 60; width++) {
		char *text = print(heads, rows, 3, width), *line, *rest = text;
		bool cut = false;
		while ((line = strsep(&rest, "\n")) && *line) {
			if (text_width(str_of(line)) > width)
				fail_msg("%zu columns of %u: %s", text_width(str_of(line)), width, line);
			cut = cut || strstr(line, "…");
		}
		assert_true(cut == (width < 38));
		free(text);
	}
}

static void test_a_table_too_narrow_is_still_printed(void **state)
{
	(void)state;
	char *text = print(heads, rows, 3, 1);
	assert_non_null(strstr(text, "…"));
	free(text);
}

static void test_an_id_is_never_cut_and_spare_columns_go_first(void **state)
{
	(void)state;
	static const char *const names[] = { "ID", "NAME", "SCOPES" };
	static const char *const one[] = { "0199b2f0-5c1e-7abc-8def-0123456789ab", "a rather long name of it",
		"stories:read stories:write" };
	static const uint8_t spare[] = { 2, 0 };
	static const struct { unsigned width; const char *text; } cases[] = {
		{ 80, "ID                                    NAME                  SCOPES\n"
		      "0199b2f0-5c1e-7abc-8def-0123456789ab  a rather long name …  stories:read storie…\n" },
		{ 60, "ID                                    NAME\n"
		      "0199b2f0-5c1e-7abc-8def-0123456789ab  a rather long name of…\n"
		      "not shown here: SCOPES\n" },
		{ 40, "ID                                    NAME\n"
		      "0199b2f0-5c1e-7abc-8def-0123456789ab  a rathe…\n"
		      "not shown here: SCOPES\n" },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct arena arena;
		struct table table;
		char *text = NULL;
		size_t n;
		FILE *file = open_memstream(&text, &n);
		const struct screen screen = { .file = file, .terminal = true, .width = cases[i].width };
		arena_init(&arena, 0);
		table_init(&table, &arena, names, 3);
		table.spare = spare;
		table_add(&table, one);
		table_print(&table, &screen);
		fclose(file);
		arena_done(&arena);
		assert_string_equal(text, cases[i].text);
		free(text);
	}
}

static void test_times(void **state)
{
	(void)state;
	const struct screen terminal = { .terminal = true }, pipe_end = { .terminal = false };
	const int64_t now = INT64_C(1800000000000), second = 1000, day = 86400 * second;
	const struct { int64_t at; const char *text;
	} cases[] = {
		{ 0, "never" },
		{ now, "now" },
		{ now + 90 * day, "in 90 days" },
		{ now - day, "1 day ago" },
		{ now - 61 * second, "1 minute ago" },
		{ now + 2 * second, "in 2 seconds" },
		{ now - 3 * 365 * day, "3 years ago" },
		{ now + 400 * day, "in 400 days" },
	};
	char text[WHEN_ROOM];
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		assert_string_equal(when_text(&terminal, cases[i].at, now, "never", text), cases[i].text);
	assert_string_equal(when_text(&pipe_end, now, now, "never", text), "2027-01-15T08:00:00Z");
}

static void test_no_colour_where_it_is_not_wanted(void **state)
{
	(void)state;
	const struct screen plain = { .terminal = true }, coloured = { .terminal = true, .colour = true };
	assert_string_equal(style_on(&plain, STYLE_BAD), "");
	assert_string_equal(style_off(&plain, STYLE_BAD), "");
	assert_string_equal(style_on(&coloured, STYLE_BAD), "\033[31m");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_controls_cannot_reach_a_terminal),
	cmocka_unit_test(test_widths),
	cmocka_unit_test(test_cuts_leave_whole_characters),
	cmocka_unit_test(test_a_table_lines_up),
	cmocka_unit_test(test_a_table_fits_its_terminal),
	cmocka_unit_test(test_a_table_too_narrow_is_still_printed),
	cmocka_unit_test(test_an_id_is_never_cut_and_spare_columns_go_first),
	cmocka_unit_test(test_times),
	cmocka_unit_test(test_no_colour_where_it_is_not_wanted),
};

TEST_MAIN(tests)
