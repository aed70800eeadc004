/* SPDX-License-Identifier: Apache-2.0
 * One call to an upstream: the request out, the answer in. It is sent a second time only where nothing
 * of the first can have been acted on.
 * net: may include base, core and wire.
 */
#include "net/upstream_internal.h"

static void start(struct upstream_call *call, bool pooled);

/* ---- The end ---- */

/* The link is no longer the call's. */
static struct upstream_link *part(struct upstream_call *call)
{
	struct upstream_link *link = call->link;
	call->link = NULL;
	if (link)
		link->call = NULL;
	return link;
}

void upstream_cancel(struct upstream_call *call)
{
	struct upstream_link *link = part(call);
	if (link)
		link_close(link);
}

/* A pooled connection may be closed by the other end just when it is used again (RFC 9110 section
 * 9.2.2): with no byte of an answer, and no body that was sent, doing it once more does it once. */
static bool may_go_again(const struct upstream_call *call)
{
	return call->link->reused && !call->link->heard && !call->again && call->request.idempotent
	       && call->request.body.n == 0 && !call->request.streamed;
}

void call_fail(struct upstream_call *call, enum upstream_failure failure)
{
	if (failure == UPSTREAM_CLOSED && may_go_again(call)) {
		call->again = true;
		link_close(part(call));
		call->whole = false;
		start(call, false);
		return;
	}
	upstream_cancel(call);
	call->request.failed(call->request.ctx, failure);
}

void call_unconnected(struct upstream_call *call, enum upstream_failure failure)
{
	struct upstream_link *link = part(call);
	struct upstream *up = call->up;

	link->place->down_until_ns = up->loop->now_ns + (int64_t)LIMIT_UPSTREAM_DOWN_MS * 1000000;
	call->tried |= UINT64_C(1) << (link->place - up->places);
	link_close(link);
	call->timed_out |= failure == UPSTREAM_TIMEOUT;
	if (!upstream_take_link(call, true)) {
		call->request.failed(call->request.ctx, call->timed_out ? UPSTREAM_TIMEOUT : failure);
		return;
	}
	if (call->link->state == LINK_BUSY)
		call_connected(call);
}

static void finish(struct upstream_call *call, bool clean)
{
	bool keep = clean && call->keep && call->whole && call->link->unsent == 0 && !call->link->more;
	struct upstream_link *link = part(call);

	if (keep)
		link_release(link);
	else
		link_close(link);
	call->request.end(call->request.ctx);
}

/* ---- The request ---- */

/* While the request is under way the upstream must make progress; for the client's part it need not. */
static void watch(struct upstream_call *call)
{
	struct upstream_link *link = call->link;
	if (call->part == PART_HEAD)
		link_arm(link, link->unsent > 0 || call->whole ? DEADLINE_HEAD : DEADLINE_PHASES);
}

#define BODY_BESIDE_HEAD (4 * 1024) /* a copy costs less than another write */

static bool write_request(struct upstream_call *call, struct buf *out, enum upstream_failure *reterr)
{
	const struct upstream_request *r = &call->request;
	bool beside = r->body.n <= BODY_BESIDE_HEAD;
	struct str host = str_of(call->link->place->address->host);

	*reterr = UPSTREAM_NO_MEMORY;
	if (!r->write_head(r->ctx, host, out) || (beside && !buf_add_str(out, r->body)))
		return false;
	*reterr = UPSTREAM_CLOSED;
	return link_write(call->link, buf_str(out)) && (beside || link_write(call->link, r->body));
}

static bool send_request(struct upstream_call *call, enum upstream_failure *reterr)
{
	struct buf *out = &call->up->head;
	bool sent = write_request(call, out, reterr);

	explicit_bzero(out->p, out->n); /* the upstream's credential */
	buf_reset(out);
	return sent;
}

void call_connected(struct upstream_call *call)
{
	enum upstream_failure failure;

	link_set_reading(call->link, true);
	if (!send_request(call, &failure)) {
		call_fail(call, failure);
		return;
	}
	call->whole = !call->request.streamed;
	watch(call);
	if (call->request.streamed)
		call->request.writable(call->request.ctx);
}

void call_written(struct upstream_call *call)
{
	watch(call);
	if (call->wait_write && call->link->unsent <= LIMIT_ANSWER_BACKLOG_BYTES / 2) {
		call->wait_write = false;
		call->request.writable(call->request.ctx);
	}
}

bool upstream_write(struct upstream_call *call, struct str piece)
{
	if (!call->link)
		return false;
	/* A write that fails is not the end: an answer may have come before. Reading tells. */
	(void)link_write(call->link, piece);
	watch(call);
	call->wait_write = call->link->unsent > LIMIT_ANSWER_BACKLOG_BYTES;
	return !call->wait_write;
}

void upstream_write_end(struct upstream_call *call)
{
	if (!call->link)
		return;
	call->whole = true;
	watch(call);
}

static void start(struct upstream_call *call, bool pooled)
{
	if (!upstream_take_link(call, pooled))
		call->request.failed(call->request.ctx, UPSTREAM_UNREACHABLE);
	else if (call->link->state == LINK_BUSY)
		call_connected(call);
}

struct upstream_call *upstream_begin(struct upstream *up, const struct upstream_request *request)
{
	struct upstream_call *call = ARENA_NEW(exchange_arena(request->x), struct upstream_call);
	if (!call)
		return NULL;
	call->up = up;
	call->request = *request;
	return call;
}

void upstream_go(struct upstream_call *call)
{
	start(call, true);
}

/* ---- The answer ---- */

/* The upstream must go on with its answer, unless we do not read, or it need not. */
static void watch_answer(struct upstream_call *call)
{
	link_arm(call->link, call->paused || call->patient ? DEADLINE_PHASES : DEADLINE_BODY);
}

void upstream_be_patient(struct upstream_call *call)
{
	if (!call->link)
		return;
	call->patient = true;
	watch_answer(call);
	link_watch_host(call->link);
}

/* How many of the bytes were used. False: the call is over. */
static bool read_head(struct upstream_call *call, const char *bytes, size_t n, size_t *ret_used)
{
	struct http_response *response = &call->up->response;
	struct http1_error error;
	size_t size = 0;

	*ret_used = 0;
	enum http1_result result = http1_parse_response(bytes, n, call->seen, response, &size, &error);
	if (result == HTTP1_MORE) {
		call->seen = n;
		return true;
	}
	bool interim = result == HTTP1_DONE && response->status < 200;
	if (result == HTTP1_ERROR || (interim && ++call->interim > LIMIT_UPSTREAM_INTERIM)) {
		call_fail(call, UPSTREAM_MALFORMED);
		return false;
	}
	call->seen = 0;
	*ret_used = size;
	if (interim)
		return true;
	call->part = PART_BODY;
	call->keep = response->keep_alive;
	call->body = http1_response_body(response, call->request.to_head);
	call->left = response->length;
	watch_answer(call);
	call->request.head(call->request.ctx, response, call->body);
	return call->link != NULL;
}

static bool pass(struct upstream_call *call, struct str piece)
{
	if (piece.n > 0 && !call->request.piece(call->request.ctx, piece))
		call->paused = true;
	return call->link != NULL;
}

/* False: the call is over. *ret_end: the body is whole. */
static bool read_body(struct upstream_call *call, const char *bytes, size_t n, size_t *ret_used,
		      bool *ret_end)
{
	struct str piece = { bytes, n };
	struct http1_error error;
	enum http1_result result;

	*ret_used = 0;
	switch (call->body) {
	case HTTP1_BODY_NONE:
		*ret_end = true;
		return true;
	case HTTP1_BODY_LENGTH:
		if (piece.n > call->left)
			piece.n = (size_t)call->left;
		call->left -= piece.n;
		*ret_used = piece.n;
		*ret_end = call->left == 0;
		return pass(call, piece);
	case HTTP1_BODY_UNTIL_CLOSE:
		*ret_used = n;
		return pass(call, piece);
	case HTTP1_BODY_CHUNKED:
		break;
	}
	result = http1_chunked_read(&call->chunked, bytes, n, ret_used, &piece, &error);
	if (result == HTTP1_ERROR) {
		call_fail(call, UPSTREAM_MALFORMED);
		return false;
	}
	*ret_end = result == HTTP1_DONE;
	return pass(call, piece);
}

/* Uses what it can. False: the call is over. */
static bool feed(struct upstream_call *call, const char *bytes, size_t n, size_t *ret_used)
{
	size_t at = 0, used = 0;
	bool end = false;

	*ret_used = 0;
	while (!call->paused || call->part == PART_HEAD) {
		if (call->part == PART_HEAD) {
			if (!read_head(call, bytes + at, n - at, &used))
				return false;
			at += used;
			*ret_used = at;
			if (call->part == PART_HEAD && (used == 0 || at == n))
				return true;
			continue;
		}
		if (!read_body(call, bytes + at, n - at, &used, &end))
			return false;
		at += used;
		*ret_used = at;
		if (end) {
			finish(call, at == n);
			return false;
		}
		if (at == n)
			return true;
	}
	return true;
}

/* The kept bytes and the new ones. */
static void go_on(struct upstream_call *call, const char *bytes, size_t n)
{
	struct upstream_link *link = call->link;
	bool kept = link->kept_n > 0;
	size_t used;

	if (kept && n > 0 && !link_keep(link, bytes, n)) {
		call_fail(call, UPSTREAM_CLOSED);
		return;
	}
	if (!feed(call, kept ? link->kept : bytes, kept ? link->kept_n : n, &used))
		return;
	if (kept) {
		memmove(link->kept, link->kept + used, link->kept_n - used);
		link->kept_n -= used;
	} else if (used < n && !link_keep(link, bytes + used, n - used)) {
		call_fail(call, UPSTREAM_CLOSED);
		return;
	}
	link_set_reading(link, !call->paused);
	if (call->part == PART_BODY)
		watch_answer(call);
}

void call_read(struct upstream_call *call, const char *bytes, size_t n)
{
	call->link->heard = true;
	go_on(call, bytes, n);
}

void call_eof(struct upstream_call *call)
{
	if (call->part == PART_BODY && call->body == HTTP1_BODY_UNTIL_CLOSE)
		finish(call, false);
	else
		call_fail(call, UPSTREAM_CLOSED);
}

void upstream_resume(struct upstream_call *call)
{
	if (!call->link || !call->paused)
		return;
	call->paused = false;
	if (call->link->kept_n > 0)
		go_on(call, NULL, 0);
	else {
		link_set_reading(call->link, true);
		watch_answer(call);
	}
	if (call->link && !call->paused && call->link->tls)
		link_tls_pump(call->link);
}
