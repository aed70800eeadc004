/* SPDX-License-Identifier: Apache-2.0
 * Response heads. What must hold of any bytes: views lie inside the head, an earlier cut never ends
 * otherwise, and reading on after `seen` bytes gives what reading at once gives.
 */
#include "wire/http1.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)

static void require_inside(struct str view, const char *bytes, size_t n)
{
	REQUIRE(!view.p || (view.p >= bytes && view.n <= n && (size_t)(view.p - bytes) <= n - view.n));
}

static void require_good(const struct http_response *r, const char *bytes, size_t n)
{
	REQUIRE(r->status >= 100 && r->status <= 599 && r->status != 101);
	REQUIRE(!(r->chunked && r->has_length) && n <= LIMIT_HEAD_BYTES);
	for (size_t i = 0; i < r->header_count; i++) {
		require_inside(r->headers[i].name, bytes, n);
		require_inside(r->headers[i].value, bytes, n);
		REQUIRE(http_is_token(r->headers[i].name));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_response whole, slow;
	const char *bytes = (const char *)data;
	struct http1_error error;
	size_t head = 0, slow_head = 0, seen, n = 0, step = size < 512 ? 1 : size / 256;
	enum http1_result result = http1_parse_response(bytes, size, 0, &whole, &head, &error), later;

	do {
		seen = n;
		n = size - n < step ? size : n + step;
		char *exact = malloc(n > 0 ? n : 1); /* so that a read past the end is seen */
		REQUIRE(exact);
		memcpy(exact, bytes, n);
		later = http1_parse_response(exact, n, seen, &slow, &slow_head, &error);
		free(exact);
	} while (later == HTTP1_MORE && n < size);
	REQUIRE(later == result);
	if (result == HTTP1_DONE) {
		REQUIRE(head == slow_head && whole.status == slow.status && whole.length == slow.length);
		REQUIRE(http1_response_body(&whole, false) == http1_response_body(&slow, false));
		require_good(&whole, bytes, head);
	}
	return 0;
}
