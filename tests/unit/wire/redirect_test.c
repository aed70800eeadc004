/* SPDX-License-Identifier: Apache-2.0
 * Redirect URIs: read in one way or refused, and compared byte for byte.
 */
#include "wire/redirect.h"
#include "../test.h"

static const char *const refused[] = {
	"", "/cb", "//app.example.com/cb", "app.example.com", "https:", "https:/app.example.com", "https://", "https:///cb",
	"https://user@app.example.com/", "https://user:pw@app.example.com/", "https://app.example.com@evil.example/",
	"https://app.example.com#f", "https://app.example.com/\\evil", "https:\\\\app.example.com", "https://app.example.com/ ",
	"https://app.example.com/\t", "https://app.example.com/%", "https://app.example.com/%zz", "https://app.example.com:0/",
	"https://app.example.com:65536/", "https://app.example.com:x/", "https://a b/", "https://[::g]/", "http://app.example.com/",
	"http://127.0.0.2/", "http://127.1/", "http://localhost.evil.example/", "http://0.0.0.0/", "http://[::]/",
	"javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:x", "about:blank",
	"view-source:https://a.example/", "1app:/cb", "-app:/cb", "com.example.app:", "https://a.example/?code=1",
	"https://a.example/?x=1&State=2", "https://a.example/?i%73s=1", "https://a.example/?a;code=1", "com.example.app:/cb?error=1",
	"https://a.example/<x>", "https://a.example/\"", "https://\xc3\xa4.example/", "https://a.example/\xff",
};

static void test_O01_O03_O05_O13_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(refused); i++) {
		struct redirect redirect;
		const char *why = NULL;
		if (redirect_read(str_of(refused[i]), &redirect, &why) || !why)
			fail_msg("taken: %s", refused[i]);
		assert_false(redirect_matches(str_of(refused[i]), str_of(refused[i])));
	}
	assert_false(redirect_matches((struct str){ "https://a.example/\0b", 19 }, (struct str){ "https://a.example/\0b", 19 }));
}

static const struct {
	const char *text, *host, *port, *rest, *origin;
	enum redirect_kind kind;
} taken[] = {
	{ "https://app.example.com/cb?x=1", "app.example.com", "", "/cb?x=1", "https://app.example.com", REDIRECT_WEB },
	{ "https://app.example.com:8443", "app.example.com", "8443", "", "https://app.example.com:8443", REDIRECT_WEB },
	{ "http://127.0.0.1:33418/cb", "127.0.0.1", "33418", "/cb", "http://127.0.0.1:33418", REDIRECT_LOOPBACK },
	{ "http://[::1]?x", "[::1]", "", "?x", "http://[::1]", REDIRECT_LOOPBACK },
	{ "http://localhost/", "localhost", "", "/", "http://localhost", REDIRECT_LOOPBACK },
	{ "com.example.app:/cb", "", "", "/cb", "com.example.app:", REDIRECT_APP },
	{ "cursor://anysphere/oauth", "", "", "//anysphere/oauth", "cursor:", REDIRECT_APP },
};

static void test_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(taken); i++) {
		struct redirect redirect;
		const char *why = NULL;
		if (!redirect_read(str_of(taken[i].text), &redirect, &why))
			fail_msg("%s %s", taken[i].text, why);
		assert_int_equal(redirect.kind, taken[i].kind);
		assert_true(str_is(redirect.host, taken[i].host) && str_is(redirect.port, taken[i].port));
		assert_true(str_is(redirect.rest, taken[i].rest) && str_is(redirect.origin, taken[i].origin));
	}
}

static const struct {
	const char *registered, *asked;
	bool same;
} pairs[] = {
	{ "https://a.example/cb", "https://a.example/cb", true },
	{ "https://a.example/cb", "https://a.example/cb/", false },
	{ "https://a.example/cb", "https://a.example/CB", false },
	{ "https://a.example/cb", "https://A.example/cb", false },
	{ "https://a.example/cb", "https://a.example:443/cb", false },
	{ "https://a.example/cb", "https://a.example/%63b", false },
	{ "https://a.example/cb", "https://aXexample/cb", false },
	{ "https://a.example/cb", "https://a.example/cb?x=1", false },
	{ "http://127.0.0.1/cb", "http://127.0.0.1:5/cb", true },
	{ "http://127.0.0.1:5/cb", "http://127.0.0.1/cb", true },
	{ "http://127.0.0.1:5/cb", "http://127.0.0.1:6/cb?x", false },
	{ "http://127.0.0.1/cb", "http://localhost/cb", false },
	{ "http://127.0.0.1/cb", "http://[::1]/cb", false },
	{ "http://127.0.0.1/cb", "https://127.0.0.1/cb", false },
	{ "https://localhost:5/cb", "https://localhost:6/cb", false },
	{ "com.example.app:/cb", "com.example.app:/cb", true },
	{ "com.example.app:/cb", "com.example.app:/cb2", false },
};

static void test_O02_O03_matches(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(pairs); i++)
		if (redirect_matches(str_of(pairs[i].registered), str_of(pairs[i].asked)) != pairs[i].same)
			fail_msg("%s %s", pairs[i].registered, pairs[i].asked);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_O01_O03_O05_O13_refused), cmocka_unit_test(test_taken), cmocka_unit_test(test_O02_O03_matches),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
