/* SPDX-License-Identifier: Apache-2.0
 * Whose request it is, behind how many proxies.
 */
#include "../test.h"

#include "gate/client_address.h"
#include "request.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

static struct sockaddr_storage peer_of(const char *text)
{
	struct sockaddr_storage peer = { .ss_family = AF_UNIX };
	struct sockaddr_in *four = (struct sockaddr_in *)&peer;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&peer;
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1)
		four->sin_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1)
		six->sin6_family = AF_INET6;
	return peer;
}

static const struct {
	const char *peer, *fields, *client;
} cases[] = {
	/* Nobody trusts a stranger. */
	{ "203.0.113.9", "X-Forwarded-For: 192.0.2.1\r\n", "::ffff:203.0.113.9" },
	{ "203.0.113.9", "X-Forwarded-For: 127.0.0.1\r\n", "::ffff:203.0.113.9" },
	/* One proxy of ours: the last element, never the first. */
	{ "127.0.0.1", "", "::ffff:127.0.0.1" },
	{ "127.0.0.1", "X-Forwarded-For: 192.0.2.1\r\n", "::ffff:192.0.2.1" },
	{ "127.0.0.1", "X-Forwarded-For: 10.9.9.9, 192.0.2.1\r\n", "::ffff:192.0.2.1" },
	{ "127.0.0.1", "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 192.0.2.1\r\n", "::ffff:192.0.2.1" },
	/* Two of ours. */
	{ "127.0.0.1", "X-Forwarded-For: 6.6.6.6, 192.0.2.1, 10.1.2.3\r\n", "::ffff:192.0.2.1" },
	{ "10.1.2.3", "X-Forwarded-For: 6.6.6.6,192.0.2.1 ,  2001:db8:1::5\r\n", "::ffff:192.0.2.1" },
	/* All of them ours: the first hop. */
	{ "127.0.0.1", "X-Forwarded-For: 10.0.0.1, 10.0.0.2\r\n", "::ffff:10.0.0.1" },
	/* What is no address ends the walk at the hop that sent it. */
	{ "127.0.0.1", "X-Forwarded-For: 192.0.2.1, unknown\r\n", "::ffff:127.0.0.1" },
	{ "127.0.0.1", "X-Forwarded-For: 192.0.2.1, , 10.0.0.2\r\n", "::ffff:10.0.0.2" },
	/* With ports, as some write it. */
	{ "127.0.0.1", "X-Forwarded-For: 192.0.2.1:4711\r\n", "::ffff:192.0.2.1" },
	{ "::1", "X-Forwarded-For: [2001:db8:2::1]:4711\r\n", "2001:db8:2::1" },
	{ "unix", "X-Forwarded-For: 2001:db8:2::1\r\n", "2001:db8:2::1" },
	{ "unix", "", "::" },
	/* Other fields say nothing. */
	{ "127.0.0.1", "Forwarded: for=192.0.2.1\r\nX-Real-IP: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n",
		"::ffff:127.0.0.1" },
};

static void test_H05_H09_the_last_untrusted_hop(void **state)
{
	(void)state;
	const char *const ranges[] = { "10.0.0.0/8", "2001:db8:1::/48" };
	struct config config = { .file = "t", .trust_loopback = true, .trust_unix = true, .trusted = ranges,
		.trusted_count = 2 };
	struct arena arena;
	struct trusted trusted;
	char why[512];
	arena_init(&arena, 0);
	assert_true(trusted_init(&trusted, &config, &arena, why));
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct sockaddr_storage peer = peer_of(cases[i].peer);
		struct http_request request = request_of("GET /", cases[i].fields);
		struct address got = client_address(&trusted, (struct sockaddr *)&peer, &request), wanted;
		inet_pton(AF_INET6, cases[i].client, wanted.b);
		if (memcmp(got.b, wanted.b, 16) != 0)
			fail_msg("case %zu: %s", i, cases[i].fields);
	}
	arena_done(&arena);
}

static void test_H09_nobody_is_trusted_by_default(void **state)
{
	(void)state;
	struct trusted none = { 0 };
	struct sockaddr_storage peer = peer_of("127.0.0.1");
	struct http_request request = request_of("GET /", "X-Forwarded-For: 192.0.2.1\r\n");
	struct address got = client_address(&none, (struct sockaddr *)&peer, &request);
	assert_int_equal(got.b[12], 127);
	peer = peer_of("unix");
	got = client_address(&none, (struct sockaddr *)&peer, &request);
	assert_int_equal(got.b[12], 0);
}

static void test_H05_only_a_trusted_proxy_says_that_it_was_TLS(void **state)
{
	static const struct {
		const char *peer, *fields;
		bool own, secure;
	} claims[] = {
		{ "192.0.2.1", "X-Forwarded-Proto: https\r\n", false, false },
		{ "192.0.2.1", "X-Forwarded-Proto: http\r\n", true, true },
		{ "192.0.2.1", "", true, true },
		{ "127.0.0.1", "", true, true },
		{ "127.0.0.1", "", false, false },
		{ "127.0.0.1", "X-Forwarded-Proto: https\r\n", false, true },
		{ "127.0.0.1", "x-forwarded-proto: HTTPS\r\n", false, true },
		{ "127.0.0.1", "X-Forwarded-Proto: http\r\n", true, false },
		{ "127.0.0.1", "X-Forwarded-Proto: http, https\r\n", false, false },
		{ "127.0.0.1", "X-Forwarded-Proto: https\r\nX-Forwarded-Proto: https\r\n", false, false },
		{ "127.0.0.1", "X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n", false, false },
		{ "127.0.0.1", "X-Forwarded-Proto: wss\r\n", false, false },
		{ "127.0.0.1", "X-Forwarded-Proto:\r\n", true, true },
		{ "unix", "X-Forwarded-Proto: https\r\n", false, false },
	};
	(void)state;
	struct trusted trusted = { .loopback = true };
	for (size_t i = 0; i < TEST_COUNT(claims); i++) {
		struct sockaddr_storage peer = peer_of(claims[i].peer);
		struct http_request request = request_of("GET /", claims[i].fields);
		if (client_is_secure(&trusted, (struct sockaddr *)&peer, &request, claims[i].own) !=
			claims[i].secure)
			fail_msg("case %zu: %s", i, claims[i].fields);
	}
}

static void test_ranges(void **state)
{
	(void)state;
	static const char *const good[] = { "10.0.0.0/8", "::1", "192.0.2.7", "0.0.0.0/0", "fe80::/10",
		"::ffff:0:0/96" };
	static const char *const bad[] = { "", "10.0.0.0/33", "10.0.0/8", "x", "10.0.0.0/", "10.0.0.0/-1",
		"::/129", "10.0.0.0/8/8", "localhost" };
	struct trusted_range range;
	for (size_t i = 0; i < TEST_COUNT(good); i++)
		assert_true(trusted_range_from_text(str_of(good[i]), &range));
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		if (trusted_range_from_text(str_of(bad[i]), &range))
			fail_msg("%s", bad[i]);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_H05_H09_the_last_untrusted_hop),
	cmocka_unit_test(test_H09_nobody_is_trusted_by_default),
	cmocka_unit_test(test_H05_only_a_trusted_proxy_says_that_it_was_TLS),
	cmocka_unit_test(test_ranges),
};

TEST_MAIN(tests)
