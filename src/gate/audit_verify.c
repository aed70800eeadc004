/* SPDX-License-Identifier: Apache-2.0
 * The chain of hashes, walked from the oldest segment to the newest.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/audit_verify.h"

#include "base/clock.h"
#include "gate/audit_segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT "verified.json"
#define KEPT_NEW "verified.json.new"
#define SEGMENT_NAME_ROOM 32

struct verifying {
	int folder;
	struct block *block;
	uint8_t hash[32]; /* of the segment before, where `has_hash` */
	uint64_t place;   /* that the next segment begins with */
	bool has_hash;
	struct audit_verdict *verdict;
};

static bool broken(struct verifying *v, uint64_t sequence, uint64_t byte, const char *what)
{
	struct audit_verdict *verdict = v->verdict;
	verdict->whole = false;
	verdict->segment = sequence;
	verdict->byte = byte;
	snprintf(verdict->what, sizeof(verdict->what), "%s", what);
	return false;
}

static void count_block(struct verifying *v, uint64_t first)
{
	struct audit_verdict *verdict = v->verdict;
	verdict->blocks++;
	for (uint32_t i = 0; i < v->block->count; i++) {
		const struct audit_record *record = &v->block->records[i];
		if (record->kind == AUDIT_KIND_NAME)
			continue;
		verdict->records++;
		verdict->lost += record->kind == AUDIT_KIND_GAP ? record->previous : 0;
		verdict->last_place = first + i;
		if (verdict->first_place == 0)
			verdict->first_place = first + i;
	}
}

static uint64_t size_of(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* What follows the last good block. A writer that is at work may have written a part of the next one. */
static bool judge_rest(struct verifying *v, const struct segment *segment, enum block_result result, bool is_last)
{
	const uint64_t rest = size_of(segment->fd) - segment->size;

	if (rest == 0 || (is_last && result == BLOCK_END))
		return true;
	return broken(v, segment->sequence, segment->size,
		result == BLOCK_BAD ? "the block here was altered" : "the segment ends within a block");
}

static bool walk_blocks(struct verifying *v, struct segment *segment, bool is_last)
{
	enum block_result result;
	for (uint64_t first = segment->place; (result = segment_read(segment, v->block)) == BLOCK_OK;
		first = segment->place)
		count_block(v, first);
	return judge_rest(v, segment, result, is_last);
}

static bool walk_segment(struct verifying *v, uint64_t sequence, bool is_last)
{
	struct segment segment;
	enum block_result result = segment_open(v->folder, sequence, &segment);

	if (result == BLOCK_END && is_last)
		return true; /* just being made */
	if (result == BLOCK_END && !v->has_hash)
		return true; /* deleted for its age meanwhile */
	if (result != BLOCK_OK)
		return broken(v, sequence, 0, result == BLOCK_BAD ? "the segment's head was altered" : "the segment was cut");
	bool good = true;
	if (v->has_hash && memcmp(v->hash, segment.first_previous, 32) != 0)
		good = broken(v, sequence, 0, "the segment does not follow the one before");
	else if (v->has_hash && segment.place != v->place)
		good = broken(v, sequence, 0, "the segment does not begin where the one before ended");
	good = good && walk_blocks(v, &segment, is_last);
	memcpy(v->hash, segment.hash, 32);
	v->place = segment.place;
	v->has_hash = true;
	v->verdict->segments += good;
	close(segment.fd);
	return good;
}

static void walk(struct verifying *v, const uint64_t *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (v->has_hash && list[i] != list[i - 1] + 1) {
			(void)broken(v, list[i - 1] + 1, 0, "the segment is missing");
			return;
		}
		if (!walk_segment(v, list[i], i + 1 == count))
			return;
	}
}

bool audit_verify(const char *folder, int64_t now_ms, struct audit_verdict *ret, char reterr_text[256])
{
	struct audit_verdict verdict = { .at_ms = now_ms, .whole = true };
	struct verifying v = { .verdict = &verdict, .folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	uint64_t *list = NULL;
	size_t count;

	snprintf(reterr_text, 256, "the audit log in %s cannot be read: %s", folder, strerror(errno));
	bool good = v.folder >= 0 && segments_list(v.folder, &list, &count) && (v.block = malloc(sizeof(*v.block)));
	if (good) {
		walk(&v, list, count);
		*ret = verdict;
	}
	free(v.block);
	free(list);
	if (v.folder >= 0)
		close(v.folder);
	return good;
}

/* ---- Kept ---- */

json_t *audit_verdict_json(const struct audit_verdict *v)
{
	char at[TIME_TEXT_ROOM], segment[SEGMENT_NAME_ROOM];
	json_t *broken_at = json_null();

	time_to_text(v->at_ms, v->at_ms % 1000 != 0, at);
	snprintf(segment, sizeof(segment), AUDIT_NAME, (unsigned long long)v->segment);
	if (!v->whole)
		broken_at = json_pack("{s:s, s:I, s:s}", "segment", segment, "byte", (json_int_t)v->byte, "what", v->what);
	return json_pack("{s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "whole", v->whole, "at", at, "segments",
		(json_int_t)v->segments, "blocks", (json_int_t)v->blocks, "records", (json_int_t)v->records, "lost",
		(json_int_t)v->lost, "first", (json_int_t)v->first_place, "last", (json_int_t)v->last_place, "broken",
		broken_at);
}

bool audit_verdict_keep(const char *folder, const struct audit_verdict *verdict)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = dir < 0 ? -1 : openat(dir, KEPT_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	json_t *json = audit_verdict_json(verdict);

	bool good = fd >= 0 && json && json_dumpfd(json, fd, JSON_COMPACT) == 0 && fsync(fd) == 0
		&& renameat(dir, KEPT_NEW, dir, KEPT) == 0;
	json_decref(json);
	if (fd >= 0)
		close(fd);
	if (dir >= 0)
		close(dir);
	return good;
}

static uint64_t number_of(const json_t *json, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(json, name));
}

static bool read_verdict(const json_t *json, struct audit_verdict *ret)
{
	const json_t *at_text = json_object_get(json, "at"), *broken_at = json_object_get(json, "broken");
	const char *what = json_string_value(json_object_get(broken_at, "what"));
	const char *segment = json_string_value(json_object_get(broken_at, "segment"));

	*ret = (struct audit_verdict){
		.whole = json_is_true(json_object_get(json, "whole")), .segments = number_of(json, "segments"),
		.blocks = number_of(json, "blocks"), .records = number_of(json, "records"),
		.lost = number_of(json, "lost"), .first_place = number_of(json, "first"),
		.last_place = number_of(json, "last"), .byte = number_of(broken_at, "byte"),
		.segment = segment ? strtoull(segment, NULL, 16) : 0,
	};
	snprintf(ret->what, sizeof(ret->what), "%s", what ? what : "");
	return json_is_string(at_text) && time_from_text(str_of(json_string_value(at_text)), &ret->at_ms);
}

bool audit_verdict_read(const char *folder, struct audit_verdict *ret)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = dir < 0 ? -1 : openat(dir, KEPT, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	json_t *json = fd >= 0 ? json_loadfd(fd, 0, NULL) : NULL;
	bool good = read_verdict(json, ret);

	json_decref(json);
	if (fd >= 0)
		close(fd);
	if (dir >= 0)
		close(dir);
	return good;
}
