/* SPDX-License-Identifier: Apache-2.0
 * The tokens of a folder in memory: entries by id, and links to them by digest.
 * store: may include base, core and wire.
 */
#include "store/yaml/shelf_internal.h"

#include <stdlib.h>

static size_t bucket_of_id(const struct id_bytes *id)
{
	return (size_t)(id->b[14] << 8 | id->b[15]) & (SHELF_BUCKETS - 1);
}

static size_t bucket_of_digest(const uint8_t digest[REMIT_DIGEST_SIZE])
{
	return (size_t)(digest[0] << 8 | digest[1]) & (SHELF_BUCKETS - 1);
}

struct shelf_entry *shelf_entry_of(struct shelf *shelf, const struct id_bytes *id, bool make)
{
	struct shelf_entry **bucket = &shelf->entries[bucket_of_id(id)], *entry = *bucket;
	while (entry && memcmp(&entry->id, id, sizeof(*id)) != 0)
		entry = entry->next;
	if (entry || !make)
		return entry;
	entry = calloc(1, sizeof(*entry));
	if (!entry) {
		shelf->no_memory = true;
		return NULL;
	}
	entry->id = *id;
	entry->next = *bucket;
	*bucket = entry;
	return entry;
}

/* ---- Digests ---- */

void shelf_note(struct shelf *shelf, const uint8_t digest[REMIT_DIGEST_SIZE])
{
	if (shelf->changed_count == shelf->changed_room) {
		size_t room = shelf->changed_room ? shelf->changed_room * 2 : 64;
		void *more = realloc(shelf->changed, room * sizeof(*shelf->changed));
		if (!more) {
			shelf->no_memory = true;
			return;
		}
		shelf->changed = more;
		shelf->changed_room = room;
	}
	memcpy(shelf->changed[shelf->changed_count++], digest, REMIT_DIGEST_SIZE);
}

static void link_digest(struct shelf *shelf, struct shelf_entry *entry, const uint8_t digest[REMIT_DIGEST_SIZE])
{
	struct shelf_link **bucket = &shelf->links[bucket_of_digest(digest)];
	for (const struct shelf_link *link = *bucket; link; link = link->next)
		if (link->entry == entry && memcmp(link->digest, digest, REMIT_DIGEST_SIZE) == 0)
			return;
	struct shelf_link *link = malloc(sizeof(*link));
	if (!link) {
		shelf->no_memory = true;
		return;
	}
	*link = (struct shelf_link){ .entry = entry, .next = *bucket };
	memcpy(link->digest, digest, REMIT_DIGEST_SIZE);
	*bucket = link;
}

static bool has_digest(const struct shelf_entry *entry, const uint8_t digest[REMIT_DIGEST_SIZE])
{
	for (int i = 0; i < SHELF_PLACES; i++)
		if (entry->file[i].token && memcmp(entry->file[i].token->digest, digest, REMIT_DIGEST_SIZE) == 0)
			return true;
	return false;
}

static void unlink_digest(struct shelf *shelf, struct shelf_entry *entry, const uint8_t digest[REMIT_DIGEST_SIZE])
{
	struct shelf_link **at = &shelf->links[bucket_of_digest(digest)];
	while (*at && ((*at)->entry != entry || memcmp((*at)->digest, digest, REMIT_DIGEST_SIZE) != 0))
		at = &(*at)->next;
	struct shelf_link *gone = *at;
	if (gone)
		*at = gone->next;
	free(gone);
}

/* Two files of one text are a mistake of whoever copied one: where one of them is revoked, the text is; else the one
 * of the smaller id counts, in every process alike. */
struct shelf_entry *shelf_find_digest(const struct shelf *shelf, const uint8_t digest[REMIT_DIGEST_SIZE])
{
	struct shelf_entry *best = NULL;
	for (struct shelf_link *link = shelf->links[bucket_of_digest(digest)]; link; link = link->next) {
		struct shelf_entry *entry = link->entry;
		struct shelf_token token;
		if (memcmp(link->digest, digest, REMIT_DIGEST_SIZE) != 0 || !shelf_token_of(shelf, entry, &token)
			|| memcmp(token.digest, digest, REMIT_DIGEST_SIZE) != 0)
			continue;
		if (token.row.revoked_ms)
			return entry;
		if (!best || memcmp(&entry->id, &best->id, sizeof(entry->id)) < 0)
			best = entry;
	}
	return best;
}

/* ---- Files ---- */

static const char *keep_text(char **at, const char *text)
{
	if (!text)
		return NULL;
	char *copy = *at;
	size_t n = strlen(text) + 1;
	memcpy(copy, text, n);
	*at += n;
	return copy;
}

struct token_file *token_file_keep(const struct token_file *token)
{
	const char *const texts[] = { token->owner_text, token->name, token->scopes, token->client_id, token->client_name,
		token->revoked_by, token->revoked_why };
	size_t room = 0;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		room += texts[i] ? strlen(texts[i]) + 1 : 0;
	struct token_file *kept = malloc(sizeof(*kept) + room);
	if (!kept)
		return NULL;
	char *at = (char *)(kept + 1);
	*kept = *token;
	kept->owner_text = keep_text(&at, token->owner_text);
	kept->name = keep_text(&at, token->name);
	kept->scopes = keep_text(&at, token->scopes);
	kept->client_id = keep_text(&at, token->client_id);
	kept->client_name = keep_text(&at, token->client_name);
	kept->revoked_by = keep_text(&at, token->revoked_by);
	kept->revoked_why = keep_text(&at, token->revoked_why);
	return kept;
}

/* What only tells when a token was used changes nothing that a copy in memory goes by. */
static bool same_for_copies(const struct token_file *a, const struct token_file *b)
{
	return a && b && memcmp(a->digest, b->digest, REMIT_DIGEST_SIZE) == 0 && id_eq(&a->owner, &b->owner)
		&& strcmp(a->scopes, b->scopes) == 0 && a->expires_ms == b->expires_ms
		&& !a->client_id == !b->client_id && a->revoked_ms == b->revoked_ms;
}

void shelf_set_file(struct shelf *shelf, struct shelf_entry *entry, enum shelf_place place, bool there,
	struct token_file *token)
{
	struct shelf_file *file = &entry->file[place];
	struct token_file *old = file->token;
	const bool was = entry->file[SHELF_LIVE].there || entry->file[SHELF_REVOKED].there;
	const bool same = same_for_copies(old, token);
	file->there = there;
	file->token = token;
	if (token)
		link_digest(shelf, entry, token->digest);
	if (!same)
		for (int i = 0; i < SHELF_PLACES; i++)
			if (entry->file[i].token)
				shelf_note(shelf, entry->file[i].token->digest);
	if (old && !same)
		shelf_note(shelf, old->digest);
	if (old && !has_digest(entry, old->digest))
		unlink_digest(shelf, entry, old->digest);
	free(old);
	const bool is = entry->file[SHELF_LIVE].there || entry->file[SHELF_REVOKED].there;
	shelf->count += is && !was ? 1 : 0;
	shelf->count -= was && !is ? 1 : 0;
}

bool shelf_token_of(const struct shelf *shelf, const struct shelf_entry *entry, struct shelf_token *ret)
{
	const struct shelf_file *live = &entry->file[SHELF_LIVE], *dead = &entry->file[SHELF_REVOKED];
	const struct token_file *token = dead->token ? dead->token : live->token;
	if (!token)
		return false;
	*ret = (struct shelf_token){ .row = {
		.id = token->id,
		.kind = token->client_id ? REMIT_TOKEN_ACCESS : REMIT_TOKEN_PERSONAL,
		.name = token->name,
		.owner = token->owner,
		.owner_email = token->owner_text,
		.owner_text = token->owner_text,
		.api = shelf->api,
		.scopes = token->scopes,
		.created_ms = token->created_ms,
		.expires_ms = token->expires_ms,
		.last_used_ms = token->last_used_ms,
	} };
	memcpy(ret->digest, token->digest, REMIT_DIGEST_SIZE);
	if (dead->there) {
		int64_t changed_ms = (int64_t)dead->changed.tv_sec * 1000;
		ret->row.revoked_ms = token->revoked_ms ? token->revoked_ms : changed_ms > 0 ? changed_ms : 1;
		ret->row.revoked_by = token->revoked_by ? token->revoked_by : "unknown";
		ret->row.revoked_why = token->revoked_why ? token->revoked_why : "";
	}
	return true;
}

void shelf_index_done(struct shelf *shelf)
{
	for (size_t i = 0; i < SHELF_BUCKETS; i++) {
		for (struct shelf_entry *entry = shelf->entries[i], *next; entry; entry = next) {
			next = entry->next;
			free(entry->file[SHELF_LIVE].token);
			free(entry->file[SHELF_REVOKED].token);
			free(entry);
		}
		for (struct shelf_link *link = shelf->links[i], *next; link; link = next) {
			next = link->next;
			free(link);
		}
	}
	free(shelf->changed);
}
