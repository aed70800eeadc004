/* SPDX-License-Identifier: Apache-2.0
 * What an operation asks for: "any of (all of)", the base need and that of each matched condition
 * added up (D6), and what is missing of it (D8).
 * core: may include base and <remit/remit.h>.
 */
#include "core/policy.h"

static enum remit_status alternative_copy(struct remit_policy *policy, const struct remit_alternative *from,
					  struct alternative *ret)
{
	if (from->count == 0 || !from->scopes)
		return REMIT_INVALID;
	if (from->count > REMIT_SCOPES_MAX)
		return REMIT_LIMIT;
	uint16_t *scopes = arena_alloc(&policy->arena, from->count * sizeof(*scopes));
	if (!scopes)
		return REMIT_NO_MEMORY;
	for (size_t i = 0; i < from->count; i++) {
		uint32_t scope;
		if (!names_find(&policy->scope_names, str_of(from->scopes[i]), &scope))
			return REMIT_NOT_FOUND;
		if (policy->scopes[scope].implied)
			return REMIT_INVALID; /* an umbrella is never named as missing, so none is asked for
					       */
		scopes[i] = (uint16_t)scope;
	}
	*ret = (struct alternative){ .scopes = scopes, .count = from->count };
	return REMIT_OK;
}

enum remit_status need_copy(struct remit_policy *policy, const struct remit_need *need, struct need *ret)
{
	if (need->kind == REMIT_NEED_TOKEN || need->kind == REMIT_NEED_PUBLIC) {
		if (need->count > 0)
			return REMIT_INVALID;
		*ret = (struct need){ .kind = need->kind };
		return REMIT_OK;
	}
	if (need->kind != REMIT_NEED_SCOPES || need->count == 0 || !need->alternatives)
		return REMIT_INVALID;
	if (need->count > LIMIT_ALTERNATIVES)
		return REMIT_LIMIT;
	struct alternative *alternatives = arena_alloc(&policy->arena, need->count * sizeof(*alternatives));
	if (!alternatives)
		return REMIT_NO_MEMORY;
	for (size_t i = 0; i < need->count; i++) {
		enum remit_status status = alternative_copy(policy, &need->alternatives[i], &alternatives[i]);
		if (status != REMIT_OK)
			return status;
	}
	*ret = (struct need){ REMIT_NEED_SCOPES, alternatives, need->count };
	return REMIT_OK;
}

void need_mark(struct remit_policy *policy, const struct need *need)
{
	for (size_t i = 0; i < need->count; i++)
		for (size_t j = 0; j < need->alternatives[i].count; j++)
			policy->scopes[need->alternatives[i].scopes[j]].is_needed = true;
}

static bool need_build(struct remit_policy *policy, struct need *need)
{
	for (size_t i = 0; i < need->count; i++) {
		struct alternative *alternative = &need->alternatives[i];
		alternative->set = arena_alloc(&policy->arena, policy->words * sizeof(uint64_t));
		if (!alternative->set)
			return false;
		for (size_t j = 0; j < alternative->count; j++) {
			size_t scope = alternative->scopes[j];
			alternative->set[scope / 64] |= UINT64_C(1) << scope % 64;
		}
	}
	return true;
}

enum remit_status needs_build(struct remit_policy *policy)
{
	for (size_t i = 0; i < policy->operation_count; i++) {
		struct operation *operation = &policy->operations[i];
		if (!need_build(policy, &operation->base))
			return REMIT_NO_MEMORY;
		for (size_t j = 0; j < operation->shown.when_count; j++)
			if (!need_build(policy, &operation->when_needs[j]))
				return REMIT_NO_MEMORY;
	}
	return REMIT_OK;
}

static unsigned count_lacking(const uint64_t *set, const uint64_t *have, size_t words)
{
	unsigned count = 0;
	for (size_t w = 0; w < words; w++)
		if (set[w] & ~have[w])
			count += (unsigned)__builtin_popcountll(set[w] & ~have[w]);
	return count;
}

/* Adds the alternative that lacks fewest, the first one on a tie. */
static void add_part(const struct need *need, size_t words, const uint64_t *have, uint64_t *needed,
		     uint64_t *missing)
{
	const uint64_t *best = NULL;
	unsigned fewest = UINT32_MAX;

	for (size_t i = 0; i < need->count && fewest > 0; i++) {
		unsigned lacking = count_lacking(need->alternatives[i].set, have, words);
		if (lacking < fewest) {
			fewest = lacking;
			best = need->alternatives[i].set;
		}
	}
	for (size_t w = 0; best && w < words; w++) {
		needed[w] |= best[w];
		missing[w] |= best[w] & ~have[w];
	}
}

bool need_compare(const struct remit_policy *policy, const struct operation *operation, uint32_t whens,
		  const uint64_t *have, uint64_t *needed, uint64_t *missing)
{
	uint64_t lacking = 0;

	for (size_t w = 0; w < policy->words; w++)
		needed[w] = missing[w] = 0;
	add_part(&operation->base, policy->words, have, needed, missing);
	for (size_t i = 0; i < operation->shown.when_count; i++)
		if (whens >> i & 1)
			add_part(&operation->when_needs[i], policy->words, have, needed, missing);
	for (size_t w = 0; w < policy->words; w++)
		lacking |= missing[w];
	return lacking == 0;
}

bool remit_policy_need(const struct remit_policy *policy, uint32_t number, uint32_t whens, size_t part,
		       size_t alternative, struct remit_scopes *ret_scopes)
{
	const struct operation *operation = policy_operation(policy, number);
	if (!operation)
		return false;
	const struct need *need = &operation->base;
	for (size_t i = 0; part > 0; i++) {
		if (i == operation->shown.when_count)
			return false;
		if (whens >> i & 1) {
			need = &operation->when_needs[i];
			part--;
		}
	}
	if (alternative >= need->count)
		return false;
	memset(ret_scopes, 0, sizeof(*ret_scopes));
	memcpy(ret_scopes->word, need->alternatives[alternative].set, policy->words * sizeof(uint64_t));
	return true;
}
