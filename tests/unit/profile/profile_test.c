/* SPDX-License-Identifier: Apache-2.0
 * Profiles: every mistake with its place and suggestion (profiles.txt), and what a good one becomes.
 */
#include "../test.h"

#include "cases.h"
#include "profile/profile.h"
#include <stdio.h>
#include <stdlib.h>

static struct mistakes mistakes;

static bool read_case(struct str text, struct mistakes *m)
{
	struct profile *p = profile_read(text, CASES_FILE, m);
	bool accepted = p != NULL;
	profile_free(p);
	return accepted;
}

static void test_T04_T05_S03_mistakes(void **state)
{
	(void)state;
	cases_run("profiles.txt", read_case);
}

/* The example of the interface, whole. */
static const char example[] =
	"profile: mine\n"
	"title: My API\n"
	"scopes: { \"s:read\": Read., \"s:write\": Edit., \"s:publish\": Ship., \"all:read\": All. }\n"
	"implies: { \"all:read\": [s:read] }\n"
	"presets: { read-only: { title: Read-only, for: Dashboards, scopes: [s:read], default: true } }\n"
	"tokens: { prefix: my, default_lifetime: 90d, max_lifetime: 365d, accept: [] }\n"
	"rate: { pat: 120, oat: 60 }\n"
	"visibility: { pat: granted, oat: all }\n"
	"stdio: token\n"
	"rest:\n"
	"  base: /api/v1\n"
	"  rules:\n"
	"    - { on: \"GET /s/{id}\", need: s:read, project: path.id }\n"
	"    - { on: \"POST /s\", need: s:write, when: [ { present: body./scheduledAt, need: "
	"s:publish } ], project: body./projectId }\n"
	"    - { on: \"PUT /s/{id}\", need: { any: [s:publish, [s:read, s:write]] }, project: none }\n"
	"    - { on: \"GET /**\", need: token, project: inject, when: [ { equals: [query.all, "
	"true], need: s:publish } ] }\n"
	"mcp:\n"
	"  endpoint: /mcp\n"
	"  tools: { t: { select: action, values: { list: s:read, create: { need: s:write, project: "
	"arg./p } }, project: none },\n"
	"           u: { need: s:write, project: arg./projectId }, v: s:read, \"*\": s:publish }\n"
	"  resources: { \"s://{id}\": s:read, \"*\": s:publish }\n"
	"  prompts: { draft: s:write }\n";

static struct profile *read_example(void)
{
	mistakes_init(&mistakes);
	struct profile *p = profile_read(STR(example), CASES_FILE, &mistakes);
	if (!p)
		fail_msg("line %u: %s", mistakes.list[0].line, mistakes.list[0].what);
	mistakes_done(&mistakes);
	return p;
}

static void test_settings_of_the_example(void **state)
{
	struct profile *p = read_example();
	(void)state;
	assert_string_equal(p->name, "mine");
	assert_string_equal(p->title, "My API");
	assert_string_equal(p->file, CASES_FILE);
	assert_string_equal(p->token_prefix, "my");
	assert_true(p->default_lifetime_ms == INT64_C(90) * 24 * 3600 * 1000);
	assert_true(p->max_lifetime_ms == INT64_C(365) * 24 * 3600 * 1000);
	assert_int_equal(p->rate_personal, 120);
	assert_int_equal(p->rate_access, 60);
	assert_int_equal(p->visible_personal, PROFILE_VISIBLE_GRANTED);
	assert_int_equal(p->visible_access, PROFILE_VISIBLE_ALL);
	assert_false(p->stdio_bypass || p->accept_alnum64);
	assert_string_equal(p->rest_base, "/api/v1");
	assert_string_equal(p->mcp_endpoint, "/mcp");
	assert_true(remit_policy_scope_is_umbrella(p->policy, 3));
	assert_true(remit_policy_implies(p->policy, 3, 0));
	profile_free(p);
}

static void test_example_of_the_docs(void **state)
{
	struct buf text = cases_load_example("profiles.md");
	(void)state;
	mistakes_init(&mistakes);
	struct profile *p = profile_read(buf_str(&text), CASES_FILE, &mistakes);
	if (!p)
		fail_msg("line %u: %s", mistakes.list[0].line, mistakes.list[0].what);
	profile_free(p);
	mistakes_done(&mistakes);
	buf_done(&text);
}

struct expected {
	const char *text;
	unsigned line;
	enum remit_project_rule project;
	const char *project_name;
	size_t whens;
};

static void test_operations_of_the_example(void **state)
{
	static const struct expected list[] = {
		{ "GET /s/{id}", 13, REMIT_PROJECT_SELECT, "id", 0 },
		{ "POST /s", 14, REMIT_PROJECT_SELECT, "/projectId", 1 },
		{ "PUT /s/{id}", 15, REMIT_PROJECT_NONE, NULL, 0 },
		{ "GET /**", 16, REMIT_PROJECT_INJECT, NULL, 1 },
		{ "tool t list", 19, REMIT_PROJECT_NONE, NULL, 0 },
		{ "tool t create", 19, REMIT_PROJECT_SELECT, "/p", 0 },
		{ "tool u", 20, REMIT_PROJECT_SELECT, "/projectId", 0 },
		{ "tool v", 20, REMIT_PROJECT_UNSTATED, NULL, 0 },
		{ "tool *", 20, REMIT_PROJECT_UNSTATED, NULL, 0 },
		{ "resource s://{id}", 21, REMIT_PROJECT_UNSTATED, NULL, 0 },
		{ "resource *", 21, REMIT_PROJECT_UNSTATED, NULL, 0 },
		{ "prompt draft", 22, REMIT_PROJECT_UNSTATED, NULL, 0 },
	};
	struct profile *p = read_example();
	(void)state;
	assert_int_equal(remit_policy_operations(p->policy), TEST_COUNT(list));
	for (uint32_t i = 0; i < TEST_COUNT(list); i++) {
		const struct remit_operation *o = remit_policy_operation(p->policy, i);
		assert_string_equal(o->text, list[i].text);
		assert_int_equal(p->operation_lines[i], list[i].line);
		assert_int_equal(o->project, list[i].project);
		assert_int_equal(o->when_count, list[i].whens);
		if (list[i].project_name)
			assert_string_equal(o->project_name, list[i].project_name);
	}
	profile_free(p);
}

/* A name without '/' and '.' only ever means one that comes with the program. */
static void test_T05_load_by_name(void **state)
{
	static const char *const names[] = { "../publishing", "./no-such.yaml", "/dev/null", "no-such", "",
		"/dev", "publishing.yaml" };
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(names); i++) {
		mistakes_init(&mistakes);
		assert_null(profile_load(names[i], &mistakes));
		assert_int_equal(mistakes.count, 1);
		mistakes_done(&mistakes);
	}
	mistakes_init(&mistakes);
	assert_null(profile_load("publising", &mistakes));
	assert_string_equal(mistakes.list[0].suggestion, "did you mean \"publishing\"?");
	mistakes_done(&mistakes);
}

/* Past MISTAKES_MAX they are only counted. */
static void test_S03_many_mistakes(void **state)
{
	struct buf text;
	(void)state;
	buf_init(&text, 1024 * 1024);
	buf_add_text(&text, "profile: p\nscopes: {r: x}\ntokens: {prefix: p}\nrest:\n  base: /a\n  rules:\n");
	for (size_t i = 0; i < 5000; i++)
		buf_printf(&text, "    - {on: GET /a, need: unknown%zu}\n", i);
	mistakes_init(&mistakes);
	assert_null(profile_read(buf_str(&text), CASES_FILE, &mistakes));
	assert_int_equal(mistakes.count, 5000 + 4999);
	mistakes_done(&mistakes);
	buf_done(&text);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_T04_T05_S03_mistakes),
	cmocka_unit_test(test_settings_of_the_example),
	cmocka_unit_test(test_example_of_the_docs),
	cmocka_unit_test(test_operations_of_the_example),
	cmocka_unit_test(test_T05_load_by_name),
	cmocka_unit_test(test_S03_many_mistakes),
};

TEST_MAIN(tests)
