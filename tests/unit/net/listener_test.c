/* SPDX-License-Identifier: Apache-2.0 */
#include "../test.h"
#include "net/listener.h"

#include <unistd.h>

static void test_what_is_no_address(void **state)
{
	static const char *const bad[] = {
		"", ":", "8787", ":8787", "localhost:8787", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x",
		"127.0.0.1:65536",
		"127.0.0.1:-1", "127.0.0.1:+1", "127.0.0:1", "127.0.0.1.1:1", "256.0.0.1:1",
		"::1:80", "[::1]",
		"[::1]:",
		"[::1:80", "::1]:80", "[]:80", "[127.0.0.1]:80", "[::1]x:80", "unix:", "unix",
		"127.0.0.1 :80", " 127.0.0.1:80",
		"[::1%lo]:80",
		("unix:/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
	};
	(void)state;

	for (size_t i = 0; i < TEST_COUNT(bad); i++) {
		struct listener one;
		char error[256] = "";
		if (listener_parse(bad[i], &one, error))
			fail_msg("%s is taken", bad[i]);
		assert_true(strstr(error, "is not an address") != NULL);
	}
}

static void test_addresses(void **state)
{
	struct listener one;
	char error[256];
	(void)state;

	assert_true(listener_parse("127.0.0.1:8787", &one, error));
	assert_int_equal(one.address.any.sa_family, AF_INET);
	assert_int_equal(ntohs(one.address.in.sin_port), 8787);
	assert_int_equal(ntohl(one.address.in.sin_addr.s_addr), INADDR_LOOPBACK);
	assert_true(listener_parse("[::1]:0", &one, error));
	assert_int_equal(one.address.any.sa_family, AF_INET6);
	assert_memory_equal(&one.address.in6.sin6_addr, &in6addr_loopback, 16);
	assert_true(listener_parse("unix:/run/remit.sock", &one, error));
	assert_string_equal(one.address.un.sun_path, "/run/remit.sock");
}

static void test_all_sockets_of_one_listener_have_one_port(void **state)
{
	struct listener one, same;
	int fds[3], other[3];
	char error[256];
	(void)state;

	assert_true(listener_parse("127.0.0.1:0", &one, error));
	assert_true(listener_open(&one, 3, fds, error));
	assert_int_not_equal(one.port, 0);
	for (int i = 0; i < 3; i++) {
		struct sockaddr_in bound;
		socklen_t size = sizeof(bound);
		assert_int_equal(getsockname(fds[i], (struct sockaddr *)&bound, &size), 0);
		assert_int_equal(ntohs(bound.sin_port), one.port);
	}
	same = one; /* another server on the same port */
	assert_false(listener_open(&same, 3, other, error));
	assert_true(strstr(error, "cannot listen on 127.0.0.1:") != NULL);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_what_is_no_address),
	cmocka_unit_test(test_addresses),
	cmocka_unit_test(test_all_sockets_of_one_listener_have_one_port),
};

TEST_MAIN(tests)
