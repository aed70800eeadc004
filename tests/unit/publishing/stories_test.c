/* SPDX-License-Identifier: Apache-2.0
 * Stories: what is refused, in whose project they are made, and their states.
 */
#include "world.h"

#include "../test.h"

#include <stdio.h>
#include <stdlib.h>

static const struct who olga = { OLGA, -1, false }, olga_aurora = { OLGA, AURORA, false };
static const struct who mark = { MARK, -1, false }, simon = { SIMON, -1, true };

#define NOBODY "01890000-0000-7000-8000-000000000000"

static void test_bad_stories_are_named(void **state)
{
	(void)state;
	static const struct { const char *body, *message; } cases[] = {
		{ "{}", "title, body or media must be given: a story needs something to say" },
		{ "{\"titel\":\"x\"}", "titel is not a known field; did you mean title?" },
		{ "{\"title\":\"x\",\"status\":\"published\"}", "status cannot be set: use schedule, unschedule or publish" },
		{ "{\"title\":\"x\",\"scheduledAt\":\"2031-01-01T00:00:00Z\"}",
		  "scheduledAt is not a known field; did you mean scheduled_at?" },
		{ "{\"title\":\"x\",\"scheduled_at\":\"2030-06-01\"}",
		  "scheduled_at must be a time with its offset, as in 2030-05-01T09:00:00+02:00" },
		{ "{\"title\":\"x\",\"scheduled_at\":\"2030-06-01T10:00:00\"}",
		  "scheduled_at must be a time with its offset, as in 2030-05-01T09:00:00+02:00" },
		{ "{\"title\":\"x\",\"scheduled_at\":1900000000}", "scheduled_at must be text" },
		{ "{\"title\":\"x\",\"scheduled_at\":\"2030-03-17T17:46:40Z\"}", "scheduled_at must be in the future" },
		{ "{\"title\":\"x\",\"scheduled_at\":\"2031-04-17T17:46:40Z\"}", "scheduled_at must be at most a year ahead" },
		{ "{\"title\":\"a\\u0007b\"}", "title must not hold control characters or line ends" },
		{ "{\"title\":\"a\\nb\"}", "title must not hold control characters or line ends" },
		{ "{\"body\":\"a\\u0085b\"}", "body must not hold control characters but line feeds and tabs" },
		{ "{\"title\":\"x\",\"channels\":\"all\"}", "channels must be a list of ids" },
		{ "{\"title\":\"x\",\"channels\":[5]}", "channels[0] must be text" },
		{ "{\"title\":\"x\",\"channels\":[\"me\"]}", "channels[0] must be an id (a UUID)" },
		{ "{\"title\":\"x\",\"channels\":[\"" NOBODY "\",\"" NOBODY "\"]}", "channels[1] stands twice" },
		{ "{\"title\":\"x\",\"channels\":[\"" NOBODY "\"]}", "channels[0] is not a social connection of this project" },
		{ "{\"title\":\"x\",\"media\":[\"" NOBODY "\"]}", "media[0] is not a media file of this project" },
		{ "{\"title\":\"x\",\"template_id\":\"" NOBODY "\"}", "template_id is not a template of this project" },
		{ "{\"title\":\"x\",\"moment_id\":\"" NOBODY "\"}", "moment_id is not a moment of this project" },
		{ "{\"title\":\"x\",\"projectId\":\"" NOBODY "\",\"project_id\":\"" NOBODY "\"}", NULL },
		{ "{\"title\":1,\"body\":2}", "title must be text; body must be text" },
	};
	struct world *w = world_new();
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		int status = ask(w, olga_aurora, "create_story", NULL, NULL, cases[i].body);
		if (!cases[i].message) { /* the project comes first */
			assert_int_equal(status, 404);
			continue;
		}
		assert_int_equal(status, 422);
		assert_string_equal(at(w, "error.message"), cases[i].message);
	}
	ask(w, olga, "list_stories", NULL, NULL, NULL);
	assert_int_equal(json_array_size(json_object_get(w->json, "data")), 0);
	world_free(w);
}

static void test_lengths_are_in_characters(void **state)
{
	(void)state;
	struct world *w = world_new();
	char title[301 * 3 + 1], body[2048];
	for (int n = 300; n <= 301; n++) {
		title[0] = '\0';
		for (int i = 0; i < n; i++)
			memcpy(title + 3 * i, "\xe2\x82\xac", 4);
		snprintf(body, sizeof(body), "{\"title\":\"%s\"}", title);
		assert_int_equal(ask(w, olga_aurora, "create_story", NULL, NULL, body), n == 300 ? 201 : 422);
	}
	assert_string_equal(at(w, "error.message"), "title must be at most 300 characters, and has 301");
	char *large = malloc(1000100);
	memcpy(large, "{\"body\":\"", 9);
	memset(large + 9, 'x', 1000000);
	memcpy(large + 1000009, "\"}", 3);
	assert_int_equal(ask(w, olga_aurora, "create_story", NULL, NULL, large), 422);
	free(large);
	world_free(w);
}

static void test_many_mistakes_fit_one_message(void **state)
{
	(void)state;
	struct world *w = world_new();
	char body[8192];
	size_t n = (size_t)snprintf(body, sizeof(body), "{\"title\":\"x\"");
	for (int i = 0; i < 100; i++)
		n += (size_t)snprintf(body + n, sizeof(body) - n, ",\"unknown_field_%d\":1", i);
	snprintf(body + n, sizeof(body) - n, "}");
	assert_int_equal(ask(w, olga_aurora, "create_story", NULL, NULL, body), 422);
	assert_non_null(strstr(at(w, "error.message"), "; and more"));
	world_free(w);
}

static void test_a_story_is_made_in_the_right_project(void **state)
{
	(void)state;
	struct world *w = world_new();
	char body[256];

	/* Bound: without a project, and with its own by either name. */
	assert_int_equal(ask(w, olga_aurora, "create_story", NULL, NULL, "{\"title\":\"x\"}"), 201);
	assert_string_equal(at(w, "project_id"), w->projects[AURORA].text);
	assert_string_equal(at(w, "status"), "draft");
	assert_string_equal(at(w, "created_by"), w->people[OLGA].text);
	snprintf(body, sizeof(body), "{\"title\":\"x\",\"project_id\":\"%s\"}", w->projects[AURORA].text);
	assert_int_equal(ask(w, olga_aurora, "create_story", NULL, NULL, body), 201);
	/* Bound, with another's: 404 as for nobody's, before anything else is judged. */
	snprintf(body, sizeof(body), "{\"titel\":\"x\",\"projectId\":\"%s\"}", w->projects[NORTHWIND].text);
	assert_int_equal(ask(w, olga_aurora, "create_story", NULL, NULL, body), 404);
	assert_string_equal(at(w, "error.message"), "Project not found");
	/* A member reaches one: it needs no name. An owner of two must name one. A stranger has none. */
	assert_int_equal(ask(w, mark, "create_story", NULL, NULL, "{\"title\":\"x\"}"), 201);
	assert_string_equal(at(w, "project_id"), w->projects[AURORA].text);
	assert_int_equal(ask(w, olga, "create_story", NULL, NULL, "{\"title\":\"x\"}"), 422);
	assert_string_equal(at(w, "error.message"), "projectId must be given: this token reaches more than one project");
	assert_int_equal(ask(w, simon, "create_story", NULL, NULL, "{\"title\":\"x\"}"), 422);
	snprintf(body, sizeof(body), "{\"title\":\"x\",\"projectId\":\"%s\"}", w->projects[AURORA].text);
	assert_int_equal(ask(w, simon, "create_story", NULL, NULL, body), 404);
	world_free(w);
}

/* What belongs to another project of the same person is no part of a story either. */
static void test_references_stay_within_a_project(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct id own = add_social(w, AURORA), other = add_social(w, NORTHWIND);
	char body[256], expected[] = "channels[1] is not a social connection of this project";
	snprintf(body, sizeof(body), "{\"title\":\"x\",\"channels\":[\"%s\",\"%s\"],\"projectId\":\"%s\"}", own.text,
		 other.text, w->projects[AURORA].text);
	assert_int_equal(ask(w, olga, "create_story", NULL, NULL, body), 422);
	assert_string_equal(at(w, "error.message"), expected);
	snprintf(body, sizeof(body), "{\"title\":\"x\",\"channels\":[\"%s\",\"%s\"],\"projectId\":\"%s\"}", own.text,
		 NOBODY, w->projects[AURORA].text);
	assert_int_equal(ask(w, olga, "create_story", NULL, NULL, body), 422);
	assert_string_equal(at(w, "error.message"), expected);
	world_free(w);
}

static int64_t outbox_rows;

static enum store_status count_outbox(struct sql *sql, void *arg)
{
	(void)arg;
	struct sql_statement *st = sql_prepare(sql, "SELECT count(*) FROM publishing_outbox");
	if (sql_step(st) == SQL_ROW)
		outbox_rows = sql_column_int(st, 0);
	sql_reset(st);
	return STORE_OK;
}

static int64_t outbox(struct world *w)
{
	assert_int_equal(database_read(store_database(w->store), count_outbox, NULL), STORE_OK);
	return outbox_rows;
}

#define TIME "{\"scheduled_at\":\"2030-06-01T10:00:00+02:00\"}"

static void test_states_of_a_story(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct id one = add_social(w, AURORA), two = add_social(w, AURORA);
	char id[ID_LENGTH + 1], body[256];
	snprintf(body, sizeof(body), "{\"title\":\"x\",\"channels\":[\"%s\",\"%s\"]}", one.text, two.text);
	make_draft(w, olga_aurora, body, id);

	assert_int_equal(ask(w, mark, "unschedule_story", id, NULL, NULL), 409);
	assert_string_equal(at(w, "error.code"), "conflict");
	assert_string_equal(at(w, "error.message"), "The story is draft and cannot be unscheduled");
	assert_int_equal(ask(w, mark, "schedule_story", id, NULL, "{}"), 422);
	assert_int_equal(ask(w, mark, "schedule_story", id, NULL, TIME), 200);
	assert_string_equal(at(w, "status"), "scheduled");
	assert_string_equal(at(w, "scheduled_at"), "2030-06-01T08:00:00.000Z");
	assert_int_equal(ask(w, mark, "update_story", id, NULL, "{\"scheduled_at\":\"2030-07-01T10:00:00Z\"}"), 200);
	assert_string_equal(at(w, "scheduled_at"), "2030-07-01T10:00:00.000Z");
	assert_int_equal(ask(w, mark, "unschedule_story", id, NULL, "{}"), 200);
	assert_string_equal(at(w, "status"), "draft");
	assert_string_equal(at(w, "scheduled_at"), "null");
	assert_int_equal(outbox(w), 0);
	assert_int_equal(ask(w, mark, "publish_story", id, NULL, "{\"now\":true}"), 422);
	assert_int_equal(ask(w, mark, "publish_story", id, NULL, NULL), 202);
	assert_string_equal(at(w, "status"), "publishing");
	assert_int_equal(outbox(w), 2);
	static const char *const refused[] = { "publish_story", "unschedule_story", "schedule_story", "update_story" };
	for (size_t i = 0; i < TEST_COUNT(refused); i++)
		assert_int_equal(ask(w, mark, refused[i], id, NULL, i < 2 ? NULL : i == 2 ? TIME : "{\"title\":\"y\"}"), 409);
	assert_int_equal(outbox(w), 2);
	world_free(w);
}

static void test_a_story_without_channels_is_not_published(void **state)
{
	(void)state;
	struct world *w = world_new();
	char id[ID_LENGTH + 1];
	make_draft(w, olga_aurora, "{\"title\":\"x\"}", id);
	assert_int_equal(ask(w, mark, "publish_story", id, NULL, NULL), 422);
	assert_int_equal(outbox(w), 0);
	ask(w, mark, "get_story", id, NULL, NULL);
	assert_string_equal(at(w, "status"), "draft");
	world_free(w);
}

static void test_what_is_not_sent_stays(void **state)
{
	(void)state;
	struct world *w = world_new();
	char id[ID_LENGTH + 1];
	make_draft(w, olga_aurora, "{\"title\":\"x\",\"body\":\"y\\nz\"}", id);
	assert_int_equal(ask(w, mark, "update_story", id, NULL, "{\"title\":\"new\"}"), 200);
	assert_string_equal(at(w, "title"), "new");
	assert_string_equal(at(w, "body"), "y\nz");
	assert_int_equal(ask(w, mark, "update_story", id, NULL, "{\"title\":\"\",\"body\":\"\"}"), 422);
	assert_int_equal(ask(w, mark, "update_story", id, NULL, "{\"status\":\"published\"}"), 422);
	assert_int_equal(ask(w, mark, "update_story", id, NULL, "{\"project_id\":\"" NOBODY "\"}"), 422);
	assert_int_equal(ask(w, mark, "update_story", id, NULL, TIME), 200);
	assert_string_equal(at(w, "status"), "scheduled");
	assert_int_equal(ask(w, mark, "update_story", id, NULL, "{\"scheduled_at\":null}"), 200);
	assert_string_equal(at(w, "status"), "draft");
	world_free(w);
}

static void test_default_channels_are_used(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct id own = add_social(w, AURORA);
	char body[256], id[ID_LENGTH + 1];
	snprintf(body, sizeof(body), "{\"settings\":{\"default_channels\":[\"%s\"]}}", own.text);
	assert_int_equal(ask(w, olga, "update_project", w->projects[AURORA].text, NULL, body), 200);
	make_draft(w, olga_aurora, "{\"title\":\"x\"}", id);
	assert_string_equal(at(w, "channels.0"), own.text);
	make_draft(w, olga_aurora, "{\"title\":\"x\",\"channels\":[]}", id);
	assert_string_equal(at(w, "channels.0"), "");
	world_free(w);
}

static void test_bulk_judges_each_item(void **state)
{
	(void)state;
	struct world *w = world_new();
	char body[1024];
	snprintf(body, sizeof(body), "{\"stories\":[{\"title\":\"one\"},{\"titel\":\"two\"},7,{\"title\":\"x\",\"projectId\":\"%s\"},"
		 "{\"title\":\"five\",\"scheduled_at\":\"2030-06-01T10:00:00Z\"}]}", w->projects[NORTHWIND].text);
	assert_int_equal(ask(w, olga_aurora, "create_stories", NULL, NULL, body), 200);
	static const char *const statuses[] = { "201", "422", "422", "404", "201" };
	for (size_t i = 0; i < TEST_COUNT(statuses); i++) {
		char path[64];
		snprintf(path, sizeof(path), "results.%zu.status", i);
		assert_string_equal(at(w, path), statuses[i]);
		snprintf(path, sizeof(path), "results.%zu.index", i);
		assert_int_equal(atoi(at(w, path)), (int)i);
	}
	assert_string_equal(at(w, "results.4.story.status"), "scheduled");
	assert_string_equal(at(w, "results.1.error.code"), "validation_failed");
	ask(w, olga, "list_stories", NULL, NULL, NULL);
	assert_int_equal(json_array_size(json_object_get(w->json, "data")), 2);
	assert_int_equal(ask(w, olga_aurora, "create_stories", NULL, NULL, "{\"stories\":[]}"), 422);
	assert_int_equal(ask(w, olga_aurora, "create_stories", NULL, NULL, "{}"), 422);
	char many[2048] = "{\"stories\":[{\"title\":\"x\"}";
	for (int i = 0; i < 50; i++)
		strcat(many, ",{\"title\":\"x\"}");
	strcat(many, "]}");
	assert_int_equal(ask(w, olga_aurora, "create_stories", NULL, NULL, many), 422);
	world_free(w);
}

static void test_preview_counts_and_judges(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct id own = add_social(w, AURORA);
	char body[1024], id[ID_LENGTH + 1], text[600];
	memset(text, 'x', 499);
	text[499] = '\0';
	snprintf(body, sizeof(body), "{\"title\":\"T\",\"body\":\"%s\",\"channels\":[\"%s\"]}", text, own.text);
	make_draft(w, olga_aurora, body, id);
	assert_int_equal(ask(w, mark, "preview_story", id, NULL, NULL), 200);
	assert_string_equal(at(w, "channels.0.length"), "502");
	assert_string_equal(at(w, "channels.0.length_limit"), "500");
	assert_string_equal(at(w, "channels.0.ok"), "false");
	assert_string_equal(at(w, "channels.0.problems.0"), "The text has 502 characters; mastodon takes 500");
	assert_int_equal(ask(w, simon, "preview_story", id, NULL, NULL), 404);
	world_free(w);
}

static void test_a_carousel_of_5_is_shown_as_a_thread_and_11_are_refused(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct id own = add_social(w, AURORA);
	char body[1024], id[ID_LENGTH + 1], media[11 * (ID_LENGTH + 3) + 1] = "";
	for (int i = 0; i < 11; i++) {
		assert_int_equal(upload(w, olga_aurora, STR("a.gif"), STR("GIF89a0123456789"), NULL), 201);
		sprintf(media + strlen(media), "%s\"%s\"", i > 0 ? "," : "", at(w, "id"));
	}
	snprintf(body, sizeof(body), "{\"title\":\"T\",\"channels\":[\"%s\"],\"media\":[%s]}", own.text, media);
	assert_int_equal(ask(w, olga_aurora, "create_story", NULL, NULL, body), 422);
	assert_string_equal(at(w, "error.message"), "media must have at most 10 ids, and has 11");
	media[5 * (ID_LENGTH + 3) - 1] = '\0';
	snprintf(body, sizeof(body), "{\"title\":\"T\",\"channels\":[\"%s\"],\"media\":[%s]}", own.text, media);
	make_draft(w, olga_aurora, body, id);
	assert_int_equal(ask(w, mark, "preview_story", id, NULL, NULL), 200);
	assert_string_equal(at(w, "channels.0.ok"), "true");
	assert_string_equal(at(w, "channels.0.posts.0.text"), "T");
	assert_string_equal(at(w, "channels.0.posts.0.media.3.content_type"), "image/gif");
	assert_string_equal(at(w, "channels.0.posts.0.media.4.id"), "");
	assert_string_equal(at(w, "channels.0.posts.1.text"), "");
	assert_int_equal(strlen(at(w, "channels.0.posts.1.media.0.id")), ID_LENGTH);
	assert_string_equal(at(w, "channels.0.posts.2.text"), "");
	assert_string_equal(at(w, "channels.0.request_body"), "null");
	world_free(w);
}

/* A draft may be anything; what is to go out must be what its channels take. */
static void test_limits_are_checked_before_scheduling(void **state)
{
	(void)state;
	static const char schedule[] = "{\"scheduled_at\":\"2030-06-01T10:00:00Z\"}";
	static const char told[] = "channels[0]: The text has 502 characters; mastodon takes 500";
	struct world *w = world_new();
	struct id own = add_social(w, AURORA);
	char body[1024], id[ID_LENGTH + 1], text[600];
	memset(text, 'x', 499);
	text[499] = '\0';
	snprintf(body, sizeof(body), "{\"title\":\"T\",\"body\":\"%s\",\"channels\":[\"%s\"],"
		"\"scheduled_at\":\"2030-06-01T10:00:00Z\"}", text, own.text);
	assert_int_equal(ask(w, olga_aurora, "create_story", NULL, NULL, body), 422);
	assert_string_equal(at(w, "error.message"), told);
	snprintf(body, sizeof(body), "{\"title\":\"T\",\"body\":\"%s\",\"channels\":[\"%s\"]}", text, own.text);
	make_draft(w, olga_aurora, body, id);
	assert_int_equal(ask(w, olga_aurora, "schedule_story", id, NULL, schedule), 422);
	assert_string_equal(at(w, "error.message"), told);
	assert_int_equal(ask(w, olga_aurora, "publish_story", id, NULL, NULL), 422);
	assert_string_equal(at(w, "error.message"), told);
	assert_int_equal(ask(w, olga_aurora, "update_story", id, NULL, "{\"body\":\"short\"}"), 200);
	assert_int_equal(ask(w, olga_aurora, "schedule_story", id, NULL, schedule), 200);
	snprintf(body, sizeof(body), "{\"body\":\"%s\"}", text);
	assert_int_equal(ask(w, olga_aurora, "update_story", id, NULL, body), 422);
	assert_string_equal(at(w, "error.message"), told);
	assert_int_equal(ask(w, olga_aurora, "publish_story", id, NULL, NULL), 202);
	world_free(w);
}

/* Judged, and then kept waiting while somebody ends the token: nothing is written any more. */
static void test_D14_a_write_that_waited_longer_than_its_token_lived(void **state)
{
	(void)state;
	struct world *w = world_new();
	const struct store_actor actor = { .who = "test", .now_ms = w->now_ms };
	struct token_row token = { .id = w->people[0], .kind = REMIT_TOKEN_PERSONAL, .name = "t", .owner = w->people[OLGA],
		.api = "publishing", .scopes = "*", .created_ms = w->now_ms }; /* the id is that of every call here */
	char id[ID_LENGTH + 1];
	make_draft(w, olga_aurora, "{\"title\":\"T\"}", id);
	assert_int_equal(store_token_add(w->store, &token, (const uint8_t[REMIT_DIGEST_SIZE]){ 1 }, &actor, NULL), STORE_OK);
	assert_int_equal(ask(w, olga_aurora, "update_story", id, NULL, "{\"title\":\"U\"}"), 200);
	assert_int_equal(store_user_disable(w->store, &w->people[OLGA], true, &actor, NULL), STORE_OK);
	assert_int_equal(ask(w, olga_aurora, "update_story", id, NULL, "{\"title\":\"V\"}"), 503);
	assert_int_equal(store_user_disable(w->store, &w->people[OLGA], false, &actor, NULL), STORE_OK);
	assert_int_equal(store_token_revoke(w->store, &token.id, "", &actor, NULL), STORE_OK);
	assert_int_equal(ask(w, olga_aurora, "update_story", id, NULL, "{\"title\":\"V\"}"), 503);
	assert_int_equal(ask(w, olga_aurora, "create_story", NULL, NULL, "{\"title\":\"W\"}"), 503);
	assert_int_equal(ask(w, olga_aurora, "list_stories", NULL, NULL, NULL), 200);
	assert_string_equal(at(w, "data.0.title"), "U");
	assert_string_equal(at(w, "data.1.title"), "");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_stories_are_named),
		cmocka_unit_test(test_lengths_are_in_characters),
		cmocka_unit_test(test_many_mistakes_fit_one_message),
		cmocka_unit_test(test_a_story_is_made_in_the_right_project),
		cmocka_unit_test(test_references_stay_within_a_project),
		cmocka_unit_test(test_states_of_a_story),
		cmocka_unit_test(test_a_story_without_channels_is_not_published),
		cmocka_unit_test(test_what_is_not_sent_stays),
		cmocka_unit_test(test_default_channels_are_used),
		cmocka_unit_test(test_bulk_judges_each_item),
		cmocka_unit_test(test_preview_counts_and_judges),
		cmocka_unit_test(test_a_carousel_of_5_is_shown_as_a_thread_and_11_are_refused),
		cmocka_unit_test(test_limits_are_checked_before_scheduling),
		cmocka_unit_test(test_D14_a_write_that_waited_longer_than_its_token_lived),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
