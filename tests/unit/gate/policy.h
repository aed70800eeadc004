/* SPDX-License-Identifier: Apache-2.0
 * A small profile for tests of the gate.
 */
#ifndef REMIT_TESTS_GATE_POLICY_H
#define REMIT_TESTS_GATE_POLICY_H

#include "profile/profile.h"

static const char profile_text[] =
	"profile: toy\n"
	"title: A Toy\n"
	"scopes: { \"a:read\": R., \"a:write\": W., \"a:publish\": P., \"b:all\": B., \"b:read\": r., \"*\": All. }\n"
	"implies: { \"b:all\": [\"b:read\"] }\n"
	"presets:\n"
	"  everything: { title: E, for: E., scopes: [\"a:read\", \"a:write\", \"a:publish\"] }\n"
	"  publish-only: { title: P, for: P., scopes: [\"a:write\", \"a:publish\"] }\n"
	"tokens: { prefix: ty }\n"
	"rest:\n"
	"  base: /api\n"
	"  rules:\n"
	"    - { on: GET /health, need: token }\n"
	"    - { on: GET /open, need: public }\n"
	"    - { on: \"GET /things/{id}\", need: { any: [\"a:read\", [\"a:write\", \"a:publish\"]] }, when: [ { equals: [path.id, secret], need: \"b:read\" } ] }\n"
	"    - on: POST /things\n"
	"      need: \"a:write\"\n"
	"      when:\n"
	"        - { present: body./at, need: \"a:publish\" }\n"
	"        - { absent: body./name, need: \"b:read\" }\n"
	"        - { equals: [body./items/*/kind, hot], need: \"a:read\" }\n"
	"        - { equals: [query.mode, hard], need: \"a:publish\" }\n"
	"        - { present: header.X-Force, need: \"a:publish\" }\n"
	"mcp:\n"
	"  endpoint: /mcp\n"
	"  tools: { t: { select: action, values: { list: \"a:read\", create: \"a:write\" } }, u: { need: \"a:write\", when: [ { present: arg./at, need: \"a:publish\" } ] } }\n";

static inline struct profile *profile_of_test(void)
{
	static struct mistakes mistakes;
	mistakes_init(&mistakes);
	struct profile *profile = profile_read(str_of(profile_text), "toy.yaml", &mistakes);
	if (!profile)
		fail_msg("%s", mistakes.count ? mistakes.list[0].what : "no profile");
	mistakes_done(&mistakes);
	return profile;
}

/* The number of an operation by its text. */
static inline uint32_t operation_of(const struct profile *profile, const char *text)
{
	for (uint32_t i = 0; i < remit_policy_operations(profile->policy); i++)
		if (strcmp(remit_policy_operation(profile->policy, i)->text, text) == 0)
			return i;
	fail_msg("no operation %s", text);
	return REMIT_NO_OPERATION;
}

#endif
