/* SPDX-License-Identifier: Apache-2.0
 * What can be said of a body before it is read.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_BODY_H
#define REMIT_GATE_BODY_H

#include "services/service.h"
#include "wire/http1.h"

struct body_verdict {
	int status;       /* 0: it is good; else what to answer: 400, 413, 415 */
	const char *code, *message;
	bool read;        /* there is one, to be read */
	uint64_t max;     /* at most so many bytes of it */
};

/* `json_max` is the limit of JSON bodies. */
void body_judge(const struct http_request *request, enum service_body wanted, uint64_t json_max,
	struct body_verdict *ret);

#endif
