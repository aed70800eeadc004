/* SPDX-License-Identifier: Apache-2.0
 * Stories that are scheduled by a clock on a wall: zones, times that no clock shows or that it shows twice.
 */
#include "world.h"

#include "../test.h"

#include <stdio.h>

static const struct who olga = { OLGA, -1, false }, olga_aurora = { OLGA, AURORA, false }, simon = { SIMON, -1, false };

#define NOBODY "01890000-0000-7000-8000-000000000000"
#define FORM "scheduled_at_local must be a date and a time without an offset, as 2030-05-01T09:00"
#define ZONE "timezone must be an IANA time zone, as Europe/Berlin"
#define LONG_ZONE "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const struct { const char *members, *message; } bad[] = {
	{ "\"scheduled_at_local\":\"2030-05-01\"", FORM }, { "\"scheduled_at_local\":\"2030-05-01T09:00:00Z\"", FORM },
	{ "\"scheduled_at_local\":\"2030-05-01T09:00+02:00\"", FORM }, { "\"scheduled_at_local\":\"2030-05-01 09:00\"", FORM },
	{ "\"scheduled_at_local\":\"2030-02-30T09:00\"", FORM }, { "\"scheduled_at_local\":\"2030-05-01T24:00\"", FORM },
	{ "\"scheduled_at_local\":\"2030-05-01T09:00:00.5\"", FORM }, { "\"scheduled_at_local\":\"\"", FORM },
	{ "\"scheduled_at_local\":null", "scheduled_at_local must not be null" },
	{ "\"scheduled_at_local\":5", "scheduled_at_local must be text" },
	{ "\"scheduled_at_local\":\"2030-05-01T09:00\",\"timezone\":\"Mars/Olympus\"", ZONE },
	{ "\"scheduled_at_local\":\"2030-05-01T09:00\",\"timezone\":\"../../etc/passwd\"", ZONE },
	{ "\"scheduled_at_local\":\"2030-05-01T09:00\",\"timezone\":\"Europe/../Europe/Berlin\"", ZONE },
	{ "\"scheduled_at_local\":\"2030-05-01T09:00\",\"timezone\":\"/etc/localtime\"", ZONE },
	{ "\"scheduled_at_local\":\"2030-05-01T09:00\",\"timezone\":\"Europe\"", ZONE },
	{ "\"scheduled_at_local\":\"2030-05-01T09:00\",\"timezone\":\"Europe/Berlin\\u0000\"", NULL },
	{ "\"scheduled_at_local\":\"2030-05-01T09:00\",\"timezone\":\"" LONG_ZONE "\"", ZONE },
	{ "\"scheduled_at_local\":\"2030-05-01T09:00\",\"timezone\":\"\"", ZONE },
	{ "\"scheduled_at_local\":\"2030-05-01T09:00\",\"timezone\":null", "timezone must not be null" },
	{ "\"timezone\":\"Europe/Berlin\"", "timezone is only taken beside scheduled_at_local" },
	{ "\"scheduled_at_local\":\"2030-05-01T09:00\",\"scheduled_at\":\"2030-05-01T09:00:00Z\"",
	  "scheduled_at and scheduled_at_local are two ways to give one time: send one of them" },
	{ "\"scheduled_at_local\":\"2030-03-31T02:30\",\"timezone\":\"Europe/Berlin\"",
	  "scheduled_at_local does not exist in Europe/Berlin: send scheduled_at as 2030-03-31T02:30:00+01:00"
	  " or 2030-03-31T02:30:00+02:00" },
	{ "\"scheduled_at_local\":\"2030-10-27T02:30:15\",\"timezone\":\"Europe/Berlin\"",
	  "scheduled_at_local exists twice in Europe/Berlin: send scheduled_at as 2030-10-27T02:30:15+02:00"
	  " or 2030-10-27T02:30:15+01:00" },
	{ "\"scheduled_at_local\":\"2030-11-03T01:30\",\"timezone\":\"America/New_York\"",
	  "scheduled_at_local exists twice in America/New_York: send scheduled_at as 2030-11-03T01:30:00-04:00"
	  " or 2030-11-03T01:30:00-05:00" },
	{ "\"scheduled_at_local\":\"2030-03-17T17:46\"", "scheduled_at_local must be in the future" },
	{ "\"scheduled_at_local\":\"2030-03-17T18:40\",\"timezone\":\"Europe/Berlin\"",
	  "scheduled_at_local must be in the future" },
	{ "\"scheduled_at_local\":\"2032-01-01T00:00\"", "scheduled_at_local must be at most a year ahead" },
};

static void test_T05_local_times_that_are_refused(void **state)
{
	(void)state;
	struct world *w = world_new();
	char body[512], id[ID_LENGTH + 1];
	make_draft(w, olga_aurora, "{\"title\":\"T\"}", id);
	for (size_t i = 0; i < TEST_COUNT(bad); i++) {
		snprintf(body, sizeof(body), "{\"title\":\"x\",%s}", bad[i].members);
		int status = ask(w, olga_aurora, "create_story", NULL, NULL, body);
		if (!bad[i].message) { /* no text of ours: JSON that nobody takes */
			assert_int_equal(status, 400);
			continue;
		}
		assert_int_equal(status, 422);
		assert_string_equal(at(w, "error.message"), bad[i].message);
		assert_int_equal(ask(w, olga_aurora, "update_story", id, NULL, body), 422);
		assert_string_equal(at(w, "error.message"), bad[i].message);
		snprintf(body, sizeof(body), "{%s}", bad[i].members);
		assert_int_equal(ask(w, olga_aurora, "schedule_story", id, NULL, body), 422);
		snprintf(body, sizeof(body), "{\"stories\":[{\"title\":\"x\",%s}]}", bad[i].members);
		assert_int_equal(ask(w, olga_aurora, "create_stories", NULL, NULL, body), 200);
		assert_string_equal(at(w, "results.0.error.message"), bad[i].message);
	}
	ask(w, olga, "list_stories", NULL, NULL, NULL);
	assert_int_equal(json_array_size(json_object_get(w->json, "data")), 1);
	assert_string_equal(at(w, "data.0.status"), "draft");
	world_free(w);
}

static void test_the_zone_is_the_storys_or_the_projects(void **state)
{
	(void)state;
	static const char in_new_york[] = "{\"title\":\"T\",\"scheduled_at_local\":\"2030-05-01T09:00\",\"timezone\":\"America/New_York\"}";
	static const char at_home[] = "{\"title\":\"T\",\"scheduled_at_local\":\"2030-05-01T09:00:30\"}";
	struct world *w = world_new();
	char id[ID_LENGTH + 1], body[256];
	assert_int_equal(ask(w, olga_aurora, "create_story", NULL, NULL, in_new_york), 201);
	assert_string_equal(at(w, "scheduled_at"), "2030-05-01T13:00:00.000Z");
	assert_string_equal(at(w, "status"), "scheduled");
	assert_int_equal(ask(w, olga_aurora, "create_story", NULL, NULL, at_home), 201);
	assert_string_equal(at(w, "scheduled_at"), "2030-05-01T09:00:30.000Z");
	assert_int_equal(ask(w, olga, "update_project", w->projects[AURORA].text, NULL,
		"{\"settings\":{\"timezone\":\"Asia/Kathmandu\"}}"), 200);
	assert_int_equal(ask(w, olga_aurora, "create_story", NULL, NULL, at_home), 201);
	assert_string_equal(at(w, "scheduled_at"), "2030-05-01T03:15:30.000Z");
	snprintf(id, sizeof(id), "%s", at(w, "id"));
	assert_int_equal(ask(w, olga, "update_story", id, NULL, "{\"scheduled_at_local\":\"2030-06-01T12:00\"}"), 200);
	assert_string_equal(at(w, "scheduled_at"), "2030-06-01T06:15:00.000Z");
	assert_int_equal(ask(w, olga, "schedule_story", id, NULL, "{\"scheduled_at_local\":\"2030-06-02T12:00\"}"), 200);
	assert_string_equal(at(w, "scheduled_at"), "2030-06-02T06:15:00.000Z");
	assert_int_equal(ask(w, olga, "schedule_story", id, NULL, "{}"), 422);
	/* Of a project or a story that one does not reach, not even its zone is asked for. */
	assert_int_equal(ask(w, simon, "schedule_story", id, NULL, "{\"scheduled_at_local\":\"2030-06-02T12:00\"}"), 404);
	snprintf(body, sizeof(body), "{\"title\":\"T\",\"scheduled_at_local\":\"2030-05-01T09:00\",\"projectId\":\"%s\"}",
		w->projects[NORTHWIND].text);
	assert_int_equal(ask(w, olga_aurora, "create_story", NULL, NULL, body), 404);
	snprintf(body, sizeof(body), "{\"stories\":[%s,%s]}", at_home, in_new_york);
	assert_int_equal(ask(w, olga_aurora, "create_stories", NULL, NULL, body), 200);
	assert_string_equal(at(w, "results.0.story.scheduled_at"), "2030-05-01T03:15:30.000Z");
	assert_string_equal(at(w, "results.1.story.scheduled_at"), "2030-05-01T13:00:00.000Z");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_T05_local_times_that_are_refused),
		cmocka_unit_test(test_the_zone_is_the_storys_or_the_projects),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
