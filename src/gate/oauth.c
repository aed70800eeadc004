/* SPDX-License-Identifier: Apache-2.0
 * From an exchange to a state machine of authority/oauth and back. Pages of any origin may call: what these
 * endpoints answer depends on no cookie.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/oauth.h"

#include "authority/cimd/fetch.h"
#include "base/clock.h"
#include "gate/identity.h"
#include "gate/reply.h"

#include <time.h>

static const char METADATA[] = "/.well-known/oauth-authorization-server";

static const struct endpoint {
	const char *path;
	oauth_endpoint *serve;
} endpoints[] = {
	{ "/oauth/token", oauth_token },
	{ "/oauth/register", oauth_register },
	{ "/oauth/revoke", oauth_revoke },
	{ "/oauth/introspect", oauth_introspect },
	{ "/oauth/par", oauth_push },
	{ "/oauth/device_authorization", oauth_device_authorization },
};

bool oauth_prepare(struct edition *e)
{
	struct authority_api *apis = arena_alloc(&e->arena, (e->api_count + 1) * sizeof(*apis));
	size_t count = 0;
	/* Tokens of Remit's own API are made on the command line only: a child of one would have no ceiling. */
	for (size_t i = 0; apis && i < e->api_count; i++)
		if (!edition_is_own(e, &e->apis[i]))
			apis[count++] = (struct authority_api){ e->apis[i].config->name, e->apis[i].profile };
	e->authority = (struct authority){ .store = e->gate->store, .apis = apis, .api_count = count };
	return apis != NULL;
}

const char *oauth_base(const struct visit *v)
{
	const struct edition *e = v->edition;
	struct str scheme = e->doorman.public_scheme, authority = v->request->authority;
	if (!doorman_is_loopback(&e->doorman, authority))
		return e->config->public_url;
	char *base = arena_printf(exchange_arena(v->x), "%.*s://%.*s", STR_FMT(scheme), STR_FMT(authority));
	for (char *p = base; p && *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return base;
}

bool oauth_for(const struct visit *v, struct oauth *ret)
{
	*ret = (struct oauth){
		.authority = &v->edition->authority,
		.secrets = v->gate->secrets,
		.issuer = oauth_base(v),
		.now_ms = exchange_now_ms(v->x),
		.access_alone_ms = v->edition->config->limits.oauth_access_ms,
		.fetch_client = v->edition->documents ? documents_fetch : NULL,
		.fetch_ctx = v->edition->documents,
		.proofs = v->gate->asking_proofs,
	};
	return ret->issuer && ret->secrets;
}

/* ---- Answers ---- */

static void send_answer(struct visit *v, int status, struct str body, const char *challenge)
{
	struct reply reply;
	reply_init(&reply, v, status, body);
	if (body.n > 0)
		reply_header(&reply, STR("Content-Type"), STR("application/json"));
	if (challenge)
		reply_header(&reply, STR("WWW-Authenticate"), str_of(challenge));
	reply_header(&reply, STR("Cache-Control"), STR("no-store"));
	reply_header(&reply, STR("Pragma"), STR("no-cache"));
	reply_header(&reply, STR("Access-Control-Allow-Origin"), STR("*"));
	reply_header(&reply, STR("Access-Control-Expose-Headers"), STR("WWW-Authenticate, Remit-Request-Id, DPoP-Nonce"));
	reply_send(&reply, -1, 0, 0);
}

static void send_error(struct visit *v, int status, const char *code, const char *text)
{
	struct buf out;
	buf_init(&out, 4096);
	buf_add_text(&out, "{\"error\":");
	buf_add_json(&out, str_of(code));
	buf_add_text(&out, ",\"error_description\":");
	buf_add_json(&out, str_of(text));
	buf_add_char(&out, '}');
	send_answer(v, status, buf_str(&out), NULL);
	buf_done(&out);
}

static void send_preflight(struct visit *v)
{
	struct reply reply;
	reply_init(&reply, v, 204, (struct str){ NULL, 0 });
	reply_header(&reply, STR("Access-Control-Allow-Origin"), STR("*"));
	reply_header(&reply, STR("Access-Control-Allow-Methods"), STR("GET, POST"));
	reply_header(&reply, STR("Access-Control-Allow-Headers"),
		STR("authorization, content-type, dpop, mcp-protocol-version"));
	reply_header(&reply, STR("Access-Control-Max-Age"), STR("600"));
	reply_send(&reply, -1, 0, 0);
}

/* ---- The work ---- */

struct oauth_visit {
	const struct gate *gate;
	const struct edition *edition;
	oauth_endpoint *serve;
	struct oauth oauth;
	struct oauth_request request;
	struct oauth_answer answer;
	struct arena *arena;
};

void oauth_let_apply(const struct gate *gate, const struct edition *edition, int64_t revision)
{
	int64_t end_ns = clock_monotonic_ns() + (int64_t)edition->config->max_staleness_ms * 1000000;
	for (long step_ns = 50000; feed_revision(gate->feed) < revision && clock_monotonic_ns() < end_ns;
		step_ns = step_ns < 1000000 ? step_ns * 2 : step_ns)
		nanosleep(&(struct timespec){ .tv_nsec = step_ns }, NULL);
}

static void work(void *arg)
{
	struct oauth_visit *call = arg;
	call->serve(&call->oauth, &call->request, call->arena, &call->answer);
	if (call->answer.revision)
		oauth_let_apply(call->gate, call->edition, call->answer.revision);
}

static void done(struct exchange *x, void *arg)
{
	struct oauth_visit *call = arg;
	send_answer(exchange_context(x), call->answer.status, buf_str(&call->answer.body), call->answer.challenge);
}

void oauth_finished(struct visit *v)
{
	if (v->oauth)
		oauth_answer_done(&v->oauth->answer);
}

static void on_body(struct exchange *x, enum exchange_body result, struct str body)
{
	struct visit *v = exchange_context(x);
	struct oauth_visit *call = v->oauth;
	if (result == EXCHANGE_BODY_TOO_LARGE) {
		send_error(v, 413, "invalid_request", "The body is too large");
		return;
	}
	if (result != EXCHANGE_BODY_WHOLE) {
		reply_body_failure(v, result);
		return;
	}
	call->request.body = body;
	oauth_answer_init(&call->answer);
	if (!exchange_work(x, work, done, call))
		send_error(v, 503, "temporarily_unavailable", "Too much work waits already");
}

/* One field, or none; false where it stands twice. */
static bool read_field(struct visit *v, struct str name, struct str *ret)
{
	size_t count;
	*ret = identity_judged_header(v->request, name, &count);
	if (count == 0)
		*ret = (struct str){ NULL, 0 };
	return count <= 1;
}

static void enter(struct visit *v, oauth_endpoint *serve)
{
	struct oauth_visit *call = ARENA_NEW(exchange_arena(v->x), struct oauth_visit);
	struct str coding;

	if (!call || !oauth_for(v, &call->oauth)) {
		send_error(v, 503, "temporarily_unavailable", "There is no memory");
		return;
	}
	call->gate = v->gate;
	call->edition = v->edition;
	call->serve = serve;
	call->arena = exchange_arena(v->x);
	v->oauth = call;
	call->request.proof = http_request_header(v->request, STR("DPoP"), &call->request.proof_count);
	if (!read_field(v, STR("Authorization"), &call->request.authorization)
		|| !read_field(v, STR("Content-Type"), &call->request.content_type)
		|| !read_field(v, STR("Content-Encoding"), &coding))
		send_error(v, 400, "invalid_request", "A header field stands twice");
	else if (coding.p && !str_eq_ignore_case(coding, STR("identity")))
		send_error(v, 415, "invalid_request", "Content-Encoding must be absent or identity");
	else if (v->request->query.n > 0)
		send_error(v, 400, "invalid_request", "Parameters belong into the body"); /* never into a log */
	else if (!v->request->chunked && !(v->request->has_length && v->request->length > 0))
		on_body(v->x, EXCHANGE_BODY_WHOLE, (struct str){ NULL, 0 });
	else
		exchange_read_body(v->x, LIMIT_OAUTH_BODY_BYTES, on_body);
}

/* ---- Metadata ---- */

struct str oauth_challenge(const struct visit *v, struct str challenge)
{
	static const char name[] = "resource_metadata=\"";
	const char *public_url = v->edition->config->public_url, *base;
	struct str head, url = str_of(public_url);
	if (str_eq(v->request->authority, (struct str){ strstr(public_url, "//") + 2, strlen(strstr(public_url, "//") + 2) })
		|| !doorman_is_loopback(&v->edition->doorman, v->request->authority))
		return challenge;
	const char *at = memmem(challenge.p, challenge.n, name, sizeof(name) - 1);
	if (!at)
		return challenge;
	head = (struct str){ challenge.p, (size_t)(at - challenge.p) + sizeof(name) - 1 };
	struct str rest = { challenge.p + head.n, challenge.n - head.n };
	if (!str_starts(rest, url) || !(base = oauth_base(v)))
		return challenge;
	char *text = arena_printf(exchange_arena(v->x), "%.*s%s%.*s", STR_FMT(head), base, (int)(rest.n - url.n),
		rest.p + url.n);
	return text ? str_of(text) : challenge;
}

static void send_metadata(struct visit *v)
{
	struct oauth oauth;
	struct buf out;
	struct reply reply;

	if (!oauth_for(v, &oauth)) {
		send_error(v, 503, "temporarily_unavailable", "There is no memory");
		return;
	}
	buf_init(&out, 1024 * 1024);
	oauth_metadata(&oauth, &out);
	reply_init(&reply, v, out.failed ? 503 : 200, out.failed ? (struct str){ NULL, 0 } : buf_str(&out));
	reply_header(&reply, STR("Content-Type"), STR("application/json"));
	reply_header(&reply, STR("Access-Control-Allow-Origin"), STR("*"));
	reply_send(&reply, -1, 0, 0);
	buf_done(&out);
}

static const struct endpoint *find_endpoint(struct str path)
{
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
		if (str_is(path, endpoints[i].path))
			return &endpoints[i];
	return NULL;
}

bool oauth_request_enter(struct visit *v)
{
	bool reads = v->request->method == HTTP_GET || v->request->method == HTTP_HEAD;
	const struct endpoint *endpoint = find_endpoint(v->path);

	/* An API at "" has every path that is not ours. Without a key of the server there are no clients. */
	if (exchange_listener(v->x) == GATE_LISTENER_OPERATIONS || !v->gate->secrets || (v->api && v->api->base.n > 0))
		return false;
	if (!endpoint && !str_eq(v->path, STR(METADATA)))
		return false;
	if (v->request->method == HTTP_OPTIONS)
		send_preflight(v);
	else if (!endpoint && reads)
		send_metadata(v);
	else if (endpoint && v->request->method == HTTP_POST)
		enter(v, endpoint->serve);
	else
		send_error(v, 405, "invalid_request", "This endpoint takes another method");
	return true;
}
