/* SPDX-License-Identifier: Apache-2.0
 * A visit to an MCP endpoint, in the order of every other: token, rate, size and type, JSON, rule and scope.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/mcp.h"

#include "gate/body.h"
#include "gate/challenge.h"
#include "gate/proxy.h"
#include "gate/rest.h"

#define METADATA_MAX 8192
#define FIELDS_MAX 4096 /* of a preflight */

/* ---- The endpoint ---- */

bool mcp_prepare(struct api *api, const char *public_url, struct arena *arena, char reterr_text[256])
{
	static const struct str no_scope = { NULL, 0 };
	if (!api->profile->mcp_endpoint || (api->service && api->service->tool_count == 0))
		return true;
	if (api->service && !service_mcp_make(api->service, api->policy, REMIT_VERSION, arena, &api->mcp.served,
		reterr_text))
		return false;
	struct buf out;
	struct api_mcp *mcp = &api->mcp;
	buf_init(&out, METADATA_MAX);
	buf_add_text(&out, "resource_metadata=\"");
	buf_add_text(&out, public_url);
	buf_add_text(&out, "/.well-known/oauth-protected-resource");
	buf_add_text(&out, api->profile->mcp_endpoint);
	buf_add_char(&out, '"');
	mcp->endpoint = str_of(api->profile->mcp_endpoint);
	if (!out.failed)
		mcp->metadata = arena_copy_str(arena, buf_str(&out));
	buf_done(&out);
	if (!mcp->metadata.p)
		return false;
	mcp->no_token = challenge_token(api, mcp->metadata, no_scope, "", arena);
	mcp->bad_token = challenge_token(api, mcp->metadata, no_scope, ", error=\"invalid_token\"", arena);
	return mcp->no_token.p && mcp->bad_token.p;
}

bool mcp_is_endpoint(const struct api *api, struct str path)
{
	return api->mcp.endpoint.p && str_eq(path, api->mcp.endpoint);
}

bool mcp_is_alike(const struct api *api, struct str path)
{
	struct str endpoint = api->mcp.endpoint;
	if (!endpoint.p || path.n < endpoint.n)
		return false;
	return str_eq_ignore_case((struct str){ path.p, endpoint.n }, endpoint)
	       && (path.n == endpoint.n || path.p[endpoint.n] == '/');
}

bool mcp_enter(struct visit *v)
{
	struct mcp *m = ARENA_NEW(exchange_arena(v->x), struct mcp);
	if (!m) {
		reply_error(v, 503, "unavailable", "Out of memory");
		return false;
	}
	m->visit = v;
	v->mcp = m;
	return true;
}

/* ---- A browser asks first ---- */

static bool is_allowed_field(struct str name)
{
	static const char *const names[] = { "authorization", "content-type", "accept", "dpop", "last-event-id" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq_ignore_case(name, str_of(names[i])))
			return true;
	return name.n > 4 && str_eq_ignore_case((struct str){ name.p, 4 }, STR("mcp-"));
}

struct str mcp_allowed_fields(const struct visit *v)
{
	size_t count;
	bool more = true, any = false;
	struct str asked = http_request_header(v->request, STR("Access-Control-Request-Headers"), &count), name;
	struct buf out;
	buf_init(&out, FIELDS_MAX);
	while (more && count == 1) {
		more = str_cut(&asked, ',', &name);
		name = str_trim(name);
		if (!is_allowed_field(name))
			continue;
		buf_add_text(&out, any ? ", " : "");
		buf_add_str(&out, name);
		any = true;
	}
	struct str text = any && !out.failed ? arena_copy_str(exchange_arena(v->x), buf_str(&out)) : STR("");
	buf_done(&out);
	return text.p ? text : STR("");
}

/* ---- The visit ---- */

static void run(struct visit *v)
{
	if (v->api->service)
		mcp_serve(v);
	else
		proxy_run(v);
}

static void on_body(struct exchange *x, enum exchange_body result, struct str body)
{
	struct visit *v = exchange_context(x);
	v->waited = v->turn != v->loop->turn;
	if (result != EXCHANGE_BODY_WHOLE) {
		reply_body_failure(v, result);
		return;
	}
	v->body = body;
	if (mcp_read(v) && mcp_session_read(v) && mcp_judge(v))
		run(v);
}

static void read_message(struct visit *v)
{
	uint64_t most = v->edition->config->limits.mcp_body_bytes;
	struct body_verdict body;
	body_judge(v->request, SERVICE_BODY_JSON, most ? most : LIMIT_MCP_BODY_BYTES, &body);
	if (body.status)
		reply_error(v, body.status, body.code, body.message);
	else
		exchange_read_body(v->x, body.max, on_body);
}

static void refuse_method(struct visit *v, const char *message)
{
	struct reply reply;
	visit_refuse(v, GATE_BAD_REQUEST);
	reply_init(&reply, v, 405, str_of(message));
	reply_header(&reply, STR("Content-Type"), STR("application/json"));
	reply_header(&reply, STR("Allow"), STR("POST"));
	reply_send(&reply, -1, 0, 0);
}

/* The stream of a session, or its end: its principal's alone. Without a session there is neither. */
static void join_session(struct visit *v)
{
	if (!mcp_session_read(v))
		return;
	if (!v->mcp->session.p)
		refuse_method(v, "{\"error\":{\"code\":\"method_not_allowed\",\"message\":"
			"\"Only a session of yours has a stream to join, or can be ended\"}}");
	else if (v->request->chunked || v->request->length > 0)
		reply_error(v, 400, "bad_request", "This operation takes no body");
	else if (rest_decide_token(v))
		run(v);
}

void mcp_request(struct visit *v)
{
	v->match.operation = REMIT_NO_OPERATION;
	if (!rest_enter(v))
		return;
	if (v->request->method == HTTP_POST)
		read_message(v);
	else if (v->request->method == HTTP_GET || v->request->method == HTTP_DELETE)
		join_session(v);
	else
		refuse_method(v, "{\"error\":{\"code\":\"method_not_allowed\",\"message\":"
			"\"An MCP endpoint takes POST\"}}");
}
