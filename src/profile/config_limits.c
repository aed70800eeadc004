/* SPDX-License-Identifier: Apache-2.0
 * The sections `audit` and `limits` of a configuration.
 * profile: may include base and core.
 */
#include "profile/config_draft.h"

#include "base/limits.h"
#include <stddef.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define CENTURY_MS (36525 * DAY_MS)
#define AUDIT_BYTES_MIN (1000 * 1000)
#define TIMEOUT_MIN_MS 100
#define TIMEOUT_MAX_MS (24 * 3600 * 1000)
#define OAUTH_ACCESS_MIN_MS (60 * 1000)
#define OAUTH_ACCESS_MAX_MS (30 * DAY_MS)
#define JSON_BODY_MIN 1000
#define JSON_BODY_MAX (64 * 1000 * 1000) /* a judged body is held whole and parsed whole */
#define CONNECTIONS_MIN 8
#define CONNECTIONS_MAX (4 * 1000 * 1000)

/* ---- audit ---- */

static void read_keep(struct reader *r, const struct node *node, void *into)
{
	struct config_draft *d = into;
	reader_duration(r, node, DAY_MS, CENTURY_MS, &d->config->audit_keep_ms);
}

static void read_max_bytes(struct reader *r, const struct node *node, void *into)
{
	struct config_draft *d = into;
	reader_size(r, node, AUDIT_BYTES_MIN, INT64_MAX, &d->config->audit_max_bytes);
}

static void read_when_full(struct reader *r, const struct node *node, void *into)
{
	static const char *const words[] = { "count", "refuse" };
	struct config_draft *d = into;
	size_t word;
	if (reader_word(r, node, words, 2, &word))
		d->config->audit_when_full = (enum config_when_full)word;
}

static const struct reader_key audit_keys[] = {
	{ "keep", read_keep, false },
	{ "max_bytes", read_max_bytes, false },
	{ "when_full", read_when_full, false },
};

void config_read_audit(struct reader *r, const struct node *node, void *draft)
{
	READER_MAP(r, node, "\"audit\"", audit_keys, draft);
}

/* ---- limits ---- */

static void read_json_body(struct reader *r, const struct node *node, void *into)
{
	struct config_draft *d = into;
	reader_size(r, node, JSON_BODY_MIN, JSON_BODY_MAX, &d->config->limits.json_body_bytes);
}

static void read_mcp_body(struct reader *r, const struct node *node, void *into)
{
	struct config_draft *d = into;
	reader_size(r, node, JSON_BODY_MIN, JSON_BODY_MAX, &d->config->limits.mcp_body_bytes);
}

/* All bodies together hold at least one of the largest. */
static void read_body_memory(struct reader *r, const struct node *node, void *into)
{
	struct config_draft *d = into;
	uint64_t least = LIMIT_UPLOAD_BYTES + LIMIT_UPLOAD_FRAME_BYTES;
	if (least < d->config->limits.json_body_bytes)
		least = d->config->limits.json_body_bytes;
	if (least < d->config->limits.mcp_body_bytes)
		least = d->config->limits.mcp_body_bytes;
	reader_size(r, node, least, INT64_MAX, &d->config->limits.body_memory_bytes);
}

static void read_connections(struct reader *r, const struct node *node, void *into)
{
	struct config_draft *d = into;
	uint64_t connections;
	if (reader_number(r, node, CONNECTIONS_MIN, CONNECTIONS_MAX, &connections))
		d->config->limits.connections = (uint32_t)connections;
}

static void read_timeout(struct reader *r, const struct node *node, uint32_t *ret_ms)
{
	int64_t ms;
	if (reader_duration(r, node, TIMEOUT_MIN_MS, TIMEOUT_MAX_MS, &ms))
		*ret_ms = (uint32_t)ms;
}

static void read_head(struct reader *r, const struct node *node, void *into)
{
	struct config_draft *d = into;
	read_timeout(r, node, &d->config->limits.head_ms);
}

static void read_idle(struct reader *r, const struct node *node, void *into)
{
	struct config_draft *d = into;
	read_timeout(r, node, &d->config->limits.idle_ms);
}

static void read_body(struct reader *r, const struct node *node, void *into)
{
	struct config_draft *d = into;
	read_timeout(r, node, &d->config->limits.body_ms);
}

static void read_body_total(struct reader *r, const struct node *node, void *into)
{
	struct config_draft *d = into;
	read_timeout(r, node, &d->config->limits.body_total_ms);
}

static void read_write(struct reader *r, const struct node *node, void *into)
{
	struct config_draft *d = into;
	read_timeout(r, node, &d->config->limits.write_ms);
}

static void read_drain(struct reader *r, const struct node *node, void *into)
{
	struct config_draft *d = into;
	read_timeout(r, node, &d->config->limits.drain_ms);
}

static void read_upstream_connect(struct reader *r, const struct node *node, void *into)
{
	struct config_draft *d = into;
	read_timeout(r, node, &d->config->limits.upstream_connect_ms);
}

static void read_upstream_head(struct reader *r, const struct node *node, void *into)
{
	struct config_draft *d = into;
	read_timeout(r, node, &d->config->limits.upstream_head_ms);
}

static void read_upstream_body(struct reader *r, const struct node *node, void *into)
{
	struct config_draft *d = into;
	read_timeout(r, node, &d->config->limits.upstream_body_ms);
}

static void read_oauth_access(struct reader *r, const struct node *node, void *into)
{
	struct config_draft *d = into;
	int64_t ms;
	if (reader_duration(r, node, OAUTH_ACCESS_MIN_MS, OAUTH_ACCESS_MAX_MS, &ms))
		d->config->limits.oauth_access_ms = (uint32_t)ms;
}

static const struct reader_key limits_keys[] = {
	{ "json_body", read_json_body, false },
	{ "mcp_body", read_mcp_body, false },
	{ "body_memory", read_body_memory, false },
	{ "connections", read_connections, false },
	{ "head_timeout", read_head, false },
	{ "idle_timeout", read_idle, false },
	{ "body_timeout", read_body, false },
	{ "body_total_timeout", read_body_total, false },
	{ "write_timeout", read_write, false },
	{ "drain_timeout", read_drain, false },
	{ "oauth_access", read_oauth_access, false },
	{ "upstream_connect_timeout", read_upstream_connect, false },
	{ "upstream_head_timeout", read_upstream_head, false },
	{ "upstream_body_timeout", read_upstream_body, false },
};

void config_read_limits(struct reader *r, const struct node *node, void *draft)
{
	READER_MAP(r, node, "\"limits\"", limits_keys, draft);
}
