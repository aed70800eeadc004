/* SPDX-License-Identifier: Apache-2.0
 * Tokens, media types and their parameters; and the table of byte classes against the grammars.
 */
#include "wire/http1.h"
#include "wire/http_class.h"
#include "../test.h"

#define NONE "(none)"

static const struct {
	struct str value;
	const char *type;     /* NULL: refused */
	const char *boundary; /* NULL: refused */
} media[] = {
	{ { "", 0 }, NULL, NULL },
	{ { "text", 4 }, NULL, NULL },
	{ { "text/", 5 }, NULL, NULL },
	{ { "/plain", 6 }, NULL, NULL },
	{ { "text /plain", 11 }, NULL, NULL },
	{ { "text/plain,text/html", 20 }, NULL, NULL },
	{ { "text/plain;", 11 }, NULL, NULL },
	{ { "text/plain; a", 13 }, NULL, NULL },
	{ { "text/plain; a=", 14 }, NULL, NULL },
	{ { "text/plain; a =b", 16 }, NULL, NULL },
	{ { "text/plain; a=\"b", 16 }, NULL, NULL },
	{ { "text/plain; a=\"b\\\"c\"", 20 }, NULL, NULL },
	{ { "text/plain; a=\"b\0\"", 18 }, NULL, NULL },
	{ { "text/plain; a=\"b\"c", 18 }, NULL, NULL },
	{ { "a/b; boundary=x; BOUNDARY=y", 27 }, "a/b", NULL },
	{ { "text/plain", 10 }, "text/plain", NONE },
	{ { " text/plain ; charset=utf-8 ", 28 }, "text/plain", NONE },
	{ { "a/b;boundary=x-1", 16 }, "a/b", "x-1" },
	{ { "a/b; Boundary=\"x y\";c=d", 23 }, "a/b", "x y" },
	{ { "a/b; c=d; boundary=\"\"", 21 }, "a/b", "" },
};

static void test_media_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(media); i++) {
		struct str type = { NULL, 0 }, boundary = { NULL, 0 };
		assert_int_equal(http_media_type(media[i].value, &type), media[i].type != NULL);
		assert_true(str_is(type, media[i].type ? media[i].type : ""));
		bool read = http_media_parameter(media[i].value, STR("boundary"), &boundary);
		assert_int_equal(read, media[i].boundary != NULL);
		if (!read || str_is(STR(NONE), media[i].boundary))
			assert_null(boundary.p);
		else
			assert_true(boundary.p && str_is(boundary, media[i].boundary));
	}
}

static void test_tokens(void **state)
{
	(void)state;
	assert_false(http_is_token((struct str){ NULL, 0 }));
	assert_false(http_is_token(STR("a b")));
	assert_false(http_is_token(STR("a:")));
	assert_false(http_is_token(STR("a\0")));
	assert_true(http_is_token(STR("X-A.b_c!#$%&'*+^`|~9")));
}

static bool is_alphanumeric(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_one_of(int c, const char *set)
{
	return c != 0 && c < 0x80 && strchr(set, c);
}

static void test_classes_are_the_grammars(void **state)
{
	(void)state;
	const char *token = "!#$%&'*+-.^_`|~", *path = "-._~!$&'()*+,;=:@%/", *query = "?[]{}|^`";
	for (int c = 0; c < 256; c++) {
		bool alphanumeric = is_alphanumeric(c);
		assert_int_equal(http_is((char)c, CLASS_TOKEN), alphanumeric || is_one_of(c, token));
		bool in_path = alphanumeric || is_one_of(c, path);
		assert_int_equal(http_is((char)c, CLASS_PATH), in_path);
		assert_int_equal(http_is((char)c, CLASS_QUERY), in_path || is_one_of(c, query));
		assert_int_equal(http_is((char)c, CLASS_HOST), alphanumeric || is_one_of(c, "-._"));
		assert_int_equal(http_is((char)c, CLASS_TOKEN68), alphanumeric || is_one_of(c, "-._~+/"));
		assert_int_equal(http_is((char)c, CLASS_TEXT), c == '\t' || (c >= 0x20 && c != 0x7f));
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_media_types),
	cmocka_unit_test(test_tokens),
	cmocka_unit_test(test_classes_are_the_grammars),
};

TEST_MAIN(tests)
