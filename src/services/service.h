/* SPDX-License-Identifier: Apache-2.0
 * What a built-in service is: a table of operations by name. The gate judges a call and hands it
 * on with its caller; the table also makes the OpenAPI document. A service never sees a token.
 * service.h: may include base, core, wire and store.
 */
#ifndef REMIT_SERVICES_SERVICE_H
#define REMIT_SERVICES_SERVICE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/id.h"
#include "base/str.h"
#include "core/owner.h"
#include "wire/http1.h"
#include "wire/query.h"

#include <jansson.h>
#include <remit/remit.h>

struct service_operation;
struct service_call;

/* A running service. Its first member in whatever the service keeps. */
struct service {
	const char *name;  /* "publishing" */
	const char *title;
	const struct service_operation *operations;
	size_t operation_count;
	const char *components; /* the OpenAPI `components.schemas` object, as JSON text */
	const struct service_tool *tools; /* of MCP (services/mcp.h); none: it has no tools */
	size_t tool_count;
	const struct owner_source *owners; /* who may own tokens beside our people; NULL: nobody */
	/* Its statements judge the stored object's own project (D20). Where not, a token that is bound to one gets nothing. */
	bool judges_projects;
};

enum service_body {
	SERVICE_BODY_NONE,      /* a body that is sent is refused (400) */
	SERVICE_BODY_JSON,      /* one JSON object */
	SERVICE_BODY_OPTIONAL,  /* one JSON object, or nothing */
	SERVICE_BODY_MULTIPART, /* multipart/form-data up to LIMIT_UPLOAD_BYTES and its frame */
	SERVICE_BODY_EITHER,    /* MULTIPART, or JSON where its Content-Type says so */
};

struct service_parameter { /* of the query */
	const char *name, *type, *meaning; /* type: "string", "integer", "boolean" */
};

struct service_operation {
	const char *name;         /* "publish_story": the same on every surface */
	const char *method, *path; /* below the API's base; equal to the profile's rule */
	enum service_body body;
	bool on_loop;             /* touches memory only and is quick: runs without a worker */
	void (*run)(struct service *service, struct service_call *call);
	const char *summary;      /* one line */
	const char *request;      /* a component's name, or NULL */
	const char *request_json; /* the same for EITHER's JSON */
	const char *response;     /* likewise */
	int success;              /* the status when all went well */
	const struct service_parameter *parameters;
	size_t parameter_count;
};

enum service_hint { /* of a tool: what a client may tell people about it; never what judges */
	SERVICE_READS = 1u << 0,      /* changes nothing */
	SERVICE_OVERWRITES = 1u << 1, /* what was there before may be lost */
	SERVICE_REPEATS = 1u << 2,    /* twice is as once */
	SERVICE_REACHES_OUT = 1u << 3, /* others than us are called */
};

/* A way to call an operation, or what stands for itself: then it has no `operation`, but `run` and an input. Where
 * the policy selects among a tool's operations by an argument, each of those values stands in that argument's `enum`;
 * the list shows a caller its own. */
struct service_tool {
	const char *name;      /* as the profile's rules name it */
	const char *operation; /* whose name; answers JSON, or nothing */
	const char *request;   /* what of its JSON the tool takes, a component; NULL: the operation's `request` */
	const char *summary;   /* NULL: the operation's */
	unsigned hints;
	/* Of what stands for itself: */
	void (*run)(struct service *service, struct service_call *call); /* answers by service_tool_... */
	const char *input;     /* the schema of its arguments, an object: JSON text, or a component's name */
	const char *output;    /* of its structured content, likewise; NULL: it says nothing of it */
	const char *title;     /* NULL: its summary */
	bool on_loop;          /* as of an operation */
};

/* Who calls, as the gate judged it. */
struct service_caller {
	struct id user;
	bool admin;
	struct id project; /* unset: the token is not bound */
	struct id token;
	const struct remit_policy *policy;
	struct remit_scopes granted; /* as the token carries them */
};

#define SERVICE_HEADERS_MAX 8

struct service_answer {
	int status;
	struct str body;          /* lives as long as the call's arena */
	const char *content_type; /* NULL: application/json */
	struct http_header headers[SERVICE_HEADERS_MAX];
	size_t header_count;
	int fd;                   /* -1, or a file whose bytes are the body: given to the gate */
	uint64_t offset, length;
};

/* What a tool has answered: owned by the call, and let go by who ran it. */
struct service_tool_answer {
	json_t *structured; /* an object, or NULL */
	json_t *content;    /* a list of what is no more than told; NULL: `structured` as text */
	bool failed;        /* isError */
	bool broken;        /* there was no memory for all of it */
};

/* Who waits for a call, for what takes long. From any thread while it runs. */
struct service_watch {
	bool (*is_cancelled)(struct service_watch *watch);
	void (*progress)(struct service_watch *watch, uint64_t done, uint64_t total);
};

struct service_call {
	const struct service_operation *operation; /* NULL: a tool runs that stands for itself */
	const struct service_caller *caller;
	const struct http_request *request; /* for headers; never Authorization */
	struct str params[REMIT_PARAMS_MAX];
	size_t param_count;
	const struct query *query;
	struct str body;          /* as sent */
	json_t *json;             /* the parsed object for JSON bodies, or a tool's arguments, held against their schema;
				   * else NULL; borrowed */
	struct arena *arena;
	int64_t now_ms;
	struct service_watch *watch; /* NULL: nobody asks how far it is */
	struct service_answer answer; /* out */
	struct service_tool_answer told; /* out, of a tool that stands for itself */
};

/* What a request's body must be: as the operation says, EITHER being one of the two. */
enum service_body service_body_of(const struct service_operation *operation, const struct http_request *request);

/* Parses the JSON where the operation takes one (duplicate keys and what is no object: 400), refuses
 * query parameters that the operation does not know or that stand twice (422), and runs it. */
void service_run(struct service *service, struct service_call *call);

/* The same for what was read already, in the place of a body: borrowed, may be NULL. */
void service_run_json(struct service *service, struct service_call *call, json_t *json);

/* Says in sentences what an operation of the policy asks for. */
void service_write_need(const struct remit_policy *policy, uint32_t operation, struct buf *out);

/* Whether nobody waits for it any more: what is not done yet need not be. */
bool service_is_cancelled(const struct service_call *call);
/* Tells how far it is, who waits for it; `done` grows. */
void service_progress(const struct service_call *call, uint64_t done, uint64_t total);

/* Answers. The texts are copied into the call's arena; `json` is taken over (freed). */
void service_answer_json(struct service_call *call, int status, json_t *json);
/* {"error":{"code":CODE,"message":...}} (decisions.md, "Answers"). */
void service_fail(struct service_call *call, int status, const char *code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
bool service_answer_header(struct service_call *call, const char *name, const char *value);

/* Answers of a tool that stands for itself. `json`, an object, is its structured content, and the same as text where
 * nothing else is told; taken over, and the last one counts. `failed`: the call came to nothing (isError). */
void service_tool_answer(struct service_call *call, json_t *json, bool failed);
/* The same for a sentence without structure. */
void service_tool_fail(struct service_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Content, in the order in which it is told; copied. Text is UTF-8, `bytes` are any. */
void service_tool_text(struct service_call *call, struct str text);
void service_tool_image(struct service_call *call, struct str bytes, const char *media_type);
void service_tool_audio(struct service_call *call, struct str bytes, const char *media_type);
void service_tool_resource(struct service_call *call, const char *uri, const char *media_type, struct str text);
void service_tool_resource_bytes(struct service_call *call, const char *uri, const char *media_type, struct str bytes);

/* The OpenAPI 3.1 document of a service under a policy: every operation with what it needs. In the
 * arena; {NULL, 0} without memory. */
struct str service_openapi(const struct service *service, const struct remit_policy *policy, const char *base,
	const char *public_url, const char *version, struct arena *arena);

#endif
