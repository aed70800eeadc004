/* SPDX-License-Identifier: Apache-2.0
 * The numbers in the text form that Prometheus reads, sent family by family: never held as a whole.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/editions.h"
#include "gate/reply.h"

#include "base/clock.h"

static uint64_t sum(const struct gate *gate, size_t offset)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < COUNTERS_MAX; i++) {
		const char *counters = (const char *)atomic_load_explicit(&gate->counters[i], memory_order_acquire);
		if (counters)
			total += atomic_load_explicit((const _Atomic uint64_t *)(const void *)(counters + offset),
				memory_order_relaxed);
	}
	return total;
}

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(struct buf *out, const char *name, const char *type, const char *help, uint64_t value)
{
	head(out, name, type, help);
	buf_printf(out, "%s %llu\n", name, (unsigned long long)value);
}

static void add_label(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_add_char(out, '\\');
		if ((unsigned char)*text >= 0x20)
			buf_add_char(out, *text);
	}
}

static void decision(struct buf *out, const char *api, const char *verdict, const char *reason,
	uint64_t value)
{
	buf_add_text(out, "remit_decisions_total{api=\"");
	add_label(out, api);
	buf_printf(out, "\",verdict=\"%s\",reason=\"%s\"} %llu\n", verdict, reason, (unsigned long long)value);
}

static void write_decisions(const struct gate *gate, struct buf *out)
{
	head(out, "remit_decisions_total", "counter", "Decisions by API, verdict and reason.");
	for (size_t i = 0, count = numbers_api_count(gate->numbers); i < count; i++) {
		const char *api = numbers_api_text(gate->numbers, i);
		for (size_t r = 0; r < REMIT_REASONS; r++)
			decision(out, api, r == REMIT_ALLOWED ? "allowed" : "refused",
				remit_reason_text((enum remit_reason)r),
				sum(gate, offsetof(struct counters, decisions) + (i * REMIT_REASONS + r) * sizeof(uint64_t)));
		for (size_t r = 0; r < GATE_REASONS; r++)
			decision(out, api, "refused", gate_reason_text((unsigned)(GATE_BAD_REQUEST + r)),
				sum(gate, offsetof(struct counters, refusals) + (i * GATE_REASONS + r) * sizeof(uint64_t)));
	}
}

static void write_latency(const struct gate *gate, struct buf *out)
{
	const char *name = "remit_request_seconds";
	uint64_t below = 0;
	head(out, name, "histogram", "From the last byte of a judged request's head to the end of its answer.");
	for (size_t i = 0; i <= LATENCY_BUCKETS; i++) {
		below += sum(gate, offsetof(struct counters, latency) + i * sizeof(uint64_t));
		if (i < LATENCY_BUCKETS)
			buf_printf(out, "%s_bucket{le=\"%g\"} %llu\n", name, counters_bounds_us[i] / 1e6,
				(unsigned long long)below);
		else
			buf_printf(out, "%s_bucket{le=\"+Inf\"} %llu\n", name, (unsigned long long)below);
	}
	buf_printf(out, "%s_sum %.6f\n%s_count %llu\n", name,
		(double)sum(gate, offsetof(struct counters, latency_sum_us)) / 1e6, name, (unsigned long long)below);
}

static void write_server(const struct gate *gate, struct buf *out)
{
	const struct server *server = atomic_load(&gate->server);
	if (!server)
		return;
	struct server_counts counts;
	server_count(server, &counts);
	one(out, "remit_connections_open", "gauge", "Connections that are open.", counts.connections_open);
	one(out, "remit_connections_total", "counter", "Connections that were accepted.",
		counts.connections_total);
	one(out, "remit_connections_refused_total", "counter", "Connections past the limit.",
		counts.connections_refused);
	one(out, "remit_requests_malformed_total", "counter", "Requests that broke HTTP.",
		counts.requests_malformed);
	one(out, "remit_tls_failures_total", "counter",
		"TLS handshakes that came to nothing, and connections that broke TLS.", counts.tls_failures);
	one(out, "remit_timeouts_total", "counter", "Connections that were too slow.", counts.timeouts);
	one(out, "remit_body_bytes_held", "gauge", "Bytes of request bodies in memory.", counts.body_bytes_held);
	one(out, "remit_worker_queue", "gauge", "Exchanges that wait for a worker.", counts.worker_queue);
}

static void write_build(const struct gate *gate, struct buf *out)
{
	(void)gate;
	head(out, "remit_build_info", "gauge", "The version that runs.");
	buf_add_text(out, "remit_build_info{version=\"" REMIT_VERSION "\"} 1\n");
}

static void write_table(const struct gate *gate, struct buf *out)
{
	size_t texts, bytes;
	editions_table_size((struct gate *)(uintptr_t)gate, &texts, &bytes);
	one(out, "remit_table_tokens", "gauge", "Token texts in memory.", texts);
	one(out, "remit_table_bytes", "gauge", "Bytes that they take.", bytes);
}

static void write_feed(const struct gate *gate, struct buf *out)
{
	one(out, "remit_feed_revision", "gauge", "Revision of the store that the copy is at.",
		(uint64_t)feed_revision(gate->feed));
	head(out, "remit_feed_staleness_seconds", "gauge", "Age of the copy of the store.");
	double age = (double)feed_age_ns(gate->feed, clock_monotonic_ns()) / 1e9;
	buf_printf(out, "remit_feed_staleness_seconds %.3f\n", age);
	one(out, "remit_stale_refusals_total", "counter", "Requests refused because the copy was too old.",
		sum(gate, offsetof(struct counters, stale_refusals)));
}

static void write_audit(const struct gate *gate, struct buf *out)
{
	one(out, "remit_audit_records_total", "counter", "Records written to the audit log.",
		audit_writer_written(gate->audit));
	one(out, "remit_audit_lost_total", "counter", "Audit records that were lost.",
		audit_writer_lost(gate->audit));
	one(out, "remit_audit_writable", "gauge", "1 where the audit log can be written.",
		audit_writer_is_writable(gate->audit));
}

static void write_streams(const struct gate *gate, struct buf *out)
{
	uint64_t closed = sum(gate, offsetof(struct counters, streams_closed)); /* read first: never more than opened */
	uint64_t opened = sum(gate, offsetof(struct counters, streams_opened));
	one(out, "remit_mcp_streams_open", "gauge", "Event streams of MCP that are open.", opened - closed);
	one(out, "remit_mcp_streams_total", "counter", "Event streams of MCP that were opened.", opened);
	one(out, "remit_mcp_streams_ended_total", "counter",
		"Event streams that were ended because their token, owner or grant no longer allowed them.",
		sum(gate, offsetof(struct counters, streams_ended)));
}

static void write_reloads(const struct gate *gate, struct buf *out)
{
	struct gate *g = (struct gate *)(uintptr_t)gate;
	unsigned editions = 0;
	pthread_mutex_lock(&g->lock);
	struct gate_reloads reloads = g->reloads;
	for (const struct edition *e = g->editions; e; e = e->next)
		editions++;
	pthread_mutex_unlock(&g->lock);
	head(out, "remit_reload_total", "counter", "Configurations taken, or refused, while running.");
	buf_printf(out, "remit_reload_total{result=\"done\"} %llu\nremit_reload_total{result=\"refused\"} %llu\n",
		(unsigned long long)reloads.done, (unsigned long long)reloads.refused);
	head(out, "remit_config_loaded_timestamp_seconds", "gauge", "When the running configuration was read.");
	buf_printf(out, "remit_config_loaded_timestamp_seconds %.3f\n", (double)reloads.loaded_ms / 1000);
	one(out, "remit_config_editions", "gauge", "Configurations in memory: 1, and those that requests still use.",
		editions);
}

static void (*const families[])(const struct gate *gate, struct buf *out) = {
	write_build, write_streams, write_decisions, write_latency, write_table, write_feed, write_reloads, write_audit, write_server,
};
#define FAMILIES (sizeof(families) / sizeof(families[0]))

static void send_families(struct exchange *x)
{
	struct visit *v = exchange_context(x);
	struct buf *out = &v->loop->scratch;
	bool more = true;
	while (more && v->family < FAMILIES) {
		buf_reset(out);
		families[v->family++](v->gate, out);
		if (out->failed) {
			exchange_answer_break_off(x);
			return;
		}
		more = exchange_answer_write(x, buf_str(out));
	}
	if (v->family == FAMILIES)
		exchange_answer_end(x);
}

void metrics_answer(struct visit *v)
{
	struct reply reply;
	reply_init(&reply, v, 200, (struct str){ NULL, 0 });
	reply_header(&reply, STR("Content-Type"), STR("text/plain; version=0.0.4; charset=utf-8"));
	reply.drained = send_families;
	reply_send(&reply, -1, 0, 0);
	send_families(v->x);
}
