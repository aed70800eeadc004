/* SPDX-License-Identifier: Apache-2.0
 * Opening a folder of tokens, and asking it.
 * store: may include base, core and wire.
 */
#include "store/yaml/shelf_internal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

/* "storage/statamic-mcp/revoked" of "storage/statamic-mcp/tokens". */
static char *beside(const char *folder)
{
	size_t n = strlen(folder);
	while (n > 1 && folder[n - 1] == '/')
		n--;
	while (n > 0 && folder[n - 1] != '/')
		n--;
	char *path = NULL;
	return asprintf(&path, "%.*srevoked", (int)n, folder) < 0 ? NULL : path;
}

enum store_status shelf_open(const char *api, const char *folder, struct shelf **ret, char reterr_text[256])
{
	struct shelf *shelf = calloc(1, sizeof(*shelf));
	enum store_status status = STORE_NO_MEMORY;
	if (shelf) {
		shelf->folder[SHELF_LIVE] = shelf->folder[SHELF_REVOKED] = -1;
		pthread_mutex_init(&shelf->lock, NULL);
		shelf->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
		shelf->watches[SHELF_LIVE] = shelf->watches[SHELF_REVOKED] = -1;
		shelf->rescan = true;
		shelf->api = strdup(api);
		shelf->path[SHELF_LIVE] = strdup(folder);
		shelf->path[SHELF_REVOKED] = beside(folder);
		if (!folder[0] || strlen(folder) >= PATH_MAX - 64)
			status = STORE_INVALID;
		else if (shelf->api && shelf->path[SHELF_LIVE] && shelf->path[SHELF_REVOKED])
			status = shelf_look(shelf);
	}
	if (status == STORE_OK) {
		shelf->changed_count = 0; /* all of it is new */
		*ret = shelf;
		return STORE_OK;
	}
	snprintf(reterr_text, 256, "the tokens of API %.60s in %.120s cannot be read: %s", api, folder, store_status_text(status));
	shelf_close(shelf);
	return status;
}

void shelf_close(struct shelf *shelf)
{
	if (!shelf)
		return;
	shelf_index_done(shelf);
	for (int place = 0; place < SHELF_PLACES; place++) {
		if (shelf->folder[place] >= 0)
			close(shelf->folder[place]);
		free(shelf->path[place]);
	}
	if (shelf->inotify >= 0)
		close(shelf->inotify);
	pthread_mutex_destroy(&shelf->lock);
	free(shelf->api);
	free(shelf);
}

const char *shelf_api(const struct shelf *shelf)
{
	return shelf->api;
}

/* What a callback does not take is kept for the next time. */
enum store_status shelf_changes(struct shelf *shelf, bool (*each)(void *ctx, const uint8_t digest[REMIT_DIGEST_SIZE]),
	void *ctx)
{
	pthread_mutex_lock(&shelf->lock);
	enum store_status status = shelf_look(shelf);
	size_t done = 0;
	while (status == STORE_OK && done < shelf->changed_count) {
		if (each(ctx, shelf->changed[done]))
			done++;
		else
			status = STORE_STOPPED;
	}
	if (done > 0) {
		shelf->changed_count -= done;
		memmove(shelf->changed, shelf->changed + done, shelf->changed_count * sizeof(*shelf->changed));
	}
	pthread_mutex_unlock(&shelf->lock);
	return status;
}

void shelf_again(struct shelf *shelf, const uint8_t (*digests)[REMIT_DIGEST_SIZE], size_t count)
{
	pthread_mutex_lock(&shelf->lock);
	for (size_t i = 0; i < count; i++)
		shelf_note(shelf, digests[i]);
	pthread_mutex_unlock(&shelf->lock);
}

/* ---- Asking ---- */

static bool keep_text(struct arena *arena, const char **text)
{
	if (*text)
		*text = arena_copy(arena, str_of(*text));
	else
		return true;
	return *text != NULL;
}

/* Under the lock. */
static enum store_status hand_out(const struct shelf *shelf, const struct shelf_entry *entry, struct arena *arena,
	struct shelf_token *ret)
{
	struct shelf_token token;
	if (!entry || !shelf_token_of(shelf, entry, &token))
		return STORE_NOT_FOUND;
	const char **texts[] = { &token.row.name, &token.row.owner_email, &token.row.owner_text, &token.row.api,
		&token.row.scopes, &token.row.revoked_by, &token.row.revoked_why };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!keep_text(arena, texts[i]))
			return STORE_NO_MEMORY;
	*ret = token;
	return STORE_OK;
}

enum store_status shelf_get(struct shelf *shelf, const struct id_bytes *id, struct arena *arena, struct shelf_token *ret)
{
	pthread_mutex_lock(&shelf->lock);
	enum store_status status = shelf_look(shelf);
	if (status == STORE_OK)
		status = hand_out(shelf, shelf_entry_of(shelf, id, false), arena, ret);
	pthread_mutex_unlock(&shelf->lock);
	return status;
}

enum store_status shelf_find(struct shelf *shelf, const uint8_t digest[REMIT_DIGEST_SIZE], struct arena *arena,
	struct shelf_token *ret)
{
	pthread_mutex_lock(&shelf->lock);
	enum store_status status = shelf_look(shelf);
	if (status == STORE_OK)
		status = hand_out(shelf, shelf_find_digest(shelf, digest), arena, ret);
	pthread_mutex_unlock(&shelf->lock);
	return status;
}

static int compare_age(const void *a, const void *b)
{
	const struct shelf_token *x = a, *y = b;
	if (x->row.created_ms != y->row.created_ms)
		return x->row.created_ms < y->row.created_ms ? -1 : 1;
	return strcmp(x->row.id.text, y->row.id.text);
}

enum store_status shelf_each(struct shelf *shelf, bool (*each)(void *ctx, const struct shelf_token *token), void *ctx)
{
	size_t count = 0;
	pthread_mutex_lock(&shelf->lock);
	enum store_status status = shelf_look(shelf);
	struct shelf_token *list = status == STORE_OK ? calloc(shelf->count + 1, sizeof(*list)) : NULL;
	if (status == STORE_OK && !list)
		status = STORE_NO_MEMORY;
	for (size_t i = 0; status == STORE_OK && i < SHELF_BUCKETS; i++)
		for (const struct shelf_entry *entry = shelf->entries[i]; entry; entry = entry->next)
			if (count < shelf->count && shelf_token_of(shelf, entry, &list[count])
				&& shelf_find_digest(shelf, list[count].digest) == entry) /* each text once */
				count++;
	if (count > 0)
		qsort(list, count, sizeof(*list), compare_age);
	for (size_t i = 0; status == STORE_OK && i < count; i++)
		if (!each(ctx, &list[i]))
			status = STORE_STOPPED;
	free(list);
	pthread_mutex_unlock(&shelf->lock);
	return status;
}

size_t shelf_count(struct shelf *shelf)
{
	pthread_mutex_lock(&shelf->lock);
	size_t count = shelf->count;
	pthread_mutex_unlock(&shelf->lock);
	return count;
}
