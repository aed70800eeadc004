/* SPDX-License-Identifier: Apache-2.0
 * Feeds: what is refused, and what an item is.
 */
#include "wire/rss.h"

#include "../test.h"

#include <stdio.h>
#include <stdlib.h>

static struct arena arena;
static struct rss_feed feed;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static const char *parse(const char *text)
{
	const char *what = NULL;
	return rss_parse(str_of(text), &arena, &feed, &what) ? NULL : what;
}

#define RSS(items) "<?xml version='1.0'?><rss version='2.0'><channel><title>Feed</title>" items "</channel></rss>"
#define ATOM(items) "<feed xmlns='http://www.w3.org/2005/Atom'><title>Feed</title>" items "</feed>"

static void test_S03_what_is_no_feed(void **state)
{
	(void)state;
	static const char doctype[] = "it declares a document type, which no feed needs", no_xml[] = "it is no XML that can be read",
		neither[] = "it is neither RSS 2.0 nor Atom";
	static const struct { const char *text, *what; } cases[] = {
		{ "", "it is empty" }, { "hello", no_xml }, { "<rss", no_xml }, { "<rss><channel></rss>", no_xml }, { "{}", no_xml },
		{ "<html><body/></html>", neither }, { "<feed><entry/></feed>", neither },
		{ "<!DOCTYPE rss><rss/>", doctype },
		{ "<!DOCTYPE rss [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><rss><channel><title>&b;</title></channel></rss>",
		  doctype },
		{ "<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><rss><channel><title>&x;</title></channel></rss>", doctype },
		{ "<!DOCTYPE rss SYSTEM 'http://127.0.0.1/x.dtd'><rss/>", doctype },
		{ RSS("<item><title>&nothing;</title></item>"), no_xml },
		{ "<?xml version='1.0' encoding='x-unknown'?><rss/>", no_xml }, { "<rss>\x01</rss>", no_xml }, { "<rss>\xff</rss>", no_xml },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		const char *what = parse(cases[i].text);
		assert_non_null(what);
		assert_string_equal(what, cases[i].what);
	}
	char *deep = arena_alloc(&arena, 3 * 100 + 16);
	strcpy(deep, "<rss>");
	for (int i = 0; i < 100; i++)
		strcat(deep, "<a>");
	assert_string_equal(parse(deep), "it is nested too deeply");
	const char *what;
	char *large = arena_alloc(&arena, RSS_BYTES_MAX + 1);
	memset(large, ' ', RSS_BYTES_MAX + 1);
	assert_false(rss_parse((struct str){ large, RSS_BYTES_MAX + 1 }, &arena, &feed, &what));
	assert_string_equal(what, "it is too large");
}

static void test_rss(void **state)
{
	(void)state;
	assert_null(parse(RSS(
		"<image><title>Not this</title></image><link>https://f.example/</link>"
		"<item><title>One &amp;amp; two</title><link> https://a.example/1?x=1&amp;y=2 </link>"
		"<guid isPermaLink='false'>id-1</guid><pubDate>Tue, 10 Jun 2003 06:00:00 +0200</pubDate>"
		"<description><![CDATA[<p>A <b>bold</b>&nbsp;word.<br/>Next&#39;s &#x1F600; line</p><script>x</script>]]></description>"
		"<title>Second title</title></item>"
		"<item><description>Only this</description></item><item></item>"
		"<item><title>T</title><link>javascript:alert(1)</link><pubDate>yesterday</pubDate></item>")));
	assert_string_equal(feed.title.p, "Feed");
	assert_int_equal(feed.count, 3);
	const struct rss_item *item = &feed.items[0];
	assert_string_equal(item->title.p, "One & two");
	assert_string_equal(item->link.p, "https://a.example/1?x=1&y=2");
	assert_string_equal(item->key.p, "id-1");
	assert_string_equal(item->summary.p, "A bold word. Next's \xf0\x9f\x98\x80 line x");
	assert_int_equal(item->published_ms, 1055217600000);
	assert_string_equal(feed.items[1].summary.p, "Only this");
	assert_string_equal(feed.items[1].key.p, " 0");
	assert_string_equal(feed.items[2].link.p, "");
	assert_string_equal(feed.items[2].key.p, "T 0");
}

static void test_atom(void **state)
{
	(void)state;
	assert_null(parse(ATOM(
		"<entry><id>urn:1</id><title type='html'>&lt;i&gt;One&lt;/i&gt;</title><link rel='self' href='https://a.example/self'/>"
		"<link href='https://a.example/1'/><published>2030-01-02T03:04:05Z</published><updated>2031-01-01T00:00:00Z</updated>"
		"<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>A</p><p>B</p></div></content></entry>"
		"<entry><title>Two</title><link rel='alternate' href='https://a.example/2'/><summary>S</summary><content>C</content>"
		"<updated>2030-01-02T03:04:05+01:00</updated><source><title>Other</title></source></entry>"
		"<x:entry xmlns:x='urn:other'><x:title>Not ours</x:title></x:entry>")));
	assert_int_equal(feed.count, 2);
	assert_string_equal(feed.items[0].key.p, "urn:1");
	assert_string_equal(feed.items[0].title.p, "One");
	assert_string_equal(feed.items[0].link.p, "https://a.example/1");
	assert_string_equal(feed.items[0].summary.p, "A B");
	assert_int_equal(feed.items[0].published_ms, 1893553445000);
	assert_string_equal(feed.items[1].key.p, "https://a.example/2");
	assert_string_equal(feed.items[1].summary.p, "S");
	assert_int_equal(feed.items[1].published_ms, 1893549845000);
}

static void test_limits(void **state)
{
	(void)state;
	size_t room = 400 * 64 + 1024 + 100000;
	char *text = arena_alloc(&arena, room), *end_of = text;
	end_of += sprintf(end_of, "<rss><channel><item><title>");
	memset(end_of, 'x', 50000);
	end_of += 50000;
	end_of += sprintf(end_of, "</title><guid>first</guid></item>");
	for (int i = 0; i < 300; i++)
		end_of += sprintf(end_of, "<item><title>T</title><guid>%d</guid></item>", i);
	sprintf(end_of, "</channel></rss>");
	assert_null(parse(text));
	assert_int_equal(feed.count, RSS_ITEMS_MAX);
	assert_int_equal(feed.items[0].title.n, RSS_TITLE_CHARS);
	assert_string_equal(feed.items[1].key.p, "0");
}

static void test_plain_text(void **state)
{
	(void)state;
	static const struct { const char *html, *text; } cases[] = {
		{ "", "" }, { "a", "a" }, { "  a \n\t b  ", "a b" }, { "1 < 2 & 3 > 2", "1 < 2 & 3 > 2" }, { "<p>a</p><p>b</p>", "a b" },
		{ "a<!-- no -->b", "a b" }, { "&lt;b&gt;", "<b>" }, { "&unknown;", "&unknown;" }, { "&#0;&#55296;&#x110000;a", "&#0;&#x110000;a" },
		{ "a\x01" "b\x7f" "c", "a bc" }, { "\xff" "a\xc2\x85" "b", "ab" }, { "<unended", "<unended" }, { "a&#133;b", "ab" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" }, { "0123456789abcdef", "0123456789" }, { "012345678 9a", "012345678" },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		assert_string_equal(rss_plain(str_of(cases[i].html), i < 14 ? 100 : 10, &arena).p, cases[i].text);
}

static void test_dates(void **state)
{
	(void)state;
	static const struct { const char *text; int64_t ms; } cases[] = {
		{ "Tue, 10 Jun 2003 04:00:00 GMT", 1055217600000 }, { "10 Jun 2003 04:00 UT", 1055217600000 },
		{ "Tue, 1 Jun 2003 04:00:00 Z", 1054440000000 }, { "Tue,  10  jun 2003 06:00:00 +0200", 1055217600000 },
		{ "", 0 }, { "Tue, 10 Jun 03 04:00:00 GMT", 0 }, { "Tue, 31 Jun 2003 04:00:00 GMT", 0 }, { "Tue, 10 Jun 2003 25:00:00 GMT", 0 },
		{ "Tue, 10 Jun 2003 04:00:00 EST", 0 }, { "Tue, 10 Jun 2003", 0 }, { "10 Jun 2003 04:00:00 +2:00", 0 }, { "2003-06-10", 0 },
		{ "Tue, 10 Juni 2003 04:00:00 GMT", 0 }, { "Tue, 10 Jun 2003 04:00:00 +9999", 0 },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		int64_t ms = 0;
		assert_int_equal(rss_date(str_of(cases[i].text), &ms), cases[i].ms != 0);
		assert_int_equal(ms, cases[i].ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_S03_what_is_no_feed, begin, end),
		cmocka_unit_test_setup_teardown(test_rss, begin, end),
		cmocka_unit_test_setup_teardown(test_atom, begin, end),
		cmocka_unit_test_setup_teardown(test_limits, begin, end),
		cmocka_unit_test_setup_teardown(test_plain_text, begin, end),
		cmocka_unit_test_setup_teardown(test_dates, begin, end),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
