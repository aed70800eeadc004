/* SPDX-License-Identifier: Apache-2.0
 * Random policies: the route that is found is the one that a search through all rules finds, and
 * what is saved and loaded is the same policy.
 */
#include "../../unit/test.h"
#include "random.h"
#include <remit/remit.h>
#include <string.h>

#define ROUNDS 300
#define RULES_MAX 40
#define STEPS_MAX 5
#define LOOK_UPS 200

/* "a", "b", "c": literals; "{": a parameter; "*": the rest; "": what a '/' at the end leaves. */
struct shape {
	const char *method;
	size_t steps;
	const char *step[STEPS_MAX];
};

static const char *const methods[] = { "GET", "POST" };
static const char *const literals[] = { "a", "b", "c" };

static void make_shape(struct random *random, struct shape *ret)
{
	ret->method = methods[random_below(random, 2)];
	ret->steps = 1 + random_below(random, STEPS_MAX);
	for (size_t i = 0; i < ret->steps; i++)
		ret->step[i] = random_below(random, 3) ? literals[random_below(random, 3)] : "{";
	if (random_below(random, 5) == 0)
		ret->step[ret->steps - 1] = random_below(random, 2) ? "*" : "";
}

static void write_path(const struct shape *shape, char *ret_path)
{
	size_t n = 0;
	for (size_t i = 0; i < shape->steps; i++) {
		char name[32];
		snprintf(name, sizeof(name), "{p%zu}", i);
		const char *text = shape->step[i][0] == '{'   ? name
				   : shape->step[i][0] == '*' ? "**"
							      : shape->step[i];
		n += (size_t)sprintf(ret_path + n, "/%s", text);
	}
}

static int rank(const char *step)
{
	return step[0] == '{' ? 1 : step[0] == '*' ? 0 : 2;
}

static bool matches(const struct shape *rule, const struct shape *path)
{
	for (size_t i = 0; i < rule->steps; i++) {
		if (rule->step[i][0] == '*')
			return path->steps > i;
		if (i >= path->steps)
			return false;
		bool same = rule->step[i][0] == '{' ? path->step[i][0] != '\0'
						    : strcmp(rule->step[i], path->step[i]) == 0;
		if (!same)
			return false;
	}
	return rule->steps == path->steps;
}

/* Whether `a` is the better rule: at the first step where they differ, the more exact one. */
static bool is_better(const struct shape *a, const struct shape *b)
{
	for (size_t i = 0; i < a->steps && i < b->steps; i++)
		if (rank(a->step[i]) != rank(b->step[i]))
			return rank(a->step[i]) > rank(b->step[i]);
	return false;
}

static uint32_t naive(const struct shape *rules, size_t count, const struct shape *path)
{
	uint32_t best = REMIT_NO_OPERATION;
	for (size_t i = 0; i < count; i++)
		if (strcmp(rules[i].method, path->method) == 0 && matches(&rules[i], path) &&
		    (best == REMIT_NO_OPERATION || is_better(&rules[i], &rules[best])))
			best = (uint32_t)i;
	return best;
}

static struct remit_policy *make_policy(struct random *random, struct shape *rules, size_t *ret_count)
{
	static const char *const names[] = { "x", "y", "z", "u" };
	struct remit_builder *builder = remit_builder_new();
	struct remit_policy *policy = NULL;
	size_t count = 0, tries = 1 + random_below(random, RULES_MAX);

	assert_non_null(builder);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(remit_builder_scope(builder, names[i]), REMIT_OK);
	assert_int_equal(remit_builder_implies(builder, "u", "x"), REMIT_OK);
	for (size_t i = 0; i < tries; i++) {
		char path[100];
		struct remit_alternative needs[2] = { { &names[random_below(random, 2)], 2 },
						      { &names[random_below(random, 3)], 1 } };
		struct remit_when when = { .test = REMIT_TEST_EQUALS,
					   .source = REMIT_SOURCE_BODY,
					   .name = "/a/0",
					   .value = "v",
					   .need = { REMIT_NEED_SCOPES, needs, 1 } };
		struct remit_rule rule = { .path = path,
					   .need = { REMIT_NEED_SCOPES, needs, 1 + random_below(random, 2) },
					   .whens = &when,
					   .when_count = random_below(random, 2),
					   .project = (enum remit_project_rule)random_below(random, 4),
					   .project_source = REMIT_SOURCE_HEADER,
					   .project_name = "X-Project" };
		make_shape(random, &rules[count]);
		write_path(&rules[count], path);
		rule.method = rules[count].method;
		enum remit_status status = remit_builder_rule(builder, &rule, NULL);
		assert_true(status == REMIT_OK || status == REMIT_EXISTS);
		count += status == REMIT_OK;
	}
	assert_int_equal(remit_policy_build(builder, &policy), REMIT_OK);
	*ret_count = count;
	return policy;
}

static void look_up(struct random *random, const struct remit_policy *policy, const struct shape *rules,
		    size_t count)
{
	struct shape shape;
	struct remit_match match;
	char path[100];

	make_shape(random, &shape);
	for (size_t i = 0; i < shape.steps; i++)
		if (shape.step[i][0] == '{' || shape.step[i][0] == '*')
			shape.step[i] = "d";
	write_path(&shape, path);
	uint32_t want = naive(rules, count, &shape);
	enum remit_status status =
		remit_policy_route(policy, shape.method, strlen(shape.method), path, strlen(path), &match);
	assert_int_equal(status, want == REMIT_NO_OPERATION ? REMIT_NOT_FOUND : REMIT_OK);
	assert_int_equal(match.operation, want);
	if (want != REMIT_NO_OPERATION)
		assert_int_equal(match.count, remit_policy_operation(policy, want)->param_count);
}

static void save_and_load(const struct remit_policy *policy, struct remit_policy **ret)
{
	uint8_t *bytes, *again;
	size_t size, again_size;

	assert_int_equal(remit_policy_save(policy, &bytes, &size), REMIT_OK);
	assert_int_equal(remit_policy_load(bytes, size, ret), REMIT_OK);
	assert_int_equal(remit_policy_save(*ret, &again, &again_size), REMIT_OK);
	assert_int_equal(again_size, size);
	assert_memory_equal(again, bytes, size);
	for (uint32_t i = 0; i < remit_policy_operations(policy); i++) {
		const struct remit_operation *a = remit_policy_operation(policy, i),
					     *b = remit_policy_operation(*ret, i);
		assert_string_equal(a->text, b->text);
		assert_true(a->when_count == b->when_count && a->project == b->project &&
			    a->param_count == b->param_count);
	}
	free(bytes);
	free(again);
}

static void test_routes_and_images(void **state)
{
	static struct shape rules[RULES_MAX + 1];
	struct random random = random_start();
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		size_t count;
		struct remit_policy *policy = make_policy(&random, rules, &count), *loaded;
		save_and_load(policy, &loaded);
		for (int i = 0; i < LOOK_UPS; i++)
			look_up(&random, i % 2 ? policy : loaded, rules, count);
		remit_policy_free(policy);
		remit_policy_free(loaded);
	}
}

static const struct CMUnitTest tests[] = { cmocka_unit_test(test_routes_and_images) };

TEST_MAIN(tests)
