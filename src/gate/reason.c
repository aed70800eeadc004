/* SPDX-License-Identifier: Apache-2.0
 * The words of the gate's own reasons are the error codes of its answers.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/reason.h"

static const char *const words[] = {
	[GATE_BAD_REQUEST - GATE_BAD_REQUEST] = "bad_request",
	[GATE_TOO_LARGE - GATE_BAD_REQUEST] = "payload_too_large",
	[GATE_WRONG_TYPE - GATE_BAD_REQUEST] = "unsupported_media_type",
	[GATE_RATE_LIMITED - GATE_BAD_REQUEST] = "rate_limited",
	[GATE_UNAVAILABLE - GATE_BAD_REQUEST] = "unavailable",
	[GATE_ORIGIN_FORBIDDEN - GATE_BAD_REQUEST] = "origin_forbidden",
	[GATE_NEEDS_BODY - GATE_BAD_REQUEST] = "needs_body",
};

_Static_assert(sizeof(words) / sizeof(words[0]) == GATE_REASONS, "a word for each reason");
_Static_assert((int)REMIT_REASONS <= (int)GATE_BAD_REQUEST, "the two kinds do not meet");

const char *gate_reason_text(unsigned reason)
{
	if (reason < GATE_BAD_REQUEST)
		return remit_reason_text((enum remit_reason)reason);
	return reason < GATE_REASONS_END ? words[reason - GATE_BAD_REQUEST] : "unknown_reason";
}

bool gate_reason_from_code(struct str code, enum gate_reason *ret)
{
	for (unsigned i = 0; i < GATE_REASONS; i++)
		if (str_is(code, words[i])) {
			*ret = (enum gate_reason)(GATE_BAD_REQUEST + i);
			return true;
		}
	return false;
}
