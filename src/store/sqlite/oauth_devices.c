/* SPDX-License-Identifier: Apache-2.0
 * Device codes (RFC 8628): asked for by a machine, answered by a person elsewhere, fetched by polling.
 * store: may include base, core and wire.
 */
#include "store/sqlite/oauth.h"

#define SLOWER_MS 5000 /* RFC 8628 section 3.5 */

struct device {
	const struct device_row *row;
	const uint8_t *digest, *user_code;
	const struct store_approval *approval;
	struct id_bytes client, family;
	uint64_t most;
	const struct store_actor *actor;
	int64_t now_ms;
	struct arena *arena;
	struct device_row found;
	bool too_soon;
	const struct store_issue *issue;
	enum store_outcome outcome;
	int64_t revision;
};

static enum store_status add_device(struct sql *sql, void *arg)
{
	const struct device *device = arg;
	const struct device_row *row = device->row;
	struct sql_statement *st = sql_prepare(sql, "INSERT INTO device_codes (digest, user_code, client_id, api,"
		" scopes, offline, resource, state, approved_offline, created_at, expires_at, polled_at, interval)"
		" SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, ?8, ?9, 0, ?10 WHERE (SELECT count(*) FROM device_codes"
		" WHERE client_id = ?3 AND expires_at > ?8) < ?11");

	sql_bind_blob(st, 1, device->digest, REMIT_DIGEST_SIZE);
	sql_bind_blob(st, 2, device->user_code, REMIT_DIGEST_SIZE);
	bind_id(st, 3, &device->client);
	bind_text(st, 4, row->api);
	bind_text(st, 5, row->scopes);
	sql_bind_int(st, 6, row->offline);
	bind_text(st, 7, row->resource);
	sql_bind_int(st, 8, row->created_ms);
	sql_bind_int(st, 9, row->expires_ms);
	sql_bind_int(st, 10, row->interval_ms);
	sql_bind_int(st, 11, (int64_t)device->most);
	enum store_status status = sql_run(st);
	return status == STORE_OK && sql_changes(sql) == 0 ? STORE_FULL : status;
}

enum store_status store_device_add(struct store *store, const struct device_row *row,
	const uint8_t digest[REMIT_DIGEST_SIZE], const uint8_t user_code[REMIT_DIGEST_SIZE], uint64_t most,
	const struct store_actor *actor)
{
	struct device device = {
		.row = row, .digest = digest, .user_code = user_code, .most = most, .actor = actor,
	};
	if (!id_to_bytes(&row->client, &device.client))
		return STORE_NOT_FOUND;
	return oauth_write(store, add_device, &device);
}

#define DEVICE_SELECT \
	"SELECT d.client_id, d.api, d.scopes, d.offline, d.resource, d.state, d.family_id, d.grant_id, g.user_id," \
	" g.project_id, d.approved, d.approved_offline, d.created_at, d.expires_at, d.polled_at, d.interval" \
	" FROM device_codes d LEFT JOIN grants g ON g.id = d.grant_id "

static enum store_status read_device(struct sql_statement *st, struct arena *arena, struct device_row *row)
{
	enum store_status status = step_one(st);
	if (status != STORE_OK)
		return status;
	*row = (struct device_row){
		.client = column_id(st, 0),
		.offline = sql_column_int(st, 3) == 1,
		.resource = column_optional_text(st, 4),
		.state = (enum device_state)sql_column_int(st, 5),
		.family = column_id(st, 6),
		.grant = column_id(st, 7),
		.user = column_id(st, 8),
		.project = column_id(st, 9),
		.approved = column_optional_text(st, 10),
		.approved_offline = sql_column_int(st, 11) == 1,
		.created_ms = sql_column_int(st, 12),
		.expires_ms = sql_column_int(st, 13),
		.polled_ms = sql_column_int(st, 14),
		.interval_ms = sql_column_int(st, 15),
	};
	bool read = column_read_text(st, 1, &row->api) && column_read_text(st, 2, &row->scopes)
		&& keep_text(arena, &row->api) && keep_text(arena, &row->scopes)
		&& keep_text(arena, &row->resource) && keep_text(arena, &row->approved);
	sql_reset(st);
	return read ? STORE_OK : STORE_NO_MEMORY;
}

static enum store_status find_device(struct sql *sql, void *arg)
{
	struct device *device = arg;
	struct sql_statement *st = sql_prepare(sql, DEVICE_SELECT "WHERE d.user_code = ?1");

	sql_bind_blob(st, 1, device->user_code, REMIT_DIGEST_SIZE);
	return read_device(st, device->arena, &device->found);
}

enum store_status store_device_find(struct store *store, const uint8_t user_code[REMIT_DIGEST_SIZE],
	struct arena *arena, struct device_row *ret)
{
	struct device device = { .user_code = user_code, .arena = arena };
	enum store_status status = oauth_read(store, find_device, &device);

	if (status == STORE_OK)
		*ret = device.found;
	return status;
}

static enum store_status answer_device(struct sql *sql, void *arg)
{
	struct device *device = arg;
	struct id_bytes grant = { { 0 } };
	enum store_status status = STORE_OK;

	if (device->approval)
		status = approval_write(sql, device->approval, device->actor, &grant);
	if (status != STORE_OK)
		return status;
	struct sql_statement *st = sql_prepare(sql, "UPDATE device_codes SET state = ?2, grant_id = ?3,"
		" family_id = ?4, approved = ?5, approved_offline = ?6"
		" WHERE user_code = ?1 AND state = 0 AND expires_at > ?7");
	sql_bind_blob(st, 1, device->user_code, REMIT_DIGEST_SIZE);
	sql_bind_int(st, 2, device->approval ? DEVICE_APPROVED : DEVICE_DENIED);
	bind_id(st, 3, &grant);
	bind_id(st, 4, &device->family);
	bind_text(st, 5, device->approval ? device->approval->scopes : NULL);
	sql_bind_int(st, 6, device->approval && device->approval->offline);
	sql_bind_int(st, 7, device->actor->now_ms);
	status = sql_run(st);
	return status == STORE_OK && sql_changes(sql) == 0 ? STORE_CONFLICT : status;
}

enum store_status store_device_answer(struct store *store, const uint8_t user_code[REMIT_DIGEST_SIZE],
	const struct store_approval *approval, const struct id *family, const struct store_actor *actor)
{
	struct device device = { .user_code = user_code, .approval = approval, .actor = actor };

	if (family && !id_to_bytes(family, &device.family))
		return STORE_INVALID;
	return oauth_write(store, answer_device, &device);
}

/* Another client's code is not found, and its poll not counted. */
static enum store_status poll_device(struct sql *sql, void *arg)
{
	struct device *device = arg;
	struct sql_statement *st = sql_prepare(sql, DEVICE_SELECT "WHERE d.digest = ?1 AND d.client_id = ?2");

	sql_bind_blob(st, 1, device->digest, REMIT_DIGEST_SIZE);
	bind_id(st, 2, &device->client);
	enum store_status status = read_device(st, device->arena, &device->found);
	if (status != STORE_OK)
		return status;
	const struct device_row *found = &device->found;
	device->too_soon = found->polled_ms && device->now_ms - found->polled_ms < found->interval_ms;
	st = sql_prepare(sql, "UPDATE device_codes SET polled_at = ?2, interval = interval + ?3 WHERE digest = ?1");
	sql_bind_blob(st, 1, device->digest, REMIT_DIGEST_SIZE);
	sql_bind_int(st, 2, device->now_ms);
	sql_bind_int(st, 3, device->too_soon ? SLOWER_MS : 0);
	return sql_run(st);
}

enum store_status store_device_poll(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE],
	const struct id *client, int64_t now_ms, struct arena *arena, struct device_row *ret, bool *ret_too_soon)
{
	struct device device = { .digest = digest, .now_ms = now_ms, .arena = arena };

	if (!id_to_bytes(client, &device.client))
		return STORE_NOT_FOUND;
	enum store_status status = oauth_write(store, poll_device, &device);
	if (status == STORE_OK) {
		*ret = device.found;
		*ret_too_soon = device.too_soon;
	}
	return status;
}

static enum store_status redeem_device(struct sql *sql, void *arg)
{
	struct device *device = arg;
	struct arena arena;

	arena_init(&arena, 0);
	struct sql_statement *st = sql_prepare(sql, DEVICE_SELECT "WHERE d.digest = ?1 AND d.state = 1");
	sql_bind_blob(st, 1, device->digest, REMIT_DIGEST_SIZE);
	enum store_status status = read_device(st, &arena, &device->found);
	device->outcome = STORE_ENDED;
	if (status == STORE_OK) {
		st = sql_prepare(sql, "DELETE FROM device_codes WHERE digest = ?1");
		sql_bind_blob(st, 1, device->digest, REMIT_DIGEST_SIZE);
		status = sql_run(st);
	}
	if (status == STORE_OK) {
		struct issue_family family = {
			.fresh = true, .scopes = device->found.approved, .resource = device->found.resource,
		};
		status = issue_write(sql, device->issue, &family, device->actor, &device->outcome,
			&device->revision);
	}
	arena_done(&arena);
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

enum store_status store_device_redeem(struct store *store, const uint8_t digest[REMIT_DIGEST_SIZE],
	const struct store_issue *issue, const struct store_actor *actor, enum store_outcome *ret_outcome,
	int64_t *ret_revision)
{
	struct device device = { .digest = digest, .issue = issue, .actor = actor };
	enum store_status status = oauth_write(store, redeem_device, &device);

	if (status == STORE_OK) {
		*ret_outcome = device.outcome;
		*ret_revision = device.revision;
	}
	return status;
}
