/* SPDX-License-Identifier: Apache-2.0
 * A document beside a profile: what no rule maps, and what rules map nothing of. A document's path is
 * its own example: "{id}" is a segment that only a parameter or "**" matches, for no rule may have
 * braces in a literal one.
 * cli: may include every room.
 */
#include "cli/openapi/openapi.h"

#include "profile/config.h"

/* The path below the profile's base; NULL where it is not. */
static const char *below(const char *full, const char *base)
{
	const size_t n = strlen(base);
	return strncmp(full, base, n) == 0 && full[n] == '/' ? full + n : NULL;
}

/* With no base, what the server answers itself never comes to a rule. */
static const char *own(const struct openapi_operation *op, const struct profile *profile)
{
	return op->full && profile->rest_base && !*profile->rest_base ? config_own_path(op->full) : NULL;
}

static uint32_t route(const struct openapi_operation *op, const struct profile *profile)
{
	const char *path = op->full && profile->rest_base ? below(op->full, profile->rest_base) : NULL;
	struct remit_match match;

	if (!path || own(op, profile) ||
		remit_policy_route(profile->policy, op->method, strlen(op->method), path, strlen(path),
			&match) != REMIT_OK)
		return REMIT_NO_OPERATION;
	return match.operation;
}

/* An operation of the policy that is a rule, no tool, resource or prompt: its text starts with a method. */
static bool is_rule(const struct remit_operation *op)
{
	return op->text[0] >= 'A' && op->text[0] <= 'Z';
}

bool coverage_find(const struct openapi *document, const struct profile *profile, struct arena *arena,
	struct coverage *ret)
{
	const size_t rules = remit_policy_operations(profile->policy);
	bool *used = arena_alloc(arena, rules + 1);
	struct coverage found = { .unmapped = arena_alloc(arena, document->count * sizeof(*found.unmapped)),
		.unused = arena_alloc(arena, (rules + 1) * sizeof(*found.unused)) };

	if (!used || !found.unmapped || !found.unused)
		return false;
	for (size_t i = 0; i < document->count; i++) {
		const uint32_t rule = route(&document->operations[i], profile);
		if (rule == REMIT_NO_OPERATION)
			found.unmapped[found.unmapped_count++] = &document->operations[i];
		else
			used[rule] = true;
	}
	for (uint32_t i = 0; i < rules; i++)
		if (!used[i] && is_rule(remit_policy_operation(profile->policy, i)))
			found.unused[found.unused_count++] = i;
	*ret = found;
	return true;
}

const char *coverage_why(const struct openapi_operation *op, const struct profile *profile)
{
	if (op->fault)
		return op->fault;
	if (own(op, profile))
		return "the server itself answers this path";
	return below(op->full, profile->rest_base) ? "no rule maps it" : "it is not below the profile's base";
}
