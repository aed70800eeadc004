/* SPDX-License-Identifier: Apache-2.0
 * Lists: pages, cursors, filters; and that nothing outside of what a caller reaches can be told
 * from what does not exist, by any operation.
 */
#include "world.h"

#include "../test.h"

#include <stdio.h>
#include <stdlib.h>

static const struct who olga = { OLGA, -1, false }, olga_aurora = { OLGA, AURORA, false };
static const struct who olga_northwind = { OLGA, NORTHWIND, false };
static const struct who mark = { MARK, -1, false };

static size_t count(const struct world *w)
{
	return json_array_size(json_object_get(w->json, "data"));
}

static void make_stories(struct world *w, struct who who, int n)
{
	char id[ID_LENGTH + 1], body[64];
	for (int i = 0; i < n; i++, w->now_ms++) {
		snprintf(body, sizeof(body), "{\"title\":\"%d\"}", i);
		make_draft(w, who, body, id);
	}
}

static void test_pages_hold_each_row_once(void **state)
{
	(void)state;
	struct world *w = world_new();
	char cursor[512] = "", query[600];
	int pages = 0, expected = 24;

	for (int i = 0; i < 5; i++) { /* the two projects' rows take turns */
		make_stories(w, olga_northwind, 1);
		make_stories(w, olga_aurora, 5);
	}
	do {
		snprintf(query, sizeof(query), "limit=7%s%s", *cursor ? "&cursor=" : "", cursor);
		assert_int_equal(ask(w, mark, "list_stories", NULL, query, NULL), 200);
		for (size_t i = 0; i < count(w); i++, expected--) {
			const json_t *row = json_array_get(json_object_get(w->json, "data"), i);
			assert_string_equal(json_string_value(json_object_get(row, "project_id")), w->projects[AURORA].text);
			assert_int_equal(atoi(json_string_value(json_object_get(row, "title"))), expected % 5);
		}
		snprintf(cursor, sizeof(cursor), "%s", at(w, "next_cursor"));
		pages++;
	} while (strcmp(cursor, "null") != 0);
	assert_int_equal(expected, -1);
	assert_int_equal(pages, 4);
	ask(w, olga, "list_stories", NULL, "limit=100", NULL);
	assert_int_equal(count(w), 30);
	ask(w, olga, "list_stories", NULL, NULL, NULL);
	assert_int_equal(count(w), 30);
	world_free(w);
}

static void test_T07_forged_cursors_are_refused(void **state)
{
	(void)state;
	struct world *w = world_new();
	char cursor[512], query[1024];
	static const char *const forged[] = {
		"", "x", "%27%20OR%201=1--", "01890000-0000-7000-8000-000000000000", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	};
	for (size_t i = 0; i < TEST_COUNT(forged); i++) {
		snprintf(query, sizeof(query), "cursor=%s", forged[i]);
		assert_int_equal(ask(w, olga, "list_stories", NULL, query, NULL), 422);
		assert_string_equal(at(w, "error.message"), "cursor must be a next_cursor that this list gave you");
	}
	make_stories(w, olga_aurora, 3);
	ask(w, olga, "list_stories", NULL, "limit=1", NULL);
	snprintf(cursor, sizeof(cursor), "%s", at(w, "next_cursor"));
	/* Good where it came from; no good for another person, another list, or with one bit turned. */
	snprintf(query, sizeof(query), "cursor=%s", cursor);
	assert_int_equal(ask(w, olga, "list_stories", NULL, query, NULL), 200);
	assert_int_equal(count(w), 2);
	assert_int_equal(ask(w, mark, "list_stories", NULL, query, NULL), 422);
	assert_int_equal(ask(w, olga, "list_moments", NULL, query, NULL), 422);
	for (size_t i = 0; cursor[i]; i++) {
		char kept = cursor[i];
		cursor[i] = kept == 'A' ? 'B' : 'A';
		snprintf(query, sizeof(query), "cursor=%s", cursor);
		assert_int_equal(ask(w, olga, "list_stories", NULL, query, NULL), 422);
		cursor[i] = kept;
	}
	world_free(w);
}

static void test_bad_parameters_are_named(void **state)
{
	(void)state;
	static const struct { const char *query; int status; } cases[] = {
		{ "limit=0", 422 }, { "limit=101", 422 }, { "limit=-1", 422 }, { "limit=1e3", 422 }, { "limit=", 422 },
		{ "limti=5", 422 }, { "limit=5&limit=6", 422 }, { "status=gone", 422 }, { "status=", 422 },
		{ "created_after=yesterday", 422 }, { "created_before=2030-01-01", 422 },
		{ "project_id=x", 404 }, { "project_id=01890000-0000-7000-8000-000000000000", 404 },
		{ "project_id=", 404 }, { "project_id=x&limit=0", 404 },
		{ "status=draft&limit=5&created_after=2030-01-01T00:00:00Z", 200 },
	};
	struct world *w = world_new();
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		assert_int_equal(ask(w, olga, "list_stories", NULL, cases[i].query, NULL), cases[i].status);
	world_free(w);
}

static void test_filters(void **state)
{
	(void)state;
	struct world *w = world_new();
	char query[256];
	make_stories(w, olga_aurora, 2);
	make_stories(w, olga_northwind, 1);
	w->now_ms += 60000;
	char id[ID_LENGTH + 1];
	make_draft(w, olga_aurora, "{\"title\":\"t\",\"scheduled_at\":\"2030-06-01T10:00:00Z\"}", id);
	static const struct { const char *query; size_t count; } cases[] = {
		{ "status=draft", 3 }, { "status=scheduled", 1 }, { "status=failed", 0 },
		{ "created_after=2030-03-17T17:46:59Z", 1 }, { "created_before=2030-03-17T17:46:59Z", 3 },
		{ "created_before=2030-03-17T17:46:40.001Z", 1 }, { "created_after=2030-03-17T17:46:40.001Z", 2 },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		assert_int_equal(ask(w, olga, "list_stories", NULL, cases[i].query, NULL), 200);
		assert_int_equal(count(w), cases[i].count);
	}
	snprintf(query, sizeof(query), "project_id=%s", w->projects[NORTHWIND].text);
	ask(w, olga, "list_stories", NULL, query, NULL);
	assert_int_equal(count(w), 1);
	assert_int_equal(ask(w, mark, "list_stories", NULL, query, NULL), 404);
	assert_int_equal(ask(w, olga_aurora, "list_stories", NULL, query, NULL), 404);
	world_free(w);
}

/* Every operation on one object answers the same bytes for another project's and for nobody's. */
static void test_no_operation_tells_that_an_object_exists(void **state)
{
	(void)state;
	static const char nobody[] = "01890000-0000-7000-8000-000000000000";
	static const struct who callers[] = { { MARK, -1, true }, { OLGA, AURORA, true }, { SIMON, -1, true },
					      { SIMON, NORTHWIND, true } };
	struct world *w = world_new();
	char story[ID_LENGTH + 1], hook[ID_LENGTH + 1], media[ID_LENGTH + 1], first[4096];
	struct id social = add_social(w, NORTHWIND);
	make_draft(w, olga_northwind, "{\"title\":\"secret\"}", story);
	assert_int_equal(ask(w, olga_northwind, "create_webhook", NULL, NULL,
			     "{\"url\":\"https://a.example/\",\"events\":[\"*\"]}"), 201);
	snprintf(hook, sizeof(hook), "%s", at(w, "id"));
	assert_int_equal(upload(w, olga_northwind, STR("a.gif"), STR("GIF89a and so on"), NULL), 201);
	snprintf(media, sizeof(media), "%s", at(w, "id"));

	for (size_t i = 0; i < w->service->operation_count; i++) {
		const struct service_operation *o = &w->service->operations[i];
		const char *id = strstr(o->path, "/stories/") ? story : strstr(o->path, "/webhooks/") ? hook :
			strstr(o->path, "/media/") ? media : strstr(o->path, "/projects/") ? w->projects[NORTHWIND].text : social.text;
		if (!strchr(o->path, '{'))
			continue;
		for (size_t k = 0; k < TEST_COUNT(callers); k++) {
			static const char *const bodies[] = { "{}", "{\"nonsense\":1}", "{\"title\":\"x\"}" };
			for (size_t b = 0; b < TEST_COUNT(bodies); b++) {
				const char *body = o->body == SERVICE_BODY_NONE ? NULL : bodies[b];
				assert_int_equal(ask(w, callers[k], o->name, nobody, NULL, body), 404);
				snprintf(first, sizeof(first), "%s", answer_text(w));
				assert_int_equal(ask(w, callers[k], o->name, id, NULL, body), 404);
				assert_string_equal(answer_text(w), first);
				assert_int_equal(ask(w, callers[k], o->name, "not-an-id", NULL, body), 404);
				assert_string_equal(answer_text(w), first);
			}
		}
	}
	assert_int_equal(ask(w, olga, "get_story", story, NULL, NULL), 200);
	assert_string_equal(at(w, "title"), "secret");
	assert_int_equal(ask(w, olga, "get_webhook", hook, NULL, NULL), 200);
	world_free(w);
}

static void test_secrets_of_connections_never_leave(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct id social = add_social(w, AURORA); /* its sealed column holds "SECRET-1" */
	struct id data = add_row(w, "INSERT INTO publishing_data_connections (id, project_id, provider, name, status,"
		" sealed, created_at, updated_at) VALUES (?1, ?2, 'rss', 'n', 'active', x'5345435245542d31', ?3, ?3)", AURORA);
	static const struct { const char *list, *get; } cases[] = {
		{ "list_social_connections", "get_social_connection" }, { "list_data_connections", "get_data_connection" },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		assert_int_equal(ask(w, mark, cases[i].list, NULL, NULL, NULL), 200);
		assert_int_equal(count(w), 1);
		assert_null(strstr(answer_text(w), "SECRET"));
		assert_null(strstr(answer_text(w), "sealed"));
		assert_int_equal(ask(w, mark, cases[i].get, i == 0 ? social.text : data.text, NULL, NULL), 200);
		assert_null(strstr(answer_text(w), "SECRET"));
		assert_null(strstr(answer_text(w), "sealed"));
	}
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_hold_each_row_once),
		cmocka_unit_test(test_T07_forged_cursors_are_refused),
		cmocka_unit_test(test_bad_parameters_are_named),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_no_operation_tells_that_an_object_exists),
		cmocka_unit_test(test_secrets_of_connections_never_leave),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
