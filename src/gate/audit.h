/* SPDX-License-Identifier: Apache-2.0
 * The audit log: one fixed-size record a decision, in append-only segments of hash-chained blocks,
 * fsynced each second (decisions.md, "Data that outlives a moment"; the format is docs/audit.md).
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_AUDIT_H
#define REMIT_GATE_AUDIT_H

#include "base/id.h"
#include "base/str.h"
#include "gate/reason.h"

struct audit_entry { /* a record as it is read back */
	int64_t at_ms;
	uint8_t request_id[16];
	struct id_bytes token, owner, project; /* all zero: none */
	struct str principal; /* who it was where there is no token: "cli:ann"; "" */
	uint8_t address[16];  /* of the client, IPv4 as ::ffff:a.b.c.d; all zero: a unix socket */
	uint16_t status;
	uint8_t reason;       /* gate/reason.h */
	uint32_t micros;      /* how long it took */
	struct str api, operation; /* "publishing", "GET /stories/{id}"; "" where unmapped */
	uint64_t place;       /* of this record in the log */
	uint64_t lost;        /* not 0: no decision, but how many records were lost here */
};

struct audit_tail {
	struct id_bytes token; /* all zero: every token */
	struct id_bytes owner, project; /* all zero: every one */
	struct id_bytes except;         /* all zero: none; else not this token's */
	int64_t since_ms, until_ms;     /* 0: no bound */
	uint64_t before, after;         /* places, neither included; 0: no bound */
	bool refused_only;     /* whatever the reason */
	uint64_t last;         /* start with this many of the newest */
	bool follow;           /* go on waiting for more until each returns false */
};

/* Reads a log folder, also while a server writes it, oldest first. False with a sentence where it
 * cannot be read. `each` returning false ends it. With `follow`, `idle` is asked about every 50 ms whether to go on. */
bool audit_read(const char *folder, const struct audit_tail *tail, bool (*each)(void *ctx, const struct audit_entry *entry), bool (*idle)(void *ctx), void *ctx, char reterr_text[256]);

#endif
