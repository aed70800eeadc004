/* SPDX-License-Identifier: Apache-2.0
 * Clients' documents: ids that are none, documents that are another's or say too much, and how long they are good.
 */
#include "authority/cimd/document.h"
#include "base/limits.h"
#include "../test.h"

#include <stdlib.h>

#define URL "https://app.example.com/client.json"
#define DOCUMENT(more) "{\"client_id\":\"" URL "\",\"client_name\":\"App\",\"redirect_uris\":[\"https://app.example.com/cb\"]" more "}"

static void test_O10_ids_that_are_none(void **state)
{
	static const char *const bad[] = {
		"", "https://", "http://app.example.com/client.json", "https://app.example.com", "ftp://app.example.com/a",
		"https://app.example.com/a#f", "https://user@app.example.com/a", "https://app.example.com:443/a",
		"https://APP.example.com/a", "HTTPS://app.example.com/a", "https://app.example.com/../a", "https://app.example.com/./a",
		"https://app.example.com/%2e%2e/a", "https://app.example.com//a", "https://app.example.com/a\\b",
		"https://app.example.com/a b", "https://app.example.com/\xc3\xbc", "https://0x7f000001/a", "https://2130706433/a",
		"https://127.1/a", "https://[::ffff:127.0.0.1/a", "https://app.example.com/a%2Fb", "https://app.example.com/a;b",
		"javascript:https://app.example.com/a",
	};
	static const char *const good[] = { URL, "https://app.example.com/", "https://app.example.com:8443/a/b.json",
		"https://app.example.com/a?b=c", "https://app.example.com/~me/a-b_c.json" };
	char why[DOCUMENT_ERROR_ROOM], *long_one = malloc(LIMIT_CIMD_URL_BYTES + 2);
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bad); i++) {
		if (document_url_is_good(str_of(bad[i]), why))
			print_message("# %s\n", bad[i]);
		assert_false(document_url_is_good(str_of(bad[i]), why));
	}
	for (size_t i = 0; i < TEST_COUNT(good); i++)
		if (!document_url_is_good(str_of(good[i]), why))
			fail_msg("%s: %s", good[i], why);
	memset(long_one, 'a', LIMIT_CIMD_URL_BYTES + 1);
	memcpy(long_one, "https://a/", 10);
	assert_true(document_url_is_good((struct str){ long_one, LIMIT_CIMD_URL_BYTES }, why));
	assert_false(document_url_is_good((struct str){ long_one, LIMIT_CIMD_URL_BYTES + 1 }, why));
	free(long_one);
}

static bool read_it(struct arena *arena, const char *body, struct document *ret)
{
	char why[DOCUMENT_ERROR_ROOM] = "";
	bool good = document_read(str_of(body), URL, arena, ret, why);
	assert_int_equal(good, why[0] == '\0');
	return good;
}

static void test_O10_O13_documents_that_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "{", "[]", "null", "{}",
		/* another's, or with a spelling of its own */
		"{\"client_name\":\"App\",\"redirect_uris\":[\"https://app.example.com/cb\"]}",
		"{\"client_id\":\"https://app.example.com/client.jso\",\"client_name\":\"App\",\"redirect_uris\":[\"https://app.example.com/cb\"]}",
		"{\"client_id\":\"https://app.example.com/client.json#\",\"client_name\":\"App\",\"redirect_uris\":[\"https://app.example.com/cb\"]}",
		"{\"client_id\":\"" URL "\\u0000\",\"client_name\":\"App\",\"redirect_uris\":[\"https://app.example.com/cb\"]}",
		"{\"client_id\":[\"" URL "\"],\"client_name\":\"App\",\"redirect_uris\":[\"https://app.example.com/cb\"]}",
		DOCUMENT(",\"client_id\":\"" URL "\""),
		/* secrets that everybody reads, and ways to show one */
		DOCUMENT(",\"client_secret\":\"s\""), DOCUMENT(",\"client_secret_expires_at\":0"),
		DOCUMENT(",\"token_endpoint_auth_method\":\"client_secret_basic\""),
		DOCUMENT(",\"token_endpoint_auth_method\":\"client_secret_post\""),
		DOCUMENT(",\"token_endpoint_auth_method\":\"private_key_jwt\""), DOCUMENT(",\"token_endpoint_auth_method\":1"),
		/* grants and responses that cannot be had */
		DOCUMENT(",\"grant_types\":[\"client_credentials\"]"), DOCUMENT(",\"grant_types\":[]"),
		DOCUMENT(",\"grant_types\":\"authorization_code\""), DOCUMENT(",\"response_types\":[\"token\"]"),
		/* names and redirects */
		"{\"client_id\":\"" URL "\",\"redirect_uris\":[\"https://app.example.com/cb\"]}",
		"{\"client_id\":\"" URL "\",\"client_name\":\"\",\"redirect_uris\":[\"https://app.example.com/cb\"]}",
		"{\"client_id\":\"" URL "\",\"client_name\":\"a\\u202eb\",\"redirect_uris\":[\"https://app.example.com/cb\"]}",
		"{\"client_id\":\"" URL "\",\"client_name\":\"a\\u0000b\",\"redirect_uris\":[\"https://app.example.com/cb\"]}",
		"{\"client_id\":\"" URL "\",\"client_name\":\"App\"}",
		"{\"client_id\":\"" URL "\",\"client_name\":\"App\",\"redirect_uris\":[]}",
		"{\"client_id\":\"" URL "\",\"client_name\":\"App\",\"redirect_uris\":\"https://app.example.com/cb\"}",
		"{\"client_id\":\"" URL "\",\"client_name\":\"App\",\"redirect_uris\":[1]}",
		"{\"client_id\":\"" URL "\",\"client_name\":\"App\",\"redirect_uris\":[\"javascript:alert(1)\"]}",
		"{\"client_id\":\"" URL "\",\"client_name\":\"App\",\"redirect_uris\":[\"https://a/\\nhttps://evil.example/\"]}",
		"{\"client_id\":\"" URL "\",\"client_name\":\"App\",\"redirect_uris\":[\"http://app.example.com/cb\"]}",
		"{\"client_id\":\"" URL "\",\"client_name\":\"App\",\"redirect_uris\":[\"https://a/1\",\"https://a/2\",\"https://a/3\","
		"\"https://a/4\",\"https://a/5\",\"https://a/6\",\"https://a/7\",\"https://a/8\",\"https://a/9\",\"https://a/10\",\"https://a/11\"]}",
	};
	struct arena arena;
	struct document document;
	(void)state;
	arena_init(&arena, 0);
	for (size_t i = 0; i < TEST_COUNT(bad); i++) {
		if (read_it(&arena, bad[i], &document))
			fail_msg("%s", bad[i]);
	}
	char *text = arena_alloc(&arena, LIMIT_CIMD_BYTES + 2);
	memset(text, ' ', LIMIT_CIMD_BYTES + 1);
	memcpy(text, DOCUMENT(""), sizeof(DOCUMENT("")) - 1);
	text[LIMIT_CIMD_BYTES] = '\0';
	assert_true(read_it(&arena, text, &document));
	text[LIMIT_CIMD_BYTES] = ' ';
	assert_false(read_it(&arena, text, &document));
	arena_done(&arena);
}

static void test_what_is_read(void **state)
{
	struct arena arena;
	struct document document;
	(void)state;
	arena_init(&arena, 0);
	assert_true(read_it(&arena, DOCUMENT(""), &document));
	assert_string_equal(document.name, "App");
	assert_string_equal(document.redirects, "https://app.example.com/cb");
	assert_string_equal(document.grants, "authorization_code refresh_token");
	assert_true(read_it(&arena, "{\"client_id\":\"" URL "\",\"client_name\":\"\\u00dcber\",\"redirect_uris\":"
		"[\"http://127.0.0.1/cb\",\"com.example.app:/cb\"],\"logo_uri\":\"javascript:1\",\"jwks\":{\"keys\":[]},\"x\":[[]],"
		"\"token_endpoint_auth_method\":\"none\",\"response_types\":[\"code\"],\"scope\":\"everything\",\"grant_types\":"
		"[\"authorization_code\",\"urn:ietf:params:oauth:grant-type:device_code\",\"client_credentials\"]}", &document));
	assert_string_equal(document.name, "\xc3\x9c" "ber");
	assert_string_equal(document.redirects, "http://127.0.0.1/cb\ncom.example.app:/cb");
	assert_string_equal(document.grants, "authorization_code refresh_token urn:ietf:params:oauth:grant-type:device_code");
	arena_done(&arena);
}

static void test_how_long_it_is_good(void **state)
{
	static const struct {
		const char *control, *age;
		int64_t seconds;
	} cases[] = {
		{ NULL, NULL, LIMIT_CIMD_FRESH_S }, { "", NULL, LIMIT_CIMD_FRESH_S }, { "public, immutable", NULL, LIMIT_CIMD_FRESH_S },
		{ "max-age=600", NULL, 600 }, { "public, Max-Age=\"600\"", NULL, 600 }, { "max-age=600", "100", 500 },
		{ "max-age=600, s-maxage=7200", NULL, 7200 }, { "max-age=600", "x", 600 }, { "max-age=600", "-1", 600 },
		{ "max-age=0", NULL, LIMIT_CIMD_FRESH_LEAST_S }, { "no-store", NULL, LIMIT_CIMD_FRESH_LEAST_S },
		{ "max-age=7200, no-cache", NULL, LIMIT_CIMD_FRESH_LEAST_S }, { "max-age=600", "100000", LIMIT_CIMD_FRESH_LEAST_S },
		{ "max-age=x", NULL, LIMIT_CIMD_FRESH_LEAST_S }, { "max-age=-1", NULL, LIMIT_CIMD_FRESH_LEAST_S },
		{ "max-age=31536000", NULL, LIMIT_CIMD_FRESH_MOST_S }, { "max-age=99999999999999999999", NULL, LIMIT_CIMD_FRESH_LEAST_S },
	};
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		if (document_fresh_s(str_of(cases[i].control), str_of(cases[i].age)) != cases[i].seconds)
			fail_msg("%s", cases[i].control);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_O10_ids_that_are_none),
	cmocka_unit_test(test_O10_O13_documents_that_are_refused),
	cmocka_unit_test(test_what_is_read),
	cmocka_unit_test(test_how_long_it_is_good),
};

TEST_MAIN(tests)
