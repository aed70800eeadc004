/* SPDX-License-Identifier: Apache-2.0
 * Files of blocks, each block bound to the one before by its hash.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/audit_segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static_assert(offsetof(struct audit_block_head, hash) == AUDIT_HASHED_HEAD,
	"the hash covers what stands before it");

static void segment_name(uint64_t sequence, char name[static 32])
{
	snprintf(name, 32, AUDIT_NAME, (unsigned long long)sequence);
}

static bool sha256(const void *a, size_t a_n, const void *b, size_t b_n, uint8_t ret[32])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 && EVP_DigestUpdate(ctx, a, a_n) == 1
		&& EVP_DigestUpdate(ctx, b, b_n) == 1 && EVP_DigestFinal_ex(ctx, ret, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* ---- Which there are ---- */

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static bool sequence_of(const char *name, uint64_t *ret)
{
	char again[32];
	*ret = strtoull(name, NULL, 16);
	segment_name(*ret, again);
	return strcmp(name, again) == 0;
}

bool segments_list(int folder, uint64_t **ret, size_t *ret_count)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	uint64_t *list = NULL, sequence;
	size_t count = 0, room = 0;
	if (!dir && fd >= 0)
		close(fd);
	if (!dir)
		return false;
	bool ok = true;
	for (const struct dirent *entry; ok && (entry = readdir(dir));) {
		if (!sequence_of(entry->d_name, &sequence))
			continue;
		if (count == room) {
			room = room ? room * 2 : 64;
			uint64_t *more = realloc(list, room * sizeof(*more));
			ok = more != NULL;
			list = more ? more : list;
		}
		if (ok)
			list[count++] = sequence;
	}
	closedir(dir);
	if (!ok) {
		free(list);
		return false;
	}
	if (count > 0)
		qsort(list, count, sizeof(*list), compare);
	*ret = list;
	*ret_count = count;
	return true;
}

bool segments_last(int folder, uint64_t *ret)
{
	uint64_t *list;
	size_t count;
	if (!segments_list(folder, &list, &count))
		return false;
	if (count > 0)
		*ret = list[count - 1];
	free(list);
	return count > 0;
}

void segments_tidy(int folder, uint64_t current, int64_t keep_ms, uint64_t max_bytes, int64_t now_ms)
{
	uint64_t *list, total = 0;
	size_t count;
	struct stat st;
	char name[32];
	if (!segments_list(folder, &list, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		segment_name(list[i], name);
		total += fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? (uint64_t)st.st_size : 0;
	}
	for (size_t i = 0; i < count && list[i] != current; i++) {
		segment_name(list[i], name);
		if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		bool old = keep_ms > 0 && (int64_t)st.st_mtim.tv_sec * 1000 < now_ms - keep_ms;
		bool much = max_bytes > 0 && total > max_bytes;
		if (!old && !much)
			break;
		if (unlinkat(folder, name, 0) == 0)
			total -= (uint64_t)st.st_size;
	}
	free(list);
}

/* ---- One of them ---- */

static bool write_all(int fd, const void *bytes, size_t n, uint64_t at)
{
	const char *p = bytes;
	while (n > 0) {
		ssize_t wrote = pwrite(fd, p, n, (off_t)at);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return false;
		p += wrote;
		n -= (size_t)wrote;
		at += (uint64_t)wrote;
	}
	return true;
}

static size_t read_all(int fd, void *bytes, size_t n, uint64_t at)
{
	char *p = bytes;
	size_t got = 0;
	while (got < n) {
		ssize_t more = pread(fd, p + got, n - got, (off_t)(at + got));
		if (more < 0 && errno == EINTR)
			continue;
		if (more <= 0)
			break;
		got += (size_t)more;
	}
	return got;
}

bool segment_create(int folder, uint64_t sequence, uint64_t place, const uint8_t previous[32],
	struct segment *ret, char reterr_text[256])
{
	struct audit_segment_head head = { .version = AUDIT_SEGMENT_VERSION, .sequence = sequence,
		.first_place = place };
	struct timespec now;
	char name[32];
	clock_gettime(CLOCK_REALTIME, &now);
	memcpy(head.magic, AUDIT_SEGMENT_MAGIC, sizeof(head.magic));
	memcpy(head.previous, previous, 32);
	head.created_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	segment_name(sequence, name);
	struct segment segment = { .version = head.version, .sequence = sequence, .place = place, .size = sizeof(head) };
	segment.fd = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (segment.fd >= 0 && write_all(segment.fd, &head, sizeof(head), 0) && fsync(segment.fd) == 0
		&& fsync(folder) == 0 && sha256(&head, sizeof(head), NULL, 0, segment.hash)) {
		*ret = segment;
		return true;
	}
	snprintf(reterr_text, 256, "the audit log's segment %s cannot be made: %s", name, strerror(errno));
	if (segment.fd >= 0) {
		unlinkat(folder, name, 0);
		close(segment.fd);
	}
	return false;
}

static enum block_result read_head(int fd, uint64_t sequence, struct segment *ret)
{
	struct audit_segment_head head;
	if (read_all(fd, &head, sizeof(head), 0) < sizeof(head))
		return BLOCK_END;
	struct segment segment = { .fd = fd, .version = head.version, .sequence = sequence, .place = head.first_place,
		.size = sizeof(head) };
	if (memcmp(head.magic, AUDIT_SEGMENT_MAGIC, sizeof(head.magic)) != 0
		|| head.version < 1 || head.version > AUDIT_SEGMENT_VERSION
		|| head.sequence != sequence || !sha256(&head, sizeof(head), NULL, 0, segment.hash))
		return BLOCK_BAD;
	memcpy(segment.first_previous, head.previous, 32);
	*ret = segment;
	return BLOCK_OK;
}

static enum block_result open_mode(int folder, uint64_t sequence, int mode, struct segment *ret)
{
	char name[32];
	segment_name(sequence, name);
	int fd = openat(folder, name, mode | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? BLOCK_END : BLOCK_BAD;
	enum block_result result = read_head(fd, sequence, ret);
	if (result != BLOCK_OK)
		close(fd);
	return result;
}

enum block_result segment_open(int folder, uint64_t sequence, struct segment *ret)
{
	return open_mode(folder, sequence, O_RDONLY, ret);
}

enum block_result segment_read(struct segment *segment, struct block *ret)
{
	struct audit_block_head *head = &ret->head;
	uint8_t hash[32];
	if (read_all(segment->fd, head, sizeof(*head), segment->size) < sizeof(*head))
		return BLOCK_END;
	if (head->magic != AUDIT_BLOCK_MAGIC || head->count == 0 || head->count > AUDIT_BLOCK_RECORDS
		|| head->place != segment->place || memcmp(head->previous, segment->hash, 32) != 0)
		return BLOCK_BAD;
	size_t n = head->count * sizeof(struct audit_record);
	if (read_all(segment->fd, ret->records, n, segment->size + sizeof(*head)) < n)
		return BLOCK_END;
	if (!sha256(head, AUDIT_HASHED_HEAD, ret->records, n, hash) || memcmp(hash, head->hash, 32) != 0)
		return BLOCK_BAD;
	ret->count = head->count;
	segment->place += head->count;
	segment->size += sizeof(*head) + n;
	memcpy(segment->hash, hash, 32);
	return BLOCK_OK;
}

bool segment_append(struct segment *segment, struct block *block)
{
	struct audit_block_head *head = &block->head;
	size_t n = block->count * sizeof(struct audit_record);
	*head = (struct audit_block_head){ .magic = AUDIT_BLOCK_MAGIC, .count = block->count, .place = segment->place };
	memcpy(head->previous, segment->hash, 32);
	if (!sha256(head, AUDIT_HASHED_HEAD, block->records, n, head->hash))
		return false;
	static_assert(offsetof(struct block, records) == offsetof(struct block, head) + sizeof(block->head),
		"one write");
	if (!write_all(segment->fd, head, sizeof(*head) + n, segment->size)) {
		int why = errno;
		(void)!ftruncate(segment->fd, (off_t)segment->size);
		errno = why;
		return false;
	}
	segment->place += block->count;
	segment->size += sizeof(*head) + n;
	memcpy(segment->hash, head->hash, 32);
	return true;
}

/* ---- After a crash ---- */

/* Keeps what is about to be cut off: it may be what somebody altered. */
static bool keep_cut(int folder, const struct segment *segment, uint64_t end)
{
	char name[40], bytes[4096];
	snprintf(name, sizeof(name), "%016llx-%llx.cut", (unsigned long long)segment->sequence,
		(unsigned long long)segment->size);
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool ok = fd >= 0;
	for (uint64_t at = segment->size; ok && at < end;) {
		size_t n = read_all(segment->fd, bytes, sizeof(bytes), at);
		ok = n > 0 && write_all(fd, bytes, n, at - segment->size);
		at += n;
	}
	ok = ok && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

static void tell_tokens(const struct block *block, uint64_t first,
	void (*found)(void *ctx, const struct id_bytes *token, uint64_t place), void *ctx)
{
	static const struct id_bytes none;
	for (uint32_t i = 0; found && i < block->count; i++) {
		const struct audit_record *record = &block->records[i];
		if (record->kind == AUDIT_KIND_DECISION && memcmp(&record->token, &none, sizeof(none)) != 0)
			found(ctx, &record->token, first + i);
	}
}

void segments_tell_recent(int folder, uint64_t last, int64_t recent_s,
	void (*found)(void *ctx, const struct id_bytes *token, uint64_t place), void *ctx)
{
	struct block *block = malloc(sizeof(*block));
	struct segment segment;
	struct stat newest, st;
	char name[32];
	segment_name(last, name);
	bool more = block && fstatat(folder, name, &newest, AT_SYMLINK_NOFOLLOW) == 0;
	while (more && --last > 0 && segment_open(folder, last, &segment) == BLOCK_OK) {
		more = fstat(segment.fd, &st) == 0 && newest.st_mtim.tv_sec - st.st_mtim.tv_sec <= recent_s;
		for (uint64_t first = segment.place; more && segment_read(&segment, block) == BLOCK_OK;
			first = segment.place)
			tell_tokens(block, first, found, ctx);
		close(segment.fd);
	}
	free(block);
}

static bool recover_opened(int folder, struct segment *segment,
	void (*found)(void *ctx, const struct id_bytes *token, uint64_t place), void *ctx, uint64_t *ret_cut)
{
	struct stat st;
	struct block *block = malloc(sizeof(*block));
	if (!block)
		return false;
	for (uint64_t first = segment->place; segment_read(segment, block) == BLOCK_OK; first = segment->place)
		tell_tokens(block, first, found, ctx);
	free(block);
	if (fstat(segment->fd, &st) != 0)
		return false;
	*ret_cut = (uint64_t)st.st_size - segment->size;
	if (*ret_cut == 0)
		return true;
	return keep_cut(folder, segment, (uint64_t)st.st_size)
		&& ftruncate(segment->fd, (off_t)segment->size) == 0 && fsync(segment->fd) == 0;
}

bool segment_recover(int folder, uint64_t sequence,
	void (*found)(void *ctx, const struct id_bytes *token, uint64_t place), void *ctx,
	struct segment *ret, uint64_t *ret_cut, char reterr_text[256])
{
	static const uint8_t none[32];
	struct segment segment;
	char name[32];
	segment_name(sequence, name);
	*ret_cut = 0;
	enum block_result result = open_mode(folder, sequence, O_RDWR, &segment);
	if (result == BLOCK_END && unlinkat(folder, name, 0) == 0) { /* it was just being made */
		uint64_t before;
		if (segments_last(folder, &before))
			return segment_recover(folder, before, found, ctx, ret, ret_cut, reterr_text);
		return segment_create(folder, sequence, 1, none, ret, reterr_text);
	}
	if (result == BLOCK_OK && recover_opened(folder, &segment, found, ctx, ret_cut)) {
		*ret = segment;
		return true;
	}
	if (result == BLOCK_OK)
		close(segment.fd);
	snprintf(reterr_text, 256, "the audit log's segment %s cannot be read: move it away", name);
	return false;
}
