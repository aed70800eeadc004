/* SPDX-License-Identifier: Apache-2.0
 * Which addresses are special, at both ends of each range, and what a configuration allows of them.
 */
#include "../test.h"

#include "outbound/guard.h"

#include <arpa/inet.h>
#include <string.h>

union any {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static union any address_of(const char *text)
{
	union any a = { .v6 = { .sin6_family = AF_INET6 } };

	if (inet_pton(AF_INET6, text, &a.v6.sin6_addr) == 1)
		return a;
	a.v4.sin_family = AF_INET;
	assert_int_equal(inet_pton(AF_INET, text, &a.v4.sin_addr), 1);
	return a;
}

static const char *const special[] = {
	"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1",
	"127.255.255.255", "169.254.0.0", "169.254.169.254", "169.254.255.255", "172.16.0.0", "172.31.255.255",
	"192.0.0.0", "192.0.0.192", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.0.0",
	"192.168.255.255", "192.175.48.1", "198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.255",
	"224.0.0.1", "239.255.255.255", "240.0.0.0", "255.255.255.255",
	"::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8",
	"64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::8.8.8.8", "100::1", "2001::1", "2001:20::1",
	"2001:db8::1", "2002:7f00:1::", "2002:808:808::", "2620:4f:8000::1", "3fff::1", "5f00::1", "fc00::1",
	"fdff:ffff::1", "fd00:ec2::254", "fe80::1", "febf::1", "fec0::1", "ff02::1", "4000::1", "1fff::1",
};

static const char *const public[] = {
	"1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
	"128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255",
	"192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
	"2001:200::1", "2001:4860:4860::8888", "2606:4700::1", "2a00::1", "3ffe::1", "64:ff9b::8.8.8.8",
};

static void test_S01_special_addresses_are_refused(void **state)
{
	const struct guard guard = { .count = 0 };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(special); i++) {
		const union any a = address_of(special[i]);
		if (!guard_is_special(&a.any) || guard_allows(&guard, &a.any))
			fail_msg("%s passes", special[i]);
	}
	const struct sockaddr unix_socket = { .sa_family = AF_UNIX };
	assert_false(guard_allows(&guard, &unix_socket));
}

static void test_public_addresses_pass(void **state)
{
	const struct guard guard = { .count = 0 };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(public); i++) {
		const union any a = address_of(public[i]);
		if (!guard_allows(&guard, &a.any))
			fail_msg("%s is refused", public[i]);
	}
}

static bool allows(const char *rule, const char *text)
{
	const char *const allow[] = { "203.0.113.77", rule };
	const union any a = address_of(text);
	struct guard guard;

	assert_true(guard_init(&guard, allow, 2));
	const bool result = guard_allows(&guard, &a.any);
	guard_done(&guard);
	return result;
}

static void test_what_is_allowed_passes_and_its_neighbours_do_not(void **state)
{
	(void)state;
	assert_true(allows("loopback", "127.0.0.2") && allows("loopback", "::1"));
	assert_false(allows("loopback", "::ffff:127.0.0.1") || allows("loopback", "10.0.0.1"));
	assert_true(allows("private", "10.1.2.3") && allows("private", "192.168.1.1") && allows("private", "fd00::1"));
	assert_false(allows("private", "169.254.169.254") || allows("private", "fe80::1"));
	assert_true(allows("link-local", "169.254.169.254") && allows("link-local", "fe80::1"));
	assert_true(allows("127.0.0.1", "127.0.0.1") && allows("10.1.0.0/15", "10.0.255.255"));
	assert_false(allows("127.0.0.1", "127.0.0.2") || allows("10.2.0.0/15", "10.4.0.0"));
	assert_true(allows("fd00::/9", "fd7f::1") && allows("0.0.0.0/0", "127.0.0.1"));
	assert_false(allows("fd00::/9", "fd80::1") || allows("0.0.0.0/0", "::1"));
	assert_true(allows("loopback", "203.0.113.77"));
}

static void test_what_is_no_address_is_no_rule(void **state)
{
	static const char *const wrong[] = { "", "localhost", "10.0.0.0/33", "::1/129", "10/8", "10.0.0.0/", "/8",
					     "1.2.3.4/a", "Loopback" };
	struct guard guard;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(wrong); i++)
		assert_false(guard_init(&guard, &wrong[i], 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_S01_special_addresses_are_refused),
		cmocka_unit_test(test_public_addresses_pass),
		cmocka_unit_test(test_what_is_allowed_passes_and_its_neighbours_do_not),
		cmocka_unit_test(test_what_is_no_address_is_no_rule),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
