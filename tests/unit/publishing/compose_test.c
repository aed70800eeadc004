/* SPDX-License-Identifier: Apache-2.0
 * What is sent to a channel, composed from a story: threads, bodies, and what is in the way.
 */
#include "services/publishing/compose.h"

#include "../test.h"

#include <stdio.h>
#include <stdlib.h>

static struct arena arena;

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

static char *repeated(const char *text, size_t times)
{
	size_t n = strlen(text);
	char *all = arena_alloc(&arena, n * times + 1);
	for (size_t i = 0; i < times; i++)
		memcpy(all + i * n, text, n);
	return all;
}

static struct composed composed;

static const struct composed *make(const char *provider, const struct compose_story *story)
{
	assert_true(compose(str_of(provider), NULL, story, &arena, &composed));
	return &composed;
}

/* "iivi": images and videos, in this order. */
static struct compose_story with_media(const char *kinds)
{
	size_t n = strlen(kinds);
	struct compose_media *media = arena_alloc(&arena, (n + 1) * sizeof(*media));
	for (size_t i = 0; i < n; i++)
		media[i] = (struct compose_media){ .id = str_of(arena_printf(&arena, "%zu", i)), .bytes = 100,
			.type = kinds[i] == 'v' ? STR("video/mp4") : STR("image/png"), .alt_text = STR("") };
	return (struct compose_story){ .title = STR("T"), .media = media, .media_count = n };
}

static void test_lengths_are_counted_as_the_receiver_does(void **state)
{
	(void)state;
	const struct { const char *body; size_t length; } cases[] = {
		{ "", 1 }, { "abc", 6 }, { "caf\xc3\xa9", 7 }, { "\xf0\x9f\x98\x80", 4 },
		{ "https://a.example/", 26 }, { "see https://a.example/very/long/path/that/goes/on/and/on, then", 36 },
		{ "https://", 11 }, { "http://a.b.", 27 }, { "xhttps://a.b", 27 },
		{ "(https://a.b)", 28 },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct compose_story story = { .title = STR("T"), .body = str_of(cases[i].body) };
		assert_int_equal(make("mastodon", &story)->length, cases[i].length);
	}
}

static void test_what_is_too_long_is_named(void **state)
{
	(void)state;
	struct compose_story story = { .body = str_of(repeated("\xe2\x82\xac", 500)) };
	assert_int_equal(make("mastodon", &story)->problem_count, 0);
	story.body = str_of(repeated("\xe2\x82\xac", 501));
	assert_int_equal(make("mastodon", &story)->problem_count, 1);
	assert_string_equal(composed.problems[0].p, "The text has 501 characters; mastodon takes 500");
	assert_int_equal(make("webhook", &story)->problem_count, 0);
	const struct compose_limits wide = { .characters = 5000 };
	assert_true(compose(STR("mastodon"), &wide, &story, &arena, &composed));
	assert_int_equal(composed.problem_count, 0);
	story.body = STR("");
	assert_string_equal(make("webhook", &story)->problems[0].p, "There is nothing to send");
}

static void test_a_carousel_becomes_a_thread(void **state)
{
	(void)state;
	static const struct { const char *media, *posts; } cases[] = {
		{ "", "0" }, { "i", "1" }, { "iiii", "4" }, { "iiiii", "4 1" }, { "iiiiiiiiii", "4 4 2" }, { "v", "1" },
		{ "vv", "1 1" }, { "iv", "1 1" }, { "vi", "1 1" }, { "iiivi", "3 1 1" }, { "vvvvvvvvvv", "1 1 1 1 1 1 1 1 1 1" },
		{ "iiiivi", "4 1 1" },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct compose_story story = with_media(cases[i].media);
		char posts[64] = "";
		size_t at = 0;
		make("mastodon", &story);
		for (size_t k = 0; k < composed.post_count; k++) {
			sprintf(posts + strlen(posts), "%s%zu", k > 0 ? " " : "", composed.posts[k].media_count);
			assert_true(composed.posts[k].media == story.media + at);
			assert_int_equal(composed.posts[k].text.n, k == 0 ? 1 : 0);
			at += composed.posts[k].media_count;
		}
		assert_string_equal(posts, cases[i].posts);
	}
}

static void test_media_too_large_are_named(void **state)
{
	(void)state;
	struct compose_story story = with_media("iv");
	struct compose_media media[2] = { story.media[0], story.media[1] };
	media[0].bytes = 16777217;
	media[1].bytes = 16777217;
	story.media = media;
	assert_int_equal(make("mastodon", &story)->problem_count, 1);
	assert_string_equal(composed.problems[0].p,
		"media[0] has 16777217 bytes; mastodon takes images of at most 16777216");
	assert_int_equal(make("webhook", &story)->problem_count, 0);
}

static void test_statuses(void **state)
{
	(void)state;
	static const struct str ids[] = { { "11", 2 }, { "22\"", 3 } };
	struct compose_story story = with_media("ii");
	struct compose_post post = { STR("Say \"hi\"\n"), story.media, 2 };
	struct buf out;
	buf_init(&out, 4096);
	compose_status(&post, ids, (struct str){ NULL, 0 }, &out);
	assert_string_equal(arena_copy(&arena, buf_str(&out)),
		"{\"status\":\"Say \\\"hi\\\"\\n\",\"media_ids\":[\"11\",\"22\\\"\"]}");
	buf_reset(&out);
	post = (struct compose_post){ { NULL, 0 }, NULL, 0 };
	compose_status(&post, NULL, STR("9"), &out);
	assert_string_equal(arena_copy(&arena, buf_str(&out)), "{\"status\":\"\",\"in_reply_to_id\":\"9\"}");
	buf_done(&out);
}

static void test_a_webhook_gets_the_whole_story(void **state)
{
	(void)state;
	struct compose_media media = { .id = STR("m"), .type = STR("image/png"), .alt_text = STR("A \"cat\""),
		.url = STR("https://a.example/files/x"), .bytes = 7 };
	struct compose_story story = { .id = STR("s"), .project = STR("p"), .title = STR("T"), .body = STR("B"),
		.media = &media, .media_count = 1 };
	assert_string_equal(make("webhook", &story)->body.p,
		"{\"story\":{\"id\":\"s\",\"project_id\":\"p\",\"title\":\"T\",\"body\":\"B\",\"media\":[{\"id\":\"m\","
		"\"content_type\":\"image/png\",\"bytes\":7,\"alt_text\":\"A \\\"cat\\\"\",\"url\":\"https://a.example/files/x\"}]}}");
	assert_null(make("mastodon", &story)->body.p);
	assert_int_equal(make("carrier-pigeon", &story)->kind, COMPOSE_UNKNOWN);
	story = (struct compose_story){ .title = STR("T"), .body = str_of(repeated("\x01", 20000)) };
	assert_true(make("webhook", &story)->body.n > 120000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lengths_are_counted_as_the_receiver_does, begin, end),
		cmocka_unit_test_setup_teardown(test_what_is_too_long_is_named, begin, end),
		cmocka_unit_test_setup_teardown(test_a_carousel_becomes_a_thread, begin, end),
		cmocka_unit_test_setup_teardown(test_media_too_large_are_named, begin, end),
		cmocka_unit_test_setup_teardown(test_statuses, begin, end),
		cmocka_unit_test_setup_teardown(test_a_webhook_gets_the_whole_story, begin, end),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
