/* SPDX-License-Identifier: Apache-2.0
 * The one reading of URLs: what is refused, what is written anew, where redirects lead.
 */
#include "../test.h"

#include "outbound/url.h"

static const char *const refused[] = {
	"", "x", "example.com", "//example.com/", "ftp://example.com/", "file:///etc/passwd",
	"gopher://example.com", "http:example.com", "http:/example.com", "http://", "http:///x", "https://:80/",
	"http://user@example.com/", "http://user:pw@example.com/", "http://example.com@127.0.0.1/",
	"http://127.0.0.1\\@example.com/", "http://example.com\\x", "http://exa mple.com/", "http://example.com/a b",
	"http://example.com/\n", "http://example.com/\tx", "http://ex\xc3\xa4mple.com/", "http://example.com/\xc3\xa4",
	"http://%3127.0.0.1/", "http://127.0.0.1%00.example.com/", "http://[::1", "http://[]/", "http://[::1]x/",
	"http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/", "http://[127.0.0.1]/", "http://example.com:/",
	"http://example.com:0/", "http://example.com:65536/", "http://example.com:080/", "http://example.com:+80/",
	"http://example.com:80:80/", "http://.example.com/", "http://example..com/", "http://example.com./",
	"http://localhost./", "http://-a.com/", "http://a-.com/", "http://a,b.com/", "http://*/",
};

/* What resolvers read as addresses, and nobody writes who means well. */
static const char *const odd[] = {
	"http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://0x7F.0x0.0x0.0x1/", "http://017700000001/",
	"http://0177.0.0.1/", "http://127.1/", "http://127.0.1/", "http://127.0.0.1./", "http://127.0.0.01/",
	"http://127.0.0.256/", "http://127.0.0.1.1/", "http://1/", "http://0/", "http://example.0x7f/",
};

static void test_S01_what_is_no_url_or_hides_one_is_refused(void **state)
{
	struct url url;
	const char *wrong = NULL;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(refused); i++) {
		wrong = NULL;
		if (url_read(str_of(refused[i]), &url, &wrong))
			fail_msg("taken: %s", refused[i]);
		assert_non_null(wrong);
	}
	assert_false(url_read((struct str){ "http://a\0b/", 11 }, &url, &wrong));
}

static void test_S01_odd_spellings_of_addresses_are_refused(void **state)
{
	struct url url;
	const char *wrong;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(odd); i++)
		if (url_read(str_of(odd[i]), &url, &wrong))
			fail_msg("taken: %s as %s", odd[i], url.host);
}

struct good {
	const char *text, *canonical;
	int family;
};

static const struct good good[] = {
	{ "http://example.com", "http://example.com/", AF_UNSPEC },
	{ "HTTPS://Example.COM:443/a?b#c", "https://example.com/a?b", AF_UNSPEC },
	{ "https://example.com:8443?x=/y", "https://example.com:8443/?x=/y", AF_UNSPEC },
	{ "http://localhost/", "http://localhost/", AF_UNSPEC },
	{ "http://a_b.x-y.example:1/%7B%7D", "http://a_b.x-y.example:1/%7B%7D", AF_UNSPEC },
	{ "http://xn--exmple-cua.com/", "http://xn--exmple-cua.com/", AF_UNSPEC },
	{ "http://10.0.0.1:80/", "http://10.0.0.1/", AF_INET },
	{ "http://[0:0:0:0:0:0:0:1]:8080/x", "http://[::1]:8080/x", AF_INET6 },
	{ "https://[::FFFF:127.0.0.1]", "https://[::ffff:127.0.0.1]/", AF_INET6 },
	{ "http://1and1.example/", "http://1and1.example/", AF_UNSPEC },
};

static void test_good_ones_are_written_anew(void **state)
{
	struct url url, again;
	const char *wrong = NULL;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(good); i++) {
		if (!url_read(str_of(good[i].text), &url, &wrong))
			fail_msg("%s %s", good[i].text, wrong);
		assert_string_equal(url.text, good[i].canonical);
		assert_int_equal(url.address.any.sa_family, good[i].family);
		assert_true(url_read(str_of(url.text), &again, &wrong));
		assert_memory_equal(&url, &again, sizeof(url));
	}
}

static void test_the_longest_is_taken_and_one_more_is_not(void **state)
{
	char text[LIMIT_OUTBOUND_URL_BYTES + 2];
	struct url url;
	const char *wrong;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "http://a/", 9);
	assert_true(url_read((struct str){ text, LIMIT_OUTBOUND_URL_BYTES }, &url, &wrong));
	assert_false(url_read((struct str){ text, LIMIT_OUTBOUND_URL_BYTES + 1 }, &url, &wrong));
}

struct joined {
	const char *base, *location, *result; /* NULL: refused */
};

static const struct joined joined[] = {
	{ "https://a.example/x/y?z", "https://b.example/", "https://b.example/" },
	{ "https://a.example/x/y?z", "//b.example:8080/q", "https://b.example:8080/q" },
	{ "http://a.example:81/x/y?z", "/q?r", "http://a.example:81/q?r" },
	{ "http://a.example/x/y?z", "q", "http://a.example/x/q" },
	{ "http://a.example/?z=/p", "q", "http://a.example/q" },
	{ "http://a.example/x/y?z", "?q", "http://a.example/x/y?q" },
	{ "http://[2001:db8::1]:81/x", "y:z/", NULL },
	{ "http://[2001:db8::1]:81/x", "./y:z/", "http://[2001:db8::1]:81/./y:z/" },
	{ "http://a.example/x", "#f", "http://a.example/" },
	{ "http://a.example/x", "", NULL },
	{ "http://a.example/x", "file:///etc/passwd", NULL },
	{ "http://a.example/x", "//user@b.example/", NULL },
	{ "http://a.example/x", "//0x7f.1/", NULL },
	{ "http://a.example/x", "\\\\b.example", NULL },
	{ "http://a.example/x", "/a b", NULL },
};

static void test_S01_redirects_lead_where_they_say(void **state)
{
	struct url base, url;
	const char *wrong;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(joined); i++) {
		const struct joined *j = &joined[i];
		assert_true(url_read(str_of(j->base), &base, &wrong));
		const bool taken = url_join(&base, str_of(j->location), &url, &wrong);
		if (taken != (j->result != NULL) || (taken && strcmp(url.text, j->result) != 0))
			fail_msg("%s at %s: %s", j->location, j->base, taken ? url.text : wrong);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_S01_what_is_no_url_or_hides_one_is_refused),
		cmocka_unit_test(test_S01_odd_spellings_of_addresses_are_refused),
		cmocka_unit_test(test_good_ones_are_written_anew),
		cmocka_unit_test(test_the_longest_is_taken_and_one_more_is_not),
		cmocka_unit_test(test_S01_redirects_lead_where_they_say),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
