/* SPDX-License-Identifier: Apache-2.0
 * Headers that every answer of a kind bears: limits of the token, CORS, no-store (T09).
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/reply.h"

#include "gate/forward.h"
#include "gate/mcp.h"
#include "gate/oauth.h"

#include <unistd.h>

#define DIGITS 12

static const char EXPOSED[] = "WWW-Authenticate, Remit-Request-Id, Retry-After, X-RateLimit-Limit, "
	"X-RateLimit-Remaining, X-RateLimit-Reset, Mcp-Session-Id";

void reply_init(struct reply *reply, struct visit *v, int status, struct str body)
{
	reply->visit = v;
	reply->status = status;
	reply->body = body;
	reply->drained = NULL;
	reply->cacheable = false;
	reply->sized = false;
	reply->count = 0;
	reply->room = REPLY_HEADERS;
	reply->headers = reply->own;
}

void reply_header(struct reply *reply, struct str name, struct str value)
{
	if (reply->count < reply->room)
		reply->headers[reply->count++] = (struct http_header){ name, value };
}

static struct str number_text(uint32_t number, char text[static DIGITS])
{
	size_t at = DIGITS;
	do {
		text[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	return (struct str){ text + at, DIGITS - at };
}

void reply_send(struct reply *reply, int fd, uint64_t offset, uint64_t length)
{
	struct visit *v = reply->visit;
	char limit[DIGITS], remaining[DIGITS], reset[DIGITS], retry[DIGITS];
	if (v->rate.limit) {
		reply_header(reply, STR("X-RateLimit-Limit"), number_text(v->rate.limit, limit));
		reply_header(reply, STR("X-RateLimit-Remaining"), number_text(v->rate.remaining, remaining));
		reply_header(reply, STR("X-RateLimit-Reset"), number_text(v->rate.reset_s, reset));
		if (v->rate.retry_s)
			reply_header(reply, STR("Retry-After"), number_text(v->rate.retry_s, retry));
	}
	for (size_t i = 0; i < reply->count && (reply->status == 401 || reply->status == 403); i++)
		if (str_eq(reply->headers[i].name, STR("WWW-Authenticate")))
			reply->headers[i].value = oauth_challenge(v, reply->headers[i].value);
	if (v->mcp)
		mcp_translate(reply);
	if (v->forwarded)
		forward_translate(reply);
	if (v->forwarded || (v->api && !(v->rule && v->rule->is_public && !v->mcp) && !reply->cacheable))
		reply_header(reply, STR("Cache-Control"), STR("no-store"));
	if (v->origin.p && !v->forwarded) {
		reply_header(reply, STR("Access-Control-Allow-Origin"), v->origin);
		reply_header(reply, STR("Access-Control-Expose-Headers"), STR(EXPOSED));
		reply_header(reply, STR("Vary"), STR("Origin"));
	}
	struct answer answer = { .status = reply->status, .headers = reply->headers,
		.header_count = reply->count, .body = reply->body };
	if (fd >= 0)
		exchange_answer_file(v->x, &answer, fd, offset, length);
	else if (reply->drained && reply->sized)
		exchange_answer_begin_sized(v->x, &answer, reply->length, reply->drained);
	else if (reply->drained)
		exchange_answer_begin(v->x, &answer, reply->drained);
	else
		exchange_answer(v->x, &answer);
}

void reply_body_failure(struct visit *v, enum exchange_body result)
{
	if (result == EXCHANGE_BODY_TOO_LARGE)
		reply_error(v, 413, "payload_too_large", "The body is too large");
	else if (result == EXCHANGE_BODY_MALFORMED)
		reply_error(v, 400, "bad_request", "The body's framing is broken");
	else
		reply_error(v, 503, "unavailable", "Too many large bodies at once");
}

void reply_json(struct visit *v, int status, struct str body)
{
	struct reply reply;
	reply_init(&reply, v, status, body);
	reply_header(&reply, STR("Content-Type"), STR("application/json"));
	reply_send(&reply, -1, 0, 0);
}

/* What came to no decision is noted by the code of its answer; so is what was allowed and then not run. */
static void note_refusal(struct visit *v, const char *code)
{
	enum gate_reason reason;
	bool refused = v->judged && v->reason != REMIT_ALLOWED;
	if (v->api && !refused && gate_reason_from_code(str_of(code), &reason))
		visit_refuse(v, reason);
}

void reply_error(struct visit *v, int status, const char *code, const char *message)
{
	note_refusal(v, code);
	struct buf *out = &v->loop->scratch;
	buf_reset(out);
	buf_add_text(out, "{\"error\":{\"code\":");
	buf_add_json(out, str_of(code));
	buf_add_text(out, ",\"message\":");
	buf_add_json(out, str_of(message));
	buf_add_text(out, "}}");
	struct reply reply;
	reply_init(&reply, v, status, out->failed
		? STR("{\"error\":{\"code\":\"unavailable\",\"message\":\"Out of memory\"}}") : buf_str(out));
	reply_header(&reply, STR("Content-Type"), STR("application/json"));
	if (status == 503)
		reply_header(&reply, STR("Retry-After"), STR("1"));
	reply_send(&reply, -1, 0, 0);
}
