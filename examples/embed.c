/* SPDX-License-Identifier: Apache-2.0
 * libremit in your own program: cc embed.c $(pkg-config --cflags --libs remit) */
#include <remit/remit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(good) do { if (!(good)) abort(); } while (0)
int main(void)
{
	/* A policy: what scopes there are, and what each operation needs. */
	const char *const names[] = { "notes:read", "notes:write", "notes:publish" };
	const struct remit_alternative to_read = { &names[0], 1 }, to_publish = { &names[1], 2 };
	const struct remit_rule rules[] = {
		{ .method = "GET", .path = "/notes/{id}", .need = { REMIT_NEED_SCOPES, &to_read, 1 } },
		{ .method = "POST", .path = "/notes/{id}/publish", .need = { REMIT_NEED_SCOPES, &to_publish, 1 } },
	};
	struct remit_policy *policy;
	struct remit_builder *builder = remit_builder_new();
	for (int i = 0; i < 3; i++) MUST(builder && remit_builder_scope(builder, names[i]) == REMIT_OK);
	for (int i = 0; i < 2; i++) MUST(remit_builder_rule(builder, &rules[i], NULL) == REMIT_OK);
	MUST(remit_policy_build(builder, &policy) == REMIT_OK);

	/* A token with two of them: its text goes to its owner, its digest into the table. */
	uint8_t random[REMIT_TOKEN_RANDOM] = "use getrandom() here", digest[REMIT_DIGEST_SIZE];
	char token[REMIT_TOKEN_ROOM], path[64], missing[64];
	struct remit_scopes scopes;
	struct remit_table *table;
	struct remit_record record = { .owner = 1 };
	struct remit_hasher *hasher = remit_hasher_new();
	MUST(hasher && remit_token_write("my", REMIT_TOKEN_PERSONAL, random, token) == REMIT_OK);
	MUST(remit_hasher_digest(hasher, token, strlen(token), digest) && remit_table_new(1000, &table) == REMIT_OK);
	MUST(remit_scopes_from_names(policy, names, 2, &scopes, NULL) == REMIT_OK);
	MUST(remit_table_grant(table, policy, &scopes, &record.granted) == REMIT_OK &&
	     remit_table_put(table, digest, &record) == REMIT_OK);

	/* Two requests with it (remit_token_check would refuse a bad text before any look-up). */
	const char *const requests[][2] = { { "GET", "/notes/7" }, { "POST", "/notes/7/publish" } };
	struct remit_question question = { .policy = policy, .record = &record, .owner_active = true };
	struct remit_decision decision;
	struct remit_match match;
	struct remit_reader *reader;
	MUST(remit_reader_new(table, &reader) == REMIT_OK);
	remit_reader_resume(reader); /* and remit_reader_pause before it waits for more */
	for (size_t i = 0, length; i < 2; i++) {
		MUST(remit_path_decode(requests[i][1], strlen(requests[i][1]), path, &length) == REMIT_OK);
		MUST(remit_policy_route(policy, requests[i][0], strlen(requests[i][0]), path, length, &match) == REMIT_OK);
		question.credential = remit_table_find(reader, digest, &record) ? REMIT_CREDENTIAL_FOUND : REMIT_CREDENTIAL_UNKNOWN;
		question.operation = match.operation;
		question.granted = remit_table_granted(table, policy, &record);
		remit_decide(&question, &decision);
		remit_scopes_text(policy, &decision.missing, ", ", missing, sizeof(missing));
		printf("%s %s: %s %s\n", requests[i][0], requests[i][1], remit_reason_text(decision.reason), missing);
	}
	remit_reader_free(reader); /* readers before their table */
	remit_table_free(table);
	remit_hasher_free(hasher);
	remit_policy_free(policy);
}
