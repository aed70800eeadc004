/* SPDX-License-Identifier: Apache-2.0
 * The request that is asked about is told by headers, or by our own method and path. What could be
 * read in two ways is refused, and so is what the gate would take away if the request went through it:
 * here it can take nothing away (H01, H02, H03, H10).
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/forward.h"

#include "gate/identity.h"
#include "gate/rest.h"
#include "gate/token.h"

static const char PLACE[] = "/gate/forward";

struct told { /* of the request that is asked about */
	struct str method, target;
};

enum telling { TOLD_NOT, TOLD_WELL, TOLD_BADLY };

/* One pair of headers: both once, or neither. */
static enum telling read_pair(const struct http_request *request, struct str method_name, struct str target_name,
	struct told *ret)
{
	size_t methods, targets;
	struct told told = { http_request_header(request, method_name, &methods),
		http_request_header(request, target_name, &targets) };
	if (methods == 0 && targets == 0)
		return TOLD_NOT;
	if (methods != 1 || targets != 1)
		return TOLD_BADLY;
	*ret = told;
	return TOLD_WELL;
}

/* All that tell must tell the same. `below` is our own path behind the API's name. */
static bool read_told(const struct http_request *request, struct str below, struct told *ret)
{
	struct told told[3];
	enum telling how[3] = {
		read_pair(request, STR("X-Original-Method"), STR("X-Original-URI"), &told[0]),
		read_pair(request, STR("X-Forwarded-Method"), STR("X-Forwarded-Uri"), &told[1]),
		below.n > 0 ? TOLD_WELL : TOLD_NOT,
	};
	if (below.n > 0)
		told[2] = (struct told){ request->method_text,
			{ below.p, (size_t)(request->target.p + request->target.n - below.p) } };
	const struct told *first = NULL;
	for (size_t i = 0; i < 3; i++) {
		if (how[i] == TOLD_BADLY)
			return false;
		if (how[i] == TOLD_NOT)
			continue;
		if (first && (!str_eq(first->method, told[i].method) || !str_eq(first->target, told[i].target)))
			return false;
		first = first ? first : &told[i];
	}
	if (!first)
		return false;
	*ret = *first;
	return true;
}

/* A field that is named in Connection is to be dropped on the way: a client must not choose which. */
static bool drops_what_counts(struct str list)
{
	while (list.n > 0) {
		struct str name;
		str_cut(&list, ',', &name);
		name = str_trim(name);
		if (identity_is_ours(name) || identity_is_forwarding(name))
			return true;
	}
	return false;
}

/* What is wrong with the fields; NULL where nothing is. */
static const char *find_fault(const struct http_request *request)
{
	for (size_t i = 0; i < request->header_count; i++) {
		const struct http_header *header = &request->headers[i];
		bool special = identity_may_be_special(header->name);
		if (special && identity_is_ours(header->name))
			return "Headers that start with Remit- are set by the gate, never by a client";
		if (special && identity_is_override(header->name))
			return "A header asks for another method or path than the request's own";
		if (header->name.n == 10 && str_eq_ignore_case(header->name, STR("Connection")) && drops_what_counts(header->value))
			return "Connection names a header that the decision rests on";
	}
	return NULL;
}

static bool refuse(struct visit *v, int status, const char *code, const char *message)
{
	reply_error(v, status, code, message);
	return false;
}

/* /gate/forward/API: false, and answered, where there is no such API. */
static bool find_named_api(struct visit *v, struct str name)
{
	for (size_t i = 0; i < v->edition->api_count; i++) {
		if (str_is(name, v->edition->apis[i].config->name)) {
			v->api = &v->edition->apis[i];
			return true;
		}
	}
	return refuse(v, 404, "not_found", "There is no API of this name");
}

/* Puts the request that is asked about in the place of the one that asks. */
static bool become(struct visit *v, const struct told *told)
{
	const struct http_request *asks = v->request;
	size_t hosts;
	struct str host = http_request_header(asks, STR("X-Forwarded-Host"), &hosts);
	if (hosts > 1)
		return refuse(v, 400, "bad_request", "X-Forwarded-Host stands twice");
	struct http_request *asked = arena_alloc(exchange_arena(v->x), http_request_size(asks));
	if (!asked)
		return refuse(v, 503, "unavailable", "Out of memory");
	memcpy(asked, asks, http_request_size(asks));
	struct http1_error error;
	if (!http1_set_target(asked, told->method, told->target, &error))
		return refuse(v, error.status, error.status == 414 ? "uri_too_long" : "bad_request", error.what);
	if (hosts == 1)
		asked->authority = host;
	v->request = asked;
	return true;
}

bool forward_enter(struct visit *v)
{
	struct str rest = v->request->path;
	if (!str_starts(rest, STR(PLACE)) || exchange_listener(v->x) == GATE_LISTENER_OPERATIONS)
		return true;
	rest = (struct str){ rest.p + sizeof(PLACE) - 1, rest.n - (sizeof(PLACE) - 1) };
	if (rest.n > 0 && rest.p[0] != '/')
		return true;
	v->forwarded = true;
	if (!client_peer_is_trusted(&v->edition->trusted, exchange_peer(v->x)))
		return refuse(v, 403, "untrusted_proxy", "Only a proxy of trusted_proxies may ask here");
	const char *fault = find_fault(v->request);
	if (fault)
		return refuse(v, 400, "bad_request", fault);
	if (rest.n > 0) {
		size_t end = 1;
		while (end < rest.n && rest.p[end] != '/')
			end++;
		if (!find_named_api(v, (struct str){ rest.p + 1, end - 1 }))
			return false;
		rest = (struct str){ rest.p + end, rest.n - end };
	}
	struct told told;
	if (!read_told(v->request, rest, &told))
		return refuse(v, 400, "bad_request",
			"The proxy must tell the method and the URI of one request, and each once");
	return become(v, &told);
}

/* An API has its MCP where its profile says, which need not be below its base. */
static bool find_mcp(struct visit *v)
{
	for (size_t i = 0; i < v->edition->api_count; i++) {
		const struct api *api = &v->edition->apis[i];
		const char *endpoint = api->profile->mcp_endpoint;
		if (!endpoint || (v->api && v->api != api) || !str_is(v->path, endpoint))
			continue;
		v->api = api;
		return true;
	}
	return false;
}

static void refuse_unread(struct visit *v)
{
	reply_error(v, 403, "needs_body", "What this operation needs depends on its body, which a proxy that "
		"asks does not send: let the request go through the gate itself");
}

static void let_pass(struct visit *v)
{
	struct http_header headers[IDENTITY_HEADERS];
	size_t count = 0;
	struct identity who;
	token_identity(v, &who);
	if (!identity_headers(&who, exchange_arena(v->x), headers, &count)) {
		reply_error(v, 503, "unavailable", "Out of memory");
		return;
	}
	struct reply reply __attribute__((uninitialized)); /* 1 kB; reply_init sets what is read */
	reply_init(&reply, v, 200, (struct str){ NULL, 0 });
	for (size_t i = 0; i < count; i++)
		reply_header(&reply, headers[i].name, headers[i].value);
	reply_send(&reply, -1, 0, 0);
}

void forward_judge(struct visit *v)
{
	bool mcp = find_mcp(v);
	if (!v->api) {
		reply_error(v, 404, "not_found", "No API has this path");
		return;
	}
	if (!rest_admit(v))
		return;
	if (mcp || (v->rule && v->rule->conditions.reads_body)) {
		refuse_unread(v);
		return;
	}
	if (rest_decide(v))
		let_pass(v);
}

void forward_translate(struct reply *reply)
{
	struct visit *v = reply->visit;
	v->real_status = reply->status;
	if (reply->status == 200)
		return;
	char *status = arena_printf(exchange_arena(v->x), "%d", reply->status);
	if (status)
		reply_header(reply, STR("Remit-Status"), str_of(status));
	reply_header(reply, STR("Remit-Error"), reply->body);
	reply->status = reply->status == 401 ? 401 : 403;
}
