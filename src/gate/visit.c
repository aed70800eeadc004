/* SPDX-License-Identifier: Apache-2.0
 * Method, path, Host, Origin: in this order, and nothing of the token yet.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/visit.h"

#include "gate/forward.h"
#include "gate/mcp.h"
#include "gate/oauth.h"
#include "gate/proxy.h"

static const char NO_MEMORY[] = "{\"error\":{\"code\":\"unavailable\",\"message\":\"Out of memory\"}}";

/* False, and answered, for methods that no API has. */
static bool check_method(struct visit *v)
{
	struct str method = v->request->method_text;
	if (!str_eq(method, STR("CONNECT")) && !str_eq(method, STR("TRACE")))
		return true;
	struct reply reply;
	reply_init(&reply, v, 405,
		STR("{\"error\":{\"code\":\"method_not_allowed\",\"message\":\"This method is never allowed\"}}"));
	reply_header(&reply, STR("Content-Type"), STR("application/json"));
	reply_header(&reply, STR("Allow"), STR("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
	reply_send(&reply, -1, 0, 0);
	return false;
}

static bool decode_path(struct visit *v)
{
	struct str raw = v->request->path;
	char *path = arena_alloc(exchange_arena(v->x), raw.n + 1);
	if (!path) {
		reply_error(v, 503, "unavailable", "Out of memory");
		return false;
	}
	if (remit_path_decode(raw.p, raw.n, path, &v->path.n) != REMIT_OK) {
		reply_error(v, 400, "bad_request", "The path can be read in more than one way");
		return false;
	}
	v->path.p = path;
	return true;
}

/* The host alone, without a port. */
static bool is_for_host(const struct visit *v, const char *host)
{
	struct place place, wanted;
	return place_from_text(v->request->authority, &place) && place_from_text(str_of(host), &wanted)
		&& str_eq_ignore_case(place.host, wanted.host);
}

static void find_api(struct visit *v)
{
	if (v->api)
		return; /* named by a proxy that asks */
	for (size_t i = 0; i < v->edition->api_count; i++) {
		const struct api *api = &v->edition->apis[i];
		if (!api_has_path(api, v->path) && !mcp_is_endpoint(api, v->path))
			continue;
		if (api->config->host && !is_for_host(v, api->config->host))
			continue;
		v->api = api;
		if (api->base.n > 0)
			return; /* one at the root has what no other has */
	}
}

static bool check_host(struct visit *v)
{
	/* Probes come to the operations' own listener by whatever address they know. */
	if (exchange_listener(v->x) == GATE_LISTENER_OPERATIONS)
		return true;
	const struct edition *e = v->edition;
	if (doorman_knows_host(&e->doorman, v->request->authority, v->api, e->apis, e->api_count))
		return true;
	reply_error(v, 400, "bad_request", "This Host is not served here");
	return false;
}

static bool check_origin(struct visit *v)
{
	size_t count;
	struct str origin = http_request_header(v->request, STR("Origin"), &count);
	if (count == 0)
		return true;
	if (count > 1) {
		reply_error(v, 400, "bad_request", "Origin stands twice");
		return false;
	}
	if (!doorman_knows_origin(&v->edition->doorman, origin, v->api)) {
		reply_error(v, 403, "origin_forbidden", "Pages of this origin may not call");
		return false;
	}
	v->origin = origin;
	return true;
}

/* Asked by a browser before the request itself; never anybody else's to answer. */
static bool answer_preflight(struct visit *v)
{
	size_t count;
	(void)http_request_header(v->request, STR("Access-Control-Request-Method"), &count);
	if (v->request->method != HTTP_OPTIONS || !v->origin.p || count == 0)
		return false;
	struct reply reply;
	reply_init(&reply, v, 204, (struct str){ NULL, 0 });
	reply_header(&reply, STR("Access-Control-Allow-Methods"), STR("GET, HEAD, POST, PUT, PATCH, DELETE"));
	reply_header(&reply, STR("Access-Control-Allow-Headers"),
		v->mcp ? mcp_allowed_fields(v) : STR("authorization, content-type, dpop, idempotency-key"));
	reply_header(&reply, STR("Access-Control-Max-Age"), STR("600"));
	reply_send(&reply, -1, 0, 0);
	return true;
}

struct address visit_client(struct visit *v)
{
	if (!v->client_known)
		v->client = client_address(&v->edition->trusted, exchange_peer(v->x), v->request);
	v->client_known = true;
	return v->client;
}

static bool has_operations(const struct visit *v)
{
	unsigned listener = exchange_listener(v->x);
	return listener == GATE_LISTENER_OPERATIONS || listener == GATE_LISTENER_BOTH;
}

static void go_in(struct visit *v)
{
	if (!forward_enter(v) || !check_method(v) || !decode_path(v))
		return;
	find_api(v);
	if (v->forwarded) { /* the proxy has looked at the host */
		if (check_origin(v))
			forward_judge(v);
		return;
	}
	if (v->api && mcp_is_endpoint(v->api, v->path) && !mcp_enter(v))
		return;
	if (!check_host(v))
		return;
	if (wellknown_request(v) || oauth_request_enter(v))
		return;
	if (!check_origin(v) || answer_preflight(v))
		return;
	if (has_operations(v) && operations_request(v))
		return;
	if (v->mcp && exchange_listener(v->x) != GATE_LISTENER_OPERATIONS)
		mcp_request(v);
	else if (v->api && exchange_listener(v->x) != GATE_LISTENER_OPERATIONS)
		rest_request(v);
	else
		reply_error(v, 404, "not_found", "There is nothing here");
}

void visit_request(struct exchange *x, void *state)
{
	struct gate_loop *loop = state;
	loop->visits_open++;
	struct visit *v = ARENA_NEW(exchange_arena(x), struct visit);
	if (!v) {
		exchange_answer(x, &(struct answer){ .status = 503, .body = STR(NO_MEMORY) });
		return;
	}
	v->x = x;
	v->loop = loop;
	v->gate = loop->gate;
	v->seat = loop->seat;
	v->edition = loop->seat->edition;
	v->seat->visits++;
	v->turn = loop->turn;
	v->request = exchange_request(x);
	exchange_set_context(x, v);
	go_in(v);
}

void visit_finished(struct exchange *x, void *state, int status)
{
	struct gate_loop *loop = state;
	struct visit *v = exchange_context(x);
	loop->visits_open--;
	if (!v)
		return;
	proxy_finished(v);
	if (v->mcp)
		mcp_finished(v);
	oauth_finished(v);
	visit_record(v, status);
	v->seat->visits--;
}
