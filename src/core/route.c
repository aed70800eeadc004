/* SPDX-License-Identifier: Apache-2.0
 * From a method and a decoded path to an operation.
 * core: may include base and <remit/remit.h>.
 */
#include "core/policy.h"

enum remit_status remit_policy_route(const struct remit_policy *policy, const char *method,
				     size_t method_length, const char *path, size_t path_length,
				     struct remit_match *ret)
{
	struct str verb = { method, method_length };

	ret->operation = REMIT_NO_OPERATION;
	ret->count = 0;
	if (path_length == 0 || path[0] != '/')
		return REMIT_NOT_FOUND;
	if (str_is(verb, "HEAD"))
		verb = STR("GET");
	uint32_t below = trie_child(&policy->routes, 0, verb);
	if (below == 0 || !trie_match(&policy->routes, below, (struct str){ path + 1, path_length - 1 }, ret))
		return REMIT_NOT_FOUND;
	return REMIT_OK;
}
