/* SPDX-License-Identifier: Apache-2.0
 * One token's file as the Statamic package writes it: YAML, keys in a fixed order, null as ~, times in ISO 8601. What
 * is not known is left as it stands when something else is changed.
 * store: may include base, core and wire.
 */
#ifndef REMIT_STORE_YAML_TOKEN_FILE_H
#define REMIT_STORE_YAML_TOKEN_FILE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/id.h"

#include <remit/remit.h>

#define TOKEN_FILE_BYTES (64 * 1024)

struct token_file { /* texts in the arena; times in milliseconds, 0: none */
	struct id id;
	struct id owner;        /* the number of owner_text */
	const char *owner_text; /* the key user_id, as it stands */
	const char *name;
	uint8_t digest[REMIT_DIGEST_SIZE];
	const char *scopes;     /* with one space between, in the file's order; "" for none */
	const char *client_id, *client_name; /* of OAuth, or NULL */
	int64_t last_used_ms, expires_ms, created_ms, updated_ms;
	/* Our own keys in a file that was revoked: */
	int64_t revoked_ms;
	const char *revoked_by, *revoked_why; /* or NULL */
};

/* False with a sentence, without its full stop, that never holds a value of the file: missing scopes are no empty
 * list (T04), a time that is none is no "never". */
bool token_file_read(struct str text, struct arena *arena, struct token_file *ret, const char **reterr);

/* A whole new file. */
void token_file_write(const struct token_file *token, struct buf *out);

enum token_file_key {
	TOKEN_FILE_NAME = 1u << 0,
	TOKEN_FILE_DIGEST = 1u << 1,
	TOKEN_FILE_SCOPES = 1u << 2,
	TOKEN_FILE_LAST_USED = 1u << 3,
	TOKEN_FILE_EXPIRES = 1u << 4,
	TOKEN_FILE_UPDATED = 1u << 5,
	TOKEN_FILE_REVOKED = 1u << 6, /* all three of them */
};
/* The file's text with some keys as `token` has them, all else as it is. False, with nothing to be used in `out`, where
 * what comes out would not read back so. */
bool token_file_change(struct str text, const struct token_file *token, unsigned keys, struct arena *arena,
	struct buf *out);

#endif
