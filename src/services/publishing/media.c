/* SPDX-License-Identifier: Apache-2.0
 * Media: listed, described, uploaded. Served by media_serve.c.
 * services: may include base, core, wire, store and services/service.h.
 */
#include "services/publishing/media.h"

#include "base/text.h"
#include "services/publishing/stories.h"
#include "wire/multipart.h"

#include <sodium.h>

#define COLUMNS \
	"o.id, o.project_id, o.name, o.type, o.bytes, o.alt_text, o.created_at, o.updated_at"

static json_t *media_json(const struct publishing *p, struct sql_statement *st)
{
	struct id_bytes bytes = column_uuid(st, 0);
	struct id id;
	id_from_bytes(&bytes, &id);
	return json_pack("{s:o,s:o,s:o,s:o,s:I,s:o,s:o,s:o,s:o}",
		"id", json_of_id_column(st, 0), "project_id", json_of_id_column(st, 1),
		"name", json_of_column(st, 2), "content_type", json_of_column(st, 3),
		"bytes", (json_int_t)sql_column_int(st, 4), "alt_text", json_of_column(st, 5),
		"url", json_sprintf("%s/media/%s/file", p->base, id.text),
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

struct upload {
	const struct publishing *p;
	struct service_call *call;
	struct reach reach;
	struct id_bytes named; /* the project, where one was */
	struct str bytes, alt_text;
	const struct media_type *type;
	char name[MEDIA_NAME_ROOM];
	char sha256[2 * crypto_hash_sha256_BYTES + 1];
	char file[MEDIA_FILE_ROOM];
	struct check check;
	json_t *result; /* out */
};

/* One value of a form field that may stand once; {NULL, 0} where it is absent. */
static struct str form_text(struct check *c, const struct multipart *form, const struct field *field)
{
	size_t count;
	const struct multipart_part *part = multipart_get(form, field->name, &count);
	if (count > 1) {
		check_add(c, "%s stands %zu times; it must stand once", field->name, count);
		return (struct str){ NULL, 0 };
	}
	if (!part)
		return (struct str){ NULL, 0 };
	check_field(c, "", field, part->data);
	return part->data;
}

static void read_project(struct upload *u, const struct multipart *form)
{
	static const struct field camel = { "projectId", FIELD_ID, 0, 0, NULL };
	static const struct field snake = { "project_id", FIELD_ID, 0, 0, NULL };
	struct str a = form_text(&u->check, form, &camel), b = form_text(&u->check, form, &snake);
	struct id id;

	if (a.p && b.p)
		check_add(&u->check, "projectId and project_id are two names of one field: send one of them");
	if (id_parse(a.p ? a : b, &id))
		(void)id_to_bytes(&id, &u->named);
}

static void check_parts(struct check *c, const struct multipart *form)
{
	static const char *const known[] = { "file", "alt_text", "projectId", "project_id" };
	for (size_t i = 0; i < form->count; i++) {
		bool found = false;
		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			found = found || str_is(form->parts[i].name, known[k]);
		if (!found)
			check_add(c, "part %zu of the form is not known: file, alt_text and projectId are",
				i + 1);
	}
}

/* Reads the form. False, and answered, where it cannot be read or is too large. */
static bool read_form(struct upload *u, struct service_call *call)
{
	static const struct field alt_text = { "alt_text", FIELD_TEXT, MAX_ALT_TEXT, 0, NULL };
	struct str header = http_request_header(call->request, STR("Content-Type"), NULL);
	struct str type, boundary = { NULL, 0 };
	struct multipart form;
	const char *what = "";
	size_t count;

	if (!header.p || !http_media_type(header, &type) ||
		!str_eq_ignore_case(type, STR("multipart/form-data")) ||
		!http_media_parameter(header, STR("boundary"), &boundary) || !boundary.p) {
		service_fail(call, 415, "unsupported_media_type",
			"The body must be multipart/form-data with a boundary");
		return false;
	}
	if (!multipart_parse(call->body, boundary, call->arena, &form, &what)) {
		service_fail(call, 400, "bad_request", "The form cannot be read: %s", what);
		return false;
	}
	const struct multipart_part *file = multipart_get(&form, "file", &count);
	if (file && file->data.n > LIMIT_UPLOAD_BYTES) {
		service_fail(call, 413, "payload_too_large", "A file may have at most %d bytes",
			LIMIT_UPLOAD_BYTES);
		return false;
	}
	check_parts(&u->check, &form);
	u->alt_text = form_text(&u->check, &form, &alt_text);
	read_project(u, &form);
	if (!file || count != 1)
		check_add(&u->check, "file must be given once");
	else if (file->data.n == 0)
		check_add(&u->check, "file must not be empty");
	else {
		u->bytes = file->data;
		u->type = media_sniff(file->data);
		if (u->type)
			media_clean_name(file->filename, u->type, u->name);
	}
	return true;
}

static enum store_status add_media(struct sql *sql, void *arg)
{
	struct upload *u = arg;
	struct id_bytes project, id = make_id(u->p, u->call->now_ms);
	enum store_status status = choose_project(sql, &u->reach, &u->named, &u->check, &project);
	if (status == STORE_OK && u->check.count > 0)
		status = STORE_INVALID;
	if (status != STORE_OK || !u->file[0])
		return status; /* the second: only the project is asked for */
	struct sql_statement *st = sql_prepare(sql,
		"INSERT INTO publishing_media (id, project_id, name, type, bytes, alt_text, sha256, file,"
		" created_by, created_at, updated_at) SELECT ?4, o.id, ?5, ?6, ?7, ?8, ?9, ?10, ?2, ?11,"
		" ?11 FROM projects o WHERE o.id = ?12 AND" REACHES("o.id"));
	if (!st)
		return STORE_UNAVAILABLE;
	bind_reach(st, &u->reach);
	bind_uuid(st, 4, &id);
	sql_bind_text(st, 5, str_of(u->name));
	sql_bind_text(st, 6, str_of(u->type->type));
	sql_bind_int(st, 7, (int64_t)u->bytes.n);
	sql_bind_text(st, 8, u->alt_text.p ? u->alt_text : STR(""));
	sql_bind_text(st, 9, str_of(u->sha256));
	sql_bind_text(st, 10, str_of(u->file));
	sql_bind_int(st, 11, u->call->now_ms);
	bind_uuid(st, 12, &project);
	status = run_row(sql, st);
	if (status == STORE_OK)
		status = load_json(sql, u->p, &u->reach, &media_listing, &id, &u->result);
	return status;
}

static void hash_bytes(struct upload *u)
{
	uint8_t digest[crypto_hash_sha256_BYTES];
	crypto_hash_sha256(digest, (const uint8_t *)u->bytes.p, u->bytes.n);
	hex_encode(digest, sizeof(digest), u->sha256);
}

void run_upload_media(struct service *service, struct service_call *call)
{
	struct publishing *p = publishing_of(service);
	struct upload *u = ARENA_NEW(call->arena, struct upload);

	if (!u) {
		answer_store(call, STORE_NO_MEMORY, "");
		return;
	}
	*u = (struct upload){ .p = p, .call = call, .reach = reach_of(p, call->caller) };
	if (!read_form(u, call))
		return;
	/* The project first: nothing is written for somebody who may not write there. */
	enum store_status status = database_read(p->database, add_media, u);
	if (status == STORE_OK && !u->type) {
		service_fail(call, 415, "unsupported_media_type",
			"file must be a JPEG, PNG, WebP, GIF or MP4 by its content, whatever its name says");
		return;
	}
	if (status == STORE_OK) {
		hash_bytes(u);
		status = media_keep(p, u->bytes, u->file);
	}
	if (status == STORE_OK)
		status = write_for(p, call, add_media, u);
	if (status != STORE_OK && u->file[0])
		media_forget(p, u->file);
	answer_change(call, status, 201, status == STORE_NOT_FOUND ? "Project" : media_listing.noun,
		&u->check, u->result);
}
