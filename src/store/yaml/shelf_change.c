/* SPDX-License-Identifier: Apache-2.0
 * Changes to tokens in a folder. Each is one file put in the place of another, or one that moves: whenever a writer is
 * killed, every file is whole, and what was answered is there.
 * store: may include base, core and wire.
 */
#include "store/yaml/shelf_internal.h"

#include "base/limits.h"
#include "base/log.h"
#include "store/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool is_live(const struct token_row *row, int64_t now_ms)
{
	return row->revoked_ms == 0 && (row->expires_ms == 0 || row->expires_ms > now_ms);
}

/* Whether a live personal token of this owner has the name (D13); `but` is not looked at. */
static bool name_taken(const struct shelf *shelf, const struct token_row *row, int64_t now_ms, const struct shelf_entry *but)
{
	for (size_t i = 0; i < SHELF_BUCKETS; i++)
		for (const struct shelf_entry *entry = shelf->entries[i]; entry; entry = entry->next) {
			struct shelf_token token;
			if (entry != but && shelf_token_of(shelf, entry, &token) && is_live(&token.row, now_ms)
				&& token.row.kind == REMIT_TOKEN_PERSONAL && id_eq(&token.row.owner, &row->owner)
				&& strcmp(token.row.name, row->name) == 0)
				return true;
		}
	return false;
}

/* ---- New ones ---- */

static bool has_place(const struct token_row *row)
{
	return row->name && row->name[0] && row->scopes && id_is_set(&row->id) && id_is_set(&row->owner)
		&& !id_is_set(&row->project) && !id_is_set(&row->parent) && row->rate == REMIT_RATE_DEFAULT
		&& row->kind != REMIT_TOKEN_REFRESH && !row->key.bound;
}

static struct token_file file_of(const struct token_row *row, const uint8_t digest[REMIT_DIGEST_SIZE])
{
	struct token_file file = {
		.id = row->id,
		.owner = row->owner,
		.owner_text = row->owner_text ? row->owner_text : row->owner.text,
		.name = row->name,
		.scopes = row->scopes,
		.client_id = row->kind == REMIT_TOKEN_ACCESS ? "remit" : NULL,
		.last_used_ms = row->last_used_ms,
		.expires_ms = row->expires_ms,
		.created_ms = row->created_ms,
		.revoked_ms = row->revoked_ms,
		.revoked_by = row->revoked_by,
		.revoked_why = row->revoked_why,
	};
	memcpy(file.digest, digest, REMIT_DIGEST_SIZE);
	return file;
}

/* A new file, by a writer that has the lock. */
static enum store_status write_new(struct shelf *shelf, const struct token_file *file)
{
	char name[SHELF_NAME_ROOM];
	struct id_bytes id;
	struct id number;
	struct token_file again;
	struct arena arena;
	struct buf out;
	const char *why;
	if (!id_to_bytes(&file->id, &id) || !owner_number(str_of(file->owner_text), &number) || !id_eq(&number, &file->owner))
		return STORE_INVALID;
	shelf_name(&id, name);
	arena_init(&arena, 0);
	buf_init(&out, TOKEN_FILE_BYTES);
	token_file_write(file, &out);
	enum store_status status = STORE_INVALID;
	struct str text = buf_str(&out);
	if (!out.failed && token_file_read(text, &arena, &again, &why))
		status = shelf->count < LIMIT_SHELF_TOKENS ? shelf_put_file(shelf, SHELF_LIVE, name, text) : STORE_FULL;
	buf_done(&out);
	arena_done(&arena);
	return status;
}

static enum store_status check_new(struct shelf *shelf, const struct token_row *row, const uint8_t digest[REMIT_DIGEST_SIZE],
	int64_t now_ms)
{
	struct id_bytes id;
	if (!has_place(row) || !id_to_bytes(&row->id, &id))
		return STORE_INVALID;
	const struct shelf_entry *entry = shelf_entry_of(shelf, &id, false);
	if (entry && (entry->file[SHELF_LIVE].there || entry->file[SHELF_REVOKED].there))
		return STORE_EXISTS;
	if (shelf_find_digest(shelf, digest))
		return STORE_EXISTS;
	if (row->kind == REMIT_TOKEN_PERSONAL && is_live(row, now_ms) && name_taken(shelf, row, now_ms, NULL))
		return STORE_EXISTS;
	return STORE_OK;
}

enum store_status shelf_add(struct shelf *shelf, const struct token_row *row, const uint8_t digest[REMIT_DIGEST_SIZE],
	int64_t now_ms)
{
	int lock;
	enum store_status status = shelf_begin(shelf, &lock);
	if (status != STORE_OK)
		return status;
	status = check_new(shelf, row, digest, now_ms);
	if (status == STORE_OK) {
		struct token_file file = file_of(row, digest);
		status = write_new(shelf, &file);
	}
	if (status == STORE_OK)
		shelf_write_index(shelf);
	shelf_end(shelf, lock);
	return status;
}

void shelf_undo(struct shelf *shelf, const struct id_bytes *id)
{
	char name[SHELF_NAME_ROOM];
	int lock;
	if (shelf_begin(shelf, &lock) != STORE_OK)
		return;
	shelf_name(id, name);
	unlinkat(shelf->folder[SHELF_LIVE], name, 0);
	(void)!shelf_sync(shelf, SHELF_LIVE);
	(void)!shelf_examine(shelf, SHELF_LIVE, name);
	shelf_write_index(shelf);
	shelf_end(shelf, lock);
}

/* ---- Changes to one ---- */

/* What the file says on the disk now, changed, in its place. The lock of the package is not waited for: somebody who
 * writes it at this moment is told of as a conflict. */
static enum store_status draft_change(struct shelf *shelf, enum shelf_place place, const char *name,
	const struct token_file *file, unsigned keys, bool sync)
{
	struct arena arena;
	struct buf out;
	struct stat st;
	enum store_status status;
	arena_init(&arena, 0);
	buf_init(&out, TOKEN_FILE_BYTES);
	struct str text = shelf_read(shelf->folder[place], name, &arena, &st, &status);
	if (status == STORE_OK)
		status = token_file_change(text, file, keys, &arena, &out) ? STORE_OK : STORE_INVALID;
	if (status == STORE_OK)
		status = shelf_draft(shelf, place, name, buf_str(&out), sync);
	buf_done(&out);
	arena_done(&arena);
	return status;
}

static enum store_status change_file(struct shelf *shelf, enum shelf_place place, const struct token_file *file, unsigned keys)
{
	char name[SHELF_NAME_ROOM];
	struct id_bytes id;
	if (!id_to_bytes(&file->id, &id))
		return STORE_NOT_FOUND;
	shelf_name(&id, name);
	enum store_status status = draft_change(shelf, place, name, file, keys, true);
	if (status == STORE_OK)
		status = shelf_settle(shelf, place, name);
	if (status == STORE_OK)
		status = shelf_sync(shelf, place);
	return status == STORE_OK ? shelf_examine(shelf, place, name) : status;
}

static struct shelf_entry *find_entry(struct shelf *shelf, const struct id_bytes *id, struct shelf_token *ret)
{
	struct shelf_entry *entry = shelf_entry_of(shelf, id, false);
	return entry && shelf_token_of(shelf, entry, ret) ? entry : NULL;
}

/* First it moves, which ends it; who and why is written into it then. */
static enum store_status revoke_entry(struct shelf *shelf, const struct shelf_token *token, const char *why,
	const struct store_actor *actor)
{
	char name[SHELF_NAME_ROOM];
	struct id_bytes id;
	if (!id_to_bytes(&token->row.id, &id))
		return STORE_NOT_FOUND;
	shelf_name(&id, name);
	if (renameat(shelf->folder[SHELF_LIVE], name, shelf->folder[SHELF_REVOKED], name) != 0)
		return errno == ENOENT ? STORE_NOT_FOUND : shelf_status(errno);
	enum store_status status = shelf_sync(shelf, SHELF_REVOKED);
	if (status == STORE_OK)
		status = shelf_sync(shelf, SHELF_LIVE);
	struct token_row row = token->row;
	row.revoked_ms = actor->now_ms;
	row.revoked_by = actor->who;
	row.revoked_why = why ? why : "";
	struct token_file file = file_of(&row, token->digest);
	enum store_status told = change_file(shelf, SHELF_REVOKED, &file, TOKEN_FILE_REVOKED);
	if (told != STORE_OK)
		log_warning("%s/%s is revoked, but not by whom: %s", shelf->path[SHELF_REVOKED], name, store_status_text(told));
	(void)!shelf_examine(shelf, SHELF_REVOKED, name);
	(void)!shelf_examine(shelf, SHELF_LIVE, name);
	return status;
}

enum store_status shelf_revoke(struct shelf *shelf, const struct id_bytes *id, const char *why,
	const struct store_actor *actor, bool *ret_done)
{
	struct shelf_token token;
	int lock;
	enum store_status status = shelf_begin(shelf, &lock);
	if (status != STORE_OK)
		return status;
	*ret_done = false;
	if (!find_entry(shelf, id, &token)) {
		status = STORE_NOT_FOUND;
	} else if (token.row.revoked_ms == 0) {
		status = revoke_entry(shelf, &token, why, actor);
		*ret_done = status == STORE_OK;
		if (*ret_done)
			shelf_write_index(shelf);
	}
	shelf_end(shelf, lock);
	return status;
}

enum store_status shelf_rotate(struct shelf *shelf, const struct id_bytes *id, const uint8_t digest[REMIT_DIGEST_SIZE],
	int64_t now_ms, uint8_t ret_old[REMIT_DIGEST_SIZE])
{
	struct shelf_token token;
	int lock;
	enum store_status status = shelf_begin(shelf, &lock);
	if (status != STORE_OK)
		return status;
	if (!find_entry(shelf, id, &token))
		status = STORE_NOT_FOUND;
	else if (!is_live(&token.row, now_ms))
		status = STORE_CONFLICT;
	else if (shelf_find_digest(shelf, digest))
		status = STORE_EXISTS;
	if (status == STORE_OK) {
		struct token_file file = file_of(&token.row, digest);
		file.updated_ms = now_ms;
		memcpy(ret_old, token.digest, REMIT_DIGEST_SIZE);
		status = change_file(shelf, SHELF_LIVE, &file, TOKEN_FILE_DIGEST | TOKEN_FILE_UPDATED);
	}
	if (status == STORE_OK)
		shelf_write_index(shelf);
	shelf_end(shelf, lock);
	return status;
}

/* The same scopes, in whatever order the file has them. */
static bool same_scopes(const char *a, const char *b)
{
	struct str rest = str_of(a), one;
	size_t count = 0, others = b[0] != '\0';
	for (const char *p = b; *p; p++)
		others += *p == ' ';
	while (rest.n > 0) {
		struct str other_rest = str_of(b), other = { NULL, 0 };
		bool found = false;
		str_cut(&rest, ' ', &one);
		while (!found && other_rest.n > 0) {
			str_cut(&other_rest, ' ', &other);
			found = str_eq(one, other);
		}
		if (!found)
			return false;
		count++;
	}
	return count == others;
}

static enum store_status judge_update(const struct shelf *shelf, const struct shelf_entry *entry, const struct shelf_token *token,
	const struct token_row *row, const char *old_scopes, int64_t old_expires_ms, int64_t now_ms)
{
	if (!is_live(&token->row, now_ms) || !same_scopes(token->row.scopes, old_scopes)
		|| token->row.expires_ms != old_expires_ms || !id_eq(&token->row.owner, &row->owner))
		return STORE_CONFLICT;
	if (row->rate != REMIT_RATE_DEFAULT || !row->name || !row->name[0])
		return STORE_INVALID;
	if (token->row.kind == REMIT_TOKEN_PERSONAL && strcmp(token->row.name, row->name) != 0
		&& name_taken(shelf, row, now_ms, entry))
		return STORE_EXISTS;
	return STORE_OK;
}

enum store_status shelf_update(struct shelf *shelf, const struct token_row *row, const char *old_scopes,
	int64_t old_expires_ms, int64_t now_ms)
{
	struct shelf_token token;
	struct id_bytes id;
	int lock;
	if (!id_to_bytes(&row->id, &id))
		return STORE_NOT_FOUND;
	enum store_status status = shelf_begin(shelf, &lock);
	if (status != STORE_OK)
		return status;
	const struct shelf_entry *entry = find_entry(shelf, &id, &token);
	status = entry ? judge_update(shelf, entry, &token, row, old_scopes, old_expires_ms, now_ms) : STORE_NOT_FOUND;
	if (status == STORE_OK) {
		struct token_file file = file_of(&token.row, token.digest);
		file.name = row->name;
		file.scopes = row->scopes;
		file.expires_ms = row->expires_ms;
		file.updated_ms = now_ms;
		status = change_file(shelf, SHELF_LIVE, &file,
			TOKEN_FILE_NAME | TOKEN_FILE_SCOPES | TOKEN_FILE_EXPIRES | TOKEN_FILE_UPDATED);
	}
	shelf_end(shelf, lock);
	return status;
}

/* ---- Many ---- */

enum store_status shelf_prune(struct shelf *shelf, int64_t before_ms, int64_t *ret_count)
{
	int lock;
	int64_t count = 0;
	char name[SHELF_NAME_ROOM];
	enum store_status status = shelf_begin(shelf, &lock);
	if (status != STORE_OK)
		return status;
	for (size_t i = 0; i < SHELF_BUCKETS; i++)
		for (struct shelf_entry *entry = shelf->entries[i]; entry; entry = entry->next) {
			struct shelf_token token;
			if (!shelf_token_of(shelf, entry, &token)
				|| !((token.row.revoked_ms && token.row.revoked_ms < before_ms)
					|| (token.row.expires_ms && token.row.expires_ms < before_ms)))
				continue;
			shelf_name(&entry->id, name);
			for (int place = 0; place < SHELF_PLACES; place++) {
				unlinkat(shelf->folder[place], name, 0);
				(void)!shelf_examine(shelf, (enum shelf_place)place, name);
			}
			count++;
		}
	if (count > 0)
		shelf_write_index(shelf);
	status = shelf_sync(shelf, SHELF_LIVE);
	if (status == STORE_OK)
		status = shelf_sync(shelf, SHELF_REVOKED);
	shelf_end(shelf, lock);
	*ret_count = count;
	return status;
}

/* Drafts of all first, one sync for all of them, then each takes its place: so many an fsync each would hold the disk. */
#define USED_AT_ONCE 256

static enum store_status write_used(struct shelf *shelf, const struct token_use *uses, size_t count)
{
	bool drafted[USED_AT_ONCE] = { false };
	char name[SHELF_NAME_ROOM];
	size_t some = 0;
	for (size_t i = 0; i < count; i++) {
		struct shelf_token token;
		struct shelf_entry *entry = find_entry(shelf, &uses[i].token, &token);
		if (!entry || !entry->file[SHELF_LIVE].token || token.row.revoked_ms
			|| token.row.last_used_ms >= uses[i].last_used_ms)
			continue;
		struct token_file file = file_of(&token.row, token.digest);
		file.last_used_ms = uses[i].last_used_ms;
		shelf_name(&uses[i].token, name);
		drafted[i] = draft_change(shelf, SHELF_LIVE, name, &file, TOKEN_FILE_LAST_USED, false) == STORE_OK;
		some += drafted[i];
	}
	if (some == 0)
		return STORE_OK;
	if (syncfs(shelf->folder[SHELF_LIVE]) != 0)
		return shelf_status(errno);
	for (size_t i = 0; i < count; i++) {
		if (!drafted[i])
			continue;
		shelf_name(&uses[i].token, name);
		if (shelf_settle(shelf, SHELF_LIVE, name) == STORE_OK)
			(void)!shelf_examine(shelf, SHELF_LIVE, name);
	}
	return STORE_OK;
}

enum store_status shelf_used(struct shelf *shelf, const struct token_use *uses, size_t count)
{
	enum store_status status = STORE_OK;
	for (size_t i = 0; status == STORE_OK && i < count; i += USED_AT_ONCE) {
		int lock;
		status = shelf_begin(shelf, &lock);
		if (status != STORE_OK)
			return status;
		status = write_used(shelf, uses + i, count - i < USED_AT_ONCE ? count - i : USED_AT_ONCE);
		shelf_end(shelf, lock);
	}
	return status;
}
