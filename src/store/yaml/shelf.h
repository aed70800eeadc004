/* SPDX-License-Identifier: Apache-2.0
 * A folder of tokens in the layout of the Statamic package, for one API: <uuid>.yaml for each, `.index` beside them
 * (SHA-256 to id, which the package looks up by), and the revoked ones in the folder `revoked` beside it. Both programs
 * may serve one folder. What the files say is kept in memory and followed by inotify with a rescan behind it, so that a
 * token is looked up without looking at the disk. A file that cannot be read is named in a log line and counts for
 * nothing. Any thread may call.
 * store: may include base, core and wire.
 */
#ifndef REMIT_STORE_YAML_SHELF_H
#define REMIT_STORE_YAML_SHELF_H

#include "store/store.h"

struct shelf;

struct shelf_token {
	struct token_row row; /* owner_email: the owner as the file names them */
	uint8_t digest[REMIT_DIGEST_SIZE];
};

/* A folder that is not there is empty; the first token makes it. On failure a sentence in reterr_text. */
enum store_status shelf_open(const char *api, const char *folder, struct shelf **ret, char reterr_text[256]);
void shelf_close(struct shelf *shelf);
const char *shelf_api(const struct shelf *shelf);

/* Looks at what has changed in the folder, and hands out the digests of which that is true since the last call. */
enum store_status shelf_changes(struct shelf *shelf, bool (*each)(void *ctx, const uint8_t digest[REMIT_DIGEST_SIZE]),
	void *ctx);

/* To be handed out again: nobody took them. */
void shelf_again(struct shelf *shelf, const uint8_t (*digests)[REMIT_DIGEST_SIZE], size_t count);

/* As the functions of store.h; texts of *ret live in the arena. */
enum store_status shelf_get(struct shelf *shelf, const struct id_bytes *id, struct arena *arena, struct shelf_token *ret);
enum store_status shelf_find(struct shelf *shelf, const uint8_t digest[REMIT_DIGEST_SIZE], struct arena *arena,
	struct shelf_token *ret);
/* Every token, revoked ones too, in the order in which they were made. What is handed out lives for the call, which
 * must not come back here. */
enum store_status shelf_each(struct shelf *shelf, bool (*each)(void *ctx, const struct shelf_token *token), void *ctx);
size_t shelf_count(struct shelf *shelf);

/* Durable when it returns. STORE_INVALID where the layout has no place for what the row says: a project, a parent, a
 * rate of its own. */
enum store_status shelf_add(struct shelf *shelf, const struct token_row *row, const uint8_t digest[REMIT_DIGEST_SIZE],
	int64_t now_ms);
/* The file moves to `revoked`, with who, when and why in it. Revoking twice is STORE_OK, *ret_done false. */
enum store_status shelf_revoke(struct shelf *shelf, const struct id_bytes *id, const char *why,
	const struct store_actor *actor, bool *ret_done);
/* Takes back what was just added, of which nobody knows yet. */
void shelf_undo(struct shelf *shelf, const struct id_bytes *id);
enum store_status shelf_rotate(struct shelf *shelf, const struct id_bytes *id, const uint8_t digest[REMIT_DIGEST_SIZE],
	int64_t now_ms, uint8_t ret_old[REMIT_DIGEST_SIZE]);
enum store_status shelf_update(struct shelf *shelf, const struct token_row *row, const char *old_scopes,
	int64_t old_expires_ms, int64_t now_ms);
/* Forgets what ended before a time. */
enum store_status shelf_prune(struct shelf *shelf, int64_t before_ms, int64_t *ret_count);
enum store_status shelf_used(struct shelf *shelf, const struct token_use *uses, size_t count);

#endif
