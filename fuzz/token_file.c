/* SPDX-License-Identifier: Apache-2.0
 * Token files: what is read has what a token must have, and a change says what was asked for or is not made.
 */
#include "store/yaml/token_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)

static void require_change(struct str text, const struct token_file *token, unsigned keys, struct arena *arena)
{
	struct token_file wanted = *token, now;
	const char *why;
	struct buf out;
	buf_init(&out, 4 * TOKEN_FILE_BYTES);
	wanted.name = "a 'new' name";
	wanted.scopes = "x:read";
	wanted.expires_ms = wanted.last_used_ms = wanted.updated_ms = wanted.revoked_ms = INT64_C(1790000000000);
	wanted.revoked_by = "cli:root";
	wanted.revoked_why = "\"\n";
	if (token_file_change(text, &wanted, keys, arena, &out)) {
		REQUIRE(token_file_read(buf_str(&out), arena, &now, &why) && id_eq(&now.id, &token->id));
		REQUIRE(strcmp(now.scopes, keys & TOKEN_FILE_SCOPES ? "x:read" : token->scopes) == 0);
		REQUIRE(memcmp(now.digest, token->digest, sizeof(now.digest)) == 0);
		REQUIRE(keys & TOKEN_FILE_EXPIRES || now.expires_ms == token->expires_ms);
	}
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct token_file token;
	const char *why = NULL;
	struct arena arena;
	arena_init(&arena, 0);
	if (token_file_read(text, &arena, &token, &why)) {
		REQUIRE(id_is_set(&token.id) && id_is_set(&token.owner) && token.name[0] && token.scopes);
		require_change(text, &token, TOKEN_FILE_SCOPES | TOKEN_FILE_NAME, &arena);
		require_change(text, &token, TOKEN_FILE_EXPIRES | TOKEN_FILE_LAST_USED | TOKEN_FILE_UPDATED, &arena);
		require_change(text, &token, TOKEN_FILE_REVOKED, &arena);
	} else {
		REQUIRE(why);
	}
	arena_done(&arena);
	return 0;
}
