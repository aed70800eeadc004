/* SPDX-License-Identifier: Apache-2.0
 * The rows of an import, kind by kind: what a row may hold, and where each member goes.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/import.h"

#include <stdio.h>

#define STATUSES "active needs_attention disabled"
#define KEY { "key", FIELD_SLUG, 64, 0, NULL }

static const struct field template_fields[] = {
	KEY,
	{ "name", FIELD_LINE, MAX_NAME, FIELD_REQUIRED | FIELD_FILLED, NULL },
	{ "kind", FIELD_SLUG, 40, FIELD_REQUIRED, NULL },
	{ "body", FIELD_TEXT, MAX_BODY, FIELD_REQUIRED | FIELD_FILLED, NULL },
};
static const struct field social_fields[] = {
	KEY,
	{ "provider", FIELD_SLUG, 40, FIELD_REQUIRED, NULL },
	{ "handle", FIELD_LINE, MAX_NAME, FIELD_REQUIRED | FIELD_FILLED, NULL },
	{ "status", FIELD_WORD, 0, 0, STATUSES },
};
static const struct field data_fields[] = {
	KEY,
	{ "provider", FIELD_SLUG, 40, FIELD_REQUIRED, NULL },
	{ "name", FIELD_LINE, MAX_NAME, FIELD_REQUIRED | FIELD_FILLED, NULL },
	{ "status", FIELD_WORD, 0, 0, STATUSES },
	{ "last_synced_at", FIELD_TIME, 0, 0, NULL },
};
static const struct field moment_fields[] = {
	KEY,
	{ "title", FIELD_LINE, MAX_TITLE, FIELD_REQUIRED | FIELD_FILLED, NULL },
	{ "summary", FIELD_TEXT, MAX_BODY, 0, NULL },
	{ "source", FIELD_LINE, MAX_URL, 0, NULL },
	{ "detected_at", FIELD_TIME, 0, FIELD_REQUIRED, NULL },
	{ "score", FIELD_NUMBER, 100, 0, NULL },
	{ "data_connection", FIELD_SLUG, 64, 0, NULL },
};
static const struct field story_fields[] = {
	KEY,
	{ "title", FIELD_LINE, MAX_TITLE, FIELD_REQUIRED | FIELD_FILLED, NULL },
	{ "body", FIELD_TEXT, MAX_BODY, 0, NULL },
	{ "channels", FIELD_LIST, MAX_CHANNELS, 0, NULL },
	{ "template", FIELD_SLUG, 64, 0, NULL },
	{ "moment", FIELD_SLUG, 64, 0, NULL },
};

/* Where a member goes: `parameter` of the statement. */
struct member {
	const char *name;
	enum { AS_TEXT, AS_STATUS, AS_TIME, AS_NUMBER, AS_KEY, AS_KEYS } as;
	enum import_kind of; /* of keys */
};

struct kind {
	const char *list;
	const struct field *fields;
	size_t field_count;
	/* ?1 the id, ?2 the project, ?3 now, then the members in order. */
	const char *insert;
	struct member members[6];
	const char *time; /* the member whose time the id is made with, or NULL: now */
};

#define FIELDS(array) .fields = (array), .field_count = sizeof(array) / sizeof((array)[0])
#define INSERT(table, columns, values) \
	"INSERT INTO " table " (id, project_id, created_at, updated_at, " columns ")" \
	" VALUES (?1, ?2, ?3, ?3, " values ")"

static const struct kind kinds[IMPORT_KINDS] = {
	[IMPORT_TEMPLATES] = {
		.list = "templates", FIELDS(template_fields),
		.insert = INSERT("publishing_templates", "name, kind, body", "?4, ?5, ?6"),
		.members = { { "name", AS_TEXT, 0 }, { "kind", AS_TEXT, 0 }, { "body", AS_TEXT, 0 } },
	},
	[IMPORT_SOCIAL] = {
		.list = "social_connections", FIELDS(social_fields),
		.insert = INSERT("publishing_social_connections", "provider, handle, status", "?4, ?5, ?6"),
		.members = { { "provider", AS_TEXT, 0 }, { "handle", AS_TEXT, 0 },
			     { "status", AS_STATUS, 0 } },
	},
	[IMPORT_DATA] = {
		.list = "data_connections", FIELDS(data_fields),
		.insert = INSERT("publishing_data_connections", "provider, name, status, last_synced_at",
			"?4, ?5, ?6, ?7"),
		.members = { { "provider", AS_TEXT, 0 }, { "name", AS_TEXT, 0 }, { "status", AS_STATUS, 0 },
			     { "last_synced_at", AS_TIME, 0 } },
	},
	[IMPORT_MOMENTS] = {
		.list = "moments", FIELDS(moment_fields), .time = "detected_at",
		.insert = INSERT("publishing_moments",
			"title, summary, source, detected_at, score, data_connection_id",
			"?4, ?5, ?6, ?7, ?8, ?9"),
		.members = { { "title", AS_TEXT, 0 }, { "summary", AS_TEXT, 0 }, { "source", AS_TEXT, 0 },
			     { "detected_at", AS_TIME, 0 }, { "score", AS_NUMBER, 0 },
			     { "data_connection", AS_KEY, IMPORT_DATA } },
	},
	[IMPORT_STORIES] = {
		.list = "stories", FIELDS(story_fields),
		.insert = INSERT("publishing_stories",
				 "title, body, channels, template_id, moment_id, media, status, created_by",
				 "?4, ?5, ?6, ?7, ?8, '', 'draft',"
				 " (SELECT owner_id FROM projects WHERE id = ?2)"),
		.members = { { "title", AS_TEXT, 0 }, { "body", AS_TEXT, 0 },
			     { "channels", AS_KEYS, IMPORT_SOCIAL },
			     { "template", AS_KEY, IMPORT_TEMPLATES }, { "moment", AS_KEY, IMPORT_MOMENTS } },
	},
};

const char *import_list_name(enum import_kind kind)
{
	return kinds[kind].list;
}

static void place_of(char ret[static IMPORT_WHERE], const char *where, enum import_kind kind, size_t i)
{
	snprintf(ret, IMPORT_WHERE, "%s%s[%zu].", where, kinds[kind].list, i);
}

void import_check(struct import *im, const json_t *project, enum import_kind kind, const char *where)
{
	const json_t *list = json_object_get(project, kinds[kind].list);
	char place[IMPORT_WHERE];

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *row = json_array_get(list, i);
		place_of(place, where, kind, i);
		if (json_is_object(row))
			check_object(&im->check, row, place, kinds[kind].fields, kinds[kind].field_count);
		else
			check_add(&im->check, "%s must be an object", place);
	}
}

/* What a statement is bound to until it has run. */
struct bound {
	struct id_bytes id, keys[6];
	struct str lists[6];
};

static void bind_member(struct import *im, struct sql_statement *st, const struct member *m, int i,
	const json_t *row, const char *place, struct bound *b)
{
	int parameter = i + 4;
	struct str text = get_text(row, m->name);

	switch (m->as) {
	case AS_TEXT:
		sql_bind_text(st, parameter, text.p ? text : STR(""));
		return;
	case AS_STATUS:
		sql_bind_text(st, parameter, text.p ? text : STR("active"));
		return;
	case AS_TIME:
		bind_time(st, parameter, get_time(row, m->name));
		return;
	case AS_NUMBER:
		sql_bind_int(st, parameter, json_integer_value(json_object_get(row, m->name)));
		return;
	case AS_KEY:
		if (text.p)
			import_find(im, m->of, text, place, m->name, &b->keys[i]);
		bind_uuid(st, parameter, &b->keys[i]);
		return;
	case AS_KEYS:
		import_find_all(im, m->of, json_object_get(row, m->name), place, m->name, &b->lists[i]);
		sql_bind_text(st, parameter, b->lists[i].p ? b->lists[i] : STR(""));
		return;
	}
}

static bool keep_key(struct import *im, enum import_kind kind, const json_t *row, const struct id_bytes *id,
	const char *place)
{
	struct str key = get_text(row, "key");
	if (!key.p)
		return true;
	for (size_t i = 0; i < im->key_count; i++)
		if (im->keys[i].kind == kind && str_eq(im->keys[i].key, key)) {
			check_add(&im->check, "%skey stands twice in this list", place);
			return true;
		}
	if (im->key_count == im->key_room)
		return false;
	im->keys[im->key_count++] = (struct import_key){ kind, key, *id };
	return true;
}

static enum store_status import_row(struct sql *sql, struct import *im, enum import_kind kind,
	const json_t *row, size_t i, const char *where)
{
	const struct kind *k = &kinds[kind];
	struct bound b = { .id = { { 0 } } };
	char place[IMPORT_WHERE];
	struct sql_statement *st = sql_prepare(sql, k->insert);

	if (!st)
		return STORE_UNAVAILABLE;
	place_of(place, where, kind, i);
	/* Ids in the document's order, though newest come first: the first row is the newest. */
	b.id = make_id(im->p, k->time ? get_time(row, k->time) : im->now_ms - (int64_t)i);
	if (!keep_key(im, kind, row, &b.id, place))
		return STORE_NO_MEMORY;
	bind_uuid(st, 1, &b.id);
	bind_uuid(st, 2, &im->project);
	sql_bind_int(st, 3, im->now_ms);
	for (int m = 0; m < 6 && k->members[m].name; m++)
		bind_member(im, st, &k->members[m], m, row, place, &b);
	if (im->check.count > 0) {
		sql_reset(st);
		return STORE_INVALID;
	}
	im->counts[kind]++;
	return sql_run(st);
}

enum store_status import_rows(struct sql *sql, struct import *im, const json_t *project,
	enum import_kind kind, const char *where)
{
	const json_t *list = json_object_get(project, kinds[kind].list);
	enum store_status status = STORE_OK;

	for (size_t i = 0; status == STORE_OK && i < json_array_size(list); i++)
		status = import_row(sql, im, kind, json_array_get(list, i), i, where);
	return status;
}
