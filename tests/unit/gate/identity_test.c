/* SPDX-License-Identifier: Apache-2.0
 * Which names are ours in whatever spelling, and what stands in our headers.
 */
#include "../test.h"

#include "gate/identity.h"
#include "policy.h"

struct spelled {
	const char *name;
	bool is;
};

static void check_names(bool (*is)(struct str name), const struct spelled *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is(str_of(names[i].name)) != names[i].is)
			fail_msg("%s", names[i].name);
}

static void test_H01_our_names_in_every_spelling(void **state)
{
	(void)state;
	static const struct spelled names[] = {
		{ "Remit-User", true }, { "remit-user", true }, { "REMIT-USER", true }, { "Remit_User", true },
		{ "Remit.User", true }, { "rEmIt_tOkEn.iD", true }, { "Remit-Project", true },
		{ "Remit-Scopes", true }, { "Remit-Request-Id", true }, { "Remit-Anything", true },
		{ "Remit~User", true }, { "remit!status", true },
		{ "Remit", false }, { "Remi", false }, { "X-Remit-User", false }, { "Remittance", false },
		{ "", false }, { "User", false },
	};
	check_names(identity_is_ours, names, TEST_COUNT(names));
}

static void test_H02_what_a_proxy_says_of_its_client(void **state)
{
	(void)state;
	static const struct spelled names[] = {
		{ "X-Forwarded-For", true }, { "x_forwarded_for", true }, { "X.Forwarded.Host", true },
		{ "X-Forwarded-Anything", true }, { "Forwarded", true }, { "FORWARDED", true },
		{ "X-Original-URI", true }, { "X-Original-Method", true }, { "X-Real-IP", true },
		{ "Forwarded-For", false }, { "X-Forward", false }, { "Host", false }, { "", false },
	};
	check_names(identity_is_forwarding, names, TEST_COUNT(names));
}

static void test_P10_another_method_or_path(void **state)
{
	(void)state;
	static const struct spelled names[] = {
		{ "X-HTTP-Method-Override", true }, { "x_http_method_override", true }, { "X-HTTP-Method", true },
		{ "X-Method-Override", true }, { "X-Original-URL", true }, { "X-Rewrite-URL", true },
		{ "X-Original-URI", false }, { "X-HTTP-Method-Override-2", false }, { "Method", false }, { "", false },
	};
	check_names(identity_is_override, names, TEST_COUNT(names));
}

static void test_H10_our_cookies_are_taken_out(void **state)
{
	(void)state;
	static const struct {
		const char *sent, *left;
	} cases[] = {
		{ "a=1; b=2", "a=1; b=2" },
		{ "a=1; remit_session=x; b=2", "a=1; b=2" },
		{ "__Host-remit=x", "" },
		{ "__Secure-Remit.session=x;a=1", "a=1" },
		{ "remit", "" },
		{ " a = 1 ;; REMIT-x=\"y\" ;b", "a = 1; b" },
		{ "xremit=1", "xremit=1" },
		{ "", "" },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct buf out;
		buf_init(&out, 1024);
		assert_true(identity_write_cookies(str_of(cases[i].sent), &out));
		if (!str_is(buf_str(&out), cases[i].left))
			fail_msg("%s: %.*s", cases[i].sent, STR_FMT(buf_str(&out)));
		buf_done(&out);
	}
}

static struct str value_of(const struct http_header *headers, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (str_is(headers[i].name, name))
			return headers[i].value;
	return STR("(none)");
}

static void test_H10_the_headers_are_the_records(void **state)
{
	(void)state;
	struct profile *profile = profile_of_test();
	struct arena arena;
	arena_init(&arena, 0);
	const char *const names[] = { "b:read", "a:read", "*" };
	struct remit_scopes granted;
	assert_int_equal(remit_scopes_from_names(profile->policy, names, 3, &granted, NULL), REMIT_OK);
	const struct id_bytes user = { { 1, 2, 3 } }, token = { { 4 } }, project = { { 5 } };
	struct identity who = { .user = &user, .token = &token, .project = &project, .policy = profile->policy,
		.granted = granted.word, .unlimited = true };
	struct http_header headers[IDENTITY_HEADERS];
	size_t count = 0;
	assert_true(identity_headers(&who, &arena, headers, &count));
	assert_int_equal(count, 4);
	assert_true(str_is(value_of(headers, count, "Remit-User"), "01020300-0000-0000-0000-000000000000"));
	assert_true(str_is(value_of(headers, count, "Remit-Token-Id"), "04000000-0000-0000-0000-000000000000"));
	assert_true(str_is(value_of(headers, count, "Remit-Project"), "05000000-0000-0000-0000-000000000000"));
	assert_true(str_is(value_of(headers, count, "Remit-Scopes"), "a:read b:read *"));

	/* "*" counts only while the owner may use it, and a token that is not bound names no project. */
	who.unlimited = false;
	who.project = NULL;
	assert_true(identity_headers(&who, &arena, headers, &count));
	assert_int_equal(count, 3);
	assert_true(str_is(value_of(headers, count, "Remit-Scopes"), "a:read b:read"));

	/* Of a public operation nothing is known. */
	assert_true(identity_headers(&(struct identity){ .policy = profile->policy }, &arena, headers, &count));
	assert_int_equal(count, 0);
	arena_done(&arena);
	profile_free(profile);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_H01_our_names_in_every_spelling),
	cmocka_unit_test(test_H02_what_a_proxy_says_of_its_client),
	cmocka_unit_test(test_P10_another_method_or_path),
	cmocka_unit_test(test_H10_our_cookies_are_taken_out),
	cmocka_unit_test(test_H10_the_headers_are_the_records),
};

TEST_MAIN(tests)
