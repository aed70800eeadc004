/* SPDX-License-Identifier: Apache-2.0
 * /healthz: the process runs. /readyz: it may be sent requests. /metrics: what it has done. Where they share a
 * listener with the APIs, only who comes to it directly may read them: what a proxy on the same machine passed on is
 * from anywhere.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/identity.h"
#include "gate/reply.h"

#include "base/clock.h"

/* A refused configuration takes nothing away: the old one goes on. */
static void write_reload(struct gate *gate, struct buf *out)
{
	char at[TIME_TEXT_ROOM], why[sizeof(gate->reloads.why)];
	pthread_mutex_lock(&gate->lock);
	int64_t refused_ms = gate->reloads.refused_ms;
	memcpy(why, gate->reloads.why, sizeof(why));
	pthread_mutex_unlock(&gate->lock);
	if (!refused_ms)
		return;
	time_to_text(refused_ms, true, at);
	buf_printf(out, ",\"reload\":{\"at\":\"%s\",\"error\":", at);
	buf_add_json(out, str_of(why));
	buf_add_char(out, '}');
}

static void send_ready(struct visit *v)
{
	struct gate *gate = v->gate;
	const char *reasons[4];
	size_t count = 0;
	if (!feed_is_fresh(gate->feed, clock_monotonic_ns()))
		reasons[count++] = "the copy of the store is too old";
	if (!keeper_is_heard(gate->keeper))
		reasons[count++] = "the store cannot be written";
	if (!audit_writer_is_writable(gate->audit))
		reasons[count++] = "the audit log cannot be written";
	struct buf *out = &v->loop->scratch;
	buf_reset(out);
	buf_add_text(out, count == 0 ? "{\"ready\":true" : "{\"ready\":false,\"reasons\":[");
	for (size_t i = 0; i < count; i++) {
		buf_add_text(out, i > 0 ? "," : "");
		buf_add_json(out, str_of(reasons[i]));
	}
	buf_add_text(out, count == 0 ? "" : "]");
	write_reload(gate, out);
	buf_add_char(out, '}');
	reply_json(v, count == 0 ? 200 : 503, buf_str(out));
}

/* Whether some proxy says that it passed the request on. */
static bool was_passed_on(const struct http_request *request)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (identity_is_forwarding(request->headers[i].name) || str_eq_ignore_case(request->headers[i].name, STR("via")))
			return true;
	return false;
}

static bool is_path(struct str path)
{
	return str_eq(path, STR("/healthz")) || str_eq(path, STR("/readyz")) || str_eq(path, STR("/metrics"));
}

bool operations_request(struct visit *v)
{
	if (!is_path(v->path) || (exchange_listener(v->x) == GATE_LISTENER_BOTH && was_passed_on(v->request)))
		return false;
	if (v->request->method != HTTP_GET && v->request->method != HTTP_HEAD)
		return false;
	if (str_eq(v->path, STR("/healthz")))
		reply_json(v, 200, STR("{\"ok\":true}"));
	else if (str_eq(v->path, STR("/readyz")))
		send_ready(v);
	else
		metrics_answer(v);
	return true;
}
