/* SPDX-License-Identifier: Apache-2.0
 * Refusals in the words of JSON-RPC: the same statuses, headers and sentences as everywhere, in another body.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/mcp.h"

#include "gate/challenge.h"
#include "gate/possession.h"
#include "gate/token.h"

#define STATUS_CODES (-31000) /* -31403 is a 403 */

static const char NO_MEMORY[] =
	"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-31503,\"message\":\"Out of memory\"}}";

/* The request's id as it stands; null where it is not known, or none was asked for. */
static void add_id(struct buf *out, const struct mcp *m)
{
	const struct jsonrpc_value *id = &m->message.field[JSONRPC_ID];
	bool quoted = id->kind == JSON_KIND_STRING;
	if (!quoted && id->kind != JSON_KIND_NUMBER) {
		buf_add_text(out, "null");
		return;
	}
	buf_add_text(out, quoted ? "\"" : "");
	buf_add_str(out, id->raw);
	buf_add_text(out, quoted ? "\"" : "");
}

static void begin(struct buf *out, const struct mcp *m, int code)
{
	buf_reset(out);
	buf_add_text(out, "{\"jsonrpc\":\"2.0\",\"id\":");
	add_id(out, m);
	buf_add_text(out, ",\"error\":{\"code\":-");
	buf_add_u64(out, (uint64_t)-code); /* all are below zero */
	buf_add_text(out, ",\"message\":");
}

static struct str keep(struct visit *v, struct buf *out)
{
	struct str body = out->failed ? (struct str){ NULL, 0 } : arena_copy_str(exchange_arena(v->x), buf_str(out));
	return body.p ? body : STR(NO_MEMORY);
}

void mcp_error(struct visit *v, int status, enum mcp_code code, const char *message, const char *data)
{
	struct buf *out = &v->loop->scratch;
	if (!v->judged)
		visit_refuse(v, GATE_BAD_REQUEST);
	begin(out, v->mcp, (int)code);
	buf_add_json(out, str_of(message));
	if (data) {
		buf_add_text(out, ",\"data\":{");
		buf_add_text(out, data);
		buf_add_text(out, "}");
	}
	buf_add_text(out, "}}");
	v->mcp->told = true;
	reply_json(v, status, keep(v, out));
}

struct str mcp_result_body(struct visit *v, struct str result)
{
	struct buf out;
	buf_init(&out, result.n + LIMIT_MCP_BODY_BYTES); /* an id may be as long as its message */
	buf_add_text(&out, "{\"jsonrpc\":\"2.0\",\"id\":");
	add_id(&out, v->mcp);
	buf_add_text(&out, ",\"result\":");
	buf_add_str(&out, result);
	buf_add_char(&out, '}');
	struct str body = result.p && !out.failed ? keep(v, &out) : STR(NO_MEMORY);
	buf_done(&out);
	return body;
}

void mcp_result(struct visit *v, struct str result)
{
	struct str body = mcp_result_body(v, result);
	v->mcp->told = true;
	reply_json(v, body.p == NO_MEMORY ? 503 : 200, body);
}

/* ---- What was made for REST ---- */

static void add_number(struct buf *out, const char *name, const struct json_wanted *wanted)
{
	if (wanted->kind != JSON_KIND_NUMBER)
		return;
	buf_add_text(out, name);
	buf_add_str(out, wanted->raw);
}

void mcp_translate(struct reply *reply)
{
	struct visit *v = reply->visit;
	struct json_wanted wanted[] = {
		{ .pointer = STR("/error/code") },
		{ .pointer = STR("/error/message") },
		{ .pointer = STR("/error/limit") },
		{ .pointer = STR("/error/retry_after_seconds") },
	};
	size_t at;
	const char *what;
	if (v->mcp->told || reply->drained || reply->status < 400 || reply->body.n == 0)
		return;
	if (json_select(reply->body, wanted, sizeof(wanted) / sizeof(wanted[0]), &at, &what) != JSON_SELECT_OK)
		return; /* no text of ours */
	struct buf out;
	buf_init(&out, 64 * 1024);
	begin(&out, v->mcp, STATUS_CODES - reply->status);
	buf_add_char(&out, '"');
	buf_add_str(&out, wanted[1].raw);
	buf_add_text(&out, "\",\"data\":{\"code\":\"");
	buf_add_str(&out, wanted[0].raw);
	buf_add_char(&out, '"');
	add_number(&out, ",\"limit\":", &wanted[2]);
	add_number(&out, ",\"retry_after_seconds\":", &wanted[3]);
	buf_add_text(&out, "}}}");
	reply->body = keep(v, &out);
	buf_done(&out);
}

/* ---- Scopes ---- */

/* A client of an older version replaces what it has by what it is told to ask for: it is told both. */
static void add_granted(const struct visit *v, struct remit_scopes *set)
{
	const struct remit_policy *policy = v->api->policy;
	struct remit_question question;
	token_question(v, &question);
	for (size_t w = 0; question.granted && w < remit_policy_words(policy); w++)
		set->word[w] |= question.granted[w];
}

/* The names of a set in vocabulary order; they hold neither quotes nor backslashes (RFC 6749 section 3.3). */
static void add_names(struct buf *out, const struct remit_policy *policy, const struct remit_scopes *set,
	const char *separator)
{
	bool first = true;
	for (size_t i = 0; i < remit_policy_scopes(policy); i++) {
		if (!remit_scopes_has(set, i))
			continue;
		buf_add_text(out, first ? "" : separator);
		buf_add_text(out, remit_policy_scope_name(policy, i));
		first = false;
	}
}

void mcp_write_missing(struct buf *out, const struct remit_policy *policy, const struct remit_scopes *missing)
{
	buf_add_text(out, "\"Token missing scope(s): ");
	add_names(out, policy, missing, ", ");
	buf_add_text(out, "\",\"data\":{\"code\":\"insufficient_scope\",\"missing\":[\"");
	add_names(out, policy, missing, "\",\"");
	buf_add_text(out, "\"]}}}");
}

/* The challenge, and the end of the body. False without memory. */
static bool make_refusal(struct visit *v, const struct remit_decision *decision, struct str *ret_end,
	struct str *ret_header)
{
	struct buf *out = &v->loop->scratch;
	struct arena *arena = exchange_arena(v->x);
	struct remit_decision asked = *decision;
	struct str ignored;
	bool personal = (v->record.flags & REMIT_RECORD_KIND) == REMIT_TOKEN_PERSONAL;
	if (v->mcp->modern && challenge_scopes_made(v->rule, remit_policy_words(v->api->policy), decision, personal,
		ret_end, ret_header))
		return true;
	if (!v->mcp->modern)
		add_granted(v, &asked.needed);
	if (!challenge_scopes(v->api, v->api->mcp.metadata, &asked, personal, out, arena, &ignored, ret_header))
		return false;
	buf_reset(out);
	mcp_write_missing(out, v->api->policy, &decision->missing);
	*ret_end = out->failed ? (struct str){ NULL, 0 } : arena_copy_str(arena, buf_str(out));
	return ret_end->p != NULL;
}

void mcp_refuse_scope(struct visit *v, const struct remit_decision *decision)
{
	struct buf *out = &v->loop->scratch;
	struct str end, header;
	if (!make_refusal(v, decision, &end, &header)) {
		reply_error(v, 503, "unavailable", "Out of memory");
		return;
	}
	begin(out, v->mcp, STATUS_CODES - 403);
	buf_add_str(out, end);
	v->mcp->told = true;
	struct reply reply;
	reply_init(&reply, v, 403, out->failed ? STR(NO_MEMORY) : buf_str(out));
	reply_header(&reply, STR("Content-Type"), STR("application/json"));
	reply_header(&reply, STR("WWW-Authenticate"), possession_challenge(v, header, (struct str){ NULL, 0 }));
	reply_send(&reply, -1, 0, 0);
}
