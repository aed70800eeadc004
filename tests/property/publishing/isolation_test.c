/* SPDX-License-Identifier: Apache-2.0
 * Nothing that one may not see changes any answer of theirs. The same visible operations run in two
 * worlds at once: in one alone, in the other with operations between them on a project that the
 * asking person does not reach. Random bytes, times and keys are the same in both, so the answers
 * must be the same byte for byte. A failure is repeated with REMIT_SEED.
 */
#include "world.h"

#include "services/publishing/internal.h"

#include "../../unit/test.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define STEPS 500
#define IDS 16

static uint64_t seed;

/* ---- Random choices, and random bytes that depend on the step alone ---- */

static uint64_t choice_state;

static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

static size_t choose(size_t n)
{
	return (size_t)(next(&choice_state) % n);
}

static uint64_t byte_state;

static void step_bytes(void *buffer, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)buffer)[i] = (uint8_t)next(&byte_state);
}

/* ---- Operations ---- */

struct request {
	struct who who;
	const char *operation;
	char id[ID_LENGTH + 1], query[256], body[512];
	bool has_id, has_body, file;
};

/* Ids that answers in a project gave, whoever asked. */
struct known {
	char ids[IDS][ID_LENGTH + 1];
	size_t count;
};

static void learn(struct known *known, const struct world *w)
{
	const char *id = at(w, "id");
	if (strlen(id) != ID_LENGTH)
		id = at(w, "data.0.id");
	if (strlen(id) == ID_LENGTH)
		memcpy(known->ids[known->count++ % IDS], id, ID_LENGTH + 1);
}

static const char *any_id(const struct known *known)
{
	size_t n = known->count < IDS ? known->count : IDS;
	return n > 0 ? known->ids[choose(n)] : "01890000-0000-7000-8000-000000000000";
}

static const char *make_body(struct request *r, const struct service_operation *o, const struct known *known, const char *project)
{
	static const char *const bodies[] = {
		"{}", "{\"title\":\"T\"}", "{\"name\":\"N\"}", "{\"scheduled_at\":\"2030-06-01T10:00:00Z\"}",
		"{\"settings\":{\"brand_voice\":\"B\"}}", "{\"url\":\"https://a.example/\",\"events\":[\"*\"]}",
		"{\"enabled\":false}", "{\"title\":\"\",\"nonsense\":1}", "{\"stories\":[{\"title\":\"A\"},{\"titel\":\"B\"}]}",
	};
	size_t kind = choose(TEST_COUNT(bodies) + 3);
	if (o->body == SERVICE_BODY_NONE || (o->body == SERVICE_BODY_OPTIONAL && choose(3) > 0))
		return NULL;
	if (kind < TEST_COUNT(bodies))
		return bodies[kind];
	if (kind == TEST_COUNT(bodies))
		snprintf(r->body, sizeof(r->body), "{\"title\":\"T\",\"projectId\":\"%s\"}", project);
	else if (kind == TEST_COUNT(bodies) + 1)
		snprintf(r->body, sizeof(r->body), "{\"title\":\"T\",\"channels\":[\"%s\"]}", any_id(known));
	else
		snprintf(r->body, sizeof(r->body), "{\"url\":\"https://b.example/\",\"events\":[\"story.failed\"],\"project_id\":\"%s\"}", project);
	return r->body;
}

static void make_request(struct request *r, const struct world *w, struct who who, const struct known *known)
{
	const struct service_operation *o = &w->service->operations[choose(w->service->operation_count)];
	const char *project = w->projects[choose(PROJECTS)].text;

	*r = (struct request){ .who = who, .operation = o->name };
	if (strcmp(o->name, "openapi") == 0)
		r->operation = "list_stories";
	r->file = o->body == SERVICE_BODY_EITHER;
	r->has_id = strchr(o->path, '{') != NULL;
	const char *id = strstr(o->path, "/projects/") ? project : any_id(known);
	memcpy(r->id, id, ID_LENGTH + 1);
	const char *body = make_body(r, o, known, project);
	r->has_body = body != NULL;
	if (body && body != r->body)
		snprintf(r->body, sizeof(r->body), "%s", body);
	if (o->parameter_count > 2 && choose(2) == 0)
		snprintf(r->query, sizeof(r->query), "limit=%zu", 1 + choose(5));
	else if (o->parameter_count > 2 && choose(2) == 0)
		snprintf(r->query, sizeof(r->query), "project_id=%s", project);
}

static int run(struct world *w, const struct request *r, uint64_t step)
{
	byte_state = seed ^ (step * 1000003);
	if (r->file)
		return upload(w, r->who, STR("a.gif"), STR("GIF89a0123456789"), NULL);
	return ask(w, r->who, r->operation, r->has_id ? r->id : NULL, r->query[0] ? r->query : NULL,
		   r->has_body ? r->body : NULL);
}

/* ---- Who asks ---- */

/* The owner works in NORTHWIND, which Mark does not reach; Simon reaches nothing. */
static struct who invisible_caller(void)
{
	return (struct who){ OLGA, NORTHWIND, choose(2) == 0 };
}

static struct who visible_caller(void)
{
	static const struct who callers[] = {
		{ MARK, -1, false }, { MARK, AURORA, true }, { MARK, NORTHWIND, true }, { SIMON, -1, true },
		{ SIMON, AURORA, false }, { OLGA, AURORA, false },
	};
	return callers[choose(TEST_COUNT(callers))];
}

static void compare(const struct request *r, const struct world *a, const struct world *b, uint64_t step)
{
	if (a->answer.status == b->answer.status && str_eq(a->answer.body, b->answer.body))
		return;
	print_message("# REMIT_SEED=%llu step %llu: %s id=%s query=%s body=%s person=%d bound=%d\n# alone:   %d %.*s\n# between: %d %.*s\n",
		(unsigned long long)seed, (unsigned long long)step, r->operation, r->id, r->query, r->body, r->who.person,
		r->who.bound, a->answer.status, STR_FMT(a->answer.body), b->answer.status, STR_FMT(b->answer.body));
	fail_msg("an answer changed by what its reader may not see");
}

static void test_what_one_may_not_see_changes_nothing(void **state)
{
	(void)state;
	struct world *alone = world_new(), *between = world_new();
	struct known seen = { .count = 0 }, hidden = { .count = 0 };
	size_t made = 0;

	/* Both have the same channels; those of the hidden project are never read by the visible part. */
	for (int project = 0; project < PROJECTS; project++) {
		struct id channel = add_social(alone, project), same = add_social(between, project);
		assert_true(id_eq(&channel, &same));
		struct known *known = project == AURORA ? &seen : &hidden;
		memcpy(known->ids[known->count++], channel.text, ID_LENGTH + 1);
	}

	publishing_of(alone->service)->random = step_bytes;
	publishing_of(between->service)->random = step_bytes;
	for (uint64_t step = 1; step <= STEPS; step++) {
		struct request r;
		for (size_t n = choose(3); n > 0; n--) {
			make_request(&r, between, invisible_caller(), &hidden);
			made += run(between, &r, step * 100 + n) < 300;
			learn(&hidden, between);
		}
		/* Sometimes with an id out of the hidden project, which must be as good as none. */
		make_request(&r, alone, visible_caller(), choose(4) == 0 ? &hidden : &seen);
		run(alone, &r, step * 1000000);
		run(between, &r, step * 1000000);
		compare(&r, alone, between, step);
		learn(&seen, alone);
		alone->now_ms += 1000;
		between->now_ms += 1000;
	}
	print_message("# %zu hidden operations did something\n", made);
	assert_true(made > 20);
	world_free(alone);
	world_free(between);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_what_one_may_not_see_changes_nothing) };
	const char *given = getenv("REMIT_SEED");

	if (sodium_init() < 0)
		return 1;
	if (given)
		seed = strtoull(given, NULL, 10);
	else
		randombytes_buf(&seed, sizeof(seed));
	choice_state = seed;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	print_message("# REMIT_SEED=%llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
