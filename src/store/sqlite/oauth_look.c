/* SPDX-License-Identifier: Apache-2.0
 * All that introspection asks, in one read transaction: three would cost three times as much.
 * store: may include base, core and wire.
 */
#include "store/sqlite/oauth.h"

struct look {
	struct id_bytes client;
	const uint8_t *digest;
	struct arena *arena;
	struct store_look found;
};

static enum store_status is_active(struct sql *sql, const struct id *owner, bool *ret)
{
	struct id_bytes id;
	struct sql_statement *st = sql_prepare(sql, "SELECT 1 FROM users WHERE id = ?1 AND disabled_at = 0");

	if (!id_to_bytes(owner, &id))
		return STORE_NOT_FOUND;
	bind_id(st, 1, &id);
	enum store_status status = step_one(st);
	sql_reset(st);
	*ret = status == STORE_OK;
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

static enum store_status look(struct sql *sql, void *arg)
{
	struct look *look = arg;
	struct store_look *found = &look->found;
	enum store_status status = client_get_within(sql, &look->client, look->arena, &found->client);

	found->client_found = status == STORE_OK;
	if (status == STORE_OK)
		status = token_find_within(sql, look->digest, look->arena, &found->token);
	found->token_found = found->client_found && status == STORE_OK;
	if (status == STORE_OK)
		status = is_active(sql, &found->token.owner, &found->owner_active);
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

enum store_status store_look(struct store *store, const struct id *client, const uint8_t digest[REMIT_DIGEST_SIZE],
	struct arena *arena, struct store_look *ret)
{
	struct look asked = { .digest = digest, .arena = arena };

	if (!id_to_bytes(client, &asked.client))
		return STORE_NOT_FOUND;
	enum store_status status = oauth_read(store, look, &asked);
	if (status == STORE_OK)
		*ret = asked.found;
	return status;
}
