/* SPDX-License-Identifier: Apache-2.0
 * Heads on their way through the gate: which fields go on, which do not, and which are ours (D23).
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/proxy.h"

#include "base/text.h"
#include "gate/mcp.h"

#include <arpa/inet.h>

enum { /* of a field */
	OF_THIS_HOP = 1 << 0, /* for this hop alone, or ours to write */
	NEVER_UP = 1 << 1,
	NEVER_DOWN = 1 << 2, /* Date is ours; Alt-Svc would lead round the gate */
};

#define LONGEST 25
#define OF_ONE_LENGTH 3

/* What does not simply go on, by the length of its name: most of what does differs in that already. */
static const struct known {
	const char *name;
	unsigned what;
} known[LONGEST + 1][OF_ONE_LENGTH] = {
	[2] = { { "te", OF_THIS_HOP } },
	[4] = { { "host", NEVER_UP }, { "date", NEVER_DOWN }, { "dpop", NEVER_UP } },
	[6] = { { "cookie", NEVER_UP }, { "expect", NEVER_UP } },
	[7] = { { "trailer", OF_THIS_HOP }, { "upgrade", OF_THIS_HOP }, { "alt-svc", NEVER_DOWN } },
	[10] = { { "connection", OF_THIS_HOP }, { "keep-alive", OF_THIS_HOP } },
	[13] = { { "authorization", NEVER_UP } },
	[14] = { { "content-length", OF_THIS_HOP }, { "http2-settings", OF_THIS_HOP } },
	[16] = { { "proxy-connection", OF_THIS_HOP } },
	[17] = { { "transfer-encoding", OF_THIS_HOP } },
	[18] = { { "proxy-authenticate", OF_THIS_HOP } },
	[19] = { { "proxy-authorization", OF_THIS_HOP } },
	[25] = { { "proxy-authentication-info", OF_THIS_HOP } },
};

/* Names as careless receivers see them: "Transfer_Encoding" is "Transfer-Encoding" (H01). */
static bool is_alike(struct str name, const char *wanted)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool sign = !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
		if (sign ? wanted[i] != '-' : (c | 0x20) != wanted[i])
			return false;
	}
	return true;
}

static unsigned what_is_known(struct str name)
{
	if (name.n > LONGEST)
		return 0;
	const struct known *one = known[name.n];
	for (size_t i = 0; i < OF_ONE_LENGTH && one[i].name; i++)
		if (is_alike(name, one[i].name))
			return one[i].what;
	return 0;
}

static bool is_connection(const struct http_header *header)
{
	return header->name.n == 10 && str_eq_ignore_case(header->name, STR("connection"));
}

/* The headers from the first Connection field on; most messages have none. */
static size_t find_connection(const struct http_header *headers, size_t count)
{
	size_t i = 0;
	while (i < count && !is_connection(&headers[i]))
		i++;
	return i;
}

/* Whether a Connection field from `first` on names it (H03). */
static bool is_named_by_connection(struct str name, const struct http_header *headers, size_t first,
	size_t count)
{
	for (size_t i = first; i < count; i++) {
		struct str value = headers[i].value, option;
		if (!is_connection(&headers[i]))
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

/* What only the gate says, or nobody. */
static bool is_gates_to_say(struct str name)
{
	return identity_may_be_special(name)
		&& (identity_is_ours(name) || identity_is_forwarding(name) || identity_is_override(name));
}

static void add_clients_fields(const struct visit *v, struct buf *out)
{
	const struct http_header *headers = v->request->headers;
	size_t count = v->request->header_count, first = find_connection(headers, count);
	for (size_t i = 0; i < count; i++)
		if (!(what_is_known(headers[i].name) & (OF_THIS_HOP | NEVER_UP))
			&& !is_gates_to_say(headers[i].name)
			&& !is_named_by_connection(headers[i].name, headers, first, count)
			&& (!v->mcp || mcp_goes_up(v, headers[i].name)))
			http1_write_header(out, headers[i].name, headers[i].value);
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

static char *put_decimal(char *at, uint8_t number)
{
	if (number >= 100)
		*at++ = (char)('0' + number / 100);
	if (number >= 10)
		*at++ = (char)('0' + number / 10 % 10);
	*at++ = (char)('0' + number % 10);
	return at;
}

/* "192.0.2.7", or of IPv6 without brackets; "unknown" for a unix socket (RFC 7239 section 6.2). */
static struct str address_text(const struct address *address, char room[static INET6_ADDRSTRLEN])
{
	static const struct address none;
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	if (memcmp(address, &none, sizeof(none)) == 0)
		return STR("unknown");
	if (memcmp(address->b, mapped, sizeof(mapped)) != 0)
		return str_of(inet_ntop(AF_INET6, address->b, room, INET6_ADDRSTRLEN));
	char *at = room;
	for (size_t i = 12; i < sizeof(address->b); i++) {
		at = put_decimal(at, address->b[i]);
		*at++ = '.';
	}
	return (struct str){ room, (size_t)(at - room) - 1 };
}

/* A field all of our own making: ids, addresses, names out of a vocabulary. */
static void add_own(struct buf *out, struct str name, struct str value)
{
	if (!buf_reserve(out, name.n + value.n + 4))
		return;
	char *at = mempcpy(out->p + out->n, name.p, name.n);
	at = mempcpy(at, ": ", 2);
	at = mempcpy(at, value.p, value.n);
	at = mempcpy(at, "\r\n", 2);
	out->n = (size_t)(at - out->p);
}

static void add_forwarding(struct visit *v, struct buf *out)
{
	char room[INET6_ADDRSTRLEN];
	struct address client = visit_client(v);
	struct str text = address_text(&client, room), host = v->request->authority;
	bool secure = client_is_secure(&v->edition->trusted, exchange_peer(v->x), v->request,
		exchange_is_secure(v->x));
	struct str proto = secure ? STR("https") : STR("http");
	bool six = memchr(text.p, ':', text.n) != NULL;
	add_own(out, STR("X-Forwarded-For"), text);
	add_own(out, STR("X-Forwarded-Proto"), proto);
	if (host.n > 0)
		http1_write_header(out, STR("X-Forwarded-Host"), host);
	buf_add_str(out, six ? STR("Forwarded: for=\"[") : STR("Forwarded: for="));
	buf_add_str(out, text);
	buf_add_str(out, six ? STR("]\";proto=") : STR(";proto="));
	buf_add_str(out, proto);
	if (host.n > 0) {
		buf_add_str(out, STR(";host=\""));
		buf_add_str(out, host);
		buf_add_char(out, '"');
	}
	buf_add_str(out, STR("\r\n"));
}

static void add_identity(const struct visit *v, const struct proxy_identity *identity, struct buf *out)
{
	char id[2 * sizeof(struct exchange_id)];
	for (size_t i = 0; i < identity->count; i++)
		add_own(out, identity->headers[i].name, identity->headers[i].value);
	hex_encode(exchange_request_id(v->x).b, sizeof(struct exchange_id), id);
	add_own(out, STR("Remit-Request-Id"), (struct str){ id, sizeof(id) });
}

bool proxy_has_read(const struct visit *v)
{
	return v->mcp || v->rule->conditions.reads_body;
}

static void add_framing(const struct visit *v, struct buf *out)
{
	const struct http_request *r = v->request;
	bool was_read = proxy_has_read(v);
	if (r->chunked && !was_read) {
		buf_add_str(out, STR("Transfer-Encoding: chunked\r\n"));
		return;
	}
	if (!r->chunked && !r->has_length)
		return;
	buf_add_str(out, STR("Content-Length: "));
	buf_add_u64(out, was_read ? v->body.n : r->length);
	buf_add_str(out, STR("\r\n"));
}

static void add_line(const struct visit *v, struct buf *out)
{
	const struct http_request *r = v->request;
	size_t room = 3 * v->path.n, n = 0;
	buf_add_str(out, r->method_text);
	buf_add_char(out, ' ');
	if (!buf_reserve(out, room) || remit_path_encode(v->path.p, v->path.n, out->p + out->n, room, &n) != REMIT_OK) {
		out->failed = true;
		return;
	}
	out->n += n;
	if (r->query.p) {
		buf_add_char(out, '?');
		buf_add_str(out, r->query);
	}
	buf_add_str(out, STR(" HTTP/1.1\r\n"));
}

bool proxy_write_head(struct visit *v, const struct proxy_identity *identity, struct str host, struct buf *out)
{
	add_line(v, out);
	http1_write_header(out, STR("Host"), host);
	add_clients_fields(v, out);
	add_cookies(v->request, out);
	add_forwarding(v, out);
	add_identity(v, identity, out);
	if (v->mcp)
		mcp_write_fields(v, out);
	if (v->api->authorization)
		http1_write_header(out, STR("Authorization"), str_of(v->api->authorization));
	add_framing(v, out);
	return buf_add_str(out, STR("\r\n"));
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

/* Who may call from where is the gate's to say. */
static bool comes_down(const struct visit *v, const struct http_response *response,
	const struct http_header *header, size_t connection)
{
	struct str name = header->name;
	return !(what_is_known(name) & (OF_THIS_HOP | NEVER_DOWN)) && !identity_is_ours(name)
		&& !starts_with(name, STR("access-control-"))
		&& !(v->rate.limit && starts_with(name, STR("x-ratelimit-"))) && !is_our_set_cookie(header)
		&& !is_named_by_connection(name, response->headers, connection, response->header_count);
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
		char first = (char)(*part.p | 0x20);
		if ((first == 'x' && str_eq_ignore_case(part, STR("xml")))
			|| (first == 'h' && str_eq_ignore_case(part, STR("htm"))))
			return true;
	}
	return false;
}

/* A browser's own store may keep it; nobody between (T09). */
static bool add_cache_control(const struct visit *v, struct str value, struct reply *reply)
{
	bool keep = (v->rule && v->rule->is_public && !v->mcp) || starts_with(value, STR("private"));
	reply->cacheable |= keep;
	return keep;
}

void proxy_fill_reply(struct visit *v, const struct http_response *response, struct reply *reply)
{
	size_t connection = find_connection(response->headers, response->header_count);
	reply_init(reply, v, response->status, (struct str){ NULL, 0 });
	reply->headers = v->loop->headers;
	reply->room = sizeof(v->loop->headers) / sizeof(v->loop->headers[0]);
	for (size_t i = 0; i < response->header_count; i++) {
		const struct http_header *header = &response->headers[i];
		if (!comes_down(v, response, header, connection))
			continue;
		if (str_eq_ignore_case(header->name, STR("cache-control"))
			&& !add_cache_control(v, header->value, reply))
			continue;
		reply_header(reply, header->name, header->value);
	}
	if (!v->api->config->html_trusted && may_run(response))
		reply_header(reply, STR("Content-Security-Policy"), STR("sandbox"));
}
