/* SPDX-License-Identifier: Apache-2.0
 * Rows of the store as JSON: the same documents on the command line and over HTTP.
 * admin: may include base, core, wire, store, authority, profile, net, gate and services/service.h.
 */
#ifndef REMIT_ADMIN_ROWS_H
#define REMIT_ADMIN_ROWS_H

#include "authority/authority.h"
#include "authority/dpop/proof.h"
#include "gate/audit.h"

#include <jansson.h>

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
/* What is told once, with the text. */
json_t *issued_json(const char *text, const struct token_row *row);
json_t *scope_json(const struct authority_api *api, size_t scope);
json_t *preset_json(const struct authority_api *api, size_t preset);
json_t *audit_entry_json(const struct audit_entry *entry);
json_t *event_json(const struct event_row *row);

/* The thumbprint of the key that something is bound to, in the room; NULL where it is bound to none. */
const char *key_text(const struct store_key *key, char room[static PROOF_JKT_CHARS + 1]);
/* "active", "expired", "revoked". */
const char *token_state(const struct token_row *row, int64_t now_ms);
/* What is left of a token's scopes without some, in the arena; what it does not have is kept in, to be refused
 * by name. NULL without memory. */
const char *const *scopes_without(const char *scopes, const char *const *removed, size_t count,
	struct arena *arena, size_t *ret_count);
/* "90d", "never" or a time (RFC 3339), from now: 0 for never. False where it is none. */
bool expiry_read(const char *text, int64_t now_ms, int64_t *ret_ms);
#define EXPIRY_WORDS \
	"takes a time from now (90d, 12h), a date (2027-01-31), a time (2027-01-31T12:00:00Z) or \"never\"."

#endif
