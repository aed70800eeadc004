/* SPDX-License-Identifier: Apache-2.0
 * Where a token is looked for, and where not.
 */
#include "../test.h"

#include "gate/credentials.h"
#include "request.h"

#include <string.h>

static const struct {
	const char *fields;
	enum credentials result;
	const char *text;
} cases[] = {
	{ "", CREDENTIALS_NONE, NULL },
	{ "Authorization: Basic YTpi\r\n", CREDENTIALS_NONE, NULL },
	{ "Authorization: sl_pat_x\r\n", CREDENTIALS_NONE, NULL },
	{ "Authorization:\r\n", CREDENTIALS_NONE, NULL },
	{ "Authorization: Bearerx abc\r\n", CREDENTIALS_NONE, NULL },
	{ "Cookie: token=abc\r\n", CREDENTIALS_NONE, NULL },
	{ "Proxy-Authorization: Bearer abc\r\n", CREDENTIALS_NONE, NULL },
	{ "X-Authorization: Bearer abc\r\n", CREDENTIALS_NONE, NULL },
	{ "Authorization: Bearer\r\n", CREDENTIALS_MALFORMED, NULL },
	{ "Authorization: Bearer  abc\r\n", CREDENTIALS_MALFORMED, NULL },
	{ "Authorization: Bearer a b\r\n", CREDENTIALS_MALFORMED, NULL },
	{ "Authorization: Bearer a,b\r\n", CREDENTIALS_MALFORMED, NULL },
	{ "Authorization: Bearer abc, Bearer def\r\n", CREDENTIALS_MALFORMED, NULL },
	{ "Authorization: Bearer \"abc\"\r\n", CREDENTIALS_MALFORMED, NULL },
	{ "Authorization: Bearer ==\r\n", CREDENTIALS_MALFORMED, NULL },
	{ "Authorization: Bearer a=b\r\n", CREDENTIALS_MALFORMED, NULL },
	{ "Authorization: Bearer a\xC3\xA9\r\n", CREDENTIALS_MALFORMED, NULL },
	{ "Authorization: DPoP\r\n", CREDENTIALS_MALFORMED, NULL },
	{ "Authorization: DPoP abc, Bearer abc\r\n", CREDENTIALS_MALFORMED, NULL },
	{ "Authorization: DPoPx abc\r\n", CREDENTIALS_NONE, NULL },
	{ "DPoP: abc\r\n", CREDENTIALS_NONE, NULL },
	{ "Authorization: dpop abc\r\n", CREDENTIALS_PROVEN, "abc" },
	{ "Authorization: Bearer sl_pat_09azAZ\r\n", CREDENTIALS_BEARER, "sl_pat_09azAZ" },
	{ "aUTHORIZATION: bEARER a-._~+/==\r\n", CREDENTIALS_BEARER, "a-._~+/==" },
};

static void test_H07_H08_only_one_authorization_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct http_request request = request_of("GET /?access_token=abc&token=abc", cases[i].fields);
		struct str text = { NULL, 0 };
		if (credentials_read(&request, &text) != cases[i].result)
			fail_msg("case %zu: %s", i, cases[i].fields);
		assert_true(cases[i].text ? str_is(text, cases[i].text) : text.p == NULL);
	}
}

/* The codec refuses these already; whoever makes a head in another way must not get past either. */
static void test_H08_two_fields(void **state)
{
	(void)state;
	struct http_request request = request_of("GET /", "Authorization: Bearer abc\r\n");
	struct str text = { NULL, 0 };
	request.headers[request.header_count++] = (struct http_header){ STR("AUTHORIZATION"), STR("Bearer abc") };
	assert_int_equal(credentials_read(&request, &text), CREDENTIALS_TWICE);
	assert_null(text.p);
	request.headers[request.header_count - 1].value = STR("Basic YTpi");
	assert_int_equal(credentials_read(&request, &text), CREDENTIALS_TWICE);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_H07_H08_only_one_authorization_field),
	cmocka_unit_test(test_H08_two_fields),
};

TEST_MAIN(tests)
