/* SPDX-License-Identifier: Apache-2.0
 * Feeds: whatever comes in, what comes out is clean text within its limits, and links are web addresses.
 */
#include "base/text.h"
#include "wire/rss.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)

static void require_clean(struct str text, size_t chars_max)
{
	REQUIRE(text.p && utf8_valid(text) && utf8_length(text) <= chars_max);
	for (size_t i = 0; i < text.n; i++)
		REQUIRE((uint8_t)text.p[i] >= 0x20 && text.p[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = { (const char *)data, size };
	struct rss_feed feed;
	struct arena arena;
	const char *what = NULL;
	int64_t ms;

	arena_init(&arena, 64 * 1024 * 1024);
	if (rss_parse(input, &arena, &feed, &what)) {
		REQUIRE(feed.count <= RSS_ITEMS_MAX);
		require_clean(feed.title, RSS_TITLE_CHARS);
		for (size_t i = 0; i < feed.count; i++) {
			const struct rss_item *item = &feed.items[i];
			require_clean(item->title, RSS_TITLE_CHARS);
			require_clean(item->summary, RSS_SUMMARY_CHARS);
			REQUIRE(item->key.p && item->link.p && item->link.n <= RSS_LINK_MAX);
			REQUIRE(item->link.n == 0 || str_starts(item->link, STR("http")));
		}
	} else {
		REQUIRE(what);
	}
	require_clean(rss_plain(input, 50, &arena), 50);
	(void)rss_date(input, &ms);
	arena_done(&arena);
	return 0;
}
