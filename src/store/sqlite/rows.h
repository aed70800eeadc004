/* SPDX-License-Identifier: Apache-2.0
 * Between columns and the rows of store.h: what each query selects, in the order in which it is
 * read; and what every change writes beside itself, its place in the feed and its event.
 * store: may include base, core and wire.
 */
#ifndef REMIT_STORE_SQLITE_ROWS_H
#define REMIT_STORE_SQLITE_ROWS_H

#include "store/store.h"

/* "" binds null. `bytes` must live until the statement is stepped. */
void bind_id(struct sql_statement *st, int index, const struct id_bytes *bytes);
void bind_text(struct sql_statement *st, int index, const char *text); /* NULL binds null */
void bind_key(struct sql_statement *st, int index, const struct store_key *key); /* one that is not bound binds null */

/* Reading: texts in a row live until the next step. False without memory. */

#define USER_COLUMNS "u.id, u.email, u.password_hash, u.admin, u.created_at, u.disabled_at"
bool read_user(struct sql_statement *st, struct user_row *ret);

#define PROJECT_COLUMNS "p.id, p.api, p.name, p.owner_id, p.created_at"
bool read_project(struct sql_statement *st, struct project_row *ret);

/* For an old text, `expires` and `revoked` are its own. */
#define TOKEN_COLUMNS(expires, revoked) \
	"t.id, t.kind, t.name, t.owner_id, u.email, t.api, t.scopes, t.preset, t.project_id, t.parent_id," \
	" t.created_at, " expires ", coalesce(w.last_used, 0), " revoked "," \
	" t.revoked_by, t.revoked_why, t.rate, t.client_id, t.grant_id, t.family_id, t.jkt, t.ceiling"
#define TOKEN_TABLES \
	" tokens t LEFT JOIN users u ON u.id = t.owner_id LEFT JOIN token_use w ON w.token = t.number "
bool read_token(struct sql_statement *st, struct token_row *ret);

/* When an old text ends, and when it was revoked: by itself, or with its token. */
#define OLD_EXPIRES \
	"CASE WHEN t.expires_at <> 0 AND t.expires_at < o.expires_at THEN t.expires_at ELSE o.expires_at END"
#define OLD_REVOKED "CASE WHEN t.revoked_at <> 0 THEN t.revoked_at ELSE o.revoked_at END"

/* Copies a row's texts into the arena. False without memory. */
bool keep_text(struct arena *arena, const char **text); /* NULL stays NULL */
bool keep_user(struct arena *arena, struct user_row *row);
bool keep_project(struct arena *arena, struct project_row *row);
bool keep_token(struct arena *arena, struct token_row *row);

/* A text that may be null: until the next step. */
const char *column_optional_text(struct sql_statement *st, int column);
/* A text that is never null: false without memory. */
bool column_read_text(struct sql_statement *st, int column, const char **ret);
/* The id in a column; unset for null. */
struct id column_id(struct sql_statement *st, int column);
/* The thumbprint of a key in a column; not bound for null. False where it is none, or without memory. */
bool column_key(struct sql_statement *st, int column, struct store_key *ret);
struct id_bytes column_id_bytes(struct sql_statement *st, int column);

/* ---- Beside every change ---- */

#define FEED_KEEP 100000 /* changes; who is further behind loads everything */

enum store_status feed_add(struct sql *sql, enum store_change_kind kind, const void *key, size_t n,
	int64_t *ret_revision);
static inline enum store_status feed_add_id(struct sql *sql, enum store_change_kind kind,
	const struct id_bytes *id, int64_t *ret_revision)
{
	return feed_add(sql, kind, id->b, sizeof(id->b), ret_revision);
}
/* The newest revision; 0 where nothing was ever changed. */
enum store_status feed_newest(struct sql *sql, int64_t *ret_revision);

/* Then pairs of name and value, all texts, and NULL; a value of NULL is left out. */
enum store_status event_add(struct sql *sql, const struct store_actor *actor, const char *action,
	const char *subject, ...)
	__attribute__((sentinel));

/* How a statement with one row at most went: OK, NOT_FOUND, or its failure; the row is still there. */
enum store_status step_one(struct sql_statement *st);

#endif
