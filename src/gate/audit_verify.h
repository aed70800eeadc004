/* SPDX-License-Identifier: Apache-2.0
 * Whether the audit log is whole: every block of every segment that is there, each bound to the one before by
 * its hash. What was deleted for its age is missing at the front only.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_AUDIT_VERIFY_H
#define REMIT_GATE_AUDIT_VERIFY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct audit_verdict {
	int64_t at_ms;
	uint64_t segments, blocks, records; /* that were found good */
	uint64_t first_place, last_place;   /* of these records; 0: none */
	uint64_t lost;                      /* records that were lost under load, as the log itself says */
	bool whole;
	uint64_t segment, byte;             /* where it is not: the first broken place */
	char what[120];
};

/* Reads all of a log folder, also while a server writes it. False with a sentence where it cannot be read. */
bool audit_verify(const char *folder, int64_t now_ms, struct audit_verdict *ret, char reterr_text[256]);
json_t *audit_verdict_json(const struct audit_verdict *verdict);

/* The last verdict is kept beside the segments, in verified.json: for whoever asks later. False where it cannot
 * be written, or where there is none. */
bool audit_verdict_keep(const char *folder, const struct audit_verdict *verdict);
bool audit_verdict_read(const char *folder, struct audit_verdict *ret);

#endif
