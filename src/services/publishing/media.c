/* SPDX-License-Identifier: Apache-2.0
 * Media: listed, described, added. Where the bytes come from is in media_upload.c and media_remote.c,
 * how they are served in media_serve.c.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/media.h"

#include "base/text.h"
#include "services/publishing/stories.h"

#include <sodium.h>

#define COLUMNS \
	"o.id, o.project_id, o.name, o.type, o.bytes, o.alt_text, o.created_at, o.updated_at, o.file"

/* "ab/abcd...": the name without its folder. */
static struct str public_name(struct str file)
{
	return file.n > 3 ? (struct str){ file.p + 3, file.n - 3 } : file;
}

struct str media_public_url(const struct publishing *p, struct str file, struct arena *arena)
{
	return str_of(arena_printf(arena, "%s/%.*s", p->files_url, STR_FMT(public_name(file))));
}

static json_t *public_url_json(const struct publishing *p, struct str file)
{
	struct str name = public_name(file);
	return json_sprintf("%s/%.*s", p->files_url, STR_FMT(name));
}

static json_t *media_json(const struct publishing *p, struct sql_statement *st)
{
	struct id_bytes bytes = column_uuid(st, 0);
	struct id id;
	id_from_bytes(&bytes, &id);
	return json_pack("{s:o,s:o,s:o,s:o,s:I,s:o,s:o,s:o,s:o,s:o}",
		"id", json_of_id_column(st, 0), "project_id", json_of_id_column(st, 1),
		"name", json_of_column(st, 2), "content_type", json_of_column(st, 3),
		"bytes", (json_int_t)sql_column_int(st, 4), "alt_text", json_of_column(st, 5),
		"url", json_sprintf("%s/media/%s/file", p->base, id.text),
		"public_url", public_url_json(p, sql_column_text(st, 8)),
		"created_at", json_of_time_column(st, 6), "updated_at", json_of_time_column(st, 7));
}

const struct listing media_listing = {
	.noun = "Media", .to_json = media_json,
	.get = GET_SQL(COLUMNS, "publishing_media"),
	.list = LIST_SQL(COLUMNS, "publishing_media", ""),
};

void run_list_media(struct service *service, struct service_call *call)
{
	run_list(service, call, &media_listing);
}

void run_get_media(struct service *service, struct service_call *call)
{
	run_get(service, call, &media_listing);
}

/* Whether the project has these bytes already: *m->file is then their name. */
static enum store_status find_copy(struct sql *sql, struct new_media *m, const struct id_bytes *project)
{
	struct sql_statement *st = sql_prepare(
		sql, "SELECT file FROM publishing_files WHERE project_id = ?1 AND sha256 = ?2");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, project);
	sql_bind_text(st, 2, str_of(m->sha256));
	enum store_status status = step_row(st);
	struct str file = status == STORE_OK ? sql_column_text(st, 0) : (struct str){ NULL, 0 };
	if (status == STORE_OK && file.n < sizeof(m->file)) {
		memcpy(m->file, file.p, file.n);
		m->file[file.n] = '\0';
	}
	sql_reset(st);
	return status;
}

static enum store_status judge_project(struct sql *sql, struct new_media *m, struct id_bytes *ret)
{
	enum store_status status = choose_project(sql, &m->reach, &m->named, &m->check, ret);
	return status == STORE_OK && m->check.count > 0 ? STORE_INVALID : status;
}

/* Before anything is written. */
static enum store_status look_up(struct sql *sql, void *arg)
{
	struct new_media *m = arg;
	struct id_bytes project;
	enum store_status status = judge_project(sql, m, &project);

	if (status != STORE_OK || !m->sha256[0])
		return status;
	status = find_copy(sql, m, &project);
	return status == STORE_NOT_FOUND ? STORE_OK : status;
}

/* One copy of the same bytes in a project: where somebody was faster, theirs is used. */
static enum store_status add_copy(struct sql *sql, struct new_media *m, const struct id_bytes *project)
{
	struct sql_statement *st = sql_prepare(sql,
		"INSERT INTO publishing_files (project_id, sha256, file) VALUES (?1, ?2, ?3)"
		" ON CONFLICT (project_id, sha256) DO NOTHING");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, project);
	sql_bind_text(st, 2, str_of(m->sha256));
	sql_bind_text(st, 3, str_of(m->file));
	enum store_status status = sql_run(st);
	return status == STORE_OK ? find_copy(sql, m, project) : status;
}

static enum store_status add_media(struct sql *sql, void *arg)
{
	struct new_media *m = arg;
	struct id_bytes project, id = make_id(m->p, m->call->now_ms);
	enum store_status status = judge_project(sql, m, &project);
	if (status == STORE_OK)
		status = add_copy(sql, m, &project);
	if (status != STORE_OK)
		return status;
	struct sql_statement *st = sql_prepare(sql,
		"INSERT INTO publishing_media (id, project_id, name, type, bytes, alt_text, sha256, file,"
		" created_by, created_at, updated_at) SELECT ?4, o.id, ?5, ?6, ?7, ?8, ?9, ?10, ?2, ?11,"
		" ?11 FROM projects o WHERE o.id = ?12 AND" REACHES("o.id"));
	if (!st)
		return STORE_UNAVAILABLE;
	bind_reach(st, &m->reach);
	bind_uuid(st, 4, &id);
	sql_bind_text(st, 5, str_of(m->name));
	sql_bind_text(st, 6, str_of(m->type->type));
	sql_bind_int(st, 7, (int64_t)m->bytes.n);
	sql_bind_text(st, 8, m->alt_text.p ? m->alt_text : STR(""));
	sql_bind_text(st, 9, str_of(m->sha256));
	sql_bind_text(st, 10, str_of(m->file));
	sql_bind_int(st, 11, m->call->now_ms);
	bind_uuid(st, 12, &project);
	status = run_row(sql, st);
	if (status == STORE_OK)
		status = load_json(sql, m->p, &m->reach, &media_listing, &id, &m->result);
	return status;
}

static void hash_bytes(struct new_media *m)
{
	uint8_t digest[crypto_hash_sha256_BYTES];
	crypto_hash_sha256(digest, (const uint8_t *)m->bytes.p, m->bytes.n);
	hex_encode(digest, sizeof(digest), m->sha256);
	m->sha256[2 * sizeof(digest)] = '\0';
}

bool media_may_add(struct new_media *m)
{
	enum store_status status = database_read(m->p->database, look_up, m);
	if (status == STORE_OK)
		return true;
	answer_change(m->call, status, 201, status == STORE_NOT_FOUND ? "Project" : media_listing.noun, &m->check,
		NULL);
	return false;
}

/* Keeps the bytes, unless the project has them. */
static enum store_status keep(struct new_media *m)
{
	hash_bytes(m);
	enum store_status status = database_read(m->p->database, look_up, m);
	if (status != STORE_OK || m->file[0])
		return status;
	status = media_keep(m->p, m->bytes, m->own);
	memcpy(m->file, m->own, sizeof(m->file));
	return status;
}

void media_add(struct new_media *m)
{
	if (!m->type) {
		service_fail(m->call, 415, "unsupported_media_type",
			"%s must be a JPEG, PNG, WebP, GIF or MP4 by its content, whatever its name says", m->what);
		return;
	}
	enum store_status status = keep(m);
	if (status == STORE_OK)
		status = write_for(m->p, m->call, add_media, m);
	if (m->own[0] && (status != STORE_OK || strcmp(m->own, m->file) != 0))
		media_forget(m->p, m->own);
	answer_change(m->call, status, 201, status == STORE_NOT_FOUND ? "Project" : media_listing.noun, &m->check,
		m->result);
}
