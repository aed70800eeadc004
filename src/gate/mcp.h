/* SPDX-License-Identifier: Apache-2.0
 * MCP behind the gate: one endpoint of an API, Streamable HTTP, in both eras of the protocol. A message is
 * judged by what its body says; the fields that mirror the body must agree with it.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_MCP_H
#define REMIT_GATE_MCP_H

#include "gate/conditions.h"
#include "gate/internal.h"
#include "gate/reply.h"
#include "wire/jsonrpc.h"
#include "wire/mcp_list.h"

struct mcp { /* of one visit; in the exchange's arena */
	struct visit *visit;
	bool modern;                    /* 2026-07-28 or later: no session, fields that mirror the body */
	bool told;                      /* the answer's body is JSON-RPC already */
	const struct mcp_method *method; /* NULL: none yet, or an answer to the server */
	struct jsonrpc_message message; /* once it was read; views into the body */
	struct str arguments;           /* what conditions read; {NULL, 0} */
	struct str session;             /* the upstream's id, proven to be the caller's; {NULL, 0} */
	struct str shown;               /* as the caller has it */
	const uint32_t *operations;     /* what was judged, each by its rule; none: any valid token will do */
	size_t operation_count;
	uint32_t whens;                 /* of the one operation that has conditions */
	struct conditions_named named;
	/* The answer: */
	struct mcp_list_rules rules;
	struct mcp_list_filter *filter; /* a list is filtered; NULL: it goes through as it is */
	bool kept_alive;                /* comments may be put in */
	bool at_line_start;
	int64_t sent_ns;
	struct mcp_running *running;    /* a worker has its call, or NULL */
	struct mcp *next, **link;       /* among the loop's open streams; link NULL: it is none */
};

enum mcp_kind {
	MCP_ANY_TOKEN,
	MCP_LIST,     /* the answer is filtered */
	MCP_TOOL,
	MCP_PROMPT,
	MCP_RESOURCE,
	MCP_SUBSCRIBED, /* likewise, before 2026-07-28 */
	MCP_REF,      /* a prompt or a resource that is referred to */
	MCP_LISTEN,   /* each resource that is listened to */
};

struct mcp_method {
	const char *name;
	enum mcp_kind kind;
	enum jsonrpc_field named; /* what Mcp-Name mirrors; JSONRPC_FIELDS: nothing */
};

/* ---- mcp.c ---- */

/* At start: the endpoint, the challenges, and a service's tools. False with a sentence. */
bool mcp_prepare(struct api *api, const char *public_url, struct arena *arena, char reterr_text[256]);
/* Whether a path is the endpoint; or only might be taken for it by what stands behind the gate, as in another
 * case, or below it: no rule of REST may then stand in for those of MCP. */
bool mcp_is_endpoint(const struct api *api, struct str path);
bool mcp_is_alike(const struct api *api, struct str path);
/* A visit to the endpoint begins. False, and answered, without memory. */
bool mcp_enter(struct visit *v);
/* What a page may send with a request: our own, and every field of MCP that it asks for. */
struct str mcp_allowed_fields(const struct visit *v);
/* Judges and runs it. */
void mcp_request(struct visit *v);
/* ---- mcp_judge.c ---- */

/* Reads the message. False, and answered, where it is none, or its fields say something else. */
bool mcp_read(struct visit *v);
/* Method, and what it names, by their rules. False, and answered, where it is refused. */
bool mcp_judge(struct visit *v);
/* The names that the audit log needs for messages that no rule maps; NULL past the last. */
const char *mcp_audit_name(size_t index);
/* The number of this visit's. */
uint32_t mcp_audit_number(const struct visit *v);
/* The operation of what only the head tells, for a 401; NULL. */
const struct api_rule *mcp_hint(const struct visit *v);

/* ---- mcp_serve.c ---- */

/* Answers for a service of ours what was judged and allowed. */
void mcp_serve(struct visit *v);

/* ---- mcp_running.c ---- */

#define MCP_PROGRESS_WAITING 16 /* notes that a client has not yet been sent; the newest stands for more */

struct mcp_progress {
	uint64_t done, total;
};

struct mcp_running { /* in its exchange's arena */
	struct service_watch watch; /* first: what the tool has */
	struct visit *visit;
	struct mcp_running *next, **link; /* of all loops'; under the gate's running_lock */
	_Atomic bool cancelled;
	struct str token; /* progressToken, as JSON; {NULL, 0}: no progress is to be told */
	bool begun;       /* the answer is a stream of events */
	bool full;        /* the client has not yet taken what it was sent */
	bool ended;       /* the stream may not go on */
	size_t waiting_count; /* under the lock, as what waits */
	struct mcp_progress waiting[MCP_PROGRESS_WAITING];
};

void mcp_running_begin(struct mcp_running *r, struct visit *v);
/* It was not begun after all. */
void mcp_running_leave(struct mcp_running *r);
/* Sends the rest, and the answer. */
void mcp_running_end(struct mcp_running *r, struct str result);
/* Sends what tools of this loop's have put down. */
void mcp_running_flush(struct gate_loop *loop);
/* Nobody may hear the rest of this one: calls it off. */
void mcp_running_stop(struct mcp_running *r);
/* Calls off what nobody waits for: since 2026-07-28, leaving is that. */
void mcp_running_tend(struct gate_loop *loop);
/* notifications/cancelled: the call of the same token and id. Two of them cannot be told apart: neither. */
void mcp_running_cancel(struct visit *v);

/* ---- mcp_session.c ---- */

#define MCP_SESSION_FIELD "Mcp-Session-Id"

/* Reads the session of the request. False, and answered, where it is not the caller's (M05). */
bool mcp_session_read(struct visit *v);
/* What the client gets to see of an id of the upstream's. {NULL, 0} without memory, or where it is no id. */
struct str mcp_session_show(const struct visit *v, struct str id);

/* ---- mcp_refuse.c ---- */

/* The codes of JSON-RPC and of MCP. */
enum mcp_code {
	MCP_PARSE_ERROR = -32700,
	MCP_INVALID_REQUEST = -32600,
	MCP_METHOD_NOT_FOUND = -32601,
	MCP_INVALID_PARAMS = -32602,
	MCP_HEADER_MISMATCH = -32020,
	MCP_UNSUPPORTED_VERSION = -32022,
};

/* A JSON-RPC error, sent. `data`: the members of its data, as JSON; or NULL. */
void mcp_error(struct visit *v, int status, enum mcp_code code, const char *message, const char *data);
/* A JSON-RPC answer with this result, sent; {NULL, 0}: there was no memory for one. */
void mcp_result(struct visit *v, struct str result);
/* The same, not sent; an error that says so where there is no memory. */
struct str mcp_result_body(struct visit *v, struct str result);
/* Appends the end of its body, from the message on, which says what is missing. */
void mcp_write_missing(struct buf *out, const struct remit_policy *policy, const struct remit_scopes *missing);
/* The 403 for want of scopes. */
void mcp_refuse_scope(struct visit *v, const struct remit_decision *decision);
/* Turns the body of an answer of the gate's own into a JSON-RPC error. */
void mcp_translate(struct reply *reply);

/* ---- mcp_answer.c: the upstream's answer on its way back ---- */

/* Whether a field of the request goes to the upstream. */
bool mcp_goes_up(const struct visit *v, struct str name);
void mcp_write_fields(const struct visit *v, struct buf *out);
/* The answer's head. False: it may not be passed on (502). */
bool mcp_answer_head(struct visit *v, const struct http_response *response, struct reply *reply);
/* Some of its body, written; *ret_more: more may come now. False: it may not go on. */
bool mcp_answer_piece(struct visit *v, struct str piece, bool *ret_more);
/* It is over; false: it was not whole. */
bool mcp_answer_end(struct visit *v);
/* The visit is over. */
void mcp_finished(struct visit *v);

/* ---- mcp_visible.c ---- */

/* What this visit's token may see of the lists. Sets everything but `emit`. */
void mcp_visible(struct visit *v, struct mcp_list_rules *ret);
/* A URI template with each of its variables filled in, as a rule would meet it. {NULL, 0} without memory. */
struct str mcp_fill_template(struct str template, struct arena *arena);

/* ---- mcp_streams.c ---- */

/* False without memory. */
bool mcp_stream_open(struct mcp *m);
void mcp_stream_close(struct mcp *m);
/* After each wait: judges open streams again, and keeps them alive, a few times a second. */
void mcp_streams_tend(struct gate_loop *loop, int64_t now_ns);

#endif
