/* SPDX-License-Identifier: Apache-2.0
 * What stories are made from and go out through, read-only: templates, connections, moments.
 * A connection's secrets are in no statement here.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/listing.h"

#include "base/text.h"

#define PLACEHOLDERS_MAX 64
#define PLACEHOLDER_NAME_MAX 64

/* "{{name}}" with a name of letters, digits and '_'; what is in between. */
static bool next_placeholder(struct str *rest, struct str *ret)
{
	for (;;) {
		const char *open = rest->n > 0 ? memmem(rest->p, rest->n, "{{", 2) : NULL;
		if (!open)
			return false;
		size_t left = (size_t)(rest->p + rest->n - open) - 2, n = 0;
		*rest = (struct str){ open + 2, left };
		while (n < left && (rest->p[n] == '_' || base62_is(rest->p[n])))
			n++;
		bool closed = left - n >= 2 && memcmp(rest->p + n, "}}", 2) == 0;
		if (closed && n > 0 && n <= PLACEHOLDER_NAME_MAX) {
			*ret = (struct str){ rest->p, n };
			return true;
		}
	}
}

/* The names of a body's placeholders, each once, in the order in which they stand first. */
static json_t *placeholders(struct str body)
{
	json_t *list = json_array();
	struct str name;

	while (json_array_size(list) < PLACEHOLDERS_MAX && next_placeholder(&body, &name)) {
		json_t *value = json_of_str(name);
		bool known = false;
		for (size_t i = 0; i < json_array_size(list) && !known; i++)
			known = json_equal(json_array_get(list, i), value);
		if (known)
			json_decref(value);
		else if (json_array_append_new(list, value) != 0)
			break;
	}
	return list;
}

static json_t *template_json(const struct publishing *p, struct sql_statement *st)
{
	(void)p;
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}",
		"id", json_of_id_column(st, 0), "project_id", json_of_id_column(st, 1),
		"name", json_of_column(st, 2), "kind", json_of_column(st, 3), "body", json_of_column(st, 4),
		"placeholders", placeholders(sql_column_text(st, 4)),
		"created_at", json_of_time_column(st, 5), "updated_at", json_of_time_column(st, 6));
}

static json_t *social_connection_json(const struct publishing *p, struct sql_statement *st)
{
	(void)p;
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}",
		"id", json_of_id_column(st, 0), "project_id", json_of_id_column(st, 1),
		"provider", json_of_column(st, 2), "handle", json_of_column(st, 3),
		"status", json_of_column(st, 4),
		"created_at", json_of_time_column(st, 5), "updated_at", json_of_time_column(st, 6));
}

static json_t *data_connection_json(const struct publishing *p, struct sql_statement *st)
{
	(void)p;
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}",
		"id", json_of_id_column(st, 0), "project_id", json_of_id_column(st, 1),
		"provider", json_of_column(st, 2), "name", json_of_column(st, 3),
		"status", json_of_column(st, 4), "last_synced_at", json_of_time_column(st, 5),
		"created_at", json_of_time_column(st, 6), "updated_at", json_of_time_column(st, 7));
}

static json_t *moment_json(const struct publishing *p, struct sql_statement *st)
{
	(void)p;
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:I,s:o,s:o,s:o}",
		"id", json_of_id_column(st, 0), "project_id", json_of_id_column(st, 1),
		"title", json_of_column(st, 2), "summary", json_of_column(st, 3),
		"source", json_of_column(st, 4),
		"detected_at", json_of_time_column(st, 5), "score", (json_int_t)sql_column_int(st, 6),
		"data_connection_id", json_of_id_column(st, 7),
		"created_at", json_of_time_column(st, 8), "updated_at", json_of_time_column(st, 9));
}

#define TEMPLATE_COLUMNS "o.id, o.project_id, o.name, o.kind, o.body, o.created_at, o.updated_at"
#define SOCIAL_COLUMNS "o.id, o.project_id, o.provider, o.handle, o.status, o.created_at, o.updated_at"
#define DATA_COLUMNS \
	"o.id, o.project_id, o.provider, o.name, o.status, o.last_synced_at, o.created_at, o.updated_at"
#define MOMENT_COLUMNS \
	"o.id, o.project_id, o.title, o.summary, o.source, o.detected_at, o.score, o.data_connection_id," \
	" o.created_at, o.updated_at"

static const struct listing templates = {
	.noun = "Template", .to_json = template_json,
	.get = GET_SQL(TEMPLATE_COLUMNS, "publishing_templates"),
	.list = LIST_SQL(TEMPLATE_COLUMNS, "publishing_templates", ""),
};
static const struct listing social_connections = {
	.noun = "Social connection", .to_json = social_connection_json,
	.get = GET_SQL(SOCIAL_COLUMNS, "publishing_social_connections"),
	.list = LIST_SQL(SOCIAL_COLUMNS, "publishing_social_connections", ""),
};
static const struct listing data_connections = {
	.noun = "Data connection", .to_json = data_connection_json,
	.get = GET_SQL(DATA_COLUMNS, "publishing_data_connections"),
	.list = LIST_SQL(DATA_COLUMNS, "publishing_data_connections", ""),
};
static const struct listing moments = {
	.noun = "Moment", .to_json = moment_json,
	.get = GET_SQL(MOMENT_COLUMNS, "publishing_moments"),
	.list = LIST_SQL(MOMENT_COLUMNS, "publishing_moments", ""),
};

void run_list_templates(struct service *service, struct service_call *call)
{
	run_list(service, call, &templates);
}

void run_get_template(struct service *service, struct service_call *call)
{
	run_get(service, call, &templates);
}

void run_list_social_connections(struct service *service, struct service_call *call)
{
	run_list(service, call, &social_connections);
}

void run_get_social_connection(struct service *service, struct service_call *call)
{
	run_get(service, call, &social_connections);
}

void run_list_data_connections(struct service *service, struct service_call *call)
{
	run_list(service, call, &data_connections);
}

void run_get_data_connection(struct service *service, struct service_call *call)
{
	run_get(service, call, &data_connections);
}

void run_list_moments(struct service *service, struct service_call *call)
{
	run_list(service, call, &moments);
}

void run_get_moment(struct service *service, struct service_call *call)
{
	run_get(service, call, &moments);
}
