/* SPDX-License-Identifier: Apache-2.0
 * One table: a scope, and the permissions of which any one makes it of use. What is not in it is for super users; of an
 * umbrella they can use what it implies.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/owners_ceiling.h"

/* {} stands for any handle. */
static const struct {
	const char *scope;
	const char *permissions[16];
} uses[] = {
	{ "entries:read", { "view {} entries" } },
	{ "entries:write", { "create {} entries", "edit {} entries", "delete {} entries", "publish {} entries" } },
	{ "terms:read", { "view {} terms" } },
	{ "terms:write", { "create {} terms", "edit {} terms", "delete {} terms" } },
	{ "globals:read", { "edit {} globals", "configure globals" } },
	{ "globals:write", { "edit {} globals", "configure globals" } },
	{ "assets:read", { "view {} assets", "configure asset containers" } },
	{ "assets:write",
		{ "upload {} assets", "edit {} assets", "move {} assets", "rename {} assets", "delete {} assets",
			"configure asset containers" } },
	{ "structures:read",
		{ "configure collections", "configure taxonomies", "configure navs", "configure sites", "view {} nav" } },
	{ "structures:write",
		{ "configure collections", "configure taxonomies", "configure navs", "configure sites", "edit {} nav" } },
	{ "blueprints:read", { "configure fields" } },
	{ "blueprints:write", { "configure fields" } },
	{ "users:read", { "view users" } },
	{ "system:read", { "access utilities", "access {} utility" } },
};

static bool fits(const char *permission, const char *pattern)
{
	const char *gap = strstr(pattern, "{}");
	if (!gap)
		return strcmp(permission, pattern) == 0;
	size_t before = (size_t)(gap - pattern), after = strlen(gap + 2), n = strlen(permission);
	return n > before + after && strncmp(permission, pattern, before) == 0
		&& strcmp(permission + n - after, gap + 2) == 0;
}

static bool has_any(const struct owner *owner, const char *const *patterns)
{
	for (; *patterns; patterns++)
		for (size_t i = 0; i < owner->permission_count; i++)
			if (fits(owner->permissions[i], *patterns))
				return true;
	return false;
}

static void add(const struct remit_policy *policy, const char *name, struct remit_scopes *ret)
{
	size_t scope;
	if (remit_policy_scope_find(policy, name, strlen(name), &scope) == REMIT_OK)
		ret->word[scope / 64] |= UINT64_C(1) << (scope % 64);
}

void owners_ceiling(const struct owner *owner, const struct remit_policy *policy, struct remit_scopes *ret)
{
	*ret = (struct remit_scopes){ { 0 } };
	for (size_t i = 0; owner->super && i < remit_policy_scopes(policy); i++)
		ret->word[i / 64] |= UINT64_C(1) << (i % 64);
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
		if (has_any(owner, uses[i].permissions))
			add(policy, uses[i].scope, ret);
}

bool owner_may_hold(const struct owner *owner, const struct remit_policy *policy, size_t scope)
{
	bool may = owner->super || remit_scopes_has(&owner->ceiling, scope);
	for (size_t i = 0; !may && i < remit_policy_scopes(policy); i++)
		may = remit_policy_implies(policy, scope, i) && remit_scopes_has(&owner->ceiling, i)
			&& remit_policy_scope_is_umbrella(policy, scope);
	return may;
}
