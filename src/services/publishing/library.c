/* SPDX-License-Identifier: Apache-2.0
 * What stories are made from and go out through, read-only: templates and social connections. A
 * connection's secrets are in no statement here.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/listing.h"

#include "services/publishing/placeholders.h"

#define PLACEHOLDERS_MAX 64

/* The names of a body's placeholders, each once, in the order in which they stand first. */
static json_t *placeholders(struct str body)
{
	json_t *list = json_array();
	struct str name;

	while (json_array_size(list) < PLACEHOLDERS_MAX && next_placeholder(&body, NULL, &name)) {
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

#define TEMPLATE_COLUMNS "o.id, o.project_id, o.name, o.kind, o.body, o.created_at, o.updated_at"
#define SOCIAL_COLUMNS "o.id, o.project_id, o.provider, o.handle, o.status, o.created_at, o.updated_at"

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
/* Both kinds in one list. */
#define CONNECTIONS \
	"(SELECT id, project_id, 'social' AS kind, provider, handle AS name, status, created_at, updated_at" \
	" FROM publishing_social_connections UNION ALL SELECT id, project_id, 'data', provider, name, status, created_at," \
	" updated_at FROM publishing_data_connections)"
#define CONNECTION_COLUMNS \
	"o.id, o.project_id, o.kind, o.provider, o.name, o.status, o.created_at, o.updated_at"

static json_t *connection_json(const struct publishing *p, struct sql_statement *st)
{
	(void)p;
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}",
		"id", json_of_id_column(st, 0), "project_id", json_of_id_column(st, 1),
		"kind", json_of_column(st, 2), "provider", json_of_column(st, 3), "name", json_of_column(st, 4),
		"status", json_of_column(st, 5),
		"created_at", json_of_time_column(st, 6), "updated_at", json_of_time_column(st, 7));
}

static const struct listing connections = {
	.noun = "Connection", .to_json = connection_json,
	.get = GET_SQL(CONNECTION_COLUMNS, CONNECTIONS),
	.list = LIST_SQL(CONNECTION_COLUMNS, CONNECTIONS, ""),
};

void run_list_connections(struct service *service, struct service_call *call)
{
	run_list(service, call, &connections);
}

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
