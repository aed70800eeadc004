// SPDX-License-Identifier: Apache-2.0
// The public header in a C++ program: it compiles with warnings as errors, links, and works.
#include <remit/remit.h>
#include <cstdio>
#include <cstring>

int main()
{
	static const char *const names[] = { "s:read" };
	const remit_alternative all = { names, 1 };
	remit_rule rule = {};
	remit_policy *policy = nullptr;
	remit_match match;

	rule.method = "GET";
	rule.path = "/s/{id}";
	rule.need.alternatives = &all;
	rule.need.count = 1;
	std::printf("1..1\n");
	remit_builder *builder = remit_builder_new();
	bool good = builder && remit_builder_scope(builder, names[0]) == REMIT_OK &&
		    remit_builder_rule(builder, &rule, nullptr) == REMIT_OK &&
		    remit_policy_build(builder, &policy) == REMIT_OK &&
		    remit_policy_route(policy, "GET", 3, "/s/7", 4, &match) == REMIT_OK && match.count == 1;
	remit_scopes none = {};
	good = good && !remit_scopes_has(&none, 0) && remit_reason_is_token(REMIT_NO_TOKEN) &&
	       std::strcmp(remit_version(), REMIT_TEST_VERSION) == 0;
	remit_policy_free(policy);
	std::printf("%s 1 - the header in C++\n", good ? "ok" : "not ok");
	return good ? 0 : 1;
}
