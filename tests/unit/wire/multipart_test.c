/* SPDX-License-Identifier: Apache-2.0
 * multipart/form-data: bodies that two readers could cut in two ways are refused.
 */
#include "wire/multipart.h"
#include "../test.h"

#include <stdlib.h>

#define TEXT(s) { (s), sizeof(s) - 1 }
#define PART "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
#define WITH(disposition) TEXT("--b\r\nContent-Disposition: " disposition "\r\n\r\n1\r\n--b--\r\n")
#define HEADER(line) WITH("form-data; name=\"a\"\r\n" line)

/* Parses a copy that ends where its bytes end, which the caller frees. */
static bool parse(struct str body, struct str boundary, struct arena *arena, struct multipart *ret,
	char **ret_copy)
{
	const char *what = NULL;
	*ret_copy = malloc(body.n > 0 ? body.n : 1);
	memcpy(*ret_copy, body.p, body.n);
	bool parsed = multipart_parse((struct str){ *ret_copy, body.n }, boundary, arena, ret, &what);
	assert_int_equal(parsed, what == NULL);
	return parsed;
}

static void assert_refused(struct str body, struct str boundary)
{
	struct arena arena;
	arena_init(&arena, 0);
	struct multipart m;
	char *copy;
	assert_false(parse(body, boundary, &arena, &m, &copy));
	free(copy);
	arena_done(&arena);
}

static const struct str refused[] = {
	TEXT(""),
	TEXT("--b"),
	TEXT("--b\r\n"),
	TEXT("b--\r\n"),
	TEXT("preamble\r\n" PART "--b--\r\n"),
	TEXT("\r\n" PART "--b--\r\n"),
	TEXT(PART),
	TEXT(PART "--b"),
	TEXT(PART "--b-"),
	TEXT(PART "--b--\r\nepilogue"),
	TEXT(PART "--b--\n"),
	TEXT(PART "--b \r\n\r\n--b--\r\n"),
	TEXT(PART "--bc\r\n\r\n--b--\r\n"),
	TEXT(PART "--b\n--b--\r\n"),
	TEXT("--b\r\n--b--\r\n"),
	TEXT("--b\r\n\r\n--b--\r\n"),
	TEXT("--b\r\n\r\n1\r\n--b--\r\n"),
	TEXT("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n--b--\r\n"),
	TEXT("--b\nContent-Disposition: form-data; name=\"a\"\n\n1\n--b--\n"),
	TEXT("--b\r\nContent-Disposition: form-data; name=\"a\"\n\n1\r\n--b--\r\n"),
	TEXT("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\n--b\r\nx\r\n--b--\r\n"),
	TEXT("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r--b\r\nx\r\n--b--\r\n"),
	WITH("attachment; name=\"a\""),
	WITH("form-data"),
	WITH("form-data; name=\"\""),
	WITH("form-data; filename=\"a\""),
	WITH("form-data; name=\"a\"; name=\"b\""),
	WITH("form-data; name=\"a\"; NAME=\"a\""),
	WITH("form-data; name=\"a\"; filename=\"x\"; filename=\"y\""),
	WITH("form-data; name=\"a\"; filename*=UTF-8''x"),
	WITH("form-data; name=\"a\"; name*=UTF-8''x"),
	WITH("form-data; name=\"a\\\"b\""),
	WITH("form-data; name=\"a\"; filename=\"x\\\"; filename=\"y\""),
	WITH("form-data; name=\"a"),
	WITH("form-data; name=\"a\"b"),
	WITH("form-data name=\"a\""),
	WITH("form-data; name=\"\xff\""),
	WITH("form-data; name=\"a\"; filename=\"\xff\""),
	WITH("form-data; name=\"a\0b\""),
	HEADER("Content-Disposition: form-data; name=\"b\""),
	HEADER("Content-Type: text/plain\r\nContent-Type: text/html"),
	HEADER("Content-Type: text"),
	HEADER("Content-Transfer-Encoding: base64"),
	HEADER("X : 1"),
	HEADER("X"),
	HEADER(" folded"),
	HEADER("X: a\rb"),
	HEADER("X: a\0b"),
};

static void test_M15_S02_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(refused); i++)
		assert_refused(refused[i], STR("b"));
}

static void test_boundary_is_checked(void **state)
{
	(void)state;
	char longest[71 + 6];
	memset(longest, 'x', sizeof(longest));
	assert_refused(STR("----\r\n"), STR(""));
	assert_refused(STR("--a b--\r\n"), STR("a b"));
	assert_refused(STR("--a\0--\r\n"), STR("a\0"));
	assert_refused(STR("--\"--\r\n"), STR("\""));
	assert_refused((struct str){ longest, sizeof(longest) }, (struct str){ longest, 71 });
}

static void test_every_cut_is_refused(void **state)
{
	(void)state;
	struct str body = STR(PART PART "--b--");
	for (size_t n = 0; n < body.n; n++)
		assert_refused((struct str){ body.p, n }, STR("b"));
}

static void test_L03_limits(void **state)
{
	(void)state;
	char body[8192] = "";
	for (size_t i = 0; i < MULTIPART_PARTS_MAX + 1; i++)
		strcat(body, PART);
	strcat(body, "--b--\r\n");
	assert_refused(str_of(body), STR("b"));
	strcpy(body, "--b\r\nContent-Disposition: form-data; name=\"a\"\r\nX: ");
	memset(body + strlen(body), 'x', 4096);
	strcat(body, "\r\n\r\n1\r\n--b--\r\n");
	assert_refused(str_of(body), STR("b"));
}

static void test_no_memory(void **state)
{
	(void)state;
	struct str body = STR("--b\r\nContent-Disposition: form-data; name=\"a%22\"\r\n\r\n1\r\n--b--\r\n");
	for (size_t max = 1; max < 40; max++) {
		struct arena arena;
		arena_init(&arena, max);
		struct multipart m;
		char *copy;
		parse(body, STR("b"), &arena, &m, &copy);
		free(copy);
		arena_done(&arena);
	}
}

static void test_takes_a_form(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, 0);
	struct multipart m;
	char *copy;
	struct str body = STR("--b\r\nContent-Disposition: form-data; name=\"project_id\"\r\n\r\n1\r\n"
			      "--b\r\ncontent-type: image/png\r\n"
			      "CONTENT-DISPOSITION: Form-Data; filename=\"..%22/x.png\"; name=\"f%22\"\r\n"
			      "Content-Transfer-Encoding: binary\r\n\r\n\r\n-b \n\r--c--b\0\r\n\r\n--b"
			      "\r\nContent-Disposition: form-data; name=empty\r\n\r\n\r\n--b--\r\n");
	assert_true(parse(body, STR("b"), &arena, &m, &copy));
	assert_int_equal(m.count, 3);
	size_t count;
	const struct multipart_part *part = multipart_get(&m, "project_id", &count);
	assert_int_equal(count, 1);
	assert_true(str_is(part->data, "1"));
	assert_null(part->filename.p);
	assert_null(part->content_type.p);
	part = multipart_get(&m, "f\"", NULL);
	assert_true(str_is(part->filename, "..%22/x.png"));
	assert_true(str_is(part->content_type, "image/png"));
	assert_true(str_eq(part->data, STR("\r\n-b \n\r--c--b\0\r\n")));
	part = multipart_get(&m, "empty", &count);
	assert_int_equal(part->data.n, 0);
	assert_null(multipart_get(&m, "Empty", &count));
	assert_int_equal(count, 2);
	assert_null(multipart_get(&m, "x", &count));
	assert_int_equal(count, 0);
	free(copy);
	assert_true(parse(STR("--b--"), STR("b"), &arena, &m, &copy));
	assert_int_equal(m.count, 0);
	free(copy);
	arena_done(&arena);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_M15_S02_refused),
	cmocka_unit_test(test_boundary_is_checked),
	cmocka_unit_test(test_every_cut_is_refused),
	cmocka_unit_test(test_L03_limits),
	cmocka_unit_test(test_no_memory),
	cmocka_unit_test(test_takes_a_form),
};

TEST_MAIN(tests)
