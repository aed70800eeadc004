/* SPDX-License-Identifier: Apache-2.0
 * Query strings: what is taken is clean text, and encoding it again gives the same pairs.
 */
#include "base/buf.h"
#include "base/text.h"
#include "wire/query.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)

static void encode(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		REQUIRE((uint8_t)text.p[i] >= 0x20 && text.p[i] != 0x7f);
		buf_printf(out, "%%%02X", (uint8_t)text.p[i]);
	}
}

static void require_reads_again(const struct query *query)
{
	struct buf out;
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < query->count; i++) {
		REQUIRE(query->pairs[i].name.n > 0 && query->pairs[i].value.p);
		REQUIRE(utf8_valid(query->pairs[i].name) && utf8_valid(query->pairs[i].value));
		encode(&out, query->pairs[i].name);
		buf_add_char(&out, '=');
		encode(&out, query->pairs[i].value);
		buf_add_char(&out, '&');
	}
	REQUIRE(!out.failed);
	struct arena arena;
	arena_init(&arena, 0);
	struct query again;
	const char *what;
	REQUIRE(query_parse(buf_str(&out), &arena, &again, &what) == QUERY_OK && again.count == query->count);
	for (size_t i = 0; i < query->count; i++)
		REQUIRE(str_eq(query->pairs[i].name, again.pairs[i].name) &&
			str_eq(query->pairs[i].value, again.pairs[i].value));
	arena_done(&arena);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 64 * 1024)
		return 0;
	struct arena arena;
	arena_init(&arena, 0);
	struct query query;
	const char *what = NULL;
	struct str raw = { (const char *)data, size };
	enum query_result result = query_parse(raw, &arena, &query, &what);
	REQUIRE((result == QUERY_OK) == !what);
	if (result == QUERY_OK)
		require_reads_again(&query);
	arena_done(&arena);
	return 0;
}
