/* SPDX-License-Identifier: Apache-2.0
 * Calls of a service's tools while a worker has them: what they tell of how far they are goes out as events before
 * the answer, and who called can call them off. Workers only put down; the loop sends.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/mcp.h"

#define EVENT_MAX (LIMIT_MCP_BODY_BYTES + 4096) /* a token may be as long as its message */

/* ---- On a worker ---- */

static bool is_cancelled(struct service_watch *watch)
{
	return atomic_load_explicit(&((struct mcp_running *)watch)->cancelled, memory_order_relaxed);
}

/* Where the client is slower than the tool, what came last stands for what it did not hear. */
static void put_down(struct service_watch *watch, uint64_t done, uint64_t total)
{
	struct mcp_running *r = (struct mcp_running *)watch;
	struct gate *gate = r->visit->gate;
	if (!r->token.p || is_cancelled(watch))
		return;
	pthread_mutex_lock(&gate->running_lock);
	if (r->waiting_count == 0 || done > r->waiting[r->waiting_count - 1].done) {
		if (r->waiting_count == MCP_PROGRESS_WAITING)
			r->waiting_count--;
		r->waiting[r->waiting_count++] = (struct mcp_progress){ done, total };
	}
	pthread_mutex_unlock(&gate->running_lock);
	server_wake(atomic_load(&gate->server));
}

/* ---- Beginning and end, on the loop ---- */

/* What the client names its progress by, as JSON; {NULL, 0}: it wants to hear of none. */
static struct str find_token(const struct visit *v)
{
	const struct jsonrpc_value *meta = &v->mcp->message.field[JSONRPC_META];
	struct json_wanted wanted = { .pointer = STR("/progressToken") };
	struct str accept = http_request_header(v->request, STR("Accept"), NULL), none = { NULL, 0 };
	const char *what;
	size_t at;
	if (meta->kind != JSON_KIND_OBJECT || !accept.p || !memmem(accept.p, accept.n, "text/event-stream", 17)
		|| json_select(meta->raw, &wanted, 1, &at, &what) != JSON_SELECT_OK || wanted.found != 1)
		return none;
	if (wanted.kind == JSON_KIND_STRING) /* with its quotes, which stand around it */
		return (struct str){ wanted.raw.p - 1, wanted.raw.n + 2 };
	return wanted.kind == JSON_KIND_NUMBER ? wanted.raw : none;
}

void mcp_running_begin(struct mcp_running *r, struct visit *v)
{
	struct gate *gate = v->gate;
	*r = (struct mcp_running){ .watch = { is_cancelled, put_down }, .visit = v };
	if (atomic_load(&gate->server))
		r->token = find_token(v);
	v->mcp->running = r;
	pthread_mutex_lock(&gate->running_lock);
	r->next = gate->running;
	r->link = &gate->running;
	if (r->next)
		r->next->link = &r->next;
	gate->running = r;
	pthread_mutex_unlock(&gate->running_lock);
	v->loop->running++;
}

void mcp_running_leave(struct mcp_running *r)
{
	struct gate *gate = r->visit->gate;
	pthread_mutex_lock(&gate->running_lock);
	*r->link = r->next;
	if (r->next)
		r->next->link = r->link;
	pthread_mutex_unlock(&gate->running_lock);
	r->visit->loop->running--;
	r->visit->mcp->running = NULL;
}

/* ---- Events ---- */

static void on_drained(struct exchange *x)
{
	struct mcp *m = ((struct visit *)exchange_context(x))->mcp;
	if (!m->running)
		return; /* the end is on its way */
	m->running->full = false;
	mcp_running_flush(m->visit->loop);
}

static void begin_stream(struct mcp_running *r, struct str first)
{
	struct visit *v = r->visit;
	struct reply reply;
	r->begun = true;
	v->mcp->told = true;
	v->mcp->kept_alive = v->mcp->at_line_start = true;
	reply_init(&reply, v, 200, first);
	reply_header(&reply, STR("Content-Type"), STR("text/event-stream"));
	reply_header(&reply, STR("X-Accel-Buffering"), STR("no"));
	reply.drained = on_drained;
	reply_send(&reply, -1, 0, 0);
	/* Without memory for what its conditions read nobody could judge the stream again. */
	if (!mcp_stream_open(v->mcp))
		r->ended = true;
}

static void send_event(struct mcp_running *r, struct str message)
{
	struct buf out;
	buf_init(&out, message.n + 64);
	buf_add_text(&out, "event: message\ndata: ");
	buf_add_str(&out, message);
	buf_add_text(&out, "\n\n");
	if (out.failed)
		r->ended = true; /* an event that is cut would be another */
	else if (!r->begun)
		begin_stream(r, buf_str(&out));
	else
		r->full = !exchange_answer_write(r->visit->x, buf_str(&out));
	r->visit->mcp->sent_ns = exchange_clock_ns(r->visit->x);
	buf_done(&out);
}

static void send_progress(struct mcp_running *r, const struct mcp_progress *progress)
{
	struct buf out;
	buf_init(&out, EVENT_MAX);
	buf_add_text(&out, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":");
	buf_add_str(&out, r->token);
	buf_add_text(&out, ",\"progress\":");
	buf_add_u64(&out, progress->done);
	buf_add_text(&out, ",\"total\":");
	buf_add_u64(&out, progress->total);
	buf_add_text(&out, "}}");
	if (!out.failed)
		send_event(r, buf_str(&out));
	buf_done(&out);
}

/* Takes what waits. */
static size_t take(struct mcp_running *r, struct mcp_progress ret[static MCP_PROGRESS_WAITING])
{
	pthread_mutex_lock(&r->visit->gate->running_lock);
	size_t count = r->waiting_count;
	memcpy(ret, r->waiting, count * sizeof(*ret));
	r->waiting_count = 0;
	pthread_mutex_unlock(&r->visit->gate->running_lock);
	return count;
}

static void flush(struct mcp_running *r)
{
	struct mcp_progress progress[MCP_PROGRESS_WAITING];
	if (!r->token.p || r->full || r->ended || exchange_is_gone(r->visit->x))
		return;
	size_t count = take(r, progress);
	for (size_t i = 0; i < count && !r->ended; i++)
		send_progress(r, &progress[i]);
}

/* One of this loop's, behind `after` (NULL: the first): others come and go meanwhile, but never these. */
static struct mcp_running *next_of(struct gate_loop *loop, struct mcp_running *after)
{
	pthread_mutex_lock(&loop->gate->running_lock);
	struct mcp_running *r = after ? after->next : loop->gate->running;
	while (r && r->visit->loop != loop)
		r = r->next;
	pthread_mutex_unlock(&loop->gate->running_lock);
	return r;
}

void mcp_running_flush(struct gate_loop *loop)
{
	if (loop->running == 0)
		return;
	for (struct mcp_running *r = next_of(loop, NULL); r; r = next_of(loop, r))
		flush(r);
}

void mcp_running_end(struct mcp_running *r, struct str result)
{
	struct visit *v = r->visit;
	r->full = false;
	flush(r);
	mcp_running_leave(r);
	if (!r->begun) {
		mcp_result(v, result);
		return;
	}
	struct str body = mcp_result_body(v, result);
	mcp_stream_close(v->mcp);
	if (!r->ended)
		send_event(r, body);
	if (r->ended)
		exchange_answer_break_off(v->x);
	else
		exchange_answer_end(v->x);
}

/* ---- Calling off ---- */

void mcp_running_stop(struct mcp_running *r)
{
	atomic_store(&r->cancelled, true);
	r->ended = true;
}

void mcp_running_tend(struct gate_loop *loop)
{
	if (loop->running == 0)
		return;
	for (struct mcp_running *r = next_of(loop, NULL); r; r = next_of(loop, r))
		if (r->visit->mcp->modern
			&& (exchange_is_gone(r->visit->x) || exchange_has_stopped(r->visit->x)))
			atomic_store(&r->cancelled, true);
}

static bool is_same(const struct mcp_running *r, const struct visit *v, const struct json_wanted *id)
{
	const struct jsonrpc_value *its = &r->visit->mcp->message.field[JSONRPC_ID];
	return r->visit->api->number == v->api->number && r->visit->mcp->modern == v->mcp->modern
	       && memcmp(r->visit->digest, v->digest, sizeof(v->digest)) == 0 && its->kind == id->kind
	       && str_eq(its->raw, id->raw);
}

void mcp_running_cancel(struct visit *v)
{
	const struct jsonrpc_value *params = &v->mcp->message.field[JSONRPC_PARAMS];
	struct json_wanted id = { .pointer = STR("/requestId") };
	struct mcp_running *found = NULL;
	const char *what;
	size_t at, count = 0;
	if (params->kind != JSON_KIND_OBJECT || json_select(params->raw, &id, 1, &at, &what) != JSON_SELECT_OK
		|| id.found != 1)
		return;
	pthread_mutex_lock(&v->gate->running_lock);
	for (struct mcp_running *r = v->gate->running; r; r = r->next)
		if (is_same(r, v, &id)) {
			found = r;
			count++;
		}
	if (count == 1)
		atomic_store(&found->cancelled, true);
	pthread_mutex_unlock(&v->gate->running_lock);
}
