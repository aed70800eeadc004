/* SPDX-License-Identifier: Apache-2.0
 * Which parameter names the project: the kind of name that most operations have, so that one token is
 * bound to one kind of thing.
 * cli: may include every room.
 */
#include "cli/openapi/openapi.h"

static const char *const kinds[] = { "project", "workspace", "tenant", "organization", "organisation",
	"org" };
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* "X-Project-Id", "projectId", "project_id" and "project" are all the same. KINDS where it is none. */
static size_t kind_of(const struct openapi_parameter *parameter)
{
	static const char *const ends[] = { "", "id", "key", "slug", "name", "uuid" };
	char plain[32];
	size_t n = 0;

	for (const char *c = parameter->name; *c; c++) {
		if (*c == '-' || *c == '_' || *c == '.')
			continue;
		if (n + 1 == sizeof(plain))
			return KINDS;
		plain[n++] = *c >= 'A' && *c <= 'Z' ? (char)(*c + ('a' - 'A')) : *c;
	}
	plain[n] = '\0';
	const char *word = strcmp(parameter->in, "header") == 0 && plain[0] == 'x' ? plain + 1 : plain;
	for (size_t kind = 0; kind < KINDS; kind++) {
		const size_t length = strlen(kinds[kind]);
		if (strncmp(word, kinds[kind], length) != 0)
			continue;
		for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
			if (strcmp(word + length, ends[i]) == 0)
				return kind;
	}
	return KINDS;
}

/* Where it stands, the surest place first: a path always has it. */
static size_t place_of(const struct openapi_parameter *parameter)
{
	static const char *const places[] = { "path", "header", "query" };
	for (size_t i = 0; i < 3; i++)
		if (strcmp(parameter->in, places[i]) == 0)
			return i;
	return 3;
}

/* Whether the rule's path has the parameter under this very name. */
static bool path_has(const char *path, const char *name)
{
	const size_t n = strlen(name);
	for (const char *at = path; (at = strstr(at, name)); at++)
		if (at > path && at[-1] == '{' && at[n] == '}')
			return true;
	return false;
}

static const struct openapi_parameter *find(const struct plan_rule *rule, size_t kind)
{
	const struct openapi_operation *op = rule->operation;
	const struct openapi_parameter *best = NULL;

	for (size_t i = 0; i < op->parameter_count; i++) {
		const struct openapi_parameter *parameter = &op->parameters[i];
		const size_t place = place_of(parameter);
		if (place == 3 || kind_of(parameter) != kind || (best && place_of(best) <= place) ||
			(place == 0 && !path_has(rule->path, parameter->name)))
			continue;
		best = parameter;
	}
	return best;
}

void plan_projects(struct plan *plan, struct arena *arena)
{
	size_t counts[KINDS] = { 0 }, most = 0;

	for (size_t i = 0; i < plan->rule_count; i++)
		for (size_t kind = 0; kind < KINDS; kind++)
			counts[kind] += find(&plan->rules[i], kind) != NULL;
	for (size_t kind = 1; kind < KINDS; kind++)
		if (counts[kind] > counts[most])
			most = kind;
	for (size_t i = 0; i < plan->rule_count; i++) {
		const struct openapi_parameter *parameter = find(&plan->rules[i], most);
		if (parameter)
			plan->rules[i].project =
				arena_printf(arena, "%s.%s", parameter->in, parameter->name);
	}
}
