/* SPDX-License-Identifier: Apache-2.0
 * Setting up libcurl for one hop of a call, and what comes of it.
 * outbound: may include base and wire.
 */
#include "outbound/transfer.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define MS_NS INT64_C(1000000)

void transfer_fail(struct transfer *t, enum outbound_result result, const char *format, ...)
{
	va_list args;

	t->call->result = result;
	va_start(args, format);
	vsnprintf(t->call->reason, sizeof(t->call->reason), format, args);
	va_end(args);
}

unsigned transfer_left_ms(const struct transfer *t)
{
	const int64_t left = t->end_ns - clock_monotonic_ns();

	return left > 0 ? (unsigned)(left / MS_NS) + 1 : 0;
}

static uint64_t length_of(const struct outbound_part *part)
{
	return part->text.p ? part->text.n : part->length;
}

bool transfer_init(struct transfer *t, struct outbound_call *call, const struct guard *guard, const char *ca)
{
	const char *wrong = "";

	*t = (struct transfer){ .call = call, .guard = guard, .ca = ca };
	call->transfer = t;
	t->start_ns = clock_monotonic_ns();
	t->end_ns = t->start_ns + call->total_ms * MS_NS;
	for (size_t i = 0; i < call->part_count; i++)
		t->body_bytes += length_of(&call->parts[i]);
	if (url_read(call->url, &t->url, &wrong)) {
		t->first = t->url;
		return true;
	}
	transfer_fail(t, OUTBOUND_BAD_URL, "the address %s", wrong);
	return false;
}

static void free_lists(struct transfer *t)
{
	curl_slist_free_all(t->headers);
	curl_slist_free_all(t->pins);
	t->headers = t->pins = NULL;
}

void transfer_done(struct transfer *t)
{
	t->call->took_ms = (uint32_t)((clock_monotonic_ns() - t->start_ns) / MS_NS);
	free_lists(t);
}

/* ---- Addresses ---- */

static bool refuse_address(struct transfer *t, const char *which)
{
	transfer_fail(t, OUTBOUND_FORBIDDEN,
		"%.100s %s that only this machine's own networks have (outbound.allow permits such)",
		t->url.host, which);
	return false;
}

/* "+host:port:address,address": what libcurl connects to in place of asking for itself. The plus makes
 * it forget them after a minute. */
static bool pin(struct transfer *t, const struct lookup *lookup)
{
	struct buf line;
	char text[INET6_ADDRSTRLEN];

	buf_init(&line, URL_HOST_ROOM + 16 + LIMIT_OUTBOUND_ADDRESSES * (sizeof(text) + 3));
	buf_printf(&line, "+%s:%u", t->url.host, t->url.port);
	for (size_t i = 0; i < lookup->count; i++) {
		const struct sockaddr *a = (const struct sockaddr *)&lookup->addresses[i];
		const bool v6 = a->sa_family == AF_INET6;
		const void *bytes = v6 ? (const void *)&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr
				       : (const void *)&((const struct sockaddr_in *)(const void *)a)->sin_addr;
		if (inet_ntop(a->sa_family, bytes, text, sizeof(text)))
			buf_printf(&line, v6 ? "%c[%s]" : "%c%s", i == 0 ? ':' : ',', text);
	}
	buf_add_char(&line, '\0');
	struct curl_slist *pins = line.failed ? NULL : curl_slist_append(NULL, line.p);
	buf_done(&line);
	if (!pins)
		transfer_fail(t, OUTBOUND_BUSY, "there is no memory");
	t->pins = pins;
	return pins != NULL;
}

bool transfer_check(struct transfer *t, const struct lookup *lookup)
{
	free_lists(t);
	if (t->url.address.any.sa_family != AF_UNSPEC)
		return guard_allows(t->guard, &t->url.address.any) || refuse_address(t, "is an address");
	if (lookup->count == 0) {
		transfer_fail(t, OUTBOUND_NO_NAME, "the name %.100s has no address, or is not known now",
			t->url.host);
		return false;
	}
	/* One that is special is enough: a name that has it beside others means to be let in. */
	for (size_t i = 0; i < lookup->count; i++)
		if (!guard_allows(t->guard, (const struct sockaddr *)&lookup->addresses[i]))
			return refuse_address(t, "has an address");
	return pin(t, lookup);
}

/* ---- What libcurl calls ---- */

/* The last word: whatever led here, this is what is connected to. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct transfer *t = arg;

	(void)purpose;
	if (!guard_allows(t->guard, &a->addr)) {
		t->forbidden = true;
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static int before_request(void *arg, char *address, char *local_address, int port, int local_port)
{
	struct transfer *t = arg;

	(void)address, (void)local_address, (void)port, (void)local_port;
	t->call->sent = true;
	return CURL_PREREQFUNC_OK;
}

static size_t read_body(char *into, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	const struct outbound_call *call = t->call;
	size_t room = size * count;

	for (; t->part < call->part_count; t->part++, t->part_at = 0) {
		const struct outbound_part *part = &call->parts[t->part];
		const uint64_t left = length_of(part) - t->part_at;
		const size_t n = left < room ? (size_t)left : room;
		if (n == 0)
			continue;
		if (part->text.p)
			memcpy(into, part->text.p + t->part_at, n);
		else if (pread(part->fd, into, n, (off_t)(part->offset + t->part_at)) != (ssize_t)n)
			return CURL_READFUNC_ABORT; /* the file is shorter than it was */
		t->part_at += n;
		return n;
	}
	return 0;
}

/* libcurl reads a body again where a kept connection turned out to be closed. */
static int seek_body(void *arg, curl_off_t offset, int origin)
{
	struct transfer *t = arg;

	if (origin != SEEK_SET || offset != 0)
		return CURL_SEEKFUNC_CANTSEEK;
	t->part = 0;
	t->part_at = 0;
	return CURL_SEEKFUNC_OK;
}

static size_t take_body(char *p, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	struct buf *body = &t->call->body;
	const size_t n = size * count, room = body->max - body->n;

	if (n <= room)
		return buf_add(body, p, n) ? n : 0;
	t->body_too_large = true;
	t->call->was_cut = true;
	buf_add(body, p, room);
	return 0;
}

/* One header line. A status line starts another head: those of 1xx answers are dropped. */
static size_t take_head(char *p, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	const size_t n = size * count;

	if (str_starts((struct str){ p, n }, STR("HTTP/")))
		t->call->head.n = 0;
	if (buf_add(&t->call->head, p, n))
		return n;
	t->head_too_large = true;
	return 0;
}

/* ---- Setting up ---- */

static bool add_header(struct transfer *t, const char *text)
{
	struct curl_slist *list = curl_slist_append(t->headers, text);

	if (list)
		t->headers = list;
	return list != NULL;
}

/* What libcurl would add of its own is taken out: "Name:" alone means that. */
static bool list_headers(struct transfer *t)
{
	const struct outbound_call *call = t->call;
	const bool own = url_same_origin(&t->first, &t->url);
	struct buf line;
	bool good = add_header(t, "Expect:");

	buf_init(&line, LIMIT_HEAD_BYTES);
	for (size_t i = 0; good && own && i < call->header_count; i++) {
		const struct http_header *h = &call->headers[i];
		line.n = 0;
		buf_printf(&line, h->value.n > 0 ? "%.*s: %.*s" : "%.*s;", STR_FMT(h->name),
			STR_FMT(h->value));
		good = buf_add_char(&line, '\0') && !memchr(line.p, '\r', line.n) &&
		       !memchr(line.p, '\n', line.n) && add_header(t, line.p);
	}
	buf_done_secret(&line);
	return good;
}

#define SET(option, value) (curl_easy_setopt(t->easy, (option), (value)) == CURLE_OK)

static bool set_limits(struct transfer *t)
{
	const unsigned left = transfer_left_ms(t), connect = t->call->connect_ms;

	return SET(CURLOPT_TIMEOUT_MS, (long)(left > 0 ? left : 1)) &&
	       SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(connect < left ? connect : left)) &&
	       SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_FOLLOWLOCATION, 0L) && SET(CURLOPT_PROXY, "") &&
	       SET(CURLOPT_NOPROXY, "*") && SET(CURLOPT_PROTOCOLS_STR, "http,https") &&
	       SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) && SET(CURLOPT_NETRC, 0L) &&
	       SET(CURLOPT_HTTP09_ALLOWED, 0L) && SET(CURLOPT_TCP_NODELAY, 1L) &&
	       SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
	       (!t->ca || (SET(CURLOPT_CAINFO, t->ca) && SET(CURLOPT_CAPATH, NULL)));
}

static bool set_functions(struct transfer *t)
{
	return SET(CURLOPT_OPENSOCKETFUNCTION, open_socket) && SET(CURLOPT_OPENSOCKETDATA, t) &&
	       SET(CURLOPT_PREREQFUNCTION, before_request) && SET(CURLOPT_PREREQDATA, t) &&
	       SET(CURLOPT_WRITEFUNCTION, take_body) && SET(CURLOPT_WRITEDATA, t) &&
	       SET(CURLOPT_HEADERFUNCTION, take_head) && SET(CURLOPT_HEADERDATA, t) &&
	       SET(CURLOPT_READFUNCTION, read_body) && SET(CURLOPT_READDATA, t) &&
	       SET(CURLOPT_SEEKFUNCTION, seek_body) && SET(CURLOPT_SEEKDATA, t) && SET(CURLOPT_PRIVATE, t);
}

static bool set_request(struct transfer *t)
{
	const char *method = t->call->method;
	bool good;

	if (strcmp(method, "GET") == 0)
		good = SET(CURLOPT_HTTPGET, 1L);
	else if (strcmp(method, "HEAD") == 0)
		good = SET(CURLOPT_NOBODY, 1L);
	else
		good = SET(CURLOPT_POST, 1L) && SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body_bytes) &&
		       SET(CURLOPT_CUSTOMREQUEST, method);
	return good && SET(CURLOPT_URL, t->url.text) && SET(CURLOPT_USERAGENT, "Remit/" REMIT_VERSION) &&
	       SET(CURLOPT_HTTPHEADER, t->headers) && SET(CURLOPT_RESOLVE, t->pins);
}

bool transfer_prepare(struct transfer *t)
{
	struct outbound_call *call = t->call;

	buf_done(&call->head);
	buf_done(&call->body);
	buf_init(&call->head, LIMIT_OUTBOUND_HEAD_BYTES);
	buf_init(&call->body, call->answer_max);
	t->part = 0;
	t->part_at = 0;
	t->forbidden = t->head_too_large = t->body_too_large = call->was_cut = false;
	if (list_headers(t) && set_limits(t) && set_functions(t) && set_request(t))
		return true;
	transfer_fail(t, OUTBOUND_BUSY, "there is no memory, or a header that cannot be sent");
	return false;
}

/* ---- What came of it ---- */

static const char *tls_reason(CURLcode code)
{
	switch ((int)code) {
	case CURLE_PEER_FAILED_VERIFICATION:
		return "its certificate is not good for this host";
	case CURLE_SSL_CACERT_BADFILE:
		return "the file of trusted certificates cannot be read";
	default:
		return "no secure connection came about";
	}
}

static bool is_tls(CURLcode code)
{
	return code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION ||
	       code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CIPHER || code == CURLE_SSL_ISSUER_ERROR ||
	       code == CURLE_SSL_CACERT_BADFILE || code == CURLE_USE_SSL_FAILED;
}

static void explain_failure(struct transfer *t, CURLcode code)
{
	const char *host = t->url.host;

	if (t->forbidden)
		refuse_address(t, "leads to an address");
	else if (code == CURLE_OPERATION_TIMEDOUT)
		transfer_fail(t, OUTBOUND_TIMED_OUT, "%.100s did not answer in time", host);
	else if (t->head_too_large)
		transfer_fail(t, OUTBOUND_BROKEN, "%.100s sent a head of more than %d bytes", host,
			LIMIT_OUTBOUND_HEAD_BYTES);
	else if (t->body_too_large)
		transfer_fail(t, OUTBOUND_TOO_LARGE, "%.100s sent more than %zu bytes", host,
			t->call->answer_max);
	else if (is_tls(code))
		transfer_fail(t, OUTBOUND_NO_TRUST, "%.100s: %s", host, tls_reason(code));
	else if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST)
		transfer_fail(t, OUTBOUND_NO_CONNECT, "%.100s takes no connection at port %u", host,
			t->url.port);
	else if (code == CURLE_OUT_OF_MEMORY)
		transfer_fail(t, OUTBOUND_BUSY, "there is no memory");
	else
		transfer_fail(t, OUTBOUND_BROKEN, "%.100s broke off, or answered what is no HTTP", host);
}

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* False, with the result set, where it goes nowhere. */
static bool turn(struct transfer *t)
{
	const struct str location = outbound_header(t->call, "Location");
	const char *wrong = "is missing";
	struct url url;

	if (t->hops == t->call->redirects) {
		transfer_fail(t, OUTBOUND_REDIRECTED, "it is redirected more than %u times",
			t->call->redirects);
		return false;
	}
	if (!location.p || !url_join(&t->url, location, &url, &wrong)) {
		transfer_fail(t, OUTBOUND_BAD_URL, "the address that it is redirected to %s", wrong);
		return false;
	}
	t->url = url;
	t->hops++;
	return true;
}

bool transfer_finish(struct transfer *t, CURLcode code)
{
	struct outbound_call *call = t->call;
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	call->status = (int)status;
	if (t->body_too_large && call->cut && !t->forbidden && status > 0)
		code = CURLE_OK;
	if (code != CURLE_OK) {
		explain_failure(t, code);
		return false;
	}
	if (call->redirects > 0 && is_redirect(call->status))
		return turn(t);
	call->result = OUTBOUND_ANSWERED;
	return false;
}
