/* SPDX-License-Identifier: Apache-2.0
 * What an MCP server answers, on its way to the client: lists filtered, sessions signed, streams kept open.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/mcp.h"

#include <stdlib.h>

/* ---- The request's fields ---- */

static bool starts_as_ours(struct str name)
{
	return name.n > 4 && str_eq_ignore_case((struct str){ name.p, 3 }, STR("mcp"));
}

/* "Mcp_Name": what some readers would take for the field that was judged. */
static bool is_alias(struct str name)
{
	for (size_t i = 0; starts_as_ours(name) && i < name.n; i++) {
		char c = name.p[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!word && c != '-')
			return true;
	}
	return false;
}

/* A list, or what may play one again. */
static bool may_list(const struct mcp *m)
{
	return !m->method || m->method->kind == MCP_LIST;
}

bool mcp_goes_up(const struct visit *v, struct str name)
{
	const struct mcp *m = v->mcp;
	char first = (char)(name.p[0] | 0x20);
	if (first != 'm' && first != 'l' && first != 'a')
		return true; /* none of those below */
	if (str_eq_ignore_case(name, STR(MCP_SESSION_FIELD)) || is_alias(name))
		return false;
	if (str_eq_ignore_case(name, STR("Last-Event-ID")))
		return m->session.p != NULL;
	return !(may_list(m) && str_eq_ignore_case(name, STR("Accept-Encoding")));
}

void mcp_write_fields(const struct visit *v, struct buf *out)
{
	if (v->mcp->session.p)
		http1_write_header(out, STR(MCP_SESSION_FIELD), v->mcp->session);
}

/* ---- The answer's head ---- */

static struct str find(const struct http_response *response, struct str name, size_t *ret_count)
{
	struct str value = { NULL, 0 };
	*ret_count = 0;
	for (size_t i = 0; i < response->header_count; i++) {
		if (!str_eq_ignore_case(response->headers[i].name, name))
			continue;
		value = response->headers[i].value;
		++*ret_count;
	}
	return value;
}

static bool has_coding(const struct http_response *response)
{
	size_t count;
	struct str coding = find(response, STR("Content-Encoding"), &count);
	return count > 1 || (count == 1 && !str_eq_ignore_case(coding, STR("identity")));
}

enum form { FORM_JSON, FORM_EVENTS, FORM_OTHER };

static enum form form_of(const struct http_response *response)
{
	size_t count;
	struct str type, charset, value = find(response, STR("Content-Type"), &count);
	if (count != 1 || !http_media_type(value, &type) || !http_media_parameter(value, STR("charset"), &charset)
		|| (charset.p && !str_eq_ignore_case(charset, STR("utf-8"))))
		return FORM_OTHER;
	if (str_eq_ignore_case(type, STR("text/event-stream")))
		return FORM_EVENTS;
	return str_eq_ignore_case(type, STR("application/json")) ? FORM_JSON : FORM_OTHER;
}

/* False where it is no id that could be shown. Since 2026-07-28 there are none. */
static bool sign_session(struct visit *v, struct reply *reply)
{
	size_t kept = 0;
	for (size_t i = 0; i < reply->count; i++) {
		struct http_header header = reply->headers[i];
		bool session = str_eq_ignore_case(header.name, STR(MCP_SESSION_FIELD));
		if (session && v->mcp->modern)
			continue;
		if (session)
			header.value = mcp_session_show(v, header.value);
		if (session && !header.value.p)
			return false;
		reply->headers[kept++] = header;
	}
	reply->count = kept;
	return true;
}

static void emit(void *ctx, struct str bytes)
{
	struct visit *v = ctx;
	(void)exchange_answer_write(v->x, bytes);
}

/* False without memory. */
static bool begin_filter(struct visit *v, bool events)
{
	struct mcp *m = v->mcp;
	m->filter = malloc(sizeof(*m->filter));
	if (!m->filter)
		return false;
	mcp_visible(v, &m->rules);
	m->rules.emit = emit;
	mcp_list_init(m->filter, &m->rules, events);
	return true;
}

bool mcp_answer_head(struct visit *v, const struct http_response *response, struct reply *reply)
{
	struct mcp *m = v->mcp;
	bool good = response->status >= 200 && response->status < 300;
	bool bodied = reply->drained != NULL && !(reply->sized && reply->length == 0);
	enum form form = form_of(response);
	if (!sign_session(v, reply))
		return false;
	if (good && bodied && may_list(m)) {
		/* What we cannot read, nobody may have filtered (M14). */
		if (has_coding(response) || form == FORM_OTHER || !begin_filter(v, form == FORM_EVENTS))
			return false;
		reply->sized = false;
	}
	if (good && bodied && form == FORM_EVENTS) {
		m->kept_alive = !has_coding(response);
		m->at_line_start = true;
		return mcp_stream_open(m);
	}
	return true;
}

/* ---- Its body ---- */

bool mcp_answer_piece(struct visit *v, struct str piece, bool *ret_more)
{
	struct mcp *m = v->mcp;
	if (piece.n > 0)
		m->at_line_start = piece.p[piece.n - 1] == '\n';
	m->sent_ns = exchange_clock_ns(v->x);
	if (m->filter && !mcp_list_feed(m->filter, piece))
		return false;
	*ret_more = exchange_answer_write(v->x, m->filter ? STR("") : piece);
	return true;
}

bool mcp_answer_end(struct visit *v)
{
	return !v->mcp->filter || mcp_list_end(v->mcp->filter);
}

void mcp_finished(struct visit *v)
{
	struct mcp *m = v->mcp;
	mcp_stream_close(m);
	if (!m->filter)
		return;
	mcp_list_done(m->filter);
	free(m->filter);
	m->filter = NULL;
}
