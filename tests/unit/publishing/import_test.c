/* SPDX-License-Identifier: Apache-2.0
 * The import: what it refuses and where, all or nothing, and the demo set.
 */
#include "world.h"

#include "../test.h"

#include <stdio.h>
#include <stdlib.h>

static const struct who olga = { OLGA, -1, false }, mark = { MARK, -1, false };
static const char *demo_file;

static bool import(struct world *w, const char *document, const struct id *owner, struct publishing_import_counts *ret, char error[512])
{
	struct publishing_options options = { .database = store_database(w->store), .secrets = w->secrets,
					      .api = "publishing" };
	return publishing_import(&options, str_of(document), owner, w->now_ms, ret, error);
}

static size_t count(struct world *w, const char *list)
{
	assert_int_equal(ask(w, olga, list, NULL, "limit=100", NULL), 200);
	return json_array_size(json_object_get(w->json, "data"));
}

static void test_bad_documents_are_refused_whole(void **state)
{
	(void)state;
	static const struct { const char *document, *error; } cases[] = {
		{ "{\"projects\":[{\"name\":\"A\",}]}", "line 1, column 26: string or '}' expected near '}'" },
		{ "[]", "The document must be an object with \"projects\"" },
		{ "{\"projects\":[]}", "projects must be a list of 1 to 1000 items" },
		{ "{\"projects\":[{}]}", "projects[0]. must have an id (of a project that exists) or a name (of one to be made)" },
		{ "{\"projects\":[7]}", "projects[0] must be an object" },
		{ "{\"projects\":[{\"name\":\"A\",\"moment\":[]}]}", "projects[0].moment is not a known field; did you mean moments?" },
		{ "{\"projects\":[{\"name\":\"A\",\"templates\":[{\"name\":\"T\",\"kind\":\"post\"}]}]}", "projects[0].templates[0].body must be given" },
		{ "{\"projects\":[{\"name\":\"A\"},{\"name\":\"B\",\"moments\":[{\"title\":\"M\",\"detected_at\":\"soon\"}]}]}",
		  "projects[1].moments[0].detected_at must be a time with its offset, as in 2030-05-01T09:00:00+02:00" },
		{ "{\"projects\":[{\"name\":\"A\"},{\"name\":\"B\",\"stories\":[{\"title\":\"S\",\"channels\":[\"x\"]}]}]}",
		  "projects[1].stories[0].channels names a key that is not in this project's social_connections" },
		{ "{\"projects\":[{\"name\":\"A\",\"social_connections\":[{\"key\":\"x\",\"provider\":\"mastodon\",\"handle\":\"h\"}]},"
		  "{\"name\":\"B\",\"stories\":[{\"title\":\"S\",\"channels\":[\"x\"]}]}]}",
		  "projects[1].stories[0].channels names a key that is not in this project's social_connections" },
		{ "{\"projects\":[{\"name\":\"A\"},{\"id\":\"01890000-0000-7000-8000-000000000000\"}]}", "projects[1].id is no project of this API" },
	};
	struct world *w = world_new();
	struct publishing_import_counts counts;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		char error[512] = "";
		assert_false(import(w, cases[i].document, &w->people[OLGA], &counts, error));
		assert_string_equal(error, cases[i].error);
	}
	char error[512];
	assert_false(import(w, "{\"projects\":[{\"name\":\"A\"}]}", NULL, &counts, error));
	assert_false(import(w, "{\"projects\":[{\"name\":\"A\"}]}", &w->projects[AURORA], &counts, error));
	assert_string_equal(error, "The owner of the new projects is not known");
	assert_int_equal(count(w, "list_projects"), 2);
	assert_int_equal(count(w, "list_social_connections"), 0);
	world_free(w);
}

static void test_into_a_project_that_exists(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct publishing_import_counts counts;
	char document[1024], error[512] = "";
	snprintf(document, sizeof(document), "{\"projects\":[{\"id\":\"%s\",\"settings\":{\"default_channels\":[\"c\"]},"
		 "\"social_connections\":[{\"key\":\"c\",\"provider\":\"mastodon\",\"handle\":\"@c\"}],"
		 "\"templates\":[{\"name\":\"T\",\"kind\":\"post\",\"body\":\"{{a}} {{ b }} {{a}} {{c_1}} {{}} {{\"}]}]}",
		 w->projects[AURORA].text);
	assert_true(import(w, document, NULL, &counts, error));
	assert_int_equal(counts.connections, 1);
	assert_int_equal(count(w, "list_templates"), 1);
	assert_string_equal(at(w, "data.0.placeholders.0"), "a");
	assert_string_equal(at(w, "data.0.placeholders.1"), "c_1");
	assert_string_equal(at(w, "data.0.placeholders.2"), "");
	assert_int_equal(ask(w, mark, "get_project", w->projects[AURORA].text, NULL, NULL), 200);
	assert_int_equal(strlen(at(w, "settings.default_channels.0")), ID_LENGTH);
	world_free(w);
}

static void test_the_demo_set(void **state)
{
	(void)state;
	static char document[1 << 16];
	struct world *w = world_new();
	struct publishing_import_counts counts;
	char error[512] = "";
	FILE *file = fopen(demo_file, "r");
	assert_non_null(file);
	document[fread(document, 1, sizeof(document) - 1, file)] = '\0';
	fclose(file);
	if (!import(w, document, &w->people[SIMON], &counts, error))
		fail_msg("%s", error);
	assert_int_equal(counts.projects, 2);
	assert_int_equal(counts.templates, 3);
	assert_int_equal(counts.connections, 7);
	assert_int_equal(counts.moments, 3);
	assert_int_equal(counts.stories, 3);
	assert_int_equal(count(w, "list_stories"), 0); /* they are Simon's */
	assert_int_equal(ask(w, (struct who){ SIMON, -1, false }, "list_stories", NULL, NULL, NULL), 200);
	assert_string_equal(at(w, "data.0.status"), "draft");
	assert_string_equal(at(w, "data.0.created_by"), w->people[SIMON].text);
	assert_int_equal(ask(w, (struct who){ SIMON, -1, false }, "list_projects", NULL, NULL, NULL), 200);
	world_free(w);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_documents_are_refused_whole),
		cmocka_unit_test(test_into_a_project_that_exists),
		cmocka_unit_test(test_the_demo_set),
	};
	demo_file = argc > 1 ? argv[1] : "profiles/demo/demo.json";
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
