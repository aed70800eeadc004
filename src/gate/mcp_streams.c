/* SPDX-License-Identifier: Apache-2.0
 * Open streams: each is judged again a few times a second by its token, its owner and its rules as they are
 * then, and ended where one of them no longer allows it (D14); kept alive by a comment where it is silent;
 * and ended when its client has stopped sending, which to MCP is leaving.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/mcp.h"

#include "gate/proxy.h"
#include "gate/rest.h"

#define LOOK_EVERY_NS (INT64_C(250) * 1000000) /* D14: within 1 s, and a turn of the loop may be late */
#define SILENT_NS (INT64_C(15) * 1000000000)   /* as the SDKs do; proxies on the way wait for 30 to 60 s */

bool mcp_stream_open(struct mcp *m)
{
	struct gate_loop *loop = m->visit->loop;
	if (m->named.found) { /* the request is forgotten while its answer goes on */
		m->named.text = arena_copy_str(exchange_arena(m->visit->x), m->named.text);
		if (!m->named.text.p)
			return false;
	}
	m->sent_ns = exchange_clock_ns(m->visit->x);
	m->next = loop->streams;
	m->link = &loop->streams;
	if (m->next)
		m->next->link = &m->next;
	loop->streams = m;
	counter_add(&loop->counters->streams_opened, 1);
	return true;
}

void mcp_stream_close(struct mcp *m)
{
	if (!m->link)
		return;
	*m->link = m->next;
	if (m->next)
		m->next->link = m->link;
	m->link = NULL;
	counter_add(&m->visit->loop->counters->streams_closed, 1);
}

/* Whether everything that was allowed when it began still is. */
static bool still_holds(const struct mcp *m)
{
	struct visit *v = m->visit;
	if (m->operation_count == 0) {
		v->rule = NULL;
		return rest_holds(v, 0, &m->named);
	}
	for (size_t i = 0; i < m->operation_count; i++) {
		v->match.operation = m->operations[i];
		v->rule = &v->api->rules[m->operations[i]];
		if (!rest_holds(v, m->whens, &m->named))
			return false;
	}
	return true;
}

static void keep_alive(struct mcp *m, int64_t now_ns)
{
	if (!m->kept_alive || !m->at_line_start || now_ns - m->sent_ns < SILENT_NS)
		return;
	m->sent_ns = now_ns;
	(void)exchange_answer_write(m->visit->x, STR(":\n"));
}

void mcp_streams_tend(struct gate_loop *loop, int64_t now_ns)
{
	if (now_ns - loop->streams_ns < LOOK_EVERY_NS)
		return;
	loop->streams_ns = now_ns;
	for (struct mcp *m = loop->streams, *next; m; m = next) {
		next = m->next;
		if (exchange_is_gone(m->visit->x))
			continue; /* its end comes by itself */
		bool left = exchange_has_stopped(m->visit->x);
		if (!left && still_holds(m)) {
			keep_alive(m, now_ns);
			continue;
		}
		if (!left)
			counter_add(&loop->counters->streams_ended, 1);
		mcp_stream_close(m);
		if (m->running)
			mcp_running_stop(m->running);
		else
			proxy_end(m->visit);
	}
}
