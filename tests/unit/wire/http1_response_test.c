/* SPDX-License-Identifier: Apache-2.0
 * Response heads: the Y table as far as responses have the same holes, W12, and what is taken. Each
 * case is read whole and byte by byte, and must end alike.
 */
#include "wire/http1.h"
#include "../test.h"

#include <stdlib.h>

#define OK "HTTP/1.1 200 OK\r\n"

struct response_case {
	const char *name, *text;
	size_t n;
	bool good;
};

#define BAD(name, text) { #name, text, sizeof(text) - 1, false }
#define GOOD(name, text) { #name, text, sizeof(text) - 1, true }

static const struct response_case cases[] = {
	BAD(test_Y01_W12_length_and_transfer_encoding, OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
	BAD(test_Y02_two_different_lengths, OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"),
	BAD(test_Y03_two_equal_lengths, OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"),
	BAD(test_Y03_two_equal_lengths_in_one_field, OK "Content-Length: 5, 5\r\n\r\n"),
	BAD(test_Y04_length_with_plus, OK "Content-Length: +5\r\n\r\n"),
	BAD(test_Y05_length_with_letter, OK "Content-Length: 5x\r\n\r\n"),
	BAD(test_Y06_length_in_hexadecimal, OK "Content-Length: 0x5\r\n\r\n"),
	BAD(test_Y07_space_before_colon, OK "Transfer-Encoding : chunked\r\n\r\n"),
	BAD(test_Y08_unknown_coding, OK "Transfer-Encoding: xchunked\r\n\r\n"),
	BAD(test_Y09_gzip_and_chunked, OK "Transfer-Encoding: gzip, chunked\r\n\r\n"),
	BAD(test_Y10_chunked_chunked, OK "Transfer-Encoding: chunked, chunked\r\n\r\n"),
	BAD(test_Y11_transfer_encoding_twice, OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
	BAD(test_Y12_transfer_encoding_in_http10, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
	BAD(test_Y19_folded_header, OK "A: b\r\n c\r\n\r\n"),
	BAD(test_Y20_bare_lf, "HTTP/1.1 200 OK\nA: b\n\n"),
	BAD(test_Y20_bare_lf_in_header, OK "A: b\nC: d\r\n\r\n"),
	BAD(test_Y21_bare_cr_in_value, OK "A: b\rc\r\n\r\n"),
	BAD(test_Y22_nul_in_value, OK "A: b\0c\r\n\r\n"),
	BAD(test_Y23_control_in_value, OK "A: b\001c\r\n\r\n"),
	BAD(test_Y26_space_in_name, OK "A b: c\r\n\r\n"),
	BAD(test_Y27_no_colon, OK "Abc\r\n\r\n"),
	BAD(test_Y28_empty_name, OK ": c\r\n\r\n"),
	BAD(test_Y29_brackets_in_name, OK "[a]: c\r\n\r\n"),
	BAD(test_Y30_two_spaces_in_status_line, "HTTP/1.1  200 OK\r\n\r\n"),
	BAD(test_Y31_tab_in_status_line, "HTTP/1.1\t200 OK\r\n\r\n"),
	BAD(test_Y33_http12, "HTTP/1.2 200 OK\r\n\r\n"),
	BAD(test_Y34_http2, "HTTP/2.0 200 OK\r\n\r\n"),
	BAD(test_Y35_http09, "<html>hello, this is a page</html>\r\n\r\n"),
	BAD(test_W12_W11_101, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
	BAD(test_W12_interim_with_length, "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n"),
	BAD(test_W12_interim_with_chunks, "HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n"),
	BAD(test_W12_204_with_length, "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"),
	BAD(test_empty_line_first, "\r\n" OK "\r\n"),
	BAD(test_status_of_four_digits, "HTTP/1.1 2000 OK\r\n\r\n"),
	BAD(test_status_of_two_digits, "HTTP/1.1 20 OK!\r\n\r\n"),
	BAD(test_status_600, "HTTP/1.1 600 OK\r\n\r\n"),
	BAD(test_status_099, "HTTP/1.1 099 OK\r\n\r\n"),
	BAD(test_content_type_twice, OK "Content-Type: a/b\r\nContent-Type: text/html\r\n\r\n"),
	BAD(test_H03_connection_names_length, OK "Connection: content-length\r\nContent-Length: 1\r\n\r\n"),
	GOOD(test_plain, OK "Content-Length: 5\r\nContent-Type: a/b\r\n\r\n"),
	GOOD(test_no_reason, "HTTP/1.1 200 \r\n\r\n"),
	GOOD(test_no_space_after_status, "HTTP/1.1 200\r\n\r\n"),
	GOOD(test_http10, "HTTP/1.0 404 Nothing\r\n\r\n"),
	GOOD(test_204_with_length_0, "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"),
	GOOD(test_304_with_length, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
	GOOD(test_100, "HTTP/1.1 100 Continue\r\n\r\n"),
};

/* In memory of its own size, so that a read past the end is seen. */
static enum http1_result read_part(const char *text, size_t n, size_t seen, struct http_response *ret,
	size_t *ret_size)
{
	struct http1_error error = { 0 };
	char *copy = malloc(n > 0 ? n : 1);
	assert_non_null(copy);
	memcpy(copy, text, n);
	enum http1_result result = http1_parse_response(copy, n, seen, ret, ret_size, &error);
	if (result == HTTP1_ERROR)
		assert_int_equal(error.status, 502);
	free(copy);
	return result;
}

static void run_case(void **state)
{
	const struct response_case *one = *state;
	static struct http_response response;
	size_t size = 0, n = 0;
	enum http1_result wanted = one->good ? HTTP1_DONE : HTTP1_ERROR, result = HTTP1_MORE;

	assert_int_equal(read_part(one->text, one->n, 0, &response, &size), wanted);
	if (one->good)
		assert_int_equal(size, one->n);
	for (; result == HTTP1_MORE && n < one->n; n++)
		result = read_part(one->text, n + 1, n, &response, &size);
	assert_int_equal(result, wanted);
}

static enum http1_body body_of(const char *text, bool to_head)
{
	static struct http_response response;
	struct http1_error error;
	size_t size;
	assert_int_equal(http1_parse_response(text, strlen(text), 0, &response, &size, &error), HTTP1_DONE);
	return http1_response_body(&response, to_head);
}

static void test_bodies(void **state)
{
	(void)state;
	assert_int_equal(body_of(OK "Content-Length: 5\r\n\r\n", false), HTTP1_BODY_LENGTH);
	assert_int_equal(body_of(OK "Content-Length: 5\r\n\r\n", true), HTTP1_BODY_NONE);
	assert_int_equal(body_of(OK "Transfer-Encoding: Chunked\r\n\r\n", false), HTTP1_BODY_CHUNKED);
	assert_int_equal(body_of(OK "\r\n", false), HTTP1_BODY_UNTIL_CLOSE);
	assert_int_equal(body_of("HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n", false), HTTP1_BODY_NONE);
	assert_int_equal(body_of("HTTP/1.1 204 X\r\n\r\n", false), HTTP1_BODY_NONE);
	assert_int_equal(body_of("HTTP/1.1 103 X\r\nLink: a\r\n\r\n", false), HTTP1_BODY_NONE);
}

static void test_keep_alive(void **state)
{
	static struct http_response response;
	static const struct {
		const char *text;
		bool keep;
	} all[] = {
		{ OK "\r\n", true },
		{ OK "Connection: close\r\n\r\n", false },
		{ OK "Connection: x, Close\r\n\r\n", false },
		{ "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct http1_error error;
		size_t size;
		assert_int_equal(http1_parse_response(all[i].text, strlen(all[i].text), 0, &response, &size, &error),
			HTTP1_DONE);
		assert_int_equal(response.keep_alive, all[i].keep);
	}
}

static void test_L03_head_too_long(void **state)
{
	static struct http_response response;
	static char text[LIMIT_HEAD_BYTES + 1];
	struct http1_error error;
	size_t size;
	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, OK "A: ", strlen(OK "A: "));
	assert_int_equal(http1_parse_response(text, LIMIT_HEAD_BYTES - 1, 0, &response, &size, &error), HTTP1_MORE);
	assert_int_equal(http1_parse_response(text, LIMIT_HEAD_BYTES, 0, &response, &size, &error), HTTP1_ERROR);
	assert_int_equal(error.status, 502);
}

int main(void)
{
	enum { COUNT = sizeof(cases) / sizeof(cases[0]) };
	static struct CMUnitTest tests[COUNT + 3];
	for (size_t i = 0; i < COUNT; i++)
		tests[i] = (struct CMUnitTest){ cases[i].name, run_case, NULL, NULL, (void *)(uintptr_t)&cases[i] };
	tests[COUNT] = (struct CMUnitTest)cmocka_unit_test(test_bodies);
	tests[COUNT + 1] = (struct CMUnitTest)cmocka_unit_test(test_keep_alive);
	tests[COUNT + 2] = (struct CMUnitTest)cmocka_unit_test(test_L03_head_too_long);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return _cmocka_run_group_tests("responses", tests, COUNT + 3, NULL, NULL);
}
