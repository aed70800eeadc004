/* SPDX-License-Identifier: Apache-2.0
 * A segment of the audit log as a file: made, appended to, read block by block, brought to a good
 * end after a crash. The writer and the readers share it.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_AUDIT_SEGMENT_H
#define REMIT_GATE_AUDIT_SEGMENT_H

#include "gate/audit_format.h"

#define AUDIT_NAME_PARTS 5 /* of one name, at most */
#define AUDIT_NAME_TEXT (AUDIT_NAME_PARTS * AUDIT_NAME_BYTES)

struct block {
	uint32_t count; /* of records that are filled */
	struct audit_block_head head;
	struct audit_record records[AUDIT_BLOCK_RECORDS];
};

struct segment {
	int fd; /* owned; -1: none */
	uint32_t version;
	uint64_t sequence;
	uint64_t place; /* of the next record */
	uint64_t size;  /* bytes read, or written, so far */
	uint8_t hash[32]; /* of the last block, or of the head */
	uint8_t first_previous[32]; /* what the head says of the segment before */
};

enum block_result {
	BLOCK_OK,
	BLOCK_END, /* nothing more, or not all of it yet */
	BLOCK_BAD, /* altered, or cut by a crash */
};

/* Sequences of the segments in a folder, in order; free *ret. False where it cannot be read. */
bool segments_list(int folder, uint64_t **ret, size_t *ret_count);
bool segments_last(int folder, uint64_t *ret);
/* Deletes whole segments, oldest first, never `current`. */
void segments_tidy(int folder, uint64_t current, int64_t keep_ms, uint64_t max_bytes, int64_t now_ms);

bool segment_create(int folder, uint64_t sequence, uint64_t place, const uint8_t previous[32],
	struct segment *ret, char reterr_text[256]);
/* Opens for reading, past the head. BLOCK_END where there is no such file or no whole head yet. */
enum block_result segment_open(int folder, uint64_t sequence, struct segment *ret);
enum block_result segment_read(struct segment *segment, struct block *ret);
/* False, and the file as it was, where the disk does not take all of it. */
bool segment_append(struct segment *segment, struct block *block);
/* Tells of the tokens' records in the segments before `last` that were still written `recent_s` before
 * its newest. */
void segments_tell_recent(int folder, uint64_t last, int64_t recent_s,
	void (*found)(void *ctx, const struct id_bytes *token, uint64_t place), void *ctx);
/* Opens the last segment for writing. What is not whole at its end is moved to a file beside it
 * (.cut) and counted in *ret_cut. */
bool segment_recover(int folder, uint64_t sequence,
	void (*found)(void *ctx, const struct id_bytes *token, uint64_t place), void *ctx,
	struct segment *ret, uint64_t *ret_cut, char reterr_text[256]);

#endif
