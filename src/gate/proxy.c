/* SPDX-License-Identifier: Apache-2.0
 * A call to an upstream, for one visit.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/proxy.h"

#include "base/log.h"
#include "gate/mcp.h"
#include "gate/token.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CREDENTIAL_MAX 4096

struct proxy {
	struct visit *visit;
	struct proxy *next, **at; /* in its seat's list */
	struct upstream_call *call;
	struct proxy_identity identity;
	bool streaming;    /* the client's body */
	bool begun, open;  /* the answer; with a body to come */
};

/* ---- At start ---- */

static bool read_credential(const char *from, char text[static CREDENTIAL_MAX])
{
	if (strncmp(from, "env:", 4) == 0) {
		const char *value = getenv(from + 4);
		if (!value || strlen(value) >= CREDENTIAL_MAX)
			return false;
		strcpy(text, value);
		return true;
	}
	int fd = open(from + strlen("file:"), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, CREDENTIAL_MAX) : -1;
	if (fd >= 0)
		close(fd);
	if (n < 0 || n == CREDENTIAL_MAX)
		return false;
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	text[n] = '\0';
	return true;
}

static bool is_field_value(const char *text)
{
	struct buf out;
	buf_init(&out, 2 * CREDENTIAL_MAX);
	bool good = *text && http1_write_header(&out, STR("A"), str_of(text));
	if (out.p)
		explicit_bzero(out.p, out.n);
	buf_done(&out);
	return good;
}

static bool open_tls(struct api *api, const struct config_api *config, char reterr_text[512])
{
	const struct config_upstream_tls *tls = &config->upstream_tls;
	const struct tls_client_options options = { .ca = tls->ca, .cert = tls->cert, .key = tls->key };
	char text[TLS_ERROR_ROOM];

	api->upstream_tls = tls_context_new_client(&options, text);
	if (!api->upstream_tls)
		snprintf(reterr_text, 512, "API %s: upstream_tls: %s", config->name, text);
	return api->upstream_tls != NULL;
}

static bool find_addresses(struct api *api, const struct config_api *config, struct arena *arena,
	char reterr_text[512])
{
	char text[256] = "";
	size_t room = config->upstream_count * UPSTREAM_NAME_ADDRESSES, n = 0;
	api->addresses = arena_alloc(arena, room * sizeof(*api->addresses));
	if (!api->addresses)
		return false;
	for (size_t i = 0; i < config->upstream_count; i++) {
		size_t found = upstream_address_find(config->upstreams[i], &api->addresses[n], text);
		if (found == 0) {
			snprintf(reterr_text, 512, "API %s: upstream %s", config->name, text);
			return false;
		}
		n += found;
	}
	api->address_count = n;
	if (n > UPSTREAM_ADDRESSES_MAX)
		snprintf(reterr_text, 512, "API %s: its upstreams have more than %d addresses (localhost has two)",
			config->name, UPSTREAM_ADDRESSES_MAX);
	return n <= UPSTREAM_ADDRESSES_MAX;
}

bool proxy_prepare(struct api *api, const struct config_api *config, struct arena *arena,
	char reterr_text[512])
{
	snprintf(reterr_text, 512, "API %s: out of memory", config->name);
	if (sodium_init() < 0 || !find_addresses(api, config, arena, reterr_text))
		return false;
	if (config_upstream_is_tls(config) && !open_tls(api, config, reterr_text))
		return false;
	if (!config->authorization)
		return true;
	api->authorization = sodium_malloc(CREDENTIAL_MAX);
	if (api->authorization && read_credential(config->authorization, api->authorization)
		&& is_field_value(api->authorization))
		return true;
	snprintf(reterr_text, 512, "API %s: authorization: %s holds no header value", config->name,
		config->authorization);
	return false;
}

void proxy_done(struct api *api)
{
	sodium_free(api->authorization);
	api->authorization = NULL;
	tls_context_unref(api->upstream_tls);
	api->upstream_tls = NULL;
}

static void tell_tls_trouble(void *ctx, const struct upstream_address *address, const char *why)
{
	const struct api *api = ctx;
	log_warning("API %s: upstream https://%s: %s", api->config->name, address->host, why);
}

bool proxy_seat_start(struct seat *seat)
{
	const struct edition *e = seat->edition;
	const struct config_limits *l = &e->config->limits;
	const struct upstream_limits limits = {
		.connect_ms = l->upstream_connect_ms,
		.head_ms = l->upstream_head_ms,
		.body_ms = l->upstream_body_ms,
	};
	seat->upstreams = calloc(e->api_count + 1, sizeof(struct upstream *));
	for (size_t i = 0; seat->upstreams && i < e->api_count; i++) {
		const struct api *api = &e->apis[i];
		if (api->address_count == 0)
			continue;
		const struct upstream_tls tls = { api->upstream_tls, tell_tls_trouble, &e->apis[i] };
		seat->upstreams[i] = upstream_new(api->addresses, api->address_count, &limits,
			api->upstream_tls ? &tls : NULL);
		if (!seat->upstreams[i])
			return false;
	}
	return seat->upstreams != NULL;
}

void proxy_seat_stop(struct seat *seat)
{
	for (size_t i = 0; seat->upstreams && i < seat->edition->api_count; i++)
		upstream_free(seat->upstreams[i]);
	free(seat->upstreams);
}

/* ---- The request's body ---- */

static bool on_piece(struct exchange *x, enum exchange_body result, struct str piece)
{
	struct visit *v = exchange_context(x);
	struct proxy *p = v->proxy;
	struct buf *out = &v->loop->scratch;

	if (result == EXCHANGE_BODY_MALFORMED) {
		upstream_cancel(p->call);
		reply_error(v, 400, "bad_request", "The body's framing is broken");
		return false;
	}
	if (!v->request->chunked && result == EXCHANGE_BODY_WHOLE) {
		upstream_write_end(p->call);
		return true;
	}
	if (!v->request->chunked)
		return upstream_write(p->call, piece);
	buf_reset(out);
	if (result == EXCHANGE_BODY_WHOLE)
		http1_write_last_chunk(out);
	else
		http1_write_chunk(out, piece);
	bool more = !out->failed && upstream_write(p->call, buf_str(out));
	if (result == EXCHANGE_BODY_WHOLE)
		upstream_write_end(p->call);
	return more;
}

static void on_writable(void *ctx)
{
	struct visit *v = ctx;
	if (v->proxy->streaming)
		exchange_stream_resume(v->x);
	else
		exchange_stream_body(v->x, on_piece);
	v->proxy->streaming = true;
}

/* ---- The answer ---- */

static void on_drained(struct exchange *x)
{
	struct visit *v = exchange_context(x);
	upstream_resume(v->proxy->call);
}

static void on_head(void *ctx, const struct http_response *response, enum http1_body body)
{
	struct visit *v = ctx;
	struct proxy *p = v->proxy;
	struct reply reply __attribute__((uninitialized)); /* 1 kB; reply_init sets what is read */

	proxy_fill_reply(v, response, &reply);
	bool head = v->request->method == HTTP_HEAD;
	bool bare = response->status == 204 || response->status == 304;
	p->begun = true;
	p->open = !bare;
	if (!bare) {
		reply.drained = on_drained;
		reply.sized = body == HTTP1_BODY_LENGTH || (head && response->has_length);
		reply.length = response->length;
	}
	if (v->mcp && !mcp_answer_head(v, response, &reply)) {
		p->begun = p->open = false;
		upstream_cancel(p->call);
		reply_error(v, 502, "bad_gateway", "The server behind the gate gave an answer that cannot be judged");
		return;
	}
	if (v->mcp && v->mcp->link)
		upstream_be_patient(p->call);
	reply_send(&reply, -1, 0, 0);
	if (p->open) { /* perhaps for days */
		(void)visit_client(v);
		exchange_forget_request(v->x);
	}
}

static bool on_answer_piece(void *ctx, struct str piece)
{
	struct visit *v = ctx;
	bool more = false;
	if (!v->mcp)
		return exchange_answer_write(v->x, piece);
	if (!mcp_answer_piece(v, piece, &more))
		proxy_end(v);
	return more;
}

static void on_end(void *ctx)
{
	struct visit *v = ctx;
	if (v->proxy->open && v->mcp && !mcp_answer_end(v))
		exchange_answer_break_off(v->x);
	else if (v->proxy->open)
		exchange_answer_end(v->x);
	v->proxy->open = false;
}

static void on_failed(void *ctx, enum upstream_failure failure)
{
	struct visit *v = ctx;
	struct proxy *p = v->proxy;

	if (p->begun) {
		if (p->open)
			exchange_answer_break_off(v->x);
		p->open = false;
	} else if (failure == UPSTREAM_TIMEOUT) {
		reply_error(v, 504, "gateway_timeout", "The server behind the gate did not answer in time");
	} else if (failure == UPSTREAM_NO_MEMORY) {
		reply_error(v, 503, "unavailable", "Out of memory");
	} else if (failure == UPSTREAM_UNREACHABLE) {
		reply_error(v, 502, "bad_gateway", "The server behind the gate cannot be reached");
	} else {
		reply_error(v, 502, "bad_gateway", "The server behind the gate gave no good answer");
	}
}

/* ---- Both ---- */

static bool write_head(void *ctx, struct str host, struct buf *out)
{
	struct visit *v = ctx;
	return proxy_write_head(v, &v->proxy->identity, host, out);
}

static bool find_identity(struct visit *v, struct proxy_identity *ret)
{
	struct identity who;
	token_identity(v, &who);
	return identity_headers(&who, exchange_arena(v->x), ret->headers, &ret->count);
}

/* RFC 9110 section 9.2.2; what a method of another name does, nobody knows. */
static bool is_idempotent(enum http_method method)
{
	return method == HTTP_GET || method == HTTP_HEAD || method == HTTP_PUT || method == HTTP_DELETE
		|| method == HTTP_OPTIONS;
}

static void enter_list(struct proxy *p, struct proxy **list)
{
	p->next = *list;
	p->at = list;
	if (p->next)
		p->next->at = &p->next;
	*list = p;
}

static void leave_list(struct proxy *p)
{
	if (!p->at)
		return;
	*p->at = p->next;
	if (p->next)
		p->next->at = p->at;
	p->at = NULL;
}

void proxy_run(struct visit *v)
{
	const struct http_request *r = v->request;
	struct proxy *p = ARENA_NEW(exchange_arena(v->x), struct proxy);
	struct upstream_request request = {
		.x = v->x, .body = v->body, .ctx = v,
		.streamed = (r->chunked || r->length > 0) && !proxy_has_read(v),
		.idempotent = is_idempotent(r->method), .to_head = r->method == HTTP_HEAD,
		.write_head = write_head, .writable = on_writable, .head = on_head, .piece = on_answer_piece, .end = on_end,
		.failed = on_failed,
	};
	if (p && find_identity(v, &p->identity)) {
		v->proxy = p;
		p->call = upstream_begin(v->seat->upstreams[v->api->place], &request);
	}
	if (!p || !p->call) {
		reply_error(v, 503, "unavailable", "Out of memory");
		return;
	}
	p->visit = v;
	enter_list(p, &v->seat->calls);
	exchange_hold(v->x);
	upstream_go(p->call);
}

void proxy_finished(struct visit *v)
{
	struct proxy *p = v->proxy;
	if (!p)
		return;
	leave_list(p);
	if (p->call)
		upstream_cancel(p->call);
}

void proxy_end(struct visit *v)
{
	struct proxy *p = v->proxy;
	leave_list(p); /* also where the client is still to take the end of an answer */
	upstream_cancel(p->call);
	if (p->begun && p->open)
		exchange_answer_break_off(v->x);
	else if (!p->begun)
		reply_error(v, 503, "unavailable", "The configuration that this request began with has ended");
	p->open = false;
}

void proxy_break_off(struct seat *seat, const struct edition *unless)
{
	struct proxy *ended = NULL; /* one that ends may end others */
	for (struct proxy *p = seat->calls, *next; p; p = next) {
		next = p->next;
		if (unless && edition_has_api(unless, p->visit->api->number))
			continue;
		leave_list(p);
		enter_list(p, &ended);
	}
	while (ended)
		proxy_end(ended->visit);
}
