/* SPDX-License-Identifier: Apache-2.0
 * The one thread that writes the audit log.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_AUDIT_WRITER_H
#define REMIT_GATE_AUDIT_WRITER_H

#include "gate/audit_ring.h"

struct audit_writer;

struct audit_options {
	const char *folder;
	int64_t keep_ms;      /* whole segments older than this are deleted; 0: never */
	uint64_t max_bytes;   /* likewise, beyond this many bytes in all; 0: no limit */
	/* What a number of a decision stands for: "publishing", "GET /stories/{id}". */
	void (*name)(void *ctx, uint32_t name, struct str *ret_api, struct str *ret_operation);
	uint32_t names;       /* numbers are below this */
	/* A record with a token was given this place: gives back the place of the same token's record
	 * before. On the writer's thread. */
	uint64_t (*placed)(void *ctx, const struct audit_pending *pending, uint64_t place);
	/* At the opening, for each record with a token that is not long before the end: its place, in no
	 * order. May be NULL. */
	void (*found)(void *ctx, const struct id_bytes *token, uint64_t place);
	void *ctx;
};

#define AUDIT_RINGS_MAX 256

/* Opens the log in its folder (made with mode 0700), brings a tail that was cut by a crash to a good
 * end, and takes the lock that keeps a second server out. Nothing runs yet. */
bool audit_writer_open(const struct audit_options *options, struct audit_writer **ret, char reterr_text[256]);
/* A ring for a loop; owned by the writer. NULL without memory or past AUDIT_RINGS_MAX. */
struct audit_ring *audit_writer_ring(struct audit_writer *writer);
/* Other bounds than those of the options; from any thread. */
void audit_writer_keep(struct audit_writer *writer, int64_t keep_ms, uint64_t max_bytes);
bool audit_writer_start(struct audit_writer *writer);
/* Writes all that is in the rings, syncs, ends the thread and frees. */
void audit_writer_close(struct audit_writer *writer);

/* From any thread. */
bool audit_writer_is_writable(const struct audit_writer *writer); /* the last write went well */
uint64_t audit_writer_lost(const struct audit_writer *writer);
uint64_t audit_writer_written(const struct audit_writer *writer);

#endif
