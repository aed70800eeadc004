/* SPDX-License-Identifier: Apache-2.0
 * Health, the OpenAPI document, projects and their settings, and who reaches what.
 */
#include "world.h"

#include "../test.h"

static const struct who olga = { OLGA, -1, false }, olga_aurora = { OLGA, AURORA, false };
static const struct who mark = { MARK, -1, false }, simon = { SIMON, -1, false }, simon_admin = { SIMON, -1, true };
static const struct who simon_aurora = { SIMON, AURORA, true };

static void test_health_says_who_asks(void **state)
{
	(void)state;
	struct world *w = world_new();
	assert_int_equal(ask(w, olga, "health", NULL, NULL, NULL), 200);
	assert_string_equal(at(w, "ok"), "true");
	assert_string_equal(at(w, "user_id"), w->people[OLGA].text);
	assert_string_equal(at(w, "project_id"), "null");
	assert_string_equal(at(w, "scopes.0"), "projects:read");
	assert_string_equal(at(w, "scopes.12"), "*");
	assert_string_equal(at(w, "server_time"), "2030-03-17T17:46:40.000Z");
	assert_int_equal(ask(w, olga_aurora, "health", NULL, NULL, NULL), 200);
	assert_string_equal(at(w, "project_id"), w->projects[AURORA].text);
	world_free(w);
}

/* Every operation of the table stands in the document, and nothing else does. */
static void test_openapi_holds_what_runs(void **state)
{
	(void)state;
	struct world *w = world_new();
	size_t count = 0;
	const char *path, *method;
	json_t *methods, *entry;

	assert_int_equal(ask(w, olga, "openapi", NULL, NULL, NULL), 200);
	assert_non_null(w->json);
	json_object_foreach(json_object_get(w->json, "paths"), path, methods)
		json_object_foreach(methods, method, entry) {
			bool found = false;
			const char *name = json_string_value(json_object_get(entry, "operationId"));
			for (size_t i = 0; i < w->service->operation_count; i++) {
				const struct service_operation *o = &w->service->operations[i];
				found = found || (strcmp(o->name, name) == 0 && strcmp(o->path, path) == 0 &&
						  str_eq_ignore_case(str_of(o->method), str_of(method)));
			}
			assert_true(found);
			count++;
		}
	assert_int_equal(count, w->service->operation_count);
	world_free(w);
}

/* Every component that an operation names is there. */
static void test_openapi_names_schemas_that_exist(void **state)
{
	(void)state;
	struct world *w = world_new();
	ask(w, olga, "openapi", NULL, NULL, NULL);
	const json_t *schemas = json_object_get(json_object_get(w->json, "components"), "schemas");
	for (size_t i = 0; i < w->service->operation_count; i++) {
		const struct service_operation *o = &w->service->operations[i];
		if (o->request)
			assert_non_null(json_object_get(schemas, o->request));
		if (o->response)
			assert_non_null(json_object_get(schemas, o->response));
	}
	world_free(w);
}

/* Profile and table are equal: each rule has its operation, each operation its rule. */
static void test_rules_and_operations_agree(void **state)
{
	(void)state;
	struct world *w = world_new();
	size_t rules = 0;
	for (uint32_t r = 0; r < remit_policy_operations(w->profile->policy); r++) {
		struct str rest = str_of(remit_policy_operation(w->profile->policy, r)->text), method;
		bool found = false;
		str_cut(&rest, ' ', &method);
		if (rest.n == 0 || rest.p[0] != '/')
			continue;
		for (size_t i = 0; i < w->service->operation_count; i++)
			found = found || (str_is(method, w->service->operations[i].method) &&
					  str_is(rest, w->service->operations[i].path));
		assert_true(found);
		rules++;
	}
	assert_int_equal(rules, w->service->operation_count);
	world_free(w);
}

static void test_lists_only_what_is_reached(void **state)
{
	(void)state;
	const struct { struct who who; size_t count; } cases[] = {
		{ olga, 2 }, { olga_aurora, 1 }, { mark, 1 }, { simon, 0 }, { simon_admin, 0 }, { simon_aurora, 0 },
	};
	struct world *w = world_new();
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		assert_int_equal(ask(w, cases[i].who, "list_projects", NULL, NULL, NULL), 200);
		assert_int_equal(json_array_size(json_object_get(w->json, "data")), cases[i].count);
	}
	world_free(w);
}

/* The same bytes for what is another's, what is nobody's, and what is no id. */
static void test_another_project_is_the_same_404(void **state)
{
	(void)state;
	static const char expected[] = "{\"error\":{\"code\":\"not_found\",\"message\":\"Project not found\"}}";
	struct world *w = world_new();
	const char *ids[] = { w->projects[NORTHWIND].text, "01890000-0000-7000-8000-000000000000", "x", "", "../x" };
	for (size_t i = 0; i < TEST_COUNT(ids); i++) {
		assert_int_equal(ask(w, mark, "get_project", ids[i], NULL, NULL), 404);
		assert_string_equal(answer_text(w), expected);
		assert_int_equal(ask(w, olga_aurora, "get_project", ids[i], NULL, NULL), 404);
		assert_string_equal(answer_text(w), expected);
		assert_int_equal(ask(w, mark, "update_project", ids[i], NULL, "{\"nmae\":1}"), 404);
		assert_string_equal(answer_text(w), expected);
		assert_int_equal(ask(w, simon_admin, "update_project", ids[i], NULL, "{\"name\":\"Mine\"}"), 404);
		assert_string_equal(answer_text(w), expected);
	}
	ask(w, olga, "get_project", w->projects[NORTHWIND].text, NULL, NULL);
	assert_string_equal(at(w, "name"), "Northwind Cycles");
	world_free(w);
}

static void test_bad_settings_are_named(void **state)
{
	(void)state;
	static const struct { const char *body, *message; } cases[] = {
		{ "{\"name\":\"\"}", "name must not be empty" },
		{ "{\"name\":5}", "name must be text" },
		{ "{\"name\":\"a\\nb\"}", "name must not hold control characters or line ends" },
		{ "{\"nam\":\"x\"}", "nam is not a known field; did you mean name?" },
		{ "{\"settings\":[]}", "settings must be an object" },
		{ "{\"settings\":{\"timezone\":\"../../etc/passwd\"}}", "settings.timezone must be an IANA time zone, as Europe/Berlin" },
		{ "{\"settings\":{\"timezone\":\"Europe/\"}}", "settings.timezone must be an IANA time zone, as Europe/Berlin" },
		{ "{\"settings\":{\"timezone\":\"Europe\"}}", "settings.timezone must be an IANA time zone, as Europe/Berlin" },
		{ "{\"settings\":{\"website\":\"javascript:alert(1)\"}}", "settings.website must be an http or https URL without user, password or fragment" },
		{ "{\"settings\":{\"website\":\"https://a@b.example\"}}", "settings.website must be an http or https URL without user, password or fragment" },
		{ "{\"settings\":{\"default_channels\":[\"01890000-0000-7000-8000-000000000000\"]}}",
		  "settings.default_channels[0] is not a social connection of this project" },
		{ "{\"name\":1,\"settings\":{\"brand_voice\":null}}", "name must be text; settings.brand_voice must not be null" },
	};
	struct world *w = world_new();
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		assert_int_equal(ask(w, olga, "update_project", w->projects[AURORA].text, NULL, cases[i].body), 422);
		assert_string_equal(at(w, "error.code"), "validation_failed");
		assert_string_equal(at(w, "error.message"), cases[i].message);
	}
	world_free(w);
}

static void test_settings_are_merged(void **state)
{
	(void)state;
	struct world *w = world_new();
	const char *id = w->projects[AURORA].text;
	ask(w, mark, "get_project", id, NULL, NULL);
	assert_string_equal(at(w, "settings.timezone"), "UTC");
	w->now_ms += 5000;
	assert_int_equal(ask(w, mark, "update_project", id, NULL, "{\"settings\":{\"brand_voice\":\"Warm\"}}"), 200);
	assert_int_equal(ask(w, mark, "update_project", id, NULL,
			     "{\"name\":\"Aurora\",\"settings\":{\"timezone\":\"Europe/Oslo\"}}"), 200);
	ask(w, olga, "get_project", id, NULL, NULL);
	assert_string_equal(at(w, "name"), "Aurora");
	assert_string_equal(at(w, "settings.timezone"), "Europe/Oslo");
	assert_string_equal(at(w, "settings.brand_voice"), "Warm");
	assert_string_equal(at(w, "updated_at"), "2030-03-17T17:46:45.000Z");
	world_free(w);
}

/* A project that is removed takes its rows along, and nothing keeps it from being removed. */
static void test_removing_a_project_removes_its_rows(void **state)
{
	(void)state;
	struct world *w = world_new();
	char id[ID_LENGTH + 1];
	int64_t revision;
	make_draft(w, olga_aurora, "{\"title\":\"T\"}", id);
	assert_int_equal(store_project_remove(w->store, &w->projects[AURORA],
		&(struct store_actor){ "test", WORLD_NOW }, &revision), STORE_OK);
	assert_int_equal(ask(w, olga, "get_story", id, NULL, NULL), 404);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_health_says_who_asks),
		cmocka_unit_test(test_openapi_holds_what_runs),
		cmocka_unit_test(test_openapi_names_schemas_that_exist),
		cmocka_unit_test(test_rules_and_operations_agree),
		cmocka_unit_test(test_lists_only_what_is_reached),
		cmocka_unit_test(test_another_project_is_the_same_404),
		cmocka_unit_test(test_bad_settings_are_named),
		cmocka_unit_test(test_settings_are_merged),
		cmocka_unit_test(test_removing_a_project_removes_its_rows),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
