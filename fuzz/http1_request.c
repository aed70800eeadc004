/* SPDX-License-Identifier: Apache-2.0
 * Request heads. What must hold of any bytes: views lie inside the head, an earlier cut never ends
 * otherwise, going on after `seen` bytes gives what reading at once gives, and a request that is
 * written out again reads as the same request.
 */
#include "wire/http1.h"
#include "wire/http_class.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct parsed {
	enum http1_result result;
	struct http_request request;
	size_t size;
	struct http1_error error;
};

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)

static void require_inside(struct str view, const char *bytes, size_t n)
{
	REQUIRE(!view.p || (view.p >= bytes && view.n <= n && (size_t)(view.p - bytes) <= n - view.n));
}

static void require_views(const struct parsed *one, const char *bytes)
{
	const struct http_request *r = &one->request;
	const struct str views[] = { r->method_text, r->target, r->path, r->query, r->authority };
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
		require_inside(views[i], bytes, one->size);
	REQUIRE(r->header_count <= LIMIT_HEADERS && one->size <= LIMIT_HEAD_BYTES);
	REQUIRE(!(r->chunked && r->has_length));
	for (size_t i = 0; i < r->header_count; i++) {
		require_inside(r->headers[i].name, bytes, one->size);
		require_inside(r->headers[i].value, bytes, one->size);
		REQUIRE(http_is_token(r->headers[i].name));
		struct str value = r->headers[i].value;
		REQUIRE(http_span(value.p, value.n, CLASS_TEXT) == value.n);
	}
}

static bool same_request(const struct http_request *a, const struct http_request *b)
{
	bool same = a->method == b->method && a->minor == b->minor && a->keep_alive == b->keep_alive &&
		    a->expect_continue == b->expect_continue && a->chunked == b->chunked &&
		    a->has_length == b->has_length && a->length == b->length &&
		    a->header_count == b->header_count &&
		    str_eq(a->method_text, b->method_text) && str_eq(a->target, b->target) &&
		    str_eq(a->path, b->path) && str_eq(a->query, b->query) &&
		    str_eq(a->authority, b->authority);
	for (size_t i = 0; same && i < a->header_count; i++)
		same = str_eq(a->headers[i].name, b->headers[i].name) &&
		       str_eq(a->headers[i].value, b->headers[i].value);
	return same;
}

static void require_same(const struct parsed *a, const struct parsed *b)
{
	REQUIRE(a->result == b->result);
	if (a->result == HTTP1_ERROR)
		REQUIRE(a->error.status == b->error.status && a->error.what == b->error.what);
	if (a->result == HTTP1_DONE)
		REQUIRE(a->size == b->size && same_request(&a->request, &b->request));
}

static void require_reads_again(const struct parsed *one)
{
	static struct parsed again;
	const struct http_request *r = &one->request;
	struct buf out;
	buf_init(&out, 4 * LIMIT_HEAD_BYTES);
	buf_add_str(&out, r->method_text);
	buf_add_char(&out, ' ');
	buf_add_str(&out, r->target);
	buf_printf(&out, " HTTP/1.%u\r\n", r->minor);
	for (size_t i = 0; i < r->header_count; i++)
		REQUIRE(http1_write_header(&out, r->headers[i].name, r->headers[i].value));
	buf_add_text(&out, "\r\n");
	if (out.n <= LIMIT_HEAD_BYTES) { /* a space may have come behind each colon */
		again.result =
			http1_parse_request(out.p, out.n, 0, &again.request, &again.size, &again.error);
		REQUIRE(again.result == HTTP1_DONE && again.size == out.n);
		REQUIRE(same_request(r, &again.request));
	}
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct parsed whole, slow;
	const char *bytes = (const char *)data;
	whole.result = http1_parse_request(bytes, size, 0, &whole.request, &whole.size, &whole.error);
	size_t step = size < 512 ? 1 : size / 256, n = 0, seen = 0;
	do {
		seen = n;
		n = size - n < step ? size : n + step;
		char *exact = malloc(n > 0 ? n : 1); /* so that a read past the end is seen */
		REQUIRE(exact);
		memcpy(exact, bytes, n);
		slow.result = http1_parse_request(exact, n, seen, &slow.request, &slow.size, &slow.error);
		if (slow.result != HTTP1_MORE)
			require_same(&whole, &slow);
		free(exact);
	} while (slow.result == HTTP1_MORE && n < size);
	REQUIRE(slow.result == whole.result);
	if (whole.result == HTTP1_DONE) {
		require_views(&whole, bytes);
		require_reads_again(&whole);
	}
	return 0;
}
