/* SPDX-License-Identifier: Apache-2.0
 * Shared by the gate and by `remit explain`, so that both always say the same.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/conditions.h"

#include <stdio.h>

static bool in_json(const struct remit_when *when)
{
	return when->source == REMIT_SOURCE_BODY || when->source == REMIT_SOURCE_ARGUMENT;
}

void conditions_prepare(const struct remit_operation *operation, struct conditions *ret)
{
	*ret = (struct conditions){ .operation = operation };
	for (size_t i = 0; i < operation->when_count; i++) {
		const struct remit_when *when = &operation->whens[i];
		ret->reads_query |= when->source == REMIT_SOURCE_QUERY;
		if (!in_json(when))
			continue;
		ret->reads_body = true;
		ret->wanted_of[i] = (uint8_t)ret->wanted_count;
		struct json_wanted *wanted = &ret->wanted[ret->wanted_count++];
		wanted->pointer = str_of(when->name);
		if (when->test == REMIT_TEST_EQUALS)
			wanted->equals = str_of(when->value);
	}
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
static struct str find_value(const struct conditions *c, const struct remit_when *when,
	const struct conditions_input *input, size_t *ret_count)
{
	*ret_count = 0;
	if (when->source == REMIT_SOURCE_QUERY && input->query)
		return query_get(input->query, when->name, ret_count);
	if (when->source == REMIT_SOURCE_HEADER && input->request)
		return http_request_header(input->request, str_of(when->name), ret_count);
	if (when->source != REMIT_SOURCE_PATH || !input->match)
		return (struct str){ NULL, 0 };
	for (size_t i = 0; i < c->operation->param_count && i < input->match->count; i++) {
		if (strcmp(c->operation->params[i], when->name) == 0) {
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

bool conditions_judge(const struct conditions *c, const struct conditions_input *input,
	uint32_t *ret_whens, char reterr_problem[static CONDITIONS_PROBLEM_ROOM])
{
	if (c->operation->when_count == 0 && !input->has_json) { /* most requests */
		*ret_whens = 0;
		return true;
	}
	struct json_wanted wanted[LIMIT_WHENS];
	if (!judge_json(c, input, wanted, reterr_problem))
		return false;
	uint32_t whens = 0;
	for (size_t i = 0; i < c->operation->when_count; i++) {
		const struct remit_when *when = &c->operation->whens[i];
		bool matched;
		if (in_json(when)) {
			const struct json_wanted *w = &wanted[c->wanted_of[i]];
			matched = is_matched(when->test, w->found > 0, w->equal > 0);
		} else {
			size_t count;
			struct str value = find_value(c, when, input, &count);
			if (count > 1) {
				snprintf(reterr_problem, CONDITIONS_PROBLEM_ROOM, "\"%s\" stands twice", when->name);
				return false;
			}
			matched = is_matched(when->test, count > 0, when->value && str_is(value, when->value));
		}
		whens |= matched ? UINT32_C(1) << i : 0;
	}
	*ret_whens = whens;
	return true;
}
