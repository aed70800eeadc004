/* SPDX-License-Identifier: Apache-2.0
 * Heads of HTTP/2, negative cases first; then that one which is taken reads as the same request would in HTTP/1.1.
 */
#include "wire/http2.h"
#include "../test.h"

#include <stdio.h>

#define MOST 8

struct head_case {
	const char *name;
	struct http2_pseudo pseudo;
	struct http_header fields[MOST];
	bool open; /* a body follows */
	int status; /* 0: taken */
};

#define S(text) { text, sizeof(text) - 1 }
#define F(name, value) { S(name), S(value) }
#define NONE { NULL, 0 }
#define GET { S("GET"), S("https"), S("a.example"), S("/x") }
#define POST { S("POST"), S("https"), S("a.example"), S("/x") }

static const struct head_case cases[] = {
	{ "test_W01_length_without_a_body", POST, { F("content-length", "5") }, false, 400 },
	{ "test_W01_length_that_is_no_number", POST, { F("content-length", "5x") }, true, 400 },
	{ "test_W01_two_lengths", POST, { F("content-length", "5"), F("content-length", "5") }, true, 400 },
	{ "test_W02_transfer_encoding", POST, { F("transfer-encoding", "chunked") }, true, 400 },
	{ "test_W02_connection", GET, { F("connection", "close") }, false, 400 },
	{ "test_W02_keep_alive", GET, { F("keep-alive", "5") }, false, 400 },
	{ "test_W02_proxy_connection", GET, { F("proxy-connection", "close") }, false, 400 },
	{ "test_W02_upgrade", GET, { F("upgrade", "h2c") }, false, 400 },
	{ "test_W02_te_gzip", GET, { F("te", "gzip") }, false, 400 },
	{ "test_W02_te_list", GET, { F("te", "trailers, gzip") }, false, 400 },
	{ "test_W03_upper_case_name", GET, { F("X-A", "1") }, false, 400 },
	{ "test_W03_colon_in_name", GET, { F("x:a", "1") }, false, 400 },
	{ "test_W03_space_in_name", GET, { F("x a", "1") }, false, 400 },
	{ "test_W03_empty_name", GET, { F("", "1") }, false, 400 },
	{ "test_W03_cr_in_value", GET, { F("x-a", "1\rb") }, false, 400 },
	{ "test_W03_lf_in_value", GET, { F("x-a", "1\nb") }, false, 400 },
	{ "test_W03_nul_in_value", GET, { F("x-a", "1\0b") }, false, 400 },
	{ "test_W03_space_before_value", GET, { F("x-a", " 1") }, false, 400 },
	{ "test_W03_tab_behind_value", GET, { F("x-a", "1\t") }, false, 400 },
	{ "test_W04_no_method", { NONE, S("https"), S("a"), S("/") }, { { NONE } }, false, 400 },
	{ "test_W04_no_scheme", { S("GET"), NONE, S("a"), S("/") }, { { NONE } }, false, 400 },
	{ "test_W04_no_path", { S("GET"), S("https"), S("a"), NONE }, { { NONE } }, false, 400 },
	{ "test_W04_W05_no_authority_and_no_host", { S("GET"), S("https"), NONE, S("/") }, { { NONE } }, false, 400 },
	{ "test_W04_another_scheme", { S("GET"), S("ftp"), S("a"), S("/") }, { { NONE } }, false, 400 },
	{ "test_W05_host_unlike_authority", GET, { F("host", "b.example") }, false, 400 },
	{ "test_W05_host_twice", GET, { F("host", "a.example"), F("host", "a.example") }, false, 400 },
	{ "test_W05_userinfo", { S("GET"), S("https"), S("u@a"), S("/") }, { { NONE } }, false, 400 },
	{ "test_W05_empty_authority", { S("GET"), S("https"), S(""), S("/") }, { F("host", "a") }, false, 400 },
	{ "test_W06_space_in_path", { S("GET"), S("https"), S("a"), S("/a b") }, { { NONE } }, false, 400 },
	{ "test_W06_nul_in_path", { S("GET"), S("https"), S("a"), S("/a\0b") }, { { NONE } }, false, 400 },
	{ "test_W06_fragment", { S("GET"), S("https"), S("a"), S("/a#b") }, { { NONE } }, false, 400 },
	{ "test_W06_empty_path", { S("GET"), S("https"), S("a"), S("") }, { { NONE } }, false, 400 },
	{ "test_W06_url_as_path", { S("GET"), S("https"), S("a"), S("https://a/") }, { { NONE } }, false, 400 },
	{ "test_W06_star_for_get", { S("GET"), S("https"), S("a"), S("*") }, { { NONE } }, false, 400 },
	{ "test_W06_space_in_method", { S("G T"), S("https"), S("a"), S("/") }, { { NONE } }, false, 400 },
	{ "test_W06_empty_method", { S(""), S("https"), S("a"), S("/") }, { { NONE } }, false, 400 },
	{ "test_W11_connect_with_a_path", { S("CONNECT"), NONE, S("a:1"), S("/") }, { { NONE } }, false, 400 },
	{ "test_W11_connect_to_no_host", { S("CONNECT"), NONE, S("a/b"), NONE }, { { NONE } }, false, 400 },
	{ "test_H08_two_authorizations", GET, { F("authorization", "a"), F("authorization", "a") }, false, 400 },
	{ "test_two_content_types", POST, { F("content-type", "a/b"), F("content-type", "a/b") }, true, 400 },
	{ "test_another_expect", POST, { F("expect", "x") }, true, 417 },
	{ "test_plain", GET, { F("x-a", "1") }, false, 0 },
	{ "test_te_trailers", GET, { F("te", "trailers") }, false, 0 },
	{ "test_length", POST, { F("content-length", "5") }, true, 0 },
	{ "test_no_length", POST, { F("expect", "100-continue") }, true, 0 },
	{ "test_host_alone", { S("GET"), S("https"), NONE, S("/") }, { F("host", "a.example:8443") }, false, 0 },
	{ "test_host_beside_authority", GET, { F("host", "A.example") }, false, 0 },
	{ "test_options_star", { S("OPTIONS"), S("https"), S("a"), S("*") }, { { NONE } }, false, 0 },
	{ "test_W11_connect", { S("CONNECT"), NONE, S("a:1"), NONE }, { { NONE } }, false, 0 },
	{ "test_query", { S("DELETE"), S("http"), S("[::1]:80"), S("/a%20b?c=d&e") }, { { NONE } }, false, 0 },
};

static struct http_request *read_case(const struct head_case *c, struct arena *arena, struct http1_error *error)
{
	size_t n = 0;
	while (n < MOST && c->fields[n].name.p)
		n++;
	return http2_read_request(&c->pseudo, c->fields, n, !c->open, arena, error);
}

/* The same as text of HTTP/1.1 has it. */
static struct str as_http1(const struct http_request *r, struct arena *arena, bool open)
{
	struct buf out;
	buf_init(&out, 65536);
	buf_add_str(&out, r->method_text);
	buf_add_char(&out, ' ');
	buf_add_str(&out, r->target);
	buf_add_text(&out, " HTTP/1.1\r\n");
	for (size_t i = 0; i < r->header_count; i++)
		assert_true(http1_write_header(&out, r->headers[i].name, r->headers[i].value));
	buf_add_text(&out, open && !r->has_length ? "transfer-encoding: chunked\r\n\r\n" : "\r\n");
	struct str text = arena_copy_str(arena, buf_str(&out));
	buf_done(&out);
	return text;
}

static void check_same(const struct http_request *r, bool open)
{
	static struct http_request old;
	struct arena arena;
	struct http1_error error;
	size_t size;

	arena_init(&arena, 0);
	struct str text = as_http1(r, &arena, open);
	assert_int_equal(http1_parse_request(text.p, text.n, 0, &old, &size, &error), HTTP1_DONE);
	assert_true(str_eq(old.method_text, r->method_text) && old.method == r->method);
	assert_true(str_eq(old.path, r->path) && str_eq(old.query, r->query) && !old.query.p == !r->query.p);
	assert_true(str_eq(old.authority, r->authority) && old.minor == r->minor && old.keep_alive == r->keep_alive);
	assert_int_equal(old.chunked, r->chunked);
	assert_int_equal(old.has_length, r->has_length);
	assert_int_equal(old.length, r->length);
	assert_int_equal(old.expect_continue, r->expect_continue);
	arena_done(&arena);
}

static void run_case(void **state)
{
	const struct head_case *c = *state;
	struct http1_error error = { 0 };
	struct arena arena;

	arena_init(&arena, 0);
	struct http_request *r = read_case(c, &arena, &error);
	if ((c->status == 0) != (r != NULL) || error.status != c->status)
		fail_msg("%s: %d %s", c->name, error.status, error.what ? error.what : "");
	if (r)
		check_same(r, c->open);
	arena_done(&arena);
}

static void test_cookies_become_one(void **state)
{
	static const struct http_header fields[] = { F("cookie", "a=1"), F("x-a", "1"), F("cookie", "b=2"), F("cookie", "") };
	static const struct http2_pseudo pseudo = GET;
	struct http1_error error;
	struct arena arena;
	size_t count;

	(void)state;
	arena_init(&arena, 0);
	struct http_request *r = http2_read_request(&pseudo, fields, 4, true, &arena, &error);
	assert_non_null(r);
	assert_int_equal(r->header_count, 3);
	assert_true(str_eq(http_request_header(r, STR("Cookie"), &count), STR("a=1; b=2; ")));
	assert_int_equal(count, 1);
	assert_true(str_eq(r->headers[0].name, STR("cookie")) && str_eq(r->headers[1].name, STR("x-a")));
	arena_done(&arena);
}

static void test_L03_too_many_headers(void **state)
{
	static struct http_header fields[LIMIT_HEADERS];
	static const struct http2_pseudo pseudo = GET;
	struct http1_error error = { 0 };
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	for (size_t i = 0; i < LIMIT_HEADERS; i++)
		fields[i] = (struct http_header){ S("x-a"), S("1") };
	assert_null(http2_read_request(&pseudo, fields, LIMIT_HEADERS, true, &arena, &error));
	assert_int_equal(error.status, 431);
	assert_non_null(http2_read_request(&pseudo, fields, LIMIT_HEADERS - 1, true, &arena, &error));
	arena_done(&arena);
}

static void test_without_memory(void **state)
{
	static const struct http_header fields[] = { F("cookie", "a=1"), F("cookie", "b=2") };
	static const struct http2_pseudo pseudo = GET;
	size_t most = 0;
	bool read = false;

	(void)state;
	while (!read) {
		struct http1_error error = { 0 };
		struct arena arena;
		arena_init(&arena, most += 16);
		read = http2_read_request(&pseudo, fields, 2, true, &arena, &error) != NULL;
		assert_int_equal(error.status, read ? 0 : 503);
		arena_done(&arena);
	}
	assert_true(most > sizeof(struct http_header));
}

static void test_pseudo_fields_stand_once(void **state)
{
	struct http2_pseudo pseudo = { 0 };

	(void)state;
	assert_null(http2_pseudo_field(&pseudo, STR(":status")));
	assert_null(http2_pseudo_field(&pseudo, STR(":")));
	assert_null(http2_pseudo_field(&pseudo, STR("path")));
	struct str *path = http2_pseudo_field(&pseudo, STR(":path"));
	assert_ptr_equal(path, &pseudo.path);
	*path = STR("/");
	assert_null(http2_pseudo_field(&pseudo, STR(":path")));
	assert_ptr_equal(http2_pseudo_field(&pseudo, STR(":method")), &pseudo.method);
	assert_ptr_equal(http2_pseudo_field(&pseudo, STR(":scheme")), &pseudo.scheme);
	assert_ptr_equal(http2_pseudo_field(&pseudo, STR(":authority")), &pseudo.authority);
}

int main(void)
{
	static struct CMUnitTest tests[TEST_COUNT(cases) + 4];
	size_t n = 0;

	for (; n < TEST_COUNT(cases); n++)
		tests[n] = (struct CMUnitTest){ cases[n].name, run_case, NULL, NULL, (void *)(uintptr_t)&cases[n] };
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_cookies_become_one);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_L03_too_many_headers);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_without_memory);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_pseudo_fields_stand_once);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return _cmocka_run_group_tests("tests", tests, n, NULL, NULL) == 0 ? 0 : 1;
}
