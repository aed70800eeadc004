/* SPDX-License-Identifier: Apache-2.0
 * The vocabulary: scopes in the order in which they were added, umbrellas, and sets of scopes.
 * core: may include base and <remit/remit.h>.
 */
#include "core/array.h"
#include "core/policy.h"

enum remit_status remit_builder_scope(struct remit_builder *builder, const char *name)
{
	struct remit_policy *policy = builder->policy;
	struct str text = str_of(name);
	uint32_t place;

	if (!check_scope_name(text))
		return REMIT_INVALID;
	if (names_find(&policy->scope_names, text, &place))
		return REMIT_EXISTS;
	if (policy->scope_count == REMIT_SCOPES_MAX)
		return REMIT_LIMIT;
	void *scopes =
		array_grow(policy->scopes, policy->scope_count, &policy->scope_room, sizeof(struct scope));
	if (!scopes)
		return REMIT_NO_MEMORY;
	policy->scopes = scopes;
	struct str copy = arena_copy_str(&policy->arena, text);
	if (!copy.p || !names_add(&policy->scope_names, copy, (uint32_t)policy->scope_count))
		return REMIT_NO_MEMORY;
	if (str_is(text, "*"))
		policy->star = policy->scope_count;
	policy->scopes[policy->scope_count++] = (struct scope){ .name = copy.p, .length = copy.n };
	return REMIT_OK;
}

enum remit_status remit_builder_implies(struct remit_builder *builder, const char *umbrella,
					const char *scope)
{
	struct remit_policy *policy = builder->policy;
	uint32_t from, to;

	if (!umbrella || !scope)
		return REMIT_INVALID;
	if (!names_find(&policy->scope_names, str_of(umbrella), &from) ||
	    !names_find(&policy->scope_names, str_of(scope), &to))
		return REMIT_NOT_FOUND;
	struct scope *over = &policy->scopes[from], *under = &policy->scopes[to];
	if (from == to || from == policy->star || to == policy->star)
		return REMIT_INVALID;
	if (over->is_implied || under->implied || over->is_needed)
		return REMIT_INVALID;
	if (over->implied && (over->implied[to / 64] >> to % 64 & 1))
		return REMIT_EXISTS;
	if (!over->implied)
		over->implied = arena_alloc(&policy->arena, REMIT_SCOPE_WORDS_MAX * sizeof(uint64_t));
	if (!over->implied)
		return REMIT_NO_MEMORY;
	over->implied[to / 64] |= UINT64_C(1) << to % 64;
	under->is_implied = true;
	return REMIT_OK;
}

enum remit_status vocabulary_build(struct remit_policy *policy)
{
	size_t n = 0;

	policy->words = policy->scope_count ? (policy->scope_count + 63) / 64 : 1;
	policy->umbrellas = arena_alloc(&policy->arena, (policy->scope_count + 1) * sizeof(uint16_t));
	if (!policy->umbrellas)
		return REMIT_NO_MEMORY;
	for (size_t i = 0; i < policy->scope_count; i++)
		if (policy->scopes[i].implied)
			policy->umbrellas[n++] = (uint16_t)i;
	policy->umbrella_count = n;
	return REMIT_OK;
}

static bool set_has(const uint64_t *set, size_t scope)
{
	return set[scope / 64] >> scope % 64 & 1;
}

void scopes_expand(const struct remit_policy *policy, const uint64_t *granted, bool star_counts,
		   uint64_t *ret)
{
	bool star = policy->star != NO_SCOPE && set_has(granted, policy->star);

	for (size_t w = 0; w < policy->words; w++)
		ret[w] = star && star_counts ? UINT64_MAX : granted[w];
	if (star && star_counts)
		return;
	if (star)
		ret[policy->star / 64] &= ~(UINT64_C(1) << policy->star % 64);
	for (size_t i = 0; i < policy->umbrella_count; i++) {
		if (!set_has(granted, policy->umbrellas[i]))
			continue;
		const uint64_t *implied = policy->scopes[policy->umbrellas[i]].implied;
		for (size_t w = 0; w < policy->words; w++)
			ret[w] |= implied[w];
	}
}

bool remit_scopes_cover(const struct remit_policy *policy, const struct remit_scopes *granted, size_t scope)
{
	if (scope >= policy->scope_count)
		return false;
	if (remit_scopes_has(granted, scope) ||
	    (policy->star != NO_SCOPE && remit_scopes_has(granted, policy->star)))
		return true;
	for (size_t i = 0; i < policy->umbrella_count; i++) {
		size_t umbrella = policy->umbrellas[i];
		if (remit_scopes_has(granted, umbrella) && set_has(policy->scopes[umbrella].implied, scope))
			return true;
	}
	return false;
}

enum remit_status remit_scopes_from_names(const struct remit_policy *policy, const char *const *names,
					  size_t count, struct remit_scopes *ret, size_t *ret_unknown)
{
	struct remit_scopes set = { { 0 } };

	for (size_t i = 0; i < count; i++) {
		uint32_t scope;
		if (!names_find(&policy->scope_names, str_of(names[i]), &scope)) {
			if (ret_unknown)
				*ret_unknown = i;
			return REMIT_NOT_FOUND;
		}
		set.word[scope / 64] |= UINT64_C(1) << scope % 64;
	}
	*ret = set;
	return REMIT_OK;
}

/* Adds a text behind `n` characters as far as there is room for it and a NUL. */
static size_t add_text(char *ret_text, size_t room, size_t n, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (n + i + 1 < room)
			ret_text[n + i] = text[i];
	return n + length;
}

size_t remit_scopes_text(const struct remit_policy *policy, const struct remit_scopes *set,
			 const char *separator, char *ret_text, size_t room)
{
	size_t n = 0, separator_length = strlen(separator);
	bool first = true;

	for (size_t i = 0; i < policy->scope_count; i++) {
		if (!remit_scopes_has(set, i))
			continue;
		if (!first)
			n = add_text(ret_text, room, n, separator, separator_length);
		n = add_text(ret_text, room, n, policy->scopes[i].name, policy->scopes[i].length);
		first = false;
	}
	if (room > 0)
		ret_text[n < room ? n : room - 1] = '\0';
	return n;
}

size_t remit_policy_scopes(const struct remit_policy *policy)
{
	return policy->scope_count;
}

size_t remit_policy_words(const struct remit_policy *policy)
{
	return policy->words;
}

const char *remit_policy_scope_name(const struct remit_policy *policy, size_t scope)
{
	return scope < policy->scope_count ? policy->scopes[scope].name : NULL;
}

enum remit_status remit_policy_scope_find(const struct remit_policy *policy, const char *name, size_t length,
					  size_t *ret_scope)
{
	uint32_t scope;
	if (!names_find(&policy->scope_names, (struct str){ name, length }, &scope))
		return REMIT_NOT_FOUND;
	*ret_scope = scope;
	return REMIT_OK;
}

bool remit_policy_scope_is_umbrella(const struct remit_policy *policy, size_t scope)
{
	return scope < policy->scope_count && policy->scopes[scope].implied;
}

bool remit_policy_implies(const struct remit_policy *policy, size_t umbrella, size_t scope)
{
	return remit_policy_scope_is_umbrella(policy, umbrella) && scope < policy->scope_count &&
	       set_has(policy->scopes[umbrella].implied, scope);
}
