/* SPDX-License-Identifier: Apache-2.0
 * Statements on a relational database, for the stores that have one and for services that keep
 * their rows beside. One writer thread commits many callers' changes at once (group commit);
 * readers have a handle each. SQL is written in the part that SQLite and PostgreSQL share:
 * parameters are ?1, ?2.
 * store: may include base, core and wire.
 */
#ifndef REMIT_STORE_SQL_H
#define REMIT_STORE_SQL_H

#include "base/arena.h"
#include "base/str.h"
#include "store/status.h"

struct database; /* a database: a writer and a pool of readers; any thread may use it */
struct sql;      /* one handle in one transaction: only inside the function it was given to */
struct sql_statement;

/* Runs `fn` inside a read transaction on a free reader (waiting for one). What fn returns is returned. */
enum store_status database_read(struct database *db, enum store_status (*fn)(struct sql *sql, void *arg),
	void *arg);
/* Runs `fn` on the writer thread, in a savepoint of a transaction that it may share with other
 * callers, and returns when that transaction is durable (synchronous=FULL). Where fn returns
 * anything but STORE_OK, or a statement of it failed unseen, all that it did is undone and that is
 * returned. A caller may be told of a failure that was another's, where the disk is full or failing:
 * nothing was done then. fn must not wait, and changes nothing but `sql` and what arg points to. */
enum store_status database_write(struct database *db, enum store_status (*fn)(struct sql *sql, void *arg),
	void *arg);

/* Brings a part's tables up to date: scripts[i] takes version i to i + 1; each is run in a
 * transaction of its own with its version. STORE_SCHEMA where the database is newer than this program. */
enum store_status database_migrate(struct database *db, const char *part, const char *const *scripts,
	size_t count);

/* A statement, prepared once for a handle and reset. `text` must be a constant: it is kept by its
 * address. NULL where it does not compile: the transaction then fails. */
struct sql_statement *sql_prepare(struct sql *sql, const char *text);

/* Binding copies nothing: what is bound must live until the statement is stepped to its end. Errors
 * show at sql_step. */
void sql_bind_text(struct sql_statement *st, int index, struct str text); /* {NULL, 0} binds null */
void sql_bind_blob(struct sql_statement *st, int index, const void *p, size_t n);
void sql_bind_int(struct sql_statement *st, int index, int64_t value);
void sql_bind_null(struct sql_statement *st, int index);

enum sql_step { SQL_ROW, SQL_DONE, SQL_CONFLICT /* a unique or foreign key says no */, SQL_FAILED };
enum sql_step sql_step(struct sql_statement *st);
/* Steps a statement that answers no rows: OK, EXISTS for a conflict, else what the failure means. */
enum store_status sql_run(struct sql_statement *st);
/* What a failed step means: STORE_UNAVAILABLE, STORE_FULL, ... */
enum store_status sql_status(struct sql_statement *st);
/* Rows changed by the last sql_run of this handle. */
int64_t sql_changes(struct sql *sql);
/* Ends a statement early so that it can be used again. */
void sql_reset(struct sql_statement *st);

/* Columns count from 0; views live until the next step or reset. Null is {NULL, 0} and 0. */
struct str sql_column_text(struct sql_statement *st, int column);
struct str sql_column_blob(struct sql_statement *st, int column);
int64_t sql_column_int(struct sql_statement *st, int column);
bool sql_column_is_null(struct sql_statement *st, int column);

#endif
