/* SPDX-License-Identifier: Apache-2.0
 * Heads on their way through the gate: which fields go on, which do not, and which are ours (D23).
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/proxy.h"

#include "gate/identity.h"
#include "gate/token.h"

#include <arpa/inet.h>

#define HEAD_MAX (64 * 1024)

/* Names as careless receivers see them: "Transfer_Encoding" is "Transfer-Encoding" (H01). */
static bool is_alike(struct str name, struct str wanted)
{
	if (name.n != wanted.n)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool sign = !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
		if (sign ? wanted.p[i] != '-' : (c | 0x20) != wanted.p[i])
			return false;
	}
	return true;
}

static bool is_one_of(struct str name, const struct str *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_alike(name, names[i]))
			return true;
	return false;
}

#define NAME(text) { text, sizeof(text) - 1 }
#define IS_ONE_OF(name, names) is_one_of((name), (names), sizeof(names) / sizeof((names)[0]))

/* For this hop alone, or ours to write. */
static bool is_of_this_hop(struct str name)
{
	static const struct str names[] = {
		NAME("connection"), NAME("keep-alive"), NAME("proxy-connection"), NAME("te"),
		NAME("trailer"), NAME("transfer-encoding"), NAME("upgrade"), NAME("content-length"),
		NAME("proxy-authenticate"), NAME("proxy-authorization"),
		NAME("proxy-authentication-info"), NAME("http2-settings"),
	};
	return IS_ONE_OF(name, names);
}

/* Whether a Connection field names it (H03). */
static bool is_named_by_connection(struct str name, const struct http_header *headers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct str value = headers[i].value, option;
		if (!str_eq_ignore_case(headers[i].name, STR("connection")))
			continue;
		for (bool more = true; more;) {
			more = str_cut(&value, ',', &option);
			if (str_eq_ignore_case(str_trim(option), name))
				return true;
		}
	}
	return false;
}

/* ---- The request ---- */

static bool goes_up(const struct http_request *request, struct str name)
{
	static const struct str never[] = {
		NAME("host"), NAME("expect"), NAME("authorization"), NAME("cookie"),
	};
	return !is_of_this_hop(name) && !IS_ONE_OF(name, never) && !identity_is_ours(name)
		&& !identity_is_forwarding(name) && !identity_is_override(name)
		&& !is_named_by_connection(name, request->headers, request->header_count);
}

static void add_cookies(const struct http_request *request, struct buf *out)
{
	bool any = false;
	for (size_t i = 0; i < request->header_count; i++) {
		if (!str_eq_ignore_case(request->headers[i].name, STR("cookie")))
			continue;
		size_t before = out->n;
		buf_add_text(out, any ? "; " : "Cookie: ");
		size_t start = out->n;
		if (!identity_write_cookies(request->headers[i].value, out))
			return;
		if (out->n == start)
			out->n = before;
		else
			any = true;
	}
	if (any)
		buf_add_text(out, "\r\n");
}

/* "192.0.2.7", or of IPv6 without brackets; "unknown" for a unix socket (RFC 7239 section 6.2). */
static void address_text(const struct address *address, char ret[static INET6_ADDRSTRLEN])
{
	static const struct address none;
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	if (memcmp(address, &none, sizeof(none)) == 0)
		strcpy(ret, "unknown");
	else if (memcmp(address->b, mapped, sizeof(mapped)) == 0)
		inet_ntop(AF_INET, address->b + 12, ret, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, address->b, ret, INET6_ADDRSTRLEN);
}

static void add_forwarding(const struct visit *v, struct buf *out)
{
	char text[INET6_ADDRSTRLEN];
	struct address client = client_address(&v->edition->trusted, exchange_peer(v->x), v->request);
	const char *proto = strncmp(v->edition->config->public_url, "https:", 6) == 0 ? "https" : "http";
	struct str host = v->request->authority;
	address_text(&client, text);
	bool six = strchr(text, ':') != NULL;
	http1_write_header(out, STR("X-Forwarded-For"), str_of(text));
	http1_write_header(out, STR("X-Forwarded-Proto"), str_of(proto));
	if (host.n > 0)
		http1_write_header(out, STR("X-Forwarded-Host"), host);
	buf_add_text(out, six ? "Forwarded: for=\"[" : "Forwarded: for=");
	buf_add_text(out, text);
	buf_add_text(out, six ? "]\";proto=" : ";proto=");
	buf_add_text(out, proto);
	if (host.n > 0) {
		buf_add_text(out, ";host=\"");
		buf_add_str(out, host);
		buf_add_char(out, '"');
	}
	buf_add_text(out, "\r\n");
}

static void add_identity(struct visit *v, struct buf *out)
{
	struct http_header headers[IDENTITY_HEADERS], id_header;
	struct identity who;
	struct arena *arena = exchange_arena(v->x);
	size_t count = 0;
	token_identity(v, &who);
	struct exchange_id id = exchange_request_id(v->x);
	if (!identity_headers(&who, arena, headers, &count)
		|| !identity_request_id(id.b, arena, &id_header)) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < count; i++)
		http1_write_header(out, headers[i].name, headers[i].value);
	http1_write_header(out, id_header.name, id_header.value);
}

static void add_framing(const struct visit *v, struct buf *out)
{
	const struct http_request *r = v->request;
	bool was_read = v->rule->conditions.reads_body;
	if (r->chunked && !was_read) {
		buf_add_text(out, "Transfer-Encoding: chunked\r\n");
		return;
	}
	if (!r->chunked && !r->has_length)
		return;
	buf_add_text(out, "Content-Length: ");
	buf_add_u64(out, was_read ? v->body.n : r->length);
	buf_add_text(out, "\r\n");
}

bool proxy_write_line(struct visit *v, struct str *ret_line)
{
	const struct http_request *r = v->request;
	size_t room = 3 * v->path.n, n = 0;
	struct arena *arena = exchange_arena(v->x);
	char *path = arena_alloc(arena, room + 1);
	struct buf *out = &v->loop->scratch;
	if (!path || remit_path_encode(v->path.p, v->path.n, path, room, &n) != REMIT_OK)
		return false;
	buf_reset(out);
	buf_add_str(out, r->method_text);
	buf_add_char(out, ' ');
	buf_add(out, path, n);
	if (r->query.p) {
		buf_add_char(out, '?');
		buf_add_str(out, r->query);
	}
	buf_add_text(out, " HTTP/1.1\r\n");
	if (out->failed)
		return false;
	*ret_line = arena_copy_str(arena, buf_str(out));
	return ret_line->p != NULL;
}

bool proxy_write_fields(struct visit *v, struct str *ret_fields)
{
	const struct http_request *r = v->request;
	struct buf out;
	buf_init(&out, HEAD_MAX);
	for (size_t i = 0; i < r->header_count; i++)
		if (goes_up(r, r->headers[i].name))
			http1_write_header(&out, r->headers[i].name, r->headers[i].value);
	add_cookies(r, &out);
	add_forwarding(v, &out);
	add_identity(v, &out);
	if (v->api->authorization)
		http1_write_header(&out, STR("Authorization"), str_of(v->api->authorization));
	add_framing(v, &out);
	buf_add_text(&out, "\r\n");
	*ret_fields = (struct str){ NULL, 0 };
	if (!out.failed)
		*ret_fields = arena_copy_str(exchange_arena(v->x), buf_str(&out));
	if (out.p)
		explicit_bzero(out.p, out.n);
	buf_done(&out);
	return ret_fields->p != NULL;
}

/* ---- The answer ---- */

static bool is_our_set_cookie(const struct http_header *header)
{
	struct str rest = header->value, name;
	if (!str_eq_ignore_case(header->name, STR("set-cookie")))
		return false;
	str_cut(&rest, '=', &name);
	return identity_is_our_cookie(str_trim(name));
}

static bool starts_with(struct str name, struct str start)
{
	return name.n >= start.n && str_eq_ignore_case((struct str){ name.p, start.n }, start);
}

static bool comes_down(const struct visit *v, const struct http_response *response,
	const struct http_header *header)
{
	/* Date is ours; Alt-Svc would lead round the gate; who may call from where is the gate's to say. */
	static const struct str never[] = {
		NAME("date"), NAME("alt-svc"),
	};
	struct str name = header->name;
	return !is_of_this_hop(name) && !IS_ONE_OF(name, never) && !identity_is_ours(name)
		&& !starts_with(name, STR("access-control-"))
		&& !(v->rate.limit && starts_with(name, STR("x-ratelimit-"))) && !is_our_set_cookie(header)
		&& !is_named_by_connection(name, response->headers, response->header_count);
}

/* What a browser may run as a page: also what says nothing of its type, or what nobody can read. */
static bool may_run(const struct http_response *response)
{
	struct str type = { NULL, 0 };
	for (size_t i = 0; i < response->header_count; i++)
		if (str_eq_ignore_case(response->headers[i].name, STR("content-type"))
			&& !http_media_type(response->headers[i].value, &type))
			return true;
	if (!type.p)
		return response->status != 204 && response->status != 304;
	for (size_t i = 0; i + 3 <= type.n; i++) {
		struct str part = { type.p + i, 3 };
		if (str_eq_ignore_case(part, STR("xml")) || str_eq_ignore_case(part, STR("htm")))
			return true;
	}
	return false;
}

/* A browser's own store may keep it; nobody between (T09). */
static bool add_cache_control(const struct visit *v, struct str value, struct reply *reply)
{
	bool keep = v->rule->is_public || starts_with(value, STR("private"));
	reply->cacheable |= keep;
	return keep;
}

bool proxy_fill_reply(struct visit *v, const struct http_response *response, struct reply *reply)
{
	size_t room = response->header_count + REPLY_HEADERS;
	struct http_header *list = arena_alloc(exchange_arena(v->x), room * sizeof(*list));
	if (!list)
		return false;
	reply_init(reply, v, response->status, (struct str){ NULL, 0 });
	reply->headers = list;
	reply->room = room;
	for (size_t i = 0; i < response->header_count; i++) {
		const struct http_header *header = &response->headers[i];
		if (!comes_down(v, response, header))
			continue;
		if (str_eq_ignore_case(header->name, STR("cache-control"))
			&& !add_cache_control(v, header->value, reply))
			continue;
		reply_header(reply, header->name, header->value);
	}
	if (!v->api->config->html_trusted && may_run(response))
		reply_header(reply, STR("Content-Security-Policy"), STR("sandbox"));
	return true;
}
