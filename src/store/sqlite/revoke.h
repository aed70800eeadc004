/* SPDX-License-Identifier: Apache-2.0
 * Adding a token, and revoking one or all of an owner, project, client, grant or family, inside a transaction.
 * store: may include base, core and wire.
 */
#ifndef REMIT_STORE_SQLITE_REVOKE_H
#define REMIT_STORE_SQLITE_REVOKE_H

#include "store/store.h"

enum revoke_which {
	REVOKE_ONE,
	REVOKE_OF_OWNER,
	REVOKE_OF_PROJECT,
	REVOKE_OF_CLIENT,
	REVOKE_OF_GRANT,
	REVOKE_OF_FAMILY,
};

/* What store_token_add does. */
enum store_status token_add_within(struct sql *sql, const struct token_row *token,
	const uint8_t digest[REMIT_DIGEST_SIZE], const struct store_actor *actor, int64_t *revision);

/* What store_token_find does. */
enum store_status token_find_within(struct sql *sql, const uint8_t digest[REMIT_DIGEST_SIZE], struct arena *arena,
	struct token_row *ret);

/* Revokes them and all that descends from them, with a feed row for each text and an event for each
 * token. *revision becomes the last of them; it stays where nothing was to be revoked. */
enum store_status revoke_tokens(struct sql *sql, enum revoke_which which, const struct id_bytes *key,
	const char *why, const struct store_actor *actor, int64_t *revision);

/* Tells the feed of every text of a token: the present one and those that a rotation replaced. */
enum store_status feed_add_texts(struct sql *sql, int64_t number, const uint8_t digest[REMIT_DIGEST_SIZE],
	int64_t *ret_revision);

#endif
