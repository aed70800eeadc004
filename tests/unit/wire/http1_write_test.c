/* SPDX-License-Identifier: Apache-2.0
 * Answers: nothing that a caller passes can split one, and a piece is written whole or not at all.
 */
#include "wire/http1.h"
#include "../test.h"

static void assert_written(struct buf *out, const char *expected)
{
	assert_int_equal(out->n, strlen(expected));
	assert_memory_equal(out->p ? out->p : "", expected, out->n);
	buf_reset(out);
}

static const struct {
	struct str name, value;
} split[] = {
	{ { "X", 1 }, { "a\r\nSet-Cookie: b", 16 } },
	{ { "X", 1 }, { "a\nb", 3 } },
	{ { "X", 1 }, { "a\rb", 3 } },
	{ { "X", 1 }, { "a\0b", 3 } },
	{ { "X", 1 }, { "\x7f", 1 } },
	{ { "X", 1 }, { "\x1b[2J", 4 } },
	{ { "", 0 }, { "a", 1 } },
	{ { "X:", 2 }, { "a", 1 } },
	{ { "X Y", 3 }, { "a", 1 } },
	{ { "X\r\nY", 4 }, { "a", 1 } },
	{ { "X\0", 2 }, { "a", 1 } },
	{ { "\xc3\xa4", 2 }, { "a", 1 } },
};

static void test_H08_header_splitting_is_refused(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 1000);
	for (size_t i = 0; i < TEST_COUNT(split); i++) {
		assert_false(http1_write_header(&out, split[i].name, split[i].value));
		assert_int_equal(out.n, 0);
		assert_false(out.failed);
	}
	buf_done(&out);
}

/* With every maximum from nothing to enough: nothing, or the whole piece. */
static void test_pieces_are_whole_or_nothing(void **state)
{
	(void)state;
	for (size_t max = 0; max < 32; max++) {
		struct buf out;
		buf_init(&out, max);
		bool written = http1_write_status(&out, 200);
		assert_int_equal(written, max >= 17);
		assert_int_equal(out.n, written ? 17 : 0);
		buf_reset(&out);
		written = http1_write_header(&out, STR("Name"), STR("value"));
		assert_int_equal(written, max >= 13);
		assert_int_equal(out.n, written ? 13 : 0);
		buf_reset(&out);
		written = http1_write_chunk(&out, STR("hello"));
		assert_int_equal(written, max >= 10);
		assert_int_equal(out.n, written ? 10 : 0);
		buf_done(&out);
	}
}

static void test_what_is_written(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 1000);
	assert_true(http1_write_status(&out, 403));
	assert_written(&out, "HTTP/1.1 403 Forbidden\r\n");
	assert_true(http1_write_status(&out, 299));
	assert_written(&out, "HTTP/1.1 299 \r\n");
	assert_true(http1_write_header(&out, STR("X-A"), STR("a\tb \xc3\xa4")));
	assert_written(&out, "X-A: a\tb \xc3\xa4\r\n");
	assert_true(http1_write_header(&out, STR("X-A"), (struct str){ NULL, 0 }));
	assert_written(&out, "X-A: \r\n");
	assert_true(http1_write_chunk(&out, (struct str){ NULL, 0 }));
	assert_written(&out, "");
	assert_true(http1_write_chunk(&out, STR("0123456789abcdef")));
	assert_written(&out, "10\r\n0123456789abcdef\r\n");
	assert_true(http1_write_last_chunk(&out));
	assert_written(&out, "0\r\n\r\n");
	buf_done(&out);
}

static void test_status_texts(void **state)
{
	(void)state;
	assert_string_equal(http_status_text(404), "Not Found");
	assert_string_equal(http_status_text(299), "");
	assert_string_equal(http_status_text(-1), "");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_H08_header_splitting_is_refused),
	cmocka_unit_test(test_pieces_are_whole_or_nothing),
	cmocka_unit_test(test_what_is_written),
	cmocka_unit_test(test_status_texts),
};

TEST_MAIN(tests)
