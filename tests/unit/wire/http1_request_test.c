/* SPDX-License-Identifier: Apache-2.0
 * Request heads, and the bodies that hang on them: every refusal of bad-input.md's Y table in its
 * order, then what else is refused, then what is taken. Each case is read whole and byte by byte,
 * and must end alike.
 */
#include "exchange.h"
#include "../test.h"

#include <stdio.h>

#define HOST "Host: a.example\r\n"
#define GET "GET / HTTP/1.1\r\n" HOST
#define POST "POST /x HTTP/1.1\r\n" HOST
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

struct request_case {
	const char *name;
	struct str text;
	int status; /* 0: taken */
};

#define CASE(name, text, status) { #name, { text, sizeof(text) - 1 }, status }

static const struct request_case cases[] = {
	CASE(test_Y01_H08_length_and_transfer_encoding,
	     POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
	CASE(test_Y01_H08_transfer_encoding_and_length,
	     POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
	CASE(test_Y02_two_different_lengths,
	     POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 400),
	CASE(test_Y02_two_different_lengths_in_one_field, POST "Content-Length: 5, 6\r\n\r\nhello!", 400),
	CASE(test_Y03_two_equal_lengths, POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
	CASE(test_Y03_two_equal_lengths_in_one_field, POST "Content-Length: 5, 5\r\n\r\nhello", 400),
	CASE(test_Y04_length_with_plus, POST "Content-Length: +5\r\n\r\nhello", 400),
	CASE(test_Y05_length_with_letter, POST "Content-Length: 5x\r\n\r\nhello", 400),
	CASE(test_Y06_length_in_hexadecimal, POST "Content-Length: 0x5\r\n\r\nhello", 400),
	CASE(test_Y07_space_before_colon, POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
	CASE(test_Y07_tab_before_colon, POST "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n", 400),
	CASE(test_Y08_unknown_coding_and_length,
	     POST "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\nhello", 501),
	CASE(test_Y09_gzip_and_chunked_and_length,
	     POST "Transfer-Encoding: gzip, chunked\r\nContent-Length: 5\r\n\r\nhello", 501),
	CASE(test_Y10_chunked_chunked, POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 501),
	CASE(test_Y11_transfer_encoding_twice,
	     POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
	CASE(test_Y11_transfer_encoding_and_identity,
	     POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 400),
	CASE(test_Y12_transfer_encoding_in_http10,
	     "POST /x HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
	CASE(test_Y13_chunk_size_0x5, CHUNKED "0x5\r\nhello\r\n0\r\n\r\n", 400),
	CASE(test_Y14_chunk_size_plus, CHUNKED "+5\r\nhello\r\n0\r\n\r\n", 400),
	CASE(test_Y15_chunk_size_bare_lf, CHUNKED "5\nhello\r\n0\r\n\r\n", 400),
	CASE(test_Y15_last_chunk_bare_lf, CHUNKED "5\r\nhello\r\n0\n\r\n", 400),
	CASE(test_Y16_chunk_extension_bare_lf, CHUNKED "5;a\nhello\r\n0\r\n\r\n", 400),
	CASE(test_Y16_chunk_extension_bare_cr, CHUNKED "5;a\rb\r\nhello\r\n0\r\n\r\n", 400),
	CASE(test_Y17_chunk_data_without_crlf, CHUNKED "5\r\nhello0\r\n\r\n", 400),
	CASE(test_Y17_chunk_data_with_bare_lf, CHUNKED "5\r\nhello\n0\r\n\r\n", 400),
	CASE(test_Y17_chunk_data_too_long, CHUNKED "5\r\nhello!\r\n0\r\n\r\n", 400),
	CASE(test_Y18_chunk_size_overflow, CHUNKED "10000000000000005\r\nhello\r\n0\r\n\r\n", 400),
	CASE(test_Y18_chunk_size_of_16_digits, CHUNKED "0000000000000005\r\nhello\r\n0\r\n\r\n", 400),
	CASE(test_Y19_H08_folded_with_space, GET "X: a\r\n b\r\n\r\n", 400),
	CASE(test_Y19_H08_folded_with_tab, GET "X: a\r\n\tb\r\n\r\n", 400),
	CASE(test_Y19_first_field_folded, "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
	CASE(test_Y20_H08_bare_lf_line_ends, "GET / HTTP/1.1\nHost: a.example\n\n", 400),
	CASE(test_Y20_H08_bare_lf_in_head, GET "X: a\nY: b\r\n\r\n", 400),
	CASE(test_Y20_empty_line_of_bare_lf, GET "\n", 400),
	CASE(test_Y21_bare_cr_in_value, GET "X: a\rb\r\n\r\n", 400),
	CASE(test_Y21_two_cr, GET "X: a\r\r\n\r\n", 400),
	CASE(test_Y22_nul_in_value, GET "X: a\0b\r\n\r\n", 400),
	CASE(test_Y23_control_in_value, GET "X: a\001b\r\n\r\n", 400),
	CASE(test_Y23_delete_in_value, GET "X: a\177b\r\n\r\n", 400),
	CASE(test_Y24_no_host, "GET / HTTP/1.1\r\nX: a\r\n\r\n", 400),
	CASE(test_Y24_no_fields_at_all, "GET / HTTP/1.1\r\n\r\n", 400),
	CASE(test_Y24_empty_host, "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
	CASE(test_Y25_two_hosts, GET "Host: b.example\r\n\r\n", 400),
	CASE(test_Y25_two_equal_hosts, GET "hOST: a.example\r\n\r\n", 400),
	CASE(test_Y26_space_in_name, GET "X Y: a\r\n\r\n", 400),
	CASE(test_Y27_no_colon, GET "X\r\n\r\n", 400),
	CASE(test_Y28_empty_name, GET ": a\r\n\r\n", 400),
	CASE(test_Y29_brackets_in_name, GET "X[0]: a\r\n\r\n", 400),
	CASE(test_Y29_beyond_ascii_in_name, GET "X\xc3\xa4: a\r\n\r\n", 400),
	CASE(test_Y30_two_spaces_before_target, "GET  / HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_Y30_two_spaces_before_version, "GET /  HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_Y30_space_in_target, "GET /a b HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_Y30_space_after_version, "GET / HTTP/1.1 \r\n" HOST "\r\n", 400),
	CASE(test_Y30_space_before_method, " GET / HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_Y31_tab_in_request_line, "GET\t/ HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_Y31_tab_before_version, "GET /\tHTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_Y32_nul_in_target, "GET /a\0b HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_Y33_http12, "GET / HTTP/1.2\r\n" HOST "\r\n", 505),
	CASE(test_Y34_http20, "GET / HTTP/2.0\r\n" HOST "\r\n", 505),
	CASE(test_Y34_http2_preface, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
	CASE(test_Y35_http09, "GET /\r\n", 400),
	CASE(test_Y35_http09_with_version, "GET / HTTP/0.9\r\n\r\n", 505),

	CASE(test_version_in_lower_case, "GET / http/1.1\r\n" HOST "\r\n", 400),
	CASE(test_version_with_two_digits, "GET / HTTP/1.10\r\n" HOST "\r\n", 400),
	CASE(test_method_is_no_token, "G(T / HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_method_is_empty, " / HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_two_empty_lines_first, "\r\n\r\n" GET "\r\n", 400),
	CASE(test_tls_hello, "\026\003\001\002\000\001\000\001", 400),
	CASE(test_H08_two_authorizations,
	     GET "Authorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n", 400),
	CASE(test_M15_two_content_types, GET "Content-Type: a/b\r\nContent-type: a/b\r\n\r\n", 400),
	CASE(test_length_empty, POST "Content-Length:\r\n\r\n", 400),
	CASE(test_length_negative, POST "Content-Length: -5\r\n\r\nhello", 400),
	CASE(test_length_leading_zero, POST "Content-Length: 010\r\n\r\n0123456789", 400),
	CASE(test_length_with_inner_space, POST "Content-Length: 1 0\r\n\r\n0123456789", 400),
	CASE(test_length_overflow_64, POST "Content-Length: 18446744073709551621\r\n\r\nhello", 413),
	CASE(test_length_overflow_63, POST "Content-Length: 9223372036854775808\r\n\r\nhello", 413),
	CASE(test_length_of_many_digits,
	     POST "Content-Length: 99999999999999999999999999999999999999\r\n\r\nhello", 413),
	CASE(test_expect_unknown, POST "Expect: 200-ok\r\nContent-Length: 5\r\n\r\nhello", 417),
	CASE(test_expect_twice,
	     POST "Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello", 417),
	CASE(test_expect_list,
	     POST "Expect: 100-continue, 100-continue\r\nContent-Length: 5\r\n\r\nhello", 417),
	CASE(test_connection_no_token, GET "Connection: close; now\r\n\r\n", 400),
	CASE(test_connection_hides_authorization, GET "Connection: close, Authorization\r\n\r\n", 400),
	CASE(test_connection_hides_host, GET "Connection: host\r\n\r\n", 400),
	CASE(test_connection_hides_length,
	     POST "Connection: Content-Length\r\nContent-Length: 5\r\n\r\nhello", 400),
	CASE(test_P05_fragment_in_path, "GET /a#b HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_P05_fragment_in_query, "GET /a?b#c HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_P02_backslash_in_path, "GET /a\\b HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_P10_bytes_beyond_ascii_in_path, "GET /\xc0\xaf HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_P10_quote_in_query, "GET /?\"a HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_P10_target_without_slash, "GET a HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_P10_star_for_get, "GET * HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_P10_star_and_more, "OPTIONS *a HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_P10_absolute_other_host, "GET http://b.example/ HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_P10_absolute_other_port, "GET http://a.example:80/ HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_P10_absolute_userinfo, "GET http://a.example@b.example/ HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_P10_absolute_no_path, "GET http://a.example HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_P10_absolute_query_without_path, "GET http://a.example?a HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_P10_absolute_no_host, "GET http:///x HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_P10_absolute_ftp, "GET ftp://a.example/ HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_P10_absolute_without_host_field, "GET http://a.example/ HTTP/1.0\r\n\r\n", 400),
	CASE(test_P10_connect_to_path_of_nothing, "CONNECT @ HTTP/1.1\r\n" HOST "\r\n", 400),
	CASE(test_host_with_userinfo, "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
	CASE(test_host_with_path, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
	CASE(test_host_with_space, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
	CASE(test_host_list, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
	CASE(test_host_percent, "GET / HTTP/1.1\r\nHost: a%2eb\r\n\r\n", 400),
	CASE(test_host_port_empty, "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", 400),
	CASE(test_host_port_large, "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400),
	CASE(test_host_port_alone, "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", 400),
	CASE(test_host_two_ports, "GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n", 400),
	CASE(test_host_bracket_open, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400),
	CASE(test_host_bracket_name, "GET / HTTP/1.1\r\nHost: [localhost]\r\n\r\n", 400),
	CASE(test_host_bracket_zone, "GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n", 400),
	CASE(test_host_bracket_rest, "GET / HTTP/1.1\r\nHost: [::1]a\r\n\r\n", 400),
	CASE(test_trailer_no_colon, CHUNKED "0\r\nX\r\n\r\n", 400),
	CASE(test_trailer_folded, CHUNKED "0\r\nX: a\r\n b\r\n\r\n", 400),
	CASE(test_trailer_bare_lf, CHUNKED "0\r\nX: a\n\r\n", 400),
	CASE(test_trailer_bare_cr, CHUNKED "0\r\nX: a\rb\r\n\r\n", 400),
	CASE(test_trailer_end_bare_cr, CHUNKED "0\r\n\rX", 400),
	CASE(test_trailer_empty_name, CHUNKED "0\r\n: a\r\n\r\n", 400),
	CASE(test_chunk_size_missing, CHUNKED "\r\nhello\r\n0\r\n\r\n", 400),
	CASE(test_chunk_size_negative, CHUNKED "-5\r\nhello\r\n0\r\n\r\n", 400),
	CASE(test_chunk_size_space_before, CHUNKED " 5\r\nhello\r\n0\r\n\r\n", 400),
	CASE(test_chunk_size_space_behind, CHUNKED "5 \r\nhello\r\n0\r\n\r\n", 400),
	CASE(test_chunk_extension_nul, CHUNKED "5;\0\r\nhello\r\n0\r\n\r\n", 400),

	CASE(test_takes_get, GET "\r\n", 0),
	CASE(test_takes_empty_line_first, "\r\n" GET "\r\n", 0),
	CASE(test_takes_http10_without_host, "GET / HTTP/1.0\r\n\r\n", 0),
	CASE(test_takes_length, POST "Content-Length: 5\r\n\r\nhello", 0),
	CASE(test_takes_length_zero, POST "Content-Length: 0\r\n\r\n", 0),
	CASE(test_takes_chunks, CHUNKED "5\r\nhello\r\n00A\r\n0123456789\r\n0\r\n\r\n", 0),
	CASE(test_takes_chunks_in_other_case, POST "transfer-ENCODING:\tChunked \r\n\r\n0\r\n\r\n", 0),
	CASE(test_takes_extension_and_trailer,
	     CHUNKED "5;a=\"b\"\r\nhello\r\n0;z\r\nX-Sum: 1\r\nY:\r\n\r\n", 0),
	CASE(test_takes_absolute_form, "GET HTTP://A.example/x?y=[1] HTTP/1.1\r\n" HOST "\r\n", 0),
	CASE(test_takes_star_for_options, "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 0),
	CASE(test_takes_connect_for_the_gate_to_refuse, "CONNECT a.example:443 HTTP/1.1\r\n" HOST "\r\n", 0),
	CASE(test_takes_trace_for_the_gate_to_refuse, "TRACE / HTTP/1.1\r\n" HOST "\r\n", 0),
	CASE(test_takes_ip6_host, "GET / HTTP/1.1\r\nHost: [::1]:8787\r\n\r\n", 0),
	CASE(test_takes_text_beyond_ascii_in_value, GET "X: \xc3\xa4\r\n\r\n", 0),
	CASE(test_takes_empty_value, GET "X:\r\nY: \t \r\n\r\n", 0),
	CASE(test_takes_empty_list_elements, GET "Connection: , close ,, TE\r\n\r\n", 0),
};

/* Reads the case in steps of one size, and notes what came of it. */
static struct str read_in_steps(const struct request_case *one, size_t step, struct buf *out)
{
	struct exchange e = exchange_read(one->text, step);
	buf_reset(out);
	exchange_print(&e, out);
	int status = e.result == HTTP1_ERROR ? e.error.status : e.result == HTTP1_MORE ? -1 : 0;
	exchange_done(&e);
	assert_int_equal(status, one->status);
	assert_false(out->failed);
	return buf_str(out);
}

static void run_case(void **state)
{
	const struct request_case *one = *state;
	struct buf whole, stepped;
	buf_init(&whole, 1 << 16);
	buf_init(&stepped, 1 << 16);
	struct str expected = read_in_steps(one, one->text.n, &whole);
	for (size_t step = 1; step < 8; step++) {
		struct str got = read_in_steps(one, step, &stepped);
		assert_int_equal(got.n, expected.n);
		assert_memory_equal(got.p, expected.p, expected.n);
	}
	buf_done(&whole);
	buf_done(&stepped);
}

static struct exchange take(const char *text)
{
	struct exchange e = exchange_read(str_of(text), SIZE_MAX / 2);
	assert_int_equal(e.result, HTTP1_DONE);
	return e;
}

static void assert_str(struct str got, const char *expected)
{
	assert_int_equal(got.n, strlen(expected));
	assert_memory_equal(got.p, expected, got.n);
}

static void test_views_of_a_request(void **state)
{
	(void)state;
	struct exchange e = take("PATCH /a/b%20c?x=1&y HTTP/1.1\r\nhost: A.example:80\r\nX-One:  a b\t\r\n"
				 "Content-Length: 3\r\nx-one: c\r\n\r\nabcGET");
	const struct http_request *r = &e.request;
	assert_int_equal(r->method, HTTP_PATCH);
	assert_str(r->method_text, "PATCH");
	assert_str(r->target, "/a/b%20c?x=1&y");
	assert_str(r->path, "/a/b%20c");
	assert_str(r->query, "x=1&y");
	assert_str(r->authority, "A.example:80");
	assert_int_equal(r->length, 3);
	assert_int_equal(e.left, 3);
	assert_int_equal(r->header_count, 4);
	size_t count;
	assert_str(http_request_header(r, STR("X-ONE"), &count), "a b");
	assert_int_equal(count, 2);
	assert_null(http_request_header(r, STR("X-On"), &count).p);
	assert_int_equal(count, 0);
	exchange_done(&e);
}

static void test_views_of_an_absolute_target(void **state)
{
	(void)state;
	struct exchange e = take("GET https://a.example/x?y HTTP/1.1\r\nHost: A.example\r\n\r\n");
	assert_str(e.request.target, "/x?y");
	assert_str(e.request.path, "/x");
	assert_str(e.request.query, "y");
	assert_str(e.request.authority, "A.example");
	exchange_done(&e);
	e = take("GET /x HTTP/1.0\r\n\r\n");
	assert_null(e.request.authority.p);
	assert_null(e.request.query.p);
	exchange_done(&e);
	e = take("GET /x? HTTP/1.0\r\n\r\n");
	assert_non_null(e.request.query.p);
	assert_int_equal(e.request.query.n, 0);
	exchange_done(&e);
}

static void test_methods(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum http_method method;
	} methods[] = {
		{ "GET", HTTP_GET }, { "HEAD", HTTP_HEAD }, { "POST", HTTP_POST }, { "PUT", HTTP_PUT },
		{ "PATCH", HTTP_PATCH }, { "DELETE", HTTP_DELETE }, { "OPTIONS", HTTP_OPTIONS },
		{ "TRACE", HTTP_OTHER }, { "CONNECT", HTTP_OTHER }, { "get", HTTP_OTHER },
		{ "GETS", HTTP_OTHER },
	};
	for (size_t i = 0; i < TEST_COUNT(methods); i++) {
		char text[64];
		snprintf(text, sizeof(text), "%s / HTTP/1.0\r\n\r\n", methods[i].text);
		struct exchange e = take(text);
		assert_int_equal(e.request.method, methods[i].method);
		exchange_done(&e);
	}
}

static void test_keep_alive(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool keep;
	} alive[] = {
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false },
		{ GET "Connection: keep-alive\r\nConnection: x, CLOSE\r\n\r\n", false },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", true },
		{ "GET / HTTP/1.0\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true },
		{ "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false },
	};
	for (size_t i = 0; i < TEST_COUNT(alive); i++) {
		struct exchange e = take(alive[i].text);
		assert_int_equal(e.request.keep_alive, alive[i].keep);
		exchange_done(&e);
	}
}

static void test_expect_continue_needs_a_body(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool expect;
	} expects[] = {
		{ "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\nx", true },
		{ POST "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true },
		{ "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n", false },
		{ "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", false },
		{ "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx", false },
	};
	for (size_t i = 0; i < TEST_COUNT(expects); i++) {
		struct exchange e = take(expects[i].text);
		assert_int_equal(e.request.expect_continue, expects[i].expect);
		exchange_done(&e);
	}
}

/* A head of `before`, n times `piece`, and `after`: its status, read whole and in steps of 997. */
static int status_of(const char *before, const char *piece, size_t n, const char *after)
{
	struct buf text;
	buf_init(&text, 4 << 20);
	buf_add_text(&text, before);
	for (size_t i = 0; i < n; i++)
		buf_add_text(&text, piece);
	buf_add_text(&text, after);
	assert_false(text.failed);
	int statuses[2];
	for (size_t i = 0; i < 2; i++) {
		struct exchange e = exchange_read(buf_str(&text), i == 0 ? text.n : 997);
		statuses[i] = e.result == HTTP1_ERROR ? e.error.status : e.result == HTTP1_MORE ? -1 : 0;
		exchange_done(&e);
	}
	buf_done(&text);
	assert_int_equal(statuses[0], statuses[1]);
	return statuses[0];
}

static void test_L03_limits_of_a_head(void **state)
{
	(void)state;
	const char *line = " HTTP/1.1\r\n" HOST "\r\n";
	assert_int_equal(status_of("GET /", "a", LIMIT_TARGET_BYTES - 1, line), 0);
	assert_int_equal(status_of("GET /", "a", LIMIT_TARGET_BYTES, line), 414);
	assert_int_equal(status_of("GET /", "a", 2 * LIMIT_HEAD_BYTES, ""), 414);
	assert_int_equal(status_of("", "A", 2 * LIMIT_HEAD_BYTES, ""), 414);
	assert_int_equal(status_of(GET, "X: a\r\n", LIMIT_HEADERS - 1, "\r\n"), 0);
	assert_int_equal(status_of(GET, "X: a\r\n", LIMIT_HEADERS, "\r\n"), 431);
	assert_int_equal(status_of(GET, "X: a\r\n", 10000, "\r\n"), 431);
	assert_int_equal(status_of(GET "X: ", "a", 1 << 20, "\r\n\r\n"), 431);
	size_t rest = LIMIT_HEAD_BYTES - strlen(GET "X: \r\n\r\n");
	assert_int_equal(status_of(GET "X: ", "a", rest, "\r\n\r\n"), 0);
	assert_int_equal(status_of(GET "X: ", "a", rest + 1, "\r\n\r\n"), 431);
}

static void test_L03_limits_of_a_chunked_body(void **state)
{
	(void)state;
	const char *rest = "\r\nx\r\n0\r\n\r\n";
	assert_int_equal(status_of(CHUNKED "1;", "a", LIMIT_CHUNK_EXTENSION_BYTES, rest), 0);
	assert_int_equal(status_of(CHUNKED "1;", "a", LIMIT_CHUNK_EXTENSION_BYTES + 1, rest), 400);
	assert_int_equal(status_of(CHUNKED, "1;ab\r\nx\r\n", LIMIT_CHUNK_EXTENSION_BYTES, "0\r\n\r\n"), 400);
	assert_int_equal(status_of(CHUNKED "0\r\nX:", "a", LIMIT_TRAILER_BYTES, "\r\n\r\n"), 431);
	assert_int_equal(status_of(CHUNKED "0\r\n", "X: a\r\n", LIMIT_TRAILER_BYTES / 4, "\r\n"), 431);
	assert_int_equal(status_of(CHUNKED, "000000000000001\r\nx\r\n", 1000, "0\r\n\r\n"), 0);
}

/* A broken body stays broken, whatever comes. */
static void test_chunked_error_is_final(void **state)
{
	(void)state;
	struct http1_chunked c = { 0 };
	struct http1_error error;
	struct str data;
	size_t used;
	assert_int_equal(http1_chunked_read(&c, "x", 1, &used, &data, &error), HTTP1_ERROR);
	assert_int_equal(http1_chunked_read(&c, "0\r\n\r\n", 5, &used, &data, &error), HTTP1_ERROR);
	assert_int_equal(error.status, 400);
}

int main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(test_views_of_a_request),
		cmocka_unit_test(test_views_of_an_absolute_target),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_keep_alive),
		cmocka_unit_test(test_expect_continue_needs_a_body),
		cmocka_unit_test(test_L03_limits_of_a_head),
		cmocka_unit_test(test_L03_limits_of_a_chunked_body),
		cmocka_unit_test(test_chunked_error_is_final),
	};
	struct CMUnitTest tests[TEST_COUNT(cases) + TEST_COUNT(others)];
	static struct request_case copies[TEST_COUNT(cases)];
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		copies[i] = cases[i];
		tests[i] = (struct CMUnitTest){ cases[i].name, run_case, NULL, NULL, &copies[i] };
	}
	memcpy(tests + TEST_COUNT(cases), others, sizeof(others));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
