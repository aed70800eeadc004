/* SPDX-License-Identifier: Apache-2.0
 * Serving a media file: as what it is by its content, whole or one range of it, with a tag by which
 * a client that has it need not fetch it again.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/media.h"

#include "base/text.h"
#include "services/publishing/listing.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

struct serve_work {
	const struct publishing *p;
	struct reach reach;
	struct id_bytes id; /* of a file that is asked for by its token's reader */
	struct str path;    /* else: of a file that anybody may have who knows its name */
	const struct media_type *type;  /* out */
	char name[MEDIA_NAME_ROOM];
	char file[MEDIA_FILE_ROOM];
	char tag[80]; /* with its quotes */
};

static bool copy_text(struct sql_statement *st, int column, char *ret, size_t room)
{
	struct str text = sql_column_text(st, column);
	if (text.n >= room)
		return false;
	memcpy(ret, text.n > 0 ? text.p : "", text.n);
	ret[text.n] = '\0';
	return true;
}

static enum store_status read_file(struct serve_work *w, struct sql_statement *st)
{
	char hash[72];
	enum store_status status = step_row(st);
	if (status == STORE_OK) {
		w->type = media_type_find(sql_column_text(st, 0));
		bool ok = w->type && copy_text(st, 1, w->name, sizeof(w->name)) &&
			  copy_text(st, 2, w->file, sizeof(w->file)) && copy_text(st, 3, hash, sizeof(hash));
		if (ok)
			snprintf(w->tag, sizeof(w->tag), "\"%s\"", hash);
		else
			status = STORE_UNAVAILABLE;
	}
	sql_reset(st);
	return status;
}

static enum store_status find_file(struct sql *sql, void *arg)
{
	struct serve_work *w = arg;
	struct sql_statement *st =
		sql_prepare(sql, GET_SQL("o.type, o.name, o.file, o.sha256", "publishing_media"));
	if (!st)
		return STORE_UNAVAILABLE;
	bind_reach(st, &w->reach);
	bind_uuid(st, 4, &w->id);
	return read_file(w, st);
}

/* What the file is called by those who have it is nobody else's business: it goes by its public name. */
static enum store_status find_public_file(struct sql *sql, void *arg)
{
	struct serve_work *w = arg;
	struct sql_statement *st = sql_prepare(sql,
		"SELECT m.type, substr(m.file, 4), m.file, m.sha256 FROM publishing_media m"
		" JOIN projects p ON p.id = m.project_id WHERE m.file = ?1 AND p.api = ?2 LIMIT 1");
	if (!st)
		return STORE_UNAVAILABLE;
	sql_bind_text(st, 1, w->path);
	sql_bind_text(st, 2, str_of(w->p->api));
	return read_file(w, st);
}

/* If-None-Match: "*", or a list with our tag, weak or not (RFC 9110 section 13.1.2). */
static bool has_tag(struct str list, const char *tag)
{
	struct str item;
	while (list.n > 0) {
		str_cut(&list, ',', &item);
		item = str_trim(item);
		if (str_starts(item, STR("W/")))
			item = (struct str){ item.p + 2, item.n - 2 };
		if (str_is(item, tag) || str_is(item, "*"))
			return true;
	}
	return false;
}

enum range { RANGE_NONE, RANGE_ONE, RANGE_OUTSIDE };

/* One range of bytes (RFC 9110 section 14). What is not exactly that is no range: all is sent. */
static enum range read_range(struct str value, uint64_t size, uint64_t *ret_first, uint64_t *ret_length)
{
	uint64_t first, last;
	struct str head;

	if (!str_starts(value, STR("bytes=")))
		return RANGE_NONE;
	struct str rest = { value.p + 6, value.n - 6 };
	if (!str_cut(&rest, '-', &head))
		return RANGE_NONE;
	if (head.n == 0) { /* "-500": the last 500 */
		if (!str_to_u64(rest, UINT64_MAX, &last))
			return RANGE_NONE;
		first = last < size ? size - last : 0;
		*ret_first = first;
		*ret_length = size - first;
		return last == 0 || size == 0 ? RANGE_OUTSIDE : RANGE_ONE;
	}
	last = UINT64_MAX;
	if (!str_to_u64(head, UINT64_MAX, &first) ||
		(rest.n > 0 && (!str_to_u64(rest, UINT64_MAX, &last) || last < first)))
		return RANGE_NONE;
	if (first >= size)
		return RANGE_OUTSIDE;
	*ret_first = first;
	*ret_length = (last < size ? last + 1 : size) - first;
	return RANGE_ONE;
}

/* inline; filename="ascii"; filename*=UTF-8''all (RFC 6266). The name has no quote or control. */
static void put_disposition(const char *name, char *ret, size_t room)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
	size_t n = (size_t)snprintf(ret, room, "inline; filename=\"");
	for (const char *c = name; *c && n + 1 < room; c++)
		if ((uint8_t)*c < 0x80)
			ret[n++] = *c;
	n += (size_t)snprintf(ret + n, room - n, "\"; filename*=UTF-8''");
	for (const char *c = name; *c && n + 4 < room; c++) {
		if (strchr(plain, *c))
			ret[n++] = *c;
		else
			n += (size_t)snprintf(ret + n, room - n, "%%%02X", (uint8_t)*c);
	}
	ret[n] = '\0';
}

static void put_headers(struct service_call *call, const struct serve_work *w)
{
	char disposition[5 * MEDIA_NAME_ROOM];
	put_disposition(w->name, disposition, sizeof(disposition));
	call->answer.content_type = w->type->type;
	service_answer_header(call, "ETag", w->tag);
	/* What a token opens is kept by the client alone, and asked about each time: a revoked token ends it
	 * (T09). What stands under a public name never changes. */
	service_answer_header(call, "Cache-Control",
		w->path.p ? "public, max-age=31536000, immutable" : "private, no-cache");
	service_answer_header(call, "X-Content-Type-Options", "nosniff");
	service_answer_header(call, "Content-Disposition", disposition);
	service_answer_header(call, "Content-Security-Policy", "default-src 'none'; sandbox");
	service_answer_header(call, "Accept-Ranges", "bytes");
}

static void send_file(struct service_call *call, const struct serve_work *w, int fd, uint64_t size)
{
	struct str range = http_request_header(call->request, STR("Range"), NULL);
	struct str if_range = http_request_header(call->request, STR("If-Range"), NULL);
	uint64_t first = 0, length = size;
	char text[96];
	enum range kind = RANGE_NONE;

	if (range.p && (!if_range.p || str_is(if_range, w->tag)))
		kind = read_range(range, size, &first, &length);
	if (kind == RANGE_OUTSIDE) {
		close(fd);
		service_fail(call, 416, "range_not_satisfiable", "The file has %" PRIu64 " bytes", size);
		snprintf(text, sizeof(text), "bytes */%" PRIu64, size);
		service_answer_header(call, "Content-Range", text);
		return;
	}
	put_headers(call, w);
	if (kind == RANGE_ONE) {
		snprintf(text, sizeof(text), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, first,
			first + length - 1, size);
		service_answer_header(call, "Content-Range", text);
	}
	call->answer.status = kind == RANGE_ONE ? 206 : 200;
	call->answer.fd = fd;
	call->answer.offset = first;
	call->answer.length = length;
}

static void serve(struct service_call *call, struct serve_work *w, enum store_status status)
{
	uint64_t size;

	if (status != STORE_OK) {
		answer_store(call, status, media_listing.noun);
		return;
	}
	struct str tags = http_request_header(call->request, STR("If-None-Match"), NULL);
	if (tags.p && has_tag(tags, w->tag)) {
		put_headers(call, w);
		call->answer.status = 304;
		return;
	}
	int fd = media_open(w->p, w->file, &size);
	if (fd >= 0)
		send_file(call, w, fd, size);
	else
		answer_store(call, STORE_UNAVAILABLE, "");
}

void run_get_media_file(struct service *service, struct service_call *call)
{
	struct publishing *p = publishing_of(service);
	struct serve_work w = { .p = p, .reach = reach_of(p, call->caller) };

	if (take_path_id(call, media_listing.noun, &w.id))
		serve(call, &w, database_read(p->database, find_file, &w));
}

/* 32 hex digits, as media_keep makes them. */
static bool is_public_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (hex_value(name.p[i]) < 0 || (name.p[i] >= 'A' && name.p[i] <= 'F'))
			return false;
	return name.n == 32;
}

void run_get_public_file(struct service *service, struct service_call *call)
{
	struct publishing *p = publishing_of(service);
	struct serve_work w = { .p = p };
	struct str name = call->param_count > 0 ? call->params[0] : (struct str){ NULL, 0 };

	if (is_public_name(name))
		w.path = str_of(arena_printf(call->arena, "%.2s/%.*s", name.p, STR_FMT(name)));
	if (w.path.p)
		serve(call, &w, database_read(p->database, find_public_file, &w));
	else
		answer_not_found(call, media_listing.noun);
}
