/* SPDX-License-Identifier: Apache-2.0
 * Shared by the gate and by `remit explain`, so that both always say the same.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/conditions.h"

#include "gate/identity.h"

#include <stdio.h>

static bool in_json(enum remit_source source)
{
	return source == REMIT_SOURCE_BODY || source == REMIT_SOURCE_ARGUMENT;
}

static struct json_wanted *add_wanted(struct conditions *c, size_t condition, const char *pointer)
{
	c->reads_body = true;
	c->wanted_of[condition] = (uint8_t)c->wanted_count;
	struct json_wanted *wanted = &c->wanted[c->wanted_count++];
	wanted->pointer = str_of(pointer);
	return wanted;
}

void conditions_prepare(const struct remit_operation *operation, struct conditions *ret)
{
	*ret = (struct conditions){ .operation = operation };
	for (size_t i = 0; i < operation->when_count; i++) {
		const struct remit_when *when = &operation->whens[i];
		ret->reads_query |= when->source == REMIT_SOURCE_QUERY;
		if (!in_json(when->source))
			continue;
		struct json_wanted *wanted = add_wanted(ret, i, when->name);
		if (when->test == REMIT_TEST_EQUALS)
			wanted->equals = str_of(when->value);
	}
}

void conditions_add_project(struct conditions *c)
{
	const struct remit_operation *operation = c->operation;
	if (operation->project != REMIT_PROJECT_SELECT)
		return;
	c->reads_project = true;
	c->reads_query |= operation->project_source == REMIT_SOURCE_QUERY;
	if (in_json(operation->project_source))
		(void)add_wanted(c, operation->when_count, operation->project_name);
}

static bool judge_json(const struct conditions *c, const struct conditions_input *input,
	struct json_wanted *wanted, char *reterr_problem)
{
	memcpy(wanted, c->wanted, c->wanted_count * sizeof(*wanted));
	if (!input->has_json)
		return true;
	size_t at = 0;
	const char *what = "";
	switch (json_select(input->json, wanted, c->wanted_count, &at, &what)) {
	case JSON_SELECT_OK:
		return true;
	case JSON_SELECT_INVALID:
		snprintf(reterr_problem, CONDITIONS_PROBLEM_ROOM, "The body is not valid JSON: %s (byte %zu)", what,
			at);
		return false;
	case JSON_SELECT_DUPLICATE:
		break;
	}
	snprintf(reterr_problem, CONDITIONS_PROBLEM_ROOM, "A value of the body stands twice (byte %zu)", at);
	return false;
}

/* A value outside the body by its name. *ret_count above one is to be refused. */
static struct str find_value(const struct conditions *c, enum remit_source source, const char *name,
	const struct conditions_input *input, size_t *ret_count)
{
	*ret_count = 0;
	if (source == REMIT_SOURCE_QUERY && input->query)
		return query_get(input->query, name, ret_count);
	if (source == REMIT_SOURCE_HEADER && input->request)
		return identity_judged_header(input->request, str_of(name), ret_count);
	if (source != REMIT_SOURCE_PATH || !input->match)
		return (struct str){ NULL, 0 };
	for (size_t i = 0; i < c->operation->param_count && i < input->match->count; i++) {
		if (strcmp(c->operation->params[i], name) == 0) {
			*ret_count = 1;
			return (struct str){ input->match->params[i].p, input->match->params[i].n };
		}
	}
	return (struct str){ NULL, 0 };
}

static bool is_matched(enum remit_test test, bool present, bool equal)
{
	switch (test) {
	case REMIT_TEST_PRESENT:
		return present;
	case REMIT_TEST_ABSENT:
		return !present;
	case REMIT_TEST_EQUALS:
		return present && equal;
	}
	return true; /* no such test: ask for more, not less */
}

static bool stands_twice(const char *name, char *reterr_problem)
{
	snprintf(reterr_problem, CONDITIONS_PROBLEM_ROOM, "\"%s\" stands twice, in another spelling, or is named in Connection", name);
	return false;
}

static bool find_project(const struct conditions *c, const struct conditions_input *input,
	const struct json_wanted *wanted, struct conditions_named *ret, char *reterr_problem)
{
	const struct remit_operation *operation = c->operation;
	size_t count;
	if (in_json(operation->project_source)) {
		const struct json_wanted *w = &wanted[c->wanted_of[operation->when_count]];
		if (w->found > 1)
			return stands_twice(operation->project_name, reterr_problem);
		*ret = (struct conditions_named){ w->found == 1, true, w->kind, w->raw };
		return true;
	}
	struct str value = find_value(c, operation->project_source, operation->project_name, input, &count);
	if (count > 1)
		return stands_twice(operation->project_name, reterr_problem);
	*ret = (struct conditions_named){ count == 1, false, JSON_KIND_NONE, value };
	return true;
}

bool conditions_judge(const struct conditions *c, const struct conditions_input *input,
	uint32_t *ret_whens, struct conditions_named *ret_named,
	char reterr_problem[static CONDITIONS_PROBLEM_ROOM])
{
	ret_named->found = false;
	if (c->operation->when_count == 0 && !c->reads_project && !input->has_json) { /* most requests */
		*ret_whens = 0;
		return true;
	}
	struct json_wanted wanted[LIMIT_WHENS + 1];
	if (!judge_json(c, input, wanted, reterr_problem))
		return false;
	uint32_t whens = 0;
	for (size_t i = 0; i < c->operation->when_count; i++) {
		const struct remit_when *when = &c->operation->whens[i];
		bool matched;
		if (in_json(when->source)) {
			const struct json_wanted *w = &wanted[c->wanted_of[i]];
			matched = is_matched(when->test, w->found > 0, w->equal > 0);
		} else {
			size_t count;
			struct str value = find_value(c, when->source, when->name, input, &count);
			if (count > 1)
				return stands_twice(when->name, reterr_problem);
			matched = is_matched(when->test, count > 0, when->value && str_is(value, when->value));
		}
		whens |= matched ? UINT32_C(1) << i : 0;
	}
	if (c->reads_project && !find_project(c, input, wanted, ret_named, reterr_problem))
		return false;
	*ret_whens = whens;
	return true;
}
