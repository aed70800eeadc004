/* SPDX-License-Identifier: Apache-2.0
 * Why a request was refused, as the audit log and the metrics have it: a decision's reason, or one
 * of the gate's own, for what never came to a decision.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_REASON_H
#define REMIT_GATE_REASON_H

#include "base/str.h"

#include <remit/remit.h>

/* They stand in the log beside enum remit_reason, and so far above it (docs/audit.md). */
enum gate_reason {
	GATE_BAD_REQUEST = 128,
	GATE_TOO_LARGE,
	GATE_WRONG_TYPE,
	GATE_RATE_LIMITED,
	GATE_UNAVAILABLE,
	GATE_ORIGIN_FORBIDDEN,
	GATE_NEEDS_BODY, /* asked by a proxy, which sends none */
	GATE_REASONS_END
};

#define GATE_REASONS (GATE_REASONS_END - GATE_BAD_REQUEST)

/* The word for a reason of either kind, "unknown_reason" where it is none. */
const char *gate_reason_text(unsigned reason);
/* The gate's own reason whose word is an answer's error code. False where none is. */
bool gate_reason_from_code(struct str code, enum gate_reason *ret);

#endif
