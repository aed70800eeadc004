/* SPDX-License-Identifier: Apache-2.0
 * The state of the system: what runs, how far the copies are, what is wrong.
 * admin: may include base, core, wire, store, authority, profile, net, gate and services/service.h.
 */
#include "admin/internal.h"

#include "gate/state.h"

static bool add_node(void *ctx, const struct node_row *row)
{
	return json_array_append_new(ctx, json_pack("{s:s, s:s, s:I, s:o, s:o, s:I}", "id", row->id.text, "host",
		row->host, "pid", (json_int_t)row->pid, "started_at", json_time(row->started_ms), "seen_at",
		json_time(row->seen_ms), "revision", (json_int_t)row->revision)) == 0;
}

/* What a store's address shows: another one than SQLite's may carry a password. */
static const char *store_shown(const char *store)
{
	return strncmp(store, "sqlite:", 7) == 0 ? store : "a server that is not shown here";
}

static json_t *gate_json(struct gate *gate)
{
	struct gate_state s;
	if (!gate)
		return json_null();
	gate_tell_state(gate, &s);
	return json_pack("{s:b, s:{s:I, s:I}, s:{s:I, s:f, s:b}, s:b, s:{s:b, s:I, s:I}, s:{s:o, s:o, s:o}}",
		"healthy", s.is_fresh && s.is_store_writable && s.is_audit_writable,
		"table", "tokens", (json_int_t)s.table_tokens, "bytes", (json_int_t)s.table_bytes,
		"feed", "revision", (json_int_t)s.feed_revision, "age_seconds", (double)s.feed_age_ns / 1e9, "fresh",
		s.is_fresh, "store_writable", s.is_store_writable,
		"audit", "writable", s.is_audit_writable, "written", (json_int_t)s.audit_written, "lost",
		(json_int_t)s.audit_lost,
		"configuration", "loaded_at", json_time(s.loaded_ms), "refused_at", json_time(s.refused_ms), "refused_why",
		json_text(s.refused_why));
}

static json_t *apis_json(const struct config *config)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i <= config->api_count; i++) {
		const struct config_api *api = &config->apis[i];
		const struct profile *p = api->profile;
		json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:o, s:o, s:I, s:{s:i, s:i}}", "name", api->name,
			"title", p->title, "service", json_text(api->service), "base", json_text(p->rest_base), "mcp",
			json_text(p->mcp_endpoint), "operations", (json_int_t)remit_policy_operations(p->policy),
			"rate", "pat", (int)p->rate_personal, "oat", (int)p->rate_access));
	}
	return list;
}

void get_system(struct admin_call *c)
{
	const struct config *config = c->admin->config;
	json_t *nodes = json_array();
	enum store_status status = nodes ? store_node_each(c->authority->store, add_node, nodes) : STORE_NO_MEMORY;

	if (status != STORE_OK) {
		json_decref(nodes);
		admin_refuse_stored(c, status);
		return;
	}
	admin_answer(c, 200, json_pack("{s:s, s:s, s:s, s:f, s:o, s:o, s:o}", "version", REMIT_VERSION, "store",
		store_shown(config->store), "public_url", config->public_url, "max_staleness_seconds",
		(double)config->max_staleness_ms / 1000, "apis", apis_json(config), "nodes", nodes, "server",
		gate_json(c->admin->gate)));
}
