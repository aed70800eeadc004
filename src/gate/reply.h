/* SPDX-License-Identifier: Apache-2.0
 * An answer in the making: what the visit's headers must say is added when it is sent.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_REPLY_H
#define REMIT_GATE_REPLY_H

#include "gate/internal.h"

struct reply {
	struct visit *visit;
	int status;
	struct str body;
	void (*drained)(struct exchange *x); /* the answer is streamed; body is its first piece. Or NULL */
	bool cacheable; /* says itself how long it may be kept */
	bool sized;     /* with `drained`: of a length that is known */
	uint64_t length;
	size_t count, room;
	struct http_header *headers; /* `own`, or a longer list */
	struct http_header own[REPLY_HEADERS];
};

void reply_init(struct reply *reply, struct visit *v, int status, struct str body);
void reply_header(struct reply *reply, struct str name, struct str value);
/* Sends it; with fd >= 0 that many bytes of a file are the body, and fd is closed. */
void reply_send(struct reply *reply, int fd, uint64_t offset, uint64_t length);

/* {"error":{"code":...,"message":...}}, sent. */
void reply_error(struct visit *v, int status, const char *code, const char *message);
/* What reading a body came to, where it did not come whole. */
void reply_body_failure(struct visit *v, enum exchange_body result);
/* JSON that lives long enough, sent. */
void reply_json(struct visit *v, int status, struct str body);

#endif
