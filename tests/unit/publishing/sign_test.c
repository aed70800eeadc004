/* SPDX-License-Identifier: Apache-2.0
 * Signatures and secrets as Standard Webhooks writes them.
 */
#include "../test.h"

#include "services/publishing/sign.h"

#include <sodium.h>

static void test_what_is_no_secret(void **state)
{
	static const char *const wrong[] = {
		"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS*", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa==",
		"whsec_ MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw ",
		"WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAA",
		"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	};
	uint8_t secret[SIGN_SECRET_MAX];
	size_t n;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(wrong); i++)
		if (sign_secret_read(str_of(wrong[i]), secret, &n))
			fail_msg("taken: %s", wrong[i]);
}

/* The values of the specification's own example. */
static void test_the_known_signature(void **state)
{
	static const char text[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
	static const char body[] = "{\"test\": 2432232314}";
	static const char known[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
	uint8_t secret[SIGN_SECRET_MAX];
	char again[SIGN_SECRET_TEXT_ROOM];
	struct buf out;
	size_t n = 0;

	(void)state;
	assert_true(sign_secret_read(str_of(text), secret, &n));
	assert_int_equal(n, 24);
	const struct str view = { (const char *)secret, n };
	sign_secret_text(view, again);
	assert_string_equal(again, text);
	buf_init(&out, 1000);
	sign_add(view, STR("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265330, str_of(body), &out);
	assert_true(str_is(buf_str(&out), known));
	sign_add(view, STR("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265331, str_of(body), &out);
	assert_true(str_starts(buf_str(&out), STR("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,")));
	assert_int_equal(out.n, 2 * (sizeof(known) - 1) + 1);
	buf_done(&out);
}

static void test_the_longest_secret_reads_back(void **state)
{
	uint8_t secret[SIGN_SECRET_MAX], again[SIGN_SECRET_MAX];
	char text[SIGN_SECRET_TEXT_ROOM];
	size_t n = 0;

	(void)state;
	memset(secret, 0xff, sizeof(secret));
	sign_secret_text((struct str){ (const char *)secret, sizeof(secret) }, text);
	assert_true(sign_secret_read(str_of(text), again, &n));
	assert_int_equal(n, sizeof(secret));
	assert_memory_equal(secret, again, n);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_what_is_no_secret),
	cmocka_unit_test(test_the_known_signature),
	cmocka_unit_test(test_the_longest_secret_reads_back),
};

TEST_MAIN(tests)
