/* SPDX-License-Identifier: Apache-2.0
 * MCP of a service of ours: what was judged and allowed is answered here, without sessions, in both eras. An
 * answer is JSON, or a stream of events where a tool tells how far it is.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/mcp.h"

#include "gate/run.h"

struct serve {
	struct service_mcp_call call;
	struct mcp_running running;
	struct arena arena; /* the worker's alone: the loop may answer meanwhile */
	struct service_caller caller;
};

/* ---- What a request of its era must have ---- */

/* 2026-07-28 wants two keys of every request; who names that version in a field or asks what only it has, means it. */
static bool check_meta(struct visit *v)
{
	struct json_wanted wanted = { .pointer = STR("/io.modelcontextprotocol~1clientCapabilities") };
	const struct mcp *m = v->mcp;
	const struct jsonrpc_value *meta = &m->message.field[JSONRPC_META];
	struct str version = http_request_header(v->request, STR("MCP-Protocol-Version"), NULL);
	const char *what;
	size_t at;
	if (!m->modern && !str_is(version, MCP_MODERN) && !str_eq(str_of(m->method->name), STR("server/discover")))
		return true;
	if (!m->modern) {
		mcp_error(v, 400, MCP_INVALID_PARAMS,
			"params._meta lacks io.modelcontextprotocol/protocolVersion", NULL);
		return false;
	}
	if (meta->kind == JSON_KIND_OBJECT && json_select(meta->raw, &wanted, 1, &at, &what) == JSON_SELECT_OK
		&& wanted.found == 1 && wanted.kind == JSON_KIND_OBJECT)
		return true;
	mcp_error(v, 400, MCP_INVALID_PARAMS, "params._meta lacks io.modelcontextprotocol/clientCapabilities, an object",
		NULL);
	return false;
}

static bool is_method(const struct visit *v, const char *name)
{
	return strcmp(v->mcp->method->name, name) == 0;
}

static void refuse_method(struct visit *v)
{
	mcp_error(v, v->mcp->modern ? 404 : 200, MCP_METHOD_NOT_FOUND, "Method not found", NULL);
}

/* ---- Answers ---- */

static void initialize(struct visit *v)
{
	struct json_wanted wanted = { .pointer = STR("/protocolVersion") };
	const struct jsonrpc_value *params = &v->mcp->message.field[JSONRPC_PARAMS];
	const char *what;
	size_t at;
	if (params->kind != JSON_KIND_OBJECT || json_select(params->raw, &wanted, 1, &at, &what) != JSON_SELECT_OK
		|| wanted.kind != JSON_KIND_STRING) {
		mcp_error(v, 400, MCP_INVALID_PARAMS, "params.protocolVersion must be a string", NULL);
		return;
	}
	mcp_result(v, service_mcp_initialize(v->api->mcp.served, wanted.raw, exchange_arena(v->x)));
}

/* All stand on the first page, so that no cursor was ever given. */
static void list_tools(struct visit *v)
{
	struct json_wanted wanted = { .pointer = STR("/cursor") };
	const struct jsonrpc_value *params = &v->mcp->message.field[JSONRPC_PARAMS];
	struct mcp_list_rules rules;
	const char *what;
	size_t at;
	if (params->kind == JSON_KIND_OBJECT
		&& (json_select(params->raw, &wanted, 1, &at, &what) != JSON_SELECT_OK
			|| (wanted.found > 0 && wanted.kind != JSON_KIND_NULL))) {
		mcp_error(v, 200, MCP_INVALID_PARAMS, "params.cursor is none that this list gave", NULL);
		return;
	}
	mcp_visible(v, &rules);
	mcp_result(v, service_mcp_list(v->api->mcp.served, &rules, v->mcp->modern, exchange_arena(v->x)));
}

static void work(void *arg)
{
	struct serve *serve = arg;
	service_mcp_run(&serve->call);
}

static void done(struct exchange *x, void *arg)
{
	struct serve *serve = arg;
	(void)x;
	mcp_running_end(&serve->running, serve->call.result);
	arena_done(&serve->arena);
}

static void hand_on(struct visit *v, struct serve *serve)
{
	struct service_call *call = &serve->call.call;
	mcp_running_begin(&serve->running, v);
	arena_init(&serve->arena, 0);
	call->arena = serve->running.token.p ? &serve->arena : exchange_arena(v->x);
	call->watch = &serve->running.watch;
	if (exchange_work(v->x, work, done, serve))
		return;
	mcp_running_leave(&serve->running);
	reply_error(v, 503, "unavailable", "Too much work waits already");
}

/* The policy's text of a tool is "tool", its name, and the value that was selected where it selects by one. */
static const struct service_mcp_tool *find_tool(const struct visit *v)
{
	struct str rest = str_of(v->rule->operation->text), name;
	str_cut(&rest, ' ', &name);
	str_cut(&rest, ' ', &name);
	return service_mcp_find(v->api->mcp.served, name);
}

static void call_tool(struct visit *v)
{
	const struct service_mcp_tool *tool = find_tool(v);
	struct serve *serve = ARENA_NEW(exchange_arena(v->x), struct serve);
	if (!serve || !tool) {
		reply_error(v, 503, "unavailable", "Out of memory");
		return;
	}
	run_fill_caller(v, &serve->caller);
	serve->call = (struct service_mcp_call){
		.mcp = v->api->mcp.served, .tool = tool, .service = v->api->service, .arguments = v->mcp->arguments,
		.modern = v->mcp->modern,
		.call = { .caller = &serve->caller, .request = v->request, .arena = exchange_arena(v->x),
			.now_ms = exchange_now_ms(v->x), .answer = { .fd = -1 } },
	};
	if (tool->on_loop) {
		work(serve);
		mcp_result(v, serve->call.result);
	} else {
		hand_on(v, serve);
	}
}

void mcp_serve(struct visit *v)
{
	const struct mcp *m = v->mcp;
	if (m->message.kind == JSONRPC_NOTIFICATION) {
		struct reply reply;
		if (jsonrpc_is(&m->message.field[JSONRPC_METHOD], STR("notifications/cancelled")))
			mcp_running_cancel(v);
		reply_init(&reply, v, 202, (struct str){ NULL, 0 });
		reply_send(&reply, -1, 0, 0);
	} else if (!check_meta(v)) {
		return;
	} else if (m->method->kind == MCP_TOOL) {
		call_tool(v);
	} else if (is_method(v, "tools/list")) {
		list_tools(v);
	} else if (is_method(v, "server/discover")) {
		mcp_result(v, service_mcp_discover(v->api->mcp.served, exchange_arena(v->x)));
	} else if (is_method(v, "initialize") && !m->modern) {
		initialize(v);
	} else if (is_method(v, "ping") && !m->modern) {
		mcp_result(v, STR("{}"));
	} else {
		refuse_method(v);
	}
}
