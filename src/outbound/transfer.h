/* SPDX-License-Identifier: Apache-2.0
 * One call on its way: what the carrier (outbound.c) and the part that sets up libcurl (transfer.c)
 * share.
 * outbound: may include base and wire.
 */
#ifndef REMIT_OUTBOUND_TRANSFER_H
#define REMIT_OUTBOUND_TRANSFER_H

#include "outbound/guard.h"
#include "outbound/outbound.h"
#include "outbound/resolver.h"

#include <curl/curl.h>

struct transfer {
	struct transfer *next, **at; /* among those that run */
	struct outbound_call *call;
	const struct guard *guard;
	const char *ca;
	CURL *easy;
	struct curl_slist *headers, *pins;
	struct lookup *lookup; /* what it waits for before it connects */
	struct url url, first; /* where it goes now, and where the caller sent it */
	int64_t start_ns, end_ns; /* monotonic */
	size_t part;
	uint64_t part_at, body_bytes;
	unsigned hops;
	bool forbidden, head_too_large, body_too_large;
};

/* Reads the URL and remembers when it all started. False with the call's result set. */
bool transfer_init(struct transfer *t, struct outbound_call *call, const struct guard *guard, const char *ca);
void transfer_done(struct transfer *t);
/* Judges the addresses of the host: its own, or what the name was found to have. False with the result
 * set. */
bool transfer_check(struct transfer *t, const struct lookup *lookup);
/* Sets up t->easy for the hop that is due. False without memory. */
bool transfer_prepare(struct transfer *t);
/* What libcurl said: sets the call's result. True where another hop is due. */
bool transfer_finish(struct transfer *t, CURLcode code);

void transfer_fail(struct transfer *t, enum outbound_result result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
unsigned transfer_left_ms(const struct transfer *t);

#endif
