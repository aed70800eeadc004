/* SPDX-License-Identifier: Apache-2.0
 * The bytes of the audit log (docs/audit.md). All numbers are little-endian, all records 128 bytes.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_AUDIT_FORMAT_H
#define REMIT_GATE_AUDIT_FORMAT_H

#include "base/id.h"
#include "base/limits.h"

#include <assert.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are written as they stand in memory");

#define AUDIT_SEGMENT_MAGIC "REMITLOG"
#define AUDIT_SEGMENT_VERSION 2 /* 1 had no principals: zero stood there */
#define AUDIT_BLOCK_MAGIC UINT32_C(0x4B4C4252) /* "RBLK" */
#define AUDIT_BLOCK_RECORDS 256
#define AUDIT_NAME "%016llx.audit" /* the sequence of a segment */
#define AUDIT_NAME_LENGTH 22

enum audit_kind {
	AUDIT_KIND_DECISION = 1,
	AUDIT_KIND_GAP = 2,  /* records were lost here */
	AUDIT_KIND_NAME = 3, /* what a number of later decisions in this segment stands for */
};

struct audit_segment_head { /* at the start of a file */
	char magic[8];
	uint32_t version;
	uint32_t reserved;
	uint64_t sequence;
	uint64_t first_place;
	int64_t created_ms;
	uint8_t previous[32]; /* the hash of the last block of the segment before; zero for none */
	uint8_t spare[24];
};

struct audit_block_head { /* before each block's records */
	uint32_t magic;
	uint32_t count;      /* records: 1 to AUDIT_BLOCK_RECORDS */
	uint64_t place;      /* of the first */
	uint8_t previous[32];
	uint8_t hash[32];    /* SHA-256 of this head up to here and of the records */
};

struct audit_record { /* a decision, or a gap */
	uint8_t kind;        /* enum audit_kind */
	uint8_t reason;      /* gate/reason.h */
	uint16_t status;
	uint32_t name;       /* of the API and operation; for a GAP 0 */
	int64_t at_ms;
	uint64_t previous;   /* place of the same token's record before; 0: none. For a GAP: how many were lost */
	uint32_t micros;
	uint32_t principal;  /* who it was where there is no token: a name; 0: none */
	uint8_t request_id[16];
	struct id_bytes token, owner, project;
	uint8_t address[16];
	uint8_t spare[16];
};

#define AUDIT_NAME_BYTES 112
struct audit_name { /* a NAME record: "publishing", a NUL, "GET /stories/{id}", in as many parts as it takes */
	uint8_t kind;
	uint8_t part;        /* from 0 */
	uint8_t last;        /* 1: no more parts */
	uint8_t length;      /* of the text here */
	uint32_t name;
	uint64_t reserved;
	char text[AUDIT_NAME_BYTES];
};

static_assert(sizeof(struct audit_segment_head) == 96, "docs/audit.md");
static_assert(sizeof(struct audit_block_head) == 80, "docs/audit.md");
static_assert(sizeof(struct audit_record) == 128, "docs/audit.md");
static_assert(sizeof(struct audit_name) == 128, "docs/audit.md");

#define AUDIT_HASHED_HEAD 48 /* bytes of a block's head that are hashed */
#define AUDIT_BLOCK_MAX (sizeof(struct audit_block_head) + AUDIT_BLOCK_RECORDS * sizeof(struct audit_record))

#endif
