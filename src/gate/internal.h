/* SPDX-License-Identifier: Apache-2.0
 * What the gate's files share: the gate, a loop's part of it, and a visit (one exchange).
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_INTERNAL_H
#define REMIT_GATE_INTERNAL_H

#include "gate/api.h"
#include "gate/audit_writer.h"
#include "gate/client_address.h"
#include "gate/counters.h"
#include "gate/doorman.h"
#include "gate/feed.h"
#include "gate/gate.h"
#include "gate/keeper.h"
#include "gate/rate.h"
#include "gate/reason.h"
#include "gate/replica.h"

struct gate {
	const struct config *config;
	struct store *store;
	struct arena arena; /* process: all that is made once */
	struct api *apis;
	size_t api_count;
	uint32_t name_count; /* of the audit log */
	struct replica_api *replica_apis;
	struct roster *roster;
	struct replica *replica;
	struct feed *feed;
	struct keeper *keeper;
	struct audit_writer *audit;
	bool audit_refuses; /* when_full: refuse */
	struct doorman doorman;
	struct trusted trusted;
	struct str index;   /* the body of GET / */
	const struct server *_Atomic server;
	_Atomic(struct counters *) counters[COUNTERS_MAX]; /* one for each loop, owned */
	_Atomic unsigned counters_count;
};

struct gate_loop {
	struct gate *gate;
	struct replica_reader reader;
	struct remit_hasher *hasher;
	struct audit_ring *ring; /* the writer's */
	struct counters *counters; /* the gate's */
	int64_t audit_full_ns[3]; /* record.c: when each kind of idle visit may be recorded in full again */
	uint64_t visits_open;    /* each may still want a slot of the ring */
	uint64_t turn;           /* counts the waits for events */
	struct upstream **upstreams; /* of each API that has some */
	struct buf scratch;
};

struct visit {
	struct exchange *x;
	struct gate *gate;
	struct gate_loop *loop;
	const struct http_request *request;
	struct str path;            /* decoded; in the exchange's arena */
	struct str origin;          /* of another page that may call; {NULL, 0} */
	const struct api *api;      /* NULL: the path is no API's */
	const struct api_rule *rule; /* NULL: no rule maps it */
	struct remit_match match;
	bool keyed;                 /* the token is good: `record` is set */
	bool judged;                /* `reason` is set: there will be an audit record */
	bool unlogged;              /* the audit log has no room for it */
	bool forwarded;             /* a proxy asks: `request` is what it asks about (gate/forward.h) */
	int real_status;            /* of an answer that was translated for a proxy, or 0 */
	bool waited;                /* the body came later than the head */
	uint64_t turn;              /* the loop's, when the head came */
	enum remit_credential credential;
	uint8_t reason;             /* gate/reason.h */
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct remit_record record;
	struct rate rate;
	struct str body;
	const struct query *query;
	struct proxy *proxy;        /* its call to an upstream, or NULL */
	size_t family;              /* of /metrics, that is sent next */
};

/* rest.c: judges and runs a request whose path is an API's. */
void rest_request(struct visit *v);
/* operations.c, wellknown.c: true where the path was theirs, and is answered. */
bool operations_request(struct visit *v);
bool wellknown_request(struct visit *v);
/* wellknown.c: makes the text of GET /. False without memory. */
bool wellknown_prepare(struct gate *gate);
/* metrics.c: answers /metrics. */
void metrics_answer(struct visit *v);

/* record.c: notes what was decided, for the audit log and the counters; and when all is over writes it down. */
void visit_judge(struct visit *v, enum remit_reason reason);
/* Notes that a request to an API came to no decision, or that what was allowed was not run. */
void visit_refuse(struct visit *v, enum gate_reason reason);
void visit_record(struct visit *v, int status);

#endif
