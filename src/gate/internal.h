/* SPDX-License-Identifier: Apache-2.0
 * What the gate's files share: the gate, a loop's part of it, and a visit (one exchange). What the
 * configuration makes is in gate/edition.h.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_INTERNAL_H
#define REMIT_GATE_INTERNAL_H

#include "authority/dpop/proof.h"
#include "gate/audit_writer.h"
#include "gate/feed.h"
#include "gate/keeper.h"
#include "gate/rate.h"
#include "gate/reason.h"
#include "gate/seat.h"

struct gate_reloads { /* since the start */
	uint64_t done, refused;
	int64_t loaded_ms;  /* when the newest edition came */
	int64_t refused_ms; /* 0: the last one was not refused */
	char why[512];      /* it was */
};

struct gate { /* what lives as long as the process */
	struct store *store;
	const struct secrets *secrets; /* what sessions of MCP are proven by */
	const struct gate_local *local; /* NULL: nobody goes without a token */
	uint32_t local_name;           /* the principal's number in the audit log */
	struct numbers *numbers;
	struct roster *roster;
	struct feed *feed;
	struct keeper *keeper;
	struct proofs *proofs; /* that came with tokens, of all loops */
	struct proofs *asking_proofs; /* that came to the authorization server's endpoints */
	struct audit_writer *audit;
	struct server *_Atomic server;
	_Atomic(struct counters *) counters[COUNTERS_MAX]; /* one for each loop, owned */
	_Atomic unsigned counters_count;
	_Atomic(struct edition *) newest; /* written under the lock */
	pthread_mutex_t lock; /* over what follows, the editions' own numbers, and the loops' `renewed` */
	pthread_cond_t renewed;           /* a loop has come to the newest edition */
	struct edition *editions;         /* all that are not freed, the newest first */
	struct gate_loop *loops[COUNTERS_MAX];
	struct gate_reloads reloads;
	pthread_mutex_t running_lock;     /* over what follows (gate/mcp_running.c) */
	struct mcp_running *running;      /* calls that workers have, of all loops */
};

#define REPLY_HEADERS 24 /* that the gate itself adds to an answer, at most */

struct gate_loop {
	struct gate *gate;
	unsigned index;
	struct seat *seat;       /* in the newest edition; older ones behind it */
	const struct edition *renewed; /* which one `seat` is in, for others to read; maybe freed */
	struct remit_hasher *hasher;
	struct audit_ring *ring; /* the writer's */
	struct counters *counters; /* the gate's */
	int64_t audit_full_ns[3]; /* record.c: when each kind of idle visit may be recorded in full again */
	uint64_t visits_open;    /* each may still want a slot of the ring */
	uint64_t turn;           /* counts the waits for events */
	struct mcp *streams;     /* open ones of MCP */
	int64_t streams_ns;      /* when they were last looked at */
	size_t running;          /* calls of tools that workers have */
	struct buf scratch;
	struct http_header headers[LIMIT_HEADERS + REPLY_HEADERS]; /* of an answer that is being made */
};

struct visit {
	struct exchange *x;
	struct gate *gate;
	struct gate_loop *loop;
	struct seat *seat;
	const struct edition *edition; /* the seat's, and so the visit's to its end */
	const struct http_request *request;
	struct str path;            /* decoded; in the exchange's arena */
	struct str origin;          /* of another page that may call; {NULL, 0} */
	const struct api *api;      /* NULL: the path is no API's */
	const struct api_rule *rule; /* NULL: no rule maps it */
	struct remit_match match;
	struct oauth_visit *oauth;         /* of the authorization server (gate/oauth.c); NULL: it is no such visit */
	bool keyed;                 /* there is a token, and it is good: `record` is set */
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
	struct str proving;         /* the token, under the scheme that asks for a proof; {NULL, 0}: it is a bearer's */
	const char *unproven;       /* why the proof does not hold; NULL: it does, or is not looked at yet */
	struct rate rate;
	bool client_known;          /* `client` is set: ask visit_client */
	struct address client;
	struct str body;
	const struct query *query;
	struct proxy *proxy;        /* its call to an upstream, or NULL */
	struct mcp *mcp;            /* it is one to an MCP endpoint (gate/mcp.h), or NULL */
	size_t family;              /* of /metrics, that is sent next */
};

/* rest.c: judges and runs a request whose path is an API's. */
void rest_request(struct visit *v);
/* operations.c, wellknown.c: true where the path was theirs, and is answered. */
bool operations_request(struct visit *v);
bool wellknown_request(struct visit *v);
/* metrics.c: answers /metrics. */
void metrics_answer(struct visit *v);

/* visit.c: where it comes from, by what trusted proxies say. */
struct address visit_client(struct visit *v);

/* record.c: notes what was decided, for the audit log and the counters; and when all is over writes it down. */
void visit_judge(struct visit *v, enum remit_reason reason);
/* Notes that a request to an API came to no decision, or that what was allowed was not run. */
void visit_refuse(struct visit *v, enum gate_reason reason);
void visit_record(struct visit *v, int status);

#endif
