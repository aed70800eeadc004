/* SPDX-License-Identifier: Apache-2.0
 * OpenAPI documents: what is read of them, what is drafted, what is compared.
 */
#include "../test.h"

#include "base/limits.h"
#include "cli/openapi/openapi.h"

struct drafted {
	struct arena arena;
	struct mistakes mistakes;
	const struct openapi *document;
	struct plan *plan;
	struct buf text;
	struct profile *profile;
	struct coverage coverage;
};

/* As far as it comes: a NULL member is where it ended. */
static void draft(struct drafted *d, const char *text)
{
	*d = (struct drafted){ 0 };
	arena_init(&d->arena, 0);
	mistakes_init(&d->mistakes);
	buf_init(&d->text, LIMIT_PROFILE_BYTES);
	d->document = openapi_read(str_of(text), "doc", &d->arena, &d->mistakes);
	if (d->document)
		d->plan = plan_make(d->document, "mine", "doc", &d->arena, &d->mistakes);
	if (!d->plan)
		return;
	assert_true(draft_profile(d->plan, "doc", &d->text));
	d->profile = profile_read(buf_str(&d->text), "mine.yaml", &d->mistakes);
	if (!d->profile)
		fail_msg("%s", d->mistakes.list[0].what);
	assert_true(coverage_find(d->document, d->profile, &d->arena, &d->coverage));
	(void)plan_settle(d->plan, &d->coverage);
	assert_int_equal(d->coverage.unused_count, 0);
	assert_int_equal(d->coverage.unmapped_count, plan_unmapped(d->plan));
}

static void done(struct drafted *d)
{
	profile_free(d->profile);
	buf_done(&d->text);
	mistakes_done(&d->mistakes);
	arena_done(&d->arena);
}

static void has(const struct drafted *d, const char *text)
{
	if (!d->text.n || !memmem(d->text.p, d->text.n, text, strlen(text)))
		fail_msg("%s is not in:\n%.*s", text, STR_FMT(d->text));
}

static void test_what_is_no_document_is_refused_with_its_place(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "the file is empty" },
		{ "{", "this is no JSON" },
		{ "a: [", "this is no YAML" },
		{ "[]", "#/openapi is missing" },
		{ "{}", "#/openapi is missing" },
		{ "{\"swagger\":\"2.0\"}", "OpenAPI 2" },
		{ "{\"openapi\":3}", "no version" },
		{ "{\"openapi\":\"4.0\"}", "no version" },
		{ "{\"openapi\":\"3.1.0\"}", "#/paths is missing" },
		{ "{\"openapi\":\"3.1.0\",\"paths\":[]}", "#/paths is no map" },
		{ "{\"openapi\":\"3.1.0\",\"paths\":{}}", "hold no operation" },
		{ "{\"openapi\":\"3.1.0\",\"paths\":{\"/a\":1}}", "the path \"/a\" is no map" },
		{ "{\"openapi\":\"3.1.0\",\"paths\":{\"/a\":{\"get\":1}}}",
			"the operation \"get\" of the path \"/a\" is no map" },
		{ "{\"openapi\":\"3.1.0\",\"paths\":{\"/a\":{},\"/a\":{}}}", "duplicate" },
		{ "openapi: 3.1.0\npaths:\n  /a: &x {}\n", "anchors" },
		{ "openapi: 3.1.0\npaths:\n  /a: {get: {}}\n  /a: {get: {}}\n", "stands twice" },
		{ "{\"openapi\":\"3.1.0\",\"paths\":{\"/a\":{\"trace\":{}}}}", "TRACE is refused" },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct drafted d;
		draft(&d, cases[i].text);
		assert_null(d.plan);
		assert_int_equal(d.mistakes.count, 1);
		if (!strstr(d.mistakes.list[0].what, cases[i].says))
			fail_msg("%s: %s", cases[i].text, d.mistakes.list[0].what);
		done(&d);
	}
}

static void test_deep_and_large_documents_are_refused(void **state)
{
	(void)state;
	static char deep[20000];
	memset(deep, '[', sizeof(deep) - 1);
	struct drafted d;
	draft(&d, deep);
	assert_null(d.document);
	done(&d);
	memcpy(deep, "{\"a\":", 5);
	draft(&d, deep);
	assert_null(d.document);
	done(&d);
	static char large[LIMIT_OPENAPI_BYTES + 2];
	memset(large, ' ', LIMIT_OPENAPI_BYTES + 1);
	draft(&d, large);
	assert_non_null(strstr(d.mistakes.list[0].what, "too large"));
	done(&d);
}

static void test_more_operations_than_rules_are_refused(void **state)
{
	(void)state;
	struct buf text;
	struct drafted d;
	buf_init(&text, 8 * 1024 * 1024);
	buf_add_text(&text, "{\"openapi\":\"3.0.0\",\"paths\":{");
	for (unsigned i = 0; i <= LIMIT_OPENAPI_OPERATIONS; i++)
		buf_printf(&text, "%s\"/a%u\":{\"get\":{}}", i ? "," : "", i);
	buf_add(&text, "}}", 3);
	draft(&d, text.p);
	assert_null(d.document);
	assert_non_null(strstr(d.mistakes.list[0].what, "more operations"));
	done(&d);
	buf_done(&text);
}

static void test_json_and_yaml_are_read_alike(void **state)
{
	(void)state;
	struct drafted a, b;
	draft(&a, "{\"openapi\":\"3.0.1\",\"info\":{\"title\":\"T\"},\"servers\":[{\"url\":\"http://h/v1\"}],"
		  "\"paths\":{\"/x\":{\"get\":{\"tags\":[\"Big Things\"],\"summary\":\"S\"}}}}");
	draft(&b, "openapi: 3.0.1\ninfo: {title: T}\nservers: [{url: 'http://h/v1'}]\n"
		  "paths:\n  /x:\n    get: {tags: [Big Things], summary: S}\n");
	assert_int_equal(a.text.n, b.text.n);
	assert_memory_equal(a.text.p, b.text.p, a.text.n);
	has(&a, "base: \"/v1\"");
	has(&a, "{ on: \"GET /x\", need: \"big-things:read\" } # S");
	assert_string_equal(a.plan->origin, "http://h");
	done(&a);
	done(&b);
}

static void test_bases_of_servers(void **state)
{
	(void)state;
	static const struct {
		const char *servers, *base, *rule;
	} cases[] = {
		{ "", "/", "GET /x" },
		{ "\"servers\":[{\"url\":\"/\"}],", "/", "GET /x" },
		{ "\"servers\":[{\"url\":\"https://h:8443\"}],", "/", "GET /x" },
		{ "\"servers\":[{\"url\":\"/api/v1/\"}],", "/api/v1", "GET /x" },
		{ "\"servers\":[{\"url\":\"v1\"}],", "/v1", "GET /x" },
		{ "\"servers\":[{\"url\":\"https://{h}/{b}\",\"variables\":{\"h\":{\"default\":\"a\"},"
		  "\"b\":{\"default\":\"b/c\"}}}],", "/b/c", "GET /x" },
		{ "\"servers\":[{\"url\":\"/{tenant}/v1\"}],", "/", "GET /{tenant}/v1/x" },
		{ "\"servers\":[{\"url\":\"/gate\"}],", "/", NULL },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		char text[512], want[80];
		struct drafted d;
		snprintf(text, sizeof(text), "{\"openapi\":\"3.0.0\",%s\"paths\":{\"/x\":{\"get\":{}}}}",
			cases[i].servers);
		draft(&d, text);
		if (!cases[i].rule) {
			assert_non_null(strstr(d.mistakes.list[0].what, "the server itself answers /gate"));
			done(&d);
			continue;
		}
		snprintf(want, sizeof(want), "base: \"%s\"\n", cases[i].base);
		has(&d, want);
		has(&d, cases[i].rule);
		done(&d);
	}
}

static void test_operations_elsewhere_share_what_base_there_is(void **state)
{
	(void)state;
	struct drafted d;
	draft(&d, "{\"openapi\":\"3.0.0\",\"servers\":[{\"url\":\"http://h/api/v1\"}],\"paths\":{"
		  "\"/x\":{\"get\":{}},\"/y\":{\"servers\":[{\"url\":\"http://u/api/v2\"}],\"get\":{}}}}");
	has(&d, "base: \"/api\"");
	has(&d, "GET /v1/x");
	has(&d, "GET /v2/y");
	has(&d, "the document serves this elsewhere");
	done(&d);
}

static void test_projects_by_references_and_of_one_kind(void **state)
{
	(void)state;
	struct drafted d;
	draft(&d, "{\"openapi\":\"3.1.0\",\"paths\":{"
		  "\"/p/{project-id}\":{\"parameters\":[{\"$ref\":\"#/components/parameters/P\"}],"
		  "\"get\":{}},"
		  "\"/q\":{\"get\":{\"parameters\":[{\"in\":\"query\",\"name\":\"projectId\"}]}},"
		  "\"/h\":{\"post\":{\"parameters\":[{\"in\":\"header\",\"name\":\"X-Project-Key\"}]}},"
		  "\"/c\":{\"get\":{\"parameters\":[{\"in\":\"cookie\",\"name\":\"project\"}]}},"
		  "\"/w\":{\"get\":{\"parameters\":[{\"in\":\"query\",\"name\":\"workspace\"}]}},"
		  "\"/far\":{\"get\":{\"parameters\":[{\"$ref\":\"x.json#/p\"}]}}},"
		  "\"components\":{\"parameters\":{\"P\":{\"in\":\"path\",\"name\":\"project-id\"}}}}");
	has(&d, "GET /p/{project-id}\", need: \"p:read\", project: \"path.project-id\"");
	has(&d, "GET /q\", need: \"q:read\", project: \"query.projectId\"");
	has(&d, "POST /h\", need: \"h:write\", project: \"header.X-Project-Key\"");
	has(&d, "GET /c\", need: \"c:read\" }");
	has(&d, "GET /w\", need: \"w:read\" }");
	assert_int_equal(d.document->foreign, 1);
	done(&d);
}

static void test_odd_tags_become_names(void **state)
{
	(void)state;
	struct drafted d;
	draft(&d, "{\"openapi\":\"3.0.0\",\"paths\":{"
		  "\"/a\":{\"get\":{\"tags\":[\"Pet Store\"]},\"put\":{\"tags\":[\"pet-store\"]}},"
		  "\"/b/{x}\":{\"get\":{\"tags\":[\"\\u041f\"]}},\"/{y}\":{\"get\":{\"tags\":[\"*\"]}},"
		  "\"/c\":{\"get\":{\"tags\":[\"a\\\"b: #{}\\n- x\"]}},"
		  "\"/d\":{\"get\":{\"tags\":\"no list\"}}}}");
	has(&d, "GET /a\", need: \"pet-store:read\"");
	has(&d, "PUT /a\", need: \"pet-store-2:write\"");
	has(&d, "GET /b/{x}\", need: \"b:read\"");
	has(&d, "GET /{y}\", need: \"api:read\"");
	has(&d, "GET /c\", need: \"a-b-x:read\"");
	has(&d, "GET /d\", need: \"d:read\"");
	done(&d);
}

static void test_equal_shapes_have_one_rule(void **state)
{
	(void)state;
	struct drafted d;
	draft(&d, "{\"openapi\":\"3.0.0\",\"paths\":{\"/a/{x}\":{\"get\":{},\"head\":{}},"
		  "\"/a/{y}\":{\"get\":{},\"delete\":{}}}}");
	assert_int_equal(d.document->count, 4);
	assert_int_equal(d.plan->rule_count, 2);
	assert_int_equal(d.coverage.unmapped_count, 0);
	has(&d, "judges /a/{y} too");
	done(&d);
}

static void test_what_cannot_be_mapped_is_listed(void **state)
{
	(void)state;
	struct drafted d;
	draft(&d, "{\"openapi\":\"3.2.0\",\"paths\":{\"/ok\":{\"get\":{},\"query\":{},\"trace\":{},"
		  "\"additionalOperations\":{\"COPY\":{}}},"
		  "\"/f/{a}.{b}\":{\"get\":{}},\"/g/{a}.{b}\":{\"get\":{}},\"/g/{c}\":{\"get\":{}},"
		  "\"/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}\":{\"get\":{}},\"/x?y=1\":{\"get\":{}},"
		  "\"/x/../y\":{\"get\":{}},\"/x%2fy\":{\"get\":{}},\"/all/{rest+}\":{\"get\":{}},"
		  "\"/all/**\":{\"get\":{}},\"rel\":{\"get\":{}},\"/metrics\":{\"get\":{}},"
		  "\"/out\":{\"$ref\":\"o.json\"},\"/loop\":{\"$ref\":\"#/paths/~1loop\"}}}");
	static const char *const refused[] = { "QUERY /ok", "TRACE /ok", "COPY /ok", "GET /f/{a}.{b}",
		"GET /{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}", "GET /x?y=1", "GET /x/../y", "GET /x%2fy",
		"GET /all/{rest+}", "GET /all/**", "GET rel", "GET /metrics", "* /out", "* /loop" };
	for (size_t i = 0; i < TEST_COUNT(refused); i++) {
		char line[100];
		snprintf(line, sizeof(line), "\n    # %s: ", refused[i]);
		has(&d, line);
	}
	assert_int_equal(plan_unmapped(d.plan), TEST_COUNT(refused));
	assert_int_equal(d.plan->refusal_count, TEST_COUNT(refused) + 1); /* /g/{c} judges the one more */
	done(&d);
}

/* What stands in a document never becomes a line of the profile. */
static void test_texts_cannot_write_yaml(void **state)
{
	(void)state;
	struct drafted d;
	draft(&d, "{\"openapi\":\"3.0.0\",\"info\":{\"title\":\"x\\n  - evil: \\u2028y\\u0085z\\u0007\"},"
		  "\"paths\":{"
		  "\"/a\":{\"get\":{\"summary\":\"s\\r\\n    - { on: \\\"GET /evil\\\", need: public }\\u2028"
		  "    - { on: \\\"GET /evil2\\\", need: public }\"}},"
		  "\"/b\\u2028c\":{\"get\":{}},\"/\\\"q\\\"\":{\"get\":{}}}}");
	assert_int_equal(remit_policy_operations(d.profile->policy), 2);
	assert_string_equal(d.profile->title, "x   - evil: ?y?z?");
	has(&d, "GET /\\\"q\\\"");
	done(&d);
}

static void test_names_of_parameters_are_made_good(void **state)
{
	(void)state;
	struct drafted d;
	draft(&d, "{\"openapi\":\"3.0.0\",\"paths\":{\"/a/{user.id}/{user id}/{user_id}\":{\"get\":{}},"
		  "\"/b/{a/b}\":{\"get\":{}}}}");
	has(&d, "GET /a/{user_id}/{user_id_2}/{user_id_3}");
	has(&d, "GET /b/{a_b}");
	done(&d);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_what_is_no_document_is_refused_with_its_place),
	cmocka_unit_test(test_deep_and_large_documents_are_refused),
	cmocka_unit_test(test_more_operations_than_rules_are_refused),
	cmocka_unit_test(test_json_and_yaml_are_read_alike),
	cmocka_unit_test(test_bases_of_servers),
	cmocka_unit_test(test_operations_elsewhere_share_what_base_there_is),
	cmocka_unit_test(test_projects_by_references_and_of_one_kind),
	cmocka_unit_test(test_odd_tags_become_names),
	cmocka_unit_test(test_equal_shapes_have_one_rule),
	cmocka_unit_test(test_what_cannot_be_mapped_is_listed),
	cmocka_unit_test(test_texts_cannot_write_yaml),
	cmocka_unit_test(test_names_of_parameters_are_made_good),
};

TEST_MAIN(tests)
