/* SPDX-License-Identifier: Apache-2.0
 * What the files of store/oauth.h share: steps inside a transaction.
 * store: may include base, core and wire.
 */
#ifndef REMIT_STORE_SQLITE_OAUTH_H
#define REMIT_STORE_SQLITE_OAUTH_H

#include "store/oauth.h"
#include "store/sqlite/revoke.h"
#include "store/sqlite/rows.h"

/* As database_read and database_write; STORE_INVALID where the store has no database. */
enum store_status oauth_read(struct store *store, enum store_status (*fn)(struct sql *sql, void *arg), void *arg);
enum store_status oauth_write(struct store *store, enum store_status (*fn)(struct sql *sql, void *arg), void *arg);

/* Merges an approval into the live grant of the same kind, or makes one; its id in *ret. NOT_FOUND where the
 * client or the person is not live, or the project is not there. */
enum store_status approval_write(struct sql *sql, const struct store_approval *approval,
	const struct store_actor *actor, struct id_bytes *ret);

/* Writes the tokens of an issue, whose client, grant and family are in its access token. ENDED where they are
 * not live any more. `fresh`: the family is new, with these scopes and resource. */
struct issue_family {
	bool fresh;
	const char *scopes, *resource;
};
enum store_status issue_write(struct sql *sql, const struct store_issue *issue,
	const struct issue_family *family, const struct store_actor *actor, enum store_outcome *ret_outcome,
	int64_t *revision);

/* Revokes a family's refresh and access tokens. */
enum store_status family_revoke(struct sql *sql, const struct id_bytes *family, const char *why,
	const struct store_actor *actor, int64_t *revision);

/* As store_client_get. */
enum store_status client_get_within(struct sql *sql, const struct id_bytes *id, struct arena *arena,
	struct client_row *ret);

#endif
