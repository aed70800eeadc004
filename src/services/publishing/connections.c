/* SPDX-License-Identifier: Apache-2.0
 * Social connections: made, listed and removed from the command line; their credentials sealed.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/connections.h"

#include "services/publishing/check.h"
#include "services/publishing/compose.h"
#include "services/publishing/sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A blob of one row opens no other. */
static void purpose_of(const struct id_bytes *connection, char ret[static 64])
{
	struct id id;

	id_from_bytes(connection, &id);
	snprintf(ret, 64, "connection:%s", id.text);
}

bool connection_seal(const struct publishing *p, const struct id_bytes *connection, struct str url, struct str secret,
	struct buf *out)
{
	char purpose[64];
	struct buf text;

	purpose_of(connection, purpose);
	buf_init(&text, CONNECTION_SEALED_MAX - SECRETS_SEAL_EXTRA);
	bool good = buf_reserve(&text, 64 + 6 * (url.n + secret.n));
	buf_add_text(&text, "{\"url\":");
	buf_add_json(&text, url);
	buf_add_text(&text, ",\"secret\":");
	buf_add_json(&text, secret);
	buf_add_char(&text, '}');
	good = good && !text.failed && buf_reserve(out, text.n + SECRETS_SEAL_EXTRA) &&
	       secrets_seal(p->secrets, purpose, buf_str(&text), (uint8_t *)out->p + out->n);
	if (good)
		out->n += text.n + SECRETS_SEAL_EXTRA;
	buf_done_secret(&text);
	return good;
}

static bool copy_member(const json_t *json, const char *name, struct arena *arena, struct str *ret)
{
	const json_t *member = json_object_get(json, name);

	if (!json_is_string(member))
		return false;
	*ret = arena_copy_str(arena, (struct str){ json_string_value(member), json_string_length(member) });
	return ret->p != NULL;
}

bool connection_unseal(const struct publishing *p, const struct id_bytes *connection, struct str sealed,
	struct arena *arena, struct str *ret_url, struct str *ret_secret)
{
	char purpose[64], text[CONNECTION_SEALED_MAX];
	json_t *json = NULL;
	bool good = false;

	if (sealed.n <= SECRETS_SEAL_EXTRA || sealed.n > CONNECTION_SEALED_MAX)
		return false;
	purpose_of(connection, purpose);
	if (secrets_unseal(p->secrets, purpose, sealed, (uint8_t *)text))
		json = json_loadb(text, sealed.n - SECRETS_SEAL_EXTRA, 0, NULL);
	good = copy_member(json, "url", arena, ret_url) && copy_member(json, "secret", arena, ret_secret);
	explicit_bzero(text, sizeof(text));
	json_decref(json);
	return good;
}

/* ---- From the command line ---- */

struct connection_work {
	struct publishing p; /* as much of one as is needed */
	const struct publishing_connection *in;
	struct id_bytes id, project;
	struct buf sealed;
	int64_t now_ms;
	bool (*each)(void *arg, const struct publishing_connection *row);
	void *arg;
};

static void init_work(struct connection_work *w, const struct publishing_options *options)
{
	*w = (struct connection_work){ .p = { .database = options->database, .secrets = options->secrets,
					       .random = random_bytes } };
	buf_init(&w->sealed, CONNECTION_SEALED_MAX);
}

static enum store_status insert_connection(struct sql *sql, void *arg)
{
	struct connection_work *w = arg;
	struct sql_statement *st = sql_prepare(sql,
		"INSERT INTO publishing_social_connections (id, project_id, provider, handle, status, sealed,"
		" created_at, updated_at) SELECT ?1, p.id, ?3, ?4, 'active', ?5, ?6, ?6 FROM projects p"
		" WHERE p.id = ?2 AND p.api = ?7");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &w->id);
	bind_uuid(st, 2, &w->project);
	sql_bind_text(st, 3, str_of(w->in->kind));
	sql_bind_text(st, 4, str_of(w->in->handle));
	sql_bind_blob(st, 5, w->sealed.p, w->sealed.n);
	sql_bind_int(st, 6, w->now_ms);
	sql_bind_text(st, 7, str_of(w->p.api));
	return run_row(sql, st);
}

/* What is wrong with a new connection, or NULL. */
static const char *judge(const struct publishing_options *options, const struct publishing_connection *in,
	const char *secret, char text[256])
{
	const struct field handle = { "handle", FIELD_LINE, MAX_NAME, FIELD_FILLED, NULL };
	const struct field url = { "url", FIELD_HOOK, 0, FIELD_FILLED, NULL };
	const enum compose_kind kind = compose_kind_of(str_of(in->kind));
	uint8_t bytes[SIGN_SECRET_MAX];
	char reason[OUTBOUND_REASON_ROOM];
	struct check c = { .n = 0 };
	size_t n;

	if (kind == COMPOSE_UNKNOWN)
		return "there are two kinds of connections: mastodon and webhook";
	check_field(&c, "", &handle, str_of(in->handle));
	if (c.count > 0 || !in->handle[0])
		return "the handle must be one line of text";
	check_field(&c, "", &url, str_of(in->url));
	if (c.count > 0)
		return "the address must be https://..., or on loopback http://...";
	if (!outbound_may_call(options->outbound, str_of(in->url), reason)) {
		snprintf(text, 256, "the address %s", reason);
		return text;
	}
	if (kind == COMPOSE_WEBHOOK)
		return sign_secret_read(str_of(secret), bytes, &n)
			? NULL : "the secret of a webhook is whsec_ and 24 to 64 bytes in base64";
	if (strchr(in->url + sizeof("http://"), '/') || strchr(in->url, '?'))
		return "the address of a Mastodon server has nothing behind its host";
	for (const char *s = secret; *s; s++)
		if (*s <= ' ' || *s > '~')
			return "an access token has neither spaces nor control characters";
	return secret[0] ? NULL : "the access token is missing";
}

bool publishing_connection_add(const struct publishing_options *options, const struct publishing_connection *in,
	const char *secret, int64_t now_ms, struct id *ret, char reterr_text[256])
{
	struct connection_work w;
	char text[256];
	const char *wrong = judge(options, in, secret, text);
	enum store_status status;

	if (wrong) {
		snprintf(reterr_text, 256, "%s", wrong);
		return false;
	}
	if (!publishing_migrate(options->database, reterr_text))
		return false;
	init_work(&w, options);
	w.in = in;
	w.now_ms = now_ms;
	w.p.api = (char *)(uintptr_t)options->api;
	w.id = make_id(&w.p, now_ms);
	if (!id_to_bytes(&in->project, &w.project))
		status = STORE_NOT_FOUND;
	else if (!connection_seal(&w.p, &w.id, str_of(in->url), str_of(secret), &w.sealed))
		status = STORE_NO_MEMORY;
	else
		status = database_write(options->database, insert_connection, &w);
	buf_done(&w.sealed);
	if (status == STORE_OK) {
		id_from_bytes(&w.id, ret);
		return true;
	}
	snprintf(reterr_text, 256, "%s", status == STORE_NOT_FOUND ? "there is no such project in this API"
							       : store_status_text(status));
	return false;
}

static enum store_status delete_connection(struct sql *sql, void *arg)
{
	struct connection_work *w = arg;
	struct sql_statement *st = sql_prepare(sql, "DELETE FROM publishing_social_connections WHERE id = ?1"
		" AND project_id IN (SELECT id FROM projects WHERE api = ?2)");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &w->id);
	sql_bind_text(st, 2, str_of(w->p.api));
	return run_row(sql, st);
}

bool publishing_connection_remove(
	const struct publishing_options *options, const struct id *id, char reterr_text[256])
{
	struct connection_work w;

	if (!publishing_migrate(options->database, reterr_text))
		return false;
	init_work(&w, options);
	w.p.api = (char *)(uintptr_t)options->api;
	const enum store_status status = id_to_bytes(id, &w.id)
		? database_write(options->database, delete_connection, &w) : STORE_NOT_FOUND;
	if (status == STORE_OK)
		return true;
	snprintf(reterr_text, 256, "%s", status == STORE_NOT_FOUND ? "there is no such connection in this API"
							       : store_status_text(status));
	return false;
}

static enum store_status list_connections(struct sql *sql, void *arg)
{
	struct connection_work *w = arg;
	enum sql_step step;
	struct sql_statement *st = sql_prepare(sql,
		"SELECT c.id, c.project_id, c.provider, c.handle, c.status, c.created_at, c.sealed IS NOT NULL"
		" FROM publishing_social_connections c JOIN projects p ON p.id = c.project_id AND p.api = ?1"
		" WHERE ?2 IS NULL OR p.id = ?2 ORDER BY c.id");
	if (!st)
		return STORE_UNAVAILABLE;
	sql_bind_text(st, 1, str_of(w->p.api));
	bind_uuid(st, 2, &w->project);
	while ((step = sql_step(st)) == SQL_ROW) {
		char kind[64], handle[1024], state[32];
		const struct id_bytes id = column_uuid(st, 0), project = column_uuid(st, 1);
		struct publishing_connection row = { .kind = kind, .handle = handle, .status = state,
			.created_ms = sql_column_int(st, 5), .has_secret = sql_column_int(st, 6) != 0 };
		snprintf(kind, sizeof(kind), "%.*s", STR_FMT(sql_column_text(st, 2)));
		snprintf(handle, sizeof(handle), "%.*s", STR_FMT(sql_column_text(st, 3)));
		snprintf(state, sizeof(state), "%.*s", STR_FMT(sql_column_text(st, 4)));
		id_from_bytes(&id, &row.id);
		id_from_bytes(&project, &row.project);
		if (!w->each(w->arg, &row)) {
			sql_reset(st);
			return STORE_NO_MEMORY;
		}
	}
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}

bool publishing_connection_each(const struct publishing_options *options, const struct id *project,
	bool (*each)(void *arg, const struct publishing_connection *row), void *arg, char reterr_text[256])
{
	struct connection_work w;

	if (!publishing_migrate(options->database, reterr_text))
		return false;
	init_work(&w, options);
	w.p.api = (char *)(uintptr_t)options->api;
	w.each = each;
	w.arg = arg;
	if (project && !id_to_bytes(project, &w.project))
		memset(&w.project, 0xff, sizeof(w.project)); /* no id, so no project */
	const enum store_status status = database_read(options->database, list_connections, &w);
	if (status != STORE_OK)
		snprintf(reterr_text, 256, "%s", store_status_text(status));
	return status == STORE_OK;
}
