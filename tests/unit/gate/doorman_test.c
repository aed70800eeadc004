/* SPDX-License-Identifier: Apache-2.0
 * Which Host and Origin are ours.
 */
#include "../test.h"

#include "gate/doorman.h"

static const char *const hosts[] = { "alias.example.net", "ported.example.net:8443" };
static const char *const origins[] = { "https://page.example.org", "http://dev.example.org:3000" };
static const struct config_api own = { .name = "own", .host = "api.example.com", .hosts = hosts,
	.host_count = 2,
	.origins = origins, .origin_count = 2 };
static const struct config_api plain = { .name = "plain" };
static const struct api apis[] = { { .config = &own }, { .config = &plain } };

static void doorman_of(struct doorman *doorman, const char *public_url, const char *listen)
{
	static const char *list[1];
	static struct config config;
	char why[512];
	list[0] = listen;
	config = (struct config){ .file = "t", .public_url = public_url, .listen = list, .listen_count = 1 };
	assert_true(doorman_init(doorman, &config, why));
}

static void test_hosts(void **state)
{
	(void)state;
	static const struct {
		const char *host;
		bool own, plain, any;
	} cases[] = {
		{ "example.com", true, true, true }, { "EXAMPLE.com:443", true, true, true },
		{ "example.com:80", false, false, false }, { "example.com:8787", false, false, false },
		{ "example.com.", false, false, false }, { "xexample.com", false, false, false },
		{ "user@example.com", false, false, false }, { "example.com:", false, false, false },
		{ "example.com:0443", false, false, false }, { "", false, false, false },
		{ "example.com, evil.example", false, false, false }, { "example.com/x", false, false, false },
		{ "localhost:8787", true, true, true }, { "LocalHost:8787", true, true, true },
		{ "127.0.0.1:8787", true, true, true }, { "[::1]:8787", true, true, true },
		{ "127.1:8787", false, false, false }, { "0x7f.0.0.1:8787", false, false, false },
		{ "localhost", false, false, false }, { "localhost:8788", false, false, false },
		{ "localhost.evil.example:8787", false, false, false }, { "10.0.0.1:8787", false, false, false },
		{ "api.example.com", true, false, true }, { "alias.example.net:443", true, false, true },
		{ "alias.example.net:8443", false, false, false }, { "ported.example.net:8443", true, false, true },
		{ "ported.example.net", false, false, false },
	};
	struct doorman doorman;
	doorman_of(&doorman, "https://example.com", "127.0.0.1:8787");
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct str host = str_of(cases[i].host);
		if (doorman_knows_host(&doorman, host, &apis[0], apis, 2) != cases[i].own
			|| doorman_knows_host(&doorman, host, &apis[1], apis, 2) != cases[i].plain
			|| doorman_knows_host(&doorman, host, NULL, apis, 2) != cases[i].any)
			fail_msg("%s", cases[i].host);
	}
}

static void test_loopback_names_only_where_we_listen_on_loopback(void **state)
{
	(void)state;
	struct doorman doorman;
	doorman_of(&doorman, "http://example.com:8787", "0.0.0.0:8787");
	assert_true(doorman_knows_host(&doorman, STR("example.com:8787"), NULL, apis, 2));
	assert_false(doorman_knows_host(&doorman, STR("localhost:8787"), NULL, apis, 2));
	assert_false(doorman_knows_origin(&doorman, STR("http://localhost:8787"), &apis[0]));
	doorman_of(&doorman, "http://example.com", "127.0.0.1:0");
	assert_false(doorman_knows_host(&doorman, STR("localhost:4711"), NULL, apis, 2));
	doorman_set_port(&doorman, 0, 4711);
	assert_true(doorman_knows_host(&doorman, STR("localhost:4711"), NULL, apis, 2));
}

static void test_origins(void **state)
{
	(void)state;
	static const struct {
		const char *origin;
		bool own, plain;
	} cases[] = {
		{ "https://example.com", true, true }, { "https://example.com:443", true, true },
			{ "HTTPS://Example.COM", true, true },
		{ "http://example.com", false, false }, { "https://example.com:8443", false, false },
			{ "null", false, false },
		{ "", false, false }, { "https://example.com/", false, false },
			{ "https://example.com.evil.example", false, false },
		{ "https://example.com https://evil.example", false, false },
			{ "https://user@example.com", false, false },
		{ "ftp://example.com", false, false }, { "//example.com", false, false },
			{ "example.com", false, false },
		{ "https://page.example.org", true, false }, { "http://page.example.org", false, false },
		{ "http://dev.example.org:3000", true, false }, { "http://dev.example.org", false, false },
		{ "http://localhost:8787", true, true }, { "http://127.0.0.1:8787", true, true },
			{ "http://localhost:3000", false, false },
		{ "https://api.example.com", false, false }, { "chrome-extension://abc", false, false },
			{ "file://", false, false },
	};
	struct doorman doorman;
	doorman_of(&doorman, "https://example.com", "127.0.0.1:8787");
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct str origin = str_of(cases[i].origin);
		if (doorman_knows_origin(&doorman, origin, &apis[0]) != cases[i].own
			|| doorman_knows_origin(&doorman, origin, &apis[1]) != cases[i].plain)
			fail_msg("%s", cases[i].origin);
	}
}

static void test_a_bad_public_url(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "example.com", "ftp://example.com", "http://", "http://a b",
		"http:/x" };
	for (size_t i = 0; i < TEST_COUNT(bad); i++) {
		struct doorman doorman;
		struct config config = { .file = "t", .public_url = bad[i] };
		char why[512] = "";
		assert_false(doorman_init(&doorman, &config, why));
		assert_string_not_equal(why, "");
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_hosts),
	cmocka_unit_test(test_loopback_names_only_where_we_listen_on_loopback),
	cmocka_unit_test(test_origins),
	cmocka_unit_test(test_a_bad_public_url),
};

TEST_MAIN(tests)
