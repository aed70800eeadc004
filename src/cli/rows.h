/* SPDX-License-Identifier: Apache-2.0
 * Rows of the store as people and programs read them.
 * cli: may include every room.
 */
#ifndef REMIT_CLI_ROWS_H
#define REMIT_CLI_ROWS_H

#include "authority/dpop/proof.h"
#include "cli/command.h"

/* null for NULL and "". */
json_t *json_text(const char *text);
/* RFC 3339, or null for 0. */
json_t *json_time(int64_t at_ms);
/* An array of the words of a text: a token's scopes. */
json_t *json_words(const char *words);

json_t *user_json(const struct user_row *row);
/* `owner` is an e-mail address, or NULL. */
json_t *project_json(const struct project_row *row, const char *owner);
json_t *token_json(const struct token_row *row, int64_t now_ms);

/* "active", "expired", "revoked". */
const char *token_state(const struct token_row *row, int64_t now_ms);
/* "default", "off", or the number: in the arena. */
const char *rate_text(uint16_t rate, struct arena *arena);
/* The thumbprint of the key that something is bound to, in the room; NULL where it is bound to none. */
const char *key_text(const struct store_key *key, char room[static PROOF_JKT_CHARS + 1]);
/* A person's address by id: in the arena; the id where they are gone. */
const char *owner_text(struct cli *cli, const struct id *id);

/* A list on stdout: a table of what `add_row` adds, or {"KEY": [...]}. Used as a store's callback's context.
 */
struct listing {
	struct cli *cli;
	struct table table;
	json_t *array;
	bool failed;
};

bool listing_init(struct listing *list, struct cli *cli, const char *const *heads, size_t columns);
/* One row: `document` is taken over; `cells` are used without --json. */
void listing_add(struct listing *list, json_t *document, const char *const *cells);
/* Prints and frees. `status` is what the store answered; `nothing` is said on stderr where there is no row.
 */
enum cli_exit listing_print(struct listing *list, enum store_status status, const char *key,
	const char *nothing);

#endif
