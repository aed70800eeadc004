/* SPDX-License-Identifier: Apache-2.0
 * The log read back, also while a server writes it: whole blocks only, each checked against the one before.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/audit.h"

#include "gate/audit_segment.h"

#include <errno.h>
#include <fcntl.h>
#include <remit/remit.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define POLL_NS 50000000L

struct name {
	uint32_t number;
	size_t n, api_n;
	char text[AUDIT_NAME_TEXT];
};

struct reading {
	const struct audit_tail *tail;
	int folder;
	struct block *block;
	struct name *names; /* of the segment that is being read */
	size_t name_count, name_room;
	uint64_t skip;      /* matching records to pass over */
	bool (*each)(void *ctx, const struct audit_entry *entry);
	void *ctx;
	bool stopped;
	char *reterr_text;
};

static bool no_memory(const struct reading *r)
{
	snprintf(r->reterr_text, 256, "out of memory");
	return false;
}

/* ---- Names ---- */

static struct name *find_name(const struct reading *r, uint32_t number)
{
	for (size_t i = 0; i < r->name_count; i++)
		if (r->names[i].number == number)
			return &r->names[i];
	return NULL;
}

static bool learn_name(struct reading *r, const struct audit_name *part)
{
	struct name *name = find_name(r, part->name);
	if (!name) {
		if (r->name_count == r->name_room) {
			size_t room = r->name_room ? r->name_room * 2 : 64;
			struct name *more = realloc(r->names, room * sizeof(*more));
			if (!more)
				return no_memory(r);
			r->names = more;
			r->name_room = room;
		}
		name = &r->names[r->name_count++];
		*name = (struct name){ .number = part->name };
	}
	if (part->part == 0)
		name->n = 0;
	if (part->length <= AUDIT_NAME_BYTES && name->n + part->length <= sizeof(name->text)) {
		memcpy(name->text + name->n, part->text, part->length);
		name->n += part->length;
	}
	const char *end = memchr(name->text, '\0', name->n);
	name->api_n = end ? (size_t)(end - name->text) : name->n;
	return true;
}

/* ---- Records ---- */

static bool is_any(const struct audit_tail *tail)
{
	static const struct id_bytes none;
	return memcmp(&tail->token, &none, sizeof(none)) == 0; /* gaps count as every token's */
}

static bool is_of_token(const struct audit_tail *tail, const struct audit_record *record)
{
	return memcmp(&tail->token, &record->token, sizeof(tail->token)) == 0;
}

static bool is_zero(const struct id_bytes *id)
{
	static const struct id_bytes none;
	return memcmp(id, &none, sizeof(none)) == 0;
}

static bool is_or_any(const struct id_bytes *wanted, const struct id_bytes *is)
{
	return is_zero(wanted) || memcmp(wanted, is, sizeof(*is)) == 0;
}

static bool is_within(const struct audit_tail *tail, const struct audit_record *record, uint64_t place)
{
	return (!tail->before || place < tail->before) && place > tail->after && record->at_ms >= tail->since_ms
		&& (!tail->until_ms || record->at_ms < tail->until_ms);
}

static bool is_wanted(const struct audit_tail *tail, const struct audit_record *record, uint64_t place)
{
	if (!is_within(tail, record, place))
		return false;
	if (record->kind == AUDIT_KIND_GAP)
		return is_any(tail) && is_zero(&tail->owner) && is_zero(&tail->project);
	if (record->kind != AUDIT_KIND_DECISION || !is_or_any(&tail->owner, &record->owner)
		|| !is_or_any(&tail->project, &record->project))
		return false;
	if (!is_zero(&tail->except) && memcmp(&tail->except, &record->token, sizeof(record->token)) == 0)
		return false;
	if (!is_any(tail) && !is_of_token(tail, record))
		return false;
	return !tail->refused_only || record->reason != REMIT_ALLOWED;
}

static void tell(struct reading *r, const struct audit_record *record, uint64_t place)
{
	struct audit_entry entry = { .at_ms = record->at_ms, .place = place };
	if (record->kind == AUDIT_KIND_GAP) {
		entry.lost = record->previous;
	} else {
		memcpy(entry.request_id, record->request_id, 16);
		memcpy(entry.address, record->address, 16);
		entry.token = record->token;
		entry.owner = record->owner;
		entry.project = record->project;
		entry.status = record->status;
		entry.reason = record->reason;
		entry.micros = record->micros;
		const struct name *principal = record->principal ? find_name(r, record->principal) : NULL;
		if (principal)
			entry.principal = (struct str){ principal->text, principal->api_n };
		const struct name *name = find_name(r, record->name);
		if (name) {
			size_t rest = name->n > name->api_n ? name->api_n + 1 : name->n;
			entry.api = (struct str){ name->text, name->api_n };
			entry.operation = (struct str){ name->text + rest, name->n - rest };
		}
	}
	r->stopped = !r->each(r->ctx, &entry);
}

static bool take_block(struct reading *r, uint64_t first)
{
	for (uint32_t i = 0; i < r->block->count && !r->stopped; i++) {
		const struct audit_record *record = &r->block->records[i];
		struct audit_name name;
		if (record->kind == AUDIT_KIND_NAME) {
			memcpy(&name, record, sizeof(name));
			if (!learn_name(r, &name))
				return false;
		} else if (!is_wanted(r->tail, record, first + i)) {
			continue;
		} else if (r->skip > 0) {
			r->skip--;
		} else {
			tell(r, record, first + i);
		}
	}
	return true;
}

/* ---- Segments ---- */

static bool altered(const struct reading *r, const struct segment *segment)
{
	snprintf(r->reterr_text, 256, "the audit log was altered, or cut: segment " AUDIT_NAME ", byte %llu",
		(unsigned long long)segment->sequence, (unsigned long long)segment->size);
	return false;
}

/* What a segment has of what is wanted, and of the token's chain of places. */
struct share {
	uint64_t wanted;
	uint64_t place;            /* of its first record */
	bool bad;                  /* it cannot be read to its end, which is told when it is read again */
	bool has_token, has_place; /* any record of the token; the one at the place that was asked for */
	uint64_t previous;         /* as the oldest of the token's records says */
};

static void look_at_block(const struct reading *r, uint64_t first, uint64_t place, struct share *share)
{
	for (uint32_t i = 0; i < r->block->count; i++) {
		const struct audit_record *record = &r->block->records[i];
		share->wanted += is_wanted(r->tail, record, first + i);
		if (record->kind != AUDIT_KIND_DECISION || !is_of_token(r->tail, record))
			continue;
		if (!share->has_token)
			share->previous = record->previous;
		share->has_token = true;
		share->has_place |= first + i == place;
	}
}

static struct share look_at_segment(struct reading *r, uint64_t sequence, uint64_t place)
{
	struct segment segment;
	struct share share = { 0 };
	enum block_result result = segment_open(r->folder, sequence, &segment);
	if (result == BLOCK_OK) {
		share.place = segment.place;
		for (uint64_t first = segment.place; (result = segment_read(&segment, r->block)) == BLOCK_OK;
			first = segment.place)
			look_at_block(r, first, place, &share);
		close(segment.fd);
	}
	share.bad = result == BLOCK_BAD;
	return share;
}

/* The segment before list[end] that a place lies in; `end` where there is none, and a wrong one where a head
 * cannot be read. Reads heads only. */
static size_t segment_of(const struct reading *r, const uint64_t *list, size_t end, uint64_t place)
{
	size_t low = 0, high = end; /* it is before `high`, and not before `low` */
	bool any = false;
	while (low < high) {
		struct segment segment;
		size_t middle = low + (high - low) / 2;
		if (segment_open(r->folder, list[middle], &segment) != BLOCK_OK)
			return end - 1;
		close(segment.fd);
		if (segment.place > place) {
			high = middle;
		} else {
			any = true;
			low = middle + 1;
		}
	}
	return any ? low - 1 : end;
}

/* Marks the segments that hold the last `tail->last` wanted records. Of one token, these are found by
 * the place that each record keeps of the one before; where such a place is not what it should be, by
 * looking at one segment after the other. */
static void mark_segments(struct reading *r, const uint64_t *list, size_t count, bool *mark)
{
	uint64_t seen = 0, place = 0;
	bool chained = false; /* `place` is where the token's next older record is */
	for (size_t at = count, from = count; at > 0 && seen < r->tail->last; from = at) {
		bool jump = chained;
		at = jump && place > 0 ? segment_of(r, list, from, place) : from - 1;
		if (jump && (place == 0 || at == from))
			break; /* there is none before, or it was deleted for its age */
		struct share share = look_at_segment(r, list[at], place);
		if (jump && !share.has_place) {
			chained = false;
			at = from;
			continue;
		}
		mark[at] = share.wanted > 0 || share.bad || is_any(r->tail);
		seen += share.wanted;
		if (r->tail->after && !share.bad && share.place <= r->tail->after)
			break; /* what is before is of no interest */
		if (share.has_token && !is_any(r->tail)) {
			chained = true;
			place = share.previous;
		}
	}
	r->skip = seen > r->tail->last ? seen - r->tail->last : 0;
}

/* Reads on in a segment until nothing more is there. */
static bool read_blocks(struct reading *r, struct segment *segment, bool is_last)
{
	while (!r->stopped) {
		uint64_t first = segment->place;
		enum block_result result = segment_read(segment, r->block);
		if (result == BLOCK_END)
			return true;
		if (result == BLOCK_BAD)
			return is_last ? true : altered(r, segment); /* at the very end it may be half written */
		if (!take_block(r, first))
			return false;
	}
	return true;
}

static bool has_later(const struct reading *r, uint64_t sequence)
{
	uint64_t last;
	return segments_last(r->folder, &last) && last > sequence;
}

/* Waits for more until the writer has begun the next segment. */
static bool follow_segment(struct reading *r, struct segment *segment, bool (*idle)(void *ctx))
{
	for (;;) {
		bool later = has_later(r, segment->sequence);
		if (!read_blocks(r, segment, !later))
			return false;
		if (r->stopped || later)
			return true;
		if (idle && !idle(r->ctx)) {
			r->stopped = true;
			return true;
		}
		nanosleep(&(struct timespec){ .tv_nsec = POLL_NS }, NULL);
	}
}

static bool read_segment(struct reading *r, uint64_t sequence, uint8_t hash[32], bool *has_hash, bool follow,
	bool (*idle)(void *ctx))
{
	struct segment segment;
	r->name_count = 0;
	enum block_result result = segment_open(r->folder, sequence, &segment);
	if (result == BLOCK_END)
		return true; /* deleted for its age meanwhile, or just being made */
	if (result == BLOCK_BAD) {
		segment = (struct segment){ .sequence = sequence };
		return altered(r, &segment);
	}
	if (*has_hash && memcmp(hash, segment.first_previous, 32) != 0) {
		close(segment.fd);
		return altered(r, &segment);
	}
	bool ok = follow ? follow_segment(r, &segment, idle) : read_blocks(r, &segment, !has_later(r, sequence));
	memcpy(hash, segment.hash, 32);
	*has_hash = true;
	close(segment.fd);
	return ok;
}

/* Whether a segment can be read, or will never be: it is not just being made. */
static bool is_settled(const struct reading *r, uint64_t sequence)
{
	struct segment segment;
	uint64_t last;
	if (!segments_last(r->folder, &last) || last < sequence)
		return false;
	enum block_result result = segment_open(r->folder, sequence, &segment);
	if (result == BLOCK_OK)
		close(segment.fd);
	return result != BLOCK_END || last > sequence;
}

static bool read_folder(struct reading *r, bool (*idle)(void *ctx))
{
	uint64_t *list, next = 1;
	size_t count;
	uint8_t hash[32];
	bool has_hash = false;
	if (!segments_list(r->folder, &list, &count)) {
		snprintf(r->reterr_text, 256, "the audit log's folder cannot be read: %s", strerror(errno));
		return false;
	}
	bool *mark = calloc(count + 1, sizeof(*mark)), ok = mark || no_memory(r);
	if (ok)
		mark_segments(r, list, count, mark);
	for (size_t i = 0; ok && !r->stopped && i < count; i++) {
		bool follow = r->tail->follow && i + 1 == count;
		if (mark[i] || follow)
			ok = read_segment(r, list[i], hash, &has_hash, follow, idle);
		else
			has_hash = false; /* the next one is not bound to one that was read */
	}
	if (count > 0)
		next = list[count - 1] + 1;
	free(mark);
	free(list);
	while (ok && r->tail->follow && !r->stopped) {
		if (is_settled(r, next))
			ok = read_segment(r, next++, hash, &has_hash, true, idle);
		else if (idle && !idle(r->ctx))
			break;
		else
			nanosleep(&(struct timespec){ .tv_nsec = POLL_NS }, NULL);
	}
	return ok;
}

bool audit_read(const char *folder, const struct audit_tail *tail,
	bool (*each)(void *ctx, const struct audit_entry *entry),
	bool (*idle)(void *ctx), void *ctx, char reterr_text[256])
{
	struct reading r = { .tail = tail, .each = each, .ctx = ctx, .reterr_text = reterr_text };
	r.folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r.folder < 0) {
		snprintf(reterr_text, 256, "the audit log in %s cannot be read: %s", folder, strerror(errno));
		return false;
	}
	r.block = malloc(sizeof(*r.block));
	bool ok = r.block ? read_folder(&r, idle) : no_memory(&r);
	free(r.block);
	free(r.names);
	close(r.folder);
	return ok;
}
