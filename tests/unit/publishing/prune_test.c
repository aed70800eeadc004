/* SPDX-License-Identifier: Apache-2.0
 * Rows that grow are forgotten by their age, and only where nothing needs them any more.
 */
#include "world.h"

#include "services/publishing/prune.h"

#include "../test.h"

#include <stdio.h>
#include <stdlib.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

static const struct who olga_aurora = { OLGA, AURORA, false };

struct counts {
	const char *sql;
	int64_t count;
};

static enum store_status count_rows(struct sql *sql, void *arg)
{
	struct counts *c = arg;
	struct sql_statement *st = sql_prepare(sql, c->sql);
	assert_int_equal(sql_step(st), SQL_ROW);
	c->count = sql_column_int(st, 0);
	sql_reset(st);
	return STORE_OK;
}

#define COUNT(w, table) count_of(w, "SELECT COUNT(*) FROM " table)

static int64_t count_of(struct world *w, const char *sql)
{
	struct counts c = { .sql = sql };
	assert_int_equal(database_read(store_database(w->store), count_rows, &c), STORE_OK);
	return c.count;
}

static void prune_all(struct world *w, int64_t days)
{
	bool more = true;
	while (more)
		assert_int_equal(prune_some(publishing_of(w->service), WORLD_NOW + days * DAY_MS, &more), STORE_OK);
}

static struct id add_moment_row(struct world *w)
{
	return add_row(w, "INSERT INTO publishing_moments (id, project_id, title, summary, source, detected_at, score, created_at,"
		" updated_at) VALUES (?1, ?2, 't', '', '', ?3, 1, ?3, ?3)", AURORA);
}

static void test_moments_that_no_story_names_are_forgotten(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct id named = add_moment_row(w);
	char body[256], another[] = "another", *own = publishing_of(w->service)->api;
	add_moment_row(w);
	snprintf(body, sizeof(body), "{\"title\":\"T\",\"moment_id\":\"%s\"}", named.text);
	assert_int_equal(ask(w, olga_aurora, "create_story", NULL, NULL, body), 201);
	prune_all(w, 89);
	assert_int_equal(COUNT(w, "publishing_moments"), 2);
	publishing_of(w->service)->api = another;
	prune_all(w, 91);
	assert_int_equal(COUNT(w, "publishing_moments"), 2);
	publishing_of(w->service)->api = own;
	prune_all(w, 91);
	assert_int_equal(ask(w, olga_aurora, "list_moments", NULL, NULL, NULL), 200);
	assert_string_equal(at(w, "data.0.id"), named.text);
	assert_string_equal(at(w, "data.1.id"), "");
	for (int i = 0; i < 1201; i++)
		add_moment_row(w);
	publishing_of(w->service)->keep_ms = DAY_MS;
	prune_all(w, 2);
	assert_int_equal(COUNT(w, "publishing_moments"), 1);
	assert_int_equal(COUNT(w, "publishing_stories"), 1);
	world_free(w);
}

/* ?1 is the id of the row, ?2 of the project, ?3 the time; what they belong to is the only one there is. */
#define STORY(status) "INSERT INTO publishing_stories (id, project_id, title, body, channels, media, status, created_by," \
	" created_at, updated_at) VALUES (?1, ?2, 't', '', '', '', '" status "', ?2, ?3, ?3)"
#define POST(status, state) "INSERT INTO publishing_outbox (id, project_id, story_id, channel_id, round, state, created_at," \
	" updated_at) SELECT ?1, ?2, s.id, ?1, 1, '" state "', ?3, ?3 FROM publishing_stories s WHERE s.status = '" status "'"
#define DELIVERY(state) "INSERT INTO publishing_deliveries (id, project_id, webhook_id, message_id, event, body, state," \
	" created_at, updated_at) SELECT ?1, ?2, h.id, ?1, 'e', '{}', '" state "', ?3, ?3 FROM publishing_webhooks h"

static void test_what_is_done_with_is_forgotten(void **state)
{
	(void)state;
	struct world *w = world_new();
	assert_int_equal(ask(w, olga_aurora, "create_webhook", NULL, NULL, "{\"url\":\"https://a.example/\",\"events\":[\"*\"]}"), 201);
	add_row(w, STORY("published"), AURORA);
	add_row(w, STORY("failed"), AURORA);
	add_row(w, STORY("publishing"), AURORA);
	add_row(w, POST("published", "sent"), AURORA);
	add_row(w, POST("failed", "sent"), AURORA);
	add_row(w, POST("publishing", "queued"), AURORA);
	add_row(w, DELIVERY("delivered"), AURORA);
	add_row(w, DELIVERY("failed"), AURORA);
	add_row(w, DELIVERY("queued"), AURORA);
	prune_all(w, 89);
	assert_int_equal(COUNT(w, "publishing_outbox"), 3);
	assert_int_equal(COUNT(w, "publishing_deliveries"), 3);
	prune_all(w, 91);
	assert_int_equal(COUNT(w, "publishing_outbox"), 2);
	assert_int_equal(COUNT(w, "publishing_outbox o JOIN publishing_stories s ON s.id = o.story_id WHERE s.status = 'published'"), 0);
	assert_int_equal(COUNT(w, "publishing_deliveries"), 1);
	assert_int_equal(COUNT(w, "publishing_deliveries WHERE state = 'queued'"), 1);
	assert_int_equal(COUNT(w, "publishing_stories"), 3);
	world_free(w);
}

/* ?1 the item of a connection, which is the only one; at `age` days before ?3. */
#define SEEN(age) "INSERT INTO publishing_seen (connection_id, item, seen_at) SELECT c.id, ?1, ?3 - 86400000 * " age \
	" FROM publishing_data_connections c WHERE ?2 IS NOT NULL"

static void test_items_are_held_against_their_feeds_newest(void **state)
{
	(void)state;
	struct world *w = world_new();
	add_row(w, "INSERT INTO publishing_data_connections (id, project_id, provider, name, status, created_at, updated_at)"
		" VALUES (?1, ?2, 'rss', 'n', 'active', ?3, ?3)", AURORA);
	add_row(w, SEEN("100"), AURORA);
	add_row(w, SEEN("80"), AURORA);
	add_row(w, SEEN("0"), AURORA);
	prune_all(w, 1000); /* the feed has not changed for years */
	assert_int_equal(COUNT(w, "publishing_seen"), 2);
	prune_all(w, 1000);
	assert_int_equal(COUNT(w, "publishing_seen"), 2);
	world_free(w);
}

static void test_L08_a_clock_at_its_beginning_forgets_nothing(void **state)
{
	(void)state;
	struct world *w = world_new();
	bool more = true;
	add_moment_row(w);
	assert_int_equal(prune_some(publishing_of(w->service), 1000, &more), STORE_OK);
	assert_false(more);
	assert_int_equal(COUNT(w, "publishing_moments"), 1);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moments_that_no_story_names_are_forgotten),
		cmocka_unit_test(test_what_is_done_with_is_forgotten),
		cmocka_unit_test(test_items_are_held_against_their_feeds_newest),
		cmocka_unit_test(test_L08_a_clock_at_its_beginning_forgets_nothing),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
