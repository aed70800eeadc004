/* SPDX-License-Identifier: Apache-2.0
 * Detectors: which are refused, when they are due, and what follows from what a look brought.
 */
#include "world.h"

#include "services/publishing/detectors.h"

#include "../test.h"

#include <stdio.h>
#include <stdlib.h>

static const struct who olga_aurora = { OLGA, AURORA, false }, mark = { MARK, -1, false }, simon = { SIMON, -1, false };
static const struct who olga_northwind = { OLGA, NORTHWIND, false };

#define NOBODY "01890000-0000-7000-8000-000000000000"
#define MINUTE 60000

static struct publishing_options options_of(const struct world *w)
{
	return (struct publishing_options){ .database = store_database(w->store), .secrets = w->secrets, .api = "publishing" };
}

/* A statement is kept by its address: each is a constant of its own. */
#define add_template(w, project, body) \
	add_row(w, "INSERT INTO publishing_templates (id, project_id, name, kind, body, created_at, updated_at)" \
		   " VALUES (?1, ?2, 'n', 'k', '" body "', ?3, ?3)", project)

static struct publishing_detector a_feed(const struct world *w)
{
	return (struct publishing_detector){ .project = w->projects[AURORA], .kind = "rss", .name = "News", .severity = "notable",
		.url = "https://feeds.example/news.xml?key=SECRET-1", .poll_ms = 15 * MINUTE };
}

static struct publishing_detector a_number(const struct world *w)
{
	return (struct publishing_detector){ .project = w->projects[AURORA], .kind = "json-threshold", .name = "Frost",
		.severity = "severe", .url = "https://api.example/now.json", .poll_ms = 15 * MINUTE, .pointer = "/c", .below = "0",
		.hysteresis = "1" };
}

static struct id must_add(struct world *w, const struct publishing_detector *d)
{
	struct publishing_options options = options_of(w);
	char text[512] = "";
	struct id id;
	if (publishing_detector_add(&options, d, w->now_ms, &id, text) != STORE_OK)
		fail_msg("%s", text);
	return id;
}

static void refuse(struct world *w, struct publishing_detector d, const char *message)
{
	struct publishing_options options = options_of(w);
	char text[512] = "";
	struct id id;
	assert_true(publishing_detector_add(&options, &d, w->now_ms, &id, text) != STORE_OK);
	if (strcmp(text, message) != 0)
		fail_msg("%s\ninstead of\n%s", text, message);
}

static void test_detectors_that_are_refused(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct publishing_detector d;
	struct id nobody, other = add_template(w, NORTHWIND, "x"), unknown, fine;
	assert_true(id_parse(STR(NOBODY), &nobody));
#define REFUSE(make, change, message) do { d = make(w); change; refuse(w, d, message); } while (0)
	REFUSE(a_feed, d.kind = "atom", "kind must be one of: rss json-threshold");
	REFUSE(a_feed, d.name = "", "name must not be empty");
	REFUSE(a_feed, d.url = "file:///etc/passwd", "url must be an http or https URL without user, password or fragment");
	REFUSE(a_feed, d.url = "http://u:p@a.example/", "url must be an http or https URL without user, password or fragment");
	REFUSE(a_feed, d.severity = "dire", "severity must be one of: info notable severe");
	REFUSE(a_feed, d.poll_ms = MINUTE - 1, "every must be 1m to 24h");
	REFUSE(a_feed, d.poll_ms = 24 * 60 * MINUTE + 1, "every must be 1m to 24h");
	REFUSE(a_feed, d.pointer = "/a", "pointer, above, below and hysteresis are for json-threshold only");
	REFUSE(a_feed, d.template_id = &other, "drafts are made of what is severe only: say severity severe too");
	REFUSE(a_feed, d.project = nobody, "there is no such project");
	REFUSE(a_number, d.pointer = NULL, "pointer must be a JSON pointer to one number, as /data/0/price");
	REFUSE(a_number, d.pointer = "/a/*", "pointer must be a JSON pointer to one number, as /data/0/price");
	REFUSE(a_number, d.below = NULL, "one of above and below must be given");
	REFUSE(a_number, d.above = "1", "one of above and below must be given");
	REFUSE(a_number, d.below = "ten", "below must be a number");
	REFUSE(a_number, d.below = "1e999", "below must be a number");
	REFUSE(a_number, d.hysteresis = "-1", "hysteresis must be a number that is not below 0");
	REFUSE(a_number, d.template_id = &other, "the template is none of this project");
	unknown = add_template(w, AURORA, "{{title}} {{link}}");
	REFUSE(a_number, d.template_id = &unknown, "the template has {{link}}, which a detector of kind json-threshold cannot fill");
	d = a_feed(w);
	d.severity = "severe";
	d.template_id = &unknown;
	fine = must_add(w, &d);
	assert_int_equal(ask(w, mark, "get_data_connection", fine.text, NULL, NULL), 200);
	assert_string_equal(at(w, "detector.auto_draft"), "true");
	world_free(w);
}

static void test_connections_tell_no_secret(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct publishing_detector d = a_feed(w);
	struct id id = must_add(w, &d);
	assert_int_equal(ask(w, mark, "get_data_connection", id.text, NULL, NULL), 200);
	assert_string_equal(at(w, "provider"), "rss");
	assert_string_equal(at(w, "detector.host"), "feeds.example");
	assert_string_equal(at(w, "detector.poll_seconds"), "900");
	assert_string_equal(at(w, "detector.severity"), "notable");
	assert_null(strstr(answer_text(w), "SECRET"));
	assert_null(strstr(answer_text(w), "news.xml"));
	assert_int_equal(ask(w, mark, "list_data_connections", NULL, NULL, NULL), 200);
	assert_null(strstr(answer_text(w), "SECRET"));
	assert_int_equal(ask(w, simon, "get_data_connection", id.text, NULL, NULL), 404);
	assert_int_equal(ask(w, olga_northwind, "get_data_connection", id.text, NULL, NULL), 404);
	world_free(w);
}

/* ---- Looks ---- */

struct look {
	struct world *w;
	struct detector detectors[8];
	size_t count, max;
	const struct detection *found;
	struct arena arena;
};

static enum store_status claim(struct sql *sql, void *arg)
{
	struct look *l = arg;
	return claim_detectors(sql, publishing_of(l->w->service), l->w->now_ms, l->w->now_ms + MINUTE, &l->arena, l->detectors,
		l->max, &l->count);
}

static enum store_status record(struct sql *sql, void *arg)
{
	struct look *l = arg;
	return record_detection(sql, publishing_of(l->w->service), &l->detectors[0], l->found, &l->arena, l->w->now_ms);
}

static size_t claim_all(struct look *l)
{
	arena_done(&l->arena);
	arena_init(&l->arena, 0);
	l->max = 8;
	assert_int_equal(database_write(store_database(l->w->store), claim, l), STORE_OK);
	return l->count;
}

/* Claims the one that is due after so long, and records what came. */
static enum store_status look(struct look *l, const struct detection *found)
{
	l->found = found;
	assert_int_equal(claim_all(l), 1);
	return database_write(store_database(l->w->store), record, l);
}

static enum store_status look_at_number(struct look *l, double value)
{
	l->w->now_ms += 15 * MINUTE;
	return look(l, &(struct detection){ .value = value });
}

static enum store_status look_at_feed(struct look *l, const char *xml)
{
	struct rss_feed feed;
	const char *what = "";
	struct arena own;
	arena_init(&own, 0);
	assert_true(rss_parse(str_of(xml), &own, &feed, &what));
	l->w->now_ms += 15 * MINUTE;
	enum store_status status = look(l, &(struct detection){ .feed = &feed, .etag = STR("\"1\"") });
	arena_done(&own);
	return status;
}

static size_t count_of(struct world *w, const char *operation)
{
	assert_int_equal(ask(w, olga_aurora, operation, NULL, "limit=100", NULL), 200);
	return json_array_size(json_object_get(w->json, "data"));
}

#define ITEM(n) "<item><title>Item " n "</title><guid>" n "</guid><link>https://a.example/" n "</link></item>"
#define FEED(items) "<rss><channel>" items "</channel></rss>"

static void test_a_new_item_is_a_moment_once(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct publishing_detector d = a_feed(w);
	struct id id = must_add(w, &d);
	struct look l = { .w = w };
	assert_int_equal(look_at_feed(&l, FEED(ITEM("1") ITEM("2"))), STORE_OK);
	assert_true(str_is(l.detectors[0].url, d.url));
	assert_int_equal(count_of(w, "list_moments"), 0); /* the first look learns */
	assert_int_equal(look_at_feed(&l, FEED(ITEM("4") ITEM("3") ITEM("1") ITEM("2"))), STORE_OK);
	assert_true(str_is(l.detectors[0].etag, "\"1\""));
	assert_int_equal(count_of(w, "list_moments"), 2);
	assert_string_equal(at(w, "data.0.title"), "Item 4");
	assert_string_equal(at(w, "data.0.source"), "https://a.example/4");
	assert_string_equal(at(w, "data.0.severity"), "notable");
	assert_string_equal(at(w, "data.0.data_connection_id"), id.text);
	assert_string_equal(at(w, "data.1.title"), "Item 3");
	assert_int_equal(look_at_feed(&l, FEED(ITEM("2") ITEM("4") ITEM("3") ITEM("4"))), STORE_OK);
	assert_int_equal(look_at_feed(&l, FEED("")), STORE_OK);
	assert_int_equal(look_at_feed(&l, FEED(ITEM("1"))), STORE_OK);
	assert_int_equal(count_of(w, "list_moments"), 2);
	assert_int_equal(ask(w, simon, "list_moments", NULL, NULL, NULL), 200);
	assert_int_equal(json_array_size(json_object_get(w->json, "data")), 0);
	arena_done(&l.arena);
	world_free(w);
}

static void test_a_flood_is_cut(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct publishing_detector d = a_feed(w);
	must_add(w, &d);
	struct look l = { .w = w };
	char xml[64 * 101 + 64] = "<rss><channel>";
	for (int i = 0; i < 100; i++)
		sprintf(xml + strlen(xml), "<item><title>T</title><guid>%d</guid></item>", i);
	strcat(xml, "</channel></rss>");
	assert_int_equal(look_at_feed(&l, FEED("")), STORE_OK);
	assert_int_equal(look_at_feed(&l, xml), STORE_OK);
	assert_int_equal(count_of(w, "list_moments"), 20);
	assert_int_equal(look_at_feed(&l, xml), STORE_OK);
	assert_int_equal(count_of(w, "list_moments"), 20);
	arena_done(&l.arena);
	world_free(w);
}

static void test_a_severe_crossing_becomes_a_draft(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct id channel = add_social(w, AURORA);
	struct id template = add_template(w, AURORA, "{{name}}: {{value}} < {{threshold}} ({{severity}}) {{title}}");
	struct publishing_detector d = a_number(w);
	char settings[256];
	snprintf(settings, sizeof(settings), "{\"settings\":{\"default_channels\":[\"%s\"]}}", channel.text);
	assert_int_equal(ask(w, olga_aurora, "update_project", w->projects[AURORA].text, NULL, settings), 200);
	d.template_id = &template;
	struct id id = must_add(w, &d);
	struct look l = { .w = w };
	static const double numbers[] = { -5, 3, 0, -2, 0.5, -3, 1, -1 };
	for (size_t i = 0; i < TEST_COUNT(numbers); i++)
		assert_int_equal(look_at_number(&l, numbers[i]), STORE_OK);
	assert_int_equal(count_of(w, "list_moments"), 2);
	assert_string_equal(at(w, "data.0.title"), "Frost: -1 is below 0");
	assert_string_equal(at(w, "data.0.severity"), "severe");
	assert_string_equal(at(w, "data.0.summary"), "/c of api.example is -1, and went below 0.");
	char moment[ID_LENGTH + 1];
	snprintf(moment, sizeof(moment), "%s", at(w, "data.0.id"));
	assert_int_equal(count_of(w, "list_stories"), 2);
	assert_string_equal(at(w, "data.0.title"), "Frost: -1 is below 0");
	assert_string_equal(at(w, "data.0.body"), "Frost: -1 < 0 (severe) Frost: -1 is below 0");
	assert_string_equal(at(w, "data.0.status"), "draft");
	assert_string_equal(at(w, "data.0.moment_id"), moment);
	assert_string_equal(at(w, "data.0.template_id"), template.text);
	assert_string_equal(at(w, "data.0.channels.0"), channel.text);
	assert_string_equal(at(w, "data.0.created_by"), w->people[OLGA].text);
	assert_int_equal(ask(w, mark, "get_data_connection", id.text, NULL, NULL), 200);
	assert_string_equal(at(w, "last_synced_at"), "2030-03-17T19:46:40.000Z");
	arena_done(&l.arena);
	world_free(w);
}

static void test_L04_failures_are_told_and_looked_at_later(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct publishing_detector d = a_number(w);
	struct id id = must_add(w, &d);
	struct look l = { .w = w };
	const struct detection failed = { .error = "Its server answered 500" };
	static const int64_t waits[] = { 0, 15, 30, 60, 60, 60 }; /* minutes, until it is due after each */
	for (size_t i = 0; i < TEST_COUNT(waits); i++) {
		if (waits[i] > 0) {
			w->now_ms += (waits[i] - 1) * MINUTE;
			assert_int_equal(claim_all(&l), 0);
			w->now_ms += MINUTE;
		}
		assert_int_equal(look(&l, &failed), STORE_OK);
		assert_int_equal(ask(w, mark, "get_data_connection", id.text, NULL, NULL), 200);
		assert_string_equal(at(w, "status"), i < 2 ? "active" : "needs_attention");
		assert_string_equal(at(w, "detector.last_error"), "Its server answered 500");
	}
	w->now_ms += 60 * MINUTE;
	assert_int_equal(look(&l, &(struct detection){ .value = 1 }), STORE_OK);
	assert_int_equal(ask(w, mark, "get_data_connection", id.text, NULL, NULL), 200);
	assert_string_equal(at(w, "status"), "active");
	assert_string_equal(at(w, "detector.last_error"), "null");
	arena_done(&l.arena);
	world_free(w);
}

static void test_L06_L08_one_looks_at_a_time_whatever_the_clock_does(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct publishing_detector d = a_number(w);
	must_add(w, &d);
	struct look l = { .w = w }, late = { .w = w, .found = &(struct detection){ .value = 1 } };
	assert_int_equal(claim_all(&late), 1);
	assert_int_equal(claim_all(&l), 0); /* somebody looks at it */
	w->now_ms += MINUTE;
	assert_int_equal(look(&l, &(struct detection){ .value = 5 }), STORE_OK); /* who never came back */
	assert_int_equal(database_write(store_database(w->store), record, &late), STORE_CONFLICT); /* and comes now */
	assert_int_equal(claim_all(&l), 0);
	w->now_ms -= 365LL * 24 * 60 * MINUTE; /* the clock was wrong, and is set back a year */
	assert_int_equal(look(&l, &(struct detection){ .value = 5 }), STORE_OK);
	assert_int_equal(claim_all(&l), 0);
	w->now_ms += 15 * MINUTE;
	assert_int_equal(claim_all(&l), 1);
	arena_done(&l.arena);
	arena_done(&late.arena);
	world_free(w);
}

static bool count_row(void *ctx, const struct publishing_detector_row *row)
{
	assert_true(str_is(row->host, "feeds.example"));
	(*(int *)ctx)++;
	return true;
}

static void test_removing(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct publishing_options options = options_of(w), other = options;
	struct publishing_detector d = a_feed(w);
	struct id id = must_add(w, &d);
	struct id imported = add_row(w, "INSERT INTO publishing_data_connections (id, project_id, provider, name, status, created_at,"
		" updated_at) VALUES (?1, ?2, 'rss', 'n', 'active', ?3, ?3)", AURORA);
	struct look l = { .w = w };
	int rows = 0;
	assert_int_equal(look_at_feed(&l, FEED(ITEM("1"))), STORE_OK);
	assert_int_equal(publishing_detector_each(&options, NULL, count_row, &rows), STORE_OK);
	assert_int_equal(publishing_detector_each(&options, &w->projects[NORTHWIND], count_row, &rows), STORE_OK);
	assert_int_equal(rows, 1);
	other.api = "another";
	assert_int_equal(publishing_detector_remove(&other, &id), STORE_NOT_FOUND);
	assert_int_equal(publishing_detector_remove(&options, &imported), STORE_NOT_FOUND);
	assert_int_equal(ask(w, mark, "get_data_connection", imported.text, NULL, NULL), 200);
	assert_string_equal(at(w, "detector"), "null");
	assert_int_equal(publishing_detector_remove(&options, &id), STORE_OK);
	assert_int_equal(publishing_detector_remove(&options, &id), STORE_NOT_FOUND);
	assert_int_equal(ask(w, mark, "get_data_connection", id.text, NULL, NULL), 404);
	assert_int_equal(claim_all(&l), 0);
	arena_done(&l.arena);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_detectors_that_are_refused),
		cmocka_unit_test(test_connections_tell_no_secret),
		cmocka_unit_test(test_a_new_item_is_a_moment_once),
		cmocka_unit_test(test_a_flood_is_cut),
		cmocka_unit_test(test_a_severe_crossing_becomes_a_draft),
		cmocka_unit_test(test_L04_failures_are_told_and_looked_at_later),
		cmocka_unit_test(test_L06_L08_one_looks_at_a_time_whatever_the_clock_does),
		cmocka_unit_test(test_removing),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
