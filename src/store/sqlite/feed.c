/* SPDX-License-Identifier: Apache-2.0
 * What the copy in memory is made from: everything at once, then the changes, and waiting for them.
 * store: may include base, core and wire.
 */
#include "store/sqlite/sqlite.h"

#include "store/sqlite/rows.h"

#define TEXT_COLUMNS(digest, expires, revoked) \
	digest ", t.id, t.owner_id, t.project_id, t.kind, t.rate, " expires ", " revoked ", t.api, t.scopes, t.client_id, t.jkt"
#define SELECT_NOW "SELECT " TEXT_COLUMNS("t.digest", "t.expires_at", "t.revoked_at")
#define SELECT_OLD "SELECT " TEXT_COLUMNS("o.digest", OLD_EXPIRES, OLD_REVOKED)
#define TEXT_AFTER 12 /* the first column behind these */

static bool read_text(struct sql_statement *st, struct store_text *ret)
{
	struct str digest = sql_column_blob(st, 0);

	*ret = (struct store_text){
		.token = column_id_bytes(st, 1),
		.owner = column_id_bytes(st, 2),
		.project = column_id_bytes(st, 3),
		.kind = (enum remit_token_kind)sql_column_int(st, 4),
		.rate = (uint16_t)sql_column_int(st, 5),
		.expires_ms = sql_column_int(st, 6),
		.revoked_ms = sql_column_int(st, 7),
		.api = sql_column_text(st, 8),
		.scopes = sql_column_text(st, 9),
		.client = column_id_bytes(st, 10),
	};
	if (digest.n != sizeof(ret->digest) || !ret->api.p || !ret->scopes.p ||
		!column_key(st, 11, &ret->key))
		return false;
	memcpy(ret->digest, digest.p, sizeof(ret->digest));
	return true;
}

struct load {
	bool (*text)(void *ctx, const struct store_text *text);
	bool (*user)(void *ctx, const struct user_row *user);
	void *ctx;
	int64_t revision;
	struct file_identity file;
};

static enum store_status load_users(struct sql *sql, const struct load *load)
{
	struct sql_statement *st = sql_prepare(sql, "SELECT " USER_COLUMNS " FROM users u ORDER BY u.number");
	struct user_row row;
	enum sql_step step;

	while ((step = sql_step(st)) == SQL_ROW) {
		if (!read_user(st, &row))
			return STORE_NO_MEMORY;
		if (!load->user(load->ctx, &row))
			return STORE_STOPPED;
	}
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}

/* The rows of token_use beside those of tokens: both are read in the order of the same key, so that
 * no row is looked up. */
struct uses {
	struct sql_statement *st;
	enum sql_step step;
};

static bool uses_start(struct sql *sql, struct uses *ret)
{
	ret->st = sql_prepare(sql, "SELECT token, last_used, audit_place FROM token_use ORDER BY token");
	ret->step = sql_step(ret->st);
	return ret->step == SQL_ROW || ret->step == SQL_DONE;
}

static bool uses_find(struct uses *uses, int64_t number, struct store_text *text)
{
	while (uses->step == SQL_ROW && sql_column_int(uses->st, 0) < number)
		uses->step = sql_step(uses->st);
	if (uses->step == SQL_ROW && sql_column_int(uses->st, 0) == number) {
		text->last_used_ms = sql_column_int(uses->st, 1);
		text->audit_place = (uint64_t)sql_column_int(uses->st, 2);
	}
	return uses->step == SQL_ROW || uses->step == SQL_DONE;
}

static enum store_status load_texts(struct sql *sql, const struct load *load, struct sql_statement *st)
{
	struct store_text text;
	struct uses uses;
	enum sql_step step;

	if (!uses_start(sql, &uses))
		return sql_status(uses.st);
	while ((step = sql_step(st)) == SQL_ROW) {
		if (!read_text(st, &text))
			return STORE_NO_MEMORY;
		if (!uses_find(&uses, sql_column_int(st, TEXT_AFTER), &text))
			return sql_status(uses.st);
		if (!load->text(load->ctx, &text))
			return STORE_STOPPED;
	}
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}

static enum store_status load_all(struct sql *sql, void *arg)
{
	struct load *load = arg;
	enum store_status status = feed_newest(sql, &load->revision);

	load->file = sql->file;
	if (status == STORE_OK)
		status = load_users(sql, load);
	if (status == STORE_OK)
		status = load_texts(sql, load,
			sql_prepare(sql, SELECT_NOW ", t.number FROM tokens t ORDER BY t.number"));
	if (status == STORE_OK)
		status = load_texts(sql, load, sql_prepare(sql, SELECT_OLD ", o.token FROM token_old_texts o"
			" JOIN tokens t ON t.number = o.token ORDER BY o.token"));
	return status;
}

enum store_status sqlite_load(struct store *store, bool (*text)(void *ctx, const struct store_text *text),
	bool (*user)(void *ctx, const struct user_row *user), void *ctx, int64_t *ret_revision)
{
	struct sqlite_store *sqlite = sqlite_of(store);
	struct load load = { .text = text, .user = user, .ctx = ctx };
	enum store_status status = database_read(sqlite->db, load_all, &load);

	if (status != STORE_OK)
		return status;
	pthread_mutex_lock(&sqlite->loaded_lock);
	sqlite->loaded = load.file;
	pthread_mutex_unlock(&sqlite->loaded_lock);
	*ret_revision = load.revision;
	return STORE_OK;
}

static enum store_status count_texts(struct sql *sql, void *arg)
{
	uint64_t *ret = arg;
	/* Two of the simplest look-ups each: an aggregate of both would read every row. */
	struct sql_statement *st = sql_prepare(sql, "SELECT coalesce((SELECT max(number) FROM tokens)"
		" - (SELECT min(number) FROM tokens) + 1, 0)");
	enum store_status status = step_one(st);

	if (status == STORE_OK)
		*ret = (uint64_t)sql_column_int(st, 0);
	return status;
}

enum store_status sqlite_text_count(struct store *store, uint64_t *ret)
{
	uint64_t count;
	enum store_status status = database_read(sqlite_of(store)->db, count_texts, &count);

	if (status == STORE_OK)
		*ret = count;
	return status;
}

struct changes {
	bool (*each)(void *ctx, const struct store_change *change);
	void *ctx;
	int64_t after, newest;
	struct file_identity loaded;
};

static enum store_status check_reach(struct sql *sql, struct changes *changes)
{
	struct sql_statement *st = sql_prepare(sql, "SELECT (SELECT min(revision) FROM changes),"
		" coalesce((SELECT max(revision) FROM changes), 0)");
	enum store_status status = step_one(st);

	if (status != STORE_OK)
		return status;
	bool some = !sql_column_is_null(st, 0);
	int64_t oldest = sql_column_int(st, 0);
	changes->newest = sql_column_int(st, 1);
	sql_reset(st);
	/* Further than the newest: an older file was put in place. */
	if (changes->after > changes->newest || (some && changes->after < oldest - 1))
		return STORE_CONFLICT;
	return STORE_OK;
}

static enum store_status find_text(struct sql *sql, struct str digest, struct store_change *ret)
{
	static const char *const places[] = {
		SELECT_NOW ", coalesce(w.last_used, 0), coalesce(w.audit_place, 0) FROM tokens t"
			" LEFT JOIN token_use w ON w.token = t.number WHERE t.digest = ?1",
		SELECT_OLD ", coalesce(w.last_used, 0), coalesce(w.audit_place, 0) FROM token_old_texts o"
			" JOIN tokens t ON t.number = o.token LEFT JOIN token_use w ON w.token = t.number"
			" WHERE o.digest = ?1",
	};
	enum store_status status = STORE_NOT_FOUND;

	if (digest.n != sizeof(ret->text.digest))
		return STORE_UNAVAILABLE; /* a feed that we did not write */
	for (size_t i = 0; i < 2 && status == STORE_NOT_FOUND; i++) {
		struct sql_statement *st = sql_prepare(sql, places[i]);
		sql_bind_blob(st, 1, digest.p, digest.n);
		status = step_one(st);
		if (status != STORE_OK)
			continue;
		if (!read_text(st, &ret->text))
			return STORE_NO_MEMORY;
		ret->text.last_used_ms = sql_column_int(st, TEXT_AFTER);
		ret->text.audit_place = (uint64_t)sql_column_int(st, TEXT_AFTER + 1);
		ret->present = true;
	}
	if (!ret->present)
		memcpy(ret->text.digest, digest.p, digest.n);
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

static enum store_status find_user(struct sql *sql, struct str key, struct store_change *ret)
{
	struct sql_statement *st = sql_prepare(sql, "SELECT " USER_COLUMNS " FROM users u WHERE u.id = ?1");

	sql_bind_blob(st, 1, key.p, key.n);
	enum store_status status = step_one(st);
	if (status == STORE_NOT_FOUND)
		return STORE_OK;
	if (status == STORE_OK && !read_user(st, &ret->user))
		return STORE_NO_MEMORY;
	ret->present = status == STORE_OK;
	return status;
}

static enum store_status check_project(struct sql *sql, struct str key, struct store_change *ret)
{
	struct sql_statement *st = sql_prepare(sql, "SELECT 1 FROM projects WHERE id = ?1");

	sql_bind_blob(st, 1, key.p, key.n);
	enum store_status status = step_one(st);
	ret->present = status == STORE_OK;
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

/* Fills in what the key of a change is now. Its texts live until the next change is looked at. */
static enum store_status complete(struct sql *sql, struct sql_statement *st, struct store_change *ret)
{
	struct str key = sql_column_blob(st, 2);

	if (ret->kind != STORE_CHANGE_TEXT)
		ret->id = column_id(st, 2);
	switch (ret->kind) {
	case STORE_CHANGE_TEXT:
		return find_text(sql, key, ret);
	case STORE_CHANGE_USER:
		return find_user(sql, key, ret);
	case STORE_CHANGE_PROJECT:
		return check_project(sql, key, ret);
	}
	return STORE_UNAVAILABLE; /* a feed that we did not write */
}

static enum store_status read_changes(struct sql *sql, void *arg)
{
	struct changes *changes = arg;
	static const struct file_identity none;
	enum sql_step step;

	if (!file_identity_eq(&changes->loaded, &none) && !file_identity_eq(&changes->loaded, &sql->file))
		return STORE_CONFLICT; /* another file: its revisions are not those of the copy */
	enum store_status status = check_reach(sql, changes);
	if (status != STORE_OK)
		return status;
	struct sql_statement *st = sql_prepare(sql,
		"SELECT revision, kind, key FROM changes WHERE revision > ?1 ORDER BY revision");
	sql_bind_int(st, 1, changes->after);
	while ((step = sql_step(st)) == SQL_ROW) {
		struct store_change change = {
			.revision = sql_column_int(st, 0),
			.kind = (enum store_change_kind)sql_column_int(st, 1),
		};
		status = complete(sql, st, &change);
		if (status != STORE_OK)
			return status;
		if (!changes->each(changes->ctx, &change))
			return STORE_STOPPED;
	}
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}

enum store_status sqlite_changes(struct store *store, int64_t after,
	bool (*each)(void *ctx, const struct store_change *change), void *ctx, int64_t *ret_revision)
{
	struct sqlite_store *sqlite = sqlite_of(store);
	struct changes changes = { .each = each, .ctx = ctx, .after = after };

	pthread_mutex_lock(&sqlite->loaded_lock);
	changes.loaded = sqlite->loaded;
	pthread_mutex_unlock(&sqlite->loaded_lock);
	enum store_status status = database_read(sqlite->db, read_changes, &changes);
	if (status == STORE_OK)
		*ret_revision = changes.newest;
	return status;
}
