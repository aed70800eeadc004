/* SPDX-License-Identifier: Apache-2.0
 * Short ways to write a policy in a test. Names stand in one text, separated by spaces; alternatives
 * of a need by " | ".
 */
#ifndef REMIT_TESTS_UNIT_CORE_KIT_H
#define REMIT_TESTS_UNIT_CORE_KIT_H

#include "../test.h"
#include <remit/remit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIT_ALTERNATIVES 20
#define KIT_NAMES 40

/* A need and the memory that its names are in. */
struct kit_need {
	struct remit_need need;
	struct remit_alternative alternatives[KIT_ALTERNATIVES];
	const char *names[KIT_NAMES];
	char text[1000];
};

/* "token", "public", or "a b | c". */
static inline struct remit_need *kit_need(struct kit_need *kit, const char *text)
{
	size_t names = 0, first = 0, count = 0;
	char *save = NULL;

	memset(kit, 0, sizeof(*kit));
	kit->need.kind = strcmp(text, "public") == 0 ? REMIT_NEED_PUBLIC : REMIT_NEED_TOKEN;
	if (kit->need.kind == REMIT_NEED_PUBLIC || strcmp(text, "token") == 0)
		return &kit->need;
	snprintf(kit->text, sizeof(kit->text), "%s |", text);
	for (char *word = strtok_r(kit->text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		assert_true(names < KIT_NAMES && count < KIT_ALTERNATIVES);
		if (strcmp(word, "|") != 0) {
			kit->names[names++] = word;
			continue;
		}
		kit->alternatives[count++] = (struct remit_alternative){ &kit->names[first], names - first };
		first = names;
	}
	kit->need = (struct remit_need){ REMIT_NEED_SCOPES, kit->alternatives, count };
	return &kit->need;
}

static inline struct remit_builder *kit_builder(const char *scopes)
{
	struct remit_builder *builder = remit_builder_new();
	char text[4000], *save = NULL;

	assert_non_null(builder);
	snprintf(text, sizeof(text), "%s", scopes);
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		assert_int_equal(remit_builder_scope(builder, word), REMIT_OK);
	return builder;
}

/* A rule "GET /x" with a need. */
static inline enum remit_status kit_rule(struct remit_builder *builder, const char *operation,
					 const char *need)
{
	struct kit_need kit;
	char text[9000], *path;
	struct remit_rule rule = { .need = *kit_need(&kit, need) };

	snprintf(text, sizeof(text), "%s", operation);
	path = strchr(text, ' ');
	assert_non_null(path);
	*path = '\0';
	rule.method = text;
	rule.path = path + 1;
	return remit_builder_rule(builder, &rule, NULL);
}

static inline enum remit_status kit_tool(struct remit_builder *builder, const char *name, const char *select,
					 const char *value, const char *need)
{
	struct kit_need kit;
	struct remit_tool tool = {
		.name = name, .select = select, .value = value, .need = *kit_need(&kit, need)
	};
	return remit_builder_tool(builder, &tool, NULL);
}

static inline struct remit_policy *kit_build(struct remit_builder *builder)
{
	struct remit_policy *policy = NULL;
	assert_int_equal(remit_policy_build(builder, &policy), REMIT_OK);
	return policy;
}

/* The set of some names; "" is none. */
static inline struct remit_scopes kit_set(const struct remit_policy *policy, const char *names)
{
	struct remit_scopes set = { { 0 } };
	char text[4000], *save = NULL;

	snprintf(text, sizeof(text), "%s", names);
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		size_t scope;
		assert_int_equal(remit_policy_scope_find(policy, word, strlen(word), &scope), REMIT_OK);
		set.word[scope / 64] |= UINT64_C(1) << scope % 64;
	}
	return set;
}

/* The operation that a path as sent finds: its text, or "-". */
static inline const char *kit_route(const struct remit_policy *policy, const char *method, const char *raw)
{
	static char path[9000];
	struct remit_match match;
	size_t length;

	if (remit_path_decode(raw, strlen(raw), path, &length) != REMIT_OK)
		return "400";
	if (remit_policy_route(policy, method, strlen(method), path, length, &match) != REMIT_OK)
		return match.operation == REMIT_NO_OPERATION ? "-" : "?";
	return remit_policy_operation(policy, match.operation)->text;
}

#endif
