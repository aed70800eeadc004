/* SPDX-License-Identifier: Apache-2.0
 * Every list, whatever it lists: its pages hold each row once, and a cursor is good for one person and one list
 * only, and shows nobody more than they reach. A failure is repeated with REMIT_SEED.
 */
#include "world.h"

#include "../../unit/test.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define ROWS 7        /* of each kind in each project */
#define CURSOR_ROOM 256
#define LISTS_MAX 16
#define MUTATIONS 200

static uint64_t seed, state;

static size_t choose(size_t n)
{
	uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (size_t)((z ^ (z >> 31)) % n);
}

static const struct who olga = { OLGA, -1, false }, olga_aurora = { OLGA, AURORA, false }, mark = { MARK, -1, true },
	simon = { SIMON, -1, true };

#define STAMPS "?3, ?3)"
static const char *const inserts[] = {
	"INSERT INTO publishing_templates (id, project_id, name, kind, body, created_at, updated_at) VALUES (?1, ?2, 'n', 'k', 'b', " STAMPS,
	"INSERT INTO publishing_social_connections (id, project_id, provider, handle, status, created_at, updated_at)"
	" VALUES (?1, ?2, 'mastodon', 'h', 'active', " STAMPS,
	"INSERT INTO publishing_data_connections (id, project_id, provider, name, status, created_at, updated_at)"
	" VALUES (?1, ?2, 'rss', 'n', 'active', " STAMPS,
	"INSERT INTO publishing_moments (id, project_id, title, summary, source, detected_at, score, created_at, updated_at)"
	" VALUES (?1, ?2, 't', '', '', 1, 1, " STAMPS,
	"INSERT INTO publishing_stories (id, project_id, title, body, channels, media, status, created_by, created_at, updated_at)"
	" VALUES (?1, ?2, 't', '', '', '', 'draft', ?2, " STAMPS,
	"INSERT INTO publishing_media (id, project_id, name, type, bytes, alt_text, sha256, file, created_by, created_at, updated_at)"
	" VALUES (?1, ?2, 'n', 'image/png', 1, '', 's', 'ab/c', ?2, " STAMPS,
	"INSERT INTO publishing_webhooks (id, project_id, url, events, description, enabled, sealed, created_by, created_at, updated_at)"
	" VALUES (?1, ?2, 'https://a.example/', '*', '', 1, x'00', ?2, " STAMPS,
	"INSERT INTO publishing_deliveries (id, project_id, webhook_id, message_id, event, body, state, created_at, updated_at)"
	" SELECT ?1, ?2, MIN(w.id), ?1, 'e', '{}', 'delivered', ?3, ?3 FROM publishing_webhooks w WHERE w.project_id = ?2",
};

struct list {
	const char *operation;
	bool within; /* the deliveries of an endpoint: its id is in the path */
	char cursor[CURSOR_ROOM]; /* of Olga's first page of one row */
};

struct lists {
	struct list list[LISTS_MAX];
	size_t count;
	struct id endpoint; /* of AURORA */
};

static bool has_cursor(const struct service_operation *o)
{
	for (size_t i = 0; i < o->parameter_count; i++)
		if (strcmp(o->parameters[i].name, "cursor") == 0)
			return true;
	return false;
}

static int ask_list(struct world *w, const struct lists *lists, const struct list *list, struct who who, size_t limit,
	const char *cursor)
{
	char query[CURSOR_ROOM + 64];
	snprintf(query, sizeof(query), "limit=%zu%s%s", limit, cursor[0] ? "&cursor=" : "", cursor);
	return ask(w, who, list->operation, list->within ? lists->endpoint.text : NULL, query, NULL);
}

static void fill(struct world *w, struct lists *lists)
{
	for (int project = 0; project < PROJECTS; project++)
		for (size_t kind = 0; kind < TEST_COUNT(inserts); kind++)
			for (int row = 0; row < ROWS; row++) {
				struct id id = add_row(w, inserts[kind], project);
				if (kind == TEST_COUNT(inserts) - 2 && row == 0 && project == AURORA)
					lists->endpoint = id;
			}
	for (size_t i = 0; i < w->service->operation_count; i++) {
		const struct service_operation *o = &w->service->operations[i];
		if (!has_cursor(o))
			continue;
		assert_true(lists->count < LISTS_MAX);
		struct list *list = &lists->list[lists->count++];
		*list = (struct list){ .operation = o->name, .within = strchr(o->path, '{') != NULL };
		assert_int_equal(ask_list(w, lists, list, olga, 1, ""), 200);
		assert_true(strlen(at(w, "next_cursor")) < CURSOR_ROOM);
		strcpy(list->cursor, at(w, "next_cursor"));
		assert_true(strlen(list->cursor) > 40); /* a project, at the least: there are two */
	}
	assert_true(lists->count >= 9);
}

/* Walks all pages; each row comes once, newest first, and is of a project that the person reaches. */
static size_t walk(struct world *w, const struct lists *lists, const struct list *list, struct who who, bool aurora_only,
	const char *from)
{
	char cursor[CURSOR_ROOM], last[ID_LENGTH + 1] = "g";
	size_t rows = 0;

	strcpy(cursor, from);
	do {
		assert_int_equal(ask_list(w, lists, list, who, 1 + choose(4), cursor), 200);
		const json_t *data = json_object_get(w->json, "data");
		for (size_t i = 0; i < json_array_size(data); i++, rows++) {
			const json_t *row = json_array_get(data, i), *project = json_object_get(row, "project_id");
			const char *id = json_string_value(json_object_get(row, "id"));
			assert_true(strcmp(id, last) < 0);
			strcpy(last, id);
			if (aurora_only)
				assert_string_equal(project ? json_string_value(project) : id, w->projects[AURORA].text);
		}
		strcpy(cursor, json_is_null(json_object_get(w->json, "next_cursor")) ? "" : at(w, "next_cursor"));
	} while (cursor[0]);
	return rows;
}

static void test_T07_every_lists_cursors(void **unused)
{
	(void)unused;
	struct world *w = world_new();
	struct lists lists = { .count = 0 };

	fill(w, &lists);
	for (size_t i = 0; i < lists.count; i++) {
		struct list *list = &lists.list[i];
		bool projects = strcmp(list->operation, "list_projects") == 0;
		size_t kinds = strcmp(list->operation, "list_connections") == 0 ? 2 : 1; /* in one list */
		size_t all = list->within ? ROWS : projects ? PROJECTS : PROJECTS * ROWS * kinds;
		size_t own = list->within ? ROWS : projects ? 1 : ROWS * kinds;
		assert_int_equal(walk(w, &lists, list, olga, false, ""), all);
		assert_int_equal(walk(w, &lists, list, olga_aurora, true, ""), own);
		assert_int_equal(walk(w, &lists, list, mark, true, ""), own);
		/* Olga's own place, by a token that is bound: still only what that one reaches. */
		assert_true(walk(w, &lists, list, olga_aurora, true, list->cursor) <= own);
		assert_int_equal(ask_list(w, &lists, list, mark, 5, list->cursor), 422);
		assert_true(ask_list(w, &lists, list, simon, 5, list->cursor) >= 404);
		for (size_t k = 0; k < lists.count; k++)
			if (k != i)
				assert_int_equal(ask_list(w, &lists, &lists.list[k], olga, 5, list->cursor), 422);
	}
	world_free(w);
}

static void test_T07_every_change_of_a_cursor_is_refused(void **unused)
{
	(void)unused;
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct world *w = world_new();
	struct lists lists = { .count = 0 };

	fill(w, &lists);
	for (int i = 0; i < MUTATIONS; i++) {
		const struct list *list = &lists.list[choose(lists.count)];
		char bent[CURSOR_ROOM];
		strcpy(bent, list->cursor);
		size_t n = strlen(bent), place = choose(n);
		switch (choose(4)) {
		case 0: /* another character */
			bent[place] = alphabet[choose(64)];
			break;
		case 1: /* cut */
			bent[place] = '\0';
			break;
		case 2: /* longer */
			bent[n] = alphabet[choose(64)];
			bent[n + 1] = '\0';
			break;
		default: /* a piece of another's */
			memcpy(bent, lists.list[choose(lists.count)].cursor, place);
			break;
		}
		if (strcmp(bent, list->cursor) == 0 || bent[0] == '\0')
			continue;
		if (ask_list(w, &lists, list, olga, 5, bent) != 422)
			fail_msg("REMIT_SEED=%llu: %s took %s", (unsigned long long)seed, list->operation, bent);
	}
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_T07_every_lists_cursors),
		cmocka_unit_test(test_T07_every_change_of_a_cursor_is_refused),
	};
	const char *given = getenv("REMIT_SEED");

	if (sodium_init() < 0)
		return 1;
	if (given)
		seed = strtoull(given, NULL, 10);
	else
		randombytes_buf(&seed, sizeof(seed));
	state = seed;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	print_message("# REMIT_SEED=%llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
