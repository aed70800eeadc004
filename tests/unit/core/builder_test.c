/* SPDX-License-Identifier: Apache-2.0
 * Writing a policy: what is refused and with which word; and its compiled form.
 */
#include "base/text.h"
#include "kit.h"

static void test_safety(void **state)
{
	struct remit_builder *builder = remit_builder_new();
	struct remit_policy *policy = NULL;
	struct remit_rule nothing = { 0 };
	struct remit_tool no_tool = { 0 };
	struct remit_need need = { .kind = REMIT_NEED_TOKEN };
	(void)state;
	assert_int_equal(remit_builder_scope(builder, NULL), REMIT_INVALID);
	assert_int_equal(remit_builder_implies(builder, NULL, "a"), REMIT_INVALID);
	assert_int_equal(remit_builder_rule(builder, &nothing, NULL), REMIT_INVALID);
	assert_int_equal(remit_builder_tool(builder, &no_tool, NULL), REMIT_INVALID);
	assert_int_equal(remit_builder_resource(builder, NULL, &need, NULL), REMIT_INVALID);
	assert_int_equal(remit_builder_prompt(builder, NULL, &need, NULL), REMIT_INVALID);
	assert_int_equal(remit_policy_load(NULL, 0, &policy), REMIT_INVALID);
	assert_null(policy);
	remit_builder_free(builder);
	remit_builder_free(NULL);
}

static void test_scopes(void **state)
{
	static const char *const bad[] = { "", "a b", "a\"", "a\\", "\xC3\xA9", "a\n", "a\x7f" };
	char longest[130] = { 0 }, name[16];
	struct remit_builder *builder = kit_builder("a *");
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		assert_int_equal(remit_builder_scope(builder, bad[i]), REMIT_INVALID);
	memset(longest, 'x', 129);
	assert_int_equal(remit_builder_scope(builder, longest), REMIT_INVALID);
	longest[128] = '\0';
	assert_int_equal(remit_builder_scope(builder, longest), REMIT_OK);
	assert_int_equal(remit_builder_scope(builder, "a"), REMIT_EXISTS);
	assert_int_equal(remit_builder_scope(builder, "A"), REMIT_OK);
	for (int i = 4; i < REMIT_SCOPES_MAX; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		assert_int_equal(remit_builder_scope(builder, name), REMIT_OK);
	}
	assert_int_equal(remit_builder_scope(builder, "more"), REMIT_LIMIT);
	struct remit_policy *policy = kit_build(builder);
	assert_int_equal(remit_policy_words(policy), 64);
	assert_string_equal(remit_policy_scope_name(policy, 4095), "s4095");
	assert_null(remit_policy_scope_name(policy, 4096));
	remit_policy_free(policy);
}

static void test_umbrellas(void **state)
{
	struct remit_builder *builder = kit_builder("c:r c:w e:r e:w x *");
	(void)state;
	assert_int_equal(remit_builder_implies(builder, "c:r", "nope"), REMIT_NOT_FOUND);
	assert_int_equal(remit_builder_implies(builder, "c:r", "c:r"), REMIT_INVALID);
	assert_int_equal(remit_builder_implies(builder, "*", "e:r"), REMIT_INVALID);
	assert_int_equal(remit_builder_implies(builder, "c:r", "*"), REMIT_INVALID);
	assert_int_equal(remit_builder_implies(builder, "c:r", "e:r"), REMIT_OK);
	assert_int_equal(remit_builder_implies(builder, "c:r", "e:r"), REMIT_EXISTS);
	assert_int_equal(remit_builder_implies(builder, "x", "c:r"), REMIT_INVALID);
	assert_int_equal(remit_builder_implies(builder, "e:r", "x"), REMIT_INVALID);
	assert_int_equal(kit_rule(builder, "GET /a", "c:r"), REMIT_INVALID); /* D8 */
	assert_int_equal(kit_rule(builder, "GET /a", "e:r | e:w c:r"), REMIT_INVALID);
	assert_int_equal(kit_rule(builder, "GET /a", "e:w"), REMIT_OK);
	assert_int_equal(remit_builder_implies(builder, "e:w", "x"), REMIT_INVALID);
	struct remit_policy *policy = kit_build(builder);
	assert_true(remit_policy_scope_is_umbrella(policy, 0) && !remit_policy_scope_is_umbrella(policy, 1));
	assert_true(remit_policy_implies(policy, 0, 2) && !remit_policy_implies(policy, 0, 0));
	assert_false(remit_policy_implies(policy, 99, 2) || remit_policy_implies(policy, 0, 99));
	remit_policy_free(policy);
}

static void test_rules_that_cannot_match(void **state)
{
	static const char *const bad[] = {
		"GET a",	 "GET a/b",   "get /a",	   "HEAD /a",	"CONNECT /a",	"TRACE /a",
		"G@T /a",	 "GET /a//b", "GET /../a", "GET /a/.",	"GET /a;b",	"GET /a%41",
		"GET /a\\b",	 "GET /{}",   "GET /{a}b", "GET /a{b}", "GET /{a}/{a}", "GET /{a b}",
		"GET /*",	 "GET /a*",   "GET /**/a", "GET /a**",	"GET /***",	"GET /a\x01",
		"GET /\xC0\xAF", "GET //",
	};
	struct remit_builder *builder = kit_builder("a");
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		if (kit_rule(builder, bad[i], "a") != REMIT_INVALID)
			fail_msg("%s", bad[i]);
	assert_int_equal(kit_rule(builder, "GET /{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}", "a"), REMIT_LIMIT);
	assert_int_equal(kit_rule(builder, "GET /a", "nope"), REMIT_NOT_FOUND);
	assert_int_equal(kit_rule(builder, "GET /a",
				  "a | a | a | a | a | a | a | a | a | a | a | a | a | a | a | a | a"),
			 REMIT_LIMIT);
	assert_int_equal(kit_rule(builder, "GET /a", "a |"), REMIT_INVALID);
	assert_int_equal(kit_rule(builder, "GET /a/{x}", "a"), REMIT_OK);
	assert_int_equal(kit_rule(builder, "GET /a/{y}", "a"), REMIT_EXISTS);
	assert_int_equal(kit_rule(builder, "POST /a/{y}", "a"), REMIT_OK);
	assert_int_equal(kit_rule(builder, "GET /a/**", "a"), REMIT_OK);
	assert_int_equal(kit_rule(builder, "GET /a/**", "a"), REMIT_EXISTS);
	struct remit_policy *policy = kit_build(builder);
	assert_int_equal(remit_policy_operations(policy), 3);
	remit_policy_free(policy);
}

static void test_conditions_and_projects(void **state)
{
	struct kit_need base, more;
	struct remit_when when;
	struct remit_rule rule = { .method = "POST", .path = "/s/{id}", .whens = &when, .when_count = 1 };
	const struct { struct remit_when when; enum remit_status want;
	} cases[] = {
		{ { .source = REMIT_SOURCE_PATH, .name = "other" }, REMIT_INVALID },
		{ { .source = REMIT_SOURCE_QUERY, .name = "" }, REMIT_INVALID },
		{ { .source = REMIT_SOURCE_QUERY }, REMIT_INVALID },
		{ { .source = REMIT_SOURCE_HEADER, .name = "a b" }, REMIT_INVALID },
		{ { .source = REMIT_SOURCE_BODY, .name = "a" }, REMIT_INVALID },
		{ { .source = REMIT_SOURCE_BODY, .name = "/a~2" }, REMIT_INVALID },
		{ { .source = REMIT_SOURCE_ARGUMENT, .name = "/a" }, REMIT_INVALID },
		{ { .source = REMIT_SOURCE_BODY, .name = "/a", .test = REMIT_TEST_EQUALS }, REMIT_INVALID },
		{ { .source = REMIT_SOURCE_BODY, .name = "/a", .value = "x" }, REMIT_INVALID },
		{ { .source = (enum remit_source)9, .name = "/a" }, REMIT_INVALID },
		{ { .source = REMIT_SOURCE_BODY, .name = "/a", .test = (enum remit_test)3 }, REMIT_INVALID },
		{ { .source = REMIT_SOURCE_BODY, .name = "/a/*/b~1", .test = REMIT_TEST_EQUALS, .value = "" },
		  REMIT_OK },
	};
	struct remit_builder *builder = kit_builder("a b");
	(void)state;
	rule.need = *kit_need(&base, "a");
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		when = cases[i].when;
		when.need = *kit_need(&more, "b");
		assert_int_equal(remit_builder_rule(builder, &rule, NULL), cases[i].want);
	}
	rule.path = "/t";
	rule.need = *kit_need(&base, "public"); /* nothing may add to what nobody must have */
	assert_int_equal(remit_builder_rule(builder, &rule, NULL), REMIT_INVALID);
	rule.need = *kit_need(&base, "a");
	when.need = *kit_need(&more, "public");
	assert_int_equal(remit_builder_rule(builder, &rule, NULL), REMIT_INVALID);
	rule.when_count = 17;
	assert_int_equal(remit_builder_rule(builder, &rule, NULL), REMIT_LIMIT);
	rule.when_count = 0;
	rule.project = REMIT_PROJECT_SELECT;
	assert_int_equal(remit_builder_rule(builder, &rule, NULL), REMIT_INVALID);
	rule.project_source = REMIT_SOURCE_QUERY;
	rule.project_name = "project_id";
	assert_int_equal(remit_builder_rule(builder, &rule, NULL), REMIT_OK);
	remit_builder_free(builder);
}

static void test_tools_that_contradict(void **state)
{
	struct remit_builder *builder = kit_builder("a");
	(void)state;
	assert_int_equal(kit_tool(builder, "t", "action", NULL, "a"), REMIT_INVALID);
	assert_int_equal(kit_tool(builder, "t", NULL, "list", "a"), REMIT_INVALID);
	assert_int_equal(kit_tool(builder, "t", "action", "list", "a"), REMIT_OK);
	assert_int_equal(kit_tool(builder, "t", "action", "list", "a"), REMIT_EXISTS);
	assert_int_equal(kit_tool(builder, "t", "mode", "x", "a"), REMIT_INVALID);
	assert_int_equal(kit_tool(builder, "t", NULL, NULL, "a"), REMIT_INVALID);
	assert_int_equal(kit_tool(builder, "u", NULL, NULL, "a"), REMIT_OK);
	assert_int_equal(kit_tool(builder, "u", NULL, NULL, "a"), REMIT_EXISTS);
	assert_int_equal(kit_tool(builder, "u", "action", "x", "a"), REMIT_INVALID);
	remit_builder_free(builder);
}

static void mend_checksum(uint8_t *image, size_t size)
{
	uint32_t crc = crc32_iso_hdlc(image, size - 4);
	for (size_t k = 0; k < 4; k++)
		image[size - 4 + k] = (uint8_t)(crc >> 8 * k);
}

/* Changes each byte of an image in turn. With a wrong checksum none loads; with a mended one, only
 * what somebody could have saved. */
static void test_images_that_nobody_saved(void **state)
{
	struct remit_builder *builder = kit_builder("c:r e:r *");
	struct remit_policy *loaded;
	uint8_t *image;
	size_t size;
	(void)state;
	assert_int_equal(remit_builder_implies(builder, "c:r", "e:r"), REMIT_OK);
	assert_int_equal(kit_rule(builder, "GET /s/{id}", "e:r | *"), REMIT_OK);
	assert_int_equal(kit_tool(builder, "t", "action", "list", "e:r"), REMIT_OK);
	struct remit_policy *policy = kit_build(builder);
	assert_int_equal(remit_policy_save(policy, &image, &size), REMIT_OK);
	for (size_t i = 0; i < size; i++) {
		uint8_t was = image[i];
		image[i] ^= 1;
		assert_int_equal(remit_policy_load(image, size, &loaded), REMIT_INVALID);
		mend_checksum(image, size);
		if (i < size - 4 && remit_policy_load(image, size, &loaded) == REMIT_OK) {
			uint8_t *again;
			size_t again_size;
			assert_int_equal(remit_policy_save(loaded, &again, &again_size), REMIT_OK);
			assert_int_equal(again_size, size);
			assert_memory_equal(again, image, size);
			free(again);
			remit_policy_free(loaded);
		}
		image[i] = was;
		mend_checksum(image, size);
	}
	for (size_t n = 0; n < size; n++)
		assert_int_equal(remit_policy_load(image, n, &loaded), REMIT_INVALID);
	assert_int_equal(remit_policy_load(image, size, &loaded), REMIT_OK);
	assert_string_equal(remit_policy_operation(loaded, 1)->text, "tool t list");
	assert_string_equal(kit_route(loaded, "GET", "/s/1"), "GET /s/{id}");
	assert_true(remit_policy_implies(loaded, 0, 1));
	remit_policy_free(loaded);
	remit_policy_free(policy);
	free(image);
}

/* Counts that nothing follows are found out at once; four thousand million turns would take minutes. */
static void test_images_that_promise_too_much(void **state)
{
	struct remit_policy *loaded;
	(void)state;
	for (size_t place = 12; place <= 16; place += 4) {
		uint8_t image[24] = "REMITPOL\1";
		memset(image + place, 0xff, 4);
		mend_checksum(image, sizeof(image));
		assert_int_equal(remit_policy_load(image, sizeof(image), &loaded), REMIT_INVALID);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_safety),
	cmocka_unit_test(test_scopes),
	cmocka_unit_test(test_umbrellas),
	cmocka_unit_test(test_rules_that_cannot_match),
	cmocka_unit_test(test_conditions_and_projects),
	cmocka_unit_test(test_tools_that_contradict),
	cmocka_unit_test(test_images_that_nobody_saved),
	cmocka_unit_test(test_images_that_promise_too_much),
};

TEST_MAIN(tests)
