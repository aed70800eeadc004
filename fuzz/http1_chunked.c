/* SPDX-License-Identifier: Apache-2.0
 * Chunked bodies: however the bytes are cut into reads, the same data comes of them and the same
 * end; and data that is written as chunks again reads as the same data. The first byte says how the
 * rest is cut.
 */
#include "wire/http1.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)

struct read {
	enum http1_result result;
	struct buf data; /* owned */
	size_t used;
	struct http1_error error;
};

static struct read read_all(struct str bytes, size_t step)
{
	struct read r = { .result = HTTP1_MORE };
	struct http1_chunked chunked = { 0 };
	buf_init(&r.data, bytes.n + 1);
	while (r.result == HTTP1_MORE && r.used < bytes.n) {
		size_t n = bytes.n - r.used < step ? bytes.n - r.used : step, used = 0;
		struct str data = { NULL, 0 };
		char *exact = malloc(n);
		REQUIRE(exact);
		memcpy(exact, bytes.p + r.used, n);
		r.result = http1_chunked_read(&chunked, exact, n, &used, &data, &r.error);
		if (r.result != HTTP1_ERROR) {
			REQUIRE(used <= n && (used > 0 || r.result == HTTP1_DONE));
			REQUIRE(data.n == 0 || (data.p >= exact && data.p + data.n <= exact + used));
			REQUIRE(buf_add_str(&r.data, data));
			r.used += used;
		}
		free(exact);
	}
	return r;
}

static void require_reads_again(struct str data)
{
	struct buf out;
	buf_init(&out, data.n + 64);
	REQUIRE(http1_write_chunk(&out, data) && http1_write_last_chunk(&out));
	struct read again = read_all(buf_str(&out), out.n);
	REQUIRE(again.result == HTTP1_DONE && again.used == out.n && str_eq(buf_str(&again.data), data));
	buf_done(&again.data);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct str bytes = { (const char *)data + 1, size - 1 };
	struct read whole = read_all(bytes, size);
	struct read cut = read_all(bytes, 1 + data[0] % 17);
	REQUIRE(whole.result == cut.result);
	REQUIRE(str_eq(buf_str(&whole.data), buf_str(&cut.data)));
	if (whole.result == HTTP1_ERROR)
		REQUIRE(whole.error.status == cut.error.status && whole.error.what == cut.error.what);
	if (whole.result == HTTP1_DONE) {
		REQUIRE(whole.used == cut.used);
		require_reads_again(buf_str(&whole.data));
	}
	buf_done(&whole.data);
	buf_done(&cut.data);
	return 0;
}
